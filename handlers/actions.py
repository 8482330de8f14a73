"""What staff can do to any case: take it, read it, settle identity, hand it over.

Letters are in `letter_actions.py`, the kinds in `sorting.py`, endings in `closing.py`.
Every action is a pure function of a `Moment`.
"""

from handlers import approvals, letter_actions, timing
from handlers.answers import NotWhatWeAsked
from handlers.breaches import PossibleBreach
from handlers.circles import BARRED, AboutUs, LetIn
from handlers.closing import Close
from handlers.company import PERSON
from handlers.complaints import NotAbout
from handlers.corrections import CorrectLetter
from handlers.deadlines import reminders
from handlers.earlier import kept_out
from handlers.extending import Extend
from handlers.former_colleagues import FormerColleague, NotFormerColleague
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.linking import Hold, LiftHold, Merge, Split
from handlers.owners import whom_to_ask, with_round
from handlers.proving import Verify
from handlers.recording import Again, asked
from handlers.reopening import Reopen
from handlers.requests import replace, with_step
from handlers.resending import SendAgain
from handlers.residence import Place, ReceivedEarlier
from handlers.second_person import SecondPerson
from handlers.sorting import Confirm, Join, NotARequest
from storage.errors import Refused
from storage.records import Case, Request, Status


class Claim(Action):
    """Take the case: the first one has it, the second is told."""

    name = "claim"
    label = "Claim"
    anyone = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and case.assignee is None

    def do(self, moment: Moment) -> Effect:
        case = replace(moment.case, assignee=moment.by.id)
        return Effect(case=case, said=f"{case.ref} is yours.", back=("release", ""))


class ShowMessage(Action):
    """Read what was written; each reading is in the journal."""

    name = "show_message"
    label = "Show message"
    anyone = True
    rises = False
    reads = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return bool(case.mails)

    def do(self, moment: Moment) -> Effect:
        case = replace(moment.case, answered=False)
        return Effect(case=case, said=f"You opened the message of {case.ref}.")


class Unsubscribe(Action):
    """Put the address on the suppression list and record that the marketing owner was told."""

    name = "unsubscribe"
    label = "Unsubscribe now"
    about = "request"

    def offered(self, case: Case, request: Request | None) -> bool:
        return (
            request is not None
            and request.kind == "unsubscribe"
            and request.status is not Status.CLOSED
            and "marketing" not in request.done
        )

    def do(self, moment: Moment) -> Effect:
        request = asked(moment)
        case = with_step(moment.case, request.id, "marketing")
        systems = [system for system in moment.policy.register if system.marketing]
        search = moment.case.requester
        moment = replace(moment, case=case)
        if systems:
            step = next(s for s in moment.kinds[request.kind or ""].steps if s.name == "marketing")
            case = with_round(moment, case.request(request.id), step, systems, search)
        return Effect(
            case=case,
            said="The address is on the do-not-mail list. The marketing owner is asked to confirm.",
            line=f"<@{moment.by.id}> stopped the marketing.",
            suppress=(search,) if search else (),
            ask=whom_to_ask(case.rounds[-1]) if systems else (),
        )


class Assign(Action):
    """Hand over: somebody else has it from now on."""

    name = "assign"
    label = "Hand over"
    asks = True
    anyone = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Hand over",
            submit="Hand over",
            intro="They are told, and the reminders go to them.",
            fields=(
                Field(name="person", label="To whom", type="person", hint="A member of the team"),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not PERSON.fullmatch(moment.form.get("person", "")):
            return {"person": "Choose a person."}
        if moment.form["person"] in moment.case.shut:
            return {"person": "This case is closed to them."}
        if moment.form["person"] in kept_out(moment.case):
            return {"person": BARRED}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, person, by = moment.case, moment.form["person"], moment.by.id
        told = {person: f"<@{by}> handed {case.ref} over to you."}
        if case.assignee not in {None, by, person}:
            told[str(case.assignee)] = f"{case.ref} is with <@{person}> now (<@{by}>)."
        told.pop(by, None)
        return Effect(
            case=replace(case, assignee=person),
            said=f"{case.ref} is with <@{person}>.",
            line=f"<@{by}> handed it over to <@{person}>.",
            tell=tuple(told.items()),
        )


class Release(Action):
    """Put back: nobody has it."""

    name = "release"
    label = "Put back"

    def offered(self, case: Case, request: Request | None) -> bool:
        return _taken(case)

    def do(self, moment: Moment) -> Effect:
        case = replace(moment.case, assignee=None)
        return Effect(case=case, said=f"{case.ref} is free again.")


class Snooze(Action):
    """Moves our reminder, never the due date."""

    name = "snooze"
    label = "Remind tomorrow"
    rises = False

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed

    def do(self, moment: Moment) -> Effect:
        case = moment.case
        until = reminders.snoozed_until(case, moment.policy, moment.now)
        if until is None:
            raise Refused(
                f"{case.ref} is due {timing.named(case.due)}: too soon to be reminded later."
            )
        return Effect(
            case=replace(case, remind_at=approvals.next_business(case, until)),
            said=f"You are reminded of {case.ref} on {until:%d %b at %H:%M}. Its date stays.",
        )


class History(Action):
    """Who did what, and when."""

    name = "history"
    label = "History"
    anyone = True
    rises = False
    reads = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return True

    def do(self, moment: Moment) -> Effect:
        return Effect(case=moment.case, said=f"You opened the history of {moment.case.ref}.")


#: in the order they are offered
GENERAL: tuple[Action, ...] = (
    Claim(),
    letter_actions.Undo(),
    letter_actions.Send(),
    SecondPerson(),
    Unsubscribe(),
    Verify(),
    letter_actions.Reply(),
    ShowMessage(),
    Join(),
    Close(),
    Confirm(),
    Assign(),
    NotWhatWeAsked(),
    NotARequest(),
    Release(),
    Snooze(),
    Again(),
    Merge(),
    Split(),
    Reopen(),
    History(),
    CorrectLetter(),
    SendAgain(),
    Hold(),
    LiftHold(),
    AboutUs(),
    LetIn(),
    NotAbout(),
    FormerColleague(),
    NotFormerColleague(),
    PossibleBreach(),
    Place(),
    Extend(),
    ReceivedEarlier(),
)


def _taken(case: Case) -> bool:
    return not case.closed and case.assignee is not None
