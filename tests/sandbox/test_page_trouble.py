"""The page's switch for a Slack that is away, and the blocks that draw figures and files."""

import pytest

pytest.importorskip("playwright.async_api", reason="Playwright is not here")

from playwright.async_api import expect

from tests.sandbox.browser import words

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHART = {
    "type": "data_visualization",
    "title": "Open requests by days left",
    "chart": {
        "type": "bar",
        "series": [{"name": "Open", "data": [{"label": "0-7", "value": 3}]}],
        "axis_config": {"categories": ["0-7"], "x_label": "Days", "y_label": "Requests"},
    },
}


async def test_slack_is_switched_away_and_back(stage):
    switch = stage.test("slack-away")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(stage.test("slack-gone")).to_be_visible()
    assert stage.world.sandbox.parts.trouble.away
    await stage.test("composer").fill("hello?")
    await stage.test("composer-send").click()
    await expect(stage.tab.get_by_text("Slack is away: nothing gets through")).to_be_visible()
    await switch.click()
    await expect(stage.test("slack-gone")).to_be_hidden()
    assert not stage.world.sandbox.parts.trouble.away


async def test_a_chart_tells_its_numbers_as_text_and_a_file_its_name(stage):
    parts = stage.world.sandbox.parts
    await stage.world.client.chat_postMessage(
        channel="C01STAFF", text="Open requests", blocks=[words("*Today*"), CHART]
    )
    chart = stage.test("chart")
    await expect(chart).to_contain_text("Open requests by days left")
    await expect(chart.get_by_role("row")).to_have_text("0-73")
    (message,) = parts.workspace.messages["C01STAFF"].values()
    shown = message | {"files": [{"id": "F1", "name": "open.png"}]}
    parts.state.record({"kind": "message", "channel": "C01STAFF", "message": shown})
    await expect(stage.test("files")).to_have_text("open.png")
