"""Posting and editing at Slack's pace, and never where outsiders read.

Each method has a limit of its own; when Slack asks for a rest (429), that method alone rests.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import SendFailed, SendLater
from bot.slack import blocks, buttons
from bot.slack.pace import Pace
from bot.slack.replies import GONE, MISSHAPEN, asked_to_wait, code
from handlers.clock import Clock
from storage.records import Case, Posted

Message = dict[str, Any]
BELIEVED = 60.0  #: seconds a channel is believed to be ours alone
LONG = 20.0  #: seconds; a longer rest is waited out in the outbox


class Poster:
    """The one place that writes into channels."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client = client
        self._posts = Pace(clock, every=timedelta(seconds=1), burst=5)
        self._edits = Pace(clock, every=timedelta(seconds=1.2), burst=20)
        self._checked: dict[str, float] = {}
        self._direct: dict[str, str] = {}

    def forget(self, channel: str) -> None:
        """Look again before the next post: the channel changed."""
        self._checked.pop(channel, None)

    async def check(self, channel: str) -> None:
        """Nothing of ours goes where outsiders read. Slack says so before a share is complete."""
        asked = self._checked.get(channel, float("-inf"))
        if time.monotonic() - asked < BELIEVED:
            return
        about = (await self._client.conversations_info(channel=channel))["channel"]
        pending = about.get("is_pending_ext_shared") or about.get("pending_shared")
        if about.get("is_ext_shared") or pending:
            raise SendFailed(f"channel {channel} is shared with outsiders: nothing is posted there")
        self._checked[channel] = time.monotonic()

    async def room_of(self, person: str) -> str:
        """The channel of direct messages to one person."""
        if person not in self._direct:
            opened = await self._client.conversations_open(users=person)
            self._direct[person] = str(opened["channel"]["id"])
        return self._direct[person]

    async def post(
        self, channel: str, drawn: Message, metadata: Message, case: Case | None = None
    ) -> Posted:
        where: Message = {"channel": channel, "metadata": metadata}
        where |= {"unfurl_links": False, "unfurl_media": False}
        try:
            answer = await self._call("chat.postMessage", channel, {**where, **drawn})
        except SlackApiError as error:
            if code(error) not in MISSHAPEN or case is None:
                raise
            answer = await self._call("chat.postMessage", channel, where | plainer(drawn, case))
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))

    async def edit(
        self, posted: Posted, drawn: Message, metadata: Message, case: Case | None = None
    ) -> bool:
        """False: Slack lets nobody edit that message any more."""
        where: Message = {"channel": posted.channel, "ts": posted.ts, "metadata": metadata}
        try:
            await self._call("chat.update", "", {**where, **drawn})
        except SlackApiError as error:
            if code(error) in GONE:
                return False
            if code(error) not in MISSHAPEN or case is None:
                raise
            await self._call("chat.update", "", where | plainer(drawn, case))
        return True

    async def delete(self, posted: Posted) -> None:
        await self._call("chat.delete", "", {"channel": posted.channel, "ts": posted.ts})

    async def _call(self, method: str, of: str, body: Message) -> Mapping[str, Any]:
        """In its turn. `of`: the channel, where Slack counts by channel."""
        pace, key = self._posts if of else self._edits, of or method
        if (rest := pace.wait(key)) > LONG:
            raise SendLater("Slack asked for a rest", rest, ours=True)
        await pace.turn(key)
        try:
            answer: Any = await self._client.api_call(method, json=body)
        except SlackApiError as error:
            if wait := asked_to_wait(error):
                pace.rest(key, wait)
            raise
        return dict(answer.data)


def plainer(drawn: Message, case: Case) -> Message:
    """For the day Slack refuses a layout: the words, and one button to open the case."""
    key = f"{case.ref}:{case.version}.{case.rev}:plain"
    line = blocks.section(drawn["text"], key, buttons.opener(case.ref, case.version))
    return {**drawn, "blocks": [line]}
