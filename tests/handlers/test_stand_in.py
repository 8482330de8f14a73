"""What goes to an authority where there is one counsel: a manager looks, at that alone."""

from datetime import timedelta

import pytest

from handlers.handler import Colleague, Done, Person, Role
from storage.errors import Refused
from storage.records import Alarm, Case, Circle, DirectMessage, OutboxStatus
from tests.handlers.desks import ANA, COUNSEL, COUNSEL_2, GUARD, MAY, NOW, Bench
from tests.handlers.test_linking import changed

#: a manager with no key to counsel's cases
MIA = Person(id="U08MIA", roles=frozenset({Role.STAFF, Role.MANAGER}))
ONE = tuple(Colleague(person=person, present=True) for person in (ANA, COUNSEL, MIA))
AWAY = (*ONE, Colleague(person=COUNSEL_2, present=False))
ROUTE = {"how": "their portal", "when": "3 Nov", "whom": "The registry of the court"}


async def written(bench: Bench, team=ONE, **scope: str) -> Case:
    """Counsel's answer to an authority waits for a second person."""
    said = {"scope": {"basis": "s. 7 of their act", "scope": "logins of May alone"} | scope}
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL, **said)
    form = {"template": "answer_legal", "body": "Please find what you asked for."}
    await bench.click(case, "reply", COUNSEL, request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", COUNSEL, value=draft.id, team=team)
    return await bench.fresh(case)


async def told(bench: Bench, case: Case) -> list[str]:
    return [m.content.person for m in await bench.outbox(case, DirectMessage)]


async def decide(bench: Bench, case: Case, by: Person, answer: str = "yes", why: str = ""):
    form = {"answer": answer, "why": why}
    about = case.approvals[-1].about
    return await bench.click(case, "second_person", by, value=about, form=form)


async def test_with_one_counsel_a_manager_is_asked_and_their_yes_lets_it_go(bench: Bench):
    case = await written(bench)
    assert await told(bench, case) == [MIA.id]
    assert isinstance(await decide(bench, case, MIA), Done)
    case = await bench.fresh(case)
    assert case.approvals[0].given_by == MIA.id
    assert (await bench.outbox(case))[-1].status is OutboxStatus.PENDING


async def test_who_stands_in_sees_recipient_scope_and_letter_and_nothing_else(bench: Bench):
    case = await written(bench)
    form = await bench.form(case, "second_person", MIA, value=case.approvals[0].about)
    shown = " ".join(f"{field.label} {field.initial}" for field in form.fields)
    for wanted in ("rosa@example.org", "identity settled", "logins of May alone", "what you asked"):
        assert wanted in shown
    for other in ("Is it real", "What it is", "Preserve", "Legal hold"):
        assert other not in shown


@pytest.mark.parametrize("action", ["show_message", "history", "claim", "reply", "place", "undo"])
async def test_the_rest_of_the_case_stays_closed_to_who_stands_in(bench: Bench, action: str):
    case = await written(bench)
    with pytest.raises(Refused, match="Only members"):
        await bench.click(case, action, MIA, request=1)
    with pytest.raises(Refused):
        await bench.desk.saw_message(case.ref, MIA, NOW)


async def test_the_journal_tells_that_they_looked_and_what_they_decided(bench: Bench):
    case = await written(bench)
    await bench.form(case, "second_person", MIA, value=case.approvals[0].about)
    await decide(bench, case, MIA)
    entries = [(e.actor, e.act) async for e in bench.store.history(case.ref)]
    assert entries[-2:] == [(MIA.id, "look"), (MIA.id, "second_person")]


async def test_once_decided_nothing_is_open_to_who_stood_in(bench: Bench):
    case = await written(bench)
    about = case.approvals[0].about
    done = await decide(bench, case, MIA)
    assert isinstance(done, Done)
    assert done.back == "", "nor is calling it back"
    with pytest.raises(Refused):
        await bench.form(await bench.fresh(case), "second_person", MIA, value=about)


async def test_who_stands_in_may_send_it_back_with_a_reason(bench: Bench):
    case = await written(bench)
    await decide(bench, case, MIA, "no", "It names an uninvolved person.")
    case = await bench.fresh(case)
    assert case.approvals == ()
    assert case.notes[-1].text == "It names an uninvolved person."


@pytest.mark.parametrize("by", [ANA, COUNSEL])
async def test_neither_staff_nor_the_one_counsel_can_approve_it(bench: Bench, by: Person):
    case = await written(bench)
    with pytest.raises(Refused):
        await decide(bench, case, by)


async def test_two_counsel_come_first_and_a_manager_only_after_hours(bench: Bench):
    case = await written(bench, AWAY)
    assert await told(bench, case) == []
    with pytest.raises(Refused, match="Only members"):
        await decide(bench, case, MIA)
    await bench.desk.remind(NOW + timedelta(hours=4))
    assert await bench.outbox(case, Alarm)
    assert isinstance(await decide(bench, await bench.fresh(case), MIA), Done)


async def test_the_other_counsel_is_asked_where_there_is_one(bench: Bench):
    here = (*ONE, Colleague(person=COUNSEL_2, present=True))
    case = await written(bench, here)
    assert await told(bench, case) == [COUNSEL_2.id]
    assert isinstance(await decide(bench, case, COUNSEL_2), Done)


async def test_where_nobody_knows_who_is_there_no_manager_stands_in_yet(bench: Bench):
    case = await written(bench, None)
    with pytest.raises(Refused, match="Only members"):
        await decide(bench, case, MIA)


async def test_what_went_by_their_own_route_can_be_approved_by_who_stands_in(bench: Bench):
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL)
    await bench.click(case, "routed", COUNSEL, request=1, form=ROUTE, team=ONE)
    case = await bench.fresh(case)
    form = await bench.form(case, "second_person", MIA, value="routed/1")
    assert "The registry of the court" in form.fields[0].label
    await decide(bench, case, MIA)
    await bench.click(await bench.fresh(case), "routed", COUNSEL, request=1, form=ROUTE)
    assert "answer" in (await bench.fresh(case)).requests[0].done


async def test_in_a_case_that_went_to_another_circle_nobody_stands_in(bench: Bench):
    case = await changed(bench, await written(bench), circle=Circle.RESTRICTED)
    with pytest.raises(Refused, match="Only members"):
        await decide(bench, case, MIA)


async def test_a_child_s_case_is_lent_to_no_manager(bench: Bench):
    case = await bench.ready("child_data", GUARD)
    form = {"template": "answer_child", "body": "What we found."}
    await bench.click(case, "reply", GUARD, request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", GUARD, value=draft.id, team=ONE)
    await bench.desk.remind(NOW + timedelta(hours=4))
    with pytest.raises(Refused, match="Only members"):
        await decide(bench, await bench.fresh(case), MAY)
