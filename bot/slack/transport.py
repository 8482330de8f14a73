"""Outbox messages to Slack: a card is posted once and edited ever after.

Posting is not idempotent, so after an unknown outcome the message is looked up by its metadata
(the outbox id, nothing personal) before it is posted again. Nothing goes into a channel that is
or becomes shared with outsiders.
"""

from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import SendFailed, SendLater
from bot.slack import asking, blocks, buttons, cards, digest, duty, lists
from bot.slack.cards import Message
from bot.slack.lookup import EVENT, Lookup
from bot.slack.options import SlackOptions
from bot.slack.poster import Poster
from bot.slack.replies import NETWORK, explained
from bot.slack.roles import Roles
from bot.slack.scene import Kinds
from bot.slack.wiper import Wiper
from bot.slack.words import person
from handlers.clock import Clock
from handlers.desk import Desk
from storage.errors import UnknownReference
from storage.records import (
    Alarm,
    Card,
    Case,
    Circle,
    Digest,
    DirectMessage,
    DutyCall,
    ListToSort,
    OutboxMessage,
    OwnerAsk,
    Posted,
    ThreadLine,
    Wipe,
)

PATIENCE = 10  #: attempts, some six minutes, a thread line waits for its card


class Transport:
    """Sends what the outbox holds for Slack, at Slack's speed."""

    def __init__(  # noqa: PLR0913  what a message meets on its way
        self,
        client: AsyncWebClient,
        options: SlackOptions,
        desk: Desk,
        registry: Kinds,
        clock: Clock,
        *,
        roles: Roles | None = None,
    ) -> None:
        self._roles = roles or Roles(client, options)
        self._client = client
        self._options = options
        self._desk = desk
        self._registry = registry
        self._clock = clock
        self._lookup = Lookup(client)
        self._poster = Poster(client, clock, self._roles)
        self._wiper = Wiper(client, desk, self._poster, options.timezone)

    async def send(self, message: OutboxMessage) -> Posted | None:
        """Raises SendLater or SendFailed, and nothing else for any fault of Slack's."""
        try:
            return await self._sent(message)
        except NETWORK as error:
            raise explained(error, message.attempts) from error

    def forget(self, channel: str) -> None:
        """Look again before the next post: the channel changed."""
        self._poster.forget(channel)

    async def _sent(self, message: OutboxMessage) -> Posted | None:
        match message.content:
            case Card(case=ref):
                return await self._card(message, ref)
            case ThreadLine() as line:
                return await self._thread(message, line)
            case DirectMessage() | DutyCall() as direct:
                return await self._to_person(message, direct)
            case OwnerAsk() as asked:
                return await self._to_owner(message, asked)
            case ListToSort() as wanted:
                return await self._list(message, wanted)
            case Wipe() as wipe:
                return await self._wiper.wipe(wipe, self._clock.now())
        return await self._to_managers(message)

    # --- a card -----------------------------------------------------------------------------

    async def _card(self, message: OutboxMessage, ref: str) -> Posted:
        case, drawn, channel = await self._drawn(ref)
        if case.card is not None and case.card.channel != channel:
            await self._wipe(case.card)  # first: its new place may be shut for a long time
        await self._poster.check(channel)
        posted = await self._edited(message, case, drawn, channel)
        return posted or await self._poster.post(channel, drawn, _named(message, ref), case)

    async def _edited(
        self, message: OutboxMessage, case: Case, drawn: Message, channel: str
    ) -> Posted | None:
        """The card that stands there already, brought up to date; None = a fresh one is needed."""
        known = case.card if case.card and case.card.channel == channel else None
        if known and await self._poster.edit(known, drawn, _named(message, case.ref), case):
            return known
        if message.attempts > 1:
            found = await self._lookup.card(channel, case, but=known.ts if known else "")
            if found and await self._poster.edit(found, drawn, _named(message, case.ref), case):
                return found
        return None

    async def _drawn(self, ref: str) -> tuple[Case, Message, str]:
        try:
            case, offers = await self._desk.offers(ref)
        except UnknownReference as error:
            raise SendFailed(str(error)) from error
        channel, hidden = self._options.channel(case.circle)
        if hidden or case.shut:
            return case, cards.placeholder(case), channel
        now, zone = self._clock.now(), self._options.timezone
        drawn = cards.card(case, offers, self._registry, now, zone)
        if case.circle is Circle.COUNSEL and self._options.counsel and not case.closed:
            drawn["blocks"].insert(1, _addressed(case, self._options.counsel))
        return case, drawn, channel

    async def _wipe(self, old: Posted) -> None:
        """A case that moved to another circle leaves nothing behind, if Slack lets us."""
        try:
            await self._poster.delete(old)
        except SlackApiError:
            moved = "This request moved to a closed circle."
            line = blocks.section(moved, f"moved:{old.ts}")
            await self._poster.edit(old, {"text": moved, "blocks": [line]}, {})

    # --- lines, direct messages, the digest ------------------------------------------------

    async def _thread(self, message: OutboxMessage, line: ThreadLine) -> Posted | None:
        try:
            case, _ = await self._desk.offers(line.case)
        except UnknownReference as error:
            raise SendFailed(str(error)) from error
        channel, hidden = self._options.channel(case.circle)
        if case.card is None or case.card.channel != channel:
            if case.card is None and case.closed and message.attempts > 1:
                return None  # its card was wiped: nobody reads that thread any more
            if message.attempts > PATIENCE:
                raise SendFailed(f"{line.case} has no card to write under")
            raise SendLater("the card is not there yet", 1.0)
        await self._poster.check(channel)
        under = case.card.ts
        if message.attempts > 1 and (
            found := await self._lookup.message(channel, message.id, under)
        ):
            return found
        said = f"{case.ref} has news for its circle." if hidden or case.shut else line.text
        shown = " ".join([*map(person, line.mention), said])
        key = f"line:{message.id}"
        drawn = {"text": shown, "blocks": [blocks.section(shown, key)], "thread_ts": under}
        return await self._poster.post(channel, drawn, _named(message, line.case))

    async def _to_person(
        self, message: OutboxMessage, direct: DirectMessage | DutyCall
    ) -> Posted | None:
        """History of direct messages is closed to us: after an unknown outcome it may repeat."""
        if isinstance(direct, DutyCall):
            return await self._on_duty(message, direct)
        channel = await self._poster.room_of(direct.person)
        button = buttons.opener(direct.case, 0) if direct.case else None
        line = blocks.section(direct.text, f"direct:{message.id}", button)
        drawn = {"text": direct.text, "blocks": [line]}
        return await self._poster.post(channel, drawn, _named(message, direct.case))

    async def _on_duty(self, message: OutboxMessage, call: DutyCall) -> Posted | None:
        """To one person, all that waits; with nobody to tell, where the digest goes."""
        office = duty.Office(self._desk, self._roles, self._options.timezone)
        told = await office.told(call.circle, f"duty:{message.id}", self._clock.now())
        if told is None:
            return None
        who, drawn = told
        if who:
            room = await self._poster.room_of(who)
            return await self._poster.post(room, drawn, _named(message, ""))
        channel = self._options.digest_channel()
        await self._poster.check(channel)
        return await self._poster.post(channel, drawn, _named(message, ""))

    async def _to_owner(self, message: OutboxMessage, asked: OwnerAsk) -> Posted:
        """One message to an owner for each round: posted once, edited ever after."""
        case, _ = await self._desk.offers(asked.case)
        this = next((each for each in case.rounds if each.id == asked.round), None)
        if this is None:
            raise SendFailed(f"{asked.case} has no round {asked.round}")
        seen = asking.asked_of(case, this, asked.person, self._desk.policy.register)
        drawn, named = asking.message(seen), _named(message, asked.case)
        for known in reversed(await self._desk.store.messages_of(asked.case)):
            same = known.content == asked and known.posted is not None
            if same and known.posted and await self._poster.edit(known.posted, drawn, named):
                return known.posted
        return await self._poster.post(await self._poster.room_of(asked.person), drawn, named)

    async def _to_managers(self, message: OutboxMessage) -> Posted:
        channel = self._options.digest_channel()
        drawn = _for_managers(message)
        await self._poster.check(channel)
        if message.attempts > 1 and (found := await self._lookup.message(channel, message.id)):
            return found
        return await self._poster.post(channel, drawn, _named(message, message.case or ""))

    async def _list(self, message: OutboxMessage, wanted: ListToSort) -> Posted | None:
        """Posted once, and edited while there is anything on it."""
        channel = self._options.staff
        await self._poster.check(channel)
        left, posted = await self._desk.left(wanted), await self._desk.list_posted(wanted.name)
        today = self._clock.now().astimezone(ZoneInfo(self._options.timezone)).date()
        drawn = lists.message(wanted.name, left, today)
        if posted is None and message.attempts > 1:
            posted = await self._lookup.message(channel, message.id)
        named = _named(message, "")
        stands = posted is not None and posted.channel == channel
        if posted and stands and await self._poster.edit(posted, drawn, named):
            return posted
        return await self._poster.post(channel, drawn, named) if left else None


def _named(message: OutboxMessage, ref: str) -> dict[str, Any]:
    """Metadata can be read by any app of the workspace: ids only."""
    return {"event_type": EVENT, "event_payload": {"id": message.id, "case": ref}}


def _for_managers(message: OutboxMessage) -> Message:
    match message.content:
        case Alarm(case=ref, text=said):
            shown = f":rotating_light: *{ref}*: {said}"
            line = blocks.section(shown, f"alarm:{message.id}", buttons.opener(ref, 0))
            return {"text": f"{ref}: {said}", "blocks": [line]}
        case Digest() as figures:
            return digest.message(figures)
    raise SendFailed("Slack carries no letters")


def _addressed(case: Case, people: tuple[str, ...]) -> blocks.Block:
    """Counsel have no channel of their own: the card names them."""
    key = f"{case.ref}:{case.version}.{case.rev}:counsel"
    return blocks.context([f"For {' '.join(map(person, people))} alone."], key)
