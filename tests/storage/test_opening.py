"""The data folder: one desk, many readers, private files."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from storage import embedded
from storage.embedded import open_store
from storage.errors import StoreBusy, StoreError
from storage.opening import LOCK
from tests.storage.days import busy_day
from tests.storage.faults import everything, files
from tests.storage.making import (
    HOUR,
    MASTER,
    NOW,
    a_case,
    a_message,
    an_arrival,
    putting,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_two_desks_on_one_folder_are_told_apart(data: Path) -> None:
    store = await open_store(data, MASTER)
    with pytest.raises(StoreBusy, match=rf"process {os.getpid()} on .*; stop that one first"):
        await open_store(data, MASTER)
    await store.close()
    await (await open_store(data, MASTER)).close()


async def test_words_in_the_lock_file_hold_nothing(data: Path) -> None:
    await (await open_store(data, MASTER)).close()
    (data / LOCK).write_text("process 1 on elsewhere\n")
    await (await open_store(data, MASTER)).close()


async def test_a_reader_sees_what_is_durable_and_changes_nothing(data: Path) -> None:
    store = await open_store(data, MASTER)
    await busy_day(store, commits=30)
    waiting = await store.mails.append(an_arrival(b"waiting"))
    before, held = await everything(store), files(data)
    reader = await open_store(data, MASTER, read_only=True)
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
    store = await open_store(data, MASTER)
    day = asyncio.create_task(busy_day(store, commits=150))
    readings = 0
    while not day.done():
        reader = await open_store(data, MASTER, read_only=True)
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
        await open_store(data, MASTER, read_only=True)
    assert files(data.parent) == {}


async def test_what_is_written_is_private(data: Path) -> None:
    store = await open_store(data, MASTER)
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
        await (await open_store(folder, MASTER)).close()
        assert mode(folder) == expected


async def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        await open_store(tmp_path / "file", MASTER)


async def test_closing_waits_for_what_was_asked_and_can_be_said_twice(data: Path) -> None:
    store = await open_store(data, MASTER)
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
