"""The shape of a kind of request, with defaults; and the words staff and desk act in.

A kind is a description: what speaks for it, how its clock runs, which steps staff take, which
letters answer it. Buttons, forms, commands and reports follow from that description.
Everything here is a value or a pure function of values; only `Desk` commits.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Literal

import msgspec

from handlers.policy import Policy
from storage.records import Case, Circle, Closing, Extending, Letter, Outcome, Record, Request


class Role(StrEnum):
    """What a person's channels make of them; checked on the server at each click."""

    STAFF = "staff"
    MANAGER = "manager"
    RESTRICTED = "restricted"  #: member of the closed circle
    COUNSEL = "counsel"


class Person(Record, frozen=True, kw_only=True):
    """Who clicks: a Slack id, what they may do, and the clock on their wall ("" = not known)."""

    id: str
    roles: frozenset[Role]
    timezone: str = ""

    def may_act_in(self, circle: Circle) -> bool:
        """Staff work in the open circle; each closed circle has its own key."""
        needed = {
            Circle.STAFF: {Role.STAFF, Role.MANAGER},
            Circle.MANAGERS: {Role.MANAGER},
            Circle.RESTRICTED: {Role.RESTRICTED},
            Circle.COUNSEL: {Role.COUNSEL},
        }
        return bool(self.roles & needed[circle])

    def may_see(self, case: Case) -> bool:
        """The key to its circle, and it is not about them."""
        return self.may_act_in(case.circle) and self.id not in case.shut


class Colleague(Record, frozen=True, kw_only=True):
    """One of us who could be asked, and whether they are there now."""

    person: Person
    present: bool


class Field(Record, frozen=True, kw_only=True):
    """One question of a form."""

    name: str
    label: str
    type: Literal["text", "paragraph", "choice", "choices", "note", "person", "date"] = "text"
    options: tuple[tuple[str, str], ...] = ()  #: value, label
    initial: str = ""  #: for "choices": values joined by a space
    hint: str = ""
    optional: bool = False
    max_length: int = 3000
    refreshes: bool = False  #: choosing a value asks for the form anew
    complete: bool = False  #: for "choices": all of them, or the field "why" explains
    least: int = 0  #: for "choices": at least so many
    offers: Literal["", "customers", "systems"] = (
        ""  #: of the operator's own list, where it has one
    )


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
    other: Case | None = None  #: the case that the form names
    draft: Letter | None = None  #: the clicker's own unsent letter for this request
    letter: Letter | None = None  #: the letter that waits for a second person
    team: tuple[Colleague, ...] | None = None  #: None = nobody looked who is there


class Draft(Record, frozen=True, kw_only=True):
    """A letter to be written: which template, to whom, with which words of staff."""

    template: str
    request: int | None = None  #: the request it is about
    beside: "Draft | None" = None  #: a letter to another address that goes with it
    to: str = ""  #: "" = the requester
    words: str | None = None  #: of staff; None = as the template has them
    given: Mapping[str, str] = msgspec.field(default_factory=dict)  #: values of this letter alone
    language: str = ""  #: "" = the requester's own where there are letters in it, else English
    automatic: bool = False
    replaces: str = ""  #: id of the letter that it corrects
    closing: Closing | None = None
    extending: Extending | None = None


class Effect(Record, frozen=True, kw_only=True):
    """What an action changes and sends. `Desk` writes all of it in one commit, or nothing."""

    case: Case
    said: str  #: one sentence to the clicker
    line: str = ""  #: one line of work log for the thread; nothing personal
    note: str = ""  #: why, in the person's own words, for the history alone
    draft: Draft | None = None  #: a letter for the clicker's preview
    shred: tuple[str, ...] = ()  #: raw mails whose key is destroyed at once
    send: str = ""  #: id of a draft letter to let go
    undo: str = ""  #: id of a letter to call back
    suppress: tuple[str, ...] = ()  #: addresses that get no marketing from now on
    lift: tuple[str, ...] = ()  #: hashes of addresses that come off that list again
    release: bool = False  #: give back received mails held by this case
    ask: tuple[tuple[str, int], ...] = ()  #: whom to ask: Slack id, number of the round
    others: tuple[Case, ...] = ()  #: other cases that change with it
    moved: tuple[str, ...] = ()  #: mails that belong to the first of the others from now on
    split: tuple[str, ...] = ()  #: people who get a case of their own
    join: bool = False  #: this case's mails belong to the case they were held for
    tell: tuple[tuple[str, str], ...] = ()  #: direct messages: Slack id, words
    alarm: str = ""  #: the managers are to know at once; nothing personal
    fork: bool = False  #: its last mail gets a case of its own
    back: tuple[str, str] = ("", "")  #: the action that undoes a click, and its value
    alone: bool = False  #: released without a second person: it is counted


