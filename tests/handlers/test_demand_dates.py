"""The authority's own date: typed by hand, and moved later by nobody alone."""

from datetime import date
from typing import Any

import pytest

from handlers import approvals
from handlers.handler import Answer, Colleague, Done, Faults, Person, Role
from storage.records import Case, DirectMessage, Request
from tests.handlers.desks import COUNSEL, COUNSEL_2, DAY, NOW, Bench

TEAM = tuple(Colleague(person=person, present=True) for person in (COUNSEL, COUNSEL_2))
BOTH = Person(id=COUNSEL.id, roles=frozenset({Role.COUNSEL, Role.STAFF}))
LATER = {"due_on": "2026-12-18", "why": "They gave us more time by letter."}


async def demanded(bench: Bench, **typed: str) -> Case:
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL, until="date")
    if typed:
        await bench.click(case, "their_date", COUNSEL, request=1, form=typed)
    return await bench.fresh(case)


async def enter(bench: Bench, case: Case, form: dict[str, str], **said: Any) -> Answer:
    case = await bench.fresh(case)
    return await bench.click(case, "their_date", COUNSEL, request=1, form=form, **said)


async def entered_anew(bench: Bench, case: Case, form: dict[str, str], **said: Any) -> Answer:
    """The step is taken again, with another date."""
    await bench.click(case, "again", COUNSEL, request=1, form={"step": "date"})
    return await enter(bench, case, form, **said)


async def request_of(bench: Bench, case: Case) -> Request:
    return (await bench.fresh(case)).requests[0]


async def test_without_a_date_it_is_due_in_one_working_day_and_says_enter_their_date(bench: Bench):
    case = await demanded(bench)
    (request,) = case.requests
    assert request.due.rule.startswith("DESK-DEMAND")
    assert request.due.due_on == date(2026, 11, 4)
    _, offers = await bench.desk.offers(case.ref)
    assert (offers[0].label, offers[0].style) == ("Enter their date", "primary")


async def test_the_date_is_typed_by_hand_and_nothing_computes_it(bench: Bench):
    case = await demanded(bench)
    assert isinstance(await enter(bench, case, {"due_on": "soon"}), Faults)
    assert isinstance(await enter(bench, case, {"due_on": "2026-11-22"}), Done)
    due = (await request_of(bench, case)).due
    assert (due.due_on, due.aim_on) == (date(2026, 11, 22), date(2026, 11, 20))


async def test_a_day_that_has_passed_is_refused_with_the_way_out(bench: Bench):
    case = await demanded(bench)
    answer = await enter(bench, case, {"due_on": "2026-11-02"})
    assert isinstance(answer, Faults)
    assert "if it is their true date" in answer.fields["due_on"]
    assert isinstance(await enter(bench, case, {"due_on": "2026-11-03"}), Done), "today has not"


async def test_a_true_date_that_has_passed_is_confirmed_and_overdue_at_once(bench: Bench):
    case = await demanded(bench)
    form = {"due_on": "2026-10-30", "passed": "yes"}
    assert isinstance(await enter(bench, case, form), Done)
    case = await bench.fresh(case)
    assert case.overdue(NOW.date())
    assert case.remind_at is not None
    assert case.remind_at <= NOW + DAY


async def test_an_earlier_date_counts_at_once(bench: Bench):
    case = await demanded(bench, due_on="2026-12-01")
    assert isinstance(await entered_anew(bench, case, {"due_on": "2026-11-20"}), Done)
    assert (await request_of(bench, case)).due.due_on == date(2026, 11, 20)
    assert not (await bench.fresh(case)).approvals


async def test_a_later_date_needs_a_reason_and_a_second_person(bench: Bench):
    case = await demanded(bench, due_on="2026-12-01")
    bare = await entered_anew(bench, case, {"due_on": LATER["due_on"]}, team=TEAM)
    assert isinstance(bare, Faults)
    assert "01 Dec 2026" in bare.fields["why"]
    await enter(bench, case, LATER, team=TEAM)
    assert (await request_of(bench, case)).due.due_on == date(2026, 12, 1), "until it is agreed"
    waits = await bench.fresh(case)
    told = [m.content.person for m in await bench.outbox(case, DirectMessage)]
    assert told == [COUNSEL_2.id]
    form = await bench.form(waits, "second_person", COUNSEL_2, value="date/1")
    assert "They gave us more time" in form.fields[0].label
    assert "Due 01 Dec 2026" in form.fields[0].label
    await bench.second(waits)
    await enter(bench, case, LATER)
    request = await request_of(bench, case)
    assert (request.due.due_on, "date" in request.done) == (date(2026, 12, 18), True)
    case = await bench.fresh(case)
    assert (case.approvals, case.taken[-1].second) == ((), COUNSEL_2.id)


async def test_a_yes_to_one_later_date_is_none_to_another(bench: Bench):
    case = await demanded(bench, due_on="2026-12-01")
    await entered_anew(bench, case, LATER)
    await bench.second(await bench.fresh(case))
    await enter(bench, case, LATER | {"due_on": "2027-01-31"})
    assert (await request_of(bench, case)).due.due_on == date(2026, 12, 1)
    assert approvals.pending(await bench.fresh(case))


@pytest.mark.parametrize("kinds", ["question", "access"])
async def test_correcting_the_kind_and_back_is_no_way_around_it(bench: Bench, kinds: str):
    case = await demanded(bench, due_on="2026-12-01")
    for chosen in (kinds, f"{kinds} legal_demand"):
        await bench.click(await bench.fresh(case), "confirm", BOTH, form={"kinds": chosen})
        await bench.click(await bench.fresh(case), "claim", BOTH)
    case = await bench.fresh(case)
    number = next(r.id for r in case.requests if r.kind == "legal_demand")
    answer = await bench.click(
        case, "their_date", BOTH, request=number, form={"due_on": LATER["due_on"]}
    )
    assert isinstance(answer, Faults)
