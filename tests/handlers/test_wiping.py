"""What we posted about a case is listed, and taken out of Slack some days after its end."""

from datetime import timedelta

import pytest

from handlers import wiping
from handlers.purging import Purged
from handlers.wiping import standing
from storage.records import (
    Alarm,
    Card,
    Case,
    DirectMessage,
    OutboxMessage,
    OutboxStatus,
    Posted,
    Status,
    ThreadLine,
    Wipe,
)
from tests.handlers.desks import NOW, Bench
from tests.storage.making import a_message, changed, putting

DAY = timedelta(days=1)


def at(ts: str, channel: str = "C01STAFF") -> Posted:
    return Posted(channel=channel, ts=ts)


async def posted(bench: Bench, case: Case) -> dict[str, Posted]:
    """A card edited twice, a line, a direct message and an alarm, all in Slack."""
    ref = case.ref
    contents = {
        "card": (Card(case=ref), at("1.1")),
        "again": (Card(case=ref), at("1.1")),
        "line": (ThreadLine(case=ref, text="due"), at("1.2")),
        "direct": (DirectMessage(person="U01ANA", text="due", case=ref), at("1.3", "D01ANA")),
        "alarm": (Alarm(case=ref, text="late"), at("1.4", "C02MANAGERS")),
    }
    for content, where in contents.values():
        message = bench.desk.message("slack:staff", content, NOW)
        await bench.desk.commit("x", "desk", await bench.fresh(case), NOW, message)
        await bench.desk.sent(message, NOW, posted=where)
    return {name: where for name, (_, where) in contents.items()}


async def ended(bench: Bench) -> Case:
    case = await bench.case("access")
    await posted(bench, case)
    case = await bench.fresh(case)
    over = changed(case.requests[0], status=Status.CLOSED, closed_at=NOW)
    await bench.store.commit(putting(changed(case, requests=(over,)), act="close"))
    return await bench.fresh(case)


async def wipes(bench: Bench, case: Case) -> list[OutboxMessage]:
    return await bench.outbox(case, Wipe)


async def done(bench: Bench, case: Case) -> None:
    for message in await wipes(bench, case):
        await bench.desk.sent(message, NOW, posted=message.content.at)


async def test_every_message_is_listed_once_with_what_it_is(bench):
    case = await bench.case("access")
    await posted(bench, case)
    found = standing(await bench.store.messages_of(case.ref))
    assert [(each.what, each.at.ts, each.root) for each in found] == [
        ("card", "1.1", True),
        ("line", "1.2", False),
        ("direct message", "1.3", False),
        ("alarm", "1.4", True),
    ]


async def test_after_thirty_days_each_is_to_be_wiped_once(bench):
    case = await ended(bench)
    await bench.desk.purge(NOW + 29 * DAY)
    assert await wipes(bench, case) == []
    for days in (30, 31):
        await bench.desk.purge(NOW + days * DAY)
        found = await wipes(bench, case)
        assert sorted(m.content.at.ts for m in found) == ["1.1", "1.2", "1.3", "1.4"]
    assert len({message.lane for message in found}) == 3  # none waits for another channel
    await done(bench, case)
    assert standing(await bench.store.messages_of(case.ref)) == ()
    assert (await bench.fresh(case)).card is None
    await bench.desk.purge(NOW + 32 * DAY)
    assert len(await wipes(bench, case)) == 4


@pytest.mark.parametrize("why", [{"legal_hold": True}, {"answered": True}, {"held": ("m9",)}])
async def test_a_case_that_is_not_over_keeps_its_messages(bench, why):
    case = await ended(bench)
    await bench.store.commit(putting(changed(case, **why)))
    await bench.desk.purge(NOW + 60 * DAY)
    assert await wipes(bench, case) == []


async def test_the_number_of_days_is_a_setting(bench):
    case = await ended(bench)
    bench.desk.policy = changed(bench.desk.policy, slack_days=0)
    await bench.desk.purge(NOW)
    assert len(await wipes(bench, case)) == 4


async def test_looking_wipes_nothing(bench):
    case = await ended(bench)
    await bench.desk.purge(NOW + 40 * DAY, look=True)
    assert await wipes(bench, case) == []


async def test_the_list_outlives_a_slack_that_is_away_but_not_for_ever(bench):
    """Held for a year, then let go: what is to be wiped and destroyed falls on one day."""
    case = await ended(bench)
    await bench.desk.purge(NOW + 100 * DAY)
    assert await bench.store.messages_of(case.ref)  # its content waits
    assert (await bench.fresh(case)).requester
    away = await bench.desk.purge(NOW + 100 * DAY + wiping.PATIENCE)
    assert away == Purged(content=(case.ref,))


async def test_content_goes_as_soon_as_slack_is_clean(bench):
    case = await ended(bench)
    await bench.desk.purge(NOW + 100 * DAY)
    await done(bench, case)
    assert await bench.desk.purge(NOW + 101 * DAY) == Purged(content=(case.ref,))


async def test_what_slack_never_lets_us_wipe_waits_for_a_person_and_holds_up_nothing(bench):
    case = await ended(bench)
    await bench.desk.purge(NOW + 30 * DAY)
    (card, *_) = [m for m in await wipes(bench, case) if m.content.at.ts == "1.1"]
    await bench.desk.give_up(card, "Slack lets us neither edit nor delete that message", NOW)
    await bench.desk.purge(NOW + 31 * DAY)
    assert len(await wipes(bench, case)) == 4
    dead = await bench.store.messages_with(OutboxStatus.DEAD)
    assert [message.id for message in dead] == [card.id]


def test_a_card_that_is_drawn_again_after_a_wipe_stands_again():
    ref, place = "PR-2026-0001", at("1.1")
    card = a_message(case=ref, content=Card(case=ref), posted=place)
    wipe = a_message(case=ref, content=Wipe(case=ref, at=place, root=True), posted=place)
    assert standing([card, wipe]) == ()
    assert [each.at for each in standing([card, wipe, card])] == [place]
