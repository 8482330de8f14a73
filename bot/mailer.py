"""Outgoing mail: a Letter becomes an RFC 5322 message and is handed to the relay."""

from collections import deque
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from bot.outbox import Receipt, SendFailed, SendLater
from bot.relay import Connections, Envelope
from handlers.clock import Clock
from handlers.letters import MARKER, message_id
from handlers.letters.markup import html_of
from handlers.policy import Policy
from handlers.verification import SLOT
from storage.records import Letter, OutboxMessage
from storage.sealing import Keys

#: RFC 5322 allows lines of 998 octets; ten references thread a conversation in every client
MAX_REFERENCES = 10


def tagged(address: str, tag: str) -> str:
    """The address with a plus-tag (RFC 5233 sub-address)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}"


def _plain(text: str) -> str:
    """One header line: no control characters, no lone surrogates."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.encode("utf-8", "replace").decode("utf-8").split())


def compose(message: OutboxMessage, policy: Policy, keys: Keys, now: datetime) -> EmailMessage:
    """The mail of a Letter. The same outbox message always gets the same Message-ID (RFC 1047).

    Raises ValueError for an address that would not arrive in To as it is.
    """
    letter = message.content
    if not isinstance(letter, Letter):
        raise TypeError(f"outbox {message.id} is no letter")
    address = policy.addresses[0]
    local, _, domain = address.rpartition("@")
    # 7 bits (RFC 6376 5.3): nothing on the way has a reason to touch what was signed
    rules = (SMTP if letter.to.isascii() else SMTPUTF8).clone(cte_type="7bit")
    mail = EmailMessage(policy=rules)
    mail["From"] = Address(_plain(policy.company), local, domain)
    mail["To"] = letter.to
    if [to.addr_spec for to in mail["To"].addresses] != [letter.to]:
        raise ValueError("the header parser reads another address")  # encoded words, two @
    mail["Reply-To"] = tagged(address, keys.reply_tag(letter.case))
    mail["Subject"] = _plain(letter.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message.id, policy)
    if letter.in_reply_to:
        mail["In-Reply-To"] = _plain(letter.in_reply_to)
    if letter.references:
        mail["References"] = " ".join(_plain(r) for r in letter.references[-MAX_REFERENCES:])
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if letter.automatic:
        mail["Auto-Submitted"] = "auto-replied"  # RFC 3834 5
    _fill(mail, letter, letter.body.replace(SLOT, keys.code(message.id)))
    return mail


def _fill(mail: EmailMessage, letter: Letter, body: str) -> None:
    """Plain text, and the same as HTML after it (RFC 2046 5.1.4)."""
    said = f"{MARKER}\n\n{body}"
    mail.set_content(said)
    mail.add_alternative(html_of(said, letter.language), subtype="html")


class Mailer:
    """Hands letters to the relay, with a return path that ties a bounce to its letter."""

    def __init__(
        self, connections: Connections | None, policy: Policy, keys: Keys, clock: Clock
    ) -> None:
        self._connections = connections
        self._policy = policy
        self._keys = keys
        self._clock = clock
        self._pace = Pace()

    async def send(self, message: OutboxMessage) -> Receipt:
        """The relay's reply. Raises SendLater, SendFailed."""
        if self._policy.pilot:
            raise SendLater("DESK_PILOT: letters wait", 600, ours=True)
        if self._connections is None:
            raise SendLater("DESK_RELAY is not set: letters wait", 600, ours=True)
        now = self._clock.now()
        letter = self._enveloped(message, now)
        if wait := self._pace.wait(letter.recipient.rpartition("@")[2], now):
            error = "paced: many letters go to this mail domain"
            raise SendLater(error, wait.total_seconds(), ours=True)
        return Receipt(reply=await self._connections.deliver(letter))

    async def close(self) -> None:
        """Leave the relay."""
        if self._connections is not None:
            await self._connections.close()

    def _enveloped(self, message: OutboxMessage, now: datetime) -> Envelope:
        try:
            mail = compose(message, self._policy, self._keys, now)
            recipient = str(mail["To"])
            return Envelope(
                sender=tagged(self._policy.addresses[0], self._keys.bounce_tag(message.id)),
                recipient=recipient,
                content=mail.as_bytes(),
                utf8=not recipient.isascii(),
            )
        except (ValueError, IndexError, MessageError) as fault:
            # the standard library's header parser breaks on some addresses
            raise SendFailed("the address cannot be written to") from fault


class Pace:
    """Letters to one mail domain, spread: large providers put off a sender that comes in bursts.

    A restart forgets it, harmlessly.
    """

    def __init__(self, letters: int = 20, within: timedelta = timedelta(minutes=1)) -> None:
        self._letters = letters
        self._within = within
        self._gone: dict[str, deque[datetime]] = {}

    def wait(self, domain: str, now: datetime) -> timedelta:
        """How long a letter to this domain has to wait; none = it goes, and is counted."""
        for name in [name for name, gone in self._gone.items() if gone[-1] <= now - self._within]:
            del self._gone[name]
        gone = self._gone.setdefault(domain.lower(), deque(maxlen=self._letters))
        if len(gone) == self._letters and gone[0] > now - self._within:
            return gone[0] + self._within - now
        gone.append(now)
        return timedelta(0)
