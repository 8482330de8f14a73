"""What we posted about a case that is over becomes a tombstone, as far as Slack lets us.

A message with a thread is edited, so that what people wrote under it stays in its place; the rest
is deleted. What cannot be edited is deleted, what cannot be deleted is edited.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import SendFailed, SendLater
from bot.slack import blocks
from bot.slack.lookup import Lookup
from bot.slack.poster import Poster
from bot.slack.replies import TO_BE_MENDED, code
from bot.slack.threads import A_FILE, as_written
from bot.slack.words import counted, day
from handlers import personal
from handlers.desk import Desk
from storage.records import Case, Posted, Wipe

GONE = "message_not_found"
#: seconds; a channel that is archived is not looked at every minute
LATER = 3600.0
#: what Slack says of one message that is not to be deleted
_FIXED = frozenset({"cant_delete_message", "compliance_exports_prevent_deletion"})
_TOLD = 20  #: messages of people that are linked one by one


class Wiper:
    """Asks Slack again and again, one message at a time."""

    def __init__(
        self,
        client: AsyncWebClient,
        desk: Desk,
        poster: Poster,
        timezone: str,
    ) -> None:
        self._client = client
        self._lookup = Lookup(client)
        self._desk = desk
        self._poster = poster
        self._zone = ZoneInfo(timezone)

    async def wipe(self, wipe: Wipe, now: datetime) -> Posted:
        """Raises SendFailed where Slack lets nobody touch that message."""
        case, _ = await self._desk.offers(wipe.case)
        if wipe.root and not case.closed:
            return wipe.at  # opened again meanwhile: its card is in use
        try:
            if wipe.root:
                await self._tell_of_people(case, wipe.at, now)
            await self._gone(case, wipe, now)
        except SlackApiError as error:
            if code(error) in TO_BE_MENDED:
                raise SendLater(f"Slack says {code(error)}: run `desk check`", LATER) from error
            raise
        return wipe.at

    async def _gone(self, case: Case, wipe: Wipe, now: datetime) -> None:
        ways = [self._delete, self._bury]
        for way in reversed(ways) if wipe.root else ways:
            try:
                if await way(case, wipe.at, now):
                    return
            except SlackApiError as error:
                if code(error) == GONE:
                    return
                if code(error) not in _FIXED:
                    raise
        raise SendFailed("Slack lets us neither edit nor delete that message")

    async def _delete(self, _case: Case, at: Posted, _now: datetime) -> bool:
        await self._poster.delete(at)
        return True

    async def _bury(self, case: Case, at: Posted, now: datetime) -> bool:
        stone = tombstone(case.ref, day(now.astimezone(self._zone).date()), at.ts)
        return await self._poster.edit(at, stone, {})

    async def _tell_of_people(self, case: Case, at: Posted, now: datetime) -> None:
        """What people wrote under it and that holds personal data is theirs to delete."""
        found = [m for m in await self._thread(at) if _of_a_person(m) and _holds(m, case)]
        if not found:
            return
        links = [await self._link(at.channel, str(message["ts"])) for message in found[:_TOLD]]
        told = " ".join(f"<{link}|{n}>" for n, link in enumerate(links, 1) if link)
        text = (
            f"{counted(len(found), 'message')} of ours in its thread may hold personal data. "
            f"Only who wrote it, or an admin of the workspace, can delete it. {told}"
        )
        await self._desk.left_behind(case.ref, at, text.strip(), now)

    async def _thread(self, at: Posted) -> list[dict[str, Any]]:
        try:
            return [message async for message in self._lookup.below(at.channel, at.ts)]
        except SlackApiError as error:
            if code(error) in {"thread_not_found", GONE}:
                return []
            raise

    async def _link(self, channel: str, ts: str) -> str:
        try:
            answer = await self._client.chat_getPermalink(channel=channel, message_ts=ts)
        except SlackApiError:
            return ""
        return str(answer["permalink"])


def tombstone(ref: str, on: str, ts: str) -> dict[str, Any]:
    """What stands where a card stood."""
    said = f"{ref} is over. What stood here was wiped on {on}."
    return {"text": said, "blocks": [blocks.section(f"_{said}_", f"wiped:{ts}")]}


def _of_a_person(message: Mapping[str, Any]) -> bool:
    return not message.get("bot_id") and message.get("subtype") != "tombstone"


def _holds(message: Mapping[str, Any], case: Case) -> bool:
    """Nobody here has read a file, so it counts."""
    words = as_written(message)
    return words.endswith(A_FILE) or bool(personal.found(words, case))
