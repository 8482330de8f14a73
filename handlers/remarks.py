"""What our people write in the thread of a card: kept as a note in the case's journal, sealed with
the case. Nothing reads it but who opens the history: no letter is made of it.
"""

from datetime import datetime

from handlers import personal
from handlers.commits import Commits
from storage.records import Alarm, Case, Commit, Mark, Posted, Record

NOTE = "note"  #: the act in the journal


class Remark(Record, frozen=True, kw_only=True):
    """One message of a person, under one of ours. `edited`: which of its versions; "" = as first
    written."""

    by: str  #: Slack id
    text: str
    at: Posted
    under: str  #: ts of the message it stands under
    edited: str = ""


class Kept(Record, frozen=True, kw_only=True):
    """It is in the journal; `holds` completes "that looks like …"."""

    case: Case
    holds: str = ""


class FromThreads(Commits):
    """A message is kept once, by where it stands: a delivery that comes again finds it there."""

    async def remark(self, said: Remark, now: datetime) -> Kept | None:
        """None: not under a message of a case, or kept before."""
        return await self.decided(lambda: self._remark(said, now))

    async def _remark(self, said: Remark, now: datetime) -> Kept | None:
        case, _ = await self.case_at(Posted(channel=said.at.channel, ts=said.under))
        once = f"said:{said.at.channel}:{said.at.ts}:{said.edited}"
        if case is None or await self.store.mark(once) is not None:
            return None
        await self.store.commit(
            Commit(
                at=now,
                actor=said.by,
                act=NOTE,
                case=case.ref,
                note=said.text,
                puts=(Mark(id=once, at=now),),
            )
        )
        return Kept(case=case, holds=personal.found(said.text, case))

    async def case_at(self, posted: Posted) -> tuple[Case | None, str]:
        """The case that a message of ours is about, and what it is: a card or an alarm."""
        place = await self.store.mark(place_of(posted))
        if place is None:
            return None, ""
        ref, _, what = place.note.partition(" ")
        return await self.store.case(ref), what

    async def left_behind(self, ref: str, under: Posted, said: str, now: datetime) -> None:
        """Managers learn, once, what people wrote under a message and we cannot take away."""

        async def decide() -> None:
            name = f"left:{under.channel}:{under.ts}"
            case = await self.store.case(ref)
            if case is None or await self.store.mark(name) is not None:
                return
            alarm = self.message("slack:managers", Alarm(case=ref, text=said), now)
            await self.commit("left_behind", "desk", case, now, alarm, Mark(id=name, at=now))

        await self.decided(decide)


def place_of(posted: Posted) -> str:
    """The mark whose note is the case that a message of ours is about, and what it is."""
    return f"place:{posted.channel}:{posted.ts}"
