"""The journal: one line per commit, appended and never changed, hash-chained per case.

A line is a JSON object: a body as storage/chain.py has it, then `back`, the place in this file of
the same chain's line before, so that a case's history is read by following its own lines alone,
`synced`, how many lines were on disk for certain when this one was written, and `hash`. `back`
and `synced` are outside the hash: they are about this file, not about what happened.

Lines that were written together reach the disk in any order, and a power cut may leave any of
them as zeros. Such a hole ends the journal, unless a later line says that it was on disk.

A line costs its records' JSON twice over a third (sealed, in base64) and some 400 bytes. A chain
that is worked on costs some 250 bytes of memory, one of an archived case 56.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from storage.appender import Appender
from storage.chain import DESK, NO_HEAD, VERSION, Body, Head, body_of, hash_of
from storage.disk import Disk
from storage.errors import StoreDamaged, StoreError
from storage.layered import Layered
from storage.records import Commit, Entry
from storage.sealing import KeyOf
from storage.sheets import opened

_BACK = b',"back":'
_READ = 64 * 1024
_FORMAT = re.compile(rb'^\{"v":(\d+),')


class Line(Body, frozen=True, kw_only=True):
    """One line as it is written."""

    back: int
    synced: int
    hash: str

    @property
    def body(self) -> Body:
        """What is hashed of it."""
        return Body(**{name: getattr(self, name) for name in Body.__struct_fields__})


class Position(NamedTuple):
    """A place between two lines: how many lines and bytes come before it."""

    seq: int = 0
    size: int = 0


_line = msgspec.json.Decoder(Line)


def written(
    seq: int, commit: Commit, changes: tuple[bytes, ...], head: Head, synced: int
) -> tuple[bytes, str]:
    """The line of a commit, and its hash."""
    body, own = body_of(seq, commit, changes, head.hash)
    return line_of(body, own, head.at, synced), own


def line_of(body: bytes, own: str, back: int, synced: int) -> bytes:
    """A body as a line of a file."""
    return body[:-1] + b'%b%d,"synced":%d,"hash":"%b"}\n' % (_BACK, back, synced, own.encode())


def entry_of(line: Line, key_of: KeyOf) -> Entry:
    return Entry(
        seq=line.seq,
        at=line.at,
        actor=line.actor,
        act=line.act,
        case=line.case,
        note=opened(line.changes, key_of).note,
    )


# --- reading --------------------------------------------------------------------------------


def check_format(path: Path) -> None:
    """Is this a journal of ours, of this format? Raises StoreDamaged; an absent one is."""
    if not path.exists():
        return
    with path.open("rb") as file:
        first = file.readline(256)
    found = _FORMAT.match(first)
    if found is not None and int(found[1]) != VERSION:
        raise _other_format(path, 1, int(found[1]))
    if found is None and first.endswith(b"\n") and b"\0" not in first:
        raise _damaged(path, Position(), "is not a line of this journal")


def _other_format(path: Path, number: int, version: int) -> StoreDamaged:
    return StoreDamaged(
        f"Line {number} of {path.name} has format {version}, this desk reads format {VERSION}; "
        "start the version of the desk that wrote it."
    )


class Read(NamedTuple):
    """One line read back, and where the next one starts."""

    line: Line
    at: int
    end: int


class Reader:
    """Reads lines from a position on and checks each: sequence, version, own hash, chain."""

    def __init__(
        self,
        path: Path,
        position: Position,
        heads: dict[str, Head],
        older: Callable[[str], Head] = lambda _: NO_HEAD,
    ) -> None:
        """`heads` of the chains that are worked on; `older` knows all others."""
        self.path = path
        self.position = position
        self.heads = Layered(older)
        self.heads.update(heads)
        self.torn = 0  #: bytes of unfinished lines at the end, known when all lines were read

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
                if _torn(data) or (b"\0" in data and not self._was_synced(file)):
                    self.torn = file.seek(0, os.SEEK_END) - self.position.size
                    return
                yield self._take(data)

    def _was_synced(self, rest: Iterable[bytes]) -> bool:
        """Does a later line say that the next one was on disk?"""
        lines = (parsed(data) for data in rest)
        return any(line is not None and line.synced > self.position.seq for line in lines)

    def head(self, chain: str) -> Head:
        """Where a chain ends, among what was read."""
        return self.heads[chain]

    def _take(self, data: bytes) -> Read:
        line = self._checked(data)
        at, end = self.position.size, self.position.size + len(data)
        head = self.heads[line.chain]
        if (line.prev, line.back) != (head.hash, head.at):
            raise self._damaged("does not follow the line before it in its chain")
        self.heads[line.chain] = Head(line.hash, at, head.lines + 1)
        self.position = Position(line.seq, end)
        return Read(line, at, end)

    def _checked(self, data: bytes) -> Line:
        found = _FORMAT.match(data)
        if found is None:
            raise self._damaged("is not a line of this journal")
        if int(found[1]) != VERSION:
            raise _other_format(self.path, self.position.seq + 1, int(found[1]))
        line = parsed(data)
        if line is None:
            raise self._damaged("is not what was written there (its hash is wrong)")
        if line.seq != self.position.seq + 1:
            raise self._damaged(f"has number {line.seq}: lines are missing or doubled")
        return line

    def _damaged(self, what: str) -> StoreDamaged:
        return _damaged(self.path, self.position, what)


def _damaged(path: Path, at: Position, what: str) -> StoreDamaged:
    return StoreDamaged(
        f"Line {at.seq + 1} of {path.name} (byte {at.size}) {what}; keep the file for evidence and "
        "put the newest backup in its place (`desk restore DIR`)."
    )


def _torn(data: bytes) -> bool:
    """Is this the beginning of a line? A whole one with something else for its end is not."""
    return not data.endswith(b"\n") and (data.endswith(b"\0") or parsed(data[:-1]) is None)


def parsed(data: bytes) -> Line | None:
    """A line whose own hash is right; None for anything else."""
    cut = data.rfind(_BACK)
    try:
        line = _line.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    body = data[:cut] + b"}"
    return line if line.hash == hash_of(body) else None


def line_at(file: BinaryIO, at: int) -> Line | None:
    """The line that starts at a place; None when there is no whole one."""
    file.seek(at)
    data = file.readline()
    return parsed(data) if data.endswith(b"\n") else None


def history_of(path: Path, head: Head, key_of: KeyOf) -> list[Entry]:
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
            entries.append(entry_of(line, key_of))
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
        """A copy of the heads of the chains that are worked on, as of `position`."""
        heads = dict(self._heads)
        for item in reversed(self._in_flight.values()):
            _take_back(heads, item)
        return heads

    def head(self, chain: str) -> Head:
        """The durable head of one chain."""
        first = next((w for w in self._in_flight.values() if w.chain == chain), None)
        return first.before if first else self._heads[chain]

    def chains(self) -> list[str]:
        """The chains that are worked on."""
        return list(self._heads)

    def busy(self) -> set[str]:
        """The chains to which something is being added now."""
        return {item.chain for item in self._in_flight.values()}

    def leave(self, chain: str) -> Head:
        """Let go of the head of a chain that is not busy: from now on `older` knows it."""
        return self._heads.pop(chain)

    @property
    def next_seq(self) -> int:
        """What the next line will be numbered."""
        return self._position.seq + 1

    def append(self, commit: Commit, changes: tuple[bytes, ...]) -> int:
        """Ask for a commit's line; returns its sequence number at once, before it is durable."""
        seq, at = self._position.seq + 1, self._position.size
        chain = commit.case or DESK
        before = self._heads[chain]
        data, own = written(seq, commit, changes, before, self._landed_at.seq)
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
