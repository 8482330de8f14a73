"""What our people write under a card: kept in the case's journal, and warned of where it says too
much. It never goes out: no letter is made of it.

A message is in the journal before Slack hears that we have it; a store that is away has Slack
deliver it again.
"""

import html
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError

from bot.slack.lookup import Lookup
from bot.slack.parts import Parts
from bot.slack.replies import code
from bot.slack.words import clean
from handlers.remarks import Kept, Remark
from storage.errors import Refused
from storage.records import Posted

#: what a person's own message is called; all else is about messages, or a machine's
_OWN = frozenset({None, "file_share", "me_message", "thread_broadcast"})
_LIVE = re.compile(r"<((?:mailto:|tel:|https?:)[^|>]*)(?:\|([^>]*))?>")
#: how far back threads are looked through after a time without events
LOOKED_BACK = timedelta(days=45)
A_FILE = "(with a file, which is not kept here)"


class Threads:
    """Listens to the private channels the desk posts in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lookup = Lookup(parts.client)

    async def catch_up(self, channels: Iterable[str]) -> int:
        """What was written while nobody listened: Slack gives up on an event after a while."""
        since = (self._parts.clock.now() - LOOKED_BACK).timestamp()
        missed = 0
        for channel in channels:
            async for card in self._lookup.discussed(channel, since):
                async for message in self._lookup.below(channel, str(card["ts"])):
                    missed += await self._kept({"event": {**message, "channel": channel}})
        return missed

    async def keep(self, body: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> None:
        """Before the acknowledgement. Raises what the store or Slack raises."""
        await self._kept(body)
        await next_()

    async def _kept(self, body: Mapping[str, Any]) -> bool:
        """True: it is new to us, and in the journal now."""
        said = remark_of(body.get("event") or {})
        if said is None or not await self._ours(said, body):
            return False
        kept = await self._parts.desk.remark(said, self._parts.clock.now())
        if kept is not None and kept.holds:
            await self._warn(said, kept)
        return kept is not None

    async def _ours(self, said: Remark, body: Mapping[str, Any]) -> bool:
        """Guests and strangers write nothing into a journal."""
        team = str((body.get("event") or {}).get("user_team") or body.get("team_id") or "")
        try:
            await self._parts.roles.person(said.by, team)
        except Refused:
            return False
        return True

    async def _warn(self, said: Remark, kept: Kept) -> None:
        """To the writer alone; that it may not arrive is no reason to have it delivered again."""
        text = (
            f":warning: That looks like {kept.holds}. Slack keeps what is written here, and we "
            f"cannot delete it: please delete your message. Your words are in the history of "
            f"{kept.case.ref}, sealed; *Show message* has the rest."
        )
        try:
            await self._parts.client.chat_postEphemeral(
                channel=said.at.channel, user=said.by, thread_ts=said.under, text=text
            )
        except SlackApiError as error:
            if code(error) not in {"user_not_in_channel", "message_not_found", "ratelimited"}:
                raise


async def heard(ack: AsyncAck) -> None:
    """It is kept already."""
    await ack()


def remark_of(event: Mapping[str, Any]) -> Remark | None:
    """A person's message in a thread, new or changed; None = something else."""
    message: Mapping[str, Any] = event
    if event.get("subtype") == "message_changed":
        message = event.get("message") or {}
        if message.get("text") == (event.get("previous_message") or {}).get("text"):
            return None  # a reply was counted, a link was unfurled
    if message.get("bot_id") or message.get("subtype") not in _OWN or not message.get("user"):
        return None
    under, ts = str(message.get("thread_ts") or ""), str(message.get("ts") or "")
    if not under or under == ts:
        return None
    return Remark(
        by=str(message["user"]),
        text=as_written(message),
        at=Posted(channel=str(event.get("channel") or ""), ts=ts),
        under=under,
        edited=str((message.get("edited") or {}).get("ts") or ""),
    )


def as_written(message: Mapping[str, Any]) -> str:
    """The words as the writer saw them: Slack escapes three characters and wraps addresses."""
    text = _LIVE.sub(lambda found: found[2] or found[1], str(message.get("text") or ""))
    words = clean(html.unescape(text)).strip()
    return f"{words} {A_FILE}".strip() if message.get("files") else words
