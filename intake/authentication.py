"""What a mail server of ours found out about the sender (RFC 8601), read from what it wrote.

Anybody can write an Authentication-Results field. One is believed only when the connection came
from a relay we name, the field stands above the first Received line, where only that relay can
have put it, and it carries exactly a name we trust; of several the topmost. Evidence for people,
and a reason to send nothing by machine; never a gate.
"""

import re
from collections.abc import Iterator
from email.utils import getaddresses
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from intake import fields
from storage.records import ParsedMail, Record, Sender

#: Microsoft 365 writes no name of its own; this one stands for it in the setting
MICROSOFT = "microsoft365"
#: longer fields are not read, and no more text than this of the header block
FIELD_LIMIT = 4 * 2**10
BLOCK_LIMIT = 256 * 2**10

_FOLDED = re.compile(rb"\r?\n(?![ \t])")
_METHOD = re.compile(r"([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)(?![a-z])", re.IGNORECASE)
_PROPERTY = re.compile(r'([a-z]+\.[a-z0-9_-]+|action)\s*=\s*("[^"]*"|[^\s;]+)', re.IGNORECASE)
_POLICY = re.compile(r"\b(?:p|sp|dis|action|policy\.[a-z-]+)=(?:pct\.)?o?([a-z]+)", re.IGNORECASE)
_MICROSOFT_EDGE = re.compile(rb"\sby\s+[a-z0-9-]+\.mail\.protection\.outlook\.com\s", re.IGNORECASE)


class Trust(Record, frozen=True, kw_only=True):
    """Whom the desk believes about a sender, and whether it looks for itself."""

    ids: tuple[str, ...] = ()  #: authserv-ids, exactly, in lower case
    relays: tuple[str, ...] = ()  #: networks of the mail servers that hand us mail
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
    mail_from: str
    trust: Trust


class Found(NamedTuple):
    """One method's result in an Authentication-Results field."""

    method: str
    result: str
    about: str  #: its properties and comments

    def value(self, name: str) -> str:
        """A property, in lower case, or ""."""
        found = (pair for pair in _PROPERTY.finditer(self.about) if pair[1].lower() == name)
        return next((str(pair[2]).strip('"').lower() for pair in found), "")


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
    return judged(found, content, parsed)


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
    for field in _FOLDED.split(fields.block_of(content[:BLOCK_LIMIT])):
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


def read(value: str) -> tuple[str, list[Found]]:
    """The authserv-id ("" when there is none) and the results. Linear, never raises."""
    pieces = list(_pieces(value))
    if not pieces:
        return "", []
    head = "" if "=" in pieces[0][0] else pieces.pop(0)[0]
    found = []
    for text, comment in pieces:
        if method := _METHOD.match(text.strip()):
            rest = text.strip()[method.end() :]
            name, result = method.group(1).lower(), method.group(2).lower()
            found.append(Found(name, result, f"{rest} {comment}"))
    return (head.split() or [""])[0].strip('"').lower(), found


def _pieces(value: str) -> Iterator[tuple[str, str]]:
    """What semicolons part, each as its text and its comments (RFC 5322 3.2.2 nests them)."""
    text: list[str] = []
    comment: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        into = comment if depth else text
        if escaped:
            escaped = False
            into.append(char)
        elif char == "\\":
            escaped = True
        elif depth or (not quoted and char == "("):
            depth += (char == "(") - (char == ")")
            comment.append(" " if char in "()" else char)
        elif char == '"':
            quoted = not quoted
            text.append(char)
        elif char == ";" and not quoted:
            yield "".join(text), "".join(comment)
            text, comment = [], []
        else:
            text.append(char)
    yield "".join(text), "".join(comment)


def judged(found: list[Found], content: bytes, parsed: ParsedMail) -> Sender:
    """Results in one word for rules and in words for people."""
    told = ", ".join(f"{m.upper()} {best(found, m)}" for m in ("spf", "dkim", "dmarc"))
    dmarc = next((each for each in found if each.method == "dmarc"), None)
    if dmarc is not None and dmarc.result == "pass":
        about = domain_of(dmarc.value("header.from")) or author_domain(content, parsed)
        if not about or about != author_domain(content, parsed):
            return Sender(result="none", words=f"it was checked for another From ({told})")
        return Sender(result="pass", words=f"it comes from the domain in From ({told})")
    if dmarc is not None and dmarc.result == "fail":
        return _failed(dmarc, told)
    if dmarc is not None and dmarc.result == "temperror":
        return Sender(result="temperror", words=f"it could not be checked for now ({told})")
    if best(found, "spf") == "fail":
        return Sender(result="refused", words=f"its domain disowns that mail server ({told})")
    if best(found, "spf") == "softfail" or best(found, "compauth") == "fail":
        return Sender(result="failed", words=f"its domain does not vouch for it ({told})")
    return Sender(result="none", words=f"nothing proves where it comes from ({told})")


def _failed(dmarc: Found, told: str) -> Sender:
    """Policies that are not told are taken for strict: that only keeps automatic letters back."""
    policies = {policy.lower() for policy in _POLICY.findall(dmarc.about)}
    if policies and not policies & {"quarantine", "reject"}:
        return Sender(result="failed", words=f"it does not come from the domain in From ({told})")
    words = f"it does not come from the domain in From, which wants such mail refused ({told})"
    return Sender(result="refused", words=words)


def best(found: list[Found], method: str) -> str:
    """One result of a method; a pass when there is one."""
    results = [each.result for each in found if each.method == method]
    return "pass" if "pass" in results else (results or ["none"])[0]


def author_domain(content: bytes, parsed: ParsedMail) -> str:
    """The domain in From; "" unless there is exactly one From with exactly one mailbox."""
    block = fields.block_of(content[:BLOCK_LIMIT])
    written = [f for f in _FOLDED.split(block) if f.partition(b":")[0].strip().lower() == b"from"]
    if len(written) != 1 or len(written[0]) > FIELD_LIMIT or not parsed.header_from:
        return ""
    value = fields.decoded(written[0].partition(b":")[2].decode("utf-8", "replace"))
    named = [address for _, address in getaddresses([value]) if "@" in address]
    if [address.lower() for address in named] != [parsed.header_from]:
        return ""
    return domain_of(parsed.header_from)


def domain_of(address: str) -> str:
    """What stands behind the last @, as DNS spells it; "" when that is no domain."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
