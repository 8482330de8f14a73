"""The one action that records a step, whatever its kind: its form, its guards, what it changes.

What a step asks is data; what an answer changes beside being kept stands in `_CHANGES`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

from handlers import approvals, complaints, demand_dates, timing
from handlers.handler import Action, Effect, Field, Form, Kind, Moment, Step, to_do
from handlers.requests import replace, with_request, with_step, without_step
from handlers.suppressing import look_from
from storage.errors import Refused
from storage.records import Case, Request, Status, Taken

#: said where the kind of a case is not known: its circle is closed
NO_CONSENT = "Data were taken without the consent that they want: an incident of ours is opened."
INCIDENT = "Whoever else is concerned: is a wider deletion due?"
DANGER = "Somebody may be in danger: name who looks, now."


class OfSteps(Action):
    """The button of one step, which each kind may describe in its own way."""

    about = "request"

    def __init__(self, steps: Mapping[str, Step]) -> None:
        """`steps`: by kind; they share the button. Raises ValueError when they do not."""
        first = next(iter(steps.values()))
        self.name, self.label = first.action, first.button
        self.asks = bool(first.asks)
        self.confirm = "" if first.asks else first.intro
        self.names = "case" if any(field.name == "case" for field in first.asks) else ""
        self._steps = steps
        if any((s.button, bool(s.asks)) != (self.label, self.asks) for s in steps.values()):
            raise ValueError(f"the action {self.name} has two buttons")

    def step(self, request: Request | None) -> Step:
        """The step as the request's kind has it. Raises Refused for another kind."""
        found = self._steps.get((request and request.kind) or "")
        if found is None:
            raise Refused(f"{self.label} is no step of this request.")
        return found

    def offered(self, case: Case, request: Request | None) -> bool:
        if request is None or request.kind not in self._steps or request.status is Status.CLOSED:
            return False
        step = self.step(request)
        wanted = step.optional or step.name not in request.done
        taken = case.assignee is not None and not case.triage
        return wanted and taken and step.applies(case, request)


class Recording(OfSteps):
    """Records that a step is taken, and what was found."""

    def form(self, moment: Moment) -> Form | None:
        step = self.step(moment.request)
        if not step.asks:
            return None
        filled = approvals.prepared(moment.case, approvals.step(step.name, asked(moment).id))
        fields = tuple(
            replace(field, initial=filled.get(field.name, field.initial))
            for field in _fields(step, moment)
        )
        return Form(title=step.button, submit="Record", intro=step.intro, fields=fields)

    def faults(self, moment: Moment) -> dict[str, str]:
        asks = _fields(self.step(moment.request), moment)
        found = {field.name: _fault(field, moment.form) for field in asks}
        if "due_on" in found and not any(found.values()):
            found |= demand_dates.faults(moment)
        if self.names:
            found |= complaints.faults(moment)
        return {name: fault for name, fault in found.items() if fault}

    def do(self, moment: Moment) -> Effect:
        request, step = asked(moment), self.step(moment.request)
        allow(step, moment, request)
        answers = {f.name: moment.form.get(f.name, "").strip() for f in step.asks}
        later = demand_dates.moves_later(moment, answers)
        if waits := approvals.step_waits(moment, step.name, request, answers, always=later):
            return waits
        case, others = complaints.beside(moment) if self.names else (moment.case, ())
        case = recorded(case, request.id, step, moment, answers)
        if later:  # the yes to a date releases nothing else: it is spent
            case = approvals.taken_back(case, approvals.step(step.name, request.id))
        case, breach = complaints.rung(case, moment, answers)
        return Effect(
            case=case,
            others=others,
            tell=_told(moment, answers),
            alarm=breach or _alarm(moment, answers),
            split=(INCIDENT,) if _unasked(answers) else (),
            said=f"{case.ref}: recorded: {step.label.lower()}. {breach}".strip(),
            line=f"<@{moment.by.id}> recorded: {step.label.lower()}.",
            suppress=_unwanted(case) if step.suppress else (),
            back=("", "") if step.asks else ("again", step.name),
        )


