"""What an unproven stranger may not do, and how a request without proof ends."""

from datetime import timedelta

import pytest

from handlers import recipients
from handlers.handler import Done, Faults, Review
from handlers.letters import templates
from handlers.verification import AGAIN, ENDS
from storage.records import Candidate, Case, DirectMessage, OutboxStatus, Outcome, ThreadLine
from tests.handlers.desks import ANA, DAY, MAY, NOW, Bench, parsed, reading

EVE = "eve@example.net"


async def asked(bench: Bench, kind: str = "access") -> Case:
    """Claimed, and asked for proof by a letter that arrived."""
    case = await bench.case(kind)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value=kind)
    case = await bench.fresh(case)
    form = {"template": "identity", "body": "Please sign in once."}
    review = await bench.click(case, "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(minutes=1))
    return await bench.fresh(case)


async def held_beside(bench: Bench, case: Case) -> Case:
    mail = await bench.mail(mail_from=EVE)
    said = parsed(header_from=EVE, text="It is me, from my other address.")
    return await bench.desk.hold(case.ref, mail, said, reading("question"), NOW)


async def joined(bench: Bench, case: Case) -> Case:
    """A mail from another address was found to be the same person's."""
    own = await held_beside(bench, case)
    await bench.click(own, "join", form={"how": "She told us on the phone."})
    return await bench.fresh(case)


async def close(bench: Bench, case: Case, outcome: Outcome, now=NOW, **form):
    said = {"outcome": outcome.value} | form
    return await bench.click(case, "close", request=1, form=said, now=now)


# --- expiry ---------------------------------------------------------------------------------


async def test_nobody_who_was_not_asked_can_be_closed_as_unproven(bench: Bench):
    case = await bench.case("access")
    await bench.click(case, "claim")
    answer = await close(bench, await bench.fresh(case), Outcome.EXPIRED_UNVERIFIED, NOW + 90 * DAY)
    assert "Ask for proof first" in answer.fields["outcome"]


async def test_it_is_too_early_until_the_time_for_proof_is_over(bench: Bench):
    case = await asked(bench)
    early = await close(bench, case, Outcome.EXPIRED_UNVERIFIED, NOW + 29 * DAY)
    assert isinstance(early, Faults)
    late = await close(bench, case, Outcome.EXPIRED_UNVERIFIED, NOW + 31 * DAY)
    assert isinstance(late, Review), "a person sends it, as a letter"
    assert not (await bench.fresh(case)).closed


async def test_sent_it_ends_as_unverified_and_can_be_opened_again(bench: Bench):
    case, later = await asked(bench), NOW + 31 * DAY
    review = await close(bench, case, Outcome.EXPIRED_UNVERIFIED, later)
    await bench.click(await bench.fresh(case), "send", value=review.letter, now=later)
    await bench.deliver(case, later + timedelta(minutes=11))
    case = await bench.fresh(case)
    assert case.requests[0].outcome is Outcome.EXPIRED_UNVERIFIED
    await bench.click(case, "reopen", request=1, form={"how": "unfinished"})
    assert not (await bench.fresh(case)).closed


@pytest.mark.parametrize(
    ("law", "routes"),
    [
        ("eu_gdpr", ("edpb.europa.eu", "79")),
        ("uk_gdpr", ("164A", "ico.org.uk", "165")),
        ("ccpa", ("1798.125", "privacy policy")),
        ("ca_pipeda", ("priv.gc.ca",)),
    ],
)
async def test_the_end_without_proof_is_the_refusal_letter_of_its_law(bench: Bench, law, routes):
    """Proposed by the desk, sent by a person; it says nothing on whether data are held."""
    case = await bench.case("access", laws=(Candidate(regime=law),))
    await bench.click(case, "claim")
    form = {"template": "identity", "body": "Please sign in once."}
    review = await bench.click(await bench.fresh(case), "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(minutes=1))
    answer = await close(bench, await bench.fresh(case), Outcome.EXPIRED_UNVERIFIED, NOW + 31 * DAY)
    assert isinstance(answer, Review)
    assert all(route in answer.body for route in routes)
    assert "nothing about whether we hold data" in answer.body
    assert templates.template("unverified").neutral


async def test_no_letter_ever_goes_to_a_reply_to(bench: Bench):
    """From: the victim, Reply-To: somebody else. It is flagged, and answered to the From alone."""
    mail = await bench.mail()
    said = parsed(reply_to=EVE)
    case = await bench.desk.open(mail, said, reading("access"), NOW)
    assert "Reply-To names another address" in case.defects
    await bench.click(case, "claim")
    form = {"template": "identity", "body": "Please sign in once."}
    review = await bench.click(await bench.fresh(case), "reply", request=1, form=form)
    assert review.to == case.requester != EVE
    assert EVE not in recipients.known(await bench.fresh(case))
    assert {m.content.to for m in await bench.outbox(case)} == {case.requester}


async def test_a_request_that_ended_without_proof_is_in_no_other_s_way(bench: Bench):
    case, later = await asked(bench), NOW + 31 * DAY
    await bench.click(case, "confirm", form={"kinds": "access complaint"})
    review = await close(bench, await bench.fresh(case), Outcome.EXPIRED_UNVERIFIED, later)
    form = {"template": "plain", "body": "Your complaint is upheld."}
    early = await bench.click(await bench.fresh(case), "reply", request=2, form=form, now=later)
    assert isinstance(early, Faults), "while the access request is open"
    await bench.click(await bench.fresh(case), "send", value=review.letter, now=later)
    await bench.deliver(case, later + timedelta(minutes=11))
    answer = await bench.click(await bench.fresh(case), "reply", request=2, form=form, now=later)
    assert isinstance(answer, Review)


async def test_the_desk_proposes_a_reminder_and_then_the_end_once_each(bench: Bench):
    case = await asked(bench)
    for days, words in ((14, AGAIN), (30, ENDS)):
        at = NOW + timedelta(days=days, minutes=2)
        await bench.desk.remind(at)
        await bench.desk.remind(at + timedelta(minutes=1))
        lines = [m.content.text for m in await bench.outbox(case, ThreadLine)]
        assert lines.count(words) == 1
        assert any(words in m.content.text for m in await bench.outbox(case, DirectMessage))
    letters = [m for m in await bench.outbox(case) if m.status is OutboxStatus.PENDING]
    assert letters == [], "no letter goes by itself"


async def test_proof_that_came_stops_the_proposals(bench: Bench):
    case = await asked(bench)
    await bench.click(case, "verify", form={"how": "signed_in"})
    await bench.desk.remind(NOW + 20 * DAY)
    lines = [m.content.text for m in await bench.outbox(case, ThreadLine)]
    assert AGAIN not in lines


# --- the held mail --------------------------------------------------------------------------


async def test_a_held_mail_has_three_ways_out(bench: Bench):
    case = await bench.case("access")
    own = await held_beside(bench, case)
    _, found = await bench.desk.offers(own.ref)
    labels = {offer.label for offer in found}
    assert {"Same person", "New case", "Not ours"} <= labels


async def test_joining_a_mail_does_not_prove_its_address(bench: Bench):
    case = await joined(bench, await bench.case("access"))
    assert case.verification is None
    assert case.proven == ""
    assert [each.address for each in case.joined] == [EVE]
    assert case.requester != EVE


# --- withdrawal and duplicates --------------------------------------------------------------


async def test_only_the_asking_or_a_proven_address_takes_a_request_back(bench: Bench):
    case = await bench.case("access")
    await bench.click(case, "claim")
    case = await bench.fresh(case)
    assert isinstance(await close(bench, case, Outcome.WITHDRAWN), Review)
    case = await joined(bench, case)
    assert isinstance(await close(bench, case, Outcome.WITHDRAWN), Faults)


async def sorted_case(bench: Bench, kind: str = "access") -> Case:
    case = await bench.case(kind)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value=kind)
    return await bench.fresh(case)


async def test_a_duplicate_needs_the_same_right_asked_by_somebody_proven(bench: Bench):
    first, other = await bench.ready("access"), await bench.ready("correction")
    case = await sorted_case(bench)
    for ref in ("", "PR-2026-9999", case.ref, other.ref):
        answer = await close(bench, case, Outcome.DUPLICATE, first=ref)
        assert "first" in answer.fields, ref
    review = await close(bench, case, Outcome.DUPLICATE, first=first.ref)
    assert isinstance(review, Review)
    assert review.body.count("You asked for the same thing before") == 1
    assert first.ref in review.body


async def test_a_duplicate_is_known_only_to_those_who_may_see_the_first(bench: Bench):
    hidden = await bench.ready("access")
    await bench.click(hidden, "about_us", MAY, form={"named": ANA.id})
    answer = await close(bench, await sorted_case(bench), Outcome.DUPLICATE, first=hidden.ref)
    assert answer.fields["first"].startswith("Write the reference")


@pytest.mark.parametrize("kind", ["access", "deletion", "correction"])
async def test_a_stranger_s_request_never_blocks_the_real_person(bench: Bench, kind):
    strangers = await sorted_case(bench, kind)
    real = await bench.ready(kind)
    answer = await close(bench, real, Outcome.DUPLICATE, first=strangers.ref)
    assert isinstance(answer, Faults)
    assert not isinstance(answer, Done)
    assert (await bench.fresh(real)).assignee == ANA.id
