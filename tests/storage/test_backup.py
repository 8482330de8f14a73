"""A backup holds all that was acknowledged before it began, and nothing half."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import keyring, mails
from storage.backup import Folder, Made, Piece, finished, make
from storage.disk import Disk
from storage.embedded import open_store
from storage.errors import KeyFileError, StoreBusy, StoreDamaged, StoreError, UnknownReference
from storage.opening import RESTORING, Lock
from storage.records import Shred
from storage.restore import restore
from storage.sealing import MasterKey
from tests.storage.dying import deaths
from tests.storage.making import MASTER, NOW, a_case, a_message, an_arrival, putting

DAY = timedelta(days=1)


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def backed_up(data: Path, folder: Path, **said: Any) -> Made:
    return make(Folder(data), folder, said.pop("now", NOW), quiet, **said)


def put_back(backup: Path, data: Path, master: MasterKey = MASTER, **said: Any) -> Any:
    return restore(backup, data, master, quiet, **said)


async def fill(data: Path, *refs: str, mail: bytes = b"Subject: x\r\n\r\nPlease.\r\n") -> None:
    store = await open_store(data, MASTER)
    for ref in refs:
        await store.commit(putting(a_case(ref), a_message(case=ref)))
        await store.mails.append(an_arrival(mail))
    await store.close()


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a folder: its bytes, and when it was changed."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p != folder / "lock")
    return {str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


async def state(data: Path) -> tuple[list[Any], list[Any], list[Any]]:
    store = await open_store(data, MASTER, read_only=True)
    found = (
        [case async for case in store.all_cases()],
        [(mail, await store.mails.raw(mail.id)) async for mail in store.all_mails()],
        [entry async for entry in store.history()],
    )
    await store.close()
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


async def test_what_is_put_back_is_what_was_there(data, folder, tmp_path):
    await fill(data, "PR-2026-0001", "PR-2026-0002")
    made = backed_up(data, folder)
    assert made.path == folder / "20261102T090000Z"
    assert (made.commits, made.mails, made.segments, made.linked) == (2, 2, 1, 0)
    journal, log = made.path / "journal.jsonl", made.path / "mails" / "00000001.log"
    assert made.size == journal.stat().st_size + log.stat().st_size
    assert made.keys == (folder / "keyring").stat().st_size
    assert {p.name for p in folder.iterdir()} == {made.path.name, "keyring", "lock"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))
    before = tree(folder)

    restored = put_back(folder, tmp_path / "again")
    assert (restored.path, restored.commits, restored.mails) == (made.path, 2, 2)
    assert await state(tmp_path / "again") == await state(data)
    assert tree(folder) == before
    put_back(made.path, tmp_path / "third")
    assert await state(tmp_path / "third") == await state(data)


async def test_a_restored_store_goes_on(data, folder, tmp_path):
    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    again = tmp_path / "again"
    put_back(folder, again)
    await fill(again, "PR-2026-0002")
    assert len((await state(again))[0]) == 2
    store = await open_store(again, MASTER)
    assert await store.verify(lambda *_: None) == ()
    await store.close()


async def test_an_empty_desk_can_be_backed_up(data, folder, tmp_path):
    await fill(data)
    assert backed_up(data, folder).commits == 0
    assert put_back(folder, tmp_path / "again").commits == 0
    assert await state(tmp_path / "again") == ([], [], [])


async def test_full_segments_are_shared_with_the_backup_before(data, folder, monkeypatch):
    monkeypatch.setattr(mails, "SEGMENT_BYTES", 4000)
    await fill(data, "PR-2026-0001", "PR-2026-0002", mail=os.urandom(3000))
    first = backed_up(data, folder)
    await fill(data, "PR-2026-0003", mail=os.urandom(3000))
    second = backed_up(data, folder, now=NOW + DAY)
    assert (first.segments, first.linked) == (1, 0)
    assert (second.segments, second.linked) == (2, 1)
    one, other = (made.path / "mails" / "00000001.log" for made in (first, second))
    assert one.samefile(other)
    assert finished(folder) == [first.path, second.path]


async def test_a_copy_that_has_rotted_is_not_handed_on(data, folder):
    await fill(data, "PR-2026-0001")
    first = backed_up(data, folder)
    copy = first.path / "mails" / "00000001.log"
    rotten = bytearray(copy.read_bytes())
    rotten[200] ^= 1
    copy.write_bytes(rotten)
    second = backed_up(data, folder, now=NOW + DAY)
    assert second.linked == 0
    original = data / "mails" / "00000001.log"
    assert (second.path / "mails" / "00000001.log").read_bytes() == original.read_bytes()


async def test_where_files_have_one_name_only_they_are_copied(data, folder, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    monkeypatch.setattr("storage.backup.os.link", refuse)
    second = backed_up(data, folder, now=NOW + DAY)
    assert (second.linked, second.mails) == (0, 1)


async def test_two_in_one_second_are_two(data, folder):
    await fill(data, "PR-2026-0001")
    one, two = backed_up(data, folder), backed_up(data, folder)
    assert [path.name for path in finished(folder)] == [one.path.name, two.path.name]


async def test_what_is_shredded_later_is_gone_from_earlier_backups(data, folder, tmp_path):
    await fill(data, "PR-2026-0001")
    first = backed_up(data, folder)
    store = await open_store(data, MASTER)
    case = await store.case("PR-2026-0001")
    (mail,) = [mail async for mail in store.all_mails()]
    shreds = (Shred(life="content", key=case.ref), Shred(life="raw", key=mail.id))
    await store.commit(putting(case, act="purge", shreds=shreds))
    await store.close()
    backed_up(data, folder, now=NOW + DAY)
    put_back(first.path, tmp_path / "again")
    store = await open_store(tmp_path / "again", MASTER, read_only=True)
    (left,) = [case async for case in store.all_cases()]
    assert (left.ref, left.requester) == (case.ref, "")
    with pytest.raises(UnknownReference):
        await store.mails.raw(mail.id)
    await store.close()


# --- while a desk runs ----------------------------------------------------------------------


class Busy:
    """A desk of its own process that commits and takes mail as fast as it can."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-m", "tests.storage.busy_desk", str(data), "7"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._lines = iter(self._process.stdout or ())
        self.said: list[list[str]] = []

    def read(self, acknowledged: int) -> None:
        """Until it has acknowledged so many things."""
        while len(self.said) < acknowledged:
            self.said.append(next(self._lines).decode().split())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


