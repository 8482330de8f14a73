"""What a mail server of ours found out about the sender (RFC 8601), read from what it wrote.

Anybody can write an Authentication-Results field. One is believed only when the connection came
from a relay we name, the field stands above the first Received line, where only that relay can
have put it, and it carries exactly a name we trust; of several the topmost. Evidence for people,
and a reason to send nothing by machine; never a gate.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from intake.arc import vouched
from intake.results import FIELD_LIMIT, Found, best, fields_of, judged, read
from storage.records import NOT_AUTHENTIC, ParsedMail, Record, Sender

#: Microsoft 365 writes no name of its own; this one stands for it in the setting
MICROSOFT = "microsoft365"
_MICROSOFT_EDGE = re.compile(rb"\sby\s+[a-z0-9-]+\.mail\.protection\.outlook\.com\s", re.IGNORECASE)


class Trust(Record, frozen=True, kw_only=True):
    """Whom the desk believes about a sender, and whether it looks for itself."""

    ids: tuple[str, ...] = ()  #: authserv-ids, exactly, in lower case
    relays: tuple[str, ...] = ()  #: networks of the mail servers that hand us mail
    sealers: tuple[str, ...] = ()  #: domains of forwarders whose word for a mail is believed (ARC)
    looks: bool = False  #: it is the MX itself: SPF, DKIM and DMARC are its own work
    nameserver: tuple[str, int] | None = None  #: none = the machine's own

    def relayed(self, peer: str) -> bool:
        """Did a mail server of ours hand the mail over?"""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in ip_network(relay, strict=False) for relay in self.relays)


class Origin(Record, frozen=True, kw_only=True):
    """How a mail came in, and whom we believe about it."""

    peer: str
    hello: str = ""  #: the SMTP client's own name for itself
    mail_from: str
    trust: Trust


def claimed(content: bytes, parsed: ParsedMail, origin: Origin) -> Sender | None:
    """What is known of the sender without asking anybody; None = nobody has looked."""
    trust = origin.trust
    if not trust.ids:
        return None if trust.looks else _own_words(parsed)
    if not trust.relayed(origin.peer):
        return None if trust.looks else Sender(result="none", words="no mail server of ours saw it")
    found = _topmost(content, trust)
    if found is None:
        return Sender(result="none", words="the mail server that took it says nothing about it")
    judgement = judged(found, content, parsed)
    if judgement.result in NOT_AUTHENTIC and best(found, "arc") == "pass":
        return vouched(content, parsed, trust.sealers) or judgement
    return judgement


def _own_words(parsed: ParsedMail) -> Sender | None:
    """Nobody is trusted. A field that speaks against its own mail is believed all the same: to
    claim a failure gains nobody anything, and an automatic letter could go to a stranger."""
    said = " ".join(value.lower() for name, value in parsed.headers if name == _NAME)
    against = "dmarc=fail" in said if "dmarc=" in said else bool(_BROKEN.search(said))
    return Sender(result="refused", words=UNTRUSTED) if against else None


_NAME = "authentication-results"
_BROKEN = re.compile(r"\b(spf|dkim)=fail")
UNTRUSTED = "its own header says that it failed authentication"


def _topmost(content: bytes, trust: Trust) -> list[Found] | None:
    """The results of the topmost field that a trusted server wrote."""
    for value in _written(content, microsoft=MICROSOFT in trust.ids):
        name, found = read(value)
        if (name or MICROSOFT) in trust.ids:
            return found
    return None


def _written(content: bytes, *, microsoft: bool) -> Iterator[str]:
    """Authentication-Results above the Received line that took the mail in, topmost first."""
    for field in fields_of(content):
        name, _, value = field.partition(b":")
        match name.strip().lower():
            case b"received":
                # inside Microsoft 365 a mail passes several servers after its edge has judged it
                inside = (
                    microsoft and b".outlook.com" in value and not _MICROSOFT_EDGE.search(value)
                )
                if not inside:
                    return
            case b"authentication-results" if len(value) <= FIELD_LIMIT:
                yield " ".join(value.decode("utf-8", "replace").split())
