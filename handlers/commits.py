"""What every commit of the desk is made of: records that change together, and what follows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from handlers import approvals, recipients
from handlers.deadlines import reminders
from handlers.handler import Draft, Person
from handlers.letters import templates
from handlers.letters.acknowledgement import Pace
from handlers.letters.catalogue import Rendered
from handlers.letters.wording import Matter, write
from handlers.nudges import nudges
from handlers.opening import IMPORTED
from handlers.policy import Policy
from handlers.registry import Registry
from handlers.requests import replace
from storage.errors import Conflict, UnknownReference
from storage.records import (
    Alarm,
    Card,
    Case,
    Commit,
    Content,
    DirectMessage,
    Letter,
    ListToSort,
    Mark,
    OutboxMessage,
    OutboxStatus,
    OwnerAsk,
    Shred,
    Stored,
    ThreadLine,
    new_id,
)
from storage.store import Store

Answered = TypeVar("Answered")
#: decisions made anew before the desk gives up; each time somebody else has got on
TRIES = 50
#: the lane of lists to sort, and of cards that come from them by the hundred
LISTS = "slack:lists"
#: what a lane ends with that gives way to the one without
LATER = ":later"
#: who acts when nobody clicked
DESK = "desk"
#: how long what changes a list is gathered: Slack takes an edit every 1.2 seconds, cards' too
GATHERED = timedelta(seconds=2)
TICK = timedelta(milliseconds=1)


def import_list(batch: str) -> str:
    """The name of the list of one import."""
    return f"{IMPORTED}:{batch}"


def list_mark(name: str) -> str:
    """The mark whose note is the message that shows a list."""
    return f"list:{name}"


class Commits:
    """Reads, decides, commits; and decides anew when somebody else was faster."""

    def __init__(self, store: Store, registry: Registry, policy: Policy) -> None:
        self.store = store
        self.registry = registry
        self.policy = policy
        self.keys = store.keys
        self.pace = Pace(policy)
        self._last: datetime | None = None

    async def decided(self, decide: Callable[[], Awaitable[Answered]]) -> Answered:
        """Raises Conflict only after many tries."""
        for _ in range(TRIES - 1):
            try:
                return await decide()
            except Conflict:
                await self._someone_got_on()
        return await decide()

    async def _someone_got_on(self) -> None:
        """The other commit may have landed already, so wait for the next one but not for long."""
        try:
            await asyncio.wait_for(self.store.changed(), timeout=0.02)
        except TimeoutError:
            return

    async def case(self, ref: str) -> Case:
        """Raises UnknownReference."""
        case = await self.store.case(ref)
        if case is None:
            raise UnknownReference(f"There is no case {ref}: `desk list --all` shows them all.")
        return case

    async def commit(  # noqa: PLR0913  one happening
        self,
        act: str,
        actor: str,
        case: Case,
        now: datetime,
        *puts: Stored,
        why: str = "",
        shreds: tuple[Shred, ...] = (),
    ) -> None:
        """One happening of one case."""
        note = f"{_note(case)}: {why}" if why else _note(case)
        await self.store.commit(
            Commit(at=now, actor=actor, act=act, case=case.ref, note=note, puts=puts, shreds=shreds)
        )

    async def refreshed(self, case: Case, now: datetime, by: str = "desk") -> OutboxMessage:
        """The message that redraws the card. One that waits already will show the newest state;
        putting it again makes sure that nobody takes it with the older one meanwhile.

        Of one case never two are on their way at once, not even when it moves to another
        channel: behind one in hand the next waits in the same lane. What a person changed goes
        before what the desk draws by itself.
        """
        lane = later_lane(case) if by == DESK else lane_of(case)
        pending = await self._pending_cards(case.ref)
        in_hand = next((m.lane for m in pending if m.claimed_until is not None), "")
        for message in pending:
            if message.claimed_until is None:
                who = message.created_by if by == DESK else by
                lane = later_lane(case) if who == DESK else lane_of(case)
                return replace(message, lane=in_hand or lane, created_by=who)
        return self.message(in_hand or lane, Card(case=case.ref), now, by)

    async def _pending_cards(self, ref: str) -> list[OutboxMessage]:
        return [
            message
            for message in await self.store.messages_of(ref)
            if message.status is OutboxStatus.PENDING and isinstance(message.content, Card)
        ]

    async def _overtaking(self, case: Case) -> list[Stored]:
        """A redraw that somebody's click asked for and that waited behind the one just sent."""
        return [
            replace(message, lane=lane_of(case))
            for message in await self._pending_cards(case.ref)
            if message.claimed_until is None
            and message.created_by != DESK
            and message.lane.endswith(LATER)
        ]

    async def listed(
        self,
        name: str,
        now: datetime,
        mails: tuple[str, ...] = (),
        after: timedelta = GATHERED,
    ) -> tuple[Stored, ...]:
        """The message that redraws a list to sort; as with cards one that waits is put again."""
        known = await self.store.mark(list_mark(name))
        before = await self.store.message(known.note) if known else None
        if before is not None and isinstance(before.content, ListToSort):
            if before.status is OutboxStatus.PENDING and before.claimed_until is None:
                return (before,)
            mails = before.content.mails
        message = self.message(LISTS, ListToSort(name=name, mails=mails), now)
        message = replace(message, send_after=now + after)
        mark = known or Mark(id=list_mark(name), at=now, lasting=True)
        return (message, replace(mark, at=now, note=message.id))

    async def _off_list(self, before: Case, after: Case, now: datetime) -> tuple[Stored, ...]:
        """An imported case was sorted on its own: the list of its import has one less."""
        if not before.at_rest or (after.at_rest and not after.closed):
            return ()
        return await self.listed(import_list(before.batch), now)

    def _reminded(self, case: Case, now: datetime) -> Case:
        """With the clock set anew, after a request ended or came back."""
        at = reminders.next_remind_at(case, self.policy, now)
        found = nudges(case, self.registry.kinds, self.policy)
        at = min(at, found[0].at) if at and found else at
        waits = reminders.waits_until(case, self.policy, now)
        at = min(at, waits) if at and waits else at
        return replace(case, remind_at=approvals.next_business(case, at))

    def _timed(self, before: Case, after: Case, now: datetime) -> Case:
        """With the reminders of its new dates; where none moved, as they were (and put off)."""
        if [r.due for r in before.requests] == [r.due for r in after.requests]:
            return after
        return self._reminded(after, now)

    def message(
        self, lane: str, content: Content, now: datetime, by: str = "desk"
    ) -> OutboxMessage:
        """A new message; ids of one commit sort in the order they were made."""
        case: str = getattr(content, "case", "")
        return OutboxMessage(
            id=self._next_id(now),
            lane=lane,
            case=case or None,
            content=content,
            created_at=now,
            created_by=by,
            send_after=now,
        )

    def _next_id(self, now: datetime) -> str:
        # a clock that was set back by more than a burst starts anew
        if self._last and timedelta(0) <= self._last - now + TICK < timedelta(seconds=5):
            now = self._last + TICK
        self._last = now
        return new_id(now)

    def line(
        self, case: Case, text: str, now: datetime, by: str = "desk", *, call: bool = False
    ) -> OutboxMessage:
        """A line in the card's thread; `call` names the assignee so that they are notified."""
        mention = (case.assignee,) if call and case.assignee else ()
        content = ThreadLine(case=case.ref, text=text, mention=mention)
        # behind the card it stands under, where that waits for its first turn
        return self.message(lane_of(case) if case.card else later_lane(case), content, now, by)

    def direct(
        self, person: str, text: str, case: Case, now: datetime, by: str = "desk"
    ) -> OutboxMessage:
        """A line to one person."""
        content = DirectMessage(person=person, text=text, case=case.ref)
        return self.message(f"slack:{person}", content, now, by)

    async def met(self, by: Person, now: datetime) -> list[Stored]:
        """Whose clock says what is remembered: reminders keep people's own hours."""
        known = await self.store.mark(zone_of(by.id))
        if not by.timezone or (known is not None and known.note == by.timezone):
            return []
        mark = known or Mark(id=zone_of(by.id), at=now, lasting=True)
        return [replace(mark, at=now, note=by.timezone)]

    def to_owner(
        self, person: str, number: int, case: Case, now: datetime, by: str = "desk"
    ) -> OutboxMessage:
        """A round's questions to one owner."""
        content = OwnerAsk(person=person, case=case.ref, round=number)
        return self.message(f"slack:{person}", content, now, by)

    def owners_done(self, before: Case, after: Case, now: datetime) -> list[OutboxMessage]:
        """Where a request has ended, what its owners were shown closes too."""
        was = {request.id for request in before.open_requests}
        ended = was - {request.id for request in after.open_requests}
        asked = {
            (query.owner, each.id)
            for each in after.rounds
            if each.request in ended
            for query in each.queries
        }
        return [self.to_owner(owner, number, after, now) for owner, number in sorted(asked)]

    def alarm(self, case: Case, text: str, now: datetime) -> list[OutboxMessage]:
        """Something went wrong with a date: the thread, the assignee and the managers know."""
        told = [self.line(case, text, now, call=True)]
        if case.assignee:
            told.append(self.direct(case.assignee, f"*{case.ref}*: {text}", case, now))
        return [*told, self.message("slack:managers", Alarm(case=case.ref, text=text), now)]

    def letter(self, case: Case, draft: Draft, now: datetime, by: str) -> OutboxMessage:
        """A draft of a letter, rendered; the caller lets it go or leaves it."""
        written, to = self.written(case, draft, now), self.recipient(case, draft)
        words = draft.words if draft.words is not None else written.words
        # who may be a stranger to the case learns nothing of its conversation
        thread = case.message_ids if to == case.requester else ()
        content = Letter(
            case=case.ref,
            to=to,
            subject=written.subject,
            body=written.saying(words),
            words=words.strip(),
            template=draft.template,
            language=written.language,
            version=written.version,
            in_reply_to=thread[-1] if thread else "",
            references=thread[-10:],
            automatic=draft.automatic,
            closing=draft.closing,
            replaces=draft.replaces,
            extending=draft.extending,
        )
        message = self.message(f"mail:{case.ref}", content, now, by)
        return replace(message, status=OutboxStatus.DRAFT)

    def recipient(self, case: Case, draft: Draft) -> str:
        """Where it goes: as chosen, else as usual."""
        return draft.to or recipients.usual(case, templates.template(draft.template))

    def written(self, case: Case, draft: Draft, now: datetime) -> Rendered:
        """The draft's template, filled in for the case."""
        given = dict(draft.given)
        if why := draft.closing or draft.extending:
            given["reason"] = why.reason
        return write(draft.template, self.matter(case, draft.request, now), draft.language, **given)

    def matter(self, case: Case, request: int | None, now: datetime) -> Matter:
        """What a letter about that request may say."""
        kinds, policy = self.registry.kinds, self.policy
        return Matter(case=case, kinds=kinds, policy=policy, now=now, request=request)


def zone_of(person: str) -> str:
    """The mark whose note is the time zone of one of us."""
    return f"zone:{person}"


def lane_of(case: Case) -> str:
    """Where the case's card lives: what people clicked, and lines of its thread."""
    return f"slack:{case.circle.value}"


def later_lane(case: Case) -> str:
    """What the desk draws by itself, new cards above all: five hundred of them hold up no click."""
    return f"{lane_of(case)}{LATER}"


def _note(case: Case) -> str:
    return ", ".join(request.kind or "to sort" for request in case.requests)
