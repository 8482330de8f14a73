"""A complaint is not for who closed the case it may be about; a breach in it calls the managers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import earlier
from handlers.handler import Answer, Colleague, Done, Faults, Person, Role
from handlers.requests import replace
from storage.errors import Refused
from storage.records import Alarm, Case, Circle, Outcome, Status
from tests.handlers.desks import ANA, BEN, DAY, MAY, NOW, Bench, parsed, reading
from tests.handlers.test_linking import changed, taken

BOSS = Person(id="U06BOS", roles=frozenset({Role.STAFF, Role.MANAGER}))
LATER = NOW + DAY


async def ended(bench: Bench, by: str = ANA.id, kind: str = "access", **said: Any) -> Case:
    """A case of Rosa's that somebody closed."""
    case = await taken(bench, kind)
    over = {"status": Status.CLOSED, "outcome": Outcome.FULFILLED, "closed_by": by}
    request = replace(case.requests[0], closed_at=NOW, **over)
    return await changed(bench, case, requests=(request,), **said)


async def about(bench: Bench, case: Case, by: Person = BEN, **form: str) -> Answer:
    """What it is about, as recorded; the case is claimed first."""
    case = await bench.fresh(case)
    if case.assignee is None:
        await bench.click(case, "claim", by)
        case = await bench.fresh(case)
    said = {"matter": "answer", "case": "", "whom": "", "earlier": ""} | form
    return await bench.click(case, "about", by, LATER, request=1, form=said)


async def test_a_complaint_finds_the_closed_cases_of_its_address(bench: Bench) -> None:
    old, _open = await ended(bench), await taken(bench, "deletion")
    case = await bench.case("complaint", now=LATER)
    assert [(each.ref, each.closed_by) for each in case.earlier] == [(old.ref, (ANA.id,))]
    assert earlier.kept_out(case) == (ANA.id,)


async def test_who_closed_it_neither_claims_nor_is_given_nor_decides_the_complaint(bench: Bench):
    await ended(bench)
    case = await bench.case("complaint", now=LATER)
    with pytest.raises(Refused, match="Nobody decides a case"):
        await bench.click(case, "claim", ANA)
    await bench.click(case, "claim", BEN)
    handed = await bench.click(await bench.fresh(case), "assign", BEN, form={"person": ANA.id})
    assert isinstance(handed, Faults)
    assert isinstance(await bench.desk.saw_message(case.ref, ANA, NOW), Case), "they may read it"


async def test_a_manager_who_closed_it_is_not_asked_as_the_second_person(bench: Bench) -> None:
    await ended(bench, by=BOSS.id)
    case = await bench.walk(await bench.case("complaint", now=LATER), BEN, until="answer")
    case = await changed(bench, case, barred=(), earlier=(_suspected(bench, BOSS.id),))
    form = {"template": "answer_complaint", "body": "We looked into it."}
    await bench.click(case, "reply", BEN, request=1, form=form)
    draft = (await bench.outbox(case))[-1]
    team = tuple(Colleague(person=person, present=True) for person in (BOSS, MAY))
    case = await bench.fresh(case)
    done = await bench.click(case, "send", BEN, value=draft.id, team=team)
    assert isinstance(done, Done)
    assert f"<@{MAY.id}> was asked" in done.said
    with pytest.raises(Refused, match="Nobody decides a case"):
        await bench.click(
            await bench.fresh(case), "second_person", BOSS, value=draft.id, form={"answer": "yes"}
        )


def _suspected(bench: Bench, by: str) -> Any:
    from storage.records import Earlier

    return Earlier(ref="PR-2026-0001", circle=Circle.STAFF, closed_by=(by,))


async def test_a_mail_names_the_case_or_answers_its_letter(bench: Bench) -> None:
    named, answered, other = [await ended(bench) for _ in range(3)]
    mail = await bench.mail(mail_from="other@example.net", received_at=LATER)
    said = parsed(
        header_from="other@example.net",
        text=f"I complain about {named.ref.lower()} and PR-2020-0001.",
        references=answered.message_ids,
    )
    case = await bench.desk.open(mail, said, reading("complaint"), LATER)
    assert [each.ref for each in case.earlier] == [named.ref, answered.ref]
    assert other.ref not in {each.ref for each in case.earlier}


async def test_it_is_looked_for_when_a_person_says_that_it_is_a_complaint(bench: Bench) -> None:
    old = await ended(bench)
    case = await taken(bench, "question", now=LATER)
    assert (case.earlier, case.assignee) == ((), ANA.id)
    await bench.click(case, "confirm", ANA, form={"kinds": "complaint"})
    case = await bench.fresh(case)
    assert [each.ref for each in case.earlier] == [old.ref]
    assert case.assignee is None, "who closed it gives it back"


async def test_nobody_is_kept_out_of_what_is_no_complaint(bench: Bench) -> None:
    old = await ended(bench)
    mail = await bench.mail(received_at=LATER)
    said = parsed(text=f"A question about {old.ref}.")
    case = await bench.desk.open(mail, said, reading("question"), LATER)
    assert earlier.kept_out(case) == ()
    assert isinstance(await bench.click(case, "claim", ANA), Done)


async def test_a_service_that_writes_for_many_says_nothing_of_who_is_behind_it(bench: Bench):
    await ended(bench)
    case = await bench.case("complaint", now=LATER, flags=("bulk_agent",))
    assert case.earlier == ()
    assert await earlier.same_address(bench.store, case) == (), "it may have thousands"


