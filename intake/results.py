"""What an Authentication-Results field says (RFC 8601): in one word for rules, in words for people.

Read here as it stands; whether its writer is believed is decided in `intake.authentication`.
"""

import re
from collections.abc import Iterator
from email.utils import getaddresses
from typing import NamedTuple

from intake import fields
from storage.records import ParsedMail, Sender

#: longer fields are not read, and no more text than this of the header block
FIELD_LIMIT = 4 * 2**10
BLOCK_LIMIT = 256 * 2**10

_FOLDED = re.compile(rb"\r?\n(?![ \t])")
_METHOD = re.compile(r"([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)(?![a-z])", re.IGNORECASE)
_PROPERTY = re.compile(r'([a-z]+\.[a-z0-9_-]+|action)\s*=\s*("[^"]*"|[^\s;]+)', re.IGNORECASE)
_POLICY = re.compile(r"\b(?:p|sp|dis|action|policy\.[a-z-]+)=(?:pct\.)?o?([a-z]+)", re.IGNORECASE)


class Found(NamedTuple):
    """One method's result in an Authentication-Results field."""

    method: str
    result: str
    about: str  #: its properties and comments

    def value(self, name: str) -> str:
        """A property, in lower case, or ""."""
        found = (pair for pair in _PROPERTY.finditer(self.about) if pair[1].lower() == name)
        return next((str(pair[2]).strip('"').lower() for pair in found), "")


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


#: what may be found of a sender; what it rests on is told beside it
PROVEN = Sender(result="pass", words="it comes from the domain in From")
NO_FROM = Sender(result="none", words="it has no From that could be checked")
OTHER_FROM = Sender(result="none", words="it was checked for another From")
UNPROVEN = Sender(result="none", words="nothing proves where it comes from")
UNANSWERED = Sender(result="temperror", words="it could not be checked for now")
UNVOUCHED = Sender(result="failed", words="its domain does not vouch for it")
DISOWNED = Sender(result="refused", words="its domain disowns that mail server")
FALSE = Sender(result="failed", words="it does not come from the domain in From")
UNWANTED = Sender(
    result="refused",
    words="it does not come from the domain in From, which wants such mail refused",
)


def resting_on(verdict: Sender, told: str) -> Sender:
    """The verdict with the results it rests on."""
    return Sender(result=verdict.result, words=f"{verdict.words} ({told})")


def judged(found: list[Found], content: bytes, parsed: ParsedMail) -> Sender:
    """Results in one word for rules and in words for people."""
    told = ", ".join(f"{m.upper()} {best(found, m)}" for m in ("spf", "dkim", "dmarc"))
    dmarc = next((each for each in found if each.method == "dmarc"), None)
    if dmarc is not None and dmarc.result == "pass":
        about = domain_of(dmarc.value("header.from")) or author_domain(content, parsed)
        if not about or about != author_domain(content, parsed):
            return resting_on(OTHER_FROM, told)
        return resting_on(PROVEN, told)
    if dmarc is not None and dmarc.result == "fail":
        return _failed(dmarc, told)
    if dmarc is not None and dmarc.result == "temperror":
        return resting_on(UNANSWERED, told)
    if best(found, "spf") == "fail":
        return resting_on(DISOWNED, told)
    if best(found, "spf") == "softfail" or best(found, "compauth") == "fail":
        return resting_on(UNVOUCHED, told)
    return resting_on(UNPROVEN, told)


def _failed(dmarc: Found, told: str) -> Sender:
    """Policies that are not told are taken for strict: that only keeps automatic letters back."""
    policies = {policy.lower() for policy in _POLICY.findall(dmarc.about)}
    if policies and not policies & {"quarantine", "reject"}:
        return resting_on(FALSE, told)
    return resting_on(UNWANTED, told)


def best(found: list[Found], method: str) -> str:
    """One result of a method; a pass when there is one."""
    results = [each.result for each in found if each.method == method]
    return "pass" if "pass" in results else (results or ["none"])[0]


def fields_of(content: bytes) -> list[bytes]:
    """The header fields as they stand, folded."""
    return _FOLDED.split(fields.block_of(content[:BLOCK_LIMIT]))


def author_domain(content: bytes, parsed: ParsedMail) -> str:
    """The domain in From; "" unless there is exactly one From with exactly one mailbox."""
    written = [f for f in fields_of(content) if f.partition(b":")[0].strip().lower() == b"from"]
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
