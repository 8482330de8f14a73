"""Every bomb through the real door, with the real worker on the same loop, and a client beside it.

The client connects and says NOOP all the while. A reply is late when it takes over 200 ms *and*
our own process was computing for over 200 ms meanwhile: a busy machine makes replies wait too,
but then our process stands still, and a parser that froze the door would not. Processes of the
pool are not counted; a parser in a thread of ours would be.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from handlers import registry
from handlers.desk import Desk
from handlers.policy import Policy
from intake.door import ListenerOptions
from intake.listener import Listener
from intake.parse import Parser
from intake.worker import Worker
from storage.embedded import EmbeddedStore, open_store
from storage.records import InboundMail, MailStatus
from tests.intake.bombs import BOMBS, html_mail
from tests.intake.fakes import OWN, Client, StillClock
from tests.storage.making import MASTER
from tests.waiting import until

LATE = 0.2  # seconds


class Door(NamedTuple):
    """What the bombs are thrown at."""

    store: EmbeddedStore
    parser: Parser
    port: int
    kept: asyncio.Queue[InboundMail]


@asynccontextmanager
async def standing(folder: Path, wall: float) -> AsyncIterator[Door]:
    store = await open_store(folder, MASTER)
    policy = Policy(addresses=OWN)
    parser = Parser(wall=wall, in_hand=folder / "in-hand")
    worker = Worker(store, Desk(store, registry.load(), policy), parser, policy, StillClock())
    kept: asyncio.Queue[InboundMail] = asyncio.Queue()

    def received(mail: InboundMail) -> None:
        kept.put_nowait(mail)
        worker.wake(mail)

    listener = Listener(
        store.mails, StillClock(), ListenerOptions(addresses=OWN, received=received)
    )
    await parser.start()
    await listener.start()
    running = asyncio.create_task(worker.run())
    door = Door(store, parser, listener.port, kept)
    try:
        # The first case of a process imports calendars and letters: that is no parser's doing.
        await settled(store, await throw(door, BOMBS["charset undefined"]()))
        yield door
    finally:
        await listener.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await parser.stop()
        await store.close()


class Watch:
    """A client that looks at the clock."""

    def __init__(self, port: int) -> None:
        self.waits: list[tuple[float, float]] = []  # seconds of the wall, of our own computing
        self._port = port
        self._ending = False
        self._more = asyncio.Condition()
        self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        # Not cancelled: wait_for in Python 3.11 can swallow that.
        self._ending = True
        await self._task

    async def looked(self, times: int) -> None:
        """So many more waits are over."""
        until = len(self.waits) + times
        async with self._more:
            await self._more.wait_for(lambda: len(self.waits) >= until)

    async def _run(self) -> None:
        while not self._ending:
            client = await self._timed(Client.connect(self._port, hello=False))
            assert (await self._timed(client.reply())).startswith("220")
            for _ in range(10):
                assert (await self._timed(client.say("NOOP"))).startswith("250")
            await client.close()

    async def _timed(self, step):
        wall, own = time.monotonic(), time.process_time()
        await asyncio.sleep(0.005)  # inside, so that no freeze falls between two looks
        found = await step
        self.waits.append((time.monotonic() - wall, time.process_time() - own))
        async with self._more:
            self._more.notify_all()
        return found

    @property
    def worst(self) -> float:
        return max(min(wall, own) for wall, own in self.waits)


async def throw(door: Door, content: bytes) -> InboundMail:
    """Through the door, as a client sends it. No bomb has a line that begins with a dot."""
    client = await Client.connect(door.port)
    await client.envelope()
    assert (await client.say("DATA")).startswith("354")
    piecewise = memoryview(content)
    for at in range(0, len(content), 2**16):
        await client.send(piecewise[at : at + 2**16])
    await client.send(b"\r\n.\r\n")
    reply = await client.reply()
    assert reply.startswith("250"), reply
    await client.close()
    return await door.kept.get()


async def settled(store: EmbeddedStore, mail: InboundMail) -> InboundMail:
    async def worked_on() -> InboundMail | None:
        stored = await store.mail(mail.id)
        assert stored is not None
        return stored if stored.status is not MailStatus.RECEIVED else None

    return await until(store, worked_on, seconds=120)


async def thrown(door: Door, bombs: dict[str, bytes]) -> dict[str, InboundMail]:
    """One after the other through the door, worked on as they come; what became of each."""
    kept = {name: await throw(door, content) for name, content in bombs.items()}
    return {name: await settled(door.store, mail) for name, mail in kept.items()}


#: HTML that takes the longest; test_markup.py has all of it
HEAVY = ("2,000,000 of <", "declarations never closed", "tags never closed", "nested tables")
#: still more than any parser can take in a second; they end as cases with what the header gave
KILLERS = {"line feeds, 31 MB": lambda: BOMBS["line feeds"]().replace(b"\n" * 9, b"\n" * 135)}


async def test_no_bomb_holds_up_the_door_and_each_becomes_a_case(tmp_path):
    async with standing(tmp_path, wall=10.0) as door:
        made = {name: make() for name, make in BOMBS.items()}
        made |= {name: html_mail(name) for name in HEAVY}
        watch = Watch(door.port)
        found = await thrown(door, made)
        await watch.end()
        cases = {name: await door.store.case(mail.case or "") for name, mail in found.items()}
    assert watch.worst < LATE
    assert len(watch.waits) > 100
    assert [name for name, case in cases.items() if case is None] == []
    unread = [
        name for name, case in cases.items() if "could not be read" in "; ".join(case.defects)
    ]
    assert unread == []


async def test_what_has_to_be_killed_becomes_a_case_for_a_person(tmp_path):
    async with standing(tmp_path, wall=1.0) as door:
        made = {name: make() for name, make in KILLERS.items()}
        watch = Watch(door.port)
        found = await thrown(door, made)
        await watch.end()
        for mail in found.values():
            case = await door.store.case(mail.case)
            assert case.triage
            assert case.requester == "ann@example.org"
            assert "it could not be read safely" in case.defects
        assert door.parser.killed == 2 * len(found)
    assert watch.worst < LATE
    assert len(watch.waits) > 20


async def test_the_watch_sees_a_loop_that_is_not_free(tmp_path):
    async with standing(tmp_path, wall=1.0) as door:
        watch = Watch(door.port)
        await watch.looked(5)
        busy_until = time.process_time() + 0.3
        while time.process_time() < busy_until:
            pass
        await watch.looked(3)
        await watch.end()
    assert watch.worst >= LATE
