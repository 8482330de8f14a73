"""Slack away, Slack that gives notice to a socket, Slack that refuses or asks for a rest."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import CLAIM

ANA = "U01ANA"


async def said(world, text: str, **more) -> dict:
    return await world.do("say", **{"as": ANA}, channel="C01STAFF", text=text, **more)


async def test_slack_away_answers_nobody_and_is_back_with_everything(world):
    app = world.bolt()
    await world.connect(app)
    ts = await world.card()
    page = await world.page(ANA)
    await world.do("away", away=True)
    gone = await page.next("desk", lambda event: event["desk"]["away"])
    assert gone["desk"]["away"]
    async with world.session.post(f"{world.settings['SLACK_API_URL']}auth.test") as answer:
        assert answer.status == 503
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        await world.session.ws_connect(f"{world.sandbox.web_url}link/?ticket=x")
    for act in ("click", "say", "command", "submit", "close", "rewrite"):
        refused = await world.do(act, **{"as": ANA}, channel="C01STAFF", ts=ts, text="x")
        assert refused == {"ok": False, "error": "slack_is_away"}
    await world.do("away", away=False)
    assert (await world.client.conversations_history(channel="C01STAFF"))["messages"][0]["ts"] == ts


async def test_a_socket_that_is_given_notice_gets_nothing_more(world):
    """Bolt makes another connection; a click in between goes to the one that stays."""
    app, heard = world.bolt(), asyncio.Queue()

    @app.action("claim")
    async def claim(ack, body):
        await ack()
        heard.put_nowait(body)

    await world.connect(app)
    ts, page = await world.card(), await world.page(ANA)
    await world.do("disconnect", reason="refresh_requested")
    await page.next("desk", lambda event: not event["desk"]["connected"])
    await page.next("desk", lambda event: event["desk"]["connected"])
    answer = await world.do("click", **{"as": ANA}, channel="C01STAFF", ts=ts, action=CLAIM)
    assert answer == {"ok": True}
    assert (await heard.get())["user"]["id"] == ANA


async def test_only_slacks_own_reasons_are_given(world):
    assert not (await world.do("disconnect", reason="boredom"))["ok"]


async def test_an_arranged_answer_is_given_so_often_and_to_that_method_alone(world):
    ts = await world.card()
    await world.do("answer", method="chat.update", error="edit_window_closed", times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="edit_window_closed"):
            await world.client.chat_update(channel="C01STAFF", ts=ts, text="x")
    await world.client.chat_update(channel="C01STAFF", ts=ts, text="x")
    await world.do("answer", method="chat.delete", retry_after=7)
    await world.client.chat_update(channel="C01STAFF", ts=ts, text="y")
    with pytest.raises(SlackApiError) as caught:
        await world.client.chat_delete(channel="C01STAFF", ts=ts)
    assert caught.value.response.headers["Retry-After"] == "7"


async def test_people_change_and_delete_words_of_their_own(world):
    app, heard = world.bolt(), asyncio.Queue()

    @app.event("message")
    async def message(event):
        heard.put_nowait(event)

    await world.connect(app)
    await said(world, "first words")
    written = await heard.get()
    place = {"as": ANA, "channel": "C01STAFF", "ts": written["ts"]}
    await world.do("rewrite", **place, text="better words")
    changed = await heard.get()
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "better words")
    assert changed["previous_message"]["text"] == "first words"
    assert changed["message"]["edited"]["user"] == ANA
    await world.do("rewrite", **place)
    deleted = await heard.get()
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", written["ts"])
    others = await world.do("rewrite", **{"as": "U02BEN"}, channel="C01STAFF", ts="1.1")
    assert others == {"ok": False, "error": "message_not_found"}


async def test_a_permalink_names_the_thread(world):
    ts = await world.card()
    reply = await world.client.chat_postMessage(channel="C01STAFF", text="x", thread_ts=ts)
    link = await world.client.chat_getPermalink(channel="C01STAFF", message_ts=reply["ts"])
    assert link["permalink"].endswith(f"?thread_ts={ts}&cid=C01STAFF")
    with pytest.raises(SlackApiError, match="message_not_found"):
        await world.client.chat_getPermalink(channel="C01STAFF", message_ts="1.1")
