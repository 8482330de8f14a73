"""Clicks beside 2,000 open cases, at Slack's real rates: `python -m bench.clicks`.

The real Bolt app, store and outbox against the sandbox over real sockets. First a burst of clicks,
then one every two seconds: until the click is acknowledged, until the clicker alone is answered,
until the card that all see has changed. Then a burst of new mails: the same clicks meanwhile, and
how many posts it cost (the clock is moved on once the clicks are measured). Then Home, drawn anew.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from bot.outbox import Outbox, Receipt
from bot.sandbox import Sandbox, SandboxOptions
from bot.sandbox import messages as workspace
from bot.sandbox.seed import STAFF
from bot.slack import cards
from bot.slack.app import Slack
from bot.slack.homes import Homes
from bot.slack.options import SlackOptions
from bot.slack.queue import Look
from handlers import registry as kinds
from handlers.deadlines import Asked, earliest
from handlers.desk import Desk
from handlers.handler import Person, Role
from handlers.offers import offers
from handlers.policy import Policy
from storage.embedded import EmbeddedStore, open_store
from storage.records import (
    Arrival,
    Case,
    Commit,
    OutboxMessage,
    ParsedMail,
    Posted,
    Reading,
    Request,
)
from storage.sealing import MasterKey

REGISTRY = kinds.load()
STAFFERS = ("U01ANA", "U02BEN", "U03MARA")
EVERY = 2.0  #: seconds between two clicks after the burst


class Ahead:
    """Real time, which may be moved on."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    async def wait_until(self, when: datetime) -> None:
        while (left := (when - self.now()).total_seconds()) > 0:
            moved = self._moved
            try:
                async with asyncio.timeout(left):
                    await moved.wait()
            except TimeoutError:
                continue

    def move(self, sandbox: Sandbox, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)
        sandbox.parts.state.record({"kind": "clock", "offset": self._offset.total_seconds()})
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class Clicked(NamedTuple):
    """Seconds of one click: to its acknowledgement, its answer, and the card that all see."""

    ack: float
    answer: float
    card: float


class Office:
    """One desk over one workspace."""

    def __init__(self, store: EmbeddedStore, sandbox: Sandbox, clock: Ahead) -> None:
        self.store, self.sandbox, self.clock = store, sandbox, clock
        self.registry = REGISTRY
        self.desk = Desk(store, self.registry, Policy())
        settings = sandbox.settings()
        options = SlackOptions(
            bot_token=settings["SLACK_BOT_TOKEN"],
            app_token=settings["SLACK_APP_TOKEN"],
            api_url=settings["SLACK_API_URL"],
            staff=settings["DESK_SLACK_CHANNEL"],
            managers=settings["DESK_SLACK_MANAGERS"],
            restricted=settings["DESK_SLACK_RESTRICTED"],
        )
        self.slack = Slack(
            options, self.desk, store, self.registry, Policy(), clock, self._no_words
        )
        self.outbox = Outbox(store, self.desk, clock, slack=self._post, mail=self._taken)

    async def _no_words(self, _: str) -> ParsedMail:
        return ParsedMail(text="Please send me my data.", shown="Please send me my data.")

    async def _post(self, message: OutboxMessage) -> Receipt:
        return Receipt(posted=await self.slack.send(message))

    async def _taken(self, _: OutboxMessage) -> Receipt:
        return Receipt(reply="250 taken")

    async def come(self, count: int) -> list[str]:
        """So many new mails, as fast as they can be worked on."""
        return [await self._one(number) for number in range(count)]

    async def _one(self, number: int) -> str:
        address = f"new{number}@example.org"
        parsed = ParsedMail(
            message_id=f"<new{number}@example.org>", header_from=address, text=f"My data, {number}"
        )
        arrival = Arrival(
            received_at=self.clock.now(),
            mail_from=address,
            rcpt_to=("privacy@example.com",),
            peer="192.0.2.1",
            content=f"Subject: {number}\r\n\r\nMy data.\r\n".encode(),
        )
        mail = await self.store.mails.append(arrival)
        case = await self.desk.open(mail, parsed, _read(), self.clock.now())
        return case.ref

    async def stand(self, count: int) -> list[str]:
        """So many open cases with their cards, as if they had been there for long."""
        refs = []
        for start in range(0, count, 250):
            made = [await self._old(number) for number in range(start, min(start + 250, count))]
            now = self.clock.now()
            await self.store.commit(Commit(at=now, actor="desk", act="fill", puts=tuple(made)))
            refs += [case.ref for case in made]
        return refs

    async def _old(self, number: int) -> Case:
        now = self.clock.now()
        ref = await self.store.next_reference(now.year)
        found = REGISTRY[("access", "deletion", "correction")[number % 3]]
        received = now - timedelta(days=number % 20)
        due = earliest(Asked(kind=found.name, received_at=received))
        case = Case(
            ref=ref,
            received_at=received,
            requester=f"person{number}@example.org",
            requester_hash=f"{number:032x}",
            subject="s" * 80,
            message_ids=(f"<{number}@example.org>",),
            requests=(Request(id=1, kind=found.name, due=due),),
            reading=_read(found.name),
            assignee=STAFFERS[number % 3] if number % 4 == 0 else None,
        )
        drawn = cards.card(case, offers(case, self.registry), self.registry, now, "UTC")
        message = workspace.bot_message(self.sandbox.parts, drawn)
        workspace.put(self.sandbox.parts, STAFF, message)
        return msgspec.structs.replace(case, card=Posted(channel=STAFF, ts=message["ts"]))


