"""Turns: whoever takes a place in a line first is served first, one after the other."""

import asyncio
from types import TracebackType


class Place:
    """A place in the line of one key; `async with` waits until it is reached."""

    def __init__(self, line: dict[str, "Place"], key: str) -> None:
        self.key = key
        self._line = line
        self._before = line.get(key)
        self._left = asyncio.Event()
        line[key] = self

    async def __aenter__(self) -> None:
        try:
            if self._before is not None:
                await self._before._left.wait()  # noqa: SLF001  the same class
        except asyncio.CancelledError:
            self.leave()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Let the next one in; also for one who never waited for the turn."""
        self._left.set()
        self._before = None
        if self._line.get(self.key) is self:
            del self._line[self.key]


class Turns:
    """A line for each key, kept only while somebody stands in it."""

    def __init__(self) -> None:
        self._line: dict[str, Place] = {}

    def __len__(self) -> int:
        return len(self._line)

    def place(self, key: str) -> Place:
        """A place at the end of the line, taken now, whenever it is waited for."""
        return Place(self._line, key)
