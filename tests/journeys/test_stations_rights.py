"""Access, deletion, correction: from the mail to the closing letter, the clock at each station.

Every date is counted by hand, as the comments say. Rungs: 10, 5, 2 and 1 days before the day we
aim for, at nine of a working day in London, nearer together on a short clock.
"""

from datetime import date
from pathlib import Path

from storage.records import Outcome
from tests.journeys.stations import MANAGERS_TOLD, NORA, a_journey
from tests.journeys.test_clocks import chosen, from_all_actions
from tests.journeys.world import ANA, BEN, MARA, OLE


async def test_access_in_the_uk_begins_anew_with_the_proof(
    tmp_path: Path,
):
    """Received Thursday 28 January 2027. One month is Sunday 28 February: Monday 1 March. The day
    to aim for does not roll: Friday 26 February, whatever is asked."""
    words = "Under the UK GDPR, please send me a copy of all personal data you hold about me."
    async with (
        a_journey(tmp_path, "2027-01-28 10:00", words) as case,
        case.world.acting(ANA) as ana,
        case.world.acting(BEN) as ben,
        case.world.acting(OLE) as ole,
    ):
        await case.taken(ana)
        assert await case.due() == (date(2027, 3, 1), date(2027, 2, 26))
        await case.card_says(ana, "*Due 1 Mar 2027* (UK GDPR), 32 days left", "26 Feb 2027")

        # proof asked on the 29th: the month has not begun (UK GDPR 12A(2)(b))
        await case.to_time("2027-01-29 11:00")
        await case.write(ana, template="identity")
        await case.to_time("2027-01-29 11:02")
        await case.world.case_when(case.ref, lambda c: c.due.stopped is not None)
        await case.card_says(ana, "Paused since 29 Jan 2027, the period begins when the answer")
        await case.hear()
        await case.station("2027-02-12 12:00", ANA, says="No proof came yet")
        paused = "Paused since 29 Jan 2027 (proof of identity); we aim for 26 Feb"
        await case.station("2027-02-16 09:00", ANA, says=paused)

        # proof comes on Tuesday 16 February: one month is Tuesday 16 March
        await case.to_time("2027-02-16 12:00")
        await case.answered(ana, "not sure yet", "It is me.")
        assert await case.due() == (date(2027, 3, 16), date(2027, 2, 26))
        await case.to(ana, ben, until="owners")
        await case.hear()
        # owners asked on the 17th have five working days: Wednesday the 24th
        await case.to_time("2027-02-17 10:00")
        await case.to(ana, ben, until="heard")
        assert (await case.case()).rounds[-1].due_on == date(2027, 2, 24)
        await case.card_says(ana, "0 of 2 systems answered, asked by 24 Feb")
        await case.hear()
        # five days before Friday the 26th is Sunday the 21st: Friday the 19th
        due = "on 16 Mar 2027 (UK GDPR); we aim for 26 Feb. Next step: owners answer"
        await case.station("2027-02-19 09:00", ANA, says=f"Due in 25 days, {due}")
        missing = "your answer is still missing, please by 24 Feb 2027"
        await case.station(
            "2027-02-24 09:00", ANA, BEN, says=f"Due in 20 days, {due}", chases=missing
        )
        await case.station(
            "2027-02-25 09:00",
            ANA,
            BEN,
            MANAGERS_TOLD,
            says=f"Due in 19 days, {due}",
            chases=missing,
        )
        await case.owners_answer(ole)
        await case.card_says(ana, "2 of 2 systems answered")
        await case.hear()
        # past the day we aim for: each working day, and the backup too
        await case.station("2027-03-01 09:00", ANA, BEN, says="Due in 15 days, on 16 Mar 2027")

        # more time: three months from 16 February is Sunday 16 May, so Monday the 17th
        await from_all_actions(ana, case.ref, "Extend", "Due 16 Mar 2027 (UK GDPR) → 17 May 2027")
        await chosen(ana, "reason", "complexity")
        await case.submit(ana)
        assert (await case.due())[0] == date(2027, 3, 16), "not before the next server has it"
        await case.to_time("2027-03-01 09:15")
        await case.world.case_when(case.ref, lambda c: c.due.extended)
        # as if nothing had been asked: three months from 28 January is Wednesday 28 April
        assert await case.due() == (date(2027, 5, 17), date(2027, 4, 28))
        await case.card_says(ana, "*Due 17 May 2027* (UK GDPR), 77 days left", "28 Apr 2027")
        await case.hear()
        await case.bounced()
        await case.told(ANA, MANAGERS_TOLD, says="The old date holds")
        assert await case.due() == (date(2027, 3, 16), date(2027, 2, 26))
        await case.card_says(ana, "*Due 16 Mar 2027* (UK GDPR), 15 days left")
        await case.station("2027-03-02 09:00", ANA, BEN, says="Due in 14 days, on 16 Mar 2027")

        # nobody looks as the second person: from ten o'clock on, four working hours
        await case.to(ana, ben)
        await case.to_time("2027-03-02 10:00")
        await case.write(ana)
        await case.hear()
        await case.station("2027-03-02 14:05", MANAGERS_TOLD, says="Nobody has looked")
        await case.approve(ben)
        await case.to_time("2027-03-02 14:20")
        await ana.mail(NORA, "this is our answer")
        closed = await case.ended(ana, ben, "14 days early")
        assert closed.requests[0].outcome is Outcome.FULFILLED


