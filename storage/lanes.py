"""Which outbox message is next: order within a lane, and the lane whose time comes first.

In one lane the oldest goes first. A message waiting for its retry holds back its lane, since
what made it wait (a rate limit, a relay away) holds for all; one with a first `send_after` in
the future (an undo window) does not. A lane with a live claim waits.
Nothing here walks all lanes or all messages: both are heaps whose stale entries are dropped
when they come up.
"""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

#: a claim of this process holds until its outcome is written, or until the process is gone:
#: calendar time says nothing about how long an attempt takes
HELD = datetime.max.replace(tzinfo=UTC)


class Waiting(NamedTuple):
    """A pending message. `position` is its place among all messages ever written."""

    position: int
    id: str
    send_after: datetime
    attempts: int


class Lane:
    """The pending messages of one lane."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._due: list[Waiting] = []  # by position
        self._later: list[tuple[datetime, Waiting]] = []
        self._holds: dict[str, datetime] = {}  # claims and retries: when each lets go

    def put(self, message: Waiting, claimed_until: datetime | None) -> None:
        self._waiting[message.id] = message
        heapq.heappush(self._later, (message.send_after, message))
        if claimed_until is not None:
            self._holds[message.id] = claimed_until
        elif message.attempts:
            self._holds[message.id] = message.send_after
        else:
            self._holds.pop(message.id, None)

    def hold(self, message_id: str, until: datetime) -> None:
        self._holds[message_id] = until

    def drop(self, message_id: str) -> None:
        self._waiting.pop(message_id, None)
        self._holds.pop(message_id, None)

    def first(self, now: datetime) -> str | None:
        """The message to send now, if any."""
        if self._holds and max(self._holds.values()) > now:
            return None
        while self._later and self._later[0][0] <= now:
            _, message = heapq.heappop(self._later)
            heapq.heappush(self._due, message)
        self._tidy()
        return self._due[0].id if self._due else None

    def next_at(self) -> datetime | None:
        """When `first` can next find something; None = empty."""
        self._tidy()
        times = [message.send_after for message in self._due[:1]]
        times += [at for at, _ in self._later[:1]]
        if not times:
            return None
        return max(min(times), *self._holds.values()) if self._holds else min(times)

    def _tidy(self) -> None:
        while self._due and self._stale(self._due[0]):
            heapq.heappop(self._due)
        while self._later and self._stale(self._later[0][1]):
            heapq.heappop(self._later)

    def _stale(self, message: Waiting) -> bool:
        return self._waiting.get(message.id) != message


class Lanes:
    """All lanes with something pending."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._queue: list[tuple[datetime, str]] = []
        self._when: dict[str, datetime] = {}  # what of `_queue` counts

    def put(self, name: str, message: Waiting, claimed_until: datetime | None) -> None:
        """Add a pending message, or tell what has changed about it."""
        self._lanes.setdefault(name, Lane()).put(message, claimed_until)
        self._schedule(name)

    def hold(self, name: str, message_id: str, until: datetime) -> None:
        """Keep a lane for a claim that is still being written."""
        self._lanes[name].hold(message_id, until)
        self._schedule(name)

    def drop(self, name: str, message_id: str) -> None:
        """Forget a message that is pending no more."""
        if name in self._lanes:
            self._lanes[name].drop(message_id)
            self._schedule(name)

    def first(self, now: datetime, busy: Callable[[str], bool]) -> str | None:
        """The next message to send, of the lane whose time came first; none that is busy."""
        looked_at: list[str] = []
        try:
            while self._queue and self._queue[0][0] <= now:
                when, name = heapq.heappop(self._queue)
                if self._when.get(name) != when:
                    continue
                del self._when[name]
                looked_at.append(name)
                found = self._lanes[name].first(now)
                if found is not None and not busy(found):
                    return found
            return None
        finally:
            for name in looked_at:
                self._schedule(name)

    def next_at(self) -> datetime | None:
        """When `first` can next find something, at the latest; None = nothing pending."""
        while self._queue and self._when.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def _schedule(self, name: str) -> None:
        when = self._lanes[name].next_at()
        if when is None:
            del self._lanes[name]
            self._when.pop(name, None)
        elif self._when.get(name) != when:
            self._when[name] = when
            heapq.heappush(self._queue, (when, name))
