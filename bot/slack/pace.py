"""Slack's speed: one post a second and channel, some 50 edits a minute, with a small burst."""

from datetime import datetime, timedelta

from handlers.clock import Clock


class Pace:
    """Turns at a steady rate of calendar time; the first few may come at once."""

    def __init__(self, clock: Clock, *, every: timedelta, burst: int) -> None:
        self._clock = clock
        self._every = every
        self._ahead = every * (burst - 1)
        self._next: dict[str, datetime] = {}

    def rest(self, key: str, seconds: float) -> None:
        """Slack asked for a rest (429): nobody of `key` goes before it is over, nor in a burst."""
        until = self._clock.now() + timedelta(seconds=seconds) + self._ahead
        self._next[key] = max(self._next.get(key, until), until)

    def wait(self, key: str) -> float:
        """Seconds until `key` may go."""
        now = self._clock.now()
        mine = max(self._next.get(key, now), now)
        return max(0.0, (mine - self._ahead - now).total_seconds())

    async def turn(self, key: str) -> None:
        """Return when `key` may go; each call takes a turn of its own."""
        now = self._clock.now()
        mine = max(self._next.get(key, now), now)
        self._next[key] = mine + self._every
        if (starts := mine - self._ahead) > now:
            await self._clock.wait_until(starts)
