"""Pushing what happens to the open pages."""

import asyncio
import contextlib
from collections.abc import Collection

import msgspec
from aiohttp import web

from bot.sandbox.workspace import Json


class Hub:
    """The WebSockets of one kind, each with the person it belongs to."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[Json | None], str] = {}

    def send(self, event: Json, users: Collection[str] | None = None) -> None:
        """Queue an event for the pages of some people, or of all."""
        for queue, user in self._queues.items():
            if users is None or user in users:
                queue.put_nowait(event)

    def close(self) -> None:
        """End every connection after what is queued."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def serve(self, request: web.Request, user: str, first: Json) -> web.WebSocketResponse:
        """Speak to one page until it goes away; `first` is sent at once."""
        socket = web.WebSocketResponse(heartbeat=30, timeout=1.0)
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        queue.put_nowait(first)
        # before the first await, so that nothing falls between `first` and what follows it
        self._queues[queue] = user
        try:
            await socket.prepare(request)
            writer = asyncio.create_task(_write(socket, queue))
            try:
                async for _ in socket:
                    """A page only listens here; what it does comes by POST."""
            finally:
                writer.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                    await writer
        finally:
            del self._queues[queue]
        return socket


async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[Json | None]) -> None:
    while (event := await queue.get()) is not None:
        await socket.send_str(msgspec.json.encode(event).decode())
    await socket.close()
