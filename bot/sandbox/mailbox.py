"""The requesters' mail server: takes every mail on loopback, and sends what the page writes."""

import asyncio
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.sandbox import letters
from bot.sandbox.parts import Parts
from bot.sandbox.workspace import Json

SIZE_LIMIT = 26_214_400


class Mailbox:
    """An SMTP server for every address there is."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    async def start(self, port: int) -> int:
        """Listen; returns the port. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._conversation, "127.0.0.1", port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def _conversation(self) -> SMTP:
        return _Conversation(self, self._transports)

    async def stop(self) -> None:
        """Stop listening and end the conversations."""
        if self._server is not None:
            self._server.close()
            for transport in list(self._transports):
                transport.close()
            await self._server.wait_closed()

    async def handle_RCPT(  # noqa: N802 -- the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        """Take every address, but for those told to refuse."""
        refusal = self._parts.refusals.get(address.lower())
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 -- the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Put one copy into the mailbox of each recipient."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        # RFC 5321 4.4: the last server writes the envelope's sender on top
        raw = f"Return-Path: <{envelope.mail_from or ''}>\r\n".encode() + raw
        for address in envelope.rcpt_tos:
            keep(self._parts, address, raw, "in")
        return "250 2.0.0 Kept"


class _Conversation(SMTP):
    """One SMTP conversation that can be ended when the server stops."""

    def __init__(self, handler: Mailbox, transports: set[asyncio.BaseTransport]) -> None:
        super().__init__(
            handler,
            hostname="mailbox.localhost",
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
        )
        self._transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._transports.add(transport)
        self._own = transport
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        self._transports.discard(self._own)
        super().connection_lost(error)


def keep(parts: Parts, address: str, raw: bytes, direction: str) -> Json:
    """Add a mail to one mailbox."""
    number = parts.workspace.mail_count + 1
    mail = letters.read(raw, f"M{number}", parts.calendar.now(), direction)
    parts.state.record({"kind": "mail", "address": address.lower(), "mail": mail})
    return mail


async def send(parts: Parts, draft: letters.Draft) -> Json:
    """Send a draft to the desk by SMTP; what the desk answered, word for word."""
    to = draft.reply_to_address or draft.to or parts.options.desk_address
    try:
        mail = letters.write(draft, to, parts.calendar.now())
    except ValueError as error:
        return {"ok": False, "error": str(error)}
    host, port = parts.options.desk_smtp
    client = aiosmtplib.SMTP(
        hostname=host, port=port, timeout=30, start_tls=False, local_hostname="sandbox.localhost"
    )
    try:
        async with client:
            errors, reply = await client.sendmail(draft.sender, [to], mail.as_bytes())
    except aiosmtplib.SMTPRecipientsRefused as error:
        first: Any = error.recipients[0]
        return {"ok": False, "error": f"{first.code} {first.message}"}
    except aiosmtplib.SMTPResponseException as error:
        return {"ok": False, "error": f"{error.code} {error.message}"}
    except (aiosmtplib.SMTPException, OSError) as error:
        return {"ok": False, "error": f"the desk at {host}:{port} does not answer: {error}"}
    del errors
    if draft.name and parts.workspace.names.get(draft.sender.lower()) != draft.name:
        parts.state.record({"kind": "name", "address": draft.sender.lower(), "name": draft.name})
    kept = keep(parts, draft.sender, mail.as_bytes(), "out")
    return {"ok": True, "reply": reply_line(reply), "message_id": kept["message_id"]}


def reply_line(reply: str) -> str:
    """The final reply with its code; aiosmtplib gives the text alone."""
    return reply if reply[:3].isdigit() else f"250 {reply}"
