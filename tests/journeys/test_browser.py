"""The demo as a newcomer meets it: `desk demo` in a process of its own, a browser on its page.

One demo serves all the tests; each works on cases of its own, and the last one moves the clock.
"""

import asyncio
import contextlib
import re
import sys
import time

import pytest
import pytest_asyncio

pytest.importorskip("playwright.async_api", reason="Playwright is not here")

from playwright.async_api import expect

from tests.journeys.visitor import SLOW, Visitor, named
from tests.journeys.world import ANA, BEN, MANAGERS, MARA, OLE

pytestmark = pytest.mark.asyncio(loop_scope="session")
VIEWPORT = {"width": 1280, "height": 860}
FIRST_CARD = (
    25.0  #: seconds from the start of the process; 3 on a quiet machine, and 10 is the promise
)


class Demo:
    """`desk demo` and what it printed before `ready`."""

    def __init__(self, process: asyncio.subprocess.Process, started: float) -> None:
        self.process = process
        self.started = started
        self.said: dict[str, str] = {}

    @property
    def url(self) -> str:
        return self.said["SANDBOX_URL"]

    async def ready(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            name, _, value = line.decode().strip().partition("=")
            if name == "ready":
                return
            self.said[name] = value
        raise AssertionError("desk demo ended before it was ready")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def demo(tmp_path_factory):
    data = tmp_path_factory.mktemp("demo")
    command = (sys.executable, "-m", "bot", "demo", "--data", str(data))
    started = time.monotonic()
    with (data / "errors.txt").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command, "--smtp-port", "0", "--web-port", "0",
            stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        running = Demo(process, started)
        try:
            async with asyncio.timeout(30):
                await running.ready()
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            async with asyncio.timeout(20):
                assert await process.wait() == 0
    log = (data / "errors.txt").read_text()
    assert "ERROR" not in log, log


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(demo, tab, pictures):
    await tab.goto(demo.url)
    return Visitor(tab, pictures)


async def test_the_sample_mails_become_cards_in_seconds(demo, visitor, capsys):
    await expect(visitor.card("PR-").first).to_be_visible(timeout=SLOW)
    took = time.monotonic() - demo.started
    with capsys.disabled():
        sys.stdout.write(f" first card {took:.1f} s after the start of the process ")
    assert took < FIRST_CARD
    for kind in ("^Access request", "^Deletion request", "^Unsubscribe", "^Please sort"):
        await expect(visitor.card(kind).first).to_be_visible(timeout=SLOW)
    said = await visitor.timeline.inner_text()
    assert "n•••@e•••.org" in said
    for strange in ("nora", "Nora", "choir", "What do you know about me"):
        assert strange not in said
    await visitor.picture("01-cards")


async def test_ana_answers_a_request_and_thinks_better_of_it_once(visitor):
    await visitor.act_as(ANA)
    ref = await visitor.ref("^Access request")
    await visitor.press(ref, "Claim")
    await expect(visitor.card(ref)).to_contain_text("Ana Lima", timeout=SLOW)

    await visitor.press(ref, "Show message")
    await visitor.opens("the choir's room")
    await visitor.picture("02-message")
    await visitor.close_window()
    assert "choir" not in await visitor.tab.locator("body").inner_text()

    await visitor.press(ref, "Confirm")
    await visitor.opens("What do they want?")
    await visitor.picture("03-confirm")
    await visitor.submit()
    await visitor.opens("Access request")
    await visitor.picture("04-confirmed")
    await visitor.close_window()

    await visitor.press(ref, "Verify")
    window = await visitor.opens("How")
    await visitor.submit()
    await expect(window.get_by_test_id("block-error")).to_be_visible()
    await window.get_by_label("Settled: They signed in").check()
    await visitor.opens("Note")
    await visitor.picture("05-verify")
    await visitor.submit()
    await visitor.opens("identity is settled")
    await visitor.close_window()
    await visitor.picture("06-verified-card")
    await portrait(visitor, ref)

    await search(visitor, ref)
    await write_and_send(visitor, ref)
    await approved(visitor, ref)
    await visitor.picture("09-sent")
    await visitor.press(ref, "Undo")
    await expect(visitor.timeline).to_contain_text("It is a draft again", timeout=SLOW)
    await visitor.picture("10-undone")
    await expect(named(visitor.card(ref), "Undo")).to_be_hidden(timeout=SLOW)

    await visitor.press(ref, "Reply")
    window = await visitor.opens("Start from")
    await expect(window.locator("textarea").first).to_have_value(
        re.compile("We looked in every system")
    )
    await visitor.submit()
    await visitor.opens("Nothing has gone out")
    await visitor.window.get_by_label("They say it in another way").check()
    await visitor.submit()
    await visitor.opens("a second person has to approve")
    await visitor.close_window()
    await approved(visitor, ref)
    await visitor.picture("11-waiting-card")

    await visitor.move_clock("plus-1h")
    text = await visitor.read_letter("nora@example.org", "from")
    await expect(text).to_contain_text("We looked in every system", timeout=SLOW)
    await visitor.picture("12-letter")
    await visitor.test("mail-line").filter(has_text="Received").last.click()
    await expect(text).to_contain_text("We received your message")
    await visitor.picture("13-acknowledgement")

    await visitor.go("C01STAFF")
    await visitor.press(ref, "Close")
    await visitor.opens("How it ends")
    await visitor.picture("14-close")
    await visitor.submit()
    await visitor.opens("done")
    await visitor.close_window()
    await expect(visitor.timeline).to_contain_text(f"{ref}: fulfilled", timeout=SLOW)
    await visitor.picture("15-closed")


async def portrait(visitor, ref):
    """The README's picture: the channel from its top, one case taken, the next one new."""
    await expect(visitor.card(ref).get_by_test_id("open-thread")).to_contain_text("2 replies")
    await visitor.test("help-close").click()
    await visitor.tab.set_viewport_size(VIEWPORT)
    await visitor.tab.mouse.move(640, 20)
    await visitor.timeline.evaluate("box => { box.scrollTop = 0 }")
    await visitor.tab.evaluate("document.activeElement.blur()")
    await visitor.test("toast").evaluate_all("toasts => toasts.forEach(toast => toast.remove())")
    await visitor.picture("page")


async def search(visitor, ref):
    """Whose data, nothing is deleted meanwhile, and the owners are asked; nobody waits for them."""
    await visitor.press(ref, "Whose data?")
    window = await visitor.opens("Ours, our customer's, or both?")
    await window.get_by_label("Ours: we decide on them").check()
    await visitor.submit()
    await visitor.opens("recorded")
    await visitor.close_window()
    await expect(named(visitor.card(ref), "Deletion stopped")).to_be_visible(timeout=SLOW)
    await visitor.press(ref, "Deletion stopped")
    await visitor.test("confirm-yes").click()
    await expect(named(visitor.card(ref), "Ask owners")).to_be_visible(timeout=SLOW)
    await visitor.press(ref, "Ask owners")
    await visitor.opens("Which systems")
    await visitor.picture("06-ask-owners")
    await visitor.submit()
    await visitor.opens("13 systems asked")
    await visitor.close_window()
    await expect(visitor.card(ref)).to_contain_text("0 of 13 systems answered", timeout=SLOW)
    await visitor.picture("06-asked-card")
    await visitor.type(f"/privacy show {ref}")
    await visitor.opens("Go on without them")
    await named(visitor.window, "Go on without them").click()
    window = await visitor.opens("Why, and what that leaves open")
    await window.locator("input").first.fill("The demo has no owners.")
    await visitor.submit()
    await visitor.opens("goes on without them")
    await visitor.close_window()


async def write_and_send(visitor, ref):
    await visitor.press(ref, "Reply")
    window = await visitor.opens("Start from")
    await visitor.picture("07-reply")
    await window.locator("textarea").first.fill("We looked in every system and found nothing.\n")
    await visitor.submit()
    await visitor.opens("We looked in every system and found nothing.")
    await visitor.picture("08-preview")
    await visitor.submit()
    await expect(visitor.window.get_by_test_id("block-error")).to_be_visible()
    await visitor.window.get_by_label("They say it in another way").check()
    await visitor.submit()
    await visitor.opens("a second person has to approve")
    await visitor.close_window()


async def approved(visitor, ref):
    """Ben looks, says yes, and Ana goes on."""
    await visitor.act_as(BEN)
    await expect(named(visitor.card(ref), "Second person")).to_be_visible(timeout=SLOW)
    await visitor.press(ref, "Second person")
    window = await visitor.opens("What now?")
    await window.get_by_label("Approve: it may go").check()
    await visitor.picture("08-second-person")
    await visitor.submit()
    await visitor.opens("It goes out")
    await visitor.close_window()
    await visitor.act_as(ANA)
    await expect(named(visitor.card(ref), "Undo")).to_be_visible(timeout=SLOW)


async def test_a_wrong_guess_is_corrected_and_a_subscription_ended(visitor):
    await visitor.act_as(ANA)
    ref = await visitor.ref("^Complaint")
    await visitor.press(ref, "Claim")
    await visitor.press(ref, "Confirm")
    await visitor.opens("What do they want?")
    await visitor.tick()
    await visitor.submit()
    await expect(visitor.window.get_by_test_id("block-error")).to_be_visible()
    await visitor.tick("Complaint", "Deletion request")
    await visitor.submit()
    await visitor.opens("Complaint, Deletion request")
    await visitor.close_window()
    await expect(visitor.card(ref)).to_contain_text("Complaint and deletion request", timeout=SLOW)
    await visitor.press(ref, "Correct kind")
    await visitor.opens("What do they want?")
    await visitor.tick("Complaint")
    await visitor.submit()
    await visitor.opens("Complaint.")
    await visitor.close_window()
    await visitor.picture("20-corrected")

    ref = await visitor.ref("^Unsubscribe PR")
    await visitor.press(ref, "Claim")
    await visitor.press(ref, "Confirm")
    await visitor.opens("What do they want?")
    await visitor.submit()
    await visitor.opens("Unsubscribe")
    await visitor.close_window()
    await visitor.press(ref, "Unsubscribe now")
    await expect(visitor.timeline).to_contain_text("on the do-not-mail list", timeout=SLOW)
    await visitor.picture("21-unsubscribed")
    await expect(named(visitor.card(ref), "They confirmed")).to_be_visible(timeout=SLOW)
    await visitor.press(ref, "They confirmed")
    await expect(visitor.timeline).to_contain_text("marketing owner confirms", timeout=SLOW)
    await visitor.move_clock("plus-1w")
    await visitor.press(ref, "Nothing sent since")
    await expect(visitor.timeline).to_contain_text("look whether anything", timeout=SLOW)
    await visitor.press(ref, "Close")
    await visitor.opens("How it ends")
    await visitor.submit()
    await visitor.opens("done")
    await visitor.close_window()
    text = await visitor.read_letter("tom@example.org", "from")
    await expect(text).to_contain_text("do-not-mail list", timeout=SLOW)
    await visitor.picture("22-unsubscribe-letter")


async def test_a_mail_written_on_the_page_becomes_a_card_and_lists_show_it(visitor):
    subject, body = "Mes rendez-vous", "Please send me a copy of the data you hold about me."
    await visitor.write_mail("iris@example.com", subject, body)
    await visitor.picture("30-written")
    await visitor.go("C01STAFF")
    card = visitor.timeline.get_by_test_id("message").filter(has_text="i•••@e•••.com")
    headline = card.locator("h3.block-header")
    await expect(headline).to_contain_text("Access request PR-", timeout=SLOW)
    ref = (await headline.inner_text()).split()[-1]
    await visitor.press(ref, "Claim")
    await expect(visitor.card(ref)).to_contain_text("Ana Lima", timeout=SLOW)

    answers = visitor.timeline.locator("[data-ephemeral=true]")
    for words, seen in (
        ("/privacy mine", ref),
        ("/privacy due", "Due within 7 days"),
        ("/privacy overdue", "Overdue"),
        ("/privacy help", "Only you see the answers"),
        ("/privacy wish", "this list"),
    ):
        await visitor.type(words)
        await expect(answers.last).to_contain_text(seen, timeout=SLOW)
        await visitor.picture(f"31-{words[9:]}")
    await visitor.type(f"/privacy show {ref}")
    await visitor.opens("Hand over")
    await visitor.picture("32-show")
    await visitor.close_window()
    await visitor.type("/privacy show PR-1999-0001")
    await visitor.opens("PR-1999-0001")
    await visitor.picture("33-unknown")
    await visitor.close_window()


async def test_who_may_not_is_told_why(visitor, browser, demo, pictures):
    await visitor.act_as(BEN)
    ref = await visitor.ref("^Question")
    await visitor.type(f"/privacy show {ref}")
    await visitor.opens("Claim")
    context = await browser.new_context(viewport=VIEWPORT)
    ana = Visitor(await context.new_page(), pictures)
    await ana.tab.goto(demo.url)
    await ana.press(ref, "Claim")
    await expect(ana.card(ref)).to_contain_text("Ana Lima", timeout=SLOW)
    await context.close()

    await named(visitor.window, "Claim").click()
    await visitor.opens("Ana Lima")
    await visitor.picture("40-stale")
    await visitor.close_window()
    await visitor.press(ref, "Confirm")
    await visitor.opens("Ana Lima")
    await visitor.picture("41-not-his")
    await visitor.close_window()

    await visitor.act_as(OLE, channel="")
    await expect(visitor.test("channel-C01STAFF")).to_have_count(0)
    await visitor.type("/privacy open")
    await visitor.picture("42-outsider")
    await expect(visitor.tab.locator("#main")).to_contain_text("Only members", timeout=SLOW)


async def test_days_go_by(visitor):
    await visitor.act_as(ANA)
    ref = await visitor.ref("unsubscribe PR")
    await visitor.press(ref, "Claim")
    await expect(visitor.card(ref)).to_contain_text("Ana Lima", timeout=SLOW)
    await visitor.move_clock("plus-1d")
    await visitor.move_clock("plus-1w")
    await visitor.next_working_morning()  # reminders keep people's hours
    await visitor.picture("50-a-week-on")
    thread = await visitor.thread(ref)
    await expect(thread).to_contain_text(re.compile("Due in|Due today"), timeout=SLOW)
    await visitor.picture("51-reminder")
    for _ in range(2):
        await visitor.move_clock("plus-1w")
    await expect(thread).to_contain_text("Overdue by", timeout=SLOW)
    await expect(visitor.card(ref)).to_contain_text("overdue by", timeout=SLOW)
    await visitor.picture("52-overdue")
    await visitor.type("/privacy overdue")
    await expect(visitor.timeline.locator("[data-ephemeral=true]").last).to_contain_text(ref)
    await visitor.picture("53-overdue-list")

    await visitor.act_as(MARA, channel=MANAGERS)
    await visitor.next_working_morning()
    digest = visitor.card("^Privacy requests, ").last
    await expect(digest).to_contain_text(re.compile(r"\d+ overdue"), timeout=SLOW)
    await visitor.picture("54-digest")
