"""Verify in a window: the address on file is typed there, and stands nowhere else in Slack."""

import json

from tests.slack.office import MAIL, card_of, offered, reading

ANA = "U01ANA"
FILE = "nora.on.file@example.com"


async def test_a_code_is_sent_to_the_address_on_file(office, page):
    ref = await office.receive(MAIL, reading("access"))
    await offered(page, "Claim")
    await page.press(ANA, "Claim")
    await offered(page, "Confirm")
    await page.press(ANA, "Confirm")
    await page.until(lambda: "kinds" in page.top(ANA))
    await page.submit(ANA, kinds="access")
    await offered(page, "Verify")
    await page.press(ANA, "Verify")
    await page.until(lambda: "Address on file" in page.top(ANA))
    answer = await page.submit(ANA, address="no address")
    assert "as it stands in the accounts system" in json.dumps(answer["errors"])
    answer = await page.submit(ANA, address=FILE)
    assert answer["ok"], answer
    assert FILE in page.top(ANA)
    assert "····-····" in page.top(ANA)
    answer = await page.submit(ANA)
    assert answer["ok"], answer
    await offered(page, "Undo")
    assert (await office.store.case(ref)).challenge.address == FILE
    assert FILE not in json.dumps([page.messages("C01STAFF"), page.messages("D01ANA")])


async def test_a_question_has_no_verify(office, page):
    await office.receive(MAIL, reading("question"))
    await offered(page, "Claim")
    await page.press(ANA, "Claim")
    await page.until(lambda: f"<@{ANA}>" in json.dumps(card_of(page)["blocks"]))
    assert "Verify" not in json.dumps(card_of(page)["blocks"])
