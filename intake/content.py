"""The content of DATA, read in bulk (RFC 5321 4.5.2): limits hold at every step, not at the end.

Only CR LF . CR LF ends a mail. Bare CR and bare LF are content like any other byte, so no
second mail can be smuggled in behind one. Lines may be of any length; a NUL is never mail
(RFC 5322 2.2).
"""

import asyncio
from collections.abc import Callable

_END = b"\r\n.\r\n"


class NotTaken(Exception):
    """The mail is refused; `reply` says why, `done` whether all of it has been read."""

    def __init__(self, reply: str, size: int, *, done: bool) -> None:
        super().__init__(reply)
        self.reply = reply
        self.size = size  #: bytes of it that came
        self.done = done


class Content:
    """One mail on its way in. `hold` is told how many bytes are in memory, and may say no."""

    def __init__(
        self, reader: asyncio.StreamReader, max_size: int, hold: Callable[[int], bool]
    ) -> None:
        self._reader = reader
        self._max_size = max_size
        self._hold = hold
        self._size = 0  # bytes read, with doubled dots
        # The terminator is a line of its own: an empty mail needs the CRLF of the DATA command.
        reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]  # noqa: SLF001

    async def read(self) -> bytes:
        """The mail after dot-unstuffing. Raises NotTaken, asyncio.IncompleteReadError."""
        pieces: list[bytes] = []
        kept, rest, done = -2, b"", False  # without the CRLF we put before it
        while not done:
            piece, done = await self._piece()
            piece, rest = _parted(rest + piece[:-3] if done else rest + piece, done)
            piece = piece.replace(b"\r\n.", b"\r\n")
            pieces.append(piece if pieces else piece[2:])
            kept += len(piece)
            self._weigh(kept + len(rest), done=done)
            if b"\0" in piece:
                raise NotTaken("550 5.6.0 A mail has no NUL in it", self._size, done=done)
        return b"".join(pieces)

    def _weigh(self, size: int, *, done: bool) -> None:
        if size > self._max_size:
            reply = f"552 5.3.4 Too large; at most {self._max_size} bytes"
            raise NotTaken(reply, self._size, done=done)
        if not self._hold(max(size, 0)):
            reply = "452 4.3.1 Too much mail at once, try again later"
            raise NotTaken(reply, self._size, done=done)

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
        done = True
        try:
            piece = await self._reader.readuntil(_END)
        except asyncio.LimitOverrunError as overrun:
            piece, done = await self._reader.readexactly(overrun.consumed), False
        self._size += len(piece)
        return piece, done


def _parted(piece: bytes, done: bool) -> tuple[bytes, bytes]:
    """Without the end that may be the start of CR LF dot, and that end."""
    rest = 0 if done else 2 if piece.endswith(b"\r\n") else int(piece.endswith(b"\r"))
    return piece[: len(piece) - rest], piece[len(piece) - rest :]
