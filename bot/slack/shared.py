"""Is a channel ours alone? Nothing of ours goes where outsiders read."""

import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import SendLater

BELIEVED = 60.0  #: seconds a channel is believed to be ours alone
SHUT = 60.0  #: seconds until one that is shared is looked at again
_TOLD = ("is_ext_shared", "is_pending_ext_shared", "pending_shared", "pending_connected_team_ids")


def shared(about: Mapping[str, Any]) -> bool:
    """Do, or will, outsiders read there? Slack says so before a share is complete."""
    return any(about.get(name) for name in _TOLD)


class Ours:
    """Looks before a post; believes the answer for a minute, and never where none came."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._checked: dict[str, float] = {}

    def forget(self, channel: str) -> None:
        """The channel changed."""
        self._checked.pop(channel, None)

    async def check(self, channel: str) -> None:
        """Raises SendLater while outsiders read there: what waits goes when they are out again."""
        asked = self._checked.get(channel, float("-inf"))
        if time.monotonic() - asked < BELIEVED:
            return
        self.forget(channel)
        about = (await self._client.conversations_info(channel=channel))["channel"]
        if shared(about):
            said = f"channel {channel} is shared with outsiders: nothing is posted there"
            raise SendLater(said, SHUT)
        self._checked[channel] = time.monotonic()
