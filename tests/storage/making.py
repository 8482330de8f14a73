"""Records for the tests, with one thing said where one thing matters."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from storage.records import (
    Arrival,
    Card,
    Case,
    Commit,
    Due,
    InboundMail,
    OutboxMessage,
    Outcome,
    Request,
    Status,
    Stored,
    new_id,
)
from storage.sealing import MasterKey

MASTER = MasterKey(bytes(range(32)))
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def a_case(ref: str = "PR-2026-0001", **said: Any) -> Case:
    due_on = said.pop("due_on", date(2026, 12, 2))
    due = Due(due_on=due_on, aim_on=due_on, regime="policy", rule="policy-1", why="Thirty days.")
    words: dict[str, Any] = {
        "ref": ref,
        "received_at": NOW,
        "requester": "rosa@example.org",
        "requester_hash": "hash of rosa",
        "requests": (Request(id=1, kind="access", due=due),),
    }
    return Case(**(words | said))


def closed(case: Case) -> Case:
    ended = tuple(
        msgspec.structs.replace(each, status=Status.CLOSED, outcome=Outcome.FULFILLED)
        for each in case.requests
    )
    return msgspec.structs.replace(case, requests=ended)


def a_message(lane: str = "slack:staff", **said: Any) -> OutboxMessage:
    words: dict[str, Any] = {
        "id": new_id(NOW),
        "lane": lane,
        "content": Card(case="PR-2026-0001"),
        "created_at": NOW,
        "created_by": "desk",
        "send_after": NOW,
    }
    return OutboxMessage(**(words | said))


def an_arrival(content: bytes = b"Subject: data\r\n\r\nPlease.\r\n", **said: Any) -> Arrival:
    words: dict[str, Any] = {
        "received_at": NOW,
        "mail_from": "rosa@example.org",
        "rcpt_to": ("privacy@example.com",),
        "peer": "192.0.2.7",
        "content": content,
    }
    return Arrival(**(words | said))


def putting(*puts: Stored, act: str = "open", **said: Any) -> Commit:
    case = next((put.ref for put in puts if isinstance(put, Case)), None)
    words: dict[str, Any] = {"at": NOW, "actor": "desk", "act": act, "case": case, "puts": puts}
    return Commit(**(words | said))


def changed(record: Any, **said: Any) -> Any:
    return msgspec.structs.replace(record, **said)


def stored(record: Any, **said: Any) -> Any:
    """The record as it comes back after one commit."""
    return msgspec.structs.replace(record, rev=record.rev + 1, **said)


def mail_of(arrival: Arrival, mail: InboundMail) -> bool:
    """Does the mail say what the arrival said?"""
    return (mail.received_at, mail.mail_from, mail.rcpt_to, mail.peer, mail.size) == (
        arrival.received_at,
        arrival.mail_from,
        arrival.rcpt_to,
        arrival.peer,
        len(arrival.content),
    )
