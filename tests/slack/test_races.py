"""Two people at once, 200 times; deliveries that come twice; Slack that asks for a rest."""

import asyncio

from bot.sandbox import payloads
from bot.sandbox.acts import _sender
from bot.slack.buttons import action_id
from bot.slack.pointers import Pointer, encoded
from handlers.handler import Offer
from tests.slack.office import MAIL, offered, reading

ANA, BEN = "U01ANA", "U02BEN"
PAIRS = 200


def click(sandbox, who: str, ref: str, version: int, ts: str) -> dict:
    """A press of a card's Claim, as Slack delivers it."""
    parts = sandbox.parts
    user, channel = parts.workspace.users[who], parts.workspace.channels["C01STAFF"]
    url = parts.response_url("actions", parts.tickets.url(who, channel.id, ts, None))
    pointer = Pointer(ref=ref, version=version, action="claim")
    done = {
        "type": "button",
        "action_id": action_id(Offer(action="claim", label="Claim")),
        "block_id": "do",
        "action_ts": f"{ts}.{who}",
        "value": encoded(pointer),
    }
    sender = _sender(parts, user, url=url)
    return payloads.message_click(sender, channel, {"ts": ts}, done, ephemeral=False)


async def test_two_people_in_the_same_millisecond_two_hundred_times(office, page, sandbox):
    refs = [await office.receive(MAIL, reading()) for _ in range(PAIRS)]

    async def both(number: int, ref: str) -> None:
        version = (await office.store.case(ref)).version
        first, second = (ANA, BEN) if number % 2 else (BEN, ANA)
        presses = (click(sandbox, who, ref, version, f"7.{number:06}") for who in (first, second))
        send = sandbox.parts.desk.send
        await asyncio.gather(*(send("interactive", press) for press in presses))

    await asyncio.gather(*(both(number, ref) for number, ref in enumerate(refs)))
    await page.until(lambda: sum(len(page.whispers(w)) for w in (ANA, BEN)) == 2 * PAIRS, 60)
    won = {ref: (await office.store.case(ref)).assignee for ref in refs}
    for ref, winner in won.items():
        loser = BEN if winner == ANA else ANA
        told = [text for text in page.whispers(loser) if ref in text]
        assert told == [f"{ref} was taken by <@{winner}> before you. Nothing was changed."]
        claims = [e.actor async for e in office.store.history(ref) if e.act == "claim"]
        assert claims == [winner]


async def test_a_click_that_is_delivered_again_is_done_once(office, page, sandbox):
    ref = await office.receive(MAIL, reading())
    case = await office.card_stands(ref)
    press = click(sandbox, ANA, ref, case.version, case.card.ts)
    for _ in range(3):
        await sandbox.parts.desk.send("interactive", press)
    await page.until(lambda: page.whispers(ANA))
    await office.receive(MAIL, reading("question"))
    await offered(page, "Claim")
    assert len(page.whispers(ANA)) == 1
    claims = [e.actor async for e in office.store.history(ref) if e.act == "claim"]
    assert claims == [ANA]


async def test_a_window_that_slack_holds_up_fills_when_it_may(office, page):
    await office.receive(MAIL, reading())
    await offered(page, "Show message")
    await page.do("answer", method="views.update", retry_after=1)
    await page.press(ANA, "Show message")
    await page.until(lambda: "Please send me my data" in page.top(ANA))


async def test_a_click_that_slack_will_not_open_a_window_for_is_answered(office, page):
    await office.receive(MAIL, reading())
    await offered(page, "Show message")
    await page.do("answer", method="views.open", retry_after=7)
    await page.press(ANA, "Show message")
    (said,) = await page.until(lambda: page.whispers(ANA))
    assert said == "Slack asks for 8 seconds. Look at the card before you try again."
    assert page.whispers(BEN) == []
