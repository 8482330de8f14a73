"""What people, letters and answers do to the clocks of a case, through the desk as it commits."""

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers import approvals
from handlers.handler import Click, Colleague, Done, Faults, Person, Review, Stale
from handlers.requests import letter_of
from storage.errors import Refused
from storage.records import (
    Alarm,
    Candidate,
    Case,
    Claim,
    DirectMessage,
    Letter,
    OutboxStatus,
    Status,
    ThreadLine,
)
from tests.handlers.desks import ANA, BEN, DAY, MAY, NOW, Bench, parsed, reading

UK = Candidate(regime="uk_gdpr", rank=1, sign="the law is named", place="GB")
EU = Candidate(regime="eu_gdpr", rank=1, sign="the law is named")
CALIFORNIA = Candidate(regime="ccpa", rank=2, sign="stated residence", place="US")
PROOF = {"template": "identity", "body": "Please reply from the address you used."}


async def taken(bench: Bench, kind: str, *laws: Candidate) -> Case:
    """Claimed and confirmed, under these laws; received on Tuesday 3 November 2026."""
    case = await bench.case(kind, laws=laws)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value=kind)
    return await bench.fresh(case)


async def write(
    bench: Bench, case: Case, form: dict[str, str], at: datetime, action="reply"
) -> str:
    """A letter of that form, sent and taken by the next mail server; its id."""
    answer = await bench.click(case, action, now=at, request=1, form=form)
    assert isinstance(answer, Review), answer
    await bench.click(await bench.fresh(case), "send", now=at, value=answer.letter)
    await bench.deliver(case, at + timedelta(minutes=11))
    return answer.letter


async def answer(bench: Bench, case: Case, at: datetime) -> Case:
    mail = await bench.mail(received_at=at)
    return await bench.desk.follow_up(case.ref, mail, parsed(), at)


async def bounce(bench: Bench, case: Case, letter: str, at: datetime) -> Case:
    mail = await bench.mail(received_at=at, mail_from="")
    await bench.desk.ignore(mail, parsed(), "a report about our letter", at, bounced=letter)
    return await bench.fresh(case)


# --- a new case -----------------------------------------------------------------------------


async def test_a_new_request_keeps_the_laws_that_may_apply_and_the_earliest_date(bench: Bench):
    case = await bench.case("access", laws=(CALIFORNIA, UK))
    (request,) = case.requests
    assert request.regimes == (CALIFORNIA, UK)
    assert (request.due.regime, request.due.due_on) == ("uk_gdpr", date(2026, 12, 3))


async def test_a_corrected_kind_keeps_the_laws(bench: Bench):
    case = await bench.case("access", laws=(UK,))
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "access complaint"})
    after = await bench.fresh(case)
    assert {request.regimes for request in after.requests} == {(UK,)}
    assert after.requests[1].due.rule.startswith("UK-164A/")


@pytest.mark.parametrize(("right", "stands"), [("GDPR 15", True), ("GDPR 20", False)])
async def test_no_question_stops_the_clock_of_portability_in_the_uk(bench: Bench, right, stands):
    case = await taken(bench, "access", UK)
    await bench.click(case, "what", request=1, form={"right": right})
    form = {"template": "clarification", "body": "Which of them do you mean?"}
    await write(bench, await bench.fresh(case), form, NOW + DAY)
    due = (await bench.fresh(case)).requests[0].due
    assert (due.stopped is not None) is stands
    if not stands:
        assert due.due_on == date(2026, 12, 3)


PORTABLE = Claim(kind="access", right="GDPR 20", start=0, end=6)


async def test_the_right_that_a_mail_claims_has_its_own_clock_at_once(bench: Bench):
    case = await bench.case("access", laws=(UK,), claims=(PORTABLE,))
    (request,) = case.requests
    assert request.right == "GDPR 20"
    await bench.click(case, "claim")
    form = {"template": "clarification", "body": "Which of them do you mean?"}
    await write(bench, await bench.fresh(case), form, NOW + DAY)
    assert (await bench.fresh(case)).requests[0].due.stopped is None


