"""What an owner of a system sees and does: somebody of the company without any role here."""

import json
from datetime import date

import pytest
from msgspec.structs import replace

from bot.slack import asking
from handlers.company import REGISTER
from handlers.owners import ROUNDS
from storage.records import Commit, Query, Round, Status
from tests.slack.conftest import find_action
from tests.slack.office import MAIL, card_of, offered, reading
from tests.waiting import case_when

ANA, OLE, ROOM = "U01ANA", "U04OLE", "D04OLE"
SECRETS = ("nora@", "Nora", "secret subject", "my data")


async def asked(office, page, *systems: str) -> str:
    """Ole owns these systems and is asked about Nora's request."""
    ref = await office.receive(MAIL, reading())
    await offered(page, "Claim")
    await page.press(ANA, "Claim")

    async def ask() -> None:
        now, case = office.clock.now(), await office.store.case(ref)
        this = Round(
            id=1,
            request=1,
            step="owners",
            by=ANA,
            at=now,
            due_on=date(2026, 12, 9),
            search="Nora Example, nora@example.org",
            queries=tuple(Query(system=name, owner=OLE) for name in systems),
        )
        waits = replace(case.requests[0], status=Status.AWAITING_OWNERS, done=("owners",))
        after = replace(case, rounds=(this,), requests=(waits,))
        puts = (
            after,
            await office.desk.refreshed(after, now),
            office.desk.to_owner(OLE, 1, after, now),
        )
        await office.store.commit(Commit(at=now, actor=ANA, act="ask", case=ref, puts=puts))

    await office.desk.decided(ask)
    await page.until(lambda: page.messages(ROOM))
    return ref


def message_of(page):
    return json.dumps(page.messages(ROOM)[-1], ensure_ascii=False)


async def answer(page, label: str, which: int = 0) -> None:
    """Press an answer in the row of one system."""
    message = page.messages(ROOM)[-1]
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    action = find_action([rows[which]], label)
    await page.do("click", **{"as": OLE}, channel=ROOM, ts=message["ts"], action=action)


async def test_the_message_holds_reference_and_date_and_nobodys_name(office, page, message_faults):
    ref = await asked(office, page, "accounts", "billing")
    shown = message_of(page)
    for wanted in (ref, "9 Dec 2026", "Delete nothing yet", "Show who", "Accounts"):
        assert wanted in shown
    assert not [secret for secret in SECRETS if secret in shown]
    assert message_faults(page.messages(ROOM)[-1]) == []


async def test_show_who_opens_for_that_owner_alone_and_is_on_the_record(office, page, view_faults):
    ref = await asked(office, page, "accounts")
    await page.press(OLE, "Show who", ROOM)
    await page.until(lambda: "nora@example.org" in page.top(OLE))
    view = {name: part for name, part in page.stack(OLE)[-1].items() if part is not None}
    assert view_faults(view) == []
    acts = [(e.act, e.actor) async for e in office.store.history(ref)]
    assert ("show_who", OLE) in acts
    assert not [secret for secret in SECRETS if secret in message_of(page)]


async def test_a_button_of_the_card_is_nothing_for_an_owner(office, page):
    ref = await asked(office, page, "accounts")
    message = card_of(page)
    action = find_action(message["blocks"], "Show message")
    await page.do("click", **{"as": OLE}, channel="C01STAFF", ts=message["ts"], action=action)
    assert "my data" not in page.top(OLE)
    assert [e.act async for e in office.store.history(ref)].count("show_message") == 0


async def test_done_is_one_click_and_the_message_shows_it(office, page):
    ref = await asked(office, page, "accounts", "billing")
    await answer(page, "Done")
    await page.until(lambda: ":white_check_mark: done" in message_of(page))
    case = await case_when(office.store, ref, lambda c: len(c.rounds[0].waiting) == 1)
    assert case.rounds[0].queries[0].answer == "done"
    await page.until(lambda: "1 of 2 systems answered" in json.dumps(card_of(page)))
    await answer(page, "Nothing found", 1)
    case = await case_when(office.store, ref, lambda c: not c.rounds[0].waiting)
    assert "heard" in case.requests[0].done
    await answer(page, "Done", 1)  # changed
    await case_when(office.store, ref, lambda c: c.rounds[0].queries[1].answer == "done")


async def test_an_exception_is_asked_its_reason_in_a_window(office, page, view_faults):
    ref = await asked(office, page, "accounts")
    await answer(page, "Exception")
    await page.until(lambda: "What cannot be done" in page.top(OLE))
    view = {name: part for name, part in page.stack(OLE)[-1].items() if part is not None}
    assert view_faults(view) == []
    assert (await page.submit(OLE, reason="A court file."))["ok"]
    case = await case_when(office.store, ref, lambda c: not c.rounds[0].waiting)
    assert case.rounds[0].queries[0].reason == "A court file."
    assert "court file" not in message_of(page)
    assert "court file" not in json.dumps(card_of(page))


async def test_not_mine_goes_to_whom_it_belongs(office, page):
    ref = await asked(office, page, "accounts")
    await answer(page, "Not mine")
    await page.until(lambda: "Whose is it" in page.top(OLE))
    assert (await page.submit(OLE, person="U02BEN"))["ok"]
    await case_when(office.store, ref, lambda c: c.rounds[0].queries[0].owner == "U02BEN")
    await page.until(lambda: "Show who" in json.dumps(page.messages("D02BEN")))
    await page.until(lambda: "asks nothing of you" in message_of(page))


@pytest.mark.parametrize("purpose", ROUNDS)
def test_every_round_fits_a_message_with_the_whole_register(make_case, message_faults, purpose):
    case = make_case("deletion")
    this = Round(
        id=1,
        request=1,
        step="owners",
        purpose=purpose,
        by=ANA,
        at=case.received_at,
        due_on=date(2026, 12, 9),
        queries=tuple(Query(system=system.name, owner=OLE) for system in REGISTER),
    )
    drawn = asking.message(asking.asked_of(replace(case, rounds=(this,)), this, OLE, REGISTER))
    assert message_faults(drawn) == []
    assert len(drawn["blocks"]) == 1 + len(REGISTER)
    few = replace(this, queries=this.queries[: asking.BUTTONS_FOR])
    drawn = asking.message(asking.asked_of(replace(case, rounds=(few,)), few, OLE, REGISTER))
    assert message_faults(drawn) == []
    assert len(drawn["blocks"]) == 1 + 2 * asking.BUTTONS_FOR


async def test_a_long_list_of_systems_is_answered_by_menus(office, page):
    ref = await asked(office, page, *(system.name for system in REGISTER))
    message = page.messages(ROOM)[-1]
    action = find_action(message["blocks"][3:4], "Nothing found")
    await page.do("click", **{"as": OLE}, channel=ROOM, ts=message["ts"], action=action)
    await case_when(office.store, ref, lambda c: c.rounds[0].queries[2].answer == "nothing")
