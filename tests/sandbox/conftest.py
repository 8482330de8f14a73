"""A sandbox on real sockets, and the real Bolt app as its desk."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.options import SandboxOptions, Timing
from bot.sandbox.server import Sandbox

CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Card*"}},
    {
        "type": "actions",
        "block_id": "card:1",
        "elements": [
            {
                "type": "button",
                "action_id": "claim",
                "text": {"type": "plain_text", "text": "Claim"},
                "value": "v1",
            }
        ],
    },
]
CLAIM = {"type": "button", "action_id": "claim", "block_id": "card:1"}
FORM = {
    "type": "modal",
    "callback_id": "reply",
    "title": {"type": "plain_text", "text": "Reply"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "words",
            "label": {"type": "plain_text", "text": "Words"},
            "element": {"type": "plain_text_input", "action_id": "v", "min_length": 3},
        }
    ],
}
WAIT = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "One moment"},
    "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Working on it."}}],
}


class Protocol:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class World:
    """The sandbox with a client for the app, one for the page, and its Bolt apps."""

    def __init__(self, sandbox: Sandbox, protocol: Protocol, session: aiohttp.ClientSession):
        self.sandbox = sandbox
        self.protocol = protocol
        self.session = session
        settings = sandbox.settings()
        self.settings = settings
        self.client = AsyncWebClient(
            settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"]
        )
        self._handlers: list[AsyncSocketModeHandler] = []

    def bolt(self) -> AsyncApp:
        return AsyncApp(
            client=AsyncWebClient(
                self.settings["SLACK_BOT_TOKEN"], base_url=self.settings["SLACK_API_URL"]
            ),
            signing_secret=self.settings["SLACK_SIGNING_SECRET"],
        )

    async def connect(self, app: AsyncApp) -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(
            app, self.settings["SLACK_APP_TOKEN"], web_client=app.client
        )
        await handler.connect_async()
        self._handlers.append(handler)
        return handler

    async def do(self, act: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.sandbox.web_url}do/{act}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def page(self, user: str) -> "Page":
        url = self.sandbox.web_url.replace("http", "ws", 1) + f"live?as={user}"
        return Page(await self.session.ws_connect(url))

    async def card(self, channel: str = "C01STAFF") -> str:
        answer = await self.client.chat_postMessage(channel=channel, text="Card", blocks=CARD)
        return str(answer["ts"])

    async def close(self) -> None:
        for handler in self._handlers:
            await handler.close_async()


class Page:
    """An open page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        async with asyncio.timeout(5):
            while True:
                event = await self._socket.receive_json()
                if event["type"] == kind and wanted(event):
                    return event

    async def close(self) -> None:
        await self._socket.close()


Start = Callable[..., Awaitable[World]]


@pytest.fixture
async def start(tmp_path) -> AsyncIterator[Start]:
    """Start sandboxes over the same folder, one after the other."""
    stack = contextlib.AsyncExitStack()

    async def run(ack: float = 3.0, **options: Any) -> World:
        protocol = Protocol()
        timing = Timing(monotonic=protocol, ack=ack, event_retries=(0.0, 0.0, 0.0))
        sandbox = Sandbox(SandboxOptions(data=tmp_path / "sandbox", **options), timing)
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        session = aiohttp.ClientSession()
        stack.push_async_callback(session.close)
        world = World(sandbox, protocol, session)
        stack.push_async_callback(world.close)
        return world

    async with stack:
        yield run


@pytest.fixture
async def world(start: Start) -> World:
    return await start()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
