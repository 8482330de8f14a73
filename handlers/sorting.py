"""Sorting: which kinds a case has, whether it asks anything, and where its mail belongs."""

from collections.abc import Iterable, Iterator

from handlers import deadlines, timing
from handlers.deadlines.rules import counted
from handlers.deadlines.working_days import local_day
from handlers.handler import Action, Effect, Field, Form, Kind, Moment
from handlers.letters import templates
from handlers.requests import close_request, replace, settle
from handlers.verification import stepped
from storage.records import Case, Due, OutboxStatus, Outcome, Request, Status

#: the label of a mail that asks nothing
NOTHING = "not_a_request"
#: what was read as an unsubscribe, and was none
LISTED = " The address is on the do-not-mail list still: Do-not-mail list takes it off."


class Confirm(Action):
    """Settle which kinds a case has; corrected, the clock still runs from the first receipt."""

    name = "confirm"
    label = "Confirm"
    asks = True
    answers = "kinds"

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and not any(r.outcome for r in case.requests)

    def named(self, case: Case) -> str:
        if case.held_for and not case.confirmed:
            return "New case"
        return "Correct kind" if case.confirmed else self.label

    def disputed(self, case: Case, request: Request | None) -> str:
        return "was sorted before you" if case.confirmed else ""

    def form(self, moment: Moment) -> Form:
        # nothing chosen stays nothing when the choice draws the form anew
        names = [k.name for k in _chosen(moment)] if "kinds" in moment.form else _known(moment)
        chosen = " ".join(names)
        runs = "The clock runs from the first receipt whatever you choose."
        return Form(
            title="What do they want?",
            submit="Confirm",
            intro=f"{_foreseen(moment)}{runs}{_sent_before(moment.case)}",
            fields=(
                Field(
                    name="kinds",
                    label="Kinds",
                    type="choices",
                    options=tuple((kind.name, kind.title) for kind in moment.kinds.values()),
                    initial=chosen,
                    hint="More than one when each needs its own handling.",
                    refreshes=True,
                ),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not _chosen(moment):
            return {"kinds": "Choose at least one kind."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, kinds = moment.case, _chosen(moment)
        after = settle(replace(_of_kinds(case, kinds), triage=False, confirmed=True), "confirm")
        if after.verification or after.proofs:
            after = stepped(after, moment.kinds)
        after = labelled(after, *(kind.name for kind in kinds))
        titles = ", ".join(kind.title for kind in kinds)
        moved = _moved(moment, after)
        late = case.confirmed and "overdue" in moved
        return Effect(
            case=after,
            said=f"{case.ref}: {titles}.{moved}{_left_over(case, after)}",
            line=f"<@{moment.by.id}> confirmed: {titles}.{moved}",
            alarm=f"Its kind was corrected: {titles}.{moved}" if late else "",
            suppress=_unwanted(case) if any(k.name == "unsubscribe" for k in kinds) else (),
            release=bool(case.held_for),
        )


class NotARequest(Action):
    """Nothing is asked: it leaves the queue and the clock stops. Reopen brings it back."""

    name = "not_a_request"
    label = "Not a request"
    confirm = "It leaves the queue and the clock stops. Reopen brings it back."

    def named(self, case: Case) -> str:
        return "Not ours" if case.held_for else self.label

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and not case.confirmed

    def disputed(self, case: Case, request: Request | None) -> str:
        return "was sorted before you" if case.confirmed else ""

    def do(self, moment: Moment) -> Effect:
        case = moment.case
        for request in case.open_requests:
            case = close_request(case, request.id, Outcome.NOT_A_REQUEST, moment)
        return Effect(
            case=labelled(replace(case, triage=False), NOTHING),
            said=f"{case.ref} is closed: not a request.{LISTED if case.suppressed else ''}",
            line=f"<@{moment.by.id}> closed it: not a request.",
            back=("reopen", "unfinished") if len(case.requests) == 1 else ("", ""),
            release=bool(case.held_for),
        )


class Join(Action):
    """Same person: the mail of this case belongs to the one it was held for."""

    name = "join"
    label = "Same person"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return bool(case.held_for) and not case.closed and not case.confirmed

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Same person?",
            submit="Join",
            intro=f"The mail goes to {moment.case.held_for}. Its address is not proven by that.",
            fields=(Field(name="how", label="How do you know?", max_length=300),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not moment.form.get("how", "").strip():
            return {"how": "Say how you know; it is kept in the history."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case = moment.case
        for request in case.open_requests:
            case = close_request(case, request.id, Outcome.DUPLICATE, moment)
        return Effect(
            case=replace(case, triage=False),
            said=f"The mail of {case.ref} now belongs to {case.held_for}.",
            line=f"<@{moment.by.id}> joined it to {case.held_for}.",
            note=moment.form["how"].strip(),
            join=True,
        )


def _unwanted(case: Case) -> tuple[str, ...]:
    return (case.requester,) if case.requester else ()


def _sent_before(case: Case) -> str:
    """The letters that rest on the kinds as they were."""
    sent = [
        f"{templates.template(letter.template).title} ({letter.at:%d %b})"
        for letter in case.letters
        if letter.status is OutboxStatus.SENT and not letter.bounced
    ]
    return f" Letters already sent: {', '.join(sent)}." if case.confirmed and sent else ""


def _left_over(before: Case, after: Case) -> str:
    """What a corrected kind leaves behind, for a person to put right."""
    if not before.confirmed:
        return ""
    sent = _sent_before(before)
    told = f"{sent} If one was wrong: Correct our last letter." if sent else ""
    was, now = ({r.kind for r in case.requests} for case in (before, after))
    if "unsubscribe" in was - now:
        told += LISTED
    return told


def labelled(case: Case, *names: str) -> Case:
    """What a person says the mail asks is kept with it, for the classifier to learn from.

    With a second mail nobody can tell which of them asked what.
    """
    return replace(case, labels=names) if len(case.mails) == 1 else case


def _known(moment: Moment) -> tuple[str, ...]:
    """The kinds of the case as they stand, or as they were guessed."""
    case = moment.case
    sorted_kinds = tuple(r.kind for r in case.requests if r.kind)
    guessed = case.reading.kinds if case.reading else ()
    return sorted_kinds or tuple(kind for kind in guessed if kind in moment.kinds)


def _chosen(moment: Moment) -> tuple[Kind, ...]:
    names = dict.fromkeys(moment.form.get("kinds", "").split())
    if not set(names) <= set(moment.kinds):
        return ()
    return tuple(moment.kinds[name] for name in names)


def _numbered(case: Case, kinds: Iterable[Kind]) -> Iterator[Request]:
    """A kind that was there keeps its request; a new one gets a number never used before."""
    before = {request.kind: request for request in case.requests if request.kind is not None}
    used = (*(r.id for r in before.values()), *(sent.request or 0 for sent in case.letters))
    last = max(used, default=0)
    kinds = tuple(kinds)
    left = {kind.name for kind in kinds}
    # what a stranger asked and is called something else now is still what a stranger asked
    strange = next((r.mail for r in case.requests if r.mail and r.kind not in left), "")
    for kind in kinds:
        if kind.name in before:
            yield before[kind.name]
            continue
        last += 1
        first = case.requests[0]  # the same requester: the same laws, the same questions
        asked = Request(
            id=last,
            kind=kind.name,
            right=right_of(case, kind),
            due=first.due,
            regimes=first.regimes,
            sent_at=first.sent_at,
            mail=strange,
            events=timing.about_the_person(first),
        )
        waits = Status.AWAITING_REQUESTER if timing.waiting(asked) else Status.OPEN
        yield replace(asked, status=waits, due=_due(case, asked))


def right_of(case: Case, kind: Kind) -> str:
    """What the mail claims under the kind, for a person to confirm in the kind's own step."""
    return (case.reading.right(kind.name) if case.reading else "") or kind.right


def _due(case: Case, asked: Request) -> Due:
    """Its own: a date typed for another kind, such as an authority's, is none of its laws'."""
    return deadlines.computed(asked, case.received_at, confirmed=timing.confirmed(case))


def _of_kinds(case: Case, kinds: Iterable[Kind]) -> Case:
    requests = sorted(_numbered(case, kinds), key=lambda request: request.id)
    return replace(case, requests=tuple(requests))


def _foreseen(moment: Moment) -> str:
    """The date as it is, or as it would be with what is chosen, before anything is done."""
    if kinds := _chosen(moment):
        return f"{_moved(moment, _of_kinds(moment.case, kinds)).strip()} "
    return "" if moment.case.triage else f"Due {timing.named(moment.case.due)} now. "


def _moved(moment: Moment, after: Case) -> str:
    """The date before and after, and whether it is over already."""
    old, new = moment.case.due, after.due
    today = local_day(moment.now, moment.policy.timezone)
    over = (today - new.due_on).days
    late = f" This makes it {counted(over, 'day')} overdue." if over > 0 else ""
    if old.due_on == new.due_on:
        return f" Due {timing.named(new)}.{late}"
    return f" Due {timing.named(old)} → {timing.named(new)}.{late}"
