"""Unsubscribe: stopped at once, confirmed, looked after; whose addresses, and the way back."""

from datetime import timedelta
from pathlib import Path

import pytest

from handlers.handler import Done, Faults, Review, Stale
from handlers.nudges import LOOK
from handlers.requests import replace
from storage.errors import Refused
from storage.parts import blank
from storage.records import (
    Candidate,
    Case,
    Digest,
    DirectMessage,
    Fact,
    OutboxStatus,
    Request,
    Status,
    ThreadLine,
)
from tests.handlers.desks import (
    ANA,
    DAY,
    GUARD,
    NOW,
    REGISTRY,
    ROSA,
    Bench,
    a_bench,
    parsed,
    reading,
)

CHILD = "lena@example.net"
#: of a mail that asks one thing more: no confirmation goes by itself
BY_HAND = {"flags": ("lawyer",)}


def request_of(case: Case) -> Request:
    return case.requests[0]


async def listed(bench: Bench) -> set[str]:
    return {each.address async for each in bench.store.all_suppressions()}


async def choose(bench: Bench, case: Case, by=ANA, now=NOW, **form: str):
    return await bench.click(await bench.fresh(case), "do_not_mail", by, now, form=form)


# --- the steps --------------------------------------------------------------------------------


async def test_it_stays_open_until_the_marketing_owner_confirms(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="stopped")
    assert request_of(case).status is Status.AWAITING_OWNERS
    assert [q.system for q in case.rounds[-1].queries] == ["marketing"]
    form = {"outcome": "fulfilled"}
    assert isinstance(await bench.click(case, "close", request=1, form=form), Faults)
    await bench.owners_answer(case)
    case = await bench.fresh(case)
    assert "stopped" in request_of(case).done
    case = await bench.walk(case, until="close")
    assert isinstance(await bench.click(case, "close", request=1, form=form), Done)


