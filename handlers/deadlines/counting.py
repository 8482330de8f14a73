"""The calculators: from the day of receipt, a rule and the clock's events to the last day.

Every day is a local one and every period ends with its last day. Nothing in here knows a law.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from msgspec.structs import replace

from handlers.deadlines.rules import Rule
from handlers.deadlines.working_days import (
    add_working_days,
    last_working_day,
    local_day,
    next_working_day,
)
from storage.records import ClockEvent, Record

DAY = timedelta(days=1)
#: of what happened in the same moment, what is done first
_ORDER = ("pause", "resume", "restart", "extend")


class Place(Record, frozen=True, kw_only=True):
    """Whose local date counts, and which holidays."""

    timezone: str
    calendar: str


class Pause(Record, frozen=True, kw_only=True):
    """An answer was asked for, and came."""

    since: date
    until: date


class Waiting(Record, frozen=True, kw_only=True):
    """An answer was asked for and has not come."""

    reason: str
    since: date


class Course(Record, frozen=True, kw_only=True):
    """How a clock has run so far."""

    rule: Rule
    calendar: str
    received: date
    start: date  #: day 0
    begun_by: str = ""  #: the reason whose answer began it anew
    pauses: tuple[Pause, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    extended: date | None = None  #: the day its notice went out
    until: date | None = None  #: the date the notice states
    too_late: date | None = None  #: the day a notice went out in vain

    @property
    def nominal(self) -> date:
        """The last day, before free days and pauses."""
        return _span(self, self.start, extended=self.extended is not None)

    @property
    def walked(self) -> date:
        """The last day once the days of the pauses are left out."""
        return _walked(self, self.nominal)

    @property
    def last(self) -> date | None:
        """The last day on which the answer may go; None while the clock stands."""
        return None if self.waiting else _rolled(self, self.walked)

    @property
    def notice_by(self) -> date | None:
        """The last day for the notice of an extension; None while the clock stands."""
        if self.waiting:
            return None
        return _rolled(self, _walked(self, _span(self, self.start, extended=False)))

    @property
    def undisturbed(self) -> date:
        """The last day as if nothing had been asked, before free days."""
        return _span(self, self.received, extended=self.extended is not None)

    @property
    def as_if(self) -> date:
        """The last day as if nothing had been asked."""
        return _rolled(self, self.undisturbed)

    @property
    def aim(self) -> date:
        """The day to work towards: a working day, never later than any of them."""
        ahead = last_working_day(self.undisturbed - timedelta(days=self.rule.sooner), self.calendar)
        if self.rule.target is None or self.extended is not None:
            return ahead
        return min(ahead, add_working_days(self.received, self.rule.target, self.calendar))

    @property
    def left(self) -> int | None:
        """Days left when it stopped; None where the period begins anew, or has not stopped."""
        stops = self.rule.stops
        if not self.waiting or any(stops[each.reason] == "restart" for each in self.waiting):
            return None
        since = min(each.since for each in self.waiting)
        asked_on = since - DAY if self.rule.asking_day else since
        gone = sum(_counts(self, day) for day in _days(self.start, asked_on))
        return max(0, (self.nominal - self.start).days - gone)


def course(rule: Rule, received: date, events: Iterable[ClockEvent], place: Place) -> Course:
    """What the events did to the clock, whatever order they come in."""
    run = Course(rule=rule, calendar=place.calendar, received=received, start=received)
    for event in sorted(set(events), key=_order):
        day = local_day(event.at, place.timezone)
        if event.type == "pause":
            run = _asked(run, event.reason, day)
        elif event.type == "extend":
            run = _extended(run, event, day)
        else:
            run = _answered(run, event, day)
    return run


def _order(event: ClockEvent) -> tuple[object, ...]:
    return event.at, _ORDER.index(event.type), event.reason, event.until or date.min


def _asked(run: Course, reason: str, day: date) -> Course:
    """A pause begun after the period ran out has no effect, nor one asked twice."""
    open_already = any(each.reason == reason for each in run.waiting)
    too_late = run.last is not None and day > run.last
    if reason not in run.rule.stops or open_already or too_late:
        return run
    return replace(run, waiting=(*run.waiting, Waiting(reason=reason, since=day)))


def _answered(run: Course, event: ClockEvent, day: date) -> Course:
    """The answer ends its pause; where the law says so, the period begins anew that day."""
    since = [each.since for each in run.waiting if each.reason == event.reason]
    if not since:
        return run
    run = replace(run, waiting=tuple(w for w in run.waiting if w.reason != event.reason))
    if run.rule.stops[event.reason] == "pause":
        return replace(run, pauses=(*run.pauses, Pause(since=since[0], until=day)))
    if day <= run.start:
        return run
    return replace(run, start=day, begun_by=event.reason)


def _extended(run: Course, event: ClockEvent, day: date) -> Course:
    """Valid when its notice went out inside the period that it extends."""
    stated = event.until if run.rule.stated else None
    if not run.rule.extended and stated is None:
        return run
    if run.notice_by is not None and day > run.notice_by:
        return replace(run, too_late=run.too_late or day)
    until = max((each for each in (run.until, stated) if each), default=None)
    return replace(run, extended=run.extended or day, until=until)


def _span(run: Course, start: date, *, extended: bool) -> date:
    """The end of the period from that day on: the day itself is day 0."""
    rule = run.rule
    if extended and run.until is not None:
        return max(run.until, _span(run, start, extended=False))
    length = rule.extended if extended else rule.length
    if rule.unit == "month":  # no such day there: the last one of the month
        return start + relativedelta(months=length)
    if rule.unit == "working day":
        return add_working_days(start, length, run.calendar)
    return start + timedelta(days=length)


def _walked(run: Course, nominal: date) -> date:
    """As many counted days after the start as the period has, the days of the pauses left out."""
    if not run.pauses:
        return nominal
    left, day = (nominal - run.start).days, run.start
    while left > 0:
        day += DAY
        left -= _counts(run, day)
    return day


def _counts(run: Course, day: date) -> bool:
    asking = 0 if run.rule.asking_day else 1
    return not any(
        pause.since + timedelta(days=asking) <= day <= pause.until for pause in run.pauses
    )


def _days(after: date, last: date) -> Iterable[date]:
    return (after + timedelta(days=n) for n in range(1, (last - after).days + 1))


def _rolled(run: Course, day: date) -> date:
    return next_working_day(day, run.calendar) if run.rule.rolls else day