async def test_deletion_in_france_pauses_is_extended_and_is_late_once_after_a_downtime(
    tmp_path: Path,
):
    """Received Thursday 1 April 2027. One month is Saturday 1 May, Labour Day: Monday the 3rd."""
    words = "I live in Lyon. Please delete my account and all my personal data."
    async with (
        a_journey(tmp_path, "2027-04-01 10:00", words) as case,
        case.world.acting(BEN) as ben,
        case.world.acting(ANA) as ana,
        case.world.acting(OLE) as case.owner,
    ):
        await case.taken(ben)
        assert await case.due() == (date(2027, 5, 3), date(2027, 4, 30))
        await case.card_says(ben, "*Due 3 May 2027* (EU GDPR), 32 days left", "30 Apr 2027")

        # asked on Tuesday the 6th, five days gone of thirty (EDPB 01/2022 para 159)
        await case.to_time("2027-04-06 11:00")
        await case.write(ben, template="clarification")
        await case.to_time("2027-04-06 11:02")
        await case.world.case_when(case.ref, lambda c: c.due.stopped is not None)
        await case.card_says(ben, "Paused since 6 Apr 2027, 25 days left", "3 May 2027 (desk rule)")
        # the answer comes on the 13th: seven days left out, the 7th to the 13th. 1 May and seven
        # is Saturday the 8th, so Monday the 10th
        await case.to_time("2027-04-13 12:00")
        await case.answered(ben, "this is our answer", "All of it.")
        assert await case.due() == (date(2027, 5, 10), date(2027, 4, 30))
        await case.card_says(ben, "*Due 10 May 2027* (EU GDPR), 27 days left")

        # what do you hold, and delete now: each round has five working days, here to the 21st
        await case.to_time("2027-04-14 10:00")
        await case.to(ben, ana, until="erased")
        assert [each.due_on for each in (await case.case()).rounds] == [date(2027, 4, 21)] * 2
        await case.hear()
        due = "on 10 May 2027 (EU GDPR); we aim for 30 Apr. Next step: owners delete"
        await case.station("2027-04-20 09:00", BEN, says=f"Due in 20 days, {due}")
        missing = "your answer is still missing, please by 21 Apr 2027"
        asked = "2 systems not answered yet: the owners are asked again."
        await case.station("2027-04-21 09:00", says=asked, chases=missing)
        await case.station("2027-04-22 09:00", says=asked, chases=missing)
        await case.owners_answer(case.owner)
        await case.card_says(ben, "2 of 2 systems answered")
        await case.to(ben, ana)
        await case.hear()
        # five days before is Sunday the 25th: Friday
        next_is = "Next step: answer"
        await case.station("2027-04-23 09:00", BEN, says="Due in 17 days, on 10 May 2027")
        await case.station("2027-04-28 09:00", BEN, MARA, says=next_is)
        await case.station("2027-04-29 09:00", BEN, MARA, MANAGERS_TOLD, says="Due in 11 days")

        # three months from 1 April is 1 July, and seven days left out: Thursday 8 July
        await case.to_time("2027-04-30 10:00")
        await from_all_actions(ben, case.ref, "Extend", "10 May 2027 (EU GDPR) → 08 Jul 2027")
        await chosen(ben, "reason", "number")
        await case.submit(ben)
        await case.to_time("2027-04-30 10:15")
        await case.world.case_when(case.ref, lambda c: c.due.extended)
        assert await case.due() == (date(2027, 7, 8), date(2027, 7, 1))
        await case.card_says(ben, "*Due 8 Jul 2027* (EU GDPR), 69 days left", "1 Jul 2027")
        await case.hear()
        await case.station("2027-06-21 09:00", BEN, says="Due in 17 days, on 08 Jul 2027")

        # three rungs and six working days are missed: one reminder, at the height of the last
        await case.world.stop_desk()
        await case.to_time("2027-07-09 10:00")
        await case.world.start_desk()
        late = "Overdue by 1 day: it was due 08 Jul 2027 (EU GDPR)."
        await case.told(BEN, MARA, MANAGERS_TOLD, says=late)
        await case.world.app.slack.wait_connected()
        await case.card_says(ben, "overdue by 1 day", "Send late answer")
        await case.answer(ben, ana, "Send late answer")
        await case.to_time("2027-07-09 10:15")
        await ben.mail(NORA, "What was deleted")
        closed = await case.ended(ben, ana, "1 day late")
        assert closed.requests[0].outcome is Outcome.FULFILLED