async def test_a_claimed_right_is_filled_in_and_a_person_may_choose_another(bench: Bench):
    case = await bench.case("access", laws=(UK,), claims=(PORTABLE,))
    await bench.click(case, "claim")
    form = await bench.form(await bench.fresh(case), "what", request=1)
    assert [f.initial for f in form.fields if f.name == "right"] == ["GDPR 20"]
    await bench.click(await bench.fresh(case), "what", request=1, form={"right": "GDPR 15"})
    assert (await bench.fresh(case)).requests[0].right == "GDPR 15"


async def test_a_claim_waits_for_the_kind_that_a_person_chooses(bench: Bench):
    case = await bench.case("question", laws=(UK,), claims=(PORTABLE,))
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "access"})
    (request,) = (await bench.fresh(case)).requests
    assert request.right == "GDPR 20"


async def test_a_corrected_kind_goes_on_waiting_for_who_they_are(bench: Bench):
    case = await taken(bench, "access", UK)
    await write(bench, case, PROOF, NOW + DAY)
    waiting = await bench.fresh(case)
    form = {"kinds": "deletion"}
    await bench.click(waiting, "confirm", now=NOW + 2 * DAY, form=form)
    (request,) = (await bench.fresh(case)).requests
    assert request.status is Status.AWAITING_REQUESTER
    assert request.due.stopped is not None
    after = await answer(bench, case, NOW + 13 * DAY)
    assert after.due.due_on == date(2026, 12, 16)


async def test_a_correction_says_whose_rule_each_date_is_and_how_late_it_makes_it(bench: Bench):
    case = await taken(bench, "question", UK)
    done = await bench.click(case, "confirm", now=NOW + 36 * DAY, form={"kinds": "access"})
    assert isinstance(done, Done)
    assert "Due 18 Dec 2026 (desk rule) → 03 Dec 2026 (UK GDPR)." in done.said
    assert "This makes it 6 days overdue." in done.said


async def test_a_correction_shows_the_date_before_it_is_made(bench: Bench):
    case = await taken(bench, "question", UK)
    later = NOW + 36 * DAY
    form = await bench.desk.form(click(case, "confirm", {"kinds": "access"}), later)
    assert form.intro.startswith("Due 18 Dec 2026 (desk rule) → 03 Dec 2026 (UK GDPR).")
    assert "This makes it 6 days overdue." in form.intro
    (field,) = form.fields
    assert field.refreshes
    assert field.initial == "access"
    form = await bench.desk.form(click(case, "confirm", {}), NOW)
    assert form.intro.startswith("Due 18 Dec 2026 (desk rule) now.")


async def test_a_reading_from_before_laws_had_signs_still_runs_their_clocks(bench: Bench):
    case = await bench.case("access", regimes=("uk_gdpr",))
    assert case.due.regime == "uk_gdpr"


# --- questions and answers ------------------------------------------------------------------


async def test_proof_asked_in_the_uk_starts_the_month_when_it_comes(bench: Bench):
    case = await taken(bench, "access", UK)
    await write(bench, case, PROOF, NOW + DAY)
    waiting = await bench.fresh(case)
    stopped = waiting.due.stopped
    assert stopped is not None
    assert (stopped.since, stopped.left) == (date(2026, 11, 4), None)
    assert waiting.requests[0].status is Status.AWAITING_REQUESTER
    assert waiting.due.aim_on == date(2026, 12, 3), "the desk counts on as if nothing was asked"
    after = await answer(bench, case, NOW + 13 * DAY)
    assert after.due.stopped is None
    assert after.due.due_on == date(2026, 12, 16)
    assert after.requests[0].status is Status.OPEN


async def test_no_clock_stands_before_the_letter_was_taken(bench: Bench):
    case = await taken(bench, "access", UK)
    asked = await bench.click(case, "reply", request=1, form=PROOF)
    await bench.click(await bench.fresh(case), "send", value=asked.letter)
    assert (await bench.fresh(case)).due.stopped is None


async def test_the_union_pauses_and_california_takes_no_notice(bench: Bench):
    paused = await taken(bench, "access", EU)
    await write(bench, paused, PROOF, NOW + DAY)
    stopped = (await bench.fresh(paused)).due.stopped
    assert stopped is not None
    assert stopped.left == 29
    running = await taken(bench, "access", CALIFORNIA)
    before = running.due
    await write(bench, running, PROOF, NOW + DAY)
    assert (await bench.fresh(running)).due == before


