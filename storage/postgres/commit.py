"""One commit as statements of one transaction."""

import msgspec

from storage.errors import Conflict
from storage.postgres import journal
from storage.postgres.database import Connection
from storage.postgres.keys import KeyTable, destroy
from storage.postgres.rows import (
    columns_of,
    insert_of,
    number_of,
    owners_of,
    update_of,
)
from storage.records import Case, Commit, OutboxMessage, Shred, Stored
from storage.sealing import DataKey
from storage.sheets import Owner, sealed

_LANE = "insert into lanes (lane) values (%s) on conflict do nothing"
#: what was given out by `next_reference` is left alone, and with it the row that all would lock
_NUMBERED = (
    "insert into case_numbers (year, last) values (%(year)s, 0) on conflict do nothing",
    "update case_numbers set last = %(number)s where year = %(year)s and last < %(number)s",
)
_BLANK_MAIL = """
    update mails set content = null, slot = null, print = null where key = %(key)s
"""
_BLANK_CASE = """
    update cases set content = null, slot = null, requester = null, messages = '{}'
    where key = %(key)s
"""
_FORGET = {
    "raw": (_BLANK_MAIL, "delete from raws where key = %(key)s"),
    "content": (
        _BLANK_CASE,
        "delete from outbox where slot = %(slot)s",
        "delete from marks where slot = %(slot)s",
    ),
    "skeleton": ("delete from cases where key = %(key)s",),
    "suppression": ("delete from suppressions where key = %(key)s",),
}


class Writer:
    """Writes commits; what they are sealed under comes from the keyring."""

    def __init__(self, keys: KeyTable) -> None:
        self._keys = keys

    async def write(self, connection: Connection, commit: Commit) -> int:
        """The sequence number. Raises Conflict; the caller's transaction ends then."""
        records = tuple(msgspec.structs.replace(put, rev=put.rev + 1) for put in commit.puts)
        owners = owners_of(commit.case, records, noted=bool(commit.note))
        shreds = [Owner(shred.life, shred.key) for shred in commit.shreds]
        found = await self._keys.of(connection, owners, shreds)
        await self._put(connection, commit.case, records, found)
        changes = sealed(commit, records, found.__getitem__)
        for shred in commit.shreds:
            await forget(connection, shred)
        return await journal.append(connection, commit, changes)

    async def _put(
        self,
        connection: Connection,
        case: str | None,
        records: tuple[Stored, ...],
        found: dict[Owner, DataKey],
    ) -> None:
        """Stored rows in one order, so that two who change the same do not wait for each other;
        new ones in the order of the commit, which is the order within a lane."""
        fresh = [record for record in records if record.rev == 1]
        known = sorted((r for r in records if r.rev > 1), key=lambda r: (r.table, r.key))
        done = []
        async with connection.pipeline():  # all in one round trip
            for record in [*known, *fresh]:
                columns = columns_of(case, record, found.__getitem__, self._keys.keys)
                write = insert_of if record.rev == 1 else update_of
                statement = write(record.table, tuple(columns)).encode()
                done.append((record, await connection.execute(statement, columns)))
                await self._beside(connection, record)
        for record, written in done:
            if written.rowcount != 1:
                raise Conflict(
                    f"{record.key} was changed by someone else; read it again and decide anew."
                )

    async def _beside(self, connection: Connection, record: Stored) -> None:
        match record:
            case OutboxMessage():
                await connection.execute(_LANE, (record.lane,))
            case Case(rev=1) if (number := number_of(record.ref)) is not None:
                said = {"year": number[0], "number": number[1]}
                for statement in _NUMBERED:
                    await connection.execute(statement, said)
            case _:
                pass


async def forget(connection: Connection, shred: Shred) -> None:
    """Destroy a key, and what is looked up by of all that it sealed."""
    slot = await destroy(connection, Owner(shred.life, shred.key))
    for statement in _FORGET[shred.life]:
        await connection.execute(statement, {"key": shred.key, "slot": slot})
