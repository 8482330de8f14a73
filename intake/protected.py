"""Signed and encrypted mails (RFC 1847, 3156, 8551): recognised and said, never opened.

The desk holds no private key, and checks no signature: who wrote is settled by other means.
"""

import re
from email.message import Message

SIGNED = "it is signed ({}); the desk does not check signatures"
WRAPPED = "its words are inside a signature ({}) that the desk cannot open: ask for a plain mail"
ENCRYPTED = "it is encrypted ({}) and nobody here can read it: ask for a plain mail"
TNEF = "it is wrapped in Outlook's own form (winmail.dat): ask for a plain mail"

_PKCS7 = re.compile(r"application/(x-)?pkcs7-mime$")
_TNEF = re.compile(r"application/(vnd\.)?ms-tnef$")
#: the object identifier of signed data (RFC 5652 5.1); all other kinds cannot be read
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_MESSAGE = re.compile(r"^-----BEGIN PGP MESSAGE-----", re.MULTILINE)
_CLEAR = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]+: [^\n]*\n)*\n", re.MULTILINE
)
_SIGNATURE = re.compile(
    r"^-----BEGIN PGP SIGNATURE-----\n.{0,20000}?^-----END PGP SIGNATURE-----\n?",
    re.MULTILINE | re.DOTALL,
)


def of_parts(part: Message, media_type: str) -> str:
    """What a multipart is, in words; "" = neither signed nor encrypted."""
    if media_type not in {"multipart/signed", "multipart/encrypted"}:
        return ""
    declared = str(part.get("content-type", ""))[:1000].lower()
    by = "S/MIME" if "pkcs7" in declared else "PGP"
    return (SIGNED if media_type == "multipart/signed" else ENCRYPTED).format(by)


def of_leaf(media_type: str, name: str, content: bytes) -> str:
    """What a part without children is, in words; "" = nothing of the kind."""
    if _PKCS7.match(media_type) or name.lower().endswith(".p7m"):
        # base64 of a whole, or DER: the identifier stands at its head
        return (WRAPPED if _SIGNED_DATA in content[:64] else ENCRYPTED).format("S/MIME")
    if _TNEF.match(media_type) or name.lower() == "winmail.dat":
        return TNEF
    return ""


def of_text(text: str) -> str:
    """What is written in a text itself (RFC 9580 section 6 and 7)."""
    if _MESSAGE.search(text):
        return ENCRYPTED.format("PGP")
    return SIGNED.format("PGP") if _CLEAR.search(text) else ""


def without_armour(text: str) -> str:
    """A signed text without what the signature adds to it."""
    if _CLEAR.search(text) is None:
        return text
    text = _SIGNATURE.sub("", _CLEAR.sub("", text))
    return re.sub(r"^- (?=-)", "", text, flags=re.MULTILINE)