async def test_a_question_that_comes_back_undelivered_stops_nothing(bench: Bench):
    case = await taken(bench, "access", UK)
    letter = await write(bench, case, PROOF, NOW + DAY)
    after = await bounce(bench, case, letter, NOW + 2 * DAY)
    assert after.due == case.due
    assert len(await bench.outbox(case, Alarm)) == 1


async def test_identity_settled_without_a_mail_starts_the_clock_too(bench: Bench):
    case = await taken(bench, "access", UK)
    await write(bench, case, PROOF, NOW + DAY)
    await bench.click(
        await bench.fresh(case), "verify", now=NOW + 3 * DAY, form={"how": "call_back"}
    )
    after = await bench.fresh(case)
    assert (after.due.stopped, after.due.due_on) == (None, date(2026, 12, 7))  # 6th is a Sunday


async def test_once_identity_is_settled_no_answer_was_the_wrong_one(bench: Bench):
    case = await taken(bench, "access", UK)
    await write(bench, case, PROOF, NOW + DAY)
    await answer(bench, case, NOW + 6 * DAY)
    form = {"how": "call_back"}
    await bench.click(await bench.fresh(case), "verify", now=NOW + 7 * DAY, form=form)
    due = (await bench.fresh(case)).due
    said = {"request": 1, "form": {"why": "nothing"}}
    late = NOW + 20 * DAY
    told = await bench.click(await bench.fresh(case), "not_what_we_asked", now=late, **said)
    assert isinstance(told, Stale)
    assert (await bench.fresh(case)).due == due


async def test_not_what_we_asked_for_stops_it_again_from_its_own_day(bench: Bench):
    case = await taken(bench, "access", EU)
    await write(bench, case, PROOF, NOW + DAY)
    await answer(bench, case, NOW + 6 * DAY)
    back = await bench.fresh(case)
    refused = await bench.click(back, "not_what_we_asked", now=NOW + 8 * DAY, request=1, form={})
    assert isinstance(refused, Faults)
    form = {"why": "a code was asked for"}
    await bench.click(back, "not_what_we_asked", now=NOW + 8 * DAY, request=1, form=form)
    again = await bench.fresh(case)
    assert again.due.stopped is not None
    assert again.due.stopped.since == date(2026, 11, 11)
    assert again.notes[-1].text == "a code was asked for"
    assert again.requests[0].status is Status.AWAITING_REQUESTER
    after = await answer(bench, case, NOW + 10 * DAY)
    # 5 days out of the first pause, 2 out of the second: 3 December + 7
    assert after.due.due_on == date(2026, 12, 10)


async def test_asking_late_warns(bench: Bench):
    """Later than 5 working days after receipt."""
    case = await taken(bench, "access", UK)
    shown = [
        (
            await bench.desk.form(click(case, "reply", {"template": "identity"}), NOW + days * DAY)
        ).intro
        for days in (7, 8)
    ]
    assert "hard to defend" not in shown[0]
    assert "hard to defend" in shown[1]


def click(case: Case, action: str, form: dict[str, str], by: Person = ANA) -> Click:
    return Click(ref=case.ref, action=action, by=by, version=case.version, request=1, form=form)


# --- a clock for the receipt alone ----------------------------------------------------------


async def test_a_confirmed_complaint_in_the_uk_goes_on_to_its_outcome(bench: Bench):
    case = await taken(bench, "complaint", UK)
    assert case.due.rule.startswith("UK-164A/")
    assert not case.due.house
    await bench.deliver(case, NOW + timedelta(hours=1))
    after = await bench.fresh(case)
    assert after.acknowledgement == "sent"
    assert after.due.rule.startswith("UK-OUTCOME/")
    assert after.due.house, "the outcome has no number in the law"
    ours = next(each for each in after.letters if each.template == "acknowledgement")
    back = await bounce(bench, case, ours.id, NOW + DAY)
    assert back.due.rule.startswith("UK-164A/")


