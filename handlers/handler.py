"""The shape of a kind of request, with defaults; and the words staff and desk act in.

A kind is a description: what speaks for it, how its clock runs, which steps staff take, which
letters answer it. Buttons, forms, commands and reports follow from that description.
Everything here is a value or a pure function of values; only `Desk` commits.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

import msgspec

from handlers.policy import Policy
from storage.records import Case, Circle, Closing, Letter, Outcome, Record, Request


class Role(StrEnum):
    """What a person's channels make of them; checked on the server at each click."""

    STAFF = "staff"
    MANAGER = "manager"
    RESTRICTED = "restricted"  #: member of the closed circle
    COUNSEL = "counsel"


class Person(Record, frozen=True, kw_only=True):
    """Who clicks: a Slack id and what they may do."""

    id: str
    roles: frozenset[Role]

    def may_act_in(self, circle: Circle) -> bool:
        """Staff work in the open circle; each closed circle has its own key."""
        needed = {
            Circle.STAFF: {Role.STAFF, Role.MANAGER},
            Circle.MANAGERS: {Role.MANAGER},
            Circle.RESTRICTED: {Role.RESTRICTED},
            Circle.COUNSEL: {Role.COUNSEL},
        }
        return bool(self.roles & needed[circle])


class Field(Record, frozen=True, kw_only=True):
    """One question of a form."""

    name: str
    label: str
    type: Literal["text", "paragraph", "choice", "choices", "note"] = "text"
    options: tuple[tuple[str, str], ...] = ()  #: value, label
    initial: str = ""  #: for "choices": values joined by a space
    hint: str = ""
    optional: bool = False
    max_length: int = 3000
    refreshes: bool = False  #: choosing a value asks for the form anew


class Form(Record, frozen=True, kw_only=True):
    """What an action asks before it is done."""

    title: str  #: at most 24 characters
    submit: str  #: at most 24 characters
    intro: str = ""
    fields: tuple[Field, ...] = ()


class Moment(Record, frozen=True, kw_only=True):
    """All an action may look at: values, never the store."""

    case: Case
    by: Person
    now: datetime
    request: Request | None = None
    form: Mapping[str, str] = msgspec.field(default_factory=dict)
    kinds: Mapping[str, "Kind"] = msgspec.field(default_factory=dict)
    policy: Policy = msgspec.field(default_factory=Policy)
    draft: Letter | None = None  #: the clicker's own unsent letter for this request


class Draft(Record, frozen=True, kw_only=True):
    """A letter to be written: which template, to whom, with which words of staff."""

    template: str
    request: int | None = None  #: the request it is about
    body: str | None = None  #: words changed by staff; None = as the template has them
    language: str = ""  #: "" = the requester's own where there are letters in it, else English
    automatic: bool = False
    closing: Closing | None = None


class Effect(Record, frozen=True, kw_only=True):
    """What an action changes and sends. `Desk` writes all of it in one commit, or nothing."""

    case: Case
    said: str  #: one sentence to the clicker
    line: str = ""  #: one line of work log for the thread; nothing personal
    draft: Draft | None = None  #: a letter for the clicker's preview
    send: str = ""  #: id of a draft letter to let go
    undo: str = ""  #: id of a letter to call back
    suppress: bool = False  #: put the requester's address on the suppression list
    release: bool = False  #: give back received mails held by this case
    join: bool = False  #: this case's mails belong to the case they were held for
    tell: tuple[tuple[str, str], ...] = ()  #: direct messages: Slack id, words


class Action:
    """Something staff can do to a case or to one request of it. Subclass and override."""

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[Literal["case", "request"]] = "case"
    style: ClassVar[Literal["", "primary", "danger"]] = ""
    confirm: ClassVar[str] = ""  #: a question asked before it is done; at most 300 characters
    rises: ClassVar[bool] = True  #: does it change what the buttons mean (Case.version)?
    reads: ClassVar[bool] = False  #: opens something to read: "show_message", "history"
    asks: ClassVar[bool] = False  #: has it a form?
    listed: ClassVar[bool] = True  #: is it a button of its own?
    answers: ClassVar[str] = ""  #: the form field that the value of an offer fills in
    anyone: ClassVar[bool] = False  #: may those do it who have not claimed the case?

    def offered(self, case: Case, request: Request | None) -> bool:
        """May it be done now, whoever does it?"""
        raise NotImplementedError

    def named(self, case: Case) -> str:
        """The label as this case needs it."""
        return self.label

    def disputed(self, case: Case, request: Request | None) -> str:
        """Why a click on an outdated card must not count; "" = it may."""
        return ""

    def form(self, moment: Moment) -> Form | None:
        """The form to fill in, with what is filled in already; None = it acts at once."""
        return None

    def faults(self, moment: Moment) -> dict[str, str]:
        """What is wrong with the form, by field name."""
        return {}

    def do(self, moment: Moment) -> Effect:
        """Raises Refused when the rules do not allow it."""
        raise NotImplementedError


