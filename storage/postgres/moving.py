"""The database that a desk moves into from its files.

Journal lines, wrapped keys and sealed contents are written as they are; the records, which lie
otherwise in tables, are sealed anew under their own keys. Each batch is one transaction and leaves
what would be there after its last line, so the next run goes on behind it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, NamedTuple

from storage.errors import StoreError
from storage.journal import Line
from storage.postgres import journal, schema
from storage.postgres.commit import forget
from storage.postgres.database import Connection, Database, rows
from storage.postgres.keys import OWN
from storage.postgres.mails import PIECES, pieces
from storage.postgres.rows import Columns, columns_of, number_of, upsert_of
from storage.records import Case, InboundMail, OutboxMessage
from storage.sealing import DESK_SLOT, FIRST_SLOT, SECRET_SLOT, DataKey, KeyOf, Keys, slot_of
from storage.sheets import DESK, Changes, Owner

_PAGE = 50  #: raw mails that the database hashes in one answer

_KEY = """
    insert into keyring (slot, life, owner, wrapped)
    select * from unnest(%s::bigint[], %s::text[], %s::text[], %b::bytea[])
    on conflict (slot) do nothing
"""
_LINE = """
    insert into journal (seq, chain, number, v, at, actor, act, case_ref, prev, hash, changes)
    values (
        %(seq)s, %(chain)s, %(number)s, %(v)s, %(at)s, %(actor)s, %(act)s, %(case)s, %(prev)s,
        %(hash)s, %(changes)b
    )
"""
_HEAD = """
    insert into chains (chain, head, lines)
    select * from unnest(%s::text[], %s::text[], %s::bigint[])
    on conflict (chain) do update set head = excluded.head, lines = excluded.lines
"""
_LANES = "insert into lanes (lane) select * from unnest(%s::text[]) on conflict do nothing"
_NUMBERS = """
    insert into case_numbers (year, last) select * from unnest(%s::integer[], %s::bigint[])
    on conflict (year) do update set last = greatest(case_numbers.last, excluded.last)
"""
_HERE = """
    select
        array(select slot from keyring where wrapped is null and slot = any(%(slots)s)),
        array(select key from raws where number = 0 and key = any(%(ids)s)),
        array(select key from mails where key = any(%(ids)s))
"""
_HASHES = f"""
    select key, sha256(string_agg(piece, ''::bytea order by number)) from raws
    where key > %s group by key order by key limit {_PAGE}