async def test_the_step_proposes_them_and_links_what_it_is_about(bench: Bench) -> None:
    old = await ended(bench)
    case = await bench.case("complaint", now=LATER)
    await bench.click(case, "claim", BEN)
    form = await bench.form(await bench.fresh(case), "about", BEN, request=1)
    field = next(field for field in form.fields if field.name == "earlier")
    assert (field.initial, dict(field.options)) == (old.ref, {old.ref: old.ref})
    assert isinstance(await about(bench, case, earlier=old.ref), Done)
    case, old = await bench.fresh(case), await bench.fresh(old)
    assert (case.linked, old.linked) == ((old.ref,), (case.ref,))
    assert (case.barred, case.earlier) == ((ANA.id,), ())


async def test_that_it_is_not_about_one_needs_a_reason_and_lets_who_closed_it_work(bench: Bench):
    old = await ended(bench)
    case = await bench.case("complaint", now=LATER)
    assert "not_about" in (await about(bench, case)).fields
    assert isinstance(await about(bench, case, not_about="It is about our newsletter."), Done)
    case = await bench.fresh(case)
    assert (case.linked, case.earlier, earlier.kept_out(case)) == ((), (), ())
    assert (await bench.fresh(old)).linked == ()
    await bench.click(case, "release", BEN)
    assert isinstance(await bench.click(await bench.fresh(case), "claim", ANA), Done)


async def test_who_closed_it_cannot_say_that_it_is_not_about_theirs(bench: Bench) -> None:
    await ended(bench, by=BEN.id)
    case = await bench.case("complaint", now=LATER)
    with pytest.raises(Refused, match="Nobody decides a case"):
        await about(bench, case, by=BEN, not_about="It is not.")


async def test_those_kept_out_by_different_cases_free_each_other_and_nobody_themselves(
    bench: Bench,
) -> None:
    """A mail that names a case of each of us must not stop us all."""
    hers, his = await ended(bench, by=ANA.id), await ended(bench, by=BEN.id)
    case = await bench.case("complaint", now=LATER)

    async def free(by: Person, ref: str, why: str = "It came before.") -> Answer:
        form = {"earlier": ref, "why": why}
        return await bench.click(await bench.fresh(case), "not_about", by, form=form)

    assert "earlier" in (await free(ANA, hers.ref)).fields
    assert "why" in (await free(ANA, his.ref, " ")).fields
    assert isinstance(await free(ANA, his.ref), Done)
    assert earlier.kept_out(await bench.fresh(case)) == (ANA.id,)
    assert isinstance(await bench.click(await bench.fresh(case), "claim", BEN), Done)
    assert (await bench.fresh(case)).notes[-1].text == "It came before."


async def test_who_is_named_for_it_frees_nobody(bench: Bench) -> None:
    old = await ended(bench)
    case = await bench.case("complaint", now=LATER)
    case = await changed(bench, case, barred=(BEN.id,))
    with pytest.raises(Refused, match="Nobody decides a case"):
        await bench.click(case, "not_about", BEN, form={"earlier": old.ref, "why": "No."})


async def test_a_case_of_a_closed_circle_is_named_to_its_members_alone(bench: Bench) -> None:
    hidden = await ended(bench, by=MAY.id, circle=Circle.MANAGERS)
    case = await bench.case("complaint", now=LATER)
    assert earlier.shown(case) == ()
    assert earlier.kept_out(case) == (MAY.id,)
    await bench.click(case, "claim", BEN)
    form = await bench.form(await bench.fresh(case), "about", BEN, request=1)
    assert hidden.ref not in str(form)
    await about(bench, case)
    assert earlier.kept_out(await bench.fresh(case)) == (MAY.id,), "nobody here could say"
    assert [e.ref for e in earlier.seen_by(case, BOSS)] == [hidden.ref]


# --- a breach -------------------------------------------------------------------------------


async def test_a_breach_in_a_complaint_calls_the_managers_and_keeps_since_when(bench: Bench):
    case = await bench.case("complaint")
    done = await about(bench, case, matter="breach", since="2026-11-03 09:30")
    assert isinstance(done, Done)
    case = await bench.fresh(case)
    assert case.breach is not None
    assert case.breach.aware_at == datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    (alarm,) = await bench.outbox(case, Alarm)
    assert alarm.lane == "slack:managers"
    assert "72 hours end 06 Nov 09:30" in alarm.content.text
    assert "72 hours end 06 Nov 09:30" in done.said


async def test_without_an_hour_we_are_aware_from_now_on(bench: Bench) -> None:
    case = await bench.case("complaint")
    await about(bench, case, matter="breach")
    breach = (await bench.fresh(case)).breach
    assert breach is not None
    assert breach.aware_at == LATER


@pytest.mark.parametrize("since", ["soon", "2026-12-24 10:00"])
async def test_an_hour_that_is_none_or_to_come_is_refused(bench: Bench, since: str) -> None:
    case = await bench.case("complaint")
    answer = await about(bench, case, matter="breach", since=since)
    assert "since" in answer.fields
    assert (await bench.fresh(case)).breach is None


async def test_another_matter_rings_for_nobody_and_a_known_breach_once(bench: Bench) -> None:
    case = await bench.case("complaint")
    await about(bench, case, matter="marketing", since="2026-11-03 09:30")
    assert await bench.outbox(case, Alarm) == []
    assert (await bench.fresh(case)).breach is None
    form = {"since": "2026-11-03 08:00", "why": ""}
    await bench.click(await bench.fresh(case), "breach", BEN, LATER, form=form)
    await bench.click(await bench.fresh(case), "again", BEN, request=1, form={"step": "about"})
    await about(bench, case, matter="breach", since="2026-11-03 09:30")
    assert len(await bench.outbox(case, Alarm)) == 1
    breach = (await bench.fresh(case)).breach
    assert breach is not None
    assert breach.aware_at == NOW - timedelta(hours=2)
