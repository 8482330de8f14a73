"""A raw mail as a ParsedMail. Pure, and made for a process that may be killed at any moment.

Headers, addresses and dates come from mail-parser, which sees the header block alone; bodies
and attachments from our own walk over the message. Forwarded and returned mails are told apart
from the sender's own words and never joined with them.
"""

import email
import re
from email.message import Message
from email.parser import BytesHeaderParser

from intake import attachments, charset, fields, markup, protected, quoted
from intake.prescan import DEPTH, FIELD_LIMIT, MANY, PARTS, block_end, prescan
from storage.records import Attachment, ParsedMail

_TEXT_LIMIT = 2**20
_ATTACHMENTS = 200
_MESSAGE_ID = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)
PASSED_ON = "it passes on another mail; those words are somebody else's"


class _Walk:
    """What a message carries, collected part by part."""

    def __init__(self) -> None:
        self.own: list[str] = []
        self.forwarded: list[str] = []
        self.attachments: list[Attachment] = []
        self.returned_ids: list[str] = []
        self.report: list[tuple[str, str]] = []
        self.defects: dict[str, None] = {}
        self.media_type = "text/plain"
        self.contents: list[bytes] = []  # of the attachments, in their order
        self._parts = 0
        self._html = markup.LIMIT  # characters that may still be read

    def visit(self, part: Message, into: list[str] | None, depth: int = 0) -> None:
        """`into` takes the text; None = only attachments count (another form was chosen)."""
        self._parts += 1
        if self._parts > 2 * PARTS or depth > 2 * DEPTH:  # the scan before counts otherwise
            self.defects[MANY] = None
            return
        media_type = _media_type(part)
        children = _children(part)
        if part.defects:
            self.defects["its MIME structure is broken"] = None
        self._say(protected.of_parts(part, media_type))
        if children is None:
            self._leaf(part, media_type, into)
        else:
            self._inside(media_type, children, into, depth)

    def _inside(
        self, media_type: str, children: list[Message], into: list[str] | None, depth: int
    ) -> None:
        if media_type == "multipart/alternative":
            self._alternative(children, into, depth)
        elif media_type == "multipart/report":
            self._returned(children, into, depth)
        elif media_type == "message/delivery-status":  # in an ordinary multipart, or alone
            self._status(children)
        elif media_type.startswith("message/"):
            self._passed_on(children, depth)
        else:
            for child in children:
                self.visit(child, into, depth + 1)

    def _say(self, words: str) -> None:
        if words:
            self.defects[words] = None

    def _passed_on(self, messages: list[Message], depth: int) -> None:
        """A mail inside the mail: who wrote it and about what belong to its words."""
        for message in messages:
            heading = fields.heading(message)
            if heading:
                self.forwarded.append(heading)
            self.visit(message, self.forwarded, depth + 1)

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
        attachment, fault = attachments.listed(name, media_type, payload)
        self._say(fault)
        self._say(protected.of_leaf(media_type, name, payload))
        self.attachments.append(attachment)
        self.contents.append(payload)

    def _readable(self, html: str) -> str:
        text, hidden = markup.to_text(html[: self._html])
        if hidden:
            self.defects["words hidden in the HTML were left out"] = None
        if len(html) > self._html:
            self.defects["its HTML is very long; the end was left out"] = None
        self._html = max(self._html - len(html), 0)
        return text

    def _decode(self, part: Message) -> str:
        text, faults = charset.to_text(_payload(part), _declared(part))
        self.defects |= dict.fromkeys(faults)
        return charset.clean(text)


def _children(part: Message) -> list[Message] | None:
    if not part.is_multipart():  # asking for the payload itself would decode it as declared
        return None
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)]


def _media_type(part: Message) -> str:
    # The parameters of a field this long take minutes to parse; nobody honest sends one.
    if len(str(part.get("content-type", ""))) > FIELD_LIMIT:
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
    if len(str(part.get("content-disposition", ""))) > FIELD_LIMIT:
        return "unnamed"
    try:
        name = part.get_filename("")
    except (LookupError, ValueError):
        return "unnamed"
    return attachments.safe_name(fields.decoded(name[:2000]))


def walked(content: bytes) -> _Walk:
    """The parts of a mail that was scanned before."""
    walk = _Walk()
    message = email.message_from_bytes(content)
    walk.media_type = _media_type(message)
    walk.visit(message, walk.own)
    return walk


def parse(content: bytes) -> ParsedMail:
    """What the mail says. May raise anything, or never come back: see `intake.parse`."""
    content, marks = prescan(content)
    heads = fields.read(content)
    walk = walked(content)
    walk.defects = dict.fromkeys((*marks, *heads.defects)) | walk.defects
    own, forwarded = _joined(walk.own, walk), _joined(walk.forwarded, walk)
    text = f"{own}\n\n{quoted.FORWARDED}\n\n{forwarded}".lstrip("\n") if forwarded else own
    if forwarded:
        walk.defects[PASSED_ON] = None
    if not text:
        walk.defects["it has no text"] = None
    if said := protected.of_text(own):
        walk.defects[said] = None
    returned = (*walk.returned_ids, *_MESSAGE_ID.findall(own[:100_000]))
    return heads.mail(
        text=text[:_TEXT_LIMIT],
        shown=_shown(own, text[:_TEXT_LIMIT], heads.subject),
        attachments=tuple(walk.attachments),
        headers=heads.kept + tuple(walk.report[:20]),
        media_type=walk.media_type,
        returned_ids=returned[:20],
        defects=tuple(walk.defects),
    )


def _shown(own: str, text: str, subject: str) -> str:
    """The sender's own words; with hardly any, a mail that is passed on must still be read."""
    passed_on = len(text) > len(own)
    return text if passed_on and quoted.says_little(own) else quoted.newest(own, subject)


def attached(content: bytes, index: int) -> tuple[Attachment, bytes]:
    """One attachment with its bytes, by its place in the list. Raises IndexError."""
    walk = walked(prescan(content)[0])
    return walk.attachments[index], walk.contents[index]


def _joined(texts: list[str], walk: _Walk) -> str:
    text = "\n\n".join(text.strip("\n").rstrip() for text in texts if text.strip())
    if len(text) > _TEXT_LIMIT:
        walk.defects["its text is very long; the end was left out"] = None
    return text[:_TEXT_LIMIT]


def unreadable(content: bytes) -> ParsedMail:
    """What the header block alone gives, looked at with bounded effort. Never raises."""
    block = content[: 64 * 2**10]
    try:
        found = BytesHeaderParser().parsebytes(block[: block_end(block)] + b"\n\n")
        values = {name: charset.clean(str(found.get(name, "")))[:2000] for name in fields.BARE}
    except Exception:  # noqa: BLE001  whatever the mail does to the parser, it must not be lost
        values = dict.fromkeys(fields.BARE, "")
    return fields.bare(values)
