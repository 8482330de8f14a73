"""What each of us says of themselves: working hours, absence, who stands in. Reminders keep to it.

Kept in a mark of their own, so that it outlives every case; nobody else may change it.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

import msgspec

from handlers.commits import Commits, zone_of
from handlers.company import PERSON
from handlers.deadlines.working_days import EVENING, MONDAY_TO_FRIDAY, MORNING, Hours, local_day
from handlers.handler import Field, Form, Person
from storage.records import Commit, Mark, Record

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(time(hour) for hour in range(6, 23))


class Habits(Record, frozen=True, kw_only=True):
    """As somebody filled them in; the defaults are those of an office."""

    begins: time = MORNING
    ends: time = EVENING
    days: tuple[int, ...] = MONDAY_TO_FRIDAY
    away_from: date | None = None
    away_until: date | None = None  #: the last day of it
    backup: str = ""  #: Slack id of who stands in

    def away(self, day: date) -> bool:
        """Are they absent that day?"""
        if self.away_from is None or self.away_until is None:
            return False
        return self.away_from <= day <= self.away_until


class Reachable(Record, frozen=True, kw_only=True):
    """Who is called for a case, and when: the assignee, and who stands in for them now."""

    hours: Hours
    backup: str = ""
    away: bool = False


def habits_of(person: str) -> str:
    """The mark whose note says what somebody filled in."""
    return f"habits:{person}"


def form(known: Habits) -> Form:
    """What is asked, with what is known already."""
    hours = tuple((f"{hour:%H:%M}", f"{hour:%H:%M}") for hour in HOURS)
    return Form(
        title="My hours",
        submit="Save",
        intro="Reminders come in these hours. While you are away they go to who stands in for you.",
        fields=(
            Field(
                name="begins",
                label="I begin at",
                type="choice",
                options=hours,
                initial=f"{known.begins:%H:%M}",
            ),
            Field(
                name="ends",
                label="I end at",
                type="choice",
                options=hours,
                initial=f"{known.ends:%H:%M}",
            ),
            Field(
                name="days",
                label="On these days",
                type="choices",
                options=tuple((str(number), name) for number, name in enumerate(DAYS)),
                initial=" ".join(map(str, known.days)),
            ),
            Field(
                name="away_from",
                label="Away from",
                type="date",
                initial=known.away_from.isoformat() if known.away_from else "",
                optional=True,
            ),
            Field(
                name="away_until",
                label="Away until, that day included",
                type="date",
                initial=known.away_until.isoformat() if known.away_until else "",
                optional=True,
            ),
            Field(
                name="backup",
                label="Who stands in for me",
                type="person",
                initial=known.backup,
                hint="They see your cases on their Home page and are reminded with you.",
                optional=True,
            ),
        ),
    )


def filled(values: Mapping[str, str], by: str) -> tuple[Habits, dict[str, str]]:
    """What the form says, and what is wrong with it by field."""
    read = {name: _day(values.get(name, "")) for name in ("away_from", "away_until")}
    made = Habits(
        begins=time.fromisoformat(values.get("begins") or f"{MORNING:%H:%M}"),
        ends=time.fromisoformat(values.get("ends") or f"{EVENING:%H:%M}"),
        days=tuple(sorted(int(word) for word in values.get("days", "").split())),
        backup=values.get("backup", ""),
        **read,
    )
    return made, {name: said for name, said in _faults(made, by) if said}


def _faults(made: Habits, by: str) -> list[tuple[str, str]]:
    one_alone = (made.away_from is None) != (made.away_until is None)
    over = made.away_from and made.away_until and made.away_until < made.away_from
    absent = made.away_from is not None
    return [
        ("ends", "The day ends before it begins." if made.ends <= made.begins else ""),
        ("days", "" if made.days else "Choose at least one day."),
        ("away_until", "Both days are needed: the first and the last." if one_alone else ""),
        ("away_until", "The last day comes before the first." if over else ""),
        ("backup", "Somebody else: you cannot stand in for yourself." if made.backup == by else ""),
        ("backup", "Choose who stands in." if absent and not made.backup else ""),
        ("backup", "Choose a person." if made.backup and not PERSON.fullmatch(made.backup) else ""),
    ]


def _day(said: str) -> date | None:
    return date.fromisoformat(said) if said else None


class Habitual(Commits):
    """Reads and keeps them."""

    async def habits(self, person: str) -> Habits:
        """What they filled in; the defaults of those who have not."""
        known = await self.store.mark(habits_of(person))
        return msgspec.json.decode(known.note, type=Habits) if known else Habits()

    async def keep(self, by: Person, habits: Habits, now: datetime) -> None:
        """Everybody fills in their own."""

        async def decide() -> None:
            known = await self.store.mark(habits_of(by.id))
            mark = known or Mark(id=habits_of(by.id), at=now, lasting=True)
            note = msgspec.json.encode(habits).decode()
            mark = msgspec.structs.replace(mark, at=now, note=note)
            puts = (mark, *await self.met(by, now))
            await self.store.commit(Commit(at=now, actor=by.id, act="habits", puts=puts))

        await self.decided(decide)

    async def reachable(self, assignee: str | None, now: datetime) -> Reachable:
        """When reminders of a case are in place, and who gets them beside its assignee."""
        if not assignee:
            return Reachable(hours=Hours(timezone=self.policy.timezone))
        habits, hours = await self._hours(assignee)
        backup = habits.backup or self.policy.backups.get(assignee, "")
        if not habits.away(local_day(now, hours.timezone)):
            return Reachable(hours=hours, backup=backup)
        hours = (await self._hours(backup))[1] if backup else Hours(timezone=self.policy.timezone)
        return Reachable(hours=hours, backup=backup, away=True)

    async def stands_in(self, person: str, people: Iterable[str], now: datetime) -> frozenset[str]:
        """For whom of these people they stand in now."""
        found = set()
        for each in people:
            them = await self.reachable(each, now)
            if them.away and them.backup == person:
                found.add(each)
        return frozenset(found)

    async def absent(self, people: Iterable[str], now: datetime) -> frozenset[str]:
        """Who of these people is away now."""
        return frozenset([each for each in people if (await self.reachable(each, now)).away])

    async def _hours(self, person: str) -> tuple[Habits, Hours]:
        known, habits = await self.store.mark(zone_of(person)), await self.habits(person)
        zone = known.note if known and known.note else self.policy.timezone
        hours = Hours(timezone=zone, begins=habits.begins, ends=habits.ends, days=habits.days)
        return habits, hours
