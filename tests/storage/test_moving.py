"""A desk moved from files into PostgreSQL is the same desk: nothing lost, nothing unsealed anew."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import archiving, mails, moving
from storage.disk import Disk
from storage.embedded import open_store
from storage.errors import KeyFileError, StoreBusy, StoreDamaged, StoreError
from storage.journal import Position, Reader
from storage.moving import Done, move
from storage.opening import JOURNAL, Lock
from storage.postgres.database import Database
from storage.postgres.store import PostgresStore, open_postgres
from storage.records import Mark, Shred
from storage.restore import restore
from storage.sealing import MasterKey
from tests.storage.making import (
    MASTER,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
    stored,
)
from tests.storage.test_backup import tree
from tests.storage.test_postgres import asked, dumped
from tests.storage.test_postgres_backup import backed_up, busy, filled, quiet, state

DAY = timedelta(days=1)


async def moved(data: Path, url: str, master: MasterKey = MASTER) -> Done:
    """In a thread, as it runs an event loop of its own."""
    return await asyncio.to_thread(move, data, url, master, quiet)


async def state_of(store: Any) -> dict[str, Any]:
    try:
        assert await store.verify(lambda *_: None) == ()
        return await state(store)
    finally:
        await store.close()


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    store = await open_store(tmp_path / "data", MASTER)
    await filled(store)
    await store.close()
    return tmp_path / "data"


async def test_all_of_it_is_there_and_the_files_are_as_they_were(
    data: Path, postgres_url: str
) -> None:
    before = tree(data)
    done = await moved(data, postgres_url)
    assert (done.commits, done.mails) == (8, 2)
    assert done.records == {"cases": 2, "mails": 3, "outbox": 2, "suppressions": 1, "marks": 2}
    assert tree(data) == before
    expected = await state_of(await open_store(data, MASTER, read_only=True))
    assert await state_of(await open_postgres(postgres_url, MASTER)) == expected


async def test_lines_and_keys_are_there_as_they_are(data: Path, postgres_url: str) -> None:
    await moved(data, postgres_url)
    lines = [read.line for read in Reader(data / JOURNAL, Position(), {})]
    query = "select seq, prev, hash, changes from desk.journal order by seq"
    expected = [(line.seq, line.prev, line.hash, list(line.changes)) for line in lines]
    assert asked(postgres_url, query) == expected
    ring = (data / "keyring").read_bytes()
    found = asked(postgres_url, "select slot, wrapped from desk.keyring")
    assert len(found) > 8
    assert any(wrapped is None for _, wrapped in found)
    for slot, wrapped in found:
        assert isinstance(slot, int)
        place = ring[64 * (slot + 1) :][:64]
        assert place == (b"\2" if wrapped is None else b"\1\0\0\0" + bytes(wrapped)).ljust(
            64, b"\0"
        )


async def test_it_goes_on_there(data: Path, postgres_url: str) -> None:
    await moved(data, postgres_url)
    store = await open_postgres(postgres_url, MASTER)
    assert await store.next_reference(2026) == "PR-2026-0002"
    assert await store.next_reference(2020) == "PR-2020-0002"
    case = await store.case("PR-2026-0001")
    assert case is not None
    late = a_message(case=case.ref)
    assert await store.commit(putting(changed(case, subject="new"), late, act="note")) == 9
    mail = await store.mails.append(an_arrival(b"fourth"))
    messages = await store.messages_of(case.ref)
    assert messages[-1].id == late.id
    assert len(messages) == 2
    waiting = [each.id async for each in store.mails.waiting()]
    assert len(waiting) == 2
    assert mail.id in waiting
    claimed = await store.claim(NOW, DAY)
    assert claimed is not None
    assert claimed.id == messages[0].id
    await store.seal(NOW + DAY)
    used = (data / "keyring").stat().st_size // 64 - 1
    slots = asked(postgres_url, f"select count(*) from desk.keyring where slot >= {used}")
    assert slots == [(1,)]  # the fourth mail's
    assert await store.verify(lambda *_: None) == ()
    await store.close()


async def test_what_is_archived_moves_too(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "AFTER", timedelta(0))
    store = await open_store(tmp_path / "data", MASTER)
    for number in range(1, 4):
        case = closed(a_case(f"PR-2026-000{number}"))
        mark = Mark(id=f"allowance {number}", at=NOW)
        await store.commit(putting(case, changed(a_message(case=case.ref), status="sent"), mark))
    await store.commit(putting(a_case("PR-2026-0009"), at=NOW + DAY))
    await store.close()
    store = await open_store(tmp_path / "data", MASTER, read_only=True)
    assert len(store._view.archived.cases) == 3
    await store.close()
    done = await moved(tmp_path / "data", postgres_url)
    assert done.records == {"cases": 4, "outbox": 3, "marks": 3}
    beside = await open_postgres(postgres_url, MASTER)
    assert await beside.mark("allowance 2") is not None
    assert (await beside.case("PR-2026-0003")).closed
    await beside.close()


async def test_a_shred_that_a_killed_desk_left_half_done_is_done_there(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unshredding(Disk):
        def put(self, fd: int, data: bytes, offset: int) -> None:
            if not data.startswith(b"\2"):
                super().put(fd, data, offset)

    store = await open_store(tmp_path / "data", MASTER, disk=Unshredding())
    mail = await store.mails.append(an_arrival(b"sesame-37"))
    case = a_case(mails=(mail.id,), requester="sesame-38@example.org")
    await store.commit(putting(case, changed(mail, case=case.ref), a_message(case=case.ref)))
    shreds = (Shred(life="content", key=case.ref), Shred(life="raw", key=mail.id))
    await store.commit(putting(stored(case), act="purge", shreds=shreds))
    monkeypatch.setattr(store, "_write_snapshot", lambda: asyncio.sleep(0))
    await store.close()
    (tmp_path / "data" / "view.snapshot").unlink(missing_ok=True)
    done = await moved(tmp_path / "data", postgres_url)
    assert done.mails == 0
    assert asked(postgres_url, "select count(*) from desk.keyring where wrapped is null") == [(2,)]
    after = await open_postgres(postgres_url, MASTER)
    found = await after.case(case.ref)
    assert found is not None
    assert found.requester == ""
    assert await after.messages_of(case.ref) == ()
    assert await after.verify(lambda *_: None) == ()
    await after.close()


# --- stopped ------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Die after each number of transactions, until it lives through."""
    written = Database.written
    left = 0

    async def counted(self: Database, write: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return await written(self, write)

    monkeypatch.setattr(Database, "written", counted)
    for calls in range(100):
        left = calls
        yield calls
    monkeypatch.setattr(Database, "written", written)


async def test_stopped_at_any_point_it_goes_on_where_it_was(
    data: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "LINES", 1)
    monkeypatch.setattr(moving, "BYTES", 1)
    before = tree(data)
    seen = []
    written = Database.written
    for calls in dying(monkeypatch):
        if calls == 0:
            continue
        try:
            await moved(data, postgres_url)
            break
        except Killed:
            pass
        with monkeypatch.context() as alive:
            alive.setattr(Database, "written", written)
            if asked(postgres_url, "select 1 from desk.moves"):
                for read_only in (True, False):
                    with pytest.raises(StoreError, match="was not finished; run `desk migrate"):
                        await open_postgres(postgres_url, MASTER, read_only=read_only)
        seen += asked(postgres_url, "select count(*) from desk.journal")
    assert seen == sorted(seen)
    assert seen[-1] == (8,)
    monkeypatch.setattr(Database, "written", written)
    assert tree(data) == before
    expected = await state_of(await open_store(data, MASTER, read_only=True))
    assert await state_of(await open_postgres(postgres_url, MASTER)) == expected


async def test_a_desk_that_ran_on_in_between_is_caught_up_with(
    data: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "written", written_but(Database.written, 4))
    monkeypatch.setattr(moving, "LINES", 3)
    with pytest.raises(Killed):
        await moved(data, postgres_url)
    monkeypatch.undo()
    assert asked(postgres_url, "select count(*) from desk.journal") == [(5,)]
    store = await open_store(data, MASTER)
    case = await store.case("PR-2026-0001")
    shreds = (Shred(life="content", key=case.ref), Shred(life="raw", key=case.mails[0]))
    await store.commit(putting(case, act="purge", shreds=shreds))
    await store.commit(putting(await store.case(case.ref), act="note", note="again"))
    await store.close()
    await moved(data, postgres_url)
    expected = await state_of(await open_store(data, MASTER, read_only=True))
    assert await state_of(await open_postgres(postgres_url, MASTER)) == expected


def written_but(written: Any, calls: int) -> Any:
    async def counted(self: Database, write: Any) -> Any:
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise Killed
        return await written(self, write)

    return counted


async def test_run_again_when_all_is_there_it_compares_and_changes_nothing(
    data: Path, postgres_url: str
) -> None:
    first = await moved(data, postgres_url)
    before = dumped(postgres_url)
    assert await moved(data, postgres_url) == first
    assert dumped(postgres_url) == before


# --- refusals -----------------------------------------------------------------------------------


async def test_a_running_desk_has_to_be_stopped(data: Path, postgres_url: str) -> None:
    lock = Lock(data / "lock")
    with pytest.raises(StoreBusy, match="stop it, and run `desk migrate` again"):
        await moved(data, postgres_url)
    lock.release()
    assert asked(postgres_url, "select to_regnamespace('desk') is null") == [(True,)]


@pytest.mark.parametrize("what", ["another desk", "another that moved", "itself, gone on"])
async def test_a_database_that_holds_something_else_is_left_alone(
    data: Path, postgres_url: str, tmp_path: Path, what: str
) -> None:
    if what == "another desk":
        other = await open_postgres(postgres_url, MASTER)
        await other.commit(putting(a_case()))
        await other.close()
    elif what == "another that moved":
        store = await open_store(tmp_path / "other", MASTER)
        await filled(store)
        await store.close()
        await moved(tmp_path / "other", postgres_url)
    else:
        await moved(data, postgres_url)
        gone_on = await open_postgres(postgres_url, MASTER)
        await gone_on.commit(putting(a_case("PR-2026-0077")))
        await gone_on.close()
    before, files = dumped(postgres_url), tree(data)
    with pytest.raises(StoreError, match="holds another desk, or this one as it was moved before"):
        await moved(data, postgres_url)
    assert dumped(postgres_url) == before
    assert tree(data) == files


async def test_another_master_key_is_refused(data: Path, postgres_url: str) -> None:
    with pytest.raises(KeyFileError, match="does not open"):
        await moved(data, postgres_url, MasterKey(b"x" * 32))
    assert asked(postgres_url, "select to_regnamespace('desk') is null") == [(True,)]


@pytest.mark.parametrize("where", ["journal", "mail"])
async def test_damage_in_the_files_does_not_move(data: Path, postgres_url: str, where: str) -> None:
    path = data / JOURNAL if where == "journal" else mails.segment_path(data / "mails", 1)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreDamaged):
        await moved(data, postgres_url)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("update desk.journal set actor = 'dusk' where seq = 2", "Line 2 of the journal is not"),
        ("delete from desk.journal where seq = 8", "chains of the journal differ"),
        ("update desk.chains set lines = 7 where chain = 'desk'", "chains of the journal differ"),
        ("delete from desk.marks where key like 'digest%'", r"marks .* differ \(2 and 1\)"),
        ("update desk.cases set content = null, slot = null", r"cases .* differ \(2 and 2\)"),
        ("update desk.raws set piece = piece || '\\x00'", r"raw mails differ \(2 and 2\)"),
    ],
)
async def test_what_is_not_the_same_on_both_sides_does_not_count(
    data: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, harm: str, says: str
) -> None:
    compared = moving._Move._compared

    async def harmed(self: Any, *said: Any) -> Any:
        asked(postgres_url, harm)
        return await compared(self, *said)

    monkeypatch.setattr(moving._Move, "_compared", harmed)
    with pytest.raises(StoreError, match=says):
        await moved(data, postgres_url)
    with pytest.raises(StoreError, match="was not finished"):
        await open_postgres(postgres_url, MASTER)


# --- there and back -----------------------------------------------------------------------------


async def test_a_backup_made_under_load_moves_back_into_a_database(
    postgres_url: str, tmp_path: Path
) -> None:
    await (await open_postgres(postgres_url, MASTER)).close()
    with busy(postgres_url) as processes:
        for process in processes:
            process.read(100)
        await backed_up(postgres_url, tmp_path / "backups")
    restore(tmp_path / "backups", tmp_path / "data", MASTER, quiet)
    expected = await state_of(await open_store(tmp_path / "data", MASTER))
    asked(
        postgres_url,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'desk'",
    )
    asked(postgres_url, "drop schema desk cascade")
    await moved(tmp_path / "data", postgres_url)
    again: PostgresStore = await open_postgres(postgres_url, MASTER)
    assert await state_of(again) == expected
