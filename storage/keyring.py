"""The keyring: the only place where data keys are kept, each wrapped by the master key.

One file of fixed slots of 64 bytes after a header of the same size: a state (1 live, 2 shredded),
three zeros, the wrapped key. A slot is written once, overwritten when its key is shredded, and
never given out again. Slots are made in batches and synced before one of them is used, so that a
new key costs a commit no sync of its own; those at the end that no record names are free.
"""

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from storage.disk import Disk, failed, trouble
from storage.errors import KeyFileError, StoreDamaged, StoreError
from storage.sealing import (
    DESK_SLOT,
    FIRST_SLOT,
    SECRET_SLOT,
    DataKey,
    Keys,
    MasterKey,
    new_key,
)

FILE = "keyring"
VERSION = 1
SLOT_BYTES = 64
_HEADER = b"desk keyring %d\n" % VERSION
_LIVE, _SHREDDED = b"\x01\0\0\0", b"\x02\0\0\0"
BATCH = 2048  #: slots made at a time
_MOST = 1 << 48  #: no file has so many slots
LOW = 1024  #: when fewer are free, the next batch is made


class Keyring:
    """The open keyring. `disk` None = for reading only."""

    def __init__(
        self, path: Path, master: MasterKey, disk: Disk | None, *, new: bool = False
    ) -> None:
        """`new`: make one when there is none.

        Raises KeyFileError (a wrong master key), StoreDamaged, StoreError.
        """
        self._path = path
        self._master = master
        self._disk = disk
        self._free: deque[DataKey] = deque()
        self._refilling: asyncio.Task[None] | None = None
        self._end = FIRST_SLOT  #: slots in the file that are whole
        self._used = FIRST_SLOT  #: every slot before it may be named by a record
        if new and disk is not None and not path.exists():
            self._make(disk)
        self._fd = _opened(path)
        self._cached = lru_cache(maxsize=16_384)(self._read)
        self.keys = Keys(self._own(SECRET_SLOT))
        self.desk = DataKey(DESK_SLOT, self._own(DESK_SLOT))

    def _make(self, disk: Disk) -> None:
        """Written aside and renamed: there is never half a keyring."""
        aside = self._path.with_name(f"{FILE}.new")
        aside.unlink(missing_ok=True)
        own = b"".join(self._slot(slot, new_key()) for slot in (SECRET_SLOT, DESK_SLOT))
        fd = disk.open(aside, append=False)
        try:
            _write(disk, fd, aside, _HEADER.ljust(SLOT_BYTES, b"\0") + own, 0)
        finally:
            os.close(fd)
        disk.rename(aside, self._path)

    def _slot(self, slot: int, key: bytes) -> bytes:
        return _LIVE + self._master.wrap(slot, key)

    def _own(self, slot: int) -> bytes:
        key = self._read(slot)
        if key is None:
            raise _damaged(self._path, slot)
        return key

    # --- reading ----------------------------------------------------------------------------

    def key(self, slot: int) -> bytes | None:
        """The data key of a slot; None = shredded. Raises StoreDamaged, KeyFileError."""
        return self._cached(slot)

    def wrapped(self, slot: int) -> bytes | None:
        """The key as it lies in its slot; None = shredded. Raises StoreDamaged."""
        if slot >= _MOST:
            raise _damaged(self._path, slot)  # what names it was never ours
        data = os.pread(self._fd, SLOT_BYTES, _place(slot))
        if len(data) == SLOT_BYTES and data[:4] == _SHREDDED:
            return None
        if len(data) < SLOT_BYTES or data[:4] != _LIVE:
            raise _damaged(self._path, slot)
        return data[4:]

    @property
    def end(self) -> int:
        """Every slot in the file is below this one."""
        return os.fstat(self._fd).st_size // SLOT_BYTES - 1

    def _read(self, slot: int) -> bytes | None:
        wrapped = self.wrapped(slot)
        if wrapped is None:
            return None
        try:
            return self._master.unwrap(slot, wrapped)
        except KeyFileError:
            if slot == SECRET_SLOT:
                raise
            raise _damaged(self._path, slot) from None

    # --- giving out -------------------------------------------------------------------------

    def fill(self, used: int, *, anew: bool = False) -> None:
        """Find the free slots, from `used` on: no record names them. Blocks; at the start.

        `anew`: destroy those keys, as what a power cut tore off may be sealed under them.
        """
        self._used = max(used, FIRST_SLOT)
        self._end = self._used
        while (key := self._whole(self._end)) is not None:
            self._free.append(DataKey(self._end, key))
            self._end += 1
        if anew:
            self.shred(key.slot for key in self._free)
            self._free.clear()
        if len(self._free) < LOW:
            self._add(self._batch())

    @property
    def used(self) -> int:
        """Every slot that a record may name is below this one."""
        return self._used

    def _whole(self, slot: int) -> bytes | None:
        try:
            return self._read(slot)
        except (StoreDamaged, KeyFileError):
            return None  # what a power cut left of a batch that nobody was given anything of

    async def room(self, wanted: int) -> None:
        """Until so many keys can be taken at once. Raises StoreFull, StoreFailed."""
        if len(self._free) < max(wanted, LOW):
            self._refill()
        while len(self._free) < wanted:
            await asyncio.shield(self._refill())

    def take(self) -> DataKey:
        """A fresh key, on disk already. After `room`, never missing."""
        taken = self._free.popleft()
        self._used = taken.slot + 1
        return taken

    def _refill(self) -> asyncio.Task[None]:
        """The next batch, beside the loop. Who waits is told of a failure, nobody else."""
        if self._refilling is None or self._refilling.done():
            self._refilling = asyncio.create_task(self._refilled())
            self._refilling.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._refilling

    async def _refilled(self) -> None:
        self._add(await asyncio.to_thread(self._batch))

    def _batch(self) -> list[DataKey]:
        fresh = [DataKey(slot, new_key()) for slot in range(self._end, self._end + BATCH)]
        self._overwrite(self._end, b"".join(self._slot(*key) for key in fresh))
        return fresh

    def _add(self, fresh: list[DataKey]) -> None:
        self._free.extend(fresh)
        self._end += len(fresh)

    # --- shredding --------------------------------------------------------------------------

    def shred(self, slots: Iterable[int]) -> None:
        """Destroy the keys in these slots, durable when this returns. Blocks; also repeatable."""
        disk = self._writable()
        try:
            fd = disk.open(self._path, append=False)
            try:
                for slot in sorted(slots):
                    disk.put(fd, _SHREDDED.ljust(SLOT_BYTES, b"\0"), _place(slot))
                disk.sync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise failed(error, self._path) from error
        finally:
            self._cached.cache_clear()

    def _overwrite(self, slot: int, data: bytes) -> None:
        disk = self._writable()
        try:
            fd = disk.open(self._path, append=False)
        except OSError as error:
            raise trouble(error, self._path) from error
        try:
            _write(disk, fd, self._path, data, _place(slot))
        finally:
            os.close(fd)

    def _writable(self) -> Disk:
        if self._disk is None:
            raise StoreError("The keyring is open for reading only; changes go through `desk run`.")
        return self._disk

    async def close(self) -> None:
        if self._refilling is not None:
            await asyncio.gather(self._refilling, return_exceptions=True)
        os.close(self._fd)