"""


class Moved(NamedTuple):
    """A line on its way: what could be opened of it, and which of its chain it is."""

    line: Line
    changes: Changes
    number: int


class Raw(NamedTuple):
    """A sealed content on its way, and the mail as it came in when no line tells of it."""

    id: str
    slot: int
    content: bytes
    mail: InboundMail | None


class Here(NamedTuple):
    """What of some mails is in the database already."""

    shredded: set[int]
    raw: set[str]
    known: set[str]


class Keyring(NamedTuple):
    """What a move needs of the keyring it comes from; None = shredded."""

    keys: Keys
    key: KeyOf
    wrapped: Callable[[int], bytes | None]


class Begun(NamedTuple):
    """How far an earlier run has come: its last line, and whether that was all."""

    seq: int
    hash: str
    done: bool


class Target:
    """Takes in a desk, one batch after the other."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._desk = keyring.keys.fingerprint("desk")

    async def begin(self) -> Begun:
        """Make the tables, or find what an earlier run has left in them.

        Raises StoreError for a database that holds something else; nothing is changed then.
        """
        if not await self._is_free():
            raise other_desk()
        await schema.prepare(self._database, schema.migrations())
        await self._database.written(self._claim)
        ((done,),) = await self._database.rows("select done_at is not null from moves")
        query = "select seq, hash from journal order by seq desc limit 1"
        last = await self._database.rows(query)
        seq, own = last[0] if last else (0, "")
        return Begun(seq, own, done)

    async def _is_free(self) -> bool:
        """Is it empty, or what an earlier run has begun? Even an older version is left alone."""
        query = "select to_regclass('desk.keyring')::text, to_regclass('desk.moves')::text"
        ((keyring, moves),) = await self._database.rows(query)
        if keyring is None or not await self._database.rows("select 1 from keyring limit 1"):
            return True
        query = "select 1 from moves where desk = %s"
        return moves is not None and bool(await self._database.rows(query, (self._desk,)))

    async def _claim(self, connection: Connection) -> None:
        """From here on it is a move half done, and no desk makes keys of its own in it."""
        await connection.execute("lock table keyring in exclusive mode")
        if await rows(connection, "select 1 from keyring limit 1"):
            await self._check(connection)
            return
        await self._keep(connection, {slot: ("own", name) for slot, name in OWN.items()})
        await connection.execute("insert into moves (desk) values (%s)", (self._desk,))

    async def _check(self, connection: Connection) -> None:
        """Is it this desk's move, with its keys as they are wrapped now?"""
        if not await rows(connection, "select 1 from moves where desk = %s", (self._desk,)):
            raise other_desk()
        query = "select 1 from keyring where slot = %s and wrapped = %b"
        own = self._keyring.wrapped(SECRET_SLOT)
        if not await rows(connection, query, (SECRET_SLOT, own)):
            raise StoreError(
                "The master key was rotated after this move had begun; drop the schema `desk` in "
                "the database and run `desk migrate` again. Nothing was changed."
            )

    async def _keep(self, connection: Connection, slots: dict[int, tuple[str, str]]) -> None:
        """Wrapped keys, as they are, by the slot and whose each is."""
        wrapped = [self._keyring.wrapped(slot) for slot in slots]
        lives, owners = ([owner[half] for owner in slots.values()] for half in range(2))
        await connection.execute(_KEY, (list(slots), lives, owners, wrapped))

    # --- lines ------------------------------------------------------------------------------

    async def take(self, lines: list[Moved]) -> None:
        """A batch of lines; only the last may shred something, as a key that follows a shredded
        one belongs to the same owner."""

        async def write(connection: Connection) -> None:
            await self._keep(connection, _slots_of(lines))
            await _insert(connection, _LINE, [_columns(moved) for moved in lines])
            heads = {moved.line.chain: (moved.line.hash, moved.number) for moved in lines}
            said = list(heads), [h for h, _ in heads.values()], [n for _, n in heads.values()]
            await connection.execute(_HEAD, said)
            await self._put(connection, lines)
            for shred in lines[-1].changes.shreds:
                await forget(connection, shred)

        await self._database.written(write)

    async def _put(self, connection: Connection, lines: list[Moved]) -> None:
        """Each record as the batch leaves it, in the order of the first time."""
        puts: dict[tuple[str, str], Columns] = {}
        lanes: set[str] = set()
        numbers: dict[int, int] = {}
        for moved in lines:
            key_of = self._opener(moved.changes.slots)
            names = [moved.line.case or ""]
            for put in moved.changes.puts:
                columns = columns_of(moved.line.case, put, key_of, self._keyring.keys)
                puts[put.table, put.key] = columns
                names += [put.ref] if isinstance(put, Case) else []
                lanes |= {put.lane} if isinstance(put, OutboxMessage) else set()
            for year, number in filter(None, map(number_of, names)):
                numbers[year] = max(number, numbers.get(year, 0))
        alike: defaultdict[tuple[str, tuple[str, ...]], list[Columns]] = defaultdict(list)
        for (table, _), columns in puts.items():
            alike[table, tuple(columns)].append(columns)
        for (table, fields), those in alike.items():
            await _insert(connection, upsert_of(table, fields), those)
        await connection.execute(_LANES, (sorted(lanes),))
        await connection.execute(_NUMBERS, (list(numbers), list(numbers.values())))

    def _opener(self, slots: dict[Owner, int]) -> Callable[[Owner], DataKey | None]:
        def key_of(owner: Owner) -> DataKey | None:
            slot = slots.get(owner)
            key = None if slot is None else self._keyring.key(slot)
            return None if slot is None or key is None else DataKey(slot, key)

        return key_of

    # --- raw mails --------------------------------------------------------------------------

    async def here(self, mails: dict[str, int]) -> Here:
        """What there is of some mails, by id with the slots of their keys."""
        said = {"slots": list(mails.values()), "ids": list(mails)}
        ((shredded, raw, known),) = await self._database.rows(_HERE, said)
        return Here(set(shredded), set(raw), set(known))

    async def keep(self, raws: list[Raw]) -> None:
        async def write(connection: Connection) -> None:
            await self._keep(connection, {raw.slot: ("raw", raw.id) for raw in raws})
            for raw in raws:
                if raw.mail is not None:
                    own = {Owner("raw", raw.id): raw.slot, DESK: DESK_SLOT}
                    columns = columns_of(None, raw.mail, self._opener(own), self._keyring.keys)
                    await _insert(connection, upsert_of("mails", tuple(columns)), [columns])
            for some in pieces((raw.id, raw.content) for raw in raws):
                await connection.execute(PIECES, [list(each) for each in zip(*some, strict=True)])

        await self._database.written(write)

    # --- the end ----------------------------------------------------------------------------

    async def lines(self) -> AsyncIterator[list[journal.Line]]:
        async for page in journal.lines(self._database):
            yield page

    async def heads(self) -> dict[str, tuple[str, int]]:
        """Hash and length of each chain."""
        found = await self._database.rows("select chain, head, lines from chains")
        return {chain: (head, lines) for chain, head, lines in found}

    async def hashes(self) -> AsyncIterator[tuple[str, bytes]]:
        """SHA-256 of each sealed content, which the database itself works out."""
        after = ""
        while found := await self._database.rows(_HASHES, (after,)):
            for mail_id, own in found:
                yield mail_id, bytes(own)
            after = found[-1][0]

    async def finish(self, seq: int, slots: int, numbers: dict[int, int]) -> None:
        """What is given out from now on comes after what was; then it is a desk like any other."""

        async def write(connection: Connection) -> None:
            await connection.execute("select setval('slots', %s, false)", (max(slots, FIRST_SLOT),))
            if seq:
                await connection.execute("select setval('sequence_numbers', %s)", (seq,))
            await connection.execute(_NUMBERS, (list(numbers), list(numbers.values())))
            await connection.execute("update moves set done_at = now()")

        await self._database.written(write)


def _slots_of(lines: Iterable[Moved]) -> dict[int, tuple[str, str]]:
    """Whose the keys are that some lines name; of one that is gone nobody needs to know."""
    found: dict[int, tuple[str, str]] = {}
    for moved in lines:
        owners = {slot: owner for owner, slot in moved.changes.slots.items()}
        for blob in moved.line.changes:
            slot = slot_of(blob)
            owner = owners.get(slot)
            found[slot] = (owner.life, owner.key) if owner else ("shredded", "")
    return {slot: owner for slot, owner in found.items() if slot not in OWN}


def _columns(moved: Moved) -> dict[str, Any]:
    line = moved.line
    return {
        "seq": line.seq,
        "chain": line.chain,
        "number": moved.number,
        "v": line.v,
        "at": line.at,
        "actor": line.actor,
        "act": line.act,
        "case": line.case,
        "prev": line.prev,
        "hash": line.hash,
        "changes": list(line.changes),
    }


async def _insert(connection: Connection, statement: str, many: list[Columns]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(statement.encode(), many)


def other_desk() -> StoreError:
    return StoreError(
        "The database of DESK_DATABASE_URL holds another desk, or this one as it was moved before "
        "and has gone on since; give the move a database of its own. Nothing was changed."
    )
