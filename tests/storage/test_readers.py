"""Readers beside a desk that writes: each sees some whole moment of it."""

import asyncio
import threading
from pathlib import Path

import pytest

from storage import embedded
from storage.embedded import EmbeddedStore, open_store
from storage.journal import Position, Reader
from storage.opening import JOURNAL
from storage.records import MailStatus
from tests.storage.faults import FaultyDisk
from tests.storage.making import MASTER, a_case, an_arrival, changed, putting

READS = 10_000
OPENINGS = 400  #: of them, each a whole store
PAIR = ("PR-2026-0001", "PR-2026-0002")


class Pace:
    """Lets a writer make a commit whenever the reader says so, while it reads on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Event()
        self.over = False

    def go(self) -> None:
        """From the reader's thread."""
        self._loop.call_soon_threadsafe(self._turn.set)

    async def turn(self) -> bool:
        await self._turn.wait()
        self._turn.clear()
        return not self.over


async def writing(store: EmbeddedStore, pace: Pace) -> int:
    """Commits that each change two cases and a mail alike; how many."""
    number = 0
    while await pace.turn():
        number += 1
        mail = await store.mails.append(an_arrival(b"%d" % number))
        cases = [await store.case(ref) or a_case(ref) for ref in PAIR]
        alike = [changed(case, subject=str(number)) for case in cases]
        worked = changed(mail, status=MailStatus.IGNORED, reason=str(number))
        await store.commit(putting(*alike, worked, note=str(number)))
    return number


async def a_whole_moment(data: Path) -> int:
    """Open the store as it is now; the number that all in it agree on."""
    reader = await open_store(data, MASTER, read_only=True)
    first, second = [await reader.case(ref) for ref in PAIR]
    mails = await reader.mails_with(MailStatus.IGNORED)
    await reader.close()
    if first is None or second is None:
        assert (first, second, mails) == (None, None, ())
        return 0
    assert first.subject == second.subject == str(len(mails))
    assert first.rev == second.rev == len(mails)
    return len(mails)


def further(reader: Reader) -> int:
    """Read on where the reader is; how many lines there are now. Checks each line and chain."""
    before = reader.position.seq
    lines = [read.line.seq for read in reader]
    assert lines == list(range(before + 1, before + 1 + len(lines)))
    return reader.position.seq


class Watched(FaultyDisk):
    """Writes in pieces; after each a reader looks."""

    def __init__(self, journal: Path) -> None:
        super().__init__()
        self.reader = Reader(journal, Position(), {})
        self.torn = 0
        self._lock = threading.Lock()  # journal and mails are written by a thread each

    def write(self, fd: int, data: memoryview) -> int:
        written = super().write(fd, data)
        with self._lock:
            self.reader.torn = 0
            further(self.reader)
            self.torn += self.reader.torn > 0
        return written


@pytest.mark.parametrize("short", [0, 700])
async def test_thousands_of_reads_beside_a_writer_each_see_a_whole_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    """`short`: writes come in pieces, so that there is half a line to be seen."""
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 20)
    data = tmp_path / "data"
    disk = Watched(data / JOURNAL)
    store = await open_store(data, MASTER, disk=disk)
    disk.short = short
    pace = Pace()
    reads = 0

    def read() -> None:
        nonlocal reads
        seen = 0
        for _ in range(OPENINGS // 2):
            pace.go()
            moment = asyncio.run(a_whole_moment(data))
            assert moment >= seen
            seen, reader = moment, Reader(data / JOURNAL, Position(), {})
            pace.go()
            for _ in range(READS // OPENINGS):
                assert further(reader) >= seen
            reads += 1 + READS // OPENINGS

    task = asyncio.create_task(writing(store, pace))
    try:
        await asyncio.to_thread(read)
    finally:
        pace.over = True
        pace.go()
    written = await task
    await store.close()
    assert reads * 2 >= READS
    assert written >= 50
    assert disk.torn or not short
