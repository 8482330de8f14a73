"""Cases that belong together: linked, merged, split by person; and the legal hold over them.

Pure: the other case a form names is read before, and what becomes of it is part of the effect.
"""

from handlers import askers
from handlers.flags import closest
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.requests import close_request, noted, replace
from storage.errors import Refused
from storage.records import Case, Joined, Outcome, Request

NAMES = 40  #: people one mail is split into at once


class Hold(Action):
    """A legal hold is set: nothing of the case is deleted, nor of those it is linked with."""

    name = "hold"
    label = "Legal hold"

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.legal_hold and not case.triage

    def do(self, moment: Moment) -> Effect:
        return Effect(
            case=replace(moment.case, legal_hold=True),
            said=f"{moment.case.ref}: legal hold: nothing of it is deleted until it is lifted.",
            line=f"<@{moment.by.id}> set a legal hold.",
        )


class LiftHold(Action):
    """What was kept for it goes on its way, with a reason."""

    name = "lift_legal_hold"
    label = "Lift legal hold"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.legal_hold

    def form(self, moment: Moment) -> Form:
        why = Field(name="why", label="Why it is over", max_length=300)
        return Form(title="Lift the legal hold", submit="Lift", fields=(why,))

    def faults(self, moment: Moment) -> dict[str, str]:
        return {} if moment.form.get("why", "").strip() else {"why": "Say why; it is kept."}

    def do(self, moment: Moment) -> Effect:
        case = noted(moment.case, moment, self.name, moment.form["why"])
        return Effect(
            case=replace(case, legal_hold=False),
            said=f"{case.ref}: the legal hold is lifted.",
            line=f"<@{moment.by.id}> lifted the legal hold.",
        )


