"""What memory keeps of a record: its JSON, and the few facts it is looked up by.

A row is never changed, only replaced whole; so a snapshot may hold on to rows while the desk
works on. It is a Mapping, which is what TinyDB asks of a document: a query reads the facts.
Facts are hashes, states and times; what is personal is in `record` alone.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from storage.records import (
    Case,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Stored,
    Suppression,
)
from storage.sealing import Keys


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="table"):
    """What every row has. `position` counts records in the order they were first written, `at`
    is the time of the commit that last put it, in seconds since 1970."""

    key: str
    rev: int
    position: int
    at: int
    record: msgspec.Raw

    def __getitem__(self, name: str) -> Any:
        if name in self.__struct_fields__:
            return getattr(self, name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__struct_fields__)

    def __len__(self) -> int:
        return len(self.__struct_fields__)

    def keys(self) -> tuple[str, ...]:
        return self.__struct_fields__


Mapping.register(Row)


class CaseRow(Row, frozen=True, kw_only=True, tag="cases"):
    closed: bool
    requester: str
    messages: tuple[str, ...]  #: fingerprints of its Message-IDs
    remind_at: datetime | None


class MailRow(Row, frozen=True, kw_only=True, tag="mails"):
    status: MailStatus
    received_at: datetime
    fingerprint: str  #: of envelope and content


class OutboxRow(Row, frozen=True, kw_only=True, tag="outbox"):
    status: OutboxStatus
    lane: str
    case: str | None
    send_after: datetime
    attempts: int
    claimed_until: datetime | None


class SuppressionRow(Row, frozen=True, kw_only=True, tag="suppressions"):
    pass


class MarkRow(Row, frozen=True, kw_only=True, tag="marks"):
    case: str | None  #: whose content it is


AnyRow = CaseRow | MailRow | OutboxRow | SuppressionRow | MarkRow


def table_of(row: AnyRow) -> str:
    return str(type(row).__struct_config__.tag)


_encode = msgspec.json.Encoder().encode
_stored: msgspec.json.Decoder[Stored] = msgspec.json.Decoder(Stored)


def kept(record: Stored) -> msgspec.Raw:
    """A record as the view keeps it."""
    return msgspec.Raw(_encode(record))


def opened(raw: msgspec.Raw) -> Stored:
    """The record a row holds."""
    return _stored.decode(raw)


def is_repeat(mail: InboundMail, other: InboundMail, within: timedelta) -> bool:
    """Is it the same envelope and content as another, which came before it, or is a case's
    already? Who was first is not always who is worked on first, where several take mail in."""
    taken = other.status in {MailStatus.PROCESSED, MailStatus.HELD}
    return (
        (other.sha256, other.mail_from, other.rcpt_to)
        == (mail.sha256, mail.mail_from, mail.rcpt_to)
        and other.id != mail.id
        and abs(other.received_at - mail.received_at) <= within
        and (taken or (other.received_at, other.id) < (mail.received_at, mail.id))
    )


def mail_fingerprint(mail: InboundMail, keys: Keys) -> str:
    """Equal for mails of the same envelope and content; "" when nothing is left of them."""
    if not mail.sha256:
        return ""
    return keys.fingerprint(mail.sha256, mail.mail_from, *mail.rcpt_to)


class Put(NamedTuple):
    """What the store knows of a put beside its record: the case it lives with, and when it was."""

    case: str | None
    at: int  #: seconds since 1970


def row_of(record: Stored, put: Put, position: int, keys: Keys) -> AnyRow:
    """The row of a record."""
    said: dict[str, Any] = {
        "key": record.key,
        "rev": record.rev,
        "position": position,
        "at": put.at,
        "record": kept(record),
    }
    match record:
        case Case():
            return CaseRow(
                **said,
                closed=record.closed,
                requester=record.requester_hash,
                messages=tuple(keys.fingerprint(each) for each in record.message_ids),
                remind_at=record.remind_at,
            )
        case InboundMail():
            return MailRow(
                **said,
                status=record.status,
                received_at=record.received_at,
                fingerprint=mail_fingerprint(record, keys),
            )
        case OutboxMessage():
            return OutboxRow(
                **said,
                status=record.status,
                lane=record.lane,
                case=put.case,
                send_after=record.send_after,
                attempts=record.attempts,
                claimed_until=record.claimed_until,
            )
        case Suppression():
            return SuppressionRow(**said)
        case Mark():
            return MarkRow(**said, case=put.case)
