"""What staff do for a kind, step by step: what each wants, what follows, and what it prevents."""

from datetime import timedelta

import pytest

from handlers import approvals
from handlers.handler import Done, Faults, Review, Stale
from handlers.letter_actions import choices
from handlers.recording import NO_CONSENT
from handlers.requests import replace
from handlers.verification import CATEGORIES
from storage.records import Alarm, Candidate, Case, Letter, OutboxStatus
from tests.handlers.desks import DAY, GUARD, NOW, REGISTRY, ROSA, Bench
from tests.handlers.test_kinds import answered, closed, request_of
from tests.handlers.test_registry import a_moment

CCPA = (Candidate(regime="ccpa"),)


def steps_of(case: Case) -> set[str]:
    kind = REGISTRY[request_of(case).kind or ""]
    return {step.name for step in kind.applying(case, request_of(case))}


# --- access -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "letter"), [("access", "answer_access")])
async def test_the_working_copies_are_purged_before_it_ends(bench: Bench, kind, letter) -> None:
    case = await answered(bench, await bench.ready(kind), letter)
    early = await bench.click(case, "close", request=1, form={"outcome": "fulfilled"})
    assert isinstance(early, Faults)
    assert "purge the working copies" in early.fields["outcome"]
    await bench.click(case, "copies", request=1)
    assert (await closed(bench, await bench.fresh(case), outcome="fulfilled")).closed


async def test_what_was_delivered_another_way_is_seen_or_came_back(bench: Bench) -> None:
    case = await bench.ready()
    assert "arrived" not in steps_of(case)
    said = {"what": "1 PDF", "how": "registered post", "when": "3 Nov", "whom": "Rosa Example"}
    await bench.click(case, "delivered", request=1, form=said)
    await bench.second(await bench.fresh(case))
    await bench.click(await bench.fresh(case), "delivered", request=1, form=said)
    case = await bench.fresh(case)
    assert "arrived" in steps_of(case)
    await bench.click(case, "again", request=1, form={"step": "delivered"})
    assert "arrived" not in steps_of(await bench.fresh(case)), "nothing was delivered after all"


async def test_in_california_categories_are_left_where_identity_fails(bench: Bench) -> None:
    """11 CCR 7024(a): not refused, but treated as a request for categories."""
    case = await bench.walk(await bench.case("access", laws=CCPA), until="verify")
    two = {"how": "two_points"}
    assert isinstance(await bench.click(case, "verify", form=two), Faults)
    await bench.click(case, "categories", request=1, form={"right": CATEGORIES})
    case = await bench.fresh(case)
    assert request_of(case).right == CATEGORIES
    await bench.click(case, "verify", form=two)
    case = await bench.walk(await bench.fresh(case))
    names = choices(replace(a_moment(case), request=request_of(case)))
    assert "answer_categories" in names
    assert not {"answer_access", "answer_portability"} & set(names)
    form = {"template": "answer_access", "body": "Your data: attached."}
    assert isinstance(await bench.click(case, "reply", request=1, form=form), Faults)


@pytest.mark.parametrize("law", ["eu_gdpr", "uk_gdpr"])
async def test_elsewhere_nobody_is_put_off_with_categories(bench: Bench, law: str) -> None:
    case = await bench.ready("access", laws=(Candidate(regime=law),))
    assert "categories" not in {offer.action for offer in (await bench.desk.offers(case.ref))[1]}
    assert "answer_categories" not in choices(replace(a_moment(case), request=request_of(case)))


# --- a letter that came back --------------------------------------------------------------------


async def sent(bench: Bench, kind: str = "question") -> Case:
    """Its answer has gone out by itself."""
    return await answered(bench, await bench.ready(kind), "answer_question")


async def bounce(bench: Bench, case: Case, template: str = "answer_question") -> Case:
    letter = [x for x in case.letters if x.template == template][-1]
    await bench.desk.ignore(
        await bench.mail(mail_from=""), None, "a bounce", NOW, bounced=letter.id
    )
    return await bench.fresh(case)


