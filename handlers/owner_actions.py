"""What staff do about owners: ask them, chase them, go on without them."""

from collections.abc import Mapping

from handlers import approvals
from handlers.company import System
from handlers.former_colleagues import FLAG
from handlers.handler import Action, Effect, Field, Form, Kind, Moment, Step
from handlers.owners import (
    ROUNDS,
    finish,
    likely,
    may_not_delete,
    still,
    unanswered,
    whom_to_ask,
    with_round,
)
from handlers.recording import OfSteps, allow, asked, buttons, recorded
from storage.errors import Refused
from storage.records import Case, Request


class Asking(OfSteps):
    """Ask the owners of chosen systems: begins a round."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        super().__init__(steps)
        self.asks = True
        self.confirm = ""

    def form(self, moment: Moment) -> Form:
        systems = moment.policy.register
        step = self.step(moment.request)
        filled = approvals.prepared(moment.case, approvals.step(step.name, asked(moment).id))
        return Form(
            title=step.button,
            submit="Ask",
            intro=f"{ROUNDS[step.round].asks}\nEach gets a direct message with the reference "
            "and the date; whom it is about opens behind a button. "
            "A system nobody is named for is asked of you.",
            fields=(
                Field(
                    name="systems",
                    label="Which systems",
                    type="choices",
                    options=tuple((system.name, system.title) for system in systems),
                    initial=filled.get("systems") or " ".join(likely(moment, step)),
                ),
                Field(
                    name="search",
                    label="Look for",
                    type="paragraph",
                    initial=filled.get("search") or moment.case.requester,
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
        if left := [s.title for s in _employer(moment) if s.name not in systems]:
            return {"systems": f"A former colleague asks: {', '.join(left)} is asked too."}
        if not moment.form.get("search", "").strip():
            return {"search": "Say by what they find the person."}
        return {}

    def do(self, moment: Moment) -> Effect:
        request, step = asked(moment), self.step(moment.request)
        allow(step, moment, request)
        if step.round == "delete" and (why := may_not_delete(moment.case, request)):
            raise Refused(f"{why} Nothing was changed.")
        names, search = moment.form["systems"].split(), moment.form["search"].strip()
        answers = {"systems": " ".join(sorted(names)), "search": search}
        if waits := approvals.step_waits(moment, step.name, request, answers):
            return waits
        systems = [system for system in moment.policy.register if system.name in names]
        case = with_round(moment, request, step, systems, search)
        case = recorded(case, request.id, step, moment, {})
        return Effect(
            case=case,
            said=f"{case.ref}: {len(systems)} systems asked, by {case.rounds[-1].due_on:%d %b}.",
            line=f"<@{moment.by.id}> asked the owners of {len(systems)} systems.",
            ask=whom_to_ask(case.rounds[-1]),
        )


def _employer(moment: Moment) -> tuple[System, ...]:
    """The systems that nobody leaves out where a former colleague asks what we hold."""
    asks = asked(moment).kind == "access" and FLAG in moment.case.flags
    return tuple(system for system in moment.policy.register if asks and system.employer)


class Nudge(Action):
    """Ask those again who have not answered."""

    name = "nudge"
    label = "Chase owners"
    about = "request"
    rises = False

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.assignee is not None and unanswered(case, request) is not None

    def do(self, moment: Moment) -> Effect:
        found = unanswered(moment.case, moment.request)
        if found is None:
            raise Refused("All of them have answered.")
        late = whom_to_ask(found)
        return Effect(
            case=moment.case,
            said=f"{len(late)} asked again.",
            line=f"<@{moment.by.id}> asked {len(late)} again.",
            tell=tuple((owner, still(moment.case, found)) for owner, _ in late),
        )


class GoOn(Action):
    """Go on without those who have not answered, and say why."""

    name = "go_on"
    label = "Go on without them"
    about = "request"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.assignee is not None and unanswered(case, request) is not None

    def form(self, moment: Moment) -> Form:
        found, request = unanswered(moment.case, moment.request), asked(moment)
        step = finish(moment.kinds[request.kind or ""], found) if found else None
        about = approvals.step(step.name, request.id) if step else ""
        why = Field(
            name="why",
            label="Why, and what that leaves open",
            initial=approvals.prepared(moment.case, about).get("why", ""),
            max_length=300,
        )
        return Form(title="Go on without them", submit="Go on", fields=(why,))

    def faults(self, moment: Moment) -> dict[str, str]:
        return {} if moment.form.get("why", "").strip() else {"why": "Say why."}

    def do(self, moment: Moment) -> Effect:
        found, request = unanswered(moment.case, moment.request), asked(moment)
        step = finish(moment.kinds[request.kind or ""], found) if found else None
        if step is None:
            raise Refused("All of them have answered.")
        answers = {"why": moment.form["why"].strip()}
        # nobody alone says that data are gone whose owner did not
        if waits := approvals.step_waits(moment, step.name, request, answers):
            return waits
        return Effect(
            case=recorded(moment.case, request.id, step, moment, answers),
            said=f"{moment.case.ref} goes on without them.",
            line=f"<@{moment.by.id}> goes on without the owners who have not answered.",
        )


def actions_of(kinds: Mapping[str, Kind]) -> dict[str, Action]:
    """What begins and drives the rounds of all kinds. Raises ValueError when two disagree."""
    found: list[Action] = [Asking(steps) for steps in buttons(kinds, rounds=True)]
    return {action.name: action for action in (*found, Nudge(), GoOn())}
