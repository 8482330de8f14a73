"""Home and the menu of a message on the page, in a real browser."""

import pytest

from tests.sandbox.browser import actions, button, form, words

expect = pytest.importorskip("playwright.async_api", reason="Playwright is not here").expect
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_home_is_drawn_when_it_is_opened_and_again_when_it_changes(stage):
    @stage.app.event("app_home_opened")
    async def opened(event, client):
        home = {"type": "home", "blocks": [words("*Your queue*"), actions(button("go", "Go on"))]}
        await client.views_publish(user_id=event["user"], view=home)

    async def pressed(body, client, _):
        home = {"type": "home", "blocks": [words("*Page 2*")]}
        await client.views_publish(user_id=body["user"]["id"], view=home)

    stage.on_action = pressed
    await stage.test("home-tab").click()
    home = stage.test("home")
    await expect(home).to_contain_text("Your queue")
    await home.get_by_role("button", name="Go on").click()
    assert (await stage.next())["view"]["type"] == "home"
    await expect(home).to_contain_text("Page 2")
    await stage.test("person-U02BEN").click()
    await expect(home).to_contain_text("Your queue")


async def test_the_menu_of_a_message_offers_the_shortcut(stage):
    @stage.app.shortcut("make_request")
    async def made(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form(words("Its words")))
        stage.seen.put_nowait(body)

    card = await stage.card(words("A call came"))
    await card.hover()
    await card.get_by_test_id("message-more").click()
    await stage.test("menu").get_by_role("menuitem", name="Make this a privacy request").click()
    body = await stage.next()
    assert (body["type"], body["message"]["text"]) == ("message_action", "Card")
    await expect(stage.test("modal")).to_contain_text("Its words")
