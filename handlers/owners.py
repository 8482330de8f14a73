"""The owners of systems: what they are asked for a request, by when, and what they answer.

An owner may answer what was asked of them and nothing else. Who it is about stands in no
message: they open it, alone, and that is on the record.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from handlers.company import System
from handlers.deadlines.working_days import (
    add_working_days,
    at_local,
    calendar_of,
    local_day,
    next_working_day,
)
from handlers.handler import Kind, Moment, Step
from handlers.letters.templates import template
from handlers.policy import Policy
from handlers.recording import asked, heard
from handlers.requests import replace, with_request, with_step
from storage.errors import Refused
from storage.records import Case, OutboxStatus, Query, Record, Request, Round, Status

#: working days an owner gets, where the clock leaves them
DAYS = 5
#: owners are chased on the morning of their date, and once more the working day after
CHASE = time(9)


class Wording(Record, frozen=True, kw_only=True):
    """What a round asks, in words to the owners."""

    asks: str
    every: bool = False  #: of every system; else of those that were found to hold something


ROUNDS: Mapping[str, Wording] = MappingProxyType(
    {
        "hold": Wording(
            asks="What do you hold on this person? *Delete nothing yet.* Put what you find where "
            "the privacy team asked, never into Slack.",
            every=True,
        ),
        "delete": Wording(
            asks="*Delete now* what you hold on this person, and have your processors do it.",
        ),
        "change": Wording(
            asks="*Change it now*, everywhere, also where a feed would write the old value again.",
            every=True,
        ),
        "cease": Wording(
            asks="*Collect and use no more* of this person's data. *Delete nothing yet.*",
            every=True,
        ),
        "stop": Wording(
            asks="*Stop all marketing* to this person, on every list and at every partner.",
        ),
    }
)


def with_round(
    moment: Moment, request: Request, step: Step, systems: list[System], search: str
) -> Case:
    """The case with its owners asked; a system falls to who has the case where nobody owns it, or
    the case is about its owner."""
    case, due_on = moment.case, answer_by(request, moment.policy, moment.now)
    fallback = case.assignee or moment.by.id
    asking = Round(
        id=max((known.id for known in case.rounds), default=0) + 1,
        request=request.id,
        step=step.name,
        purpose=step.round or "stop",
        by=moment.by.id,
        at=moment.now,
        due_on=due_on,
        search=search,
        chase_at=_chase(due_on, moment.now, moment.policy.timezone),
        queries=tuple(
            Query(system=s.name, owner=fallback if s.owner in {"", *case.shut} else s.owner)
            for s in systems
        ),
    )
    request = replace(request, status=Status.AWAITING_OWNERS)
    return with_request(replace(case, rounds=(*case.rounds, asking)), request)


def passed_over(case: Case, to: str) -> tuple[Case, tuple[tuple[str, int], ...]]:
    """What those shut out have not answered is asked of another; and whom to ask in which round."""

    def theirs(query: Query) -> Query:
        gone = not query.answer and query.owner in case.shut
        return replace(query, owner=to) if gone else query

    rounds = tuple(
        each if each.over else replace(each, queries=tuple(map(theirs, each.queries)))
        for each in case.rounds
    )
    moved = (new.id for old, new in zip(case.rounds, rounds, strict=True) if old != new)
    return replace(case, rounds=rounds), tuple((to, number) for number in moved)


def answer_by(request: Request, policy: Policy, now: datetime) -> date:
    """The owners' own date: five working days, never past the day we aim for."""
    today = local_day(now, policy.timezone)
    usual = add_working_days(today, DAYS, calendar_of(policy.timezone))
    return max(today, min(usual, request.due.aim_on))


def whom_to_ask(asking: Round) -> tuple[tuple[str, int], ...]:
    """Each owner who has not answered all of it, once."""
    return tuple((owner, asking.id) for owner in dict.fromkeys(q.owner for q in asking.waiting))


def chased(case: Case, now: datetime, timezone: str) -> tuple[Case, tuple[Round, ...]]:
    """The case with every chase that has come behind it, and the rounds somebody is late in."""
    late: list[Round] = []
    rounds: list[Round] = []
    for each in case.rounds:
        if each.chase_at is None or each.chase_at > now:
            rounds.append(each)
            continue
        again: datetime | None = None
        if awaited(case, each):
            late.append(each)
            again = _chase(each.due_on, each.chase_at, timezone)
        rounds.append(replace(each, chase_at=again if again and again > now else None))
    return replace(case, rounds=tuple(rounds)), tuple(late)


def awaited(case: Case, asking: Round) -> bool:
    """Do answers still count: somebody has not answered, and the request goes on?"""
    still_open = any(request.id == asking.request for request in case.open_requests)
    return bool(asking.waiting) and not asking.over and still_open


