"""Outgoing mail: a Letter becomes an RFC 5322 message and is handed to the relay."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

import aiosmtplib

from bot.outbox import Receipt, SendFailed, SendLater
from handlers.clock import Clock
from handlers.letters import MARKER, message_id
from handlers.policy import Policy
from storage.records import Letter, OutboxMessage, Record
from storage.sealing import Keys

#: RFC 5322 allows lines of 998 octets; ten references thread a conversation in every client
MAX_REFERENCES = 10


class Relay(Record, frozen=True, kw_only=True):
    """The outgoing mail server."""

    host: str
    port: int


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
    mail = EmailMessage(policy=SMTP if letter.to.isascii() else SMTPUTF8)
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
    mail.set_content(f"{MARKER}\n\n{letter.body}")
    return mail


class Mailer:
    """Hands letters to the relay, with a return path that ties a bounce to its letter."""

    def __init__(self, relay: Relay | None, policy: Policy, keys: Keys, clock: Clock) -> None:
        self._relay = relay
        self._policy = policy
        self._keys = keys
        self._clock = clock

    async def send(self, message: OutboxMessage) -> Receipt:
        """The relay's reply. Raises SendLater, SendFailed."""
        if self._policy.pilot:
            raise SendLater("DESK_PILOT: letters wait", 600, ours=True)
        if self._relay is None:
            raise SendLater("DESK_RELAY is not set: letters wait", 600, ours=True)
        try:
            mail = compose(message, self._policy, self._keys, self._clock.now())
        except (ValueError, IndexError, MessageError) as fault:
            # the standard library's header parser breaks on some addresses
            raise SendFailed("the address cannot be written to") from fault
        sender = tagged(self._policy.addresses[0], self._keys.bounce_tag(message.id))
        try:
            _, reply = await aiosmtplib.send(
                mail,
                sender=sender,
                recipients=[str(mail["To"])],
                hostname=self._relay.host,
                port=self._relay.port,
                start_tls=None,
                timeout=30,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _verdict(refused.recipients[0].code, "recipient refused") from refused
        except aiosmtplib.SMTPResponseException as refused:
            raise _verdict(refused.code, "refused") from refused
        except (aiosmtplib.SMTPNotSupported, UnicodeError) as refused:
            raise SendFailed("the relay cannot carry this address (SMTPUTF8)") from refused
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as fault:
            raise SendLater(f"relay not reached ({type(fault).__name__})") from fault
        return Receipt(reply=reply)


def _verdict(code: int, what: str) -> SendLater | SendFailed:
    """4xx may pass with time, 5xx never (RFC 5321 4.2.1). The reply's text may name a person."""
    error = f"relay: {code} {what}"
    return SendFailed(error) if code >= 500 else SendLater(error)
