"""What went wrong is put right: letters, kinds, endings, and a possible breach."""

from datetime import timedelta

import pytest

from handlers import approvals
from handlers.handler import Done, Faults, Review
from storage.errors import Refused
from storage.records import Alarm, Case, OutboxStatus, Outcome, Status
from tests.handlers.desks import ANA, BEN, COUNSEL, DAY, NOW, Bench, parsed

MINUTES = timedelta(minutes=11)


async def refused(bench: Bench) -> Case:
    """A request that a refusal has ended."""
    case = await bench.ready("correction")
    form = {"outcome": "refused", "reason": "accurate", "body": "We checked them: they are right."}
    review = await bench.click(case, "close", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + MINUTES)
    case = await bench.fresh(case)
    assert case.closed
    return case


async def correcting(bench: Bench, case: Case, now=NOW + DAY) -> Review:
    form = {"body": "Our last letter was wrong: we look at it again."}
    review = await bench.click(case, "correct_letter", form=form, now=now)
    assert isinstance(review, Review)
    return review


async def let_go(bench: Bench, review: Review) -> None:
    """Sent, and approved by a second person where that is needed."""
    case = await bench.fresh(review.case)
    await bench.click(case, "send", value=review.letter, now=NOW + DAY)
    if approvals.pending(case := await bench.fresh(case)):
        await bench.second(case, NOW + DAY)


# --- correct our last letter ----------------------------------------------------------------


async def test_a_correction_names_the_letter_that_it_replaces(bench: Bench):
    case = await refused(bench)
    form = await bench.form(case, "correct_letter")
    assert "Refusal" in form.intro
    assert "3 November 2026" in form.fields[0].initial


async def test_once_it_has_gone_what_that_letter_ended_is_open_again(bench: Bench):
    case = await refused(bench)
    review = await correcting(bench, case)
    await bench.click(await bench.fresh(case), "send", value=review.letter, now=NOW + DAY)
    assert (await bench.fresh(case)).closed, "nothing is undone before it has gone"
    await bench.deliver(case, NOW + DAY + MINUTES)
    after = await bench.fresh(case)
    assert after.requests[0].status is Status.OPEN
    assert "answer" not in after.requests[0].done
    assert after.due == case.due
    assert after.remind_at
    wrong = next(letter for letter in after.letters if letter.template == "refusal")
    assert wrong.replaced_by == review.letter


async def test_a_letter_is_corrected_once(bench: Bench):
    case = await refused(bench)
    review = await correcting(bench, case)
    await let_go(bench, review)
    await bench.deliver(case, NOW + DAY + MINUTES)
    case = await bench.fresh(case)
    _, found = await bench.desk.offers(case.ref)
    about = {o.value for o in found if o.action == "correct_letter"}
    assert not about & {m.id for m in await bench.outbox(case) if m.content.template == "refusal"}


async def test_correcting_a_question_starts_the_clock_that_stood_for_it(bench: Bench):
    case = await bench.case("correction", regimes=("eu_gdpr",))
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value="correction")
    form = {"template": "clarification", "body": "Which line?"}
    review = await bench.click(await bench.fresh(case), "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + MINUTES)
    assert (await bench.fresh(case)).requests[0].events
    review = await correcting(bench, await bench.fresh(case))
    await let_go(bench, review)
    await bench.deliver(case, NOW + DAY + MINUTES)
    assert (await bench.fresh(case)).requests[0].events == ()


async def test_what_may_show_data_is_not_corrected_before_identity_is_settled(bench: Bench):
    case = await bench.ready("question")
    form = {"template": "plain", "body": "You wrote to us in May."}
    review = await bench.click(case, "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + MINUTES)
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "question access"})
    said = {"body": "It was in June."}
    answer = await bench.click(await bench.fresh(case), "correct_letter", form=said)
    assert isinstance(answer, Faults)
    await bench.click(await bench.fresh(case), "verify", form={"how": "signed_in"})
    assert isinstance(
        await bench.click(await bench.fresh(case), "correct_letter", form=said), Review
    )


# --- a possible breach ----------------------------------------------------------------------


async def test_a_possible_breach_calls_the_managers_and_keeps_since_when(bench: Bench):
    case = await bench.case("complaint")
    form = {"since": "2026-11-03 08:30", "why": "A list of names went to the wrong person."}
    await bench.click(case, "breach", BEN, form=form)
    case = await bench.fresh(case)
    assert case.breach.aware_at == NOW - timedelta(minutes=90)
    (alarm,) = await bench.outbox(case, Alarm)
    assert "06 Nov 08:30°" in alarm.content.text, "72 hours"
    told = [m.content for m in await bench.store.messages_of(case.ref)]
    assert "list of names" not in repr(told)
    assert case.notes[-1].text == form["why"]


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-04 08:30", "2026-13-01 08:30"])
async def test_nobody_is_aware_of_it_before_it_happened(bench: Bench, since):
    case = await bench.case("complaint")
    assert isinstance(await bench.click(case, "breach", form={"since": since}), Faults)