class Again(Action):
    """A step that was taken by mistake, or found wanting, is to be taken again."""

    name = "again"
    label = "Take a step again"
    about = "request"
    asks = True
    answers = "step"

    def offered(self, case: Case, request: Request | None) -> bool:
        if request is None or case.assignee is None or request.status is Status.CLOSED:
            return False
        return any(t.request == request.id and t.step in request.done for t in case.taken)

    def form(self, moment: Moment) -> Form:
        names = _retakable(moment)
        options = tuple((step.name, step.label) for step in names)
        return Form(
            title="Take a step again",
            submit="Take again",
            intro="What needed it before is taken again too.",
            fields=(Field(name="step", label="Which step", type="choice", options=options),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if moment.form.get("step") not in {step.name for step in _retakable(moment)}:
            return {"step": "Choose a step that was taken."}
        return {}

    def do(self, moment: Moment) -> Effect:
        number, name = asked(moment).id, moment.form["step"]
        case, left = moment.case, [name]
        while left:
            case = without_step(case, number, undone := left.pop())
            later = tuple(s for s in _kind(moment).steps if undone in s.after)
            for stale in (undone, *(s.name for s in later)):
                case = approvals.taken_back(case, approvals.step(stale, number))
            left += [s.name for s in later if s.name in case.request(number).done]
            left += [s.takes for s in _kind(moment).steps if s.name == undone and s.takes]
        step = next(s for s in _kind(moment).steps if s.name == name)
        return Effect(
            case=case,
            said=f"{case.ref}: {step.label.lower()}: to be taken again.",
            line=f"<@{moment.by.id}> takes a step again: {step.label.lower()}.",
        )


def buttons(kinds: Mapping[str, Kind], *, rounds: bool) -> Iterator[Mapping[str, Step]]:
    """For each button of a step, the step as each kind has it."""
    known: dict[str, dict[str, Step]] = {}
    for kind in kinds.values():
        for step in kind.steps:
            if step.button and bool(step.round) == rounds:
                known.setdefault(step.action, {})[kind.name] = step
    yield from known.values()


def actions_of(kinds: Mapping[str, Kind]) -> dict[str, Action]:
    """The recording actions of all kinds. Raises ValueError when two kinds disagree on one."""
    found = (Recording(steps) for steps in buttons(kinds, rounds=False))
    return {action.name: action for action in found}


def _told(moment: Moment, answers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Somebody may be in danger: who is named for that hears of it at once."""
    who = moment.policy.safeguarding
    if not _danger(answers) or not who:
        return ()
    return ((who, f"{moment.case.ref}: a child may be in danger. Please look now."),)


def _alarm(moment: Moment, answers: Mapping[str, str]) -> str:
    """The managers hear, who may not see what the case is about: of danger where nobody is named
    for it, and of an incident of ours."""
    if _unasked(answers):
        return NO_CONSENT
    return DANGER if _danger(answers) and not moment.policy.safeguarding else ""


def _unasked(answers: Mapping[str, str]) -> bool:
    """Were data taken that wanted a consent nobody had given (16 CFR 312.5)?"""
    return answers.get("consent") == "no"


def _danger(answers: Mapping[str, str]) -> bool:
    return answers.get("danger") == "yes"


def asked(moment: Moment) -> Request:
    """The request a click is about. Raises Refused when it is gone."""
    if moment.request is None:
        raise Refused(f"{moment.case.ref} has no such request any more.")
    return moment.request


def allow(step: Step, moment: Moment, request: Request) -> None:
    """Raises Refused while what has to come before is not done."""
    if left := to_do(_kind(moment).lacking(moment.case, request, step.after)):
        raise Refused(f"{left} Nothing was changed.")
    if step.rests and moment.now < (at := look_from(moment.case, moment.policy)):
        raise Refused(f"What was on its way may still arrive: look from {at:%d %b %Y} on.")


def _unwanted(case: Case) -> tuple[str, ...]:
    """Of the asker, where they are known."""
    return tuple(dict.fromkeys(address for address in (case.requester, case.proven) if address))


def recorded(
    case: Case, number: int, step: Step, moment: Moment, answers: Mapping[str, str]
) -> Case:
    """The case with the step taken and its answers kept."""
    taken = Taken(
        request=number,
        step=step.name,
        by=moment.by.id,
        at=moment.now,
        answers=dict(answers),
        second=approvals.giver(case, approvals.step(step.name, number)),
    )
    case = with_step(replace(case, taken=(*case.taken, taken)), number, step.name)
    if step.takes:
        case = with_step(case, number, step.takes)
    if step.of:
        case = heard(case, number, step.of)
    for name, value in answers.items():
        if value and name in _CHANGES:
            case = _CHANGES[name](case, number, value)
    return case


def heard(case: Case, number: int, step: str) -> Case:
    """Nobody waits any more for what owners were asked by that step."""
    rounds = tuple(
        replace(each, over=True) if (each.request, each.step) == (number, step) else each
        for each in case.rounds
    )
    request = case.request(number)
    if request.status is Status.AWAITING_OWNERS:
        case = with_request(case, replace(request, status=Status.OPEN))
    return replace(case, rounds=rounds)


def _kind(moment: Moment) -> Kind:
    return moment.kinds[asked(moment).kind or ""]


def _retakable(moment: Moment) -> tuple[Step, ...]:
    request = asked(moment)
    names = {taken.step for taken in moment.case.taken if taken.request == request.id}
    return tuple(s for s in _kind(moment).steps if s.name in names and s.name in request.done)


def _fields(step: Step, moment: Moment) -> Iterator[Field]:
    """What the step asks of this case."""
    offered = (complaints.offered(field, moment) for field in step.asks)
    yield from (_offered(field, moment) for field in offered if field is not None)


def _offered(field: Field, moment: Moment) -> Field:
    """What is on a list of the operator's is chosen; a customer is typed where there is none. The
    right that was read out of the mail is filled in, for a person to confirm."""
    if field.name == "right":
        return _claimed(field, asked(moment).right)
    customers = moment.policy.customers
    if field.offers == "systems":
        systems = tuple((system.name, system.title) for system in moment.policy.register)
        return replace(field, options=systems)
    if field.offers == "customers" and customers:
        options = tuple((name, f"{name}: {contact}") for name, contact in customers.items())
        return replace(field, type="choice", options=options)
    return field


def _claimed(field: Field, right: str) -> Field:
    return replace(field, initial=right) if right in dict(field.options) else field


def _fault(field: Field, form: Mapping[str, str]) -> str:
    """What is wrong with one answer; "" = nothing."""
    said = form.get(field.name, "").strip()
    known = [value for value, _ in field.options]
    if field.type == "choice" and (said or not field.optional) and said not in known:
        return "Choose one."
    if len(set(said.split()) & set(known)) < field.least:
        return f"Choose {field.least} or more."
    if field.complete and set(known) - set(said.split()) and not form.get("why", "").strip():
        return "Tick all of it, or say below what is missing and why."
    if not said and not field.optional:
        return "This is needed."
    return ""


# --- what an answer changes beside being kept -------------------------------------------------


def _right(case: Case, number: int, value: str) -> Case:
    """The article or section asked for, where the kind is coarser: its clock may be another."""
    return timing.reclocked(with_request(case, replace(case.request(number), right=value)))


def _due_on(case: Case, number: int, value: str) -> Case:
    return demand_dates.typed(case, case.request(number), date.fromisoformat(value))


def _hold(case: Case, _: int, value: str) -> Case:
    """That a request gives no cause for a hold lifts none that was set for another."""
    return replace(case, legal_hold=value != "lifted") if value in {"on", "lifted"} else case


_CHANGES: Mapping[str, Callable[[Case, int, str], Case]] = MappingProxyType(
    {
        "right": _right,
        "due_on": _due_on,
        "whom": lambda case, _, value: complaints.barred(case, value),
        "hold": _hold,
        "restricted": lambda case, _, value: replace(case, restricted=value == "on"),
    }
)
