"""Several processes on one database: who does what, who dies, and a server that comes and goes."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from intake.door import Door, ListenerOptions
from storage.errors import Conflict, StoreAway
from storage.postgres import database, journal, node
from storage.postgres.store import PostgresStore, open_postgres
from storage.records import MailStatus, Mark, OutboxMessage, OutboxStatus
from tests.conftest import HandClock
from tests.postgres import Server, emptied
from tests.storage.making import (
    HOUR,
    MASTER,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    putting,
)
from tests.waiting import until

Answer = TypeVar("Answer")

LEASE = 5 * MINUTE
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def nodes(postgres_url: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    async with AsyncExitStack() as stack:
        stores = [await open_postgres(postgres_url, MASTER, life=1.0) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.close)
        yield stores[0], stores[1]


async def listed(found: AsyncIterator[object]) -> list[object]:
    return [each async for each in found]


async def sent(store: PostgresStore, message: OutboxMessage) -> None:
    done = changed(message, status=OutboxStatus.SENT, claimed_until=None)
    await store.commit(putting(done, act="sent"))


# --- together -------------------------------------------------------------------------------


async def test_two_race_for_one_case_and_each_revision_is_won_once(
    nodes: tuple[PostgresStore, PostgresStore],
) -> None:
    """Both write what they have read a thousand times over, as fast as they can."""
    await nodes[0].commit(putting(a_case()))
    won: Counter[int] = Counter()
    tries = count()

    async def race(store: PostgresStore) -> None:
        case = a_case(rev=1)
        while next(tries) < 2_000 or len(won) < 1_000:
            try:
                await store.commit(putting(changed(case, subject="mine")))
            except Conflict:
                found = await store.case(case.ref)
                assert found is not None
                case = found
            else:
                won[case.rev] += 1
                case = changed(case, rev=case.rev + 1)
            if len(won) >= 1_000:
                return

    await asyncio.gather(*(race(store) for store in nodes))
    assert len(won) >= 1_000
    assert set(won.values()) == {1}
    assert sorted(won) == list(range(1, len(won) + 1))
    last = await nodes[0].case("PR-2026-0001")
    assert last is not None
    assert last.rev == len(won) + 1


async def test_the_same_mark_is_put_once(nodes: tuple[PostgresStore, PostgresStore]) -> None:
    digest = putting(Mark(id="digest:2026-11-02", at=NOW), a_message("slack:managers"))
    done = await asyncio.gather(
        *(store.commit(digest) for store in nodes * 5), return_exceptions=True
    )
    assert sum(isinstance(each, int) for each in done) == 1
    assert sum(isinstance(each, Conflict) for each in done) == 9


async def test_references_are_given_out_once_among_all(
    nodes: tuple[PostgresStore, PostgresStore],
) -> None:
    given = await asyncio.gather(*(store.next_reference(2026) for store in nodes * 20))
    assert len(set(given)) == 40


async def test_a_mail_in_hand_is_not_given_to_another(
    nodes: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = nodes
    mails = [await one.mails.append(an_arrival(received_at=NOW + n * HOUR)) for n in range(3)]
    assert await listed(other.mails.waiting()) == []
    assert await listed(one.mails.waiting()) == mails
    await one.commit(putting(changed(mails[0], status=MailStatus.PROCESSED)))
    await one.close()  # lets go of the rest
    assert await listed(other.mails.waiting()) == mails[1:]
    assert other.mails.again is not None
    assert other.mails.again < 1.0


async def test_claims_of_all_processes_never_share_a_message(
    nodes: tuple[PostgresStore, PostgresStore],
) -> None:
    messages = [a_message(f"mail:PR-2026-{n % 10:04d}") for n in range(40)]
    await nodes[0].commit(putting(*messages))
    order: dict[str, list[str]] = {}

    async def send_all(store: PostgresStore) -> None:
        while (claimed := await store.claim(NOW, LEASE)) is not None:
            order.setdefault(claimed.lane, []).append(claimed.id)
            await sent(store, claimed)

    while await nodes[0].messages_with(OutboxStatus.PENDING):
        await asyncio.gather(*(send_all(store) for store in nodes * 3))
    lanes = {f"mail:PR-2026-{n:04d}": [m.id for m in messages[n::10]] for n in range(10)}
    assert order == lanes


async def test_a_lane_of_slack_stays_with_one_process(
    nodes: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = nodes
    await one.commit(putting(*(a_message() for _ in range(3)), a_message("slack:managers")))
    first = await one.claim(NOW, LEASE)
    assert first is not None
    assert first.lane == "slack:staff"
    await sent(one, first)
    elsewhere = await other.claim(NOW, LEASE)
    assert elsewhere is not None
    assert elsewhere.lane == "slack:managers"
    assert await other.claim(NOW, LEASE) is None
    assert await other.next_send_at() is None
    assert await one.next_send_at() == NOW
    await one.close()
    taken_over = await other.claim(NOW, LEASE)
    assert taken_over is not None
    assert taken_over.lane == "slack:staff"


async def test_a_turn_is_one_process_s_at_a_time(
    nodes: tuple[PostgresStore, PostgresStore],
) -> None:
    inside: list[str] = []
    most = 0

    async def work(store: PostgresStore, name: str) -> None:
        nonlocal most
        async with store.turn(name):
            inside.append(name)
            most = max(most, inside.count(name))
            await store.next_reference(2026)
            inside.remove(name)

    await asyncio.gather(*(work(store, name) for store in nodes * 4 for name in ("a", "b")))
    assert most == 1
    async with nodes[0].turn("a"), asyncio.timeout(60), nodes[1].turn("b"):
        pass


async def test_a_commit_of_another_process_wakes_who_waits(
    nodes: tuple[PostgresStore, PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "LOOK", 600.0)  # nobody wakes up by looking
    one, other = nodes
    for _ in range(3):
        waiting = asyncio.create_task(other.changed())
        await asyncio.sleep(0)
        await one.commit(putting(act="note"))
        await asyncio.wait_for(waiting, 60)


# --- a process that dies --------------------------------------------------------------------


async def test_what_a_killed_process_had_in_hand_is_taken_up_when_its_time_is_over(
    nodes: tuple[PostgresStore, PostgresStore], postgres_url: str
) -> None:
    one, other = nodes
    await one.commit(putting(a_message(), a_message()))
    node = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.storage.busy_node", postgres_url, "2.5", "2.5",
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert node.stdout is not None
    mail_id, message_id = (await node.stdout.readline()).decode().split()
    assert message_id != "nothing"
    assert await listed(other.mails.waiting()) == []
    assert await other.claim(NOW + 30 * HOUR, LEASE) is None
    node.kill()
    await node.wait()
    async with asyncio.timeout(60), other.turn("a requester"):
        pass  # its turns end with its connection

    assert await until(other, lambda: listed(other.mails.waiting()), 60)
    assert [mail.id async for mail in other.mails.waiting()] == [mail_id]
    again = await until(other, lambda: other.claim(NOW, LEASE), 60)
    assert again is not None
    assert (again.id, again.attempts) == (message_id, 2)
    assert await one.claim(NOW, LEASE) is None
    assert await other.verify(lambda *_: None) == ()


# --- a server that dies ---------------------------------------------------------------------


async def retried(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """What whoever asked does when the database is away."""
    while True:
        try:
            return await work()
        except StoreAway:
            await asyncio.sleep(0.05)


@pytest.fixture
async def own(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """The server that may be killed, running again afterwards."""
    monkeypatch.setattr(database, "PATIENCE", 1.0)
    postgres_server.start()
    emptied(postgres_server.url)
    yield postgres_server
    postgres_server.start()


class Load:
    """Mails, commits and sends, as many as go; what was answered is remembered."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.kept: dict[str, bytes] = {}
        self.written: dict[str, int] = {}
        self.taken: Counter[tuple[str, int]] = Counter()
        self.stop = False
        self._answers = 0
        self._answered = asyncio.Condition()
        self._chance = random.Random(5)

    def start(self) -> list[asyncio.Task[None]]:
        refs = [f"PR-2026-{number:04d}" for number in range(6)]
        work = [self.mails, self.mails, self.sends, self.sends]
        work += [partial(self.commits, ref) for ref in refs]
        return [asyncio.create_task(self._again(each)) for each in work]

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self.stop:
            await work()
            async with self._answered:
                self._answers += 1
                self._answered.notify_all()

    async def more(self, answers: int) -> None:
        """Until so many more were given."""
        wanted = self._answers + answers
        async with asyncio.timeout(90), self._answered:
            await self._answered.wait_for(lambda: self._answers >= wanted)

    async def mails(self) -> None:
        content = self._chance.randbytes(self._chance.randrange(3_000))
        mail = await retried(lambda: self.store.mails.append(an_arrival(content)))
        self.kept[mail.id] = content

    async def commits(self, ref: str) -> None:
        case = await retried(lambda: self.store.case(ref)) or a_case(ref)
        try:
            await self.store.commit(putting(case, a_message(f"mail:{ref}", case=ref)))
        except (StoreAway, Conflict):
            await asyncio.sleep(0.05)
        else:
            self.written[ref] = case.rev + 1

    async def sends(self) -> None:
        claimed = await retried(lambda: self.store.claim(NOW, LEASE))
        if claimed is not None:
            self.taken[claimed.id, claimed.attempts] += 1
            await retried(lambda: self._settled(claimed))

    async def _settled(self, message: OutboxMessage) -> None:
        """As the outbox does: written down once, however often it is tried."""
        current = await self.store.message(message.id)
        assert current is not None
        if current.status is not OutboxStatus.SENT:
            await sent(self.store, current)


