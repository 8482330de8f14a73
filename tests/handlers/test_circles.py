"""Closed circles: a case about one of us, and whom it is closed to."""

import pytest

from handlers.handler import Colleague, Done, Faults, Person, Role
from storage.errors import Refused
from storage.records import Case, Circle, DirectMessage, Letter
from tests.handlers.desks import ANA, BEN, COUNSEL, GUARD, MAY, NOW, Bench, parsed, reading

BOSS = Person(id="U06BOS", roles=frozenset({Role.STAFF, Role.MANAGER}))


async def about(bench: Bench, *named: Person, by: Person = ANA) -> Case:
    case = await bench.case("complaint")
    for person in named:
        await bench.click(await bench.fresh(case), "about_us", by, form={"named": person.id})
        by = MAY
    return await bench.fresh(case)


async def test_about_one_of_us_moves_the_case_to_the_managers(bench: Bench):
    case = await about(bench, BEN)
    assert case.circle is Circle.MANAGERS
    assert case.shut == (BEN.id,)
    assert "staff" in case.flags


@pytest.mark.parametrize("action", ["claim", "show_message", "history", "let_in", "about_us"])
async def test_who_is_named_can_do_nothing_with_it_not_even_as_a_manager(bench: Bench, action):
    case = await about(bench, BOSS)
    with pytest.raises(Refused):
        await bench.click(case, action, BOSS, form={"why": "It is not me.", "named": MAY.id})
    with pytest.raises(Refused):
        await bench.desk.saw_message(case.ref, BOSS, NOW)
    assert (await bench.fresh(case)).shut == (BOSS.id,)


async def test_a_manager_who_is_not_named_goes_on_with_it(bench: Bench):
    case = await about(bench, BOSS)
    await bench.click(case, "claim", MAY)
    assert (await bench.fresh(case)).assignee == MAY.id


async def test_who_had_it_has_it_no_more_when_they_are_named(bench: Bench):
    case = await bench.case("complaint")
    await bench.click(case, "claim", BOSS)
    await bench.click(await bench.fresh(case), "about_us", MAY, form={"named": BOSS.id})
    assert (await bench.fresh(case)).assignee is None


async def test_several_may_be_named_one_after_the_other(bench: Bench):
    assert (await about(bench, BEN, BOSS)).shut == (BEN.id, BOSS.id)


async def test_nobody_named_is_a_fault(bench: Bench):
    case = await bench.case("complaint")
    assert isinstance(await bench.click(case, "about_us", form={"named": ""}), Faults)


async def test_it_cannot_be_handed_to_who_is_named(bench: Bench):
    case = await about(bench, BOSS)
    await bench.click(case, "claim", MAY)
    case = await bench.fresh(case)
    assert isinstance(await bench.click(case, "assign", MAY, form={"person": BOSS.id}), Faults)


async def test_who_is_named_is_never_asked_as_the_second_person(bench: Bench):
    case = await about(bench, BOSS)
    await bench.walk(case, MAY)
    case = await bench.fresh(case)
    form = {"template": "answer_complaint", "body": "This is what we found."}
    await bench.click(case, "reply", MAY, request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    team = tuple(Colleague(person=person, present=True) for person in (BOSS, MAY, BEN))
    await bench.click(await bench.fresh(case), "send", MAY, value=draft.id, team=team)
    case = await bench.fresh(case)
    assert case.approvals
    assert not case.approvals[0].given_by
    assert not [m for m in await bench.outbox(case, DirectMessage) if m.content.person == BOSS.id]
    form = {"answer": "yes"}
    with pytest.raises(Refused):
        await bench.click(case, "second_person", BOSS, value=draft.id, form=form)


async def test_a_manager_lifts_it_with_a_reason(bench: Bench):
    case = await about(bench, BEN)
    await bench.click(case, "claim", MAY)
    case = await bench.fresh(case)
    assert isinstance(await bench.click(case, "let_in", MAY, form={"why": ""}), Faults)
    await bench.click(case, "let_in", MAY, form={"why": "Another Ben."})
    case = await bench.fresh(case)
    assert case.shut == ()
    assert case.notes[-1].text == "Another Ben."


async def test_one_closed_request_closes_the_whole_case_to_others(bench: Bench):
    case = await bench.case("question", "child_data")
    assert case.circle is Circle.RESTRICTED
    with pytest.raises(Refused):
        await bench.click(case, "claim", ANA)


@pytest.mark.parametrize("by", [ANA, MAY, GUARD])
@pytest.mark.parametrize("action", ["claim", "history", "about_us", "breach"])
async def test_a_legal_demand_is_counsel_s_alone(bench: Bench, by: Person, action: str):
    """Closed circles: a legal demand is for counsel only."""
    case = await bench.case("legal_demand")
    assert case.circle is Circle.COUNSEL
    with pytest.raises(Refused, match="Only members"):
        await bench.click(case, action, by, form={"named": BEN.id})
    assert isinstance(await bench.click(case, "claim", COUNSEL), Done)


async def test_a_legal_demand_gets_no_letter_by_itself(bench: Bench):
    """Closed circles: a legal demand gets no automatic letter."""
    case = await bench.case("legal_demand")
    assert case.acknowledgement.startswith("withheld")
    assert await bench.outbox(case, Letter) == []


async def test_who_is_named_approves_nothing_that_waited_before(bench: Bench):
    """Closed circles: who is named is shut out of approval too."""
    case = await bench.ready("access")
    form = {"template": "answer_access", "body": "What we found."}
    await bench.click(case, "reply", request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", value=draft.id)
    await bench.click(await bench.fresh(case), "about_us", MAY, form={"named": BOSS.id})
    with pytest.raises(Refused, match="Only members"):
        await bench.click(
            await bench.fresh(case), "second_person", BOSS, value=draft.id, form={"answer": "yes"}
        )


async def test_a_mail_that_may_belong_to_it_is_closed_to_them_too(bench: Bench):
    case = await about(bench, BOSS)
    mail = await bench.mail(mail_from="eve@example.net")
    said = parsed(header_from="eve@example.net")
    held = await bench.desk.hold(case.ref, mail, said, reading("question"), NOW)
    assert not BOSS.may_see(held)
    assert MAY.may_see(held)
