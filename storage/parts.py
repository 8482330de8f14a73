"""What of a record is personal, and what is the skeleton that the law wants kept longer.

Pure: a record is split into two JSON texts, each sealed under a key with a life of its own, and
joined again from what can still be opened. A part that is gone reads as blanks.
"""

from typing import NamedTuple

import msgspec

from storage.records import (
    Case,
    Challenge,
    InboundMail,
    Joined,
    Mark,
    Note,
    OtherProof,
    OutboxMessage,
    Reading,
    Record,
    Round,
    Stored,
    Suppressed,
    Suppression,
    Taken,
)


class Parts(NamedTuple):
    """A record's halves as JSON. Without a skeleton the content is the whole record."""

    skeleton: bytes | None
    content: bytes


class CaseContent(Record, frozen=True, kw_only=True):
    """The personal half of a case; its blanks are what a purged one has."""

    requester: str = ""
    requester_name: str = ""
    requester_hash: str = ""
    data_subject: str = ""
    subject: str = ""
    reading: Reading | None = None
    labels: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    prepared: tuple[Taken, ...] = ()
    rounds: tuple[Round, ...] = ()
    notes: tuple[Note, ...] = ()
    joined: tuple[Joined, ...] = ()
    proofs: tuple[OtherProof, ...] = ()
    challenge: Challenge | None = None
    proven: str = ""
    suppressed: tuple[Suppressed, ...] = ()


class MailContent(Record, frozen=True, kw_only=True):
    """The personal half of an inbound mail."""

    mail_from: str = ""
    rcpt_to: tuple[str, ...] = ()
    peer: str = ""
    hello: str = ""
    sha256: str = ""
    message_id: str = ""
    sender: str = ""


_encode = msgspec.json.Encoder().encode
_stored: msgspec.json.Decoder[Stored] = msgspec.json.Decoder(Stored)
_case = msgspec.json.Decoder(CaseContent)
_mail = msgspec.json.Decoder(MailContent)
_NO_CASE = msgspec.structs.asdict(CaseContent())
_NO_MAIL = msgspec.structs.asdict(MailContent())


def split(record: Stored) -> Parts:
    """A case and a mail have both halves; what goes out, marks and suppressions are all content."""
    match record:
        case Case():
            said = {name: getattr(record, name) for name in _NO_CASE}
            skeleton = msgspec.structs.replace(record, **_NO_CASE)
            return Parts(_encode(skeleton), _encode(CaseContent(**said)))
        case InboundMail():
            told = {name: getattr(record, name) for name in _NO_MAIL}
            skeleton_mail = msgspec.structs.replace(record, **_NO_MAIL)
            return Parts(_encode(skeleton_mail), _encode(MailContent(**told)))
        case OutboxMessage() | Mark() | Suppression():
            return Parts(None, _encode(record))


def joined(skeleton: bytes | None, content: bytes | None) -> Stored | None:
    """The record of what is left; None = nothing is. Raises msgspec.MsgspecError.

    Content without a skeleton must be a whole record, never the half of one.
    """
    if skeleton is None:
        return _stored.decode(content) if content is not None else None
    record = _stored.decode(skeleton)
    if content is None:
        return record
    half = _case.decode(content) if isinstance(record, Case) else _mail.decode(content)
    return msgspec.structs.replace(record, **msgspec.structs.asdict(half))


def blank(record: Stored) -> Stored | None:
    """What is left of a record when its personal half is gone."""
    return joined(split(record).skeleton, None)
