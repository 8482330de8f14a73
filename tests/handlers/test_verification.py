"""Who asks: the least that settles it, by kind and law, and the code sent by mail."""

from datetime import timedelta

import pytest

from handlers import verification
from handlers.handler import Depth, Done, Faults, Kind, Review
from handlers.letter_actions import choices
from handlers.requests import replace
from handlers.verification import SLOT, enough, settled, ways
from storage.errors import Refused
from storage.records import Candidate, Case, OutboxStatus, Status, Verification
from storage.sealing import Keys
from tests.handlers.desks import ANA, COUNSEL, DAY, GUARD, NOW, REGISTRY, ROSA, Bench
from tests.handlers.test_registry import a_moment

FILE = "rosa.old@example.com"
WHO = {"child_data": GUARD, "legal_demand": COUNSEL}


def kind_of(name: str) -> Kind:
    return REGISTRY[name]


async def taken(bench: Bench, kind: str = "access", **said) -> Case:
    case = await bench.case(kind, **said)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value=kind)
    return await bench.fresh(case)


async def code_out(bench: Bench, kind: str = "access", address: str = FILE) -> Case:
    """A code has gone to the address on file."""
    case = await taken(bench, kind)
    review = await bench.click(case, "verify", form={"how": "ask_code", "address": address})
    assert isinstance(review, Review)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(minutes=1))
    return await bench.fresh(case)


# --- depth ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["unsubscribe", "question", "complaint"])
async def test_where_nothing_may_be_asked_the_button_and_the_letter_are_gone(bench: Bench, kind):
    case = await taken(bench, kind)
    _, found = await bench.desk.offers(case.ref)
    assert "verify" not in {offer.action for offer in found}
    with pytest.raises(Refused):
        await bench.form(case, "verify")
    moment = replace(a_moment(case), request=case.requests[0])
    assert not {"identity", "code_sent"} & set(choices(moment))


@pytest.mark.parametrize(
    ("kind", "enough_is", "is_not"),
    [
        ("deletion", "code", "authority"),
        ("correction", "signed_in", "authority"),
        ("access", "guest", "two_points"),
        ("child_data", "parent", "code"),
        ("child_data", "child", "signed_in"),
        ("legal_demand", "call_back", "papers"),
    ],
)
async def test_each_kind_has_its_own_depth(bench: Bench, kind, enough_is, is_not):
    case = await bench.case(kind)
    found = ways(case, case.requests[0], kind_of(kind))
    assert enough_is in found
    assert is_not not in found


async def test_papers_are_the_last_resort_of_any_kind(bench: Bench):
    for name in ("access", "deletion", "correction", "child_data"):
        case = await bench.case(name)
        assert ways(case, case.requests[0], kind_of(name))[-1] == "papers"


async def test_an_agent_s_authority_counts_and_so_does_the_person_s_own_code(bench: Bench):
    case = await bench.case("deletion", flags=("agent",))
    assert ways(case, case.requests[0], kind_of("deletion")) == ("authority", "code", "papers")


async def test_that_somebody_wrote_from_an_address_settles_nothing_for_any_kind(bench: Bench):
    """A From is a claim, whatever authentication says of it: only a code given back counts."""
    for name in REGISTRY:
        case = await bench.case(name)
        assert "reply" not in ways(case, case.requests[0], kind_of(name))
        if kind_of(name).depth is not Depth.NONE:
            by = WHO.get(name, ANA)
            await bench.click(case, "claim", by)
            form = {"how": "reply"}
            answer = await bench.click(await bench.fresh(case), "verify", by, form=form)
            assert isinstance(answer, Faults), name
    old = replace(case, verification=Verification(how="", by=ANA.id, at=NOW, way="reply"))
    asked = (await bench.case("deletion")).requests[0]
    assert not settled(old, asked, kind_of("deletion")), "one recorded before counts no more"


async def test_who_has_no_account_is_found_by_what_links_them(bench: Bench):
    case = await taken(bench, "deletion")
    answer = await bench.click(case, "verify", form={"how": "guest"})
    assert isinstance(answer, Faults), "what fits is said"
    await bench.click(case, "verify", form={"how": "guest", "why": "Joined 2 Nov at 10:04."})
    assert "verify" in (await bench.fresh(case)).requests[0].done


async def test_a_child_that_acts_alone_is_explained(bench: Bench):
    case = await bench.walk(await bench.case("child_data"), GUARD, until="verify")
    assert isinstance(await bench.click(case, "verify", GUARD, form={"how": "child"}), Faults)
    said = {"how": "child", "why": "Says 14, writes clearly about what it wants."}
    assert isinstance(await bench.click(case, "verify", GUARD, form=said), Done)


