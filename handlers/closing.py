"""How a request ends: with its answer given, or with the letter that tells why not."""

from handlers import composing
from handlers.handler import ANSWERED, OWN_DATA, Action, Draft, Effect, Field, Form, Kind, Moment
from handlers.letter_actions import may_say
from handlers.reasons import REASONS, known_to_law
from handlers.recipients import withdraws
from handlers.requests import close_request, replace
from handlers.verification import asked_at, settled
from storage.records import Case, Closing, Outcome, Request, Status

FIRST = Field(
    name="first",
    label="Where the same person asked for the same",
    hint="The reference of the first request, such as PR-2026-0001; then Enter.",
    max_length=20,
    refreshes=True,
)
LABELS = {
    Outcome.FULFILLED: "Done",
    Outcome.PARTLY_FULFILLED: "Done in part",
    Outcome.REFUSED: "Refuse",
    Outcome.REFERRED: "Another company answers",
    Outcome.WITHDRAWN: "Taken back by the requester",
    Outcome.EXPIRED_UNVERIFIED: "Identity was never settled",
    Outcome.DUPLICATE: "Asked before",
    Outcome.UPHELD: "Upheld",
    Outcome.PARTLY_UPHELD: "Upheld in part",
    Outcome.NOT_UPHELD: "Not upheld",
}
#: outcomes of every kind that explain themselves
REASON_OF = {
    Outcome.REFERRED: "other_controller",
    Outcome.WITHDRAWN: "withdrawn",
    Outcome.EXPIRED_UNVERIFIED: "identity_not_proven",
    Outcome.DUPLICATE: "same_request",
}


def outcomes(kind: Kind, case: Case, request: Request) -> tuple[Outcome, ...]:
    """The ways this request may end now."""
    found = list(kind.outcomes)
    if kind.refusals:
        found.append(Outcome.REFUSED)
    if kind.depth in OWN_DATA:
        found.insert(0 if _customers(kind, case) else len(found), Outcome.REFERRED)
    if not settled(case, request, kind):
        found.append(Outcome.EXPIRED_UNVERIFIED)
    return (*found, Outcome.WITHDRAWN, Outcome.DUPLICATE)


def _customers(kind: Kind, case: Case) -> bool:
    """Is what they ask about our customer's alone?"""
    mine = (r.id for r in case.open_requests if r.kind == kind.name)
    return any(case.answer(number, "whose", "whose") == "customers" for number in mine)


def reasons(kind: Kind, outcome: Outcome, request: Request) -> tuple[str, ...]:
    """The reasons staff choose from, as its laws know them; empty = none is asked."""
    if outcome is Outcome.REFUSED:
        return tuple(name for name in kind.refusals if known_to_law(name, request))
    if outcome is Outcome.FULFILLED:
        return (*kind.unanswered, *(("no_data_held",) if kind.depth in OWN_DATA else ()))
    return ()


