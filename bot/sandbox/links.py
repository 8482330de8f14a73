"""Socket Mode: one-use addresses, up to ten connections, each payload to exactly one of them."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from aiohttp import WSMsgType, web

from bot.sandbox.options import Timing
from bot.sandbox.parts import NotDeliveredError
from bot.sandbox.seed import APP
from bot.sandbox.workspace import Json

MOST_LINKS = 10
NOTICE = 10.0  #: seconds between Slack's notice and the end of a connection


@dataclass(slots=True)
class Links:
    """The desk's open sockets. `changed` is called when one comes or goes."""

    timing: Timing
    changed: Callable[[], None]
    name: str = "socket"
    _tickets: set[str] = field(default_factory=set)
    _open: list[web.WebSocketResponse] = field(default_factory=list)
    _leaving: set[web.WebSocketResponse] = field(default_factory=set)
    _ending: set[asyncio.Task[None]] = field(default_factory=set)
    away: Callable[[], bool] = lambda: False  #: then nobody gets in
    _acks: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    @property
    def connected(self) -> bool:
        """Whether a desk listens."""
        return len(self._open) > len(self._leaving)

    def ticket(self) -> str:
        """The right to open one socket."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection of the desk, from hello to its end."""
        ticket = request.query.get("ticket", "")
        if self.away():
            return web.Response(status=503, text="service unavailable")
        if ticket not in self._tickets:
            return web.Response(status=403, text="unknown or used ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        if len(self._open) >= MOST_LINKS:
            await socket.send_str('{"type":"disconnect","reason":"too_many_websockets"}')
            await socket.close()
            return socket
        self._open.append(socket)
        try:
            await socket.send_str(self._hello(request.host))
            self.changed()
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._read(frame.data)
        finally:
            self._open.remove(socket)
            self._leaving.discard(socket)
            self.changed()
        return socket

    def _hello(self, host: str) -> str:
        hello = {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {
                "host": host,
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": APP},
        }
        return msgspec.json.encode(hello).decode()

    def _read(self, text: str) -> None:
        with contextlib.suppress(msgspec.DecodeError):
            answer = msgspec.json.decode(text)
            if isinstance(answer, dict):
                waiting = self._acks.get(str(answer.get("envelope_id")))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer.get("payload"))

    async def send(self, kind: str, payload: Json, retry: Json | None = None) -> Json | None:
        """Deliver to the next connection in turn and wait for its ack."""
        envelope_id = secrets.token_hex(16)
        envelope: Json = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            # only a form's and a command's answer means something (Slack, Socket Mode)
            "accepts_response_payload": kind == "slash_commands"
            or payload.get("type") == "view_submission",
        }
        if kind == "events_api":
            envelope |= retry or {"retry_attempt": 0, "retry_reason": ""}
        waiting = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = waiting
        try:
            await self._to_one(msgspec.json.encode(envelope).decode())
            async with asyncio.timeout(self.timing.ack):
                answer: Json | None = await waiting
                return answer
        except TimeoutError as error:
            raise NotDeliveredError("operation_timeout") from error
        finally:
            del self._acks[envelope_id]

    async def _to_one(self, text: str) -> None:
        for _ in range(len(self._open)):
            socket = self._open.pop(0)
            self._open.append(socket)
            if socket.closed or socket in self._leaving:
                continue
            try:
                await socket.send_str(text)
            except ConnectionError:
                continue
            return
        raise NotDeliveredError("app_not_responding")

    async def leave(self, reason: str) -> None:
        """Slack gives notice and sends nothing there any more; whoever stays is closed. Without a
        reason the sockets just end."""
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
        for socket in [each for each in self._open if each not in self._leaving]:
            self._leaving.add(socket)
            if not reason:
                await socket.close()
                continue
            with contextlib.suppress(ConnectionError):
                await socket.send_str(msgspec.json.encode(frame).decode())
            self.changed()
            task = asyncio.create_task(_end_after_notice(socket))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def probe(self) -> None:
        """Nothing to find out: an open socket is a listening desk."""

    async def close(self) -> None:
        """Tell the desk to go elsewhere, and close."""
        for task in self._ending:
            task.cancel()
        for socket in list(self._open):
            with contextlib.suppress(ConnectionError):
                await socket.send_str('{"type":"disconnect","reason":"refresh_requested"}')
            await socket.close()


async def _end_after_notice(socket: web.WebSocketResponse) -> None:
    await asyncio.sleep(NOTICE)
    await socket.close()
