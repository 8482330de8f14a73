import asyncio

import pytest

from intake.turns import Turns


async def test_a_line_is_served_in_the_order_of_its_places_however_late_they_are_waited_for():
    turns, order = Turns(), []
    first, second, other = turns.place("1"), turns.place("1"), turns.place("2")

    async def work(name, place):
        async with place:
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    await asyncio.gather(work("b", second), work("c", other), work("a", first))
    assert order.index("a out") < order.index("b in")
    assert order.index("c in") < order.index("b in")
    assert not len(turns)


async def test_who_gives_up_waiting_holds_nobody_back():
    turns = Turns()
    first, second, third = (turns.place("1") for _ in range(3))
    waiting = asyncio.create_task(second.__aenter__())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with first:
        pass
    async with asyncio.timeout(5), third:
        assert len(turns) == 1
    assert not len(turns)
