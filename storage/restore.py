"""A backup put back into an empty data folder, whole or not at all; the backup stays as it is.

Everything is copied aside within the folder first and renamed at the end: a folder in which a
restore was interrupted is refused by every desk (`opening.py`), and never taken for a store.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from storage import mails
from storage.backup import finished
from storage.disk import PRIVATE_FOLDER, Disk, Tail
from storage.errors import StoreDamaged, StoreError
from storage.journal import Position, Reader
from storage.keyring import FILE as KEYRING
from storage.keyring import check_master
from storage.opening import JOURNAL, LOCK, MAILS, RESTORING, Lock
from storage.records import Record
from storage.sealing import MasterKey
from storage.verify import Step

_BLOCK_BYTES = 1024 * 1024


class Restored(Record, frozen=True, kw_only=True):
    """What was put back, in figures."""

    path: Path  #: of the backup
    commits: int
    mails: int
    size: int  #: bytes


class _Chosen(NamedTuple):
    folder: Path
    keyring: Path


def restore(
    backup: Path, data: Path, master: MasterKey, step: Step, disk: Disk | None = None
) -> Restored:
    """Put `backup` (a backup, or a folder of them: the newest) into `data`.

    Blocks. Raises StoreBusy, StoreError, StoreDamaged, KeyFileError; `data` is empty then.
    """
    chosen = _chosen(backup)
    _must_be_empty(data)
    try:
        check_master(chosen.keyring, master)
        data.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        lock = Lock(data / LOCK)
        try:
            return _Restoring(chosen, data, step, disk or Disk()).run()
        finally:
            lock.release()
    except OSError as error:
        raise StoreError(
            f"The backup {chosen.folder} could not be put into {data} ({error.strerror}); check "
            "both folders and their room, empty the second and try again."
        ) from error


def _chosen(backup: Path) -> _Chosen:
    if (backup / JOURNAL).exists() and backup in finished(backup.parent):
        return _Chosen(backup, backup.parent / KEYRING)
    if newest := finished(backup):
        return _Chosen(newest[-1], backup / KEYRING)
    raise StoreError(
        f"There is no backup in {backup}; name the folder that was given to `desk backup`, or one "
        "of the backups in it."
    )


def _must_be_empty(data: Path) -> None:
    """What a desk has, running or not, is never overwritten."""
    found = {path.name for path in data.iterdir()} if data.exists() else set()
    if found - {"lost+found"}:
        raise StoreError(
            f"{data} is not empty, and nothing there is overwritten; set DESK_DATA to a new "
            "folder, or stop the desk there and move its data away."
        )


class _Restoring:
    """One backup on its way back."""

    def __init__(self, chosen: _Chosen, data: Path, step: Step, disk: Disk) -> None:
        self._from = chosen
        self._data = data
        self._aside = data / RESTORING
        self._step = step
        self._disk = disk
        files = [chosen.folder / JOURNAL, *sorted((chosen.folder / MAILS).glob("*.log"))]
        self._files = files
        self._done = 0
        self._size = sum(path.stat().st_size for path in files)
        self._total = self._size + files[0].stat().st_size  # the journal is read once more

    def run(self) -> Restored:
        self._aside.mkdir(mode=PRIVATE_FOLDER)
        (self._aside / MAILS).mkdir(mode=PRIVATE_FOLDER)
        self._disk.sync_folder(self._data)
        try:
            commits = self._verified()
            kept = len(mails.scan(self._from.folder / MAILS, mails.Mark()).places)
            self._copied()
        except Exception:
            shutil.rmtree(self._aside, ignore_errors=True)
            (self._data / LOCK).unlink(missing_ok=True)
            raise
        for name in (KEYRING, MAILS, JOURNAL):
            self._disk.rename(self._aside / name, self._data / name)
        self._aside.rmdir()  # from here on it is a store
        self._disk.sync_folder(self._data)
        return Restored(path=self._from.folder, commits=commits, mails=kept, size=self._size)

    def _verified(self) -> int:
        """How many commits there are. Raises StoreDamaged."""
        reader = Reader(self._from.folder / JOURNAL, Position(), {})
        for read in reader:
            self._on(read.end - read.at)
        if reader.torn:
            raise StoreDamaged(
                f"The journal of {self._from.folder} ends within a line; take another backup."
            )
        return reader.position.seq

    def _copied(self) -> None:
        self._copy(self._from.keyring, self._aside / KEYRING, lambda _: None)
        for path in self._files:
            self._copy(path, self._aside / path.relative_to(self._from.folder), self._on)

    def _copy(self, path: Path, target: Path, on: Callable[[int], None]) -> None:
        tail = Tail(self._disk, target)
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    tail.write(block)
                    on(len(block))
            tail.sync()
        finally:
            tail.close()

    def _on(self, size: int) -> None:
        self._done += size
        self._step(self._done, self._total)
