"""The web page in a real browser, against the real sandbox and a Bolt app as its desk."""

import pytest

from tests.sandbox.browser import STAFF, Stage, actions, button, field, form, option, plain, words

expect = pytest.importorskip("playwright.async_api", reason="Playwright is not here").expect
pytestmark = pytest.mark.asyncio(loop_scope="session")

SHORT = {"type": "plain_text_input"}
LONG = {"type": "plain_text_input", "multiline": True}
CONFIRM = {
    "title": plain("Close it?"),
    "text": plain("The clock stops."),
    "confirm": plain("Close"),
    "deny": plain("Keep"),
}


async def test_a_click_by_keyboard_alone(stage):
    async def claimed(body, client, _):
        message = body["message"]
        blocks = [actions(button("reply", "Reply"), button("claim", "Claim"), block_id="card:2")]
        await client.chat_update(channel=STAFF, ts=message["ts"], text="Claimed", blocks=blocks)

    stage.on_action = claimed
    card = await stage.card(actions(button("claim", "Claim", style="primary")))
    claim = card.get_by_role("button", name="Claim")
    for _ in range(40):
        await stage.tab.keyboard.press("Tab")
        if await claim.evaluate("node => node === document.activeElement"):
            break
    await expect(claim).to_be_focused()
    await stage.tab.keyboard.press("Enter")
    done = await stage.next_action()
    assert (done["action_id"], done["block_id"], done["value"]) == ("claim", "card", "v1")
    await expect(card.get_by_role("button", name="Reply")).to_be_visible()
    await expect(card.get_by_role("button", name="Claim")).to_be_focused()


async def test_a_confirm_dialog_asks_first(stage):
    card = await stage.card(actions(button("close", "Close", confirm=CONFIRM)))
    await card.locator("[data-action-id]").click()
    await expect(stage.test("confirm")).to_contain_text("The clock stops.")
    await expect(stage.test("confirm-no")).to_be_focused()
    await stage.tab.keyboard.press("Escape")
    await expect(stage.test("confirm")).to_have_count(0)
    await expect(card.locator("[data-action-id]")).to_be_focused()
    assert stage.seen.empty()
    await stage.tab.keyboard.press("Enter")
    await stage.test("confirm-yes").click()
    assert (await stage.next_action())["action_id"] == "close"
    assert stage.seen.empty()


async def test_menus_work_with_the_arrow_keys(stage):
    more = {"type": "overflow", "action_id": "more"}
    more["options"] = [option("a", "Assign"), option("b", "Extend"), option("c", "History")]
    pick = {"type": "static_select", "action_id": "pick", "placeholder": plain("Kind")}
    pick["options"] = [option("x", "Access"), option("y", "Deletion")]
    card = await stage.card(
        actions(more, pick, {"type": "users_select", "action_id": "who"}),
    )
    press = stage.tab.keyboard.press
    await card.locator("[data-action-id=more]").focus()
    await press("Enter")
    await press("ArrowDown")
    await press("ArrowDown")
    await press("Escape")
    await expect(stage.test("menu")).to_have_count(0)
    await expect(card.locator("[data-action-id=more]")).to_be_focused()
    assert stage.seen.empty()
    await press("ArrowDown")
    await press("End")
    await press("Enter")
    assert (await stage.next_action())["selected_option"]["value"] == "c"
    await card.locator("[data-action-id=pick]").click()
    await press("d")
    await press("Enter")
    assert (await stage.next_action())["selected_option"] == option("y", "Deletion")
    await expect(card.locator("[data-action-id=pick]")).to_have_text("Deletion")
    await card.locator("[data-action-id=who]").click()
    await stage.test("menu").get_by_role("option", name="Ben Okafor").click()
    assert (await stage.next_action())["selected_user"] == "U02BEN"


async def test_a_form_shows_errors_under_their_blocks(stage):
    ticks = {"type": "checkboxes", "options": [option("a", "Read"), option("b", "Agreed")]}
    stage.on_submit = lambda body: (
        {}
        if body["view"]["state"]["values"]["words"]["v"]["value"] == "fine"
        else {"response_action": "errors", "errors": {"words": "Not like this."}}
    )
    await stage.open_form(
        field("words", "Words", SHORT),
        field("ticks", "Before", ticks),
        field("note", "Note", SHORT, optional=True),
    )
    box = stage.block("words").get_by_role("textbox")
    await expect(box).to_be_focused()
    await stage.tab.keyboard.press("Enter")
    await expect(stage.block("words")).to_contain_text("required")
    await expect(stage.block("ticks")).to_contain_text("required")
    await expect(stage.block("note").get_by_test_id("block-error")).to_have_count(0)
    assert stage.seen.empty()
    await box.fill("no")
    await stage.block("ticks").get_by_label("Agreed").check()
    await stage.test("modal-submit").click()
    values = (await stage.next())["view"]["state"]["values"]
    assert [one["value"] for one in values["ticks"]["v"]["selected_options"]] == ["b"]
    assert values["note"]["v"] == {"type": "plain_text_input", "value": None}
    await expect(stage.block("words").get_by_test_id("block-error")).to_have_text("Not like this.")
    await expect(box).to_have_attribute("aria-invalid", "true")
    await expect(box).to_be_focused()
    await box.fill("fine")
    await stage.tab.keyboard.press("Enter")
    await expect(stage.test("modal")).to_be_hidden()