async def test_a_backup_under_load_holds_all_that_was_acknowledged_before(data, folder, tmp_path):
    busy = Busy(data)
    try:
        for number in range(1, 4):
            busy.read(number * 400)
            acknowledged = list(busy.said)
            made = await asyncio.to_thread(backed_up, data, folder, now=NOW + number * DAY)
            busy.read(len(busy.said) + 50)  # it went on meanwhile
            again = tmp_path / f"again{number}"
            put_back(made.path, again)
            await holds(again, acknowledged)
            await is_prefix(again, data)
    finally:
        busy.kill()


async def holds(data: Path, said: list[list[str]]) -> None:
    store = await open_store(data, MASTER)
    commits = len([entry async for entry in store.history()])
    for words in said:
        match words:
            case ["commit", seq, ref, rev]:
                case = await store.case(ref)
                assert case is not None
                assert case.rev >= int(rev)
                assert commits >= int(seq)
            case ["mail", mail_id, sha256]:
                mail = await store.mail(mail_id)
                assert mail is not None
                assert mail.sha256 == sha256
                assert await store.mails.raw(mail_id) is not None
    assert await store.verify(lambda *_: None) == ()
    await store.close()


async def is_prefix(again: Path, data: Path) -> None:
    copied = (again / "journal.jsonl").read_bytes()
    assert (data / "journal.jsonl").read_bytes().startswith(copied)
    assert copied.endswith(b"\n")


