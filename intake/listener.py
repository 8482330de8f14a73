"""The SMTP port: connections let in, timed and closed; what is said there is in `Conversation`."""

import asyncio
import logging
import resource
from contextlib import suppress
from typing import cast

from aiosmtpd.smtp import SMTP, TLSSetupException

from handlers.clock import Clock
from intake.content import Content
from intake.conversation import Conversation, Hangup
from intake.door import CLOSING, TOO_MANY, Door, ListenerOptions, household
from storage.store import Mails

_BULK = 2**16  # what the reader holds before it stops the socket, and the step of the DATA loop
_COMMAND = 2048  # RFC 5321 4.5.3.1.4 says 512; extensions add to it
_ENDLESS = 2**20  # bytes of one command line that are waited through
_LINGER = 5.0  # seconds a client has to take our last words
_TICK = 15.0  # seconds between two looks at who is late, at most
_NO_END = "421 4.7.0 A line without an end, closing"
_IDLE = "421 4.4.2 Nothing came for too long, closing"
_SLOW = "421 4.4.2 Too slow, closing"
_LONG = "421 4.4.2 The session has taken too long"


class _Plain:
    """aiosmtpd looks for its verbs and hooks anew for each client (0.6 ms): here are none."""

    def __dir__(self) -> list[str]:
        return []


_NO_HOOKS = _Plain()


