"""What nobody works on any more leaves memory, answers as before, and goes when it is shredded."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import archiving, embedded, mails, snapshot
from storage.archived import id_of, mail_id_of, packed, unpacked
from storage.embedded import EmbeddedStore, open_store
from storage.errors import StoreDamaged, StoreFull, UnknownReference
from storage.records import (
    Case,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Shred,
)
from storage.sheets import Owner
from tests.storage.days import busy_day
from tests.storage.faults import FaultyDisk, everything, files
from tests.storage.making import (
    HOUR,
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

DAY = timedelta(days=1)
LONG_AGO = NOW - 9 * DAY


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(data: Path) -> AsyncIterator[EmbeddedStore]:
    store = await open_store(data, MASTER)
    yield store
    await store.close()


async def an_old_case(store: EmbeddedStore, ref: str = "PR-2026-0001", **said: Any) -> Case:
    """Nine days ago: opened by a mail, answered, closed."""
    mail = await store.mails.append(an_arrival(ref.encode(), received_at=LONG_AGO))
    case = a_case(ref, mails=(mail.id,), message_ids=(f"<{ref}@example.org>",))
    case = changed(closed(case), **said)
    worked = changed(mail, status=MailStatus.PROCESSED, case=ref)
    sent = a_message(f"mail:{ref}", case=ref, status=OutboxStatus.SENT)
    allowance = Mark(id=f"allowance {ref}", at=LONG_AGO)
    await store.commit(putting(case, worked, sent, allowance, at=LONG_AGO))
    return stored(case)


async def archived(store: EmbeddedStore) -> None:
    """A commit of today, and the next snapshot."""
    await store.commit(putting(act="note"))
    await store._write_snapshot()


def in_view(store: EmbeddedStore) -> list[str]:
    return [row.key for row in store._view.rows()]


async def test_a_message_that_was_archived_twice_is_as_it_was_last(
    store: EmbeddedStore,
) -> None:
    """It lies beside its case's other messages too, as it was the first time."""
    first, second = (a_message(case="PR-2026-0001", status=OutboxStatus.DRAFT) for _ in range(2))
    await store.commit(putting(closed(a_case()), first, second, at=LONG_AGO))
    await archived(store)
    again = changed(first, rev=1, error="looked at again")
    await store.commit(putting(again, act="look", case="PR-2026-0001", at=LONG_AGO))
    await archived(store)
    assert await store.messages_of("PR-2026-0001") == (stored(again), stored(second))
    drafts = await store.messages_with(OutboxStatus.DRAFT)
    assert drafts == (stored(again), stored(second))


# --- what goes --------------------------------------------------------------------------------


async def test_a_case_that_has_long_ended_leaves_memory_and_answers_as_before(
    data: Path, store: EmbeddedStore
) -> None:
    await an_old_case(store)
    before = await everything(store)
    await archived(store)
    assert in_view(store) == []
    assert store._view.slots == store._view.places == {}
    assert list(store._journal._heads) == ["desk"]
    assert (data / "archive" / "2026-11.log").exists()
    before["history"] = [entry async for entry in store.history()]  # the commit of today
    assert await everything(store) == before
    assert (await store.mark("allowance PR-2026-0001")) is not None
    (mail,) = before["mails"]
    assert await store.mails.raw(mail.id) == b"PR-2026-0001"
    await store.seal(NOW)
    assert await store.verify(lambda done, total: None) == ()


@pytest.mark.parametrize(
    "said",
    [
        {"answered": True},
        {"held": ("0" * 20,)},
        {"remind_at": NOW + HOUR},
        {"requests": a_case().requests},
        {"ref": "CASE 1"},
    ],
)
async def test_what_still_waits_for_somebody_stays(
    store: EmbeddedStore, said: dict[str, Any]
) -> None:
    ref = said.pop("ref", "PR-2026-0001")
    await an_old_case(store, ref, **said)
    await archived(store)
    assert store._view.row(Case, ref) is not None


