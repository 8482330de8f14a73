"""Finding again what may have been posted: by metadata, which holds ids only."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from storage.records import Case, Posted

EVENT = "desk_message"  #: metadata event type of everything we post
PAGES = 25  #: of 200 messages each, looked through for a message of unknown outcome


class Lookup:
    """Looks through a channel, or a thread, for a message of ours."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def card(self, channel: str, case: Case, *, but: str = "") -> Posted | None:
        """The case's card, if it stands there: the one message about it outside a thread."""
        since = (case.received_at - timedelta(hours=1)).timestamp()
        found = [
            m
            async for m in self._history(channel, since)
            if _payload(m).get("case") == case.ref and m["ts"] != but
        ]
        return await self._oldest(channel, found)

    async def message(self, channel: str, outbox_id: str, under: str = "") -> Posted | None:
        """A message we posted, by its outbox id; of two the younger is deleted."""
        found = [
            m
            async for m in self._history(channel, 0.0, under)
            if _payload(m).get("id") == outbox_id
        ]
        return await self._oldest(channel, found)

    async def discussed(self, channel: str, since: float) -> AsyncIterator[dict[str, Any]]:
        """Messages of ours since then under which somebody else wrote."""
        async for message in self._history(channel, since):
            others = set(message.get("reply_users") or ()) - {message.get("user")}
            if _payload(message).get("case") and others:
                yield message

    async def below(self, channel: str, ts: str) -> AsyncIterator[dict[str, Any]]:
        """The replies under one message, oldest first."""
        async for message in self._history(channel, 0.0, ts):
            if message["ts"] != ts:
                yield message

    async def _oldest(self, channel: str, found: list[dict[str, Any]]) -> Posted | None:
        if not found:
            return None
        oldest, *younger = sorted((str(message["ts"]) for message in found), key=float)
        for ts in younger:
            await self._client.chat_delete(channel=channel, ts=ts)
        return Posted(channel=channel, ts=oldest)

    async def _history(
        self, channel: str, since: float, under: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        for _ in range(PAGES):
            asked: dict[str, Any] = {"channel": channel, "limit": 200, "include_all_metadata": True}
            asked |= {"cursor": cursor} if cursor else {}
            asked |= {"oldest": f"{since:.6f}"} if since else {}
            if under:
                page = await self._client.conversations_replies(ts=under, **asked)
            else:
                page = await self._client.conversations_history(**asked)
            for message in page["messages"]:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    return metadata.get("event_payload") or {} if metadata.get("event_type") == EVENT else {}
