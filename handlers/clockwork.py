"""What time does to the desk: reminders climb, and once a working day the digest goes out."""

from datetime import UTC, datetime, timedelta
from functools import partial

from handlers import approvals, owners
from handlers.approvals import RELEASED_ALONE
from handlers.deadlines import reminders
from handlers.deadlines.regimes import law
from handlers.deadlines.reminders import (
    ASSIGNEE,
    BACKUP,
    BY_HAND,
    CONFIRM,
    MANAGERS,
    UNTAKEN,
    Rung,
)
from handlers.deadlines.rules import counted
from handlers.deadlines.why import ASKED
from handlers.deadlines.working_days import local_day
from handlers.digest import Counts, figures, last_time, next_time
from handlers.habits import Habitual, Reachable
from handlers.lists import FromLists
from handlers.nudges import nudges, quiet_until
from handlers.requests import replace
from handlers.verification import Nudge
from storage.records import (
    Alarm,
    Case,
    Circle,
    Commit,
    Digest,
    DutyCall,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Round,
    Stored,
)

#: of the digest before, how many there were, and how much had been released alone by then: what
#: has been since is counted
LAST = "digest"
#: the lane of what goes to the person on duty
DUTY = "slack:duty"
#: before what is to be done next, at the end of a reminder
_STEP = " Next step: "
TOGETHER = timedelta(minutes=1)