async def test_a_server_killed_under_load_loses_and_doubles_nothing(own: Server) -> None:
    store = await open_postgres(own.url, MASTER)
    load = Load(store)
    tasks = load.start()
    for _ in range(3):
        await load.more(100)
        own.kill()
        await asyncio.to_thread(own.start)
    await load.more(50)
    load.stop = True
    await asyncio.wait_for(asyncio.gather(*tasks), 60)

    for mail_id, content in load.kept.items():
        assert await store.mails.raw(mail_id) == content
    for ref, rev in load.written.items():
        case = await store.case(ref)
        assert case is not None
        assert case.rev >= rev
        assert len(await store.messages_of(ref)) == case.rev
    assert set(load.taken.values()) == {1}
    assert await store.verify(lambda *_: None) == ()
    await store.close()


async def test_while_the_database_is_away_a_mail_is_answered_451(
    own: Server, clock: HandClock
) -> None:
    store = await open_postgres(own.url, MASTER)
    door = Door(store.mails, clock, ListenerOptions(addresses=("privacy@example.com",)))
    own.kill()
    reply = await door.keep(an_arrival())
    assert isinstance(reply, str)
    assert reply.startswith("451")
    await asyncio.to_thread(own.start)
    mail = await door.keep(an_arrival(b"again"))
    assert not isinstance(mail, str)
    assert await store.mails.raw(mail.id) == b"again"
    await store.close()


