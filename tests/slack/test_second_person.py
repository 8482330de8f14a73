"""A letter that needs two persons: asked by direct message, looked at in a window, let go."""

from tests.slack.office import MAIL, card_of, labels, offered, reading

ANA, BEN = "U01ANA", "U02BEN"


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
