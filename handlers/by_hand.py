"""A request that came by another way than mail: written down by one of us, kept like a mail.

What was written down is stored as a mail of our own making, sealed and shown like any other. No
letter follows by itself: nobody has proven the address. The clock runs from the day it came.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import MappingProxyType

from handlers.acting import FromPeople
from handlers.deadlines.working_days import at_local, local_day
from handlers.handler import Click, Done, Field, Form, Person
from handlers.incoming import FromMail
from handlers.opening import BY_HAND, Understood
from storage.errors import Refused
from storage.records import Arrival, Case, ParsedMail, Reading, Record

#: how it came, in words
WAYS: Mapping[str, str] = MappingProxyType(
    {
        "post": "by post",
        "phone": "by phone",
        "desk": "at the desk",
        "form": "by a form or another mailbox",
        "slack": "in Slack",
    }
)
AGAIN = timedelta(days=7)
EARLIEST = date(2018, 5, 25)  #: the day the GDPR applies from; older is a slip of the keyboard
SURE = 1.0
_ADDRESS = re.compile(r"[^@\s<>,;\"()]+@[^@\s<>,;\"().]+(\.[^@\s<>,;\"().]+)+", re.ASCII)


class Told(Record, frozen=True, kw_only=True):
    """What was written down."""

    way: str
    came_on: date
    kinds: tuple[str, ...]
    words: str
    name: str = ""
    address: str = ""  #: of e-mail; "" = letters go another way


def form(kinds: Mapping[str, str], today: date, told: Told | None = None) -> Form:
    """What is asked; `told` is what is known already. `kinds`: name to title."""
    known = told or Told(way="post", came_on=today, kinds=(), words="")
    return Form(
        title="A request by hand",
        submit="Keep it",
        intro="The clock runs from the day it reached any of us. Nothing goes out by itself.",
        fields=(
            Field(
                name="way",
                label="How did it come?",
                type="choice",
                options=tuple(WAYS.items()),
                initial=known.way,
            ),
            Field(
                name="came_on",
                label="On which day?",
                type="date",
                initial=known.came_on.isoformat(),
            ),
            Field(
                name="kinds",
                label="What do they want?",
                type="choices",
                options=tuple(kinds.items()),
                initial=" ".join(known.kinds),
                hint="Tick nothing where you cannot tell: then it is sorted later.",
                optional=True,
            ),
            Field(
                name="name", label="Who asks?", initial=known.name, optional=True, max_length=200
            ),
            Field(
                name="address",
                label="Their e-mail address",
                hint="Only if they gave one. It is not proven by that.",
                initial=known.address,
                optional=True,
                max_length=254,
            ),
            Field(
                name="words",
                label="What they said",
                type="paragraph",
                hint="As close to their words as you can. It is sealed like a mail.",
                initial=known.words,
            ),
        ),
    )


def filled(
    values: Mapping[str, str], kinds: Mapping[str, str], today: date
) -> Told | dict[str, str]:
    """What the form says, or what is wrong with it by field."""
    if found := dict(_faults(values, kinds, today)):
        return found
    return Told(
        way=values["way"],
        came_on=date.fromisoformat(values["came_on"]),
        kinds=tuple(values.get("kinds", "").split()),
        words=values["words"].strip(),
        name=" ".join(values.get("name", "").split()),
        address=values.get("address", "").strip().lower(),
    )


def _faults(
    values: Mapping[str, str], kinds: Mapping[str, str], today: date
) -> Iterator[tuple[str, str]]:
    if values.get("way") not in WAYS:
        yield "way", "Choose one."
    came = values.get("came_on", "")
    try:
        day = date.fromisoformat(came)
    except ValueError:
        yield "came_on", "A date such as 2027-01-31."
    else:
        if not EARLIEST <= day <= today:
            yield "came_on", "It came today or before."
    if not set(values.get("kinds", "").split()) <= set(kinds):
        yield "kinds", "Choose from the list."
    if not values.get("words", "").strip():
        yield "words", "This is needed."
    address = values.get("address", "").strip()
    if address and not _ADDRESS.fullmatch(address):
        yield "address", "One address such as name@example.org."


def written(told: Told, to: str) -> bytes:
    """It as a mail (RFC 5322), so that it is kept and read like one."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = f"Request {WAYS[told.way]}"
    if told.address:
        user, _, domain = told.address.rpartition("@")
        mail["From"] = Address(told.name, user, domain)
    mail["To"] = to
    mail["Date"] = format_datetime(datetime.combine(told.came_on, time(12), UTC))
    mail.set_content(_text(told))
    return mail.as_bytes()


def _text(told: Told) -> str:
    """A name without an address has no place in a header."""
    return f"From: {told.name}\n\n{told.words}\n" if told.name and not told.address else told.words


class FromHands(FromPeople, FromMail):
    """Keeps it first; then it is a case like every other."""

    async def take_down(self, told: Told, by: Person, now: datetime) -> Case:
        """Raises Refused for those without a role."""
        if not by.roles:
            raise Refused("Only the privacy team can do that. Nothing was changed.")
        at = self._received(told, now)
        arrival = Arrival(
            received_at=at,
            mail_from="",
            rcpt_to=self.policy.addresses[:1],
            peer=f"{BY_HAND}: {told.way}",
            content=written(told, self.policy.address),
        )
        mail = await self.store.mails.append(arrival)
        earlier = await self.store.earlier_mail(mail, AGAIN)
        if earlier is not None and earlier.case is not None:  # sent twice, or written down twice
            await self.repeat(mail, earlier, now)
            return await self.case(earlier.case)
        found = Understood(
            mail=mail,
            parsed=_parsed(told, at),
            reading=self._read(told),
            no_reply=f"it came {WAYS[told.way]}",
            by=by.id,
        )
        case = await self.decided(lambda: self._open(found, now))
        return await self._sorted_by(case, told, by, now)

    async def _sorted_by(self, case: Case, told: Told, by: Person, now: datetime) -> Case:
        """Who wrote it down has sorted it, as far as they have the key to what it became."""
        if not told.kinds or not by.may_see(case):
            return case
        click = Click(
            ref=case.ref,
            action="confirm",
            by=by,
            version=case.version,
            form={"kinds": " ".join(told.kinds)},
        )
        answer = await self.act(click, now)
        return answer.case if isinstance(answer, Done) else case

    def _received(self, told: Told, now: datetime) -> datetime:
        """Now, where it came today; else the noon of that day on the desk's wall."""
        if told.came_on == local_day(now, self.policy.timezone):
            return now
        return at_local(told.came_on, time(12), self.policy.timezone).astimezone(UTC)

    def _read(self, told: Told) -> Reading:
        """What a person says it is; without a word of theirs it is to be sorted."""
        kinds = told.kinds or ("question",)
        sure = SURE if told.kinds else 0.0
        words = (*self.registry, "not_a_request")
        confidence = dict.fromkeys(words, 0.0) | dict.fromkeys(kinds, sure)
        return Reading(
            kinds=kinds, decision="auto" if told.kinds else "triage", confidence=confidence
        )


def _parsed(told: Told, at: datetime) -> ParsedMail:
    text = _text(told)
    return ParsedMail(
        sent_at=at,
        header_from=told.address,
        from_name=told.name,
        subject=f"Request {WAYS[told.way]}",
        text=text,
        shown=text,
    )
