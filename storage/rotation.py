"""A new master key: every data key is wrapped anew, and nothing that was sealed changes.

    1  FILE.new       the new master key, whole and synced
    2  keyring        rewritten aside under the new key, read back, renamed over the old one
                      (in PostgreSQL: one transaction)
    3  FILE.old       a copy of the old key, which backups made before still need
    4  FILE.new       renamed over FILE

Killed between any two, the next run goes on from there: which of the two keys opens the keyring
says how far it came. There is a FILE at every moment.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from storage.disk import PRIVATE_FILE, Disk, Tail
from storage.errors import KeyFileError, StoreBusy, StoreError
from storage.keyring import FILE as KEYRING
from storage.keyring import check_master, rewrapped, same_keys
from storage.opening import LOCK, Lock
from storage.records import Record
from storage.sealing import MasterKey, new_key_file
from storage.verify import Step


class Rotated(Record, frozen=True, kw_only=True):
    """What was done: how many keys were wrapped anew, and where the old master key is now."""

    keys: int
    old: Path
    resumed: bool  #: an earlier run had begun it


def new_file_of(key_file: Path) -> Path:
    """Where the new master key is while a rotation is under way."""
    return key_file.with_name(f"{key_file.name}.new")


class Ring(Protocol):
    """A keyring whose keys can be wrapped anew."""

    def check(self, master: MasterKey) -> None:
        """Raises KeyFileError when the master key does not open it."""

    def rewrap(self, old: MasterKey, new: MasterKey, step: Step) -> int:
        """All of it or nothing, durable; how many keys there are. Raises StoreBusy, StoreError."""


def rotate(data: Path, key_file: Path, step: Step, disk: Disk | None = None) -> Rotated:
    """Rotate, or finish what was begun. Raises StoreBusy, StoreError, KeyFileError. Blocks."""
    disk = disk or Disk()
    with _told(key_file):
        try:
            lock = Lock(data / LOCK)
        except StoreBusy as busy:
            raise StoreBusy(
                f"A desk runs on {data}, and it holds the key that is to go; stop it, run "
                "`desk key rotate`, and start it again."
            ) from busy
        try:
            return _rotated(FileRing(data / KEYRING, disk), key_file, step, disk)
        finally:
            lock.release()


def rotate_ring(ring: Ring, key_file: Path, step: Step) -> Rotated:
    """The same for a keyring elsewhere."""
    with _told(key_file):
        return _rotated(ring, key_file, step, Disk())


@contextmanager
def _told(key_file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The master key {key_file} could not be changed ({error.strerror}); make room or mend "
            "the permissions of its folder, and run `desk key rotate` again."
        ) from error


def _rotated(ring: Ring, key_file: Path, step: Step, disk: Disk) -> Rotated:
    fresh = new_file_of(key_file)
    old = MasterKey.load(key_file)
    resumed = fresh.exists()
    keys = 0
    if _opens(ring, old):
        keys = ring.rewrap(old, _new_master(fresh, disk), step)
    elif not (resumed and _opens(ring, MasterKey.load(fresh))):
        ring.check(old)  # says so
    kept = _keep(key_file, disk)
    disk.rename(fresh, key_file)
    return Rotated(keys=keys, old=kept, resumed=resumed)


def _opens(ring: Ring, master: MasterKey) -> bool:
    try:
        ring.check(master)
    except KeyFileError:
        return False
    return True


def _new_master(fresh: Path, disk: Disk) -> MasterKey:
    """What an earlier run has left of it wraps nothing yet, so half a file may go."""
    try:
        return MasterKey.load(fresh)
    except KeyFileError:
        fresh.unlink(missing_ok=True)
    new_key_file(fresh)
    disk.sync_folder(fresh.parent)
    return MasterKey.load(fresh)


class FileRing:
    """The embedded keyring."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk

    def check(self, master: MasterKey) -> None:
        check_master(self._path, master)

    def rewrap(self, old: MasterKey, new: MasterKey, step: Step) -> int:
        return _rewrap(self._path, old, new, step, self._disk)


def _rewrap(keyring: Path, old: MasterKey, new: MasterKey, step: Step, disk: Disk) -> int:
    aside = keyring.with_name(f"{KEYRING}.new")
    aside.unlink(missing_ok=True)
    size = keyring.stat().st_size
    tail = Tail(disk, aside)
    done = keys = 0
    try:
        for live, block in rewrapped(keyring, old, new):
            tail.write(block)
            done, keys = done + len(block), keys + live
            step(done, size)
        tail.sync()
    finally:
        tail.close()
    if not same_keys(keyring, old, aside, new):
        raise StoreError(
            f"{aside} does not hold what was written to it; check the disk, and run "
            "`desk key rotate` again. The master key is as it was."
        )
    disk.rename(aside, keyring)
    return keys


def _keep(key_file: Path, disk: Disk) -> Path:
    """A copy of the old key beside the new one; never over another."""
    content = key_file.read_bytes()
    names = (f"{key_file.name}.old{f'.{n}' if n > 1 else ''}" for n in count(1))
    kept = next(
        path
        for path in map(key_file.with_name, names)
        if not path.exists() or path.read_bytes() == content
    )
    if not kept.exists():
        aside = key_file.with_name(f"{key_file.name}.part")
        aside.unlink(missing_ok=True)
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))
        tail = Tail(disk, aside)
        try:
            tail.append(content)
        finally:
            tail.close()
        disk.rename(aside, kept)
    return kept
