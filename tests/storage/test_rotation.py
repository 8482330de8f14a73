"""A new master key: what was sealed opens as before, whatever interrupts the change."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from storage import keyring
from storage.backup import Folder, make
from storage.disk import Disk
from storage.embedded import open_store
from storage.errors import KeyFileError, StoreBusy, StoreError
from storage.records import Shred
from storage.restore import restore
from storage.rotation import Rotated, rotate
from storage.sealing import MasterKey, new_key_file
from tests.storage.dying import deaths
from tests.storage.making import NOW, a_case, a_message, an_arrival, putting

SHREDDED = "PR-2026-0002"


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """A folder with a key file and a store that has a case, a mail, and a shredded case."""
    new_key_file(tmp_path / "key")
    store = await open_store(tmp_path / "data", MasterKey.load(tmp_path / "key"))
    for ref in ("PR-2026-0001", SHREDDED):
        await store.commit(putting(a_case(ref), a_message(case=ref)))
        await store.mails.append(an_arrival())
    case = await store.case(SHREDDED)
    assert case is not None
    await store.commit(putting(case, shreds=(Shred(life="content", key=SHREDDED),)))
    await store.close()
    return tmp_path


def rotated(place: Path, **said: Any) -> Rotated:
    return rotate(place / "data", place / "key", lambda done, total: None, **said)


async def state(place: Path) -> tuple[list[Any], list[Any]]:
    """Everything, and that it is all right; opened for writing, as a desk does."""
    store = await open_store(place / "data", MasterKey.load(place / "key"))
    assert await store.verify(lambda *_: None) == ()
    cases = [case async for case in store.all_cases()]
    mails = [(mail, await store.mails.raw(mail.id)) async for mail in store.all_mails()]
    await store.close()
    return cases, mails


async def test_everything_opens_under_the_new_key_and_nothing_under_the_old(place):
    before, old = await state(place), (place / "key").read_bytes()
    done = rotated(place)
    assert done.old == place / "key.old"
    assert done.keys > 1000
    assert not done.resumed
    assert done.old.read_bytes() == old
    assert (place / "key").read_bytes() != old
    assert (place / "key").stat().st_mode & 0o777 == 0o600
    assert (place / "key.old").stat().st_mode & 0o777 == 0o600
    assert {p.name for p in place.iterdir()} == {"key", "key.old", "data"}
    assert not (place / "data" / "keyring.new").exists()
    assert await state(place) == before
    with pytest.raises(KeyFileError, match="does not open"):
        await open_store(place / "data", MasterKey.load(place / "key.old"))


async def test_what_was_shredded_stays_so(place):
    rotated(place)
    cases, _ = await state(place)
    assert {case.ref: case.requester for case in cases} == {
        "PR-2026-0001": "rosa@example.org",
        SHREDDED: "",
    }
    slots = (place / "data" / "keyring").read_bytes()
    assert b"\x02\0\0\0" + b"\0" * 60 in slots


async def test_twice_keeps_both_old_keys(place):
    before = await state(place)
    first, second = rotated(place), rotated(place)
    assert (first.old.name, second.old.name) == ("key.old", "key.old.2")
    assert first.old.read_bytes() != second.old.read_bytes()
    assert await state(place) == before


async def test_killed_at_any_step_the_next_run_finishes_it(place, tmp_path_factory):
    before, old = await state(place), (place / "key").read_bytes()
    copies = tmp_path_factory.mktemp("copies")
    dead: list[Path] = []

    def run(disk: Disk) -> None:
        dead.append(copies / str(len(dead)))
        shutil.copytree(place, dead[-1])
        rotated(dead[-1], disk=disk)

    resumed = 0
    for calls in deaths(run):
        now = dead[-1]
        key, fresh = now / "key", now / "key.new"
        assert MasterKey.load(key)  # at every moment
        opened = [path for path in (key, fresh) if path.exists() and opens(now, path)]
        assert len(opened) == 1, calls
        if opened == [key]:
            assert await state(now) == before  # a desk can run meanwhile
        was_done = key.read_bytes() != old  # only the last sync was missing
        resumed += rotated(now).resumed
        assert await state(now) == before
        assert key.read_bytes() != old
        assert (now / "key.old").read_bytes() == old
        left = {"key", "key.old", "data"} | ({"key.old.2"} if was_done else set())
        assert {path.name for path in now.iterdir()} == left
        shutil.rmtree(now)
    assert resumed > 5
    assert await state(dead[-1]) == before


def opens(place: Path, key: Path) -> bool:
    try:
        keyring.check_master(place / "data" / "keyring", MasterKey.load(key))
    except KeyFileError:
        return False
    return True


@pytest.mark.parametrize("left", [b"", b"dG9ybg=="], ids=["empty", "half"])
async def test_half_a_new_key_is_made_anew(place, left):
    before = await state(place)
    (place / "key.new").touch(mode=0o600)
    (place / "key.new").write_bytes(left)
    rotated(place)
    assert await state(place) == before


async def test_a_whole_new_key_is_used(place):
    new_key_file(place / "key.new")
    fresh = (place / "key.new").read_bytes()
    assert rotated(place).resumed
    assert (place / "key").read_bytes() == fresh


async def test_a_running_desk_must_be_stopped_first(place):
    store = await open_store(place / "data", MasterKey.load(place / "key"))
    before = {p.name: p.read_bytes() for p in place.iterdir() if p.is_file()}
    with pytest.raises(StoreBusy, match=r"stop it.*start it again\.$"):
        rotated(place)
    assert {p.name: p.read_bytes() for p in place.iterdir() if p.is_file()} == before
    await store.close()
    rotated(place)


@pytest.mark.parametrize("with_new", [False, True])
async def test_a_key_that_is_not_this_desks_changes_nothing(place, with_new):
    (place / "key").unlink()
    new_key_file(place / "key")
    if with_new:
        new_key_file(place / "key.new")
    ring = (place / "data" / "keyring").read_bytes()
    with pytest.raises(KeyFileError, match="does not open"):
        rotated(place)
    assert (place / "data" / "keyring").read_bytes() == ring
    assert not (place / "key.old").exists()


async def test_a_disk_that_lies_is_noticed_before_the_old_keyring_goes(place):
    class Lying(Disk):
        def write(self, fd: int, data: memoryview) -> int:
            return super().write(fd, memoryview(bytes(len(data))))

    before = await state(place)
    with pytest.raises(StoreError, match="not hold what was written"):
        rotated(place, disk=Lying())
    assert await state(place) == before


async def test_a_full_disk_changes_nothing(place):
    class Full(Disk):
        def write(self, fd: int, data: memoryview) -> int:
            raise OSError(28, "No space left on device")

    before = await state(place)
    with pytest.raises(StoreError, match="No space left"):
        rotated(place, disk=Full())
    assert await state(place) == before
    rotated(place)
    assert await state(place) == before


async def test_backups_made_before_open_with_the_old_key_and_after_the_next_with_the_new(place):
    before = await state(place)
    make(Folder(place / "data"), place / "copies", NOW, lambda *_: None)
    rotated(place)
    old, new = (MasterKey.load(place / name) for name in ("key.old", "key"))
    with pytest.raises(KeyFileError):
        restore(place / "copies", place / "x", new, lambda *_: None)
    restore(place / "copies", place / "x", old, lambda *_: None)
    second = make(Folder(place / "data"), place / "copies", NOW, lambda *_: None)
    assert second.commits
    first = min(path for path in (place / "copies").iterdir() if path.is_dir())
    shutil.rmtree(place / "data")
    restore(first, place / "data", new, lambda *_: None)
    assert (await state(place))[0] == before[0]
