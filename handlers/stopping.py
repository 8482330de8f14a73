"""Marketing that is to stop: whose address comes on the list, goes off it, or is mailed still."""

from datetime import datetime

from handlers.commits import Commits
from handlers.deadlines.rules import CALENDAR
from handlers.deadlines.working_days import add_working_days, local_day
from handlers.handler import Effect
from handlers.opening import Understood
from handlers.requests import replace
from handlers.suppressing import since
from storage.records import (
    Case,
    OutboxMessage,
    Reading,
    Shred,
    Stored,
    Suppressed,
    Suppression,
)


class Stopping(Commits):
    """Each address under its keyed hash, with every case that wants it there."""

    async def _suppress(self, case: Case, address: str, now: datetime) -> tuple[Case, list[Stored]]:
        """An address gets no marketing because of this case; one that got none before stays."""
        name = self.keys.address_hash(address)
        known = await self.store.suppression(name)
        if any(each.hash == name for each in case.suppressed) and known is not None:
            return case, []
        found = known or Suppression(hash=name, address=address, since=now, case=case.ref)
        entry = Suppressed(address=address, hash=name, since=found.since)
        others = tuple(each for each in case.suppressed if each.hash != name)
        case = replace(case, suppressed=(*others, entry))
        if case.ref not in (found.case, *found.also):
            found = replace(found, also=(*found.also, case.ref))
        return case, [found] if found != known else []

    async def _unwanted(
        self, effect: Effect, case: Case, now: datetime
    ) -> tuple[Case, list[Stored], tuple[Shred, ...]]:
        """The do-not-mail list: what comes on it for this case, and what goes off."""
        puts: list[Stored] = []
        shreds: list[Shred] = []
        for address in effect.suppress:
            case, put = await self._suppress(case, address, now)
            puts += put
        for name in effect.lift:
            case = replace(case, suppressed=tuple(x for x in case.suppressed if x.hash != name))
            known = await self.store.suppression(name)
            cases = [x for x in (known.case, *known.also) if x != case.ref] if known else []
            if known is not None and cases:  # somebody else asked for the same
                puts.append(replace(known, case=cases[0], also=tuple(cases[1:])))
            elif known is not None:
                shreds.append(Shred(life="suppression", key=name))
        return case, puts, tuple(shreds)

    async def _stopped(
        self, case: Case, found: Understood, now: datetime, puts: list[Stored]
    ) -> Case:
        """The address is put on the list at once; one that was there may have been mailed still."""
        if not _asks_to_stop(case) or found.imported or not case.requester:
            return case
        known = await self.store.suppression(case.requester_hash)
        if known is not None and self._unheeded(known.since, now):
            case = replace(case, still_mailed=known.since)
        case, listed = await self._suppress(case, case.requester, now)
        puts += listed
        return case

    def _again(
        self, case: Case, reading: Reading | None, now: datetime
    ) -> tuple[Case, list[OutboxMessage]]:
        """Whoever was taken off every list and asks for it once more is mailed still."""
        begun, asks = since(case), reading is not None and "unsubscribe" in reading.kinds
        if not asks or not _asks_to_stop(case) or begun is None or case.still_mailed:
            return case, []
        if not self._unheeded(begun, now):
            return case, []
        case = replace(case, still_mailed=begun)
        return case, self._unheeded_line(case, now)

    def _unheeded_line(self, case: Case, now: datetime) -> list[OutboxMessage]:
        if (since := case.still_mailed) is None:
            return []
        text = (
            f"Still mailed: this address has been on the do-not-mail list since {since:%d %b %Y}."
        )
        return [self.line(case, text, now)]

    def _unheeded(self, since: datetime, now: datetime) -> bool:
        """What was on its way then has arrived by now: somebody did not use the list."""
        first = add_working_days(local_day(since, self.policy.timezone), 2, CALENDAR)
        return local_day(now, self.policy.timezone) > first


def _asks_to_stop(case: Case) -> bool:
    return any(request.kind == "unsubscribe" for request in case.requests)