async def test_a_case_with_a_message_on_its_way_stays(store: EmbeddedStore) -> None:
    case = await an_old_case(store)
    pending = a_message(case=case.ref)
    await store.commit(putting(pending, at=LONG_AGO))
    await archived(store)
    assert store._view.row(Case, case.ref) is not None
    assert (await store.claim(NOW, HOUR)) is not None


@pytest.mark.parametrize("days", [7, 8])
async def test_what_was_touched_within_eight_days_stays(store: EmbeddedStore, days: int) -> None:
    case = await an_old_case(store)
    await store.commit(putting(case, at=NOW - days * DAY))
    await archived(store)
    assert store._view.row(Case, case.ref) is not None


@pytest.mark.parametrize("status", list(MailStatus))
async def test_a_mail_goes_once_nobody_has_to_look_at_it(
    store: EmbeddedStore, status: MailStatus
) -> None:
    mail = await store.mails.append(an_arrival(received_at=LONG_AGO))
    await store.commit(putting(changed(mail, status=status), at=LONG_AGO))
    await archived(store)
    gone = status in {MailStatus.PROCESSED, MailStatus.IGNORED}
    assert (store._view.row(InboundMail, mail.id) is None) is gone
    assert [each.status for each in await store.mails_with(status)] == [status]


async def test_a_repeat_is_known_by_a_mail_that_is_archived(store: EmbeddedStore) -> None:
    first = await store.mails.append(an_arrival(received_at=LONG_AGO))
    await store.commit(putting(changed(first, status=MailStatus.PROCESSED), at=LONG_AGO))
    late = await store.mails.append(an_arrival(received_at=LONG_AGO + 6 * DAY))
    await archived(store)
    found = await store.earlier_mail(late, timedelta(days=7))
    assert found is not None
    assert found.id == first.id
    assert await store.earlier_mail(late, timedelta(days=5)) is None


async def test_numbers_and_places_are_not_given_out_twice(data: Path, store: EmbeddedStore) -> None:
    await an_old_case(store, "PR-2026-0007")
    message = a_message()
    await archived(store)
    await store.close()
    again = await open_store(data, MASTER)
    assert await again.next_reference(2026) == "PR-2026-0008"
    await again.commit(putting(message))
    sent, waiting = (
        await again.messages_of("PR-2026-0007"),
        again._view.row(OutboxMessage, message.id),
    )
    assert waiting is not None
    assert waiting.position > again._view.archived.part("outbox", sent[0].id).position
    await again.close()


# --- what comes back --------------------------------------------------------------------------


async def test_a_follow_up_brings_a_case_back_and_it_goes_anew(
    data: Path, store: EmbeddedStore
) -> None:
    case = await an_old_case(store)
    await archived(store)
    with_answer = changed(case, answered=True, subject="again")
    await store.commit(putting(with_answer, act="follow_up"))
    assert in_view(store) == [case.ref]
    assert len(store._view.archived.cases) == 0
    assert await store.case_with_message("<PR-2026-0001@example.org>") == stored(with_answer)
    await store.commit(putting(changed(stored(with_answer), answered=False), act="seen"))
    await store.commit(putting(act="later", at=NOW + 9 * DAY))
    await store._write_snapshot()
    assert in_view(store) == []
    before = await everything(store)
    assert (await store.case(case.ref)).subject == "again"
    assert [entry.act async for entry in store.history(case.ref)] == ["open", "follow_up", "seen"]
    await store.close()
    shutil.copytree(data, data.with_name("replayed"))
    (data.with_name("replayed") / snapshot.FILE).unlink()
    for folder in (data, data.with_name("replayed")):
        store = await open_store(folder, MASTER)
        assert await everything(store) == before
        assert await store.verify(lambda done, total: None) == ()
        await store.close()


