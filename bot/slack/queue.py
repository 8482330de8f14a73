"""What there is to do for one person, out of all open cases: pure, one pass, by due date."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from handlers import approvals
from handlers.digest import SOON, WAITING
from handlers.handler import Person
from storage.records import Case, Record, Request, Status

PAGE = 40  #: cases on one page: two blocks each, of the hundred that Home may have
#: what may be looked at, in the order of the buttons
FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "mine": "Mine",
        "free": "Not taken",
        "soon": "Due soon",
        "waiting": "Waiting",
        "reminders": "My reminders",
        "all": "All",
    }
)


class Look(Record, frozen=True, kw_only=True):
    """What somebody looks at. Pages are counted from 0; "" = whatever they have to do."""

    filter: str = ""
    page: int = 0


class Work(Record, frozen=True, kw_only=True):
    """Of the open cases somebody may see, the most urgent first."""

    by: str
    lists: Mapping[str, tuple[Case, ...]]  #: by filter
    unsorted: tuple[Case, ...]  #: to work through
    unsubscribes: tuple[tuple[Case, Request], ...]
    overdue: int
    asked: int  #: waits for their yes

    def chosen(self, look: Look) -> str:
        """The filter looked at: theirs, or the first with something to do."""
        if look.filter in FILTERS:
            return look.filter
        return next((name for name in ("mine", "free") if self.lists[name]), "all")

    def page(self, look: Look) -> tuple[tuple[Case, ...], int, int]:
        """The cases of a page, its number, and the last one's."""
        cases = self.lists[self.chosen(look)]
        last = max(0, (len(cases) - 1) // PAGE)
        number = min(max(look.page, 0), last)
        return cases[number * PAGE : (number + 1) * PAGE], number, last


def work(
    cases: Sequence[Case], by: Person, today: date, covers: frozenset[str] = frozenset()
) -> Work:
    """`cases`: the open ones by due date. `covers`: for whom they stand in now."""
    seen = [case for case in cases if not case.at_rest and by.may_see(case)]
    dates = [(case, case.due.due_on) for case in seen]
    theirs = {by.id, *covers}
    asked = [case for case in seen if case.approvals and _asked(case, by)]
    mine = tuple(case for case in seen if case.assignee in theirs)
    own = [(case.remind_at, case) for case in mine if case.assignee == by.id and case.remind_at]
    waiting = {case.ref for case in (*filter(_waits, mine), *asked)}
    free = [case for case in seen if case.assignee in {None, by.id} and by.id not in case.barred]
    return Work(
        by=by.id,
        lists={
            "mine": mine,
            "free": tuple(case for case in seen if case.assignee is None),
            "soon": tuple(case for case, due_on in dates if (due_on - today).days <= SOON),
            "waiting": tuple(case for case in seen if case.ref in waiting),
            "reminders": tuple(case for _, case in sorted(own, key=lambda o: (o[0], o[1].ref))),
            "all": tuple(seen),
        },
        unsorted=tuple(case for case in free if not case.confirmed and not case.held_for),
        unsubscribes=tuple((case, r) for case in free for r in case.requests if _to_stop(case, r)),
        overdue=sum(due_on < today and case.overdue(today) for case, due_on in dates),
        asked=len(asked),
    )


def place(case: Case) -> tuple[date, str]:
    """Where it stands in a queue."""
    return case.due.due_on, case.ref


def _waits(case: Case) -> bool:
    return case.answered or bool(case.held) or any(r.status in WAITING for r in case.requests)


def _asked(case: Case, by: Person) -> bool:
    """Does it wait for a second person, who may be them?"""
    asks = (each.asked_by for each in approvals.pending(case))
    return by.id not in case.barred and any(who != by.id for who in asks)


def _to_stop(case: Case, request: Request) -> bool:
    return (
        request.kind == "unsubscribe"
        and request.status is not Status.CLOSED
        and "marketing" not in request.done
        and not case.triage
    )
