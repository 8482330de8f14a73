"""Mails that belong together, mails that do not, and clicks that come too late."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage

from storage.records import Case, MailStatus
from tests.journeys.world import ANA, BEN, OLE, STAFF, World, mail
from tests.waiting import until

ASK = "Please send me a copy of all personal data you hold about me."


async def opened(world: World, address: str = "nora@example.org") -> str:
    await world.send(mail(f"Nora <{address}>", "My data", ASK))
    return (await world.case_from(address)).ref


async def test_a_reply_to_the_acknowledgement_joins_its_case(world: World):
    ref = await opened(world)
    async with world.acting(ANA) as ana:
        letter = await ana.mail("nora@example.org", ref)
        headers = dict(letter["headers"])
        assert headers["Auto-Submitted"] == "auto-replied"
        answer = mail("Nora <nora@example.org>", "Re: " + letter["subject"], "One more thing.",
                      To=headers["Reply-To"], In_Reply_To=letter["message_id"])  # fmt: skip
        assert (await world.send(answer)).startswith("250")
        case = await world.case_when(ref, lambda c: len(c.mails) == 2)
        assert case.answered
        await ana.line("answered: open it", STAFF)
        await ana.click(ref, "Show message")
        await ana.window("One more thing.")
        await world.case_when(ref, lambda c: not c.answered)
    assert len([c async for c in world.app.store.all_cases()]) == 1


async def test_a_right_reference_from_a_strangers_address_is_held_and_answered_by_nobody(
    world: World,
):
    ref = await opened(world)
    stranger = mail("Mallory <mallory@example.net>", f"Re: {ref}", "Send it all to me instead.")
    await world.send(stranger)
    held = await world.case_from("mallory@example.net")
    assert held.held_for == ref
    assert held.triage
    suspected = await world.case_when(ref, lambda c: bool(c.held))
    assert len(suspected.mails) == 1
    async with world.acting(ANA) as ana:
        await ana.card(held.ref)
        assert not ana.mails.get("mallory@example.net")


async def test_a_bounce_of_our_letter_is_told_on_its_case_and_opens_none(world: World):
    ref = await opened(world)
    async with world.acting(ANA) as ana:
        letter = await ana.mail("nora@example.org", ref)
        path = dict(letter["headers"])["Return-Path"].strip("<>")
        bounce = EmailMessage()
        bounce["From"], bounce["To"] = "mailer-daemon@example.org", path
        bounce["Subject"] = "Undelivered"
        bounce.set_content("It could not be delivered.\n")
        await world.send(bounce, mail_from="")
        case = await world.case_when(ref, lambda c: any(x.bounced for x in c.letters))
        assert len(case.mails) == 1
        await ana.line("not delivered", STAFF)
    assert len([c async for c in world.app.store.all_cases()]) == 1


async def test_the_same_mail_twice_is_one_case_and_a_reminder(world: World):
    message = mail("Nora <nora@example.org>", "My data", ASK)
    assert (await world.send(message)).startswith("250")
    ref = (await world.case_from("nora@example.org")).ref
    assert (await world.send(message)).startswith("250")
    async with world.acting(ANA) as ana:
        await ana.line("again", STAFF)
    mails = [m async for m in world.app.store.all_mails()]
    assert sorted(m.status for m in mails) == [MailStatus.IGNORED, MailStatus.PROCESSED]
    assert next(m.reason for m in mails if m.status is MailStatus.IGNORED).startswith("repeat of")
    assert [c.ref async for c in world.app.store.all_cases()] == [ref]


async def test_two_people_claim_in_the_same_moment_and_one_has_it(world: World):
    ref = await opened(world)
    async with world.acting(ANA) as ana, world.acting(BEN) as ben:
        for person in (ana, ben):
            await person.card(ref, "Claim")
        await asyncio.gather(ana.click(ref, "Claim"), ben.click(ref, "Claim"))
        case = await world.case_when(ref, lambda c: c.assignee is not None)
        loser = ben if case.assignee == ANA else ana
        await loser.line("before you")
    assert len([e async for e in world.app.store.history(ref) if e.act == "claim"]) == 1


async def test_an_outsider_is_refused_with_a_reason(world: World):
    ref = await opened(world)
    async with world.acting(ANA) as ana, world.acting(OLE) as ole:
        await ana.card(ref)
        await ole.command("/privacy mine", channel="D04OLE")
        await ole.line("team")
    assert (await world.app.store.case(ref)).assignee is None


async def test_a_card_from_before_a_restart_still_works(world: World):
    ref = await opened(world)
    async with world.acting(ANA) as ana:
        old = await ana.card(ref, "Claim")
        await world.stop_desk()
        await world.start_desk()
        async with asyncio.timeout(20):
            await world.app.slack.wait_connected()
        await ana.press(old, "Claim", STAFF)
        await world.case_when(ref, lambda c: c.assignee == ANA)
        await ana.card(ref, "Confirm")
    assert len(ana.cards(ref)) == 1


async def test_words_in_the_thread_never_go_out(world: World):
    ref = await opened(world)
    async with world.acting(ANA) as ana:
        card = await ana.card(ref, "Claim")
        await ana.mail("nora@example.org", ref)
        await ana.say("between us: she is right", thread_ts=card["ts"])
        await ana.line("between us")
        await world.move(timedelta(days=1))
        assert all("between us" not in m["text"] for m in ana.mails["nora@example.org"])


async def test_what_people_wrote_is_in_no_message_of_slacks(world: World):
    secret = "my secret words <!channel>"
    await world.send(mail("Nora Example <nora@example.org>", "Secret subject", f"{ASK} {secret}"))
    ref = (await world.case_from("nora@example.org")).ref
    async with world.acting(ANA) as ana:
        await ana.click(ref, "Claim")
        await ana.card(ref, "Confirm")
        await ana.click(ref, "Show message")
        window = await ana.window("my secret words")
        texts = [b for b in window["blocks"] if "secret words" in str(b)]
        assert all(b["text"]["type"] == "plain_text" for b in texts)
        posted = str(ana.messages)
        for word in ("secret", "Secret subject", "nora@example.org", "Nora Example"):
            assert word not in posted


async def test_mails_that_can_hardly_be_read_are_cases_for_a_person(world: World):
    bodies = {
        "no From": b"Subject: hello\r\n\r\nplease delete my data\r\n",
        "no body": b"From: a1@example.org\r\nTo: compliance@cafex.com\r\nSubject: \r\n\r\n",
        "broken MIME": b"From: a2@example.org\r\nTo: compliance@cafex.com\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n\r\nplease help\r\n",
        "unknown charset": b"From: a3@example.org\r\nTo: compliance@cafex.com\r\n"
        b"Content-Type: text/plain; charset=x-klingon\r\n\r\nplease help \xff\r\n",
    }
    for number, content in enumerate(bodies.values()):
        assert (await world.send_raw(f"a{number}@example.org", content)).startswith("250")

    async def all_opened() -> list[Case] | None:
        found = [c async for c in world.app.store.all_cases()]
        return found if len(found) >= len(bodies) else None

    cases = await until(world.app.store, all_opened)
    named = {case.requester: case for case in cases}
    assert {"a0@example.org", "a2@example.org", "a3@example.org"} <= named.keys()
    assert "From" in str(named["a0@example.org"].defects)
    assert named["a2@example.org"].defects
    assert "character set" in str(named["a3@example.org"].defects)
    async with world.acting(ANA) as ana:
        for case in cases:
            await ana.card(case.ref)
