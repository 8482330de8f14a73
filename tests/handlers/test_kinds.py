"""Each kind from its mail to its closing letter, step by step, and the rules its steps keep."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import approvals
from handlers.handler import Click, Done, Faults, Review
from handlers.owner_answers import OwnerAnswer
from handlers.owners import may_not_delete
from handlers.recording import DANGER
from handlers.requests import replace
from storage.errors import Refused
from storage.records import (
    Alarm,
    Candidate,
    Case,
    Circle,
    DirectMessage,
    LetterState,
    OutboxStatus,
    Outcome,
    Request,
    Status,
)
from tests.handlers.desks import (
    ANA,
    BEN,
    COUNSEL,
    GUARD,
    MAY,
    NOW,
    REGISTRY,
    Bench,
    Person,
    a_bench,
)
from tests.handlers.test_registry import a_moment

WHO = {"child_data": GUARD, "legal_demand": COUNSEL}
LETTERS = {
    "access": "answer_access",
    "deletion": "answer_deletion",
    "correction": "answer_correction",
    "complaint": "answer_complaint",
    "child_data": "answer_child",
    "legal_demand": "answer_legal",
    "question": "answer_question",
}


async def answered(bench: Bench, case: Case, letter: str, by: Person = ANA) -> Case:
    """The letter is previewed, sent, and has arrived."""
    review = await bench.written(case, "reply", by, template=letter)
    assert isinstance(review, Review), review
    await bench.click(review.case, "send", by, value=review.letter)
    if approvals.pending(case := await bench.fresh(case)):
        await bench.second(case)
    await bench.deliver(case, NOW + timedelta(minutes=11))
    return await bench.fresh(case)


async def closed(bench: Bench, case: Case, by: Person = ANA, **form: str) -> Case:
    done = await bench.click(case, "close", by, request=1, form=form)
    assert isinstance(done, Done), done
    return await bench.fresh(case)


def request_of(case: Case) -> Request:
    return case.requests[0]


@pytest.mark.parametrize("kind", LETTERS)
async def test_from_mail_to_closing_letter_with_every_step(bench: Bench, kind: str) -> None:
    by = WHO.get(kind, ANA)
    case = await bench.walk(await bench.case(kind), by)
    case = await answered(bench, case, LETTERS[kind], by)
    case = await bench.walk(case, by, until="close")
    steps = REGISTRY[kind].applying(case, request_of(case))
    assert set(request_of(case).done) >= {s.name for s in steps if not s.optional} - {"close"}
    ended = await closed(bench, case, by, outcome=REGISTRY[kind].outcomes[0])
    assert ended.closed
    assert request_of(ended).outcome is REGISTRY[kind].outcomes[0]


# --- whose data, first of all -----------------------------------------------------------------


async def test_what_our_customer_decides_on_is_passed_on_and_closed_as_referred(
    bench: Bench,
) -> None:
    theirs = {"whose": {"whose": "customers"}}
    case = await bench.walk(await bench.case("access"), until="verify", **theirs)
    assert case.answer(1, "passed_on", "customer")
    case = await bench.walk(case, until="close")
    assert "owners" not in request_of(case).done
    review = await bench.written(case, "close", outcome="referred")
    assert isinstance(review, Review)
    sent = await bench.click(review.case, "send", value=review.letter)
    assert isinstance(sent, Done)
    assert sent.until is not None
    await bench.deliver(case, sent.until)
    assert request_of(await bench.fresh(case)).outcome is Outcome.REFERRED


async def test_the_customer_is_chosen_from_the_register_where_it_has_one(tmp_path: Path) -> None:
    async with a_bench(tmp_path, customers={"Choir": "privacy@example.net"}) as bench:
        theirs = {"whose": {"whose": "customers"}}
        case = await bench.walk(await bench.case("access"), until="passed_on", **theirs)
        form = await bench.form(case, "passed_on", request=1)
        assert form.fields[0].options == (("Choir", "Choir: privacy@example.net"),)
        said = {"customer": "Band", "when": "today, by mail"}
        assert isinstance(await bench.click(case, "passed_on", request=1, form=said), Faults)
        said |= {"customer": "Choir"}
        assert isinstance(await bench.click(case, "passed_on", request=1, form=said), Done)


async def test_both_is_passed_on_and_goes_on_for_our_part(bench: Bench) -> None:
    case = await bench.walk(await bench.case("access"), whose={"whose": "both"})
    assert {"passed_on", "owners", "checklist"} <= set(request_of(case).done)


# --- access -----------------------------------------------------------------------------------


async def test_the_article_15_list_is_complete_or_explained(bench: Bench) -> None:
    case = await bench.walk(await bench.case("access"), until="checklist")
    some = await bench.click(case, "checklist", request=1, form={"list": "1 2 3"})
    assert isinstance(some, Faults)
    assert "list" in some.fields
    told = {"list": "1 2 3", "why": "No source: it came from them."}
    assert isinstance(await bench.click(case, "checklist", request=1, form=told), Done)
    assert (await bench.fresh(case)).answer(1, "checklist", "why") == told["why"]


async def test_no_package_goes_before_a_second_person_approved(bench: Bench) -> None:
    case = await bench.walk(await bench.case("access"), until="checklist")
    early = await bench.written(case, "reply", template="answer_access")
    assert isinstance(early, Faults)
    assert "article 15" in early.fields["template"]
    case = await bench.walk(case)
    review = await bench.written(case, "reply", template="answer_access")
    assert isinstance(review, Review)
    await bench.click(review.case, "send", value=review.letter)
    case = await bench.fresh(case)
    assert request_of(case).status is Status.AWAITING_APPROVAL
    (package,) = (m for m in await bench.outbox(case) if m.content.template == "answer_access")
    assert package.status is OutboxStatus.DRAFT


async def test_nobody_is_told_that_nothing_is_held_before_the_owners_have_answered(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("access"), until="heard")
    early = await bench.written(case, "reply", template="no_data")
    assert isinstance(early, Faults)
    assert "owners answer" in early.fields["template"]
    await bench.owners_answer(case, "nothing")
    review = await bench.written(await bench.fresh(case), "reply", template="no_data")
    assert isinstance(review, Review)
    await bench.click(review.case, "send", value=review.letter)
    assert approvals.pending(await bench.fresh(case))
    await bench.second(await bench.fresh(case))
    await bench.deliver(case, NOW + timedelta(minutes=11))
    case = await bench.fresh(case)
    # what was never found needs no review and no list
    assert (await closed(bench, case, outcome="fulfilled", reason="no_data_held")).closed


@pytest.mark.parametrize("kind", ["access", "deletion"])
@pytest.mark.parametrize("answer", ["done", "exception"])
async def test_nobody_is_told_that_nothing_is_held_where_an_owner_found_something(
    bench: Bench, kind: str, answer: str
) -> None:
    case = await bench.walk(await bench.case(kind), until="heard")
    first = case.rounds[-1].waiting[0]
    said = OwnerAnswer(
        ref=case.ref, round=1, system=first.system, by=first.owner, answer=answer, reason="a file"
    )
    await bench.desk.owner_answers(said, NOW)
    await bench.owners_answer(await bench.fresh(case), "nothing")
    told = await bench.written(await bench.fresh(case), "reply", template="no_data")
    assert isinstance(told, Faults)
    assert "Something is held in: accounts" in told.fields["template"]


async def test_a_draft_cannot_go_once_its_approval_is_taken_back(bench: Bench) -> None:
    case = await bench.ready()
    review = await bench.written(case, "reply", template="answer_access")
    assert isinstance(review, Review)
    await bench.click(review.case, "again", request=1, form={"step": "checklist"})
    with pytest.raises(Refused, match="cannot go yet"):
        await bench.click(await bench.fresh(case), "send", value=review.letter)


DELIVERY = {
    "what": "3 PDF, 2 MB",
    "how": "registered post",
    "when": "3 Nov",
    "whom": "Rosa Example",
}


async def test_a_delivery_another_way_records_how_when_to_whom_and_the_second_person(
    bench: Bench,
) -> None:
    case = await bench.ready()
    await bench.click(case, "delivered", request=1, form=DELIVERY)
    case = await bench.fresh(case)
    assert "delivered" not in request_of(case).done
    about = approvals.pending(case)[0].about
    form = await bench.form(case, "second_person", BEN, value=about)
    assert "To whom: Rosa Example" in form.fields[0].label
    assert "What: 3 PDF, 2 MB" in form.fields[0].label
    await bench.second(case)
    form = await bench.form(await bench.fresh(case), "delivered", request=1)
    assert {field.name: field.initial for field in form.fields} == DELIVERY
    await bench.click(await bench.fresh(case), "delivered", request=1, form=DELIVERY)
    taken = (await bench.fresh(case)).taken[-1]
    assert (taken.answers, taken.second) == (DELIVERY, MAY.id)


async def test_nothing_is_delivered_before_identity_is_settled(bench: Bench) -> None:
    case = await bench.ready()
    left = tuple(name for name in request_of(case).done if name != "verify")
    case = replace(case, requests=(replace(request_of(case), done=left),))
    moment = a_moment(case)
    with pytest.raises(Refused, match="settle identity"):
        REGISTRY.actions["delivered"].do(
            replace(moment, by=ANA, request=request_of(case), form=DELIVERY)
        )


# --- deletion ---------------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["verify", "hold_check", "suppressed"])
async def test_delete_now_is_refused_until_identity_hold_and_a_second_person(
    bench: Bench, until: str
) -> None:
    case = await bench.walk(await bench.case("deletion"), until=until)
    form = {"systems": "accounts", "search": "rosa@example.org"}
    with pytest.raises(Refused, match="Still to do"):
        await bench.click(case, "delete_now", request=1, form=form)
    assert not [r for r in (await bench.fresh(case)).rounds if r.step == "erasing"]


async def test_delete_now_asks_a_second_person_first(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion"), until="erasing")
    form = {"systems": "accounts", "search": "rosa@example.org"}
    await bench.click(case, "delete_now", request=1, form=form)
    case = await bench.fresh(case)
    assert approvals.pending(case)
    assert [known.step for known in case.rounds] == ["owners"]
    await bench.second(case)
    await bench.click(await bench.fresh(case), "delete_now", request=1, form=form)
    assert (await bench.fresh(case)).rounds[-1].purpose == "delete"


async def test_an_approval_to_delete_is_for_what_was_shown_and_ends_with_what_it_rests_on(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("deletion"), until="erasing")
    form = {"systems": "accounts", "search": "rosa@example.org"}
    await bench.click(case, "delete_now", request=1, form=form)
    await bench.second(await bench.fresh(case))
    more = form | {"systems": "accounts billing"}
    await bench.click(await bench.fresh(case), "delete_now", request=1, form=more)
    case = await bench.fresh(case)
    assert approvals.pending(case)
    await bench.second(case)
    await bench.click(await bench.fresh(case), "again", request=1, form={"step": "hold_check"})
    case = await bench.walk(await bench.fresh(case), until="erasing")
    assert case.approvals == ()
    await bench.click(case, "delete_now", request=1, form=more)
    assert [known.step for known in (await bench.fresh(case)).rounds] == ["owners"]


async def test_under_a_legal_hold_nothing_is_deleted(bench: Bench) -> None:
    held = {"hold_check": {"hold": "on"}}
    case = await bench.walk(await bench.case("deletion"), until="erasing", **held)
    assert case.legal_hold
    form = {"systems": "accounts", "search": "rosa@example.org"}
    with pytest.raises(Refused, match="legal hold is on"):
        await bench.click(case, "delete_now", request=1, form=form)


async def test_delete_now_waits_until_the_access_answer_of_the_case_is_out(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion", "access"), until="erasing")
    form = {"systems": "accounts", "search": "rosa@example.org"}
    with pytest.raises(Refused, match="access answer goes first"):
        await bench.click(case, "delete_now", request=1, form=form)


async def test_the_access_answer_must_have_arrived_and_not_only_been_sent_off(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("deletion", "access"), until="erasing")
    template = "answer_access"
    letter = LetterState(
        id="x", template=template, status=OutboxStatus.PENDING, by=ANA.id, at=NOW, request=2
    )
    assert "access answer" in may_not_delete(replace(case, letters=(letter,)), request_of(case))
    came = replace(letter, status=OutboxStatus.SENT)
    assert may_not_delete(replace(case, letters=(came,)), request_of(case)) == ""
    back = replace(came, bounced=True)
    assert may_not_delete(replace(case, letters=(back,)), request_of(case))


async def test_nobody_alone_goes_on_without_owners_who_were_to_delete(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion"), until="erased")
    form = {"why": "Two owners left; their systems are listed in the answer."}
    await bench.click(case, "go_on", request=1, form=form)
    case = await bench.fresh(case)
    assert "erased" not in request_of(case).done
    await bench.second(case)
    await bench.click(await bench.fresh(case), "go_on", request=1, form=form)
    assert "erased" in request_of(await bench.fresh(case)).done


async def test_the_address_is_suppressed_before_the_data_go(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion"), until="suppressed")
    assert await bench.store.suppression(case.requester_hash) is None
    case = await bench.walk(case, until="erasing")
    assert await bench.store.suppression(case.requester_hash) is not None


async def test_the_second_round_goes_to_those_who_hold_something(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion"), until="heard")
    asking = case.rounds[-1]
    await bench.owners_answer(case, "nothing")
    assert "heard" in request_of(await bench.fresh(case)).done
    assert len(asking.queries) == 13
    case = await bench.walk(await bench.fresh(case), until="erasing")
    click = Click(ref=case.ref, action="delete_now", by=ANA, version=case.version, request=1)
    form = await bench.desk.form(click, NOW)
    assert len(form.fields[0].initial.split()) == 13  # nobody holds anything: staff choose


async def test_a_restriction_asks_no_owner_to_delete(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion"), what={"right": "GDPR 18"})
    assert request_of(case).right == "GDPR 18"
    assert case.restricted
    assert not case.legal_hold
    assert [known.step for known in case.rounds] == ["owners"]
    case = await answered(bench, case, "answer_restriction")
    assert "answer" in request_of(case).done


# --- the rest ---------------------------------------------------------------------------------


async def test_a_complaint_is_approved_by_a_manager(bench: Bench) -> None:
    case = await bench.ready("complaint")
    review = await bench.written(case, "reply", template="answer_complaint")
    assert isinstance(review, Review)
    await bench.click(review.case, "send", value=review.letter)
    case = await bench.fresh(case)
    about = {"value": approvals.pending(case)[0].about, "form": {"answer": "yes"}}
    with pytest.raises(Refused, match="Somebody else"):
        await bench.click(case, "second_person", BEN, **about)
    assert isinstance(await bench.click(case, "second_person", MAY, **about), Done)


async def test_a_childs_data_get_no_marketing_before_anything_else(bench: Bench) -> None:
    case = await bench.walk(await bench.case("child_data"), GUARD, until="verify")
    assert case.circle is Circle.RESTRICTED
    assert await bench.store.suppression(case.requester_hash) is not None


async def test_a_childs_data_go_after_the_hold_check_and_a_second_person_and_are_gone_then(
    bench: Bench,
) -> None:
    case = await bench.walk(
        await bench.case("child_data"), GUARD, until="erasing", wanted={"wanted": "delete"}
    )
    assert "hold_check" in request_of(case).done
    early = await bench.written(case, "reply", GUARD, template="answer_child")
    assert isinstance(early, Faults)
    assert "owners delete" in early.fields["template"]
    form = {"systems": "accounts", "search": "rosa@example.org"}
    await bench.click(case, "delete_now", GUARD, request=1, form=form)
    case = await bench.fresh(case)
    assert approvals.pending(case)
    assert [known.purpose for known in case.rounds] == ["hold"]


async def test_a_childs_data_that_are_only_to_be_seen_are_not_deleted(bench: Bench) -> None:
    case = await bench.walk(await bench.case("child_data"), GUARD, wanted={"wanted": "see"})
    assert [known.purpose for known in case.rounds] == ["hold"]


async def test_the_safeguarding_person_hears_of_danger_at_once(tmp_path: Path) -> None:
    async with a_bench(tmp_path, safeguarding="U09SAFE") as bench:
        case = await bench.walk(await bench.case("child_data"), GUARD, until="safety")
        form = {"danger": "yes", "note": ""}
        await bench.click(case, "safety", GUARD, request=1, form=form)
        (direct,) = [m.content for m in await bench.outbox(case, DirectMessage)]
    assert (direct.person, case.ref in direct.text) == ("U09SAFE", True)


async def test_where_nobody_is_named_for_danger_the_managers_hear_no_more_than_that(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("child_data"), GUARD, until="safety")
    for danger, heard in (("no", []), ("yes", [DANGER])):
        form = {"danger": danger, "note": ""}
        await bench.click(await bench.fresh(case), "safety", GUARD, request=1, form=form)
        assert [m.content.text for m in await bench.outbox(case, Alarm)] == heard
        if danger == "no":
            again = {"step": "safety"}
            await bench.click(await bench.fresh(case), "again", GUARD, request=1, form=again)
    assert "child" not in DANGER


async def test_a_complaint_whose_receipt_was_confirmed_is_acknowledged(bench: Bench) -> None:
    case = await bench.case("complaint")
    assert "acknowledged" in steps_of(case)
    (letter,) = await bench.outbox(case)
    await bench.desk.sent(letter, NOW, receipt="250 Ok")
    assert "acknowledged" not in steps_of(await bench.fresh(case))


def steps_of(case: Case) -> set[str]:
    kind = REGISTRY[request_of(case).kind or ""]
    return {step.name for step in kind.applying(case, request_of(case))}


ROUTE = {"how": "their portal", "when": "3 Nov", "whom": "The registry of the court"}


async def test_no_demand_ends_before_a_second_person_saw_what_went_by_their_own_route(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL, until="scope")
    early = {"outcome": "fulfilled", "reason": "answered_elsewhere"}
    assert isinstance(await bench.click(case, "close", COUNSEL, request=1, form=early), Faults)
    with pytest.raises(Refused, match="basis and scope"):
        await bench.click(case, "routed", COUNSEL, request=1, form=ROUTE)
    case = await bench.walk(case, COUNSEL)
    await bench.click(case, "routed", COUNSEL, request=1, form=ROUTE)
    case = await bench.fresh(case)
    assert "answer" not in request_of(case).done
    await bench.second(case)
    await bench.click(await bench.fresh(case), "routed", COUNSEL, request=1, form=ROUTE)
    case = await bench.fresh(case)
    assert "answer" in request_of(case).done
    bare = await bench.click(case, "close", COUNSEL, request=1, form={"outcome": "fulfilled"})
    assert isinstance(bare, Faults)
    assert "register of disclosures" in bare.fields["outcome"]
    case = await bench.walk(case, COUNSEL, until="close")
    assert (await closed(bench, case, COUNSEL, outcome="partly_fulfilled")).closed


async def test_what_went_by_their_own_route_taken_back_is_answered_no_more(bench: Bench) -> None:
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL)
    await bench.click(case, "routed", COUNSEL, request=1, form=ROUTE)
    await bench.second(await bench.fresh(case))
    await bench.click(await bench.fresh(case), "routed", COUNSEL, request=1, form=ROUTE)
    case = await bench.fresh(case)
    await bench.click(case, "again", COUNSEL, request=1, form={"step": "routed"})
    assert not {"answer", "routed"} & set(request_of(await bench.fresh(case)).done)


async def test_a_correction_that_is_refused_asks_no_owner_to_change_anything(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("correction"), decided={"decision": "refuse"})
    assert case.rounds == ()


async def test_what_is_deleted_instead_of_corrected_goes_the_way_of_every_deletion(
    bench: Bench,
) -> None:
    case = await bench.walk(
        await bench.case("correction"), until="erasing", decided={"decision": "delete"}
    )
    assert {"hold_check", "verify"} <= set(request_of(case).done)
    assert [known.purpose for known in case.rounds] == ["hold"]
    form = {"systems": "accounts", "search": "rosa@example.org"}
    await bench.click(case, "hold")
    with pytest.raises(Refused, match="legal hold is on"):
        await bench.click(await bench.fresh(case), "delete_now", request=1, form=form)
    await bench.click(await bench.fresh(case), "lift_legal_hold", form={"why": "settled"})
    await bench.click(await bench.fresh(case), "delete_now", request=1, form=form)
    assert approvals.pending(await bench.fresh(case))


async def test_an_objection_to_marketing_cannot_be_refused(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="marketing")
    form = await bench.form(case, "close", request=1)
    assert "refused" not in dict(form.fields[0].options)
    refusal = {"outcome": "refused", "reason": "unfounded"}
    assert isinstance(await bench.click(case, "close", request=1, form=refusal), Faults)


async def test_what_is_recorded_is_personal_and_goes_with_the_content(bench: Bench) -> None:
    from storage.parts import blank

    case = await bench.ready("correction")
    left: Any = blank(case)
    assert case.taken
    assert case.rounds
    assert (left.taken, left.rounds) == ((), ())
    assert left.requests[0].done == request_of(case).done


@pytest.mark.parametrize(
    ("laws", "known"),
    [((), False), (("uk_gdpr",), False), (("ccpa", "eu_gdpr"), False), (("ccpa",), True)],
)
async def test_that_nothing_matches_is_a_refusal_in_california_alone(
    bench: Bench, laws: tuple[str, ...], known: bool
) -> None:
    found = tuple(Candidate(regime=regime) for regime in laws)
    case = await bench.ready("access", laws=found)
    form = {"outcome": "refused", "reason": "no_match", "body": "We found no match."}
    answer = await bench.click(case, "close", request=1, form=form)
    assert isinstance(answer, Review if known else Faults)
    shown = await bench.form(case, "close", request=1, form={"outcome": "refused"})
    reasons = next(dict(field.options) for field in shown.fields if field.name == "reason")
    assert ("no_match" in reasons) == known
