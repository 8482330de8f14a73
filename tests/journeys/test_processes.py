"""`desk sandbox` and `desk run` as two processes that know of each other what they print."""

import asyncio
import signal
from pathlib import Path

import aiohttp

from bot.demo import free_port
from tests.journeys.processes import SECONDS, Pair, reference
from tests.journeys.walking import ANSWER
from tests.journeys.world import ANA, STAFF, Acting

UNDO = 60  #: seconds a letter waits for second thoughts
ASKS = "Please send me a copy of all personal data you hold about me."


async def answered(who: Acting, ref: str) -> None:
    """Confirm, verify, reply: the letter waits for its undo window to end."""
    await who.click(ref, "Confirm")
    await who.window("Kinds")
    assert (await who.submit(kinds=["question"]))["ok"]
    await who.until(lambda: "Question" in who.cards(ref)[0]["text"], "the card with the new kind")
    await who.click(ref, "Reply")
    await who.window("Start from")
    assert (await who.submit(body=ANSWER))["ok"]
    await who.window("this is our answer")
    assert (await who.send())["ok"]
    await who.window("Undo")
    await who.close()


async def connected(http: aiohttp.ClientSession) -> None:
    """Until the sandbox has a desk to give clicks to."""
    async with asyncio.timeout(SECONDS), http.ws_connect(f"/live?as={ANA}") as live:
        async for frame in live:
            event = frame.json()
            if event.get("desk", {}).get("connected"):
                return


async def from_mail_to_letter(pair: Pair) -> None:
    """With a restart before the first click, and one while the letter waits for its undo."""
    await connected(pair.http)
    await pair.send("Nora <nora@example.org>", "My request", ASKS)
    async with pair.acting(ANA) as ana:
        ref = reference((await ana.line("PR-", STAFF))["text"])
        before = await ana.card(ref, "Claim")
        await ana.mail("nora@example.org", ref)

        assert await pair.desk.end() == 0
        await pair.start_desk()
        await connected(pair.http)
        await ana.press(before, "Claim", STAFF)
        await answered(ana, ref)

        assert await pair.desk.end() == 0
        await pair.start_desk()
        letter = await ana.mail("nora@example.org", "this is our answer", UNDO + SECONDS)
        assert ref in letter["subject"] + letter["text"] or letter["in_reply_to"]
        (case,) = await pair.told("list", "--all")
        assert (case["ref"], case["assignee"]) == (ref, ANA)
        (known,) = await pair.told("mails")
        assert case["mails"] == [known["id"]]
        assert len(ana.cards(ref)) == 1
        mails = [one for one in ana.mails["nora@example.org"] if one["direction"] == "in"]
        assert len(mails) == len({one["message_id"] for one in mails}) == 2


async def test_two_processes_answer_a_mail_and_find_all_again_after_restarts(tmp_path: Path):
    """By Socket Mode and by signed HTTP, side by side: each waits a real minute for its undo."""

    async def one(way: str, **more: str) -> None:
        folder = tmp_path / way
        await asyncio.to_thread(folder.mkdir)
        async with Pair(folder, **more).running() as pair:
            assert ("SLACK_APP_TOKEN" in pair.sandbox.settings) is not bool(more)
            await from_mail_to_letter(pair)
            assert await pair.desk.end() == 0
            assert await pair.sandbox.end(signal.SIGINT) == 0
            assert "Traceback" not in pair.desk.log.read_text() + pair.sandbox.log.read_text()

    async with asyncio.TaskGroup() as both:
        both.create_task(one("socket"))
        both.create_task(one("http", DESK_HTTP_PORT=str(free_port())))


async def test_a_desk_outlives_its_sandbox(tmp_path: Path):
    """Slack and the mail server gone, and back where they were: the card comes, clicks work."""
    async with Pair(tmp_path).running() as pair:
        await connected(pair.http)
        before = pair.sandbox.settings
        await pair.sandbox.kill()
        await pair.send("Nora <nora@example.org>", "My request", ASKS)
        await pair.start_sandbox()
        assert pair.sandbox.settings == before
        await connected(pair.http)
        async with pair.acting(ANA) as ana:
            await ana.until(lambda: ana.messages.get(STAFF), "a card", SECONDS)
            ref = reference((await ana.line("PR-", STAFF))["text"])
            await ana.click(ref, "Claim")
            await ana.card(ref, "Confirm")
            assert len(ana.cards(ref)) == 1
