"""A backup: a store's files as of one moment, made beside a running desk.

    DIR/keyring                     one for all backups in DIR, replaced each time
    DIR/20261125T081500Z/           journal.jsonl, and mails/ with its segments

The journal is read first, then the mail log, the keyring last: so each mail that the journal names
is there, and each key that either needs. Keys shredded meanwhile are gone from every backup in DIR,
as none but the newest keyring is kept. The master key is never in it. What is not finished has a
name of its own (`….part`) and is never taken for a backup.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple, Protocol

from storage import mails
from storage.disk import PRIVATE_FOLDER, Disk, Tail
from storage.errors import StoreBusy, StoreDamaged, StoreError
from storage.journal import Position, Reader, line_at
from storage.keyring import FILE as KEYRING
from storage.opening import JOURNAL, LOCK, MAILS, Lock
from storage.records import Record
from storage.verify import Step

_BLOCK_BYTES = 1024 * 1024
_STAMP = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
_PART = ".part"


class Piece(NamedTuple):
    """A file of a backup. `read` gives its bytes, the same ones each time it is called.

    Fewer than `size` say that a segment was emptied meanwhile: all its mails are shredded.
    """

    name: str
    size: int
    read: Callable[[], Iterator[bytes]]


class Source(Protocol):
    """A store as the files of an embedded one, asked for in this order."""

    def journal(self) -> Piece:
        """Whole lines only."""

    def mails(self) -> Iterator[Piece]:
        """Segments, oldest first; at least all the mails that the journal names."""

    def keyring(self) -> Piece:
        """Every key that the others need."""


class Made(Record, frozen=True, kw_only=True):
    """A finished backup, in figures."""

    path: Path
    commits: int
    mails: int
    segments: int
    linked: int  #: segments that an earlier backup had already
    size: int  #: bytes of journal and mails
    keys: int  #: bytes of the keyring


class Folder:
    """The source that is a data folder, while a desk writes it or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def journal(self) -> Piece:
        path = self._folder / JOURNAL
        if not path.exists():
            return Piece(JOURNAL, 0, lambda: iter(()))
        return self._piece(path, JOURNAL, _line_end(path, path.stat().st_size))

    def mails(self) -> Iterator[Piece]:
        for number in mails.segments(self._folder / MAILS):
            path = mails.segment_path(self._folder / MAILS, number)
            with suppress(FileNotFoundError):  # all its mails were shredded just now
                yield self._piece(path, f"{MAILS}/{path.name}", path.stat().st_size)

    def keyring(self) -> Piece:
        path = self._folder / KEYRING
        return self._piece(path, KEYRING, path.stat().st_size)

    def _piece(self, path: Path, name: str, size: int) -> Piece:
        return Piece(name, size, lambda: _blocks(path, size))


def finished(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _STAMP.fullmatch(path.name))


