"""The ladder of reminders: pure questions about one case, never an act.

Rungs lie 10, 5, 2 and 1 days before the day we aim for, nearer together on a short clock, at 09:00
of a working day; one that falls on a free day comes down to the working day before, so none
ever crosses the legal date. From the day after the aim there is one each working day. What
was missed while the desk was away collapses into one.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from handlers.deadlines.working_days import (
    at_local,
    calendar_of,
    is_working_day,
    last_working_day,
    local_day,
)
from handlers.policy import Policy
from storage.records import Case, Record, Request

LADDER = (10, 5, 2, 1)
FULL_CLOCK = 20  #: days: a shorter clock gets a shorter ladder
HOUR = time(9)
SNOOZED = "snoozed"
_LATE = "late"


class Rung(Record, frozen=True, kw_only=True):
    """One reminder. Days are counted to the legal date; negative = overdue."""

    name: str
    at: datetime
    days_left: int
    climbed: tuple[str, ...] = ()  #: this one and the missed ones below it


def late(case: Case, request: Request) -> bool:
    """Has the desk said that this one's date is over?"""
    days = (name.partition("@") for name in case.reminded)
    return any(
        word == _LATE and date.fromisoformat(day) > request.due.due_on for word, _, day in days
    )


def next_rung(case: Case, policy: Policy, now: datetime) -> Rung | None:
    """The reminder that has come, or None. Of several the last; the rest count as climbed."""
    if case.closed or (case.remind_at is not None and case.remind_at > now):
        return None
    today = local_day(now, policy.timezone)
    left = (case.due.due_on - today).days
    come = [rung for rung in _until(case, policy, now) if rung[0] not in case.reminded]
    if come:
        name, at = come[-1]
        climbed = tuple(name for name, _ in come)
        return Rung(name=name, at=at, days_left=left, climbed=climbed)
    if case.remind_at is not None and not _is_rung(case, policy, case.remind_at):
        return Rung(name=SNOOZED, at=case.remind_at, days_left=left)
    return None


def next_remind_at(case: Case, policy: Policy, now: datetime) -> datetime | None:
    """When the ladder next has business with this case; None once it is closed, and for an
    imported one until a person has sorted it."""
    if case.closed or case.at_rest:
        return None
    return next(at for name, at in _ladder(case, policy) if at > now and name not in case.reminded)


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
    return at_local(day, HOUR, policy.timezone)


def _until(case: Case, policy: Policy, now: datetime) -> Iterator[tuple[str, datetime]]:
    for name, at in _ladder(case, policy):
        if at > now:
            return
        yield name, at


def _is_rung(case: Case, policy: Policy, moment: datetime) -> bool:
    return any(at == moment for _, at in _until(case, policy, moment))


def _ladder(case: Case, policy: Policy) -> Iterator[tuple[str, datetime]]:
    """Every rung, without end: the last ones come daily."""
    aim = case.due.aim_on
    calendar = calendar_of(policy.timezone)
    seen: set[date] = set()
    for days in _before(case, policy):
        day = last_working_day(aim - timedelta(days=days), calendar)
        at = at_local(day, HOUR, policy.timezone)
        if at > case.received_at and day not in seen:
            seen.add(day)
            yield f"{days}@{aim}", at
    if not seen and (at := at_local(aim, HOUR, policy.timezone)) > case.received_at:
        yield f"0@{aim}", at
    day = aim
    while True:
        day += timedelta(days=1)
        if is_working_day(day, calendar):
            yield f"{_LATE}@{day}", at_local(day, HOUR, policy.timezone)


def _before(case: Case, policy: Policy) -> tuple[int, ...]:
    """The rungs before the aim in days, fewer and nearer together on a short clock."""
    length = (case.due.aim_on - local_day(case.received_at, policy.timezone)).days
    scale = min(1.0, length / FULL_CLOCK)
    return tuple(dict.fromkeys(max(1, round(days * scale)) for days in LADDER))
