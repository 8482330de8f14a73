"""What moves the clocks of a case: laws, the day of receipt, questions, answers, extensions.

Pure. Each keeps what happened beside the request and counts the date anew; nothing sets a date.
"""

from collections.abc import Iterable
from datetime import datetime

from handlers import deadlines
from handlers.deadlines import overlays
from handlers.deadlines.regimes import has_rule, law, rule_of
from handlers.deadlines.why import ASKED
from handlers.deadlines.working_days import add_working_days, calendar_of, local_day
from handlers.handler import Moment
from handlers.requests import replace, with_request
from storage.records import (
    Candidate,
    Case,
    ClockEvent,
    Due,
    Extending,
    InboundMail,
    Request,
    Status,
)

#: working days after receipt in which to ask for proof or more words
ASK_WITHIN = 5
NO_MORE_TIME = "The time for it has run out: no extension, only Send late answer."
#: what is asked of the person, whatever they want
IDENTITY = frozenset({"identity", "authority"})


def reclocked(case: Case) -> Case:
    """Every open request's date, as its laws, its events and the receipt have it now."""
    for request in case.open_requests:
        clock = deadlines.clock(request, case.received_at, confirmed=confirmed(case))
        case = with_request(case, replace(request, due=clock))
    return case


def confirmed(case: Case) -> bool:
    """Does the requester know that it has come?"""
    return case.acknowledgement == "sent"


def happened(case: Case, request: Request, *events: ClockEvent) -> Case:
    """One request's clock with more events."""
    told = (*request.events, *events)
    return reclocked(with_request(case, replace(request, events=told)))


def asked(case: Case, numbers: Iterable[int], event: ClockEvent) -> Case:
    """The requester was asked for something: where the law says so the clock stands."""
    wanted = set(numbers)
    for request in case.open_requests:
        if request.id in wanted and not _asked_already(request, event):
            case = happened(case, request, event)
    return case


def acknowledged(case: Case, said: str) -> Case:
    """With what is known of the confirmation of receipt; a clock that runs for that alone gives
    way to what comes next, and comes back where the letter does."""
    case = replace(case, acknowledgement=said)
    return reclocked(case) if any(map(_runs_for_receipt, case.open_requests)) else case


def _runs_for_receipt(request: Request) -> bool:
    regime, kind = request.due.regime, request.kind or ""
    return has_rule(regime, kind) and rule_of(regime, kind).then is not None


def about_the_person(request: Request) -> tuple[ClockEvent, ...]:
    """What was asked of who they are, whatever they turn out to want."""
    return tuple(event for event in request.events if event.reason in IDENTITY)


def concerned(case: Case, event: ClockEvent, number: int | None) -> tuple[int, ...]:
    """Whom somebody is, is a question about all they ask for; the others are about one request."""
    if number is None or event.reason in IDENTITY:
        return tuple(request.id for request in case.open_requests)
    return (number,)


def prolonged(case: Case, wanted: Extending, letter: str, at: datetime) -> Case:
    """The notice went out: that request has more time, if it still could be told."""
    event = ClockEvent(
        type="extend", at=at, reason=wanted.reason, until=wanted.until, letter=letter
    )
    return asked(case, (wanted.request,), event)


def _asked_already(request: Request, event: ClockEvent) -> bool:
    return event in request.events or event.reason in waiting(request)


def asked_late(moment: Moment) -> str:
    """A warning: who asks must ask without undue delay (EDPB 01/2022 para 159)."""
    zone = moment.policy.timezone
    received = local_day(moment.case.received_at, zone)
    last = add_working_days(received, ASK_WITHIN, calendar_of(zone))
    if local_day(moment.now, zone) <= last:
        return ""
    return f" It was to be asked by {last:%d %b}: a clock that stands so late is hard to defend."


def over(request: Request, moment: Moment) -> bool:
    """Has its period run out?"""
    today = local_day(moment.now, moment.policy.timezone)
    return request.due.stopped is None and today > request.due.due_on


