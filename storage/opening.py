"""Opening the data folder: the lock, the snapshot, the replay, and what was torn set aside."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from storage import mails, snapshot
from storage.disk import PRIVATE_FILE, PRIVATE_FOLDER, Disk, failed, set_aside
from storage.errors import StoreBusy, StoreError
from storage.journal import Position, Reader, changes_of
from storage.records import InboundMail
from storage.rows import opened
from storage.view import View

JOURNAL = "journal.jsonl"
MAILS = "mails"
LOCK = "lock"


class Lock:
    """Held while the desk runs, by flock: it ends with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        """Raises StoreBusy."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 200, 0).decode(errors="replace").strip()
            os.close(self._fd)
            raise StoreBusy(
                f"The data in {path.parent} is open in another desk ({holder or 'just starting'}); "
                "stop that one first, or give this one another DESK_DATA."
            ) from None
        os.ftruncate(self._fd, 0)
        # Words for a person; what holds is the flock.
        os.pwrite(self._fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._fd)


class Opened(NamedTuple):
    """The data folder as it was found."""

    folder: Path
    view: View
    reader: Reader  #: has read the journal to its end
    places: dict[str, int]
    end: mails.Mark
    fresh: list[InboundMail]
    replayed: int  #: commits read from the journal
    lock: Lock | None


def take(folder: Path, disk: Disk) -> Opened:
    """Open for writing. Raises StoreBusy, StoreDamaged, StoreError."""
    try:
        _make(folder, disk)
        lock = Lock(folder / LOCK)
        try:
            return _mend(_load(folder)._replace(lock=lock), disk)
        except BaseException:
            lock.release()
            raise
    except OSError as error:
        raise _unusable(folder, error) from error


def look(folder: Path) -> Opened:
    """Open for reading, beside a running desk or without one: changes nothing."""
    if not folder.is_dir():
        raise StoreError(f"There is no desk's data in {folder}; set DESK_DATA to where it is.")
    try:
        return _load(folder)
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The data in {folder} cannot be opened ({error.strerror}); let the desk's user own it."
    )


def _make(folder: Path, disk: Disk) -> None:
    """Private to the desk's user. A folder that holds other things keeps the mode it has."""
    found = next(path for path in (folder, *folder.parents) if path.exists())
    for path in reversed((folder, *folder.parents)):
        if path == found or found in path.parents:
            _make_one(path, disk)
    if (folder / LOCK).exists() or not any(folder.iterdir()):
        folder.chmod(PRIVATE_FOLDER)
    _make_one(folder / MAILS, disk)
    disk.sync_folder(folder / MAILS)


def _make_one(folder: Path, disk: Disk) -> None:
    """There for good when this returns, even if a desk was killed right after making it."""
    folder.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    with suppress(PermissionError):  # where we may not read we have made nothing
        disk.sync_folder(folder.parent)


def _load(folder: Path) -> Opened:
    """Snapshot and replay. The journal comes before the mail log: a mail it names is there."""
    view = View()
    picture = snapshot.load(folder) or snapshot.Picture(Position(), [], {}, {}, mails.Mark())
    for row in picture.rows:
        view.put_row(row)
    reader = Reader(folder / JOURNAL, picture.position, picture.heads)
    for read in reader:
        for raw in changes_of(read.line).puts:
            view.put(opened(raw), raw.copy())
    found = mails.scan(folder / MAILS, picture.mark)
    mails.check_complete(folder / MAILS, picture.mark, picture.places, found.places)
    unknown = sorted(key for key in found.places if not view.rev(InboundMail.table, key))
    fresh = list(mails.envelopes(folder / MAILS, [found.places[key] for key in unknown]))
    for mail in fresh:
        view.mails.arrived(mail)
    view.ready()
    return Opened(
        folder=folder,
        view=view,
        reader=reader,
        places=picture.places | found.places,
        end=found.end,
        fresh=fresh,
        replayed=reader.position.seq - picture.position.seq,
        lock=None,
    )


def _mend(found: Opened, disk: Disk) -> Opened:
    """Set torn ends aside, and make sure that what was read is on disk before building on it."""
    journal, segment = (
        found.reader.path,
        mails.segment_path(found.folder / MAILS, found.end.segment),
    )
    if found.reader.torn:
        seq, size = found.reader.position
        set_aside(disk, journal, size, journal.with_name(f"journal.torn-{seq + 1}"))
    if segment.exists() and segment.stat().st_size > found.end.offset:
        torn = segment.with_name(f"{segment.stem}.torn-{found.end.offset}")
        set_aside(disk, segment, found.end.offset, torn)
    for path in (journal, segment):
        _settle(disk, path)
    return found


def _settle(disk: Disk, path: Path) -> None:
    """A killed desk may have left lines that only the page cache holds."""
    if not path.exists():
        return
    fd = disk.open(path)
    try:
        disk.sync(fd)
    except OSError as error:
        raise failed(error, path) from error
    finally:
        os.close(fd)