async def test_what_comes_back_has_its_keys_and_its_place(store: EmbeddedStore) -> None:
    case = await an_old_case(store)
    slots, places = dict(store._view.slots), dict(store._view.places)
    await archived(store)
    assert store._view.slots == store._view.places == {}
    await store.commit(putting(case, await store.mail(case.mails[0]), act="follow_up"))
    assert store._view.slots == slots
    assert store._view.places == places
    message, mark = (
        (await store.messages_of(case.ref))[0],
        await store.mark(f"allowance {case.ref}"),
    )
    positions = [store._view.archived.part(each.table, each.key) for each in (message, mark)]
    await store.commit(putting(message, mark, case=case.ref, act="retry"))
    rows = [store._view.row(type(each), each.key) for each in (message, mark)]
    assert [row.position for row in rows] == [entry.position for entry in positions]


async def test_a_reader_of_an_older_revision_of_an_archived_case_loses(
    store: EmbeddedStore,
) -> None:
    case = await an_old_case(store)
    await archived(store)
    for old in (changed(case, rev=0), changed(case, rev=case.rev + 1)):
        with pytest.raises(embedded.Conflict):
            await store.commit(putting(old))
    assert in_view(store) == []


async def test_a_message_for_an_archived_case_goes_after_it(store: EmbeddedStore) -> None:
    case = await an_old_case(store)
    await archived(store)
    late = a_message(case=case.ref, status=OutboxStatus.SENT)
    await store.commit(putting(late, case=case.ref, act="wipe"))
    assert in_view(store) == [late.id]
    await store.commit(putting(act="later", at=NOW + 9 * DAY))
    await store._write_snapshot()
    assert in_view(store) == []
    assert [m.id for m in await store.messages_of(case.ref)][1:] == [late.id]
    assert [entry.act async for entry in store.history(case.ref)] == ["open", "wipe"]


