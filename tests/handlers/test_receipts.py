"""What becomes of letters and cards on their way while the case goes on."""

from datetime import timedelta

import pytest

from handlers.deadlines import reminders
from handlers.policy import Policy
from storage.errors import Refused
from storage.records import (
    Card,
    Circle,
    OutboxMessage,
    OutboxStatus,
    Outcome,
    Posted,
    Status,
)
from tests.handlers.desks import ANA, DAY, GUARD, MAY, NOW, Bench, parsed

LEASE = timedelta(seconds=90)
MINUTES = timedelta(minutes=11)
REFUSED = {"outcome": "refused", "reason": "unfounded", "body": "We do not act on it."}


async def refused(bench: Bench, case, request: int = 1) -> OutboxMessage:
    """A refusal on its way, in its time to undo."""
    await bench.click(case, "close", request=request, form=REFUSED)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", value=draft.id)
    (going,) = [m for m in await bench.outbox(case) if m.id == draft.id]
    assert going.status is OutboxStatus.PENDING
    return going


async def two_kinds(bench: Bench):
    case = await bench.case("access", "deletion")
    await bench.click(case, "claim")
    return await bench.fresh(case)


async def test_a_letter_about_a_request_that_is_gone_is_sent_once_and_closes_nothing(bench: Bench):
    case = await two_kinds(bench)
    letter = await refused(bench, case, request=2)
    await bench.click(await bench.fresh(case), "confirm", value="access")
    await bench.desk.sent(letter, NOW + MINUTES, receipt="250 Ok")
    after = await bench.fresh(case)
    assert [(r.kind, r.status) for r in after.requests] == [("access", Status.OPEN)]
    (sent,) = [m for m in await bench.outbox(case) if m.id == letter.id]
    assert sent.status is OutboxStatus.SENT


async def test_a_letter_about_a_request_that_is_gone_may_come_back(bench: Bench):
    case = await two_kinds(bench)
    letter = await refused(bench, case, request=2)
    await bench.click(await bench.fresh(case), "confirm", value="access")
    await bench.desk.sent(letter, NOW + MINUTES, receipt="250 Ok")
    report = await bench.mail(mail_from="")
    await bench.desk.ignore(report, parsed(), "a delivery report", NOW + DAY, bounced=letter.id)
    after = await bench.fresh(case)
    assert any(state.id == letter.id and state.bounced for state in after.letters)


async def test_a_draft_about_a_request_that_is_gone_cannot_be_sent(bench: Bench):
    case = await two_kinds(bench)
    await bench.click(case, "close", request=2, form=REFUSED)
    (draft,) = [m for m in await bench.outbox(case) if m.status is OutboxStatus.DRAFT]
    await bench.click(await bench.fresh(case), "confirm", value="access")
    with pytest.raises(Refused, match="corrected"):
        await bench.click(await bench.fresh(case), "send", value=draft.id)


async def test_a_draft_that_became_unfit_to_send_before_identity_is_settled_stays(bench: Bench):
    case = await bench.case("complaint")
    await bench.click(case, "claim")
    answer = {"template": "plain", "body": "We have read your complaint."}
    await bench.click(await bench.fresh(case), "reply", request=1, form=answer)
    (draft,) = [m for m in await bench.outbox(case) if m.status is OutboxStatus.DRAFT]
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "complaint access"})
    with pytest.raises(Refused, match="identity"):
        await bench.click(await bench.fresh(case), "send", value=draft.id)