async def test_a_segment_that_is_emptied_while_it_is_copied_is_empty(
    data, folder, tmp_path, monkeypatch
):
    """Its mails were all shredded: half of it would look like damage."""

    class Emptied(Folder):
        def mails(self) -> Iterator[Piece]:
            for piece in super().mails():
                whole = b"".join(piece.read())
                cut = whole[:-100] if piece.name.endswith("1.log") else whole
                yield piece._replace(read=lambda cut=cut: iter((cut,)))

    monkeypatch.setattr(mails, "SEGMENT_BYTES", 4000)
    await fill(data, "PR-2026-0001", "PR-2026-0002", "PR-2026-0003", mail=os.urandom(3000))
    made = make(Emptied(data), folder, NOW, quiet)
    assert (made.segments, made.mails) == (2, 1)
    assert (made.path / "mails" / "00000001.log").stat().st_size == 0
    put_back(folder, tmp_path / "again")
    assert len((await state(tmp_path / "again"))[0]) == 3


# --- refusals -------------------------------------------------------------------------------


async def test_backups_of_two_desks_do_not_mix(data, folder, tmp_path):
    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    await fill(tmp_path / "other", "PR-2026-0001", "PR-2026-0002")
    before = tree(folder)
    with pytest.raises(StoreError, match="another desk"):
        backed_up(tmp_path / "other", folder, now=NOW + DAY)
    assert tree(folder) == before
    assert len(finished(folder)) == 1
    assert not list(folder.glob("*.part"))


async def test_one_backup_at_a_time(data, folder):
    await fill(data, "PR-2026-0001")
    folder.mkdir()
    lock = Lock(folder / "lock")
    with pytest.raises(StoreBusy, match="Another backup"):
        backed_up(data, folder)
    lock.release()
    backed_up(data, folder)


@pytest.mark.parametrize("what", ["a file", "a desk", "a running desk"])
async def test_nothing_is_overwritten(data, folder, tmp_path, what):
    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    target = tmp_path / "target"
    target.mkdir()
    lock = None
    if what == "a file":
        (target / "notes.txt").write_text("mine")
    else:
        await fill(target, "PR-2026-0009")
        lock = Lock(target / "lock") if "running" in what else None
    before = tree(target)
    with pytest.raises(StoreError, match="not empty"):
        put_back(folder, target)
    assert tree(target) == before
    if lock:
        lock.release()


async def test_another_master_key_is_refused(data, folder, tmp_path):
    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    with pytest.raises(KeyFileError, match="does not open"):
        put_back(folder, tmp_path / "again", MasterKey(b"x" * 32))
    assert not (tmp_path / "again").exists()


def cut(journal: bytes) -> bytes:
    return journal[:-20]


def flipped(journal: bytes) -> bytes:
    return journal.replace(b'"actor":"desk"', b'"actor":"dusk"', 1)


def without_first(journal: bytes) -> bytes:
    return journal.partition(b"\n")[2]


@pytest.mark.parametrize("harm", [cut, flipped, without_first], ids=lambda f: f.__name__)
async def test_a_backup_that_does_not_verify_is_refused(
    data, folder, tmp_path, harm: Callable[[bytes], bytes]
):
    await fill(data, "PR-2026-0001", "PR-2026-0002")
    made = backed_up(data, folder)
    journal = made.path / "journal.jsonl"
    journal.write_bytes(harm(journal.read_bytes()))
    before = tree(folder)
    (tmp_path / "again").mkdir()
    with pytest.raises(StoreDamaged):
        put_back(folder, tmp_path / "again")
    assert list((tmp_path / "again").iterdir()) == []
    assert tree(folder) == before


def test_no_backup_there(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StoreError, match="There is no backup in"):
            put_back(folder, tmp_path / "again")


async def test_a_journal_that_is_torn_at_the_source_is_copied_to_its_last_whole_line(data, folder):
    await fill(data, "PR-2026-0001", "PR-2026-0002")
    with (data / "journal.jsonl").open("ab") as file:
        file.write(b'{"v":2,"seq":3')
    made = backed_up(data, folder)
    assert made.commits == 2