async def test_what_changes_while_it_is_archived_is_left_in_the_view(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await an_old_case(store)
    await store.commit(putting(act="note"))
    write = archiving.Archivist._written
    loop = asyncio.get_running_loop()

    def overtaken(*said: Any) -> Any:
        change = store.commit(putting(changed(case, subject="just now"), act="note"))
        asyncio.run_coroutine_threadsafe(change, loop).result()
        return write(*said)

    monkeypatch.setattr(archiving.Archivist, "_written", overtaken)
    await store._write_snapshot()
    assert store._view.row(Case, case.ref) is not None
    assert (await store.case(case.ref)).subject == "just now"


# --- what is shredded -------------------------------------------------------------------------


async def test_a_shred_takes_what_is_archived_and_a_snapshot_follows(
    data: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SHRED_SECONDS", 0)
    case = await an_old_case(store)
    (mail_id,) = case.mails
    await archived(store)
    (message,) = await store.messages_of(case.ref)
    before = (data / snapshot.FILE).stat().st_ino
    shreds = (Shred(life="content", key=case.ref), Shred(life="raw", key=mail_id))
    await store.commit(putting(act="purge", case=case.ref, shreds=shreds))
    assert await store.case(case.ref) == changed(
        case, requester="", requester_hash="", message_ids=()
    )
    assert await store.cases_of(case.requester_hash) == ()
    assert await store.case_with_message(case.message_ids[0]) is None
    assert await store.messages_of(case.ref) == ()
    assert await store.message(message.id) is None
    assert await store.mark(f"allowance {case.ref}") is None
    assert (await store.mail(mail_id)).sha256 == ""
    with pytest.raises(UnknownReference, match="destroyed"):
        await store.mails.raw(mail_id)
    here = store._view.archived
    assert here.of_requester(case.requester_hash) == []
    assert len(here.prints) == len(here.parts) == 0
    left = here.mail(mail_id)
    assert left is not None
    assert (left.like, left.slot) == (0, 0)
    await asyncio.sleep(0)
    while (data / snapshot.FILE).stat().st_ino == before:
        assert store._snapshot is not None
        await asyncio.wait({store._snapshot})
    assert await store.verify(lambda done, total: None) == ()
    state = await everything(store)
    await store.close()
    again = await open_store(data, MASTER)
    assert await everything(again) == state
    await again.close()


async def test_a_shred_that_was_not_finished_is_done_at_the_next_start(
    data: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await an_old_case(store)
    await archived(store)
    slots = [store._view.slots[Owner("content", case.ref)]]
    copies = []

    def killed(_: object) -> None:
        copies.append(shutil.copytree(data, data.with_name("killed")))

    monkeypatch.setattr(store._keyring, "shred", killed)
    shreds = (Shred(life="content", key=case.ref),)
    await store.commit(putting(act="purge", case=case.ref, shreds=shreds))
    monkeypatch.undo()
    again = await open_store(copies[0], MASTER)
    assert [again._keyring.key(slot) for slot in slots] == [None]
    assert (await again.case(case.ref)).requester == ""
    assert again._soon is not None  # a snapshot without it is on its way
    await again.close()


async def test_a_month_that_nothing_names_is_deleted(data: Path, store: EmbeddedStore) -> None:
    case = await an_old_case(store)
    await archived(store)
    lives = ("content", "skeleton")
    shreds = tuple(Shred(life=life, key=case.ref) for life in lives)
    mail = Shred(life="raw", key=case.mails[0])
    await store.commit(putting(act="purge", case=case.ref, shreds=(*shreds, mail)))
    await store._write_snapshot()
    assert (data / "archive" / "2026-11.log").exists()  # the mail's skeleton is there
    await store.commit(putting(await store.mail(case.mails[0]), act="note"))
    await store._write_snapshot()
    assert files(data / "archive") == {}
    assert await store.case(case.ref) is None
    assert [entry.act async for entry in store.history(case.ref)] == ["open", "purge"]


async def test_a_month_that_was_deleted_and_begun_again_is_read_anew(
    data: Path, store: EmbeddedStore
) -> None:
    case = closed(a_case(subject="old"))
    await store.commit(putting(case, at=LONG_AGO))
    await archived(store)
    assert await store.case(case.ref) == stored(case)
    await store.commit(putting(changed(stored(case), subject="new")))
    await store._write_snapshot()
    assert files(data / "archive") == {}
    await store.commit(putting(act="later", at=NOW + 9 * DAY))
    await store._write_snapshot()
    assert list(files(data / "archive")) == ["2026-11.log"]
    assert (await store.case(case.ref)).subject == "new"


async def three_segments(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(mails, "SEGMENT_BYTES", 1)
    ids = []
    for number in range(3):
        mail = await store.mails.append(an_arrival(bytes([number])))
        await store.commit(putting(changed(mail, status=MailStatus.PROCESSED)))
        ids.append(mail.id)
    return ids


async def test_a_segment_whose_mails_are_all_shredded_is_emptied(
    data: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await three_segments(store, monkeypatch)
    await store.commit(putting(act="purge", shreds=(Shred(life="raw", key=ids[1]),)))
    await store._write_snapshot()
    state = await everything(store)
    await store.close()
    sizes = [mails.segment_path(data / "mails", n).stat().st_size for n in (1, 2, 3)]
    assert [bool(size) for size in sizes] == [True, False, True]
    for road in ("snapshot", "replay"):
        if road == "replay":
            (data / snapshot.FILE).unlink()
        again = await open_store(data, MASTER)
        assert await everything(again) == state
        assert await again.verify(lambda done, total: None) == ()
        with pytest.raises(UnknownReference, match="destroyed"):
            await again.mails.raw(ids[1])
        assert await again.mails.raw(ids[2]) == b"\x02"
        await again.close()


@pytest.mark.parametrize("road", ["snapshot", "replay"])
@pytest.mark.parametrize("way", ["missing", "empty"])
async def test_a_segment_that_is_lost_is_not_taken_for_an_emptied_one(
    data: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, road: str, way: str
) -> None:
    ids = await three_segments(store, monkeypatch)
    await store.commit(putting(act="purge", shreds=(Shred(life="raw", key=ids[1]),)))
    await store._write_snapshot()
    await store.close()
    lost = mails.segment_path(data / "mails", 1)
    lost.unlink()
    if way == "empty":
        lost.touch()
    if road == "replay":
        (data / snapshot.FILE).unlink()
    for read_only in (True, False):
        with pytest.raises(StoreDamaged, match="desk restore"):
            await open_store(data, MASTER, read_only=read_only)


# --- crashes and damage -----------------------------------------------------------------------


async def test_killed_between_archive_and_snapshot_nothing_is_lost(
    data: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_old_case(store)
    await store.commit(putting(act="note"))
    state = await everything(store)
    monkeypatch.setattr(snapshot, "write", lambda *_: shutil.copytree(data, data / ".." / "killed"))
    await store._write_snapshot()
    monkeypatch.undo()
    killed = data.with_name("killed")
    assert (killed / "archive" / "2026-11.log").stat().st_size
    assert not (killed / snapshot.FILE).exists()
    again = await open_store(killed, MASTER)
    assert await everything(again) == state
    await again._write_snapshot()
    assert in_view(again) == []
    assert await everything(again) == state
    await again.close()


@pytest.mark.parametrize("how", ["gone", "short"])
async def test_a_month_that_is_lost_is_made_anew_from_the_journal(
    data: Path, store: EmbeddedStore, how: str
) -> None:
    await an_old_case(store)
    await archived(store)
    state = await everything(store)
    await store.close()
    month = data / "archive" / "2026-11.log"
    content = month.read_bytes()
    month.unlink()
    if how == "short":
        month.write_bytes(content[:-1])
    reader = await open_store(data, MASTER, read_only=True)
    assert await everything(reader) == state
    await reader.close()
    again = await open_store(data, MASTER)
    assert await everything(again) == state
    await again.close()
    assert month.stat().st_size == len(content)


@pytest.mark.parametrize("at", [3, 30, 100, 700, -20])
async def test_a_changed_byte_is_told_with_the_way_out(
    data: Path, store: EmbeddedStore, at: int
) -> None:
    case = await an_old_case(store)
    await archived(store)
    month = data / "archive" / "2026-11.log"
    content = bytearray(month.read_bytes())
    start = content.index(b"case 1 ")
    content[at if at < 0 else start + at] ^= 1
    month.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"archive/2026-11\.log .* view\.snapshot"):
        await store.case(case.ref)


async def test_a_full_disk_leaves_all_in_the_view(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    await an_old_case(store)
    await store.commit(putting(act="note"))
    state = await everything(store)
    disk.room = 100
    with pytest.raises(StoreFull):
        await store._archivist().work()
    assert await everything(store) == state
    assert store._view.row(Case, "PR-2026-0001") is not None
    disk.room = None
    await store._write_snapshot()
    assert in_view(store) == []
    assert await everything(store) == state
    await store.close()


async def test_a_reader_goes_on_reading_a_month_that_is_deleted_meanwhile(
    data: Path, store: EmbeddedStore
) -> None:
    case = await an_old_case(store)
    await archived(store)
    reader = await open_store(data, MASTER, read_only=True)
    mail = await store.mail(case.mails[0])
    await store.commit(putting(changed(case, subject="new"), mail, act="note"))
    for message in await store.messages_of(case.ref):
        await store.commit(putting(message, act="note"))
    await store.commit(putting(await store.mark(f"allowance {case.ref}"), act="note"))
    await store._write_snapshot()
    assert files(data / "archive") == {}
    assert await reader.case(case.ref) == case
    assert len(await reader.messages_of(case.ref)) == 1
    await reader.close()


async def test_a_reader_that_comes_while_a_segment_is_emptied_looks_again(
    data: Path, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await three_segments(store, monkeypatch)
    await store._write_snapshot()
    scan = mails.scan
    loop = asyncio.get_running_loop()
    renewed: list[int] = []

    async def purge() -> None:
        await store.commit(putting(act="purge", shreds=(Shred(life="raw", key=ids[0]),)))
        await store._write_snapshot()

    def overtaken(*said: Any) -> Any:
        if not renewed:
            renewed.append(1)
            asyncio.run_coroutine_threadsafe(purge(), loop).result()
        return scan(*said)

    monkeypatch.setattr(mails, "scan", overtaken)
    reader = await open_store(data, MASTER, read_only=True)
    assert renewed
    assert (await reader.mail(ids[0])).sha256 == ""
    await reader.close()


async def test_many_days_with_many_snapshots_say_the_same_as_one_replay(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "AFTER", timedelta(seconds=-1))
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 7)
    for seed in range(3):
        store = await open_store(data, MASTER)
        with suppress(embedded.Conflict):  # at its end, over a mark that was made the day before
            await busy_day(store, seed, commits=40)
        state = await everything(store)
        assert await store.verify(lambda done, total: None) == ()
        await store.close()
    assert files(data / "archive")
    (data / snapshot.FILE).unlink()
    again = await open_store(data, MASTER)
    assert await everything(again) == state
    await again.close()


# --- what it costs ----------------------------------------------------------------------------


async def test_archiving_and_reading_it_all_never_keep_the_event_loop(
    store: EmbeddedStore,
) -> None:
    for start in range(0, 3000, 500):
        puts = [
            record
            for number in range(start, start + 500)
            for record in (
                closed(a_case(f"PR-2026-{number:04d}")),
                a_message(case=f"PR-2026-{number:04d}", status=OutboxStatus.SENT),
            )
        ]
        await store.commit(putting(*puts, at=LONG_AGO, case=None))
    await store.commit(putting(act="note"))

    async def work() -> None:
        await store._write_snapshot()
        assert len([case async for case in store.all_cases()]) == 3000
        assert len(await store.messages_with(OutboxStatus.SENT)) == 3000
        await store.tally(LONG_AGO)

    task, steps = asyncio.create_task(work()), []
    while not task.done():
        begun = time.thread_time()  # what this thread itself was busy with
        await asyncio.sleep(0)
        steps.append(time.thread_time() - begun)
    await task
    assert in_view(store) == []
    assert sorted(steps)[-5] < 0.01


async def test_an_archived_case_costs_some_hundred_bytes(store: EmbeddedStore) -> None:
    cases = [closed(a_case(f"PR-2026-{number:04d}")) for number in range(1000)]
    await store.commit(putting(*cases, at=LONG_AGO, case=None))
    await archived(store)
    written = [each for table in (store._view.archived.held().cases,) for each in table.written()]
    buckets = 2 * 2 * 8192
    assert sum(len(data) - buckets for _, _, data in written) < 100 * 1000


# --- names as numbers -------------------------------------------------------------------------


def test_references_sort_as_their_numbers_do() -> None:
    refs = [f"PR-{year}-{n}" for year in ("0000", "2025", "2026") for n in ("0000", "0001", "1")]
    refs += [f"PR-2026-{n:04d}" for n in (9, 10, 999, 1000, 9999, 10000, 123456, 999999999999)]
    assert [unpacked(packed(ref)) for ref in refs] == refs
    assert sorted(refs, key=packed) == sorted(refs)
    assert {
        packed(ref) for ref in ("", "desk", "PR-26-1", "PR-2026-1234567890123", "PR-２０２６-1")
    } == {0}


def test_ids_of_mails_are_two_numbers() -> None:
    mail_id = "0193a1b2c3d4e5f60789"
    assert mail_id_of(*id_of(mail_id)) == mail_id
    assert id_of("x") == id_of("") == (0, 0)
