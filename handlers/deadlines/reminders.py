"""The ladder of reminders: pure questions about one case, never an act.

Rungs lie some days before the day we aim for (`Policy.reminders`), nearer together on a short
clock, at 09:00 of a working day; one that falls on a free day comes down to the working day
before, so none ever crosses the legal date. From the day after the aim there is one each working
day. They climb: the last but one calls the backup too, the last one the managers, and so do those
from the law's last working day on. What was missed while the desk was away collapses into one.
"""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.deadlines import confirm_by
from handlers.deadlines.rules import CALENDAR
from handlers.deadlines.working_days import (
    MORNING,
    Hours,
    add_working_days,
    at_local,
    calendar_of,
    is_working_day,
    last_working_day,
    local_day,
    working_moment,
)
from handlers.policy import Policy
from storage.records import Case, OutboxStatus, Record, Request

FULL_CLOCK = 20  #: days: a shorter clock gets a shorter ladder
SNOOZED = "snoozed"
#: in `Case.acknowledgement`, before the day: no automatic letter may go
BY_HAND = "; by hand until "
_LATE = "late"
CONFIRM = "confirm"
UNTAKEN = "untaken"
#: whom a rung calls: the assignee alone, the backup as well, the managers as well
ASSIGNEE, BACKUP, MANAGERS = range(3)


class Step(Record, frozen=True, kw_only=True):
    """One rung as it stands on the ladder."""

    at: datetime
    name: str
    height: int = ASSIGNEE


class Rung(Record, frozen=True, kw_only=True):
    """One reminder. Days are counted to the legal date; negative = overdue."""

    name: str
    at: datetime
    days_left: int
    height: int = ASSIGNEE
    climbed: tuple[str, ...] = ()  #: this one and the missed ones below it


def late(case: Case, request: Request) -> bool:
    """Has the desk said that this one's date is over?"""
    days = (name.partition("@") for name in case.reminded)
    return request.due.stopped is None and any(
        word == _LATE and date.fromisoformat(day) > request.due.due_on for word, _, day in days
    )


def next_rung(case: Case, policy: Policy, now: datetime) -> Rung | None:
    """The reminder that has come, or None. Of several the last; the rest count as climbed."""
    if case.closed or (case.remind_at is not None and case.remind_at > now):
        return None
    left = (case.due.due_on - local_day(now, policy.timezone)).days
    come = [step for step in _until(case, policy, now) if step.name not in case.reminded]
    if come:
        last = come[-1]
        return Rung(
            name=last.name,
            at=last.at,
            days_left=left,
            height=max(step.height for step in come),
            climbed=tuple(step.name for step in come),
        )
    if case.remind_at is not None and not _is_rung(case, policy, case.remind_at):
        return Rung(name=SNOOZED, at=case.remind_at, days_left=left)
    return None


def put_off(case: Case, policy: Policy, now: datetime, hours: Hours) -> datetime | None:
    """The working hour of who is meant that a reminder waits for; None = it goes now.

    Rather too early than too late: none waits where the legal date would pass meanwhile.
    """
    at = working_moment(now, hours)
    due_on = case.due.due_on if case.due.stopped is None else date.max
    crosses = local_day(now, policy.timezone) <= due_on < local_day(at, policy.timezone)
    return None if at <= now or crosses else at


def waits_until(case: Case, policy: Policy, now: datetime) -> datetime | None:
    """When a rung that has come is to be heard, which waits for somebody's hours; None = none
    does. What is done meanwhile must not swallow it."""
    if case.remind_at is None or case.remind_at <= now:
        return None
    come = (step.name for step in _until(case, policy, now))
    return case.remind_at if any(name not in case.reminded for name in come) else None


def urgent(case: Case, policy: Policy, now: datetime, hours: Hours) -> bool:
    """Is it out of hours, and the legal date would pass before the next working hour?"""
    return working_moment(now, hours) > now and put_off(case, policy, now, hours) is None


def next_remind_at(case: Case, policy: Policy, now: datetime) -> datetime | None:
    """When the ladder next has business with this case; None once it is closed, and for an
    imported one until a person has sorted it."""
    if case.closed or case.at_rest:
        return None
    steps = _ladder(case, policy)
    return next(step.at for step in steps if step.at > now and step.name not in case.reminded)


def snoozed_until(case: Case, policy: Policy, now: datetime) -> datetime | None:
    """Tomorrow's working morning; None when that would not be before the legal date.

    An overdue case is quiet for a day only: its next rung comes tomorrow whatever is asked.
    """
    today = local_day(now, policy.timezone)
    calendar = calendar_of(policy.timezone)
    day = today + timedelta(days=1)
    while not is_working_day(day, calendar):
        day += timedelta(days=1)
    if today <= case.due.due_on <= day:
        return None
    return at_local(day, MORNING, policy.timezone)


