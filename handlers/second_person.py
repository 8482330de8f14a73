"""The second person's look: recipient, how they are proven, the letter; then a yes or a no."""

from handlers import approvals, recipients, residence, reviewers, timing
from handlers.askers import proof_of
from handlers.handler import Action, Effect, Field, Form, Moment, Person, Step
from handlers.letter_actions import on_its_way
from handlers.letters import templates
from handlers.reasons import REASONS
from handlers.requests import letter_of, noted, replace
from storage.errors import Refused
from storage.records import Approval, Case, Letter, Request

YES, NO, ALONE, BACK = "yes", "no", "alone", "back"
#: what was recorded that a manager is shown who stands in: what is given, and what is withheld
LENT = frozenset({"scope"})
#: what each choice says
FOR_OTHERS = ((YES, "Approve: it may go"), (NO, "Send it back, with a reason"))
FOR_ONESELF = ((BACK, "Take it back"), (ALONE, "Release it alone, with a reason"))


class SecondPerson(Action):
    """Approve what another has written or prepared, or send it back."""

    name = "second_person"
    label = "Second person"
    asks = True
    anyone = True
    answers = "about"

    def offered(self, case: Case, request: Request | None) -> bool:
        return bool(approvals.pending(case))

    def admits(self, case: Case, person: Person) -> bool:
        return person.may_see(case) or reviewers.lent(case, person) is not None

    def value(self, case: Case) -> str:
        waiting = approvals.pending(case)
        return waiting[0].about if waiting else ""

    def disputed(self, case: Case, request: Request | None) -> str:
        return ""

    def form(self, moment: Moment) -> Form:
        approval = _approval(moment)
        own = approval.asked_by == moment.by.id
        shut = approvals.shut_alone(moment, approval) if own else ""
        options = FOR_ONESELF[:1] if own and shut else FOR_ONESELF if own else FOR_OTHERS
        return Form(
            title="Second person",
            submit="Decide",
            intro=f"{moment.case.ref}. {shut}{_lent(moment)}".strip(),
            fields=(
                *_shown(moment, approval),
                Field(name="answer", label="What now?", type="choice", options=options),
                Field(name="why", label="Why", optional=True, max_length=500),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        approval, answer = _approval(moment), moment.form.get("answer", "")
        own = approval.asked_by == moment.by.id
        if answer not in dict(FOR_ONESELF if own else FOR_OTHERS):
            if own and answer in dict(FOR_OTHERS):
                raise Refused("You asked for it yourself: a second person has to look.")
            return {"answer": "Choose one."}
        if answer in {NO, ALONE} and not moment.form.get("why", "").strip():
            return {"why": "Write why; it is kept with the case."}
        if answer == ALONE and (shut := approvals.shut_alone(moment, approval)):
            return {"answer": shut}
        return {}

    def do(self, moment: Moment) -> Effect:
        approval, answer = _approval(moment), moment.form["answer"]
        if answer in {YES, ALONE} and not _may_decide(moment, approval):
            raise Refused("Somebody else has to decide this. Nothing was changed.")
        case = noted(moment.case, moment, self.name, moment.form.get("why", ""))
        if answer in {NO, BACK}:
            return _sent_back(moment, case, approval)
        case = approvals.decided(case, approval.about, moment.by.id, moment.now)
        return _released(replace(moment, case=case), approval, alone=answer == ALONE)


def _approval(moment: Moment) -> Approval:
    wanted, key = moment.form.get("about", ""), moment.by.may_see(moment.case)
    for approval in approvals.pending(moment.case):
        if approval.about == wanted and (key or approval == reviewers.lent(moment.case, moment.by)):
            return approval
    raise Refused(f"That no longer waits for a second person in {moment.case.ref}.")


def _may_decide(moment: Moment, approval: Approval) -> bool:
    return reviewers.may_decide(moment, moment.by, approval.stand_in)


def _lent(moment: Moment) -> str:
    if moment.by.may_see(moment.case):
        return ""
    return "You stand in for counsel, for this alone: the rest of the case stays closed."


def _shown(moment: Moment, approval: Approval) -> tuple[Field, ...]:
    """All the second person has to judge by."""
    letter = moment.letter
    if approvals.about_place(approval.about):
        return (Field(name="place", label=_place(moment, approval), type="note"),)
    done = Field(name="done", label=_recorded(moment, approval.request), type="note")
    if letter is None:
        return (Field(name="step", label=_filled(moment, approval), type="note"), done)
    facts = [
        f"To: {letter.to} ({_proven(moment.case, approval, letter.to)})",
        f"Letter: {templates.template(letter.template).title}",
        f"Withheld: {_withheld(letter)}",
    ]
    return (
        Field(name="facts", label="\n".join(facts), type="note"),
        done,
        Field(name="letter", label=letter.subject, type="note", initial=letter.body),
    )


def _filled(moment: Moment, approval: Approval) -> str:
    """The step that is to be taken, what was filled in for it, and how the person is proven."""
    kind = moment.kinds.get(moment.case.request(approval.request).kind or "")
    name = approval.about.partition("/")[0]
    step = next((s for s in kind.steps if s.name == name), None) if kind else None
    labels = {field.name: field.label for field in step.asks} if step else {}
    said = approvals.prepared(moment.case, approval.about).items()
    told = [
        f"The step: {step.label.lower() if step else name}",
        f"Who: {_who(moment.case, approval)}",
    ]
    told += [f"{labels.get(asked, asked.capitalize())}: {value}" for asked, value in said if value]
    if "due_on" in labels:
        told.append(f"Due {timing.named(moment.case.request(approval.request).due)} until then")
    return "\n".join(told)


def _place(moment: Moment, approval: Approval) -> str:
    """Where they are said to live, how one knows, and what that does to the dates."""
    said = approvals.prepared(moment.case, approval.about)
    after = timing.living_in(moment.case, residence.proposed(moment.case, approval))
    moves = timing.moves(moment.case, after)
    return f"A later date: {moves}\n{said.get('home', '')}. {said.get('why', '')}"


def _recorded(moment: Moment, number: int) -> str:
    """What staff recorded of the request's steps: files, what is withheld, how it was reviewed."""
    request = moment.case.request(number)
    kind = moment.kinds.get(request.kind or "")
    told, key = [], moment.by.may_see(moment.case)
    for step in kind.steps if kind else ():
        if not key and step.name not in LENT:
            continue
        said = [_said(moment.case, number, step, field) for field in step.asks]
        if step.name in request.done and any(said):
            told.append(f"{step.label}: {'; '.join(text for text in said if text)}")
    return "\n".join(told) or "Nothing was recorded with its steps."


def _said(case: Case, number: int, step: Step, field: Field) -> str:
    """One answer as people read it."""
    value, labels = case.answer(number, step.name, field.name), dict(field.options)
    if field.type == "choices":
        return ", ".join(labels.get(each, each) for each in value.split())
    return labels.get(value, f"{field.label}: {value}" if value else "")


def _proven(case: Case, approval: Approval, to: str) -> str:
    return f"{recipients.known(case).get(to, 'not known here')}; {_who(case, approval)}"


def _who(case: Case, approval: Approval) -> str:
    proof = proof_of(case, case.request(approval.request))
    return f"identity settled {proof.at:%d %b %Y}: {proof.how}" if proof else "identity not settled"


def _withheld(letter: Letter) -> str:
    reason = letter.closing.reason if letter.closing else ""
    return REASONS[reason].label if reason in REASONS else "only what the letter itself names"


def _sent_back(moment: Moment, case: Case, approval: Approval) -> Effect:
    by, author = moment.by.id, approval.asked_by
    told = () if author == by else ((author, f"<@{by}> sent back what you wrote in {case.ref}."),)
    return Effect(
        case=approvals.taken_back(case, approval.about),
        said=f"{case.ref}: it stays a draft.",
        line=f"<@{by}> sent it back." if told else f"<@{by}> took it back.",
        tell=told,
    )


def _released(moment: Moment, approval: Approval, *, alone: bool) -> Effect:
    """The letter is on its way, or the step may be taken."""
    case, by, author = moment.case, moment.by.id, approval.asked_by
    line = f"<@{by}> released it alone." if alone else f"<@{by}> approved as the second person."
    told = [(author, f"<@{by}> approved {case.ref}.")] if author != by else []
    if alone:
        said = f"<@{by}> released {case.ref} alone: no second person was there."
        told = [(who, said) for who in reviewers.managers(moment.team) if who != by]
    letter = letter_of(case, approval.about)
    if approvals.about_place(approval.about):
        agreed = residence.agreed(moment, approval)
        return replace(agreed, tell=tuple(told))
    if letter is None:
        effect = Effect(case=case, said=f"{case.ref}: it may be done now.")
    else:
        effect = on_its_way(moment, letter)
    return replace(effect, line=line, tell=tuple(told), alone=alone)
