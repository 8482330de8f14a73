"""Double clicks and repeated deliveries count once; cases are worked on one at a time."""

import asyncio

from bot.slack.once import Locks, Presses


def body(ts: str, user: str = "U1", value: str = "v") -> dict:
    return {
        "user": {"id": user},
        "container": {"message_ts": "1.1"},
        "actions": [{"action_id": "a", "action_ts": ts, "value": value}],
    }


def test_a_double_click_counts_once_and_a_later_click_again(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("bot.slack.once.time.monotonic", lambda: now[0])
    presses = Presses()
    assert not presses.again(body("1"))
    now[0] = 100.4
    assert presses.again(body("2"))
    assert not presses.again(body("3", user="U2"))
    assert not presses.again(body("4", value="other"))
    now[0] = 102.0
    assert not presses.again(body("5"))
    now[0] = 200.0
    assert presses.again(body("5"))


async def test_one_case_at_a_time_others_side_by_side():
    locks = Locks()
    first = locks.of("PR-1")
    assert locks.of("PR-1") is first
    assert locks.of("PR-2") is not first
    async with first:
        waiting = asyncio.create_task(locks.of("PR-1").acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting
