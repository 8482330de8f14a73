"""How the embedded store answers: from the view, and from the archive what is archived.

What is archived is read in a thread, a page at a time, so that no answer keeps the event loop.
Names are listed first, those in the view before the archived ones, and then read: what goes to
the archive in between, or comes back, is found where it is by then.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice

from storage.archived import (
    MAIL_STATUSES,
    NO_STATUS,
    OUTBOX_STATUSES,
    CaseEntry,
    MailEntry,
    PartEntry,
    mail_id_of,
    micro,
    unpacked,
)
from storage.columns import Table
from storage.disk import Disk
from storage.journal import Journal, Position, Reader, entry_of, history_of
from storage.lanes import HELD
from storage.maillog import MailLog
from storage.mails import FOLDER
from storage.opening import Opened
from storage.records import (
    Arrival,
    Case,
    Entry,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Stored,
    Suppression,
    Tally,
)
from storage.rows import is_repeat, mail_fingerprint
from storage.store import Mails
from storage.view import Kept, View

_PAGE = 100  #: records read before the event loop gets its turn
_LINES = 500


class EmbeddedMails:
    """Raw mail: the mail log, with what the view knows of each mail's status."""

    again: float | None = None  #: no other process works on them

    def __init__(self, log: MailLog, view: View) -> None:
        self._log = log
        self._view = view

    async def append(self, arrival: Arrival) -> InboundMail:
        return await self._log.append(arrival)

    async def raw(self, mail_id: str) -> bytes:
        return await self._log.raw(mail_id)

    async def waiting(self) -> AsyncIterator[InboundMail]:
        for mail_id in self.having(MailStatus.RECEIVED):
            mail = self.get(mail_id)
            if mail is not None and mail.status is MailStatus.RECEIVED:
                yield mail

    def get(self, mail_id: str) -> InboundMail | None:
        """Unless it is archived."""
        return self._view.get(InboundMail, mail_id) or self._log.fresh.get(mail_id)

    def having(self, status: MailStatus) -> list[str]:
        """Ids of those that are not archived, oldest first."""
        ids = self._view.mails.having(status)
        return sorted([*ids, *self._log.fresh]) if status is MailStatus.RECEIVED else ids

    def all(self) -> list[str]:
        """Ids of those that are not archived, oldest first."""
        return sorted([*self._view.keys(InboundMail), *self._log.fresh])


