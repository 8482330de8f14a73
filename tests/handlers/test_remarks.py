"""What people write under a card is a note, kept once: in no letter, and gone with the case."""

import asyncio
from datetime import timedelta

import pytest

from handlers.handler import Review
from handlers.remarks import NOTE, Remark, place_of
from storage.records import Alarm, Card, Case, Letter, Posted, Shred
from tests.handlers.desks import ANA, NOW, Bench, a_bench
from tests.storage.making import changed, putting

CARD = Posted(channel="C01STAFF", ts="1.000001")
WORDS = "the ledger of 2019 is in the cellar, quokka"


async def under_a_card(bench: Bench, *kinds: str, posted: Posted = CARD) -> Case:
    case = await bench.case(*kinds)
    (card,) = await bench.outbox(case, Card)
    await bench.desk.sent(card, NOW, posted=posted)
    return await bench.fresh(case)


def said(text: str = WORDS, ts: str = "1.000002", **more: str) -> Remark:
    words = {"by": ANA.id, "under": CARD.ts, "edited": ""} | more
    return Remark(text=text, at=Posted(channel=CARD.channel, ts=ts), **words)


async def notes(bench: Bench, case: Case) -> list[str]:
    return [each.note async for each in bench.store.history(case.ref) if each.act == NOTE]


async def test_a_message_in_the_thread_is_a_note_of_the_case(bench):
    case = await under_a_card(bench)
    kept = await bench.desk.remark(said(), NOW)
    assert kept is not None
    assert (kept.case.ref, kept.holds) == (case.ref, "")
    assert await notes(bench, case) == [WORDS]
    assert await bench.fresh(case) == case  # the buttons mean what they meant


async def test_a_delivery_that_comes_again_is_kept_once_also_at_the_same_moment(bench):
    case = await under_a_card(bench)
    kept = await asyncio.gather(*(bench.desk.remark(said(), NOW) for _ in range(20)))
    assert sum(each is not None for each in kept) == 1
    assert await notes(bench, case) == [WORDS]


async def test_what_was_changed_is_kept_beside_what_stood_there(bench):
    case = await under_a_card(bench)
    await bench.desk.remark(said(), NOW)
    await bench.desk.remark(said("better words", edited="2.0"), NOW)
    assert await notes(bench, case) == [WORDS, "better words"]


async def test_other_threads_are_nobodys_case(bench):
    await under_a_card(bench)
    assert await bench.desk.remark(said(under="9.000009"), NOW) is None


async def test_under_an_alarm_and_under_a_card_that_was_replaced(bench):
    case = await under_a_card(bench)
    alarm = bench.desk.message("slack:managers", Alarm(case=case.ref, text="late"), NOW)
    card = bench.desk.message("slack:staff", Card(case=case.ref), NOW)
    await bench.desk.commit("x", "desk", case, NOW, alarm, card)
    place = Posted(channel="C02MANAGERS", ts="3.1")
    await bench.desk.sent(alarm, NOW, posted=place)
    await bench.desk.sent(card, NOW, posted=Posted(channel="C01STAFF", ts="4.1"))
    here = Remark(by=ANA.id, text="seen", at=changed(place, ts="3.2"), under="3.1")
    assert (await bench.desk.remark(here, NOW)).case.ref == case.ref
    assert (await bench.desk.remark(said(), NOW)).case.ref == case.ref


async def test_a_name_from_the_case_is_told(bench):
    await under_a_card(bench)
    kept = await bench.desk.remark(said("rosa example wants it"), NOW)
    assert kept.holds == "a name from the case"


@pytest.mark.parametrize("kind", ["access", "deletion", "correction", "question"])
async def test_no_letter_is_made_of_it(bench, kind):
    """The whole way to the answer, with a note before each letter."""
    case = await bench.case(kind)
    (card,) = await bench.outbox(case, Card)
    await bench.desk.sent(card, NOW, posted=CARD)
    await bench.desk.remark(said(), NOW)
    case = await bench.walk(case)
    await bench.desk.remark(said(ts="1.000003"), NOW)
    form = await bench.form(case, "reply", request=1)
    filled = {field.name: field.initial for field in form.fields}
    answer = await bench.click(case, "reply", request=1, form=filled | {"body": "Our answer."})
    assert isinstance(answer, Review), answer
    await bench.click(answer.case, "send", value=answer.letter)
    await bench.deliver(case, NOW + timedelta(hours=1))
    letters = [m.content for m in await bench.store.messages_of(case.ref)]
    written = "".join(f"{x.subject} {x.body}" for x in letters if isinstance(x, Letter))
    assert "Our answer." in written
    assert "quokka" not in written + answer.body + answer.english
    assert await notes(bench, case) == [WORDS, WORDS]


async def test_it_is_sealed_with_the_case_and_goes_with_it(tmp_path):
    async with a_bench(tmp_path) as bench:
        case = await under_a_card(bench)
        await bench.desk.remark(said(), NOW)
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"quokka" not in kept
    async with a_bench(tmp_path) as bench:
        assert await notes(bench, case) == [WORDS]
        shreds = (Shred(life="content", key=case.ref),)
        await bench.store.commit(putting(case, act="purge", case=case.ref, shreds=shreds))
        assert await notes(bench, case) == [""]
        assert await bench.store.mark(place_of(CARD)) is None
        assert await bench.desk.remark(said(ts="1.000009"), NOW) is None