def check_master(path: Path, master: MasterKey) -> None:
    """Does this key open the keyring? Raises KeyFileError, StoreDamaged."""
    fd = _opened(path)
    try:
        data = os.pread(fd, SLOT_BYTES, _place(SECRET_SLOT))
    finally:
        os.close(fd)
    if len(data) < SLOT_BYTES or data[:4] != _LIVE:
        raise _damaged(path, SECRET_SLOT)
    master.unwrap(SECRET_SLOT, data[4:])


def file_of(slots: Iterable[bytes | None]) -> Iterator[bytes]:
    """A keyring of wrapped keys, from slot 0 on; None = shredded. What was never given out is
    written as shredded, too: nothing needs it, and nothing gives it out again."""
    yield _HEADER.ljust(SLOT_BYTES, b"\0")
    for wrapped in slots:
        yield (_SHREDDED if wrapped is None else _LIVE + wrapped).ljust(SLOT_BYTES, b"\0")


class Rewrapped(NamedTuple):
    """Slots in a row, wrapped anew, and how many of them hold a key."""

    live: int
    block: bytes


def rewrapped(path: Path, old: MasterKey, new: MasterKey) -> Iterator[Rewrapped]:
    """The whole keyring under another master key, block by block.

    A shredded slot stays one, and what `old` does not open stays what it is: for `_whole` that is
    the end of a batch that a power cut spoilt, for whoever needs it damage as before.
    """
    with path.open("rb") as file:
        yield Rewrapped(0, file.read(SLOT_BYTES))
        slot = 0
        while block := file.read(SLOT_BYTES * BATCH):
            live, anew = 0, b""
            for start in range(0, len(block), SLOT_BYTES):
                key = _key_in(block[start : start + SLOT_BYTES], slot, old)
                live += key is not None
                anew += block[start : start + SLOT_BYTES] if key is None else _LIVE
                anew += new.wrap(slot, key) if key is not None else b""
                slot += 1
            yield Rewrapped(live, anew)


def same_keys(path: Path, master: MasterKey, other: Path, others: MasterKey) -> bool:
    """Do two keyrings hold the same keys in the same slots?"""
    slot = 0
    with path.open("rb") as file, other.open("rb") as another:
        if file.read(SLOT_BYTES) != another.read(SLOT_BYTES):
            return False
        while data := file.read(SLOT_BYTES):
            if _key_in(data, slot, master) != _key_in(another.read(SLOT_BYTES), slot, others):
                return False
            slot += 1
        return not another.read(1)


def _key_in(data: bytes, slot: int, master: MasterKey) -> bytes | None:
    if len(data) < SLOT_BYTES or data[:4] != _LIVE:
        return None
    try:
        return master.unwrap(slot, data[4:])
    except KeyFileError:
        return None


def _opened(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyFileError(
            f"{path} is missing, and without it nothing can be read; put the newest backup in its "
            "place (`desk restore DIR`)."
        ) from None
    if os.pread(fd, SLOT_BYTES, 0).rstrip(b"\0") != _HEADER:
        os.close(fd)
        raise StoreDamaged(
            f"{path.name} is not a keyring that this desk can read; start the version of the desk "
            "that wrote it, or put the newest backup in its place (`desk restore DIR`)."
        )
    return fd


def _write(disk: Disk, fd: int, path: Path, data: bytes, offset: int) -> None:
    try:
        disk.put(fd, data, offset)
        disk.sync(fd)
    except OSError as error:
        raise trouble(error, path) from error


def _place(slot: int) -> int:
    return SLOT_BYTES * (slot + 1)


def _damaged(path: Path, slot: int) -> StoreDamaged:
    return StoreDamaged(
        f"Slot {slot} of {path.name} is not what was written there; put the newest backup in its "
        "place (`desk restore DIR`)."
    )