class Close(Action):
    """End one request. Refusing is in here, and always sends a letter."""

    name = "close"
    label = "Close"
    asks = True
    about = "request"
    names = "first"

    def offered(self, case: Case, request: Request | None) -> bool:
        return (
            case.assignee is not None
            and request is not None
            and request.kind is not None
            and request.status is not Status.CLOSED
        )

    def form(self, moment: Moment) -> Form:
        kind, outcome = _kind(moment), _outcome(moment)
        ways = outcomes(kind, moment.case, _request(moment))
        outcome = outcome if outcome in ways else ways[0]
        fields = [
            Field(
                name="outcome",
                label="How it ends",
                type="choice",
                options=tuple((way.value, LABELS[way]) for way in ways),
                initial=outcome.value,
                refreshes=True,
            )
        ]
        fields += _reason_fields(kind, outcome, moment)
        name = _letter(moment, outcome)
        if outcome is Outcome.DUPLICATE:
            fields.append(replace(FIRST, initial=moment.form.get("first", "")))
        known = outcome is not Outcome.DUPLICATE or moment.other is not None
        if name and known and may_say(moment, name):
            fields += composing.fields(moment, name, **_given(moment, outcome))
        return Form(
            title="Close the request",
            submit="Review" if name or outcome is Outcome.REFUSED else "Close",
            intro=_hint(moment, kind, outcome, name),
            fields=tuple(fields),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        kind, outcome = _kind(moment), _outcome(moment)
        if outcome is None or outcome not in outcomes(kind, moment.case, _request(moment)):
            return {"outcome": "Choose how it ends."}
        reason = _reason(moment, outcome)
        known = reasons(kind, outcome, _request(moment))
        if reason and reason not in (*known, REASON_OF.get(outcome)):
            return {"reason": "Choose a reason from the list."}
        if outcome is Outcome.REFUSED and not reason:
            return {"reason": "A refusal needs a reason."}
        if found := _barred(moment, kind, outcome):
            return found
        name = _letter(moment, outcome)
        if name and not may_say(moment, name):
            return {"outcome": "Its letter cannot go before identity is settled: Verify."}
        if name:
            return composing.faults(moment, name, **_given(moment, outcome))
        return _unfinished(moment, kind, outcome, reason)

    def do(self, moment: Moment) -> Effect:
        outcome = _outcome(moment) or Outcome.FULFILLED
        reason, name = _reason(moment, outcome), _letter(moment, outcome)
        number = moment.request.id if moment.request else 1
        if name:
            draft = Draft(
                template=name,
                request=number,
                words=composing.words_of(moment, name, **_given(moment, outcome)),
                given=_given(moment, outcome),
                language=composing.language_of(moment),
                closing=Closing(request=number, outcome=outcome, reason=reason),
            )
            return Effect(case=moment.case, said="Please read it once more.", draft=draft)
        return Effect(
            case=close_request(moment.case, number, outcome, moment, reason),
            said=f"{moment.case.ref}: {LABELS[outcome].lower()}.",
            line=f"<@{moment.by.id}> closed it: {LABELS[outcome].lower()}.",
        )


def _barred(moment: Moment, kind: Kind, outcome: Outcome) -> dict[str, str]:
    """What identity has to say against this ending."""
    case = moment.case
    if outcome is Outcome.WITHDRAWN and not withdraws(case):
        return {"outcome": "The last mail came from an address that is not proven."}
    if outcome is Outcome.EXPIRED_UNVERIFIED and (waits := _still_waits(moment)):
        return {"outcome": waits}
    if outcome is Outcome.DUPLICATE and (fault := _not_the_same(moment, kind)):
        return {"first": fault}
    return {}


def _still_waits(moment: Moment) -> str:
    """Why it is too early to say that identity was never settled."""
    asked = asked_at(moment.case)
    if asked is None:
        return "Ask for proof first: Verify."
    ends = asked + moment.policy.proof_ends
    if moment.now < ends:
        return f"Proof was asked for on {asked:%d %b}: it can end on {ends:%d %b %Y}."
    return ""


def _not_the_same(moment: Moment, kind: Kind) -> str:
    """Why this is no duplicate: the same person must have asked for the same right before.

    Who wrote is no measure: whoever asked first in another's name must not stand in their way.
    """
    first, right = moment.other, _request(moment).right
    if first is None or first.ref == moment.case.ref or not moment.by.may_see(first):
        return "Write the reference of the first request, such as PR-2026-0001."
    same = [r for r in first.requests if r.kind == kind.name and r.right == right]
    if not same:
        return f"{first.ref} does not ask for the same."
    if not settled(first, same[0], kind):
        return f"Nobody knows who asked in {first.ref}: it stands in nobody's way."
    return ""


def _kind(moment: Moment) -> Kind:
    return moment.kinds[(moment.request and moment.request.kind) or ""]


def _request(moment: Moment) -> Request:
    return moment.request or moment.case.requests[0]


def _outcome(moment: Moment) -> Outcome | None:
    chosen = moment.form.get("outcome", "")
    return Outcome(chosen) if chosen in set(Outcome) else None


def _reason(moment: Moment, outcome: Outcome) -> str:
    return REASON_OF.get(outcome) or moment.form.get("reason", "")


def _letter(moment: Moment, outcome: Outcome) -> str:
    """The letter that ends it; "" = none, because an answer has gone or none is owed."""
    reason = _reason(moment, outcome)
    if reason in REASONS:
        return REASONS[reason].letter
    return ""


def _given(moment: Moment, outcome: Outcome) -> dict[str, str]:
    """Until the reference is written there is "PR-…" in its place: it is no gap of the words."""
    first = moment.form.get("first", "").strip().upper() or "PR-…"
    return {"reason": _reason(moment, outcome), "first": first}


def _reason_fields(kind: Kind, outcome: Outcome, moment: Moment) -> list[Field]:
    known = reasons(kind, outcome, _request(moment))
    if not known:
        return []
    refused = outcome is Outcome.REFUSED
    return [
        Field(
            name="reason",
            label="Why",
            type="choice",
            options=tuple((name, REASONS[name].label) for name in known),
            initial=moment.form.get("reason", ""),
            optional=not refused,
            refreshes=refused,
        )
    ]


def _hint(moment: Moment, kind: Kind, outcome: Outcome, name: str) -> str:
    if name and not may_say(moment, name):
        return "Its letter cannot go before identity is settled: Verify."
    if name:
        return "The letter ends the request when it goes out. It can be called back for a while."
    return _unfinished(moment, kind, outcome, _reason(moment, outcome)).get("outcome", "")


def _unfinished(moment: Moment, kind: Kind, outcome: Outcome, reason: str) -> dict[str, str]:
    if reason in kind.unanswered or moment.request is None:
        return {}
    if outcome in ANSWERED and (left := kind.missing(moment.case, moment.request, outcome)):
        return {"outcome": left}
    return {}
