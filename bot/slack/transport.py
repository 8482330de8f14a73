"""Outbox messages to Slack: a card is posted once and edited ever after.

Posting is not idempotent, so after an unknown outcome the message is looked up by its metadata
(the outbox id, nothing personal) before it is posted again. Nothing goes into a channel that is
or becomes shared with outsiders.
"""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import SendFailed, SendLater
from bot.slack import asking, blocks, buttons, cards, digest, duty, lists
from bot.slack.cards import Message
from bot.slack.lookup import EVENT, Lookup
from bot.slack.options import SlackOptions
from bot.slack.pace import Pace
from bot.slack.replies import GONE, MISSHAPEN, NETWORK, code, explained
from bot.slack.roles import Roles
from bot.slack.scene import Kinds
from bot.slack.shared import Ours
from bot.slack.words import person
from handlers.clock import Clock
from handlers.desk import Desk
from storage.errors import Refused, UnknownReference
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
        self._posts = Pace(clock, every=timedelta(seconds=1), burst=5)
        self._edits = Pace(clock, every=timedelta(seconds=1.2), burst=20)
        self._ours = Ours(client)
        self._direct: dict[str, str] = {}

    async def send(self, message: OutboxMessage) -> Posted | None:
        """Raises SendLater or SendFailed, and nothing else for any fault of Slack's."""
        try:
            return await self._sent(message)
        except NETWORK as error:
            raise explained(error, message.attempts) from error

    def forget(self, channel: str) -> None:
        """Look again before the next post: the channel changed."""
        self._ours.forget(channel)

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
            case Alarm() as alarm:
                return await self._alarm(message, alarm)
            case ListToSort() as wanted:
                return await self._list(message, wanted)
            case Digest() as figures:
                return await self._digest(message, figures)
        raise SendFailed("Slack carries no letters")

    # --- a card -----------------------------------------------------------------------------

    async def _card(self, message: OutboxMessage, ref: str) -> Posted:
        case, drawn, channel = await self._drawn(ref)
        if case.card is not None and case.card.channel != channel:
            await self._wipe(case.card)  # first: its new place may be shut for a long time
        await self._check(channel)
        posted = await self._edited(message, case, drawn, channel)
        return posted or await self._post(channel, drawn, _named(message, ref), case)

    async def _edited(
        self, message: OutboxMessage, case: Case, drawn: Message, channel: str
    ) -> Posted | None:
        """The card that stands there already, brought up to date; None = a fresh one is needed."""
        known = case.card if case.card and case.card.channel == channel else None
        if known and await self._edit(known, drawn, _named(message, case.ref), case):
            return known
        if message.attempts > 1:
            found = await self._lookup.card(channel, case, but=known.ts if known else "")
            if found and await self._edit(found, drawn, _named(message, case.ref), case):
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

    async def _edit(
        self, posted: Posted, drawn: Message, metadata: dict[str, Any], case: Case | None = None
    ) -> bool:
        """False: Slack lets nobody edit that message any more."""
        await self._edits.turn("edits")
        where: dict[str, Any] = {"channel": posted.channel, "ts": posted.ts, "metadata": metadata}
        try:
            await self._client.chat_update(**where, **drawn)
        except SlackApiError as error:
            if code(error) in GONE:
                return False
            if code(error) not in MISSHAPEN or case is None:
                raise
            await self._client.chat_update(**where, **_plainer(drawn, case))
        return True

    async def _post(
        self, channel: str, drawn: Message, metadata: dict[str, Any], case: Case | None = None
    ) -> Posted:
        await self._posts.turn(channel)
        where: dict[str, Any] = {"channel": channel, "metadata": metadata}
        where |= {"unfurl_links": False, "unfurl_media": False}
        try:
            answer = await self._client.chat_postMessage(**where, **drawn)
        except SlackApiError as error:
            if code(error) not in MISSHAPEN or case is None:
                raise
            answer = await self._client.chat_postMessage(**where, **_plainer(drawn, case))
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))

    async def _wipe(self, old: Posted) -> None:
        """A case that moved to another circle leaves nothing behind, if Slack lets us."""
        try:
            await self._client.chat_delete(channel=old.channel, ts=old.ts)
        except SlackApiError:
            moved = "This request moved to a closed circle."
            line = blocks.section(moved, f"moved:{old.ts}")
            try:
                await self._client.chat_update(
                    channel=old.channel, ts=old.ts, text=moved, blocks=[line]
                )
            except SlackApiError as error:
                if code(error) not in GONE:
                    raise

    # --- lines, direct messages, the digest ------------------------------------------------

    async def _thread(self, message: OutboxMessage, line: ThreadLine) -> Posted:
        try:
            case, _ = await self._desk.offers(line.case)
        except UnknownReference as error:
            raise SendFailed(str(error)) from error
        channel, hidden = self._options.channel(case.circle)
        if case.card is None or case.card.channel != channel:
            if message.attempts > PATIENCE:
                raise SendFailed(f"{line.case} has no card to write under")
            raise SendLater("the card is not there yet", 1.0)
        await self._check(channel)
        under = case.card.ts
        if message.attempts > 1 and (
            found := await self._lookup.message(channel, message.id, under)
        ):
            return found
        said = f"{case.ref} has news for its circle." if hidden or case.shut else line.text
        shown = " ".join([*map(person, line.mention), said])
        key = f"line:{message.id}"
        drawn = {"text": shown, "blocks": [blocks.section(shown, key)], "thread_ts": under}
        return await self._post(channel, drawn, _named(message, line.case))

    async def _to_person(
        self, message: OutboxMessage, direct: DirectMessage | DutyCall
    ) -> Posted | None:
        """History of direct messages is closed to us: after an unknown outcome it may repeat."""
        if isinstance(direct, DutyCall):
            return await self._on_duty(message, direct)
        channel = await self._room_of(direct.person)
        button = buttons.opener(direct.case, 0) if direct.case else None
        line = blocks.section(direct.text, f"direct:{message.id}", button)
        drawn = {"text": direct.text, "blocks": [line]}
        return await self._post(channel, drawn, _named(message, direct.case))

    async def _on_duty(self, message: OutboxMessage, call: DutyCall) -> Posted | None:
        """To one person, all that waits; with nobody to tell, where the digest goes."""
        office = duty.Office(self._desk, self._roles, self._options.timezone)
        told = await office.told(call.circle, f"duty:{message.id}", self._clock.now())
        if told is None:
            return None
        who, drawn = told
        if who:
            return await self._post(await self._room_of(who), drawn, _named(message, ""))
        channel = self._options.digest_channel()
        await self._check(channel)
        return await self._post(channel, drawn, _named(message, ""))

    async def _room_of(self, person: str) -> str:
        """The channel of direct messages to one person of ours; it may be shared as others are."""
        try:
            await self._roles.colleague(person)
        except Refused as refused:
            raise SendFailed(f"{person} is nobody of this workspace") from refused
        if person not in self._direct:
            opened = await self._client.conversations_open(users=person)
            self._direct[person] = str(opened["channel"]["id"])
        return self._direct[person]

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
            if same and known.posted and await self._edit(known.posted, drawn, named):
                return known.posted
        return await self._post(await self._room_of(asked.person), drawn, named)

    async def _alarm(self, message: OutboxMessage, alarm: Alarm) -> Posted:
        channel = self._options.digest_channel()
        await self._check(channel)
        if message.attempts > 1 and (found := await self._lookup.message(channel, message.id)):
            return found
        text = f":rotating_light: *{alarm.case}*: {alarm.text}"
        line = blocks.section(text, f"alarm:{message.id}", buttons.opener(alarm.case, 0))
        drawn = {"text": f"{alarm.case}: {alarm.text}", "blocks": [line]}
        return await self._post(channel, drawn, _named(message, alarm.case))

    async def _digest(self, message: OutboxMessage, figures: Digest) -> Posted:
        channel = self._options.digest_channel()
        await self._check(channel)
        if message.attempts > 1 and (found := await self._lookup.message(channel, message.id)):
            return found
        return await self._post(channel, digest.message(figures), _named(message, ""))

    async def _list(self, message: OutboxMessage, wanted: ListToSort) -> Posted | None:
        """Posted once, and edited while there is anything on it."""
        channel = self._options.staff
        await self._check(channel)
        left, posted = await self._desk.left(wanted), await self._desk.list_posted(wanted.name)
        today = self._clock.now().astimezone(ZoneInfo(self._options.timezone)).date()
        drawn = lists.message(wanted.name, left, today)
        if posted is None and message.attempts > 1:
            posted = await self._lookup.message(channel, message.id)
        named = _named(message, "")
        stands = posted is not None and posted.channel == channel
        if posted and stands and await self._edit(posted, drawn, named):
            return posted
        return await self._post(channel, drawn, named) if left else None

    # --- before a post ----------------------------------------------------------------------

    async def _check(self, channel: str) -> None:
        await self._ours.check(channel)


def _named(message: OutboxMessage, ref: str) -> dict[str, Any]:
    """Metadata can be read by any app of the workspace: ids only."""
    return {"event_type": EVENT, "event_payload": {"id": message.id, "case": ref}}


def _addressed(case: Case, people: tuple[str, ...]) -> blocks.Block:
    """Counsel have no channel of their own: the card names them."""
    key = f"{case.ref}:{case.version}.{case.rev}:counsel"
    return blocks.context([f"For {' '.join(map(person, people))} alone."], key)


def _plainer(drawn: Message, case: Case) -> Message:
    """For the day Slack refuses a layout: the words, and one button to open the case."""
    key = f"{case.ref}:{case.version}.{case.rev}:plain"
    line = blocks.section(drawn["text"], key, buttons.opener(case.ref, case.version))
    return {**drawn, "blocks": [line]}
