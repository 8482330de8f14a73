"""The tables in PostgreSQL: numbered migrations, forward only, and whether they are still ours.

`sql/NNNN_name.sql` makes version NNNN of the one before. Who opens the database brings it up to
date, one at a time; a database that is newer than this desk, or whose tables are not what the
migrations made, is left as it is.
"""

import hashlib
import re
from importlib import resources
from typing import NamedTuple

from storage.errors import StoreError, StoreMissing
from storage.postgres.database import SCHEMA, Connection, Database, rows

_LOCK = "desk migrations"
_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
#: beside the migrations' own tables: which of them were applied, and what the tables were then
_LEDGER = f"""
    create schema if not exists {SCHEMA};
    create table {SCHEMA}.migrations (
        number integer primary key,
        name text not null,
        shape text not null,
        applied_at timestamptz not null default now()
    );
"""
_COLUMNS = """
    select table_name::text, column_name::text, data_type::text, is_nullable::text
    from information_schema.columns
    where table_schema = %s and table_name <> 'migrations'
    order by 1, 2
"""


class Migration(NamedTuple):
    """One step from a version to the next."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All that this desk knows, in order; numbered from 1 without a gap."""
    files = resources.files("storage.postgres").joinpath("sql").iterdir()
    found = ((_NAME.fullmatch(file.name), file) for file in files)
    return sorted(
        Migration(int(name[1]), name[2], file.read_text(encoding="utf-8"))
        for name, file in found
        if name
    )


async def prepare(database: Database, known: list[Migration]) -> None:
    """Bring the tables up to date. Raises StoreError, and has changed nothing then."""

    async def bring(connection: Connection) -> None:
        await rows(connection, "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))
        applied = await _applied(connection)
        _check(applied, known)
        if applied is None:
            await connection.execute(_LEDGER.encode())
        elif await _shape(connection) != applied[max(applied)]:
            raise _altered()
        for migration in known[len(applied or ()) :]:
            await connection.execute(migration.sql.encode())
            said = (migration.number, migration.name, await _shape(connection))
            await connection.execute(
                "insert into migrations (number, name, shape) values (%s, %s, %s)", said
            )

    await database.written(bring)


async def check(database: Database, known: list[Migration]) -> None:
    """For reading only: is all there as this desk knows it? Raises StoreMissing, StoreError."""
    async with database.transaction() as connection:
        applied = await _applied(connection)
        _check(applied, known)
        if applied is None or len(applied) < len(known):
            raise StoreMissing(
                "The database of DESK_DATABASE_URL is not set up for this version of the desk; "
                "`desk run` does that when it starts."
            )
        if await _shape(connection) != applied[max(applied)]:
            raise _altered()


async def check_whole(database: Database) -> None:
    """Is all here of the desk that was moved into this database, if one was? Raises StoreError."""
    if await database.rows("select 1 from moves where done_at is null"):
        raise StoreError(
            "The move of a desk's files into the database of DESK_DATABASE_URL was not finished; "
            "run `desk migrate --to` with the same URL again, it goes on where it was."
        )


async def _applied(connection: Connection) -> dict[int, str] | None:
    """Number and shape of each migration that was applied; None = nothing of ours or anyone's."""
    tables = {row[0] for row in await rows(connection, _COLUMNS, (SCHEMA,))}
    ledger = await rows(
        connection,
        "select column_name::text from information_schema.columns "
        "where table_schema = %s and table_name = 'migrations'",
        (SCHEMA,),
    )
    if not ledger and not tables:
        return None
    if {"number", "name", "shape"} - {row[0] for row in ledger}:
        raise StoreError(
            f"The database of DESK_DATABASE_URL has a schema {SCHEMA} that is not this desk's; "
            "give the desk a database of its own. Nothing was changed."
        )
    found = await rows(connection, f"select number, shape from {SCHEMA}.migrations")
    return dict(found) or None


def _check(applied: dict[int, str] | None, known: list[Migration]) -> None:
    newest = max(applied or {0: ""})
    if newest > len(known):
        raise StoreError(
            f"The database of DESK_DATABASE_URL is at version {newest}, this desk knows "
            f"{len(known)}; start the newer desk. Nothing was changed."
        )


async def _shape(connection: Connection) -> str:
    """A hash over all columns; indexes may come and go."""
    columns = await rows(connection, _COLUMNS, (SCHEMA,))
    return hashlib.sha256(repr(columns).encode()).hexdigest()


def _altered() -> StoreError:
    return StoreError(
        f"The tables in schema {SCHEMA} of DESK_DATABASE_URL are not as the desk made them; undo "
        "the change or restore the database's backup. Nothing was changed."
    )