async def test_a_receipt_left_to_staff_says_the_desk_s_day_and_the_law_s(bench: Bench):
    other = await bench.mail(mail_from="relay@example.net")
    case = await bench.desk.open(other, parsed(), reading("access", laws=(CALIFORNIA,)), NOW)
    told = "by hand until 05 Nov 2026 (desk rule); law by 18 Nov 2026 (CCPA)"
    assert case.acknowledgement.endswith(told)
    await bench.click(case, "claim")
    assert await bench.desk.remind(datetime(2026, 11, 4, 10, tzinfo=UTC)) == 0, "somebody has it"
    assert (await bench.fresh(case)).remind_at == datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert await bench.desk.remind(datetime(2026, 11, 5, 9, tzinfo=UTC)) == 1
    (line,) = await bench.outbox(case, ThreadLine)
    assert isinstance(line.content, ThreadLine)
    assert f"not confirmed yet: {told}" in line.content.text


async def test_once_a_person_says_what_it_is_the_law_s_day_for_the_receipt_is_told_too(
    bench: Bench,
):
    """Nobody knew at first that a law wants it confirmed."""
    other = await bench.mail(mail_from="relay@example.net")
    unknown = reading("question", laws=(CALIFORNIA,), decision="triage")
    case = await bench.desk.open(other, parsed(), unknown, NOW)
    assert "law by" not in case.acknowledgement
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "access"})
    told = "by hand until 05 Nov 2026 (desk rule); law by 18 Nov 2026 (CCPA)"
    assert (await bench.fresh(case)).acknowledgement.endswith(told)


async def test_a_confirmed_request_keeps_its_date(bench: Bench):
    case = await taken(bench, "access", UK)
    await bench.deliver(case, NOW + timedelta(hours=1))
    assert (await bench.fresh(case)).due == case.due


# --- more time ------------------------------------------------------------------------------

MORE = {"reason": "complexity", "body": "It is complex: five systems hold data. By 3 February."}


async def test_an_extension_moves_the_date_when_its_notice_was_taken(bench: Bench):
    case = await taken(bench, "access", UK)
    review = await bench.click(case, "extend", request=1, form=MORE)
    assert isinstance(review, Review)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    assert (await bench.fresh(case)).due == case.due
    await bench.deliver(case, NOW + timedelta(minutes=2))
    after = await bench.fresh(case)
    assert (after.due.due_on, after.due.extended) == (date(2027, 2, 3), True)
    assert after.remind_at is not None
    assert after.remind_at.date() > case.due.due_on, "the reminders went with it"
    assert "extend" not in {offer.action for offer in (await bench.desk.offers(case.ref))[1]}


async def test_the_letter_names_the_new_date_and_leaves_the_reason_to_be_written(bench: Bench):
    case = await taken(bench, "access", UK)
    form = await bench.desk.form(click(case, "extend", {"reason": "number"}), NOW)
    assert "03 Dec 2026 (UK GDPR) → 03 Feb 2027 (UK GDPR)" in form.intro
    told = {field.name: field.initial for field in form.fields}
    assert "3 February 2027" in told["before"]
    assert "you sent us a number of requests" in told["before"]
    assert "[[" in told["body"]
    answer_ = await bench.click(case, "extend", request=1, form={"reason": "number"})
    assert isinstance(answer_, Faults), "what makes it so has to be written down"


async def test_more_time_needs_a_reason_of_the_law(bench: Bench):
    case = await taken(bench, "access", UK)
    answer_ = await bench.click(case, "extend", request=1, form={"reason": "busy", "body": "x"})
    assert isinstance(answer_, Faults)


async def test_a_notice_written_in_time_cannot_be_sent_after_the_date(bench: Bench):
    case = await taken(bench, "access", UK)
    review = await bench.click(case, "extend", request=1, form=MORE)
    assert isinstance(review, Review)
    late = NOW + 31 * DAY
    with pytest.raises(Refused, match="only Send late answer"):
        await bench.click(await bench.fresh(case), "send", now=late, value=review.letter)


@pytest.mark.parametrize("kind", ["unsubscribe", "complaint", "question"])
async def test_what_cannot_be_extended_is_not_offered_more_time(bench: Bench, kind: str):
    case = await taken(bench, kind, UK)
    assert "extend" not in {offer.action for offer in (await bench.desk.offers(case.ref))[1]}


