"""The few calls that change files, and how bytes are set aside: a seam that tests can break."""

import errno
import os
from pathlib import Path

from storage.errors import StoreError, StoreFailed, StoreFull

#: There is no room, or none for us: nothing is wrong with what is on disk.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class Disk:
    """Thin over `os`: what a power cut, a full disk or a dying one can make fail."""

    def open(self, path: Path, *, append: bool = True) -> int:
        """Open for appending, or for `put`; a new file is durable in its folder afterwards."""
        new = not path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if append else 0)
        fd = os.open(path, flags, PRIVATE_FILE)
        if new:
            try:
                self.sync_folder(path.parent)
            except OSError:
                os.close(fd)
                path.unlink()  # else the next one would take it for durable
                raise
        return fd

    def write(self, fd: int, data: memoryview) -> int:
        """May write less than it was given, like os.write."""
        return os.write(fd, data)

    def put(self, fd: int, data: bytes, offset: int) -> None:
        """Write at a place, all of it. Raises OSError."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(fd, rest, offset)
            rest, offset = rest[written:], offset + written

    def sync(self, fd: int) -> None:
        """Data and size are on disk when this returns (fdatasync; fsync where there is none)."""
        getattr(os, "fdatasync", os.fsync)(fd)

    def cut(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def rename(self, path: Path, target: Path) -> None:
        """Put a synced file in the place of another; durable when this returns."""
        path.rename(target)
        self.sync_folder(target.parent)

    def sync_folder(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class Tail:
    """The growing end of one file: whole appends, or none of it."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        self._fd = disk.open(path)
        self._size = os.fstat(self._fd).st_size

    def append(self, data: bytes) -> None:
        """Durable when this returns. Raises StoreFull (nothing kept) or StoreFailed."""
        try:
            self.write(data)
        except OSError as error:
            self._cut_back()
            raise trouble(error, self.path) from error
        try:
            self.sync()
        except OSError as error:
            # After a failed sync the kernel may have dropped the pages and say yes next time:
            # only a new start from what the disk really holds can be trusted.
            raise failed(error, self.path) from error
        self._size += len(data)

    def sync(self) -> None:
        self._disk.sync(self._fd)

    def write(self, data: bytes) -> None:
        """All of it, not yet durable. Raises OSError."""
        rest = memoryview(data)
        while rest:
            written = self._disk.write(self._fd, rest)
            if written <= 0:
                raise OSError(errno.ENOSPC, "nothing was written")
            rest = rest[written:]

    def _cut_back(self) -> None:
        """Synced too, so that no refused bytes come back after a power cut."""
        try:
            self._disk.cut(self._fd, self._size)
            self._disk.sync(self._fd)
        except OSError as error:
            raise failed(error, self.path) from error

    def close(self) -> None:
        os.close(self._fd)


def trouble(error: OSError, path: Path) -> StoreError:
    """What an error while writing means."""
    if error.errno in NO_ROOM:
        return StoreFull(
            f"There is no room to write {path.name} ({error.strerror}); free some space, nothing "
            "that was accepted is lost."
        )
    return failed(error, path)


def failed(error: OSError, path: Path) -> StoreFailed:
    return StoreFailed(
        f"The disk failed to keep {path.name} ({error.strerror}); check it and start the desk "
        "again, which goes by what really is on disk."
    )


def set_aside(disk: Disk, path: Path, size: int, torn: Path) -> Path:
    """Move what follows `size` in `path` into a file of its own, never over another; its path."""
    with path.open("rb") as source:
        source.seek(size)
        rest = source.read()
    number = 1
    while (target := torn.with_name(torn.name + (f".{number}" if number > 1 else ""))).exists():
        number += 1
    tail = Tail(disk, target)
    tail.append(rest)
    tail.close()
    fd = disk.open(path)
    try:
        disk.cut(fd, size)
        disk.sync(fd)
    finally:
        os.close(fd)
    return target


def write_private(path: Path, content: bytes) -> None:
    """Beside it, then renamed: nobody reads half a file, and nobody but the desk's user any."""
    beside = path.with_name(f".{path.name}.new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
