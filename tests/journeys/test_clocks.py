"""A clock as staff see it: the law on the card, a question that stops it, more time, a place."""

from datetime import timedelta
from typing import Any

from handlers.approvals import place_waits
from tests.journeys.world import ANA, BEN, STAFF, Acting, World, mail

ASK = "Under the UK GDPR, please send me a copy of all personal data you hold about me."
MINUTE = timedelta(seconds=61)


async def claimed(world: World, ana: Acting, ask: str = ASK) -> str:
    await world.send(mail("Nora <nora@example.org>", "My data", ask))
    ref = (await world.case_from("nora@example.org")).ref
    await ana.click(ref, "Claim")
    await ana.click(ref, "Confirm")
    await ana.window("Kinds")
    assert (await ana.submit(kinds=["access"]))["ok"]
    await ana.card(ref, "Verify")
    return ref


async def card_saying(who: Acting, ref: str, text: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        return next((m for m in who.cards(ref) if text in str(m["blocks"])), None)

    return await who.until(look, f"card {ref} saying {text!r}")


async def from_all_actions(who: Acting, ref: str, label: str, shows: str) -> None:
    """What is not on the card itself."""
    await who.click(ref, "All actions")
    await who.window(label)
    assert (await who.press_in_window(label))["ok"]
    await who.window(shows)


async def chosen(who: Acting, name: str, value: str) -> None:
    """A choice, and the window drawn anew for it."""
    before = who.stack[-1]["blocks"]
    assert (await who.choose(name, value))["ok"]
    await who.until(lambda: who.stack[-1]["blocks"] != before, "the window anew")


async def sent(who: Acting, **answers: str) -> None:
    """A letter's form, its preview, and off it goes."""
    answer = await who.submit(**answers)
    assert answer["ok"], answer
    await who.window("Send")
    assert (await who.send())["ok"]
    await who.window("Undo")
    await who.close()


async def test_a_question_stops_the_clock_and_the_answer_starts_it_anew(world: World):
    async with world.acting(ANA) as ana:
        ref = await claimed(world, ana)
        await card_saying(ana, ref, "(UK GDPR)")
        await ana.click(ref, "Reply")
        await ana.window("Start from")
        await chosen(ana, "template", "identity")
        await ana.window("least that settles it")
        await sent(ana, body="Please reply from the address you used with the service.")
        await world.move(MINUTE)
        letter = await ana.mail("nora@example.org", "address you used")
        await card_saying(ana, ref, "Paused since")
        waiting = await world.case_when(ref, lambda c: c.due.stopped is not None)
        to, before = dict(letter["headers"])["Reply-To"], letter["message_id"]
        answer = mail("Nora <nora@example.org>", "Re", "It is me.", To=to, In_Reply_To=before)
        await world.move(timedelta(days=5))
        await world.send(answer)
        again = await world.case_when(ref, lambda c: c.due.stopped is None)
        assert again.due.due_on > waiting.due.due_on
        assert again.due.aim_on == waiting.due.aim_on
        await card_saying(ana, ref, "we aim for")


async def test_more_time_is_asked_for_shown_and_told(world: World):
    async with world.acting(ANA) as ana:
        ref = await claimed(world, ana)
        before = (await world.case_from("nora@example.org")).due
        await from_all_actions(ana, ref, "Extend", "No date moves before")
        await ana.window("→")
        await chosen(ana, "reason", "complexity")
        await sent(ana, body="It is complex: five systems hold data. You hear from us in time.")
        await world.move(timedelta(minutes=11))
        await ana.mail("nora@example.org", "five systems")
        after = await world.case_when(ref, lambda c: c.due.extended)
        assert after.due.due_on > before.due_on
        await ana.line("The letter has gone out. Due", STAFF)


async def test_a_place_shows_its_date_first_and_a_later_one_needs_a_second_person(world: World):
    async with world.acting(ANA) as ana, world.acting(BEN) as ben:
        ref = await claimed(world, ana)
        before = (await world.case_from("nora@example.org")).due
        await from_all_actions(ana, ref, "Where they live", "Residence")
        await chosen(ana, "home", "USA, California")
        await ana.window("A second person has to agree")
        assert (await ana.submit(why="they say so"))["ok"]
        await ana.close()
        waits = await world.case_when(ref, lambda c: place_waits(c) is not None)
        assert waits.due == before
        await card_saying(ben, ref, "waits for a second person")
        await from_all_actions(ben, ref, "Second person", "What now")
        assert (await ben.submit(answer="yes"))["ok"]
        after = await world.case_when(ref, lambda c: place_waits(c) is None)
        assert (after.due.regime, after.due.due_on > before.due_on) == ("ccpa", True)
        await card_saying(ana, ref, "(CCPA)")
