"""The Desk over a real store: mails, clicks, time and receipts, each one commit."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.handler import Click, Done, Faults, Review, Stale
from storage.errors import Refused, UnknownReference
from storage.records import (
    Card,
    Case,
    Circle,
    Digest,
    DirectMessage,
    Letter,
    MailStatus,
    OutboxStatus,
    Outcome,
    Posted,
    Status,
    ThreadLine,
)
from tests.handlers.desks import (
    ANA,
    BEN,
    COUNSEL,
    DAY,
    GUARD,
    MAY,
    NOW,
    ROSA,
    Bench,
    a_bench,
    parsed,
    reading,
)

MINUTE = timedelta(minutes=1)
BODY = {"template": "answer_deletion", "body": "Here is what you asked for."}
FIND = {"template": "answer_access", "body": "Here is what you asked for."}


# --- mail -----------------------------------------------------------------------------------


async def test_a_mail_becomes_a_case_with_its_card_in_one_commit(bench: Bench) -> None:
    case = await bench.case("access")
    mail = await bench.store.mail(case.mails[0])
    assert mail is not None
    assert (mail.status, mail.case) == (MailStatus.PROCESSED, case.ref)
    assert case.ref == "PR-2026-0001"
    assert case.requests[0].due.due_on == date(2026, 12, 1)
    assert case.remind_at is not None
    assert await bench.waiting_cards(case) == 1
    acts = [entry.act async for entry in bench.store.history(case.ref)]
    assert acts == ["open"]


async def test_the_same_mail_opens_one_case_however_often_it_is_handed_in(bench: Bench) -> None:
    mail = await bench.mail()
    one = await bench.desk.open(mail, parsed(), reading(), NOW)
    two = await bench.desk.open(mail, parsed(), reading(), NOW)
    assert one.ref == two.ref


async def test_an_unsorted_case_runs_under_the_clock_that_ends_first(bench: Bench) -> None:
    chances = {"access": 0.5, "unsubscribe": 0.4, "question": 0.1}
    case = await bench.case("access", decision="triage", confidence=chances)
    assert case.triage
    assert case.requests[0].kind is None
    assert case.due.due_on == date(2026, 11, 18)


async def test_delicate_kinds_open_in_closed_circles(bench: Bench) -> None:
    assert (await bench.case("child_data", "access")).circle is Circle.RESTRICTED
    assert (await bench.case("legal_demand")).circle is Circle.COUNSEL
    assert (await bench.case("complaint", flags=("staff",))).circle is Circle.MANAGERS


async def test_a_reply_to_address_is_never_used_silently(bench: Bench) -> None:
    mail = await bench.mail()
    found = parsed(reply_to="mallory@example.net")
    case = await bench.desk.open(mail, found, reading(), NOW)
    assert case.requester == ROSA
    assert "Reply-To names another address" in case.defects


async def test_a_follow_up_joins_its_case_and_wakes_it(bench: Bench) -> None:
    case = await bench.ready()
    answer = await bench.click(
        case, "reply", form={"template": "clarification", "body": "Which meeting was it?"}
    )
    assert isinstance(answer, Review)
    await bench.click(answer.case, "send", value=answer.letter)
    assert (await bench.fresh(case)).requests[0].status is Status.AWAITING_REQUESTER
    mail, found = await bench.mail(), parsed()
    await bench.desk.follow_up(case.ref, mail, found, NOW)
    after = await bench.desk.follow_up(case.ref, mail, found, NOW)
    assert after.answered
    assert after.mails == (case.mails[0], mail.id)
    assert found.message_id in after.message_ids
    assert after.requests[0].status is Status.OPEN
    texts = [m.content.text for m in await bench.outbox(case, ThreadLine)]
    assert texts.count("The requester answered: open it.") == 1
    seen = await bench.desk.saw_message(case.ref, ANA, NOW)
    assert not seen.answered


async def test_a_held_mail_waits_beside_its_case_until_a_person_sorts_it(bench: Bench) -> None:
    case = await bench.case("access")
    mail = await bench.mail(mail_from="mallory@example.net")
    found = parsed(header_from="mallory@example.net")
    own = await bench.desk.hold(case.ref, mail, found, reading(), NOW)
    assert own.held_for == case.ref
    assert own.triage
    assert await bench.outbox(own) == []
    assert (await bench.fresh(case)).held == (mail.id,)
    kept = await bench.store.mail(mail.id)
    assert kept is not None
    assert kept.status is MailStatus.HELD
    assert isinstance(await bench.click(own, "join", form={"how": ""}), Faults)
    await bench.click(own, "join", form={"how": "same telephone number"})
    notes = [entry.note async for entry in bench.store.history(own.ref) if entry.act == "join"]
    assert notes[0].endswith(": same telephone number")  # as the form promises
    after = await bench.fresh(case)
    assert after.held == ()
    assert mail.id in after.mails
    assert after.requester == ROSA
    kept = await bench.store.mail(mail.id)
    assert kept is not None
    assert (kept.status, kept.case) == (MailStatus.PROCESSED, case.ref)
    assert (await bench.fresh(own)).closed


async def test_a_held_mail_may_turn_out_to_be_a_case_of_its_own(bench: Bench) -> None:
    case = await bench.case("access")
    mail = await bench.mail(mail_from="otto@example.net")
    found = parsed(header_from="otto@example.net")
    own = await bench.desk.hold(case.ref, mail, found, reading(), NOW)
    await bench.click(own, "confirm", value="deletion")
    assert (await bench.fresh(case)).held == ()
    kept = await bench.store.mail(mail.id)
    assert kept is not None
    assert (kept.status, kept.case) == (MailStatus.PROCESSED, own.ref)


async def test_a_repeat_is_ignored_and_told_on_the_case(bench: Bench) -> None:
    case = await bench.case("access")
    first = await bench.store.mail(case.mails[0])
    assert first is not None
    mail = await bench.mail()
    await bench.desk.repeat(mail, first, NOW)
    kept = await bench.store.mail(mail.id)
    assert kept is not None
    assert (kept.status, kept.reason, kept.case) == (
        MailStatus.IGNORED,
        f"repeat of {first.id}",
        case.ref,
    )
    assert len(await bench.outbox(case, ThreadLine)) == 1


async def test_a_bounce_marks_our_letter_and_opens_nothing(bench: Bench) -> None:
    case = await bench.case("access")
    (ours,) = await bench.outbox(case)
    await bench.desk.sent(ours, NOW)
    mail = await bench.mail(mail_from="")
    await bench.desk.ignore(mail, parsed(), "bounce", NOW, bounced=ours.id)
    after = await bench.fresh(case)
    assert after.letters[0].bounced
    kept = await bench.store.mail(mail.id)
    assert kept is not None
    assert (kept.status, kept.case) == (MailStatus.IGNORED, case.ref)
    assert [found.ref async for found in bench.store.all_cases()] == [case.ref]


async def test_an_ignored_mail_stays_findable(bench: Bench) -> None:
    mail = await bench.mail()
    await bench.desk.ignore(mail, None, "newsletter", NOW)
    (found,) = await bench.store.mails_with(MailStatus.IGNORED)
    assert found.reason == "newsletter"


# --- clicks ---------------------------------------------------------------------------------


async def test_of_two_claims_at_once_one_wins_and_the_other_is_told(bench: Bench) -> None:
    case = await bench.case("access")
    answers = await asyncio.gather(bench.click(case, "claim", ANA), bench.click(case, "claim", BEN))
    won = [answer for answer in answers if isinstance(answer, Done)]
    lost = [answer for answer in answers if isinstance(answer, Stale)]
    assert (len(won), len(lost)) == (1, 1)
    owner = won[0].case.assignee
    assert lost[0].said == f"{case.ref} was taken by <@{owner}> before you. Nothing was changed."
    after = await bench.fresh(case)
    assert after.assignee == owner
    assert after.version == case.version + 1


async def test_many_clicks_at_once_leave_one_waiting_card(bench: Bench) -> None:
    case = await bench.case("access")
    await asyncio.gather(*(bench.click(case, "snooze", by) for by in (ANA, BEN, MAY)))
    await bench.click(case, "claim", ANA)
    assert await bench.waiting_cards(case) == 1


async def test_a_card_on_its_way_is_followed_by_a_newer_one(bench: Bench) -> None:
    case = await bench.case("access")
    taken = await bench.store.claim(NOW, MINUTE)
    while taken is not None and not isinstance(taken.content, Card):
        taken = await bench.store.claim(NOW, MINUTE)
    assert taken is not None
    await bench.click(case, "claim", ANA)
    cards = await bench.outbox(case, Card)
    assert len(cards) == 2
    await bench.desk.sent(taken, NOW, posted=Posted(channel="C01", ts="1.1"))
    assert (await bench.fresh(case)).card == Posted(channel="C01", ts="1.1")


async def test_a_stale_click_counts_where_nobody_disputes_it(bench: Bench) -> None:
    case = await bench.case("access")
    await bench.click(case, "claim", ANA)
    answer = await bench.click(case, "confirm", ANA, value="access")  # still version 1
    assert isinstance(answer, Done)
    late = await bench.click(case, "confirm", ANA, value="deletion")
    assert isinstance(late, Stale)
    assert (await bench.fresh(case)).requests[0].kind == "access"


async def test_others_leave_a_claimed_case_alone_but_a_manager_may_help(bench: Bench) -> None:
    case = await bench.ready("access", ANA)
    with pytest.raises(Refused, match=r"with <@U01ANA>.*Hand over"):
        await bench.click(case, "reply", BEN, form=FIND)
    assert isinstance(await bench.click(case, "reply", MAY, form=FIND), Review)
    assert isinstance(await bench.click(case, "show_message", BEN), Done)
    await bench.click(case, "assign", BEN, form={"person": "U02BEN"})
    assert (await bench.fresh(case)).assignee == "U02BEN"
    told = await bench.outbox(case, DirectMessage)
    assert [message.lane for message in told] == ["slack:U01ANA"]


async def test_the_clickers_right_is_checked_for_each_circle(bench: Bench) -> None:
    legal, child = await bench.case("legal_demand"), await bench.case("child_data")
    for person in (ANA, MAY, GUARD):
        with pytest.raises(Refused, match="Only members"):
            await bench.click(legal, "claim", person)
        with pytest.raises(Refused):
            await bench.desk.saw_message(legal.ref, person, NOW)
    assert isinstance(await bench.click(legal, "claim", COUNSEL), Done)
    assert isinstance(await bench.click(child, "claim", GUARD), Done)


async def test_correcting_the_kind_keeps_the_first_receipt(bench: Bench) -> None:
    case = await bench.case("question", now=NOW)
    later = NOW + 20 * DAY
    answer = await bench.click(case, "confirm", ANA, later, form={"kinds": "access deletion"})
    assert isinstance(answer, Done)
    assert "18 Dec 2026 (desk rule) → 01 Dec 2026 (desk rule)" in answer.said
    after = await bench.fresh(case)
    assert [(r.id, r.kind) for r in after.requests] == [
        (2, "access"),
        (3, "deletion"),
    ]  # never 1 again
    assert {r.due.due_on for r in after.requests} == {date(2026, 12, 1)}
    assert after.confirmed
    assert after.version == case.version + 1


async def test_a_child_found_out_later_moves_the_case_to_the_closed_circle(bench: Bench) -> None:
    case = await bench.case("access")
    await bench.click(case, "confirm", ANA, form={"kinds": "access child_data"})
    after = await bench.fresh(case)
    assert after.circle is Circle.RESTRICTED
    lanes = [message.lane for message in await bench.outbox(case, Card)]
    assert lanes[-1] == "slack:restricted"
    with pytest.raises(Refused):
        await bench.click(after, "claim", ANA)


async def test_the_confirm_form_shows_all_kinds_with_the_present_ones_chosen(bench: Bench) -> None:
    case = await bench.case("access", "deletion")
    click = Click(ref=case.ref, action="confirm", by=ANA, version=case.version)
    form = await bench.desk.form(click, NOW)
    (field,) = form.fields
    assert len(field.options) == 8
    assert field.initial == "access deletion"


async def test_a_confirm_form_with_nothing_ticked_stays_so(bench: Bench) -> None:
    case = await bench.case("complaint")
    assert (await bench.form(case, "confirm")).fields[0].initial == "complaint"
    assert (await bench.form(case, "confirm", form={"kinds": ""})).fields[0].initial == ""


async def test_what_a_person_says_of_a_mail_is_kept_to_learn_from(bench: Bench) -> None:
    case = await bench.case("access", decision="triage")
    await bench.click(case, "confirm", form={"kinds": "deletion complaint"})
    assert (await bench.fresh(case)).labels == ("deletion", "complaint")
    other = await bench.case("access")
    await bench.click(other, "not_a_request")
    assert (await bench.fresh(other)).labels == ("not_a_request",)
    await bench.click(await bench.fresh(other), "reopen", value="unfinished")
    assert (await bench.fresh(other)).labels == ()


async def test_of_two_mails_nobody_can_tell_which_asked_what(bench: Bench) -> None:
    case = await bench.case("access")
    await bench.desk.follow_up(case.ref, await bench.mail(), parsed(), NOW)
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "deletion"})
    assert (await bench.fresh(case)).labels == ()


async def test_not_a_request_closes_and_reopen_brings_the_old_date_back(bench: Bench) -> None:
    case = await bench.case("access", decision="triage")
    await bench.click(case, "not_a_request")
    closed = await bench.fresh(case)
    assert closed.closed
    assert closed.requests[0].outcome is Outcome.NOT_A_REQUEST
    assert closed.remind_at is None
    await bench.click(closed, "reopen", value="unfinished")
    again = await bench.fresh(case)
    assert again.triage
    assert again.due == case.due
    assert again.remind_at == case.remind_at


# --- letters --------------------------------------------------------------------------------


async def test_a_letter_is_previewed_sent_undone_sent_again_and_goes(bench: Bench) -> None:
    case = await bench.ready("deletion")
    review = await bench.click(case, "reply", form=BODY)
    assert isinstance(review, Review)
    assert (review.to, review.window) == (ROSA, 60)
    assert BODY["body"] in review.body
    done = await bench.click(review.case, "send", value=review.letter)
    assert isinstance(done, Done)
    assert (done.undo, done.until) == (review.letter, NOW + MINUTE)
    undone = await bench.click(done.case, "undo", value=done.undo, now=NOW + MINUTE / 2)
    assert isinstance(undone, Done)
    message = await bench.store.message(review.letter)
    assert message is not None
    assert message.status is OutboxStatus.DRAFT
    assert "answer" not in undone.case.requests[0].done
    click = Click(ref=case.ref, action="reply", by=ANA, version=undone.case.version)
    form = await bench.desk.form(click, NOW + MINUTE)
    assert {field.name: field.initial for field in form.fields}["body"] == BODY["body"]
    again = await bench.click(undone.case, "send", now=NOW + MINUTE, value=review.letter)
    assert isinstance(again, Done)
    await bench.deliver(case, NOW + 3 * MINUTE)
    after = await bench.fresh(case)
    assert after.letters[-1].status is OutboxStatus.SENT
    assert "answer" in after.requests[0].done
    assert f"<{review.letter}@example.com>" in after.message_ids
    late = await bench.click(after, "undo", now=NOW + 4 * MINUTE, value=review.letter)
    assert isinstance(late, Stale)
    assert "Too late" in late.said


async def test_a_letter_is_in_the_requesters_language_with_english_beside_it(bench: Bench) -> None:
    case = await bench.ready("deletion", language="de")
    click = Click(ref=case.ref, action="reply", by=ANA, version=case.version)
    form = await bench.desk.form(click, NOW)
    assert next(f for f in form.fields if f.name == "language").initial == "de"
    review = await bench.click(case, "reply", form=BODY)
    assert isinstance(review, Review)
    assert review.language == "de"
    assert review.subject.startswith("Ihr Lösch")
    assert "you asked us to delete data" in review.english
    assert review.warning == "German: not reviewed."
    state = review.case.letters[-1]
    assert (state.language, len(state.version)) == ("de", 12)


async def test_staff_may_choose_another_language(bench: Bench) -> None:
    case = await bench.ready("deletion", language="de")
    review = await bench.click(case, "reply", form=BODY | {"language": "en"})
    assert isinstance(review, Review)
    assert (review.language, review.english, review.warning) == ("en", "", "")


async def test_undo_is_refused_once_its_time_is_over(bench: Bench) -> None:
    case = await bench.ready("deletion")
    review = await bench.click(case, "reply", form=BODY)
    assert isinstance(review, Review)
    done = await bench.click(review.case, "send", value=review.letter)
    assert isinstance(done, Done)
    with pytest.raises(Refused, match="Too late"):
        await bench.click(done.case, "undo", value=done.undo, now=NOW + MINUTE)


async def test_before_identity_is_settled_the_server_takes_neutral_letters_only(
    bench: Bench,
) -> None:
    case = await bench.case("access")
    await bench.click(case, "claim")
    answer = await bench.click(await bench.fresh(case), "reply", form=BODY)
    assert isinstance(answer, Faults)
    assert "template" in answer.fields
    neutral = {"template": "identity", "body": "Please reply from the address you used."}
    assert isinstance(await bench.click(await bench.fresh(case), "reply", form=neutral), Review)


async def test_a_letter_with_a_gap_left_is_not_taken(bench: Bench) -> None:
    case = await bench.ready("deletion")
    form = {**BODY, "body": "We hold [[ what ]]."}
    assert isinstance(await bench.click(case, "reply", form=form), Faults)
    assert isinstance(await bench.click(case, "reply", form={**BODY, "body": ""}), Faults)


async def test_only_the_one_who_read_a_draft_lets_it_go(bench: Bench) -> None:
    case = await bench.ready("deletion")
    review = await bench.click(case, "reply", form=BODY)
    assert isinstance(review, Review)
    with pytest.raises(Refused, match="read it yourself"):
        await bench.click(review.case, "send", MAY, value=review.letter)


@pytest.mark.parametrize("length", [2990, 3000])
async def test_a_long_letter_fills_two_fields(bench: Bench, length: int) -> None:
    case = await bench.ready()
    form = {"template": "answer_access", "body": "a" * length, "body2": "b" * 100}
    review = await bench.click(case, "reply", form=form)
    assert isinstance(review, Review)
    assert f"{'a' * length}\n\n{'b' * 100}" in review.body
    click = Click(ref=case.ref, action="reply", by=ANA, version=review.case.version)
    shown = await bench.desk.form(click, NOW)
    words = {field.name: field.initial for field in shown.fields if field.type == "paragraph"}
    assert [len(text.strip()) for text in words.values()] == [length, 100]


async def test_it_closes_only_after_its_answer(bench: Bench) -> None:
    case = await bench.ready("deletion")
    early = await bench.click(case, "close", form={"outcome": "fulfilled"})
    assert isinstance(early, Faults)
    review = await bench.click(case, "reply", form=BODY)
    assert isinstance(review, Review)
    await bench.click(review.case, "send", value=review.letter)
    case = await bench.walk(case, until="close")
    done = await bench.click(case, "close", form={"outcome": "fulfilled"})
    assert isinstance(done, Done)
    after = await bench.fresh(case)
    assert after.closed
    assert (after.requests[0].outcome, after.requests[0].closed_by) == (
        Outcome.FULFILLED,
        ANA.id,
    )
    assert after.remind_at is None
    await bench.deliver(case, NOW + 2 * MINUTE)
    assert (await bench.fresh(case)).letters[-1].status is OutboxStatus.SENT


async def test_a_refusal_needs_a_reason_and_its_letter_ends_it(bench: Bench) -> None:
    case = await bench.ready()
    assert isinstance(await bench.click(case, "close", form={"outcome": "refused"}), Faults)
    form = {"outcome": "refused", "reason": "excessive", "body": "We do not act on it. Because."}
    review = await bench.click(case, "close", form=form)
    assert isinstance(review, Review)
    assert review.window == 600
    done = await bench.click(review.case, "send", value=review.letter)
    assert isinstance(done, Done)
    assert done.until == NOW + 10 * MINUTE
    assert not (await bench.fresh(case)).closed
    await bench.deliver(case, NOW + 11 * MINUTE)
    after = await bench.fresh(case)
    assert after.closed
    assert (after.requests[0].outcome, after.requests[0].reason) == (Outcome.REFUSED, "excessive")


async def test_a_refusal_that_tells_of_data_waits_for_identity(bench: Bench) -> None:
    case = await bench.case("deletion")
    await bench.click(case, "claim")
    form = {"outcome": "refused", "reason": "legal_obligation", "body": "We must keep it."}
    answer = await bench.click(await bench.fresh(case), "close", form=form)
    assert isinstance(answer, Faults)


async def test_an_unsubscribe_closes_once_the_marketing_has_stopped(bench: Bench) -> None:
    case = await bench.case("unsubscribe", decision="triage")
    await bench.click(case, "confirm", value="unsubscribe")
    assert await bench.store.suppression(case.requester_hash) is not None
    await bench.click(await bench.fresh(case), "claim")
    form = {"outcome": "fulfilled"}
    assert isinstance(await bench.click(await bench.fresh(case), "close", form=form), Faults)
    await bench.click(await bench.fresh(case), "unsubscribe")
    case = await bench.walk(await bench.fresh(case), until="close")
    assert isinstance(await bench.click(case, "close", form=form), Done)
    assert (await bench.fresh(case)).closed


async def test_a_question_may_close_without_an_answer_for_a_reason(bench: Bench) -> None:
    case = await bench.ready("question")
    form = {"outcome": "fulfilled"}
    assert isinstance(await bench.click(case, "close", form=form), Faults)
    done = await bench.click(case, "close", form=form | {"reason": "no_answer_needed"})
    assert isinstance(done, Done)


async def test_in_pilot_mode_nothing_is_sent(tmp_path: Path) -> None:
    async with a_bench(tmp_path, pilot=True) as bench:
        case = await bench.ready("deletion")
        review = await bench.click(case, "reply", form=BODY)
        assert isinstance(review, Review)
        with pytest.raises(Refused, match="DESK_PILOT"):
            await bench.click(review.case, "send", value=review.letter)


async def test_a_letter_given_up_is_seen_and_can_be_tried_again(bench: Bench) -> None:
    case = await bench.ready("deletion")
    review = await bench.click(case, "reply", form=BODY)
    assert isinstance(review, Review)
    await bench.click(review.case, "send", value=review.letter)
    message = await bench.store.message(review.letter)
    assert message is not None
    await bench.desk.delay(message, "451 later", 5 * MINUTE, NOW)
    delayed = await bench.store.message(review.letter)
    assert delayed is not None
    assert (delayed.send_after, delayed.error) == (NOW + 5 * MINUTE, "451 later")
    await bench.desk.give_up(delayed, "550 no such user", NOW)
    after = await bench.fresh(case)
    assert after.letters[-1].status is OutboxStatus.DEAD
    assert "answer" not in after.requests[0].done
    await bench.desk.retry(review.letter, "U01ANA", NOW)
    again = await bench.store.message(review.letter)
    assert again is not None
    assert again.status is OutboxStatus.PENDING
    with pytest.raises(Refused):
        await bench.desk.retry(review.letter, "U01ANA", NOW)
    with pytest.raises(UnknownReference):
        await bench.desk.retry("nothing", "U01ANA", NOW)


# --- time -----------------------------------------------------------------------------------


async def test_a_reminder_goes_to_the_thread_and_the_assignee_once(bench: Bench) -> None:
    case = await bench.case("access")
    await bench.click(case, "claim")
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert await bench.desk.remind(now - MINUTE) == 0
    assert await bench.desk.remind(now) == 1
    assert await bench.desk.remind(now) == 0
    (line,) = await bench.outbox(case, ThreadLine)
    assert isinstance(line.content, ThreadLine)
    assert line.content.mention == ("U01ANA",)
    assert "Due in 11 days" in line.content.text
    assert "desk rule" in line.content.text
    (told,) = await bench.outbox(case, DirectMessage)
    assert told.lane == "slack:U01ANA"
    assert (await bench.fresh(case)).version == 2


async def test_without_an_assignee_there_is_the_thread_alone(bench: Bench) -> None:
    case = await bench.case("access")
    assert await bench.desk.remind(datetime(2026, 12, 2, 9, tzinfo=UTC)) == 1
    (line,) = await bench.outbox(case, ThreadLine)
    assert isinstance(line.content, ThreadLine)
    assert "Overdue by 1 day" in line.content.text
    assert await bench.outbox(case, DirectMessage) == []


async def test_a_snooze_that_would_reach_the_date_is_refused(bench: Bench) -> None:
    case = await bench.case("access")
    later = datetime(2026, 11, 23, 10, tzinfo=UTC)
    done = await bench.click(case, "snooze", ANA, later)
    assert isinstance(done, Done)
    assert done.case.version == case.version
    assert done.case.remind_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    with pytest.raises(Refused, match="too soon"):
        await bench.click(case, "snooze", ANA, datetime(2026, 11, 30, 10, tzinfo=UTC))


async def digests(bench: Bench) -> list[Digest]:
    found = await bench.store.messages_with(OutboxStatus.PENDING)
    return [m.content for m in found if isinstance(m.content, Digest)]


async def test_the_digest_goes_once_a_working_day_at_its_hour(bench: Bench) -> None:
    first = await bench.case("access")
    await bench.case("unsubscribe")
    await bench.case("legal_demand")
    await bench.click(first, "claim")
    day = datetime(2026, 11, 13, 9, tzinfo=UTC)  # Friday
    assert not await bench.desk.digest(day - MINUTE)
    assert await bench.desk.digest(day)
    assert not await bench.desk.digest(day + MINUTE)
    (found,) = await digests(bench)
    assert (found.open, found.opened, found.not_taken, found.overdue) == (3, 3, 2, 1)
    assert found.due_soon == 1
    assert [line.title for line in found.urgent] == ["Restricted case", "Unsubscribe"]
    assert not await bench.desk.digest(day + DAY)
    assert await bench.desk.digest(day + 3 * DAY)
    assert [digest.opened for digest in await digests(bench)] == [3, 0]


async def test_two_digests_at_once_are_one(bench: Bench) -> None:
    day = datetime(2026, 11, 13, 9, tzinfo=UTC)
    went = await asyncio.gather(*(bench.desk.digest(day) for _ in range(3)))
    assert sorted(went) == [False, False, True]


async def test_days_jumped_over_make_one_digest_at_once(bench: Bench) -> None:
    day = datetime(2026, 11, 13, 9, tzinfo=UTC)  # Friday
    assert await bench.desk.digest(day)
    assert not await bench.desk.digest(day + 2 * DAY)
    early = day + 12 * DAY - timedelta(hours=4)  # Wednesday, five in the morning
    assert await bench.desk.digest(early)
    assert not await bench.desk.digest(early + MINUTE)
    assert await bench.desk.digest(day + 12 * DAY)
    assert len(await digests(bench)) == 3


async def test_the_first_start_has_missed_no_digest(bench: Bench) -> None:
    early = datetime(2026, 11, 12, 5, tzinfo=UTC)
    assert not await bench.desk.digest(early)
    assert not await bench.desk.digest(early + MINUTE)
    assert await bench.desk.digest(early + timedelta(days=1))  # the hour came in between


async def test_the_next_digest_skips_what_is_free(bench: Bench) -> None:
    friday = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)
    # 25 is Christmas, 26 and 27 a weekend, 28 the bank holiday in lieu
    assert bench.desk.next_digest_at(friday) == datetime(2026, 12, 29, 9, tzinfo=UTC)
    assert bench.desk.next_digest_at(friday - timedelta(hours=1)) == datetime(
        2026, 12, 24, 9, tzinfo=UTC
    )


# --- what Slack may read --------------------------------------------------------------------


async def test_nothing_of_the_requester_is_in_what_goes_to_slack(bench: Bench) -> None:
    case = await bench.ready()
    await bench.desk.follow_up(case.ref, await bench.mail(), parsed(), NOW)
    await bench.desk.remind(datetime(2026, 12, 2, 9, tzinfo=UTC))
    said = repr(
        [
            message.content
            for message in await bench.store.messages_of(case.ref)
            if not isinstance(message.content, Letter)
        ]
    )
    assert "Rosa" not in said
    assert "rosa" not in said
    assert "My data" not in said


async def test_an_unknown_case_is_said_to_be_unknown(bench: Bench) -> None:
    with pytest.raises(UnknownReference, match="PR-2026-9999"):
        await bench.desk.offers("PR-2026-9999")


async def test_every_act_is_in_the_journal_with_who_did_it(bench: Bench) -> None:
    case: Case = await bench.ready()
    found = [(e.act, e.actor) async for e in bench.store.history(case.ref)]
    assert found[:5] == [
        ("open", "desk"),
        ("claim", "U01ANA"),
        ("confirm", "U01ANA"),
        ("whose", "U01ANA"),
        ("preserve", "U01ANA"),
    ]
    assert found[-1] == ("checklist", "U01ANA")


# --- a mail nobody could work on ------------------------------------------------------------


async def test_a_mail_that_failed_waits_for_a_person_and_one_that_has_its_case_keeps_it(
    bench: Bench,
) -> None:
    lost = await bench.mail()
    await bench.desk.fail(lost, "ValueError", NOW)
    (failed,) = await bench.store.mails_with(MailStatus.FAILED)
    assert (failed.id, failed.reason) == (lost.id, "ValueError")
    done = await bench.mail()
    case = await bench.desk.open(done, parsed(), reading(), NOW)
    await bench.desk.fail(done, "ValueError", NOW)
    kept = await bench.store.mail(done.id)
    assert kept is not None
    assert (kept.status, kept.case) == (MailStatus.PROCESSED, case.ref)


async def test_a_kind_that_was_unticked_stays_so_when_the_form_is_drawn_anew(bench: Bench) -> None:
    case = await bench.case("access", "complaint")
    first = await bench.form(case, "confirm")
    assert first.fields[0].initial == "access complaint"
    for left in ("complaint", ""):
        again = await bench.form(case, "confirm", form={"kinds": left})
        assert again.fields[0].initial == left