@pytest.mark.parametrize("harm", [cut, flipped], ids=lambda f: f.__name__)
async def test_a_journal_that_is_cut_back_while_it_is_copied_makes_no_backup(
    data, folder, harm: Callable[[bytes], bytes]
):
    class Changing(Folder):
        def journal(self) -> Piece:
            content = harm((data / "journal.jsonl").read_bytes())
            return Piece("journal.jsonl", len(content), lambda: iter((content,)))

    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    before = tree(folder)
    with pytest.raises(StoreDamaged):
        make(Changing(data), folder, NOW + DAY, quiet)
    assert tree(folder) == before
    assert not list(folder.glob("*.part"))


# --- killed at every step -------------------------------------------------------------------


async def test_a_backup_killed_at_any_step_is_never_taken_for_one(
    data, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(keyring, "BATCH", 4)  # so that the second needs keys the first has not
    monkeypatch.setattr(keyring, "LOW", 1)
    await fill(data, "PR-2026-0001")
    whole = backed_up(data, folder)
    first = await state(data)
    await fill(data, "PR-2026-0002")
    second = await state(data)

    def run(disk: Disk) -> None:
        backed_up(data, folder, now=NOW + DAY, disk=disk)

    for calls in deaths(run):
        newest = finished(folder)[-1]
        put_back(folder, tmp_path / f"after{calls}")
        expected = first if newest == whole.path else second
        assert await state(tmp_path / f"after{calls}") == expected
    assert not list(folder.glob("*.part"))
    assert not (folder / "keyring.new").exists()


async def test_a_restore_killed_at_any_step_is_never_taken_for_a_store(data, folder, tmp_path):
    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    expected = await state(data)
    targets = iter(tmp_path / f"target{number}" for number in range(1000))
    target = tmp_path

    def run(disk: Disk) -> None:
        nonlocal target
        target = next(targets)
        put_back(folder, target, disk=disk)

    for _ in deaths(run):
        if (target / RESTORING).exists():
            for read_only in (True, False):
                with pytest.raises(StoreError, match="was not finished"):
                    await open_store(target, MASTER, read_only=read_only)
            with pytest.raises(StoreError, match="not empty"):
                put_back(folder, target)
        else:  # only the last sync of the folder was missing
            assert await state(target) == expected
    assert await state(target) == expected


async def test_a_full_disk_leaves_the_earlier_backups_whole(data, folder, tmp_path):
    class Full(Disk):
        def write(self, fd: int, data: memoryview) -> int:
            raise OSError(28, "No space left on device")

    await fill(data, "PR-2026-0001")
    backed_up(data, folder)
    before = tree(folder)
    with pytest.raises(StoreError, match="No space left"):
        backed_up(data, folder, now=NOW + DAY, disk=Full())
    assert tree(folder) == before
    (tmp_path / "again").mkdir()
    with pytest.raises(StoreError, match="No space left"):
        put_back(folder, tmp_path / "again", disk=Full())
    assert list((tmp_path / "again").iterdir()) == []


# --- another source -------------------------------------------------------------------------


async def test_any_store_can_be_the_source(data, folder, tmp_path):
    """What a database gives, piece by piece, is a backup like any other."""
    await fill(data, "PR-2026-0001")

    asked: list[str] = []

    def piece(name: str, path: Path) -> Piece:
        asked.append(name)
        content = path.read_bytes()
        return Piece(name, len(content), lambda: iter((content[:10], content[10:])))

    class Elsewhere:
        def journal(self) -> Piece:
            return piece("journal.jsonl", data / "journal.jsonl")

        def mails(self) -> Iterator[Piece]:
            yield piece("mails/00000001.log", data / "mails" / "00000001.log")

        def keyring(self) -> Piece:
            return piece("keyring", data / "keyring")

    make(Elsewhere(), folder, NOW, quiet)
    # what comes meanwhile is in a later piece at the latest: a mail before what names its key
    assert asked == ["journal.jsonl", "mails/00000001.log", "keyring"]
    put_back(folder, tmp_path / "again")
    assert await state(tmp_path / "again") == await state(data)
