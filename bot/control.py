"""The running desk's socket, DESK_DATA/desk.sock: one order in, one answer out, a JSON line each.

A command that changes the data cannot open it while a desk has it, so it asks that desk. Who may
connect is decided by the file: mode 0600, in a folder of the desk's user. The file alone says
nothing about a desk running, since a killed one leaves it behind: the lock decides that.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from storage.disk import PRIVATE_FILE
from storage.errors import DeskError, StoreBusy, StoreError
from storage.records import Record

log = logging.getLogger("desk.control")

FILE = "desk.sock"
Said = tuple[str, ...]  #: what was done, a sentence each
Order = TypeVar("Order")
_LINE_BYTES = 64 * 1024
_ANSWER_BYTES = 16 * 1024 * 1024  #: names every case that was purged
_ASKING_SECONDS = 10.0  #: for a client that connects and says nothing
_GRACE_SECONDS = 5.0  #: what orders in hand have to finish when the desk stops
_PATH_BYTES = 100  #: sun_path holds 108 on Linux, 104 elsewhere


class Answer(Record, frozen=True, kw_only=True):
    """What became of an order: sentences, or the one that says why not."""

    said: Said = ()
    fault: str = ""


class Control(Generic[Order]):
    """The desk's end: takes orders of one type and has them carried out, one task each."""

    def __init__(
        self, folder: Path, kind: Any, carry_out: Callable[[Order], Awaitable[Said]]
    ) -> None:
        """`kind`: the type of an order, as msgspec decodes it."""
        self._folder = folder
        self._decode = msgspec.json.Decoder(kind).decode
        self._carry_out = carry_out
        self._server: asyncio.Server | None = None
        self._in_hand: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """The caller holds the lock, so a socket file that is there is a dead desk's."""
        own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        own.setblocking(False)
        with _reached(self._folder) as path:
            path.unlink(missing_ok=True)
            own.bind(str(path))
            path.chmod(PRIVATE_FILE)  # before it listens: until then nobody can connect
            self._server = await asyncio.start_unix_server(self._serve, sock=own, limit=_LINE_BYTES)

    async def stop(self) -> None:
        """No new orders; those in hand end first. Called while the lock is still held."""
        if self._server is None:
            return
        self._server.close()
        (self._folder / FILE).unlink(missing_ok=True)
        if self._in_hand:
            _, late = await asyncio.wait(self._in_hand, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in one
        self._in_hand.add(task)
        try:
            async with asyncio.timeout(_ASKING_SECONDS):
                line = await reader.readline()
            if line:
                answer = await self._answer(line)
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
        except (TimeoutError, ValueError, ConnectionError):  # silent, too long, or gone
            return
        finally:
            self._in_hand.discard(task)
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            order = self._decode(line)
        except msgspec.MsgspecError:
            return Answer(
                fault="The running desk does not know this order; start the desk anew, so that "
                "it has the version of this command."
            )
        try:
            return Answer(said=await self._carry_out(order))
        except DeskError as fault:
            return Answer(fault=str(fault))
        except Exception as fault:  # noqa: BLE001  an order must not end the desk, nor go unanswered
            log.error("an order failed: %s", type(fault).__name__)
            return Answer(
                fault=f"The running desk could not do it ({type(fault).__name__}); see its log."
            )


async def ask(folder: Path, order: object, patience: float) -> Said | None:
    """Have the desk that runs on this data carry out an order; None = no desk answers there.

    `patience` in seconds. Raises DeskError: the desk's own sentence, or that it did not answer.
    """
    try:
        async with asyncio.timeout(patience):
            with _reached(folder) as path:
                reader, writer = await asyncio.open_unix_connection(str(path), limit=_ANSWER_BYTES)
            try:
                writer.write(msgspec.json.encode(order) + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (ConnectionError, PermissionError) as error:
        raise StoreError(
            f"The desk on {folder} cannot be asked ({error.strerror}); run this as the desk's user."
        ) from None
    except TimeoutError:
        raise StoreBusy(
            f"The desk on {folder} has not answered within {patience:.0f} seconds; it may still do "
            "what was asked, so look before you ask again."
        ) from None
    return _understood(folder, line)


def _understood(folder: Path, line: bytes) -> Said:
    if not line:
        raise StoreBusy(f"The desk on {folder} ended before it answered; ask again.")
    answer = msgspec.json.decode(line, type=Answer)
    if answer.fault:
        raise DeskError(answer.fault)
    return answer.said


@contextmanager
def _reached(folder: Path) -> Iterator[Path]:
    """A path of the socket that fits into sun_path, however long the folder's own is."""
    path = folder / FILE
    if len(os.fsencode(path)) <= _PATH_BYTES:
        yield path
        return
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{held}") / FILE
    finally:
        os.close(held)
