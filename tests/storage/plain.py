"""A store in a few dicts, which looks at everything each time: what the real ones are held to."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from storage.errors import Conflict, UnknownReference
from storage.records import (
    Arrival,
    Case,
    Commit,
    Entry,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Shred,
    Stored,
    Suppression,
)

Kept = TypeVar("Kept", Case, InboundMail, OutboxMessage, Suppression, Mark)

#: what is personal, and how it reads when it is gone
CASE: dict[str, Any] = {
    "requester": "",
    "requester_name": "",
    "requester_hash": "",
    "subject": "",
    "reading": None,
    "message_ids": (),
    "defects": (),
    "flags": (),
}
MAIL: dict[str, Any] = {"mail_from": "", "rcpt_to": (), "peer": "", "sha256": "", "message_id": ""}


class PlainMails:
    """Raw mail, by id."""

    def __init__(self, store: "PlainStore") -> None:
        self.contents: dict[str, bytes] = {}
        self._store = store

    async def append(self, arrival: Arrival) -> InboundMail:
        raise NotImplementedError("the real store gives out the ids: tell with `arrived`")

    async def raw(self, mail_id: str) -> bytes:
        if mail_id not in self.contents:
            raise UnknownReference(mail_id)
        return self.contents[mail_id]

    async def waiting(self) -> AsyncIterator[InboundMail]:
        for mail in self._store.mails_having(MailStatus.RECEIVED):
            yield mail


class PlainStore:
    """Answers what `storage.store.Store` answers. Claims are told, not made."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Stored] = {}  # in the order of their first writing
        self.entries: list[Entry] = []
        self.mails = PlainMails(self)
        self._marked: dict[str, str | None] = {}  # the case each mark goes with

    # --- what happens -----------------------------------------------------------------------

    def arrived(self, mail: InboundMail, content: bytes) -> None:
        self.mails.contents[mail.id] = content
        self.records.setdefault((mail.table, mail.id), mail)

    def rev(self, record: Stored) -> int:
        known = self.records.get((record.table, record.key))
        return known.rev if known else 0

    async def commit(self, commit: Commit) -> int:
        if any(self.rev(put) != put.rev for put in commit.puts):
            raise Conflict("somebody was first")
        for put in commit.puts:
            self.records[put.table, put.key] = msgspec.structs.replace(put, rev=put.rev + 1)
            if isinstance(put, Mark):
                self._marked[put.id] = commit.case
        seq = len(self.entries) + 1
        said = {name: getattr(commit, name) for name in ("at", "actor", "act", "case", "note")}
        self.entries.append(Entry(seq=seq, **said))
        for shred in commit.shreds:
            self._forget(shred)
        return seq

    def _forget(self, shred: Shred) -> None:
        if shred.life == "raw":
            self.mails.contents.pop(shred.key, None)
            self._blank(InboundMail.table, shred.key, MAIL)
        elif shred.life == "skeleton":
            self.records.pop((Case.table, shred.key), None)
        elif shred.life == "suppression":
            self.records.pop((Suppression.table, shred.key), None)
        else:
            self._blank(Case.table, shred.key, CASE)
            gone = [*self.all_of(OutboxMessage), *self.all_of(Mark)]
            for record in gone:
                case = self._marked[record.id] if isinstance(record, Mark) else record.case
                if case == shred.key:
                    del self.records[record.table, record.id]
            self.entries = [
                msgspec.structs.replace(entry, note="") if entry.case == shred.key else entry
                for entry in self.entries
            ]

    def _blank(self, table: str, key: str, blanks: dict[str, Any]) -> None:
        if (table, key) in self.records:
            record = self.records[table, key]
            self.records[table, key] = msgspec.structs.replace(record, **blanks)

    def claimable(self, now: datetime, claimed: Iterable[str]) -> set[str]:
        """Ids of which `claim` may give any: the next of each lane that does not wait."""
        lanes: dict[str, list[OutboxMessage]] = {}
        for message in self.all_of(OutboxMessage):
            if message.status is OutboxStatus.PENDING:
                lanes.setdefault(message.lane, []).append(message)
        return {
            next(message.id for message in lane if message.send_after <= now)
            for lane in lanes.values()
            if any(message.send_after <= now for message in lane)
            and not any(
                message.id in claimed or (message.attempts and message.send_after > now)
                for message in lane
            )
        }

    # --- what is so -------------------------------------------------------------------------

    def all_of(self, kind: type[Kept]) -> list[Kept]:
        return [record for record in self.records.values() if isinstance(record, kind)]

    def mails_having(self, status: MailStatus) -> list[InboundMail]:
        found = [mail for mail in self.all_of(InboundMail) if mail.status is status]
        return sorted(found, key=lambda mail: mail.id)

    def _one(self, kind: type[Kept], key: str) -> Kept | None:
        found: Any = self.records.get((kind.table, key))
        return found

    async def case(self, ref: str) -> Case | None:
        return self._one(Case, ref)

    async def cases(self, refs: Iterable[str] | None = None) -> tuple[Case, ...]:
        if refs is not None:
            return tuple(case for ref in refs if (case := self._one(Case, ref)))
        found = [case for case in self.all_of(Case) if not case.closed]
        return tuple(sorted(found, key=lambda case: (case.due.due_on, case.ref)))

    async def all_cases(self) -> AsyncIterator[Case]:
        for case in sorted(self.all_of(Case), key=lambda case: case.ref):
            yield case

    async def cases_of(self, requester_hash: str) -> tuple[Case, ...]:
        found = [
            case
            for case in self.all_of(Case)
            if requester_hash and case.requester_hash == requester_hash
        ]
        return tuple(sorted(found, key=lambda case: (case.received_at, case.ref), reverse=True))

    async def case_with_message(self, message_id: str) -> Case | None:
        found = [case for case in self.all_of(Case) if message_id in case.message_ids]
        return min(found, key=lambda case: case.ref, default=None)

    async def cases_to_remind(self, now: datetime, limit: int = 100) -> tuple[Case, ...]:
        due = [(c.remind_at, c.ref, c) for c in self.all_of(Case) if c.remind_at is not None]
        return tuple(case for at, _, case in sorted(due)[:limit] if at <= now)

    async def next_remind_at(self) -> datetime | None:
        times = [case.remind_at for case in self.all_of(Case) if case.remind_at is not None]
        return min(times, default=None)

    async def mail(self, mail_id: str) -> InboundMail | None:
        return self._one(InboundMail, mail_id)

    async def all_mails(self) -> AsyncIterator[InboundMail]:
        for mail in sorted(self.all_of(InboundMail), key=lambda mail: mail.id):
            yield mail

    async def mails_with(self, status: MailStatus) -> tuple[InboundMail, ...]:
        return tuple(self.mails_having(status))

    async def earlier_mail(self, mail: InboundMail, within: timedelta) -> InboundMail | None:
        found = [
            other
            for other in self.all_of(InboundMail)
            if _alike(other, mail)
            and other.id != mail.id
            and mail.received_at - within <= other.received_at <= mail.received_at + within
            and (
                (other.received_at, other.id) < (mail.received_at, mail.id)
                or other.status in {MailStatus.PROCESSED, MailStatus.HELD}
            )
        ]
        return min(found, key=lambda other: (other.received_at, other.id), default=None)

    async def message(self, message_id: str) -> OutboxMessage | None:
        return self._one(OutboxMessage, message_id)

    async def messages_of(self, ref: str) -> tuple[OutboxMessage, ...]:
        return tuple(message for message in self.all_of(OutboxMessage) if message.case == ref)

    async def messages_with(self, status: OutboxStatus) -> tuple[OutboxMessage, ...]:
        return tuple(each for each in self.all_of(OutboxMessage) if each.status is status)

    async def mark(self, mark_id: str) -> Mark | None:
        return self._one(Mark, mark_id)

    async def suppression(self, address_hash: str) -> Suppression | None:
        return self._one(Suppression, address_hash)

    async def all_suppressions(self) -> AsyncIterator[Suppression]:
        for each in sorted(self.all_of(Suppression), key=lambda each: each.hash):
            yield each

    async def history(self, ref: str | None = None) -> AsyncIterator[Entry]:
        for entry in self.entries:
            if ref is None or entry.case == ref:
                yield entry


def _alike(one: InboundMail, other: InboundMail) -> bool:
    return (one.sha256, one.mail_from, one.rcpt_to) == (
        other.sha256,
        other.mail_from,
        other.rcpt_to,
    )
