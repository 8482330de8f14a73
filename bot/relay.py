"""Connections to the outgoing mail server: opened when needed, used again, closed when idle.

What a failure means depends on where it happens (RFC 5321 4.2.1, RFC 1047):
before MAIL it is the server's, whatever it says, and the letter waits; at MAIL, RCPT, DATA and
after the final dot 4xx may pass with time and 5xx never; and when the server has begun to take
the letter and its answer is lost, nobody knows.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiosmtplib
from aiosmtplib import SMTP

from bot.outbox import SendFailed, SendLater
from bot.settings import Relay
from handlers.clock import Clock
from storage.errors import SettingsError
from storage.records import Record

#: seconds for connecting with TLS and login, for MAIL to DATA, and for the answer to the final dot
CONNECT_SECONDS = 30.0
COMMANDS_SECONDS = 60.0
CONTENT_SECONDS = 180.0
IDLE_SECONDS = 20.0
#: after a failed connection nobody tries for so long: letters that wait for it hold up Slack
BREATHER = timedelta(seconds=20)
#: it wants TLS or another login (RFC 4954 6): for the operator to mend, not the letter's fault
_OPERATORS = frozenset({530, 534, 535, 538})
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")

DOUBT = "it may have arrived: the mail server took it and its answer was lost"


class Envelope(Record, frozen=True, kw_only=True):
    """One letter on the wire. `utf8`: its addresses need RFC 6531."""

    sender: str
    recipient: str
    content: bytes
    utf8: bool = False


class Login(Record, frozen=True, kw_only=True):
    """RFC 4954."""

    user: str
    password: str


class _Gone(Exception):
    """The server closed before it took anything of this letter."""


def loopback(host: str) -> bool:
    """This machine: there is nobody between who could listen or answer in its place."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def tls_context(relay: Relay) -> ssl.SSLContext:
    """TLS 1.2 or newer; the certificate is checked, except on loopback."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if loopback(relay.host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def read_login(path: Path) -> Login:
    """User name and password, a line each. Raises SettingsError."""
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            (f"DESK_RELAY_LOGIN: {path} cannot be read: let the desk's user own it.",)
        ) from None
    if mode & 0o077:
        raise SettingsError((f"DESK_RELAY_LOGIN: others may read {path}: run `chmod 600 {path}`.",))
    if len(lines) < 2 or not lines[0].strip() or not lines[1]:
        raise SettingsError(
            (f"DESK_RELAY_LOGIN: {path} needs the user name and below it the password.",)
        )
    return Login(user=lines[0].strip(), password=lines[1])


class Connections:
    """To one relay. Each carries one letter after the other; as many are open as letters go."""

    def __init__(
        self,
        relay: Relay,
        clock: Clock,
        login: Login | None = None,
        context: ssl.SSLContext | None = None,
        name: str = "localhost",
    ) -> None:
        """`name`: what we call ourselves there."""
        self._relay = relay
        self._name = name
        self._clock = clock
        self._login = login
        self._context = context or tls_context(relay)
        self._idle: list[tuple[SMTP, asyncio.TimerHandle]] = []
        self._quitting: set[asyncio.Task[None]] = set()
        self._connecting = asyncio.Lock()
        self._tired: tuple[datetime, str] | None = None  #: until when, and why
        self.opened = 0

    async def deliver(self, letter: Envelope) -> str:
        """The relay's answer. Raises SendLater, SendFailed."""
        while (client := self._at_hand()) is not None:
            with suppress(_Gone):  # it was closed while idle: another one, at once
                return await self._hand_over(client, letter)
        client = await self.connected()
        try:
            return await self._hand_over(client, letter)
        except _Gone as gone:
            raise SendLater(f"relay: {gone}") from gone

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while (client := self._at_hand()) is not None:
            self._leave(client)
        await asyncio.gather(*self._quitting)

    async def look(self) -> str:
        """Connect and leave again: "over TLS" or "in clear". Raises SendLater."""
        client = await self.connected()
        clear = client.get_transport_info("sslcontext") is None
        await _goodbye(client)
        return "in clear" if clear else "over TLS"

    # --- connecting

    async def connected(self) -> SMTP:
        """A new connection, encrypted and logged in as set. Raises SendLater."""
        async with self._connecting:
            if self._tired is not None and self._clock.now() < self._tired[0]:
                raise SendLater(self._tired[1])
            self._tired = None
            try:
                client = await self._connect()
            except SendLater as later:
                self._tired = (self._clock.now() + BREATHER, later.error)
                raise
        self.opened += 1
        return client

    async def _connect(self) -> SMTP:
        client = SMTP(
            hostname=self._relay.host,
            port=self._relay.port,
            local_hostname=self._name,
            use_tls=self._relay.tls == "implicit",
            start_tls={"offered": None, "required": True, "implicit": False}[self._relay.tls],
            tls_context=self._context,
            timeout=CONNECT_SECONDS,
        )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.connect()
                if client.is_ehlo_or_helo_needed:  # after TLS all is asked anew (RFC 3207 4.2)
                    await _greet(client)
                await self._log_in(client)
        except ssl.SSLCertVerificationError as fault:
            raise SendLater("relay: its certificate cannot be trusted") from fault
        except aiosmtplib.SMTPAuthenticationError as fault:
            raise SendLater(f"relay: {_said(fault)}: it does not take the login") from fault
        except aiosmtplib.SMTPResponseException as fault:
            raise SendLater(f"relay: {_said(fault)} before the letter") from fault
        except (TimeoutError, aiosmtplib.SMTPException, OSError, ValueError) as fault:
            raise SendLater(_unreached(fault)) from fault
        finally:
            if not client.is_connected:
                client.close()
        return client

    async def _log_in(self, client: SMTP) -> None:
        if self._login is None:
            return
        clear = client.get_transport_info("sslcontext") is None
        if clear and not loopback(self._relay.host):
            client.close()
            raise SendLater("relay: it offers no TLS, and a login is never sent without")
        try:
            await client.login(self._login.user, self._login.password)
        except BaseException:
            client.close()
            raise

    # --- reuse

    def _at_hand(self) -> SMTP | None:
        """An idle connection, the one used last."""
        while self._idle:
            client, timer = self._idle.pop()
            timer.cancel()
            if client.is_connected:
                return client
        return None

    def _keep(self, client: SMTP) -> None:
        if client.is_connected:
            loop = asyncio.get_running_loop()
            self._idle.append((client, loop.call_later(IDLE_SECONDS, self._idled, client)))

    def _idled(self, client: SMTP) -> None:
        self._idle = [(other, timer) for other, timer in self._idle if other is not client]
        self._leave(client)

    def _leave(self, client: SMTP) -> None:
        task = asyncio.get_running_loop().create_task(_goodbye(client))
        self._quitting.add(task)
        task.add_done_callback(self._quitting.discard)

    # --- one letter

    async def _hand_over(self, client: SMTP, letter: Envelope) -> str:
        try:
            await self._announce(client, letter)
            reply = await self._transfer(client, letter)
        except (SendLater, SendFailed):
            await self._reset(client)
            raise
        except BaseException:
            client.close()
            raise
        self._keep(client)
        return reply

    async def _announce(self, client: SMTP, letter: Envelope) -> None:
        """MAIL, RCPT and DATA: until the server says go on, it has taken nothing."""
        if letter.utf8 and not client.supports_extension("smtputf8"):
            raise SendFailed("the relay cannot carry this address (SMTPUTF8)")
        try:
            async with asyncio.timeout(COMMANDS_SECONDS):
                for stage, command in _commands(letter):
                    answer = await client.execute_command(*command)
                    if answer.code == 421:
                        raise _Gone(f"421 at {stage}")
                    if answer.code not in _GO_ON[stage]:
                        raise _verdict(answer.code, answer.message, _WHOM[stage])
        except TimeoutError as fault:
            client.close()
            raise SendLater(f"relay: no answer to {stage} in time") from fault
        except aiosmtplib.SMTPResponseException as fault:
            raise _Gone(f"no SMTP at {stage}") from fault
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise _Gone(f"closed at {stage}") from fault

    async def _transfer(self, client: SMTP, letter: Envelope) -> str:
        """The content and its final dot; without an answer nobody knows (RFC 1047)."""
        wire = client.protocol
        if wire is None:
            raise _Gone("closed at DATA")
        try:
            wire.write(dotted(letter.content))
            answer = await wire.read_response(timeout=CONTENT_SECONDS)
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as fault:
            client.close()
            raise SendLater(DOUBT, doubt=True) from fault
        if answer.code != 250:
            raise _verdict(answer.code, answer.message, "the letter")
        return f"{answer.code} {answer.message}"

    async def _reset(self, client: SMTP) -> None:
        """Make it ready for the next letter, or let it go."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.rset()
        except (TimeoutError, aiosmtplib.SMTPException, OSError):
            client.close()
        except BaseException:
            client.close()
            raise
        self._keep(client)


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


async def _goodbye(client: SMTP) -> None:
    with suppress(TimeoutError, aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=5)
    client.close()


def dotted(content: bytes) -> bytes:
    """As DATA wants it (RFC 5321 4.5.2): lines end in CRLF, a leading dot is doubled."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    text = re.sub(rb"(?m)^\.", b"..", text)
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


