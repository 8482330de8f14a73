"""The Web API, driven by Slack's own client."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

CARD = [{"type": "section", "block_id": "b1", "text": {"type": "mrkdwn", "text": "*Card*"}}]


async def refused(call) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def test_auth_test_names_the_bot_and_its_scopes(world):
    answer = await world.client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (
        "U00DESK",
        "B00DESK",
        "T01SANDBOX",
    )
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_a_post_is_seen_in_history_with_metadata_only_when_asked(world):
    metadata = {"event_type": "outbox", "event_payload": {"id": "o1"}}
    posted = await world.client.chat_postMessage(
        channel="C01STAFF", text="Card", blocks=CARD, metadata=metadata
    )
    plain = await world.client.conversations_history(channel="C01STAFF")
    whole = await world.client.conversations_history(channel="C01STAFF", include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert whole["messages"][0]["metadata"] == metadata
    assert whole["messages"][0]["ts"] == posted["ts"]
    assert whole["messages"][0]["blocks"][0]["block_id"] == "b1"


async def test_update_with_text_alone_removes_blocks_and_keeps_metadata(world):
    metadata = {"event_type": "outbox", "event_payload": {"id": "o1"}}
    ts = (
        await world.client.chat_postMessage(
            channel="C01STAFF", text="Card", blocks=CARD, metadata=metadata
        )
    )["ts"]
    # the client warns about an update without text, so this one goes by hand
    alone = {"channel": "C01STAFF", "ts": ts, "metadata": metadata}
    same = await world.client.api_call("chat.update", json=alone)
    assert same["message"]["blocks"]
    changed = await world.client.chat_update(channel="C01STAFF", ts=ts, text="Done")
    assert changed["text"] == "Done"
    assert "blocks" not in changed["message"]
    assert changed["message"]["edited"]
    assert changed["message"]["metadata"] == metadata


async def test_deleting_a_parent_with_replies_leaves_a_placeholder(world):
    ts = (await world.client.chat_postMessage(channel="C01STAFF", text="Card"))["ts"]
    reply = await world.client.chat_postMessage(channel="C01STAFF", text="Line", thread_ts=ts)
    history = await world.client.conversations_history(channel="C01STAFF")
    assert [m["reply_count"] for m in history["messages"]] == [1]
    await world.client.chat_delete(channel="C01STAFF", ts=ts)
    thread = await world.client.conversations_replies(channel="C01STAFF", ts=ts)
    assert [m.get("subtype") for m in thread["messages"]] == ["tombstone", None]
    await world.client.chat_delete(channel="C01STAFF", ts=reply["ts"])
    assert await refused(world.client.chat_update(channel="C01STAFF", ts=ts, text="x")) == (
        "message_not_found"
    )


async def test_only_own_messages_can_be_changed(world):
    await world.do("say", **{"as": "U01ANA", "channel": "C01STAFF", "text": "hello"})
    history = await world.client.conversations_history(channel="C01STAFF")
    ts = history["messages"][0]["ts"]
    update = world.client.chat_update(channel="C01STAFF", ts=ts, text="x")
    assert await refused(update) == "cant_update_message"
    delete = world.client.chat_delete(channel="C01STAFF", ts=ts)
    assert await refused(delete) == "cant_delete_message"


async def test_tokens_methods_and_scopes_are_checked(world):
    url = world.settings["SLACK_API_URL"]
    assert await refused(AsyncWebClient(base_url=url).auth_test()) == "not_authed"
    assert await refused(AsyncWebClient("xoxb-no", base_url=url).auth_test()) == "invalid_auth"
    assert await refused(world.client.api_call("chat.unfurl")) == "unknown_method"
    with pytest.raises(SlackApiError) as caught:
        await world.client.conversations_join(channel="C01STAFF")
    assert caught.value.response["needed"] == "channels:join"
    assert "im:write" in caught.value.response["provided"]
    direct = world.client.conversations_history(channel="D01ANA")
    assert await refused(direct) == "missing_scope"
    bot_token = world.client.apps_connections_open(app_token=world.settings["SLACK_BOT_TOKEN"])
    assert await refused(bot_token) == "not_allowed_token_type"


async def test_membership_decides_what_the_bot_reaches(world):
    members = await world.client.conversations_members(channel="C02MANAGERS")
    assert members["members"] == ["U03MARA", "U00DESK"]
    await world.do("channel", channel="C02MANAGERS", members=["U03MARA"])
    assert await refused(world.client.chat_postMessage(channel="C02MANAGERS", text="x")) == (
        "channel_not_found"
    )
    await world.do("channel", channel="C02MANAGERS", is_private=False)
    assert await refused(world.client.chat_postMessage(channel="C02MANAGERS", text="x")) == (
        "not_in_channel"
    )
    ephemeral = world.client.chat_postEphemeral(channel="C01STAFF", user="U04OLE", text="x")
    assert await refused(ephemeral) == "user_not_in_channel"


async def test_a_shared_channel_says_so(world):
    await world.do("channel", channel="C01STAFF", is_ext_shared=True)
    info = await world.client.conversations_info(channel="C01STAFF")
    assert info["channel"]["is_ext_shared"] is True
    assert info["channel"]["is_private"] is True


async def test_direct_messages_are_opened_and_reached_by_person(world):
    opened = await world.client.conversations_open(users="U01ANA")
    page = await world.page("U01ANA")
    await page.next("state")
    posted = await world.client.chat_postMessage(channel="U01ANA", text="Reminder")
    assert posted["channel"] == opened["channel"]["id"]
    event = await page.next("message")
    assert event["channel"] == opened["channel"]["id"]
    await page.close()


async def test_people_have_time_zones(world):
    answer = await world.client.users_info(user="U01ANA")
    assert answer["user"]["tz"] == "Europe/London"
    assert answer["user"]["tz_offset"] in {0, 3600}
    assert answer["user"]["is_restricted"] is False
    assert await refused(world.client.users_info(user="U99")) == "user_not_found"


async def test_texts_and_blocks_beyond_the_limits(world):
    post = world.client.chat_postMessage
    ts = (await post(channel="C01STAFF", text="x" * 40_001))["ts"]
    history = await world.client.conversations_history(channel="C01STAFF")
    assert len(history["messages"][0]["text"]) == 40_000
    update = world.client.chat_update(channel="C01STAFF", ts=ts, text="x" * 4001)
    assert await refused(update) == "msg_too_long"
    empty = world.client.api_call("chat.postMessage", json={"channel": "C01STAFF", "text": ""})
    assert await refused(empty) == "no_text"
    with pytest.raises(SlackApiError) as caught:
        await post(channel="C01STAFF", text="x", blocks=[*CARD, *CARD])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "/blocks/1/block_id" in caught.value.response["response_metadata"]["messages"][0]
    wide = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5
    assert await refused(post(channel="C01STAFF", text="x", blocks=wide)) == "msg_blocks_too_long"
    bad = post(channel="C01STAFF", text="x", metadata={"event_type": "x"})
    assert await refused(bad) == "invalid_metadata_format"


async def test_blocks_validate(world):
    await world.client.blocks_validate(blocks=CARD)
    assert await refused(world.client.blocks_validate(blocks=[])) == "invalid_arguments"
    header = [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]
    assert await refused(world.client.blocks_validate(blocks=header)) == "invalid_blocks"


async def test_posting_too_fast_is_429_and_a_moved_clock_refills(start):
    world = await start(clock_moves=True)
    for _ in range(10):
        await world.client.chat_postMessage(channel="C01STAFF", text="x")
    with pytest.raises(SlackApiError) as caught:
        await world.client.chat_postMessage(channel="C01STAFF", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    await world.client.chat_postMessage(channel="C02MANAGERS", text="another channel")
    await world.do("clock", seconds=60)
    await world.client.chat_postMessage(channel="C01STAFF", text="x")


async def test_history_pages_backwards(world):
    stamps = [
        (await world.client.chat_postMessage(channel="C01STAFF", text=str(n)))["ts"]
        for n in range(5)
    ]
    assert stamps == sorted(set(stamps))
    first = await world.client.conversations_history(channel="C01STAFF", limit=2)
    assert [m["text"] for m in first["messages"]] == ["4", "3"]
    second = await world.client.conversations_history(
        channel="C01STAFF", limit=2, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in second["messages"]] == ["2", "1"]
    window = await world.client.conversations_history(
        channel="C01STAFF", oldest=stamps[1], latest=stamps[3], inclusive=True
    )
    assert [m["text"] for m in window["messages"]] == ["3", "2", "1"]


async def test_foreign_hosts_and_origins_are_turned_away(world):
    url = f"{world.sandbox.web_url}do/say"
    async with world.session.post(url, json={}, headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    foreign = {"Origin": "https://evil.example"}
    async with world.session.post(url, json={}, headers=foreign) as response:
        assert response.status == 403
    live = world.sandbox.web_url.replace("http", "ws", 1) + "live?as=U01ANA"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await world.session.ws_connect(live, headers=foreign)


async def test_listing_and_opening_conversations(world):
    listed = await world.client.conversations_list(types="private_channel")
    assert [c["id"] for c in listed["channels"]] == ["C01STAFF", "C02MANAGERS", "C03RESTRICTED"]
    assert await refused(world.client.conversations_list()) == "missing_scope"
    again = await world.client.conversations_open(users=["U02BEN"], return_im=True)
    assert again["already_open"] is True
    assert again["channel"]["user"] == "U02BEN"
    assert await refused(world.client.conversations_open(users="U99")) == "user_not_found"
    assert await refused(world.client.conversations_open(users="U00DESK")) == "cannot_dm_bot"
    assert await refused(world.client.conversations_members(channel="C99")) == "channel_not_found"
    first = await world.client.conversations_members(channel="C01STAFF", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await world.client.conversations_members(channel="C01STAFF", limit=3, cursor=cursor)
    assert (len(first["members"]), rest["members"]) == (3, ["U00DESK"])
    assert rest["response_metadata"]["next_cursor"] == ""
    wrong = world.client.conversations_members(channel="C01STAFF", limit="many")
    assert await refused(wrong) == "invalid_limit"
    thread = world.client.conversations_replies(channel="C01STAFF", ts="1.000001")
    assert await refused(thread) == "thread_not_found"


async def test_bodies_that_are_no_json_are_refused(world):
    url = f"{world.settings['SLACK_API_URL']}chat.postMessage"
    headers = {
        "Authorization": f"Bearer {world.settings['SLACK_BOT_TOKEN']}",
        "Content-Type": "application/json",
    }
    for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        async with world.session.post(url, data=body, headers=headers) as response:
            assert (await response.json())["error"] == error
    form = {"channel": "C01STAFF", "blocks": "[{"}
    headers.pop("Content-Type")
    async with world.session.post(url, data=form, headers=headers) as response:
        assert (await response.json())["error"] == "invalid_blocks_format"
