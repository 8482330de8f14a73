"""The content of DATA, read in bulk (RFC 5321 4.5.2): limits hold at every step, not at the end.

Only CR LF . CR LF ends a mail. Bare CR and bare LF are content like any other byte, so no
second mail can be smuggled in behind one. Lines may be of any length.
"""

import asyncio
from collections.abc import Callable

_END = b"\r\n.\r\n"
_QUICK = 2**20  # bytes put together within a few milliseconds


class TooLarge(Exception):
    """The mail goes over a limit; `reply` says which, `done` whether all of it has been read."""

    def __init__(self, reply: str, done: bool) -> None:
        super().__init__(reply)
        self.reply = reply
        self.done = done


class Content:
    """One mail on its way in.

    `hold` is told how many bytes are in memory and says whether they may be; `step` is called
    whenever something came.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        max_size: int,
        hold: Callable[[int], bool],
        step: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._max_size = max_size
        self._hold = hold
        self._step = step
        # The terminator is a line of its own: an empty mail needs the CRLF of the DATA command.
        reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]  # noqa: SLF001

    async def read(self) -> bytes:
        """The mail after dot-unstuffing. Raises TooLarge, asyncio.IncompleteReadError."""
        pieces: list[bytes] = []
        size = -2  # the CRLF we put before it
        done = False
        while not done:
            piece, done = await self._piece()
            size += len(piece)
            if size - (3 if done else 0) > self._max_size:
                raise TooLarge(f"552 5.3.4 Too large; at most {self._max_size} bytes", done)
            if not self._hold(max(size, 0)):
                raise TooLarge("452 4.3.1 Too much mail at once, try again later", done)
            pieces.append(piece)
        if size < _QUICK:
            return _unstuffed(pieces)
        return await asyncio.to_thread(_unstuffed, pieces)

    async def skip(self) -> bool:
        """Read past the rest of a refused mail, as far again as we take; False = still no end."""
        self._hold(0)
        left = self._max_size
        while left > 0:
            piece, done = await self._piece()
            if done:
                return True
            left -= len(piece)
        return False

    async def _piece(self) -> tuple[bytes, bool]:
        """What has come, never splitting the terminator; and whether that was all."""
        try:
            piece = await self._reader.readuntil(_END)
        except asyncio.LimitOverrunError as overrun:
            piece = await self._reader.readexactly(overrun.consumed)
            self._step()
            return piece, False
        return piece, True


def _unstuffed(pieces: list[bytes]) -> bytes:
    """The content without its end, the CRLF before it, and the doubled dots."""
    return b"".join(pieces)[:-3].replace(b"\r\n.", b"\r\n")[2:]
