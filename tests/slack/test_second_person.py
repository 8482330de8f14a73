"""A letter that needs two persons: asked by direct message, looked at in a window, let go."""

import pytest

from tests.slack.office import MAIL, card_of, labels, offered, reading

ANA, BEN, MARA = "U01ANA", "U02BEN", "U03MARA"


async def asked(office, page) -> str:
    """Ana has written the answer to an access request and wants it to go."""
    ref = await office.receive(MAIL, reading())
    await offered(page, "Claim")
    await page.press(ANA, "Claim")
    await office.prepared(ref)
    await offered(page, "Reply")
    await page.press(ANA, "Reply")
    await page.until(lambda: "body" in page.top(ANA))
    body = "Dear Nora, we looked and found this: you were right."
    answer = await page.submit(ANA, template="answer_access", body=body)
    assert answer["ok"], answer
    assert "Not found in your words" in page.top(ANA)
    answer = await page.submit(ANA, says="yes")
    assert answer["ok"], answer
    await page.until(lambda: "second person" in page.top(ANA))
    await page.do("close", **{"as": ANA}, view_id=page.stack(ANA)[-1]["id"])
    await offered(page, "Second person")
    return ref


async def test_the_one_asked_reads_recipient_and_letter_and_approves(office, page):
    ref = await asked(office, page)
    dms = await page.until(lambda: page.messages("D02BEN") or page.messages("D03MARA"))
    assert ref in dms[-1]["text"]
    assert [letter for letter in office.letters if "you were right" in letter.body] == []
    await page.press(BEN, "Second person")
    await page.until(lambda: "you were right" in page.top(BEN))
    assert "nora@example.org" in page.top(BEN)
    answer = await page.submit(BEN, answer="yes")
    assert answer["ok"], answer
    case = await office.store.case(ref)
    assert case.approvals[0].given_by == BEN
    await offered(page, "Undo")
    await page.until(lambda: "Second person" not in labels(card_of(page)))


async def test_the_same_person_cannot_approve_by_any_form(office, page):
    ref = await asked(office, page)
    await page.press(ANA, "Second person")
    await page.until(lambda: "Take it back" in page.top(ANA))
    assert "Approve: it may go" not in page.top(ANA)
    assert "Alone only" in page.top(ANA)
    answer = await page.submit(ANA, answer="back")
    assert answer["ok"], answer
    assert (await office.store.case(ref)).approvals == ()


@pytest.mark.parametrize("counsel", [(ANA,)])
async def test_a_manager_stands_in_for_counsel_and_sees_that_one_letter(office, page, counsel):
    ref = await office.receive(MAIL, reading("legal_demand"))
    case = await office.store.case(ref)
    channel, _ = office.options.channel(case.circle)
    await offered(page, "Claim", channel)
    await page.press(ANA, "Claim", channel)
    await office.prepared(ref)
    await offered(page, "Reply", channel)
    await page.press(ANA, "Reply", channel)
    await page.until(lambda: "body" in page.top(ANA))
    body = "Please find what you asked for."
    assert (await page.submit(ANA, template="answer_legal", body=body, body2=""))["ok"]
    assert (await page.submit(ANA))["ok"]
    dms = await page.until(lambda: page.messages("D03MARA"))
    assert ref in dms[-1]["text"]
    await page.press(MARA, "Open", "D03MARA")
    await page.until(lambda: "Second person" in page.top(MARA))
    assert "Show message" not in page.top(MARA)
    assert "nora" not in page.top(MARA)
    await page.press_in_window(MARA, "Second person")
    await page.until(lambda: body in page.top(MARA))
    assert (await page.submit(MARA, answer="yes"))["ok"]
    assert (await office.store.case(ref)).approvals[0].given_by == MARA
