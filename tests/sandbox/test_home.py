"""The Home tab, shortcuts, user groups, guests: what the app is told and what it may publish."""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError

HOME = {
    "type": "home",
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Your queue*"}},
        {
            "type": "actions",
            "block_id": "home:1",
            "elements": [
                {
                    "type": "button",
                    "action_id": "next",
                    "text": {"type": "plain_text", "text": "Next"},
                    "value": "2",
                }
            ],
        },
    ],
}
NEXT = {"type": "button", "action_id": "next", "block_id": "home:1"}


async def refusal(call) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def test_home_is_asked_for_published_and_clicked(world):
    app, seen = world.bolt(), asyncio.Queue()

    @app.event("app_home_opened")
    async def opened(event, client):
        await client.views_publish(user_id=event["user"], view=HOME)
        seen.put_nowait(event)

    @app.action("next")
    async def clicked(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=window())
        seen.put_nowait(body)

    await world.connect(app)
    page = await world.page("U01ANA")
    assert (await page.next("state"))["home"] is None
    assert (await world.do("home", **{"as": "U01ANA"}))["ok"]
    view = (await page.next("home"))["view"]
    event = await asyncio.wait_for(seen.get(), 5)
    assert (event["tab"], event["channel"]) == ("home", "D01ANA")
    assert view["type"] == "home"
    await world.do("click", **{"as": "U01ANA"}, view_id=view["id"], action=NEXT)
    body = await asyncio.wait_for(seen.get(), 5)
    assert body["view"]["type"] == "home"
    assert "channel" not in body
    assert "response_url" not in body
    assert (await page.next("views", lambda e: e["stack"]))["stack"][0]["type"] == "modal"
    await page.close()


def window():
    title = {"type": "plain_text", "text": "Window"}
    return {"type": "modal", "title": title, "blocks": HOME["blocks"][:1]}


async def test_a_home_that_changed_meanwhile_is_a_conflict(world):
    first = (await world.client.views_publish(user_id="U01ANA", view=HOME))["view"]
    second = (await world.client.views_publish(user_id="U01ANA", view=HOME, hash=first["hash"]))[
        "view"
    ]
    assert second["id"] == first["id"]
    again = world.client.views_publish(user_id="U01ANA", view=HOME, hash=first["hash"])
    assert await refusal(again) == "hash_conflict"
    await world.client.views_publish(user_id="U01ANA", view=HOME)


async def test_home_is_as_strict_as_a_window(world):
    publish = world.client.views_publish
    line = HOME["blocks"][0]
    title = {"type": "plain_text", "text": "Title"}
    for wrong in (
        {**HOME, "type": "modal"},
        {**HOME, "title": title},
        {**HOME, "blocks": [line] * 101},
        {**HOME, "blocks": [{"type": "alert", "text": title}]},
    ):
        assert await refusal(publish(user_id="U01ANA", view=wrong)) == "invalid_arguments"
    assert await refusal(publish(user_id="U00DESK", view=HOME)) == "user_not_found"
    assert (await world.client.blocks_validate(view=HOME))["ok"]


async def test_a_shortcut_brings_the_message_and_a_trigger(world):
    app, seen = world.bolt(), asyncio.Queue()

    @app.shortcut("make_request")
    async def made(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=window())
        seen.put_nowait(body)

    await world.connect(app)
    await world.do("say", **{"as": "U02BEN"}, channel="C01STAFF", text="Somebody called.")
    (said,) = world.sandbox.parts.workspace.messages["C01STAFF"].values()
    act = {"as": "U01ANA", "channel": "C01STAFF", "ts": said["ts"]}
    assert (await world.do("shortcut", **act, callback_id="make_request"))["ok"]
    body = await asyncio.wait_for(seen.get(), 5)
    assert body["message"]["text"] == "Somebody called."
    assert body["message"]["user"] == "U02BEN"
    assert body["user"]["id"] == "U01ANA"
    unknown = await world.do("shortcut", **act, callback_id="other")
    assert unknown["error"] == "shortcut_not_found"
    outside = await world.do("shortcut", **{**act, "as": "U04OLE"}, callback_id="make_request")
    assert outside["error"] == "not_in_channel"


async def test_guests_and_people_from_elsewhere_are_told_apart(world):
    gus = {"id": "U05GUS", "name": "gus", "real_name": "Gus Guest", "title": "", "role": "staff"}
    await world.do("person", person={**gus, "is_guest": True})
    assert (await world.client.users_info(user="U05GUS"))["user"]["is_restricted"]
    await world.do("person", person={**gus, "team": "T09ELSEWHERE"})
    there = (await world.client.users_info(user="U05GUS"))["user"]
    assert (there["team_id"], there["is_stranger"]) == ("T09ELSEWHERE", True)


async def test_user_groups_need_a_scope_a_paid_plan_and_a_known_group(world):
    asked = world.client.usergroups_users_list
    assert await refusal(asked(usergroup="S01STAFF")) == "no_such_subteam"
    await world.do("group", group="S01STAFF", members=["U01ANA"])
    assert (await asked(usergroup="S01STAFF"))["users"] == ["U01ANA"]
    await world.do("app", paid=False)
    assert await refusal(asked(usergroup="S01STAFF")) == "plan_upgrade_required"
    await world.do("app", scopes=["chat:write"])
    assert await refusal(asked(usergroup="S01STAFF")) == "missing_scope"
    await world.do("app", gone=["usergroups.users.list"])
    assert await refusal(asked(usergroup="S01STAFF")) == "unknown_method"
