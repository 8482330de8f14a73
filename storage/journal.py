"""The journal: one line per commit, appended and never changed, hash-chained per case.

A line is a JSON object. `hash` is SHA-256 over the line's bytes before `,"back":` and a closing
brace; `prev` is the hash of the same chain's line before (a case's, or `desk` for what belongs
to none); `back` is that line's place in this file, so that a case's history is read by following
its own lines alone. `back` is outside the hash: it is about this file, not about what happened.

A line costs its records' JSON and some 330 bytes. A chain costs some 250 bytes of memory.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from storage.appender import Appender
from storage.disk import Disk
from storage.errors import StoreDamaged, StoreError
from storage.records import Commit, Entry, Record

VERSION = 1
DESK = "desk"  #: the chain of what belongs to no case
NO_HASH = ""
_BACK = b',"back":'
_READ = 64 * 1024
_FORMAT = re.compile(rb'^\{"v":(\d+),')


class Line(Record, frozen=True, kw_only=True):
    """One line as it is written."""

    v: int = VERSION
    seq: int
    at: datetime
    actor: str
    act: str
    case: str | None
    prev: str
    changes: msgspec.Raw
    back: int
    hash: str

    @property
    def chain(self) -> str:
        return self.case or DESK


class Changes(Record, frozen=True, kw_only=True):
    """What a commit wrote: the part of a line that holds personal content."""

    note: str = ""
    puts: tuple[msgspec.Raw, ...] = ()


class Head(NamedTuple):
    """Where a chain ends: its last line's hash and place, and how many lines it has."""

    hash: str
    at: int
    lines: int


NO_HEAD = Head(NO_HASH, -1, 0)


class Position(NamedTuple):
    """A place between two lines: how many lines and bytes come before it."""

    seq: int = 0
    size: int = 0


class _Unhashed(Record, frozen=True, kw_only=True):
    v: int = VERSION
    seq: int
    at: datetime
    actor: str
    act: str
    case: str | None
    prev: str
    changes: Changes


_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(Line)
_changes = msgspec.json.Decoder(Changes)


def written(
    seq: int, commit: Commit, puts: tuple[msgspec.Raw, ...], head: Head
) -> tuple[bytes, str]:
    """The line of a commit, and its hash."""
    body = _encode(
        _Unhashed(
            seq=seq,
            at=commit.at,
            actor=commit.actor,
            act=commit.act,
            case=commit.case,
            prev=head.hash,
            changes=Changes(note=commit.note, puts=puts),
        )
    )
    own = hashlib.sha256(body).hexdigest()
    return body[:-1] + b'%b%d,"hash":"%b"}\n' % (_BACK, head.at, own.encode()), own


def changes_of(line: Line) -> Changes:
    """The changes of a line, its records still undecoded."""
    return _changes.decode(line.changes)


def entry_of(line: Line) -> Entry:
    return Entry(
        seq=line.seq,
        at=line.at,
        actor=line.actor,
        act=line.act,
        case=line.case,
        note=changes_of(line).note,
    )


# --- reading --------------------------------------------------------------------------------


class Read(NamedTuple):
    """One line read back, and where the next one starts."""

    line: Line
    at: int
    end: int


class Reader:
    """Reads lines from a position on and checks each: sequence, version, own hash, chain."""

    def __init__(self, path: Path, position: Position, heads: dict[str, Head]) -> None:
        self.path = path
        self.position = position
        self.heads = heads
        self.torn = 0  #: bytes of an unfinished last line, known when all lines were read

    def __iter__(self) -> Iterator[Read]:
        """Raises StoreDamaged with the line and the way out."""
        if not self.path.exists() and not self.position.size:
            return
        if not self.path.exists() or self.path.stat().st_size < self.position.size:
            raise StoreDamaged(
                f"{self.path.name} is shorter than the desk has written it; put the newest "
                "backup in its place (`desk restore DIR`)."
            )
        with self.path.open("rb") as file:
            file.seek(self.position.size)
            for data in file:
                if not data.endswith(b"\n"):
                    self.torn = len(data)
                    return
                yield self._take(data)

    def head(self, chain: str) -> Head:
        """Where a chain ends, among what was read."""
        return self.heads.get(chain, NO_HEAD)

    def _take(self, data: bytes) -> Read:
        line = self._checked(data)
        at, end = self.position.size, self.position.size + len(data)
        head = self.heads.get(line.chain, NO_HEAD)
        if line.prev != head.hash:
            raise self._damaged("does not follow the line before it in its chain")
        self.heads[line.chain] = Head(line.hash, at, head.lines + 1)
        self.position = Position(line.seq, end)
        return Read(line, at, end)

    def _checked(self, data: bytes) -> Line:
        found = _FORMAT.match(data)
        if found is None:
            raise self._damaged("is not a line of this journal")
        if int(found[1]) != VERSION:
            raise StoreDamaged(
                f"Line {self.position.seq + 1} of {self.path.name} has format {int(found[1])}, "
                f"this desk reads format {VERSION}; start the version of the desk that wrote it."
            )
        line = parsed(data)
        if line is None:
            raise self._damaged("is not what was written there (its hash is wrong)")
        if line.seq != self.position.seq + 1:
            raise self._damaged(f"has number {line.seq}: lines are missing or doubled")
        return line

    def _damaged(self, what: str) -> StoreDamaged:
        return StoreDamaged(
            f"Line {self.position.seq + 1} of {self.path.name} (byte {self.position.size}) {what}; "
            "keep the file for evidence and put the newest backup in its place "
            "(`desk restore DIR`)."
        )