class Offer(Record, frozen=True, kw_only=True):
    """An action as it can be offered on a card now."""

    action: str
    label: str
    request: int | None = None
    style: Literal["", "primary", "danger"] = ""  #: primary = the likeliest next step
    confirm: str = ""
    form: bool = False
    reads: bool = False
    value: str = ""  #: what the click already answers: goes into `Click.value`
    says: str = ""  #: for screen readers: "Claim access request PR-2026-0001"


class Step(Record, frozen=True, kw_only=True):
    """One step staff take for a kind; `action` is the button that takes it."""

    name: str
    label: str
    action: str


class Clue(Record, frozen=True, kw_only=True):
    """Words that speak for a kind: a regular expression, a weight, and a language ("" = any)."""

    pattern: str
    weight: float
    language: str = ""


#: a gap of a few words that stays inside one sentence
GAP = r"[^.!?]{0,50}?"


def spoken(language: str, weighted: Mapping[float, tuple[str, ...]]) -> tuple[Clue, ...]:
    """Clues of one language by weight. A blank stands for any break between words, … for a gap.

    " ?" is a break that may be missing, as in "grand ?son".
    """
    return tuple(
        Clue(
            pattern=pattern.replace(" ?", r"\W{0,3}").replace(" ", r"\W{1,3}").replace("…", GAP),
            weight=weight,
            language=language,
        )
        for weight, patterns in weighted.items()
        for pattern in patterns
    )


class Depth(StrEnum):
    """How deep verification goes for a kind."""

    NONE = "none"
    ADDRESS = "address"
    ACCOUNT = "account"
    AUTHORITY = "authority"


#: outcomes that stand in an answer letter
ANSWERED = frozenset(
    {
        Outcome.FULFILLED,
        Outcome.PARTLY_FULFILLED,
        Outcome.UPHELD,
        Outcome.PARTLY_UPHELD,
        Outcome.NOT_UPHELD,
    }
)

#: the steps every kind begins and ends with
CONFIRM = Step(name="confirm", label="Confirm the kind", action="confirm")
VERIFY = Step(name="verify", label="Settle identity", action="verify")
ANSWER = Step(name="answer", label="Answer", action="reply")
CLOSE = Step(name="close", label="Close", action="close")


class Kind:
    """One kind of request. A file in `handlers/kinds/` subclasses it and exports `KIND`."""

    name: ClassVar[str]  #: the word of the glossary
    title: ClassVar[str]  #: "Access request"
    asks: ClassVar[str]  #: "to see their data": completes "wants …"
    clues: ClassVar[tuple[Clue, ...]] = ()
    right: ClassVar[str] = ""
    circle: ClassVar[Circle] = Circle.STAFF
    depth: ClassVar[Depth] = Depth.NONE
    acknowledged: ClassVar[bool] = True  #: may the acknowledgement go by itself?
    steps: ClassVar[tuple[Step, ...]] = ()
    actions: ClassVar[tuple[Action, ...]] = ()  #: beside those of every kind
    letters: ClassVar[tuple[str, ...]] = ()  #: templates offered in Reply, likeliest first
    outcomes: ClassVar[tuple[Outcome, ...]] = (Outcome.FULFILLED,)
    unanswered: ClassVar[tuple[str, ...]] = ()  #: reasons to close without an answer letter
    refusals: ClassVar[tuple[str, ...]] = ()  #: reasons it may be refused for, from the closed list

    def next_step(self, case: Case, request: Request) -> Step | None:
        """The first step not taken yet."""
        return next((step for step in self.steps if step.name not in request.done), None)

    def missing(self, case: Case, request: Request, outcome: Outcome) -> str:
        """What still has to be done before it may close with this outcome; "" = nothing."""
        if outcome in ANSWERED and "answer" not in request.done:
            return "Send the answer first: Reply."
        return ""


# --- what the Desk answers to a click -------------------------------------------------------


class Click(Record, frozen=True, kw_only=True):
    """A person's wish, as Slack or the command line brings it."""

    ref: str
    action: str
    by: Person
    version: int
    request: int | None = None
    form: Mapping[str, str] = msgspec.field(default_factory=dict)
    value: str = ""  #: of the offer that was clicked


class Done(Record, frozen=True, kw_only=True, tag="done"):
    """It happened. `undo` is the id of a letter that can still be called back until `until`."""

    said: str
    case: Case
    undo: str = ""
    until: datetime | None = None


class Review(Record, frozen=True, kw_only=True, tag="review"):
    """A letter waits for the clicker's eyes: nothing has gone out."""

    case: Case
    letter: str  #: id of the draft
    to: str
    subject: str
    body: str
    window: int  #: seconds to undo once it is sent
    language: str = "en"
    english: str = ""  #: the same template in English, where the letter is in another language
    warning: str = ""  #: what a reader should know of its translation


class Faults(Record, frozen=True, kw_only=True, tag="faults"):
    """The form cannot be taken as it is."""

    fields: dict[str, str]


class Stale(Record, frozen=True, kw_only=True, tag="stale"):
    """Somebody was first; nothing was changed."""

    said: str
    case: Case


Answer = Done | Review | Faults | Stale
