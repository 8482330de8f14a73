"""Frozen, typed records: what the desk remembers. No I/O, no behaviour beyond small questions.

Each stored record has a `table`, a `key` and a `rev`. `rev` is the store's optimistic lock:
it is the revision the writer has read (0 = new), and a commit fails when another came first.
`Case.version` is another thing: it rises only when the buttons change their meaning.
"""

import secrets
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import ClassVar, Literal

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A value; every field by name, nothing changes after it is made."""


def new_id(now: datetime) -> str:
    """A new id for a mail or an outbox message: 20 hex characters that sort by time."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(4)}"


def made_at(name: str) -> datetime:
    """When an id of `new_id` was made."""
    return datetime.fromtimestamp(int(name[:12], 16) / 1000, UTC)


# --- mail coming in -------------------------------------------------------------------------


class MailStatus(StrEnum):
    """Where an inbound mail stands; `failed` waits for a person."""

    RECEIVED = "received"
    PROCESSED = "processed"
    HELD = "held"
    IGNORED = "ignored"
    FAILED = "failed"


class Arrival(Record, frozen=True, kw_only=True):
    """One mail as our edge accepted it: envelope (RFC 5321), content after dot-unstuffing."""

    received_at: datetime
    mail_from: str  #: envelope sender, "" for the null sender
    rcpt_to: tuple[str, ...]
    peer: str  #: address of the SMTP client
    hello: str = ""  #: what it called itself in HELO or EHLO: a claim
    batch: str = ""  #: of one import, all the same
    content: bytes


class InboundMail(Record, frozen=True, kw_only=True, tag=True):
    """A stored raw mail and its status. Its content stays in the mail log."""

    table: ClassVar[str] = "mails"

    id: str  #: sorts by time of receipt
    rev: int = 0
    received_at: datetime
    mail_from: str
    rcpt_to: tuple[str, ...]
    peer: str
    hello: str = ""
    batch: str = ""
    sha256: str
    size: int  #: bytes
    status: MailStatus = MailStatus.RECEIVED
    reason: str = ""  #: why held, ignored or failed; never words of the mail
    case: str | None = None
    message_id: str = ""  #: header field, once parsed
    sender: str = ""  #: what authentication says of who wrote it; "" = nobody looked

    @property
    def key(self) -> str:
        return self.id


class Attachment(Record, frozen=True, kw_only=True):
    """What the mail carries beside its text; the bytes stay in the raw mail."""

    name: str  #: made safe; "" = it has none
    media_type: str  #: by its content, where that can be told
    claimed: str = ""  #: the type it claims, where its content says another
    size: int  #: bytes, decoded
    sha256: str


class AttachmentText(Record, frozen=True, kw_only=True):
    """The words of one attachment, read in the parse worker when a person asks."""

    name: str = ""
    text: str = ""
    note: str = ""  #: why there is none, or not all of it


class Sender(Record, frozen=True, kw_only=True):
    """What authentication says of who wrote a mail: evidence, never a gate.

    `failed`: by a domain that wants nothing done about it; `refused`: by one that does.
    """

    result: Literal["pass", "none", "failed", "refused", "temperror"]
    words: str  #: for staff, without any address


#: results that keep an automatic letter back, and a code from being counted
NOT_AUTHENTIC = frozenset({"failed", "refused"})


class ParsedMail(Record, frozen=True, kw_only=True):
    """What could be read of a raw mail (RFC 5322). Header values are claims, never trusted."""

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    header_from: str = ""  #: address only
    from_name: str = ""
    reply_to: str = ""
    to: tuple[str, ...] = ()  #: addresses in To and Cc
    subject: str = ""
    text: str = ""  #: everything readable, quotations included
    shown: str = ""  #: the new text alone; what is classified and shown first
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  #: lower-case name, value; what screening needs
    media_type: str = "text/plain"
    returned_ids: tuple[str, ...] = ()  #: Message-IDs found in a returned original (bounces)
    defects: tuple[str, ...] = ()  #: what was wrong with it, in words
    sender: Sender | None = None  #: None = nobody looked
    readable: bool = True  #: False: it could not be read safely, only some headers are here

    def header(self, name: str) -> str:
        """The first value of a header field, or ""."""
        wanted = name.lower()
        return next((value for field, value in self.headers if field == wanted), "")


