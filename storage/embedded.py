"""The embedded store: one process, nothing to install. Journal first, view second.

A commit is checked against the view and against what is still on its way to the disk, appended
to the journal, and put into the view when its line is durable; only then does it return. What
is read is therefore always durable. Nothing walks all cases per mail or per commit.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from storage import opening, sheets, snapshot
from storage.archiving import Archivist
from storage.chain import seal_of
from storage.disk import Disk
from storage.errors import Conflict, StoreError, StoreFailed
from storage.evidence import Evidence
from storage.journal import Journal, Written
from storage.lanes import HELD
from storage.mails import Known
from storage.reading import Reading
from storage.records import Commit, InboundMail, Mark, OutboxMessage, Stored
from storage.sealing import DataKey, MasterKey
from storage.sheets import DESK, Owner
from storage.verify import SEAL, Step, verify

log = logging.getLogger(__name__)

#: A snapshot after this many commits, or a tenth of the records when that is more: writing one
#: costs as much as there are records, replaying costs as much as there are commits since.
SNAPSHOT_COMMITS = 5_000
#: And so long after a shred, with all that was shredded till then.
SHRED_SECONDS = 60.0


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


class EmbeddedStore(Reading):
    """Implements `storage.store.Store`."""

    _change: asyncio.Future[None] | None = None
    _snapshot: asyncio.Task[None] | None = None
    _soon: asyncio.TimerHandle | None = None
    _failure: StoreError | None = None
    _closed = False

    def __init__(self, found: opening.Opened, disk: Disk | None) -> None:
        """`disk` None = for reading only."""
        super().__init__(found, disk)
        self._folder = found.folder
        self._disk = disk or Disk()
        self._lock = found.lock
        if disk is not None:
            self._journal = Journal(disk, found.reader, self._landed, self._refused)
        self._pending: dict[int, _Pending] = {}
        self._in_flight: set[_Name] = set()
        self._since_snapshot = found.replayed
        self._snapshot_slot = found.snapshot_slot
        self._shredding: set[asyncio.Task[None]] = set()
        self._log.failed = self._fail
        if found.shredded and disk is not None:
            self._snapshot_soon()

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
        slot = self._view.slots[owner]
        key = self._keyring.key(slot) if slot is not None else None
        if slot is not None and key is not None:
            return DataKey(slot, key)
        fresh = self._keyring.take()
        self._view.slots[owner] = fresh.slot
        return fresh

    def _writable(self) -> Journal:
        if self._journal is None:
            raise StoreError("The store is open for reading only; changes go through `desk run`.")
        if self._failure is not None:
            raise StoreFailed(str(self._failure))
        return self._journal

    def _checked(self, commit: Commit) -> set[_Name]:
        """Compare and set: against what is stored and what is on its way to be."""
        names: set[_Name] = set()
        for put in commit.puts:
            name = (put.table, put.key)
            taken = name in self._in_flight or self._view.rev(*name) != put.rev
            # what is sealed under a key that is being destroyed would be lost with it
            dying = (_SHREDS, sheets.owner_of(commit.case, put).key) in self._in_flight
            if taken or dying:
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
            at = self._view.heard(pending.commit.at)
            for record in pending.records:
                self._view.put(record, pending.commit.case, at)
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
            self._fail(error)
            _answer(pending.done, error)
        else:
            _answer(pending.done, seq)
            self._snapshot_soon()
        finally:
            self._in_flight -= pending.names
            self._wake()

    def _refused(self, lines: list[Written], error: StoreError) -> None:
        if isinstance(error, StoreFailed):
            self._fail(error)
        for line in lines:
            pending = self._pending.pop(line.seq)
            self._in_flight -= pending.names
            _answer(pending.done, error)
        self._wake()

    async def seal(self, now: datetime) -> Mark:
        journal = self._writable()
        last = await self.mark(SEAL) or Mark(id=SEAL, at=now)
        through, heads, archived = journal.position.seq, journal.heads(), self._view.archived.held()
        said = await asyncio.to_thread(
            lambda: seal_of({**archived.all_heads(), **heads}, last.note)
        )
        mark = msgspec.structs.replace(last, at=now, count=through, note=said)
        note = f"{through} {said}"
        await self.commit(Commit(at=now, actor="desk", act=SEAL, note=note, puts=(mark,)))
        return msgspec.structs.replace(mark, rev=mark.rev + 1)

    def _fail(self, error: StoreError) -> None:
        """Nothing is taken any more; who waits for a change comes and hears of it."""
        self._failure = self._failure or error
        self._wake()

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

    async def verify(self, step: Step) -> tuple[str, ...]:
        last = (self._journal or self._reader).position.seq
        path, folder = self._reader.path, self._folder / opening.MAILS
        shown = Evidence(path, last, folder, self._log.end)
        return await verify(self, shown, self._keyring.key, step)

    # --- snapshots and the end --------------------------------------------------------------

    def _snapshot_if_due(self) -> None:
        running = self._snapshot is not None and not self._snapshot.done()
        if running or self._since_snapshot < max(SNAPSHOT_COMMITS, self._view.size() // 10):
            return
        self._snapshot = asyncio.create_task(self._write_snapshot())

    def _snapshot_soon(self) -> None:
        """Something was shredded, and the last snapshot still has it, under a key of its own."""
        if self._soon is None and not self._closed:
            self._soon = asyncio.get_running_loop().call_later(SHRED_SECONDS, self._renew)

    def _renew(self) -> None:
        self._soon = None
        if self._failure is not None:
            return
        if self._snapshot is not None and not self._snapshot.done():
            self._snapshot_soon()  # that one may have begun before the shred
        else:
            self._snapshot = asyncio.create_task(self._write_snapshot())

    def _picture(self) -> snapshot.Picture:
        """References only, taken between two commits; rows never change, so this is quick."""
        journal, view = self._writable(), self._view
        self._since_snapshot = 0
        return snapshot.Picture(
            position=journal.position,
            rows=view.rows(),
            heads=journal.heads(),
            slots=dict(view.slots),  # type: ignore[arg-type]  # what is in it is never None
            log=Known(self._log.mark(), dict(view.places), frozenset()),  # type: ignore[arg-type]  # here, too
            archived=view.archived.held(),
            months={},
            numbers=view.cases.numbers(),
            positions=view.positions,
            used=self._keyring.used,
            before=self._snapshot_slot,
        )

    def _archivist(self) -> Archivist:
        journal = self._writable()
        return Archivist(self._view, journal, self._keyring, self._archive, self._disk)

    async def _write_snapshot(self) -> None:
        """The journal has it all: without this one the next start only takes longer."""
        try:
            await self._archivist().work()
            await self._keyring.room(1)
            key = self._keyring.take()
            # a snapshot past a shred's line must not be there before the key is gone: no replay
            # would come by that line again
            while self._shredding:
                await asyncio.wait(tuple(self._shredding))
            picture, archive = self._picture(), self._archive
            await asyncio.to_thread(snapshot.renew, self._folder, picture, key, archive, self._disk)
        except (OSError, StoreError) as error:
            log.warning("no snapshot could be written (%s)", type(error).__name__)
            return
        before, self._snapshot_slot = self._snapshot_slot, key.slot
        if before is None:
            return
        try:
            await asyncio.to_thread(self._keyring.shred, [before])
        except StoreError as error:
            log.critical("the key of an old snapshot could not be destroyed")
            self._fail(error)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._soon is not None:
            self._soon.cancel()
        if self._journal is None or self._lock is None:
            self._archive.close()
            await self._keyring.close()
            return
        await self._journal.close()
        await self._log.close()
        await asyncio.gather(*self._shredding)
        if self._snapshot is not None:
            await self._snapshot
        if self._failure is None:
            await self._write_snapshot()
        self._archive.close()
        await self._keyring.close()
        self._lock.release()
        self._wake()


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
