"""Letters: choose and change one, let it go, call it back. Nothing goes out unread."""

from handlers import approvals, composing, lawful, recipients, timing
from handlers.deadlines.reminders import late
from handlers.handler import Action, Draft, Effect, Field, Form, Moment, to_do
from handlers.letters import templates
from handlers.letters.wording import Matter
from handlers.owners import holding
from handlers.requests import (
    letter_of,
    opened_again,
    replace,
    with_letter,
    with_request,
    with_step,
    without_step,
)
from handlers.verification import CATEGORIES, enough, settled
from storage.errors import Refused
from storage.records import Case, LetterState, OutboxStatus, Request, Status

#: letters that ask who it is
ASK_WHO = frozenset({"identity", "code_sent"})
#: answers with the data themselves, and the one that stands in for them (11 CCR 7024(a))
COPIES = frozenset({"answer_access", "answer_portability", "answer_categories"})
#: letters for every kind, after the kind's own
ALWAYS = (
    "identity",
    "clarification",
    "progress",
    "late",
    "correcting",
    "fee",
    "closing",
    "plain",
    "acknowledgement",
)


def choices(moment: Moment) -> tuple[str, ...]:
    """The letters that may go now. Before identity is settled those marked neutral alone."""
    request = moment.request
    kind = moment.kinds.get(request.kind or "") if request else None
    waits = ("code_sent",) if moment.case.challenge else ()
    offered = (*waits, *(kind.letters if kind else ()), *ALWAYS)
    if not enough(moment.case, moment.kinds):  # nothing may be asked
        offered = tuple(name for name in offered if name not in ASK_WHO)
    if moment.case.acknowledgement.startswith(("sent", "pending")):
        offered = tuple(name for name in offered if name != "acknowledgement")
    return tuple(
        name
        for name in offered
        if may_say(moment, name) and (request is None or not comes_first(moment, request, name))
    )


def comes_first(moment: Moment, request: Request, name: str) -> str:
    """What has to be done before this letter may go; "" = nothing.

    The kind's own answers wait for its steps; that we hold nothing, for the owners' word. A refusal
    needs none.
    """
    kind = moment.kinds.get(request.kind or "")
    if kind is None or name not in kind.letters or not templates.template(name).answers:
        return ""
    if (request.right == CATEGORIES) != (name == "answer_categories") and name in COPIES:
        return "Where identity fails for the data themselves, categories alone are told."
    if name == "no_data":
        found = ", ".join(sorted(holding(moment.case, request)))
        waits = to_do(kind.lacking(moment.case, request, ("heard",)))
        return waits or (f"Something is held in: {found}." if found else "")
    step = next((step for step in kind.steps if step.name == "answer"), None)
    return to_do(kind.lacking(moment.case, request, step.after)) if step else ""


def may_say(moment: Moment, name: str) -> bool:
    """Neutral letters always; others once identity is settled, or where nothing asked needs it.

    A letter is about one request and is read with all that are open: one that needs proof is
    enough. What has ended without proof bars nothing but a letter about itself.
    """
    case, kinds = moment.case, moment.kinds
    if templates.template(name).neutral:
        return True
    about = moment.request
    read_with = [r for r in case.requests if r.outcome is None or (about and r.id == about.id)]
    return all(settled(case, r, kinds.get(r.kind or "")) for r in read_with)


