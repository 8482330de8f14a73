"""The keyring: slots, a pool of synced keys, shredding, and wrong or damaged keyrings."""

import asyncio
from pathlib import Path

import pytest

from storage import keyring
from storage.disk import Disk
from storage.embedded import open_store
from storage.errors import KeyFileError, StoreDamaged, StoreError, StoreFull
from storage.keyring import FILE, FIRST_SLOT, SLOT_BYTES, Keyring
from storage.sealing import MasterKey
from tests.storage.faults import FaultyDisk, files
from tests.storage.making import MASTER, a_case, an_arrival, putting

OTHER = MasterKey(bytes(32))


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    made = Keyring(tmp_path / FILE, MASTER, Disk(), new=True)
    made.fill(FIRST_SLOT)
    return made


async def test_keys_are_given_out_once_and_are_on_disk_before(ring: Keyring, tmp_path: Path):
    await ring.room(2)
    one, two = ring.take(), ring.take()
    assert one.slot != two.slot
    assert one.key != two.key
    again = Keyring(tmp_path / FILE, MASTER, None)
    assert (again.key(one.slot), again.key(two.slot)) == (one.key, two.key)


async def test_a_new_key_costs_no_sync_of_its_own(tmp_path: Path):
    disk = FaultyDisk()
    ring = Keyring(tmp_path / FILE, MASTER, disk, new=True)
    ring.fill(FIRST_SLOT)
    before = disk.syncs
    for _ in range(keyring.LOW):
        await ring.room(1)
        ring.take()
    assert disk.syncs == before


async def test_the_next_batch_is_made_beside_the_loop_before_it_is_needed(ring: Keyring):
    slots = set()
    for _ in range(3 * keyring.BATCH):
        await ring.room(1)
        slots.add(ring.take().slot)
        await asyncio.sleep(0)
    assert len(slots) == 3 * keyring.BATCH
    await ring.close()


async def test_slots_that_a_record_may_name_are_never_given_out_again(
    ring: Keyring, tmp_path: Path
):
    await ring.room(5)
    taken = {ring.take().slot for _ in range(5)}
    again = Keyring(tmp_path / FILE, MASTER, Disk())
    again.fill(ring.used)
    await again.room(keyring.LOW)
    assert not taken & {again.take().slot for _ in range(keyring.LOW)}


async def test_a_shredded_key_is_gone_from_memory_and_disk(ring: Keyring, tmp_path: Path):
    await ring.room(2)
    gone, kept = ring.take(), ring.take()
    wrapped = (tmp_path / FILE).read_bytes()[SLOT_BYTES * (gone.slot + 1) :][:SLOT_BYTES]
    assert ring.key(gone.slot) == gone.key
    ring.shred([gone.slot])
    assert ring.key(gone.slot) is None
    assert ring.key(kept.slot) == kept.key
    assert wrapped[4:] not in (tmp_path / FILE).read_bytes()
    ring.shred([gone.slot])  # again does no harm
    assert Keyring(tmp_path / FILE, MASTER, None).key(gone.slot) is None


@pytest.mark.parametrize("end", [1, 63, 64, 65, 4096])
async def test_what_a_power_cut_left_of_a_batch_is_made_anew(tmp_path: Path, end: int):
    first = Keyring(tmp_path / FILE, MASTER, Disk(), new=True)
    first.fill(FIRST_SLOT)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-end] + bytes(end - end // 2))
    again = Keyring(tmp_path / FILE, MASTER, Disk())
    again.fill(FIRST_SLOT)
    for _ in range(2 * keyring.BATCH):
        await again.room(1)
        key = again.take()
        assert again.key(key.slot) == key.key
    await again.close()


async def test_a_wrong_master_key_is_one_sentence_and_changes_nothing(tmp_path: Path):
    store = await open_store(tmp_path / "data", MASTER)
    await store.commit(putting(a_case()))
    await store.close()
    before = files(tmp_path / "data")
    for read_only in (False, True):
        with pytest.raises(KeyFileError, match="set DESK_MASTER_KEY_FILE to the key"):
            await open_store(tmp_path / "data", OTHER, read_only=read_only)
    after = files(tmp_path / "data")
    assert before.pop("lock")
    assert after.pop("lock")
    assert after == before


async def test_a_missing_keyring_is_never_made_anew_beside_data(tmp_path: Path):
    store = await open_store(tmp_path / "data", MASTER)
    await store.mails.append(an_arrival())
    await store.close()
    (tmp_path / "data" / FILE).unlink()
    with pytest.raises(KeyFileError, match=r"keyring is missing.*desk restore"):
        await open_store(tmp_path / "data", MASTER)
    assert not (tmp_path / "data" / FILE).exists()


@pytest.mark.parametrize("at", [0, 3, 13])
async def test_a_keyring_of_another_format_is_refused(tmp_path: Path, at: int):
    await (await open_store(tmp_path / "data", MASTER)).close()
    path = tmp_path / "data" / FILE
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)
    with pytest.raises(StoreDamaged, match="not a keyring"):
        await open_store(tmp_path / "data", MASTER)
    assert path.read_bytes() == whole


async def test_a_damaged_slot_is_named_and_not_taken_for_shredded(tmp_path: Path):
    store = await open_store(tmp_path / "data", MASTER)
    await store.commit(putting(a_case(), note="opened"))
    await store.close()
    path = tmp_path / "data" / FILE
    whole = bytearray(path.read_bytes())
    for slot in (FIRST_SLOT, FIRST_SLOT + 1):
        whole[SLOT_BYTES * (slot + 1) + 20] ^= 1
    path.write_bytes(whole)
    store = await open_store(tmp_path / "data", MASTER)
    with pytest.raises(StoreDamaged, match=r"Slot \d+ of keyring"):
        [entry async for entry in store.history("PR-2026-0001")]
    await store.close()


async def test_a_full_disk_stops_new_keys_and_not_those_in_hand(tmp_path: Path):
    disk = FaultyDisk()
    ring = Keyring(tmp_path / FILE, MASTER, disk, new=True)
    ring.fill(FIRST_SLOT)
    disk.room = 0
    for _ in range(keyring.BATCH):
        await ring.room(1)
        ring.take()
    with pytest.raises(StoreFull):
        await ring.room(1)
    disk.room = None
    await ring.room(1)
    assert ring.take().key
    await ring.close()


async def test_a_keyring_for_reading_cannot_be_changed(ring: Keyring, tmp_path: Path):
    reader = Keyring(tmp_path / FILE, MASTER, None)
    with pytest.raises(StoreError, match="reading only"):
        reader.shred([FIRST_SLOT])
