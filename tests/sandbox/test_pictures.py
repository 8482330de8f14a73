"""Each state of a card on the sandbox's page, in a real browser: nothing is cut off, and pictures
of it for the docs (`--pictures docs/cards`)."""

import asyncio
import json
from pathlib import Path

import pytest

pytest.importorskip("playwright.async_api", reason="Playwright is not here")

import pytest_asyncio
from playwright.async_api import expect

from tests.slack.states import OF_A_KIND, drawn, others

pytestmark = pytest.mark.asyncio(loop_scope="session")
OTHERS = others()
SHEETS = {
    "new-and-claimed": [
        drawn(OF_A_KIND["new"]("access")),
        drawn(OF_A_KIND["claimed"]("deletion")),
        drawn(OF_A_KIND["new"]("child_data")),
        drawn(OF_A_KIND["answered"]("question")),
    ],
    "waiting": [
        drawn(OF_A_KIND[state](kind))
        for state, kind in (
            ("waits for the requester", "correction"),
            ("waits for owners", "deletion"),
            ("waits for approval", "complaint"),
            ("paused", "access"),
        )
    ],
    "dates-and-ends": [
        drawn(OF_A_KIND["due soon"]("access")),
        drawn(OF_A_KIND["overdue"]("correction")),
        drawn(OF_A_KIND["letter going out"]("unsubscribe")),
        drawn(OF_A_KIND["done"]("access")),
        OTHERS["wiped"],
    ],
    "to-sort": [
        OTHERS["triage"],
        OTHERS["looks like bulk mail"],
        OTHERS["held mail"],
        OTHERS["import to sort"],
        OTHERS["restricted placeholder"],
    ],
    "several-requests": [OTHERS["several requests"], OTHERS["ten requests"]],
}


@pytest_asyncio.fixture(loop_scope="session")
async def pictures(request) -> Path | None:
    folder = request.config.getoption("--pictures")
    if folder is not None:
        await asyncio.to_thread(lambda: folder.mkdir(parents=True, exist_ok=True))
    return folder


@pytest.mark.parametrize("name", SHEETS)
async def test_the_page_draws_every_state_whole(stage, pictures, name):
    await stage.tab.set_viewport_size({"width": 980, "height": 700})
    await stage.tab.get_by_test_id("help-close").click()
    for number, message in enumerate(SHEETS[name], 42):
        one = json.loads(json.dumps(message).replace("2026-0042", f"2026-{number:04}"))
        await stage.world.client.chat_postMessage(channel="C01STAFF", **one)
    shown = stage.tab.get_by_test_id("timeline").get_by_test_id("message")
    await expect(shown).to_have_count(len(SHEETS[name]))
    assert await stage.tab.locator(".unknown").count() == 0
    wide = await stage.tab.evaluate(
        "[...document.querySelectorAll('[data-testid=timeline] *')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".filter(e => getComputedStyle(e).overflowX === 'hidden')"
        ".map(e => e.className)"
    )
    assert wide == []
    if pictures is not None:
        height = await stage.tab.get_by_test_id("timeline").evaluate("e => e.scrollHeight")
        await stage.tab.set_viewport_size({"width": 980, "height": height + 210})
        path = pictures / f"{name}.png"
        timeline = stage.tab.get_by_test_id("timeline")
        await timeline.screenshot(path=path, animations="disabled")
