"""What the embedded store shows of itself to be verified: read from the disk, not from memory."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

from storage import mails
from storage.chain import Body
from storage.journal import Position, Reader

_LINES = 500  #: read before the event loop gets its turn


class Evidence:
    """Implements `storage.verify.Source`, up to where the store has read or written itself."""

    def __init__(self, journal: Path, last: int, folder: Path, end: mails.Mark) -> None:
        self._journal = journal
        self._last = last
        self._folder = folder
        self._end = end

    async def count(self) -> tuple[int, int]:
        return self._last, len(await asyncio.to_thread(self._ids))

    async def lines(self) -> AsyncIterator[tuple[Body, str]]:
        lines = iter(Reader(self._journal, Position(), {}))

        def some() -> list[tuple[Body, str]]:
            return [(each.line.body, each.line.hash) for each in islice(lines, _LINES)]

        while page := await asyncio.to_thread(some):
            for body, own in page:
                if body.seq <= self._last:
                    yield body, own

    async def mails(self) -> AsyncIterator[str]:
        for mail_id in await asyncio.to_thread(self._ids):
            yield mail_id

    def _ids(self) -> list[str]:
        places = mails.scan(self._folder, mails.Mark()).places
        return sorted(key for key, place in places.items() if place < self._end.packed())
