"""May a mail be ignored by machine alone? What staff have said of such mails decides.

Until they have confirmed so many of them, only bounces and what is tied to a letter of ours is
ignored, and the rest is sorted by a person.
"""

from datetime import datetime

from handlers.commits import Commits
from handlers.requests import replace
from storage.records import Case, Mark, Outcome, Stored

#: why an ignored mail is worked on once more, and how the reason begins of one rightly ignored
REQUESTED = "a person says it is a request"
CONFIRMED = "confirmed: "
#: marks that count what staff said of mails the machine would have ignored, or has
RIGHT, WRONG = "ignored:right", "ignored:wrong"


class Ignoring(Commits):
    """Counted in the store, where all processes and every start find it."""

    async def ignores_alone(self) -> bool:
        """Have staff confirmed enough?"""
        return await self.ignored_rightly() >= self.policy.confirmed_ignores

    async def ignored_rightly(self) -> int:
        """How many they have confirmed."""
        mark = await self.store.mark(RIGHT)
        return mark.count if mark else 0

    async def _said(self, before: Case, after: Case, now: datetime) -> list[Stored]:
        """What a person's act on a case says of a machine that would have ignored its mail."""
        reading = before.reading
        if reading is None or reading.decision != "ignore" or not before.triage or after.triage:
            return []
        asked = any(r.outcome is not Outcome.NOT_A_REQUEST for r in after.requests)
        return [await self._tallied(WRONG if asked else RIGHT, now)]

    async def _tallied(self, name: str, now: datetime) -> Mark:
        mark = await self.store.mark(name) or Mark(id=name, at=now, count=0, lasting=True)
        return replace(mark, at=now, count=mark.count + 1)