class Action:
    """Something staff can do to a case or to one request of it. Subclass and override."""

    name: str
    label: str
    about: Literal["case", "request"] = "case"
    style: Literal["", "primary", "danger"] = ""
    confirm: str = ""  #: a question asked before it is done; at most 300 characters
    rises: bool = True  #: does it change what the buttons mean (Case.version)?
    reads: bool = False  #: opens something to read: "show_message", "history"
    asks: bool = False  #: has it a form?
    writes: bool = False  #: does its click show a letter, filled in, to be sent?
    listed: bool = True  #: is it a button of its own?
    answers: str = ""  #: the form field that the value of an offer fills in
    names: str = ""  #: the form field that names another case
    anyone: bool = False  #: may those do it who have not claimed the case?
    frees: bool = False  #: may those do it whom only an earlier case keeps out of a complaint?

    def offered(self, case: Case, request: Request | None) -> bool:
        """May it be done now, whoever does it?"""
        raise NotImplementedError

    def admits(self, case: Case, person: Person) -> bool:
        """May this person do it at all? The key to the case is asked for everywhere but here."""
        return person.may_see(case)

    def fits(self, kinds: "tuple[Kind, ...]") -> bool:
        """Does it fit what the case asks?"""
        return True

    def named(self, case: Case) -> str:
        """The label as this case needs it."""
        return self.label

    def value(self, case: Case) -> str:
        """What its offer answers already: goes into `Click.value`."""
        return ""

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
    writes: bool = False
    reads: bool = False
    value: str = ""  #: what the click already answers: goes into `Click.value`
    says: str = ""  #: for screen readers: "Claim access request PR-2026-0001"


class Given(Record, frozen=True, kw_only=True):
    """An answer to an earlier step that another step depends on."""

    step: str
    field: str
    values: tuple[str, ...] = ()  #: () = any
    open: bool = True  #: does it hold while that step is still to be taken?

    def holds(self, case: Case, request: Request) -> bool:
        taken = self.step in request.done
        said = case.answer(request.id, self.step, self.field) if taken else ""
        return (not self.values or said in self.values) if said else self.open


class Step(Record, frozen=True, kw_only=True):
    """One step staff take for a kind; `action` is the button that takes it.

    A step with a `button` of its own is recorded by it, with what it `asks`.
    """

    name: str
    label: str
    action: str
    button: str = ""
    intro: str = ""
    asks: tuple[Field, ...] = ()
    after: tuple[str, ...] = ()  #: steps without which the server refuses this one
    given: tuple[Given, ...] = ()
    optional: bool = False  #: may be taken, and nothing waits for it
    theirs: bool = False  #: taken for a customer's data too, whom another company answers
    receipt: bool = False  #: the confirmation of receipt takes it
    suppress: bool = False  #: puts the requester's address on the suppression list
    rests: bool = False  #: not before marketing that was on its way has arrived
    laws: frozenset[str] = frozenset()  #: taken where one of these may apply; empty = always
    flags: frozenset[str] = frozenset()  #: taken where the case has one of these; empty = always
    round: str = ""  #: what owners are asked by it: a name in `handlers.owners.ROUNDS`
    takes: str = ""  #: a step that is taken with it
    of: str = ""  #: it is taken when the owners have answered what that step asked

    def applies(self, case: Case, request: Request) -> bool:
        """Is it to be taken at all, as far as one knows by now?"""
        if self.receipt and case.acknowledgement == "sent":
            return False
        if (self.laws and not self.laws & request.laws) or (
            self.flags and not self.flags & set(case.flags)
        ):
            return False
        theirs = case.answer(request.id, "whose", "whose") == "customers"
        return (self.theirs or not theirs) and all(g.holds(case, request) for g in self.given)


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


#: of the person themselves: what we hold on them is at stake
OWN_DATA = frozenset({Depth.ADDRESS, Depth.ACCOUNT})

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
CONFIRM = Step(name="confirm", label="Confirm the kind", action="confirm", theirs=True)
VERIFY = Step(name="verify", label="Settle identity", action="verify", theirs=True)
ANSWER = Step(name="answer", label="Answer", action="reply")
CLOSE = Step(name="close", label="Close", action="close", theirs=True)
#: these have rules of their own
_GENERAL = frozenset({"confirm", "verify", "answer", "close"})


