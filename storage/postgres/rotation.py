"""The keyring of a database under another master key: in one transaction, with no desk at work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import StoreBusy, StoreDamaged
from storage.postgres.database import Connection, Database, rows
from storage.sealing import SECRET_SLOT, MasterKey
from storage.verify import Step

Answer = TypeVar("Answer")
_PAGE = 2000
_ALIVE = "select 1 from nodes where alive_until > now() limit 1"
_LIVE = """
    select slot, wrapped from keyring where wrapped is not null and slot > %s
    order by slot limit %s
"""
_WRITE = """
    update keyring set wrapped = anew.wrapped
    from unnest(%s::bigint[], %b::bytea[]) as anew(slot, wrapped) where keyring.slot = anew.slot
"""


class TableRing:
    """Implements `storage.rotation.Ring`. Each call has connections of its own; blocks."""

    def __init__(self, url: str) -> None:
        self._url = url

    def check(self, master: MasterKey) -> None:
        """Raises KeyFileError when the master key does not open it; StoreError, StoreAway."""
        self._done(lambda database: self._check(database, master))

    async def _check(self, database: Database, master: MasterKey) -> None:
        query = "select wrapped from keyring where slot = %s"
        found = await database.rows(query, (SECRET_SLOT,))
        if not found:
            raise StoreDamaged("The database has no keys of a desk: start `desk run` on it first.")
        master.unwrap(SECRET_SLOT, found[0][0])

    def rewrap(self, old: MasterKey, new: MasterKey, step: Step) -> int:
        """All of it or nothing; how many keys there are. Raises StoreBusy."""
        return self._done(
            lambda database: database.written(lambda within: _rewrapped(within, old, new, step))
        )

    def _done(self, work: Callable[[Database], Awaitable[Answer]]) -> Answer:
        async def doing() -> Answer:
            database = Database(self._url)
            try:
                await database.open()
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(doing())


async def _rewrapped(within: Connection, old: MasterKey, new: MasterKey, step: Step) -> int:
    # a desk that starts now waits here for its own keys, and finds them under the new master key
    await rows(within, "lock table keyring in access exclusive mode")
    if await rows(within, _ALIVE):
        raise StoreBusy(
            "A desk works on this database, or was killed within the last half minute, and it "
            "holds the key that is to go; stop every desk, and run `desk key rotate` again."
        )
    ((total,),) = await rows(within, "select count(*) from keyring where wrapped is not null")
    done, after = 0, -1
    while page := await rows(within, _LIVE, (after, _PAGE)):
        slots = [slot for slot, _ in page]
        anew = [new.wrap(slot, old.unwrap(slot, wrapped)) for slot, wrapped in page]
        await rows(within, _WRITE, (slots, anew))
        done, after = done + len(page), slots[-1]
        step(done, total)
    return done