_GO_ON = {"MAIL": {250}, "RCPT": {250, 251}, "DATA": {354}}
_WHOM = {"MAIL": "our address", "RCPT": "the recipient", "DATA": "DATA"}


def _commands(letter: Envelope) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    more = (b"SMTPUTF8", b"BODY=8BITMIME") if letter.utf8 else ()
    yield "MAIL", (b"MAIL", f"FROM:<{letter.sender}>".encode(), *more)
    yield "RCPT", (b"RCPT", f"TO:<{letter.recipient}>".encode())
    yield "DATA", (b"DATA",)


def _said(refused: aiosmtplib.SMTPResponseException) -> str:
    return _code(refused.code, refused.message)


def _code(code: int, message: str) -> str:
    """The codes alone (RFC 3463): the rest of a reply may name a person."""
    found = _ENHANCED.match(message)
    return f"{code} {found.group()}" if found else str(code)


def _unreached(fault: Exception) -> str:
    if "STARTTLS" in str(fault):
        return "relay: it offers no STARTTLS, and DESK_RELAY asks for it"
    if isinstance(fault.__cause__, ssl.SSLCertVerificationError):
        return "relay: its certificate cannot be trusted"
    return f"relay not reached ({type(fault).__name__})"


def _verdict(code: int, message: str, whom: str) -> SendLater | SendFailed:
    """4xx may pass with time, 5xx never (RFC 5321 4.2.1)."""
    error = f"relay: {_code(code, message)} to {whom}"
    if code in _OPERATORS:
        return SendLater(f"{error}: see DESK_RELAY and DESK_RELAY_LOGIN")
    return SendFailed(error) if 500 <= code < 600 else SendLater(error)