async def test_who_listens_hears_again_when_the_server_is_back(own: Server) -> None:
    one, other = [await open_postgres(own.url, MASTER) for _ in range(2)]
    own.kill()
    await asyncio.to_thread(own.start)
    heard = 0

    async def hears() -> bool:
        """At once, where who only looks does so after seconds."""
        nonlocal heard
        waiting = asyncio.ensure_future(other.changed())
        await retried(lambda: one.commit(putting(act="note")))
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        waiting.cancel()
        heard = heard + 1 if done else 0
        return heard == 3

    async with asyncio.timeout(60):
        while not await hears():
            pass
    await one.close()
    await other.close()


async def test_a_desk_whose_database_is_away_can_still_be_stopped(own: Server) -> None:
    store = await open_postgres(own.url, MASTER)
    own.kill()
    with pytest.raises(StoreAway):
        await store.commit(putting(act="note"))
    async with asyncio.timeout(60):
        await store.close()


async def test_two_that_seal_at_once_are_told_apart(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = [await open_postgres(postgres_url, MASTER) for _ in range(2)]
    await one.commit(putting(a_case()))
    heads = journal.heads

    async def slowly(connection: Any) -> Any:
        """Another is faster between the look at the chains and the commit."""
        found = await heads(connection)
        monkeypatch.setattr(journal, "heads", heads)
        sealing.append(asyncio.create_task(other.seal(NOW)))
        return found

    sealing: list[asyncio.Task[Any]] = []
    read = one.mark

    async def mark(mark_id: str) -> Any:
        await asyncio.gather(*sealing)
        return await read(mark_id)

    commit = one.commit

    async def late(said: Any) -> int:
        await asyncio.gather(*sealing)
        return await commit(said)

    monkeypatch.setattr(journal, "heads", slowly)
    monkeypatch.setattr(one, "mark", mark)
    monkeypatch.setattr(one, "commit", late)
    with pytest.raises(Conflict):
        await one.seal(NOW)
    await one.seal(NOW)
    assert await one.verify(lambda *_: None) == ()
    await one.close()
    await other.close()
