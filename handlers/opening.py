"""From a mail that was understood to a new case: pure, the clock running from its receipt."""

from collections.abc import Iterable
from datetime import date, datetime

from handlers import deadlines
from handlers.deadlines import Asked, reminders
from handlers.deadlines.working_days import local_day
from handlers.flags import closest
from handlers.policy import Policy
from handlers.registry import Registry
from handlers.requests import replace
from storage.records import Candidate, Case, InboundMail, ParsedMail, Reading, Record, Request

#: a kind as likely as this closes the circle and hurries the clock of an unsorted case
PLAUSIBLE = 0.25

#: peer of what one of us wrote down, before the way it came
BY_HAND = "by hand"
#: peer of a mail that came from an archive, not over the wire
IMPORTED = "import"


class Understood(Record, frozen=True, kw_only=True):
    """One mail, what it says, and what it seems to ask."""

    mail: InboundMail
    parsed: ParsedMail
    reading: Reading
    follows: str = ""  #: the closed case it goes on from
    no_reply: str = ""  #: why no automatic letter may answer it (RFC 3834), as screening found
    by: str = "desk"  #: who wrote it down, where it came by another way than mail

    @property
    def requester(self) -> str:
        """The address that asked: From, else the envelope's; never silently Reply-To."""
        return (self.parsed.header_from or self.mail.mail_from).strip().lower()

    @property
    def came_by(self) -> str:
        """By which other way than mail."""
        peer, mark, way = self.mail.peer.partition(": ")
        return way if mark and peer == BY_HAND else ""

    @property
    def imported(self) -> bool:
        """It came from an archive: no letter, no suppression follows by itself."""
        return self.mail.peer == IMPORTED


def opened(
    ref: str, found: Understood, requester_hash: str, registry: Registry, policy: Policy
) -> Case:
    """The new case; the caller gives it its letter."""
    mail, parsed, reading = found.mail, found.parsed, found.reading
    kinds = tuple(name for name in reading.kinds if name in registry)
    triage = found.imported or reading.decision != "auto" or not kinds
    case = Case(
        ref=ref,
        received_at=mail.received_at,
        requester=found.requester,
        requester_name=parsed.from_name,
        requester_hash=requester_hash,
        subject=parsed.subject,
        language=reading.language,
        requests=_unsorted(found, registry) if triage else _sorted(found, kinds, registry),
        circle=registry.circle(plausible(reading, registry) if triage else kinds, reading.flags),
        triage=triage,
        reading=reading,
        mails=(mail.id,),
        message_ids=(parsed.message_id,) if parsed.message_id else (),
        defects=_defects(parsed),
        flags=reading.flags,
        imported=found.imported,
        batch=found.mail.batch,
        came_by=found.came_by,
    )
    return replace(case, remind_at=reminders.next_remind_at(case, policy, mail.received_at))


def held(case: Case, suspected: Case) -> Case:
    """The same, for a mail that may belong to another case: a person sorts it, not in public."""
    return replace(
        case,
        triage=True,
        held_for=suspected.ref,
        circle=closest(case.circle, suspected.circle),
        shut=suspected.shut,
        acknowledgement=f"withheld: its mail may belong to {suspected.ref}",
    )


def going_on(case: Case, before: Case) -> Case:
    """The same, where the requester goes on from a case that was closed long ago."""
    return replace(
        case,
        follows=before.ref,
        circle=closest(case.circle, before.circle),
        shut=before.shut,
    )


def erased(case: Case) -> date | None:
    """When the data of its requester were deleted, where staff wanted to hear if they are back."""
    days = (
        request.closed_at.date()
        for request in case.requests
        if request.closed_at and case.answer(request.id, "backups", "watch") == "on"
    )
    return max(days, default=None)


def back_again(case: Case, before: Iterable[Case]) -> Case:
    """With a warning where an address turns up that was erased here."""
    told = tuple(
        f"data of this address were erased on {day:%d %b %Y} ({other.ref}): look where it came from"
        for other in before
        if (day := erased(other)) is not None
    )
    return replace(case, flags=(*case.flags, *told)) if told else case


def forked(ref: str, mail: InboundMail, case: Case, registry: Registry) -> Case:
    """A new ask in a mail to a case that had ended: to be sorted, its clock from that mail."""
    first = case.requests[0]
    anything = (name for name in registry if registry[name].acknowledged)
    asked = (Asked(kind=kind, received_at=mail.received_at) for kind in anything)
    clock = deadlines.earliest_of(asked, first.regimes)
    return Case(
        ref=ref,
        received_at=mail.received_at,
        requester=case.requester,
        requester_name=case.requester_name,
        requester_hash=case.requester_hash,
        subject=case.subject,
        language=case.language,
        requests=(Request(id=1, kind=None, due=clock, regimes=first.regimes),),
        circle=case.circle,
        shut=case.shut,
        triage=True,
        mails=(mail.id,),
        message_ids=(mail.message_id,) if mail.message_id else (),
        flags=case.flags,
        linked=(case.ref,),
        legal_hold=case.legal_hold,
        follows=case.ref,
    )


def plausible(reading: Reading, registry: Registry) -> tuple[str, ...]:
    """The kinds an unsorted mail may be."""
    return tuple(
        name
        for name in registry
        if name in reading.kinds or reading.confidence.get(name, 0.0) >= PLAUSIBLE
    )


def _unsorted(found: Understood, registry: Registry) -> tuple[Request, ...]:
    """One request without a kind, under the clock that may end first."""
    likely = plausible(found.reading, registry)
    # what nobody could read may be anything a person asks; an authority would ask again
    anything = tuple(name for name in registry if registry[name].acknowledged)
    laws = laws_of(found.reading)
    asked = (_asked(found, kind) for kind in likely or anything)
    clock = deadlines.earliest_of(asked, laws)
    return (Request(id=1, kind=None, due=clock, regimes=laws, sent_at=found.parsed.sent_at),)


def _sorted(found: Understood, kinds: tuple[str, ...], registry: Registry) -> tuple[Request, ...]:
    laws = laws_of(found.reading)
    rights = {kind: found.reading.right(kind) or registry[kind].right for kind in kinds}
    return tuple(
        Request(
            id=number,
            kind=kind,
            right=rights[kind],
            due=deadlines.earliest(_asked(found, deadlines.clocked(rights[kind], kind)), laws),
            regimes=laws,
            sent_at=found.parsed.sent_at,
        )
        for number, kind in enumerate(kinds, start=1)
    )


def laws_of(reading: Reading) -> tuple[Candidate, ...]:
    """The laws that may apply; a reading of long ago knows their names alone."""
    return reading.laws or tuple(Candidate(regime=regime) for regime in reading.regimes)


def _asked(found: Understood, kind: str) -> Asked:
    return Asked(kind=kind, received_at=found.mail.received_at, sent_at=found.parsed.sent_at)


def _defects(parsed: ParsedMail) -> tuple[str, ...]:
    other = parsed.reply_to.lower() not in {"", parsed.header_from.lower()}
    return (*parsed.defects, *(("Reply-To names another address",) if other else ()))


def year_of(moment: datetime, policy: Policy) -> int:
    """The year a reference is given out for, by the desk's own clock."""
    return local_day(moment, policy.timezone).year
