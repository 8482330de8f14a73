"""What owners do: see who it is about, and answer for their systems. They can do nothing else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from handlers.commits import Commits
from handlers.owners import answered, released, round_of
from handlers.requests import replace
from storage.errors import Refused, UnknownReference
from storage.records import Case, Query, Record, Round, Status, Stored

OVER = "This request is closed, or asks nothing of you. Nothing was changed."
Given = Literal["done", "nothing", "exception", "not_mine"]
WORDS: Mapping[Given, str] = {
    "done": "done",
    "nothing": "nothing found",
    "exception": "an exception",
    "not_mine": "not theirs",
}


class OwnerAnswer(Record, frozen=True, kw_only=True):
    """One owner's answer for one system."""

    ref: str
    round: int
    system: str
    by: str  #: Slack id
    answer: Given
    reason: str = ""  #: of an exception
    person: str = ""  #: whose it is, where it is not theirs: a Slack id, "" = they do not know


class FromOwners(Commits):
    """Each click is checked: an owner may answer what was asked of them, while it is open."""

    async def asked_of(self, ref: str, number: int, by: str) -> tuple[Case, Round]:
        """The case and the round as they stand for this owner. Raises Refused for anybody else,
        for whom the case is about, and once the request is closed."""
        try:
            case = await self.case(ref)
        except UnknownReference as gone:
            raise Refused(OVER) from gone
        asking = round_of(case, number)
        theirs = by not in case.shut and any(query.owner == by for query in asking.queries)
        request = next((r for r in case.requests if r.id == asking.request), None)
        if not theirs or request is None or request.status is Status.CLOSED:
            raise Refused(OVER)
        return case, asking

    async def show_who(self, ref: str, number: int, by: str, now: datetime) -> tuple[Case, Round]:
        """Whom it is about; that they looked is on the record. Raises Refused."""

        async def decide() -> tuple[Case, Round]:
            case, asking = await self.asked_of(ref, number, by)
            await self.commit("show_who", by, case, now)
            return case, asking

        return await self.decided(decide)

    async def owner_answers(self, said: OwnerAnswer, now: datetime) -> tuple[Case, Round]:
        """Raises Refused: for somebody else's system, and after the release."""
        return await self.decided(lambda: self._answers(said, now))

    async def _answers(self, said: OwnerAnswer, now: datetime) -> tuple[Case, Round]:
        case, asking = await self.asked_of(said.ref, said.round, said.by)
        query = next((q for q in asking.queries if q.system == said.system), None)
        if query is None or query.owner != said.by:
            raise Refused(OVER)
        kind = self.registry.kinds.get(case.request(asking.request).kind or "")
        if released(case, asking):
            raise Refused("What rests on this answer was released: tell the privacy team.")
        if said.answer == "exception" and not said.reason.strip():
            raise Refused("Say what the exception is.")
        after = answered(case, asking, self._changed(case, query, said, now), kind)
        now_asked = round_of(after, asking.id)
        puts: list[Stored] = [
            after,
            await self.refreshed(after, now, said.by),
            self.line(after, f"<@{said.by}> answered: {WORDS[said.answer]}.", now, said.by),
        ]
        puts.append(self.to_owner(said.by, asking.id, after, now, said.by))
        if said.answer == "not_mine":
            owner = next(q.owner for q in now_asked.queries if q.system == said.system)
            puts.append(self.to_owner(owner, asking.id, after, now, said.by))
        if not now_asked.waiting and asking.waiting:
            puts.append(self.line(after, "All owners have answered.", now, call=True))
        await self.commit("owner_answers", said.by, after, now, *puts)
        return after, now_asked

    def _changed(self, case: Case, query: Query, said: OwnerAnswer, now: datetime) -> Query:
        """Not theirs: it goes to whom they name, else to whoever has the case; who is shut out is
        passed over, and nobody learns of it."""
        if said.answer == "not_mine":
            named = "" if said.person in case.shut else said.person
            owner = named or case.assignee or ""
            if owner in {"", said.by}:
                raise Refused("Say whose it is: nobody else can be asked.")
            return replace(query, owner=owner, answer="", reason="", at=None)
        reason = said.reason.strip() if said.answer == "exception" else ""
        return replace(query, answer=said.answer, reason=reason, at=now)
