"""A disk that forgets: what was not synced may be gone after a power cut, whole or in part.

It keeps what is durable of every file and folder beside the real files, which play the page
cache. Nothing is taken for granted that POSIX does not promise: without an fdatasync any part of
what was written may be lost, in any order; without an fsync of the folder a new file may vanish
and a rename be undone.
"""

import errno
import os
import random
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from storage.disk import Disk

SECTOR = 512  #: what a disk writes whole or not at all
CUT, KILL, FULL = "power cut", "kill", "full"


class Trouble(NamedTuple):
    """What happens at one call of the disk, counted from the start."""

    at: int
    what: str  #: CUT, KILL or FULL


NEVER = Trouble(10**9, KILL)


class Image(NamedTuple):
    """What a disk holds: folders, and files with their bytes, by relative path."""

    folders: list[str]
    files: dict[str, bytes]

    def restore(self, root: Path) -> None:
        """Make `root` hold this and nothing else."""
        shutil.rmtree(root, ignore_errors=True)
        for name in ("", *self.folders):
            (root / name).mkdir(mode=0o700, parents=True)
        for name, held in self.files.items():
            (root / name).write_bytes(held)
            (root / name).chmod(0o600)


class LossyDisk(Disk):
    """All under `root` is at risk; `root` itself is there for good.

    What calls this disk does not know (a file made or renamed without it) is not synced, and so
    at risk too.
    """

    def __init__(self, root: Path, chance: random.Random, *, worst: bool = False) -> None:
        """`worst`: a power cut takes all that was not synced, not some of it."""
        self.root = root
        self.worst = worst
        self.calls = 0
        self.trouble = NEVER
        self.dead = False
        self.left: Image | None = None  #: after a power cut: what the disk holds
        self._chance = chance
        self._lock = threading.RLock()
        self._held: dict[int, int] = {}  # by inode: kept open, so that its number is not used again
        self._bytes: dict[int, bytes] = {}  # by inode: what of it is durable
        self._names: dict[str, dict[str, int]] = {}  # by folder: its durable entries
        root.mkdir(exist_ok=True)
        for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
            self._names[self._name(folder)] = self._entries(folder)
        for inode, fd in self._held.items():
            self._bytes[inode] = _all_of(fd)

    def revive(self) -> None:
        """A new process on the same machine: the page cache is as it was."""
        self.dead, self.trouble = False, NEVER

    def image(self) -> Image:
        """What the page cache holds."""
        image = Image([], {})
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_dir():
                image.folders.append(name)
            else:
                image.files[name] = path.read_bytes()
        return image

    def forget(self) -> None:
        for fd in self._held.values():
            os.close(fd)
        self._held.clear()

    # --- the calls of a Disk ----------------------------------------------------------------

    def open(self, path: Path, **how: Any) -> int:
        with self._lock:
            self._call()
            return super().open(path, **how)

    def write(self, fd: int, data: memoryview) -> int:
        with self._lock:
            part = data[: self._chance.randrange(len(data) + 1)]
            self._call(lambda: super(LossyDisk, self).write(fd, part))
            short = len(part) > 0 and self._chance.random() < 0.1
            return super().write(fd, part if short else data)

    def put(self, fd: int, data: bytes, offset: int) -> None:
        with self._lock:
            part = data[: self._chance.randrange(len(data) + 1)]
            self._call(lambda: super(LossyDisk, self).put(fd, part, offset))
            super().put(fd, data, offset)

    def rename(self, path: Path, target: Path) -> None:
        with self._lock:
            self._call()
            super().rename(path, target)

    def sync(self, fd: int) -> None:
        with self._lock:
            self._call()
            self._bytes[os.fstat(fd).st_ino] = _all_of(fd)

    def cut(self, fd: int, size: int) -> None:
        with self._lock:
            self._call()
            super().cut(fd, size)

    def sync_folder(self, path: Path) -> None:
        with self._lock:
            self._call()
            if path.is_relative_to(self.root):
                self._names[self._name(path)] = self._entries(path)

    # --- trouble ----------------------------------------------------------------------------

    def _call(self, half: Callable[[], object] | None = None) -> None:
        """Count a call; at the one that is meant, do half of it and fail."""
        if self.dead:
            raise OSError(errno.EIO, "this machine is off")
        self.calls += 1
        if self.calls != self.trouble.at:
            return
        if half is not None:
            half()
        if self.trouble.what == FULL:
            raise OSError(errno.ENOSPC, "no room")
        self.stop(self.trouble.what)
        raise OSError(errno.EIO, self.trouble.what)

    def stop(self, what: str) -> None:
        """From now on nothing reaches this disk."""
        with self._lock:
            self.dead = True
            if what == CUT and self.left is None:
                self.left = self._after_a_cut()

    def _after_a_cut(self) -> Image:
        image = Image([], {})
        todo = [""]
        while todo:
            folder = todo.pop()
            for name, inode in self._entries_left(folder).items():
                path = f"{folder}/{name}".lstrip("/")
                if inode in self._held:
                    before, cached = self._bytes.get(inode, b""), _all_of(self._held[inode])
                    left = before if self.worst else mixed(self._chance, before, cached)
                    image.files[path] = left
                else:
                    image.folders.append(path)
                    todo.append(path)
        return image

    def _entries_left(self, folder: str) -> dict[str, int]:
        """Of a folder's entries, what a cut leaves: each name as it was or as it is.

        A rename is undone as a whole: names that one file had, or took from another, go together.
        """
        old, new = self._names.get(folder, {}), self._entries(self.root / folder)
        left = {name: inode for name, inode in old.items() if new.get(name) == inode}
        changed = set(old.items()) ^ set(new.items())
        while changed:
            together = {changed.pop()}
            while more := {pair for pair in changed if any(_linked(pair, t) for t in together)}:
                together |= more
                changed -= more
            side = old if self.worst else self._chance.choice((old, new))
            left |= {name: inode for name, inode in together if side.get(name) == inode}
        return left

    def _entries(self, folder: Path) -> dict[str, int]:
        """Name and inode of what is in a folder now."""
        found: dict[str, int] = {}
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                with suppress(FileNotFoundError):  # renamed by another thread
                    found[path.name] = self._seen(path)
        return found

    def _seen(self, path: Path) -> int:
        inode = path.stat().st_ino
        if not path.is_dir() and inode not in self._held:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            inode = os.fstat(fd).st_ino
            self._held[inode] = fd
        return inode

    def _name(self, folder: Path) -> str:
        return "" if folder == self.root else str(folder.relative_to(self.root))