async def test_an_older_preview_cannot_send_what_was_written_since(bench: Bench):
    case = await bench.ready("access")
    form = {"template": "progress", "body": "We are at it."}
    first = await bench.click(case, "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "close", request=1, form=REFUSED)
    with pytest.raises(Refused, match="no such letter"):
        await bench.click(await bench.fresh(case), "send", value=first.letter)
    drafts = [m for m in await bench.outbox(case) if m.status is OutboxStatus.DRAFT]
    assert [bool(draft.content.body) for draft in drafts] == [False, True]


async def test_one_request_that_needs_proof_keeps_every_letter_of_the_case_neutral(bench: Bench):
    case = await bench.case("question", "access")
    await bench.click(case, "claim")
    form = {"template": "plain", "body": "Yes, we hold your data."}
    answer = await bench.click(await bench.fresh(case), "reply", request=1, form=form)
    assert "identity" in repr(answer)
    assert not [m for m in await bench.outbox(case) if m.content.template == "plain"]


async def test_a_refusal_that_comes_back_opens_its_request_again(bench: Bench):
    case = await bench.ready("access")
    letter = await refused(bench, case)
    await bench.desk.sent(letter, NOW + MINUTES, receipt="250 Ok")
    closed = await bench.fresh(case)
    assert closed.closed
    assert closed.remind_at is None
    report = await bench.mail(mail_from="")
    await bench.desk.ignore(report, parsed(), "a delivery report", NOW + DAY, bounced=letter.id)
    after = await bench.fresh(case)
    assert after.requests[0].status is Status.OPEN
    assert after.requests[0].outcome is None
    assert after.remind_at is not None
    assert after.version > closed.version


async def test_the_confirmation_of_an_unsubscribe_that_comes_back_opens_nothing(bench: Bench):
    case = await bench.case("unsubscribe")
    (letter,) = await bench.outbox(case)
    await bench.desk.sent(letter, NOW, receipt="250 Ok")
    case = await bench.walk(case, until="close")
    await bench.click(await bench.fresh(case), "close", request=1, form={"outcome": "fulfilled"})
    assert (await bench.fresh(case)).closed
    report = await bench.mail(mail_from="")
    await bench.desk.ignore(report, parsed(), "a delivery report", NOW + DAY, bounced=letter.id)
    assert (await bench.fresh(case)).closed


async def test_after_one_of_two_is_closed_by_a_letter_the_other_s_clock_reminds(bench: Bench):
    case = await bench.case("correction", "access")
    await bench.click(case, "claim")
    case = await bench.fresh(case)
    letter = await refused(bench, case, request=1)
    await bench.desk.sent(letter, NOW + MINUTES, receipt="250 Ok")
    after = await bench.fresh(case)
    assert [r.outcome for r in after.requests] == [Outcome.REFUSED, None]
    assert after.remind_at == reminders.next_remind_at(after, Policy(), NOW + MINUTES)


async def test_a_dead_acknowledgement_may_be_sent_by_hand(bench: Bench):
    case = await bench.case("access")
    (letter,) = await bench.outbox(case)
    await bench.desk.give_up(letter, "relay: 550 recipient refused", NOW)
    after = await bench.fresh(case)
    assert after.acknowledgement == "withheld: it could not be delivered"
    assert after.letters[0].status is OutboxStatus.DEAD


async def test_a_dead_answer_that_is_tried_again_counts_as_the_answer(bench: Bench):
    case = await bench.ready("correction")
    form = {"template": "answer_correction", "body": "It is changed."}
    await bench.click(case, "reply", request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", value=draft.id)
    await bench.desk.give_up((await bench.outbox(case))[-1], "relay: 550", NOW)
    assert "answer" not in (await bench.fresh(case)).requests[0].done
    await bench.desk.retry(draft.id, "U01ANA", NOW)
    assert "answer" in (await bench.fresh(case)).requests[0].done


# --- a card that moves ----------------------------------------------------------------------


async def cards(bench: Bench, case, status: OutboxStatus = OutboxStatus.PENDING):
    return [m for m in await bench.outbox(case, Card) if m.status is status]


async def in_hand(bench: Bench) -> OutboxMessage:
    """The card's message, claimed; letters are let through."""
    while (message := await bench.store.claim(NOW, LEASE)) is not None:
        if isinstance(message.content, Card):
            return message
        await bench.desk.sent(message, NOW)
    raise AssertionError("no card waits")


async def test_a_card_on_its_way_is_alone_while_its_case_moves_and_the_next_follows(bench: Bench):
    case = await bench.case("access")
    old = await in_hand(bench)
    await bench.click(case, "claim", MAY)
    await bench.click(await bench.fresh(case), "confirm", MAY, value="child_data")
    moved = await bench.fresh(case)
    assert moved.circle is Circle.RESTRICTED
    lanes = {message.lane for message in await cards(bench, case)}
    assert lanes == {"slack:staff:later"}, "two lanes would draw the card side by side"
    await bench.desk.sent(old, NOW, posted=Posted(channel="C01STAFF", ts="1.1"))
    assert (await bench.fresh(case)).card == Posted(channel="C01STAFF", ts="1.1")
    (follows,) = await cards(bench, case)
    assert follows.id > old.id
    assert follows.lane == "slack:restricted", "what was clicked waits behind no new card"


async def test_a_card_that_only_waits_moves_with_its_case(bench: Bench):
    case = await bench.case("access")
    await bench.click(case, "claim", MAY)
    await bench.click(await bench.fresh(case), "confirm", MAY, value="child_data")
    (waiting,) = await cards(bench, case)
    assert waiting.lane == "slack:restricted"


async def test_a_card_that_could_not_go_where_it_was_goes_where_its_case_went(bench: Bench):
    case = await bench.case("access")
    old = await in_hand(bench)
    await bench.click(case, "claim", MAY)
    await bench.click(await bench.fresh(case), "confirm", MAY, value="child_data")
    await bench.desk.delay(old, "Slack cannot be reached", LEASE, NOW)
    assert "slack:restricted:later" in {message.lane for message in await cards(bench, case)}


async def test_what_people_change_goes_before_what_the_desk_draws(bench: Bench):
    case = await bench.case("access")
    assert [m.lane for m in await cards(bench, case)] == ["slack:staff:later"]
    line = bench.desk.line(case, "News.", NOW)
    assert line.lane == "slack:staff:later", "behind the card it stands under"
    assert (await bench.desk.refreshed(case, NOW)).lane == "slack:staff:later"
    await bench.click(case, "claim", MAY)
    assert [m.lane for m in await cards(bench, case)] == ["slack:staff"]
    again = await bench.desk.refreshed(await bench.fresh(case), NOW)
    assert again.lane == "slack:staff", "a receipt puts no click back"
    await bench.desk.delay(again, "Slack cannot be reached", LEASE, NOW)
    assert [m.lane for m in await cards(bench, case)] == ["slack:staff"]


async def test_not_a_request_opens_no_closed_circle(bench: Bench):
    case = await bench.case("child_data", decision="triage")
    assert case.circle is Circle.RESTRICTED
    await bench.click(case, "not_a_request", GUARD)
    after = await bench.fresh(case)
    assert after.closed
    assert after.circle is Circle.RESTRICTED


async def test_a_case_leaves_the_hands_that_have_no_key_to_its_new_circle(bench: Bench):
    case = await bench.case("access")
    await bench.click(case, "claim", ANA)
    await bench.click(await bench.fresh(case), "confirm", ANA, value="child_data")
    after = await bench.fresh(case)
    assert after.circle is Circle.RESTRICTED
    assert after.assignee is None