class Evidence(Record, frozen=True, kw_only=True):
    """Words that spoke for a kind: code points in subject + blank line + shown text."""

    kind: str
    text: str
    start: int
    end: int


class Claim(Record, frozen=True, kw_only=True):
    """The article that one kind of request is claimed under, by the words that say so."""

    kind: str
    right: str  #: "GDPR 18"
    start: int  #: places as of Evidence
    end: int


FactName = Literal["address", "born", "age", "number", "subject"]


class Fact(Record, frozen=True, kw_only=True):
    """Something a mail says, unproven; places are those of `Evidence`."""

    what: FactName
    text: str
    start: int
    end: int


class Candidate(Record, frozen=True, kw_only=True):
    """A law whose clock may run for the requester, and the sign that speaks for it."""

    regime: str
    sign: str = ""  #: in our words: "named in the mail", "stated residence"; nothing of the mail
    rank: int = 8  #: 1 = strongest
    place: str = ""  #: ISO 3166 country, where it is known


class Reading(Record, frozen=True, kw_only=True):
    """What the classifier understood. `kinds` is best first and never empty."""

    kinds: tuple[str, ...]
    decision: Literal["auto", "triage", "ignore"]
    confidence: dict[str, float]  #: all nine words, 0..1
    evidence: tuple[Evidence, ...] = ()
    language: str = "und"  #: ISO 639-1 or "und"
    regimes: tuple[str, ...] = ()
    laws: tuple[Candidate, ...] = ()  #: the same, with the signs that speak for them
    flags: tuple[str, ...] = ()  #: red flags: lawyer, regulator, safety, staff …
    because: tuple[str, ...] = ()  #: words of ours found in it, which may be told on a card
    facts: tuple[Fact, ...] = ()
    service: str = ""  #: the bulk service that sent it, by name
    claims: tuple[Claim, ...] = ()  #: where a kind is coarser than the law: proposed, not decided

    def right(self, kind: str) -> str:
        """The right that is claimed; "" = the kind's own."""
        return next((claim.right for claim in self.claims if claim.kind == kind), "")


# --- cases ----------------------------------------------------------------------------------