def _linked(one: tuple[str, int], other: tuple[str, int]) -> bool:
    return one[0] == other[0] or one[1] == other[1]


def _all_of(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


def mixed(chance: random.Random, durable: bytes, cached: bytes) -> bytes:
    """What a power cut makes of a file: durable bytes stay where they were not written over.

    Of the rest each stretch of sectors is kept or lost, wherever it lies, and the end may be
    anywhere; what was lost beyond the old end is zeros.
    """
    if durable == cached:
        return durable
    size = chance.choice((len(durable), len(cached), *_between(chance, len(durable), len(cached))))
    match chance.choice(("forgotten", "kept", "stretches")):
        case "forgotten":
            kept = durable
        case "kept":
            kept = cached
        case _:
            kept = _stretches(chance, durable, cached)
    return kept[:size].ljust(size, b"\0")


def _between(chance: random.Random, one: int, other: int) -> tuple[int, ...]:
    low, high = sorted((one, other))
    return (chance.randint(low, high), chance.randint(low, high))


def _stretches(chance: random.Random, durable: bytes, cached: bytes) -> bytes:
    """Sector by sector, in stretches."""
    size = max(len(durable), len(cached))
    versions = [durable.ljust(size, b"\0"), cached.ljust(size, b"\0")]
    ends = [*range(SECTOR, size, SECTOR), size]
    cuts = sorted({0, size, *chance.choices(ends, k=6)})
    parts = [chance.choice(versions)[start:end] for start, end in pairwise(cuts)]
    return b"".join(parts)
