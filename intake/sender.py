"""What the sender claims, and where the claims disagree: evidence for people, never a gate."""

import re

from storage.records import InboundMail, ParsedMail

_ADDRESS = re.compile(r"[^\s<>\"(),;:@]+@[^\s<>\"(),;:@]+\.[^\s<>\"(),;:@]+")


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
        "replies would go to another address": parsed.reply_to not in {"", author},
        "the name in From shows another address": bool(named - {author}),
        "more than one From": any("more than one From" in defect for defect in parsed.defects),
    }
    return tuple(words for words, holds in found.items() if holds)
