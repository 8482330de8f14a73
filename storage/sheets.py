"""The sealed part of a journal line: its records, sorted into one sheet for each key.

A commit's records fall into lives: the skeleton of a case, its content, a raw mail, an address
on the do-not-mail list, and what belongs to the desk itself. Each life in a line is one sheet,
JSON sealed under that life's key, so that destroying one key takes exactly its life away.
Pure: keys come from the caller.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import msgspec

from storage.parts import joined, split
from storage.records import (
    Case,
    Commit,
    InboundMail,
    ListToSort,
    Mark,
    OutboxMessage,
    Record,
    Shred,
    Stored,
    Suppression,
)
from storage.sealing import DataKey, KeyOf, seal, slot_of, unseal


class Owner(NamedTuple):
    """Whose key it is: a life, and the case, mail or address hash it belongs to."""

    life: Literal["desk", "skeleton", "content", "raw", "suppression"]
    key: str = ""


DESK = Owner("desk")


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """A half of a put, or the whole of it, under the put's number in the commit."""

    number: int
    half: Literal["skeleton", "content", "whole"]
    json: msgspec.Raw


class _Sheet(Record, frozen=True, kw_only=True, omit_defaults=True):
    life: Literal["desk", "skeleton", "content", "raw", "suppression"]
    key: str = ""
    note: str = ""
    parts: tuple[_Part, ...] = ()
    shreds: tuple[Shred, ...] = ()


class Changes(NamedTuple):
    """What could be opened of a line. `slots`: whose keys it was sealed under."""

    note: str
    puts: tuple[Stored, ...]
    shreds: tuple[Shred, ...]
    slots: dict[Owner, int]


_encode = msgspec.json.Encoder().encode
_sheet = msgspec.json.Decoder(_Sheet)


def case_of(commit_case: str | None, record: Stored) -> str | None:
    """The case a record lives and goes with: its own, or that of the commit; None = the desk's."""
    match record:
        case Case():
            return record.ref
        case OutboxMessage():
            alone = isinstance(record.content, ListToSort)  # of many cases, and outlives each
            return None if alone else record.case or commit_case
        case Mark():
            return None if record.lasting else commit_case
        case InboundMail() | Suppression():
            return None


def owner_of(commit_case: str | None, record: Stored) -> Owner:
    """Whose key seals the personal half of a record."""
    match record:
        case InboundMail():
            return Owner("raw", record.id)
        case Suppression():
            return Owner("suppression", record.hash)
        case _:
            ref = case_of(commit_case, record)
            return Owner("content", ref) if ref else DESK


def skeleton_owner_of(record: Stored) -> Owner:
    return Owner("skeleton", record.ref) if isinstance(record, Case) else DESK


def sealed(
    commit: Commit, records: Iterable[Stored], key_of: Callable[[Owner], DataKey]
) -> tuple[bytes, ...]:
    """The sheets of a commit whose puts are stored as `records`."""
    parts: dict[Owner, list[_Part]] = {}
    for number, record in enumerate(records):
        skeleton, content = split(record)
        owner = owner_of(commit.case, record)
        half: Literal["content", "whole"] = "whole"
        if skeleton is not None:
            half = "content"
            bones = _Part(number, "skeleton", msgspec.Raw(skeleton))
            parts.setdefault(skeleton_owner_of(record), []).append(bones)
        parts.setdefault(owner, []).append(_Part(number, half, msgspec.Raw(content)))
    noted = Owner("content", commit.case) if commit.case else DESK
    owners = dict.fromkeys([*parts, *([noted] if commit.note else [])])
    owners |= {DESK: None} if commit.shreds else {}
    return tuple(
        seal(
            key_of(owner),
            _encode(
                _Sheet(
                    life=owner.life,
                    key=owner.key,
                    note=commit.note if owner == noted else "",
                    parts=tuple(parts.get(owner, ())),
                    shreds=commit.shreds if owner == DESK else (),
                )
            ),
        )
        for owner in owners
    )


def opened(sheets: Iterable[bytes], key_of: KeyOf) -> Changes:
    """What is still there of a commit. Raises StoreDamaged."""
    halves: dict[int, dict[str, bytes]] = {}
    slots: dict[Owner, int] = {}
    note = ""
    shreds: tuple[Shred, ...] = ()
    for blob in sheets:
        slot = slot_of(blob)
        key = key_of(slot)
        if key is None:
            continue
        sheet = _sheet.decode(unseal(key, blob))
        slots[Owner(sheet.life, sheet.key)] = slot
        note, shreds = note or sheet.note, shreds or sheet.shreds
        for part in sheet.parts:
            halves.setdefault(part.number, {})[part.half] = bytes(part.json)
    puts = (_put(halves[number]) for number in sorted(halves))
    return Changes(note, tuple(put for put in puts if put is not None), shreds, slots)


def _put(half: dict[str, bytes]) -> Stored | None:
    if "whole" in half:
        return joined(None, half["whole"])
    # content that has lost its skeleton says nothing: not even whose it is
    return joined(half["skeleton"], half.get("content")) if "skeleton" in half else None
