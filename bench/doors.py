"""The mail servers that `bench.accept` compares, each a process of its own on loopback.

`python -m bench.doors NAME FOLDER` prints its port and serves until it is ended.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import uvloop
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from handlers.clock import RealClock
from handlers.desk import Desk
from handlers.policy import Policy
from handlers.registry import load
from intake.door import ListenerOptions
from intake.listener import Listener
from intake.parse import Parser
from intake.worker import Worker
from storage.disk import Disk
from storage.embedded import open_store
from storage.sealing import MasterKey

ADDRESS = "compliance@cafex.com"
MASTER = MasterKey(bytes(32))
KEPT: set[asyncio.Task[None]] = set()
POSTFIX = ("postfix", "smtp-source")


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


async def working(folder: Path) -> int:
    """The listener beside a worker that has mails of yesterday to work on."""
    store = await open_store(folder, MASTER)
    desk = Desk(store, load(), Policy(addresses=(ADDRESS,)))
    parser = Parser()
    await parser.start()
    worker = Worker(store, desk, parser, Policy(addresses=(ADDRESS,)), RealClock())
    options = ListenerOptions(addresses=(ADDRESS,), data=folder, received=worker.wake)
    listener = Listener(store.mails, RealClock(), options)
    await listener.start()
    KEPT.add(asyncio.create_task(worker.run()))
    return listener.port


async def stock(_: Path) -> int:
    """aiosmtpd as it comes: every recipient is taken, nothing is kept."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop), "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


#: name, on uvloop, how it opens
SERVERS: dict[str, tuple[bool, Callable[[Path], Awaitable[int]]]] = {
    "ours": (True, ours),
    "unsynced": (True, unsynced),
    "working": (True, working),
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
        folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.doors", name, str(folder)], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/data/log
maillog_file_prefixes = {folder}
myhostname = mx.cafex.com
mydestination = cafex.com
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
alias_maps =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_client_access static:HOLD, permit
"""
MASTER_CF = """
127.0.0.1:{port} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Takes mail into its hold queue: durable, and nothing more is done with it."""

    def __init__(self, folder: Path) -> None:
        self._etc, self._queue = folder / "etc", folder / "queue"
        for path in (self._etc, self._queue, folder / "data"):
            path.mkdir(parents=True)
        shutil.chown(folder / "data", "postfix")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        (self._etc / "main.cf").write_text(MAIN.format(folder=folder))
        (self._etc / "master.cf").write_text(MASTER_CF.format(port=self.port))
        self._order("start")
        self._until_it_answers()

    def held(self) -> int:
        """Mails in the hold queue."""
        return sum(1 for path in (self._queue / "hold").rglob("*") if path.is_file())

    def stop(self) -> None:
        self._order("stop")

    def _order(self, word: str) -> None:
        subprocess.run(
            ["postfix", "-c", str(self._etc), word], check=True, capture_output=True, timeout=60
        )

    def _until_it_answers(self) -> None:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as sock:
                if sock.recv(100).startswith(b"220"):
                    return
            time.sleep(0.1)
        raise OSError("Postfix does not answer")


def missing() -> str:
    """Why there is nothing to compare with, or ""."""
    absent = [name for name in POSTFIX if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not found (Debian: apt-get install postfix)"
    return "" if os.geteuid() == 0 else "Postfix starts as root only"


if __name__ == "__main__":
    on_uvloop, _ = SERVERS[sys.argv[1]]
    runner = uvloop.run if on_uvloop else asyncio.run
    runner(_serve(sys.argv[1], Path(sys.argv[2])))
