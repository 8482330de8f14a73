"""kill -9 in the middle of everything: what was answered 250 is a case once, with one card."""

import asyncio
import random
import secrets
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib

from storage.embedded import open_store
from storage.records import Card, OutboxMessage, OutboxStatus
from storage.sealing import MasterKey
from tests.journeys.processes import SECONDS, Pair, reference
from tests.journeys.world import ANA, RESTRICTED, STAFF, Acting, mail

MAILS = 200
CONNECTIONS = 6
POSTING = MAILS * 4.0  #: seconds; Slack takes one post a second, and edits come between


class Senders:
    """Several mail servers at once; each mail is sent again until it is answered 250."""

    def __init__(self, port: int, mails: list[EmailMessage]) -> None:
        self._port = port
        self._waiting = mails[::-1]
        self._up = asyncio.Event()
        self._changed = asyncio.Condition()
        self.kept: Counter[str] = Counter()  #: replies of 250, by Message-ID
        self.tries = 0

    def up(self, *, now: bool) -> None:
        """Is the desk there? Who finds it gone waits until it is."""
        if now:
            self._up.set()
        else:
            self._up.clear()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._one())

    async def until(self, count: int) -> None:
        """Until so many mails were answered 250."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.kept.total() >= count)

    async def _one(self) -> None:
        while self._waiting:
            await self._up.wait()
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._port, timeout=SECONDS)
            try:
                async with client:
                    await self._conversation(client)
            except (aiosmtplib.SMTPException, OSError):
                continue

    async def _conversation(self, client: aiosmtplib.SMTP) -> None:
        while self._waiting:
            message = self._waiting.pop()
            self.tries += 1
            try:
                await client.send_message(message)
            except BaseException:
                self._waiting.append(message)
                raise
            async with self._changed:
                self.kept[str(message["Message-ID"])] += 1
                self._changed.notify_all()


def letters(count: int) -> list[EmailMessage]:
    """One from each of so many people; every tenth is about a child, for the closed circle."""
    own = "Please send me a copy of all personal data you hold about me."
    child = "My daughter is nine years old and made an account without my consent."
    return [
        mail(
            f"Person {n} <person{n}@example.org>",
            "My request",
            own if n % 10 else child,
            Message_ID=f"<request-{n}@example.org>",
        )
        for n in range(count)
    ]


def cards(ana: Acting) -> dict[str, list[str]]:
    """Every card she sees: reference to the ts of each message that is one."""
    found: dict[str, list[str]] = {}
    for channel in (STAFF, RESTRICTED):
        for ts, message in ana.messages.get(channel, {}).items():
            whole = message.get("blocks") and message.get("thread_ts") in {None, ts}
            if whole and "PR-" in message["text"]:  # the summary of a busy hour names no case
                found.setdefault(reference(message["text"]), []).append(ts)
    return found


async def kill_and_start(pair: Pair, senders: Senders) -> None:
    senders.up(now=False)
    await pair.desk.kill()
    await pair.start_desk()
    senders.up(now=True)


async def test_slow_five_kills_among_two_hundred_mails(tmp_path: Path):
    seed = secrets.randbelow(10**6)
    chance = random.Random(seed)
    async with Pair(tmp_path).running() as pair, pair.acting(ANA) as ana:
        senders = Senders(int(pair.own["DESK_SMTP_PORT"]), letters(MAILS))
        senders.up(now=True)
        sending = asyncio.create_task(senders.run())
        async with asyncio.timeout(SECONDS):
            for count in (chance.randint(20, 100), chance.randint(120, 180)):
                await senders.until(count)
                await kill_and_start(pair, senders)
            await sending
        for _ in range(3):
            # the sandbox shows a card before the desk can have noted that it was posted
            await card_number(ana, len(cards(ana)) + chance.randint(1, 9))
            await kill_and_start(pair, senders)
        await card_number(ana, MAILS)

        refs = await every_mail_is_one_case(pair, set(senders.kept))
        doubled = {ref: found for ref, found in cards(ana).items() if len(found) > 1}
        assert (set(cards(ana)), doubled) == (refs, {}), seed
        staff = ana.messages[STAFF].values()
        assert sum("came within an hour" in m["text"] for m in staff) == 1, seed
        answers = {a: {m["message_id"] for m in ms} for a, ms in ana.mails.items()}
        assert {a: ids for a, ids in answers.items() if len(ids) > 1} == {}, seed
        assert await posted_again(tmp_path), "no post was in flight at any kill"


async def card_number(ana: Acting, count: int) -> None:
    await ana.until(lambda: len(cards(ana)) >= count, f"{count} cards", POSTING)


async def posted_again(folder: Path) -> list[OutboxMessage]:
    """Cards whose first attempt had an unknown outcome."""
    master = MasterKey.load(folder / "master.key")
    store = await open_store(folder / "data", master, read_only=True)
    sent = await store.messages_with(OutboxStatus.SENT)
    return [one for one in sent if isinstance(one.content, Card) and one.attempts > 1]


async def every_mail_is_one_case(pair: Pair, kept: set[str]) -> set[str]:
    """References of the cases; each mail answered 250 is in one of them, once."""
    mails: list[dict[str, Any]] = await pair.told("mails")
    cases: list[dict[str, Any]] = await pair.told("list", "--all")
    worked_on = {one["id"]: one for one in mails if one["status"] == "processed"}
    for one in mails:
        if one["id"] not in worked_on:  # kept, and killed before the sender heard of it
            assert (one["status"], one["reason"][:9]) == ("ignored", "repeat of")
            assert one["reason"][10:] in worked_on
    assert Counter(one["message_id"] for one in worked_on.values()) == Counter(kept)
    assert len(kept) == len(cases) == MAILS
    assert {case["ref"]: case["mails"] for case in cases} == {
        one["case"]: [name] for name, one in worked_on.items()
    }
    return {case["ref"] for case in cases}
