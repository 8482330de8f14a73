"""What the feed file confirms: an address that stands in it gets no marketing any more."""

from datetime import datetime
from functools import partial

from handlers.commits import Commits
from handlers.policy import Policy
from handlers.recording import heard
from handlers.requests import with_step
from handlers.suppressing import look_from
from storage.records import Case, Status

#: the steps of an unsubscribe that the feed takes
STEPS = ("marketing", "stopped")
LOOKED = "looked"  #: and, some days later, the look whether it held


class FromFeed(Commits):
    """The mail tools read the file: what stands in it needs no owner's word."""

    async def fed(self, hashes: frozenset[str], now: datetime) -> int:
        """How many cases the feed has confirmed."""
        confirmed = 0
        for case in await self.store.cases():
            if _meant(case) <= hashes and _after(case, now, self.policy) != case:
                confirmed += await self.decided(partial(self._fed, case.ref, now))
        return confirmed

    async def _fed(self, ref: str, now: datetime) -> bool:
        case = await self.case(ref)
        after = _after(case, now, self.policy)
        if after == case:
            return False
        line = self.line(after, "The feed for the mail tools holds the address.", now)
        await self.commit("feed", "desk", after, now, after, await self.refreshed(after, now), line)
        return True


def _meant(case: Case) -> frozenset[str]:
    """The addresses that have to stand in it, all of them."""
    return frozenset(each.hash for each in case.suppressed) or frozenset({case.requester_hash})


def _after(case: Case, now: datetime, policy: Policy) -> Case:
    if case.at_rest or case.still_mailed is not None:  # the list was not used: a person looks
        return case
    for request in case.requests:
        if request.kind != "unsubscribe" or request.status is Status.CLOSED:
            continue
        if "stopped" not in request.done:
            case = heard(case, request.id, STEPS[0])
            for step in STEPS:
                case = with_step(case, request.id, step)
        # nobody wrote again: nothing was sent since
        if now >= look_from(case, policy):
            case = with_step(case, request.id, LOOKED)
    return case
