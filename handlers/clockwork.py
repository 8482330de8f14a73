"""What time does to the desk: reminders climb, and once a working day the digest goes out."""

from datetime import UTC, datetime
from functools import partial

from handlers.deadlines import reminders
from handlers.deadlines.regimes import law
from handlers.deadlines.reminders import Rung
from handlers.deadlines.working_days import local_day
from handlers.digest import Counts, figures, last_time, next_time
from handlers.lists import FromLists
from handlers.requests import replace
from storage.records import Case, Commit, MailStatus, Mark, OutboxStatus

#: of the digest before, and how many there were: what has been since is counted
LAST = "digest"


class FromClock(FromLists):
    """Asked again and again; does what has come, once."""

    async def remind(self, now: datetime) -> int:
        """Climb every rung that has come; how many cases were reminded of."""
        reminded = 0
        while cases := await self.store.cases_to_remind(now):
            for case in cases:
                reminded += await self.decided(partial(self._remind, case.ref, now))
        return reminded

    async def _remind(self, ref: str, now: datetime) -> bool:
        case = await self.case(ref)
        if case.remind_at is None or case.remind_at > now:
            return False
        rung = reminders.next_rung(case, self.policy, now)
        climbed = (*case.reminded, *rung.climbed) if rung else case.reminded
        after = replace(case, reminded=climbed)
        after = replace(after, remind_at=reminders.next_remind_at(after, self.policy, now))
        if rung is None:
            await self.commit("clock", "desk", after, now, after)
            return False
        text = _words(case, rung, self._next_step(case))
        messages = [self.line(after, text, now, call=True)]
        if case.assignee:
            messages.append(self.direct(case.assignee, f"*{case.ref}*: {text}", after, now))
        card = await self.refreshed(after, now)
        await self.commit("remind", "desk", after, now, after, card, *messages)
        return True

    def _next_step(self, case: Case) -> str:
        if case.assignee is None:
            return "claim it"
        for request in sorted(case.open_requests, key=lambda r: (r.due.aim_on, r.id)):
            kind = self.registry[request.kind] if request.kind is not None else None
            step = kind.next_step(case, request) if kind else None
            if step:
                return step.label[0].lower() + step.label[1:]
        return "sort it"

    async def digest(self, now: datetime) -> bool:
        """Commit the digest whose hour came last, if nobody has; False when there is none.

        After days of downtime that is one digest, at once. The first start has missed none.
        """
        return await self.decided(lambda: self._digest(now))

    async def _digest(self, now: datetime) -> bool:
        at = last_time(self.policy, now)
        day = local_day(at, self.policy.timezone)
        name = f"{LAST}:{day.isoformat()}"
        last = await self.store.mark(LAST)
        if last is None and day != local_day(now, self.policy.timezone):
            begun = Mark(id=LAST, at=now, count=0)
            first = Commit(at=now, actor="desk", act="begin", puts=(begun,))
            await self.store.commit(first)
            return False
        if (last and last.at >= at) or await self.store.mark(name) is not None:
            return False
        before = last or Mark(id=LAST, at=now, count=0)
        since = before.at if before.count else datetime.min.replace(tzinfo=UTC)
        counts = await self._counts(since)
        counts = replace(counts, seal=(await self.store.seal(now)).note)
        today = local_day(now, self.policy.timezone)
        found = figures(await self.store.cases(), counts, today, self.registry)
        await self.store.commit(
            Commit(
                at=now,
                actor="desk",
                act="digest",
                note=day.isoformat(),
                puts=(
                    Mark(id=name, at=now),
                    replace(before, at=now, count=before.count + 1),
                    self.message("slack:managers", found, now),
                    *await self.weekly(day, now),
                ),
            )
        )
        return True

    async def _counts(self, since: datetime) -> Counts:
        tally = await self.store.tally(since)
        return Counts(
            opened=tally.opened,
            closed=tally.closed,
            unread=tally.unread,
            ignored=tally.ignored,
            dead=len(await self.store.messages_with(OutboxStatus.DEAD)),
            failed=len(await self.store.mails_with(MailStatus.FAILED)),
        )

    def next_digest_at(self, now: datetime) -> datetime:
        """When to ask for a digest again."""
        return next_time(self.policy, now)


def _words(case: Case, rung: Rung, step: str) -> str:
    due_on = f"{case.due.due_on:%d %b %Y} ({law(case.due)})"
    days = f"{abs(rung.days_left)} day{'s' * (abs(rung.days_left) != 1)}"
    if rung.days_left < 0:
        return f"Overdue by {days}: it was due {due_on}. Next step: {step}."
    if rung.days_left == 0:
        return f"Due today, {due_on}. Next step: {step}."
    return f"Due in {days}, on {due_on}; we aim for {case.due.aim_on:%d %b}. Next step: {step}."
