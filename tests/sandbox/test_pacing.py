"""Token buckets on calendar time."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.errors import RateLimitedError
from bot.sandbox.pacing import POSTING, TIER_1, Pacing, Rate


class Clock:
    def __init__(self):
        self.at = datetime(2026, 11, 25, tzinfo=UTC)

    def __call__(self):
        return self.at


def taken(pacing, name, rate, most=1000):
    for number in range(most):
        try:
            pacing.take(name, rate)
        except RateLimitedError:
            return number
    return most


def test_a_burst_and_then_one_a_second():
    clock = Clock()
    pacing = Pacing(clock)
    assert taken(pacing, "a", POSTING) == 10
    assert taken(pacing, "b", POSTING) == 10
    clock.at += timedelta(seconds=3)
    assert taken(pacing, "a", POSTING) == 3
    clock.at += timedelta(days=1)
    assert taken(pacing, "a", POSTING) == 10


def test_retry_after_is_long_enough():
    clock = Clock()
    pacing = Pacing(clock)
    taken(pacing, "open", TIER_1)
    with pytest.raises(RateLimitedError) as caught:
        pacing.take("open", TIER_1)
    assert caught.value.retry_after == 60
    clock.at += timedelta(seconds=caught.value.retry_after)
    pacing.take("open", TIER_1)


def test_a_clock_that_steps_back_gives_nothing_away():
    clock = Clock()
    pacing = Pacing(clock)
    rate = Rate(1.0, 2)
    assert taken(pacing, "a", rate) == 2
    clock.at -= timedelta(seconds=100)
    assert taken(pacing, "a", rate) == 0
