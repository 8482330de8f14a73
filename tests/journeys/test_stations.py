"""Every other kind: from its mail to its closing letter, the clock moved to each station.

Every date is counted by hand, as the comments say. Rungs: 10, 5, 2 and 1 days before the day we
aim for, at nine of a working day in London, nearer together on a short clock.
"""

from datetime import date
from pathlib import Path

from storage.records import Outcome
from tests.journeys.stations import MANAGERS_TOLD, NORA, Journey, a_journey
from tests.journeys.world import ANA, BEN, MARA, OLE, RESTRICTED, STAFF, Acting


async def test_a_complaint_in_the_uk_has_a_clock_for_its_receipt_and_one_for_its_outcome(
    tmp_path: Path,
):
    """Received Monday 4 January 2027. 30 days to acknowledge are Wednesday 3 February (DPA 2018
    s.164A); a month for the outcome, by desk rule, is Thursday the 4th."""
    words = (
        "I want to make a formal complaint under the UK GDPR about how you handled my "
        "personal data."
    )
    async with (
        a_journey(tmp_path, "2027-01-04 10:00", words, mail_from="relay@example.net") as case,
        case.world.acting(BEN) as ben,
        case.world.acting(MARA) as mara,
    ):
        await case.taken(ben)
        assert await case.due() == (date(2027, 2, 3), date(2027, 2, 3))
        await case.card_says(
            ben, "*Due 3 Feb 2027* (UK GDPR), 30 days left", "receipt not confirmed"
        )

        # no letter went by itself: the desk's day for it is the second working day
        by_hand = "by hand until 06 Jan 2027 (desk rule); law by 03 Feb 2027 (UK GDPR)"
        await case.station(
            "2027-01-06 09:00", BEN, says=f"The receipt is not confirmed yet: {by_hand}"
        )
        # ten days before is Sunday the 24th: Friday
        await case.station("2027-01-22 09:00", BEN, says="Due in 12 days, on 03 Feb 2027 (UK GDPR)")
        await case.to_time("2027-01-25 10:00")
        await case.write(ben, template="acknowledgement")
        await case.to_time("2027-01-25 10:15")
        await ben.mail(NORA, "received")
        await case.world.case_when(case.ref, lambda c: c.acknowledgement == "sent")
        assert await case.due() == (date(2027, 2, 4), date(2027, 2, 4))
        await case.card_says(ben, "*Due 4 Feb 2027* (desk rule), 10 days left", "eceipt confirmed")
        await case.to(ben, mara)
        await case.hear()
        # five days before is Saturday the 30th: Friday
        due = "on 04 Feb 2027 (desk rule); we aim for 04 Feb. Next step: answer"
        await case.station("2027-01-29 09:00", BEN, says=f"Due in 6 days, {due}")
        await case.station("2027-02-02 09:00", BEN, MARA, says=f"Due in 2 days, {due}")
        await case.station(
            "2027-02-03 09:00", BEN, MARA, MANAGERS_TOLD, says=f"Due in 1 day, {due}"
        )
        late = "Overdue by 1 day: it was due 04 Feb 2027 (desk rule)."
        await case.station("2027-02-05 09:00", BEN, MARA, MANAGERS_TOLD, says=late)
        await case.card_says(ben, "overdue by 1 day")
        await case.answer(ben, mara, "Send late answer")
        await case.to_time("2027-02-05 09:15")
        await ben.mail(NORA, "What we decided, and why")
        closed = await case.ended(ben, mara, "1 day late")
        assert closed.requests[0].outcome is Outcome.UPHELD


