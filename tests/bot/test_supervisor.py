import asyncio

import pytest

from bot import supervisor as module
from bot.supervisor import Supervisor
from storage.errors import Conflict, StoreAway, StoreError, StoreFailed, StoreFull


async def test_a_failing_task_is_counted_shown_and_restarted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.001)
    runs = 0
    steady = asyncio.Event()

    async def stumbles() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError("words of a mail")
        steady.set()
        await asyncio.Event().wait()

    supervisor = Supervisor()
    supervisor.start("stumbles", stumbles)
    await asyncio.wait_for(steady.wait(), 5)
    assert supervisor.faults == {"stumbles": 2}
    assert not supervisor.down
    await supervisor.stop()


async def test_only_a_store_failure_ends_the_process():
    async def breaks() -> None:
        raise StoreFailed("the disk is gone")

    supervisor = Supervisor()
    waiting = asyncio.create_task(supervisor.wait())
    await asyncio.sleep(0)
    supervisor.start("breaks", breaks)
    with pytest.raises(StoreFailed):
        await asyncio.wait_for(waiting, 5)
    await supervisor.stop()


async def test_a_store_that_fails_before_anybody_waits_ends_the_process_too():
    failed = asyncio.Event()

    async def breaks() -> None:
        failed.set()
        raise StoreFailed("the disk is gone")

    supervisor = Supervisor()
    supervisor.start("breaks", breaks)
    await asyncio.wait_for(failed.wait(), 5)
    await asyncio.sleep(0)
    with pytest.raises(StoreFailed):
        await asyncio.wait_for(supervisor.wait(), 5)
    await supervisor.stop()


async def test_logs_carry_no_words_of_the_fault(caplog: pytest.LogCaptureFixture):
    failed = asyncio.Event()

    async def leaks() -> None:
        failed.set()
        raise ValueError("nora@example.org")

    supervisor = Supervisor()
    supervisor.start("leaks", leaks)
    await asyncio.wait_for(failed.wait(), 5)
    await supervisor.stop()
    assert "leaks failed: ValueError" in caplog.text
    assert "nora" not in caplog.text


async def test_a_store_that_fails_before_anybody_waits_is_not_forgotten():
    async def breaks() -> None:
        raise StoreFailed("the disk is gone")

    supervisor = Supervisor()
    supervisor.start("breaks", breaks)
    await asyncio.sleep(0)
    with pytest.raises(StoreFailed):
        await asyncio.wait_for(supervisor.wait(), 5)
    await supervisor.stop()


@pytest.mark.parametrize(
    "fault", [StoreFull("no room"), StoreAway("no answer"), Conflict("faster")]
)
async def test_a_full_disk_a_database_away_or_a_lost_race_is_waited_out(
    monkeypatch: pytest.MonkeyPatch, fault: StoreError
):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.001)
    faults = [fault]
    steady = asyncio.Event()

    async def fills() -> None:
        if faults:
            raise faults.pop()
        steady.set()
        await asyncio.Event().wait()

    supervisor = Supervisor()
    supervisor.start("fills", fills)
    await asyncio.wait_for(steady.wait(), 5)
    await supervisor.stop()