async def test_an_update_keeps_only_what_kept_its_ids(stage):
    template = {"type": "static_select", "options": [option("proof", "Ask for proof")]}

    def blocks(name, text):
        return [
            field("tpl", "Start from", template, dispatch_action=True, optional=True),
            field(f"body:{name}", "Message", {**LONG, "initial_value": text}),
            field("note", "Note", {**SHORT, "initial_value": f"note for {name}"}),
        ]

    async def act(body, client, _):
        if body["actions"][0]["action_id"] == "open":
            view = form(*blocks("ack", "We got it."))
            await client.views_open(trigger_id=body["trigger_id"], view=view)
        else:
            view, now = form(*blocks("proof", "Who are you?")), body["view"]
            await client.views_update(view_id=now["id"], hash=now["hash"], view=view)

    stage.on_action = act
    await stage.open_form()
    await stage.block("body:ack").get_by_role("textbox").fill("typed by hand")
    await stage.block("note").get_by_role("textbox").fill("mine")
    await stage.block("tpl").get_by_role("button").click()
    await stage.test("menu").get_by_role("option").click()
    await expect(stage.block("body:proof").get_by_role("textbox")).to_have_value("Who are you?")
    await expect(stage.block("note").get_by_role("textbox")).to_have_value("mine")
    await expect(stage.block("tpl").get_by_role("button")).to_have_text("Ask for proof")
    await expect(stage.block("tpl").get_by_role("button")).to_be_focused()


async def test_windows_pile_up_and_hold_the_keyboard(stage):
    stage.on_submit = lambda _: {
        "response_action": "push",
        "view": form({"type": "section", "text": plain("Sure?")}, title="Review"),
    }
    await stage.open_form(field("words", "Words", LONG), close=plain("Back"))
    await stage.block("words").get_by_role("textbox").fill("kept")
    for _ in range(8):
        await stage.tab.keyboard.press("Tab")
        assert await stage.test("modal").evaluate("node => node.contains(document.activeElement)")
    await stage.test("modal-submit").click()
    await expect(stage.test("modal")).to_have_attribute("data-callback-id", "review")
    await stage.test("modal-back").click()
    await expect(stage.block("words").get_by_role("textbox")).to_have_value("kept")
    await stage.tab.keyboard.press("Escape")
    await expect(stage.test("modal")).to_be_hidden()
    assert stage.world.sandbox.parts.modals.stack("U01ANA") == []


async def test_a_window_survives_a_reload_of_the_page(stage):
    await stage.open_form(field("words", "Words", SHORT), title="Still here")
    await stage.tab.reload()
    await expect(stage.test("modal")).to_contain_text("Still here")


async def test_ephemerals_are_for_one_person(stage):
    async def answer(body, client, respond):
        await respond(text="Ben was first. Nothing was changed.")

    stage.on_action = answer
    card = await stage.card(actions(button("claim", "Claim")))
    await card.locator("[data-action-id]").click()
    only = stage.tab.locator("[data-testid=message][data-ephemeral=true]")
    await expect(only).to_contain_text("Only visible to you")
    await expect(only).to_contain_text("Ben was first.")
    await expect(stage.test("announcer")).to_contain_text("Ben was first.")
    await stage.test("person-U02BEN").click()
    await expect(stage.test("person-U02BEN")).to_have_attribute("aria-pressed", "true")
    await expect(card).to_be_visible()
    await expect(only).to_have_count(0)


