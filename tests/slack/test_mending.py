"""Windows that put things right: a possible breach, a corrected letter, an ending opened again."""

import json

from handlers.handler import Click, Person, Role
from tests.slack.office import MAIL, card_of, offered, reading

ANA = "U01ANA"


async def taken(office, page, kind: str) -> str:
    ref = await office.receive(MAIL, reading(kind))
    await offered(page, "Claim")
    await page.press(ANA, "Claim")
    await page.until(lambda: f"<@{ANA}>" in json.dumps(card_of(page)["blocks"]))
    return ref


async def every_button(page, ref: str, label: str) -> None:
    """Press one of a case's buttons in its window."""
    await page.do("command", **{"as": ANA}, channel="C01STAFF", text=f"/privacy show {ref}")
    await page.until(lambda: label in page.top(ANA))
    await page.press_in_window(ANA, label)


async def test_a_claim_offers_undo_which_puts_it_back(office, page):
    ref = await office.receive(MAIL, reading("question"))
    await offered(page, "Claim")
    await page.press(ANA, "Claim")
    await page.until(lambda: page.whispers(ANA))
    kept = page._sandbox.parts.ephemerals.values()
    (whisper,) = [message for to, _, message in kept if to == ANA]
    assert "Undo" in json.dumps(whisper["blocks"])
    assert (await office.store.case(ref)).assignee == ANA


async def test_a_possible_breach_tells_slack_that_there_is_one_and_no_more(office, page):
    ref = await taken(office, page, "question")
    await every_button(page, ref, "Possible breach")
    await page.until(lambda: "Since when" in page.top(ANA))
    answer = await page.submit(ANA, why="A list of names went astray.")
    assert answer["ok"], answer
    await page.until(lambda: page.messages("C02MANAGERS"))
    await page.until(lambda: "Possible breach" in json.dumps(card_of(page)["blocks"]))
    said = json.dumps([page.messages(c) for c in ("C01STAFF", "C02MANAGERS")])
    assert "72 hours end" in said
    assert "names went astray" not in said


async def test_our_last_letter_is_corrected_by_one_that_names_it(office, page):
    ref = await taken(office, page, "question")
    await every_button(page, ref, "Correct our last letter")
    await page.until(lambda: "Replaces" in page.top(ANA))
    answer = await page.submit(ANA, body="Our last letter was wrong.")
    assert answer["ok"], answer
    assert "Nothing has gone out" in page.top(ANA)


async def test_reopen_asks_what_it_is(office, page):
    ref = await office.receive(MAIL, reading("question", "triage"))
    await offered(page, "Not a request")
    await office.desk.act(_click(await office.store.case(ref)), office.clock.now())
    await offered(page, "Reopen")
    await page.press(ANA, "Reopen")
    await page.until(lambda: "A new ask" in page.top(ANA))
    answer = await page.submit(ANA, how="unfinished")
    assert answer["ok"], answer
    assert not (await office.store.case(ref)).closed


def _click(case) -> Click:
    by = Person(id=ANA, roles=frozenset({Role.STAFF}))
    return Click(ref=case.ref, action="not_a_request", by=by, version=case.version)
