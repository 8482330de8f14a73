"""The owners' round: who is asked, by when, who may answer, and until when."""

from datetime import timedelta

import pytest

from handlers import owners
from handlers.company import REGISTER, System
from handlers.handler import Done
from handlers.owner_answers import OwnerAnswer
from handlers.policy import Policy
from handlers.requests import replace
from storage.errors import Refused
from storage.records import Case, DirectMessage, OwnerAsk, Round, Status, ThreadLine
from tests.handlers.desks import ANA, BEN, DAY, MAY, NOW, Bench, a_bench

OLE = "U09OLE"  #: owns a system and has no role here
SEARCH = "rosa@example.org"


@pytest.fixture
async def bench(tmp_path):
    register = tuple(
        replace(system, owner=OLE) if system.name in {"accounts", "billing"} else system
        for system in REGISTER
    )
    async with a_bench(tmp_path, register=register) as made:
        yield made


async def asked(bench: Bench, systems: str = "accounts billing logs") -> tuple[Case, Round]:
    case = await bench.walk(await bench.case("access"), until="owners")
    form = {"systems": systems, "search": SEARCH}
    assert isinstance(await bench.click(case, "ask_owners", request=1, form=form), Done)
    case = await bench.fresh(case)
    return case, case.rounds[-1]


async def says(bench: Bench, case: Case, system: str, answer: str, by: str = OLE, **more) -> Case:
    said = OwnerAnswer(ref=case.ref, round=1, system=system, by=by, answer=answer, **more)
    await bench.desk.owner_answers(said, NOW)
    return await bench.fresh(case)


async def people(bench: Bench, case: Case) -> list[str]:
    return [m.content.person for m in await bench.outbox(case, OwnerAsk)]


def test_the_default_register() -> None:
    assert [system.title for system in REGISTER] == [
        "Accounts",
        "Support tickets",
        "Community boards",
        "Connection logs and diagnostics",
        "Cookies and guest tokens",
        "Billing and tax records",
        "Marketing lists",
        "Cloud vendors",
        "Backups",
        "Personnel and payroll",
        "Company mailboxes",
        "Slack",
        "This desk",
    ]


async def test_each_owner_gets_one_message_and_a_system_without_one_falls_to_the_assignee(
    bench: Bench,
) -> None:
    case, asking = await asked(bench)
    assert {q.system: q.owner for q in asking.queries} == {
        "accounts": OLE,
        "billing": OLE,
        "logs": ANA.id,
    }
    assert sorted(await people(bench, case)) == sorted([OLE, ANA.id])
    assert case.requests[0].status is Status.AWAITING_OWNERS


async def test_their_date_is_their_own_and_never_past_the_day_we_aim_for(bench: Bench) -> None:
    case, asking = await asked(bench)
    assert asking.due_on.isoformat() == "2026-11-10"  # five working days
    request = case.requests[0]
    near = replace(request, due=replace(request.due, aim_on=(NOW + DAY).date()))
    assert owners.answer_by(near, Policy(), NOW).isoformat() == "2026-11-04"
    past = replace(request, due=replace(request.due, aim_on=(NOW - DAY).date()))
    assert owners.answer_by(past, Policy(), NOW) == NOW.date()


async def test_the_card_counts_who_answered(bench: Bench) -> None:
    case, _ = await asked(bench)
    assert owners.progress(case, case.requests[0]) == "0 of 3 systems answered, asked by 10 Nov"
    case = await says(bench, case, "accounts", "exception", reason="A court file")
    case = await says(bench, case, "billing", "nothing")
    told = owners.progress(case, case.requests[0])
    assert told == "2 of 3 systems answered, 1 with an exception, asked by 10 Nov"


async def test_the_last_answer_takes_the_step_and_calls_the_assignee(bench: Bench) -> None:
    case, _ = await asked(bench, "accounts")
    case = await says(bench, case, "accounts", "done")
    assert "heard" in case.requests[0].done
    assert case.requests[0].status is Status.OPEN
    lines = [m.content.text for m in await bench.outbox(case, ThreadLine)]
    assert "All owners have answered." in lines


async def test_nobody_answers_for_a_system_of_somebody_else(bench: Bench) -> None:
    case, _ = await asked(bench)
    for by in (ANA.id, BEN.id):
        with pytest.raises(Refused):
            await says(bench, case, "accounts", "done", by=by)
    with pytest.raises(Refused):
        await says(bench, case, "tickets", "done")  # never asked of anybody


async def test_an_exception_needs_its_reason(bench: Bench) -> None:
    case, _ = await asked(bench)
    with pytest.raises(Refused, match="exception"):
        await says(bench, case, "accounts", "exception", reason=" ")


async def test_not_mine_goes_to_whom_they_name_or_to_the_assignee(bench: Bench) -> None:
    case, _ = await asked(bench)
    case = await says(bench, case, "accounts", "not_mine", person=BEN.id)
    case = await says(bench, case, "billing", "not_mine")
    found = {q.system: (q.owner, q.answer) for q in case.rounds[-1].queries}
    assert (found["accounts"], found["billing"]) == ((BEN.id, ""), (ANA.id, ""))
    assert BEN.id in await people(bench, case)
    with pytest.raises(Refused):
        await says(bench, case, "accounts", "done")  # no longer theirs


async def test_an_answer_can_be_changed_until_the_release(bench: Bench) -> None:
    case, _ = await asked(bench, "accounts")
    case = await says(bench, case, "accounts", "done")
    case = await says(bench, case, "accounts", "nothing")
    assert case.rounds[-1].queries[0].answer == "nothing"
    case = await bench.walk(case)
    form = {"template": "answer_access", "body": "This is our answer."}
    review = await bench.click(case, "reply", request=1, form=form)
    await bench.click(review.case, "send", value=review.letter)
    await bench.second(await bench.fresh(case))
    with pytest.raises(Refused, match="released"):
        await says(bench, case, "accounts", "done")