async def test_commands_and_their_errors(opened, tab):
    world = await opened()
    await tab.goto(world.sandbox.web_url)
    stage = Stage(world, tab)
    box = stage.test("composer")
    await box.fill("/privacy mine")
    await box.press("Enter")
    await expect(stage.test("composer-error")).to_contain_text("app_not_responding")
    await expect(box).to_have_value("/privacy mine")
    await expect(stage.test("desk-state")).to_have_text("Desk not connected")
    await expect(stage.test("clock-plus-1d")).to_be_hidden()
    await world.connect(stage.app)
    await expect(stage.test("desk-state")).to_have_text("Desk connected")
    await box.fill("/privacy assign @Ben Okafor")
    await box.press("Enter")
    assert (await stage.next())["text"] == "assign <@U02BEN|ben>"
    await expect(stage.test("timeline")).to_contain_text("You said assign @Ben Okafor.")
    await expect(box).to_have_value("")
    await expect(stage.test("composer-error")).to_have_text("")


async def test_talk_and_threads(stage):
    box = stage.test("composer")
    await box.fill("<!channel> a & b, @ben")
    await box.press("Enter")
    mine = stage.test("timeline").get_by_test_id("message")
    await expect(mine).to_contain_text("<!channel> a & b, @Ben Okafor")
    await expect(mine.locator(".mention")).to_have_count(1)
    await mine.hover()
    await mine.get_by_test_id("reply-in-thread").click()
    reply = stage.test("composer-thread")
    await expect(reply).to_be_focused()
    await reply.fill("seen")
    await reply.press("Enter")
    await expect(stage.test("thread")).to_contain_text("seen")
    await expect(mine.get_by_test_id("open-thread")).to_contain_text("1 reply")
    await expect(stage.test("timeline").get_by_test_id("message")).to_have_count(1)
    await reply.fill("/privacy mine")
    await reply.press("Enter")
    await expect(stage.test("composer-thread-error")).to_contain_text("not work in threads")


async def test_who_sees_which_channel_and_what_is_new(stage):
    await expect(stage.test("channel-C02MANAGERS")).to_have_count(0)
    await stage.card(words("*digest*"), channel="C03RESTRICTED")
    await expect(stage.test("channel-C03RESTRICTED")).to_contain_text("1 unread")
    await stage.test("channel-C03RESTRICTED").click()
    await expect(stage.test("timeline")).to_contain_text("digest")
    await stage.test(f"channel-{STAFF}").click()
    await expect(stage.test("channel-C03RESTRICTED")).not_to_contain_text("unread")
    await stage.test("person-U03MARA").click()
    await expect(stage.test("channel-C02MANAGERS")).to_be_visible()
    await stage.test("person-U04OLE").click()
    await expect(stage.test(f"channel-{STAFF}")).to_have_count(0)
    await expect(stage.test("timeline")).to_contain_text("without a role")


async def test_the_clock_moves_and_the_days_with_it(stage):
    shown = stage.test("clock-now")
    before = await shown.get_attribute("datetime")
    await stage.card(words("from the first day"))
    await expect(stage.test("timeline")).to_contain_text("Today")
    await stage.test("clock-plus-1d").click()
    await expect(stage.test("timeline")).to_contain_text("Yesterday")
    assert (await shown.get_attribute("datetime"))[:10] > before[:10]
    await stage.test("clock-to-date").click()
    await stage.test("clock-date").fill("2099-07-01T09:00")
    await stage.test("clock-go").click()
    await expect(shown).to_contain_text("Wed 1 Jul 2099, 09:0")
    await stage.test("clock-to-date").click()
    await stage.test("clock-date").fill("2030-01-01T09:00")
    await stage.test("clock-go").click()
    await expect(stage.test("toast")).to_contain_text("forward")


async def test_the_page_comes_back_with_its_sandbox(opened, tab, unused_port):
    world = await opened(web_port=unused_port)
    await world.card()
    await tab.goto(world.sandbox.web_url)
    await expect(tab.get_by_test_id("message")).to_have_count(1)
    await world.sandbox.stop()
    await expect(tab.get_by_test_id("offline")).to_be_visible()
    again = await opened(web_port=unused_port)
    await again.card()
    await expect(tab.get_by_test_id("offline")).to_be_hidden()
    await expect(tab.get_by_test_id("message")).to_have_count(2)


async def test_a_narrow_window_has_the_places_in_a_drawer(stage):
    await stage.tab.set_viewport_size({"width": 390, "height": 800})
    await stage.card(words("wide " * 80), actions(*(button(f"b{n}", "Button") for n in range(9))))
    assert await stage.tab.evaluate("document.documentElement.scrollWidth") == 390
    await expect(stage.test("channel-C03RESTRICTED")).to_be_hidden()
    await stage.tab.get_by_role("button", name="People and channels").click()
    await stage.test("channel-C03RESTRICTED").click()
    await expect(stage.test("channel-C03RESTRICTED")).to_be_hidden()
    await expect(stage.tab.get_by_role("heading", level=1)).to_have_text("privacy-restricted")
