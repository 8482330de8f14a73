"""Desks that share a PostgreSQL: two real processes, and one whose server is killed under it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiosmtplib
import pytest

from bot import supervisor as supervising
from bot.demo import free_port
from bot.outbox import Outbox, Receipt
from bot.supervisor import Supervisor
from handlers import registry
from handlers.desk import Desk
from handlers.policy import Policy
from intake.classify import Classifier
from intake.parse import Answer, Job, answer
from intake.worker import Worker
from storage.errors import StoreAway
from storage.postgres import database
from storage.postgres.store import PostgresStore, open_postgres
from storage.records import (
    Arrival,
    InboundMail,
    MailStatus,
    OutboxMessage,
    OutboxStatus,
    ParsedMail,
    Posted,
    Reading,
)
from tests.conftest import HandClock
from tests.journeys.processes import SECONDS, Pair, Running
from tests.journeys.test_processes import ASKS, connected
from tests.journeys.world import ANA, STAFF, mail
from tests.postgres import Server, emptied
from tests.storage.making import MASTER
from tests.waiting import until

REGISTRY = registry.load()
POLICY = Policy()
CLASSIFIER = Classifier(REGISTRY)


# --- two processes --------------------------------------------------------------------------


async def test_two_desks_on_one_database_share_the_work(tmp_path: Path, postgres_url: str) -> None:
    """Mail to either becomes one card; when one ends the other goes on where it was."""
    async with Pair(tmp_path, DESK_DATABASE_URL=postgres_url).running() as pair:
        await connected(pair.http)
        port = str(free_port())
        beside = {**pair.settings, "DESK_SMTP_PORT": port, "DESK_DATA": str(tmp_path / "beside")}
        other = await Running.start(tmp_path, "run", **beside)
        for number in range(2):
            await pair.send(f"ann{number}@example.org", f"First {number}", ASKS)
            await aiosmtplib.send(
                mail(f"ben{number}@example.org", f"Second {number}", ASKS),
                hostname="127.0.0.1",
                port=int(port),
                timeout=SECONDS,
            )
        async with pair.acting(ANA) as ana:
            await ana.until(lambda: len(ana.messages.get(STAFF, {})) == 4, "four cards", SECONDS)
            assert await pair.desk.end() == 0
            await aiosmtplib.send(
                mail("cleo@example.org", "Third", ASKS), hostname="127.0.0.1", port=int(port)
            )
            await ana.until(lambda: len(ana.messages[STAFF]) == 5, "a fifth card", SECONDS)
            cases = await pair.told("list")
            assert len(cases) == 5
            assert {len(case["mails"]) for case in cases} == {1}
            for case in cases:
                assert len(ana.cards(case["ref"])) == 1
        assert len(await pair.told("mails")) == 5
        assert await other.end() == 0
        log = (pair.desk.log.read_text() + other.log.read_text()).lower()
        assert "traceback" not in log
        assert postgres_url not in log
    assert not (tmp_path / "data" / "journal.jsonl").exists()


# --- a server that is killed ----------------------------------------------------------------


class ParserHere:
    """The parser without its process."""

    async def read(
        self, content: bytes, origin: object = None, mail_id: str = ""
    ) -> tuple[ParsedMail, Reading | None]:
        found: Answer = answer(Job(content=content), CLASSIFIER)
        return found.parsed, found.reading


class Wire:
    """A transport that counts what it sent."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    async def __call__(self, message: OutboxMessage) -> Receipt:
        self.sent[message.id] += 1
        await asyncio.sleep(0)
        return Receipt(posted=Posted(channel="C1", ts=message.id))


class Node:
    """What `desk run` keeps going, without sockets."""

    def __init__(self, store: PostgresStore, clock: HandClock, wire: Wire) -> None:
        self.store = store
        self.desk = Desk(store, REGISTRY, POLICY)
        self.worker = Worker(store, self.desk, ParserHere(), POLICY, clock)  # type: ignore[arg-type]
        self.outbox = Outbox(store, self.desk, clock, slack=wire, mail=wire)
        self.supervisor = Supervisor()

    async def keep(self, arrival: Arrival) -> InboundMail:
        """As a sender does: again until it is taken."""
        while True:
            try:
                mail = await self.store.mails.append(arrival)
            except StoreAway:
                await asyncio.sleep(0.05)
            else:
                self.worker.wake(mail)
                return mail

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Node"]:
        self.supervisor.start("worker", self.worker.run)
        self.supervisor.start("outbox", self.outbox.run)
        try:
            yield self
        finally:
            await self.supervisor.stop()
            await self.store.close()


def asking(clock: HandClock, who: str) -> Arrival:
    text = f"From: {who}\r\nSubject: My data\r\n\r\n{ASKS}\r\n"
    return Arrival(
        received_at=clock.now(),
        mail_from=who,
        rcpt_to=POLICY.addresses[:1],
        peer="192.0.2.1",
        content=text.encode(),
    )


async def worked_on(store: PostgresStore) -> bool:
    """Is every mail worked on, and all that can go out sent?"""
    if await store.mails_with(MailStatus.RECEIVED):
        return False
    pending = await store.messages_with(OutboxStatus.PENDING)
    return not any(message.lane.startswith("slack:") for message in pending)


async def test_work_in_hand_when_the_server_dies_is_done_once(
    postgres_server: Server, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 1.0)
    monkeypatch.setattr(supervising, "LONGEST_WAIT", 1.0)
    postgres_server.start()
    url, wire = emptied(postgres_server.url), Wire()
    async with AsyncExitStack() as stack:
        nodes = [Node(await open_postgres(url, MASTER), clock, wire) for _ in range(2)]
        for node in nodes:
            await stack.enter_async_context(node.running())
        kept: list[InboundMail] = []

        async def senders() -> None:
            """Each mail comes to both at once, as from a relay that had no answer in time."""
            for number in range(10):
                mail = asking(clock, f"p{number}@example.org")
                kept.extend(await asyncio.gather(*(node.keep(mail) for node in nodes)))

        sending = asyncio.create_task(senders())
        for _ in range(2):
            async with asyncio.timeout(60):
                while not wire.sent:
                    await nodes[0].store.changed()
            postgres_server.kill()
            await asyncio.to_thread(postgres_server.start)
        await asyncio.wait_for(sending, 90)
        store = await open_postgres(url, MASTER)
        await until(store, lambda: worked_on(store), 90)

        cases = [case async for case in store.all_cases()]
        assert len(cases) == len({case.requester_hash for case in cases}) == 10
        assert {len(case.mails) for case in cases} == {1}
        repeats = {mail.id for mail in await store.mails_with(MailStatus.IGNORED)}
        assert {mail.id for mail in kept} == repeats | {case.mails[0] for case in cases}
        assert await store.mails_with(MailStatus.FAILED) == ()
        assert set(wire.sent.values()) == {1}
        assert await store.verify(lambda *_: None) == ()
        await store.close()