def next_chase(case: Case) -> datetime | None:
    """When owners are to be chased next; None = nobody is waited for."""
    times = (each.chase_at for each in case.rounds if each.chase_at and awaited(case, each))
    return min(times, default=None)


def _chase(due_on: date, after: datetime, timezone: str) -> datetime | None:
    """The morning of their date, or of the working day after; None once both are behind."""
    day = next_working_day(due_on + timedelta(days=1), calendar_of(timezone))
    mornings = (at_local(due_on, CHASE, timezone), at_local(day, CHASE, timezone))
    return next((morning for morning in mornings if morning > after), None)


def still(case: Case, asking: Round) -> str:
    """To an owner who has not answered."""
    return f"{case.ref}: your answer is still missing, please by {asking.due_on:%d %b %Y}."


def round_of(case: Case, number: int) -> Round:
    """Raises Refused for a round the case does not have."""
    for known in case.rounds:
        if known.id == number:
            return known
    raise Refused(f"{case.ref} asks nothing of you any more.")


def progress(case: Case, request: Request) -> str:
    """`7 of 9 systems answered, 1 with an exception, asked by 5 Nov`; "" = nobody was asked."""
    asked_last = [known for known in case.rounds if known.request == request.id]
    if not asked_last:
        return ""
    last = asked_last[-1]
    there = len(last.queries) - len(last.waiting)
    said = f"{there} of {len(last.queries)} systems answered"
    if exceptions := sum(query.answer == "exception" for query in last.queries):
        said += f", {exceptions} with an exception"
    if not last.waiting:
        return said
    return (
        f"{said}, gone on without"
        if last.over
        else f"{said}, asked by {last.due_on.day} {last.due_on:%b}"
    )


def may_not_delete(case: Case, request: Request) -> str:
    """Why no owner may be asked to delete yet; "" = they may.

    An access request in the same case is answered first: what is asked for must not be hidden
    or destroyed (DPA 2018 s.173).
    """
    if "verify" not in request.done:
        return "Identity is not settled."
    if "hold_check" not in request.done:
        return "The legal hold was not checked."
    if case.legal_hold:
        return "A legal hold is on: nothing is deleted."
    if any(r.kind == "access" and not _delivered(case, r) for r in case.open_requests):
        return "The access answer goes first (DPA 2018 s.173)."
    return ""


def _delivered(case: Case, request: Request) -> bool:
    """Has its answer arrived at the next mail server, or gone another way?"""
    sent = (x for x in case.letters if x.request == request.id and x.status is OutboxStatus.SENT)
    by_mail = any(template(x.template).answers and not x.bounced for x in sent)
    return by_mail or "delivered" in request.done


def answered(case: Case, asking: Round, query: Query, kind: Kind | None) -> Case:
    """The case with one answer given or changed; the last of them takes the step."""
    queries = tuple(query if q.system == query.system else q for q in asking.queries)
    asking = replace(asking, queries=queries)
    rounds = tuple(asking if known.id == asking.id else known for known in case.rounds)
    case = replace(case, rounds=rounds)
    step = finish(kind, asking) if kind else None
    if step is None or asking.waiting:
        return case
    return with_step(heard(case, asking.request, asking.step), asking.request, step.name)


def released(case: Case, asking: Round) -> bool:
    """Has somebody approved, or sent, what rests on these answers?"""
    if asking.purpose == "stop":
        return False  # the confirmation of an unsubscribe says nothing of them
    if "answer" in case.request(asking.request).done:
        return True
    later = (a.given_at for a in case.approvals if a.request == asking.request)
    return any(at is not None and at > asking.at for at in later)


def likely(moment: Moment, step: Step) -> tuple[str, ...]:
    """All of the register; in a later round those systems where something was found."""
    held = holding(moment.case, asked(moment), besides=step.name)
    systems = moment.policy.register
    every = ROUNDS[step.round].every or not held
    return tuple(s.name for s in systems if every or s.name in held)


def holding(case: Case, request: Request, besides: str = "") -> set[str]:
    """The systems where something was found, as last said in the rounds of other steps."""
    last = {
        query.system: query.answer
        for known in case.rounds
        if known.request == request.id and known.step != besides
        for query in known.queries
        if query.answer
    }
    return {system for system, answer in last.items() if answer in {"done", "exception"}}


def unanswered(case: Case, request: Request | None) -> Round | None:
    if request is None or request.status is Status.CLOSED:
        return None
    found = [r for r in case.rounds if r.request == request.id and r.waiting and not r.over]
    return found[-1] if found else None


def finish(kind: Kind, asking: Round) -> Step | None:
    """The step that is taken when all have answered."""
    return next((step for step in kind.steps if step.of == asking.step), None)