def waiting(request: Request) -> tuple[str, ...]:
    """The reasons an answer is still owed for, whatever the laws make of it."""
    open_reasons: list[str] = []
    for event in sorted(request.events, key=lambda e: e.at):
        if event.type == "pause" and event.reason not in open_reasons:
            open_reasons.append(event.reason)
        elif event.type in {"resume", "restart"} and event.reason in open_reasons:
            open_reasons.remove(event.reason)
    return tuple(open_reasons)


def answered(case: Case, at: datetime, reasons: Iterable[str] = tuple(ASKED)) -> Case:
    """The answer came: any answer starts the clocks again at once."""
    known = set(reasons)
    for request in case.open_requests:
        came = (
            ClockEvent(type="resume", at=at, reason=reason)
            for reason in waiting(request)
            if reason in known
        )
        if events := tuple(came):
            case = happened(case, request, *events)
    return case


def joined(case: Case, mail: InboundMail, message_id: str) -> Case:
    """The case with one more mail of its requester: it goes on, and waits to be read.

    Any answer starts the clocks again at once; what it says a person finds out.
    """
    case = answered(case, mail.received_at)
    for request in case.open_requests:
        if request.status is Status.AWAITING_REQUESTER:
            case = with_request(case, replace(request, status=Status.OPEN))
    ids = case.message_ids
    if message_id and message_id not in ids:
        ids = (*ids, message_id)
    return replace(case, mails=(*case.mails, mail.id), message_ids=ids, answered=True)


def last_answer(request: Request) -> ClockEvent | None:
    """What came last for what was asked, while nothing else is owed."""
    came = [event for event in request.events if event.type == "resume"]
    return None if waiting(request) or not came else max(came, key=lambda event: event.at)


def taken_back(case: Case, letter: str) -> Case:
    """A letter did not arrive: what it did to a clock is undone."""
    for request in case.open_requests:
        kept = tuple(event for event in request.events if event.letter != letter)
        if kept != request.events:
            case = with_request(case, replace(request, events=kept))
    return reclocked(case)


def living_in(case: Case, home: Candidate) -> Case:
    """Residence is settled: the law of that place, and those of one matter that stay."""
    for request in case.open_requests:
        staying = (each for each in request.regimes if each.regime in overlays.ONE_MATTER)
        case = with_request(case, replace(request, regimes=(home, *staying)))
    return reclocked(case)


def later(before: Case, after: Case) -> bool:
    """Does any date move later, or stop?"""
    pairs = ((request, after.request(request.id)) for request in before.open_requests)
    return any(
        new.due.due_on > old.due.due_on or (new.due.stopped is not None and old.due.stopped is None)
        for old, new in pairs
    )


def sooner(before: Case, after: Case) -> bool:
    """Does any date come nearer?"""
    return later(after, before)


def moves(before: Case, after: Case) -> str:
    """`Due 1 Dec 2026 (desk rule) → 5 Jan 2027 (UK GDPR).`, for each date that differs."""
    told = (
        f"Due {named(old.due)} → {named(new.due)}."
        for old, new in zip(before.requests, after.requests, strict=True)
        if (old.due.due_on, old.due.regime) != (new.due.due_on, new.due.regime)
    )
    return " ".join(told) or f"Due {named(after.due)}, as before."


def named(due: Due) -> str:
    """A date and whose rule it is."""
    return f"{due.due_on:%d %b %Y} ({law(due)})"


def extended(request: Request, received_at: datetime, event: ClockEvent) -> Due:
    """The date with this notice."""
    return deadlines.clock(replace(request, events=(*request.events, event)), received_at)


def extends(request: Request) -> bool:
    """Has the law that comes first an extension, not used yet? Another's would move no date."""
    regime, kind = request.due.regime, request.kind or ""
    if request.due.extended or not has_rule(regime, kind):
        return False
    rule = rule_of(regime, kind)
    return bool(rule.extended) or rule.stated


def states_date(request: Request) -> bool:
    """Does the law take the date that the notice itself states?"""
    return request.kind is not None and rule_of(request.due.regime, request.kind).stated