class Reply(Action):
    """Write to the requester: a template, changed by hand, shown once more before it goes."""

    name = "reply"
    label = "Reply"
    asks = True
    about = "request"
    rises = False

    def named(self, case: Case) -> str:
        """After the date there is no extension: what is left is an answer that comes late."""
        over = any(late(case, request) for request in case.open_requests)
        return "Send late answer" if over else self.label

    def offered(self, case: Case, request: Request | None) -> bool:
        return (
            case.assignee is not None
            and bool(case.requester)
            and request is not None
            and request.status is not Status.CLOSED
        )

    def form(self, moment: Moment) -> Form:
        names = choices(moment)
        before = moment.draft.template if moment.draft else ""
        before = before if before in names else names[0]
        chosen = moment.form.get("template") or before
        neutral = templates.template(chosen).neutral
        tells = "says nothing on whether" if neutral else "may show that"
        asks = bool(templates.template(chosen).stops)
        late_asking = timing.asked_late(moment) if asks else ""
        return Form(
            title="Reply to requester",
            submit="Review",
            intro=f"{moment.case.ref}. This letter {tells} we hold data.{late_asking}",
            fields=(
                Field(
                    name="template",
                    label="Start from",
                    type="choice",
                    options=tuple((name, templates.template(name).title) for name in names),
                    initial=chosen,
                    refreshes=True,
                ),
                *_to_fields(moment, chosen),
                *composing.fields(moment, chosen),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        name = moment.form.get("template", "")
        if name not in templates.names() or not may_say(moment, name):
            return {"template": "This letter cannot go before identity is settled: Verify."}
        if moment.request and (left := comes_first(moment, moment.request, name)):
            return {"template": f"This letter cannot go yet. {left}"}
        if name not in choices(moment):
            return {"template": "Choose one of the letters."}
        return composing.faults(moment, name)

    def do(self, moment: Moment) -> Effect:
        number, name = moment.request.id if moment.request else None, moment.form["template"]
        draft = Draft(
            template=name,
            request=number,
            words=composing.words_of(moment, name),
            language=composing.language_of(moment),
            to=_chosen_to(moment),
        )
        return Effect(case=moment.case, said="Please read it once more.", draft=draft)


def _to_fields(moment: Moment, name: str) -> tuple[Field, ...]:
    """A choice of addresses, where a case has more than one."""
    known = recipients.known(moment.case)
    if len(known) < 2:
        return ()
    usual = recipients.usual(moment.case, templates.template(name))
    chosen = _chosen_to(moment) or usual
    return (
        Field(
            name="to",
            label="To",
            type="choice",
            options=tuple(
                (str(n), f"{address} ({how})") for n, (address, how) in enumerate(known.items())
            ),
            initial=str(list(known).index(chosen)) if chosen in known else "",
            hint="An answer to an address that is not proven needs a second person.",
        ),
    )


def _chosen_to(moment: Moment) -> str:
    """The address chosen by its place; "" = as usual."""
    known, place = list(recipients.known(moment.case)), moment.form.get("to", "")
    return known[int(place)] if place.isdecimal() and int(place) < len(known) else ""


def _wanted(moment: Moment) -> LetterState:
    letter = letter_of(moment.case, moment.form.get("letter", ""))
    if letter is None:
        raise Refused(f"{moment.case.ref} has no such letter: write it anew with Reply.")
    return letter


class Send(Action):
    """Let a previewed letter go, after the time to undo."""

    name = "send"
    label = "Send"
    listed = False
    answers = "letter"

    def offered(self, case: Case, request: Request | None) -> bool:
        return any(letter.status is OutboxStatus.DRAFT for letter in case.letters)

    def faults(self, moment: Moment) -> dict[str, str]:
        state = letter_of(moment.case, moment.form.get("letter", ""))
        if state is None or state.status is not OutboxStatus.DRAFT or moment.letter is None:
            return {}  # what is wrong then, `do` says
        asked = lawful.ticks(moment.letter, _matter(moment, state))
        unticked = (field.name for field in asked if moment.form.get(field.name) != lawful.TICKED)
        return dict.fromkeys(unticked, "Tick it, or go back and change your words.")

    def do(self, moment: Moment) -> Effect:
        letter = _wanted(moment)
        if letter.status is not OutboxStatus.DRAFT:
            raise Refused("This letter is on its way already.")
        if moment.policy.pilot:
            raise Refused("DESK_PILOT: letters wait. The draft is kept.")
        if letter.by not in {moment.by.id, "desk"}:
            raise Refused(f"<@{letter.by}> wrote this letter: read it yourself first with Reply.")
        request = request_of(moment.case, letter)
        if letter.request is not None and request is None:
            raise Refused("The kinds were corrected since: write it anew with Reply.")
        if not may_say(replace(moment, request=request), letter.template):
            raise Refused("This letter cannot go before identity is settled: Verify.")
        if request is not None and (left := comes_first(moment, request, letter.template)):
            raise Refused(f"This letter cannot go yet. {left}")
        _refuse_unlawful(moment, letter)
        wanted = approvals.letter_needs(moment, letter, request)
        if request is not None and wanted and not approvals.given(moment.case, letter.id):
            return approvals.asked(moment, letter.id, request)
        return on_its_way(moment, letter)


def on_its_way(moment: Moment, letter: LetterState) -> Effect:
    """The letter goes, after the time to undo; `letter.by` stays who wrote it.

    Raises Refused where a step it rests on was taken back meanwhile.
    """
    template, request = templates.template(letter.template), request_of(moment.case, letter)
    if request is not None and (left := comes_first(moment, request, letter.template)):
        raise Refused(f"This letter cannot go yet. {left}")
    _refuse_unlawful(moment, letter)
    window = moment.policy.undo_long if template.slow else moment.policy.undo
    author = moment.by.id if letter.by == "desk" else letter.by
    going = replace(letter, status=OutboxStatus.PENDING, at=moment.now + window, by=author)
    case = went(with_letter(moment.case, going), going)
    if (other := letter_of(case, letter.along)) is not None:
        also = replace(other, status=OutboxStatus.PENDING, at=going.at, by=author)
        case = went(with_letter(case, also), also)
    return Effect(
        case=case,
        said=f"It goes out in {int(window.total_seconds())} seconds. Undo calls it back.",
        line=f"<@{moment.by.id}> sent a letter: {template.title}.",
        send=letter.id,
    )


def _refuse_unlawful(moment: Moment, letter: LetterState) -> None:
    """The case may have changed since it was written, or since a second person was asked."""
    template, request = templates.template(letter.template), request_of(moment.case, letter)
    if template.extends and request is not None and timing.over(request, moment):
        raise Refused(timing.NO_MORE_TIME)
    if moment.letter is None:
        raise Refused("The words of this letter are no longer there: write it anew with Reply.")
    if said := lawful.bar(moment.letter, _matter(moment, letter)):
        raise Refused(said)


def _matter(moment: Moment, letter: LetterState) -> Matter:
    return composing.matter_of(replace(moment, request=request_of(moment.case, letter)))


class Undo(Action):
    """Call a letter back before it goes: it is a draft again."""

    name = "undo"
    label = "Undo"
    answers = "letter"
    anyone = True  # calling back does no harm, and a second person may have let it go

    def offered(self, case: Case, request: Request | None) -> bool:
        return any(
            letter.status is OutboxStatus.PENDING and letter.by != "desk" for letter in case.letters
        )

    def value(self, case: Case) -> str:
        waiting = (each for each in case.letters if each.status is OutboxStatus.PENDING)
        return next((each.id for each in waiting if each.by != "desk"), "")

    def do(self, moment: Moment) -> Effect:
        letter = _wanted(moment)
        # what goes with another is called back with it, as it was sent
        letter = next((x for x in moment.case.letters if x.along == letter.id), letter)
        if letter.status is not OutboxStatus.PENDING or letter.at <= moment.now:
            raise Refused("Too late: the letter has gone out, or is going out now.")
        back = replace(letter, status=OutboxStatus.DRAFT, at=moment.now)
        case = failed(with_letter(moment.case, back), back)
        if (other := letter_of(case, letter.along)) is not None:
            also = replace(other, status=OutboxStatus.DRAFT, at=moment.now)
            case = failed(with_letter(case, also), also)
        return Effect(
            case=case,
            said="The letter was called back. It is a draft again.",
            line=f"<@{moment.by.id}> called the letter back.",
            undo=letter.id,
        )


def went(case: Case, letter: LetterState) -> Case:
    """The letter goes: what it settles is settled."""
    template, request = templates.template(letter.template), request_of(case, letter)
    if request is None:
        return case
    if template.answers:
        case = with_step(case, request.id, "answer")
    if template.asks:
        request = case.request(request.id)
        case = with_request(case, replace(request, status=Status.AWAITING_REQUESTER))
    return case


def failed(case: Case, letter: LetterState) -> Case:
    """The letter did not reach anybody: what it settled is open again, what it moved goes back."""
    case = timing.taken_back(case, letter.id)
    template, request = templates.template(letter.template), request_of(case, letter)
    if request is None:
        return case
    if template.answers:
        case = without_step(case, request.id, "answer")
        # what the desk sent by itself only confirmed what is done: that stays done
        if request.status is Status.CLOSED and letter.by != "desk":
            return with_request(case, opened_again(case.request(request.id)))
    if template.asks and request.status is Status.AWAITING_REQUESTER:
        case = with_request(case, replace(request, status=Status.OPEN))
    return case


def request_of(case: Case, letter: LetterState) -> Request | None:
    """The request it is about; None when there is none, or none any more (corrected kinds)."""
    return next((request for request in case.requests if request.id == letter.request), None)
