"""The real desk, store and Bolt app behind the local workspace; only the mail server is missing: a
letter that is let go is taken as accepted."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from bot.outbox import SendFailed, SendLater
from bot.slack.app import Slack
from handlers.policy import Policy
from storage.records import (
    Arrival,
    AttachmentText,
    Case,
    Commit,
    Letter,
    ParsedMail,
    Reading,
    Verification,
)
from tests.waiting import until

MAIL = ParsedMail(
    message_id="<one@example.org>",
    header_from="nora@example.org",
    from_name="Nora Example",
    to=("compliance@example.com",),
    subject="My secret subject",
    text="Please send me my data. <!channel>",
    shown="Please send me my data. <!channel>",
)
WORDS = (
    "access", "deletion", "correction", "unsubscribe", "child_data", "complaint",
    "legal_demand", "question", "not_a_request",
)  # fmt: skip


#: what the parse worker would find in them
FILES = (
    AttachmentText(name="<!channel> list.txt", text="My <!here> words\u202e."),
    AttachmentText(name="scan.png", note="files of this type are not opened here"),
)
LEASE = timedelta(seconds=1)


def reading(kind: str = "access", decision: str = "auto") -> Reading:
    confidence = dict.fromkeys(WORDS, 0.01) | {kind: 0.93}
    return Reading(kinds=(kind,), decision=decision, confidence=confidence, language="en")


class Office:
    """The desk with its store, its outbox worked on, and Slack."""

    def __init__(self, store, desk, registry, options, clock) -> None:
        self.store = store
        self.desk = desk
        self.registry = registry
        self.options = options
        self.clock = clock
        self.letters: list[Letter] = []
        self.slack: Slack | None = None
        self.port: int | None = None
        self._pump: asyncio.Task[None] | None = None
        self._follows: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        self.slack = Slack(
            self.options, self.desk, self.store, self.registry, Policy(), self.clock, read_mail,
            read_attachment=read_attachment,
        )  # fmt: skip
        await self.slack.start()
        if self.port:
            app = web.Application()
            app.add_routes(self.slack.web_routes())
            self._runner = web.AppRunner(app)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self._pump = asyncio.create_task(self._work())
        self._follows = asyncio.create_task(self.slack.follow())
        async with asyncio.timeout(10):
            await self.slack.wait_connected()

    async def close(self) -> None:
        for task in (self._pump, self._follows):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._runner:
            await self._runner.cleanup()
        await self.slack.stop()

    async def receive(self, parsed: ParsedMail, read: Reading) -> str:
        arrival = Arrival(
            received_at=self.clock.now(),
            mail_from=parsed.header_from,
            rcpt_to=parsed.to,
            peer="127.0.0.1",
            content=b"raw",
        )
        mail = await self.store.mails.append(arrival)
        return (await self.desk.open(mail, parsed, read, self.clock.now())).ref

    async def prepared(self, ref: str) -> None:
        """Every step is taken but the answer."""

        async def take() -> None:
            case = await self.store.case(ref)
            kind = self.registry[case.requests[0].kind]
            done = tuple(step.name for step in kind.steps if step.name not in {"answer", "close"})
            now = self.clock.now()
            proof = Verification(how="reply", by="U01ANA", at=now)
            request = replace(case.requests[0], done=done)
            after = replace(case, requests=(request,), verification=proof)
            card = await self.desk.refreshed(after, now)
            await self.store.commit(
                Commit(at=now, actor="U01ANA", act="note", case=ref, puts=(after, card))
            )

        await self.desk.decided(take)

    async def when(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """What `look` finds, as soon as it finds something; asked again after each commit."""
        return await until(self.store, look)

    async def card_stands(self, ref: str, but: str = "") -> Case:
        """The case, once its card's receipt is written down; `but`: of another one than that."""

        async def look() -> Case | None:
            case = await self.store.case(ref)
            return case if case.card and case.card.ts != but else None

        return await self.when(look)

    async def _work(self) -> None:
        while True:
            message = await self.store.claim(self.clock.now(), LEASE)
            if message is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.store.changed(), 0.2)
                continue
            if isinstance(message.content, Letter):
                self.letters.append(message.content)
                await self.desk.sent(message, self.clock.now(), receipt="250 taken")
                continue
            try:
                posted = await self.slack.send(message)
            except SendLater as later:
                wait = timedelta(seconds=min(later.after, 0.2))
                await self.desk.delay(message, later.error, wait, self.clock.now())
            except SendFailed as failed:
                await self.desk.give_up(message, failed.error, self.clock.now())
            else:
                await self.desk.sent(message, self.clock.now(), posted=posted)


async def read_mail(mail_id: str) -> ParsedMail:
    return MAIL


async def read_attachment(mail_id: str, place: int) -> AttachmentText:
    return FILES[place]


def labels(message) -> list[str]:
    found = []
    for block in message["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            found += [element["text"]["text"]] if element.get("type") == "button" else []
            found += [o["text"]["text"] for o in element.get("options", [])]
    return found


def card_of(page, channel="C01STAFF"):
    cards = [m for m in page.messages(channel) if m.get("thread_ts", m["ts"]) == m["ts"]]
    return cards[-1] if cards else None


async def offered(page, label: str, channel="C01STAFF") -> None:
    """Return once the card offers it."""
    await page.until(lambda: (c := card_of(page, channel)) and label in labels(c))
