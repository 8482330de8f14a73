"""Group commit: all that wait share one write and one fdatasync, in a thread of its own.

The event loop only hands over bytes and hears what became of them; it never waits for the disk.
Nothing is delayed to make a group larger: a group is what came while the disk was busy, and
what was asked in one turn of the loop is handed over together.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, TypeVar

from storage.disk import Disk, Tail, trouble
from storage.errors import StoreError, StoreFailed

#: Bytes in one group; more would make the first of the group wait for the last.
GROUP_BYTES = 8 * 1024 * 1024

Item = TypeVar("Item")


class _Word(Enum):
    RESUME = auto()  #: the loop has heard of a failure: what follows is meant anew
    STOP = auto()


class _Piece(NamedTuple):
    path: Path
    data: bytes


class Appender(Generic[Item]):
    """Appends to one growing file after another, in the order it was asked.

    `landed` and `refused` are called on the loop, in order. When one append is refused, so is
    all that was asked after it and before `refused` was called: later pieces may build on it.
    """

    def __init__(
        self,
        disk: Disk,
        name: str,
        landed: Callable[[list[Item]], None],
        refused: Callable[[list[Item], StoreError], None],
    ) -> None:
        self._disk = disk
        self._landed = landed
        self._refused = refused
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Item] = deque()
        self._failure: StoreError | None = None
        self._turn: list[_Piece] = []  # asked in this turn of the loop
        self._jobs: SimpleQueue[list[_Piece] | _Word] = SimpleQueue()
        self._ahead: deque[_Piece | _Word] = deque()  # the thread's: taken, not yet written
        self._tail: Tail | None = None  # the thread's
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def append(self, path: Path, data: bytes, item: Item) -> None:
        """Ask for `data` at the end of `path`. Raises StoreFailed after an earlier failure."""
        if self._failure is not None:
            raise StoreFailed(str(self._failure))
        if not self._turn:
            self._loop.call_soon(self._hand_over)
        self._waiting.append(item)
        self._turn.append(_Piece(path, data))

    async def close(self) -> None:
        """Return when all that was asked has landed or been refused."""
        self._hand_over()
        self._jobs.put(_Word.STOP)
        await self._ended.wait()
        self._thread.join()
        self._failure = self._failure or StoreFailed("The desk's store is closed.")

    # --- on the loop ------------------------------------------------------------------------

    def _hand_over(self) -> None:
        if self._turn:
            self._jobs.put(self._turn)
            self._turn = []

    def _on_landed(self, count: int) -> None:
        self._landed([self._waiting.popleft() for _ in range(count)])

    def _on_refused(self, error: StoreError) -> None:
        items = list(self._waiting)
        self._waiting.clear()
        self._turn = []
        if isinstance(error, StoreFailed):
            self._failure = error
        else:
            self._jobs.put(_Word.RESUME)
        self._refused(items, error)

    # --- in the thread ----------------------------------------------------------------------

    def _work(self) -> None:
        while (group := self._take()) is not None:
            error = self._write(group)
            if error is None:
                self._tell(self._on_landed, len(group))
                continue
            self._tell(self._on_refused, error)
            if self._skip() is _Word.STOP:
                break
        if self._tail is not None:
            self._tail.close()
        self._tell(self._ended.set)

    def _take(self) -> list[_Piece] | None:
        """The next group: pieces for one file that are waiting now; None = stop."""
        if not self._ahead:
            self._fetch(block=True)
        group: list[_Piece] = []
        size = 0
        while size < GROUP_BYTES and (self._ahead or self._fetch(block=False)):
            piece = self._ahead[0]
            if not isinstance(piece, _Piece) or (group and piece.path != group[0].path):
                break
            self._ahead.popleft()
            group.append(piece)
            size += len(piece.data)
        return group or None

    def _fetch(self, *, block: bool) -> bool:
        """Take what was handed over last; was there anything?"""
        try:
            job = self._jobs.get(block)
        except Empty:
            return False
        self._ahead.extend(job if isinstance(job, list) else (job,))
        return True

    def _skip(self) -> _Word:
        """Throw away what was asked before the loop heard of the failure."""
        while True:
            while self._ahead:
                job = self._ahead.popleft()
                if isinstance(job, _Word):
                    return job
            self._fetch(block=True)

    def _write(self, group: list[_Piece]) -> StoreError | None:
        try:
            self._tail_of(group[0].path).append(b"".join(piece.data for piece in group))
        except StoreError as error:
            return error
        except Exception as error:  # noqa: BLE001  a thread that died would leave all waiting for ever
            return StoreFailed(f"Writing {group[0].path.name} failed ({type(error).__name__}).")
        return None

    def _tail_of(self, path: Path) -> Tail:
        if self._tail is not None and self._tail.path == path:
            return self._tail
        if self._tail is not None:
            self._tail.close()
            self._tail = None
        try:
            self._tail = Tail(self._disk, path)
        except OSError as error:
            raise trouble(error, path) from error
        return self._tail

    def _tell(self, callback: Callable[..., None], *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it all that waited
            self._loop.call_soon_threadsafe(callback, *values)
