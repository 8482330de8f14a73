"""The Socket Mode connection: made in the background, watched, and made anew.

The SDK's client tries a used-up one-use address again and again when the far side restarted;
so a connection that stays away is thrown out whole and a new one is made.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.slack.parts import trail
from bot.slack.replies import code

log = logging.getLogger(__name__)

CONNECT = 15.0  #: seconds a connection may take
WATCH = 2.0  #: seconds between looks
GRACE = 3  #: looks without a connection before it is thrown out
LONGEST = 30.0  #: seconds between attempts, at most


class Link:
    """Keeps one socket open for as long as it runs."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        quiet: logging.Logger,
        back: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """`back`: what to do with each new connection, beside it."""
        self._back = back
        self._app = app
        self._token = app_token
        self._quiet = quiet
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Protocol time only."""
        pause = 1.0
        while True:
            handler = AsyncSocketModeHandler(
                self._app, self._token, logger=self._quiet, web_client=self._app.client
            )
            handler.client.proxy = self._app.client.proxy
            try:
                # waits as long as Slack asks: few of these addresses are given out a minute
                handler.client.wss_uri = await handler.client.issue_new_wss_url()
                await asyncio.wait_for(handler.client.connect(), CONNECT)  # type: ignore[no-untyped-call]
                log.info("connected to Slack")
                pause = 1.0
                await self._watch(handler)
            except Exception as error:  # noqa: BLE001  Slack away must not end the desk
                word = code(error) or trail(error)
                log.warning("no connection to Slack, again in %.0f s: %s", pause, word)
            finally:
                self.connected.clear()
                with contextlib.suppress(Exception):
                    await handler.client.close()  # type: ignore[no-untyped-call]
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST)

    async def _watch(self, handler: AsyncSocketModeHandler) -> None:
        """Return when the connection has been away for a few looks."""
        beside = asyncio.create_task(self._back())
        away = 0
        try:
            while away < GRACE:
                if await handler.client.is_connected():
                    away = 0
                    self.connected.set()
                else:
                    away += 1
                    self.connected.clear()
                await asyncio.sleep(WATCH)
        finally:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
        log.warning("the connection to Slack is gone; making a new one")
