"""What the clock does: reminders, overdue, the digest, undo; moved on the sandbox's page."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from handlers.digest import last_time
from tests.journeys.world import ANA, BEN, MANAGERS, MARA, STAFF, Acting, World, mail
from tests.waiting import SECONDS, until

DAY = timedelta(days=1)
ASK = "Please send me a copy of all personal data you hold about me."


async def test_reminders_climb_then_the_case_is_overdue_and_managers_read_it(world: World):
    while world.clock.now().isoweekday() not in {1, 2, 3, 4}:  # the day after has a digest
        await world.move(DAY)
    await world.send(mail("Nora <nora@example.org>", "My data", ASK))
    case = await world.case_from("nora@example.org")
    async with world.acting(ANA) as ana, world.acting(MARA) as mara:
        await ana.click(case.ref, "Claim")
        await world.case_when(case.ref, lambda c: c.assignee == ANA)
        digest = await digest_of_next_day(world, mara)
        assert "1 open" in digest["text"]
        left = (case.due.due_on - world.clock.now().date()).days
        await world.move(timedelta(days=left - 11))
        for _ in range(11):
            await world.move(DAY)
        reminded = await world.case_when(
            case.ref, lambda c: len(c.reminded) >= 3
        )  # two may share a day
        line = await ana.line("we aim for", STAFF)
        assert line["thread_ts"] == (await ana.card(case.ref))["ts"]
        direct = await ana.line(case.ref, "D01ANA")
        assert "nora@" not in str(direct)
        for _ in range(4):
            await world.move(DAY)
        await world.case_when(case.ref, lambda c: len(c.reminded) > len(reminded.reminded))
        await ana.line("overdue", STAFF)
        await mara.line("1 overdue", MANAGERS)


async def digest_of_next_day(world: World, mara: Acting) -> dict[str, Any]:
    """Move a day on; the digest that comes."""
    before = set(mara.messages[MANAGERS])
    await world.move(DAY)
    return await mara.until(
        lambda: next((m for ts, m in mara.messages[MANAGERS].items() if ts not in before), None),
        "a digest",
    )


async def test_one_digest_each_working_day_and_none_at_the_weekend(world: World):
    async with world.acting(MARA) as mara:
        while world.clock.now().isoweekday() != 1:
            await world.move(DAY)
        for _ in range(4):
            digest = await digest_of_next_day(world, mara)
            assert "All is well" in digest["text"]
        await world.move(2 * DAY)  # Sunday
        last = world.clock.now()
        await world.app.desk.digest(last)  # nobody's turn: Friday's has gone
        days = [e.note async for e in world.app.store.history() if e.act == "digest"]
        assert len(days) == len(set(days)) >= 4
        posted = lambda: [m for m in mara.messages[MANAGERS].values() if "today" in m["text"]]  # noqa: E731
        await mara.until(lambda: len(posted()) == len(days), f"{len(days)} digests")


async def digest_made(world: World) -> None:
    """Until the digest whose hour came last has been made."""
    day = f"{last_time(world.app.desk.policy, world.clock.now()):%Y-%m-%d}"
    await until(world.app.store, lambda: world.app.store.mark(f"digest:{day}"))


async def test_a_digest_whose_hour_comes_while_another_is_made_goes_out_too(
    world: World, monkeypatch
):
    async with world.acting(MARA) as mara:
        await world.move(DAY)
        while world.clock.now().isoweekday() != 1:
            await world.move(DAY)
        await digest_made(world)  # so that the next one made is the one after the next move
        making = world.app.desk.digest
        first: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()

        async def slow(now):
            if not first.done():
                first.set_result(now)
                await world.move(DAY)
            return await making(now)

        monkeypatch.setattr(world.app.desk, "digest", slow)
        await world.move(DAY)
        async with asyncio.timeout(SECONDS):
            second = last_time(world.app.desk.policy, await first + DAY)
        heads = lambda: [str(m.get("blocks")) for m in mara.messages[MANAGERS].values()]  # noqa: E731
        await mara.until(lambda: any(f"{second:%A}" in head for head in heads()), "the second")


async def test_a_letter_can_be_called_back_for_a_minute_and_is_a_draft_again(world: World):
    await world.send(mail("Nora <nora@example.org>", "Who", "Who is your data protection officer?"))
    case = await world.case_from("nora@example.org")
    words = "Our officer will write to you about it."
    async with world.acting(BEN) as ben:
        await ben.click(case.ref, "Claim")
        await ben.click(case.ref, "Reply")
        await ben.window("Start from")
        assert (await ben.submit(body=words))["ok"]
        await ben.window("Our officer will write")
        assert (await ben.send())["ok"]
        await ben.window("Undo")
        assert (await ben.press_in_window("Undo"))["ok"]
        await world.case_when(case.ref, lambda c: any(x.status == "draft" for x in c.letters))
        await ben.close()
        await world.move(timedelta(minutes=5))
        await ben.click(case.ref, "Reply")
        window = await ben.window("Our officer will write")
        assert window["callback_id"]
        assert (await ben.submit(body=words))["ok"]
        await ben.window("Send")
        assert (await ben.send())["ok"]
        await ben.window("Undo")
        await world.move(timedelta(seconds=61))
        await ben.mail("nora@example.org", "Our officer will write")
    arrived = [m for m in ben.mails["nora@example.org"] if "Our officer" in m["text"]]
    assert len(arrived) == 1
