"""A forwarder's word for a mail whose signature it broke (RFC 8617): believed of those we name.

A list or a forwarder changes the mail, so DKIM and DMARC fail with us although they held with it.
It writes down what it found and seals that. The seal proves who wrote, never that it is true:
only forwarders of the setting are believed, and only what they, and nobody before them, sealed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from intake.results import FIELD_LIMIT, domain_of, fields_of, judged, read
from storage.records import ParsedMail, Sender

#: RFC 8617 4.2.1
_MOST = 50
_TAG = re.compile(r"(?:^|;)\s*(i|d|h|l)\s*=\s*([^;]*)")
_FIELDS = {
    b"arc-seal": "seal",
    b"arc-message-signature": "signature",
    b"arc-authentication-results": "results",
}


class Link(NamedTuple):
    """What one forwarder added."""

    sealer: str  #: its domain
    results: str  #: what it found, as Authentication-Results
    whole: bool  #: it signed From and all of the body


def vouched(content: bytes, parsed: ParsedMail, sealers: tuple[str, ...]) -> Sender | None:
    """A failure that a trusted forwarder explains is none; None = nobody explains it.

    The chain is known to hold. Newest first, and no further than the first who is not trusted.
    """
    for number, link in enumerate(_chain(content)):
        if link.sealer not in sealers or not (number or link.whole):
            return None
        seen = judged(read(link.results)[1], content, parsed)
        if seen.result == "pass":
            words = (
                f"unproven here, for it was changed on its way; {link.sealer}, which is trusted, "
                "saw it come from the domain in From (ARC)"
            )
            return Sender(result="none", words=words)
    return None


def _chain(content: bytes) -> Iterator[Link]:
    """The links, newest first; none of a chain with a part missing or there twice."""
    parts: dict[tuple[int, str], str] = {}
    for field in fields_of(content):
        name, _, value = field.partition(b":")
        part = _FIELDS.get(name.strip().lower())
        if part is None:
            continue
        text = " ".join(value.decode("utf-8", "replace").split())
        told = _tags(text).get("i", "")
        if len(value) > FIELD_LIMIT or not re.fullmatch(r"[1-9][0-9]?", told):
            return
        if (int(told), part) in parts:
            return
        parts[int(told), part] = text
    newest = len(parts) // len(_FIELDS)
    wanted = {(n, part) for n in range(1, newest + 1) for part in _FIELDS.values()}
    if newest > _MOST or wanted != set(parts):
        return
    for number in range(newest, 0, -1):
        seal, signature = _tags(parts[number, "seal"]), _tags(parts[number, "signature"])
        signed = {name.strip().lower() for name in signature.get("h", "").split(":")}
        whole = "from" in signed and "l" not in signature
        results = parts[number, "results"].partition(";")[2]
        yield Link(domain_of(f"@{seal.get('d', '').strip()}"), results, whole)


def _tags(text: str) -> dict[str, str]:
    return {name: value.strip() for name, value in _TAG.findall(text)}
