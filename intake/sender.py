"""What the sender claims, where the claims disagree, and what authentication says of them.

Evidence for people, and reasons to send nothing by machine; never a gate.
"""

import re

import msgspec

from handlers.flags import ELSEWHERE
from handlers.opening import IMPORTED
from intake.authentication import Origin, Trust
from intake.lookup import Lookup
from storage.records import InboundMail, ParsedMail, Sender

_ADDRESS = re.compile(r"[^\s<>\"(),;:@]+@[^\s<>\"(),;:@]+\.[^\s<>\"(),;:@]+")


class Senders:
    """Who may be believed about a sender, and whom to ask."""

    def __init__(self, trust: Trust | None = None) -> None:
        self._trust = trust or Trust()
        self._lookup = Lookup() if self._trust.looks else None

    def origin(self, mail: InboundMail) -> Origin:
        """How a mail came in, for the process that parses it."""
        return Origin(peer=mail.peer, hello=mail.hello, mail_from=mail.mail_from, trust=self._trust)

    async def known(self, mail: InboundMail, content: bytes, parsed: ParsedMail) -> ParsedMail:
        """The mail with what is known of its sender; a relay's word comes before a look.

        Behind a relay a look of our own would judge the relay.
        """
        if self._lookup is None or self._trust.relayed(mail.peer) or mail.peer == IMPORTED:
            return parsed
        sender = await self._lookup.look(content, self.origin(mail))
        return msgspec.structs.replace(parsed, sender=sender)

    async def again(self, mail: InboundMail, content: bytes) -> Sender | None:
        """A later look at one who could not be checked; None = there is nobody to ask."""
        return (await self.known(mail, content, ParsedMail())).sender

    async def stop(self) -> None:
        """End the processes that ask."""
        if self._lookup is not None:
            await self._lookup.stop()


def agrees(mail: InboundMail, parsed: ParsedMail) -> bool:
    """Is the envelope sender (RFC 5321) the address in From (RFC 5322)?"""
    return bool(mail.mail_from) and mail.mail_from.lower() == parsed.header_from


def disagreements(mail: InboundMail, parsed: ParsedMail) -> tuple[str, ...]:
    """What does not fit together, in words without any address."""
    sender, author = mail.mail_from.lower(), parsed.header_from
    named = {found.lower() for found in _ADDRESS.findall(parsed.from_name)}
    found = {
        "no address in From": not author,
        "From differs from the envelope sender": bool(sender and author) and sender != author,
        ELSEWHERE: parsed.reply_to not in {"", author},
        "the name in From shows another address": bool(named - {author}),
        "more than one From": any("more than one From" in defect for defect in parsed.defects),
    }
    told = (words for words, holds in found.items() if holds)
    return (*told, *_authentication(parsed))


def _authentication(parsed: ParsedMail) -> tuple[str, ...]:
    """A failure is a warning; what is merely not proven stands with the mail alone."""
    found = parsed.sender
    if found is None or found.result not in {"failed", "refused"}:
        return ()
    return (f"the sender failed authentication: {found.words}",)
