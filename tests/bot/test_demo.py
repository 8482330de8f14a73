"""`desk demo` as a newcomer runs it, killed and started again."""

import asyncio
import hashlib
import signal
from collections import Counter
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib

from bot.demo import born, free_port, samples
from tests.journeys.processes import SECONDS, Running, reference, told
from tests.journeys.world import ANA, MARA, Acting

ADDRESS = "compliance@cafex.com"
DAY = timedelta(days=1).total_seconds()


class Demo:
    """A demo that is started again with the same arguments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = ("--smtp-port", str(free_port()), "--web-port", str(free_port()))
        self.arguments = ("demo", "--data", "demo", *ports)
        self.running: Running

    async def start(self, *more: str) -> None:
        self.running = await Running.start(self.folder, *self.arguments, *more)

    async def send_first_samples(self, count: int) -> None:
        """As far as a demo came that was killed while it sent them."""
        port = int(self.running.settings["DESK_SMTP_PORT"])
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            for one in islice(samples(ADDRESS, born(self.folder / "demo")), count):
                await client.sendmail(one.mail_from, [one.rcpt_to], one.content)

    def page(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.running.settings["SANDBOX_URL"])

    async def told(self, command: str, *more: str) -> list[dict[str, Any]]:
        settings = {"DESK_DATA": str(self.folder / "demo")}
        return await told(self.folder, command, *more, settings=settings)


def cards(*people: Acting) -> dict[str, set[str]]:
    """Every card one of them sees: reference to where its messages stand."""
    found: dict[str, set[str]] = {}
    for person in people:
        for channel, messages in person.messages.items():
            for ts, message in messages.items():
                own = message.get("thread_ts") in {None, ts} and not channel.startswith("D")
                if own and message.get("blocks") and "PR-" in message["text"]:
                    found.setdefault(reference(message["text"]), set()).add(f"{channel} {ts}")
    return found


async def seen(demo: Demo, count: int) -> dict[str, set[str]]:
    """The cards, once there are so many."""
    async with demo.page() as http, Acting(http, MARA) as mara, Acting(http, ANA) as ana:
        await mara.until(lambda: len(cards(mara, ana)) >= count, f"{count} cards", SECONDS)
        return cards(mara, ana)


async def worked_on(demo: Demo) -> Counter[str]:
    """The sha256 of every mail, once none waits to be worked on."""
    async with asyncio.timeout(SECONDS):
        while True:
            mails = await demo.told("mails")
            if all(mail["status"] != "received" for mail in mails):
                return Counter(mail["sha256"] for mail in mails)


async def clock(http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.ws_connect("/clock") as socket:
        return await socket.receive_json()


async def test_a_killed_demo_comes_back_whole(tmp_path: Path):
    demo = Demo(tmp_path)
    await demo.start("--no-samples")
    try:
        await demo.send_first_samples(3)
        await demo.running.kill()
        await demo.start()
        before = await seen(demo, 3)
        async with (
            demo.page() as http,
            http.post("/do/clock", json={"seconds": DAY}) as answer,
        ):
            assert (await answer.json())["offset"] == DAY
        await demo.running.kill()  # while cards, and the digest of a new day, are on their way
        await demo.start()
        async with demo.page() as http:
            assert (await clock(http))["offset"] == DAY

        wanted = Counter(
            hashlib.sha256(one.content).hexdigest()
            for one in samples(ADDRESS, born(tmp_path / "demo"))
        )
        assert await worked_on(demo) == wanted
        cases = await demo.told("list", "--all")
        after = await seen(demo, len(cases))
        assert set(after) == {case["ref"] for case in cases}
        assert {ref: places for ref, places in after.items() if len(places) > 1} == {}
        assert all(after[ref] == places for ref, places in before.items())
        assert await demo.running.end(signal.SIGINT) == 0
        assert "Traceback" not in demo.running.log.read_text()
    finally:
        await demo.running.kill()