class Connection(_Plain, SMTP):
    """One client. aiosmtpd's streams and STARTTLS; the command loop, DATA and timers are ours."""

    line_length_limit = _BULK

    def __init__(self, listener: "Listener") -> None:
        super().__init__(
            _NO_HOOKS,
            hostname=listener.options.hostname,
            tls_context=listener.options.tls,
            timeout=listener.options.session,
            loop=asyncio.get_running_loop(),
        )
        self.listener = listener
        self.options = listener.options
        self.conversation = Conversation(listener, self)
        self.peer = self.home = ""
        self.since = 0.0  #: when it was last the client's turn
        self._counted = False  # let in, and not gone yet
        self._left: float | None = None  # when we hung up
        self._overdue = False
        self._held = 0  # bytes of a mail in memory
        self._content: Content | None = None  # on its way in
        self._came = 0  # bytes in this window
        self._window = 0.0  # when it began

    # --- coming and going

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._counted:  # the second time, after STARTTLS
            super().connection_made(transport)
            return
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self.home = household(self.peer)
        if refusal := self.listener.welcome(self.peer, self.home):
            self.transport = transport
            self.leave(refusal)
            return
        self._counted = True
        self.since = self.loop.time()
        self.listener.open.add(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        super().data_received(data)

    def eof_received(self) -> bool | None:
        # A client that has said all may close its half and still read our replies.
        asyncio.StreamReaderProtocol.eof_received(self)
        return self._counted and not self.secure

    def connection_lost(self, error: Exception | None) -> None:
        if not self._counted:
            return
        self._counted = False
        self._hold(0)
        self.listener.farewell(self.home)
        self.listener.ended(self)
        super().connection_lost(error)

    def leave(self, reply: str) -> None:
        """Say it and hang up; nothing that is still buffered is carried out."""
        handshaking = self.transport is None
        transport = cast("asyncio.Transport | None", self.transport or self._original_transport)
        if transport is not None and not transport.is_closing():
            self._left = self.loop.time()
            if reply and not handshaking:
                transport.write(f"{reply}\r\n".encode())
            transport.close()
        # Closing alone does not stop the command loop: it would go on with the read buffer.
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    # --- time

    def _timeout_cb(self) -> None:
        """The session's time is over; a mail in hand is still taken."""
        self._overdue = True
        if not self.conversation.busy:
            self.leave(_LONG)

    @property
    def standing(self) -> bool:
        """Is it the client's turn to say something, and no mail in hand?"""
        return self._left is None and not self.conversation.busy

    def look(self, now: float) -> None:
        """Has this client taken too long?"""
        if self._left is not None:
            if now - self._left >= _LINGER:
                cast("asyncio.Transport", self.transport or self._original_transport).abort()
        elif self._content is not None:
            self._look_at_content(now)
        elif self.standing and now - self.since >= self.options.idle:
            self.leave(_IDLE)

    def _look_at_content(self, now: float) -> None:
        if now - self.since >= self.options.content:
            self.leave(_SLOW)
        elif now - self._window >= self.options.window:
            if self._came < self.options.rate * (now - self._window):
                self.leave(_SLOW)
            self._came, self._window = 0, now

    # --- the command loop

    async def _handle_client(self) -> None:
        try:
            await self.conversation.greet()
            while True:
                line = await self._command()
                await self.conversation.obey(line)
                self.since = self.loop.time()
                self._go_on()
        except Hangup as end:
            self.leave(end.reply)
        except (EOFError, ConnectionError):
            self.leave("")  # the client has gone

    def _go_on(self) -> None:
        """Raises Hangup when the session ended with a mail in hand."""
        if self.listener.closing:
            raise Hangup(CLOSING)
        if self._overdue:
            raise Hangup(_LONG)

    async def _command(self) -> bytes:
        """The next command line without its end; over-long ones are answered and dropped."""
        dropped = 0  # bytes of one line
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
                self.conversation.count()
                dropped += overrun.consumed
                if dropped > _ENDLESS:
                    raise Hangup(_NO_END) from overrun
                continue
            if not dropped and len(line) <= _COMMAND:
                return line.rstrip(b"\r\n")
            dropped = 0
            self.conversation.count()
            await self.conversation.too_long()

    # --- what the conversation asks for

    @property
    def secure(self) -> bool:
        """Is TLS on?"""
        return self._tls_protocol is not None

    async def write(self, reply: str) -> None:
        """Send one reply. Raises ConnectionError."""
        if self._writer.is_closing():
            raise ConnectionResetError("the client has gone")
        self._writer.write(f"{reply}\r\n".encode())
        await self._writer.drain()

    async def read(self) -> bytes:
        """The content that follows. Raises NotTaken."""
        self._content = Content(self._reader, self.options.max_size, self._hold)
        self.since = self._window = self.loop.time()
        self._came = 0
        content = await self._content.read()
        self._content = None
        return content

    async def skip(self) -> bool:
        """Past the rest of content that was not taken; False = there is no end to it."""
        assert self._content is not None  # noqa: S101  it is what was not taken
        return await self._content.skip()

    async def encrypt(self) -> None:
        """Turn TLS on; what was sent ahead of it is dropped (RFC 3207 5)."""
        try:
            await self.smtp_STARTTLS("")
        except (TLSSetupException, asyncio.CancelledError) as error:
            # asyncio tells nobody of a connection that ends within the handshake.
            self.leave("")
            self.connection_lost(None)
            raise Hangup from error

    def release(self) -> None:
        """The mail is out of our memory."""
        self._content = None
        self._hold(0)

    def _hold(self, size: int) -> bool:
        """Account for `size` bytes in memory."""
        change, self._held = size - self._held, size
        return self.listener.hold(self.home, change)


class Listener(Door):
    """Opens the port, and closes it without losing a mail that is in hand."""

    def __init__(self, mails: Mails, clock: Clock, options: ListenerOptions) -> None:
        super().__init__(mails, clock, options)
        self.port = options.port
        self.open: set[Connection] = set()
        self._empty = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Open the door. Raises OSError that names host and port."""
        # aiosmtpd's own log names addresses and echoes what clients say.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        host, port = self.options.host, self.options.port
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self), host, port, backlog=256
            )
        except OSError as error:
            why = (error.strerror or str(error)).rpartition(": ")[2]  # asyncio's words come first
            text = (
                f"Mail cannot be taken on {host}:{port} ({why}): "
                "stop what uses the port, or choose another SMTP port."
            )
            raise OSError(error.errno, text) from error
        self.port = self._server.sockets[0].getsockname()[1]
        # Files of the store and Slack's sockets need their share of what we may open.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.places = min(self.options.connections, files // 2)
        self._look()

    async def stop(self) -> None:
        """Close the door: 421 to who is idle, time to finish for a mail in hand."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        self._dismiss(everyone=False)
        if self.open:
            self._empty.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.options.grace):
                    await self._empty.wait()
        self._dismiss(everyone=True)
        if self._sweep is not None:
            self._sweep.cancel()
        await self.settled()

    def ended(self, connection: Connection) -> None:
        """A session is over."""
        self.open.discard(connection)
        if not self.open:
            self._empty.set()

    def make_place(self) -> bool:
        """Who stands about longest goes, if that is long."""
        now = asyncio.get_running_loop().time()
        standing = [one for one in self.open if one.standing]
        first = min(standing, key=lambda one: one.since, default=None)
        if first is None or now - first.since < self.options.crowded:
            return False
        first.leave(TOO_MANY)
        return True

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in list(self.open):
            connection.look(loop.time())
        options = self.options
        self._sweep = loop.call_later(min(options.idle, options.window, _TICK), self._look)

    def _dismiss(self, *, everyone: bool) -> None:
        for connection in list(self.open):
            if everyone or not connection.conversation.busy:
                connection.leave(CLOSING)
