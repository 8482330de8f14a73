"""Each kind from its mail to its closing letter, with the clock moved to each station between.

Every date is counted by hand, as the comments say. Rungs: 10, 5, 2 and 1 days before the day we
aim for, at nine of a working day in London, nearer together on a short clock.
"""

from datetime import date
from pathlib import Path

from storage.records import Outcome
from tests.journeys.stations import MANAGERS_TOLD, NORA, a_journey
from tests.journeys.test_clocks import chosen, from_all_actions
from tests.journeys.walking import close
from tests.journeys.world import ANA, BEN, OLE, STAFF


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
        await close(ana, case.ref, STAFF)
        closed = await case.world.case_when(case.ref, lambda c: c.closed)
        assert closed.requests[0].outcome is Outcome.FULFILLED
        await case.card_says(ana, "14 days early")
