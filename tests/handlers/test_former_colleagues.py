"""A former colleague asks: a closed circle, HR and counsel as owners, and four steps more."""

from pathlib import Path

import pytest

from handlers.former_colleagues import BEFORE_ANSWER, FLAG
from handlers.handler import Done, Faults, Review
from handlers.policy import Policy
from handlers.requests import replace
from storage.errors import Refused
from storage.records import Case, Circle
from tests.handlers.desks import ANA, GUARD, GUARD_2, REGISTRY, Bench, a_bench
from tests.handlers.test_linking import taken

HR, LAW = "U0HR", "U0LAW"
OWNED = tuple(
    replace(system, owner={"personnel": HR, "mailboxes": LAW}.get(system.name, ""))
    for system in Policy().register
)
SYSTEMS = " ".join(system.name for system in OWNED)


async def flagged(bench: Bench, until: str = "answer") -> Case:
    """A mail that the red flag found; the closed circle has it."""
    case = await bench.case("access", flags=(FLAG,))
    return await bench.walk(case, GUARD, until=until)


def steps_of(case: Case) -> list[str]:
    return [step.name for step in REGISTRY["access"].applying(case, case.requests[0])]


async def test_the_red_flag_closes_the_circle_and_brings_the_steps(bench: Bench) -> None:
    case = await bench.case("access", flags=(FLAG,))
    assert case.circle is Circle.RESTRICTED
    assert [name for name in steps_of(case) if name in BEFORE_ANSWER] == list(BEFORE_ANSWER)
    with pytest.raises(Refused, match="Only members"):
        await bench.click(case, "claim", ANA)


async def test_nobody_else_is_asked_for_them(bench: Bench) -> None:
    assert not set(BEFORE_ANSWER) & set(steps_of(await bench.case("access")))


async def test_staff_choose_it_with_a_reason_and_lose_it_to_the_circle(bench: Bench) -> None:
    case = await taken(bench, "access")
    assert isinstance(await bench.click(case, "former_colleague", form={"why": " "}), Faults)
    form = {"why": "I worked with them."}
    assert isinstance(await bench.click(case, "former_colleague", form=form), Done)
    case = await bench.fresh(case)
    assert (case.circle, case.assignee) == (Circle.RESTRICTED, None)
    assert set(BEFORE_ANSWER) <= set(steps_of(case))
    assert case.notes[-1].text == form["why"]
    with pytest.raises(Refused):
        await bench.click(case, "show_message", ANA)


async def test_it_is_offered_for_access_alone(bench: Bench) -> None:
    for kind, offered in (("access", True), ("deletion", False)):
        case = await taken(bench, kind)
        _, offers = await bench.desk.offers(case.ref)
        assert ("former_colleague" in {offer.action for offer in offers}) is offered


@pytest.mark.parametrize("step", BEFORE_ANSWER)
async def test_no_answer_goes_before_each_of_the_steps(bench: Bench, step: str) -> None:
    case = await flagged(bench)
    form = {"template": "answer_access", "body": "This is what we hold."}
    assert isinstance(await bench.click(case, "reply", GUARD, request=1, form=form), Review)
    await bench.click(await bench.fresh(case), "again", GUARD, request=1, form={"step": step})
    early = await bench.click(await bench.fresh(case), "reply", GUARD, request=1, form=form)
    assert isinstance(early, Faults)


async def test_the_second_person_reads_what_was_recorded_with_the_steps(bench: Bench) -> None:
    case = await flagged(bench)
    form = {"template": "answer_access", "body": "This is what we hold."}
    await bench.click(case, "reply", GUARD, request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", GUARD, value=draft.id)
    case = await bench.fresh(case)
    form = await bench.form(case, "second_person", GUARD_2, value=draft.id)
    shown = next(field.label for field in form.fields if field.name == "done")
    for wanted in ("What it covers", "Which mailboxes", "Legal privilege", "The person themselves"):
        assert wanted in shown


async def test_hr_and_counsel_are_asked_and_cannot_be_left_out(tmp_path: Path) -> None:
    async with a_bench(tmp_path, register=OWNED) as bench:
        case = await flagged(bench, until="owners")
        form = {"systems": "accounts tickets", "search": "May Former"}
        bare = await bench.click(case, "ask_owners", GUARD, request=1, form=form)
        assert "Personnel and payroll, Company mailboxes" in bare.fields["systems"]
        form = form | {"systems": SYSTEMS}
        await bench.click(case, "ask_owners", GUARD, request=1, form=form)
        case = await bench.fresh(case)
    assert {HR, LAW} <= {query.owner for query in case.rounds[-1].queries}


async def test_others_are_asked_where_staff_choose(bench: Bench) -> None:
    case = await bench.walk(await bench.case("access"), until="owners")
    form = {"systems": "accounts", "search": "rosa@example.org"}
    assert isinstance(await bench.click(case, "ask_owners", request=1, form=form), Done)


async def test_taken_back_with_a_reason_the_steps_fall_away(bench: Bench) -> None:
    case = await flagged(bench, until="authority")
    form = {"why": "They were a customer."}
    await bench.click(case, "not_former_colleague", GUARD, form=form)
    assert not set(BEFORE_ANSWER) & set(steps_of(await bench.fresh(case)))
