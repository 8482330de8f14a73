"""The SMTP conversation: who is it for, how large is it, keep it raw, 250.

Nothing is decided here but what RFC 5321 wants decided: a reply of 250 means that the mail is
durable. 4xx answers every fault of ours, 5xx only what no retry can mend (a foreign recipient,
a wrong syntax, too large, abuse). What a mail says never changes the reply.
"""

import asyncio
import logging
from contextlib import suppress
from typing import ClassVar

from aiosmtpd.smtp import SMTP, TLSSetupException

from handlers.clock import Clock
from intake.content import Content, TooLarge
from intake.door import Door, ListenerOptions
from intake.envelope import read_path, weigh
from storage.records import Arrival
from storage.store import Mails

log = logging.getLogger(__name__)

_BULK = 2**16  # what the reader holds before it stops the socket, and the step of the DATA loop
_COMMAND = 2048  # RFC 5321 4.5.3.1.4 says 512; extensions add to it
#: a browser's or proxy's request with SMTP in its body is an attack on whoever trusts our address
_HTTP = frozenset(
    ("GET", "POST", "PUT", "HEAD", "DELETE", "CONNECT", "OPTIONS", "PATCH", "TRACE", "PRI")
)
_CLOSING = "421 4.3.2 Closing, try again later"
_TLS_CUT = "421 4.7.0 TLS failed"