async def test_an_extension_of_a_law_that_does_not_come_first_is_none(bench: Bench):
    case = await taken(bench, "unsubscribe", Candidate(regime="us_va"))
    assert case.due.regime == "can_spam"
    assert "extend" not in {offer.action for offer in (await bench.desk.offers(case.ref))[1]}


async def test_a_notice_taken_too_late_moves_nothing_and_rings(bench: Bench):
    case = await taken(bench, "access", UK)
    last = datetime(2026, 12, 3, 23, 59, 30, tzinfo=UTC)
    review = await bench.click(case, "extend", now=last, request=1, form=MORE)
    await bench.click(await bench.fresh(case), "send", now=last, value=review.letter)
    await bench.deliver(case, last + timedelta(minutes=2))
    assert (await bench.fresh(case)).due.due_on == case.due.due_on
    assert len(await bench.outbox(case, Alarm)) == 1


# --- where and since when -------------------------------------------------------------------


async def test_the_form_shows_the_date_of_a_place_before_it_is_chosen_for_good(bench: Bench):
    case = await taken(bench, "access", CALIFORNIA)
    form = await bench.desk.form(click(case, "place", {"home": "United Kingdom"}), NOW)
    assert "18 Dec 2026 (CCPA) → 03 Dec 2026 (UK GDPR)" in form.intro
    assert "second person" not in form.intro
    assert next(field for field in form.fields if field.name == "home").refreshes


async def test_an_earlier_date_counts_at_once(bench: Bench):
    case = await taken(bench, "access", CALIFORNIA)
    form = {"home": "Germany", "why": "their invoice"}
    assert isinstance(await bench.click(case, "place", form=form), Done)
    after = await bench.fresh(case)
    assert (after.due.regime, after.due.due_on) == ("eu_gdpr", date(2026, 12, 3))
    assert after.requests[0].regimes[0].place == "DE"
    assert after.notes[-1].text == "their invoice"


CALIFORNIAN = {"home": "USA, California", "why": "they say so"}
HERE = tuple(Colleague(person=person, present=True) for person in (ANA, BEN))


async def decide(bench: Bench, case: Case, by: Person, answer: str, why: str = "", **said):
    """The second person's word on what waits."""
    about = approvals.pending(case)[0].about
    form = {"answer": answer, "why": why}
    return await bench.click(case, "second_person", by, value=about, form=form, **said)


async def test_a_later_date_needs_a_reason_and_a_second_person(bench: Bench):
    case = await taken(bench, "access", UK, CALIFORNIA)
    bare = {"home": CALIFORNIAN["home"]}
    assert isinstance(await bench.click(case, "place", form=bare), Faults)
    await bench.click(case, "place", form=CALIFORNIAN, team=HERE)
    waits = await bench.fresh(case)
    assert waits.due == case.due
    assert [m.content.person for m in await bench.outbox(case, DirectMessage)] == [BEN.id]
    with pytest.raises(Refused, match="second person"):
        await decide(bench, waits, ANA, "yes")
    form = await bench.form(waits, "second_person", BEN, value=waits.approvals[0].about)
    shown = form.fields[0].label
    assert "Due 03 Dec 2026 (UK GDPR) → 18 Dec 2026 (CCPA)." in shown
    assert "they say so" in shown
    await decide(bench, waits, BEN, "yes")
    after = await bench.fresh(case)
    assert (after.due.regime, after.due.due_on) == ("ccpa", date(2026, 12, 18))
    assert after.approvals == (), "a yes to a date releases nothing else"


async def test_nobody_agrees_to_a_later_date_alone(bench: Bench):
    case = await taken(bench, "access", UK)
    await bench.click(case, "place", form=CALIFORNIAN)
    late, waits = NOW + 60 * DAY, await bench.fresh(case)
    answer_ = await decide(bench, waits, ANA, "alone", "Nobody is here.", now=late, team=())
    assert isinstance(answer_, Faults)
    assert (await bench.fresh(case)).due == case.due


async def test_the_managers_are_asked_about_a_later_date_too(bench: Bench):
    case = await taken(bench, "access", UK)
    await bench.click(case, "place", form=CALIFORNIAN)
    await bench.desk.remind(NOW + timedelta(hours=4))
    assert await bench.outbox(case, Alarm)


