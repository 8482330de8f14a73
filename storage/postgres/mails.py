"""Raw mail in PostgreSQL: sealed, many in one INSERT when many wait, durable before it returns."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from storage.errors import UnknownReference
from storage.mails import mail_of, sealed_mail
from storage.postgres.database import Connection, Database
from storage.postgres.keys import KeyTable
from storage.postgres.rows import Columns, columns_of
from storage.records import Arrival, InboundMail, MailStatus, new_id
from storage.sealing import DataKey, slot_of, unseal
from storage.sheets import DESK, Owner

GROUP_BYTES = 8 * 1024 * 1024  #: in one transaction; more would make the first wait for the last
PIECE_BYTES = 512 * 1024  #: sent or read within a few milliseconds
_QUICK_BYTES = 512 * 1024  #: hashed and sealed within a few milliseconds
_INSERT = """
    insert into mails (key, rev, skeleton, content, slot, status, received_at, print, node)
    select *, %(node)s::text from unnest(
        %(key)s::text[], %(rev)s::bigint[], %(skeleton)b::bytea[], %(content)b::bytea[],
        %(slot)s::bigint[], %(status)s::text[], %(received_at)s::timestamptz[], %(print)s::text[]
    )
"""
PIECES = """
    insert into raws (key, number, piece)
    select * from unnest(%s::text[], %s::integer[], %b::bytea[])
"""
_RAW = """
    select piece from raws where key = %(key)s and number >= %(from)s and number < %(from)s + 2
    order by number
"""
_TAKE = """
    update mails set node = %(node)s where key in (
        select key from mails m
        where m.status = 'received' and m.key > %(after)s and (
            m.node is null or m.node = %(node)s
            or not exists (select from nodes n where n.node = m.node and n.alive_until > now())
        )
        order by m.key limit 32 for update skip locked
    )
    returning key
"""


class _Coming(NamedTuple):
    mail: InboundMail
    row: Columns
    raw: bytes
    key: DataKey
    done: asyncio.Future[InboundMail]


class PostgresMails:
    """Implements `storage.store.Mails`."""

    def __init__(
        self,
        database: Database,
        keys: KeyTable,
        node: str,
        mails_of: Callable[[list[str]], Awaitable[list[InboundMail]]],
        again: float,
    ) -> None:
        self.again: float | None = again
        self._database = database
        self._keys = keys
        self._node = node
        self._mails_of = mails_of
        self._coming: deque[_Coming] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def append(self, arrival: Arrival) -> InboundMail:
        """Committed when this returns. Raises StoreAway, StoreFull."""
        self._database.check_writable()
        key = await self._keys.fresh()
        if len(arrival.content) < _QUICK_BYTES:
            kept = self._kept(arrival, key)
        else:
            kept = await asyncio.to_thread(self._kept, arrival, key)
        coming = _Coming(*kept, key, asyncio.get_running_loop().create_future())
        self._coming.append(coming)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await coming.done

    def _kept(self, arrival: Arrival, key: DataKey) -> tuple[InboundMail, Columns, bytes]:
        mail = mail_of(new_id(arrival.received_at), arrival)
        own = {Owner("raw", mail.id): key, DESK: self._keys.desk}
        row = columns_of(None, mail, own.__getitem__, self._keys.keys)
        return mail, row, sealed_mail(mail, arrival.content, key)[1]

    async def _write(self) -> None:
        """What came while a group was written is the next group."""
        while self._coming:
            group = self._group()
            try:
                await self._database.written(partial(self._insert, group))
            except Exception as error:  # noqa: BLE001  who waits must hear of whatever it is
                for coming in group:
                    if not coming.done.done():
                        coming.done.set_exception(error)
            else:
                for coming in group:
                    if not coming.done.done():
                        coming.done.set_result(coming.mail)

    def _group(self) -> list[_Coming]:
        group, size = [self._coming.popleft()], 0
        while self._coming and (size := size + group[-1].mail.size) < GROUP_BYTES:
            group.append(self._coming.popleft())
        return group

    async def _insert(self, group: list[_Coming], connection: Connection) -> None:
        own = {Owner("raw", coming.mail.id): coming.key for coming in group}
        await self._keys.keep(connection, own)
        columns = {name: [coming.row[name] for coming in group] for name in group[0].row}
        await connection.execute(_INSERT, columns | {"node": self._node})
        for some in pieces((coming.mail.id, coming.raw) for coming in group):
            await connection.execute(PIECES, [list(column) for column in zip(*some, strict=True)])

    async def raw(self, mail_id: str) -> bytes:
        """The content as received. Raises UnknownReference, StoreDamaged, StoreAway."""
        sealed = await self.sealed(mail_id)
        key_of = await self._keys.opener(self._database.rows, [sealed])
        key = key_of(slot_of(sealed)) if sealed is not None else None
        if sealed is None or key is None:
            raise UnknownReference(await self._why_not(mail_id))
        if len(sealed) < _QUICK_BYTES:
            return unseal(key, sealed, mail_id.encode())
        return await asyncio.to_thread(unseal, key, sealed, mail_id.encode())

    async def sealed(self, mail_id: str) -> bytes | None:
        """The content as it is kept; None = there is none."""
        pieces: list[bytes] = []
        while found := await self._database.rows(_RAW, {"key": mail_id, "from": len(pieces)}):
            pieces += [piece for (piece,) in found]
        return b"".join(pieces) if pieces else None

    async def _why_not(self, mail_id: str) -> str:
        if await self._database.rows("select 1 from mails where key = %s", (mail_id,)):
            return (
                f"The content of mail {mail_id} was destroyed at the end of its time; "
                "`desk mails` shows what is left of it."
            )
        return f"There is no mail {mail_id}; `desk mails` lists them all."

    async def waiting(self) -> AsyncIterator[InboundMail]:
        """Each is this process's from then on, for as long as that lives."""
        after = ""
        while found := await self._database.rows(_TAKE, {"node": self._node, "after": after}):
            keys = sorted(key for (key,) in found)
            after = keys[-1]
            for mail in await self._mails_of(keys):
                if mail.status is MailStatus.RECEIVED:
                    yield mail

    async def close(self) -> None:
        """Return when all that came is written or refused."""
        if self._writing is not None:
            await self._writing


def pieces(raws: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, int, bytes]]]:
    """Sealed contents, by id, in statements of about one piece each."""
    some: list[tuple[str, int, bytes]] = []
    size = 0
    for mail_id, raw in raws:
        for number, start in enumerate(range(0, len(raw), PIECE_BYTES)):
            piece = raw[start : start + PIECE_BYTES]
            some.append((mail_id, number, piece))
            if (size := size + len(piece)) >= PIECE_BYTES:
                yield some
                some, size = [], 0
    if some:
        yield some