class Status(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    AWAITING_REQUESTER = "awaiting_requester"
    AWAITING_OWNERS = "awaiting_owners"
    AWAITING_APPROVAL = "awaiting_approval"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a request ended."""

    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    REFUSED = "refused"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"
    EXPIRED_UNVERIFIED = "expired_unverified"
    NOT_A_REQUEST = "not_a_request"
    DUPLICATE = "duplicate"
    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"


class Circle(StrEnum):
    """Who may see and act on a case."""

    STAFF = "staff"
    MANAGERS = "managers"
    RESTRICTED = "restricted"
    COUNSEL = "counsel"


class ClockEvent(Record, frozen=True, kw_only=True):
    """Pause, resume, restart or extend: what moves `due_on`, and when."""

    type: Literal["pause", "resume", "restart", "extend"]
    at: datetime
    reason: str
    until: date | None = None
    letter: str = ""  #: id of the letter that caused it: when that comes back, so does the date


class Stopped(Record, frozen=True, kw_only=True):
    """The clock stands while the requester owes an answer."""

    since: date
    reason: str
    left: int | None = None  #: days, once it goes on; None = the whole period begins anew then


class Due(Record, frozen=True, kw_only=True):
    """By when, and why: `why` is one sentence a requester or a regulator could read."""

    due_on: date  #: while the clock stands: as if nothing had been asked
    aim_on: date
    regime: str
    rule: str  #: the rule's id and version, and the version of the holidays it counted
    why: str
    house: bool = False  #: a choice of the desk inside that regime, not its law
    stopped: Stopped | None = None
    extended: bool = False


class Request(Record, frozen=True, kw_only=True):
    """One right asked for in a case. `kind` is None while a person still has to sort it."""

    id: int  #: 1, 2, … within the case
    kind: str | None
    right: str = ""
    due: Due
    status: Status = Status.OPEN
    outcome: Outcome | None = None
    reason: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    done: tuple[str, ...] = ()  #: names of the steps already taken
    events: tuple[ClockEvent, ...] = ()
    regimes: tuple[Candidate, ...] = ()  #: the laws that may apply; () = the desk's own rule
    sent_at: datetime | None = None  #: when the mail says it was sent, where a law counts from it
    mail: str = ""  #: the mail that asked, where another address did (`Case.joined`); "" = theirs

    @property
    def laws(self) -> frozenset[str]:
        """Those that may apply, by name."""
        return frozenset({self.due.regime, *(law.regime for law in self.regimes)})


class Approval(Record, frozen=True, kw_only=True):
    """A second person's yes to one letter or one step; what was said about it is in `Case.notes`.

    One that was sent back, or whose letter was written anew, is no longer there.
    """

    about: str  #: a letter's id, or a step of a request: "delete/1", "place/1"
    request: int
    asked_by: str
    asked_at: datetime
    calls_at: datetime | None = None  #: when the managers are asked; None = they were
    #: may a manager look who has no key to the case: at once, or once the managers are asked?
    stand_in: Literal["", "later", "now"] = ""
    given_by: str = ""  #: "" = nobody has decided yet
    given_at: datetime | None = None


class Note(Record, frozen=True, kw_only=True):
    """Words of staff about what they did to a case: why, or how they know. Personal."""

    about: str  #: the action
    by: str
    at: datetime
    text: str


class Verification(Record, frozen=True, kw_only=True):
    """That identity is settled: how, by whom, when."""

    how: str
    by: str
    at: datetime
    way: str = ""  #: its name; "" = from before ways had names: enough for everything


class OtherProof(Record, frozen=True, kw_only=True):
    """What was proven of another address that asked here, since cases were merged."""

    address: str
    proof: Verification


class Joined(Record, frozen=True, kw_only=True):
    """A mail from another address that a person found to be of the same requester: how they know
    is a note, and the address is not proven by it."""

    mail: str
    address: str


class Suppressed(Record, frozen=True, kw_only=True):
    """An address that a case put on the do-not-mail list, or found there."""

    address: str
    hash: str
    since: datetime


class Breach(Record, frozen=True, kw_only=True):
    """That something may have gone wrong with data, and since when we know; what, is a note."""

    aware_at: datetime
    by: str
    at: datetime


class Earlier(Record, frozen=True, kw_only=True):
    """A closed case that a complaint may be about; nobody has said yet whether it is."""

    ref: str
    circle: Circle  #: who may hear of it
    closed_by: tuple[str, ...]  #: Slack ids


class Challenge(Record, frozen=True, kw_only=True):
    """A code sent to the address on file. The code is made from the letter's id under the desk's
    own key, and kept nowhere."""

    letter: str
    address: str
    address_hash: str
    until: date
    tries: int = 0  #: wrong ones


class Taken(Record, frozen=True, kw_only=True):
    """A step staff have taken, and what they recorded with it."""

    request: int
    step: str
    by: str
    at: datetime
    answers: dict[str, str] = msgspec.field(default_factory=dict)
    second: str = ""  #: who approved it, where it wants a second person


class Query(Record, frozen=True, kw_only=True):
    """What one owner is asked about one system, and what they answered."""

    system: str
    owner: str  #: Slack id
    answer: Literal["", "done", "nothing", "exception"] = ""
    reason: str = ""
    at: datetime | None = None


class Round(Record, frozen=True, kw_only=True):
    """The owners of some systems, asked one thing for one request."""

    id: int
    request: int
    step: str  #: the step that asked
    purpose: str = "hold"  #: what is asked: a name in `handlers.owners.ROUNDS`
    by: str
    at: datetime
    due_on: date
    search: str = ""  #: by what to look for the person; shown to the owners alone
    queries: tuple[Query, ...]
    chase_at: datetime | None = None  #: when those who have not answered are asked again
    over: bool = False  #: nobody waits for the rest of the answers

    @property
    def waiting(self) -> tuple[Query, ...]:
        return tuple(query for query in self.queries if not query.answer)


class Posted(Record, frozen=True, kw_only=True):
    """Where a message stands in Slack."""

    channel: str
    ts: str


class LetterState(Record, frozen=True, kw_only=True):
    """What the case knows of one of its letters; the words are in the outbox message."""

    id: str  #: the outbox message's
    template: str
    status: "OutboxStatus"
    by: str
    at: datetime  #: when it goes out, or went out
    bounced: bool = False
    request: int | None = None  #: the request it is about
    language: str = "en"
    version: str = ""  #: of the words its template had then
    drifted: bool = False  #: an answer to neither the asking nor a proven address
    along: str = ""  #: id of the letter that goes with it: previewed, sent and called back as one
    replaced_by: str = ""  #: id of the letter that corrects it


class Case(Record, frozen=True, kw_only=True, tag=True):
    """One conversation with one requester."""

    table: ClassVar[str] = "cases"

    ref: str  #: "PR-2026-0042"
    rev: int = 0
    version: int = 1
    received_at: datetime
    requester: str  #: address, lower case; "" when the mail names none
    requester_name: str = ""
    requester_hash: str  #: keyed hash of the address: the only way it is looked up
    data_subject: str = ""  #: whom it is about, where a mail was written for several people
    subject: str = ""
    language: str = "und"
    requests: tuple[Request, ...]
    circle: Circle = Circle.STAFF
    shut: tuple[str, ...] = ()  #: Slack ids of those it is about: closed to them
    triage: bool = False
    reading: Reading | None = None
    confirmed: bool = False  #: a person confirmed or corrected the kinds
    labels: tuple[str, ...] = ()  #: what a person says its first mail asks, to learn from
    assignee: str | None = None
    verification: Verification | None = None
    challenge: Challenge | None = None  #: the code that is waited for
    proven: str = ""  #: the address on file that gave the code back
    joined: tuple[Joined, ...] = ()
    proofs: tuple[OtherProof, ...] = ()
    breach: Breach | None = None
    approvals: tuple[Approval, ...] = ()
    prepared: tuple[Taken, ...] = ()  #: steps filled in for a second person to approve
    notes: tuple[Note, ...] = ()
    mails: tuple[str, ...] = ()  #: ids of inbound mails
    held: tuple[str, ...] = ()  #: ids of mails that may belong here
    held_for: str = ""  #: reference of the case this one's mail may belong to
    imported: bool = False  #: its mail came from an archive
    batch: str = ""  #: with which import; "" = none, or one before they had lists
    came_by: str = ""  #: a way of `handlers.by_hand`; "" = by mail
    taken_up: bool = False  #: imported, and a person took it off the list as open
    follows: str = ""  #: reference of the closed case this one goes on from
    message_ids: tuple[str, ...] = ()  #: Message-IDs of the conversation, oldest first
    letters: tuple[LetterState, ...] = ()
    acknowledgement: str = ""  #: "sent", or "pending" or "withheld" with ": why"
    defects: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()  #: the steps recorded, oldest first
    rounds: tuple[Round, ...] = ()  #: what owners were asked, oldest first
    suppressed: tuple[Suppressed, ...] = ()  #: addresses that get no marketing because of it
    still_mailed: datetime | None = None  #: on the do-not-mail list since then, and mailed again
    legal_hold: bool = False  #: nothing is deleted, here or elsewhere
    restricted: bool = False  #: the data are kept but not used (GDPR Art. 18)
    barred: tuple[str, ...] = ()  #: Slack ids of those who may not work on it, though they see it
    linked: tuple[str, ...] = ()  #: references of cases that belong to it
    earlier: tuple[Earlier, ...] = ()  #: closed ones it may be about, if it is a complaint
    card: Posted | None = None
    answered: bool = False  #: the requester wrote and nobody has opened it yet
    remind_at: datetime | None = None  #: when the clock next has business with this case
    reminded: tuple[str, ...] = ()  #: rungs of the ladder already climbed

    @property
    def key(self) -> str:
        return self.ref

    @property
    def closed(self) -> bool:
        return all(request.status is Status.CLOSED for request in self.requests)

    @property
    def at_rest(self) -> bool:
        """Imported, and no person has sorted it yet: nothing happens to it by itself."""
        return self.imported and not (self.confirmed or self.taken_up)

    @property
    def open_requests(self) -> tuple[Request, ...]:
        return tuple(r for r in self.requests if r.status is not Status.CLOSED)

    @property
    def due(self) -> Due:
        """The clock that ends first among the open requests (among all, when closed)."""
        return min((r.due for r in self.open_requests or self.requests), key=lambda d: d.due_on)

    def answer(self, number: int, step: str, field: str) -> str:
        """What was last recorded for a step of a request; "" = nothing."""
        for taken in reversed(self.taken):
            if (taken.request, taken.step) == (number, step):
                return taken.answers.get(field, "")
        return ""

    def told_nothing_held(self, number: int) -> bool:
        """Has the requester been told that we hold nothing on them?"""
        gone = {OutboxStatus.PENDING, OutboxStatus.SENT}
        return any(
            (x.template, x.request) == ("no_data", number) and x.status in gone and not x.bounced
            for x in self.letters
        )

    def overdue(self, today: date) -> bool:
        """Has a clock of it run out? One that stands has not."""
        running = (r.due for r in self.open_requests if r.due.stopped is None)
        return any(due.due_on < today for due in running)

    def request(self, number: int) -> Request:
        """Raises KeyError for a number this case does not have."""
        for request in self.requests:
            if request.id == number:
                return request
        raise KeyError(f"{self.ref} has no request {number}")


class Suppression(Record, frozen=True, kw_only=True, tag=True):
    """An address that must get no marketing, under its keyed hash."""

    table: ClassVar[str] = "suppressions"

    hash: str
    rev: int = 0
    address: str
    since: datetime
    case: str
    also: tuple[str, ...] = ()  #: other cases that ask for the same: it stays while one is left

    @property
    def key(self) -> str:
        return self.hash


class Mark(Record, frozen=True, kw_only=True, tag=True):
    """Something that may happen once: a day's digest, an address's daily allowance."""

    table: ClassVar[str] = "marks"

    id: str
    rev: int = 0
    at: datetime
    count: int = 1
    note: str = ""
    lasting: bool = False  #: it outlives the case it is made with

    @property
    def key(self) -> str:
        return self.id


# --- what goes out --------------------------------------------------------------------------


class Card(Record, frozen=True, kw_only=True, tag="card"):
    """Make the case's card show its present state: posted once, edited ever after."""

    case: str


class ThreadLine(Record, frozen=True, kw_only=True, tag="thread"):
    """A line in the thread of the case's card. Our words only, nothing personal."""

    case: str
    text: str
    mention: tuple[str, ...] = ()  #: Slack ids of people to notify


class DirectMessage(Record, frozen=True, kw_only=True, tag="direct"):
    """A line to one person, with the case's card behind a button when a case is named."""

    person: str  #: Slack id
    text: str
    case: str = ""


class ListToSort(Record, frozen=True, kw_only=True, tag="list"):
    """How much of a list is still to sort, with the button that opens it: posted once, edited ever
    after. `mails` = those of it, where they are no cases."""

    name: str
    mails: tuple[str, ...] = ()


class DutyCall(Record, frozen=True, kw_only=True, tag="duty"):
    """To the person on duty: what nobody of that circle has taken. Nothing personal."""

    circle: Circle


class OwnerAsk(Record, frozen=True, kw_only=True, tag="owner"):
    """A round's questions to one owner. Who it is about is behind a button, theirs alone."""

    person: str  #: Slack id
    case: str
    round: int


class DigestLine(Record, frozen=True, kw_only=True):
    """One urgent case in the digest."""

    ref: str
    title: str
    due_on: date
    days_left: int  #: working to `due_on`; negative = overdue
    assignee: str | None
    version: int
    law: str = ""  #: whose rule the date is
    standing: int | None = None  #: days since its clock stands


class Digest(Record, frozen=True, kw_only=True, tag="digest"):
    """What managers read once a working day. Figures only; nothing personal."""

    day: date
    overdue: int
    due_soon: int  #: within 7 days
    not_taken: int
    waiting: int
    triage: int
    open: int
    opened: int  #: since the digest before
    closed: int
    ignored: int
    dead: int  #: letters and Slack messages that need a person
    failed: int = 0  #: mails that could not be worked on
    imported: int = 0  #: out of archives, and not sorted yet
    held: int = 0  #: mails that may belong to a case, and nobody has said yet
    alone: int = 0  #: released without a second person
    seal: str = ""  #: of the journal as it stood: a later rewrite would show
    urgent: tuple[DigestLine, ...]
    stopped: tuple[DigestLine, ...] = ()  #: unsubscribes that the desk confirmed by itself


class Closing(Record, frozen=True, kw_only=True):
    """What a letter ends when it goes out: one request, how, and why."""

    request: int
    outcome: Outcome
    reason: str = ""


class Extending(Record, frozen=True, kw_only=True):
    """What a letter extends when it goes out: one request's period, and why."""

    request: int
    reason: str
    until: date | None = None  #: the date it states, where the law takes that


class Letter(Record, frozen=True, kw_only=True, tag="letter"):
    """An outgoing mail to the requester. The Message-ID is made from the outbox message's id."""

    case: str
    to: str
    subject: str
    body: str
    template: str
    words: str = ""  #: the part of the body that staff wrote
    language: str = "en"
    version: str = ""  #: of the words its template had then
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: bool = False  #: sent without a person: RFC 3834 headers
    closing: Closing | None = None
    replaces: str = ""  #: id of the letter of ours that it corrects
    extending: Extending | None = None


class Alarm(Record, frozen=True, kw_only=True, tag="alarm"):
    """A line in the managers' channel; the staff's, when there is none. Nothing personal."""

    case: str
    text: str


class Wipe(Record, frozen=True, kw_only=True, tag="wipe"):
    """Make a message of ours about a case that has ended a tombstone."""

    case: str
    at: Posted
    root: bool = False  #: it has a thread below it, in which people write


Content = (
    Card
    | ThreadLine
    | DirectMessage
    | DutyCall
    | OwnerAsk
    | ListToSort
    | Digest
    | Alarm
    | Wipe
    | Letter
)


class OutboxStatus(StrEnum):
    """`draft` waits for its author's preview, `dead` for a person."""

    DRAFT = "draft"
    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


class OutboxMessage(Record, frozen=True, kw_only=True, tag=True):
    """A durable intent to send. Messages of one lane go out in order."""

    table: ClassVar[str] = "outbox"

    id: str
    rev: int = 0
    lane: str  #: "slack:staff", "slack:U…", "mail:PR-2026-0042"
    case: str | None = None
    content: Content
    created_at: datetime
    created_by: str
    send_after: datetime
    status: OutboxStatus = OutboxStatus.PENDING
    attempts: int = 0  #: counted before each attempt
    claimed_until: datetime | None = None
    sent_at: datetime | None = None
    posted: Posted | None = None  #: Slack's receipt
    receipt: str = ""  #: the next mail server's reply
    error: str = ""

    @property
    def key(self) -> str:
        return self.id


Stored = InboundMail | Case | OutboxMessage | Suppression | Mark


class Shred(Record, frozen=True, kw_only=True):
    """Destroy a key: of a raw mail, of a case's content or skeleton, or of an address that comes
    off the do-not-mail list."""

    life: Literal["raw", "content", "skeleton", "suppression"]
    key: str  #: a mail's id, a case's reference, or an address's hash


class Commit(Record, frozen=True, kw_only=True):
    """One happening, written whole or not at all: who did what, and the records as they are now.

    What it shreds is gone when the commit is durable, from the view, the disk and every backup
    that shares the keyring.
    """

    at: datetime
    actor: str  #: "desk", "requester", "operator" (the command line), or a Slack id
    act: str  #: a verb: open, claim, send …
    case: str | None = None
    note: str = ""
    puts: tuple[Stored, ...] = ()
    shreds: tuple[Shred, ...] = ()


class Tally(Record, frozen=True, kw_only=True):
    """What has happened since a moment."""

    opened: int  #: cases received
    closed: int  #: cases ended, and closed still
    unread: int  #: closed cases whose requester wrote and nobody has opened it yet; whenever
    ignored: int  #: mails received and ignored


class Entry(Record, frozen=True, kw_only=True):
    """One line of the journal as it is read back."""

    seq: int
    at: datetime
    actor: str
    act: str
    case: str | None
    note: str
