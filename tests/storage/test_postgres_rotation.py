"""A new master key for a database: one transaction, no desk at work, resumable."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from storage.errors import KeyFileError, StoreBusy
from storage.postgres.rotation import TableRing
from storage.postgres.store import open_postgres
from storage.records import Shred
from storage.rotation import Rotated, new_file_of, rotate_ring
from storage.sealing import MasterKey, new_key_file
from tests.storage.making import a_case, a_message, an_arrival, putting

SHREDDED = Shred(life="content", key="PR-2026-0002")


@pytest.fixture
async def key(tmp_path: Path, postgres_url: str) -> Path:
    """The key of a database with a case, a mail, and a case whose content is shredded."""
    path = tmp_path / "key"
    new_key_file(path)
    store = await open_postgres(postgres_url, MasterKey.load(path))
    await store.commit(putting(a_case(), a_message(case="PR-2026-0001")))
    await store.commit(putting(a_case(SHREDDED.key)))
    await store.mails.append(an_arrival())
    await store.commit(putting(act="purge", case=SHREDDED.key, shreds=(SHREDDED,)))
    await store.close()
    return path


def content(key: Path) -> bytes:
    return key.read_bytes()


async def rotated(url: str, key: Path, ring: TableRing | None = None) -> Rotated:
    return await asyncio.to_thread(rotate_ring, ring or TableRing(url), key, lambda *_: None)


async def state(url: str, key: Path) -> list[Any]:
    store = await open_postgres(url, MasterKey.load(key))
    assert await store.verify(lambda *_: None) == ()
    cases = [case async for case in store.all_cases()]
    mails = [(mail, await store.mails.raw(mail.id)) async for mail in store.all_mails()]
    await store.close()
    return [*cases, *mails]


async def test_everything_opens_under_the_new_key_and_nothing_under_the_old(
    key: Path, postgres_url: str
):
    before, old = await state(postgres_url, key), content(key)
    done = await rotated(postgres_url, key)
    assert (done.keys, done.resumed) == (6, False)  # the desk's two, two of a case, one, a mail's
    assert content(done.old) == old
    assert await state(postgres_url, key) == before
    with pytest.raises(KeyFileError):
        await open_postgres(postgres_url, MasterKey.load(done.old))


async def test_a_rotation_killed_after_its_transaction_goes_on(key: Path, postgres_url: str):
    before, ring = await state(postgres_url, key), TableRing(postgres_url)
    new_key_file(new_file_of(key))
    old, new = MasterKey.load(key), MasterKey.load(new_file_of(key))
    await asyncio.to_thread(ring.rewrap, old, new, lambda *_: None)
    with pytest.raises(KeyFileError):
        await open_postgres(postgres_url, MasterKey.load(key))
    assert (await rotated(postgres_url, key)).resumed
    assert not new_file_of(key).exists()
    assert await state(postgres_url, key) == before


async def test_a_desk_at_work_is_not_left_with_a_key_that_is_gone(key: Path, postgres_url: str):
    old = content(key)
    store = await open_postgres(postgres_url, MasterKey.load(key))
    with pytest.raises(StoreBusy, match="stop every desk"):
        await rotated(postgres_url, key)
    assert content(key) == old
    await store.commit(putting(a_case("PR-2026-0003")))
    await store.close()
    assert (await rotated(postgres_url, key)).resumed
    assert len(await state(postgres_url, key)) == 4


async def test_another_master_key_changes_nothing(key: Path, postgres_url: str):
    before, other = await state(postgres_url, key), key.with_name("other")
    new_key_file(other)
    with pytest.raises(KeyFileError):
        await rotated(postgres_url, other)
    assert await state(postgres_url, key) == before
