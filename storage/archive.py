"""The archive: what nobody works on any more, in monthly files `archive/YYYY-MM.log`.

A record of it is a header line in clear, `<case or mail> 1 <reference or id> <bytes of the
skeleton> <bytes of the content> <crc of both> <crc of this line>`, then the two sealed halves and
a newline: a case with its outbox messages and marks, or what the desk knows of a mail. Each half
is sealed under its own life's key (each blob names its slot), so that a shred takes it here too.

All of it is derived from the journal, as the snapshot is. A record counts when the snapshot
names its place; others, of a desk that was killed before its snapshot, are never read. What is
put anew, or shredded, leaves its record behind; a month that nothing names is deleted.
"""

import os
import re
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import msgspec

from storage.disk import PRIVATE_FOLDER, Disk, Tail
from storage.errors import StoreDamaged
from storage.parts import joined, split
from storage.records import Stored
from storage.rows import AnyRow, CaseRow, MailRow, opened, table_of
from storage.sealing import DataKey, KeyOf, seal, slot_of, unseal

FOLDER = "archive"
VERSION = 1
_HEADER_BYTES = 160  #: more than any header line has
_HEADER = re.compile(rb"(case|mail) (\d+) (\S+) (\d+) (\d+) ([0-9a-f]{8}) [0-9a-f]{8}")
_MONTH = re.compile(r"(\d{4})-(\d{2})\.log")
_OFFSET_BITS = 40
_MONTHS = 12


class Place(NamedTuple):
    """A month, counted from the year 0, and a byte in its file."""

    month: int
    offset: int

    def packed(self) -> int:
        return self.month << _OFFSET_BITS | self.offset

    @classmethod
    def unpacked(cls, place: int) -> "Place":
        return cls(place >> _OFFSET_BITS, place & (1 << _OFFSET_BITS) - 1)


class Bundle(NamedTuple):
    """What is archived as one: a mail, or a case and what goes with it.

    Without a case, these are parts of one that is archived already.
    """

    key: str
    row: CaseRow | MailRow | None
    parts: tuple[AnyRow, ...]
    skeleton: DataKey | None
    content: DataKey | None


class _Part(msgspec.Struct, frozen=True, array_like=True):
    table: str
    key: str
    record: msgspec.Raw


class _Content(msgspec.Struct, frozen=True):
    half: msgspec.Raw
    parts: tuple[_Part, ...] = ()


class Opened(NamedTuple):
    """A record of the archive as far as it can still be opened."""

    skeleton: bytes | None
    content: bytes | None  #: the half of the case or mail
    parts: dict[tuple[str, str], bytes]

    def record(self, *, whole: bool) -> Stored | None:
        """The case or mail; `whole` = its content is not shredded."""
        if self.skeleton is None:
            return None
        return joined(self.skeleton, self.content if whole else None)

    def part(self, table: str, key: str) -> Stored | None:
        found = self.parts.get((table, key))
        return None if found is None else joined(None, found)


_encode = msgspec.json.Encoder().encode
_content = msgspec.json.Decoder(_Content)
_NOTHING = msgspec.Raw(b"null")


