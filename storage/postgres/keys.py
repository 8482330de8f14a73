"""The keyring in PostgreSQL: a table of wrapped data keys, and nothing kept in memory.

Keys are read with what they open, so a key that is destroyed is gone for every process at once.
"""

from collections.abc import Collection, Iterable, Mapping

from storage.errors import KeyFileError, StoreDamaged
from storage.postgres.database import Ask, Connection, Database, rows
from storage.postgres.rows import slots_in
from storage.sealing import (
    DESK_SLOT,
    SECRET_SLOT,
    DataKey,
    KeyOf,
    Keys,
    MasterKey,
    new_key,
)
from storage.sheets import DESK, Owner

BLOCK = 64  #: slots that one call of the sequence gives out
#: what every desk has from the start
OWN = {SECRET_SLOT: "secret", DESK_SLOT: "desk"}
_FIND = """
    select life, owner, slot, wrapped from keyring
    where wrapped is not null and (life, owner) in (select * from unnest(%s::text[], %s::text[]))
    order by slot
"""
_KEEP = """
    insert into keyring (slot, life, owner, wrapped)
    select * from unnest(%s::bigint[], %s::text[], %s::text[], %b::bytea[])
    on conflict do nothing
"""


class KeyTable:
    """Makes, finds and destroys data keys."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self._database = database
        self._master = master
        self._free: list[int] = []
        self.keys: Keys
        self.desk: DataKey

    async def open(self, *, make: bool) -> None:
        """The desk's own keys. Raises KeyFileError for another master key, StoreError."""
        if make:
            await self._database.written(self._make)
        query = "select slot, wrapped from keyring where slot = any(%s)"
        found: dict[int, bytes | None]
        found = dict(await self._database.rows(query, (list(OWN),)))
        secret, own = found.get(SECRET_SLOT), found.get(DESK_SLOT)
        if secret is None or own is None:
            raise StoreDamaged(
                "The desk's own keys are gone from the database, and without them nothing can be "
                "read: restore its backup."
            )
        self.keys = Keys(self._master.unwrap(SECRET_SLOT, secret))
        self.desk = DataKey(DESK_SLOT, self._master.unwrap(DESK_SLOT, own))

    async def _make(self, connection: Connection) -> None:
        """Once in the life of a database, whoever else opens it now."""
        await connection.execute("lock table keyring in exclusive mode")
        if await rows(connection, "select 1 from keyring limit 1"):
            return
        for slot, owner in OWN.items():
            await connection.execute(
                "insert into keyring (slot, life, owner, wrapped) values (%s, 'own', %s, %b)",
                (slot, owner, self._master.wrap(slot, new_key())),
            )

    def _unwrapped(self, slot: int, wrapped: bytes) -> bytes:
        try:
            return self._master.unwrap(slot, wrapped)
        except KeyFileError:  # it opened the desk's own keys
            raise StoreDamaged(
                f"Slot {slot} of the keyring is not what was written there: restore the database's "
                "backup."
            ) from None

    # --- in a transaction -------------------------------------------------------------------

    async def of(
        self, connection: Connection, owners: Collection[Owner], shreds: Collection[Owner] = ()
    ) -> dict[Owner, DataKey]:
        """The keys of some lives, made where there are none; they stay as they are until the
        transaction ends. Called before any row is locked, so that nobody waits in a circle.
        """
        lock = "update" if shreds else "share"
        found = await self._found(connection, {*owners, *shreds}, lock)
        missing = [owner for owner in owners if owner not in found]
        if missing:
            found |= await self._made(connection, missing)
        return {DESK: self.desk} | found

    async def _found(
        self, connection: Connection, owners: Collection[Owner], lock: str
    ) -> dict[Owner, DataKey]:
        if not owners:
            return {}
        names = [owner.life for owner in owners], [owner.key for owner in owners]
        found = await rows(connection, f"{_FIND} for {lock}", names)
        return {
            Owner(life, key): DataKey(slot, self._unwrapped(slot, wrapped))
            for life, key, slot, wrapped in found
        }

    async def _made(self, connection: Connection, owners: list[Owner]) -> dict[Owner, DataKey]:
        fresh = {owner: await self.fresh(connection) for owner in owners}
        if await self.keep(connection, fresh) < len(fresh):
            found = await self._found(connection, owners, "share")  # somebody made one just now
            fresh = {owner: key for owner, key in fresh.items() if owner not in found}
            fresh |= found
        return fresh

    async def keep(self, connection: Connection, fresh: Mapping[Owner, DataKey]) -> int:
        """Write new keys down; how many were new."""
        wrapped = [self._master.wrap(slot, key) for slot, key in fresh.values()]
        said = (
            [key.slot for key in fresh.values()],
            [owner.life for owner in fresh],
            [owner.key for owner in fresh],
            wrapped,
        )
        return (await connection.execute(_KEEP, said)).rowcount

    async def fresh(self, connection: Connection | None = None) -> DataKey:
        """A new key under a number never given out before; `keep` makes it somebody's."""
        while not self._free:
            query = "select nextval('slots')"
            if connection is not None:
                ((first,),) = await rows(connection, query)
            else:
                ((first,),) = await self._database.rows(query)
            self._free += range(first, first + BLOCK)
        return DataKey(self._free.pop(), new_key())

    # --- for reading ------------------------------------------------------------------------

    async def opener(self, ask: Ask, blobs: Iterable[bytes | None]) -> KeyOf:
        """Opens some blobs. Raises StoreDamaged."""
        return (await self.found(ask, blobs)).__getitem__

    async def found(self, ask: Ask, blobs: Iterable[bytes | None]) -> dict[int, bytes | None]:
        """The keys of some blobs; those that were destroyed are None. Raises StoreDamaged."""
        wanted = slots_in(blobs)
        found: dict[int, bytes | None] = {DESK_SLOT: self.desk.key}
        if others := list(wanted - {DESK_SLOT}):
            query = "select slot, wrapped from keyring where slot = any(%s)"
            for slot, wrapped in await ask(query, (others,)):
                found[slot] = self._unwrapped(slot, wrapped) if wrapped else None
        if missing := wanted - set(found):
            raise StoreDamaged(
                f"Slot {min(missing)} of the keyring is gone from the database: restore its backup."
            )
        return found


async def destroy(connection: Connection, owner: Owner) -> int | None:
    """Destroy a key; its slot, if there was one."""
    found = await rows(
        connection,
        "update keyring set wrapped = null where life = %s and owner = %s "
        "and wrapped is not null returning slot",
        owner,
    )
    return found[0][0] if found else None
