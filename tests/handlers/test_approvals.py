"""Two persons: what needs them, who is asked, and when one alone will do."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers import approvals
from handlers.approvals import tidied
from handlers.handler import Colleague, Done, Faults
from handlers.requests import replace
from storage.errors import Refused
from storage.records import (
    Alarm,
    Approval,
    Case,
    Digest,
    DirectMessage,
    OutboxStatus,
    Outcome,
    Status,
    ThreadLine,
)
from tests.handlers.desks import ANA, BEN, COUNSEL, DAY, GUARD, MAY, NOW, Bench, a_bench

HOUR = timedelta(hours=1)
TEAM = tuple(Colleague(person=person, present=True) for person in (ANA, BEN, MAY))
ALONE_THERE = (Colleague(person=ANA, present=True), Colleague(person=MAY, present=False))


async def asked(bench: Bench, kind: str = "access", team=TEAM, now=NOW) -> Case:
    """Ana has written an answer and wants it to go."""
    case = await bench.ready(kind)
    form = {"template": f"answer_{kind}", "body": "This is what we found."}
    await bench.click(case, "reply", request=1, form=form, now=now)
    draft = (await bench.outbox(case))[-1]
    await bench.click(await bench.fresh(case), "send", value=draft.id, team=team, now=now)
    return await bench.fresh(case)


async def look(bench: Bench, case: Case, by, answer: str, why: str = "", *, now=NOW, **more):
    about = case.approvals[-1].about
    form = {"answer": answer, "why": why}
    return await bench.click(case, "second_person", by, now, value=about, form=form, **more)


async def letter(bench: Bench, case: Case):
    return (await bench.outbox(case))[-1]


async def directs(bench: Bench, case: Case) -> list[tuple[str, str]]:
    found = await bench.outbox(case, DirectMessage)
    return [(message.content.person, message.content.text) for message in found]


@pytest.mark.parametrize("kind", ["access", "complaint"])
async def test_these_answers_wait_for_a_second_person(bench: Bench, kind):
    case = await asked(bench, kind)
    assert (await letter(bench, case)).status is OutboxStatus.DRAFT
    assert case.requests[0].status is Status.AWAITING_APPROVAL
    assert "answer" not in case.requests[0].done


async def test_an_answer_to_a_question_needs_no_second_person(bench: Bench):
    case = await asked(bench, "question")
    assert (await letter(bench, case)).status is OutboxStatus.PENDING
    assert case.approvals == ()


@pytest.mark.parametrize("template", ["plain", "correcting"])
@pytest.mark.parametrize("kind", ["access", "deletion", "complaint", "child_data"])
async def test_free_words_are_no_way_around_the_second_person(bench: Bench, kind, template):
    by = GUARD if kind == "child_data" else ANA
    case = await bench.ready(kind, by)
    form = {"template": template, "body": "Here is what we found."}
    await bench.click(case, "reply", by, request=1, form=form)
    draft = await letter(bench, case)
    await bench.click(await bench.fresh(case), "send", by, value=draft.id, team=TEAM)
    assert (await letter(bench, case)).status is OutboxStatus.DRAFT
    assert approvals.pending(await bench.fresh(case))


async def test_one_who_is_there_is_asked_by_direct_message_staff_before_managers(bench: Bench):
    case = await asked(bench)
    ((person, text),) = await directs(bench, case)
    assert person == BEN.id
    assert case.ref in text


async def test_nobody_is_asked_who_is_not_there(bench: Bench):
    """Two persons: the approver is any of staff or managers who is present."""
    away = tuple(Colleague(person=who, present=who is MAY) for who in (ANA, BEN, MAY))
    assert [person for person, _ in await directs(bench, await asked(bench, team=away))] == [MAY.id]
    nobody = tuple(Colleague(person=who, present=who is ANA) for who in (ANA, BEN, MAY))
    assert await directs(bench, await asked(bench, team=nobody)) == []


async def test_the_same_person_is_refused_by_the_server(bench: Bench):
    case = await asked(bench)
    with pytest.raises(Refused, match="second person"):
        await look(bench, case, ANA, "yes")
    assert (await letter(bench, case)).status is OutboxStatus.DRAFT


@pytest.mark.parametrize("by", [BEN, MAY])
async def test_any_other_of_us_may_approve_and_it_goes_after_the_time_to_undo(bench: Bench, by):
    case = await asked(bench)
    answer = await look(bench, case, by, "yes")
    assert isinstance(answer, Done)
    going, case = await letter(bench, case), await bench.fresh(case)
    assert going.status is OutboxStatus.PENDING
    assert going.send_after > NOW
    assert case.approvals[0].given_by == by.id != case.approvals[0].asked_by
    assert case.requests[0].status is Status.OPEN
    assert "answer" in case.requests[0].done


async def test_the_review_shows_recipient_how_proven_and_the_letter(bench: Bench):
    case = await asked(bench, "access")
    about = case.approvals[0].about
    form = await bench.form(case, "second_person", BEN, value=about)
    told = " ".join(f"{field.label} {field.initial}" for field in form.fields)
    for wanted in ("rosa@example.org", "identity settled", "Withheld", "what we found."):
        assert wanted in told
    recorded = next(field.label for field in form.fields if field.name == "done")
    assert "Whose data is it: Ours: we decide on them" in recorded


async def test_sent_back_it_is_a_draft_again_and_its_author_learns_it(bench: Bench):
    case = await asked(bench)
    assert isinstance(await look(bench, case, BEN, "no"), Faults), "not without a reason"
    await look(bench, case, BEN, "no", "The second paragraph is wrong.")
    case = await bench.fresh(case)
    assert case.approvals == ()
    assert case.requests[0].status is Status.OPEN
    assert case.notes[-1].text == "The second paragraph is wrong."
    assert (await directs(bench, case))[-1][0] == ANA.id


async def test_an_approval_ends_with_the_letter_it_was_for(bench: Bench):
    case = await asked(bench)
    form = {"template": "answer_access", "body": "Other words."}
    await bench.click(case, "reply", request=1, form=form)
    case = await bench.fresh(case)
    assert case.approvals == ()
    assert case.requests[0].status is Status.OPEN


async def test_called_back_after_approval_it_needs_a_second_person_again(bench: Bench):
    case = await asked(bench)
    await look(bench, case, BEN, "yes")
    going = await letter(bench, case)
    await bench.click(await bench.fresh(case), "undo", BEN, value=going.id)
    case = await bench.fresh(case)
    assert case.approvals == ()
    await bench.click(case, "send", value=going.id, team=TEAM)
    assert (await letter(bench, case)).status is OutboxStatus.DRAFT


async def test_the_managers_are_asked_after_four_working_hours(bench: Bench):
    late = NOW + timedelta(hours=5)  # 15:00: two of the hours are tomorrow's
    case = await asked(bench, now=late)
    assert case.remind_at == NOW + DAY + timedelta(hours=1)
    assert await bench.desk.remind(late + HOUR) == 0
    await bench.desk.remind(NOW + DAY + timedelta(hours=1))
    assert await bench.outbox(case, Alarm)
    assert (await bench.fresh(case)).approvals[0].calls_at is None


async def test_that_the_managers_are_asked_swallows_no_reminder_of_the_same_hour(bench: Bench):
    """After a downtime both have come: four hours after one o'clock on the 19th, and at nine on
    the 20th the rung of ten days before 1 December."""
    case = await asked(bench, now=datetime(2026, 11, 19, 13, tzinfo=UTC))
    await bench.desk.remind(datetime(2026, 11, 20, 13, tzinfo=UTC))
    lines = [message.content.text for message in await bench.outbox(case, ThreadLine)]
    assert any("Nobody has looked" in line for line in lines)
    assert any("Due in 11 days" in line for line in lines)


# --- alone ----------------------------------------------------------------------------------


async def test_alone_is_refused_where_another_is_there(bench: Bench):
    case = await asked(bench)
    aim = NOW + 60 * DAY
    answer = await look(bench, case, ANA, "alone", "Nobody else.", now=aim, team=TEAM)
    assert isinstance(answer, Faults)


async def test_alone_from_the_day_we_aim_for_when_nobody_else_is_there(bench: Bench):
    case = await asked(bench, team=ALONE_THERE)
    early = await look(bench, case, ANA, "alone", "Ill.", now=NOW + 2 * HOUR, team=ALONE_THERE)
    assert isinstance(early, Faults), "before aim_on"
    aim = NOW + 60 * DAY
    nobody_looked = await look(bench, case, ANA, "alone", "Ill.", now=aim)
    assert isinstance(nobody_looked, Faults)
    await look(bench, await bench.fresh(case), ANA, "alone", "Ill.", now=aim, team=ALONE_THERE)
    case = await bench.fresh(case)
    assert case.approvals[0].given_by == case.approvals[0].asked_by
    assert (MAY.id, f"<@{ANA.id}> released {case.ref} alone: no second person was there.") in (
        await directs(bench, case)
    )


async def test_a_small_team_s_one_may_an_hour_after_the_preview_with_a_reason(tmp_path):
    async with a_bench(tmp_path, second_person="small_team") as bench:
        case = await asked(bench)
        soon = await look(bench, case, ANA, "alone", "Two of us.", now=NOW + HOUR / 2, team=TEAM)
        assert isinstance(soon, Faults)
        later = NOW + HOUR
        assert isinstance(await look(bench, case, ANA, "alone", now=later, team=TEAM), Faults)
        await look(bench, case, ANA, "alone", "Two of us.", now=later, team=TEAM)
        case = await bench.fresh(case)
        assert (await letter(bench, case)).status is OutboxStatus.PENDING
        assert [note.text for note in case.notes] == ["Two of us."]


async def test_the_digest_counts_what_was_released_alone_once(tmp_path):
    async with a_bench(tmp_path, second_person="small_team") as bench:
        await bench.desk.digest(NOW)
        case = await asked(bench)
        await look(bench, case, ANA, "alone", "Two of us.", now=NOW + HOUR, team=TEAM)
        counted = []
        for days in (1, 2):
            assert await bench.desk.digest(NOW + days * DAY)
            found = await bench.store.messages_with(OutboxStatus.PENDING)
            digests = [m.content for m in found if isinstance(m.content, Digest)]
            counted.append(digests[-1].alone)
        assert counted == [1, 0]


async def test_anything_to_an_authority_never_goes_by_one_alone(tmp_path):
    async with a_bench(tmp_path, second_person="small_team") as bench:
        case = await bench.case("legal_demand")
        await bench.click(case, "claim", COUNSEL)
        form = {"template": "progress", "body": "We have your letter."}
        await bench.click(await bench.fresh(case), "reply", COUNSEL, request=1, form=form)
        draft = await letter(bench, case)
        await bench.click(await bench.fresh(case), "send", COUNSEL, value=draft.id)
        case = await bench.fresh(case)
        assert case.requests[0].status is Status.AWAITING_APPROVAL
        answer = await look(bench, case, COUNSEL, "alone", "Urgent.", now=NOW + 90 * DAY, team=())
        assert isinstance(answer, Faults)


async def test_a_complaint_about_oneself_never_goes_by_oneself_alone(tmp_path):
    """Two persons, never alone: a complaint about oneself."""
    async with a_bench(tmp_path, second_person="small_team") as bench:
        case = await asked(bench, "complaint", team=())
        await bench.click(case, "again", MAY, request=1, form={"step": "about"})
        form = {"matter": "staff", "case": "", "whom": ANA.id}
        await bench.click(await bench.fresh(case), "about", MAY, request=1, form=form)
        case = await bench.fresh(case)
        assert approvals.pending(case)
        with pytest.raises(Refused, match="Nobody decides a case"):
            await look(bench, case, ANA, "alone", "Nobody else.", now=NOW + 2 * HOUR, team=())
        assert (await letter(bench, case)).status is OutboxStatus.DRAFT


@pytest.mark.parametrize("kind", ["deletion", "child_data"])
async def test_a_deletion_is_done_by_two_whoever_begins_it(bench: Bench, kind: str):
    """Two persons: needed for a deletion."""
    by = GUARD if kind == "child_data" else ANA
    wanted = {"wanted": {"wanted": "delete"}} if kind == "child_data" else {}
    case = await bench.walk(await bench.case(kind), by, until="erasing", **wanted)
    form = {"systems": "accounts", "search": "rosa@example.org"}
    await bench.click(case, "delete_now", by, request=1, form=form)
    case = await bench.fresh(case)
    assert [each.purpose for each in case.rounds] == ["hold"], "nobody was told to delete"
    with pytest.raises(Refused, match="second person"):
        await look(bench, case, by, "yes")


async def test_an_approval_of_a_closed_request_is_gone(bench: Bench):
    case = await asked(bench)
    ended = replace(case.requests[0], status=Status.CLOSED, outcome=Outcome.UPHELD)
    step = Approval(about="delete/1", request=1, asked_by=ANA.id, asked_at=NOW)
    case = replace(case, requests=(ended,), approvals=(*case.approvals, step))
    assert tidied(case).approvals == ()