class Kind:
    """One kind of request. A file in `handlers/kinds/` subclasses it and exports `KIND`."""

    name: ClassVar[str]  #: the word of the glossary
    title: ClassVar[str]  #: "Access request"
    asks: ClassVar[str]  #: "to see their data": completes "wants …"
    clues: ClassVar[tuple[Clue, ...]] = ()
    right: ClassVar[str] = ""
    #: clues of the rights that the kind holds together, by article; "" = of its own (`rights.py`)
    rights: ClassVar[Mapping[str, tuple[Clue, ...]]] = MappingProxyType({})
    circle: ClassVar[Circle] = Circle.STAFF
    depth: ClassVar[Depth] = Depth.NONE
    proofs: ClassVar[tuple[str, ...]] = ()  #: of `verification.WAYS`; () = as the depth has them
    acknowledged: ClassVar[bool] = True  #: may the acknowledgement go by itself?
    steps: ClassVar[tuple[Step, ...]] = ()
    actions: ClassVar[tuple[Action, ...]] = ()  #: beside those of every kind
    letters: ClassVar[tuple[str, ...]] = ()  #: templates offered in Reply, likeliest first
    outcomes: ClassVar[tuple[Outcome, ...]] = (Outcome.FULFILLED,)
    unanswered: ClassVar[tuple[str, ...]] = ()  #: reasons to close without an answer letter
    two_persons: ClassVar[tuple[str, ...]] = ()  #: letters and steps a second person approves
    second_by: ClassVar[frozenset[Role]] = frozenset()  #: who that may be; empty = any of us
    never_alone: ClassVar[bool] = False  #: not even where no second person is there
    refusals: ClassVar[tuple[str, ...]] = ()  #: reasons it may be refused for, from the closed list

    def applying(self, case: Case, request: Request) -> tuple[Step, ...]:
        """The steps that are to be taken, in order, those already taken among them."""
        return tuple(step for step in self.steps if step.applies(case, request))

    def next_step(self, case: Case, request: Request) -> Step | None:
        """The first step not taken yet."""
        left = (step for step in self.applying(case, request) if step.name not in request.done)
        return next((step for step in left if not step.optional), None)

    def lacking(self, case: Case, request: Request, names: tuple[str, ...]) -> tuple[Step, ...]:
        """Those of the named steps that apply and are not taken yet."""
        found = (step for step in self.applying(case, request) if step.name in names)
        return tuple(step for step in found if step.name not in request.done)

    def answers(self, case: Case) -> bool:
        """Does an answer have to go out before it may end as done?"""
        return any(step.name == "answer" for step in self.steps)

    def missing(self, case: Case, request: Request, outcome: Outcome) -> str:
        """What still has to be done before it may close with this outcome; "" = nothing."""
        if outcome not in ANSWERED:
            return ""
        if self.answers(case) and "answer" not in request.done:
            return "Send the answer first: Reply."
        if case.told_nothing_held(request.id):
            return ""
        bound = tuple(s.name for s in self.steps if not s.optional and s.name not in _GENERAL)
        return to_do(self.lacking(case, request, bound))


def to_do(left: tuple[Step, ...]) -> str:
    """A sentence that names what still has to be done; "" = nothing."""
    return f"Still to do: {', '.join(step.label.lower() for step in left)}." if left else ""


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
    team: tuple[Colleague, ...] | None = None  #: for `approvals.CALLS`; None = nobody looked


class Done(Record, frozen=True, kw_only=True, tag="done"):
    """It happened. `back` is the action that undoes it, with the value `undo`: of a letter, its id;
    offered until `until`."""

    said: str
    case: Case
    back: str = ""
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
    beside: "Review | None" = None  #: the letter that goes with it
    ticks: tuple[Field, ...] = ()  #: each has to be ticked before it goes


class Faults(Record, frozen=True, kw_only=True, tag="faults"):
    """The form cannot be taken as it is."""

    fields: dict[str, str]


class Stale(Record, frozen=True, kw_only=True, tag="stale"):
    """Somebody was first; nothing was changed."""

    said: str
    case: Case


Answer = Done | Review | Faults | Stale
