"""What the embedded store promises beyond the contract: crashes, disks, readers, cost."""

import asyncio
import hashlib
import logging
import random
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from storage import archiving, embedded
from storage.embedded import EmbeddedStore, open_store
from storage.errors import Conflict, StoreFailed, StoreFull
from storage.keyring import Keyring
from storage.records import MailStatus, Shred
from storage.sheets import Owner
from storage.snapshot import FILE
from tests.storage.days import busy_day
from tests.storage.faults import FaultyDisk, everything, files
from tests.storage.making import (
    HOUR,
    MASTER,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    putting,
    stored,
)

CONTENT = Shred(life="content", key="PR-2026-0001")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


# --- restarts -------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [timedelta(days=8), timedelta(seconds=-1)])
async def test_a_restart_arrives_at_the_same_state_by_every_road(
    data: Path, monkeypatch: pytest.MonkeyPatch, after: timedelta
) -> None:
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 50)
    monkeypatch.setattr(archiving, "AFTER", after)
    store = await open_store(data, MASTER)
    await busy_day(store)
    before = await everything(store)
    shutil.copytree(data, data.with_name("killed"))  # as kill -9 leaves it
    await store.close()
    roads = {
        "clean": data,
        "killed": data.with_name("killed"),
        "no snapshot": shutil.copytree(data, data.with_name("no snapshot")),
        "broken snapshot": shutil.copytree(data, data.with_name("broken snapshot")),
        "half a snapshot": shutil.copytree(data, data.with_name("half a snapshot")),
    }
    assert (roads["killed"] / FILE).exists()
    (roads["no snapshot"] / FILE).unlink()
    whole = (data / FILE).read_bytes()
    (roads["broken snapshot"] / FILE).write_bytes(whole.replace(b"Thirty", b"Thirsy", 1))
    (roads["half a snapshot"] / FILE).write_bytes(whole[: len(whole) // 2])
    for road, folder in roads.items():
        reader = await open_store(folder, MASTER, read_only=True)
        assert await everything(reader) == before, road
        store = await open_store(folder, MASTER)
        assert await everything(store) == before, road
        await store.close()


async def test_a_restarted_desk_works_on_where_the_other_ended(data: Path) -> None:
    for seed in range(4):
        store = await open_store(data, MASTER)
        await busy_day(store, seed, commits=10) if seed == 0 else await store.commit(putting())
        before = await everything(store)
        await store.close()
        if seed % 2:
            (data / FILE).unlink()
    store = await open_store(data, MASTER)
    assert await everything(store) == before
    assert [entry.seq async for entry in store.history()] == list(
        range(1, len(before["history"]) + 1)
    )
    await store.close()


async def test_claims_of_a_dead_process_are_free_at_once(data: Path) -> None:
    store = await open_store(data, MASTER)
    message = a_message()
    await store.commit(putting(message))
    claimed = await store.claim(NOW, HOUR)
    assert claimed is not None
    killed = shutil.copytree(data, data.with_name("killed"))
    await store.close()
    for folder in (data, killed):
        store = await open_store(folder, MASTER)
        again = await store.claim(NOW, HOUR)
        assert again is not None
        assert (again.id, again.attempts) == (message.id, 2)
        assert await store.claim(NOW + MINUTE, HOUR) is None
        await store.close()


def killed_after(folder: Path, seed: int, acknowledged: int) -> list[list[str]]:
    """What a desk said before it was killed; at least so much."""
    command = [sys.executable, "-m", "tests.storage.busy_desk", str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as desk:
        assert desk.stdout is not None
        said = [desk.stdout.readline() for _ in range(acknowledged)]
        desk.kill()
        said += desk.stdout.readlines()
    return [line.decode().split() for line in said if line.endswith(b"\n")]


async def test_kill_nine_loses_nothing_that_was_acknowledged(data: Path) -> None:
    said: list[list[str]] = []
    chance = random.Random(time.time_ns())
    for _ in range(4):
        said += await asyncio.to_thread(
            killed_after, data, chance.randrange(10**6), chance.randrange(50, 400)
        )
        assert said[0] == ["open"]
        store = await open_store(data, MASTER)
        await all_there(store, said)
        await store.close()


async def all_there(store: EmbeddedStore, said: list[list[str]]) -> None:
    entries = {entry.seq: entry async for entry in store.history()}
    assert list(entries) == list(range(1, len(entries) + 1))
    for word, *rest in said:
        if word == "commit":
            seq, ref, rev = rest
            case = await store.case(ref)
            assert case is not None
            assert case.rev >= int(rev)
            assert entries[int(seq)].case == ref
        elif word == "claim":
            message = await store.message(rest[0])
            assert message is not None
            assert message.attempts >= int(rest[1])
        elif word == "mail":
            content = await store.mails.raw(rest[0])
            assert hashlib.sha256(content).hexdigest() == rest[1]
        elif word == "ignored":
            mail = await store.mail(rest[0])
            assert mail is not None
            assert mail.status is MailStatus.IGNORED


# --- the disk -------------------------------------------------------------------------------


async def test_commits_at_once_share_their_syncs(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    before = disk.syncs
    await asyncio.gather(*(store.commit(putting(a_case(f"PR-2026-{n:04d}"))) for n in range(200)))
    assert disk.syncs - before < 100
    await store.close()


@pytest.mark.parametrize("room", [0, 1, 500, 5000])
async def test_a_full_disk_keeps_nothing_of_what_it_refuses(data: Path, room: int) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    await store.commit(putting(a_case(), act="first"))
    before = await everything(store)
    disk.room = room
    results = await asyncio.gather(
        *(store.commit(putting(a_case(f"PR-2027-{n:04d}"))) for n in range(20)),
        store.commit(putting(stored(a_case()))),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, StoreFull)]
    assert len(refused) == 21 - sum(isinstance(result, int) for result in results) > 0
    if len(refused) == 21:
        assert await everything(store) == before
    disk.room = None
    await store.commit(putting(a_case("PR-2028-0001"), a_message(), act="after"))
    await store.commit(putting(changed(await store.case("PR-2026-0001"), subject="x")))
    after = await everything(store)
    await store.close()
    (data / FILE).unlink()
    store = await open_store(data, MASTER)
    assert await everything(store) == after
    assert not any("torn" in name for name in files(data))
    await store.close()


async def test_a_full_disk_refuses_mail_and_takes_it_again(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    kept = await store.mails.append(an_arrival(b"kept"))
    disk.room = 10
    results = await asyncio.gather(
        *(store.mails.append(an_arrival(b"refused")) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(result, StoreFull) for result in results)
    disk.room = None
    again = await store.mails.append(an_arrival(b"again"))
    assert [mail async for mail in store.all_mails()] == sorted(
        [kept, again], key=lambda mail: mail.id
    )
    assert await store.mails.raw(again.id) == b"again"
    await store.close()


async def test_a_claim_that_could_not_be_written_is_free_again(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    await store.commit(putting(a_message()))
    disk.room = 0
    with pytest.raises(StoreFull):
        await store.claim(NOW, HOUR)
    disk.room = None
    claimed = await store.claim(NOW, HOUR)
    assert claimed is not None
    assert claimed.attempts == 1
    await store.close()


async def test_after_a_failed_sync_nothing_is_taken_until_a_restart(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    await store.commit(putting(a_case()))
    disk.bad_sync = True
    results = await asyncio.gather(
        *(store.commit(putting(a_case(f"PR-2027-{n:04d}"))) for n in range(5)),
        return_exceptions=True,
    )
    assert all(isinstance(result, StoreFailed) for result in results)
    disk.bad_sync = False
    with pytest.raises(StoreFailed, match="start the desk again"):
        await store.commit(putting(a_message()))
    with pytest.raises(StoreFailed):
        await store.claim(NOW, HOUR) or await store.commit(putting())
    assert [case.ref for case in await store.cases()] == ["PR-2026-0001"]
    await store.close()
    assert FILE not in files(data)
    store = await open_store(data, MASTER)
    assert (await store.case("PR-2026-0001")) == stored(a_case())
    await store.close()


async def test_a_failed_sync_of_the_mail_log_refuses_mail(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    disk.bad_sync = True
    with pytest.raises(StoreFailed):
        await store.mails.append(an_arrival())
    disk.bad_sync = False
    with pytest.raises(StoreFailed):
        await store.mails.append(an_arrival())
    await store.close()


async def test_what_a_killed_desk_left_is_synced_before_it_is_built_on(data: Path) -> None:
    store = await open_store(data, MASTER)
    await store.mails.append(an_arrival())
    await store.commit(putting(a_case()))
    await store.close()
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    assert disk.syncs == 3
    await store.close()
    disk.bad_sync = True
    with pytest.raises(StoreFailed):
        await open_store(data, MASTER, disk=disk)


async def test_a_snapshot_that_finds_no_room_harms_nothing(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    await store.commit(putting(a_case()))
    disk.room = 0
    with caplog.at_level(logging.WARNING):
        await store.close()
    assert "no snapshot" in caplog.text
    assert not any("snapshot" in name for name in files(data))
    store = await open_store(data, MASTER)
    assert len(await store.cases()) == 1
    await store.close()


# --- shredding ------------------------------------------------------------------------------


async def test_a_desk_killed_between_the_line_and_the_keyring_shreds_at_the_next_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(data, MASTER)
    await store.commit(putting(a_case()))
    slot = store._view.slots[Owner("content", "PR-2026-0001")]
    monkeypatch.setattr(Keyring, "shred", lambda *_: (_ for _ in ()).throw(StoreFailed("killed")))
    with pytest.raises(StoreFailed):
        await store.commit(putting(act="purge", case="PR-2026-0001", shreds=(CONTENT,)))
    await store.close()
    monkeypatch.undo()
    reader = await open_store(data, MASTER, read_only=True)  # sees it gone, and changes nothing
    assert [case.requester async for case in reader.all_cases()] == [""]
    assert reader._keyring.key(slot) is not None
    await reader.close()
    store = await open_store(data, MASTER)
    assert store._keyring.key(slot) is None
    assert [case.requester async for case in store.all_cases()] == [""]
    await store.close()


async def test_what_is_being_shredded_takes_no_commit_meanwhile(data: Path) -> None:
    store = await open_store(data, MASTER)
    await store.commit(putting(a_case()))
    purge = asyncio.create_task(
        store.commit(putting(act="purge", case="PR-2026-0001", shreds=(CONTENT,)))
    )
    await asyncio.sleep(0)
    with pytest.raises(Conflict):
        await store.commit(putting(a_message(case="PR-2026-0001"), case="PR-2026-0001"))
    await purge
    await store.commit(putting(a_message(case="PR-2026-0001"), case="PR-2026-0001"))
    await store.close()


async def test_nothing_is_sealed_under_a_key_that_is_being_destroyed(data: Path) -> None:
    store = await open_store(data, MASTER)
    mail = await store.mails.append(an_arrival())
    await store.commit(putting(a_case(), changed(mail, status=MailStatus.PROCESSED)))
    raw = Shred(life="raw", key=mail.id)
    purge = asyncio.create_task(store.commit(putting(act="purge", shreds=(CONTENT, raw))))
    await asyncio.sleep(0)
    again = await store.mail(mail.id)
    for put in (again, a_message(case="PR-2026-0001")):  # in a commit of no case
        with pytest.raises(Conflict):
            await store.commit(putting(put))
    await purge
    await store.commit(putting(a_message(case="PR-2026-0001")))
    await store.close()


async def test_a_snapshot_replaces_the_key_of_the_one_before(data: Path) -> None:
    slots = []
    for number in range(3):
        store = await open_store(data, MASTER)
        slots.append(store._snapshot_slot)
        await store.commit(putting(a_case(f"PR-2026-000{number}")))
        await store.close()
    reader = await open_store(data, MASTER, read_only=True)
    assert slots[0] is None
    assert [reader._keyring.key(slot) for slot in slots[1:] if slot] == [None, None]
    assert reader._snapshot_slot is not None
    assert reader._keyring.key(reader._snapshot_slot) is not None
    await reader.close()
