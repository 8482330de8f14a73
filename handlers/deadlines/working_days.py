"""Working days: Monday to Friday, less the public holidays of a calendar (package `holidays`)."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from storage.records import Record

#: the calendar of a desk's own hours, by its time zone; a zone not listed has weekends only
CALENDARS = {
    "Europe/London": "GB-WLS",
    "Europe/Dublin": "IE",
    "Europe/Berlin": "DE",
    "Europe/Paris": "FR",
    "America/New_York": "US",
    "America/Chicago": "US",
    "America/Denver": "US",
    "America/Los_Angeles": "US",
    "America/Toronto": "CA",
}
NO_HOLIDAYS = "NONE"
#: the hours in which people are spoken to
MORNING, EVENING = time(9), time(18)
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
#: Canada's federal public service keeps more days than all provinces do together
PUBLIC_SERVICE = {"CA": ("public", "government")}


class Hours(Record, frozen=True, kw_only=True):
    """When somebody works: by the clock on their wall, on which days of the week (Monday is 0)."""

    timezone: str
    begins: time = MORNING
    ends: time = EVENING
    days: tuple[int, ...] = MONDAY_TO_FRIDAY

    def on(self, day: date) -> bool:
        """Is it a day they work?"""
        return day.weekday() in self.days and day not in _holidays(
            calendar_of(self.timezone), day.year
        )


@cache
def _holidays(calendar: str, year: int) -> frozenset[date]:
    if calendar == NO_HOLIDAYS:
        return frozenset()
    country, _, part = calendar.partition("-")
    kinds = PUBLIC_SERVICE.get(country, ("public",))
    return frozenset(
        holidays.country_holidays(country, subdiv=part or None, years=year, categories=kinds)
    )


def is_working_day(day: date, calendar: str) -> bool:
    """Monday to Friday and no public holiday."""
    return day.weekday() < 5 and day not in _holidays(calendar, day.year)


def add_working_days(day: date, count: int, calendar: str) -> date:
    """The count-th working day after `day`; day 1 is the first working day after it."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, calendar)
    return day


def last_working_day(day: date, calendar: str) -> date:
    """`day` itself, or the nearest working day before it."""
    while not is_working_day(day, calendar):
        day -= timedelta(days=1)
    return day


def next_working_day(day: date, calendar: str) -> date:
    """`day` itself, or the nearest working day after it."""
    while not is_working_day(day, calendar):
        day += timedelta(days=1)
    return day


def working_moment(now: datetime, hours: Hours) -> datetime:
    """Now, where it is one of those hours; else the next time they begin."""
    day = local_day(now, hours.timezone)
    if hours.on(day) and now < at_local(day, hours.ends, hours.timezone):
        return max(now, at_local(day, hours.begins, hours.timezone))
    day += timedelta(days=1)
    while not hours.on(day):
        day += timedelta(days=1)
    return at_local(day, hours.begins, hours.timezone)


def calendar_of(timezone: str) -> str:
    """The holidays people in this zone keep, as far as the desk knows."""
    return CALENDARS.get(timezone, NO_HOLIDAYS)


def local_day(moment: datetime, timezone: str) -> date:
    """The date on the wall there at that moment."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def at_local(day: date, hour: time, timezone: str) -> datetime:
    """That wall time there, as a moment."""
    return datetime.combine(day, hour, tzinfo=ZoneInfo(timezone))