async def test_correction_in_california_runs_on_whatever_is_asked(tmp_path: Path):
    """Received Tuesday 3 November 2026. 45 days are Friday 18 December; the first may be the day
    of receipt, so the day to aim for is Thursday the 17th."""
    words = (
        "As a California resident: my name is misspelt in your records. "
        "Please correct my personal data."
    )
    async with (
        a_journey(tmp_path, "2026-11-03 10:00", words) as case,
        case.world.acting(ANA) as ana,
        case.world.acting(BEN) as ben,
        case.world.acting(OLE) as case.owner,
    ):
        await case.taken(ana)
        dates = date(2026, 12, 18), date(2026, 12, 17)
        assert await case.due() == dates
        await case.card_says(ana, "*Due 18 Dec 2026* (CCPA), 45 days left", "17 Dec 2026")

        # the 45 days run whatever the time to verify (11 CCR 7021(b))
        await case.to_time("2026-11-04 11:00")
        await case.write(ana, template="identity")
        await case.to_time("2026-11-04 11:02")
        await ana.mail(NORA, "this is our answer")
        await case.card_says(
            ana, "*Due 18 Dec 2026* (CCPA), 44 days left", "aits for the requester"
        )
        assert await case.due() == dates
        await case.hear()
        await case.station("2026-11-18 12:00", ANA, says="remind the requester once more")
        await case.to_time("2026-11-19 12:00")
        await case.answered(ana, "this is our answer", "It is me.")
        assert await case.due() == dates

        # five working days from Monday the 23rd are Monday the 30th
        await case.to_time("2026-11-23 10:00")
        await case.to(ana, ben, until="changed")
        assert (await case.case()).rounds[-1].due_on == date(2026, 11, 30)
        await case.hear()
        missing = "your answer is still missing, please by 30 Nov 2026"
        asked = "2 systems not answered yet"
        await case.station("2026-11-30 09:00", says=asked, chases=missing)
        await case.station("2026-12-01 09:00", says=asked, chases=missing)
        await case.owners_answer(case.owner)
        await case.to(ana, ben)
        await case.hear()
        due = "on 18 Dec 2026 (CCPA); we aim for 17 Dec. Next step: answer"
        await case.station("2026-12-07 09:00", ANA, says=f"Due in 11 days, {due}")
        # five days before is Saturday the 12th: Friday
        await case.station("2026-12-11 09:00", ANA, says=f"Due in 7 days, {due}")
        await case.station("2026-12-15 09:00", ANA, BEN, says=f"Due in 3 days, {due}")
        await case.station(
            "2026-12-16 09:00", ANA, BEN, MANAGERS_TOLD, says=f"Due in 2 days, {due}"
        )
        today = "Due today, 18 Dec 2026 (CCPA)"
        await case.station("2026-12-18 09:00", ANA, BEN, MANAGERS_TOLD, says=today)

        # on the last day there still is more time: 90 days in all are Monday 1 February 2027,
        # and the day before the one before it is a Friday
        await from_all_actions(ana, case.ref, "Extend", "18 Dec 2026 (CCPA) → 01 Feb 2027 (CCPA)")
        await chosen(ana, "reason", "complexity")
        await case.submit(ana)
        await case.to_time("2026-12-18 09:15")
        await case.world.case_when(case.ref, lambda c: c.due.extended)
        assert await case.due() == (date(2027, 2, 1), date(2027, 1, 29))
        await case.card_says(ana, "*Due 1 Feb 2027* (CCPA), 45 days left", "29 Jan 2027")
        await case.hear()
        await case.station("2027-01-19 09:00", ANA, says="Due in 13 days, on 01 Feb 2027 (CCPA)")
        await case.answer(ana, ben)
        await case.to_time("2027-01-19 09:15")
        await ana.mail(NORA, "What was changed")
        closed = await case.ended(ana, ben, "13 days early")
        assert closed.requests[0].outcome is Outcome.FULFILLED
