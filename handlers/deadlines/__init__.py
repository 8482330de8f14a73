"""By when the law, or the desk's own rule, wants an answer: regimes as data, pure calculators."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from importlib.metadata import version

from msgspec.structs import replace

from handlers.deadlines.counting import Course, Place, course
from handlers.deadlines.overlays import applying
from handlers.deadlines.places import place_of
from handlers.deadlines.regimes import CLOCK_OF, POLICY, REGIMES, TYPED, rule_of
from handlers.deadlines.rules import Rule
from handlers.deadlines.why import sentence
from handlers.deadlines.working_days import local_day
from storage.records import Candidate, Case, ClockEvent, Due, Record, Request, Stopped

#: holidays are proclaimed late: the rule that counted them says by which tables
TABLES = version("holidays")
#: a claimed time of sending further back than this is not believed
BELIEVED = timedelta(days=5)


class Asked(Record, frozen=True, kw_only=True):
    """What a clock is computed from, beside the law."""

    kind: str  #: or a word of the law, such as portability
    received_at: datetime
    events: tuple[ClockEvent, ...] = ()
    sent_at: datetime | None = None
    confirmed: bool = False  #: the requester knows that it has come


def due(asked: Asked, candidate: Candidate, place: Place | None = None) -> Due:
    """One regime's clock alone. Raises KeyError for a kind or a regime without a rule."""
    place = place or place_of(candidate)
    run = running(asked, candidate, place)
    regime = REGIMES[candidate.regime]
    elsewhere = asked.received_at.date() != run.received
    return Due(
        due_on=run.last or run.as_if,
        aim_on=run.aim,
        regime=candidate.regime,
        rule=f"{run.rule.id}/{run.rule.version} holidays/{TABLES}",
        why=sentence(run, regime.title, place.timezone if elsewhere else ""),
        house=not run.rule.law,
        stopped=_stopped(run),
        extended=run.extended is not None,
    )


def earliest(asked: Asked, candidates: Iterable[Candidate] = ()) -> Due:
    """The clock that ends first among the laws that may apply; those that stand come last.

    The day to aim for is the earliest of all of them: nothing that stands is forgotten.
    """
    found = [due(asked, candidate) for candidate in applying(asked.kind, candidates)]
    first = min(found, key=_end)
    return replace(first, aim_on=min(each.aim_on for each in found))


def earliest_of(asked: Iterable[Asked], candidates: Iterable[Candidate] = ()) -> Due:
    """The same for a mail that may be of several kinds. Raises ValueError for none."""
    known = tuple(candidates)
    return min((earliest(each, known) for each in asked), key=_end)


def clock(request: Request, received_at: datetime, *, confirmed: bool = False) -> Due:
    """The request's clock as its laws and its events have it now; one not sorted keeps its own."""
    if request.kind is None or request.due.rule == TYPED:
        return request.due  # not sorted yet, or nothing counts it
    return computed(request, received_at, confirmed=confirmed)


def computed(request: Request, received_at: datetime, *, confirmed: bool = False) -> Due:
    """What its laws and its events make of it, whatever date it has. Raises KeyError for a request
    that is not sorted."""
    asked = Asked(
        kind=clocked(request.right, request.kind or ""),
        received_at=received_at,
        events=request.events,
        sent_at=request.sent_at,
        confirmed=confirmed,
    )
    return earliest(asked, request.regimes)


def clocked(right: str, kind: str) -> str:
    """Whose clock runs: that of the right, where it has one of its own."""
    return CLOCK_OF.get(right, kind)


def _end(found: Due) -> tuple[object, ...]:
    return found.stopped is not None, found.due_on, found.house, found.aim_on


def running(asked: Asked, candidate: Candidate, place: Place) -> Course:
    """How one regime's clock has run."""
    rule = rule_of(candidate.regime, asked.kind)
    rule = rule.then if asked.confirmed and rule.then else rule
    received = local_day(asked.received_at, place.timezone)
    if rule.from_sending and asked.sent_at is not None:
        sent = max(asked.sent_at, asked.received_at - BELIEVED)
        received = min(received, local_day(sent, place.timezone))
    return course(rule, received, asked.events, place)


def confirm_by(case: Case) -> tuple[date, str] | None:
    """The last day some law gives to confirm the receipt, and that law's name."""
    found = [
        (last, REGIMES[law.regime].title)
        for request in case.open_requests
        for law in request.regimes
        if (last := _confirm_on(request.kind or "", case.received_at, law)) is not None
    ]
    return min(found, default=None)


def _confirm_on(kind: str, received_at: datetime, candidate: Candidate) -> date | None:
    rule = REGIMES[candidate.regime].confirm.get(kind)
    if rule is None:
        return None
    place = place_of(candidate)
    return course(rule, local_day(received_at, place.timezone), (), place).last


def _stopped(run: Course) -> Stopped | None:
    if not run.waiting:
        return None
    first = min(run.waiting, key=lambda each: (each.since, each.reason))
    return Stopped(since=first.since, reason=first.reason, left=run.left)


def promised(kind: str | None, regime: str) -> Rule:
    """The rule whose period a letter may name: that of the answer itself, never a computed date.

    What nobody has sorted yet may be a right, and is promised no longer than one.
    """
    if kind is not None:
        rule = rule_of(regime, kind)
        return rule.then or rule
    known = REGIMES[regime].rules
    return known["access"] if "access" in known else POLICY.rules["access"]