class Conversation(SMTP):
    """One SMTP session. The command loop and DATA are ours: limits hold at every byte."""

    line_length_limit = _BULK

    def __init__(self, door: "Listener") -> None:
        super().__init__(
            None,
            hostname=door.options.hostname,
            data_size_limit=door.options.max_size,
            enable_SMTPUTF8=True,
            tls_context=door.options.tls,
            timeout=door.options.idle,
            loop=asyncio.get_running_loop(),
        )
        self.door = door
        self.options = door.options
        self.peer = ""
        self.hello = ""
        self.mail_from: str | None = None
        self.rcpt_to: list[str] = []
        self.counted = False  #: let in, and not gone yet
        self.busy = False  #: a mail is in hand
        self.held = 0  #: bytes of it in memory
        self.errors = 0
        self.commands = 0
        self._end: asyncio.TimerHandle | None = None

    # --- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.hello = ""  # RFC 3207 4.2: after STARTTLS all is forgotten
        self._forget()
        if self.counted:  # the second time, after STARTTLS
            super().connection_made(transport)
            return
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not self.door.welcome(self.peer):
            if isinstance(transport, asyncio.Transport):
                transport.write(b"421 4.7.0 Too many connections, try again later\r\n")
                transport.close()
            return
        self.counted = True
        self.door.open.add(self)
        self._end = self.loop.call_later(self.options.session, self._timeout_cb)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.counted:
            return
        self.counted = False
        if self._end is not None:
            self._end.cancel()
        self.hold(0)
        self.door.farewell(self.peer)
        self.door.ended(self)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        # A client that has said all may close its half and still read our replies.
        asyncio.StreamReaderProtocol.eof_received(self)
        return self.counted and self._tls_protocol is None

    def _timeout_cb(self) -> None:
        self.leave("421 4.4.2 Timeout, closing")

    def leave(self, reply: str) -> None:
        """Say it and hang up; nothing that is still buffered is carried out."""
        if self.transport is not None and not self.transport.is_closing():
            if reply:
                self._writer.write(f"{reply}\r\n".encode())
            self.transport.close()
        # Closing alone does not stop the command loop: it would go on with the read buffer.
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    async def cut(self, reply: str) -> None:
        """`leave` for use inside the command loop: never returns."""
        self.leave(reply)
        await asyncio.sleep(0)

    async def push(self, status: str | bytes) -> None:
        reply = status if isinstance(status, str) else status.decode()
        if reply[0] == "5":
            self.errors += 1
            if self.errors >= self.options.errors:
                await self.cut("421 4.7.0 Too many errors")
            if self.errors > self.options.patience:
                await asyncio.sleep(self.options.tarpit)
        self._writer.write(f"{reply}\r\n".encode())
        await self._writer.drain()

    # --- the command loop

    async def _handle_client(self) -> None:
        try:
            # An empty ident: what we run is nobody's business.
            await self.push(f"220 {self.hostname} ESMTP")
            while True:
                await self._obey(await self._command())
        except (asyncio.IncompleteReadError, ConnectionError):
            self.leave("")  # the client has gone
        except TLSSetupException as error:
            self.leave(_TLS_CUT)
            self.connection_lost(error)

    async def _command(self) -> bytes:
        """The next command line without its end; over-long ones are answered and dropped."""
        dropped = False
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
                self.commands += 1
                await self._afford()
                dropped = True
                continue
            if not dropped and len(line) <= _COMMAND:
                return line.rstrip(b"\r\n")
            dropped = False
            await self.push("500 5.5.2 Line too long")

    async def _afford(self) -> None:
        if self.commands > self.options.commands:
            await self.cut("421 4.7.0 Too many commands")

    async def _obey(self, line: bytes) -> None:
        self._reset_timeout()
        self.commands += 1
        await self._afford()
        verb, _, rest = line.partition(b" ")
        name = verb.decode("ascii", "replace").upper()
        if name in _HTTP:
            await self.cut("421 4.7.0 This is a mail server")
        try:
            argument = rest.strip(b" ").decode()
        except UnicodeDecodeError:
            await self.push("501 5.5.4 Arguments are UTF-8")
            return
        method = self.VERBS.get(name)
        if method is None:
            await self.push("500 5.5.1 Command not recognised")
            return
        try:
            await method(self, argument)
        except (asyncio.IncompleteReadError, ConnectionError, TLSSetupException):
            raise
        except Exception as error:  # noqa: BLE001  a fault of ours must never bounce a mail
            await self.push(await self.handle_exception(error))

    async def handle_exception(self, error: Exception) -> str:
        """RFC 5321 4.2.1: our faults are transient, and their text is nobody's business."""
        log.error("smtp: %s while answering a client", type(error).__name__)
        return "451 4.3.0 Local error, try again later"

    # --- the verbs

    async def _helo(self, hostname: str) -> None:
        if await self._greet(hostname):
            await self.push(f"250 {self.hostname}")

    async def _ehlo(self, hostname: str) -> None:
        if not await self._greet(hostname):
            return
        lines = [
            self.hostname,
            "PIPELINING",
            f"SIZE {self.options.max_size}",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        ]
        if self.tls_context is not None and self._tls_protocol is None:
            lines.append("STARTTLS")
        *first, last = lines
        await self.push("".join(f"250-{line}\r\n" for line in first) + f"250 {last}")

    async def _greet(self, hostname: str) -> bool:
        if not hostname or len(hostname) > 255:
            await self.push("501 5.5.4 Say who you are")
            return False
        self._forget()
        self.hello = hostname
        return True

    async def _mail(self, argument: str) -> None:
        path = read_path(argument[5:]) if argument[:5].upper() == "FROM:" else None
        if not self.hello:
            await self.push("503 5.5.1 Send EHLO first")
        elif self.mail_from is not None:
            await self.push("503 5.5.1 One sender at a time")
        elif path is None:
            await self.push("501 5.1.7 Bad sender address syntax")
        elif refusal := weigh(path.params, self.options.max_size):
            await self.push(refusal)
        else:
            self.mail_from = path.address
            await self.push("250 2.1.0 OK")

    async def _rcpt(self, argument: str) -> None:
        path = read_path(argument[3:]) if argument[:3].upper() == "TO:" else None
        if self.mail_from is None:
            await self.push("503 5.5.1 Send MAIL first")
        elif path is None:
            await self.push("501 5.1.3 Bad recipient address syntax")
        elif path.params:
            await self.push("555 5.5.4 Parameter not known")
        elif not self.door.addresses.accepts(path.address):
            await self.push("550 5.1.1 No such address here")
        elif len(self.rcpt_to) >= self.options.recipients:
            await self.push("452 4.5.3 Too many recipients")
        else:
            self.rcpt_to.append(path.address)
            await self.push("250 2.1.5 OK")

    async def _data(self, argument: str) -> None:
        if argument:
            await self.push("501 5.5.4 DATA has no argument")
        elif not self.rcpt_to:
            await self.push("503 5.5.1 Send RCPT first")
        elif self.door.closes():
            await self.cut(_CLOSING)
        else:
            self.busy = True
            try:
                await self._take()
            finally:
                self.busy = False
                self.hold(0)
                self._forget()
            if self.door.closes():
                await self.cut(_CLOSING)

    async def _take(self) -> None:
        """Read one mail and keep it; the reply is the promise."""
        content = Content(self._reader, self.options.max_size, self.hold, self._reset_timeout)
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            read = await content.read()
        except TooLarge as fault:
            await self.push(fault.reply)
            if not fault.done and not await content.skip():
                await self.cut("421 4.7.0 Still sending, closing")
            return
        mail = await self.door.keep(
            Arrival(
                received_at=self.door.clock.now(),
                mail_from=self.mail_from or "",
                rcpt_to=tuple(self.rcpt_to),
                peer=self.peer,
                content=read,
            )
        )
        if isinstance(mail, str):
            await self.push(mail)
            return
        self.errors = self.commands = 0
        await self.push(f"250 2.0.0 Kept as {mail.id}")

    def hold(self, size: int) -> bool:
        """Account for `size` bytes in memory; False when all sessions together hold too much."""
        before, self.held = self.held, size
        return self.door.hold(before, size)

    def _forget(self) -> None:
        self.mail_from = None
        self.rcpt_to = []

    async def _rset(self, argument: str) -> None:
        self._forget()
        await self.push("250 2.0.0 OK")

    async def _noop(self, argument: str) -> None:
        await self.push("250 2.0.0 OK")

    async def _quit(self, argument: str) -> None:
        await self.cut("221 2.0.0 Bye")

    async def _vrfy(self, argument: str) -> None:
        await self.push("252 2.1.5 Send some mail and see")

    async def _help(self, argument: str) -> None:
        await self.push("214 2.0.0 See RFC 5321")

    async def _starttls(self, argument: str) -> None:
        if self.tls_context is None:
            await self.push("502 5.5.1 No TLS here")
        elif self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is on already")
        elif argument:
            await self.push("501 5.5.4 STARTTLS has no argument")
        else:
            await super().smtp_STARTTLS("")

    #: every verb we answer; AUTH, EXPN, BDAT and the rest are not recognised
    VERBS: ClassVar = {
        "HELO": _helo,
        "EHLO": _ehlo,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
        "VRFY": _vrfy,
        "HELP": _help,
        "STARTTLS": _starttls,
    }


class Listener(Door):
    """Opens the socket, and closes it without losing a mail that is in hand."""

    def __init__(self, mails: Mails, clock: Clock, options: ListenerOptions) -> None:
        super().__init__(mails, clock, options)
        self.port = options.port
        self.open: set[Conversation] = set()
        self._empty = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the door. Raises OSError that names host and port."""
        # aiosmtpd's own log names addresses and echoes what clients say.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        host, port = self.options.host, self.options.port
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Conversation(self), host, port, backlog=256
            )
        except OSError as error:
            why = (error.strerror or str(error)).rpartition(": ")[2]  # asyncio's words come first
            text = (
                f"Mail cannot be taken on {host}:{port} ({why}): "
                "stop what uses the port, or choose another SMTP port."
            )
            raise OSError(error.errno, text) from error
        self.port = self._server.sockets[0].getsockname()[1]

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
        await self.settled()

    def ended(self, conversation: Conversation) -> None:
        """A session is over."""
        self.open.discard(conversation)
        if not self.open:
            self._empty.set()

    def _dismiss(self, *, everyone: bool) -> None:
        for conversation in list(self.open):
            if everyone or not conversation.busy:
                conversation.leave(_CLOSING)
