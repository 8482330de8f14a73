"""Where an answer to a click is shown: a window, or a line only the clicker sees."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack import views
from bot.slack.blocks import Block
from bot.slack.quiet import quiet
from bot.slack.replies import asked_to_wait, code
from bot.slack.views import View


class Window:
    """One click's place to answer. A trigger lives three seconds and opens once."""

    def __init__(self, client: AsyncWebClient, body: Mapping[str, Any]) -> None:
        self._client = client
        self._trigger = str(body.get("trigger_id") or "")
        view = body.get("view") or {}
        self._home = view.get("type") == "home"  # a page to click on, not a window to answer in
        self._view = "" if self._home else str(view.get("id") or "")
        self._url = str(body.get("response_url") or "")
        self._user = str((body.get("user") or {}).get("id") or body.get("user_id") or "")
        channel = (body.get("channel") or {}).get("id") or body.get("channel_id")
        self._channel = str(channel or "")

    async def open(self) -> None:
        """At once and before any other work; a click in a window answers in that window."""
        if not self._view:
            opened = await self._client.views_open(trigger_id=self._trigger, view=views.waiting())
            self._view = str(opened["view"]["id"])

    async def push(self) -> None:
        """A window on top of the one where it was clicked, which stays as it is."""
        opened = await self._client.views_push(trigger_id=self._trigger, view=views.waiting())
        self._view = str(opened["view"]["id"])

    async def show(self, view: View) -> None:
        """In the window, opening it first if need be."""
        await self.open()
        try:
            await self._updated(view)
        except SlackApiError as error:
            if code(error) != "not_found":  # closed meanwhile: they chose so
                raise

    async def _updated(self, view: View) -> None:
        """A waiting view may wait as long as Slack asks to (429)."""
        try:
            await self._client.views_update(view_id=self._view, view=view)
        except SlackApiError as error:
            if not (wait := asked_to_wait(error)):
                raise
            await asyncio.sleep(wait)
            await self._client.views_update(view_id=self._view, view=view)

    async def tell(self, said: str, shown: list[Block] | None = None, title: str = "") -> None:
        """A sentence to the clicker alone: in the window when one is open."""
        if self._view or self._home:
            await self.show(views.message(title or "Privacy requests", said))
            return
        if self._url and await self._answered(said, shown):
            return
        await self._client.chat_postEphemeral(
            channel=self._channel, user=self._user, text=said, blocks=shown or None
        )

    async def _answered(self, said: str, shown: list[Block] | None) -> bool:
        """By the click's own response_url; False when it is used up (30 minutes, 5 times)."""
        hook = AsyncWebhookClient(
            self._url, retry_handlers=[], proxy=self._client.proxy, logger=quiet()
        )
        if self._client.proxy is None:
            hook.proxy = None  # the constructor fills it from the environment
        answer = await hook.send(
            text=said, blocks=shown, response_type="ephemeral", replace_original=False
        )
        return answer.status_code == 200


def salt() -> str:
    """New with every drawing of a form."""
    return secrets.token_hex(3)
