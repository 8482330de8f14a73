"""Two desks on one PostgreSQL behind one Slack: whoever gets a click, the answer is the same."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.demo import free_port
from tests.journeys.processes import SECONDS, Pair, Running, desk, reference
from tests.journeys.test_processes import ASKS, connected
from tests.journeys.world import ANA, BEN, STAFF, Acting

CASES = 4


class Balancer:
    """What stands in front of two desks: each request goes to the next one that answers."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._many = len(ports)
        self.served: set[int] = set()

    @asynccontextmanager
    async def on(self, port: int) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("POST", "/{path:.*}", self._pass)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            async with aiohttp.ClientSession() as self._session:
                yield
        finally:
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.Response:
        body = await request.read()
        kept = {
            k: v for k, v in request.headers.items() if k.lower().startswith(("x-", "content-type"))
        }
        for port in itertools.islice(self._ports, self._many):
            url = f"http://127.0.0.1:{port}{request.path}"
            try:
                async with self._session.post(url, data=body, headers=kept) as answer:
                    self.served.add(port)
                    text = await answer.read()
                    kind = answer.headers.get("Content-Type", "text/plain").partition(";")[0]
                    return web.Response(status=answer.status, body=text, content_type=kind)
            except aiohttp.ClientError:
                continue
        return web.Response(status=502)


async def race(ana: Acting, ben: Acting, ref: str) -> str:
    """Both press Claim at once; who has it."""
    card = await ana.card(ref, "Claim")
    await asyncio.gather(*(who.press(card, "Claim", STAFF) for who in (ana, ben)))
    taken = f"{ref} was taken by"

    def lost(who: Acting) -> bool:
        return any(taken in m["text"] for m in who.messages[STAFF].values() if m.get("ephemeral"))

    first = asyncio.create_task(ana.until(lambda: lost(ana) or ref in _won(ana), "an end", SECONDS))
    await first
    loser = ana if lost(ana) else ben
    await loser.until(lambda: lost(loser), "who was first", SECONDS)
    return BEN if loser is ana else ANA


def _won(who: Acting) -> str:
    told = [m["text"] for m in who.messages[STAFF].values() if m.get("ephemeral")]
    return " ".join(text for text in told if "taken by" not in text)


async def confirmed_and_read(who: Acting, ref: str) -> None:
    """Each window and each submission goes to whichever desk is next."""
    await who.click(ref, "Confirm")
    await who.window("Kinds")
    assert (await who.submit(kinds=["access"]))["ok"]
    await who.until(lambda: _offers(who, ref, "Correct kind"), "the card anew", SECONDS)
    await who.click(ref, "Show message")
    await who.window(ASKS)
    await who.close()


def _offers(who: Acting, ref: str, label: str) -> bool:
    return any(label in str(card["blocks"]) for card in who.cards(ref))


async def notes(pair: Pair, ref: str) -> list[Any]:
    return [each for each in await pair.told("history", ref) if each["act"] == "note"]


@pytest.mark.parametrize("way", ["socket", "http"])
async def test_two_desks_are_one_to_slack(tmp_path: Path, postgres_url: str, way: str) -> None:
    ports = [free_port(), free_port()]
    front = free_port()
    more = {"DESK_HTTP_PORT": str(front)} if way == "http" else {}
    pair, balancer = Pair(tmp_path, DESK_DATABASE_URL=postgres_url, **more), Balancer(ports)
    async with balancer.on(front), running(pair, ports, way) as desks:
        await connected(pair.http)
        for number in range(CASES):
            await pair.send(f"p{number}@example.org", f"Request {number}", ASKS)
        async with pair.acting(ANA) as ana, pair.acting(BEN) as ben:
            await ana.until(lambda: len(ana.messages.get(STAFF, {})) >= CASES, "cards", SECONDS)
            refs = sorted({reference(m["text"]) for m in ana.messages[STAFF].values()})
            winners = {ref: await race(ana, ben, ref) for ref in refs}
            listed = {case["ref"]: case["assignee"] for case in await pair.told("list")}
            assert listed == winners

            mine = refs[0]
            who = ana if winners[mine] == ANA else ben
            (card,) = ana.cards(mine)
            await ana.say("the ledger is in the cellar", STAFF, card["ts"])
            await desks[0].kill()  # between the card and the click
            await confirmed_and_read(who, mine)
            async with asyncio.timeout(SECONDS):  # what the killed one had in hand comes again
                while not (kept := await notes(pair, mine)):
                    continue
            assert len(kept) == 1
            for ref in refs:
                assert len(ana.cards(ref)) == 1
        assert await desks[1].end() == 0
    log = desks[0].log.read_text()
    assert "Traceback" not in log
    assert "cellar" not in log
    assert balancer.served == (set(ports) if way == "http" else set())


@asynccontextmanager
async def running(pair: Pair, ports: list[int], way: str) -> AsyncIterator[list[Running]]:
    """A sandbox and two desks beside it, each with its own ports and folder."""
    code, _, err = await desk(pair.folder, "key", "new", pair.own["DESK_MASTER_KEY_FILE"])
    assert code == 0, err
    await pair.start_sandbox()
    desks: list[Running] = []
    try:
        async with aiohttp.ClientSession(pair.sandbox.settings["SANDBOX_URL"]) as pair.http:
            for number, port in enumerate(ports):
                own = {"DESK_DATA": str(pair.folder / f"desk{number}")}
                if number:
                    own["DESK_SMTP_PORT"] = str(free_port())
                if way == "http":
                    own["DESK_HTTP_PORT"] = str(port)
                desks.append(await Running.start(pair.folder, "run", **{**pair.settings, **own}))
            yield desks
    finally:
        for each in desks:
            await each.kill()
        await pair.sandbox.kill()
