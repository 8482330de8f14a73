"""The store in PostgreSQL: several processes may share it, on several machines.

A commit is one transaction: the records by compare and set, then the line of its chain. Keys are
locked first, then rows in one order, the chain's head last and for the shortest time, so nobody
waits in a circle. What is read is committed; nothing is kept in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from storage.backup import Made, make
from storage.chain import seal_of
from storage.errors import Conflict
from storage.postgres import journal, outbox, schema
from storage.postgres.backup import Shown, Wait
from storage.postgres.commit import Writer
from storage.postgres.database import Ask, Connection, Database, Params, Snapshot, rows
from storage.postgres.evidence import PostgresEvidence
from storage.postgres.keys import KeyTable
from storage.postgres.mails import PostgresMails
from storage.postgres.node import LIFE, Node
from storage.postgres.rows import halves_of, opened
from storage.records import (
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
    Tally,
)
from storage.rows import is_repeat, mail_fingerprint
from storage.sealing import MasterKey
from storage.store import Mails
from storage.verify import SEAL, Step, verify

Kept = TypeVar("Kept", Case, InboundMail, OutboxMessage, Suppression, Mark)

_LOOKS = 50  #: for a message, while others change what is found
_PAGE = 100  #: records read, opened and handed on before the event loop gets its turn
_NUMBER = """
    insert into case_numbers (year, last) values (%s, 1)
    on conflict (year) do update set last = case_numbers.last + 1 returning last
"""


_TALLY = """
    select
        (select count(*) from cases where received_at > %(since)s),
        (select count(*) from cases where closed and ended_at > %(since)s),
        (select count(*) from cases where closed and answered),
        (select count(*) from mails where status = 'ignored' and received_at > %(since)s)
