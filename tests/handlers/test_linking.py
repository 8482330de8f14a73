"""Cases that belong together: merged, split by person, linked; holds."""

from datetime import timedelta

import pytest

from handlers import retention, verification
from handlers.askers import asker
from handlers.handler import Done, Faults, Review
from handlers.requests import close_request, replace
from storage.errors import Refused
from storage.records import Card, Case, Circle, Outcome, Verification
from tests.handlers.desks import (
    ANA,
    BEN,
    COUNSEL,
    DAY,
    MAY,
    NOW,
    REGISTRY,
    ROSA,
    Bench,
    parsed,
    reading,
)
from tests.handlers.test_registry import a_moment

EVE = "eve@example.net"
PROOF = Verification(how="reply", by="U01ANA", at=NOW)


async def taken(bench: Bench, *kinds: str, by=ANA, now=NOW, **said: object) -> Case:
    """A case that is claimed and confirmed."""
    case = await bench.case(*kinds, now=now, **said)
    await bench.click(case, "claim", by)
    await bench.click(await bench.fresh(case), "confirm", by, value=" ".join(kinds))
    return await bench.fresh(case)


async def changed(bench: Bench, case: Case, **said: object) -> Case:
    """The case with other values, as if it had come to that."""
    from storage.records import Commit

    after = replace(case, **said)
    await bench.store.commit(Commit(at=NOW, actor="desk", act="note", case=case.ref, puts=(after,)))
    return await bench.fresh(case)


# --- merge and split --------------------------------------------------------------------------


async def test_merged_it_goes_on_in_the_earlier_case_with_its_mails(bench: Bench) -> None:
    first = await taken(bench, "access")
    later = await taken(bench, "access", "deletion", now=NOW + DAY)
    form = {"into": first.ref.lower(), "how": "same thread, same signature"}
    assert isinstance(await bench.click(later, "merge", form=form), Done)
    first, later = await bench.fresh(first), await bench.fresh(later)
    assert [r.kind for r in first.requests] == ["access", "deletion"]
    assert set(later.mails) <= set(first.mails)
    assert first.answered
    assert later.closed
    assert later.requests[0].outcome is Outcome.DUPLICATE
    assert (first.linked, later.linked) == ((later.ref,), (first.ref,))
    mail = await bench.store.mail(later.mails[0])
    assert mail is not None
    assert mail.case == first.ref


async def test_merging_proves_no_address_and_keeps_a_circle_closed(bench: Bench) -> None:
    first, later = await taken(bench, "access"), await taken(bench, "access", now=NOW + DAY)
    await bench.click(first, "about_us", MAY, form={"named": BEN.id})
    into = replace(await bench.fresh(first), requester="rosa@example.com")
    moment = replace(a_moment(later), by=MAY, other=into, form={"into": into.ref, "how": "same"})
    (after,) = REGISTRY.actions["merge"].do(moment).others
    assert (after.shut, after.circle) == ((BEN.id,), Circle.MANAGERS)
    assert [each.address for each in after.joined] == [later.requester]


async def test_what_is_merged_in_is_proven_anew_and_can_be(bench: Bench) -> None:
    first = await taken(bench, "access")
    form = {"how": "signed_in"}
    assert isinstance(await bench.click(first, "verify", form=form), Done)
    later = await taken(bench, "deletion", now=NOW + DAY)
    into = {"into": first.ref, "how": "same thread"}
    assert isinstance(await bench.click(later, "merge", form=into), Done)
    first = await bench.fresh(first)
    assert [("verify" in request.done) for request in first.requests] == [True, False]
    assert isinstance(await bench.click(first, "verify", form=form), Done)
    assert all("verify" in request.done for request in (await bench.fresh(first)).requests)


async def merged(bench: Bench, later: str = "deletion", *, proven: bool = True) -> Case:
    """Rosa's access request, proven or not, into which Eve's was merged; Eve's is the second."""
    first = await taken(bench, "access")
    if proven:
        await bench.click(first, "verify", form={"how": "signed_in"})
    mail = await bench.mail(mail_from=EVE, received_at=NOW + DAY)
    said = parsed(header_from=EVE, text="Please do as I ask.")
    case = await bench.desk.open(mail, said, reading(later), NOW + DAY)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value=later)
    form = {"into": first.ref, "how": "the same signature"}
    assert isinstance(await bench.click(await bench.fresh(case), "merge", form=form), Done)
    return await bench.fresh(first)


def proven(case: Case) -> list[bool]:
    return [
        verification.settled(case, r, REGISTRY[r.kind or ""]) and "verify" in r.done
        for r in case.requests
    ]


async def test_what_a_stranger_asked_is_not_proven_by_the_requester_s_proof(bench: Bench) -> None:
    case = await merged(bench)
    assert proven(case) == [True, False]
    assert asker(case, case.requests[1]) == EVE
    await bench.click(case, "confirm", form={"kinds": "access deletion question"})
    assert proven(await bench.fresh(case))[:2] == [True, False], "nor by correcting the kind"


