"""A card Slack lets nobody edit is replaced by one that works; the old one points to it."""

import json

import pytest

from tests.slack.conftest import find_action
from tests.slack.office import MAIL, card_of, offered, reading

ANA, BEN = "U01ANA", "U02BEN"


def cards(page) -> list[dict]:
    return [m for m in page.messages("C01STAFF") if "thread_ts" not in m or "reply_count" in m]


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message", "is_inactive"])
async def test_the_old_card_is_dead_and_says_where_the_new_one_is(office, page, error):
    ref = await office.receive(MAIL, reading())
    await offered(page, "Claim")
    old = card_of(page)
    await page.do("answer", method="chat.update", error=error)
    await page.press(ANA, "Claim")
    await page.until(lambda: len(cards(page)) == 2)
    new = cards(page)[-1]
    assert f"<@{ANA}>" in json.dumps(new["blocks"])
    await page.until(lambda: page.whispers(ANA))
    before = await office.card_stands(ref, but=old["ts"])
    for label in ("Claim", "Show message"):
        action = find_action(old["blocks"], label)
        await page.do("click", **{"as": BEN}, channel="C01STAFF", ts=old["ts"], action=action)
    said = await page.until(lambda: w if len(w := page.whispers(BEN)) == 2 else None)
    for each in said:
        assert "out of date" in each
        assert f"/archives/C01STAFF/p{new['ts'].replace('.', '')}|" in each
    assert page.stack(BEN) == []
    assert await office.store.case(ref) == before
    await page.press(ANA, "Confirm")
    await page.until(lambda: page.stack(ANA))


async def test_a_card_that_was_deleted_is_posted_anew_and_works(office, page, sandbox):
    ref = await office.receive(MAIL, reading())
    old = (await office.card_stands(ref)).card
    sandbox.parts.state.record({"kind": "deleted", "channel": old.channel, "ts": old.ts})
    case = await office.store.case(ref)
    now = office.clock.now()
    await office.desk.commit("x", "desk", case, now, await office.desk.refreshed(case, now))
    await office.card_stands(ref, but=old.ts)
    await page.press(ANA, "Claim")
    await page.until(lambda: f"<@{ANA}>" in json.dumps(card_of(page)["blocks"]))
    assert len(cards(page)) == 1
