"""Clicks, forms and commands with the real Bolt app, in Socket Mode and over signed HTTP."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_sdk.errors import SlackApiError

from bot.sandbox import acts
from tests.sandbox.conftest import CARD, CLAIM, FORM, WAIT

ANA = {"as": "U01ANA"}


async def test_click_opens_a_view_that_is_updated_and_submitted(world):
    app = world.bolt()
    seen = asyncio.Queue()

    @app.action("claim")
    async def claim(ack, body, client):
        await ack()
        view = (await client.views_open(trigger_id=body["trigger_id"], view=WAIT))["view"]
        await client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
        seen.put_nowait(body)

    @app.view("reply")
    async def reply(ack, body, view):
        words = view["state"]["values"]["words"]["v"]["value"]
        if words == "wrong":
            await ack(response_action="errors", errors={"words": "Not like this."})
        elif words == "again":
            await ack(response_action="update", view=WAIT)
        else:
            await ack()

    await world.connect(app)
    page = await world.page("U01ANA")
    await page.next("state")
    ts = await world.card()
    message = (await page.next("message"))["message"]
    assert message["ts"] == ts
    assert await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM) == {"ok": True}
    body = await asyncio.wait_for(seen.get(), 5)
    assert body["message"]["ts"] == ts
    assert body["container"]["channel_id"] == body["channel"]["id"] == "C01STAFF"
    assert body["actions"][0]["value"] == "v1"
    assert body["user"]["team_id"] == body["team"]["id"] == "T01SANDBOX"
    form = (await page.next("views", lambda e: e["stack"][-1]["callback_id"] == "reply"))["stack"]
    view_id = form[-1]["id"]

    empty = await world.do("submit", **ANA, view_id=view_id, values={})
    assert empty == {"ok": False, "errors": {"words": "Please complete this required field."}}
    wrong = await world.do("submit", **ANA, view_id=view_id, values=typed("wrong"))
    assert wrong == {"ok": False, "errors": {"words": "Not like this."}}
    assert await world.do("submit", **ANA, view_id=view_id, values=typed("again")) == {"ok": True}
    updated = (await page.next("views"))["stack"]
    assert [(v["id"], v["title"]["text"]) for v in updated] == [(view_id, "One moment")]
    await page.close()


def typed(words):
    return {"words": {"v": {"type": "plain_text_input", "value": words}}}


async def test_a_submission_that_is_only_acked_closes_the_view(world):
    app = world.bolt()
    closed = asyncio.Event()

    @app.action("claim")
    async def claim(ack, body, client):
        await client.views_open(
            trigger_id=body["trigger_id"], view=FORM | {"notify_on_close": True}
        )
        await ack()

    @app.view("reply")
    async def reply(ack):
        await ack()

    @app.view_closed("reply")
    async def gone(ack, body):
        await ack()
        assert body["is_cleared"] is False
        closed.set()

    await world.connect(app)
    page = await world.page("U01ANA")
    ts = await world.card()
    await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    view = (await page.next("views"))["stack"][0]
    other = await world.do("submit", **{"as": "U02BEN"}, view_id=view["id"], values=typed("fine"))
    assert other == {"ok": False, "error": "not_found"}
    await world.do("submit", **ANA, view_id=view["id"], values=typed("fine"))
    assert (await page.next("views", lambda e: not e["stack"]))["stack"] == []
    await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    view = (await page.next("views", lambda e: e["stack"]))["stack"][0]
    await world.do("close", **ANA, view_id=view["id"])
    await asyncio.wait_for(closed.wait(), 5)
    await page.close()


async def test_a_trigger_serves_once_and_for_three_seconds(world):
    app = world.bolt()
    triggers = asyncio.Queue()

    @app.action("claim")
    async def claim(ack, body):
        await ack()
        triggers.put_nowait(body["trigger_id"])

    await world.connect(app)
    ts = await world.card()
    for _ in range(2):
        await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    first, second = await triggers.get(), await triggers.get()
    await world.client.views_open(trigger_id=first, view=WAIT)
    assert await error(world.client.views_open(trigger_id=first, view=WAIT)) == (
        "exchanged_trigger_id"
    )
    world.protocol.seconds += 3.1
    assert await error(world.client.views_open(trigger_id=second, view=WAIT)) == (
        "expired_trigger_id"
    )
    assert await error(world.client.views_open(trigger_id="1.2.3", view=WAIT)) == (
        "invalid_trigger_id"
    )


async def error(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def test_an_old_hash_does_not_update(world):
    trigger = world.sandbox.parts.tickets.trigger("U01ANA")
    view = (await world.client.views_open(trigger_id=trigger, view=WAIT))["view"]
    await world.client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    late = world.client.views_update(view_id=view["id"], hash=view["hash"], view=WAIT)
    assert await error(late) == "hash_conflict"
    assert await error(world.client.views_update(view_id="V0", view=WAIT)) == "not_found"


async def test_no_more_than_three_views_lie_on_each_other(world):
    trigger = world.sandbox.parts.tickets.trigger
    await world.client.views_open(trigger_id=trigger("U01ANA"), view=WAIT)
    for _ in range(2):
        await world.client.views_push(trigger_id=trigger("U01ANA"), view=WAIT)
    fourth = world.client.views_push(trigger_id=trigger("U01ANA"), view=WAIT)
    assert await error(fourth) == "push_limit_reached"


async def test_a_command_answers_by_ack_and_by_response_url(world):
    app = world.bolt()

    @app.command("/privacy")
    async def command(ack, respond, body):
        assert body["channel_name"] == "privategroup"
        await ack(f"you said {body['text']}")
        for _ in range(5):
            await respond("later")
        last = await respond("too often")
        assert last.status_code == 404
        await respond_done.put(last.body)

    respond_done = asyncio.Queue()
    await world.connect(app)
    page = await world.page("U01ANA")
    other = await world.page("U02BEN")
    await other.next("state")
    answer = await world.do("command", **ANA, channel="C01STAFF", text="/privacy mine")
    assert answer == {"ok": True}
    texts = {(await page.next("message"))["message"]["text"] for _ in range(6)}
    assert texts == {"you said mine", "later"}
    assert "used_url" in await asyncio.wait_for(respond_done.get(), 5)
    history = await world.client.conversations_history(channel="C01STAFF")
    assert history["messages"] == []
    unknown = await world.do("command", **ANA, channel="C01STAFF", text="/other")
    assert unknown == {"ok": False, "error": "/other is not a valid command"}
    await page.close()
    await other.close()


async def test_a_response_url_replaces_and_deletes_its_source(world):
    app = world.bolt()

    @app.action("claim")
    async def claim(ack, respond, body):
        await ack()
        assert body["container"]["is_ephemeral"] is True
        assert "message" not in body
        await respond(text="Done", replace_original=True)
        await respond(delete_original=True)

    await world.connect(app)
    page = await world.page("U01ANA")
    await page.next("state")
    card = (await world.client.conversations_history(channel="C01STAFF"))["messages"]
    assert card == []
    ts = (
        await world.client.chat_postEphemeral(
            channel="C01STAFF", user="U01ANA", text="Only you", blocks=CARD
        )
    )["message_ts"]
    shown = (await page.next("message"))["message"]
    assert (shown["ts"], shown["ephemeral"]) == (ts, True)
    missing = world.client.chat_update(channel="C01STAFF", ts=ts, text="x")
    assert await error(missing) == "message_not_found"
    await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    assert (await page.next("message"))["message"]["text"] == "Done"
    assert (await page.next("deleted"))["ts"] == ts
    await page.close()


async def test_a_response_url_changes_a_card_and_speaks_in_the_channel(world):
    app = world.bolt()
    done = asyncio.Event()

    @app.action("claim")
    async def claim(ack, respond):
        await ack()
        await respond("With Ana", replace_original=True)
        await respond("Ana has it", response_type="in_channel")
        done.set()

    await world.connect(app)
    ts = await world.card()
    await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    await asyncio.wait_for(done.wait(), 5)
    history = await world.client.conversations_history(channel="C01STAFF")
    assert [(m["text"], "blocks" in m) for m in history["messages"]] == [
        ("Ana has it", False),
        ("With Ana", False),
    ]
    assert history["messages"][1]["ts"] == ts


async def test_a_response_url_ends_after_thirty_minutes(world):
    tickets = world.sandbox.parts.tickets
    url = world.sandbox.parts.response_url("actions", tickets.url("U01ANA", "C01STAFF", None, None))
    async with world.session.post(url, json={"text": "in time"}) as response:
        assert (response.status, await response.text()) == (200, "ok")
    world.protocol.seconds += 1801
    async with world.session.post(url, json={"text": "too late"}) as response:
        assert (response.status, (await response.json())["error"]) == (404, "expired_url")


async def test_each_payload_goes_to_one_of_many_connections(world):
    took = {"one": 0, "two": 0}
    for name in took:
        await world.connect(counting(world.bolt(), took, name))
    ts = await world.card()
    for _ in range(4):
        answer = await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
        assert answer == {"ok": True}
    assert took == {"one": 2, "two": 2}


def counting(app, took, name):
    @app.action("claim")
    async def claim(ack):
        await ack()
        took[name] += 1

    return app


async def test_a_ticket_opens_one_socket(world):
    opened = await world.client.apps_connections_open(app_token=world.settings["SLACK_APP_TOKEN"])
    socket = await world.session.ws_connect(opened["url"])
    hello = await socket.receive_json()
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await world.session.ws_connect(opened["url"])
    await socket.close()


async def test_the_eleventh_connection_is_refused(world):
    sockets = []
    for _ in range(11):
        ticket = world.sandbox.parts.delivery.ticket()
        url = f"{world.sandbox.web_url}link/?ticket={ticket}"
        sockets.append(await world.session.ws_connect(url))
    last = await sockets[-1].receive_json()
    assert last == {"type": "disconnect", "reason": "too_many_websockets"}
    for socket in sockets:
        await socket.close()


async def test_nobody_there_and_nobody_answering(start):
    world = await start(ack=0.05)
    ts = await world.card()
    silent = await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    assert silent == {"ok": False, "error": "app_not_responding"}
    ticket = world.sandbox.parts.delivery.ticket()
    socket = await world.session.ws_connect(f"{world.sandbox.web_url}link/?ticket={ticket}")
    late = await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    assert late == {"ok": False, "error": "operation_timeout"}
    command = await world.do("command", **ANA, channel="C01STAFF", text="/privacy")
    assert command["error"] == "/privacy failed with the error operation_timeout"
    await socket.close()


async def test_only_members_click_and_only_what_is_there(world):
    ts = await world.card("C02MANAGERS")
    outside = await world.do("click", **ANA, channel="C02MANAGERS", ts=ts, action=CLAIM)
    assert outside == {"ok": False, "error": "not_in_channel"}
    wrong = CLAIM | {"action_id": "nothing"}
    mara = {"as": "U03MARA"}
    answer = await world.do("click", **mara, channel="C02MANAGERS", ts=ts, action=wrong)
    assert answer == {"ok": False, "error": "action_not_found"}


async def test_what_people_say_is_an_event_retried_three_times(start):
    world = await start(ack=0.2)
    ticket = world.sandbox.parts.delivery.ticket()
    socket = await world.session.ws_connect(f"{world.sandbox.web_url}link/?ticket={ticket}")
    assert (await socket.receive_json())["type"] == "hello"
    ts = await world.card()
    await world.do("say", **ANA, channel="C01STAFF", text="on it", thread_ts=ts)
    frames = [await socket.receive_json(timeout=5) for _ in range(4)]
    assert [f["retry_attempt"] for f in frames] == [0, 1, 2, 3]
    assert len({f["payload"]["event_id"] for f in frames}) == 1
    assert frames[3]["retry_reason"] == "http_timeout"
    event = frames[0]["payload"]["event"]
    assert (event["text"], event["thread_ts"], event["channel_type"]) == ("on it", ts, "group")
    await socket.close()


async def test_signed_http_reaches_bolt(start, unused_port):
    world = await start(desk_http_port=unused_port)
    assert "SLACK_APP_TOKEN" not in world.settings
    app = world.bolt()
    heard = asyncio.Queue()

    @app.action("claim")
    async def claim(ack, body):
        await ack()
        heard.put_nowait(("claim", body["actions"][0]["value"]))

    @app.view("reply")
    async def reply(ack):
        await ack(response_action="errors", errors={"words": "No."})

    @app.command("/privacy")
    async def command(ack, body):
        await ack("hello")
        heard.put_nowait(("command", body["text"]))

    @app.event("message")
    async def message(event):
        heard.put_nowait(("message", event["text"]))

    ts = await world.card()
    away = await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM)
    assert away == {"ok": False, "error": "app_not_responding"}
    runner = await serve(app, unused_port)
    page = await world.page("U01ANA")
    assert (await page.next("state"))["desk"]["connected"] is True
    await page.close()
    assert await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM) == {"ok": True}
    assert await heard.get() == ("claim", "v1")
    await world.do("command", **ANA, channel="C01STAFF", text="/privacy due")
    assert await heard.get() == ("command", "due")
    await world.do("say", **ANA, channel="C01STAFF", text="words")
    assert await asyncio.wait_for(heard.get(), 5) == ("message", "words")
    trigger = world.sandbox.parts.tickets.trigger("U01ANA")
    view = (await world.client.views_open(trigger_id=trigger, view=FORM))["view"]
    answer = await world.do("submit", **ANA, view_id=view["id"], values=typed("fine"))
    assert answer == {"ok": False, "errors": {"words": "No."}}
    await runner.cleanup()


async def serve(bolt, port):
    async def handle(request):
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application()
    app.router.add_post("/slack/events", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


async def test_no_retry_is_honoured_over_http(start, unused_port):
    world = await start(desk_http_port=unused_port)
    heads = asyncio.Queue()

    async def handle(request):
        heads.put_nowait(request.headers.get("x-slack-retry-num"))
        stop = {"x-slack-no-retry": "1"} if heads.qsize() == 2 else {}
        return web.Response(status=500, headers=stop)

    app = web.Application()
    app.router.add_post("/slack/events", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_port).start()
    event = acts.new_event(world.sandbox.parts, {"type": "message", "event_ts": "1.0"})
    await acts.deliver_event(world.sandbox.parts, event)
    assert [heads.get_nowait() for _ in range(heads.qsize())] == [None, "1"]
    await runner.cleanup()


async def test_a_click_that_meets_an_edit_on_its_way_is_delivered_with_what_was_pressed(world):
    app = world.bolt()
    seen = asyncio.Queue()

    @app.action("claim")
    async def claim(ack, body):
        await ack()
        seen.put_nowait(body["actions"][0]["value"])

    await world.connect(app)
    ts = await world.card()
    await world.client.chat_update(channel="C01STAFF", ts=ts, text="changed", blocks=[])
    assert await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=CLAIM) == {"ok": True}
    assert await asyncio.wait_for(seen.get(), 5) == "v1"
    unknown = {**CLAIM, "block_id": "never-drawn"}
    answer = await world.do("click", **ANA, channel="C01STAFF", ts=ts, action=unknown)
    assert answer["error"] == "action_not_found"
