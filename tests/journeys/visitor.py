"""One person at the demo's page, in a real browser: what they press, and what they see."""

import re
from datetime import datetime
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from handlers.deadlines.working_days import calendar_of, is_working_day

SLOW = 20_000  #: ms: until the desk has answered, on a busy machine


class Visitor:
    """Drives one tab. Every wait is for something to be seen."""

    def __init__(self, tab: Page, pictures: Path | None) -> None:
        self.tab = tab
        self._pictures = pictures

    def test(self, name: str) -> Locator:
        return self.tab.get_by_test_id(name)

    @property
    def timeline(self) -> Locator:
        return self.test("timeline")

    @property
    def window(self) -> Locator:
        return self.test("modal")

    async def picture(self, name: str) -> None:
        """What is on the screen now, where pictures are asked for."""
        if self._pictures is not None:
            await self.tab.screenshot(path=self._pictures / f"{name}.png", animations="disabled")

    # --- where to look ----------------------------------------------------------------------

    async def act_as(self, person: str, channel: str = "C01STAFF") -> None:
        await self.test(f"person-{person}").click()
        await expect(self.test(f"person-{person}")).to_have_attribute("aria-pressed", "true")
        if channel:
            await self.go(channel)

    async def go(self, channel: str) -> None:
        await self.test(f"channel-{channel}").click()
        await expect(self.test(f"channel-{channel}")).to_have_attribute("aria-current", "page")

    def card(self, words: str) -> Locator:
        """The card whose headline holds these words: a kind's title, or a reference."""
        headline = self.tab.locator("h3.block-header", has_text=re.compile(words))
        return self.timeline.get_by_test_id("message").filter(has=headline)

    async def ref(self, words: str) -> str:
        """The reference of the card with these words in its headline."""
        headline = self.card(words).locator("h3.block-header")
        await expect(headline).to_be_visible(timeout=SLOW)
        return (await headline.inner_text()).split()[-1]

    async def thread(self, ref: str) -> Locator:
        """The work log below a card, opened."""
        await self.card(ref).get_by_test_id("open-thread").click()
        return self.test("thread")

    # --- what to press ----------------------------------------------------------------------

    async def press(self, ref: str, label: str) -> None:
        """A button of the card, or an entry of its menu."""
        card = self.card(ref)
        button = named(card, label)
        menu = card.locator("[data-action-id=more]").last
        await expect(button.or_(menu).first).to_be_visible(timeout=SLOW)
        if await button.count():
            await button.click()
            return
        await menu.click()
        await self.test("menu").get_by_role("menuitem", name=label, exact=True).click()

    async def opens(self, words: str) -> Locator:
        """The window, once these words are in it."""
        await expect(self.window).to_contain_text(words, timeout=SLOW)
        return self.window

    async def tick(self, *labels: str) -> None:
        """These boxes and no others; each change draws the window anew."""
        boxes = self.window.locator(".choice")
        for number in range(await boxes.count()):
            label = (await boxes.nth(number).inner_text()).strip()
            box = boxes.nth(number).locator("input")
            if await box.is_checked() == (label in labels):
                continue
            block = self.window.locator("[data-block-id^='f:']").first
            before = await block.get_attribute("data-block-id")
            await box.set_checked(label in labels)
            await expect(block).not_to_have_attribute("data-block-id", before or "", timeout=SLOW)

    async def submit(self) -> None:
        await self.test("modal-submit").click()

    async def close_window(self) -> None:
        await self.test("modal-close").click()
        await expect(self.window).to_be_hidden()

    async def type(self, words: str) -> None:
        """Write in the channel's box and send it."""
        await self.test("composer").fill(words)
        await self.test("composer-send").click()

    async def move_clock(self, step: str) -> None:
        before = await self.now()
        await self.test(f"clock-{step}").click()
        await self.tab.wait_for_function(
            "least => Date.parse(document.querySelector('.clock-now').dateTime) > least",
            arg=(before.timestamp() + 60) * 1000,
        )

    async def next_working_morning(self) -> None:
        """When the digest goes out."""
        calendar = calendar_of("Europe/London")
        await self.move_clock("next-morning")
        while not is_working_day((await self.now()).date(), calendar):
            await self.move_clock("next-morning")

    async def now(self) -> datetime:
        """What the page's clock shows."""
        shown = await self.test("clock-now").get_attribute("datetime")
        return datetime.fromisoformat(shown or "")

    # --- the requesters' side ---------------------------------------------------------------

    async def write_mail(self, address: str, subject: str, body: str) -> None:
        await self.test("write-mail").click()
        await self.test("mail-from").select_option(address)
        await self.test("mail-subject").fill(subject)
        await self.test("mail-body").fill(body)
        await self.test("mail-send").click()
        await expect(self.test("mail-result")).to_contain_text("250", timeout=SLOW)

    async def read_letter(self, address: str, words: str) -> Locator:
        """The newest letter of that mailbox whose text holds these words, opened."""
        await self.test(f"mailbox-{address}").click()
        line = self.test("mail-line").filter(has_text=words).first
        await line.click(timeout=SLOW)
        return self.test("mail-text")


def named(place: Locator, label: str) -> Locator:
    """Buttons by what they show; their names for screen readers say more."""
    return place.locator("button.button", has_text=re.compile(f"^{re.escape(label)}$"))
