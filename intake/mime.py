"""A raw mail as a ParsedMail. Pure, and made for a process that may be killed at any moment.

Headers, addresses and dates come from mail-parser, which sees the header block alone; bodies
and attachments from our own walk over the message. Forwarded and returned mails are told apart
from the sender's own words and never joined with them.
"""

import email
import hashlib
import re
from email.message import Message
from email.parser import BytesHeaderParser

from intake import charset, fields, markup, quoted
from storage.records import Attachment, ParsedMail

_TEXT_LIMIT = 2**20
_ATTACHMENTS = 200
_PARTS = 1000
_DEPTH = 100
_MESSAGE_ID = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)
FORWARDED = "----- Forwarded message -----"


class _Walk:
    """What a message carries, collected part by part."""

    def __init__(self) -> None:
        self.own: list[str] = []
        self.forwarded: list[str] = []
        self.attachments: list[Attachment] = []
        self.returned_ids: list[str] = []
        self.report: list[tuple[str, str]] = []
        self.defects: dict[str, None] = {}
        self._parts = 0

    def visit(self, part: Message, into: list[str] | None, depth: int = 0) -> None:
        """`into` takes the text; None = only attachments count (another form was chosen)."""
        self._parts += 1
        if self._parts > _PARTS or depth > _DEPTH:
            self.defects["it has too many parts; some were left out"] = None
            return
        media_type = _media_type(part)
        children = _children(part)
        if part.defects:
            self.defects["its MIME structure is broken"] = None
        if children is None:
            self._leaf(part, media_type, into)
        elif media_type == "multipart/alternative":
            self._alternative(children, into, depth)
        elif media_type == "multipart/report":
            self._returned(children, into, depth)
        elif media_type == "message/delivery-status":  # in an ordinary multipart, or alone
            self._status(children)
        else:
            place = self.forwarded if media_type.startswith("message/") else into
            for child in children:
                self.visit(child, place, depth + 1)

    def _alternative(self, forms: list[Message], into: list[str] | None, depth: int) -> None:
        """RFC 2046 5.1.4: the same thing in several forms; plain text when it says anything."""
        chosen: Message | None = None
        for form in forms:
            if _media_type(form) == "text/plain" and not form.is_multipart():
                text = self._decode(form)
                if into is not None and text.strip():
                    into.append(text)
                    into = None
                chosen = form
        for form in forms:
            if form is not chosen:
                self.visit(form, into, depth + 1)

    def _returned(self, parts: list[Message], into: list[str] | None, depth: int) -> None:
        """RFC 3464: words for people, a report for machines, and the mail it is about."""
        for part in parts:
            media_type = _media_type(part)
            if media_type == "message/delivery-status":
                self._status(_children(part) or [])
            elif media_type in {"message/rfc822", "message/global"}:
                ids = [child.get("message-id", "") for child in _children(part) or []]
                self.returned_ids += _MESSAGE_ID.findall("".join(f"Message-ID: {i}\n" for i in ids))
            elif media_type.endswith("rfc822-headers"):
                self.returned_ids += _MESSAGE_ID.findall(self._decode(part))
            else:
                self.visit(part, into, depth + 1)

    def _status(self, blocks: list[Message]) -> None:
        """RFC 3464 2.3: was it given up, or only delayed?"""
        for block in blocks:
            for name in ("action", "status"):
                if value := str(block.get(name, "")).strip()[:40].lower():
                    self.report.append((f"report-{name}", value))

    def _leaf(self, part: Message, media_type: str, into: list[str] | None) -> None:
        if media_type.startswith("multipart/"):  # it says so, and has no parts: all is text
            media_type = "text/plain"
        name = _file_name(part)
        attached = name or part.get_content_disposition() == "attachment"
        if media_type in {"text/plain", "text/html"} and not attached:
            if into is not None:
                text = self._decode(part)
                into.append(self._readable(text) if media_type == "text/html" else text)
            return
        if len(self.attachments) >= _ATTACHMENTS:
            self.defects[f"it has more than {_ATTACHMENTS} attachments"] = None
            return
        payload = _payload(part)
        self.attachments.append(
            Attachment(
                name=name,
                media_type=media_type,
                size=len(payload),
                sha256=hashlib.sha256(payload).hexdigest(),
            )
        )

    def _readable(self, html: str) -> str:
        text, hidden = markup.to_text(html)
        if hidden:
            self.defects["words hidden in the HTML were left out"] = None
        return text

    def _decode(self, part: Message) -> str:
        text, fault = charset.to_text(_payload(part), _declared(part))
        if fault:
            self.defects[fault] = None
        return charset.clean(text)


def _children(part: Message) -> list[Message] | None:
    if not part.is_multipart():  # asking for the payload itself would decode it as declared
        return None
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)]


def _media_type(part: Message) -> str:
    # The parameters of a field this long take minutes to parse; nobody honest sends one.
    if len(str(part.get("content-type", ""))) > fields.FIELD_LIMIT:
        return "application/octet-stream"
    return part.get_content_type()[:100]


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _declared(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, ValueError):
        return "unknown"


def _file_name(part: Message) -> str:
    if len(str(part.get("content-disposition", ""))) > fields.FIELD_LIMIT:
        return "unnamed"
    try:
        name = part.get_filename("")
    except (LookupError, ValueError):
        return "unnamed"
    return charset.clean(fields.decoded(name)).replace("\n", " ").strip()[:200]


def parse(content: bytes) -> ParsedMail:
    """What the mail says. May raise anything, or never come back: see `intake.parse`."""
    content, cut = fields.trimmed(content)
    heads = fields.read(content)
    message = email.message_from_bytes(content)
    walk = _Walk()
    walk.defects |= dict.fromkeys((*cut, *heads.defects))
    walk.visit(message, walk.own)
    own = _joined(walk.own, walk)
    text = own
    if forwarded := _joined(walk.forwarded, walk):
        text = f"{own}\n\n{FORWARDED}\n\n{forwarded}" if own else forwarded
    if not text:
        walk.defects["it has no text"] = None
    returned = (*walk.returned_ids, *_MESSAGE_ID.findall(own[:100_000]))
    return heads.mail(
        text=text,
        shown=quoted.newest(own, heads.subject) if own else text,
        attachments=tuple(walk.attachments),
        headers=heads.kept + tuple(walk.report[:20]),
        media_type=_media_type(message),
        returned_ids=returned[:20],
        defects=tuple(walk.defects),
    )


def _joined(texts: list[str], walk: _Walk) -> str:
    text = "\n\n".join(text.strip("\n").rstrip() for text in texts if text.strip())
    if len(text) > _TEXT_LIMIT:
        walk.defects["its text is very long; the end was left out"] = None
    return text[:_TEXT_LIMIT]


def unreadable(content: bytes) -> ParsedMail:
    """What the header block alone gives, looked at with bounded effort. Never raises."""
    block = content[: 64 * 2**10]
    try:
        found = BytesHeaderParser().parsebytes(fields.block_of(block) + b"\n\n")
        values = {name: charset.clean(str(found.get(name, "")))[:2000] for name in fields.BARE}
    except Exception:  # noqa: BLE001  whatever the mail does to the parser, it must not be lost
        values = dict.fromkeys(fields.BARE, "")
    return fields.bare(values)
