"""Posting and editing at Slack's pace, and never where outsiders read.

Each method has a limit of its own; when Slack asks for a rest (429), that method alone rests.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.outbox import SendFailed, SendLater
from bot.slack import blocks, buttons
from bot.slack.pace import Pace
from bot.slack.replies import GONE, MISSHAPEN, asked_to_wait, code
from bot.slack.roles import Roles
from bot.slack.shared import Ours
from handlers.clock import Clock
from storage.errors import Refused
from storage.records import Case, Posted

Message = dict[str, Any]
Method = Callable[..., Awaitable[AsyncSlackResponse]]
LONG = 20.0  #: seconds; a longer rest is waited out in the outbox


class Poster:
    """The one place that writes into channels."""

    def __init__(self, client: AsyncWebClient, clock: Clock, roles: Roles) -> None:
        self._client = client
        self._posts = Paced(Pace(clock, every=timedelta(seconds=1), burst=5))
        self._edits = Paced(Pace(clock, every=timedelta(seconds=1.2), burst=20))
        self._ours = Ours(client)
        self._roles = roles
        self._direct: dict[str, str] = {}

    def forget(self, channel: str) -> None:
        """Look again before the next post: the channel changed."""
        self._ours.forget(channel)

    async def check(self, channel: str) -> None:
        """Raises SendLater while outsiders read there."""
        await self._ours.check(channel)

    async def room_of(self, person: str) -> str:
        """The channel of direct messages to one person of ours; it may be shared as others are."""
        try:
            await self._roles.colleague(person)
        except Refused as refused:
            raise SendFailed(f"{person} is nobody of this workspace") from refused
        if person not in self._direct:
            opened = await self._client.conversations_open(users=person)
            self._direct[person] = str(opened["channel"]["id"])
        return self._direct[person]

    async def post(
        self, channel: str, drawn: Message, metadata: Message, case: Case | None = None
    ) -> Posted:
        where: Message = {"channel": channel, "metadata": metadata}
        where |= {"unfurl_links": False, "unfurl_media": False}
        send = self._client.chat_postMessage
        try:
            answer = await self._posts.call(channel, send, **where, **drawn)
        except SlackApiError as error:
            if code(error) not in MISSHAPEN or case is None:
                raise
            answer = await self._posts.call(channel, send, **where, **plainer(drawn, case))
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))

    async def edit(
        self, posted: Posted, drawn: Message, metadata: Message, case: Case | None = None
    ) -> bool:
        """False: Slack lets nobody edit that message any more."""
        where: Message = {"channel": posted.channel, "ts": posted.ts, "metadata": metadata}
        change = self._client.chat_update
        try:
            await self._edits.call("chat.update", change, **where, **drawn)
        except SlackApiError as error:
            if code(error) in GONE:
                return False
            if code(error) not in MISSHAPEN or case is None:
                raise
            await self._edits.call("chat.update", change, **where, **plainer(drawn, case))
        return True

    async def delete(self, posted: Posted) -> None:
        where = {"channel": posted.channel, "ts": posted.ts}
        await self._edits.call("chat.delete", self._client.chat_delete, **where)


class Paced:
    """Calls in turn; where Slack asks for a rest, all of that key rest."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    async def call(self, key: str, method: Method, **body: Any) -> AsyncSlackResponse:
        """Raises SendLater for a long rest, without a try."""
        if (rest := self._pace.wait(key)) > LONG:
            raise SendLater("Slack asked for a rest", rest, ours=True)
        await self._pace.turn(key)
        try:
            return await method(**body)
        except SlackApiError as error:
            if wait := asked_to_wait(error):
                self._pace.rest(key, wait)
            raise


def plainer(drawn: Message, case: Case) -> Message:
    """For the day Slack refuses a layout: the words, and one button to open the case."""
    key = f"{case.ref}:{case.version}.{case.rev}:plain"
    line = blocks.section(drawn["text"], key, buttons.opener(case.ref, case.version))
    return {**drawn, "blocks": [line]}
