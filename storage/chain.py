"""The hash chain: what a journal line says, and how each line holds on to the one before.

A line's hash is SHA-256 over its JSON body; `prev` is the hash of the same chain's line before: a
case's chain, or `desk` for what belongs to none. Both backends write the same bodies. Clear text
is the sequence, the time, who, what, and of which case; the changes are sealed.
"""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from storage.records import Commit, Record

VERSION = 2
DESK = "desk"  #: the chain of what belongs to no case
NO_HASH = ""


class Body(Record, frozen=True, kw_only=True):
    """What is hashed. `changes` are sealed sheets (storage/sheets.py)."""

    v: int = VERSION
    seq: int
    at: datetime
    actor: str
    act: str
    case: str | None
    prev: str
    changes: tuple[bytes, ...]

    @property
    def chain(self) -> str:
        return self.case or DESK


class Head(NamedTuple):
    """Where a chain ends: its last line's hash and place, and how many lines it has."""

    hash: str
    at: int
    lines: int


NO_HEAD = Head(NO_HASH, -1, 0)

_encode = msgspec.json.Encoder().encode


def body_of(seq: int, commit: Commit, changes: tuple[bytes, ...], prev: str) -> tuple[bytes, str]:
    """The body of a commit's line as JSON, and its hash. Times are in UTC: a database keeps no
    other, and a line must give the same bytes wherever it lies."""
    body = _encode(
        Body(
            seq=seq,
            at=commit.at.astimezone(UTC),
            actor=commit.actor,
            act=commit.act,
            case=commit.case,
            prev=prev,
            changes=changes,
        )
    )
    return body, hash_of(body)


def encoded(body: Body) -> bytes:
    """The same bytes again, for a body that was kept in columns."""
    return _encode(body)


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def seal_of(heads: dict[str, Head], before: str) -> str:
    """The seal of a day: a hash over all chains (name, head, count) and the seal before."""
    said = [
        before,
        *(f"{chain} {heads[chain].hash} {heads[chain].lines}" for chain in sorted(heads)),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
