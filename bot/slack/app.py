"""The Slack side of the desk put together: one client, one Bolt app, one transport.

Nothing here talks to Slack before `start`, and `start` returns although Slack is away.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.actions import Clicks
from bot.slack.commands import COMMAND, SHORTCUT, Commands
from bot.slack.homes import Homes
from bot.slack.link import Link
from bot.slack.options import SlackOptions
from bot.slack.parts import Parts, trail
from bot.slack.quiet import quiet
from bot.slack.replies import NETWORK, code
from bot.slack.roles import Roles
from bot.slack.scene import Kinds
from bot.slack.threads import Threads, heard
from bot.slack.transport import Transport
from handlers.clock import Clock
from handlers.desk import Desk
from handlers.handler import Role
from handlers.policy import Policy
from storage.records import AttachmentText, InboundMail, OutboxMessage, ParsedMail, Posted
from storage.store import Store

log = logging.getLogger(__name__)

EVERYTHING = re.compile(".*", re.DOTALL)


def _nobody(_: InboundMail) -> None:
    """Who works on mails looks for them by itself."""


class Slack:
    """Cards out, clicks in."""

    def __init__(  # noqa: PLR0913, PLR0917  the composition of everything Slack needs
        self,
        options: SlackOptions,
        desk: Desk,
        store: Store,
        registry: Kinds,
        policy: Policy,
        clock: Clock,
        read_mail: Callable[[str], Awaitable[ParsedMail]],
        wake: Callable[[InboundMail], None] = _nobody,
        *,
        read_attachment: Callable[[str, int], Awaitable[AttachmentText]],
    ) -> None:
        """`wake` hears of a mail that is to be worked on once more."""
        self._options = options
        self.client = web_client(options)
        self._roles = Roles(self.client, options)
        self._parts = Parts(
            client=self.client,
            desk=desk,
            store=store,
            registry=registry,
            roles=self._roles,
            clock=clock,
            read_mail=read_mail,
            read_attachment=read_attachment,
            timezone=options.timezone or policy.timezone,
            wake=wake,
            gaps=options.gaps,
            managed=bool(options.managers),
        )
        self._clicks = Clicks(self._parts)
        self._transport = Transport(self.client, options, desk, registry, clock, roles=self._roles)
        self._threads = Threads(self._parts)
        self._app = self._listening()
        self._link: Link | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns at once; the connection is made and kept in the background."""
        self._tasks.append(asyncio.create_task(self._greet(), name="slack greeting"))
        if self._options.app_token:
            self._link = Link(self._app, self._options.app_token, quiet(), self._catch_up)
            self._tasks.append(asyncio.create_task(self._link.run(), name="slack link"))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    @property
    def connected(self) -> bool:
        """Is there a socket? True in HTTP mode, where Slack comes to us."""
        return self._link is None or self._link.connected.is_set()

    async def wait_connected(self) -> None:
        if self._link is not None:
            await self._link.connected.wait()

    def web_routes(self) -> list[web.RouteDef]:
        """Slack's HTTP mode; every request's signature is checked by Bolt."""
        if not self._options.signing_secret:
            return []
        return [web.post("/slack/events", self._over_http)]

    async def send(self, message: OutboxMessage) -> Posted | None:
        """Raises SendLater, SendFailed."""
        return await self._transport.send(message)

    @property
    def homes(self) -> Homes:
        """Everybody's Home tab."""
        return self._clicks.homes

    async def follow(self) -> None:
        """Until cancelled: Home stays fresh for those who looked at it lately."""
        await self.homes.follow()

    async def _greet(self) -> None:
        """Which workspace is ours; asked until Slack answers."""
        pause = 1.0
        while True:
            try:
                self._roles.team = str((await self.client.auth_test())["team_id"])
            except NETWORK as error:
                log.warning("Slack does not answer: %s", code(error) or type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 60.0)
            else:
                break
        if not self._options.app_token:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """What was written under our messages while nobody of us listened."""
        rooms = dict.fromkeys(self._options.channels_of(role) for role in Role)
        try:
            missed = await self._threads.catch_up(room for room in rooms if room)
        except Exception as error:  # noqa: BLE001  nobody waits for it, and the desk goes on
            log.warning("threads were not looked through: %s", code(error) or trail(error))
        else:
            log.info("%d messages in threads had been missed", missed)

    async def _over_http(self, request: web.Request) -> web.Response:
        return await to_aiohttp_response(
            await self._app.async_dispatch(await to_bolt_request(request))
        )

    def _listening(self) -> AsyncApp:
        """The Bolt app. Its own logging stays off, because it quotes payloads."""
        token = self._options.bot_token

        async def authorize(team_id: str | None) -> AuthorizeResult:
            """One workspace, one token: nothing to look up, nobody to ask."""
            return AuthorizeResult(enterprise_id=None, team_id=team_id, bot_token=token)

        app = AsyncApp(
            name="privacy-desk",
            logger=quiet(),
            client=self.client,
            authorize=authorize,
            signing_secret=self._options.signing_secret,
            process_before_response=False,
            request_verification_enabled=True,
        )
        clicks, commands = self._clicks, Commands(self._parts)
        app.action(EVERYTHING)(clicks.clicked)
        app.view(EVERYTHING)(clicks.submitted)
        app.view_closed(EVERYTHING)(_nothing)
        app.command(COMMAND)(commands.asked)
        app.shortcut(SHORTCUT)(clicks.shortcut)
        app.event("app_home_opened")(clicks.homes.opened)
        for event in ("channel_shared", "channel_unshared", "channel_id_changed"):
            app.event(event)(self._channel_changed)
        app.event("message", middleware=[self._threads.keep])(heard)
        app.event(EVERYTHING)(_nothing)  # an unknown event is acknowledged, never retried
        app.error(_failed)
        return app

    async def _channel_changed(self, event: dict[str, Any]) -> None:
        channel = event.get("channel") or event.get("old_channel_id") or ""
        self._transport.forget(str(channel))


def web_client(options: SlackOptions) -> AsyncWebClient:
    """The one client for everything, Socket Mode's first call included.

    No retries of its own: after a broken connection a post may have arrived, and only a look
    at the channel can tell.
    """
    base = options.api_url or AsyncWebClient.BASE_URL
    client = AsyncWebClient(
        token=options.bot_token, base_url=base, retry_handlers=[], timeout=20, logger=quiet()
    )
    if "://127.0.0.1" in base or "://localhost" in base:
        client.proxy = None  # taken from the environment by the constructor
    return client


async def _nothing(ack: AsyncAck) -> None:
    await ack()


async def _failed(error: Exception) -> None:
    log.error("a Slack listener failed: %s", trail(error))
