"""A desk over a real store, and the people and mails the tests need."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from handlers import registry
from handlers.desk import Desk
from handlers.handler import Answer, Click, Person, Role
from handlers.policy import Policy
from storage.embedded import EmbeddedStore, open_store
from storage.records import (
    Arrival,
    Card,
    Case,
    InboundMail,
    Letter,
    OutboxMessage,
    OutboxStatus,
    ParsedMail,
    Reading,
)
from tests.storage.making import MASTER

# a Tuesday in November, no holiday near by
NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
ANA = Person(id="U01ANA", roles=frozenset({Role.STAFF}))
BEN = Person(id="U02BEN", roles=frozenset({Role.STAFF}))
MAY = Person(id="U03MAY", roles=frozenset({Role.STAFF, Role.MANAGER}))
COUNSEL = Person(id="U04COU", roles=frozenset({Role.COUNSEL}))
GUARD = Person(id="U05GUA", roles=frozenset({Role.RESTRICTED}))
REGISTRY = registry.load()
ROSA = "rosa@example.org"


def reading(*kinds: str, **said: Any) -> Reading:
    words: dict[str, Any] = {
        "kinds": kinds or ("access",),
        "decision": "auto",
        "confidence": dict.fromkeys((*REGISTRY, "not_a_request"), 0.01)
        | dict.fromkeys(kinds or ("access",), 0.95),
        "language": "en",
    }
    return Reading(**(words | said))


def parsed(**said: Any) -> ParsedMail:
    words: dict[str, Any] = {
        "message_id": f"<{os.urandom(4).hex()}@example.org>",
        "header_from": ROSA,
        "from_name": "Rosa Example",
        "subject": "My data",
        "text": "Please send me my data.",
        "shown": "Please send me my data.",
    }
    return ParsedMail(**(words | said))


class Bench:
    """A desk, its store, and short words for what tests do again and again."""

    def __init__(self, store: EmbeddedStore, desk: Desk) -> None:
        self.store, self.desk = store, desk

    async def mail(self, content: bytes = b"", **said: Any) -> InboundMail:
        words: dict[str, Any] = {
            "received_at": NOW,
            "mail_from": ROSA,
            "rcpt_to": ("compliance@example.com",),
            "peer": "192.0.2.7",
            "content": content or os.urandom(8).hex().encode(),
        }
        return await self.store.mails.append(Arrival(**(words | said)))

    async def case(self, *kinds: str, now: datetime = NOW, **said: Any) -> Case:
        mail = await self.mail(received_at=now)
        # no two cases of the same words: those are confirmed once
        words = f"Please send me my data. {mail.id}"
        return await self.desk.open(mail, parsed(text=words), reading(*kinds, **said), now)

    async def click(
        self, case: Case, action: str, by: Person = ANA, now: datetime = NOW, **said: Any
    ) -> Answer:
        words: dict[str, Any] = {"version": case.version} | said
        return await self.desk.act(Click(ref=case.ref, action=action, by=by, **words), now)

    async def fresh(self, case: Case) -> Case:
        found = await self.store.case(case.ref)
        assert found is not None
        return found

    async def outbox(self, case: Case, content: type = Letter) -> list[OutboxMessage]:
        found = await self.store.messages_of(case.ref)
        return [message for message in found if isinstance(message.content, content)]

    async def waiting_cards(self, case: Case) -> int:
        cards = await self.outbox(case, Card)
        return sum(card.status is OutboxStatus.PENDING for card in cards)

    async def ready(self, kind: str = "access", by: Person = ANA, **said: Any) -> Case:
        """Claimed, confirmed, identity settled."""
        case = await self.case(kind, **said)
        await self.click(case, "claim", by)
        await self.click(await self.fresh(case), "confirm", by, value=kind)
        case = await self.fresh(case)
        if any(step.name == "verify" for step in REGISTRY[kind].steps):
            await self.click(case, "verify", by, form={"how": "reply"})
        return await self.fresh(case)

    async def deliver(self, case: Case, now: datetime) -> None:
        """Everything of the case's mail lane that may go by `now` goes."""
        for message in await self.outbox(case):
            if message.status is OutboxStatus.PENDING and message.send_after <= now:
                await self.desk.sent(message, now, receipt="250 2.0.0 Ok")


@asynccontextmanager
async def a_bench(folder: Path, **said: Any) -> AsyncIterator[Bench]:
    store = await open_store(folder / "data", MASTER)
    words: dict[str, Any] = {"addresses": ("compliance@example.com",)}
    desk = Desk(store, REGISTRY, Policy(**(words | said)))
    try:
        yield Bench(store, desk)
    finally:
        await store.close()


DAY = timedelta(days=1)