async def test_a_question_can_be_snoozed_but_never_past_the_day_before(tmp_path: Path):
    """Received Monday 7 December 2026. 45 days are Thursday 21 January 2027, by desk rule."""
    async with (
        a_journey(tmp_path, "2026-12-07 10:00", "Who is your data protection officer?") as case,
        case.world.acting(BEN) as ben,
        case.world.acting(MARA) as mara,
    ):
        await case.taken(ben)
        dates = date(2027, 1, 21), date(2027, 1, 21)
        assert await case.due() == dates
        await case.card_says(ben, "*Due 21 Jan 2027* (desk rule), 45 days left")
        # no question of ours stops the desk's own clock
        await case.to_time("2026-12-10 10:00")
        await case.write(ben, template="clarification")
        await case.to_time("2026-12-10 10:02")
        await ben.mail(NORA, "this is our answer")
        await case.card_says(ben, "*Due 21 Jan 2027* (desk rule), 42 days left")
        assert await case.due() == dates
        await case.answered(ben, "this is our answer", "The officer of Cardiff.")
        await case.hear()

        due = "on 21 Jan 2027 (desk rule); we aim for 21 Jan. Next step: answer"
        await case.station("2027-01-11 09:00", BEN, says=f"Due in 10 days, {due}")
        await snoozed(case, ben, "on 12 Jan at 09:00")
        await case.station("2027-01-12 09:00", BEN, says=f"Due in 9 days, {due}")
        # five days before is Saturday the 16th: Friday
        await case.station("2027-01-15 09:00", BEN, says=f"Due in 6 days, {due}")
        await case.station("2027-01-19 09:00", BEN, MARA, says=f"Due in 2 days, {due}")
        await case.station(
            "2027-01-20 09:00", BEN, MARA, MANAGERS_TOLD, says=f"Due in 1 day, {due}"
        )
        # by another: the same press by the same person within a second is a double click
        await snoozed(case, mara, "too soon to be reminded later")
        late = "Overdue by 1 day: it was due 21 Jan 2027 (desk rule)."
        await case.station("2027-01-22 09:00", BEN, MARA, MANAGERS_TOLD, says=late)
        await case.answer(ben, mara, "Send late answer")
        await case.to_time("2027-01-22 09:15")
        await ben.mail(NORA, "2026")
        await case.ended(ben, mara, "1 day late")


async def snoozed(case: Journey, who: Acting, says: str) -> None:
    await who.click(case.ref, "Remind tomorrow")
    await who.until(lambda: says in str(who.messages), says)


async def test_unsubscribe_is_stopped_at_once_and_followed_until_its_owner_confirms(tmp_path: Path):
    """Received Tuesday 3 November 2026: the desk's two working days are Thursday the 5th, the law's
    ten Wednesday the 18th (Veterans Day, the 11th, is none; 15 U.S.C. 7704(a)(4))."""
    async with (
        a_journey(tmp_path, "2026-11-03 10:00", "Please unsubscribe me.") as case,
        case.world.acting(BEN) as ben,
    ):
        case.asked = BEN
        kept = await case.case()
        assert await case.store.suppression(kept.requester_hash) is not None
        assert await case.due() == (date(2026, 11, 18), date(2026, 11, 5))
        assert (await ben.mail(NORA, "do-not-mail list"))["auto"]
        await case.card_says(ben, "*Due 18 Nov 2026* (CAN-SPAM), 15 days left", "5 Nov 2026")
        # two days are too short for four rungs: one is left. Nobody has it, so nobody is called
        due = "on 18 Nov 2026 (CAN-SPAM); we aim for 05 Nov"
        await case.station("2026-11-04 09:00", says=f"Due in 14 days, {due}. Next step: claim it")
        await case.taken(ben)
        await case.station("2026-11-06 09:00", BEN, MARA, says=f"Due in 12 days, {due}")
        await case.to(ben, ben, until="stopped")
        await case.hear()
        # owners have no longer than to the day we aim for, and that is behind: today
        assert (await case.case()).rounds[-1].due_on == date(2026, 11, 6)
        missing = "your answer is still missing, please by 06 Nov 2026"
        in_nine = "Due in 9 days, on 18 Nov 2026"
        await case.station("2026-11-09 09:00", BEN, MARA, says=in_nine, chases=missing)
        await case.station("2026-11-10 09:00", BEN, MARA, says="Due in 8 days, on 18 Nov 2026")
        await case.station("2026-11-10 10:05", BEN, says="Look now whether any marketing was sent")
        # what was missed is not told one by one; the law's last day calls the managers
        await case.world.stop_desk()
        await case.to_time("2026-11-18 09:00")
        await case.world.start_desk()
        await case.told(BEN, MARA, MANAGERS_TOLD, says="Due today, 18 Nov 2026 (CAN-SPAM)")
        late = "Overdue by 1 day: it was due 18 Nov 2026 (CAN-SPAM)."
        await case.station("2026-11-19 09:00", BEN, MARA, MANAGERS_TOLD, says=late)
        await case.world.app.slack.wait_connected()
        await case.owners_answer(ben)
        await case.to(ben, ben, until="looked")
        await ben.click(case.ref, "Nothing sent since")
        await case.world.case_when(case.ref, lambda c: "looked" in c.requests[0].done)
        closed = await case.ended(ben, ben, "1 day late")
        assert closed.requests[0].outcome is Outcome.FULFILLED


