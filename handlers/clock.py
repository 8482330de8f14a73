"""Calendar time, passed in. Protocol time (acks, timeouts) never comes from here."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The desk's calendar: due dates, undo windows, digests, pacing."""

    def now(self) -> datetime:
        """Aware, in UTC."""

    async def wait_until(self, when: datetime) -> None:
        """Return once `now()` is `when` or later, however time gets there."""


class RealClock:
    """The wall clock. Waits in pieces, so that a suspended machine is late by one piece at most."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait_until(self, when: datetime) -> None:
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110  time, no event
            await asyncio.sleep(min(left, 60))
