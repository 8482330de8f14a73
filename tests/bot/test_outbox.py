"""The worker against a real store: order, retries, death, and the lanes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bot.outbox import (
    LETTER_ATTEMPTS,
    Outbox,
    Receipt,
    SendFailed,
    SendLater,
    outlived,
    wait_before_retry,
)
from handlers.desk import Desk
from handlers.policy import Policy
from handlers.registry import load
from storage.embedded import EmbeddedStore, open_store
from storage.errors import StoreAway, StoreError, StoreFull
from storage.records import Commit, DirectMessage, Letter, OutboxMessage, OutboxStatus, Posted
from storage.sealing import new_key_file
from tests.conftest import HandClock
from tests.storage.making import MASTER
from tests.waiting import until


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    opened = await open_store(tmp_path / "data", MASTER)
    yield opened
    await opened.close()


@pytest.fixture
def desk(store: EmbeddedStore, tmp_path: Path) -> Desk:
    new_key_file(tmp_path / "key")
    return Desk(store, load(), Policy())


def direct(number: int, clock: HandClock, *, lane: str = "slack:U01ANA", after: int = 0):
    return OutboxMessage(
        id=f"{number:020d}",
        lane=lane,
        content=DirectMessage(person="U01ANA", text=f"line {number}"),
        created_at=clock.now() + timedelta(microseconds=number),
        created_by="desk",
        send_after=clock.now() + timedelta(seconds=after),
    )


async def put(store: EmbeddedStore, clock: HandClock, *messages: OutboxMessage) -> None:
    await store.commit(Commit(at=clock.now(), actor="desk", act="test", puts=messages))


class Wire:
    """A transport that remembers, and fails as told."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.faults: list[Exception] = []
        self.happened = asyncio.Condition()

    async def __call__(self, message: OutboxMessage) -> Receipt:
        async with self.happened:
            self.happened.notify_all()
            if self.faults:
                raise self.faults.pop(0)
            self.sent.append(message.id)
        return Receipt(posted=Posted(channel="D1", ts=message.id))


