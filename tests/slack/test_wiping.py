"""Some days after a case's end its messages in Slack are tombstones, and managers know the rest."""

import json
from datetime import timedelta

import msgspec
import pytest

from handlers.wiping import standing
from storage.records import Alarm, Commit, OutboxStatus, Status, Wipe
from tests.slack.office import MAIL, card_of, reading

ANA = "U01ANA"
DAY = timedelta(days=1)
CHANNELS = ("C01STAFF", "C02MANAGERS", "D01ANA")


async def a_case(office, page) -> str:
    """With a card that was edited, lines, a direct message and an alarm."""
    ref = await office.receive(MAIL, reading())
    await office.card_stands(ref)
    await page.press(ANA, "Claim")
    await page.until(lambda: f"<@{ANA}>" in json.dumps(card_of(page)["blocks"]))
    case, now = await office.store.case(ref), office.clock.now()
    more = (
        office.desk.line(case, "Due in 5 days.", now),
        office.desk.direct(ANA, "Due in 5 days.", case, now),
        office.desk.message("slack:managers", Alarm(case=ref, text="Late."), now),
    )
    await office.desk.commit("x", "desk", case, now, *more)
    await page.until(lambda: all(page.messages(c) for c in CHANNELS))
    await all_sent(office, ref)
    return ref


async def all_sent(office, ref: str):
    async def look():
        found = await office.store.messages_of(ref)
        slack = [m for m in found if m.lane.startswith("slack")]
        return found if all(m.status is not OutboxStatus.PENDING for m in slack) else None

    return await office.when(look)


async def over(office, ref: str) -> None:
    """The case ended forty days ago, and the day's purge comes."""

    async def close() -> None:
        case, now = await office.store.case(ref), office.clock.now()
        end = {"status": Status.CLOSED, "closed_at": now - 40 * DAY, "closed_by": ANA}
        request = msgspec.structs.replace(case.requests[0], **end)
        after = msgspec.structs.replace(case, requests=(request,), remind_at=None)
        await office.store.commit(Commit(at=now, actor=ANA, act="close", case=ref, puts=(after,)))

    await office.desk.decided(close)
    await office.desk.purge(office.clock.now())


async def wiped(office, ref: str) -> None:
    async def look():
        found = await office.store.messages_of(ref)
        asked = [m for m in found if isinstance(m.content, Wipe)]
        return asked and all(m.status is not OutboxStatus.PENDING for m in asked)

    await office.when(look)


async def test_everything_we_posted_becomes_a_tombstone(office, page):
    ref = await a_case(office, page)
    assert len(standing(await office.store.messages_of(ref))) >= 4
    await over(office, ref)
    await wiped(office, ref)
    left = {c: page.messages(c) for c in CHANNELS}
    (card,) = left["C01STAFF"]
    (alarm,) = left["C02MANAGERS"]
    assert left["D01ANA"] == []
    for each in (card, alarm):
        assert each["text"].startswith(f"{ref} is over. What stood here was wiped on ")
        assert "metadata" not in each
        assert "elements" not in json.dumps(each["blocks"])
    assert standing(await office.store.messages_of(ref)) == ()
    assert (await office.store.case(ref)).card is None


async def test_what_people_wrote_stays_and_managers_learn_where(office, page):
    ref = await a_case(office, page)
    under = card_of(page)["ts"]
    for text in ("Nora rang again", "the ledger is in the cellar", "ask nora@example.org"):
        await page.do("say", **{"as": ANA}, channel="C01STAFF", text=text, thread_ts=under)
    await over(office, ref)
    await wiped(office, ref)
    alarm = await page.until(
        lambda: [m for m in page.messages("C02MANAGERS") if "thread may hold" in m["text"]]
    )
    (said,) = (m["text"] for m in alarm)
    assert "2 messages of ours in its thread may hold personal data" in said
    assert said.count("/archives/C01STAFF/p") == 2
    for strange in ("Nora", "nora@", "cellar"):
        assert strange not in said
    assert [m["text"] for m in page.messages("C01STAFF") if m["user"] == ANA] == [
        "Nora rang again", "the ledger is in the cellar", "ask nora@example.org",
    ]  # fmt: skip
    card = next(m for m in page.messages("C01STAFF") if m["ts"] == under)
    assert "was wiped on" in card["text"]


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message"])
async def test_a_card_that_cannot_be_edited_is_deleted(office, page, error):
    ref = await a_case(office, page)
    under = card_of(page)["ts"]
    await over(office, ref)
    await page.do("answer", method="chat.update", error=error, times=2)
    await wiped(office, ref)
    assert under not in [m["ts"] for m in page.messages("C01STAFF")]


async def test_a_line_that_cannot_be_deleted_is_edited(office, page):
    ref = await a_case(office, page)
    await page.do("answer", method="chat.delete", error="cant_delete_message", times=9)
    await over(office, ref)
    await wiped(office, ref)
    (direct,) = page.messages("D01ANA")
    assert "was wiped on" in direct["text"]


async def test_what_is_gone_already_is_no_fault(office, page, sandbox):
    ref = await a_case(office, page)
    for channel in CHANNELS:
        for message in page.messages(channel):
            change = {"kind": "deleted", "channel": channel, "ts": message["ts"]}
            sandbox.parts.state.record(change)
    await over(office, ref)
    await wiped(office, ref)
    assert await office.store.messages_with(OutboxStatus.DEAD) == ()


async def test_a_card_in_use_again_is_left_alone(office, page):
    """Opened again between the asking and the wiping."""
    ref = await a_case(office, page)
    card = (await office.store.case(ref)).card
    now = office.clock.now()
    wipe = office.desk.message("slack:wipe:C01STAFF", Wipe(case=ref, at=card, root=True), now)
    await office.desk.commit("wipe", "desk", await office.store.case(ref), now, wipe)
    await all_sent(office, ref)
    assert card_of(page)["ts"] == card.ts
    assert "was wiped" not in card_of(page)["text"]
    assert (await office.store.case(ref)).card == card


async def test_a_line_for_a_case_whose_card_was_wiped_is_dropped_without_a_fault(office, page):
    ref = await a_case(office, page)
    await over(office, ref)
    await wiped(office, ref)
    case, now = await office.store.case(ref), office.clock.now()
    await office.desk.commit("x", "desk", case, now, office.desk.line(case, "News.", now))
    await all_sent(office, ref)
    assert not [m for m in page.messages("C01STAFF") if "News." in m["text"]]


async def test_no_log_has_what_was_wiped(office, page, caplog):
    ref = await a_case(office, page)
    await over(office, ref)
    await wiped(office, ref)
    assert "nora" not in caplog.text.lower()
