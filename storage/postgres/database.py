"""The connections to PostgreSQL: a pool, one transaction at a time, and what its errors mean.

Nothing of psycopg leaves this file: neither its exceptions nor its words, which can quote the
URL with its password, or a row.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors as sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from storage.errors import Conflict, StoreAway, StoreDamaged, StoreError, StoreFull

Answer = TypeVar("Answer")
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Params = Mapping[str, Any] | Sequence[Any] | None
Rows = list[tuple[Any, ...]]
#: asks one query, on its own or within a transaction
Ask = Callable[[str, Params], Awaitable[Rows]]

SCHEMA = "desk"  #: all that is ours lies in a schema of this name
POOL = 10  #: connections at most, beside the one that listens
PATIENCE = 5.0  #: seconds somebody waits for a connection before the database counts as away
_TRIES = 5  #: of a transaction that another one got in the way of
#: what the URL may say otherwise; a server that has vanished is noticed within 15 seconds
_DEFAULTS = {
    "application_name": "desk",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "1",
    "tcp_user_timeout": "15000",
}
#: a process that hangs keeps no lock for long (milliseconds)
_SESSION = f"""
    set search_path to {SCHEMA};
    set timezone to 'UTC';
    set statement_timeout to 60000;
    set idle_in_transaction_session_timeout to 30000;
"""

#: the snapshot is taken by the first query; until it is let go of the server cleans up less
_STILL = """
    set idle_in_transaction_session_timeout to 0;
    begin transaction isolation level repeatable read, read only;
    select 1;
"""

_NO_ANSWER = (
    "The database of DESK_DATABASE_URL does not answer; see that it runs and lets this machine in."
)
#: by class or code of SQLSTATE (PostgreSQL manual, appendix A): what to raise, and its sentence
_MEANINGS: tuple[tuple[str, type[StoreError], str], ...] = (
    ("28", StoreError, "The database refuses the user or the password of DESK_DATABASE_URL."),
    ("3D000", StoreError, "There is no database of the name in DESK_DATABASE_URL: create it."),
    (
        "42501",
        StoreError,
        "The user of DESK_DATABASE_URL may not do that: let it own the database.",
    ),
    ("53100", StoreFull, "The database has no room left; free some space on its server."),
    ("25006", StoreAway, "The database of DESK_DATABASE_URL takes no writes: name the primary."),
    ("53", StoreAway, "The database has no connection or memory to spare for the desk."),
    ("XX001", StoreDamaged, "The database says that its data is damaged: restore its backup."),
    ("XX002", StoreDamaged, "The database says that an index is damaged: rebuild it (REINDEX)."),
    ("3F000", StoreDamaged, "The desk's tables are gone from the database: restore its backup."),
    ("42P01", StoreDamaged, "A table of the desk is gone from the database: restore its backup."),
    ("42703", StoreDamaged, "A table of the desk was altered in the database: restore its backup."),
)


#: what a server says at the door comes without a code
_AT_THE_DOOR = (
    ("password", "28"),
    ('role "', "28"),
    ("pg_hba.conf", "28"),
    ('database "', "3D000"),
)


def _code_of(error: Exception) -> str:
    if code := getattr(error, "sqlstate", None):
        return str(code)
    refused = "FATAL" in str(error)
    return next((code for word, code in _AT_THE_DOOR if refused and word in str(error)), "")


def meaning_of(error: Exception) -> StoreError:
    """Our error for one of psycopg's, in a sentence of ours."""
    code = _code_of(error)
    for prefix, kind, sentence in _MEANINGS:
        if code.startswith(prefix):
            return kind(sentence)
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)):
        return StoreAway(_NO_ANSWER)
    return StoreError(
        f"The database would not do what the desk asked ({type(error).__name__} {code}); "
        "please report this."
    )


def conninfo_of(url: str) -> str:
    """The URL with our defaults. Raises StoreError; never quotes what it was given."""
    try:
        said = {
            name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None
        }
        return make_conninfo(**(_DEFAULTS | said))
    except psycopg.ProgrammingError:
        raise StoreError(
            "DESK_DATABASE_URL cannot be read; it looks like postgresql://USER:PASSWORD@HOST/NAME, "
            "with %40 for an @ in the password."
        ) from None


async def _configured(connection: Connection) -> None:
    try:
        await connection.execute(_SESSION)
    except BaseException:
        await connection.close()
        raise


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str) -> None:
        """Raises StoreError for a URL that cannot be read."""
        # What these log quotes the connection's parameters.
        for library in ("psycopg", "psycopg.pool"):
            logging.getLogger(library).setLevel(logging.CRITICAL)
        self.url = url
        self._conninfo = conninfo_of(url)
        self._pool = AsyncConnectionPool(
            self._conninfo,
            connection_class=psycopg.AsyncConnection[tuple[Any, ...]],
            kwargs={"autocommit": True},
            min_size=1,
            max_size=POOL,
            open=False,
            configure=_configured,
            check=AsyncConnectionPool.check_connection,
            timeout=PATIENCE,
            reconnect_timeout=PATIENCE,  # after that it is tried when somebody asks
        )

    async def open(self) -> None:
        """Raises StoreError and StoreAway: the first connection tells what is wrong."""
        await (await self.connect()).close()
        try:
            await self._pool.open(wait=True, timeout=PATIENCE)
        except PoolTimeout as error:
            raise meaning_of(error) from None

    async def connect(self) -> Connection:
        """A connection of its own, outside the pool. Raises StoreError, StoreAway."""
        try:
            connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
            await _configured(connection)
        except psycopg.Error as error:
            raise meaning_of(error) from None
        return connection

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All of it or nothing, read committed. Raises our errors only.

        StoreAway at the end of one that was meant to write: it may be written all the same.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield connection
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            if isinstance(error, (sql.DeadlockDetected, sql.SerializationFailure)):
                raise _Again from None
            raise meaning_of(error) from None

    def check_writable(self) -> None:
        """Raises StoreError where nothing can be written."""

    async def written(self, write: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        """Carry out `write` in a transaction, anew when another one got in its way."""
        self.check_writable()
        for _ in range(_TRIES):
            try:
                async with self.transaction() as connection:
                    return await write(connection)
            except _Again:
                continue
        raise Conflict("Others were always faster in the database; read again and decide anew.")

    async def rows(self, query: str, params: Params = None) -> Rows:
        """One query on its own, its answer in binary."""
        try:
            async with self._pool.connection() as connection:
                return await rows(connection, query, params)
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            raise meaning_of(error) from None


class Snapshot(Database):
    """One state of a database that does not change, whoever writes meanwhile; for reading only."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._connection: Connection | None = None

    def check_writable(self) -> None:
        raise StoreError("The store is open for reading only; changes go through `desk run`.")

    async def open(self) -> None:
        self._connection = await self.connect()
        try:
            await self._connection.execute(_STILL)
        except psycopg.Error as error:
            raise meaning_of(error) from None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        if self._connection is None:
            raise StoreAway(_NO_ANSWER)
        try:
            yield self._connection
        except psycopg.Error as error:
            raise meaning_of(error) from None

    async def rows(self, query: str, params: Params = None) -> Rows:
        async with self.transaction() as connection:
            return await rows(connection, query, params)


class _Again(StoreError):
    """Two transactions waited for one another, and this one gave way."""


async def rows(connection: Connection, query: str, params: Params = None) -> Rows:
    """The rows of a query. Raises psycopg's errors."""
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query.encode(), params)
        return await cursor.fetchall() if cursor.description else []
