"""The snapshot: the view as of one position of the journal, so that a start need not replay all.

A first line in clear, then frames (length, 4 bytes; sealed JSON lines): a header, every row, the
heads of the chains, the slots of the keys, the places of the mails, and an end. All frames are
sealed under one key of their own, each for its number, and the key goes when the next snapshot is
in place. It is only ever a shortcut: without it, or with a broken one, the start replays the
whole journal and arrives at the same state.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from storage.chain import Head
from storage.disk import Disk, Tail
from storage.errors import DeskError
from storage.journal import Position
from storage.mails import Mark
from storage.rows import AnyRow, CaseRow, MailRow, MarkRow, OutboxRow, SuppressionRow
from storage.sealing import DataKey, KeyOf, seal, slot_of, unseal
from storage.sheets import Owner

VERSION = 2
FILE = "view.snapshot"
_MAGIC = b"desk snapshot %d\n" % VERSION
_LENGTH_BYTES = 4
_GROUP = 200  #: rows encoded at a time before other threads get their turn


class Picture(NamedTuple):
    """The state at one position of the journal."""

    position: Position
    rows: list[AnyRow]
    heads: dict[str, Head]
    slots: dict[Owner, int]
    places: dict[str, int]
    mark: Mark  #: the mail log's low-water mark
    used: int = 0  #: every slot that a record may name is below this one
    slot: int | None = None  #: of the key it is sealed under


class _Header(msgspec.Struct, frozen=True, tag="snapshot", tag_field="table"):
    v: int
    seq: int
    size: int
    segment: int
    offset: int
    used: int


class _Heads(msgspec.Struct, frozen=True, tag="heads", tag_field="table"):
    heads: dict[str, tuple[str, int, int]]


class _Places(msgspec.Struct, frozen=True, tag="places", tag_field="table"):
    places: dict[str, int]


class _Slots(msgspec.Struct, frozen=True, tag="slots", tag_field="table"):
    slots: tuple[tuple[str, str, int], ...]


class _End(msgspec.Struct, frozen=True, tag="end", tag_field="table"):
    pass


_AnyLine = (
    _Header
    | _Heads
    | _Slots
    | _Places
    | _End
    | CaseRow
    | MailRow
    | OutboxRow
    | SuppressionRow
    | MarkRow
)

_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(_AnyLine)


def write(disk: Disk, folder: Path, picture: Picture, key: DataKey) -> None:
    """Aside, synced and renamed: there is always one whole snapshot. Runs in a thread."""
    aside = folder / f"{FILE}.new"
    aside.unlink(missing_ok=True)
    tail = Tail(disk, aside)
    try:
        tail.write(_MAGIC)
        for number, part in enumerate(_parts(picture)):
            frame = seal(key, part, _about(number))
            tail.write(len(frame).to_bytes(_LENGTH_BYTES) + frame)
            time.sleep(0)  # hands the interpreter to the event loop
        tail.sync()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    finally:
        tail.close()
    disk.rename(aside, folder / FILE)


def _about(number: int) -> bytes:
    return b"snapshot %d" % number


def _parts(picture: Picture) -> Iterator[bytes]:
    (seq, size), mark = picture.position, picture.mark
    head = _Header(VERSION, seq, size, mark.segment, mark.offset, picture.used)
    yield _encode(head) + b"\n"
    rows = iter(picture.rows)
    while group := list(islice(rows, _GROUP)):
        yield b"".join(_encode(row) + b"\n" for row in group)
    heads = iter(picture.heads.items())
    while part := dict(islice(heads, _GROUP)):
        yield _encode(_Heads(part)) + b"\n"  # type: ignore[arg-type]  # a Head is such a tuple
    slots = iter(picture.slots.items())
    while few := tuple((*owner, slot) for owner, slot in islice(slots, _GROUP)):
        yield _encode(_Slots(few)) + b"\n"
    places = iter(picture.places.items())
    while some := dict(islice(places, _GROUP)):
        yield _encode(_Places(some)) + b"\n"
    yield _encode(_End()) + b"\n"


def load(folder: Path, key_of: KeyOf) -> Picture | None:
    """The last snapshot; None when there is none that can be used."""
    unusable = suppress(FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError, DeskError)
    with unusable, (folder / FILE).open("rb") as file:
        return _read(file, key_of)
    return None


class _Unusable(DeskError):
    """Not a whole snapshot of this version."""


def _read(file: BinaryIO, key_of: KeyOf) -> Picture:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _Unusable
    frames = _frames(file, key_of)
    slot, first = next(frames, (0, b""))
    header = _line.decode(first)
    if not isinstance(header, _Header):
        raise _Unusable
    mark = Mark(header.segment, header.offset)
    position = Position(header.seq, header.size)
    picture = Picture(position, [], {}, {}, {}, mark, header.used, slot)
    for _, part in frames:
        for data in part.splitlines():
            if _take(picture, _line.decode(data)):
                return picture
    raise _Unusable


def _frames(file: BinaryIO, key_of: KeyOf) -> Iterator[tuple[int, bytes]]:
    number = 0
    while length := int.from_bytes(file.read(_LENGTH_BYTES)):
        frame = file.read(length)
        slot = slot_of(frame)
        key = key_of(slot)
        if key is None:
            raise _Unusable
        yield slot, unseal(key, frame, _about(number))
        number += 1


def _take(picture: Picture, line: _AnyLine) -> bool:
    """Add one line to the picture; True = it was the last."""
    match line:
        case _Heads(heads):
            picture.heads.update({chain: Head(*head) for chain, head in heads.items()})
        case _Slots(slots):
            picture.slots.update({Owner(life, key): slot for life, key, slot in slots})  # type: ignore[arg-type]  # a life
        case _Places(places):
            picture.places.update(places)
        case _End():
            return True
        case _Header():
            raise _Unusable
        case row:
            picture.rows.append(row)
    return False