class Reading:
    """The reading half of the embedded store."""

    _journal: Journal | None = None  #: when it is open for writing

    def __init__(self, found: Opened, disk: Disk | None) -> None:
        self._keyring = found.keyring
        self._view = found.view
        self._reader = found.reader
        self._archive = found.archive
        folder = found.folder / FOLDER
        self._log = MailLog(folder, found.keyring, found.log.end, found.view, disk)
        self._log.fresh.update({mail.id: mail for mail in found.fresh})
        self._mails = EmbeddedMails(self._log, found.view)
        self.mails: Mails = self._mails
        self.keys = found.keyring.keys

    # --- cases ------------------------------------------------------------------------------

    async def case(self, ref: str) -> Case | None:
        return await self._one(Case, ref)

    async def cases(self, refs: Iterable[str] | None = None) -> tuple[Case, ...]:
        if refs is not None:
            return tuple([case async for case in self._each(Case, refs)])
        found = [case async for case in self._each(Case, list(self._view.cases.open))]
        found.sort(key=lambda case: (case.due.due_on, case.ref))
        return tuple(found)

    async def all_cases(self) -> AsyncIterator[Case]:
        here = sorted(self._view.keys(Case))
        archived = await asyncio.to_thread(_refs, self._view.archived.cases.held())
        refs = heapq.merge(here, *(map(unpacked, shelf) for shelf in archived))
        async for case in self._each(Case, _once(refs)):
            yield case

    async def cases_of(self, requester_hash: str) -> tuple[Case, ...]:
        archived = (unpacked(e.ref) for e in self._view.archived.of_requester(requester_hash))
        refs = [*self._view.cases.of_requester(requester_hash), *archived]
        cases = [case async for case in self._each(Case, refs)]
        cases = [case for case in cases if case.requester_hash == requester_hash]
        return tuple(sorted(cases, key=lambda case: (case.received_at, case.ref), reverse=True))

    async def case_with_message(self, message_id: str) -> Case | None:
        archived = self._view.archived.with_message(message_id)
        refs = {*self._view.cases.with_message(message_id), *archived}
        async for case in self._each(Case, sorted(refs)):
            if message_id in case.message_ids:
                return case
        return None

    async def cases_to_remind(self, now: datetime, limit: int = 100) -> tuple[Case, ...]:
        return tuple(self._view.each(Case, self._view.cases.to_remind(now, limit)))

    async def next_remind_at(self) -> datetime | None:
        return self._view.cases.next_remind_at()

    async def tally(self, since: datetime) -> Tally:
        opened = closed = unread = ignored = 0
        after = micro(since)
        for cases in self._view.archived.cases.held().shelves():
            for ref, received, ended in cases.fields("Q32xqq"):
                opened += bool(ref) and received > after
                closed += bool(ended) and ended > after
            await asyncio.sleep(0)
        number = MAIL_STATUSES.index(MailStatus.IGNORED)
        for mails in self._view.archived.mails.held().shelves():
            for mail, received, status in mails.fields("Q32xq6xB"):
                ignored += bool(mail) and status == number and received > after
            await asyncio.sleep(0)
        async for case in self._each(Case, self._view.keys(Case)):
            ended_at = max((r.closed_at for r in case.requests if r.closed_at), default=None)
            opened += case.received_at > since
            closed += case.closed and ended_at is not None and ended_at > since
            unread += case.closed and case.answered
        ignored += self._view.received_since(MailStatus.IGNORED, since)
        return Tally(opened=opened, closed=closed, unread=unread, ignored=ignored)

    # --- mails ------------------------------------------------------------------------------

    async def mail(self, mail_id: str) -> InboundMail | None:
        return self._mails.get(mail_id) or await self._one(InboundMail, mail_id)

    async def all_mails(self) -> AsyncIterator[InboundMail]:
        here = self._mails.all()
        archived = await asyncio.to_thread(_ids, self._view.archived.mails.held())
        async for mail in self._each(InboundMail, _once(heapq.merge(here, *archived))):
            yield mail

    async def mails_with(self, status: MailStatus) -> tuple[InboundMail, ...]:
        here = self._mails.having(status)
        archived = await asyncio.to_thread(_ids, self._view.archived.mails.held(), status)
        ids = _once(heapq.merge(here, *archived))
        found = [mail async for mail in self._each(InboundMail, ids)]
        return tuple(mail for mail in found if mail.status is status)

    async def earlier_mail(self, mail: InboundMail, within: timedelta) -> InboundMail | None:
        like = mail_fingerprint(mail, self._keyring.keys)
        since, until = mail.received_at - within, mail.received_at + within
        archived = self._view.archived.alike(like, since, until)
        ids = [*(mail_id_of(e.id, e.low) for e in archived), *self._view.mails.alike(mail)]
        found = [other async for other in self._each(InboundMail, ids)]
        found.sort(key=lambda other: (other.received_at, other.id))
        return next((other for other in found if is_repeat(mail, other, within)), None)

    # --- what goes out ----------------------------------------------------------------------

    async def message(self, message_id: str) -> OutboxMessage | None:
        return await self._one(OutboxMessage, message_id)

    async def messages_of(self, ref: str) -> tuple[OutboxMessage, ...]:
        here = self._view.positions_of(self._view.outbox.of_case(ref))
        archived = [e for e in self._view.archived.parts_of(ref) if e.status != NO_STATUS]
        return await self._messages(here, archived)

    async def messages_with(self, status: OutboxStatus) -> tuple[OutboxMessage, ...]:
        here = self._view.positions_of(self._view.outbox.having(status))
        archived = await asyncio.to_thread(_entries, self._view.archived.parts.held(), status)
        found = await self._messages(here, archived)
        return tuple(message for message in found if message.status is status)

    async def _messages(
        self, here: dict[str, int], archived: list[PartEntry]
    ) -> tuple[OutboxMessage, ...]:
        """In the order they were first written. What was here may be archived by now."""
        found = {m.id: (here[m.id], m) async for m in self._each(OutboxMessage, here)}
        entries = iter(archived)
        while page := list(islice(entries, _PAGE)):
            for position, message in await asyncio.to_thread(self._parts, page):
                found[message.id] = (position, message)
        placed = await asyncio.to_thread(sorted, found.values(), key=lambda each: each[0])
        return tuple(message for _, message in placed)

    def _parts(self, entries: list[PartEntry]) -> list[tuple[int, OutboxMessage]]:
        """Messages that lie with their cases; each case is read once. In a thread."""
        positions = {(entry.place, entry.name): entry.position for entry in entries}
        found = []
        for place in sorted({entry.place for entry in entries}):
            lies = self._archive.read(place)
            for table, key in lies.parts:
                # a message put again lies with its case once more, as it was
                name = self._view.archived.name(table, key)
                position = positions.get((place, name))
                message = lies.part(table, key) if position is not None else None
                if position is not None and isinstance(message, OutboxMessage):
                    found.append((position, message))
        return found

    async def next_send_at(self) -> datetime | None:
        when = self._view.outbox.lanes.next_at()
        return None if when == HELD else when

    async def mark(self, mark_id: str) -> Mark | None:
        return await self._one(Mark, mark_id)

    async def suppression(self, address_hash: str) -> Suppression | None:
        return self._view.get(Suppression, address_hash)

    async def all_suppressions(self) -> AsyncIterator[Suppression]:
        for key in sorted(self._view.keys(Suppression)):
            if (suppression := self._view.get(Suppression, key)) is not None:
                yield suppression

    async def records(self) -> AsyncIterator[Stored]:
        """Every record there is, archived or not."""
        async for case in self.all_cases():
            yield case
        async for mail in self.all_mails():
            yield mail
        for status in OutboxStatus:
            for message in await self.messages_with(status):
                yield message
        async for suppression in self.all_suppressions():
            yield suppression
        names = {*self._view.keys(Mark), *await asyncio.to_thread(self._archived_marks)}
        async for mark in self._each(Mark, sorted(names)):
            yield mark

    def _archived_marks(self) -> list[str]:
        """Their ids are with them alone. In a thread."""
        entries = self._view.archived.parts.held()
        places = sorted({entry.place for entry in entries if entry.status == NO_STATUS})
        parts = (part for place in places for part in self._archive.read(place).parts)
        lying = {key for table, key in parts if table == Mark.table}
        return [key for key in lying if self._view.archived.place(Mark.table, key)]

    # --- the journal ------------------------------------------------------------------------

    async def history(self, ref: str | None = None) -> AsyncIterator[Entry]:
        if ref is None:
            async for entry in self._whole_history():
                yield entry
            return
        source = self._journal or self._reader
        path, head = self._reader.path, source.head(ref)
        for entry in await asyncio.to_thread(history_of, path, head, self._keyring.key):
            yield entry

    async def _whole_history(self) -> AsyncIterator[Entry]:
        last = (self._journal or self._reader).position.seq
        lines, key_of = iter(Reader(self._reader.path, Position(), {})), self._keyring.key

        def some() -> list[Entry]:
            return [entry_of(each.line, key_of) for each in islice(lines, _LINES)]

        while page := await asyncio.to_thread(some):
            for entry in page:
                if entry.seq <= last:
                    yield entry

    # --- one, and one page after the other --------------------------------------------------

    async def _one(self, kind: type[Kept], key: str) -> Kept | None:
        found = await self._page(kind, [key])
        return found[0] if found else None

    async def _each(self, kind: type[Kept], keys: Iterable[str]) -> AsyncIterator[Kept]:
        """Page by page, so that many records never keep the event loop for long."""
        rest: Iterator[str] = iter(keys)
        while page := list(islice(rest, _PAGE)):
            for record in await self._page(kind, page):
                yield record
            if len(page) == _PAGE:
                await asyncio.sleep(0)

    async def _page(self, kind: type[Kept], keys: list[str]) -> list[Kept]:
        found: dict[str, Stored | None] = {}
        lying: dict[str, tuple[int, bool]] = {}
        for key in keys:
            found[key] = self._here(kind, key)
            if found[key] is None and (place := self._view.archived.place(kind.table, key)):
                lying[key] = place
        if lying:
            found |= await asyncio.to_thread(self._lying, kind.table, lying)
        return [record for record in found.values() if isinstance(record, kind)]

    def _here(self, kind: type[Kept], key: str) -> Stored | None:
        if kind is InboundMail:
            return self._mails.get(key)
        return self._view.get(kind, key)

    def _lying(self, table: str, places: dict[str, tuple[int, bool]]) -> dict[str, Stored | None]:
        """Records of the archive. In a thread."""
        found: dict[str, Stored | None] = {}
        for key, (place, whole) in places.items():
            lies = self._archive.read(place)
            parts = table in {OutboxMessage.table, Mark.table}
            found[key] = lies.part(table, key) if parts else lies.record(whole=whole)
        return found


# --- in a thread: sorted shelf by shelf -------------------------------------------------------


def _refs(cases: Table[CaseEntry]) -> list[list[int]]:
    return [sorted(ref for (ref,) in shelf.fields("Q") if ref) for shelf in cases.shelves()]


def _ids(mails: Table[MailEntry], status: MailStatus | None = None) -> list[list[str]]:
    numbers = {MAIL_STATUSES.index(each) for each in MailStatus if status in {None, each}}
    return [
        sorted(mail_id_of(each.id, each.low) for each in shelf if each.status in numbers)
        for shelf in mails.shelves()
    ]


def _entries(parts: Table[PartEntry], status: OutboxStatus) -> list[PartEntry]:
    wanted = OUTBOX_STATUSES.index(status)
    fields = enumerate(parts.fields("Q28xB"))
    return [parts.row(number) for number, (name, has) in fields if has == wanted and name]


def _once(names: Iterable[str]) -> Iterator[str]:
    """Sorted names without repeats: what was archived between two looks is found by both."""
    return (name for name, _ in groupby(names))
