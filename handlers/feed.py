"""What the feed file confirms: an address that stands in it gets no marketing any more."""

from datetime import datetime
from functools import partial

from handlers.commits import Commits
from handlers.recording import heard
from handlers.requests import with_step
from storage.records import Case, Status

#: the steps of an unsubscribe that the feed takes
STEPS = ("marketing", "stopped")


class FromFeed(Commits):
    """The mail tools read the file: what stands in it needs no owner's word."""

    async def fed(self, hashes: frozenset[str], now: datetime) -> int:
        """How many cases the feed has confirmed."""
        confirmed = 0
        for case in await self.store.cases():
            if case.requester_hash in hashes and _after(case) != case:
                confirmed += await self.decided(partial(self._fed, case.ref, now))
        return confirmed

    async def _fed(self, ref: str, now: datetime) -> bool:
        case = await self.case(ref)
        after = _after(case)
        if after == case:
            return False
        line = self.line(after, "The feed for the mail tools holds the address.", now)
        await self.commit("feed", "desk", after, now, after, await self.refreshed(after, now), line)
        return True


def _after(case: Case) -> Case:
    if case.at_rest or case.still_mailed is not None:  # the list was not used: a person looks
        return case
    for request in case.requests:
        if request.kind != "unsubscribe" or request.status is Status.CLOSED:
            continue
        if "stopped" not in request.done:
            case = heard(case, request.id, STEPS[0])
            for step in STEPS:
                case = with_step(case, request.id, step)
    return case
