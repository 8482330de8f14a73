"""Addresses of the SMTP envelope (RFC 5321 4.1.2, RFC 6531 3.3): strict, linear, never decoded.

Encoded words, comments and folding belong to header fields; in an envelope they are nothing
but characters, so `=?utf-8?q?x?=@example.org` is no way to spell `x@example.org`.
"""

import re
from collections.abc import Iterable

from storage.records import Record

# Classes are said by what is not in them: all beyond ASCII is, and naming that takes `re` 50 ms at
# each start, before the door can open.
#: all but controls, space and what RFC 5321 4.1.2 (RFC 5322 3.2.3) keeps for itself
_ATOM = r'[^\x00-\x20"(),.:;<>@\[\\\]\x7f-\x9f]+'
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-`{-\x9f]"
_THOSE_OR_HYPHEN = r"[^\x00-,./:-@\[-`{-\x9f]"
_QUOTED = r'"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*"'
_LABEL = rf"{_LETTER_OR_DIGIT}(?:{_THOSE_OR_HYPHEN}*{_LETTER_OR_DIGIT})?"
_LITERAL = r"\[[!-Z^-~]+\]"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|{_LITERAL})"
_LOCAL = rf"(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})"
#: RFC 5321 appendix C: source routes are obsolete, still accepted and thrown away
_PATH = re.compile(
    rf"<(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?(?P<mailbox>{_LOCAL}@{_DOMAIN}|(?i:postmaster))?>"
    r"(?P<params>(?: +[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~\u00a0-\U0010ffff]+)?)*) *"
)
_TAG = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")


class Path(Record, frozen=True, kw_only=True):
    """What follows FROM: or TO:. `address` is "" for the null path."""

    address: str
    params: dict[str, str]


def read_path(argument: str) -> Path | None:
    """The reverse- or forward-path and its parameters; None when RFC 5321 does not know it."""
    if len(argument) > 1000 or (found := _PATH.fullmatch(argument.strip(" "))) is None:
        return None
    mailbox = found["mailbox"] or ""
    local, _, domain = mailbox.rpartition("@")
    if len(local.encode()) > 256 or len(domain.encode()) > 255:
        return None
    words = (word.partition("=") for word in found["params"].split())
    return Path(address=mailbox, params={name.upper(): value for name, _, value in words})


def fold(address: str) -> str:
    """An address as we compare it: lower case, needless quotes removed."""
    local, at, domain = address.rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        plain = re.sub(r"\\(.)", r"\1", local[1:-1])
        local = plain if re.fullmatch(rf"{_ATOM}(?:\.{_ATOM})*", plain) else local
    return f"{local}{at}{domain}".lower()


class Addresses:
    """Our own addresses: as they are, with a plus-tag, and the postmaster of their domains."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.own = frozenset(fold(address) for address in addresses)
        self.domains = frozenset(address.rpartition("@")[2] for address in self.own)
        domains = "|".join(map(re.escape, sorted(self.domains)))
        self._letters = re.compile(rf"\b([0-9a-f]{{20}})@(?:{domains})\b", re.IGNORECASE)

    def accepts(self, address: str) -> bool:
        """May mail be addressed to it? RFC 5321 4.5.1: postmaster always, even without domain."""
        local, _, domain = fold(address).rpartition("@")
        if local == "postmaster" and domain in self.domains:
            return True
        return domain == "postmaster" or self.is_own(address)

    def is_own(self, address: str) -> bool:
        """Ours, whatever its tag: mail that says it comes from there comes from us, or lies."""
        return self._bare(address) in self.own

    def tag(self, address: str) -> str:
        """What stands after the plus sign of one of our addresses, else ""."""
        local, _, _ = fold(address).rpartition("@")
        _, _, tag = local.partition("+")
        return tag if _TAG.fullmatch(tag) and self.is_own(address) else ""

    def letter_of(self, text: str) -> str:
        """The id of the first letter of ours whose Message-ID stands in a text, else ""."""
        found = self._letters.search(text)
        return found[1].lower() if found else ""

    def _bare(self, address: str) -> str:
        local, at, domain = fold(address).rpartition("@")
        whole = f"{local}{at}{domain}"
        return whole if whole in self.own else f"{local.partition('+')[0]}{at}{domain}"


def weigh(params: dict[str, str], max_size: int) -> str:
    """The refusal the parameters of MAIL deserve (RFC 1870, 6152, 6531), or ""."""
    left = dict(params)
    size = left.pop("SIZE", "0")
    if not (size.isascii() and size.isdigit()) or len(size) > 20:
        return "501 5.5.4 SIZE is a number"
    if int(size) > max_size:
        return f"552 5.3.4 Too large; at most {max_size} bytes"
    if left.pop("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
        return "501 5.5.4 BODY is 7BIT or 8BITMIME"
    if left.pop("SMTPUTF8", ""):
        return "501 5.5.4 SMTPUTF8 has no value"
    return "555 5.5.4 Parameter not known" if left else ""


def announced(params: dict[str, str]) -> int:
    """The size that MAIL announces (RFC 1870), after `weigh` found nothing against it."""
    return int(params.get("SIZE", "0"))
