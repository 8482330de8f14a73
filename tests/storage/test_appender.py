"""Group commit, and what becomes of those that wait when the disk says no."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import appender
from storage.appender import Appender
from storage.errors import StoreError, StoreFailed, StoreFull
from tests.storage.faults import FaultyDisk


class SlowDisk(FaultyDisk):
    """Lets nothing through until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.writing = threading.Event()

    def write(self, fd: int, data: memoryview) -> int:
        self.writing.set()
        assert self.gate.wait(5)
        return super().write(fd, data)


class Heard:
    """An appender, and what it said became of each item."""

    def __init__(self, disk: FaultyDisk) -> None:
        self.landed: list[int] = []
        self.refused: list[int] = []
        self.errors: list[StoreError] = []
        self._heard = asyncio.Event()
        self.appender: Appender[int] = Appender(disk, "test", self._land, self._refuse)

    def _land(self, items: list[int]) -> None:
        self.landed += items
        self._heard.set()

    def _refuse(self, items: list[int], error: StoreError) -> None:
        self.refused += items
        self.errors.append(error)
        self._heard.set()

    async def of(self, count: int) -> None:
        while len(self.landed) + len(self.refused) < count:
            self._heard.clear()
            await asyncio.wait_for(self._heard.wait(), 5)


@pytest.fixture
def disk() -> SlowDisk:
    return SlowDisk()


@pytest.fixture
async def heard(disk: SlowDisk) -> AsyncIterator[Heard]:
    heard = Heard(disk)
    yield heard
    disk.gate.set()
    await heard.appender.close()


async def writing(disk: SlowDisk) -> None:
    assert await asyncio.to_thread(disk.writing.wait, 5)


async def test_what_comes_while_the_disk_is_busy_shares_one_sync(
    heard: Heard, disk: SlowDisk, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    heard.appender.append(path, b"0", 0)
    await writing(disk)
    for number in range(1, 10):
        heard.appender.append(path, b"%d" % number, number)
    disk.gate.set()
    await heard.of(10)
    assert disk.syncs == 2
    assert heard.landed == list(range(10))
    assert path.read_bytes() == b"0123456789"


async def test_a_group_has_a_limit(
    heard: Heard, disk: SlowDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "GROUP_BYTES", 100)
    for number in range(10):
        heard.appender.append(tmp_path / "log", bytes(60), number)
    disk.gate.set()
    await heard.of(10)
    assert disk.syncs >= 5


async def test_files_follow_one_another_in_order(
    heard: Heard, disk: SlowDisk, tmp_path: Path
) -> None:
    disk.gate.set()
    for number in range(6):
        heard.appender.append(tmp_path / f"log-{number // 2}", b"%d" % number, number)
    await heard.of(6)
    assert [(tmp_path / f"log-{n}").read_bytes() for n in range(3)] == [b"01", b"23", b"45"]
    assert heard.landed == list(range(6))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
async def test_without_room_all_that_wait_are_refused_and_nothing_is_kept(
    heard: Heard, disk: SlowDisk, tmp_path: Path, code: int
) -> None:
    path = tmp_path / "log"
    disk.gate.set()
    heard.appender.append(path, b"kept", 0)
    await heard.of(1)
    disk.gate.clear()
    disk.writing.clear()
    disk.room, disk.full = 3, code
    heard.appender.append(path, b"too much", 1)
    await writing(disk)
    heard.appender.append(path, b"after", 2)
    disk.gate.set()
    await heard.of(3)
    assert (heard.landed, heard.refused) == ([0], [1, 2])
    assert isinstance(heard.errors[0], StoreFull)
    assert path.read_bytes() == b"kept"

    disk.room = None
    heard.appender.append(path, b" again", 3)
    await heard.of(4)
    assert heard.landed == [0, 3]
    assert path.read_bytes() == b"kept again"


async def test_short_writes_are_carried_on(heard: Heard, disk: SlowDisk, tmp_path: Path) -> None:
    disk.gate.set()
    disk.short = 1
    heard.appender.append(tmp_path / "log", b"letter by letter", 0)
    await heard.of(1)
    assert (tmp_path / "log").read_bytes() == b"letter by letter"
    assert disk.syncs == 1


@pytest.mark.parametrize("fault", ["bad_sync", "bad_cut", "write"])
async def test_after_a_failed_disk_nothing_is_taken_any_more(
    heard: Heard, disk: SlowDisk, tmp_path: Path, fault: str
) -> None:
    disk.bad_sync, disk.bad_cut = fault == "bad_sync", fault == "bad_cut"
    disk.room = None if fault == "bad_sync" else 0
    disk.full = errno.EIO if fault == "write" else errno.ENOSPC
    heard.appender.append(tmp_path / "log", b"one", 0)
    await writing(disk)
    heard.appender.append(tmp_path / "log", b"two", 1)
    disk.gate.set()
    await heard.of(2)
    assert heard.refused == [0, 1]
    assert isinstance(heard.errors[0], StoreFailed)
    disk.bad_sync, disk.bad_cut, disk.room = False, False, None
    with pytest.raises(StoreFailed, match="start the desk again"):
        heard.appender.append(tmp_path / "log", b"three", 2)


async def test_a_folder_that_is_gone_refuses(heard: Heard, disk: SlowDisk, tmp_path: Path) -> None:
    disk.gate.set()
    heard.appender.append(tmp_path / "gone" / "log", b"one", 0)
    await heard.of(1)
    assert heard.refused == [0]


async def test_closing_waits_for_all_and_takes_no_more(tmp_path: Path) -> None:
    heard = Heard(FaultyDisk())
    for number in range(100):
        heard.appender.append(tmp_path / "log", b"x", number)
    await heard.appender.close()
    assert heard.landed == list(range(100))
    with pytest.raises(StoreFailed, match="closed"):
        heard.appender.append(tmp_path / "log", b"x", 100)
