"""Mail servers on loopback that fail as told, and certificates for them."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

#: instead of a reply: hang up, never answer, or reset the connection
DROP, HANG, RESET = "drop", "hang", "reset"

REPLIES = {
    "banner": "220 relay.example.org ESMTP",
    "EHLO": "250-relay.example.org\r\n250 8BITMIME",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go on",
    "content": "250 2.0.0 taken as 77",
    "RSET": "250 2.0.0 OK",
    "QUIT": "221 2.0.0 bye",
    "AUTH": "235 2.7.0 welcome",
}


class FaultyRelay:
    """Answers by `REPLIES`, each stage changed by a list of what to do at its next turns."""

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}
        self.replies = dict(REPLIES)
        self.taken: list[bytes] = []  #: contents that came whole, whatever was answered
        self.acknowledged = 0  #: of those, how many got their 250
        self.connections = 0
        self.said: list[str] = []
        self.left = asyncio.Event()  #: somebody said goodbye
        self.greeted = False
        self.tls: ssl.SSLContext | None = None
        self.port = 0

    def will(self, stage: str, *faults: str) -> None:
        self.faults.setdefault(stage, []).extend(faults)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.greeted = False
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                if await self._answer(writer, "banner"):
                    while await self._command(reader, writer):
                        pass
        finally:
            writer.close()

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = (await reader.readline()).decode().strip()
        if not line:
            return False
        self.said.append(line)
        verb = line.split()[0].upper()
        if verb == "STARTTLS" and self.tls is not None:
            writer.write(b"220 2.0.0 go\r\n")
            await writer.drain()
            await writer.start_tls(self.tls)
            self.greeted = False  # RFC 3207 4.2: all is forgotten
            return True
        self.greeted = self.greeted or verb in {"EHLO", "HELO"}
        if verb == "MAIL" and not self.greeted:
            writer.write(b"503 5.5.1 say EHLO first\r\n")
            return True
        if verb == "QUIT":
            self.left.set()
        if not await self._answer(writer, verb) or verb == "QUIT":
            return False
        if verb != "DATA" or not self._last.startswith("354"):
            return True
        content = await reader.readuntil(b"\r\n.\r\n")
        self.taken.append(content)
        went_on = await self._answer(writer, "content")
        self.acknowledged += went_on and self._last.startswith("250")
        return went_on

    async def _answer(self, writer: asyncio.StreamWriter, stage: str) -> bool:
        """Reply, or fail as told; False = the conversation is over."""
        waiting = self.faults.get(stage, [])
        self._last = waiting.pop(0) if waiting else self.replies.get(stage, "502 5.5.1 what?")
        if self._last == HANG:
            await asyncio.Event().wait()
        if self._last == RESET:
            writer.transport.abort()
        if self._last in {DROP, RESET}:
            return False
        writer.write(f"{self._last}\r\n".encode())
        await writer.drain()
        return not self._last.startswith("421")


@asynccontextmanager
async def faulty(tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultyRelay]:
    """`tls`: TLS from the first byte."""
    relay, tasks = FaultyRelay(), set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(relay.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A self-signed certificate: the server's context, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = dt.datetime.now(dt.UTC)
    try:
        names: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        names = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    folder.mkdir(exist_ok=True)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client