async def test_it_does_not_end_before_the_requester_was_told_it_stopped(bench: Bench) -> None:
    """Where the automatic confirmation was withheld a letter comes first: one click and preview."""
    case = await bench.case("unsubscribe", **BY_HAND)
    assert [x.template for x in case.letters] == ["acknowledgement"]
    assert case.due.aim_on == (NOW + 2 * DAY).date(), "the step has its day"
    case = await bench.walk(case, until="answer")
    assert REGISTRY["unsubscribe"].next_step(case, request_of(case)).action == "confirm_stop"
    done = (*request_of(case).done, "stopped", "looked")
    early = REGISTRY["unsubscribe"].missing(
        case, replaced(case, done=done), REGISTRY["unsubscribe"].outcomes[0]
    )
    assert early == "Send the answer first: Reply."
    review = await bench.click(case, "confirm_stop", request=1)
    assert isinstance(review, Review)
    assert review.to == ROSA
    assert "3 November 2026" in review.body
    await bench.click(review.case, "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(minutes=1))
    case = await bench.fresh(case)
    assert "answer" in request_of(case).done
    assert case.acknowledgement == "sent"


async def test_the_letter_tells_the_day_of_the_stop_and_not_its_own(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe", **BY_HAND), until="answer")
    review = await bench.click(case, "confirm_stop", request=1, now=NOW + 6 * DAY)
    assert "list on 3 November 2026" in review.body
    assert "until 9 November 2026" in review.body


async def test_one_that_went_by_itself_needs_no_other(bench: Bench) -> None:
    case = await bench.case("unsubscribe")
    assert "answer" in request_of(case).done
    (letter,) = await bench.outbox(case)
    await bench.desk.give_up(letter, "550 no such user", NOW)
    case = await bench.fresh(case)
    assert "answer" not in request_of(case).done
    kind = REGISTRY["unsubscribe"]
    steps = {step.name for step in kind.applying(case, request_of(case))}
    assert "answer" not in steps, "nobody can be written to there"
    assert "answer" not in kind.missing(case, request_of(case), kind.outcomes[0])


def replaced(case: Case, **said) -> Request:
    return replace(request_of(case), **said)


async def test_sale_and_sharing_are_told_to_partners_where_california_may_apply(
    bench: Bench,
) -> None:
    """11 CCR 7026(f): whoever the data were sold to or shared with hears of it."""
    for laws, applies in ((("ccpa", "eu_gdpr"), True), (("eu_gdpr",), False)):
        found = tuple(Candidate(regime=name) for name in laws)
        case = await bench.case("unsubscribe", laws=found)
        steps = {s.name for s in REGISTRY["unsubscribe"].applying(case, request_of(case))}
        assert ("partners" in steps) == applies
    case = await bench.walk(await bench.case("unsubscribe", laws=found), until="close")
    assert "partners" not in request_of(case).done


async def test_days_later_somebody_looks_whether_it_held(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="looked")
    with pytest.raises(Refused, match="look from 10 Nov 2026 on"):
        await bench.click(case, "looked", request=1)
    form = {"outcome": "fulfilled"}
    assert isinstance(await bench.click(case, "close", request=1, form=form), Faults)
    for days in (1, 2, 3, 6):
        await bench.desk.remind(NOW + days * DAY)
    said = [m.content.text for m in await bench.outbox(case, ThreadLine)]
    assert not any("Next step" in text for text in said), "nobody can do more until then"
    for _ in range(2):
        await bench.desk.remind(NOW + 7 * DAY)
    said = [m.content.text for m in await bench.outbox(case, ThreadLine)]
    assert said.count(LOOK) == 1
    assert any(LOOK in m.content.text for m in await bench.outbox(case, DirectMessage))
    later = NOW + 7 * DAY
    assert isinstance(await bench.click(await bench.fresh(case), "looked", now=later), Done)


async def test_with_a_feed_the_desk_takes_the_look_by_itself(bench: Bench) -> None:
    case = await bench.case("unsubscribe")
    hashes = frozenset({case.requester_hash})
    assert await bench.desk.fed(hashes, NOW) == 1
    assert "looked" not in request_of(await bench.fresh(case)).done
    assert await bench.desk.fed(hashes, NOW + 6 * DAY) == 0
    assert await bench.desk.fed(hashes, NOW + 7 * DAY) == 1
    assert "looked" in request_of(await bench.fresh(case)).done


async def test_the_digest_names_each_that_the_desk_confirmed_by_itself_once(bench: Bench) -> None:
    case, by_hand = await bench.case("unsubscribe"), await bench.case("unsubscribe", **BY_HAND)
    for each in (case, by_hand):
        await bench.deliver(each, NOW + timedelta(minutes=1))
    assert await bench.desk.digest(NOW + timedelta(minutes=2))
    assert await bench.desk.digest(NOW + DAY)
    found = [
        [line.ref for line in message.content.stopped]
        for message in await bench.store.messages_with(OutboxStatus.PENDING)
        if isinstance(message.content, Digest)
    ]
    assert found == [[case.ref], []]


# --- whose addresses --------------------------------------------------------------------------


async def test_staff_add_the_address_named_in_the_mail(bench: Bench) -> None:
    named = Fact(what="address", text="Rosa.Account@example.net", start=0, end=24)
    case = await bench.walk(await bench.case("unsubscribe", facts=(named,)), until="stopped")
    form = await bench.form(case, "do_not_mail")
    lines = [label for _, label in form.fields[0].options]
    assert lines == [
        f"{ROSA} (asked us from here)",
        "rosa.account@example.net (named, not proven)",
    ]
    assert form.fields[0].initial == "0", "what a mail names is proposed, never put on by itself"
    done = await choose(bench, case, listed="0 1", more="other@example.net\n")
    assert isinstance(done, Done)
    assert "@" not in done.said
    assert await listed(bench) == {ROSA, "rosa.account@example.net", "other@example.net"}


async def test_what_a_stranger_had_stopped_is_taken_back(bench: Bench) -> None:
    """Mail that stops does no harm, so nobody proves anything; but it can be undone."""
    case = await bench.walk(await bench.case("unsubscribe"), until="stopped")
    await choose(bench, case, listed="0", more=CHILD)
    case = await bench.fresh(case)
    gone = next(each.hash for each in case.suppressed if each.address == CHILD)
    await choose(bench, case, listed="0")
    assert await listed(bench) == {ROSA}
    assert await bench.store.suppression(gone) is None
    assert [each.address for each in (await bench.fresh(case)).suppressed] == [ROSA]


async def test_one_that_two_asked_for_stays_while_one_of_them_does(bench: Bench) -> None:
    first = await bench.walk(await bench.case("unsubscribe"), until="stopped")
    second = await bench.walk(await bench.case("unsubscribe", now=NOW + DAY), until="stopped")
    await choose(bench, first, listed="")
    assert await listed(bench) == {ROSA}
    await choose(bench, second, listed="")
    assert await listed(bench) == set()


async def test_it_can_be_taken_back_when_the_case_has_ended(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="close")
    await bench.click(case, "close", request=1, form={"outcome": "fulfilled"})
    assert isinstance(await choose(bench, case, listed=""), Done)
    assert await listed(bench) == set()


async def test_what_was_no_request_says_that_its_address_is_listed_still(bench: Bench) -> None:
    case = await bench.case("unsubscribe")
    done = await bench.click(case, "not_a_request")
    assert "on the do-not-mail list still" in done.said
    assert isinstance(await choose(bench, case, listed=""), Done)
    assert await listed(bench) == set()


async def test_a_list_that_changed_meanwhile_is_read_again_first(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="stopped")
    await choose(bench, case, listed="0", more=CHILD)
    late = await bench.click(case, "do_not_mail", form={"listed": "0"})
    assert isinstance(late, Stale)
    assert await listed(bench) == {ROSA, CHILD}


@pytest.mark.parametrize("more", ["rosa", "a@b", "compliance@example.com"])
async def test_what_is_no_address_of_theirs_is_refused(bench: Bench, more: str) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="stopped")
    assert isinstance(await choose(bench, case, listed="0", more=more), Faults)


async def test_a_childs_account_is_asked_for_after_the_parents_address_stopped(
    bench: Bench,
) -> None:
    case = await bench.walk(await bench.case("child_data"), GUARD, until="addresses")
    assert await listed(bench) == {ROSA}, "at once, and before anything else"
    await choose(bench, case, GUARD, more=CHILD)
    case = await bench.fresh(case)
    assert "addresses" in request_of(case).done
    assert await listed(bench) == {CHILD}, "the parent's own was not ticked any more"


@pytest.mark.parametrize(("flags", "asked"), [(("agent",), True), ((), False)])
async def test_whom_an_agent_writes_for_is_asked(bench: Bench, flags, asked: bool) -> None:
    for name in ("unsubscribe", "deletion"):
        case = await bench.case(name, flags=flags)
        steps = {s.name for s in REGISTRY[name].applying(case, request_of(case))}
        assert ("addresses" in steps) == asked


async def test_the_feed_confirms_when_all_addresses_of_a_case_stand_in_it(bench: Bench) -> None:
    case = await bench.walk(await bench.case("unsubscribe"), until="marketing")
    await choose(bench, case, listed="0", more=CHILD)
    case = await bench.fresh(case)
    assert await bench.desk.fed(frozenset({case.requester_hash}), NOW) == 0
    assert await bench.desk.fed(frozenset(x.hash for x in case.suppressed), NOW) == 1


async def test_addresses_are_sealed_with_the_words_of_the_case(bench: Bench) -> None:
    case = await bench.case("unsubscribe")
    assert [each.address for each in case.suppressed] == [ROSA]
    assert blank(case).suppressed == ()


# --- still mailed -----------------------------------------------------------------------------


async def test_somebody_who_wrote_again_later_is_still_mailed(bench: Bench) -> None:
    await bench.case("unsubscribe")
    case = await bench.case("unsubscribe", now=NOW + 6 * DAY)
    assert case.still_mailed == NOW
    assert [m for m in await bench.outbox(case) if m.status is OutboxStatus.PENDING] == []


async def test_an_answer_that_mail_still_comes_says_so_on_its_own_case(bench: Bench) -> None:
    """The confirmation says: if marketing still reaches you, just reply."""
    case = await bench.case("unsubscribe")
    for days, still in ((1, None), (6, NOW)):
        mail = await bench.mail(received_at=NOW + days * DAY)
        said = parsed(text="I still get your newsletter. Unsubscribe me!")
        await bench.desk.follow_up(
            case.ref, mail, said, NOW + days * DAY, reading=reading("unsubscribe")
        )
        assert (await bench.fresh(case)).still_mailed == still


async def test_thanks_for_it_are_no_sign_that_mail_still_comes(bench: Bench) -> None:
    case = await bench.case("unsubscribe")
    mail = await bench.mail(received_at=NOW + 6 * DAY)
    await bench.desk.follow_up(
        case.ref, mail, parsed(text="Thanks!"), NOW + 6 * DAY, reading=reading("question")
    )
    assert (await bench.fresh(case)).still_mailed is None


async def test_the_days_until_the_look_are_the_operators(tmp_path: Path) -> None:
    async with a_bench(tmp_path, look_after=2 * DAY) as bench:
        case = await bench.walk(await bench.case("unsubscribe"), until="looked")
        answer = await bench.click(case, "looked", request=1, now=NOW + 2 * DAY)
        assert isinstance(answer, Done)
