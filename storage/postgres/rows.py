"""A record as a row of PostgreSQL and back: sealed halves, and the facts it is looked up by."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from storage.parts import joined, split
from storage.records import Case, InboundMail, OutboxMessage, Stored
from storage.rows import mail_fingerprint
from storage.sealing import DataKey, KeyOf, Keys, seal, slot_of, unseal
from storage.sheets import Owner, owner_of, skeleton_owner_of

Columns = dict[str, Any]

_REFERENCE = re.compile(r"PR-(\d{4})-(\d+)")
_HALVED = {Case.table, InboundMail.table}


def owners_of(case: str | None, records: Iterable[Stored], *, noted: bool) -> set[Owner]:
    """Whose keys a commit of a case needs, the desk's own aside."""
    found = [Owner("content", case)] if noted and case else []
    for record in records:
        found += [owner_of(case, record), skeleton_owner_of(record)]
    return {owner for owner in found if owner.life != "desk"}


def columns_of(
    case: str | None, record: Stored, key_of: Callable[[Owner], DataKey | None], keys: Keys
) -> Columns:
    """The row of a record in a commit of a case. No key of a half = it is shredded."""
    halves = split(record)
    key = key_of(owner_of(case, record))
    columns: Columns = {
        "key": record.key,
        "rev": record.rev,
        "content": _sealed(key, halves.content, _about(record.table, record.key, "content")),
        "slot": key and key.slot,
    }
    if halves.skeleton is not None:
        about = _about(record.table, record.key, "skeleton")
        bones = _sealed(key_of(skeleton_owner_of(record)), halves.skeleton, about)
        columns["skeleton"] = bones
    return columns | _facts(record, keys)


def _sealed(key: DataKey | None, half: bytes, about: bytes) -> bytes | None:
    return None if key is None else seal(key, half, about)


def _about(table: str, key: str, half: str) -> bytes:
    """Where a half belongs: in another row, or as the other half, it does not open."""
    return f"{table} {key} {half}".encode()


def _facts(record: Stored, keys: Keys) -> Columns:
    match record:
        case Case():
            ended = [request.closed_at for request in record.requests if request.closed_at]
            return {
                "closed": record.closed,
                "due_on": record.due.due_on,
                "received_at": record.received_at,
                "ended_at": max(ended, default=None),
                "answered": record.answered,
                "remind_at": record.remind_at,
                "requester": record.requester_hash or None,
                "messages": [keys.fingerprint(each) for each in record.message_ids],
            }
        case InboundMail():
            return {
                "status": record.status.value,
                "received_at": record.received_at,
                "print": mail_fingerprint(record, keys) if record.sha256 else None,
            }
        case OutboxMessage():
            facts = {
                "status": record.status.value,
                "lane": record.lane,
                "case_ref": record.case,
                "send_after": record.send_after,
                "attempts": record.attempts,
            }
            free = record.claimed_until is None
            return facts | ({"node": None, "leased_until": None} if free else {})
        case _:
            return {}


# --- statements -----------------------------------------------------------------------------


@lru_cache
def insert_of(table: str, names: tuple[str, ...]) -> str:
    """Inserts nothing when the key is taken; a mail is there from its arrival, at revision 0."""
    columns, values = ", ".join(names), ", ".join(f"%({name})s" for name in names)
    taken = "do nothing"
    if table == InboundMail.table:
        sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != "key")
        taken = f"(key) do update set {sets} where mails.rev = 0"
    return f"insert into {table} ({columns}) values ({values}) on conflict {taken}"


@lru_cache
def upsert_of(table: str, names: tuple[str, ...]) -> str:
    """Whatever was there."""
    columns, values = ", ".join(names), ", ".join(f"%({name})s" for name in names)
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != "key")
    taken = f"on conflict (key) do update set {sets}"
    return f"insert into {table} ({columns}) values ({values}) {taken}"


@lru_cache
def update_of(table: str, names: tuple[str, ...]) -> str:
    """Compare and set."""
    sets = ", ".join(f"{name} = %({name})s" for name in names if name != "key")
    return f"update {table} set {sets} where key = %(key)s and rev = %(rev)s - 1"


def halves_of(table: str) -> str:
    """What `opened` needs of a row, for a select."""
    return "key, skeleton, content" if table in _HALVED else "key, null::bytea, content"


def number_of(ref: str) -> tuple[int, int] | None:
    """Year and number of a reference."""
    found = _REFERENCE.fullmatch(ref)
    return (int(found[1]), int(found[2])) if found else None


# --- back -----------------------------------------------------------------------------------


def slots_in(blobs: Iterable[bytes | None]) -> set[int]:
    return {slot_of(blob) for blob in blobs if blob is not None}


def opened(table: str, row: tuple[Any, ...], key_of: KeyOf) -> Stored | None:
    """The record of what is left of a row of `halves_of`. Raises StoreDamaged."""
    key, skeleton, content = row

    def half(name: str, blob: bytes | None) -> bytes | None:
        data_key = key_of(slot_of(blob)) if blob is not None else None
        if blob is None or data_key is None:
            return None
        return unseal(data_key, blob, _about(table, key, name))

    bones = half("skeleton", skeleton)
    if table in _HALVED and bones is None:
        return None
    return joined(bones, half("content", content))
