"""Who is on duty, and what they are told: what nobody has taken, in one message."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime

from bot.slack import blocks
from bot.slack.buttons import opener
from bot.slack.cards import Message
from bot.slack.roles import Roles
from bot.slack.words import counted, day, escape, left
from handlers.deadlines.regimes import law
from handlers.deadlines.reminders import UNTAKEN
from handlers.deadlines.working_days import local_day
from handlers.desk import Desk
from handlers.handler import Person, Role
from storage.records import Case, Circle

MOST = 20  #: cases named one by one


def untaken(cases: Sequence[Case], circle: Circle) -> tuple[Case, ...]:
    """Of the open cases, what has waited for a working day and nobody has."""
    return tuple(
        case
        for case in cases
        if case.circle is circle
        and case.assignee is None
        and not case.at_rest
        and any(name.startswith(UNTAKEN) for name in case.reminded)
    )


def on_duty(
    people: Sequence[Person],
    cases: Sequence[Case],
    waits: Sequence[Case],
    named: Sequence[str],
    away: Collection[str],
) -> str:
    """The first who is named and there; else of those with the key who has the fewest open
    cases; "" = nobody has the key.

    Managers look when nobody else can: they hear of what is late anyway.
    """
    fit = [p for p in people if p.id not in away and all(map(p.may_see, waits))]
    wanted = [name for name in named if name in {p.id for p in fit}]
    if wanted:
        return wanted[0]
    load = Counter(case.assignee for case in cases)
    best = min(fit, key=lambda p: (Role.MANAGER in p.roles, load[p.id], p.id), default=None)
    return best.id if best else ""


def message(waits: Sequence[Case], key: str, today: date) -> Message:
    """References and dates only, each with its button."""
    told = f"{counted(len(waits), 'request')} nobody has taken for a working day"
    shown = [blocks.section(f":bell: *{told}.* Please take them, or hand them over.", key)]
    for case in waits[:MOST]:
        days = (case.due.due_on - today).days
        line = f"*{escape(case.ref)}* due {day(case.due.due_on)} ({escape(law(case.due))}), "
        shown.append(
            blocks.section(
                f"{line}{left(days)}", f"{key}:{case.ref}", opener(case.ref, case.version)
            )
        )
    if len(waits) > MOST:
        shown.append(blocks.context(["The rest is on Home: *Not taken*."], f"{key}:more"))
    refs = ", ".join(case.ref for case in waits[:MOST])
    return {"text": f"{told}: {refs}.", "blocks": shown}


class Office:
    """Looks who is there and what waits, when the message goes."""

    def __init__(self, desk: Desk, roles: Roles, timezone: str) -> None:
        self._desk = desk
        self._roles = roles
        self._timezone = timezone

    async def told(self, circle: Circle, key: str, now: datetime) -> tuple[str, Message] | None:
        """Whom to tell and what; None = somebody has taken all of it meanwhile."""
        cases = await self._desk.store.cases()
        waits = untaken(cases, circle)
        if not waits:
            return None
        people = await self._roles.people()
        away = await self._desk.absent([person.id for person in people], now)
        who = on_duty(people, cases, waits, self._desk.policy.duty, away)
        return who, message(waits, key, local_day(now, self._timezone))
