"""A real browser on the real page, with the blocks the tests put there."""

import asyncio
import re
import shutil

import pytest
import pytest_asyncio

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
STAFF = "C01STAFF"


def plain(text, emoji=True):
    return {"type": "plain_text", "text": text, "emoji": emoji}


def words(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def option(value, label):
    return {"text": plain(label), "value": value}


def button(action, label, **more):
    return {"type": "button", "action_id": action, "text": plain(label), "value": "v1", **more}


def actions(*elements, block_id="card"):
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def field(block_id, label, element, **more):
    element = {"action_id": "v", **element}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        **more,
    }


def form(*blocks, title="Reply", **more):
    return {
        "type": "modal",
        "callback_id": title.lower(),
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **more,
    }


class Stage:
    """A browser tab on the page, and the desk that answers it."""

    def __init__(self, world, tab):
        self.world = world
        self.tab = tab
        self.app = world.bolt()
        self.seen = asyncio.Queue()
        self.on_action = None
        self.on_submit = None

        @self.app.action(re.compile(".*"))
        async def action(ack, body, client, respond):
            await ack()
            self.seen.put_nowait(body)
            if self.on_action:
                await self.on_action(body, client, respond)

        @self.app.view(re.compile(".*"))
        async def view(ack, body):
            self.seen.put_nowait(body)
            await ack(**(self.on_submit(body) if self.on_submit else {}))

        @self.app.command("/privacy")
        async def command(ack, body):
            self.seen.put_nowait(body)
            await ack(f"You said {body['text']}.")

    async def next(self):
        return await asyncio.wait_for(self.seen.get(), 5)

    async def next_action(self):
        return (await self.next())["actions"][0]

    async def card(self, *blocks, channel=STAFF, **more):
        answer = await self.world.client.chat_postMessage(
            channel=channel, text="Card", blocks=list(blocks) or None, **more
        )
        return self.message(answer["ts"])

    def message(self, ts):
        timeline = self.tab.get_by_test_id("timeline")
        return timeline.locator(f"[data-testid=message][data-ts='{ts}']")

    def test(self, name):
        return self.tab.get_by_test_id(name)

    async def open_form(self, *blocks, **more):
        """Put a card whose button opens the form, press it, and wait for the window."""

        async def show(body, client, _):
            if body["actions"][0]["action_id"] == "open":
                await client.views_open(trigger_id=body["trigger_id"], view=form(*blocks, **more))

        self.on_action = self.on_action or show
        card = await self.card(actions(button("open", "Open")))
        await card.get_by_role("button", name="Open").click()
        await self.next()
        await self.test("modal").wait_for()

    def block(self, block_id):
        return self.test("modal").locator(f"[data-block-id='{block_id}']")

    async def run(self, script):
        """Call a module of the page in the page."""
        return await self.tab.evaluate(f"async () => {{ {script} }}")


# One loop, one driver and one browser for all: starting them takes longer than most tests.
shared = pytest_asyncio.fixture(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium found on this machine")
    playwright = pytest.importorskip("playwright.async_api", reason="Playwright is not here")
    playwright.expect.set_options(timeout=5000)
    async with playwright.async_playwright() as tools:
        made = await tools.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        await made.close()


@shared
async def tab(browser):
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(5000)
    page = await context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_fault(line) else None)
    yield page
    await context.close()
    assert not faults


@shared
async def opened(opener, tmp_path):
    """As `start`, in the browser's loop."""
    async with opener(tmp_path) as run:
        yield run


@shared
async def stage(opened, tab):
    world = await opened(clock_moves=True)
    made = Stage(world, tab)
    await world.connect(made.app)
    await tab.goto(world.sandbox.web_url)
    await made.test("desk-state").get_by_text("Desk connected").wait_for()
    return made


def _is_fault(line):
    """An error of the page itself; a sandbox that is away is no fault of it."""
    return line.type == "error" and "ERR_CONNECTION_REFUSED" not in line.text