def _read(kind: str = "access") -> Reading:
    words = (*REGISTRY, "not_a_request")
    confidence = dict.fromkeys(words, 0.01) | {kind: 0.93}
    return Reading(kinds=(kind,), decision="auto", confidence=confidence, language="en")


@asynccontextmanager
async def an_office(folder: Path) -> AsyncIterator[Office]:
    clock = Ahead()
    sandbox = Sandbox(SandboxOptions(data=folder / "sandbox", clock_moves=True))
    await sandbox.start()
    store = await open_store(folder / "data", MasterKey(bytes(32)))
    office = Office(store, sandbox, clock)
    await office.slack.start()
    await office.slack.wait_connected()
    outbox = asyncio.create_task(office.outbox.run())
    try:
        yield office
    finally:
        outbox.cancel()
        await asyncio.gather(outbox, return_exceptions=True)
        await office.slack.stop()
        await store.close()
        await sandbox.stop()


class Watch:
    """When each answer and each card came, as the open pages are told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._send = sandbox.parts.hub.send
        self._waits: dict[tuple[str, str, bool], asyncio.Future[float]] = {}
        sandbox.parts.hub.send = self._heard

    def until(self, ref: str, user: str, *, whisper: bool) -> "asyncio.Future[float]":
        return self._waits.setdefault(
            (ref, user, whisper), asyncio.get_running_loop().create_future()
        )

    def _heard(self, event: dict[str, Any], users: Any = None) -> None:
        self._send(event, users)
        if event["type"] != "message":
            return
        said, now = event["message"], time.perf_counter()
        whisper = bool(said.get("ephemeral"))
        text = said["text"] if whisper else json.dumps(said.get("blocks", []))
        for (ref, user, wanted), future in self._waits.items():
            mine = wanted is whisper and not future.done() and ref in text
            if mine and (user in users if whisper else f"<@{user}>" in text):
                future.set_result(now)


async def click(
    office: Office, http: aiohttp.ClientSession, watch: Watch, ref: str, user: str
) -> Clicked:
    """Claim it by its card, and watch what follows."""
    case = await office.store.case(ref)
    assert case is not None
    assert case.card is not None
    message = office.sandbox.parts.workspace.message(STAFF, case.card.ts)
    assert message is not None
    row = next(block for block in message["blocks"] if block["type"] == "actions")
    button = next(e for e in row["elements"] if e.get("text", {}).get("text") == "Claim")
    action = {"type": "button", "action_id": button["action_id"], "block_id": row["block_id"]}
    answer, card = (watch.until(ref, user, whisper=whisper) for whisper in (True, False))
    begun = time.perf_counter()
    body = {"as": user, "channel": STAFF, "ts": case.card.ts, "action": action}
    async with http.post(f"{office.sandbox.web_url}do/click", json=body) as acknowledged:
        assert (await acknowledged.json())["ok"]
    ack = time.perf_counter() - begun
    return Clicked(ack, await answer - begun, await card - begun)


async def clicks(
    office: Office, http: aiohttp.ClientSession, refs: list[str], burst: int
) -> list[Clicked]:
    """So many at once, then one every two seconds."""
    going, watch = [], Watch(office.sandbox)
    for number, ref in enumerate(refs):
        if number >= burst:
            await asyncio.sleep(EVERY)
        user = STAFFERS[number % len(STAFFERS)]
        going.append(asyncio.create_task(click(office, http, watch, ref, user)))
    return await asyncio.gather(*going)


def show(label: str, found: list[Clicked]) -> None:
    def told(times: list[float], share: float) -> str:
        ordered = sorted(times)
        at = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
        middle = statistics.median(ordered) * 1000
        return f"{at * 1000:7.0f} ms (median {middle:.0f}, most {ordered[-1] * 1000:.0f})"

    print(f"{label}: {len(found)} clicks")
    print(f"  click to ack, p99           {told([c.ack for c in found], 0.99)}")
    print(f"  click to one's answer, p95  {told([c.answer for c in found], 0.95)}")
    print(f"  click to the shared card    {told([c.card for c in found], 0.95)}")


def top(office: Office) -> int:
    kept = office.sandbox.parts.workspace.messages.get(STAFF, {})
    return sum(message.get("thread_ts", ts) == ts for ts, message in kept.items())


async def measure(cases: int, burst: int, after: int, mails: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with an_office(Path(name)) as office, aiohttp.ClientSession() as http:
            refs = await office.stand(cases)
            free = [ref for n, ref in enumerate(refs) if n % 4]
            print(f"{cases:,} open cases")
            show("quiet", await clicks(office, http, free[: burst + after], burst))
            await home(office)
            before = top(office)
            coming = asyncio.create_task(office.come(mails))
            rest = free[burst + after : 2 * (burst + after)]
            show(f"{mails} new mails meanwhile", await clicks(office, http, rest, burst))
            new = await coming
            await drained(office, new)
            lines = top(office) - before - len(new)
            print(f"  {len(new)} cards, {lines} post beside them")


async def drained(office: Office, refs: list[str]) -> None:
    """Until every card stands, the calendar moved on for it."""
    while any(case.card is None for case in await office.store.cases(refs)):
        changed = asyncio.ensure_future(office.store.changed())
        office.clock.move(office.sandbox, 2.0)
        await changed


async def home(office: Office, rounds: int = 9) -> None:
    by = Person(id="U01ANA", roles=frozenset({Role.STAFF}))
    homes: Homes = office.slack.homes
    times, busy = [], []
    for _ in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        await homes.drawn(by, Look(filter="all"))
        times.append((time.perf_counter() - begun) * 1000)
        busy.append((time.process_time() - used) * 1000)
    print(f"Home: {statistics.median(times):.0f} ms ({min(times):.0f}, {max(times):.0f})", end="")
    print(f", of the processor {statistics.median(busy):.0f} ms ({min(busy):.0f}, {max(busy):.0f})")


def main(words: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--burst", type=int, default=20)
    arguments.add_argument("--after", type=int, default=15)
    arguments.add_argument("--mails", type=int, default=500)
    asyncio.run(measure(**vars(arguments.parse_args(words))))


if __name__ == "__main__":
    main()
