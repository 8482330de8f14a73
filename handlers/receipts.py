"""What became of a message: sent, put off, given up, or tried again by a person's wish."""

from datetime import datetime, timedelta

from handlers import timing
from handlers.commits import LATER, Commits, lane_of, later_lane
from handlers.corrections import corrected
from handlers.handler import Moment, Person
from handlers.letter_actions import failed, went
from handlers.letters import message_id, templates
from handlers.remarks import place_of
from handlers.requests import close_request, letter_of, replace, with_letter
from handlers.verification import asked_at
from storage.errors import Refused, UnknownReference
from storage.records import (
    Alarm,
    Card,
    Case,
    ClockEvent,
    Commit,
    Letter,
    ListToSort,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Posted,
    Stored,
    Wipe,
)

#: sent by hand, they tell as well that it has come
CONFIRMS_RECEIPT = frozenset({"acknowledgement", "unsubscribed"})
DOUBT = (
    "It is not known whether a letter arrived. "
    "It goes again under the same Message-ID: the requester may get it twice."
)


class FromOutbox(Commits):
    """Receipts never raise a case's version: the buttons mean what they meant."""

    async def sent(
        self,
        message: OutboxMessage,
        now: datetime,
        *,
        posted: Posted | None = None,
        receipt: str = "",
    ) -> None:
        """It went out; `receipt` is the next mail server's reply."""

        async def decide() -> None:
            current = await self.store.message(message.id)
            if current is None or current.status is OutboxStatus.SENT:
                return  # purged with its case meanwhile, or told before
            done = replace(
                current,
                status=OutboxStatus.SENT,
                claimed_until=None,
                sent_at=now,
                posted=posted,
                receipt=receipt,
                error="",
            )
            await self._record("sent", done, now, await self._after_sent(done, now))

        await self.decided(decide)

    async def _after_sent(self, message: OutboxMessage, now: datetime) -> list[Stored]:
        if isinstance(message.content, ListToSort):
            return await self._list_sent(message.content.name, message.posted, now)
        case = await self.store.case(message.case) if message.case else None
        if case is None:
            return []
        match message.content:
            case Card():
                return [
                    *await self._posted(case, message, now),
                    *await self._overtaking(case),
                ]
            case Alarm():
                return await self._posted(case, message, now)
            case Wipe(at=posted) if case.card == posted and case.closed:
                return [replace(case, card=None)]
            case Letter() as letter:
                return await self._letter_sent(case, message, letter, now)
        return []

    async def _posted(self, case: Case, message: OutboxMessage, now: datetime) -> list[Stored]:
        """Where it stands is remembered: what people write under it belongs to the case."""
        puts: list[Stored] = []
        if (posted := message.posted) is None:
            return puts
        if isinstance(message.content, Card) and posted != case.card:
            puts.append(replace(case, card=posted))
        if await self.store.mark(place_of(posted)) is None:
            what = type(message.content).__name__.lower()
            puts.append(Mark(id=place_of(posted), at=now, note=f"{case.ref} {what}"))
        return puts

    async def _list_sent(self, name: str, posted: Posted | None, now: datetime) -> list[Stored]:
        if posted is None or posted == await self.list_posted(name):
            return []
        mark = await self.store.mark(f"posted:{name}") or Mark(
            id=f"posted:{name}", at=now, lasting=True
        )
        return [replace(mark, at=now, note=f"{posted.channel} {posted.ts}")]

    async def list_posted(self, name: str) -> Posted | None:
        """Where a list to sort stands in Slack."""
        mark = await self.store.mark(f"posted:{name}")
        if mark is None:
            return None
        channel, _, ts = mark.note.partition(" ")
        return Posted(channel=channel, ts=ts)

    async def _letter_sent(
        self, case: Case, message: OutboxMessage, letter: Letter, now: datetime
    ) -> list[Stored]:
        after = self._marked(case, message, OutboxStatus.SENT, now)
        ours = message_id(message.id, self.policy)
        if ours not in after.message_ids:
            after = replace(after, message_ids=(*after.message_ids, ours))
        if letter.automatic or letter.template in CONFIRMS_RECEIPT:
            after = self._timed(after, timing.acknowledged(after, "sent"), now)
        if letter.replaces:
            after = corrected(after, letter.replaces, message.id)
            after = self._reminded(replace(after, version=case.version + 1), now)
        after, told = self._clocks_moved(after, message, letter, now)
        puts: list[Stored] = [*told]
        end = letter.closing
        if end is not None and any(end.request == r.id for r in after.open_requests):
            by = Person(id=message.created_by, roles=frozenset())
            moment = Moment(case=after, by=by, now=now)
            after = close_request(after, end.request, end.outcome, moment, end.reason)
            after = self._reminded(replace(after, version=case.version + 1), now)
            puts += self.owners_done(case, after, now)
            puts.append(self.line(after, f"Closed: {end.outcome.value.replace('_', ' ')}.", now))
        if asked_at(after) != asked_at(case):  # the time for proof runs from here
            after = self._reminded(after, now)
        return [after, await self.refreshed(after, now), *puts]

    def _clocks_moved(
        self, case: Case, message: OutboxMessage, letter: Letter, now: datetime
    ) -> tuple[Case, list[OutboxMessage]]:
        """What the next mail server took has been told or asked: from now on it counts."""
        template, state = templates.template(letter.template), letter_of(case, message.id)
        after = case
        if template.stops and state is not None:
            asked = ClockEvent(type="pause", at=now, reason=template.stops, letter=message.id)
            after = timing.asked(case, timing.concerned(case, asked, state.request), asked)
        if letter.extending is not None:
            after = timing.prolonged(case, letter.extending, message.id, now)
            if not timing.later(case, after):
                text = "The notice of an extension went out too late: the date stays."
                return after, self.alarm(after, text, now)
        if after == case:
            return after, []
        after = self._timed(case, after, now)
        return after, [
            self.line(after, f"The letter has gone out. {timing.moves(case, after)}", now)
        ]

    async def delay(
        self,
        message: OutboxMessage,
        error: str,
        wait: timedelta,
        now: datetime,
        *,
        tried: bool = True,
    ) -> None:
        """It could not go now and is tried again after `wait`; `tried` False = it never was.

        Of an attempt that is not the last one it says nothing: another may be under way.
        """

        async def decide() -> None:
            current = await self.store.message(message.id)
            last = current is not None and current.attempts == message.attempts
            if current is not None and last and current.status is OutboxStatus.PENDING:
                later = replace(
                    current,
                    claimed_until=None,
                    send_after=now + wait,
                    error=error,
                    attempts=current.attempts if tried else current.attempts - 1,
                )
                case = await self.store.case(later.case) if later.case else None
                if case is not None and isinstance(later.content, Card):
                    # it may have moved meanwhile
                    lane = later_lane if later.lane.endswith(LATER) else lane_of
                    later = replace(later, lane=lane(case))
                await self._record("delay", later, now, [])

        await self.decided(decide)

    async def doubted(self, message: OutboxMessage, error: str, now: datetime) -> None:
        """Nobody knows whether it arrived (RFC 1047): it will go again, and the case says so."""

        async def decide() -> None:
            current = await self.store.message(message.id)
            if current is None or current.status is not OutboxStatus.PENDING:
                return
            if current.error == error:
                return
            case = await self.store.case(current.case) if current.case else None
            said: list[Stored] = [self.line(case, DOUBT, now)] if case is not None else []
            await self._record("doubt", replace(current, error=error), now, said)

        await self.decided(decide)

    async def give_up(self, message: OutboxMessage, error: str, now: datetime) -> None:
        """It will never go by itself: it waits for a person, and the card says so."""

        async def decide() -> None:
            current = await self.store.message(message.id)
            if current is not None and current.status is OutboxStatus.PENDING:
                dead = replace(current, status=OutboxStatus.DEAD, claimed_until=None, error=error)
                await self._record("give_up", dead, now, await self._after_death(dead, now))

        await self.decided(decide)

    async def _after_death(self, message: OutboxMessage, now: datetime) -> list[Stored]:
        case = await self.store.case(message.case) if message.case else None
        if case is None or not isinstance(message.content, Letter):
            return []  # a dead Slack message cannot be told in Slack: the digest counts it
        after = self._marked(case, message, OutboxStatus.DEAD, now)
        if (letter := letter_of(after, message.id)) is not None:
            after = self._reminded(failed(after, letter), now)
        if message.content.template == "acknowledgement":
            after = timing.acknowledged(after, "withheld: it could not be delivered")
        after = replace(after, version=case.version + 1)
        line = self.line(after, "A letter could not be delivered.", now, call=True)
        return [after, await self.refreshed(after, now), line]

    async def retry(self, message_id: str, by: str, now: datetime) -> None:
        """Try a dead message again. Raises UnknownReference, Refused."""

        async def decide() -> None:
            message = await self.store.message(message_id)
            if message is None:
                raise UnknownReference(f"There is no message {message_id}: see `desk failed`.")
            if message.status is not OutboxStatus.DEAD:
                raise Refused(f"Message {message_id} is {message.status}: nothing to retry.")
            again = replace(
                message, status=OutboxStatus.PENDING, attempts=0, send_after=now, error=""
            )
            puts: list[Stored] = []
            case = await self.store.case(again.case) if again.case else None
            if case is not None and isinstance(again.content, Letter):
                after = self._marked(case, again, OutboxStatus.PENDING, now)
                if (letter := letter_of(after, again.id)) is not None:
                    after = self._reminded(went(after, letter), now)
                puts = [after, await self.refreshed(after, now)]
            await self._record("retry", again, now, puts, by)

        await self.decided(decide)

    def _marked(
        self, case: Case, message: OutboxMessage, status: OutboxStatus, now: datetime
    ) -> Case:
        letter = letter_of(case, message.id)
        if letter is None:
            return case
        return with_letter(case, replace(letter, status=status, at=now))

    async def _record(
        self,
        act: str,
        message: OutboxMessage,
        now: datetime,
        puts: list[Stored],
        by: str = "desk",
    ) -> None:
        note = message.error if isinstance(message.content, Letter) else ""
        await self.store.commit(
            Commit(at=now, actor=by, act=act, case=message.case, note=note, puts=(message, *puts))
        )
