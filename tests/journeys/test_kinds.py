"""From mail to closing letter, one journey for each kind: real sockets all the way."""

import pytest

from storage.records import Outcome, Status
from tests.journeys.walking import MINUTES, Walk, close
from tests.journeys.world import ANA, BEN, MARA, RESTRICTED, STAFF, World, mail

JOURNEYS = {
    "access": ("Please send me a copy of all personal data you hold about me.", STAFF, ANA, BEN),
    "deletion": ("Please delete my account and all my personal data.", STAFF, BEN, ANA),
    "correction": (
        "My name is misspelt in your records. Please correct my personal data.", STAFF, ANA, BEN,
    ),
    "complaint": (
        "I want to make a formal complaint about how you handled my personal data.",
        STAFF, BEN, MARA,
    ),
    "question": ("Who is your data protection officer?", STAFF, BEN, ANA),
    "child_data": (
        ("My daughter is nine years old and made an account without my consent. She is a child "
        "and you are collecting her personal data."), RESTRICTED, ANA, MARA,
    ),
    "legal_demand": (
        ("You are hereby commanded by order of the court to produce the records named in this "
        "subpoena."), RESTRICTED, MARA, ANA,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", JOURNEYS)
async def test_from_mail_to_closing(world: World, kind: str):
    body, channel, who, other = JOURNEYS[kind]
    assert (await world.send(mail("Nora <nora@example.org>", "My request", body))).startswith("250")
    case = await world.case_from("nora@example.org")
    walk = Walk(world, case, channel)
    async with world.acting(who) as person, world.acting(other) as second:
        card = await person.card(case.ref, "Claim", channel)
        assert "nora@" not in str(card)
        assert "My request" not in str(card)
        await person.click(case.ref, "Claim", channel)
        await world.case_when(case.ref, lambda c: c.assignee == who)
        await walk.to(person, second)
        await walk.answer(person, second)
        assert not [
            m for m in person.mails.get("nora@example.org", []) if "our answer" in m["text"]
        ]
        await world.move(MINUTES)
        letter = await person.mail("nora@example.org", "this is our answer")
        assert case.ref in letter["subject"] + letter["text"] or letter["in_reply_to"]
        await walk.to(person, second, until="close")
        await close(person, case.ref, channel)
        closed = await world.case_when(case.ref, lambda c: c.closed)
    assert [request.kind for request in closed.requests] == [kind]
    assert closed.requests[0].outcome in {Outcome.FULFILLED, Outcome.UPHELD}


async def test_unsubscribe_is_confirmed_by_itself_and_ends_when_its_owner_confirms(world: World):
    await world.send(mail("Tom <tom@example.org>", "unsubscribe", "Please unsubscribe me."))
    case = await world.case_from("tom@example.org")
    assert await world.app.store.suppression(case.requester_hash) is not None
    async with world.acting(BEN) as ben:
        confirmation = await ben.mail("tom@example.org", "do-not-mail list")
        assert confirmation["auto"]
        await ben.click(case.ref, "Claim")
        await world.case_when(case.ref, lambda c: c.assignee == BEN)
        await Walk(world, case).to(ben, ben, until="close")
        await close(ben, case.ref, STAFF)
        await world.case_when(case.ref, lambda c: c.closed)


async def test_two_requests_in_one_mail_have_two_clocks_and_end_one_by_one(world: World):
    body = "First, unsubscribe me from your newsletter. Second, please delete my account and data."
    await world.send(mail("Karl <karl@example.net>", "Two things", body))
    case = await world.case_from("karl@example.net")
    assert {r.kind for r in case.requests} == {"unsubscribe", "deletion"}
    assert len({r.due.due_on for r in case.requests}) == 2
    number = {r.kind: r.id for r in case.requests}
    async with world.acting(ANA) as ana, world.acting(BEN) as ben:
        await ana.click(case.ref, "Claim")
        await world.case_when(case.ref, lambda c: c.assignee == ANA)
        await Walk(world, case, request=number["unsubscribe"]).to(ana, ben, until="close")
        await close(ana, case.ref, STAFF, number["unsubscribe"])
        half = await world.case_when(case.ref, lambda c: len(c.open_requests) == 1)
        assert half.open_requests[0].kind == "deletion"
        walk = Walk(world, case, request=number["deletion"])
        await walk.to(ana, ben)
        await walk.answer(ana, ben)
        await world.move(MINUTES)
        await ana.mail("karl@example.net", "this is our answer")
        await walk.to(ana, ben, until="close")
        await close(ana, case.ref, STAFF, number["deletion"])
        done = await world.case_when(case.ref, lambda c: c.closed)
    assert all(r.status is Status.CLOSED for r in done.requests)