@asynccontextmanager
async def running(store: EmbeddedStore, desk: Desk, clock: HandClock, wire: Wire):
    task = asyncio.create_task(Outbox(store, desk, clock, slack=wire, mail=wire).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def reached(store: EmbeddedStore, message_id: str, status: OutboxStatus) -> OutboxMessage:
    """The message, once that has become of it."""

    async def look() -> OutboxMessage | None:
        message = await store.message(message_id)
        return message if message is not None and message.status is status else None

    return await until(store, look)


async def put_off(store: EmbeddedStore, message_id: str) -> OutboxMessage:
    """The message, once it is written down why it could not go."""

    async def look() -> OutboxMessage | None:
        message = await store.message(message_id)
        return (
            message if message is not None and message.error and not message.claimed_until else None
        )

    return await until(store, look)


async def test_one_lane_keeps_its_order(store: EmbeddedStore, desk: Desk, clock: HandClock):
    wire = Wire()
    messages = [direct(n, clock) for n in range(5)]
    await put(store, clock, *messages)
    async with running(store, desk, clock, wire):
        await reached(store, messages[-1].id, OutboxStatus.SENT)
    assert wire.sent == [m.id for m in messages]


async def test_a_receipt_is_kept(store: EmbeddedStore, desk: Desk, clock: HandClock):
    message = direct(1, clock)
    await put(store, clock, message)
    async with running(store, desk, clock, Wire()):
        sent = await reached(store, message.id, OutboxStatus.SENT)
    assert sent.posted == Posted(channel="D1", ts=message.id)
    assert sent.attempts == 1


async def test_later_means_later_and_holds_the_lane(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    wire = Wire()
    wire.faults = [SendLater("429", 20)]
    first, second, other = direct(1, clock), direct(2, clock), direct(3, clock, lane="slack:U02BEN")
    await put(store, clock, first, second, other)
    async with running(store, desk, clock, wire):
        await reached(store, other.id, OutboxStatus.SENT)
        assert wire.sent == [other.id]
        waiting = await reached(store, first.id, OutboxStatus.PENDING)
        assert waiting.attempts == 1
        assert waiting.send_after >= clock.now() + timedelta(seconds=20)
        clock.move(timedelta(seconds=21))
        await reached(store, second.id, OutboxStatus.SENT)
    assert wire.sent == [other.id, first.id, second.id]


async def test_never_means_dead_and_frees_the_lane(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    wire = Wire()
    wire.faults = [SendFailed("invalid_blocks")]
    first, second = direct(1, clock), direct(2, clock)
    await put(store, clock, first, second)
    async with running(store, desk, clock, wire):
        await reached(store, second.id, OutboxStatus.SENT)
    dead = await reached(store, first.id, OutboxStatus.DEAD)
    assert dead.error == "invalid_blocks"


async def test_a_fault_of_ours_loses_nothing(store: EmbeddedStore, desk: Desk, clock: HandClock):
    wire = Wire()
    wire.faults = [ValueError("nora@example.org")]
    message = direct(1, clock)
    await put(store, clock, message)
    async with running(store, desk, clock, wire):
        async with wire.happened:
            await wire.happened.wait()
        kept = await put_off(store, message.id)
        assert "nora" not in kept.error
        clock.move(timedelta(minutes=5))
        await reached(store, message.id, OutboxStatus.SENT)


async def test_what_is_not_due_waits_for_the_clock(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    wire = Wire()
    later, now = direct(1, clock, after=60), direct(2, clock)
    await put(store, clock, later, now)
    async with running(store, desk, clock, wire):
        await reached(store, now.id, OutboxStatus.SENT)
        assert wire.sent == [now.id]
        clock.move(timedelta(seconds=61))
        await reached(store, later.id, OutboxStatus.SENT)


def test_the_ladder_climbs_and_heeds_the_other_side(clock: HandClock):
    letter = Letter(case="PR-1", to="a@example.org", subject="s", body="b", template="answer")
    message = OutboxMessage(
        id="1",
        lane="mail:PR-1",
        content=letter,
        created_at=clock.now(),
        created_by="desk",
        send_after=clock.now(),
        attempts=1,
    )
    assert wait_before_retry(message, 0) == timedelta(minutes=1)
    assert wait_before_retry(message, 600) == timedelta(minutes=10)
    assert not outlived(message)
    assert outlived(msgspec.structs.replace(message, attempts=LETTER_ATTEMPTS))
    waits = (
        wait_before_retry(msgspec.structs.replace(message, attempts=n), 0)
        for n in range(1, LETTER_ATTEMPTS)
    )
    assert timedelta(days=4) < sum(waits, timedelta()) < timedelta(days=5)


async def test_what_was_sent_and_cannot_be_written_down_frees_its_lane(
    store: EmbeddedStore, desk: Desk, clock: HandClock, monkeypatch: pytest.MonkeyPatch
):
    """Slack is asked before it goes again; a letter goes to a person, not once more."""
    real, faults = desk.sent, [KeyError("no such request"), KeyError("no such request")]

    async def breaks(message: OutboxMessage, **said: object) -> None:
        if faults:
            raise faults.pop()
        await real(message, **said)

    monkeypatch.setattr(desk, "sent", breaks)
    letter = Letter(case="PR-1", to="a@example.org", subject="s", body="b", template="plain")
    mail = msgspec.structs.replace(direct(1, clock), lane="mail:PR-1", content=letter)
    slack = direct(2, clock)
    await put(store, clock, mail, slack)
    async with running(store, desk, clock, Wire()):
        assert "written down" in (await reached(store, mail.id, OutboxStatus.DEAD)).error
        await put_off(store, slack.id)
        clock.move(timedelta(minutes=2))
        assert (await reached(store, slack.id, OutboxStatus.SENT)).attempts == 2


@pytest.mark.parametrize("fault", [StoreFull("no room"), StoreAway("no answer")])
async def test_an_outcome_outlasts_a_full_disk_and_a_database_that_is_away(
    store: EmbeddedStore,
    desk: Desk,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    fault: StoreError,
):
    real, faults = desk.sent, [fault]

    async def full(message: OutboxMessage, **said: object) -> None:
        if faults:
            raise faults.pop()
        await real(message, **said)

    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr(desk, "sent", full)
    monkeypatch.setattr("bot.outbox.asyncio.sleep", at_once)
    wire, message = Wire(), direct(1, clock)
    await put(store, clock, message)
    async with running(store, desk, clock, wire):
        await reached(store, message.id, OutboxStatus.SENT)
    assert wire.sent == [message.id]


async def test_a_database_that_is_away_while_sending_puts_the_message_off(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    wire, message = Wire(), direct(1, clock)
    wire.faults = [StoreAway("no answer")]
    await put(store, clock, message)
    async with running(store, desk, clock, wire):
        kept = await put_off(store, message.id)
        assert kept.status is OutboxStatus.PENDING
        clock.move(timedelta(minutes=2))
        assert (await reached(store, message.id, OutboxStatus.SENT)).attempts == 2


async def test_a_late_outcome_leaves_the_claim_of_another_alone(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    """Its lease ran out, and another process has taken the message meanwhile."""
    await put(store, clock, direct(1, clock))
    late = await store.claim(clock.now(), timedelta(seconds=90))
    await desk.delay(late, "too slow", timedelta(0), clock.now())
    again = await store.claim(clock.now(), timedelta(seconds=90))
    await desk.delay(late, "far too slow", timedelta(hours=1), clock.now())
    assert await store.message(again.id) == again


async def test_a_clock_that_is_moved_under_a_slow_attempt_doubles_nothing(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    started, goes_on = asyncio.Event(), asyncio.Event()
    wire = Wire()

    async def slow(message: OutboxMessage) -> Receipt:
        started.set()
        await goes_on.wait()
        return await wire(message)

    first, second = direct(1, clock), direct(2, clock)
    await put(store, clock, first, second)
    task = asyncio.create_task(Outbox(store, desk, clock, slack=slow, mail=slow).run())
    await asyncio.wait_for(started.wait(), 10)
    clock.move(timedelta(hours=2))  # as the demo's page may
    assert await store.claim(clock.now(), timedelta(seconds=90)) is None
    goes_on.set()
    await reached(store, second.id, OutboxStatus.SENT)
    assert wire.sent == [first.id, second.id]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_letter_that_only_our_setting_keeps_back_is_never_given_up(
    store: EmbeddedStore, desk: Desk, clock: HandClock
):
    letter = Letter(case="PR-1", to="a@example.org", subject="s", body="b", template="plain")
    message = msgspec.structs.replace(
        direct(1, clock), lane="mail:PR-1", content=letter, attempts=LETTER_ATTEMPTS + 1
    )
    wire = Wire()
    wire.faults = [SendLater("DESK_RELAY is not set: letters wait", 600, ours=True)]
    await put(store, clock, message)
    async with running(store, desk, clock, wire):
        async with wire.happened:
            await wire.happened.wait()
        kept = await put_off(store, message.id)
    assert kept.status is OutboxStatus.PENDING
    assert kept.attempts == message.attempts  # the day the setting goes, it is as young as before
