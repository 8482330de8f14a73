"""What every backend promises, through the Store protocol alone."""

import asyncio
import hashlib
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from storage.embedded import open_store
from storage.errors import Conflict, UnknownReference
from storage.postgres.store import open_postgres
from storage.records import (
    Case,
    Commit,
    InboundMail,
    ListToSort,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Shred,
    Suppression,
    Tally,
    new_id,
)
from storage.store import Store
from tests.storage.hurry import archive_at_once
from tests.storage.making import (
    HOUR,
    MASTER,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    mail_of,
    putting,
    stored,
)

Open = Callable[[], Awaitable[Store]]


@pytest.fixture(params=["embedded", "archiving", "postgres"])
async def reopen(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Open]:
    """Opens the same store again, as a new process would, after closing the one before.

    `archiving` = the embedded store in a hurry: all that may be archived is, after each commit.
    """
    if request.param == "archiving":
        archive_at_once(monkeypatch)
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    async with AsyncExitStack() as stack:

        async def reopen() -> Store:
            await stack.aclose()
            store: Store
            if url:
                store = await open_postgres(url, MASTER)
            else:
                store = await open_store(tmp_path / "data", MASTER)
            stack.push_async_callback(store.close)
            return store

        yield reopen


@pytest.fixture
async def store(reopen: Open) -> Store:
    return await reopen()


async def listed(found: AsyncIterator[object]) -> list[object]:
    return [each async for each in found]


# --- commits --------------------------------------------------------------------------------


async def test_a_commit_is_read_back_whole(store: Store) -> None:
    case, message = a_case(subject="Grüße, \u2028 \U0001f600"), a_message(case="PR-2026-0001")
    mark, gone = (
        Mark(id="digest 2026-11-02", at=NOW),
        Suppression(hash="h", address="rosa@example.org", since=NOW, case=case.ref),
    )
    await store.commit(putting(case, message, mark, gone))
    assert await store.case(case.ref) == stored(case)
    assert await store.message(message.id) == stored(message)
    assert await store.mark(mark.id) == stored(mark)
    assert await store.suppression("h") == stored(gone)
    assert [each async for each in store.all_suppressions()] == [stored(gone)]


async def test_what_was_never_written_is_none(store: Store) -> None:
    assert await store.case("PR-2026-9999") is None
    assert await store.mail("0" * 20) is None
    assert await store.message("0" * 20) is None
    assert await store.mark("never") is None
    assert await store.suppression("never") is None
    assert await store.next_remind_at() is None
    assert await store.next_send_at() is None
    assert await store.claim(NOW, MINUTE) is None


async def test_sequence_numbers_rise(store: Store) -> None:
    numbers = [await store.commit(putting(act="note", case="PR-2026-0001")) for _ in range(3)]
    assert numbers == sorted(set(numbers))
    assert [entry.seq async for entry in store.history()] == numbers


async def test_commits_at_once_each_get_a_number(store: Store) -> None:
    cases = [a_case(f"PR-2026-{n:04d}") for n in range(1, 51)]
    numbers = await asyncio.gather(*(store.commit(putting(case)) for case in cases))
    assert len(set(numbers)) == 50
    assert [entry.seq async for entry in store.history()] == sorted(numbers)
    assert len(await store.cases()) == 50


async def test_an_old_revision_is_a_conflict_and_writes_nothing(store: Store) -> None:
    case, message = a_case(), a_message()
    await store.commit(putting(case))
    with pytest.raises(Conflict):
        await store.commit(putting(message, changed(case, subject="second")))
    assert await store.case(case.ref) == stored(case)
    assert await store.message(message.id) is None
    assert len(await listed(store.history())) == 1


@pytest.mark.parametrize("rev", [1, 2, 99])
async def test_a_revision_nobody_has_read_is_a_conflict(store: Store, rev: int) -> None:
    with pytest.raises(Conflict):
        await store.commit(putting(a_case(rev=rev)))


