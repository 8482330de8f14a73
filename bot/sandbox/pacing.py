"""Rate limits: token buckets on calendar time, so that a moved clock refills them."""

import math
from collections.abc import Callable
from datetime import datetime

import msgspec

from bot.sandbox.errors import RateLimitedError


class Rate(msgspec.Struct, frozen=True):
    """So many calls a second in the long run, and so many at once after a rest."""

    per_second: float
    burst: int


POSTING = Rate(1.0, 10)
SPECIAL = Rate(5.0, 300)
TIER_1 = Rate(1 / 60, 10)
TIER_2 = Rate(20 / 60, 20)
TIER_3 = Rate(50 / 60, 50)
TIER_4 = Rate(100 / 60, 100)


class Pacing:
    """One bucket per name (a method, or a method and a channel)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def take(self, name: str, rate: Rate) -> None:
        """Take one token, or raise RateLimitedError with the seconds until there is one."""
        now = self._now()
        left, since = self._buckets.get(name, (float(rate.burst), now))
        left = min(rate.burst, left + max(0.0, (now - since).total_seconds()) * rate.per_second)
        if left < 1:
            self._buckets[name] = (left, now)
            raise RateLimitedError(max(1, math.ceil((1 - left) / rate.per_second)))
        self._buckets[name] = (left - 1, now)
