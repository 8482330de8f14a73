"""A busy hour has one summary; a quiet one has none."""

from datetime import datetime, timedelta
from pathlib import Path

from handlers.bursts import BURST, HOUR, QUIET, begun_at
from handlers.desk import Desk
from storage.records import ListToSort, OutboxMessage, OutboxStatus, Posted
from tests.handlers.desks import NOW, REGISTRY, Bench, a_bench


async def come(bench: Bench, count: int, now: datetime = NOW) -> None:
    for _ in range(count):
        await bench.case("access", now=now)


async def summaries(bench: Bench) -> list[OutboxMessage]:
    found = await bench.store.messages_with(OutboxStatus.PENDING)
    lists = (m for m in found if isinstance(m.content, ListToSort))
    return [m for m in lists if m.content.name.startswith(BURST)]


async def test_ten_cards_need_no_summary_and_five_hundred_have_one(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        await come(bench, QUIET)
        assert await summaries(bench) == []
        await come(bench, 30, NOW + timedelta(minutes=3))
        (said,) = await summaries(bench)
        assert begun_at(said.content.name) == NOW
        assert await bench.desk.left(said.content) == QUIET + 30


async def test_it_follows_what_comes_and_is_edited_in_place(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        await come(bench, QUIET + 1)
        (said,) = await summaries(bench)
        await bench.desk.sent(said, NOW, posted=Posted(channel="C01STAFF", ts="1.1"))
        await come(bench, 5, NOW + timedelta(seconds=30))
        assert await summaries(bench) == [], "within a minute it is not drawn again"
        await come(bench, 1, NOW + timedelta(seconds=61))
        (again,) = await summaries(bench)
        assert again.content == said.content
        assert again.send_after > NOW + timedelta(seconds=61)


async def test_a_restart_posts_no_second_summary_and_a_later_hour_has_its_own(
    tmp_path: Path,
) -> None:
    async with a_bench(tmp_path) as bench:
        await come(bench, QUIET + 1)
        (said,) = await summaries(bench)
        bench.desk = Desk(bench.store, REGISTRY, bench.desk.policy)
        await come(bench, QUIET + 1, NOW + timedelta(minutes=5))
        assert [m.content.name for m in await summaries(bench)] == [said.content.name]
        await come(bench, QUIET + 1, NOW + HOUR + timedelta(minutes=10))
        assert len({m.content.name for m in await summaries(bench)}) == 2


async def test_the_closed_circles_are_not_counted(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        for _ in range(QUIET + 1):
            await bench.case("child_data")
        assert await summaries(bench) == []