class Merge(Action):
    """The same conversation twice: what is asked here goes on in the earlier case."""

    name = "merge"
    label = "Merge"
    asks = True
    names = "into"

    def offered(self, case: Case, request: Request | None) -> bool:
        open_here = not case.closed and not case.triage and case.assignee is not None
        return open_here and all(request.outcome is None for request in case.requests)

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Merge into another case",
            submit="Merge",
            intro="Its mails and what it asks go there; this one ends without a letter. Joining "
            "proves nobody's identity.",
            fields=(
                Field(name="into", label="Reference of the earlier case", max_length=20),
                Field(name="how", label="How do you know they belong together?", max_length=300),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if fault := other_fault(moment, "into"):
            return {"into": fault}
        if moment.other is not None and (why := _apart(moment.case, moment.other)):
            return {"into": why}
        return {} if moment.form.get("how", "").strip() else {"how": "Say how you know."}

    def do(self, moment: Moment) -> Effect:
        case, into = moment.case, moment.other
        if into is None:
            raise Refused("Name the case it goes to.")
        case, into = linked(case, into)
        into = replace(
            into,
            requests=(*into.requests, *_new_there(moment.case, into)),
            mails=(*into.mails, *(m for m in case.mails if m not in into.mails)),
            message_ids=tuple(dict.fromkeys((*into.message_ids, *case.message_ids))),
            joined=(*into.joined, *_strangers(moment.case, into)),
            circle=closest(case.circle, into.circle),
            shut=tuple(dict.fromkeys((*into.shut, *case.shut))),
            answered=True,
            version=into.version + 1,
        )
        for request in case.open_requests:
            case = close_request(case, request.id, Outcome.DUPLICATE, moment, "merged")
        case = noted(case, moment, self.name, moment.form["how"])
        return Effect(
            case=case,
            said=f"{case.ref} goes on in {into.ref}.",
            line=f"<@{moment.by.id}> merged it into {into.ref}.",
            others=(into,),
            moved=case.mails,
        )


class Split(Action):
    """One mail for several people: a case for each of them, with the date of the first."""

    name = "split"
    label = "Split by person"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and not case.triage and case.assignee is not None

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Split by person",
            submit="Split",
            intro="The first stays in this case; each other gets one of their own, received when "
            "this was. Nobody's identity is settled by that.",
            fields=(
                Field(name="people", label="Names, one a line", type="paragraph", max_length=3000),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        found = _names(moment)
        if not 2 <= len(found) <= NAMES:
            return {"people": f"Two names or more, at most {NAMES}."}
        return {}

    def do(self, moment: Moment) -> Effect:
        first, *others = _names(moment)
        return Effect(
            case=replace(moment.case, data_subject=first),
            said=f"{moment.case.ref}: {len(others)} cases were opened for the others.",
            line=f"<@{moment.by.id}> split it by person: {len(others)} more.",
            split=tuple(others),
        )


def split_off(case: Case, ref: str, person: str) -> Case:
    """The case of one more person of the same mail; only what belongs to the mail is kept."""
    return Case(
        ref=ref,
        received_at=case.received_at,
        requester=case.requester,
        requester_name=case.requester_name,
        requester_hash=case.requester_hash,
        data_subject=person,
        subject=case.subject,
        language=case.language,
        requests=tuple(_anew(request) for request in case.requests),
        circle=case.circle,
        shut=case.shut,
        reading=case.reading,
        confirmed=case.confirmed,
        assignee=case.assignee,
        mails=case.mails,
        joined=case.joined,
        flags=case.flags,
        legal_hold=case.legal_hold,
        linked=(case.ref,),
        acknowledgement=f"withheld: it was confirmed with {case.ref}",
    )


def _strangers(case: Case, into: Case) -> tuple[Joined, ...]:
    """Its mails, where they are from another address than that case's: merging proves none."""
    if case.requester == into.requester:
        return case.joined
    return (*case.joined, *(Joined(mail=mail, address=case.requester) for mail in case.mails))


def linked(case: Case, other: Case) -> tuple[Case, Case]:
    """Both, each knowing of the other; a legal hold on one of them holds the other too."""
    held = case.legal_hold or other.legal_hold
    return (
        replace(case, linked=tuple(dict.fromkeys((*case.linked, other.ref))), legal_hold=held),
        replace(other, linked=tuple(dict.fromkeys((*other.linked, case.ref))), legal_hold=held),
    )


def other_fault(moment: Moment, field: str) -> str:
    """What is wrong with the reference in this field; "" = it names a case they may see."""
    ref = moment.form.get(field, "").strip().upper()
    if not ref:
        return "Name the case, such as PR-2026-0042."
    if ref == moment.case.ref:
        return "That is this case itself."
    if moment.other is None or not moment.by.may_see(moment.other):
        return f"There is no case {ref} that you may see."
    return ""


def _apart(case: Case, into: Case) -> str:
    if into.closed:
        return f"{into.ref} is closed: reopen it first."
    if into.received_at > case.received_at:
        return f"{into.ref} came later: merge it into {case.ref}, so that no date moves back."
    return ""


def _new_there(case: Case, into: Case) -> tuple[Request, ...]:
    """What the other case does not ask for already, under new numbers."""
    there = {request.kind for request in into.open_requests}
    last = max((*(r.id for r in into.requests), *(x.request or 0 for x in into.letters)))
    new = [request for request in case.open_requests if request.kind not in there]
    return tuple(
        replace(_anew(request), id=number, mail=askers.merged(case, request, into))
        for number, request in enumerate(new, start=last + 1)
    )


def _anew(request: Request) -> Request:
    """The same right asked for, nothing of it done yet but that its kind is known."""
    kept = tuple(step for step in request.done if step == "confirm")
    return Request(
        id=request.id,
        kind=request.kind,
        right=request.right,
        due=request.due,
        events=request.events,
        regimes=request.regimes,
        sent_at=request.sent_at,
        mail=request.mail,
        done=kept,
    )


def _names(moment: Moment) -> list[str]:
    lines = (line.strip() for line in moment.form.get("people", "").splitlines())
    return list(dict.fromkeys(line for line in lines if line))