@pytest.mark.parametrize("kind", ["access", "unsubscribe", "question"])
async def test_it_is_on_every_card_once(bench: Bench, kind):
    case = await bench.case(kind)
    form = {"since": "2026-11-03 08:30"}
    assert isinstance(await bench.click(case, "breach", form=form), Done)
    _, found = await bench.desk.offers(case.ref)
    assert "breach" not in {offer.action for offer in found}


# --- one click, and back --------------------------------------------------------------------


async def test_a_claim_can_be_undone_for_a_minute(bench: Bench):
    case = await bench.case("access")
    done = await bench.click(case, "claim")
    assert (done.back, done.until) == ("release", NOW + timedelta(minutes=1))
    await bench.click(done.case, done.back, value=done.undo)
    assert (await bench.fresh(case)).assignee is None


async def test_not_a_request_can_be_undone_for_a_minute(bench: Bench):
    case = await bench.case("access", decision="triage")
    done = await bench.click(case, "not_a_request")
    await bench.click(done.case, done.back, value=done.undo)
    assert not (await bench.fresh(case)).closed


# --- correct kind ---------------------------------------------------------------------------


async def test_a_corrected_kind_tells_what_was_sent_and_offers_to_correct_it(bench: Bench):
    case = await bench.ready("question")
    form = {"template": "progress", "body": "We are at it."}
    review = await bench.click(case, "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + MINUTES)
    case = await bench.fresh(case)
    assert "Letters already sent" in (await bench.form(case, "confirm")).intro
    done = await bench.click(case, "confirm", form={"kinds": "access"})
    assert "Correct our last letter" in done.said


async def test_a_kind_corrected_too_late_is_told_to_the_managers(bench: Bench):
    case = await bench.ready("access")
    late = NOW + 20 * DAY
    done = await bench.click(case, "confirm", form={"kinds": "unsubscribe"}, now=late)
    assert "overdue" in done.said
    assert "Its kind was corrected" in (await bench.outbox(case, Alarm))[-1].content.text


@pytest.mark.parametrize("kinds", ["access", "legal_demand access"])
async def test_a_kind_that_comes_later_never_takes_the_date_an_authority_set(bench: Bench, kinds):
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL, until="date")
    form = {"due_on": "2027-03-31"}
    await bench.click(case, "their_date", COUNSEL, request=1, form=form)
    await bench.click(await bench.fresh(case), "confirm", COUNSEL, form={"kinds": kinds})
    case = await bench.fresh(case)
    (access,) = (r for r in case.requests if r.kind == "access")
    assert access.due == (await bench.case("access")).due
    assert ("2027-03-31" in {f"{r.due.due_on}" for r in case.requests}) == ("legal" in kinds)


async def test_an_unsubscribe_that_was_none_leaves_a_list_entry_to_look_at(bench: Bench):
    case = await bench.case("unsubscribe")
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value="unsubscribe")
    done = await bench.click(await bench.fresh(case), "confirm", form={"kinds": "access"})
    assert "do-not-mail list" in done.said


# --- reopen ---------------------------------------------------------------------------------


async def test_reopen_asks_which_of_the_two_it_is(bench: Bench):
    case = await refused(bench)
    assert isinstance(await bench.click(case, "reopen", request=1), Faults)
    await bench.click(case, "reopen", request=1, form={"how": "unfinished"})
    after = await bench.fresh(case)
    assert (after.requests[0].status, after.due) == (Status.OPEN, case.due)


async def test_a_new_ask_gets_a_linked_case_with_the_clock_of_its_mail(bench: Bench):
    case, later = await refused(bench), NOW + 5 * DAY
    mail = await bench.mail(received_at=later)
    await bench.desk.follow_up(case.ref, mail, parsed(text="And now delete it."), later)
    await bench.click(await bench.fresh(case), "reopen", request=1, form={"how": "new"}, now=later)
    case = await bench.fresh(case)
    assert case.requests[0].outcome is Outcome.REFUSED
    new = await bench.store.case(case.linked[-1])
    assert (new.linked, new.follows) == ((case.ref,), case.ref)
    assert (new.received_at, new.mails, new.triage) == (later, (mail.id,), True)
    assert mail.id not in case.mails
    assert (await bench.store.mail(mail.id)).case == new.ref
    assert new.due.due_on > case.received_at.date()
    assert new.remind_at


async def test_without_a_new_mail_there_is_no_new_ask(bench: Bench):
    case = await refused(bench)
    with pytest.raises(Refused, match="unfinished"):
        await bench.click(case, "reopen", request=1, form={"how": "new"})
    assert [m for m in await bench.outbox(case) if m.status is OutboxStatus.DRAFT] == []
    assert (await bench.fresh(case)).assignee == ANA.id
