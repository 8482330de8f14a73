"""The suppression list as a file that mail tools read: one address a line, whole at any time."""

import asyncio
from datetime import timedelta
from pathlib import Path

from handlers.clock import Clock
from handlers.desk import Desk
from storage.disk import write_private
from storage.store import Store

EVERY = timedelta(minutes=1)


class Feed:
    """Keeps the file as the list is, and tells the desk which addresses stand in it."""

    def __init__(self, path: Path, store: Store, desk: Desk, clock: Clock) -> None:
        self._path, self._store, self._desk, self._clock = path, store, desk, clock
        self._written: bytes | None = None

    async def run(self) -> None:
        while True:
            await self.write()
            await self._clock.wait_until(self._clock.now() + EVERY)

    async def write(self) -> None:
        """Raises OSError where the file cannot be written; nothing is confirmed then."""
        known = [each async for each in self._store.all_suppressions()]
        content = "".join(f"{address}\n" for address in sorted({s.address for s in known})).encode()
        if content != self._written:
            await asyncio.to_thread(write_private, self._path, content)
            self._written = content
        await self._desk.fed(frozenset(each.hash for each in known), self._clock.now())