async def test_a_later_date_waits_on_where_its_request_was_corrected_away(bench: Bench):
    case = await taken(bench, "access", UK)
    await bench.click(case, "place", form=CALIFORNIAN)
    await bench.click(await bench.fresh(case), "confirm", form={"kinds": "deletion"})
    waits = await bench.fresh(case)
    for by in (ANA, BEN):
        await bench.form(waits, "second_person", by, value=waits.approvals[0].about)
    await decide(bench, waits, BEN, "yes")
    assert (await bench.fresh(case)).due.regime == "ccpa"


async def test_without_agreement_the_date_stays(bench: Bench):
    case = await taken(bench, "access", UK)
    await bench.click(case, "place", form=CALIFORNIAN)
    await decide(bench, await bench.fresh(case), MAY, "no", "They moved to Leeds.")
    after = await bench.fresh(case)
    assert (after.due, after.approvals) == (case.due, ())


async def test_an_earlier_date_takes_the_place_of_a_later_one_that_waits(bench: Bench):
    case = await taken(bench, "access", CALIFORNIA, UK)
    await bench.click(case, "place", form=CALIFORNIAN)
    form = {"home": "Germany", "why": "their invoice"}
    await bench.click(await bench.fresh(case), "place", form=form)
    after = await bench.fresh(case)
    assert (after.due.regime, after.approvals) == ("eu_gdpr", ())


async def test_a_later_date_that_waits_changes_nothing_in_what_the_requester_owes(bench: Bench):
    case = await taken(bench, "access", EU)
    await write(bench, case, PROOF, NOW + DAY)
    await bench.click(await bench.fresh(case), "place", form=CALIFORNIAN)
    assert (await bench.fresh(case)).requests[0].status is Status.AWAITING_REQUESTER


async def test_a_law_of_one_matter_stays_wherever_they_live(bench: Bench):
    shield = Candidate(regime="privacy_shield", rank=1)
    case = await taken(bench, "complaint", UK, shield)
    await bench.click(case, "place", form={"home": "France", "why": "they say so"})
    laws = {each.regime for each in (await bench.fresh(case)).requests[0].regimes}
    assert laws == {"eu_gdpr", "privacy_shield"}


async def test_received_earlier_moves_the_receipt_back_and_never_forward(bench: Bench):
    case = await taken(bench, "access", UK)
    for day in ("2026-11-03", "2026-11-04", "yesterday", "1999-01-01"):
        form = {"day": day, "where": "the support box"}
        assert isinstance(await bench.click(case, "received_earlier", form=form), Faults), day
    assert isinstance(
        await bench.click(case, "received_earlier", form={"day": "2026-10-30"}), Faults
    )
    form = {"day": "2026-10-30", "where": "the support box"}
    await bench.click(case, "received_earlier", form=form)
    after = await bench.fresh(case)
    assert after.due.due_on == date(2026, 11, 30)
    assert after.received_at.date() == date(2026, 10, 30)
    assert after.notes[-1].text == "the support box"


async def test_a_move_of_the_date_moves_the_reminders(bench: Bench):
    case = await taken(bench, "access", UK)
    await bench.click(case, "received_earlier", form={"day": "2026-10-12", "where": "support"})
    after = await bench.fresh(case)
    assert after.remind_at is not None
    assert case.remind_at is not None
    assert after.remind_at < case.remind_at


async def test_an_alarm_goes_to_the_thread_the_assignee_and_the_managers(bench: Bench):
    case = await taken(bench, "access", UK)
    letter = await write(bench, case, MORE, NOW, action="extend")
    after = await bounce(bench, case, letter, NOW + DAY)
    state = letter_of(after, letter)
    assert state is not None
    assert (state.bounced, after.due.due_on) == (True, case.due.due_on)
    (alarm,) = await bench.outbox(case, Alarm)
    assert alarm.lane == "slack:managers"
    assert [m.content.person for m in await bench.outbox(case, DirectMessage)] == [ANA.id]
    assert {m.status for m in await bench.outbox(case, Letter)} <= {
        OutboxStatus.SENT,
        OutboxStatus.PENDING,
    }
