"""Disks that are full, failing or read-only, and clocks that go backwards: what a sender sees."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.supervisor import Supervisor
from intake.door import ListenerOptions
from intake.listener import Listener
from storage import keyring
from storage.embedded import EmbeddedStore, open_store
from storage.errors import StoreError, StoreFailed, StoreFull
from storage.records import MailStatus
from tests.intake.fakes import OWN, Client, StillClock
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
)

MAIL = b"From: ann@example.org\r\nSubject: hello\r\n\r\nPlease.\r\n.\r\n"


class NoKeys(FaultyDisk):
    """Has room for all but new keys."""

    no_keys = False

    def put(self, fd: int, data: bytes, offset: int) -> None:
        if self.no_keys:
            raise OSError(errno.ENOSPC, "no room")
        super().put(fd, data, offset)


@pytest.fixture
def disk() -> NoKeys:
    return NoKeys()


@pytest.fixture
async def store(tmp_path: Path, disk: NoKeys) -> AsyncIterator[EmbeddedStore]:
    store = await open_store(tmp_path / "data", MASTER, disk=disk)
    yield store
    await store.close()


@pytest.fixture
async def client(store: EmbeddedStore) -> AsyncIterator[Client]:
    door = Listener(store.mails, StillClock(), ListenerOptions(addresses=OWN, grace=1.0))
    await door.start()
    client = await Client.connect(door.port)
    yield client
    await client.close()
    await door.stop()


async def sent(client: Client) -> str:
    await client.envelope()
    return await client.data(MAIL)


# --- no room --------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 1, 60, 300])
async def test_a_full_disk_answers_452_until_there_is_room(
    client: Client, store: EmbeddedStore, disk: NoKeys, tmp_path: Path, room: int
) -> None:
    assert (await sent(client)).startswith("250")
    disk.room = room
    for _ in range(3):
        assert (await sent(client)).startswith("452 4.3.1")
    disk.room = None
    assert (await sent(client)).startswith("250")
    kept = [mail.id async for mail in store.all_mails()]
    assert len(kept) == 2
    await store.close()
    again = await open_store(tmp_path / "data", MASTER)
    assert [mail.id async for mail in again.mails.waiting()] == kept
    assert not any("torn" in name for name in files(tmp_path / "data"))
    await again.close()


async def test_no_room_for_new_keys_answers_452_when_the_old_ones_are_used_up(
    client: Client, store: EmbeddedStore, disk: NoKeys
) -> None:
    disk.no_keys = True
    store._keyring._free.clear()
    assert (await sent(client)).startswith("452 4.3.1")
    with pytest.raises(StoreFull):
        await store.commit(putting(a_case()))
    disk.no_keys = False
    assert (await sent(client)).startswith("250")
    await store.commit(putting(a_case()))


async def test_a_commit_that_wants_more_keys_than_there_are_is_refused_not_kept_waiting(
    store: EmbeddedStore, disk: NoKeys
) -> None:
    disk.no_keys = True
    while len(store._keyring._free) > 3:
        store._keyring.take()
    async with asyncio.timeout(10):
        with pytest.raises(StoreFull):
            await store.commit(putting(a_case(), a_message(case="PR-2026-0001")))
    mail = await store.mails.append(an_arrival())  # wants one, and there are some
    assert await store.mails.raw(mail.id)


async def test_a_batch_of_keys_that_did_not_fit_is_written_whole_when_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "BATCH", 8)
    monkeypatch.setattr(keyring, "LOW", 2)
    disk = FaultyDisk()
    store = await open_store(tmp_path / "data", MASTER, disk=disk)
    kept = []
    for number in range(30):
        disk.room = None if number % 3 else keyring.SLOT_BYTES * 3 // 2
        try:
            kept.append(await store.mails.append(an_arrival(b"%d" % number)))
        except StoreFull:
            continue
    assert len(kept) >= 20
    disk.room = None
    await store.close()
    store = await open_store(tmp_path / "data", MASTER)
    for mail in kept:
        assert await store.mails.raw(mail.id)
    await store.close()


# --- a disk that fails ----------------------------------------------------------------------


async def test_a_mail_log_that_failed_ends_the_process(
    client: Client, store: EmbeddedStore, disk: NoKeys
) -> None:
    """Or it would answer 451 for ever: only a new start goes by what is on disk."""

    async def outbox() -> None:
        while await store.claim(NOW, HOUR) is None:
            await store.changed()

    supervisor = Supervisor()
    supervisor.start("outbox", outbox)
    disk.bad_sync = True
    assert (await sent(client)).startswith("451")
    with pytest.raises(StoreFailed, match="start the desk again"):
        await asyncio.wait_for(supervisor.wait(), 10)
    disk.bad_sync = False
    with pytest.raises(StoreFailed, match="start the desk again"):
        await store.commit(putting(a_case()))
    await supervisor.stop()


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
async def test_a_folder_that_cannot_be_written_is_one_sentence_and_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    data = tmp_path / "data"
    store = await open_store(data, MASTER)
    await store.commit(putting(a_case()))
    before = await everything(store)
    await store.close()
    held, really = files(data), os.open

    def refusing(path: Any, flags: int, *more: Any, **said: Any) -> int:
        if str(path).startswith(str(data)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(code, os.strerror(code))
        return really(path, flags, *more, **said)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(StoreError, match=r"cannot be opened \(.*\); let the desk's user own it"):
        await open_store(data, MASTER)
    reader = await open_store(data, MASTER, read_only=True)
    assert await everything(reader) == before
    await reader.close()
    assert files(data) == held


# --- a clock that goes backwards ------------------------------------------------------------


async def test_a_clock_that_is_put_back_harms_neither_ids_nor_order_nor_seals(
    tmp_path: Path,
) -> None:
    store = await open_store(tmp_path / "data", MASTER)
    times = [NOW, NOW + HOUR, NOW - 400 * timedelta(days=1), NOW - MINUTE, NOW + MINUTE]
    mails, seals = [], []
    for number, at in enumerate(times):
        mail = await store.mails.append(an_arrival(b"%d" % number, received_at=at))
        ref = f"PR-2026-{number:04d}"
        puts = (a_case(ref, received_at=at), changed(mail, status=MailStatus.PROCESSED, case=ref))
        await store.commit(putting(*puts, a_message(case=ref), at=at))
        claimed = await store.claim(at, HOUR) if number != 2 else None
        if claimed is not None:
            await store.commit(putting(changed(claimed, status="sent"), act="sent", at=at))
        mails.append(mail)
        seals.append(await store.seal(at))
    assert len({mail.id for mail in mails}) == len({seal.note for seal in seals}) == len(times)
    listed = [mail async for mail in store.all_mails()]
    assert [m.received_at for m in listed] == sorted(times)
    before = await everything(store)
    assert [entry.seq for entry in before["history"]] == list(range(1, len(before["history"]) + 1))
    await store.close()
    store = await open_store(tmp_path / "data", MASTER)
    assert await everything(store) == before
    assert await store.verify(lambda *_: None) == ()
    await store.close()
