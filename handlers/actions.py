"""What staff can do to any case: take it, read it, settle identity, hand it over.

Letters are in `letter_actions.py`, the kinds in `sorting.py`, endings in `closing.py`.
Every action is a pure function of a `Moment`.
"""

import re

from handlers import letter_actions
from handlers.closing import Close
from handlers.deadlines import reminders
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.requests import opened_again, replace, settle, with_request, with_step
from handlers.sorting import NOTHING, Confirm, Join, NotARequest
from storage.errors import Refused
from storage.records import Case, Request, Status, Verification

#: ids of people in Slack
PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
HOW = (
    ("reply", "They replied from the address used with the service"),
    ("code", "They gave back the code sent to the address on file"),
    ("signed_in", "They signed in"),
    ("authority", "Their authority was shown (agent, parent, lawyer)"),
    ("call_back", "Called back on a number found independently"),
)


class Claim(Action):
    """Take the case: the first one has it, the second is told."""

    name = "claim"
    label = "Claim"
    anyone = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and case.assignee is None

    def do(self, moment: Moment) -> Effect:
        case = replace(moment.case, assignee=moment.by.id)
        return Effect(case=case, said=f"{case.ref} is yours.")


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


class Verify(Action):
    """Record that identity, or authority, is settled, and how."""

    name = "verify"
    label = "Verify"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return _taken(case) and not case.triage and case.verification is None

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Identity is settled",
            submit="Record",
            intro="Only when it is. To ask for proof, send the letter: Reply.",
            fields=(
                Field(name="how", label="How", type="choice", options=HOW),
                Field(name="note", label="Note", optional=True, max_length=300),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if moment.form.get("how") not in dict(HOW):
            return {"how": "Choose how it was settled."}
        return {}

    def do(self, moment: Moment) -> Effect:
        note = moment.form.get("note", "").strip()
        how = dict(HOW)[moment.form["how"]] + (f": {note}" if note else "")
        proof = Verification(how=how, by=moment.by.id, at=moment.now)
        case = settle(replace(moment.case, verification=proof), "verify")
        return Effect(
            case=case,
            said=f"{case.ref}: identity is settled.",
            line=f"<@{moment.by.id}> settled identity.",
        )


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
        number = moment.request.id if moment.request else 1
        return Effect(
            case=with_step(moment.case, number, "marketing"),
            said="The address is on the do-not-mail list. Tell the requester or close it.",
            line=f"<@{moment.by.id}> stopped the marketing.",
            suppress=True,
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
            fields=(Field(name="person", label="To whom", hint="A member of the team"),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not PERSON.fullmatch(moment.form.get("person", "")):
            return {"person": "Choose a person."}
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
                f"{case.ref} is due {case.due.due_on:%d %b %Y}: too soon to be reminded later."
            )
        return Effect(
            case=replace(case, remind_at=until),
            said=f"You are reminded of {case.ref} on {until:%d %b at %H:%M}. Its date stays.",
        )


class Reopen(Action):
    """Unfinished: it goes on with its old date."""

    name = "reopen"
    label = "Reopen"
    about = "request"
    confirm = "It goes on where it was, with its old date."

    def offered(self, case: Case, request: Request | None) -> bool:
        return request is not None and request.status is Status.CLOSED

    def do(self, moment: Moment) -> Effect:
        case = moment.case
        number = moment.request.id if moment.request else 1
        case = with_request(case, opened_again(case.request(number)))
        case = replace(case, triage=any(r.kind is None for r in case.requests))
        if case.labels == (NOTHING,):  # it asked something after all
            case = replace(case, labels=())
        return Effect(
            case=case,
            said=f"{case.ref} is open again, due {case.due.due_on:%d %b %Y}.",
            line=f"<@{moment.by.id}> opened it again; the date stays.",
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
    Unsubscribe(),
    Verify(),
    letter_actions.Reply(),
    ShowMessage(),
    Join(),
    Close(),
    Confirm(),
    NotARequest(),
    Assign(),
    Release(),
    Snooze(),
    Reopen(),
    History(),
)


def _taken(case: Case) -> bool:
    return not case.closed and case.assignee is not None
