"""Both ways in: signed HTTP, and a socket that is made anew when the other side was away."""

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import Sandbox, SandboxOptions
from bot.slack.app import Slack
from bot.slack.options import SlackOptions
from handlers.clock import RealClock
from handlers.policy import Policy


class NoDesk:
    async def offers(self, ref):
        raise AssertionError


class NoStore:
    async def cases(self, refs=None):
        return ()


async def nothing_missed(self):
    """No look through threads."""


async def no_mail(mail_id):
    raise AssertionError


def slack_for(sandbox, registry, **more) -> Slack:
    settings = sandbox.settings()
    options = SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"],
        app_token=settings.get("SLACK_APP_TOKEN", ""),
        api_url=settings["SLACK_API_URL"],
        staff="C01STAFF",
        **more,
    )
    return Slack(
        options,
        NoDesk(),
        NoStore(),
        registry,
        Policy(),
        RealClock(),
        no_mail,
        read_attachment=no_mail,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def over_http(tmp_path, registry):
    port = free_port()
    sandbox = Sandbox(SandboxOptions(data=tmp_path / "sandbox", desk_http_port=port))
    await sandbox.start()
    secret = sandbox.settings()["SLACK_SIGNING_SECRET"]
    slack = slack_for(sandbox, registry, signing_secret=secret)
    app = web.Application()
    app.add_routes(slack.web_routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await slack.start()
    yield sandbox, port
    await slack.stop()
    await runner.cleanup()
    await sandbox.stop()


async def command(sandbox, text: str) -> dict:
    body = {"as": "U01ANA", "channel": "C01STAFF", "text": text}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.web_url}do/command", json=body) as answer,
    ):
        return await answer.json()


def whispers(sandbox) -> list[str]:
    return [message["text"] for _, _, message in sandbox.parts.ephemerals.values()]


async def heard(sandbox, number: int) -> str:
    async with asyncio.timeout(5):
        while len(whispers(sandbox)) < number:  # noqa: ASYNC110  the workspace has no event for it
            await asyncio.sleep(0.01)
    return whispers(sandbox)[-1]


async def test_signed_http_works(over_http):
    sandbox, _ = over_http
    assert (await command(sandbox, "/privacy mine"))["ok"]
    assert await heard(sandbox, 1) == "Yours: nothing."


async def test_an_unsigned_request_is_refused(over_http):
    sandbox, port = over_http
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Slack-Signature": "v0=0", "X-Slack-Request-Timestamp": "1"}):
            url = f"http://127.0.0.1:{port}/slack/events"
            async with session.post(url, data={"command": "/privacy"}, headers=headers) as answer:
                assert answer.status == 401
    assert whispers(sandbox) == []


async def test_without_a_secret_there_is_no_way_in_over_http(sandbox, registry):
    assert slack_for(sandbox, registry).web_routes() == []


async def test_a_workspace_that_was_away_is_reached_again(tmp_path, registry, monkeypatch):
    monkeypatch.setattr("bot.slack.link.WATCH", 0.05)
    # a call that is under way when a workspace ends leaves the server's half of it open
    monkeypatch.setattr(Slack, "_catch_up", nothing_missed)
    port = free_port()
    options = SandboxOptions(data=tmp_path / "sandbox", web_port=port)
    first = Sandbox(options)
    await first.start()
    slack = slack_for(first, registry)
    await first.stop()
    await slack.start()  # although nobody is there
    second = Sandbox(options)
    await second.start()
    async with asyncio.timeout(10):
        await slack.wait_connected()
    await second.stop()
    async with asyncio.timeout(10):
        while slack.connected:  # noqa: ASYNC110  it is noticed by looking
            await asyncio.sleep(0.01)
    third = Sandbox(options)
    await third.start()
    async with asyncio.timeout(20):
        await slack.wait_connected()
    await command(third, "/privacy mine")
    assert await heard(third, 1) == "Yours: nothing."
    await slack.stop()
    await third.stop()