"""


async def open_postgres(
    url: str, master: MasterKey, *, read_only: bool = False, life: float = LIFE
) -> "PostgresStore":
    """Open the database, and bring its tables up to date. Raises StoreError, StoreAway,
    KeyFileError; nothing was changed then.

    Read-only: beside running desks or without one. `life`: seconds after its last sign of life
    that this process still counts as alive.
    """
    database = Snapshot(url) if read_only else Database(url)
    try:
        await database.open()
        known = schema.migrations()
        prepare = schema.check if read_only else schema.prepare
        await prepare(database, known)
        keys = KeyTable(database, master)
        await keys.open(make=not read_only)
        await schema.check_whole(database)
        store = PostgresStore(database, keys, master, life)
        if not read_only:
            await store.start()
    except BaseException:
        await database.close()
        raise
    return store


def backup_postgres(url: str, master: MasterKey, folder: Path, now: datetime, step: Step) -> Made:
    """Make a backup in `folder`, of one state of the database, beside all that goes on.

    Blocks. Raises StoreError, StoreAway, KeyFileError; earlier backups are as they were then.
    """
    with asyncio.Runner() as runner:
        store = runner.run(open_postgres(url, master, read_only=True))
        try:
            return make(runner.run(store.shown(runner.run)), folder, now, step)
        finally:
            runner.run(store.close())


class PostgresStore:
    """Implements `storage.store.Store`."""

    def __init__(self, database: Database, keys: KeyTable, master: MasterKey, life: float) -> None:
        self._database = database
        self._master = master
        self._table = keys
        self._writer = Writer(keys)
        self._node = Node(database, self._wake, life)
        self._mails = PostgresMails(database, keys, self._node.name, self._mails_of, again=life / 3)
        self.mails: Mails = self._mails
        self.keys = keys.keys
        self._change: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Be one of those that work on this database."""
        await self._node.start()

    async def close(self) -> None:
        await self._mails.close()
        await self._node.stop()
        await self._database.close()
        self._wake()

    # --- writing ----------------------------------------------------------------------------

    async def commit(self, commit: Commit) -> int:
        """Raises StoreAway too; then it may be written all the same."""
        if len({(put.table, put.key) for put in commit.puts}) < len(commit.puts):
            raise ValueError("a commit puts each record once")
        seq = await self._database.written(lambda within: self._writer.write(within, commit))
        self._wake()
        self._node.ring()
        return seq

    async def seal(self, now: datetime) -> Mark:
        # before the chains: a seal that another process makes in between is a conflict then, where
        # this one would cover less than the one it follows
        last = await self.mark(SEAL) or Mark(id=SEAL, at=now)
        through, heads = await self._database.written(journal.heads)
        said = await asyncio.to_thread(seal_of, heads, last.note)
        mark = msgspec.structs.replace(last, at=now, count=through, note=said)
        note = f"{through} {said}"
        await self.commit(Commit(at=now, actor="desk", act=SEAL, note=note, puts=(mark,)))
        return msgspec.structs.replace(mark, rev=mark.rev + 1)

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
        ((number,),) = await self._database.rows(_NUMBER, (year,))
        return f"PR-{year:04d}-{number:04d}"

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        number = int.from_bytes(bytes.fromhex(self.keys.fingerprint("turn", name)), signed=True)
        return self._node.turn(number)

    # --- the outbox -------------------------------------------------------------------------

    async def claim(self, now: datetime, lease: timedelta) -> OutboxMessage | None:
        for _ in range(_LOOKS):
            with suppress(Conflict):  # it was changed while we looked: look anew
                claimed = await self._database.written(
                    lambda within: self._claim(within, now, lease)
                )
                if claimed is not None:
                    self._wake()
                    self._node.ring()
                return claimed
        return None

    async def _claim(
        self, within: Connection, now: datetime, lease: timedelta
    ) -> OutboxMessage | None:
        lane = await outbox.take_lane(within, self._node.name, now)
        if lane is None:
            return None
        key = await outbox.first(within, lane, now)
        found = await self._read(OutboxMessage, [key] if key else [], partial(rows, within))
        if not found:
            raise Conflict(f"The lane {lane} has changed.")
        message = found[0]
        claimed = msgspec.structs.replace(
            message, attempts=message.attempts + 1, claimed_until=now + lease
        )
        await self._writer.write(
            within, Commit(at=now, actor="desk", act="attempt", case=message.case, puts=(claimed,))
        )
        await outbox.lease(within, self._node.name, message, lease)
        return msgspec.structs.replace(claimed, rev=claimed.rev + 1)

    async def next_send_at(self) -> datetime | None:
        return await outbox.next_send_at(self._database, self._node.name)

    # --- reading ----------------------------------------------------------------------------

    async def case(self, ref: str) -> Case | None:
        return await self._one(Case, ref)

    async def cases(self, refs: Iterable[str] | None = None) -> tuple[Case, ...]:
        if refs is None:
            refs = await self._keys("cases where not closed order by due_on, key")
        return tuple([case async for case in self._each(Case, refs)])

    def all_cases(self) -> AsyncIterator[Case]:
        return self._all(Case)

    async def tally(self, since: datetime) -> Tally:
        ((opened, closed, unread, ignored),) = await self._database.rows(_TALLY, {"since": since})
        return Tally(opened=opened, closed=closed, unread=unread, ignored=ignored)

    async def cases_of(self, requester_hash: str) -> tuple[Case, ...]:
        query = "cases where requester = %s order by received_at desc, key desc"
        return await self._those(Case, query, (requester_hash,))

    async def case_with_message(self, message_id: str) -> Case | None:
        query = "cases where messages @> array[%s::text] order by key"
        for case in await self._those(Case, query, (self.keys.fingerprint(message_id),)):
            if message_id in case.message_ids:
                return case
        return None

    async def cases_to_remind(self, now: datetime, limit: int = 100) -> tuple[Case, ...]:
        query = "cases where remind_at <= %s order by remind_at, key limit %s"
        return await self._those(Case, query, (now, limit))

    async def next_remind_at(self) -> datetime | None:
        found: list[tuple[datetime | None]]
        found = await self._database.rows("select min(remind_at) from cases")
        return found[0][0]

    async def mail(self, mail_id: str) -> InboundMail | None:
        return await self._one(InboundMail, mail_id)

    def all_mails(self) -> AsyncIterator[InboundMail]:
        return self._all(InboundMail)

    async def mails_with(self, status: MailStatus) -> tuple[InboundMail, ...]:
        query = "mails where status = %s order by key"
        return await self._those(InboundMail, query, (status.value,))

    async def _mails_of(self, keys: list[str]) -> list[InboundMail]:
        return [mail async for mail in self._each(InboundMail, keys)]

    async def earlier_mail(self, mail: InboundMail, within: timedelta) -> InboundMail | None:
        query = "mails where print = %s and received_at between %s and %s order by received_at, key"
        near = (mail.received_at - within, mail.received_at + within)
        keys = await self._keys(query, (mail_fingerprint(mail, self.keys), *near))
        async for other in self._each(InboundMail, keys):
            if is_repeat(mail, other, within):
                return other
        return None

    async def message(self, message_id: str) -> OutboxMessage | None:
        return await self._one(OutboxMessage, message_id)

    async def messages_of(self, ref: str) -> tuple[OutboxMessage, ...]:
        query = "outbox where case_ref = %s order by position"
        return await self._those(OutboxMessage, query, (ref,))

    async def messages_with(self, status: OutboxStatus) -> tuple[OutboxMessage, ...]:
        query = "outbox where status = %s order by position"
        return await self._those(OutboxMessage, query, (status.value,))

    async def mark(self, mark_id: str) -> Mark | None:
        return await self._one(Mark, mark_id)

    async def suppression(self, address_hash: str) -> Suppression | None:
        return await self._one(Suppression, address_hash)

    def all_suppressions(self) -> AsyncIterator[Suppression]:
        return self._all(Suppression)

    def history(self, ref: str | None = None) -> AsyncIterator[Entry]:
        return journal.history(self._database, self._table, ref)

    async def verify(self, step: Step) -> tuple[str, ...]:
        """Of the state as it is now, beside all that goes on."""
        still = await open_postgres(self._database.url, self._master, read_only=True)
        try:
            shown = PostgresEvidence(still._database, still._table)  # noqa: SLF001  the same class
            return await verify(still, shown, shown.key, step)
        finally:
            await still.close()

    async def records(self) -> AsyncIterator[Stored]:
        """Every record there is."""
        kept: tuple[AsyncIterator[Stored], ...] = (
            self._all(Case),
            self._all(InboundMail),
            self._all(OutboxMessage),
            self._all(Suppression),
            self._all(Mark),
        )
        for records in kept:
            async for record in records:
                yield record

    async def shown(self, wait: Wait[Any]) -> Shown:
        """This state as the files of an embedded store, to be backed up."""
        waiting = await self.mails_with(MailStatus.RECEIVED)
        fresh = [mail for mail in waiting if not mail.rev]
        return Shown(self._database, self._table, self._mails, fresh, wait)

    async def _one(self, kind: type[Kept], key: str) -> Kept | None:
        found = await self._read(kind, [key])
        return found[0] if found else None

    async def _those(self, kind: type[Kept], query: str, params: Params = None) -> tuple[Kept, ...]:
        keys = await self._keys(query, params)
        return tuple([record async for record in self._each(kind, keys)])

    async def _keys(self, query: str, params: Params = None) -> list[str]:
        return [key for (key,) in await self._database.rows(f"select key from {query}", params)]

    async def _all(self, kind: type[Kept]) -> AsyncIterator[Kept]:
        after = ""
        query = f"{kind.table} where key > %s order by key limit {_PAGE}"
        while keys := await self._keys(query, (after,)):
            for record in await self._read(kind, keys):
                yield record
            after = keys[-1]

    async def _each(self, kind: type[Kept], keys: Iterable[str]) -> AsyncIterator[Kept]:
        """In the order of the keys, page by page."""
        rest: Iterator[str] = iter(keys)
        while page := list(islice(rest, _PAGE)):
            for record in await self._read(kind, page):
                yield record

    async def _read(self, kind: type[Kept], keys: list[str], ask: Ask | None = None) -> list[Kept]:
        ask = ask or self._database.rows
        query = f"select {halves_of(kind.table)} from {kind.table} where key = any(%s)"
        found = {row[0]: row for row in await ask(query, (keys,))}
        key_of = await self._table.opener(ask, (blob for row in found.values() for blob in row[1:]))
        records = (opened(kind.table, found[key], key_of) for key in keys if key in found)
        return [record for record in records if isinstance(record, kind)]


async def _wait(future: asyncio.Future[None]) -> None:
    await asyncio.shield(future)
