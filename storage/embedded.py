"""The embedded store: one process, nothing to install. Journal first, view second.

A commit is checked against the view and against what is still on its way to the disk, appended
to the journal, and put into the view when its line is durable; only then does it return. What
is read is therefore always durable. Nothing walks all cases per mail or per commit.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from storage import opening, sheets, snapshot
from storage.chain import seal_of
from storage.disk import Disk
from storage.errors import Conflict, StoreError, StoreFailed, StoreFull
from storage.evidence import Evidence
from storage.journal import Journal, Position, Reader, Written, entry_of, history_of
from storage.lanes import HELD
from storage.mails import MailLog
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
    Stored,
    Suppression,
)
from storage.rows import is_repeat
from storage.sealing import DataKey, MasterKey
from storage.sheets import DESK, Owner
from storage.store import Mails
from storage.verify import SEAL, Step, verify
from storage.view import Kept, View

log = logging.getLogger(__name__)

#: A snapshot after this many commits, or a tenth of the records when that is more: writing one
#: costs as much as there are records, replaying costs as much as there are commits since.
SNAPSHOT_COMMITS = 5_000
_PAGE = 100  #: records read before the event loop gets its turn
_LINES = 500


async def open_store(
    data: Path, master: MasterKey, *, read_only: bool = False, disk: Disk | None = None
) -> "EmbeddedStore":
    """Open the data folder. Raises StoreBusy (not when reading only), StoreDamaged, StoreError,
    KeyFileError.

    Read-only: the state as it is now, without a lock, beside a running desk or without one.
    """
    if read_only:
        return EmbeddedStore(await asyncio.to_thread(opening.look, data, master), None)
    disk = disk or Disk()
    return EmbeddedStore(await asyncio.to_thread(opening.take, data, master, disk), disk)


_Name = tuple[str, str]  #: table and key
_SHREDS = "shreds"  #: in place of a table: what is being destroyed takes no commits meanwhile


class _Pending(NamedTuple):
    """A commit on its way to the disk."""

    names: set[_Name]
    records: tuple[Stored, ...]
    commit: Commit
    done: asyncio.Future[int]


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
        return self._view.get(InboundMail, mail_id) or self._log.fresh.get(mail_id)

    def having(self, status: MailStatus) -> list[str]:
        """Ids, oldest first."""
        ids = self._view.mails.having(status)
        return sorted([*ids, *self._log.fresh]) if status is MailStatus.RECEIVED else ids

    def all(self) -> list[str]:
        """Ids, oldest first."""
        return sorted([*self._view.keys(InboundMail), *self._log.fresh])


class EmbeddedStore:
    """Implements `storage.store.Store`."""

    def __init__(self, found: opening.Opened, disk: Disk | None) -> None:
        """`disk` None = for reading only."""
        self._folder = found.folder
        self._disk = disk
        self._lock = found.lock
        self._keyring = found.keyring
        self._view = found.view
        self._reader = found.reader
        self._journal: Journal | None = None
        if disk is not None:
            self._journal = Journal(disk, found.reader, self._landed, self._refused)
        self._log = MailLog(
            found.folder / opening.MAILS, found.keyring, found.log, self._view.arrived, disk
        )
        self._log.fresh.update({mail.id: mail for mail in found.fresh})
        self._mails = EmbeddedMails(self._log, self._view)
        self.mails: Mails = self._mails
        self.keys = found.keyring.keys
        self._pending: dict[int, _Pending] = {}
        self._in_flight: set[_Name] = set()
        self._change: asyncio.Future[None] | None = None
        self._since_snapshot = found.replayed
        self._snapshot: asyncio.Task[None] | None = None
        self._snapshot_slot = found.snapshot_slot
        self._shredding: set[asyncio.Task[None]] = set()
        self._failed = self._closed = False

    # --- writing ----------------------------------------------------------------------------

    async def commit(self, commit: Commit) -> int:
        journal = self._writable()
        await self._keyring.room(2 * len(commit.puts) + 2)
        names = self._checked(commit)
        records = tuple(msgspec.structs.replace(put, rev=put.rev + 1) for put in commit.puts)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        seq = journal.append(commit, sheets.sealed(commit, records, self._key_of))
        self._pending[seq] = _Pending(names, records, commit, done)
        self._in_flight |= names
        return await done

    def _key_of(self, owner: Owner) -> DataKey:
        """The key of a life; a fresh one when it has none yet."""
        if owner == DESK:
            return self._keyring.desk
        slot = self._view.slots.get(owner)
        key = self._keyring.key(slot) if slot is not None else None
        if slot is not None and key is not None:
            return DataKey(slot, key)
        fresh = self._keyring.take()
        self._view.slots[owner] = fresh.slot
        return fresh

    def _writable(self) -> Journal:
        if self._journal is None:
            raise StoreError("The store is open for reading only; changes go through `desk run`.")
        return self._journal

    def _checked(self, commit: Commit) -> set[_Name]:
        """Compare and set: against what is stored and what is on its way to be."""
        names: set[_Name] = set()
        for put in commit.puts:
            name = (put.table, put.key)
            if name in self._in_flight or self._view.rev(*name) != put.rev:
                raise _overtaken(put.key)
            names.add(name)
        if len(names) < len(commit.puts):
            raise ValueError("a commit puts each record once")
        if commit.case and (_SHREDS, commit.case) in self._in_flight:
            raise _overtaken(commit.case)
        return names | {(_SHREDS, shred.key) for shred in commit.shreds}

    def _landed(self, lines: list[Written]) -> None:
        """The lines are durable: what they say is so. Called on the loop, in order."""
        for line in lines:
            pending = self._pending.pop(line.seq)
            for record in pending.records:
                self._view.put(record, pending.commit.case)
                if isinstance(record, InboundMail):
                    self._log.known(record.id)
            if pending.commit.shreds:
                task = asyncio.create_task(self._shred(line.seq, pending))
                self._shredding.add(task)
                task.add_done_callback(self._shredding.discard)
                continue
            self._in_flight -= pending.names
            _answer(pending.done, line.seq)
        self._since_snapshot += len(lines)
        self._wake()
        self._snapshot_if_due()

    async def _shred(self, seq: int, pending: _Pending) -> None:
        """The line says what is gone; now it goes. A start that finds the line does it again."""
        gone = [self._view.forget(shred) for shred in pending.commit.shreds]
        slots = [slot for slot in gone if slot is not None]
        try:
            await asyncio.to_thread(self._keyring.shred, slots)
        except StoreError as error:
            self._failed = True
            _answer(pending.done, error)
        else:
            _answer(pending.done, seq)
        finally:
            self._in_flight -= pending.names
            self._wake()

    def _refused(self, lines: list[Written], error: StoreError) -> None:
        self._failed = self._failed or isinstance(error, StoreFailed)
        for line in lines:
            pending = self._pending.pop(line.seq)
            self._in_flight -= pending.names
            _answer(pending.done, error)
        self._wake()

    async def seal(self, now: datetime) -> Mark:
        journal = self._writable()
        last = await self.mark(SEAL) or Mark(id=SEAL, at=now)
        through, heads = journal.position.seq, journal.heads()
        said = await asyncio.to_thread(seal_of, heads, last.note)
        mark = msgspec.structs.replace(last, at=now, count=through, note=said)
        note = f"{through} {said}"
        await self.commit(Commit(at=now, actor="desk", act=SEAL, note=note, puts=(mark,)))
        return msgspec.structs.replace(mark, rev=mark.rev + 1)

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()  # there is no other process

    def changed(self) -> Coroutine[Any, Any, None]:
        """Counts from the call, not from the first await."""
        if self._change is None:
            self._change = asyncio.get_running_loop().create_future()
        return _wait(self._change)

    def _wake(self) -> None:
        if self._change is not None:
            self._change.set_result(None)
            self._change = None

    async def next_reference(self, year: int) -> str:
        return self._view.cases.next_reference(year)

    async def claim(self, now: datetime, lease: timedelta) -> OutboxMessage | None:
        self._writable()
        while True:
            found = self._view.outbox.lanes.first(now, self._busy)
            message = self._view.get(OutboxMessage, found) if found else None
            if message is not None:
                return await self._claim(message, now, now + lease)
            next_at = self._view.outbox.lanes.next_at()
            if next_at is None or next_at > now:
                return None
            await self.changed()  # what is being written now may be free next

    def _busy(self, message_id: str) -> bool:
        return (OutboxMessage.table, message_id) in self._in_flight

    async def _claim(self, message: OutboxMessage, now: datetime, until: datetime) -> OutboxMessage:
        """Durable when this returns; until then the lane is held in memory."""
        claimed = msgspec.structs.replace(
            message, attempts=message.attempts + 1, claimed_until=until
        )
        self._view.outbox.lanes.hold(message.lane, message.id, HELD)
        attempt = Commit(at=now, actor="desk", act="attempt", case=message.case, puts=(claimed,))
        try:
            await self.commit(attempt)
        except BaseException:
            self._view.again(message)
            raise
        return msgspec.structs.replace(claimed, rev=claimed.rev + 1)

    # --- snapshots and the end --------------------------------------------------------------

    def _snapshot_if_due(self) -> None:
        running = self._snapshot is not None and not self._snapshot.done()
        # a snapshot past a shred's line must not be there before the key is gone: no replay
        # would come by that line again
        if (
            running
            or self._shredding
            or self._since_snapshot < max(SNAPSHOT_COMMITS, self._view.size() // 10)
        ):
            return
        self._snapshot = asyncio.create_task(self._write_snapshot(self._picture()))

    def _picture(self) -> snapshot.Picture:
        """References only, taken between two commits; rows never change, so this is quick."""
        journal = self._writable()
        self._since_snapshot = 0
        places, mark = self._log.picture()
        slots = dict(self._view.slots)
        rows, heads, used = self._view.rows(), journal.heads(), self._keyring.used
        return snapshot.Picture(journal.position, rows, heads, slots, places, mark, used)

    async def _write_snapshot(self, picture: snapshot.Picture) -> None:
        """The journal has it all: without this one the next start only takes longer."""
        try:
            await self._keyring.room(1)
            key = self._keyring.take()
            disk = self._disk or Disk()
            await asyncio.to_thread(snapshot.write, disk, self._folder, picture, key)
        except (OSError, StoreFull) as error:
            log.warning("no snapshot could be written (%s)", type(error).__name__)
            return
        before, self._snapshot_slot = self._snapshot_slot, key.slot
        if before is not None:
            await asyncio.to_thread(self._keyring.shred, [before])

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._journal is None or self._lock is None:
            await self._keyring.close()
            return
        await self._journal.close()
        await self._log.close()
        await asyncio.gather(*self._shredding)
        if self._snapshot is not None:
            await self._snapshot
        if not self._failed:
            await self._write_snapshot(self._picture())
        await self._keyring.close()
        self._lock.release()
        self._wake()

    # --- reading ----------------------------------------------------------------------------

    async def case(self, ref: str) -> Case | None:
        return self._view.get(Case, ref)

    async def cases(self, refs: Iterable[str] | None = None) -> tuple[Case, ...]:
        if refs is not None:
            return tuple([case async for case in self._each(Case, refs)])
        found = [case async for case in self._each(Case, list(self._view.cases.open))]
        found.sort(key=lambda case: (case.due.due_on, case.ref))
        return tuple(found)

    async def all_cases(self) -> AsyncIterator[Case]:
        async for case in self._each(Case, sorted(self._view.keys(Case))):
            yield case

    async def cases_of(self, requester_hash: str) -> tuple[Case, ...]:
        found = list(self._view.each(Case, self._view.cases.of_requester(requester_hash)))
        return tuple(sorted(found, key=lambda case: (case.received_at, case.ref), reverse=True))

    async def case_with_message(self, message_id: str) -> Case | None:
        for case in self._view.each(Case, sorted(self._view.cases.with_message(message_id))):
            if message_id in case.message_ids:
                return case
        return None

    async def cases_to_remind(self, now: datetime, limit: int = 100) -> tuple[Case, ...]:
        return tuple(self._view.each(Case, self._view.cases.to_remind(now, limit)))

    async def next_remind_at(self) -> datetime | None:
        return self._view.cases.next_remind_at()

    async def mail(self, mail_id: str) -> InboundMail | None:
        return self._mails.get(mail_id)

    async def all_mails(self) -> AsyncIterator[InboundMail]:
        for number, mail_id in enumerate(self._mails.all(), start=1):
            if (mail := self._mails.get(mail_id)) is not None:
                yield mail
            if number % _PAGE == 0:
                await asyncio.sleep(0)

    async def mails_with(self, status: MailStatus) -> tuple[InboundMail, ...]:
        found = (self._mails.get(mail_id) for mail_id in self._mails.having(status))
        return tuple(mail for mail in found if mail is not None)

    async def earlier_mail(self, mail: InboundMail, within: timedelta) -> InboundMail | None:
        for mail_id in self._view.mails.alike(mail):
            other = self._mails.get(mail_id)
            if other is not None and is_repeat(mail, other, within):
                return other
        return None

    async def message(self, message_id: str) -> OutboxMessage | None:
        return self._view.get(OutboxMessage, message_id)

    async def messages_of(self, ref: str) -> tuple[OutboxMessage, ...]:
        return tuple(self._view.each(OutboxMessage, self._view.outbox.of_case(ref)))

    async def messages_with(self, status: OutboxStatus) -> tuple[OutboxMessage, ...]:
        keys = self._view.outbox.having(status)
        return tuple([message async for message in self._each(OutboxMessage, keys)])

    async def next_send_at(self) -> datetime | None:
        when = self._view.outbox.lanes.next_at()
        return None if when == HELD else when

    async def mark(self, mark_id: str) -> Mark | None:
        return self._view.get(Mark, mark_id)

    async def suppression(self, address_hash: str) -> Suppression | None:
        return self._view.get(Suppression, address_hash)

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

    async def verify(self, step: Step) -> tuple[str, ...]:
        last = (self._journal or self._reader).position.seq
        path, folder = self._reader.path, self._folder / opening.MAILS
        shown = Evidence(path, last, folder, self._log.end)
        return await verify(self, shown, self._keyring.key, step)

    async def _each(self, kind: type[Kept], keys: Iterable[str]) -> AsyncIterator[Kept]:
        """Page by page, so that many records never keep the event loop for long."""
        rest: Iterator[str] = iter(keys)
        while page := list(islice(rest, _PAGE)):
            for record in self._view.each(kind, page):
                yield record
            await asyncio.sleep(0)


def _overtaken(key: str) -> Conflict:
    return Conflict(f"{key} was changed by someone else; read it again and decide anew.")


def _answer(done: asyncio.Future[int], outcome: int | StoreError) -> None:
    if done.done():
        return
    if isinstance(outcome, StoreError):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


async def _wait(future: asyncio.Future[None]) -> None:
    await asyncio.shield(future)