class FromClock(FromLists, Habitual):
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
        if (called := approvals.called(case, now)) != case:
            return await self._called(called, now)
        after, late = owners.chased(case, now, self.policy.timezone)
        if after != case:
            return await self._chased(after, late, now)
        found = nudges(case, self.registry.kinds, self.policy)
        if found and found[0].at <= now:
            return await self._nudged(case, found[0], now)
        rung = reminders.next_rung(case, self.policy, now)
        them = await self.reachable(case.assignee, now)
        if rung and (later := self._put_off(case, them, now)):
            waits = replace(case, remind_at=approvals.next_business(case, later))
            await self.commit("clock", "desk", waits, now, waits)
            return False
        climbed = (*case.reminded, *rung.climbed) if rung else case.reminded
        after = replace(case, reminded=climbed)
        after = self._reminded(after, now)
        if rung is None:
            await self.commit("clock", "desk", after, now, after)
            return False
        height = MANAGERS if reminders.urgent(case, self.policy, now, them.hours) else rung.height
        said = _words(case, rung, self._next_step(case))
        messages: list[Stored] = [*await self._on_duty(after, now)]
        if not rung.name.startswith(UNTAKEN) or height > ASSIGNEE:
            messages += self._calls(after, said, height, them, now)
        card = await self.refreshed(after, now)
        await self.commit("remind", "desk", after, now, after, card, *messages)
        return True

    def _put_off(self, case: Case, them: Reachable, now: datetime) -> datetime | None:
        """While there is nothing to do but to wait, and out of their hours."""
        quiet = quiet_until(case, self.registry.kinds, self.policy)
        return (
            quiet
            if quiet and quiet > now
            else reminders.put_off(case, self.policy, now, them.hours)
        )

    async def _nudged(self, case: Case, nudge: Nudge, now: datetime) -> bool:
        """The time has come to propose something: doing it is a person's."""
        after = self._next(replace(case, reminded=(*case.reminded, nudge.name)), now)
        card = await self.refreshed(after, now)
        them = await self.reachable(case.assignee, now)
        told = self._calls(after, nudge.words, ASSIGNEE, them, now)
        await self.commit("remind", "desk", after, now, after, card, *told)
        return True

    async def _called(self, case: Case, now: datetime) -> bool:
        """Nobody has looked as the second person for hours: the managers are asked."""
        after = self._next(case, now)
        said = "Nobody has looked as the second person for hours: please do."
        alarm = self.message("slack:managers", Alarm(case=case.ref, text=said), now)
        await self.commit("call", "desk", after, now, after, self.line(after, said, now), alarm)
        return True

    async def _chased(self, case: Case, late: tuple[Round, ...], now: datetime) -> bool:
        """Owners who have not answered on their day, and who has the case once they are late."""
        after = self._next(case, now)
        missing = sum(len(each.waiting) for each in late)
        said = f"{counted(missing, 'system')} not answered yet: the owners are asked again."
        messages = [self.line(after, said, now, call=True)] if late else []
        for each in late:
            text = owners.still(after, each)
            people = dict.fromkeys(query.owner for query in each.waiting)
            messages += [self.direct(person, text, after, now) for person in people]
        await self.commit("chase", "desk", after, now, after, *messages)
        return bool(late)

    def _next(self, case: Case, now: datetime) -> Case:
        """With the clock set anew, unless a rung of this hour comes next."""
        rung = reminders.next_rung(case, self.policy, now)
        also = rung is not None and rung.name != reminders.SNOOZED
        return case if also else self._reminded(case, now)

    def _calls(
        self, case: Case, text: str, height: int, them: Reachable, now: datetime
    ) -> list[OutboxMessage]:
        """The thread, and whoever is called at that height of the ladder.

        The next step says what a case is about: of a closed one a backup and the managers, who may
        have no key to it, do not hear it.
        """
        less = text if case.circle is Circle.STAFF else text.partition(_STEP)[0]
        backup = them.backup if height >= BACKUP or them.away else ""
        told = {backup: less, case.assignee: text}
        messages = [self.line(case, text, now, call=True)]
        messages += [
            self.direct(person, f"*{case.ref}*: {words}", case, now)
            for person, words in told.items()
            if person and person not in case.shut
        ]
        if height >= MANAGERS:
            messages.append(self.message("slack:managers", Alarm(case=case.ref, text=less), now))
        return messages

    async def _on_duty(self, case: Case, now: datetime) -> tuple[Stored, ...]:
        """Who is on duty hears of what nobody has taken: one message for all that comes at once."""
        if case.assignee is not None:
            return ()
        name = f"duty:{case.circle}"
        known = await self.store.mark(name)
        before = await self.store.message(known.note) if known else None
        if before and before.status is OutboxStatus.PENDING and before.claimed_until is None:
            return ()
        call = self.message(DUTY, DutyCall(circle=case.circle), now)
        mark = known or Mark(id=name, at=now, lasting=True)
        return (
            replace(call, send_after=now + TOGETHER),
            replace(mark, at=now, note=call.id),
        )

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
        released = await self.store.mark(RELEASED_ALONE)
        total = released.count if released else 0
        counts = replace(
            await self._counts(since),
            seal=(await self.store.seal(now)).note,
            alone=total - int(before.note or 0),
            since=since,
        )
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
                    replace(before, at=now, count=before.count + 1, note=str(total)),
                    self.message("slack:managers", found, now),
                    *await self.weekly(day, now),
                ),
            )
        )
        return True

    async def standing(self, now: datetime) -> Digest:
        """The digest as it would be now, for whoever asks; nothing is posted."""
        last = await self.store.mark(LAST)
        counts = await self._counts(last.at if last else now)
        day = local_day(now, self.policy.timezone)
        return figures(await self.store.cases(), counts, day, self.registry)

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
    goes_on = f"{_STEP}{step}."
    if rung.name.startswith(CONFIRM):
        until = case.acknowledgement.partition(BY_HAND)[2]
        return f"The receipt is not confirmed yet: by hand until {until}.{goes_on}"
    if rung.name.startswith(UNTAKEN):
        return f"Nobody has taken it yet. Due {case.due.due_on:%d %b %Y} ({law(case.due)})."
    if (stopped := case.due.stopped) is not None:
        return (
            f"Paused since {stopped.since:%d %b %Y} ({ASKED.get(stopped.reason, stopped.reason)}); "
            f"we aim for {case.due.aim_on:%d %b} as if nothing had been asked."
        )
    due_on = f"{case.due.due_on:%d %b %Y} ({law(case.due)})"
    days = counted(abs(rung.days_left), "day")
    if rung.days_left < 0:
        return f"Overdue by {days}: it was due {due_on}.{goes_on}"
    if rung.days_left == 0:
        return f"Due today, {due_on}.{goes_on}"
    return f"Due in {days}, on {due_on}; we aim for {case.due.aim_on:%d %b}.{goes_on}"