def month_of(seconds: int) -> int:
    """The month of a moment (UTC), counted from the year 0."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at.year * _MONTHS + at.month - 1


def _name(month: int) -> str:
    return f"{month // _MONTHS:04d}-{month % _MONTHS + 1:02d}.log"


# --- writing --------------------------------------------------------------------------------


def written(bundle: Bundle) -> bytes:
    """A bundle as it is written."""
    kind = b"mail" if isinstance(bundle.row, MailRow) else b"case"
    bones, half = split(opened(bundle.row.record)) if bundle.row else (None, _NOTHING)
    parts = tuple(_Part(table_of(each), each.key, each.record) for each in bundle.parts)
    flesh = _encode(_Content(msgspec.Raw(half), parts))
    skeleton = _sealed(bundle.skeleton, bones, _about(bundle.key, "skeleton"))
    content = _sealed(bundle.content, flesh, _about(bundle.key, "content"))
    body = skeleton + content
    said = (kind, VERSION, bundle.key.encode(), len(skeleton), len(content), zlib.crc32(body))
    line = b"%b %d %b %d %d %08x" % said
    return b"%b %08x\n%b\n" % (line, zlib.crc32(line), body)


def _sealed(key: DataKey | None, plain: bytes | None, about: bytes) -> bytes:
    """Nothing, when the key of it is destroyed."""
    return b"" if key is None or plain is None else seal(key, plain, about)


def _about(key: str, half: str) -> bytes:
    return f"{key} {half}".encode()


# --- the files ------------------------------------------------------------------------------


class Archive:
    """The files, open for reading as long as this is: a month deleted meanwhile stays readable."""

    def __init__(self, folder: Path, key_of: KeyOf) -> None:
        self._folder = folder / FOLDER
        self._key_of = key_of
        self._fds: dict[int, int] = {}
        self._deleted: list[int] = []  # whoever reads one now reads on

    def holds(self, sizes: dict[int, int]) -> bool:
        """Is all there that a snapshot names? Opens it."""
        try:
            return all(os.fstat(self._fd(month)).st_size >= size for month, size in sizes.items())
        except FileNotFoundError:
            return False

    def sizes(self) -> dict[int, int]:
        """Of all months there are."""
        return {month: path.stat().st_size for month, path in self._months().items()}

    def append(self, bundles: Iterable[Bundle], seconds: int, disk: Disk) -> list[int]:
        """The place of each, durable when this returns. Blocks. Raises StoreFull, StoreFailed."""
        month = month_of(seconds)
        path = self._folder / _name(month)
        records = [written(bundle) for bundle in bundles]
        if not self._folder.exists():
            self._folder.mkdir(mode=PRIVATE_FOLDER)
            disk.sync_folder(self._folder.parent)
        tail = Tail(disk, path)
        try:
            offset = path.stat().st_size
            tail.append(b"".join(records))
        finally:
            tail.close()
        ends = accumulate((len(record) for record in records), initial=offset)
        return [Place(month, start).packed() for start, _ in zip(ends, records, strict=False)]

    def read(self, place: int) -> Opened:
        """The record at a place. Blocks. Raises StoreDamaged."""
        at = Place.unpacked(place)
        try:
            fd = self._fd(at.month)
        except FileNotFoundError:
            raise _damaged(at) from None
        line, newline, _ = os.pread(fd, _HEADER_BYTES, at.offset).partition(b"\n")
        found = _HEADER.fullmatch(line)
        if not newline or found is None or line[-8:] != b"%08x" % zlib.crc32(line[:-9]):
            raise _damaged(at)
        sizes = int(found[4]), int(found[5])
        body = os.pread(fd, sum(sizes), at.offset + len(line) + 1)
        if int(found[2]) != VERSION or zlib.crc32(body) != int(found[6], 16):
            raise _damaged(at)
        key = found[3].decode()
        skeleton = self._unsealed(body[: sizes[0]], _about(key, "skeleton"))
        content = self._unsealed(body[sizes[0] :], _about(key, "content"))
        if content is None:
            return Opened(skeleton, None, {})
        said = _content.decode(content)
        parts = {(part.table, part.key): bytes(part.record) for part in said.parts}
        return Opened(skeleton, bytes(said.half), parts)

    def _unsealed(self, blob: bytes, about: bytes) -> bytes | None:
        key = self._key_of(slot_of(blob)) if blob else None
        return None if key is None else unseal(key, blob, about)

    def keep(self, months: set[int]) -> None:
        """Delete all other months. Blocks."""
        for month, path in self._months().items():
            if month not in months:
                path.unlink()
                if month in self._fds:
                    self._deleted.append(self._fds.pop(month))

    def close(self) -> None:
        for fd in (*self._fds.values(), *self._deleted):
            os.close(fd)

    def _months(self) -> dict[int, Path]:
        found = ((_MONTH.fullmatch(path.name), path) for path in self._folder.glob("*.log"))
        return {int(name[1]) * _MONTHS + int(name[2]) - 1: path for name, path in found if name}

    def _fd(self, month: int) -> int:
        if month not in self._fds:
            fd = os.open(self._folder / _name(month), os.O_RDONLY | os.O_CLOEXEC)
            if self._fds.setdefault(month, fd) != fd:  # another thread was faster
                os.close(fd)
        return self._fds[month]


def _damaged(at: Place) -> StoreDamaged:
    return StoreDamaged(
        f"The record at byte {at.offset} of archive/{_name(at.month)} is not what was written "
        "there; stop the desk, move view.snapshot away and start it again: the archive is made "
        "anew from the journal."
    )
