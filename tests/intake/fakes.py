"""Stand-ins for the parts around the intake, kept in memory."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime

from storage.errors import UnknownReference
from storage.records import Arrival, InboundMail, MailStatus

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OWN = ("compliance@cafex.com",)


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    async def wait_until(self, when: datetime) -> None:
        await asyncio.Event().wait()


class MemoryMails:
    """Mails in a dict; `fault` is raised, `gate` is waited for."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[InboundMail, Arrival]] = {}
        self.fault: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def append(self, arrival: Arrival) -> InboundMail:
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        mail = inbound(arrival, f"{len(self.kept):020x}")
        self.kept[mail.id] = (mail, arrival)
        return mail

    async def raw(self, mail_id: str) -> bytes:
        if mail_id not in self.kept:
            raise UnknownReference(f"no mail {mail_id}")
        return self.kept[mail_id][1].content

    async def waiting(self) -> AsyncIterator[InboundMail]:
        for mail, _ in list(self.kept.values()):
            if mail.status is MailStatus.RECEIVED:
                yield mail

    @property
    def contents(self) -> list[bytes]:
        return [arrival.content for _, arrival in self.kept.values()]


def inbound(arrival: Arrival, mail_id: str) -> InboundMail:
    return InboundMail(
        id=mail_id,
        received_at=arrival.received_at,
        mail_from=arrival.mail_from,
        rcpt_to=arrival.rcpt_to,
        peer=arrival.peer,
        hello=arrival.hello,
        batch=arrival.batch,
        sha256=hashlib.sha256(arrival.content).hexdigest(),
        size=len(arrival.content),
    )


async def eventually(holds: Callable[[], bool], *, seconds: float = 5) -> None:
    """For what tells nobody when it happens."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Client:
    """A bare SMTP client over a real socket: sends bytes, reads replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, hello: bool = True) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        if hello:
            await client.reply()
            await client.say("EHLO client.example.org")
        return client

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self) -> str:
        """The next reply, all its lines; "" at the end of the connection."""
        lines = []
        while True:
            try:
                line = (await asyncio.wait_for(self.reader.readline(), 5)).decode()
            except ConnectionError:
                line = ""
            lines.append(line)
            if line[3:4] != "-":
                return "".join(lines)

    async def say(self, line: str) -> str:
        await self.send(f"{line}\r\n".encode())
        return await self.reply()

    async def envelope(self, sender: str = "ann@example.org", to: str = OWN[0]) -> None:
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250")
        assert (await self.say(f"RCPT TO:<{to}>")).startswith("250")

    async def data(self, content: bytes) -> str:
        assert (await self.say("DATA")).startswith("354")
        await self.send(content)
        return await self.reply()

    async def ended(self) -> bool:
        """Has the server closed, with nothing more to say?"""
        return await asyncio.wait_for(self.reader.read(), 5) == b""

    def vanish(self) -> None:
        """Gone without a word: a reset, not an orderly end."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()