async def test_who_it_is_about_is_for_that_owner_alone_logged_and_closes_with_the_request(
    bench: Bench,
) -> None:
    case, _ = await asked(bench)
    _, seen = await bench.desk.show_who(case.ref, 1, OLE, NOW)
    assert seen.search == SEARCH
    entries = [(e.act, e.actor) async for e in bench.store.history(case.ref)]
    assert entries[-1] == ("show_who", OLE)
    with pytest.raises(Refused):
        await bench.desk.show_who(case.ref, 1, BEN.id, NOW)
    form = {"outcome": "withdrawn", "body": "As you wish."}
    review = await bench.click(await bench.fresh(case), "close", request=1, form=form)
    await bench.click(review.case, "send", value=review.letter)
    before = len(await people(bench, case))
    await bench.deliver(case, NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="closed"):
        await bench.desk.show_who(case.ref, 1, OLE, NOW)
    assert len(await people(bench, case)) > before  # their messages are drawn anew


async def test_an_owner_whom_the_case_is_about_sees_and_answers_nothing_of_it(bench: Bench) -> None:
    case, _ = await asked(bench)
    await bench.click(case, "about_us", MAY, form={"named": OLE})
    with pytest.raises(Refused):
        await bench.desk.show_who(case.ref, 1, OLE, NOW)
    with pytest.raises(Refused):
        await says(bench, case, "accounts", "done")


async def test_what_an_owner_would_be_asked_of_themselves_goes_to_who_has_the_case(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("access"), by=MAY, until="owners")
    await bench.click(case, "about_us", MAY, form={"named": OLE})
    form = {"systems": "accounts billing", "search": SEARCH}
    await bench.click(await bench.fresh(case), "ask_owners", MAY, request=1, form=form)
    asking = (await bench.fresh(case)).rounds[-1]
    assert {query.owner for query in asking.queries} == {MAY.id}
    assert OLE not in await people(bench, case)


async def test_who_is_late_is_chased_on_the_day_and_once_more(bench: Bench) -> None:
    case, asking = await asked(bench)
    await says(bench, case, "logs", "done", by=ANA.id)
    for day, texts in ((6, 0), (7, 1), (8, 2), (9, 2)):
        await bench.desk.remind(NOW + day * DAY)
        directs = [m.content for m in await bench.outbox(case, DirectMessage)]
        told = [d for d in directs if "answer is still missing" in d.text]
        assert (len(told), {d.person for d in told}) == (texts, {OLE} if texts else set())
    assert asking.chase_at is not None


async def test_a_chase_swallows_no_reminder_of_the_same_morning(bench: Bench) -> None:
    case, asking = await asked(bench)
    alone = await bench.walk(await bench.case("access"), until="owners")
    day = asking.due_on
    for moved in (case, alone):
        from storage.records import Commit

        fresh = await bench.fresh(moved)
        request = fresh.requests[0]
        soon = replace(request.due, aim_on=day + 2 * DAY, due_on=day + 2 * DAY)
        after = bench.desk._reminded(replace(fresh, requests=(replace(request, due=soon),)), NOW)
        put = Commit(at=NOW, actor="desk", act="note", case=fresh.ref, puts=(after,))
        await bench.store.commit(put)
    await bench.desk.remind(NOW + 7 * DAY)
    assert (await bench.fresh(case)).reminded == (await bench.fresh(alone)).reminded != ()


async def test_going_on_without_them_needs_a_reason_and_takes_the_step(bench: Bench) -> None:
    case, _ = await asked(bench)
    await bench.click(case, "go_on", request=1, form={"why": "They left the company."})
    case = await bench.fresh(case)
    assert "heard" in case.requests[0].done
    assert case.taken[-1].answers == {"why": "They left the company."}
    assert case.rounds[-1].over
    told = owners.progress(case, case.requests[0])
    assert told == "0 of 3 systems answered, gone on without"


async def test_chasing_asks_those_alone_who_have_not_answered(bench: Bench) -> None:
    case, _ = await asked(bench)
    case = await says(bench, case, "logs", "done", by=ANA.id)
    await bench.click(case, "nudge", request=1)
    directs = [m.content.person for m in await bench.outbox(case, DirectMessage)]
    assert directs == [OLE]


def test_what_a_round_is_called_is_known() -> None:
    assert set(owners.ROUNDS) == {"hold", "delete", "change", "stop", "cease"}
    assert "Delete nothing yet" in owners.ROUNDS["hold"].asks
    assert System(name="crm", title="CRM").owner == ""


async def test_who_the_case_is_about_neither_sees_nor_answers_it_as_an_owner(bench: Bench) -> None:
    case, _ = await asked(bench, "accounts logs")
    await bench.click(case, "about_us", ANA, form={"named": OLE})
    with pytest.raises(Refused):
        await bench.desk.show_who(case.ref, 1, OLE, NOW)
    with pytest.raises(Refused):
        await says(bench, case, "accounts", "nothing")
    case = await bench.fresh(case)
    assert {q.owner for q in case.rounds[0].queries} == {ANA.id}
    assert (await people(bench, case)).count(ANA.id) == 2, "she is asked for their part"


async def test_nothing_is_handed_to_whom_the_case_is_about(bench: Bench) -> None:
    case, _ = await asked(bench, "accounts")
    await bench.click(case, "about_us", ANA, form={"named": BEN.id})
    await bench.click(await bench.fresh(case), "claim", MAY)
    case = await says(bench, case, "accounts", "not_mine", person=BEN.id)
    assert case.rounds[0].queries[0].owner == MAY.id
    assert BEN.id not in await people(bench, case)
