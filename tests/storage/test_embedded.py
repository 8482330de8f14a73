"""What the embedded store promises beyond the contract: crashes, disks, readers, cost."""

import asyncio
import hashlib
import logging
import os
import random
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import embedded, snapshot
from storage.embedded import EmbeddedStore, open_store
from storage.errors import Conflict, StoreBusy, StoreError, StoreFailed, StoreFull
from storage.opening import JOURNAL, LOCK
from storage.records import MailStatus, Mark, OutboxStatus, Suppression
from storage.snapshot import FILE
from tests.storage.faults import FaultyDisk, everything, files
from tests.storage.making import (
    HOUR,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
    stored,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def busy_day(store: EmbeddedStore, seed: int = 1, commits: int = 120) -> None:
    """Cases opened, answered, reminded and closed; letters claimed and sent; mail worked on."""
    chance = random.Random(seed)
    for number in range(commits):
        ref = f"PR-2026-{chance.randrange(30):04d}"
        case = await store.case(ref) or a_case(ref, message_ids=(f"<{ref}@example.org>",))
        case = changed(
            case,
            remind_at=chance.choice((None, NOW + chance.randrange(100) * HOUR)),
            requester_hash=f"hash {chance.randrange(5)}",
            message_ids=(*case.message_ids, f"<{number}@example.org>"),
        )
        lane = chance.choice(("slack:staff", f"mail:{ref}"))
        message = a_message(lane, case=ref, send_after=NOW + chance.randrange(-5, 5) * MINUTE)
        mail = await store.mails.append(an_arrival(chance.randbytes(50)))
        puts: list[Any] = [closed(case) if chance.random() < 0.3 else case, message]
        if chance.random() < 0.7:
            puts.append(changed(mail, status=chance.choice(list(MailStatus)), case=ref))
        await store.commit(putting(*puts, case=ref))
        claimed = await store.claim(NOW, timedelta(0))
        if claimed is not None and chance.random() < 0.6:
            status = chance.choice((OutboxStatus.SENT, OutboxStatus.DEAD))
            await store.commit(putting(changed(claimed, status=status), act="sent"))
    await store.commit(putting(Mark(id="m", at=NOW), act="digest"))
    gone = Suppression(hash="h", address="rosa@example.org", since=NOW, case="PR-2026-0001")
    await store.commit(putting(gone, act="suppress"))


# --- restarts -------------------------------------------------------------------------------


async def test_a_restart_arrives_at_the_same_state_by_every_road(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 50)
    store = await open_store(data)
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
        reader = await open_store(folder, read_only=True)
        assert await everything(reader) == before, road
        store = await open_store(folder)
        assert await everything(store) == before, road
        await store.close()


async def test_a_restarted_desk_works_on_where_the_other_ended(data: Path) -> None:
    for seed in range(4):
        store = await open_store(data)
        await busy_day(store, seed, commits=10) if seed == 0 else await store.commit(putting())
        before = await everything(store)
        await store.close()
        if seed % 2:
            (data / FILE).unlink()
    store = await open_store(data)
    assert await everything(store) == before
    assert [entry.seq async for entry in store.history()] == list(
        range(1, len(before["history"]) + 1)
    )
    await store.close()


async def test_claims_of_a_dead_process_are_free_at_once(data: Path) -> None:
    store = await open_store(data)
    message = a_message()
    await store.commit(putting(message))
    claimed = await store.claim(NOW, HOUR)
    assert claimed is not None
    killed = shutil.copytree(data, data.with_name("killed"))
    await store.close()
    for folder in (data, killed):
        store = await open_store(folder)
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
        store = await open_store(data)
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
    store = await open_store(data, disk=disk)
    before = disk.syncs
    await asyncio.gather(*(store.commit(putting(a_case(f"PR-2026-{n:04d}"))) for n in range(200)))
    assert disk.syncs - before < 100
    await store.close()


@pytest.mark.parametrize("room", [0, 1, 500, 5000])
async def test_a_full_disk_keeps_nothing_of_what_it_refuses(data: Path, room: int) -> None:
    disk = FaultyDisk()
    store = await open_store(data, disk=disk)
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
    store = await open_store(data)
    assert await everything(store) == after
    assert not any("torn" in name for name in files(data))
    await store.close()


async def test_a_full_disk_refuses_mail_and_takes_it_again(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, disk=disk)
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
    store = await open_store(data, disk=disk)
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
    store = await open_store(data, disk=disk)
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
    store = await open_store(data)
    assert (await store.case("PR-2026-0001")) == stored(a_case())
    await store.close()


async def test_a_failed_sync_of_the_mail_log_refuses_mail(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, disk=disk)
    disk.bad_sync = True
    with pytest.raises(StoreFailed):
        await store.mails.append(an_arrival())
    disk.bad_sync = False
    with pytest.raises(StoreFailed):
        await store.mails.append(an_arrival())
    await store.close()


async def test_what_a_killed_desk_left_is_synced_before_it_is_built_on(data: Path) -> None:
    store = await open_store(data)
    await store.mails.append(an_arrival())
    await store.commit(putting(a_case()))
    await store.close()
    disk = FaultyDisk()
    store = await open_store(data, disk=disk)
    assert disk.syncs == 2
    await store.close()
    disk.bad_sync = True
    with pytest.raises(StoreFailed):
        await open_store(data, disk=disk)


async def test_a_snapshot_that_finds_no_room_harms_nothing(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FaultyDisk()
    store = await open_store(data, disk=disk)
    await store.commit(putting(a_case()))
    disk.room = 0
    with caplog.at_level(logging.WARNING):
        await store.close()
    assert "no snapshot" in caplog.text
    assert not any("snapshot" in name for name in files(data))
    store = await open_store(data)
    assert len(await store.cases()) == 1
    await store.close()


# --- one desk, many readers -----------------------------------------------------------------


async def test_two_desks_on_one_folder_are_told_apart(data: Path) -> None:
    store = await open_store(data)
    with pytest.raises(StoreBusy, match=rf"process {os.getpid()} on .*; stop that one first"):
        await open_store(data)
    await store.close()
    await (await open_store(data)).close()


async def test_words_in_the_lock_file_hold_nothing(data: Path) -> None:
    await (await open_store(data)).close()
    (data / LOCK).write_text("process 1 on elsewhere\n")
    await (await open_store(data)).close()


async def test_a_reader_sees_what_is_durable_and_changes_nothing(data: Path) -> None:
    store = await open_store(data)
    await busy_day(store, commits=30)
    waiting = await store.mails.append(an_arrival(b"waiting"))
    before, held = await everything(store), files(data)
    reader = await open_store(data, read_only=True)
    assert await everything(reader) == before
    assert await reader.mails.raw(waiting.id) == b"waiting"
    with pytest.raises(StoreError, match="reading only"):
        await reader.commit(putting(a_message()))
    with pytest.raises(StoreError, match="reading only"):
        await reader.claim(NOW, HOUR)
    with pytest.raises(StoreError, match="reading only"):
        await reader.mails.append(an_arrival())
    await reader.close()
    assert files(data) == held
    await store.close()


async def test_readers_beside_a_busy_writer_always_see_a_whole_state(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 20)
    store = await open_store(data)
    day = asyncio.create_task(busy_day(store, commits=150))
    readings = 0
    while not day.done():
        reader = await open_store(data, read_only=True)
        seen = [entry.seq async for entry in reader.history()]
        assert seen == list(range(1, len(seen) + 1))
        async for mail in reader.all_mails():
            assert len(await reader.mails.raw(mail.id)) == 50
        readings += 1
    await day
    assert readings > 1
    await store.close()


async def test_a_reader_of_nothing_says_so(data: Path) -> None:
    with pytest.raises(StoreError, match="DESK_DATA"):
        await open_store(data, read_only=True)
    assert files(data.parent) == {}


async def test_what_is_written_is_private(data: Path) -> None:
    store = await open_store(data)
    await busy_day(store, commits=3)
    await store.close()
    assert mode(data) == mode(data / "mails") == 0o700
    assert {mode(data / name) for name in files(data)} == {0o600}


async def test_an_empty_folder_becomes_private_and_one_with_other_things_is_left(
    tmp_path: Path,
) -> None:
    for name, content, expected in (("empty", None, 0o700), ("used", "notes.txt", 0o755)):
        folder = tmp_path / name
        folder.mkdir(mode=0o755)
        if content:
            (folder / content).touch()
        await (await open_store(folder)).close()
        assert mode(folder) == expected


async def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        await open_store(tmp_path / "file")


async def test_closing_waits_for_what_was_asked_and_can_be_said_twice(data: Path) -> None:
    store = await open_store(data)
    writing = [
        asyncio.create_task(store.commit(putting(a_case(f"PR-2026-{n:04d}")))) for n in range(50)
    ]
    await asyncio.sleep(0)
    watching = asyncio.create_task(store.changed())
    await store.close()
    assert len(await asyncio.gather(*writing)) == 50
    await asyncio.wait_for(watching, 1)
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.commit(putting(act="late"))


# --- cost -----------------------------------------------------------------------------------


class Touched(dict[str, Any]):
    """A table's documents, counting each one that is looked at."""

    count = 0

    def get(self, key: str, default: Any = None) -> Any:
        type(self).count += 1
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        type(self).count += 1
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        type(self).count += 1
        super().__setitem__(key, value)

    def __iter__(self) -> Iterator[str]:
        type(self).count += len(self)
        return super().__iter__()

    def keys(self) -> Any:
        type(self).count += len(self)
        return super().keys()

    def values(self) -> Any:
        type(self).count += len(self)
        return super().values()

    def items(self) -> Any:
        type(self).count += len(self)
        return super().items()


async def touched_at(folder: Path, cases: int) -> int:
    """Documents touched by one mail's whole way, beside so many cases."""
    store = await open_store(folder)
    for start in range(0, cases, 100):
        numbers = range(start, min(start + 100, cases))
        await store.commit(
            putting(
                *(a_case(f"PR-2025-{n:04d}", requester_hash=f"hash {n}") for n in numbers),
                *(a_message(f"mail:{n}", send_after=NOW + HOUR) for n in numbers),
                case=None,
            )
        )
    storage = store._view._tables["cases"].storage
    tables = storage.read()
    assert tables is not None
    storage.write({name: Touched(rows) for name, rows in tables.items()})
    Touched.count = 0
    await one_mail(store)
    touched = Touched.count
    await store.close()
    return touched


async def one_mail(store: EmbeddedStore) -> None:
    """In, opened, posted, claimed, answered, looked up, closed."""
    mail = await store.mails.append(an_arrival())
    assert await store.earlier_mail(mail, HOUR) is None
    assert await store.case_with_message("<1@example.org>") is None
    case = a_case(await store.next_reference(2026), message_ids=("<1@example.org>",))
    worked = changed(mail, status=MailStatus.PROCESSED, case=case.ref)
    await store.commit(putting(case, worked, a_message(case=case.ref)))
    assert await store.cases_of("hash of rosa")
    message = await store.claim(NOW, HOUR)
    await store.commit(putting(changed(message, status=OutboxStatus.SENT), act="sent"))
    await store.commit(putting(closed(stored(case)), act="close"))
    assert await store.cases_to_remind(NOW) == ()
    assert [mail async for mail in store.mails.waiting()] == []
    assert len(await store.messages_of(case.ref)) == 1
    assert [entry.act async for entry in store.history(case.ref)] == [
        "open",
        "attempt",
        "close",
    ]


async def test_a_mail_costs_the_same_beside_many_cases(tmp_path: Path) -> None:
    few = await touched_at(tmp_path / "few", 5)
    many = await touched_at(tmp_path / "many", 2000)
    assert few == many < 60


async def test_a_snapshot_does_not_keep_the_event_loop(data: Path) -> None:
    store = await open_store(data)
    for start in range(0, 10_000, 500):
        await store.commit(putting(*(Mark(id=f"{n}", at=NOW) for n in range(start, start + 500))))
    started = time.perf_counter()
    picture = store._picture()
    assert time.perf_counter() - started < 0.05  # references alone; the rest is a thread's
    assert len(picture.rows) == 10_000
    await store.close()


async def test_snapshots_are_written_while_the_desk_works_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 10)
    store = await open_store(data)
    for number in range(25):
        await store.commit(putting(a_case(f"PR-2026-{number:04d}")))
    if store._snapshot is not None:
        await store._snapshot
    picture = snapshot.load(data)
    assert picture is not None
    assert 10 <= picture.position.seq <= 25
    assert len(picture.rows) == picture.position.seq
    await store.close()
    last = snapshot.load(data)
    assert last is not None
    assert last.position.seq == 25


async def test_a_conflict_inside_a_commit_is_found_before_anything_is_written(data: Path) -> None:
    store = await open_store(data)
    with pytest.raises(ValueError, match="once"):
        await store.commit(putting(a_case(), a_case()))
    first = asyncio.create_task(store.commit(putting(a_case())))
    await asyncio.sleep(0)
    with pytest.raises(Conflict):
        await store.commit(putting(a_case()))
    await first
    assert (data / JOURNAL).read_bytes().count(b"\n") == 1
    await store.close()
