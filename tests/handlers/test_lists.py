"""Lists to sort: what each choice does to an imported mail, and what staff say of ignored ones."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import ignoring
from handlers.commits import LISTS
from handlers.ignoring import CONFIRMED, REQUESTED, RIGHT, WRONG
from handlers.lists import WEEKLY, Choice, Sorting
from handlers.opening import IMPORTED
from storage.errors import Refused
from storage.records import (
    Card,
    Case,
    Circle,
    Commit,
    InboundMail,
    Letter,
    ListToSort,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Outcome,
    Posted,
)
from tests.handlers.desks import ANA, COUNSEL, DAY, GUARD, MAY, NOW, Bench, parsed, reading

MINUTE = timedelta(minutes=1)
LONG_AGO = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)


async def imported(bench: Bench, *kinds: str, batch: str = "b1", **said: Any) -> Case:
    mail = await bench.mail(peer=IMPORTED, received_at=LONG_AGO, batch=batch)
    words = f"Please. {mail.id}"
    return await bench.desk.open(mail, parsed(text=words), reading(*kinds, **said), NOW)


async def messages(
    bench: Bench, status: OutboxStatus = OutboxStatus.PENDING
) -> list[OutboxMessage]:
    found = await bench.store.messages_with(status)
    return [message for message in found if isinstance(message.content, ListToSort)]


async def chosen(bench: Bench, choice: Choice, *cases: Case, **said: Any) -> Any:
    words: dict[str, Any] = {"by": ANA} | said
    sorting = Sorting(choices={case.ref: choice for case in cases}, **words)
    return await bench.desk.sort_imported(sorting, NOW)


# --- one message for one import


async def test_an_import_has_one_message_and_no_cards(bench: Bench):
    cases = [await imported(bench, "deletion") for _ in range(5)]
    other = await imported(bench, batch="b2")
    found = await messages(bench)
    assert [m.content.name for m in found] == ["import:b1", "import:b2"]
    assert {m.lane for m in found} == {LISTS}
    for case in (*cases, other):
        assert await bench.store.messages_of(case.ref) == ()
    assert await bench.desk.left(ListToSort(name="import:b1")) == 5
    assert len(await bench.desk.imported()) == 6


async def test_what_comes_while_it_is_on_its_way_is_told_by_the_next(bench: Bench):
    await imported(bench)
    claimed = await bench.store.claim(NOW + MINUTE, timedelta(minutes=5))
    assert claimed is not None
    await imported(bench)
    assert len(await messages(bench)) == 2
    await bench.desk.sent(claimed, NOW, posted=Posted(channel="C1", ts="1.2"))
    assert await bench.desk.list_posted("import:b1") == Posted(channel="C1", ts="1.2")
    await imported(bench)
    assert len(await messages(bench)) == 1


# --- the three choices


async def test_open_is_a_case_with_its_true_date_and_a_card(bench: Bench):
    case = await imported(bench, "deletion")
    done = await chosen(bench, Choice.OPEN, case)
    assert (done.done, done.late) == (1, 0)
    after = await bench.fresh(case)
    assert (after.received_at, after.at_rest, after.triage) == (LONG_AGO, False, True)
    assert after.remind_at is not None
    (card,) = await bench.outbox(case, Card)
    assert card.lane == LISTS  # an archive's cards do not hold up those of today
    assert await bench.outbox(case, Letter) == []
    assert await bench.store.suppression(after.requester_hash) is None
    assert await bench.desk.left(ListToSort(name="import:b1")) == 0
    await bench.click(after, "confirm", value="deletion")
    assert (await bench.fresh(case)).confirmed


async def test_already_answered_is_closed_with_outcome_and_note_and_no_letter(bench: Bench):
    case = await imported(bench, "access", "deletion")
    said = {"ending": Outcome.REFUSED, "note": "by post, April 2024"}
    assert (await chosen(bench, Choice.ANSWERED, case, **said)).done == 1
    after = await bench.fresh(case)
    assert after.closed
    assert [(r.kind, r.outcome, r.closed_by) for r in after.requests] == [
        ("access", Outcome.REFUSED, ANA.id),
        ("deletion", Outcome.REFUSED, ANA.id),
    ]
    assert (after.triage, after.remind_at) == (False, None)
    assert await bench.store.messages_of(case.ref) == ()  # no letter, no card
    entries = [entry async for entry in bench.store.history(case.ref)]
    assert (entries[-1].act, entries[-1].actor) == ("close", ANA.id)
    assert entries[-1].note == "answered before it was imported: by post, April 2024"


async def test_what_nobody_could_read_may_have_been_answered_too(bench: Bench):
    case = await imported(bench, "not_a_request", decision="triage")
    await chosen(bench, Choice.ANSWERED, case)
    after = await bench.fresh(case)
    assert [(r.kind, r.outcome) for r in after.requests] == [(None, Outcome.FULFILLED)]


async def test_ignore_closes_it_as_asking_nothing(bench: Bench):
    case = await imported(bench, "not_a_request", decision="ignore")
    await chosen(bench, Choice.IGNORE, case)
    after = await bench.fresh(case)
    assert [r.outcome for r in after.requests] == [Outcome.NOT_A_REQUEST]
    assert after.labels == ("not_a_request",)
    right = await bench.store.mark(RIGHT)
    assert right is not None
    assert right.count == 1


# --- the server's rules


async def test_what_others_sorted_before_is_told_and_left(bench: Bench):
    one, two = await imported(bench), await imported(bench)
    await chosen(bench, Choice.IGNORE, one)
    done = await chosen(bench, Choice.OPEN, one, two)
    assert (done.done, done.late) == (1, 1)
    assert (await bench.fresh(one)).closed


async def test_a_case_of_today_cannot_be_sorted_like_that(bench: Bench):
    case = await bench.case("access")
    assert (await chosen(bench, Choice.IGNORE, case)).late == 1
    assert await bench.fresh(case) == case
    unknown = Sorting(choices={"PR-1999-0001": Choice.IGNORE}, by=ANA)
    assert (await bench.desk.sort_imported(unknown, NOW)).late == 1


@pytest.mark.parametrize(("by", "refused"), [(ANA, True), (MAY, True), (COUNSEL, False)])
async def test_only_who_has_the_key_sorts_what_is_closed_to_others(bench: Bench, by, refused):
    case = await imported(bench, "legal_demand")
    assert case.circle is Circle.COUNSEL
    if refused:
        with pytest.raises(Refused):
            await chosen(bench, Choice.IGNORE, case, by=by)
        assert (await bench.fresh(case)).at_rest
    else:
        assert (await chosen(bench, Choice.IGNORE, case, by=by)).done == 1


async def test_an_ending_that_is_none_of_those_is_refused(bench: Bench):
    case = await imported(bench)
    with pytest.raises(Refused):
        await chosen(bench, Choice.ANSWERED, case, ending=Outcome.DUPLICATE)
    assert (await bench.fresh(case)).at_rest


async def test_two_who_sort_the_same_page_at_once_sort_each_once(bench: Bench):
    cases = [await imported(bench) for _ in range(6)]
    done = await asyncio.gather(
        chosen(bench, Choice.OPEN, *cases), chosen(bench, Choice.IGNORE, *cases)
    )
    assert sum(each.done for each in done) == 6
    assert sum(each.late for each in done) == 6


async def test_one_confirmed_on_its_own_leaves_the_list_and_gets_its_card(bench: Bench):
    case = await imported(bench, "deletion")
    claimed = await bench.store.claim(NOW + MINUTE, timedelta(minutes=5))
    assert claimed is not None
    await bench.desk.sent(claimed, NOW, posted=Posted(channel="C1", ts="1.2"))
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value="deletion")
    assert await bench.desk.left(ListToSort(name="import:b1")) == 0
    assert [m.content.name for m in await messages(bench)] == ["import:b1"]


async def test_lists_and_counts_outlive_the_cases_they_were_made_with(bench: Bench):
    case = await imported(bench, "not_a_request", decision="ignore")
    await chosen(bench, Choice.IGNORE, case)
    later = NOW + 100 * DAY
    await bench.desk.purge(later)
    assert (await bench.fresh(case)).requester == ""
    right = await bench.store.mark(RIGHT)
    assert right is not None
    assert right.count == 1
    (message,) = await messages(bench)
    assert message.content.name == "import:b1"


# --- what was ignored by machine


async def ignored(bench: Bench, reason: str = "list or bulk mail") -> InboundMail:
    mail = await bench.mail()
    await bench.desk.ignore(mail, parsed(), reason, NOW)
    return await found(bench, mail)


async def found(bench: Bench, mail: InboundMail) -> InboundMail:
    stored = await bench.store.mail(mail.id)
    assert stored is not None
    return stored


async def confirmed(bench: Bench, count: int) -> None:
    mark = Mark(id=RIGHT, at=NOW, count=count)
    await bench.store.commit(Commit(at=NOW, actor="U01ANA", act="test", puts=(mark,)))


@pytest.mark.parametrize(
    ("decision", "action", "value", "mark"),
    [
        ("ignore", "not_a_request", "", RIGHT),
        ("ignore", "confirm", "access", WRONG),
        ("triage", "not_a_request", "", None),
        ("triage", "confirm", "access", None),
    ],
)
async def test_each_sorted_one_that_the_machine_would_have_ignored_counts(
    bench: Bench, decision: Any, action: str, value: str, mark: str | None
):
    case = await bench.case("not_a_request", decision=decision)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), action, value=value)
    for name in (RIGHT, WRONG):
        counted = await bench.store.mark(name)
        assert (counted.count if counted else 0) == (name == mark)


async def test_a_kind_corrected_later_is_not_counted_twice(bench: Bench):
    case = await bench.case("not_a_request", decision="ignore")
    await bench.click(case, "claim")
    for kind in ("access", "deletion"):
        await bench.click(await bench.fresh(case), "confirm", value=kind)
    counted = await bench.store.mark(WRONG)
    assert counted is not None
    assert counted.count == 1


async def test_two_hundred_open_the_gate(bench: Bench):
    await confirmed(bench, 199)
    assert not await bench.desk.ignores_alone()
    case = await bench.case("not_a_request", decision="ignore")
    await bench.click(case, "not_a_request")
    assert await bench.desk.ignores_alone()


async def test_staff_judge_what_was_ignored(bench: Bench):
    right, wrong = await ignored(bench), await ignored(bench)
    choices = {right.id: Choice.RIGHT, wrong.id: Choice.REQUEST}
    done = await bench.desk.judge(Sorting(choices=choices, by=ANA), NOW)
    assert (done.done, [mail.id for mail in done.again]) == (2, [wrong.id])
    assert (await found(bench, right)).reason == f"{CONFIRMED}list or bulk mail"
    again = await found(bench, wrong)
    assert (again.status, again.reason) == (MailStatus.RECEIVED, REQUESTED)
    assert await bench.desk.ignored() == ()
    for name in (RIGHT, WRONG):
        mark = await bench.store.mark(name)
        assert mark is not None
        assert mark.count == 1
    late = await bench.desk.judge(Sorting(choices=choices, by=MAY), NOW)
    assert (late.done, late.late) == (0, 2)


async def test_only_staff_judge(bench: Bench):
    mail = await ignored(bench)
    with pytest.raises(Refused):
        await bench.desk.judge(Sorting(choices={mail.id: Choice.RIGHT}, by=GUARD), NOW)
    with pytest.raises(Refused):
        await bench.desk.saw_ignored(mail.id, GUARD, NOW)
    await bench.desk.saw_ignored(mail.id, ANA, NOW)
    entries = [entry async for entry in bench.store.history()]
    assert (entries[-1].act, entries[-1].actor) == ("show_message", ANA.id)


async def test_what_concerns_our_own_mail_is_put_to_nobody(bench: Bench):
    for reason in ("canary", "repeat of 0123"):
        await ignored(bench, reason)
    assert await bench.desk.ignored() == ()


async def test_a_weekly_list_of_twenty_once_the_machine_ignores_alone(bench: Bench):
    for _ in range(WEEKLY + 5):
        await ignored(bench)
    monday = NOW.date()
    assert await bench.desk.weekly(monday, NOW) == ()
    await confirmed(bench, 200)
    message, mark = await bench.desk.weekly(monday, NOW)
    assert isinstance(message, OutboxMessage)
    assert isinstance(message.content, ListToSort)
    assert message.content.name == "ignored:2026-W45"
    assert len(set(message.content.mails)) == WEEKLY
    await bench.store.commit(Commit(at=NOW, actor="desk", act="test", puts=(message, mark)))
    assert await bench.desk.left(message.content) == WEEKLY
    one = message.content.mails[0]
    said = Sorting(choices={one: Choice.RIGHT}, by=ANA, name=message.content.name)
    await bench.store.claim(NOW + MINUTE, DAY)  # the first is on its way
    await bench.desk.judge(said, NOW)
    again = (await messages(bench))[-1].content
    assert again.mails == message.content.mails
    assert await bench.desk.left(again) == WEEKLY - 1
    assert await bench.desk.weekly(monday + DAY, NOW) == ()  # once a week
    assert await bench.desk.weekly(monday + 7 * DAY, NOW) != ()


async def test_the_digest_brings_it_and_counts_what_is_to_sort(bench: Bench):
    await confirmed(bench, 200)
    await ignored(bench)
    await imported(bench)
    assert await bench.desk.digest(NOW)
    (weekly,) = [m for m in await messages(bench) if m.content.name.startswith("ignored:")]
    assert weekly.lane == LISTS
    found = await bench.store.messages_with(OutboxStatus.PENDING)
    (said,) = [m.content for m in found if m.lane == "slack:managers"]
    assert (said.imported, said.triage, said.overdue, said.open) == (1, 0, 0, 0)
    assert ignoring.RIGHT == "ignored:right"
