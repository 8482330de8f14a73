"""Opening the data folder: the lock, the snapshot, the replay, and what was torn set aside."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from storage import mails, snapshot
from storage.archive import Archive
from storage.archived import Archived
from storage.disk import PRIVATE_FILE, PRIVATE_FOLDER, Disk, failed, set_aside
from storage.errors import StoreBusy, StoreDamaged, StoreError
from storage.journal import Position, Reader, check_format
from storage.keyring import FILE as KEYRING
from storage.keyring import Keyring
from storage.records import InboundMail
from storage.sealing import MasterKey, slot_of
from storage.sheets import Owner, opened
from storage.view import View

JOURNAL = "journal.jsonl"
MAILS = mails.FOLDER
LOCK = "lock"
RESTORING = "restore.part"  #: what a restore copies, until all of it is there


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
    keyring: Keyring
    view: View
    reader: Reader  #: has read the journal to its end
    log: mails.Scan
    archive: Archive
    fresh: list[InboundMail]
    replayed: int  #: commits read from the journal
    used: int  #: every slot that something names is below this one
    shredded: set[int]  #: slots whose keys a replayed commit destroyed
    snapshot_slot: int | None
    lock: Lock | None


def take(folder: Path, master: MasterKey, disk: Disk) -> Opened:
    """Open for writing. Raises StoreBusy, StoreDamaged, StoreError, KeyFileError."""
    try:
        _check_finished(folder)
        _make(folder, disk)
        lock = Lock(folder / LOCK)
        try:
            check_format(folder / JOURNAL)
            keyring = Keyring(folder / KEYRING, master, disk, new=_empty(folder))
            return _mend(_load(folder, keyring)._replace(lock=lock), disk)
        except BaseException:
            lock.release()
            raise
    except OSError as error:
        raise _unusable(folder, error) from error


def look(folder: Path, master: MasterKey) -> Opened:
    """Open for reading, beside a running desk or without one: changes nothing."""
    try:
        _check_finished(folder)
        if is_new(folder):
            raise StoreError(f"There is no desk's data in {folder}; set DESK_DATA to where it is.")
        check_format(folder / JOURNAL)
        return _looked(folder, master)
    except OSError as error:
        raise _unusable(folder, error) from error


def _looked(folder: Path, master: MasterKey) -> Opened:
    """A desk that renews its snapshot meanwhile may take away what the old one still names."""
    while True:
        before = _snapshot_of(folder)
        try:
            return _load(folder, Keyring(folder / KEYRING, master, None))
        except StoreDamaged:
            if _snapshot_of(folder) == before:
                raise


def _snapshot_of(folder: Path) -> tuple[int, int] | None:
    """Which snapshot there is: each is a file of its own."""
    try:
        found = (folder / snapshot.FILE).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _check_finished(folder: Path) -> None:
    """Half a backup is no store, and an empty one must not be made beside it."""
    if (folder / RESTORING).exists():
        raise StoreError(
            f"A restore into {folder} was not finished; empty the folder and run "
            "`desk restore DIR` again."
        )


def is_new(folder: Path) -> bool:
    """No desk has its data here yet."""
    return not (folder / KEYRING).exists() and _empty(folder)


def _empty(folder: Path) -> bool:
    """Nothing was ever written here: only then may a keyring be made."""
    return not (folder / JOURNAL).exists() and not mails.segments(folder / MAILS)


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


def _load(folder: Path, keyring: Keyring) -> Opened:
    """Snapshot and replay. The journal comes before the mail log: a mail it names is there."""
    archive = Archive(folder, keyring.key)
    picture = _picture(folder, keyring, archive)
    view = _view_of(picture, keyring)
    reader = Reader(folder / JOURNAL, picture.position, picture.heads, view.archived.head)
    used, shredded = _replay(reader, view, keyring)
    if picture.before is not None and keyring.key(picture.before) is not None:
        shredded.add(picture.before)  # killed between the new snapshot and the end of the old
    found = mails.scan(folder / MAILS, picture.log.mark)
    mails.check_complete(folder / MAILS, picture.log, found.places)
    fresh = _fresh(folder / MAILS, view, found, keyring)
    if not picture.position.seq:
        _check_known(view)
    view.ready()
    return Opened(
        folder=folder,
        keyring=keyring,
        view=view,
        reader=reader,
        log=found,
        archive=archive,
        fresh=fresh,
        replayed=reader.position.seq - picture.position.seq,
        used=max(used, found.used, picture.used, (picture.slot or 0) + 1),
        shredded=shredded,
        snapshot_slot=picture.slot,
        lock=None,
    )


def _picture(folder: Path, keyring: Keyring, archive: Archive) -> snapshot.Picture:
    """The snapshot, if there is one that can be used, with all of the archive it names."""
    picture = snapshot.load(folder, keyring)
    if picture is not None and archive.holds(picture.months):
        return picture
    log = mails.Known(mails.Mark(), {}, frozenset())
    return snapshot.Picture(Position(), [], {}, {}, log, Archived(keyring.keys), {}, {})


def _view_of(picture: snapshot.Picture, keyring: Keyring) -> View:
    view = View(keyring.keys, picture.archived)
    for row in picture.rows:
        view.put_row(row)
    view.slots.update(picture.slots)
    view.places.update(picture.log.places)
    view.cases.gave(picture.numbers)
    view.positions = max(view.positions, picture.positions)
    return view


def _fresh(folder: Path, view: View, found: mails.Scan, keyring: Keyring) -> list[InboundMail]:
    """The mails that the journal does not know, and where all lie that were found."""
    fresh = []
    unknown = []
    for mail_id, place in sorted(found.places.items()):
        if view.row(InboundMail, mail_id) is not None:
            view.places[mail_id] = place
        elif not view.archived.mail(mail_id):
            unknown.append(place)
    for mail, slot, place in mails.fresh_mails(folder, unknown, keyring.key):
        view.arrived(mail, slot, place)
        fresh.append(mail)
    return fresh


def _check_known(view: View) -> None:
    """After a replay of the whole journal: is each mail there whose key is? Raises StoreDamaged."""
    for mail_id in view.keys(InboundMail):
        if Owner("raw", mail_id) in view.slots and mail_id not in view.places:
            raise StoreDamaged(
                f"The mail log has lost mail {mail_id}, which the journal knows; put the newest "
                "backup in its place (`desk restore DIR`)."
            )


def _replay(reader: Reader, view: View, keyring: Keyring) -> tuple[int, set[int]]:
    """Do again what the lines say; the slots they use, and those they destroy."""
    used, shredded = 0, set()
    for read in reader:
        changes = opened(read.line.changes, keyring.key)
        used = max(used, *(slot_of(blob) + 1 for blob in read.line.changes), 0)
        view.slots.update({owner: slot for owner, slot in changes.slots.items() if owner.key})
        at = view.heard(read.line.at)
        for record in changes.puts:
            view.put(record, read.line.case, at)
        gone = (view.forget(shred) for shred in changes.shreds)
        shredded |= {slot for slot in gone if slot is not None}
    return used, shredded


def _mend(found: Opened, disk: Disk) -> Opened:
    """Set torn ends aside, and make sure that what was read is on disk before building on it."""
    journal, end = found.reader.path, found.log.end
    segment = mails.segment_path(found.folder / MAILS, end.segment)
    if found.reader.torn:
        seq, size = found.reader.position
        set_aside(disk, journal, size, journal.with_name(f"journal.torn-{seq + 1}"))
    torn_mail = segment.exists() and segment.stat().st_size > end.offset
    if torn_mail:
        torn = segment.with_name(f"{segment.stem}.torn-{end.offset}")
        set_aside(disk, segment, end.offset, torn)
    for path in (journal, segment, found.folder / KEYRING):
        _settle(disk, path)
    if not found.snapshot_slot:  # nothing names what is in the archive
        found.archive.keep(set())
    if found.shredded:  # whoever was killed between the commit and the keyring
        found.keyring.shred(found.shredded)
    found.keyring.fill(found.used, anew=bool(found.reader.torn) or torn_mail)
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
