"""Stacks of views: what the acks of forms and clicks in them do."""

import asyncio

from tests.sandbox.conftest import FORM, WAIT

ANA = {"as": "U01ANA"}
OPTIONS = [
    {"text": {"type": "plain_text", "text": name}, "value": name.lower()} for name in ("One", "Two")
]
PICKER = {
    "type": "modal",
    "callback_id": "pick",
    "title": {"type": "plain_text", "text": "Pick"},
    "submit": {"type": "plain_text", "text": "Next"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "template",
            "dispatch_action": True,
            "optional": True,
            "label": {"type": "plain_text", "text": "Start from"},
            "element": {"type": "static_select", "action_id": "v", "options": OPTIONS},
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "v"},
        },
        {
            "type": "input",
            "block_id": "boxes",
            "optional": True,
            "label": {"type": "plain_text", "text": "With it"},
            "element": {"type": "checkboxes", "action_id": "v", "options": OPTIONS},
        },
    ],
}
CHOICE = {
    "type": "static_select",
    "block_id": "template",
    "action_id": "v",
    "selected_option": {"value": "two"},
}


async def opened(world, view):
    trigger = world.sandbox.parts.tickets.trigger("U01ANA")
    return (await world.client.views_open(trigger_id=trigger, view=view))["view"]


def stack(world):
    return [view["callback_id"] for view in world.sandbox.parts.modals.stack("U01ANA")]


async def test_a_choice_in_a_form_updates_it_and_keeps_what_was_typed(world):
    app = world.bolt()
    seen = asyncio.Queue()

    @app.action("v")
    async def chosen(ack, body, client):
        await ack()
        blocks = [PICKER["blocks"][1], {**PICKER["blocks"][2], "block_id": "boxes:two"}]
        new = PICKER | {"blocks": blocks}
        await client.views_update(view_id=body["view"]["id"], view=new)
        seen.put_nowait(body)

    await world.connect(app)
    view = await opened(world, PICKER)
    typed = {
        "note": {"v": {"type": "plain_text_input", "value": "my words"}},
        "boxes": {"v": {"type": "checkboxes", "selected_options": OPTIONS}},
    }
    click = {"view_id": view["id"], "action": CHOICE, "values": typed}
    assert await world.do("click", **ANA, **click) == {"ok": True}
    body = await asyncio.wait_for(seen.get(), 5)
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["actions"][0]["selected_option"] == OPTIONS[1]
    assert body["view"]["state"]["values"]["note"]["v"]["value"] == "my words"
    assert "response_url" not in body
    (now,) = world.sandbox.parts.modals.stack("U01ANA")
    assert now["hash"] != view["hash"]
    assert now["state"]["values"]["note"]["v"]["value"] == "my words"
    assert now["state"]["values"]["boxes:two"]["v"]["selected_options"] == []


async def test_an_option_that_was_not_offered_is_refused(world):
    view = await opened(world, PICKER)
    wrong = CHOICE | {"selected_option": {"value": "three"}}
    answer = await world.do("click", **ANA, view_id=view["id"], action=wrong, values={})
    assert answer == {"ok": False, "error": "invalid_option"}


async def test_push_and_clear_by_ack(world):
    app = world.bolt()

    @app.view("pick")
    async def pick(ack):
        await ack(response_action="push", view=FORM)

    @app.view("reply")
    async def reply(ack):
        await ack(response_action="clear")

    await world.connect(app)
    view = await opened(world, PICKER)
    await world.do("submit", **ANA, view_id=view["id"], values={})
    assert stack(world) == ["pick", "reply"]
    top = world.sandbox.parts.modals.stack("U01ANA")[-1]
    assert (top["previous_view_id"], top["root_view_id"]) == (view["id"], view["id"])
    words = {"words": {"v": {"type": "plain_text_input", "value": "fine"}}}
    assert await world.do("submit", **ANA, view_id=top["id"], values=words) == {"ok": True}
    assert stack(world) == []


async def test_errors_for_a_block_that_is_not_there_are_no_answer(world):
    app = world.bolt()

    @app.view("pick")
    async def pick(ack):
        await ack(response_action="errors", errors={"elsewhere": "No."})

    await world.connect(app)
    view = await opened(world, PICKER)
    answer = await world.do("submit", **ANA, view_id=view["id"], values={})
    assert answer == {"ok": False, "error": "invalid_errors"}
    assert stack(world) == ["pick"]


async def test_an_ack_with_a_broken_view_changes_nothing(world):
    app = world.bolt()

    @app.view("pick")
    async def pick(ack):
        await ack(response_action="update", view=WAIT | {"blocks": []})

    await world.connect(app)
    view = await opened(world, PICKER)
    answer = await world.do("submit", **ANA, view_id=view["id"], values={})
    assert answer["error"] == "invalid_arguments"
    assert "/view/blocks" in answer["response_metadata"]["messages"][0]
    assert stack(world) == ["pick"]


async def test_closing_all_tells_of_each_view_that_asked(world):
    app = world.bolt()
    closed = asyncio.Queue()

    @app.view_closed("pick")
    async def gone(ack, body):
        await ack()
        closed.put_nowait(body["is_cleared"])

    await world.connect(app)
    view = await opened(world, PICKER)
    trigger = world.sandbox.parts.tickets.trigger("U01ANA", view["id"])
    await world.client.views_push(trigger_id=trigger, view=PICKER)
    top = world.sandbox.parts.modals.stack("U01ANA")[-1]
    await world.do("close", **ANA, view_id=top["id"], clear=True)
    assert stack(world) == []
    assert [await asyncio.wait_for(closed.get(), 5) for _ in range(2)] == [True, True]


async def test_closing_works_while_no_desk_is_there(world):
    view = await opened(world, PICKER)
    assert await world.do("close", **ANA, view_id=view["id"]) == {"ok": True}
    assert stack(world) == []