async def test_what_a_stranger_asked_stays_theirs_when_its_kind_is_corrected(bench: Bench) -> None:
    case = await merged(bench)
    await bench.click(case, "confirm", form={"kinds": "access correction"})
    case = await bench.fresh(case)
    assert [r.kind for r in case.requests] == ["access", "correction"]
    assert proven(case) == [True, False]


async def test_no_letter_that_shows_data_goes_while_a_stranger_s_request_is_open(bench: Bench):
    case = await merged(bench)
    form = {"template": "plain", "body": "This is what we hold."}
    answer = await bench.click(case, "reply", request=1, form=form)
    assert "identity" in answer.fields["template"]


async def test_verify_asks_whose_proof_it_is_and_proves_that_one_alone(bench: Bench) -> None:
    case = await merged(bench, proven=False)
    field = next(f for f in (await bench.form(case, "verify")).fields if f.name == "of")
    assert dict(field.options) == {"1": ROSA, "2": EVE}
    bare = await bench.click(case, "verify", form={"how": "signed_in"})
    assert "of" in bare.fields
    await bench.click(case, "verify", form={"how": "signed_in", "of": "2"})
    case = await bench.fresh(case)
    assert proven(case) == [False, True]
    assert case.verification is None
    await bench.click(case, "verify", form={"how": "signed_in", "of": "1"})
    assert proven(await bench.fresh(case)) == [True, True]


async def test_a_code_proves_who_made_the_request_it_was_asked_for(bench: Bench) -> None:
    case = await merged(bench)
    form = {"how": "ask_code", "address": "eve.on.file@example.net", "of": "2"}
    review = await bench.click(case, "verify", form=form)
    assert isinstance(review, Review), review
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(minutes=11))
    mail = await bench.mail(mail_from="eve.on.file@example.net")
    code = bench.store.keys.code(review.letter)
    said = parsed(header_from="eve.on.file@example.net", text=f"My code is {code}.")
    assert await bench.desk.code_came(case.ref, mail, said, NOW + timedelta(hours=1))
    case = await bench.fresh(case)
    assert proven(case) == [True, True]
    assert [each.address for each in case.proofs] == [EVE]
    assert case.proven == "", "what Rosa asked is answered to her, not there"


async def test_what_was_merged_from_the_same_address_is_its_own(bench: Bench) -> None:
    first, later = await taken(bench, "access"), await taken(bench, "deletion", now=NOW + DAY)
    await bench.click(later, "merge", form={"into": first.ref, "how": "same thread"})
    case = await bench.fresh(first)
    assert asker(case, case.requests[1]) == case.requester


async def test_no_date_moves_back_by_merging(bench: Bench) -> None:
    first = await taken(bench, "access")
    later = await taken(bench, "access", now=NOW + DAY)
    form = {"into": later.ref, "how": "same person"}
    answer = await bench.click(first, "merge", form=form)
    assert isinstance(answer, Faults)
    assert "came later" in answer.fields["into"]


@pytest.mark.parametrize("into", ["", "PR-2026-9999", "PR-2026-0001"])
async def test_a_merge_needs_another_case_that_is_there(bench: Bench, into: str) -> None:
    case = await taken(bench, "access")
    answer = await bench.click(case, "merge", form={"into": into, "how": "known"})
    assert isinstance(answer, Faults)


async def test_a_closed_circle_is_no_more_found_by_a_merge_than_a_case_that_is_not_there(
    bench: Bench,
) -> None:
    hidden = await bench.case("child_data")
    case = await taken(bench, "access", now=NOW + DAY)
    answer = await bench.click(case, "merge", form={"into": hidden.ref, "how": "known"})
    assert isinstance(answer, Faults)
    assert answer.fields["into"] == f"There is no case {hidden.ref} that you may see."


async def test_split_by_person_each_gets_a_case_with_the_date_of_the_mail(bench: Bench) -> None:
    case = await taken(bench, "access")
    case = await changed(bench, case, verification=PROOF)
    people = "Rosa Example\nKarl Example\nRosa Example\n\nMia Example"
    assert isinstance(await bench.click(case, "split", form={"people": people}), Done)
    case = await bench.fresh(case)
    assert case.data_subject == "Rosa Example"
    others = [await bench.store.case(ref) for ref in case.linked]
    assert [other.data_subject for other in others if other] == ["Karl Example", "Mia Example"]
    for other in others:
        assert other is not None
        assert (other.received_at, other.due) == (case.received_at, case.due)
        assert other.verification is None
        assert (other.letters, other.requests[0].done) == ((), ("confirm",))
        assert await bench.outbox(other, Card)


async def test_one_name_alone_is_no_split(bench: Bench) -> None:
    case = await taken(bench, "access")
    answer = await bench.click(case, "split", form={"people": "Rosa Example"})
    assert isinstance(answer, Faults)


# --- legal hold and restriction -----------------------------------------------------------------


async def test_a_legal_hold_stops_every_purging_and_a_restriction_none(bench: Bench) -> None:
    case = await taken(bench, "access")
    moment = a_moment(case)
    over = close_request(case, 1, Outcome.FULFILLED, replace(moment, now=NOW))
    later = NOW + timedelta(days=4 * 366)
    assert retention.due(over, (), later)
    assert retention.due(replace(over, restricted=True), (), later)
    assert retention.due(replace(over, legal_hold=True), (), later) == ()


