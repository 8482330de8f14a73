"""The mail servers that `bench.accept` compares, each a process of its own on loopback.

`python -m bench.doors NAME FOLDER` prints its port and serves until it is ended.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import uvloop
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from handlers.clock import RealClock
from intake.door import ListenerOptions
from intake.listener import Listener
from storage.disk import Disk
from storage.embedded import open_store
from storage.sealing import MasterKey

ADDRESS = "compliance@cafex.com"
MASTER = MasterKey(bytes(32))
POSTFIX = ("postfix", "smtp-source", "postconf")


class Unsynced(Disk):
    """Says that it is on disk before it is: the price of durability is the difference."""

    def sync(self, fd: int) -> None:
        pass


# --- what runs in the server's process


async def ours(folder: Path, *, synced: bool = True) -> int:
    """The real listener with its whole policy over a real store."""
    store = await open_store(folder, MASTER, disk=Disk() if synced else Unsynced())
    options = ListenerOptions(addresses=(ADDRESS,), data=folder)
    listener = Listener(store.mails, RealClock(), options)
    await listener.start()
    return listener.port


async def unsynced(folder: Path) -> int:
    return await ours(folder, synced=False)


async def stock(_: Path) -> int:
    """aiosmtpd as it comes: every recipient is taken, nothing is kept."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop), "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


#: name, on uvloop, how it opens
SERVERS: dict[str, tuple[bool, Callable[[Path], Awaitable[int]]]] = {
    "ours": (True, ours),
    "unsynced": (True, unsynced),
    "stock": (False, stock),
    "stock-uvloop": (True, stock),
}


async def _serve(name: str, folder: Path) -> None:
    print(await SERVERS[name][1](folder), flush=True)
    await asyncio.Event().wait()


# --- what the benchmark sees of them


class Door(Protocol):
    """A running server."""

    port: int

    def stop(self) -> None:
        """End it."""


class Python:
    """One of ours, or stock aiosmtpd."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.doors", name, str(folder)], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def missing_postfix() -> str:
    """Why there is nothing to compare with, or ""."""
    absent = [name for name in POSTFIX if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not found (Debian: apt-get install postfix)"
    return "" if os.geteuid() == 0 else "Postfix starts as root only"


if __name__ == "__main__":
    on_uvloop, _ = SERVERS[sys.argv[1]]
    runner = uvloop.run if on_uvloop else asyncio.run
    runner(_serve(sys.argv[1], Path(sys.argv[2])))