async def test_a_letter_that_came_back_goes_once_more_as_it_was(bench: Bench) -> None:
    case = await bounce(bench, await sent(bench))
    assert "answer" not in request_of(case).done
    _, found = await bench.desk.offers(case.ref)
    offer = next(each for each in found if each.action == "send_again")
    review = await bench.click(case, "send_again", value=offer.value)
    assert isinstance(review, Review)
    first = next(m for m in await bench.outbox(case) if m.content.template == "answer_question")
    assert (review.to, review.body) == (ROSA, first.content.body)
    await bench.click(review.case, "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(hours=1))
    case = await bounce(bench, await bench.fresh(case))
    _, found = await bench.desk.offers(case.ref)
    assert "send_again" not in {each.action for each in found}, "once is enough"


async def test_nothing_is_sent_again_that_arrived(bench: Bench) -> None:
    case = await sent(bench)
    assert "send_again" not in {each.action for each in (await bench.desk.offers(case.ref))[1]}
    letter = next(m for m in await bench.outbox(case, Letter) if m.status is OutboxStatus.SENT)
    assert isinstance(await bench.click(case, "send_again", value=letter.id), Stale)


# --- deletion ---------------------------------------------------------------------------------


async def test_the_spot_check_is_in_two_systems_of_the_register(bench: Bench) -> None:
    case = await bench.walk(await bench.case("deletion"), until="spot_check")
    for systems in ("", "accounts", "accounts elsewhere"):
        form = {"systems": systems}
        assert isinstance(await bench.click(case, "spot_check", request=1, form=form), Faults)
    form = {"systems": "accounts billing"}
    assert isinstance(await bench.click(case, "spot_check", request=1, form=form), Done)


@pytest.mark.parametrize(("watch", "told"), [("on", True), ("off", False)])
async def test_an_address_that_was_erased_and_turns_up_again_is_told(
    bench: Bench, watch: str, told: bool
) -> None:
    said = {"backups": {"when": "1 Dec", "watch": watch}}
    case = await bench.walk(await bench.case("deletion"), **said)
    case = await bench.walk(await answered(bench, case, "answer_deletion"), until="close")
    open_still = await bench.case("question")
    assert not any("erased" in flag for flag in open_still.flags)
    await closed(bench, case, outcome="fulfilled")
    again = await bench.case("question", now=NOW + DAY)
    assert any(case.ref in flag and "erased" in flag for flag in again.flags) == told


# --- correction -------------------------------------------------------------------------------


async def test_a_restriction_is_lifted_after_they_were_told_and_before_it_ends(
    bench: Bench,
) -> None:
    """GDPR Art. 18(3): who had it restricted is told before that is lifted."""
    case = await bench.walk(await bench.case("correction"), until="evidence")
    await bench.click(case, "restrict", request=1, form={"restricted": "on", "note": ""})
    case = await bench.walk(await bench.fresh(case))
    assert case.restricted
    case = await answered(bench, case, "answer_correction")
    early = await bench.click(case, "close", request=1, form={"outcome": "fulfilled"})
    assert isinstance(early, Faults)
    assert "lift the restriction" in early.fields["outcome"]
    case = await bench.walk(case, until="close")
    assert not case.restricted


# --- a child's data ---------------------------------------------------------------------------


async def test_where_there_was_no_consent_an_incident_of_ours_is_opened(bench: Bench) -> None:
    case = await bench.walk(await bench.case("child_data"), GUARD, until="consent")
    form = {"consent": "no", "note": ""}
    await bench.click(case, "consent", GUARD, request=1, form=form)
    case = await bench.fresh(case)
    (ref,) = case.linked
    incident = await bench.store.case(ref)
    assert incident.circle is case.circle
    assert "wider deletion" in incident.data_subject
    assert [m.content.text for m in await bench.outbox(case, Alarm)] == [NO_CONSENT]


async def test_a_parent_who_wants_no_more_collected_has_the_owners_stop(bench: Bench) -> None:
    """16 CFR 312.6(a)(2): further use or collection is refused, and nothing is deleted."""
    case = await bench.walk(await bench.case("child_data"), GUARD, wanted={"wanted": "stop"})
    assert [known.purpose for known in case.rounds] == ["hold", "cease"]
    assert not approvals.pending(case)