def unconfirmed(case: Case) -> bool:
    """Does the requester wait for a first word, which staff have to write?"""
    gone = (letter for letter in case.letters if letter.status is OutboxStatus.SENT)
    return BY_HAND in case.acknowledgement and not any(not letter.bounced for letter in gone)


def by_hand(case: Case, policy: Policy, why: str) -> str:
    """That no automatic letter may confirm the receipt: the desk's day for it, and the law's."""
    received = local_day(case.received_at, policy.timezone)
    last = add_working_days(received, policy.confirm_days, CALENDAR)
    law = confirm_by(case)
    beside = f"; law by {law[0]:%d %b %Y} ({law[1]})" if law else ""
    return f"withheld: {why}{BY_HAND}{last:%d %b %Y} (desk rule){beside}"


def told_anew(case: Case, policy: Policy) -> str:
    """The same for what it asks and whose laws may apply by now."""
    why, marked, _ = case.acknowledgement.partition(BY_HAND)
    why = why.removeprefix("withheld: ")
    return by_hand(case, policy, why) if marked else case.acknowledgement


def _until(case: Case, policy: Policy, now: datetime) -> Iterator[Step]:
    for step in _ladder(case, policy):
        if step.at > now:
            return
        yield step


def _is_rung(case: Case, policy: Policy, moment: datetime) -> bool:
    return any(step.at == moment for step in _until(case, policy, moment))


def _ladder(case: Case, policy: Policy) -> Iterator[Step]:
    """Every rung, without end: the last ones come daily."""
    ways = (_untaken(case, policy), _confirming(case, policy), _rungs(case, policy))
    answer = heapq.merge(*ways, key=lambda s: s.at)
    return (step for step in answer if step.at > case.received_at)


def _untaken(case: Case, policy: Policy) -> Iterator[Step]:
    """Nobody has taken it for a working day: who is on duty hears of it."""
    if case.assignee is not None:
        return
    begun = working_moment(case.received_at, Hours(timezone=policy.timezone))
    received = local_day(begun, policy.timezone)
    day = add_working_days(received, 1, calendar_of(policy.timezone))
    hour = begun.astimezone(ZoneInfo(policy.timezone)).time()
    yield Step(at=at_local(day, hour, policy.timezone), name=f"{UNTAKEN}@{day}")


def _rungs(case: Case, policy: Policy) -> Iterator[Step]:
    aim = case.due.aim_on
    calendar = calendar_of(policy.timezone)
    found: dict[date, Step] = {}
    for days, height in _before(case, policy):
        day = last_working_day(aim - timedelta(days=days), calendar)
        at = at_local(day, MORNING, policy.timezone)
        if at > case.received_at:
            found.setdefault(day, Step(at=at, name=f"{days}@{aim}", height=height))
    if not found:
        yield Step(at=at_local(aim, MORNING, policy.timezone), name=f"0@{aim}", height=BACKUP)
    yield from found.values()
    day, last = aim, last_working_day(case.due.due_on, calendar)
    while True:
        day += timedelta(days=1)
        if is_working_day(day, calendar):
            height = MANAGERS if case.due.stopped is None and day >= last else BACKUP
            at = at_local(day, MORNING, policy.timezone)
            yield Step(at=at, name=f"{_LATE}@{day}", height=height)


def _before(case: Case, policy: Policy) -> Iterator[tuple[int, int]]:
    """The rungs before the aim in days, fewer and nearer together on a short clock."""
    length = (case.due.aim_on - local_day(case.received_at, policy.timezone)).days
    scale = min(1.0, length / FULL_CLOCK)
    scaled: dict[int, int] = {}
    for place, days in enumerate(policy.reminders, start=1):
        height = max(ASSIGNEE, MANAGERS - (len(policy.reminders) - place))
        scaled.setdefault(max(1, round(days * scale)), height)
    yield from scaled.items()


def _confirming(case: Case, policy: Policy) -> Iterator[Step]:
    """Where no automatic letter confirmed the receipt: the desk's day for it, then the law's."""
    if not unconfirmed(case):
        return
    received = local_day(case.received_at, policy.timezone)
    days = {add_working_days(received, policy.confirm_days, CALENDAR): ASSIGNEE}
    if (law := confirm_by(case)) is not None:
        days.setdefault(last_working_day(law[0], calendar_of(policy.timezone)), MANAGERS)
    for day, height in sorted(days.items()):
        at = at_local(day, MORNING, policy.timezone)
        yield Step(at=at, name=f"{CONFIRM}@{day}", height=height)