async def test_a_child_s_data_stay_in_their_circle_from_the_first_day_to_the_last(tmp_path: Path):
    """Received Tuesday 3 November 2026: ten working days, by desk rule, are Wednesday the 18th.
    Fifteen days have a ladder of three quarters: 8, 4, 2 and 1 days."""
    words = (
        "My daughter is nine years old and made an account without my consent. She is a child "
        "and you are collecting her personal data."
    )
    async with (
        a_journey(tmp_path, "2026-11-03 10:00", words, RESTRICTED) as case,
        case.world.acting(ANA) as ana,
        case.world.acting(MARA) as mara,
        case.world.acting(OLE) as case.owner,
    ):
        await case.taken(ana)
        assert await case.due() == (date(2026, 11, 18), date(2026, 11, 18))
        await case.card_says(ana, "*Due 18 Nov 2026* (desk rule), 15 days left")
        by_hand = "The receipt is not confirmed yet: by hand until 05 Nov 2026 (desk rule)"
        await case.station("2026-11-05 09:00", ANA, says=by_hand)
        due = "on 18 Nov 2026 (desk rule)"
        await case.station("2026-11-10 09:00", ANA, says=f"Due in 8 days, {due}")
        # four days before is Saturday the 14th: Friday
        await case.station("2026-11-13 09:00", ANA, says=f"Due in 5 days, {due}")
        await case.station("2026-11-16 09:00", ANA, BEN, says=f"Due in 2 days, {due}")
        await case.station("2026-11-17 09:00", ANA, BEN, MANAGERS_TOLD, says=f"Due in 1 day, {due}")
        late = "Overdue by 1 day: it was due 18 Nov 2026 (desk rule)."
        await case.station("2026-11-19 09:00", ANA, BEN, MANAGERS_TOLD, says=late)
        heard = await case.ever_told(BEN, MANAGERS_TOLD)
        assert len(heard) == 5
        assert "Next step" not in str(heard), "it would say what the case is about"
        await case.to(ana, mara)
        await case.answer(ana, mara, "Send late answer")
        await case.to_time("2026-11-19 09:15")
        await ana.mail(NORA, "What was done, and when")
        closed = await case.ended(ana, mara, "1 day late")
        assert closed.requests[0].outcome is Outcome.FULFILLED
        assert case.ref not in str(ana.messages.get(STAFF))


async def test_a_legal_demand_is_due_at_once_until_their_date_is_typed(tmp_path: Path):
    """Received Friday 6 November 2026: the next working day is Monday the 9th."""
    words = (
        "You are hereby commanded by order of the court to produce the records named in this "
        "subpoena."
    )
    async with (
        a_journey(tmp_path, "2026-11-06 10:00", words, RESTRICTED) as case,
        case.world.acting(MARA) as mara,
        case.world.acting(ANA) as ana,
        case.world.acting(OLE) as case.owner,
    ):
        await case.taken(mara)
        assert await case.due() == (date(2026, 11, 9), date(2026, 11, 9))
        await case.card_says(mara, "*Due 9 Nov 2026* (desk rule), 3 days left", "nter their date")
        await case.station("2026-11-09 09:00", MARA, ANA, says="Due today, 09 Nov 2026 (desk rule)")
        late = "Overdue by 1 day: it was due 09 Nov 2026 (desk rule)."
        await case.station("2026-11-10 09:00", MARA, ANA, MANAGERS_TOLD, says=late)

        # counsel types Tuesday 1 December
        await case.to(mara, ana)
        assert await case.due() == (date(2026, 12, 1), date(2026, 12, 1))
        await case.card_says(mara, "*Due 1 Dec 2026* (their date), 21 days left")
        await case.hear()
        # ten days before is Saturday the 21st, two are Sunday the 29th: the Fridays
        due = "on 01 Dec 2026 (their date)"
        await case.station("2026-11-20 09:00", MARA, says=f"Due in 11 days, {due}")
        await case.station("2026-11-26 09:00", MARA, says=f"Due in 5 days, {due}")
        await case.station("2026-11-27 09:00", MARA, ANA, says=f"Due in 4 days, {due}")
        await case.station(
            "2026-11-30 09:00", MARA, ANA, MANAGERS_TOLD, says=f"Due in 1 day, {due}"
        )
        late = "Overdue by 1 day: it was due 01 Dec 2026 (their date)."
        await case.station("2026-12-02 09:00", MARA, ANA, MANAGERS_TOLD, says=late)
        await case.answer(mara, ana, "Send late answer")
        await case.to_time("2026-12-02 09:15")
        await mara.mail(NORA, "this is our answer")
        closed = await case.ended(mara, ana, "1 day late")
        assert closed.requests[0].outcome is Outcome.FULFILLED
        assert case.ref not in str(mara.messages.get(STAFF))
