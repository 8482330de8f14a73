"""What is said in one SMTP session (RFC 5321): each command and its reply.

Nothing is decided here but what RFC 5321 wants decided: a reply of 250 means that the mail is
durable. 4xx answers every fault of ours, 5xx only what no retry can mend (a foreign recipient,
a wrong syntax, too large, abuse). What a mail says never changes the reply.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Protocol

from intake.content import NotTaken
from intake.door import CLOSING, FAULT, NO_ROOM, Door
from intake.envelope import announced, read_path, weigh
from storage.records import Arrival

log = logging.getLogger(__name__)

#: a browser's or proxy's request with SMTP in its body is an attack on whoever trusts our address
_HTTP = frozenset(
    ("GET", "POST", "PUT", "HEAD", "DELETE", "CONNECT", "OPTIONS", "PATCH", "TRACE", "PRI")
)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
#: RFC 3207 4: what may be said before TLS where TLS is a must
_BEFORE_TLS = frozenset(("EHLO", "HELO", "NOOP", "RSET", "QUIT", "STARTTLS", "HELP"))
_REFUSED_TIMES = 2  # so many of the largest mails may be refused before one is accepted


class Hangup(Exception):
    """The session ends with this reply; nothing that is still buffered is carried out."""

    def __init__(self, reply: str = "") -> None:
        super().__init__(reply)
        self.reply = reply


class Wire(Protocol):
    """The connection below a conversation. Its methods raise ConnectionError, EOFError."""

    peer: str

    @property
    def secure(self) -> bool:
        """Is TLS on?"""

    async def write(self, reply: str) -> None:
        """Send one reply."""

    async def read(self) -> bytes:
        """The content that follows. Raises NotTaken."""

    async def skip(self) -> bool:
        """Past the rest of content that was not taken; False = there is no end to it."""

    def release(self) -> None:
        """The mail in hand is out of our memory."""

    async def encrypt(self) -> None:
        """Turn TLS on; what was sent ahead of it is dropped."""


class Conversation:
    """One SMTP session; `busy` while a mail is in hand."""

    def __init__(self, door: Door, wire: Wire) -> None:
        self._door = door
        self._options = door.options
        self._wire = wire
        self._hello = ""
        self._mail_from: str | None = None
        self._rcpt_to: list[str] = []
        self._errors = 0
        self._commands = 0
        self._refused = 0  # bytes
        self.busy = False
        self._verbs: dict[str, Callable[[str], Awaitable[None]]] = {
            "HELO": self._helo,
            "EHLO": self._ehlo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
            "VRFY": self._vrfy,
            "HELP": self._help,
            "STARTTLS": self._starttls,
            # known, and not for strangers: there is nobody to log in, no list to open
            **dict.fromkeys(("AUTH", "EXPN", "BDAT", "ETRN", "TURN"), self._absent),
        }

    async def greet(self) -> None:
        """The banner; what we run is nobody's business."""
        await self._wire.write(f"220 {self._options.hostname} ESMTP")

    async def obey(self, line: bytes) -> None:
        """One command, without its line end. Raises Hangup, and what the wire raises."""
        self.count()
        verb, _, rest = line.partition(b" ")
        name = verb.decode("ascii", "replace").upper()
        if name in _HTTP:
            raise Hangup("421 4.7.0 This is a mail server")
        if _CONTROL.search(line):
            await self._say("500 5.5.2 Control characters in a command")
            return
        try:
            argument = rest.strip(b" ").decode()
        except UnicodeDecodeError:
            await self._say("501 5.5.4 Arguments are UTF-8")
            return
        method = self._verbs.get(name)
        if method is None:
            await self._say("500 5.5.1 Command not recognised")
        elif self._options.tls_required and not self._wire.secure and name not in _BEFORE_TLS:
            await self._say("530 5.7.0 Must issue a STARTTLS command first")
        else:
            await self._carried_out(method, argument)

    async def _carried_out(self, method: Callable[[str], Awaitable[None]], argument: str) -> None:
        try:
            await method(argument)
        except (Hangup, EOFError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001  a fault of ours must never bounce a mail
            # RFC 5321 4.2.1: our faults are transient, and their text is nobody's business.
            log.error("smtp: %s while answering a client", type(error).__name__)
            await self._say(FAULT)

    def count(self) -> None:
        """One command more, or one piece of an endless line. Raises Hangup."""
        self._commands += 1
        if self._commands > self._options.commands:
            raise Hangup("421 4.7.0 Too many commands")

    async def too_long(self) -> None:
        """A command line of more than we read."""
        await self._say("500 5.5.2 Line too long")

    async def _say(self, reply: str) -> None:
        if reply[0] == "5":
            self._errors += 1
            if self._errors >= self._options.errors:
                raise Hangup("421 4.7.0 Too many errors")
            if self._errors > self._options.patience:
                await asyncio.sleep(self._options.tarpit)
        await self._wire.write(reply)

    # --- the verbs

    async def _helo(self, hostname: str) -> None:
        if await self._greeted(hostname):
            await self._say(f"250 {self._options.hostname}")

    async def _ehlo(self, hostname: str) -> None:
        if not await self._greeted(hostname):
            return
        lines = [
            self._options.hostname,
            "PIPELINING",
            f"SIZE {self._options.max_size}",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        ]
        if self._options.tls is not None and not self._wire.secure:
            lines.append("STARTTLS")
        *first, last = lines
        await self._say("".join(f"250-{line}\r\n" for line in first) + f"250 {last}")

    async def _greeted(self, hostname: str) -> bool:
        if not hostname or len(hostname) > 255:
            await self._say("501 5.5.4 Say who you are")
            return False
        self._forget()
        self._hello = hostname
        return True

    async def _mail(self, argument: str) -> None:
        path = read_path(argument[5:]) if argument[:5].upper() == "FROM:" else None
        if not self._hello:
            await self._say("503 5.5.1 Send EHLO first")
        elif self._mail_from is not None:
            await self._say("503 5.5.1 One sender at a time")
        elif path is None:
            await self._say("501 5.1.7 Bad sender address syntax")
        elif refusal := weigh(path.params, self._options.max_size):
            await self._say(refusal)
        elif self._door.lacks_room(announced(path.params)):
            await self._say(NO_ROOM)
        else:
            self._mail_from = path.address
            await self._say("250 2.1.0 OK")

    async def _rcpt(self, argument: str) -> None:
        path = read_path(argument[3:]) if argument[:3].upper() == "TO:" else None
        if self._mail_from is None:
            await self._say("503 5.5.1 Send MAIL first")
        elif path is None:
            await self._say("501 5.1.3 Bad recipient address syntax")
        elif path.params:
            await self._say("555 5.5.4 Parameter not known")
        elif not self._door.addresses.accepts(path.address):
            await self._say("550 5.1.1 No such address here")
        elif len(self._rcpt_to) >= self._options.recipients:
            await self._say("452 4.5.3 Too many recipients")
        else:
            self._rcpt_to.append(path.address)
            await self._say("250 2.1.5 OK")

    async def _data(self, argument: str) -> None:
        if argument:
            await self._say("501 5.5.4 DATA has no argument")
        elif not self._rcpt_to:
            await self._say("503 5.5.1 Send RCPT first")
        elif self._door.closing:
            raise Hangup(CLOSING)
        else:
            self.busy = True
            try:
                await self._take()
            finally:
                self.busy = False
                self._wire.release()
                self._forget()

    async def _take(self) -> None:
        """Read one mail and keep it; the reply is the promise."""
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        try:
            content = await self._wire.read()
        except NotTaken as fault:
            await self._not_taken(fault)
            return
        mail = await self._door.keep(
            Arrival(
                received_at=self._door.clock.now(),
                mail_from=self._mail_from or "",
                rcpt_to=tuple(self._rcpt_to),
                peer=self._wire.peer,
                hello=self._hello,
                content=content,
            )
        )
        if isinstance(mail, str):
            await self._say(mail)
            return
        self._errors = self._commands = self._refused = 0
        await self._say(f"250 2.0.0 Kept as {mail.id}")

    async def _not_taken(self, fault: NotTaken) -> None:
        """Said at once, so that who listens while sending may stop."""
        await self._say(fault.reply)
        if not fault.done and not await self._wire.skip():
            raise Hangup("421 4.7.0 Still sending, closing")
        self._refused += fault.size
        if self._refused > self._options.max_size * _REFUSED_TIMES:
            raise Hangup("421 4.7.0 Too much that is refused")

    def _forget(self) -> None:
        self._mail_from = None
        self._rcpt_to = []

    async def _rset(self, _: str) -> None:
        self._forget()
        await self._say("250 2.0.0 OK")

    async def _noop(self, _: str) -> None:
        await self._say("250 2.0.0 OK")

    async def _quit(self, _: str) -> None:
        raise Hangup("221 2.0.0 Bye")

    async def _vrfy(self, _: str) -> None:
        await self._say("252 2.1.5 Send some mail and see")

    async def _help(self, _: str) -> None:
        await self._say("214 2.0.0 See RFC 5321")

    async def _absent(self, _: str) -> None:
        await self._say("502 5.5.1 Not here")

    async def _starttls(self, argument: str) -> None:
        if self._options.tls is None:
            await self._say("502 5.5.1 No TLS here")
        elif self._wire.secure:
            await self._say("503 5.5.1 TLS is on already")
        elif argument:
            await self._say("501 5.5.4 STARTTLS has no argument")
        else:
            await self._wire.encrypt()
            # RFC 3207 4.2: all that was said before is forgotten.
            self._hello = ""
            self._forget()
