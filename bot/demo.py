"""Sandbox and desk side by side, joined only by sockets and settings, with sample mails."""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime, parseaddr
from importlib import resources
from pathlib import Path

import aiohttp
import aiosmtplib
import msgspec

from bot.app import App, build
from bot.sandbox import Sandbox, SandboxOptions
from bot.settings import Settings, load
from storage.records import Record
from storage.sealing import new_key_file

Say = Callable[[str], None]


class DemoOptions(Record, frozen=True, kw_only=True):
    """What `desk demo` was asked for."""

    data: Path
    smtp_port: int
    web_port: int
    samples: bool = True


class Sample(Record, frozen=True, kw_only=True):
    """One sample mail with its envelope."""

    mail_from: str
    rcpt_to: str
    content: bytes


class SandboxClock:
    """Real time plus the offset the sandbox's page has set, followed over its socket."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._offset = timedelta()
        self._known = asyncio.Event()
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    async def wait_until(self, when: datetime) -> None:
        while (left := (when - self.now()).total_seconds()) > 0:
            moved = self._moved
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await moved.wait()

    async def ready(self) -> None:
        """Until the first offset is known."""
        await self._known.wait()

    async def follow(self) -> None:
        """Read the offset from the sandbox for as long as it lives."""
        async with aiohttp.ClientSession() as http, http.ws_connect(self._url) as socket:
            async for frame in socket:
                self._offset = timedelta(seconds=frame.json()["offset"])
                self._known.set()
                moved, self._moved = self._moved, asyncio.Event()
                moved.set()


def born(data: Path) -> datetime:
    """When this demo was started first: the day its sample mails were written."""
    begun = data / "sandbox" / "begun"
    if not begun.exists():
        begun.touch()
    return datetime.fromtimestamp(int(begun.stat().st_mtime), UTC)


def samples(address: str, written: datetime) -> Iterator[Sample]:
    """A dozen invented mails, one of every kind among them, addressed to the desk."""
    folder = resources.files("bot") / "samples"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        mail = message_from_bytes(file.read_bytes())
        returned = mail["Return-Path"]
        del mail["Return-Path"]
        mail.replace_header("To", address)
        if mail["Date"] is None:
            mail["Date"] = format_datetime(written)
        yield Sample(
            mail_from=parseaddr(returned if returned is not None else str(mail["From"]))[1],
            rcpt_to=address,
            content=mail.as_bytes().replace(b"\n", b"\r\n"),
        )


async def send_samples(settings: Settings, port: int, known: Collection[str]) -> None:
    """Through the real listener, as any SMTP client would.

    `known`: the sha256 of what the desk has already; a demo that was killed goes on from there.
    """
    missing = [
        sample
        for sample in samples(settings.address[0], born(settings.data))
        if hashlib.sha256(sample.content).hexdigest() not in known
    ]
    if not missing:
        return
    async with aiosmtplib.SMTP(hostname=settings.smtp_host, port=port) as client:
        for sample in missing:
            await client.sendmail(sample.mail_from, [sample.rcpt_to], sample.content)


def _key(folder: Path) -> Path:
    path = folder / "master.key"
    if not path.exists():
        new_key_file(path)
    return path


def desk_environment(options: DemoOptions, sandbox: Mapping[str, str]) -> dict[str, str]:
    """The settings that point a desk at the sandbox, as a newcomer could type them."""
    return {
        "DESK_DATA": str(options.data),
        "DESK_SMTP_HOST": "127.0.0.1",
        "DESK_SMTP_PORT": str(options.smtp_port),
        "DESK_MASTER_KEY_FILE": str(_key(options.data / "sandbox")),
        **sandbox,
    }


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def demo(options: DemoOptions, say: Say) -> None:
    """Until cancelled. Raises OSError for a busy port, StoreBusy for a second demo."""
    options = msgspec.structs.replace(options, smtp_port=options.smtp_port or free_port())
    sandbox = Sandbox(
        SandboxOptions(
            data=options.data / "sandbox",
            web_port=options.web_port,
            desk_smtp=("127.0.0.1", options.smtp_port),
            clock_moves=True,
        )
    )
    await sandbox.start()
    try:
        await _desk_beside(sandbox, options, say)
    finally:
        await sandbox.stop()


async def _desk_beside(sandbox: Sandbox, options: DemoOptions, say: Say) -> None:
    environment = desk_environment(options, sandbox.settings())
    clock = SandboxClock(sandbox.web_url.replace("http:", "ws:", 1) + "clock")
    following = asyncio.create_task(clock.follow())
    app: App | None = None
    try:
        await clock.ready()
        app = await build(load(environment, file=None), clock)
        await app.start()
        for name, value in environment.items():
            say(f"{name}={value}")
        say(f"SANDBOX_URL={sandbox.web_url}")
        say("ready")
        if options.samples:
            known = {mail.sha256 async for mail in app.store.all_mails()}
            if "" not in known:  # some were purged: it has had them all, long ago
                await send_samples(app.settings, app.listener.port, known)
        await app.wait()
    finally:
        following.cancel()
        if app is not None:
            await app.stop()