async def test_a_legal_hold_holds_what_is_linked_and_is_lifted_with_a_reason(bench: Bench) -> None:
    first, later = await taken(bench, "access"), await taken(bench, "complaint")
    first = await changed(bench, first, linked=(later.ref,))
    await bench.click(first, "hold")
    assert (await bench.fresh(first)).legal_hold
    assert (await bench.fresh(later)).legal_hold
    bare = await bench.click(await bench.fresh(first), "lift_legal_hold", form={"why": " "})
    assert isinstance(bare, Faults)
    await bench.click(await bench.fresh(first), "lift_legal_hold", form={"why": "settled"})
    assert not (await bench.fresh(first)).legal_hold
    assert not (await bench.fresh(later)).legal_hold
    assert (await bench.fresh(first)).notes[-1].text == "settled"


@pytest.mark.parametrize(
    ("kind", "step", "action"),
    [("deletion", "hold_check", "hold_check"), ("complaint", "frozen", "freeze")],
)
async def test_no_cause_for_a_hold_lifts_none_that_stands(
    bench: Bench, kind: str, step: str, action: str
) -> None:
    case = await bench.walk(await bench.case(kind), until=step)
    await bench.click(case, "hold")
    await bench.click(await bench.fresh(case), action, request=1, form={"hold": "off"})
    assert (await bench.fresh(case)).legal_hold


async def test_a_legal_demand_lifts_its_hold_with_a_reason(bench: Bench) -> None:
    case = await bench.walk(await bench.case("legal_demand"), COUNSEL)
    case = await changed(
        bench, case, requests=(replace(case.requests[0], done=(*case.requests[0].done, "answer")),)
    )
    case = await bench.walk(case, COUNSEL, until="released")
    assert case.legal_hold
    bare = await bench.click(case, "lift_hold", COUNSEL, request=1, form={"hold": "lifted"})
    assert isinstance(bare, Faults)
    form = {"hold": "lifted", "reason": "The court closed its file."}
    await bench.click(case, "lift_hold", COUNSEL, request=1, form=form)
    assert not (await bench.fresh(case)).legal_hold


async def test_what_is_linked_with_a_held_case_is_held(bench: Bench) -> None:
    held = await taken(bench, "access")
    await bench.click(held, "hold")
    case = await taken(bench, "complaint", by=BEN, now=NOW + DAY)
    form = {"matter": "answer", "case": held.ref, "whom": ""}
    await bench.click(case, "about", BEN, request=1, form=form)
    assert (await bench.fresh(case)).legal_hold


# --- complaints ---------------------------------------------------------------------------------


async def complained(bench: Bench, **form: str) -> tuple[Case, Case]:
    """An access request that Ana closed, and Ben's complaint about it."""
    earlier = await taken(bench, "access")
    closed = replace(earlier.requests[0], closed_by="U01ANA")
    earlier = await changed(bench, earlier, requests=(closed,))
    case = await taken(bench, "complaint", by=BEN, now=NOW + DAY)
    asked = {"matter": "answer", "case": earlier.ref, "whom": ""} | form
    answer = await bench.click(case, "about", BEN, request=1, form=asked)
    assert isinstance(answer, Done), answer
    return await bench.fresh(earlier), await bench.fresh(case)


async def test_a_complaint_is_linked_with_the_case_it_is_about(bench: Bench) -> None:
    earlier, case = await complained(bench)
    assert (case.linked, earlier.linked) == ((earlier.ref,), (case.ref,))


async def test_who_closed_the_earlier_case_does_not_work_on_the_complaint(bench: Bench) -> None:
    _, case = await complained(bench)
    assert case.barred == ("U01ANA",)
    await bench.click(case, "release", BEN)
    with pytest.raises(Refused, match="Nobody decides a case"):
        await bench.click(await bench.fresh(case), "claim", ANA)
    handed = await bench.click(await bench.fresh(case), "assign", BEN, form={"person": "U01ANA"})
    assert isinstance(handed, Faults)


async def test_whom_it_is_about_gives_it_back(bench: Bench) -> None:
    _, case = await complained(bench, whom=BEN.id)
    assert case.assignee is None
    assert BEN.id in case.barred
    assert isinstance(await bench.click(case, "claim", MAY), Done)


async def test_freezing_the_earlier_case_keeps_it_from_being_purged(bench: Bench) -> None:
    earlier, case = await complained(bench)
    await bench.click(case, "freeze", BEN, request=1, form={"hold": "on", "note": ""})
    assert (await bench.fresh(earlier)).legal_hold


async def test_a_complaint_about_a_case_that_is_not_there_is_told_so(bench: Bench) -> None:
    case = await taken(bench, "complaint")
    form = {"matter": "answer", "case": "PR-2020-0001", "whom": ""}
    answer = await bench.click(case, "about", request=1, form=form)
    assert isinstance(answer, Faults)
    assert "PR-2020-0001" in answer.fields["case"]