async def test_the_disputed_address_proves_nothing_about_its_correction(bench: Bench):
    case = await bench.walk(await bench.case("correction"), until="field")
    said = {"field": "e-mail", "old": FILE, "new": "rosa.new@example.com"}
    await bench.click(case, "field", request=1, form=said)
    form = {"how": "ask_code", "address": FILE}
    answer = await bench.click(await bench.fresh(case), "verify", form=form)
    assert isinstance(answer, Faults)
    assert "disputed" in answer.fields["address"]
    form |= {"address": "rosa.other@example.com"}
    assert isinstance(await bench.click(await bench.fresh(case), "verify", form=form), Review)


@pytest.mark.parametrize(("kind", "points"), [("deletion", "two"), ("access", "three")])
async def test_california_counts_matching_facts(bench: Bench, kind, points):
    laws = (Candidate(regime="ccpa"),)
    case = await bench.case(kind, laws=laws)
    assert f"{points}_points" in ways(case, case.requests[0], kind_of(kind))
    assert f"{points}_points" not in ways(
        await bench.case(kind, laws=(Candidate(regime="eu_gdpr"),)),
        case.requests[0].__class__(id=1, kind=kind, due=(await bench.case(kind)).requests[0].due),
        kind_of(kind),
    )


async def test_of_two_requests_the_stricter_decides(bench: Bench):
    case = await bench.case("deletion", "access", laws=(Candidate(regime="ccpa"),))
    assert "two_points" not in enough(case, REGISTRY.kinds)


async def test_two_facts_settle_a_deletion_and_never_an_access_request_beside_it(bench: Bench):
    case = await bench.case("deletion", "access", laws=(Candidate(regime="ccpa"),))
    proof = Verification(how="", by=ANA.id, at=NOW, way="two_points")
    after = verification.stepped(replace(case, verification=proof), REGISTRY.kinds)
    done = {request.kind: "verify" in request.done for request in after.requests}
    assert done == {"deletion": True, "access": False}


async def test_a_proof_from_before_ways_had_names_is_enough(bench: Bench):
    case = await bench.case("access")
    old = replace(case, verification=Verification(how="They signed in", by=ANA.id, at=NOW))
    assert settled(old, old.requests[0], kind_of("access"))


async def test_more_than_the_least_wants_a_reason(bench: Bench):
    case = await taken(bench)
    form = {"how": "ask_more", "body": "Please tell us your invoice number."}
    assert isinstance(await bench.click(case, "verify", form=form), Faults)
    review = await bench.click(case, "verify", form=form | {"why": "The account has no address."})
    assert isinstance(review, Review)
    assert (await bench.fresh(case)).notes[-1].text == "The account has no address."


async def test_the_form_proposes_the_least_first(bench: Bench):
    form = await bench.form(await taken(bench), "verify")
    how = form.fields[0]
    assert how.initial == how.options[0][0] == "ask_code"


async def test_papers_are_noted_as_seen_and_their_mail_is_shredded_at_once(bench: Bench):
    case = await taken(bench)
    (mail,) = case.mails
    form = {"how": "papers", "papers": mail}
    assert isinstance(await bench.click(case, "verify", form=form), Faults), "no reason"
    await bench.click(case, "verify", form=form | {"why": "No account. Name and date seen."})
    case = await bench.fresh(case)
    assert case.verification.way == "papers"
    assert (await bench.store.mail(mail)).sha256 == ""


# --- the code -------------------------------------------------------------------------------


async def test_the_code_goes_to_the_address_on_file_and_names_no_case(bench: Bench):
    case = await code_out(bench)
    message = next(m for m in await bench.outbox(case) if m.content.template == "code")
    letter = message.content
    assert letter.to == FILE
    assert SLOT in letter.body
    assert case.ref not in letter.body + letter.subject
    assert (letter.in_reply_to, letter.references) == ("", ())
    assert case.requests[0].status is Status.AWAITING_REQUESTER


async def test_the_asker_is_told_in_the_same_go_that_a_code_may_be_on_its_way(bench: Bench):
    """ "If the address you named is known to us, a code goes there": both letters or none."""
    case = await taken(bench)
    form = {"how": "ask_code", "address": FILE}
    review = await bench.click(case, "verify", form=form)
    assert isinstance(review, Review)
    assert (review.to, review.beside.to) == (FILE, ROSA)
    assert FILE not in review.beside.body + review.beside.subject
    again = await bench.click(await bench.fresh(case), "verify", form=form)
    drafts = [m for m in await bench.outbox(case) if m.content.body and not m.content.automatic]
    assert len(drafts) == 2, "one written anew takes the place of both"
    sent = await bench.click(await bench.fresh(case), "send", value=again.letter)
    assert await both(bench, case) == {
        "code": OutboxStatus.PENDING,
        "code_sent": OutboxStatus.PENDING,
    }
    other = next(x.id for x in sent.case.letters if x.template == "code_sent")
    await bench.click(sent.case, "undo", value=other)
    assert await both(bench, case) == {"code": OutboxStatus.DRAFT, "code_sent": OutboxStatus.DRAFT}
    await bench.click(await bench.fresh(case), "send", value=again.letter)
    await bench.deliver(case, NOW + timedelta(minutes=1))
    assert await both(bench, case) == {"code": OutboxStatus.SENT, "code_sent": OutboxStatus.SENT}


async def both(bench: Bench, case: Case) -> dict[str, OutboxStatus]:
    """How the letter with the code stands, and the one to the asker."""
    letters = (await bench.fresh(case)).letters
    return {x.template: x.status for x in letters if x.template.startswith("code")}


async def test_one_that_has_gone_out_cannot_be_called_back_with_the_other(bench: Bench):
    case = await taken(bench)
    form = {"how": "ask_code", "address": FILE}
    review = await bench.click(case, "verify", form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    first = next(m for m in await bench.outbox(case) if m.content.template == "code")
    await bench.desk.sent(first, NOW, receipt="250 Ok")
    other = next(x.id for x in (await bench.fresh(case)).letters if x.template == "code_sent")
    with pytest.raises(Refused, match="Too late"):
        await bench.click(await bench.fresh(case), "undo", value=other)
    assert await both(bench, case) == {"code": OutboxStatus.SENT, "code_sent": OutboxStatus.PENDING}


async def test_who_asked_from_the_address_on_file_gets_one_letter(bench: Bench):
    case = await taken(bench)
    form = {"how": "ask_code", "address": ROSA}
    review = await bench.click(case, "verify", form=form)
    assert (review.to, review.beside) == (ROSA, None)


async def test_a_code_asked_for_stops_the_clock_where_the_law_does(bench: Bench):
    laws = (Candidate(regime="eu_gdpr"),)
    case = await taken(bench, laws=laws)
    form = {"how": "ask_code", "address": ROSA}
    review = await bench.click(case, "verify", form=form)
    await bench.click(await bench.fresh(case), "send", value=review.letter)
    await bench.deliver(case, NOW + timedelta(minutes=1))
    assert (await bench.fresh(case)).due.stopped is not None


async def test_the_code_itself_is_nowhere_in_the_store(bench: Bench):
    case = await code_out(bench)
    code = bench.store.keys.code(case.challenge.letter)
    kept = [case, *(await bench.store.messages_of(case.ref))]
    assert code not in repr(kept)


async def test_to_the_asker_goes_a_neutral_letter_without_that_address(bench: Bench):
    case = await code_out(bench)
    moment = replace(a_moment(case), request=case.requests[0], policy=bench.desk.policy)
    assert choices(moment)[0] == "code_sent"
    form = await bench.form(case, "reply", request=1, form={"template": "code_sent"})
    assert FILE not in repr(form)


@pytest.mark.parametrize("address", ["", "rosa", "a@b", "compliance@example.com"])
async def test_an_address_that_cannot_be_is_refused(bench: Bench, address):
    case = await taken(bench)
    form = {"how": "ask_code", "address": address}
    assert isinstance(await bench.click(case, "verify", form=form), Faults)


async def test_codes_differ_and_only_the_right_one_counts():
    keys = Keys(bytes(range(32)))
    codes = {keys.code(f"letter{n}") for n in range(200)}
    assert len(codes) == 200
    assert all(verification.codes_in(f"Hello, {code}.") == (code,) for code in codes)
    assert keys.is_code("letter1", keys.code("letter1").lower())
    assert not keys.is_code("letter1", keys.code("letter2"))


@pytest.mark.parametrize("text", ["self-made", "2026-1127", "call 555-0199", "well-made"])
def test_words_and_dates_are_no_codes(text):
    assert verification.codes_in(text) == ()


async def test_a_code_lives_for_days_and_three_tries(bench: Bench):
    case, policy = await code_out(bench), bench.desk.policy
    assert verification.alive(case, NOW + 7 * DAY, policy)
    assert verification.alive(case, NOW + 8 * DAY, policy) is None
    for _ in range(3):
        case = verification.tried(case)
    assert verification.alive(case, NOW, policy) is None


async def test_a_code_that_came_back_undelivered_is_worth_nothing(bench: Bench):
    case = await code_out(bench)
    mail = await bench.mail(mail_from="")
    letter = case.challenge.letter
    await bench.desk.ignore(mail, None, "a bounce", NOW, bounced=letter)
    case = await bench.fresh(case)
    assert verification.alive(case, NOW, bench.desk.policy) is None
    assert case.requests[0].status is Status.OPEN


async def test_before_identity_is_settled_an_answer_cannot_be_chosen(bench: Bench):
    case = await code_out(bench)
    form = {"template": "answer_access", "body": "Your data: …"}
    assert isinstance(await bench.click(case, "reply", request=1, form=form), Faults)
    assert all(m.status is not OutboxStatus.DRAFT for m in await bench.outbox(case))


def test_the_requester_s_address_is_not_the_one_on_file():
    assert ROSA != FILE, "what these tests rest on"
