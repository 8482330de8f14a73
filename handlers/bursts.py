"""A busy hour: beyond ten cards one summary is posted, and nobody is called for each.

Counted in memory, so that a mail costs no search; when it began is on record, so that a restart
posts no second summary.
"""

from datetime import UTC, datetime, timedelta

from handlers.commits import Commits
from handlers.policy import Policy
from handlers.registry import Registry
from handlers.requests import replace
from storage.records import Case, Circle, Mark, Stored
from storage.store import Store

BURST = "burst"  #: what the names of these lists begin with, then when it began; and the mark
QUIET = 10  #: cards in an hour that need no summary
HOUR = timedelta(hours=1)
#: the summary follows what comes that slowly: its edits must not hold up cards
FOLLOWS = timedelta(minutes=1)


class Bursts(Commits):
    """Of the staff's channel: the closed circles have no such hours."""

    def __init__(self, store: Store, registry: Registry, policy: Policy) -> None:
        super().__init__(store, registry, policy)
        self._recent: dict[str, datetime] = {}  # by reference: a commit may be tried again
        self._drawn_for: tuple[str, datetime] | None = None  # by which case, and when

    async def _busy(self, case: Case, now: datetime) -> tuple[Stored, ...]:
        """A card more; with it the summary, where there are too many."""
        if case.circle is not Circle.STAFF:
            return ()
        self._recent[case.ref] = now
        while (first := next(iter(self._recent.values()))) <= now - HOUR:
            self._recent.pop(next(iter(self._recent)))
        if len(self._recent) <= QUIET or not self._turn(case.ref, now):
            return ()
        known = await self.store.mark(BURST)
        if known is not None and now - known.at < HOUR:
            return await self.listed(burst_of(known.at), now, after=FOLLOWS)
        mark = replace(known or Mark(id=BURST, at=first, lasting=True), at=first)
        return (mark, *await self.listed(burst_of(first), now, after=timedelta(0)))

    def _turn(self, ref: str, now: datetime) -> bool:
        """May this case have the summary redrawn, as none had of late?"""
        if self._drawn_for and self._drawn_for[0] != ref and now - self._drawn_for[1] < FOLLOWS:
            return False
        self._drawn_for = (ref, now)
        return True

    async def burst_size(self, name: str) -> int:
        """How many requests of it are open still."""
        begun = begun_at(name)
        found = (case for case in await self.store.cases() if case.circle is Circle.STAFF)
        return sum(begun <= case.received_at < begun + HOUR and not case.at_rest for case in found)


def burst_of(begun: datetime) -> str:
    """The name of its summary."""
    return f"{BURST}:{begun.astimezone(UTC).isoformat()}"


def begun_at(name: str) -> datetime:
    """When it began."""
    return datetime.fromisoformat(name.partition(":")[2])
