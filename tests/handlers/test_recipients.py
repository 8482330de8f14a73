"""Where letters go: who asked, who is proven, and never elsewhere by one alone."""

import pytest

from handlers import recipients
from handlers.handler import Faults, Review
from handlers.letters import templates
from handlers.requests import replace
from storage.errors import Refused
from storage.records import Case, OutboxStatus, Status
from tests.handlers.desks import ANA, BEN, DAY, NOW, ROSA, Bench, a_bench
from tests.handlers.test_unproven import EVE, joined

FILE = "rosa.old@example.com"


async def with_other_address(bench: Bench, kind: str = "correction") -> Case:
    return await joined(bench, await bench.ready(kind))


async def written(bench: Bench, case: Case, to: str, template: str) -> Review:
    place = str(list(recipients.known(case)).index(to))
    form = {"template": template, "body": "These are our words.", "to": place}
    review = await bench.click(case, "reply", request=1, form=form)
    assert isinstance(review, Review)
    return review


async def test_an_answer_to_a_drifted_address_waits_for_a_second_person(bench: Bench):
    case = await with_other_address(bench)
    review = await written(bench, case, EVE, "answer_correction")
    assert review.to == EVE
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    case = await bench.fresh(case)
    assert case.requests[0].status is Status.AWAITING_APPROVAL
    yes = {"answer": "yes"}
    with pytest.raises(Refused):
        await bench.click(case, "second_person", ANA, value=review.letter, form=yes)
    form = await bench.form(case, "second_person", BEN, value=review.letter)
    told = " ".join(field.label for field in form.fields)
    assert f"{EVE} ({recipients.JOINED}" in told


async def test_a_drifted_answer_never_goes_by_one_alone(tmp_path):
    async with a_bench(tmp_path, second_person="small_team") as bench:
        case = await with_other_address(bench)
        review = await written(bench, case, EVE, "answer_correction")
        await bench.click(await bench.fresh(case), "send", value=review.letter)
        form = {"answer": "alone", "why": "Nobody else."}
        said = {"value": review.letter, "form": form, "team": ()}
        answer = await bench.click(
            await bench.fresh(case), "second_person", ANA, NOW + 60 * DAY, **said
        )
        assert isinstance(answer, Faults)


async def test_the_correction_of_a_drifted_answer_waits_for_a_second_person_too(bench: Bench):
    case = await with_other_address(bench)
    review = await written(bench, case, EVE, "answer_correction")
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.second(await bench.fresh(case))
    await bench.deliver(case, NOW + DAY)
    form = {"body": "That was wrong: your name is spelt otherwise."}
    case = await bench.fresh(case)
    again = await bench.click(case, "correct_letter", value=review.letter, form=form, now=NOW + DAY)
    assert again.to == EVE
    await bench.click(await bench.fresh(case), "send", value=again.letter, now=NOW + DAY)
    assert (await bench.outbox(case))[-1].status is OutboxStatus.DRAFT


@pytest.mark.parametrize("template", ["answer_correction", "progress"])
async def test_to_the_asking_address_one_is_enough(bench: Bench, template):
    case = await with_other_address(bench)
    review = await written(bench, case, ROSA, template)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    assert (await bench.outbox(case))[-1].status is OutboxStatus.PENDING


async def test_a_neutral_question_may_go_to_the_other_address(bench: Bench):
    case = await with_other_address(bench)
    review = await written(bench, case, EVE, "clarification")
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    assert (await bench.outbox(case))[-1].status is OutboxStatus.PENDING


async def test_what_may_show_data_goes_to_the_proven_address_by_itself(bench: Bench):
    case = replace(await bench.case("access"), proven=FILE)
    assert recipients.usual(case, templates.template("answer_access")) == FILE
    assert recipients.usual(case, templates.template("progress")) == ROSA
    assert not recipients.drifted(case, templates.template("answer_access"), FILE)
    assert recipients.drifted(case, templates.template("answer_access"), EVE)
    assert recipients.drifted(case, templates.template("answer_access"), ROSA), "proved nothing"
    assert not recipients.drifted(case, templates.template("answer_question"), ROSA)


async def test_another_address_in_the_form_is_none_that_can_be_typed(bench: Bench):
    case = await bench.ready("correction")
    form = {"template": "answer_correction", "body": "Words.", "to": "7"}
    review = await bench.click(case, "reply", request=1, form=form)
    assert review.to == ROSA


async def test_a_letter_to_the_other_address_names_nothing_of_the_conversation(bench: Bench):
    case = await with_other_address(bench)
    await written(bench, case, EVE, "clarification")
    letter = (await bench.outbox(case))[-1].content
    assert letter.in_reply_to == ""