def make(source: Source, folder: Path, now: datetime, step: Step, disk: Disk | None = None) -> Made:
    """Make a backup in `folder`. Raises StoreError; earlier backups are as they were then.

    Blocks: it copies files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        with _alone(folder):
            return _Making(folder, now, step, disk or Disk()).of(source)
    except OSError as error:
        raise StoreError(
            f"The backup in {folder} could not be made ({error.strerror}); make room or choose "
            "another folder. Earlier backups are whole."
        ) from error


class _Making:
    """One backup on its way."""

    def __init__(self, folder: Path, now: datetime, step: Step, disk: Disk) -> None:
        self._folder = folder
        self._earlier = finished(folder)
        self._target = self._fresh(f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        self._aside = self._target.with_name(self._target.name + _PART)
        self._step = step
        self._disk = disk
        self._done = self._total = 0
        self._linked = 0

    def of(self, source: Source) -> Made:
        for left in self._folder.glob(f"*{_PART}"):
            if _STAMP.fullmatch(left.stem):
                shutil.rmtree(left)
        try:
            return self._of(source)
        except Exception:
            shutil.rmtree(self._aside, ignore_errors=True)
            raise

    def _of(self, source: Source) -> Made:
        self._aside.mkdir(mode=PRIVATE_FOLDER)
        (self._aside / MAILS).mkdir(mode=PRIVATE_FOLDER)
        journal = source.journal()
        self._total = 2 * journal.size  # written, then read back
        self._write(self._aside / JOURNAL, journal.read())
        commits = self._checked(self._aside / JOURNAL)
        segments = list(source.mails())
        size = sum(piece.size for piece in segments)
        self._total += size
        for piece in segments:
            self._segment(piece)
        kept = len(mails.scan(self._aside / MAILS, mails.Mark()).places)
        self._disk.sync_folder(self._aside / MAILS)
        keys = self._keyring(source.keyring())
        self._disk.rename(self._aside, self._target)
        return Made(
            path=self._target,
            commits=commits,
            mails=kept,
            segments=len(segments),
            linked=self._linked,
            size=journal.size + size,
            keys=keys,
        )

    def _fresh(self, stamp: str) -> Path:
        names = (stamp if number == 1 else f"{stamp}-{number}" for number in count(1))
        return next(path for name in names if not (path := self._folder / name).exists())

    def _segment(self, piece: Piece) -> None:
        target = self._aside / piece.name
        earlier = self._earlier[-1] / piece.name if self._earlier else None
        if earlier is not None and self._same(earlier, piece) and _linked(earlier, target):
            self._linked += 1
            self._on(piece.size)
        elif self._write(target, piece.read()) < piece.size:
            self._empty(target)

    def _empty(self, path: Path) -> None:
        """The desk emptied this segment while it was copied: all its mails were shredded."""
        fd = self._disk.open(path)
        try:
            self._disk.cut(fd, 0)
            self._disk.sync(fd)
        finally:
            os.close(fd)

    def _same(self, path: Path, piece: Piece) -> bool:
        """Byte by byte: an earlier copy that has rotted must not be handed on."""
        if not path.exists() or path.stat().st_size != piece.size:
            return False
        with path.open("rb") as file:
            return all(file.read(len(block)) == block for block in piece.read())

    def _checked(self, path: Path) -> int:
        """How many commits there are. Raises StoreDamaged; StoreError for another desk's."""
        before = _last_hash(self._earlier[-1] / JOURNAL) if self._earlier else None
        reader = Reader(path, Position(), {})
        follows = before is None
        for read in reader:
            self._on(read.end - read.at)
            follows = follows or read.line.hash == before
        if reader.torn:
            raise StoreDamaged(f"{path.name} changed while it was copied; run `desk backup` again.")
        if not follows:
            raise StoreError(
                f"{self._folder} holds backups of another desk, or of this one before it was "
                "restored from an older state; choose another folder."
            )
        return reader.position.seq

    def _keyring(self, piece: Piece) -> int:
        """In the place of the one before, whose shredded keys must not be kept."""
        aside = self._folder / f"{KEYRING}.new"
        aside.unlink(missing_ok=True)
        size = self._write(aside, piece.read())
        self._disk.rename(aside, self._folder / KEYRING)
        return size

    def _write(self, path: Path, blocks: Iterable[bytes]) -> int:
        before = self._done
        tail = Tail(self._disk, path)
        try:
            for block in blocks:
                tail.write(block)
                self._on(len(block))
            tail.sync()
        finally:
            tail.close()
        return self._done - before

    def _on(self, size: int) -> None:
        self._done += size
        self._step(self._done, max(self._total, self._done))


def _linked(earlier: Path, target: Path) -> bool:
    """False where the file system has no second names for a file."""
    try:
        os.link(earlier, target)
    except OSError:
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        lock = Lock(folder / LOCK)
    except StoreBusy:
        raise StoreBusy(
            f"Another backup is being made in {folder}; wait for its end, or choose another folder."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _line_end(path: Path, end: int) -> int:
    """Where the last whole line among the first `end` bytes ends: more may be on its way."""
    with path.open("rb") as file:
        while end:
            start = max(0, end - _BLOCK_BYTES)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0


def _last_hash(path: Path) -> str | None:
    """Of a journal's last line; None when there is none that can be read."""
    if not path.exists():
        return None
    end = _line_end(path, path.stat().st_size)
    with path.open("rb") as file:
        line = line_at(file, _line_end(path, end - 1)) if end else None
    return line.hash if line else None


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    """The first `size` bytes."""
    with path.open("rb") as file:
        while size and (block := file.read(min(size, _BLOCK_BYTES))):
            yield block
            size -= len(block)