def parsed(data: bytes) -> Line | None:
    """A line whose own hash is right; None for anything else."""
    cut = data.rfind(_BACK)
    try:
        line = _line.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    body = data[:cut] + b"}"
    return line if line.hash == hashlib.sha256(body).hexdigest() else None


def line_at(file: BinaryIO, at: int) -> Line | None:
    """The line that starts at a place; None when there is no whole one."""
    file.seek(at)
    data = file.readline()
    return parsed(data) if data.endswith(b"\n") else None


def history_of(path: Path, head: Head) -> list[Entry]:
    """The lines of one chain, oldest first, read by following it back from its head."""
    entries: list[Entry] = []
    expected, at = head.hash, head.at
    with path.open("rb", buffering=_READ) as file:
        while at >= 0:
            line = line_at(file, at)
            if line is None or line.hash != expected:
                raise StoreDamaged(
                    f"The line at byte {at} of {path.name} is not what was written there; run "
                    "`desk verify` and put the newest backup in its place (`desk restore DIR`)."
                )
            entries.append(entry_of(line))
            expected, at = line.prev, line.back
    return entries[::-1]


# --- writing --------------------------------------------------------------------------------


class Written(NamedTuple):
    """A line on its way to the disk."""

    seq: int
    end: Position
    chain: str
    before: Head


def _take_back(heads: dict[str, Head], item: Written) -> None:
    if item.before.lines:
        heads[item.chain] = item.before
    else:
        heads.pop(item.chain, None)


class Journal:
    """The open journal. `landed` and `refused` hear, in order, what became of each commit."""

    def __init__(
        self,
        disk: Disk,
        reader: Reader,
        landed: Callable[[list[Written]], None],
        refused: Callable[[list[Written], StoreError], None],
    ) -> None:
        self._path = reader.path
        self._heads = reader.heads
        self._position = reader.position
        self._landed_at = reader.position
        self._in_flight: dict[int, Written] = {}
        self._landed = landed
        self._refused = refused
        self._appender: Appender[Written] = Appender(
            disk, "journal", self._on_landed, self._on_refused
        )

    @property
    def position(self) -> Position:
        """Up to where the journal is durable."""
        return self._landed_at

    def heads(self) -> dict[str, Head]:
        """A copy of the heads of all chains, as of `position`."""
        heads = dict(self._heads)
        for item in reversed(self._in_flight.values()):
            _take_back(heads, item)
        return heads

    def head(self, chain: str) -> Head:
        """The durable head of one chain."""
        first = next((w for w in self._in_flight.values() if w.chain == chain), None)
        return first.before if first else self._heads.get(chain, NO_HEAD)

    def append(self, commit: Commit, puts: tuple[msgspec.Raw, ...]) -> int:
        """Ask for a commit's line; returns its sequence number at once, before it is durable."""
        seq, at = self._position.seq + 1, self._position.size
        chain = commit.case or DESK
        before = self._heads.get(chain, NO_HEAD)
        data, own = written(seq, commit, puts, before)
        end = Position(seq, at + len(data))
        entry = Written(seq, end, chain, before)
        self._appender.append(self._path, data, entry)
        self._in_flight[seq] = entry
        self._heads[chain] = Head(own, at, before.lines + 1)
        self._position = end
        return seq

    async def close(self) -> None:
        await self._appender.close()

    def _on_landed(self, items: list[Written]) -> None:
        for item in items:
            del self._in_flight[item.seq]
        self._landed_at = items[-1].end
        self._landed(items)

    def _on_refused(self, items: list[Written], error: StoreError) -> None:
        """Take back what was counted on, newest first."""
        for item in reversed(items):
            _take_back(self._heads, item)
        self._in_flight.clear()
        self._position = self._landed_at
        self._refused(items, error)
