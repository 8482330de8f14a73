"""The journal in PostgreSQL: a row per commit, chained like the lines of the embedded one."""

from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any, NamedTuple

from storage.chain import DESK, VERSION, Body, Head, body_of
from storage.postgres.database import Connection, Database, rows
from storage.postgres.keys import KeyTable
from storage.records import Commit, Entry
from storage.sheets import opened

_PAGE = 200
#: the number is taken with the chain's row locked, so that numbers rise within the chain
_HEAD = """
    insert into chains (chain) values (%s)
    on conflict (chain) do update set lines = chains.lines
    returning head, lines, nextval('sequence_numbers')
"""
_LINE = """
    with line as (
        insert into journal (seq, chain, number, v, at, actor, act, case_ref, prev, hash, changes)
        values (
            %(seq)s, %(chain)s, %(number)s, %(v)s, %(at)s, %(actor)s, %(act)s, %(case)s, %(prev)s,
            %(hash)s, %(changes)b
        )
    )
    update chains set head = %(hash)s, lines = %(number)s where chain = %(chain)s
"""
_COLUMNS = "seq, number, v, at, actor, act, case_ref, prev, hash, changes"


async def append(connection: Connection, commit: Commit, changes: tuple[bytes, ...]) -> int:
    """Write a commit's line; its sequence number. Last in a transaction: its chain waits for it."""
    chain = commit.case or DESK
    ((prev, lines, seq),) = await rows(connection, _HEAD, (chain,))
    said = {
        "seq": seq,
        "chain": chain,
        "number": lines + 1,
        "v": VERSION,
        "at": commit.at,
        "actor": commit.actor,
        "act": commit.act,
        "case": commit.case,
        "prev": prev,
        "hash": body_of(seq, commit, changes, prev)[1],
        "changes": list(changes),
    }
    await connection.execute(_LINE, said)
    return int(seq)


async def heads(connection: Connection) -> tuple[int, dict[str, Head]]:
    """All chains as they stand, and the last line that counts in them.

    For a moment nobody commits: only so is every line up to a number there, and none after it.
    """
    await connection.execute("set transaction isolation level repeatable read")
    await connection.execute("lock table chains in share mode")
    ((through,),) = await rows(connection, "select coalesce(max(seq), 0) from journal")
    found = await rows(connection, "select chain, head, lines from chains")
    return int(through), {chain: Head(head, 0, count) for chain, head, count in found}


class Line(NamedTuple):
    """One row of the journal."""

    body: Body
    number: int
    hash: str


def _line(row: tuple[Any, ...]) -> Line:
    seq, number, v, at, actor, act, case, prev, own, changes = row
    body = Body(
        v=v,
        seq=seq,
        at=at.astimezone(UTC),
        actor=actor,
        act=act,
        case=case,
        prev=prev,
        changes=tuple(changes),
    )
    return Line(body, number, own)


async def lines(database: Database, chain: str | None = None) -> AsyncIterator[list[Line]]:
    """Page by page, oldest first: one chain, or all that is written so far."""
    after = 0
    where, order = ("chain = %(chain)s and number", "number") if chain else ("seq", "seq")
    query = (
        f"select {_COLUMNS} from journal where {where} > %(after)s order by {order} limit {_PAGE}"
    )
    while found := await database.rows(query, {"chain": chain, "after": after}):
        page = [_line(row) for row in found]
        after = page[-1].number if chain else page[-1].body.seq
        yield page


async def history(database: Database, keys: KeyTable, chain: str | None) -> AsyncIterator[Entry]:
    """What happened, with the notes that can still be opened."""
    async for page in lines(database, chain):
        key_of = await keys.opener(
            database.rows, (blob for line in page for blob in line.body.changes)
        )
        for line in page:
            said = line.body
            yield Entry(
                seq=said.seq,
                at=said.at,
                actor=said.actor,
                act=said.act,
                case=said.case,
                note=opened(said.changes, key_of).note,
            )
