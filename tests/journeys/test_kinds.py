"""From mail to closing letter, one journey for each kind: real sockets all the way."""

from datetime import timedelta
from typing import Any

import pytest

from storage.records import Outcome, Status
from tests.journeys.world import ANA, BEN, MARA, RESTRICTED, STAFF, Acting, World, mail

ANSWER = "Hello,\n\nwe have looked into it, and this is our answer.\n\nThe privacy team"
MINUTE = timedelta(seconds=61)


async def reply(who: Acting, ref: str, channel: str, request: int | None = None) -> None:
    """Reply: form, preview, send."""
    await who.click(ref, "Reply", channel, request)
    await who.window("Start from")
    answer = await who.submit(body=ANSWER, body2="")
    assert answer["ok"], answer
    await who.window("this is our answer")
    answer = await who.submit()
    assert answer["ok"], answer
    await who.window("Undo")
    await who.close()


async def verify(who: Acting, ref: str, channel: str) -> None:
    await who.click(ref, "Verify", channel)
    window = await who.window("How")
    first = next(b for b in window["blocks"] if b["type"] == "input")["element"]["options"][0]
    answer = await who.submit(how=first["value"])
    assert answer["ok"], answer


async def confirm(who: Acting, ref: str, channel: str, *kinds: str) -> None:
    await who.click(ref, "Confirm", channel)
    await who.window("Kinds")
    answer = await who.submit(kinds=list(kinds))
    assert answer["ok"], answer


async def close(
    who: Acting, ref: str, channel: str, request: int | None = None, **answers: Any
) -> None:
    await who.click(ref, "Close", channel, request)
    await who.window("How it ends")
    if "outcome" in answers:
        await who.choose("outcome", answers["outcome"])
    answer = await who.submit(**answers)
    assert answer["ok"], answer


JOURNEYS = {
    "access": ("Please send me a copy of all personal data you hold about me.", STAFF, ANA, True),
    "deletion": ("Please delete my account and all my personal data.", STAFF, BEN, True),
    "correction": (
        "My name is misspelt in your records. Please correct my personal data.", STAFF, ANA, True,
    ),
    "complaint": (
        "I want to make a formal complaint about how you handled my personal data.",
        STAFF, MARA, False,
    ),
    "question": ("Who is your data protection officer?", STAFF, BEN, False),
    "child_data": (
        ("My daughter is nine years old and made an account without my consent. She is a child "
        "and you are collecting her personal data."), RESTRICTED, ANA, True,
    ),
    "legal_demand": (
        ("You are hereby commanded by order of the court to produce the records named in this "
        "subpoena."), RESTRICTED, MARA, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", JOURNEYS)
async def test_from_mail_to_closing(world: World, kind: str):
    body, channel, who, depth = JOURNEYS[kind]
    assert (await world.send(mail("Nora <nora@example.org>", "My request", body))).startswith("250")
    case = await world.case_from("nora@example.org")
    ref = case.ref
    async with world.acting(who) as person:
        card = await person.card(ref, "Claim", channel)
        assert "nora@" not in str(card)
        assert "My request" not in str(card)
        await person.click(ref, "Claim", channel)
        await confirm(person, ref, channel, kind)
        if depth:
            await verify(person, ref, channel)
        await reply(person, ref, channel)
        assert not [
            m for m in person.mails.get("nora@example.org", []) if "our answer" in m["text"]
        ]
        await world.move(MINUTE)
        letter = await person.mail("nora@example.org", "this is our answer")
        assert ref in letter["subject"] + letter["text"] or letter["in_reply_to"]
        await close(person, ref, channel)
        closed = await world.case_when(ref, lambda c: c.closed)
    assert [request.kind for request in closed.requests] == [kind]
    assert closed.requests[0].outcome in {Outcome.FULFILLED, Outcome.UPHELD}


async def test_unsubscribe_is_confirmed_by_itself_and_done_with_one_click(world: World):
    await world.send(mail("Tom <tom@example.org>", "unsubscribe", "Please unsubscribe me."))
    case = await world.case_from("tom@example.org")
    assert await world.app.store.suppression(case.requester_hash) is not None
    async with world.acting(BEN) as ben:
        confirmation = await ben.mail("tom@example.org", "do-not-mail list")
        assert confirmation["auto"]
        await ben.click(case.ref, "Claim")
        await confirm(ben, case.ref, STAFF, "unsubscribe")
        await ben.click(case.ref, "Unsubscribe now")
        await close(ben, case.ref, STAFF)
        await world.case_when(case.ref, lambda c: c.closed)


async def test_two_requests_in_one_mail_have_two_clocks_and_end_one_by_one(world: World):
    body = "First, unsubscribe me from your newsletter. Second, please delete my account and data."
    await world.send(mail("Karl <karl@example.net>", "Two things", body))
    case = await world.case_from("karl@example.net")
    assert {r.kind for r in case.requests} == {"unsubscribe", "deletion"}
    assert len({r.due.due_on for r in case.requests}) == 2
    number = {r.kind: r.id for r in case.requests}
    async with world.acting(ANA) as ana:
        await ana.click(case.ref, "Claim")
        await confirm(ana, case.ref, STAFF, "unsubscribe", "deletion")
        await ana.click(case.ref, "Unsubscribe now", request=number["unsubscribe"])
        await close(ana, case.ref, STAFF, number["unsubscribe"])
        half = await world.case_when(case.ref, lambda c: len(c.open_requests) == 1)
        assert half.open_requests[0].kind == "deletion"
        await verify(ana, case.ref, STAFF)
        await reply(ana, case.ref, STAFF, number["deletion"])
        await world.move(MINUTE)
        await ana.mail("karl@example.net", "this is our answer")
        await close(ana, case.ref, STAFF, number["deletion"])
        done = await world.case_when(case.ref, lambda c: c.closed)
    assert all(r.status is Status.CLOSED for r in done.requests)
