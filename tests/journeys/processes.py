"""The `desk` command as processes of their own, joined by the settings they print alone."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import aiosmtplib
import msgspec

from bot.demo import free_port
from tests.journeys.world import Acting, mail

SECONDS = 120  #: an upper bound for anything one waits for; the machine may be busy


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of a desk, and these settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DESK_", "SLACK_"))}
    return {**kept, **settings}


class Running:
    """A `desk` that runs until it is told to end, such as `desk run`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.settings: dict[str, str] = {}

    @classmethod
    async def start(cls, folder: Path, *arguments: str, **settings: str) -> Self:
        """Start it in `folder` and wait for `ready`."""
        log = folder / f"{arguments[0]}.log"
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *arguments),
                cwd=folder,
                env=environment(**settings),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=file,
            )
        running = cls(process, log)
        await running._read_settings()
        return running

    async def _read_settings(self) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while (line := (await self.process.stdout.readline()).decode().strip()) != "ready":
                assert line, f"{await self.process.wait()}: {self.log.read_text()}"
                name, _, value = line.partition("=")
                self.settings[name] = value

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()

    async def kill(self) -> None:
        """-9: no goodbye."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


async def desk(folder: Path, *arguments: str, **settings: str) -> tuple[int, bytes, str]:
    """One command to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env=environment(**settings),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out, err.decode()


async def told(folder: Path, *arguments: str, settings: Mapping[str, str]) -> Any:
    """What a command says with --json."""
    code, out, err = await desk(folder, *arguments, "--json", **settings)
    assert (code, err) == (0, ""), err
    return msgspec.json.decode(out)


def reference(text: str) -> str:
    """The case a message is about."""
    found = re.search(r"PR-\d{4}-\d{4,}", text)
    assert found, text
    return found[0]


class Pair:
    """A sandbox and a desk in one folder, started and ended one by one."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.own = {
            "DESK_DATA": str(folder / "data"),
            "DESK_SMTP_PORT": str(free_port()),
            "DESK_MASTER_KEY_FILE": str(folder / "master.key"),
            **more,
        }
        self.web_port = str(free_port())
        self.sandbox: Running
        self.desk: Running
        self.http: aiohttp.ClientSession

    @property
    def settings(self) -> dict[str, str]:
        """What the operator of this desk has in their environment."""
        printed = {k: v for k, v in self.sandbox.settings.items() if k != "SANDBOX_URL"}
        return {**printed, **self.own}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Pair"]:
        code, _, err = await desk(self.folder, "key", "new", self.own["DESK_MASTER_KEY_FILE"])
        assert code == 0, err
        await self.start_sandbox()
        try:
            async with aiohttp.ClientSession(self.sandbox.settings["SANDBOX_URL"]) as self.http:
                await self.start_desk()
                try:
                    yield self
                finally:
                    await self.desk.kill()
        finally:
            await self.sandbox.kill()

    async def start_sandbox(self) -> None:
        self.sandbox = await Running.start(
            self.folder, "sandbox", "--web-port", self.web_port, **self.own
        )

    async def start_desk(self) -> None:
        self.desk = await Running.start(self.folder, "run", **self.settings)

    async def told(self, *arguments: str) -> Any:
        return await told(self.folder, *arguments, settings=self.settings)

    def acting(self, who: str) -> Acting:
        return Acting(self.http, who)

    async def send(self, sender: str, subject: str, body: str) -> str:
        message = mail(sender, subject, body)
        _, reply = await aiosmtplib.send(
            message,
            hostname="127.0.0.1",
            port=int(self.own["DESK_SMTP_PORT"]),
            timeout=SECONDS,
        )
        return reply
