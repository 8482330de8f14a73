"""Starting, stopping, coming back, and the clock."""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxOptions

ALONE = """
import asyncio, sys
from pathlib import Path
from bot.sandbox import Sandbox, SandboxOptions

async def main():
    sandbox = Sandbox(SandboxOptions(data=Path(sys.argv[1]), clock_moves=True))
    await sandbox.start()
    print(sandbox.web_url, sandbox.settings()["SLACK_BOT_TOKEN"], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_everything_is_back_after_kill_9_and_a_torn_line(start, tmp_path):
    folder = tmp_path / "sandbox"
    alone = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALONE, str(folder), stdout=asyncio.subprocess.PIPE
    )
    url, token = (await asyncio.wait_for(alone.stdout.readline(), 10)).decode().split()
    client = AsyncWebClient(token, base_url=f"{url}api/")
    ts = (await client.chat_postMessage(channel="C01STAFF", text="Card"))["ts"]
    await client.chat_update(channel="C01STAFF", ts=ts, text="Card of Ana")
    gone = (await client.chat_postMessage(channel="C02MANAGERS", text="x"))["ts"]
    await client.chat_delete(channel="C02MANAGERS", ts=gone)
    async with aiohttp.ClientSession() as session:
        await session.post(f"{url}do/clock", json={"seconds": 86_400})
    alone.kill()
    await alone.wait()
    file = folder / "sandbox.jsonl"
    with file.open("ab") as torn:
        torn.write(b'{"kind":"message","chan')
    assert file.stat().st_mode & 0o777 == 0o600

    world = await start(clock_moves=True)
    assert world.settings["SLACK_BOT_TOKEN"] == token
    history = await world.client.conversations_history(channel="C01STAFF")
    assert [m["text"] for m in history["messages"]] == ["Card of Ana"]
    assert (await world.client.conversations_history(channel="C02MANAGERS"))["messages"] == []
    assert world.sandbox.now() - datetime.now(UTC) > timedelta(hours=23)
    assert await world.card() > ts
    assert all(json.loads(line) for line in file.read_bytes().splitlines())


async def test_two_sandboxes_do_not_share_a_folder(world, tmp_path):
    with pytest.raises(OSError, match="Another sandbox uses"):
        Sandbox(SandboxOptions(data=tmp_path / "sandbox"))


async def test_the_clock_moves_forward_only_and_is_followed(start):
    world = await start(clock_moves=True)
    url = world.sandbox.web_url.replace("http", "ws", 1) + "clock"
    follower = await world.session.ws_connect(url)
    before = await follower.receive_json()
    assert (before["offset"], before["moves"]) == (0.0, True)
    moved = await world.do("clock", seconds=3600)
    assert moved["offset"] == 3600
    assert (await follower.receive_json())["offset"] == 3600
    to = datetime.fromisoformat(moved["now"]) + timedelta(days=1)
    again = await world.do("clock", to=to.isoformat())
    assert again["offset"] > 86_400
    back = await world.do("clock", seconds=-1)
    assert back == {"ok": False, "error": "the clock only moves forward"}
    assert (await world.do("clock", reset=True))["ok"] is False
    await follower.close()


async def test_the_clock_of_a_plain_sandbox_stands_with_real_time(world):
    assert (await world.do("clock", seconds=1))["ok"] is False


async def test_settings_point_a_desk_here(world):
    settings = world.settings
    assert settings["SLACK_API_URL"] == f"{world.sandbox.web_url}api/"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", settings["DESK_RELAY"])
    assert settings["SLACK_BOT_TOKEN"].startswith("xoxb-")
    assert settings["SLACK_APP_TOKEN"].startswith("xapp-")
    assert settings["DESK_COUNSEL"] == "U03MARA,U01ANA"


async def test_a_taken_port_is_named(world, tmp_path):
    port = int(world.settings["DESK_RELAY"].split(":")[1])
    other = Sandbox(SandboxOptions(data=tmp_path / "other", mail_port=port))
    with pytest.raises(OSError, match=str(port)):
        await other.start()


async def test_a_person_sees_their_channels_alone(world):
    ben = await world.page("U02BEN")
    state = await ben.next("state")
    assert [c["id"] for c in state["channels"]] == ["C01STAFF", "D02BEN"]
    assert state["command"] == "/privacy"
    assert {u["role"] for u in state["users"]} == {"bot", "staff", "manager", "outsider"}
    await world.card("C02MANAGERS")
    await world.card("C01STAFF")
    first = await ben.next("message")
    assert first["channel"] == "C01STAFF"
    assert "bot_profile" not in first["message"]
    await ben.close()


async def test_the_page_learns_when_a_desk_comes_and_goes(world):
    page = await world.page("U01ANA")
    assert (await page.next("state"))["desk"]["connected"] is False
    handler = await world.connect(world.bolt())
    assert (await page.next("desk"))["desk"]["connected"] is True
    await handler.disconnect_async()
    assert (await page.next("desk"))["desk"]["connected"] is False
    await page.close()


async def test_page_files_are_served_with_a_strict_policy_and_nothing_else(
    world, tmp_path, monkeypatch
):
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "app.js").write_text("'use strict'")
    monkeypatch.setattr("bot.sandbox.server.PAGE", tmp_path)
    url = world.sandbox.web_url
    for path, kind in (("", "html"), ("page/app.js", "javascript")):
        async with world.session.get(url + path) as response:
            assert response.status == 200
            assert response.content_type.endswith(kind)
            assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
            assert response.headers["Cache-Control"] == "no-cache"
    for path in ("page/none.js", "page/..%2fserver.py", "page/sandbox/sandbox.jsonl"):
        async with world.session.get(url + path) as response:
            assert response.status == 404


async def test_stopping_does_not_wait_for_pages_and_desks(start):
    world = await start()
    page = await world.page("U01ANA")
    await page.next("state")
    ticket = world.sandbox.parts.delivery.ticket()
    link = await world.session.ws_connect(f"{world.sandbox.web_url}link/?ticket={ticket}")
    async with asyncio.timeout(4):
        await world.sandbox.stop()
    assert (await link.receive_json())["type"] == "hello"
    assert (await link.receive_json())["type"] == "disconnect"
    await link.close()
    await page.close()
