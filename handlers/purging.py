"""What age does to the desk: what has outlived its time is shredded, once a day."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from handlers import retention
from handlers.requests import replace
from handlers.wiping import Wiping
from storage.records import Case, Commit, InboundMail, Mark, Record, Shred, Stored

#: when the desk last purged
PURGED = "purge"
EVERY = timedelta(days=1)
_TOGETHER = 100  #: ignored mails in one commit


class Purged(Record, frozen=True, kw_only=True):
    """What was shredded: mails by id, cases by reference. `skeleton`: nothing is left of those."""

    raw: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    skeleton: tuple[str, ...] = ()


def purged(shreds: Iterable[Shred]) -> Purged:
    """What these shreds come to."""
    keys: dict[str, list[str]] = {}
    for shred in shreds:
        keys.setdefault(shred.life, []).append(shred.key)
    gone = tuple(keys.get("skeleton", ()))
    return Purged(
        raw=tuple(keys.get("raw", ())),
        content=tuple(ref for ref in keys.get("content", ()) if ref not in gone),
        skeleton=gone,
    )


class FromAge(Wiping):
    """Nothing here decides: `retention.py` does."""

    async def purge_daily(self, now: datetime) -> datetime:
        """Purge, unless somebody did within a day; when to ask again."""
        last = await self.store.mark(PURGED)
        if last is not None and last.at + EVERY > now:
            return last.at + EVERY
        await self.purge(now)
        return now + EVERY

    async def purge(self, now: datetime, by: str = "desk", *, look: bool = False) -> Purged:
        """Shred what is due; `look`: only say what that is."""
        found: list[Shred] = []
        ignored, whole = await self._old_mails(now)
        for start in range(0, len(ignored), _TOGETHER):
            some = ignored[start : start + _TOGETHER]
            found += await self.decided(partial(self._ignored_due, some, now, by, look=look))
        async for case in self.store.all_cases():
            if not look and retention.leaves_slack(case, self.policy.slack_days, now):
                await self.decided(partial(self._wipe, case.ref, now, by))
            # by itself, or with its mails, which are looked at only where there may be one to shred
            if retention.due(case, (), now) or (case.closed and case.ref in whole):
                found += await self.decided(partial(self._case_due, case.ref, now, by, look=look))
            await asyncio.sleep(0)  # nobody waits for this
        if not look:
            await self.decided(partial(self._done, len(found), now, by))
        return purged(found)

    async def _old_mails(self, now: datetime) -> tuple[list[str], set[str]]:
        """Ids of ignored mails that are due, and the cases that have a raw mail of some age."""
        ignored: list[str] = []
        whole: set[str] = set()
        async for mail in self.store.all_mails():
            if retention.ignored_due(mail, now):
                ignored.append(mail.id)
            elif mail.case and mail.sha256 and mail.received_at + retention.RAW <= now:
                whole.add(mail.case)
        return ignored, whole

    async def _case_due(self, ref: str, now: datetime, by: str, *, look: bool) -> tuple[Shred, ...]:
        case = await self.store.case(ref)
        if case is None:
            return ()
        shreds = retention.due(case, await self._mails(case.mails), now)
        if any(shred.life == "content" for shred in shreds) and await self._still_listed(case, now):
            shreds = tuple(shred for shred in shreds if shred.life == "raw")
        if shreds and not look:
            await self._shred(shreds, (case,), now, by)
        return shreds

    async def _ignored_due(
        self, ids: Sequence[str], now: datetime, by: str, *, look: bool
    ) -> tuple[Shred, ...]:
        mails = [m for m in await self._mails(ids) if retention.ignored_due(m, now)]
        shreds = tuple(Shred(life="raw", key=mail.id) for mail in mails)
        if shreds and not look:
            await self._shred(shreds, mails, now, by)
        return shreds

    async def _shred(
        self, shreds: tuple[Shred, ...], puts: Sequence[Stored], now: datetime, by: str
    ) -> None:
        """The records are put again as they are, so that this fails when one was changed since."""
        case = next((put.ref for put in puts if isinstance(put, Case)), None)
        commit = Commit(at=now, actor=by, act="purge", case=case, puts=tuple(puts), shreds=shreds)
        await self.store.commit(commit)

    async def _done(self, count: int, now: datetime, by: str) -> None:
        last = await self.store.mark(PURGED) or Mark(id=PURGED, at=now, count=0)
        mark = replace(last, at=now, count=last.count + 1)
        note = f"{count} keys destroyed"
        await self.store.commit(Commit(at=now, actor=by, act="purge", note=note, puts=(mark,)))

    async def _mails(self, ids: Sequence[str]) -> list[InboundMail]:
        found = [await self.store.mail(mail_id) for mail_id in ids]
        return [mail for mail in found if mail is not None]
