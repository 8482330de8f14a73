"""The owners of systems: what they are asked for a request, by when, and what they answer.

An owner may answer what was asked of them and nothing else. Who it is about stands in no
message: they open it, alone, and that is on the record.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from handlers import approvals
from handlers.deadlines.working_days import add_working_days, calendar_of, local_day
from handlers.handler import Action, Effect, Field, Form, Kind, Moment, Step
from handlers.policy import Policy, System
from handlers.requests import replace, with_request, with_step
from handlers.steps import OfSteps, allow, asked, buttons, heard, recorded
from storage.errors import Refused
from storage.records import Case, Query, Record, Request, Round, Status

#: working days an owner gets, where the clock leaves them
DAYS = 5


class Wording(Record, frozen=True, kw_only=True):
    """What a round asks, in words to the owners."""

    asks: str
    done: str  #: the label of "it is done"
    every: bool = False  #: of every system; else of those that were found to hold something


ROUNDS: Mapping[str, Wording] = MappingProxyType(
    {
        "hold": Wording(
            asks="What do you hold on this person? *Delete nothing yet.* Put what you find where "
            "the privacy team asked, never into Slack.",
            done="Done",
            every=True,
        ),
        "delete": Wording(
            asks="*Delete now* what you hold on this person, and have your processors do it.",
            done="Done",
        ),
        "change": Wording(
            asks="*Change it now*, everywhere, also where a feed would write the old value again.",
            done="Done",
            every=True,
        ),
        "stop": Wording(
            asks="*Stop all marketing* to this person, on every list and at every partner.",
            done="Done",
        ),
    }
)


class Asking(OfSteps):
    """Ask the owners of chosen systems: begins a round."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        super().__init__(steps)
        self.asks = True
        self.confirm = ""

    def form(self, moment: Moment) -> Form:
        systems = moment.policy.register
        step = self.step(moment.request)
        return Form(
            title=step.button,
            submit="Ask",
            intro=f"{ROUNDS[step.round].asks}\nEach gets a direct message with the reference "
            "and the date; whom it is about opens behind a button. Nobody named: it is yours.",
            fields=(
                Field(
                    name="systems",
                    label="Which systems",
                    type="choices",
                    options=tuple((system.name, system.title) for system in systems),
                    initial=" ".join(_likely(moment, step)),
                ),
                Field(
                    name="search",
                    label="Look for",
                    type="paragraph",
                    initial=moment.case.requester,
                    hint="Names, addresses, numbers that find the person.",
                    max_length=1000,
                ),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        known = {system.name for system in moment.policy.register}
        systems = set(moment.form.get("systems", "").split())
        if not systems or not systems <= known:
            return {"systems": "Choose at least one system."}
        if not moment.form.get("search", "").strip():
            return {"search": "Say by what they find the person."}
        return {}

    def do(self, moment: Moment) -> Effect:
        request, step = asked(moment), self.step(moment.request)
        allow(step, moment, request)
        if step.round == "delete" and (why := may_not_delete(moment.case, request)):
            raise Refused(f"{why} Nothing was changed.")
        about = approvals.step(step.name, request.id)
        if approvals.needed(moment, step.name, request) and not approvals.given(moment.case, about):
            return approvals.asked(moment, about, request)
        names = moment.form["systems"].split()
        systems = [system for system in moment.policy.register if system.name in names]
        search = moment.form["search"].strip()
        case = with_round(moment, request, step, systems, search)
        case = recorded(case, request.id, step, moment, {})
        return Effect(
            case=case,
            said=f"{case.ref}: {len(systems)} systems asked, by {case.rounds[-1].due_on:%d %b}.",
            line=f"<@{moment.by.id}> asked the owners of {len(systems)} systems.",
            ask=whom_to_ask(case.rounds[-1]),
        )


class Nudge(Action):
    """Ask those again who have not answered."""

    name = "nudge"
    label = "Chase owners"
    about = "request"
    rises = False

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.assignee is not None and _open(case, request) is not None

    def do(self, moment: Moment) -> Effect:
        found = _open(moment.case, moment.request)
        if found is None:
            raise Refused("All of them have answered.")
        late = whom_to_ask(found)
        return Effect(
            case=moment.case,
            said=f"{len(late)} asked again.",
            line=f"<@{moment.by.id}> asked {len(late)} again.",
            tell=tuple((owner, _still(moment.case, found)) for owner, _ in late),
        )


class GoOn(Action):
    """Go on without those who have not answered, and say why."""

    name = "go_on"
    label = "Go on without them"
    about = "request"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.assignee is not None and _open(case, request) is not None

    def form(self, moment: Moment) -> Form:
        why = Field(name="why", label="Why, and what that leaves open", max_length=300)
        return Form(title="Go on without them", submit="Go on", fields=(why,))

    def faults(self, moment: Moment) -> dict[str, str]:
        return {} if moment.form.get("why", "").strip() else {"why": "Say why."}

    def do(self, moment: Moment) -> Effect:
        found, request = _open(moment.case, moment.request), asked(moment)
        step = _finish(moment.kinds[request.kind or ""], found) if found else None
        if step is None:
            raise Refused("All of them have answered.")
        return Effect(
            case=recorded(moment.case, request.id, step, moment, {"why": moment.form["why"]}),
            said=f"{moment.case.ref} goes on without them.",
            line=f"<@{moment.by.id}> goes on without the owners who have not answered.",
        )


def actions_of(kinds: Mapping[str, Kind]) -> dict[str, Action]:
    """What begins and drives the rounds of all kinds. Raises ValueError when two disagree."""
    found: list[Action] = [Asking(steps) for steps in buttons(kinds, rounds=True)]
    return {action.name: action for action in (*found, Nudge(), GoOn())}


# --- rounds -----------------------------------------------------------------------------------


def with_round(
    moment: Moment, request: Request, step: Step, systems: list[System], search: str
) -> Case:
    """The case with its owners asked; a system falls to who has the case where nobody owns it, or
    the case is about its owner."""
    case = moment.case
    fallback = case.assignee or moment.by.id
    asking = Round(
        id=max((known.id for known in case.rounds), default=0) + 1,
        request=request.id,
        step=step.name,
        purpose=step.round or "stop",
        by=moment.by.id,
        at=moment.now,
        due_on=answer_by(request, moment.policy, moment.now),
        search=search,
        queries=tuple(
            Query(system=s.name, owner=fallback if s.owner in {"", *case.shut} else s.owner)
            for s in systems
        ),
    )
    request = replace(request, status=Status.AWAITING_OWNERS)
    return with_request(replace(case, rounds=(*case.rounds, asking)), request)


def answer_by(request: Request, policy: Policy, now: datetime) -> date:
    """The owners' own date: five working days, never past the day we aim for."""
    today = local_day(now, policy.timezone)
    usual = add_working_days(today, DAYS, calendar_of(policy.timezone))
    return max(today, min(usual, request.due.aim_on))


def whom_to_ask(asking: Round) -> tuple[tuple[str, int], ...]:
    """Each owner who has not answered all of it, once."""
    return tuple((owner, asking.id) for owner in dict.fromkeys(q.owner for q in asking.waiting))


def round_of(case: Case, number: int) -> Round:
    """Raises Refused for a round the case does not have."""
    for known in case.rounds:
        if known.id == number:
            return known
    raise Refused(f"{case.ref} asks nothing of you any more.")


def progress(case: Case, request: Request) -> str:
    """`7 of 9 owners answered, 1 exception`; "" = nobody was asked."""
    asked_last = [known for known in case.rounds if known.request == request.id]
    if not asked_last:
        return ""
    last = asked_last[-1]
    there = len(last.queries) - len(last.waiting)
    said = f"{there} of {len(last.queries)} systems answered"
    if exceptions := sum(query.answer == "exception" for query in last.queries):
        said += f", {exceptions} with an exception"
    return said if not last.waiting else f"{said}, asked by {last.due_on:%d %b}"


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
    if any(r.kind == "access" and "answer" not in r.done for r in case.open_requests):
        return "The access answer goes first (DPA 2018 s.173)."
    return ""


def answered(case: Case, asking: Round, query: Query, kind: Kind | None) -> Case:
    """The case with one answer given or changed; the last of them takes the step."""
    queries = tuple(query if q.system == query.system else q for q in asking.queries)
    asking = replace(asking, queries=queries)
    rounds = tuple(asking if known.id == asking.id else known for known in case.rounds)
    case = replace(case, rounds=rounds)
    step = _finish(kind, asking) if kind else None
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


def _likely(moment: Moment, step: Step) -> tuple[str, ...]:
    """All of the register; in a later round those systems where something was found."""
    case, request = moment.case, asked(moment)
    held = {
        query.system
        for known in case.rounds
        if known.request == request.id and known.step != step.name
        for query in known.queries
        if query.answer in {"done", "exception"}
    }
    systems = moment.policy.register
    every = ROUNDS[step.round].every or not held
    return tuple(s.name for s in systems if every or s.name in held)


def _open(case: Case, request: Request | None) -> Round | None:
    if request is None or request.status is Status.CLOSED:
        return None
    found = [r for r in case.rounds if r.request == request.id and r.waiting and not r.over]
    return found[-1] if found else None


def _still(case: Case, asking: Round) -> str:
    return f"{case.ref}: your answer is still missing, please by {asking.due_on:%d %b %Y}."


def _finish(kind: Kind, asking: Round) -> Step | None:
    """The step that is taken when all have answered."""
    return next((step for step in kind.steps if step.of == asking.step), None)
