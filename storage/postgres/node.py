"""This process among those that share the database: a sign of life, turns, and wake-ups.

Two connections of its own, each made anew when the server was away: one tells that this process
lives and holds its turns (session advisory locks), one listens. A wake-up is only ever that:
who waits also looks by itself every few seconds.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg

from storage.errors import StoreError
from storage.postgres.database import Connection, Database, meaning_of, rows

log = logging.getLogger(__name__)

LIFE = 30.0  #: seconds after its last sign of life that a process still counts as alive
LOOK = 3.0  #: seconds between two looks when nobody calls
_CHANNEL = "desk"
_LIVE = """
    insert into nodes (node, alive_until) values (%(node)s, clock_timestamp() + %(life)s)
    on conflict (node) do update set alive_until = excluded.alive_until
"""
_BURY = "delete from nodes where alive_until < now() - interval '1 day'"
_LEAVE = (
    "update mails set node = null where node = %(node)s and status = 'received'",
    "update outbox set node = null, leased_until = null where node = %(node)s",
    "update lanes set node = null where node = %(node)s",
    "delete from nodes where node = %(node)s",
)


class Node:
    """One process's place among the others."""

    def __init__(self, database: Database, woken: Callable[[], None], life: float) -> None:
        self.name = secrets.token_hex(8)
        self._database = database
        self._woken = woken
        self._life = life
        self._tasks: list[asyncio.Task[None]] = []
        self._ringing: asyncio.Task[None] | None = None
        self._rung = False
        self._turns = asyncio.Lock()
        self._held: set[int] = set()
        self._connection: Connection | None = None  #: holds the turns
        self._ears: Connection | None = None

    async def start(self) -> None:
        """Raises StoreAway."""
        await self._live_on()
        self._ears = await self._listening()
        self._tasks = [asyncio.create_task(run()) for run in (self._live, self._listen)]

    async def stop(self) -> None:
        """Let go of all that this process had, so that another can go on with it at once."""
        if not self._tasks:
            return  # it never was one of them
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._ringing is not None:
            await self._ringing
        for connection in (self._connection, self._ears):
            if connection is not None:
                await connection.close()
        with suppress(StoreError):  # then it is let go of when its time is over
            async with self._database.transaction() as connection:
                for statement in _LEAVE:
                    await connection.execute(statement, {"node": self.name})

    # --- a sign of life ---------------------------------------------------------------------

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(self._life / 3)
            with suppress(StoreError):  # whoever needs the database hears of it there
                await self._live_on()

    async def _live_on(self) -> None:
        said = {"node": self.name, "life": timedelta(seconds=self._life)}
        await self._database.rows(_LIVE, said)
        await self._database.rows(_BURY)

    # --- wake-ups ---------------------------------------------------------------------------

    async def _listening(self) -> Connection:
        """A connection that hears every call from now on. Raises StoreAway."""
        connection = await self._database.connect()
        try:
            await connection.execute(f"listen {_CHANNEL}")
        except psycopg.Error as error:
            await connection.close()
            raise meaning_of(error) from None
        return connection

    async def _listen(self) -> None:
        while True:
            if self._ears is None:
                await asyncio.sleep(LOOK)
                self._woken()
                with suppress(StoreError):
                    self._ears = await self._listening()
                continue
            try:
                await self._heard(self._ears)
            except psycopg.Error:  # the server went away
                log.warning("the database no longer calls; looking every %d seconds", LOOK)
                await self._ears.close()
                self._ears = None

    async def _heard(self, ears: Connection) -> None:
        """Wake up when another process has committed, and after a while in any case."""
        async for note in ears.notifies(timeout=LOOK):
            if note.payload != self.name:
                self._woken()
        self._woken()

    def ring(self) -> None:
        """Call the others, after the commit: NOTIFY within it would let only one commit at a
        time through. What is asked while one call is under way is one more call."""
        self._rung = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        while self._rung:
            self._rung = False
            with suppress(StoreError):
                await self._database.rows("select pg_notify(%s, %s)", (_CHANNEL, self.name))

    # --- turns ------------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self, number: int) -> AsyncIterator[None]:
        """One at a time among all processes. Raises StoreAway.

        When the connection is lost meanwhile another may have its turn; compare and set still
        lets only one of them write.
        """
        while not await self._taken(number):  # noqa: ASYNC110  what it waits for is elsewhere
            await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311  so as not to step in time
        try:
            yield
        finally:
            await asyncio.shield(self._given_back(number))

    async def _taken(self, number: int) -> bool:
        if number in self._held:
            return False  # PostgreSQL would let the same connection in again
        self._held.add(number)
        try:
            taken = await self._ask("pg_try_advisory_lock", number)
        except BaseException:
            self._held.discard(number)
            raise
        if not taken:
            self._held.discard(number)
        return taken

    async def _given_back(self, number: int) -> None:
        with suppress(StoreError):  # a lost connection has given back all it had
            await self._ask("pg_advisory_unlock", number)
        self._held.discard(number)

    async def _ask(self, function: str, number: int) -> bool:
        async with self._turns:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = await self._database.connect()
                query = f"select {function}(%s::bigint)"
                ((answer,),) = await rows(self._connection, query, (number,))
            except psycopg.Error as error:
                raise meaning_of(error) from None
            return bool(answer)
