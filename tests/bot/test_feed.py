"""The suppression list as a file for mail tools, and what it confirms."""

import stat
from pathlib import Path

import pytest

from bot.feed import EVERY, Feed
from handlers.clock import RealClock
from handlers.handler import Done, Faults
from tests.handlers.desks import NOW, REGISTRY, Bench, a_bench


@pytest.fixture
async def bench(tmp_path: Path):
    async with a_bench(tmp_path) as made:
        yield made


async def test_the_file_holds_one_address_a_line_for_the_desks_user_alone(
    bench: Bench, tmp_path: Path
):
    path = tmp_path / "feed.txt"
    feed = Feed(path, bench.store, bench.desk, RealClock())
    await feed.write()
    assert path.read_text() == ""
    await bench.case("unsubscribe")
    await feed.write()
    assert path.read_text() == "rosa@example.org\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert EVERY.total_seconds() == 60


async def test_an_unsubscribe_ends_without_its_owner_once_the_feed_holds_the_address(
    bench: Bench, tmp_path: Path
):
    case = await bench.case("unsubscribe")
    await bench.click(case, "claim")
    form = {"outcome": "fulfilled"}
    early = await bench.click(await bench.fresh(case), "close", request=1, form=form)
    assert isinstance(early, Faults)
    await Feed(tmp_path / "feed.txt", bench.store, bench.desk, RealClock()).write()
    done = await bench.click(await bench.fresh(case), "close", request=1, form=form)
    assert isinstance(done, Done)
    acts = [entry.act async for entry in bench.store.history(case.ref)]
    assert acts.count("feed") == 1


async def test_nothing_is_confirmed_when_the_file_cannot_be_written(bench: Bench, tmp_path: Path):
    case = await bench.case("unsubscribe")
    with pytest.raises(OSError, match="No such file"):
        await Feed(tmp_path / "none" / "feed.txt", bench.store, bench.desk, RealClock()).write()
    assert "stopped" not in (await bench.fresh(case)).requests[0].done


async def test_an_address_that_is_not_on_it_confirms_nothing(bench: Bench):
    case = await bench.case("unsubscribe")
    assert await bench.desk.fed(frozenset({"another"}), NOW) == 0
    kind = REGISTRY["unsubscribe"]
    assert kind.missing(await bench.fresh(case), case.requests[0], kind.outcomes[0])