async def test_of_many_writers_at_once_one_wins_each_revision(store: Store) -> None:
    await store.commit(putting(a_case()))
    wins: list[str] = []

    async def write(name: str) -> None:
        while True:
            change, case = store.changed(), await store.case("PR-2026-0001")
            assert case is not None
            try:
                await store.commit(putting(changed(case, flags=(*case.flags, name))))
            except Conflict:
                await change
            else:
                change.close()
                wins.append(name)
                return

    await asyncio.gather(*(write(str(n)) for n in range(30)))
    last = await store.case("PR-2026-0001")
    assert last is not None
    assert last.rev == 31
    assert last.flags == tuple(wins)


async def test_the_same_revision_a_hundred_times_wins_once(store: Store) -> None:
    await store.commit(putting(a_case()))
    case = await store.case("PR-2026-0001")
    results = await asyncio.gather(
        *(store.commit(putting(changed(case, subject=str(n)))) for n in range(100)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 99


async def test_a_cancelled_writer_leaves_a_whole_commit_or_none(store: Store) -> None:
    task = asyncio.create_task(store.commit(putting(a_case(), a_message(case="PR-2026-0001"))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.commit(putting(act="note"))
    written = await store.case("PR-2026-0001")
    assert len(await store.messages_of("PR-2026-0001")) == (0 if written is None else 1)


# --- cases ----------------------------------------------------------------------------------


async def test_references_are_given_out_once(reopen: Open) -> None:
    store = await reopen()
    given = await asyncio.gather(*(store.next_reference(2026) for _ in range(3)))
    assert sorted(given) == ["PR-2026-0001", "PR-2026-0002", "PR-2026-0003"]
    assert await store.next_reference(2027) == "PR-2027-0001"
    await store.commit(putting(a_case("PR-2026-0002")))
    store = await reopen()
    assert await store.next_reference(2026) not in {"PR-2026-0001", "PR-2026-0002"}


async def test_open_cases_come_by_due_date(store: Store) -> None:
    late, soon = a_case(due_on=date(2026, 12, 9)), a_case("PR-2026-0002", due_on=date(2026, 12, 1))
    done = a_case("PR-2026-0003")
    for case in (late, soon, done):
        await store.commit(putting(case))
    await store.commit(putting(closed(stored(done)), act="close"))
    assert [case.ref for case in await store.cases()] == ["PR-2026-0002", "PR-2026-0001"]
    assert [case.ref for case in await store.cases(["PR-2026-0003", "PR-2026-0001"])] == [
        "PR-2026-0003",
        "PR-2026-0001",
    ]
    assert await store.cases(["PR-2026-0404"]) == ()


async def test_a_reopened_case_is_open_again(store: Store) -> None:
    case = a_case()
    await store.commit(putting(case))
    await store.commit(putting(closed(stored(case))))
    assert await store.cases() == ()
    await store.commit(putting(changed(case, rev=2)))
    assert [each.rev for each in await store.cases()] == [3]


async def test_all_cases_come_by_reference_closed_ones_too(store: Store) -> None:
    for number in (3, 1, 2):
        await store.commit(putting(a_case(f"PR-2026-{number:04d}")))
    await store.commit(putting(closed(stored(a_case("PR-2026-0002")))))
    assert [case.ref async for case in store.all_cases()] == [
        "PR-2026-0001",
        "PR-2026-0002",
        "PR-2026-0003",
    ]


async def test_cases_of_a_requester_newest_first(store: Store) -> None:
    for hours in (2, 1, 3):
        ref = f"PR-2026-{hours:04d}"
        await store.commit(putting(a_case(ref, received_at=NOW + hours * HOUR)))
    await store.commit(putting(a_case("PR-2026-0009", requester_hash="another")))
    found = await store.cases_of("hash of rosa")
    assert [case.ref for case in found] == ["PR-2026-0003", "PR-2026-0002", "PR-2026-0001"]
    assert await store.cases_of("nobody") == ()


async def test_a_corrected_requester_is_found_under_the_new_hash_alone(store: Store) -> None:
    case = a_case()
    await store.commit(putting(case))
    await store.commit(putting(changed(stored(case), requester_hash="corrected")))
    assert await store.cases_of("hash of rosa") == ()
    assert len(await store.cases_of("corrected")) == 1


async def test_a_case_is_found_by_each_message_of_its_conversation(store: Store) -> None:
    case = a_case(message_ids=("<1@example.org>",))
    await store.commit(putting(case))
    await store.commit(
        putting(changed(stored(case), message_ids=("<1@example.org>", "<2@example.org>")))
    )
    for message_id in ("<1@example.org>", "<2@example.org>"):
        found = await store.case_with_message(message_id)
        assert found is not None
        assert (found.ref, found.rev) == (case.ref, 2)
    assert await store.case_with_message("<3@example.org>") is None
    assert await store.case_with_message("") is None


async def test_of_two_cases_with_one_message_the_older_is_found(store: Store) -> None:
    await store.commit(putting(a_case("PR-2026-0002", message_ids=("<1@example.org>",))))
    await store.commit(putting(a_case("PR-2026-0001", message_ids=("<1@example.org>",))))
    found = await store.case_with_message("<1@example.org>")
    assert found is not None
    assert found.ref == "PR-2026-0001"


async def test_cases_to_remind_come_when_their_time_has_come(store: Store) -> None:
    for number, minutes in ((1, 30), (2, 10), (3, 20), (4, None)):
        at = None if minutes is None else NOW + minutes * MINUTE
        await store.commit(putting(a_case(f"PR-2026-{number:04d}", remind_at=at)))
    assert await store.next_remind_at() == NOW + 10 * MINUTE
    assert await store.cases_to_remind(NOW + 9 * MINUTE) == ()
    due = await store.cases_to_remind(NOW + 20 * MINUTE)
    assert [case.ref for case in due] == ["PR-2026-0002", "PR-2026-0003"]
    assert len(await store.cases_to_remind(NOW + HOUR, limit=1)) == 1

    await store.commit(putting(changed(due[0], remind_at=NOW + HOUR)))
    await store.commit(putting(changed(due[1], remind_at=None)))
    assert await store.next_remind_at() == NOW + 30 * MINUTE
    due = await store.cases_to_remind(NOW + HOUR)
    assert [case.ref for case in due] == ["PR-2026-0001", "PR-2026-0002"]


async def test_a_tally_counts_what_came_and_ended_after_a_moment(store: Store) -> None:
    """Closed again after it was reopened: once; unread: whenever it was."""
    early, late = NOW - HOUR, NOW + HOUR
    kept = await store.mails.append(an_arrival(received_at=late))
    old = await store.mails.append(an_arrival(b"old", received_at=early))
    ignored = [changed(mail, status=MailStatus.IGNORED) for mail in (kept, old)]
    await store.commit(
        putting(
            a_case("PR-2026-0001", received_at=late),
            a_case("PR-2026-0002", received_at=NOW),
            ended(a_case("PR-2026-0003", received_at=early), late),
            ended(a_case("PR-2026-0004", received_at=late), late, answered=True),
            ended(a_case("PR-2026-0005", received_at=early), early, answered=True),
            ended(a_case("PR-2026-0006", received_at=early), None),
            *ignored,
        )
    )
    await store.case("PR-2026-0001")
    assert await store.tally(NOW) == Tally(opened=2, closed=2, unread=2, ignored=1)
    assert await store.tally(late) == Tally(opened=0, closed=0, unread=2, ignored=0)
    ever = datetime.min.replace(tzinfo=UTC)
    assert await store.tally(ever) == Tally(opened=6, closed=3, unread=2, ignored=2)


def ended(case: Case, at: datetime | None, **said: object) -> Case:
    case = closed(case)
    requests = tuple(changed(each, closed_at=at) for each in case.requests)
    return changed(case, requests=requests, **said)


# --- mails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"no newline", b"\r\n.\r\n", bytes(range(256)) * 300, b"mail 1 forged\n" * 50],
)
async def test_a_mail_comes_back_as_received(reopen: Open, content: bytes) -> None:
    store = await reopen()
    arrival = an_arrival(content, rcpt_to=("a@example.com", "ü@example.com"), mail_from="")
    mail = await store.mails.append(arrival)
    assert mail_of(arrival, mail)
    assert mail.sha256 == hashlib.sha256(content).hexdigest()
    async for again in both(store, reopen):
        assert await again.mails.raw(mail.id) == content
        assert await again.mail(mail.id) == mail


async def test_an_unknown_mail_has_no_content(store: Store) -> None:
    with pytest.raises(UnknownReference):
        await store.mails.raw("0" * 20)


async def test_mails_wait_until_a_commit_says_otherwise(reopen: Open) -> None:
    store = await reopen()
    mails = [
        await store.mails.append(an_arrival(bytes([n]), received_at=NOW + n * MINUTE))
        for n in (3, 1, 2)
    ]
    third, first, second = mails
    assert await listed(store.mails.waiting()) == [first, second, third]
    assert await store.mails_with(MailStatus.RECEIVED) == (first, second, third)

    worked = changed(first, status=MailStatus.PROCESSED, case="PR-2026-0001", message_id="<1@x>")
    failed = changed(second, status=MailStatus.FAILED, reason="not understood")
    await store.commit(putting(a_case(), worked, failed))
    async for again in both(store, reopen):
        assert await listed(again.mails.waiting()) == [third]
        assert await again.mail(first.id) == stored(worked)
        assert await again.mails_with(MailStatus.FAILED) == (stored(failed),)
        assert [mail.id async for mail in again.all_mails()] == [first.id, second.id, third.id]


async def test_a_mail_put_back_waits_again(store: Store) -> None:
    mail = await store.mails.append(an_arrival())
    await store.commit(putting(changed(mail, status=MailStatus.FAILED)))
    await store.commit(putting(changed(mail, rev=1, status=MailStatus.RECEIVED), act="retry"))
    assert [each.id async for each in store.mails.waiting()] == [mail.id]


async def test_two_mails_of_one_moment_have_two_ids(store: Store) -> None:
    mails = await asyncio.gather(*(store.mails.append(an_arrival()) for _ in range(100)))
    assert len({mail.id for mail in mails}) == 100


@pytest.mark.parametrize("journalled", [False, True])
async def test_a_repeat_finds_the_first_of_its_like(reopen: Open, journalled: bool) -> None:
    store = await reopen()
    first = await store.mails.append(an_arrival())
    if journalled:
        await store.commit(putting(changed(first, status=MailStatus.PROCESSED)))
    second = await store.mails.append(an_arrival(received_at=NOW + HOUR))
    third = await store.mails.append(an_arrival(received_at=NOW + 2 * HOUR))
    async for again in both(store, reopen):
        found = await again.earlier_mail(third, timedelta(days=7))
        assert found is not None
        assert found.id == first.id
        assert await again.earlier_mail(first, timedelta(days=7)) is None
        assert await again.earlier_mail(third, HOUR) == second


async def test_of_two_alike_the_one_that_has_its_case_is_the_first(store: Store) -> None:
    """Several processes do not take mails in hand in the order in which these came."""
    before, after = [
        await store.mails.append(an_arrival(received_at=NOW + n * HOUR)) for n in range(2)
    ]
    assert await store.earlier_mail(before, HOUR) is None
    taken = changed(after, status=MailStatus.PROCESSED, case="PR-2026-0001")
    await store.commit(putting(a_case(), taken))
    assert await store.earlier_mail(before, HOUR) == stored(taken)
    assert await store.earlier_mail(before, HOUR / 2) is None
    ignored = changed(stored(taken), status=MailStatus.IGNORED, reason="repeat")
    await store.commit(putting(ignored))
    assert await store.earlier_mail(before, HOUR) is None


@pytest.mark.parametrize(
    "other",
    [
        {"content": b"other"},
        {"mail_from": "other@example.org"},
        {"rcpt_to": ("other@example.com",)},
        {"received_at": NOW - timedelta(days=7, seconds=1)},
    ],
)
async def test_another_mail_is_no_repeat(store: Store, other: dict[str, object]) -> None:
    await store.mails.append(an_arrival(**other))
    mail = await store.mails.append(an_arrival())
    assert await store.earlier_mail(mail, timedelta(days=7)) is None


# --- the outbox -----------------------------------------------------------------------------


async def claim(store: Store, minutes: float = 0) -> OutboxMessage | None:
    return await store.claim(NOW + minutes * MINUTE, 5 * MINUTE)


async def sent(store: Store, message: OutboxMessage) -> None:
    await store.commit(
        putting(
            changed(message, status=OutboxStatus.SENT, claimed_until=None, sent_at=NOW), act="sent"
        )
    )


async def test_a_claim_is_counted_and_leased(store: Store) -> None:
    message = a_message()
    await store.commit(putting(message))
    claimed = await claim(store)
    assert claimed == changed(message, rev=2, attempts=1, claimed_until=NOW + 5 * MINUTE)
    assert await store.message(message.id) == claimed
    assert [entry.act async for entry in store.history()][-1] == "attempt"


async def test_in_one_lane_the_oldest_goes_first_and_one_at_a_time(store: Store) -> None:
    messages = [a_message(id=new_id(NOW), send_after=NOW - n * MINUTE) for n in range(3)]
    await store.commit(putting(*messages))
    for message in messages:
        claimed = await claim(store)
        assert claimed is not None
        assert claimed.id == message.id
        assert await claim(store) is None
        await sent(store, claimed)
    assert await claim(store) is None
    assert await store.next_send_at() is None


async def test_lanes_do_not_wait_for_one_another(store: Store) -> None:
    for lane in ("slack:staff", "mail:PR-2026-0001", "slack:U01"):
        await store.commit(putting(a_message(lane)))
    claimed = await asyncio.gather(*(claim(store) for _ in range(4)))
    lanes = sorted(message.lane for message in claimed if message)
    assert lanes == ["mail:PR-2026-0001", "slack:U01", "slack:staff"]


async def test_a_first_send_after_in_the_future_holds_nothing_back(store: Store) -> None:
    later, now = a_message(send_after=NOW + MINUTE), a_message()
    await store.commit(putting(later, now))
    claimed = await claim(store)
    assert claimed is not None
    assert claimed.id == now.id
    await sent(store, claimed)
    assert await claim(store) is None
    assert await store.next_send_at() == NOW + MINUTE
    claimed = await claim(store, 1)
    assert claimed is not None
    assert claimed.id == later.id


async def test_a_retry_holds_back_its_lane(store: Store) -> None:
    first, second, elsewhere = a_message(), a_message(), a_message("slack:managers")
    await store.commit(putting(first, second))
    claimed = await claim(store)
    assert claimed is not None
    await store.commit(
        putting(changed(claimed, claimed_until=None, send_after=NOW + 10 * MINUTE), act="delay")
    )
    await store.commit(putting(elsewhere))
    other = await claim(store, 9)
    assert other is not None
    assert other.id == elsewhere.id
    assert await claim(store, 9) is None
    assert await store.next_send_at() == NOW + 10 * MINUTE
    again = await claim(store, 10)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)


async def test_a_claim_outlives_a_calendar_that_is_moved(store: Store) -> None:
    first, second = a_message(), a_message()
    await store.commit(putting(first, second))
    claimed = await claim(store)
    assert claimed is not None
    assert await store.next_send_at() is None
    assert await claim(store, 60 * 24 * 30) is None
    await sent(store, claimed)
    after = await claim(store)
    assert after is not None
    assert after.id == second.id


async def test_who_writes_an_outcome_late_loses(store: Store) -> None:
    await store.commit(putting(a_message()))
    late = await claim(store)
    assert late is not None
    await sent(store, late)
    with pytest.raises(Conflict):
        await sent(store, late)


async def test_a_dead_message_lets_the_lane_go_on(store: Store) -> None:
    first, second = a_message(), a_message()
    await store.commit(putting(first, second))
    claimed = await claim(store)
    dead = changed(claimed, status=OutboxStatus.DEAD, claimed_until=None, error="550")
    await store.commit(putting(dead, act="give_up"))
    assert await store.messages_with(OutboxStatus.DEAD) == (stored(dead),)
    following = await claim(store)
    assert following is not None
    assert following.id == second.id


async def test_drafts_wait_for_their_preview(store: Store) -> None:
    draft = a_message("mail:PR-2026-0001", status=OutboxStatus.DRAFT)
    await store.commit(putting(draft))
    assert await claim(store) is None
    await store.commit(
        putting(changed(stored(draft), status=OutboxStatus.PENDING, send_after=NOW + MINUTE))
    )
    assert await store.next_send_at() == NOW + MINUTE
    await store.commit(putting(changed(draft, rev=2, status=OutboxStatus.DRAFT), act="undo"))
    assert await store.next_send_at() is None
    assert await claim(store, 2) is None


async def test_many_claims_at_once_never_share_a_message(store: Store) -> None:
    await store.commit(putting(*(a_message(f"mail:PR-2026-{n:04d}") for n in range(40))))
    claimed = await asyncio.gather(*(claim(store) for _ in range(50)))
    ids = [message.id for message in claimed if message]
    assert len(ids) == len(set(ids)) == 40


async def test_of_a_claim_and_a_change_of_the_same_message_one_wins(store: Store) -> None:
    message = a_message()
    await store.commit(putting(message))
    undone = changed(stored(message), status=OutboxStatus.DRAFT)
    written, claimed = await asyncio.gather(
        store.commit(putting(undone, act="undo")), claim(store), return_exceptions=True
    )
    if claimed is None:
        assert isinstance(written, int)
        assert await store.message(message.id) == stored(undone)
    else:
        assert isinstance(written, Conflict)
        assert await store.message(message.id) == claimed


async def test_messages_of_a_case_come_oldest_first(store: Store) -> None:
    messages = [a_message(case="PR-2026-0001") for _ in range(3)]
    for message in messages:
        await store.commit(putting(message))
    await store.commit(putting(a_message(case="PR-2026-0002")))
    await store.commit(putting(changed(stored(messages[0]), status=OutboxStatus.SENT)))
    found = await store.messages_of("PR-2026-0001")
    assert [message.id for message in found] == [message.id for message in messages]
    pending = await store.messages_with(OutboxStatus.PENDING)
    assert [message.id for message in pending][:2] == [message.id for message in messages[1:]]
    assert await store.messages_of("PR-2026-0404") == ()


# --- history, wake-ups, restarts ------------------------------------------------------------


async def test_history_tells_who_did_what_in_order(reopen: Open) -> None:
    store = await reopen()
    happenings = (
        putting(a_case(), act="open"),
        putting(a_case("PR-2026-0002")),
        putting(act="digest"),
        putting(act="claim", actor="U02BEN", case="PR-2026-0001", note="a note"),
    )
    seqs = [await store.commit(happening) for happening in happenings]
    async for again in both(store, reopen):
        one = [(e.seq, e.actor, e.act, e.note) async for e in again.history("PR-2026-0001")]
        assert one == [(seqs[0], "desk", "open", ""), (seqs[3], "U02BEN", "claim", "a note")]
        assert [entry.seq async for entry in again.history()] == seqs
        assert await listed(again.history("PR-2026-0404")) == []


async def test_changed_returns_at_the_next_commit(store: Store) -> None:
    await store.commit(putting(act="before"))
    watching = asyncio.create_task(store.changed())
    done, _ = await asyncio.wait({watching}, timeout=0.02)
    assert not done
    await store.commit(putting(act="note"))
    await asyncio.wait_for(watching, 1)


async def test_a_commit_between_the_call_and_the_wait_is_not_missed(store: Store) -> None:
    change = store.changed()
    await store.commit(putting(act="note"))
    await asyncio.wait_for(change, 1)


async def test_a_watcher_that_gives_up_harms_no_other(store: Store) -> None:
    impatient, patient = (asyncio.create_task(store.changed()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    await store.commit(putting(act="note"))
    await asyncio.wait_for(patient, 1)


async def test_order_in_the_lanes_survives_a_restart(reopen: Open) -> None:
    store = await reopen()
    messages = [a_message(id=new_id(NOW + n * HOUR)) for n in (2, 0, 1)]
    for message in messages:
        await store.commit(putting(message))
    store = await reopen()
    for message in messages:
        claimed = await claim(store)
        assert claimed is not None
        assert claimed.id == message.id
        await sent(store, claimed)


async def test_a_restart_loses_and_invents_nothing(reopen: Open) -> None:
    store = await reopen()
    chance = random.Random(7)
    for number in range(30):
        case = a_case(f"PR-2026-{number:04d}", remind_at=NOW + number * HOUR)
        await store.commit(putting(case, a_message(case=case.ref)))
        if chance.random() < 0.5:
            await store.commit(putting(closed(stored(case))))
    before: list[Case] = [case async for case in store.all_cases()]
    pending = await store.messages_with(OutboxStatus.PENDING)
    store = await reopen()
    assert [case async for case in store.all_cases()] == before
    assert await store.cases() == tuple(
        sorted((c for c in before if not c.closed), key=lambda c: (c.due.due_on, c.ref))
    )
    assert await store.messages_with(OutboxStatus.PENDING) == pending
    assert await store.next_remind_at() == NOW


# --- shredding ------------------------------------------------------------------------------


async def purged(store: Store, *shreds: Shred, at: timedelta = HOUR) -> None:
    """The act of a purge, which puts nothing."""
    commit = Commit(at=NOW + at, actor="desk", act="purge", case=PURGED, shreds=shreds)
    await store.commit(commit)


async def both(store: Store, reopen: Open) -> AsyncIterator[Store]:
    """The store as it is, then as a new process finds it."""
    yield store
    yield await reopen()


PURGED = "PR-2026-0001"
CONTENT = Shred(life="content", key=PURGED)


async def a_conversation(store: Store) -> tuple[Case, InboundMail]:
    """A case with a mail, a letter and a mark of its own; another case beside it."""
    mail = await store.mails.append(an_arrival(b"Subject: mine\r\n\r\nmy data"))
    case = a_case(
        PURGED, subject="mine", message_ids=("<mine@example.org>",), mails=(mail.id,), remind_at=NOW
    )
    done = changed(mail, status=MailStatus.PROCESSED, case=PURGED, message_id="<mine@example.org>")
    letters = Mark(id="letters:hash of rosa:2026-11-02", at=NOW)
    await store.commit(putting(case, done, a_message(case=PURGED), letters, note="what rosa wants"))
    other = a_case("PR-2026-0002", requester_hash="hash of ben", requester="ben@example.org")
    await store.commit(putting(other, a_message(case=other.ref)))
    return case, mail


async def test_shredded_content_reads_as_blanks_and_is_found_by_nothing(
    store: Store, reopen: Open
) -> None:
    await a_conversation(store)
    await purged(store, CONTENT)
    async for again in both(store, reopen):
        case = await again.case(PURGED)
        assert case is not None
        assert (case.requester, case.subject, case.requester_hash, case.message_ids) == (
            "",
        ) * 3 + ((),)
        assert case.requests == a_case().requests
        assert case.received_at == NOW
        assert await again.cases_of("hash of rosa") == ()
        assert await again.cases_of("") == ()
        assert await again.case_with_message("<mine@example.org>") is None
        assert await again.messages_of(PURGED) == ()
        assert await again.mark("letters:hash of rosa:2026-11-02") is None
        assert [e.act async for e in again.history(PURGED)] == ["open", "purge"]
        assert {e.note async for e in again.history(PURGED)} == {""}
        assert len(await again.messages_of("PR-2026-0002")) == 1
        assert [c.ref for c in await again.cases_of("hash of ben")] == ["PR-2026-0002"]


async def test_a_list_and_a_lasting_mark_outlive_the_case_they_were_made_with(
    store: Store, reopen: Open
) -> None:
    _, mail = await a_conversation(store)
    listed = a_message(id="list", content=ListToSort(name="import:b1", mails=(mail.id,)))
    kept = Mark(id="ignored:right", at=NOW, lasting=True)
    await store.commit(putting(listed, kept, case=PURGED))
    await purged(store, CONTENT, Shred(life="skeleton", key=PURGED))
    async for again in both(store, reopen):
        message, mark = await again.message("list"), await again.mark("ignored:right")
        assert message is not None
        assert message.content == listed.content
        assert mark is not None
        assert await again.messages_of(PURGED) == ()


async def test_a_shredded_raw_mail_is_listed_and_cannot_be_read(store: Store, reopen: Open) -> None:
    _, mail = await a_conversation(store)
    await purged(store, Shred(life="raw", key=mail.id))
    async for again in both(store, reopen):
        left = await again.mail(mail.id)
        assert left is not None
        assert (left.status, left.case, left.size) == (MailStatus.PROCESSED, PURGED, mail.size)
        assert (left.mail_from, left.rcpt_to, left.peer, left.sha256) == ("", (), "", "")
        with pytest.raises(UnknownReference, match="destroyed"):
            await again.mails.raw(mail.id)
        same = an_arrival(b"Subject: mine\r\n\r\nmy data", received_at=NOW + HOUR)
        copy = await again.mails.append(same)
        assert (await again.earlier_mail(copy, timedelta(minutes=90))) != left
        assert [m.id async for m in again.all_mails()].count(mail.id) == 1


async def test_a_shredded_skeleton_is_no_case_any_more(store: Store, reopen: Open) -> None:
    await a_conversation(store)
    await purged(store, CONTENT, Shred(life="skeleton", key=PURGED))
    async for again in both(store, reopen):
        assert await again.case(PURGED) is None
        assert [c.ref async for c in again.all_cases()] == ["PR-2026-0002"]
        assert await again.next_remind_at() is None
        assert await again.next_reference(2026) > "PR-2026-0002"
        assert [e.act async for e in again.history(PURGED)] == ["open", "purge"]


async def test_a_purged_case_can_be_written_again_under_a_fresh_key(
    store: Store, reopen: Open
) -> None:
    await a_conversation(store)
    await purged(store, CONTENT)
    left = await store.case(PURGED)
    await store.commit(putting(changed(left, subject="new words")))
    again = await reopen()
    case = await again.case(PURGED)
    assert case is not None
    assert (case.subject, case.requester) == ("new words", "")


async def test_a_shred_again_does_no_harm(store: Store, reopen: Open) -> None:
    _, mail = await a_conversation(store)
    for _ in range(2):
        await purged(store, CONTENT, Shred(life="raw", key=mail.id))
        await purged(store, Shred(life="content", key="PR-2026-9999"))
    assert await store.verify(lambda *_: None) == ()
    assert await (await reopen()).verify(lambda *_: None) == ()


async def test_an_address_off_the_do_not_mail_list_is_gone_and_may_come_back(
    store: Store, reopen: Open
) -> None:
    listed = Suppression(hash="h", address="rosa@example.org", since=NOW, case=PURGED)
    kept = changed(listed, hash="k", address="ben@example.net")
    await store.commit(putting(listed, kept))
    await purged(store, Shred(life="suppression", key="h"))
    async for again in both(store, reopen):
        assert await again.suppression("h") is None
        assert [each.hash async for each in again.all_suppressions()] == ["k"]
    back = await reopen()
    await back.commit(putting(listed))
    found = await (await reopen()).suppression("h")
    assert found is not None
    assert found.address == "rosa@example.org"


# --- seals ----------------------------------------------------------------------------------


async def test_each_seal_holds_on_to_the_one_before(store: Store, reopen: Open) -> None:
    await store.commit(putting(a_case()))
    first = await store.seal(NOW)
    assert await store.mark("seal") == first
    same = await store.seal(NOW + HOUR)
    assert len({first.note, same.note}) == 2
    assert re.fullmatch("[0-9a-f]{64}", first.note)
    again = await reopen()
    await again.commit(putting(a_case("PR-2026-0002")))
    third = await again.seal(NOW + 2 * HOUR)
    assert third.count > same.count > first.count
    notes = [e.note async for e in again.history() if e.act == "seal"]
    assert notes == [f"{seal.count} {seal.note}" for seal in (first, same, third)]
    assert await again.verify(lambda *_: None) == ()
