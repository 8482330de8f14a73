"""Mails as the page shows them, and mails the page writes. Pure."""

import html
import re
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

import msgspec

Json = dict[str, Any]


class Draft(msgspec.Struct, kw_only=True, frozen=True, rename={"sender": "from"}):
    """What `POST /do/mail` carries."""

    sender: str
    name: str = ""
    to: str | None = None
    subject: str = ""
    body: str = ""
    in_reply_to: str | None = None
    references: str | None = None
    reply_to_address: str | None = None


def write(draft: Draft, to: str, at: datetime) -> EmailMessage:
    """The mail of a draft. Raises ValueError for an address or subject that cannot be."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = _address(draft.sender, draft.name)
    mail["To"] = to
    mail["Subject"] = draft.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = make_msgid(domain=draft.sender.rpartition("@")[2])
    if draft.in_reply_to:
        mail["In-Reply-To"] = draft.in_reply_to
        mail["References"] = draft.references or draft.in_reply_to
    mail.set_content(draft.body)
    return mail


def _address(address: str, name: str) -> Address:
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{address!r} is not an address") from error


def read(raw: bytes, mail_id: str, at: datetime, direction: str) -> Json:
    """MAIL of the page API, from the bytes of a mail."""
    mail = message_from_bytes(raw, policy=policy.default)
    return {
        "id": mail_id,
        "at": at.isoformat(),
        "direction": direction,
        "from": str(mail["From"] or ""),
        "to": str(mail["To"] or ""),
        "subject": str(mail["Subject"] or ""),
        "text": _text(mail),
        "message_id": str(mail["Message-ID"] or ""),
        "in_reply_to": str(mail["In-Reply-To"] or ""),
        "headers": [[name, str(value)] for name, value in mail.items()],
        "auto": str(mail["Auto-Submitted"] or "no").lower() != "no",
        "attachments": [
            {"name": part.get_filename() or "", "type": part.get_content_type()}
            for part in mail.iter_attachments()
        ],
    }


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, ValueError):
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if part.get_content_type() == "text/html":
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return text.replace("\r\n", "\n")
