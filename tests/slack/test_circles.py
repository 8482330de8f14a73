"""A case about one of us in Slack: nothing of it on the card, and a window only for the others."""

import json

from tests.slack.office import MAIL, card_of, offered, reading

ANA, BEN, MARA = "U01ANA", "U02BEN", "U03MARA"


async def about(office, page, named: str) -> str:
    ref = await office.receive(MAIL, reading("complaint"))
    await offered(page, "Claim")
    await page.do("command", **{"as": ANA}, channel="C01STAFF", text=f"/privacy show {ref}")
    await page.until(lambda: "About one of us" in page.top(ANA))
    await page.press_in_window(ANA, "About one of us")
    await page.until(lambda: "Who is named" in page.top(ANA))
    answer = await page.submit(ANA, named=named)
    assert answer["ok"], answer
    await page.until(lambda: card_of(page, "C02MANAGERS"))
    return ref


async def test_the_card_goes_to_the_managers_and_shows_nothing(office, page):
    ref = await about(office, page, BEN)
    shown = json.dumps(card_of(page, "C02MANAGERS"))
    assert ref in shown
    assert "closed to some of us" in shown
    assert "omplaint" not in shown
    await page.until(lambda: not [m for m in page.messages("C01STAFF") if "omplaint" in str(m)])


async def test_who_is_named_opens_nothing_even_in_the_managers_channel(office, page):
    ref = await about(office, page, MARA)
    await page.press(MARA, "Open", "C02MANAGERS")
    await page.until(lambda: "closed circle" in page.top(MARA))
    await page.do("command", **{"as": MARA}, channel="C02MANAGERS", text="/privacy open")
    said = await page.until(lambda: page.whispers(MARA))
    assert ref not in said[-1]


async def test_who_is_not_named_opens_it(office, page):
    await about(office, page, BEN)
    await page.press(MARA, "Open", "C02MANAGERS")
    await page.until(lambda: "Show message" in page.top(MARA))
