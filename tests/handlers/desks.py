"""A desk over a real store, and the people and mails the tests need."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from handlers import approvals, lawful, registry
from handlers.desk import Desk
from handlers.handler import Answer, Click, Done, Form, Person, Review, Role, Step
from handlers.owner_answers import OwnerAnswer
from handlers.policy import Policy
from handlers.requests import replace
from storage.embedded import EmbeddedStore, open_store
from storage.records import (
    Arrival,
    Card,
    Case,
    Circle,
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
COUNSEL_2 = Person(id="U06COU", roles=frozenset({Role.COUNSEL}))
GUARD_2 = Person(id="U07GUA", roles=frozenset({Role.RESTRICTED}))
#: what a field wants where a word alone will not do
ADDITIONAL = {"due_on": "2026-12-01", "person": "", "case": "", "more": ""}
GUARD = Person(id="U05GUA", roles=frozenset({Role.RESTRICTED}))
REGISTRY = registry.load()
#: what the preview may ask to look at once more, looked at
TICKED = {lawful.NEUTRAL: lawful.TICKED, lawful.COMPLETE: lawful.TICKED}
#: what staff still have to write
GAP = re.compile(r"\[\[.*?\]\]")
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
        ticked: dict[str, Any] = {"form": TICKED} if action == "send" else {}
        words: dict[str, Any] = {"version": case.version} | ticked | said
        return await self.desk.act(Click(ref=case.ref, action=action, by=by, **words), now)

    async def form(self, case: Case, action: str, by: Person = ANA, **said: Any) -> Form:
        words: dict[str, Any] = {"version": case.version} | said
        return await self.desk.form(Click(ref=case.ref, action=action, by=by, **words), NOW)

    async def written(self, case: Case, action: str, by: Person = ANA, **chosen: str) -> Answer:
        """A letter as staff write it: chosen in the form, and its gaps filled."""
        form = await self.form(case, action, by, request=1, form=chosen)
        return await self.click(case, action, by, request=1, form=filled(form) | chosen)

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
        """Everything done but the answer."""
        return await self.walk(await self.case(kind, **said), by)

    async def walk(self, case: Case, by: Person = ANA, until: str = "answer", **said: Any) -> Case:
        """Take the coloured button again and again, up to a step."""
        await self.click(await self.fresh(case), "claim", by)
        for _ in range(40):
            case = await self.fresh(case)
            kind = REGISTRY[case.requests[0].kind or ""]
            step = kind.next_step(case, case.requests[0])
            if step is None or step.name == until:
                return case
            await self.take(case, step, by, **said)
        raise AssertionError(f"never came to {until}")

    async def take(self, case: Case, step: Step, by: Person = ANA, **said: Any) -> Answer | None:
        """One step, its form filled in with what is first to choose."""
        if step.of and not step.button:
            return await self.owners_answer(case)
        click = Click(ref=case.ref, action=step.action, by=by, version=case.version, request=1)
        if step.name == "confirm":
            kinds = " ".join(r.kind or "" for r in case.requests)
            return await self.desk.act(replace(click, request=None, value=kinds), NOW)
        if step.name == "verify":
            click = replace(click, request=None, form={"how": _proof(case.requests[0].kind or "")})
        elif REGISTRY.actions[step.action].asks:
            form = await self.desk.form(click, NOW)
            click = replace(click, form=filled(form) | said.get(step.name, {}))
        if step.rests:
            return await self.desk.act(click, NOW + self.desk.policy.look_after)
        answer = await self.desk.act(click, NOW)
        if isinstance(answer, Review):
            await self.click(answer.case, "send", by, value=answer.letter)
            await self.deliver(case, NOW + timedelta(minutes=1))
            return answer
        assert isinstance(answer, Done), answer
        if approvals.pending(answer.case):
            await self.second(answer.case)
            click = replace(click, version=(await self.fresh(case)).version)
            answer = await self.desk.act(click, NOW)
        return answer

    async def second(self, case: Case, now: datetime = NOW) -> Answer:
        """Somebody else approves what waits."""
        about = approvals.pending(case)[0].about
        seconds = {Circle.COUNSEL: COUNSEL_2, Circle.RESTRICTED: GUARD_2}
        by = seconds.get(case.circle, MAY)
        return await self.click(case, "second_person", by, now, value=about, form={"answer": "yes"})

    async def owners_answer(self, case: Case, answer: Any = "done", now: datetime = NOW) -> None:
        """Every owner of the last round answers for each of their systems."""
        asking = case.rounds[-1]
        for query in asking.waiting:
            said = OwnerAnswer(
                ref=case.ref, round=asking.id, system=query.system, by=query.owner, answer=answer
            )
            await self.desk.owner_answers(said, now)

    async def deliver(self, case: Case, now: datetime) -> None:
        """Everything of the case's mail lane that may go by `now` goes."""
        for message in await self.outbox(case):
            if message.status is OutboxStatus.PENDING and message.send_after <= now:
                await self.desk.sent(message, now, receipt="250 2.0.0 Ok")


def filled(form: Form) -> dict[str, str]:
    """The first choice everywhere, every box ticked, and a word in each line."""
    found = {}
    for field in form.fields:
        values = [value for value, _ in field.options]
        ticked = field.initial or ("" if field.name == "passed" else " ".join(values))
        words = {
            "choice": field.initial or (values or [""])[0],
            "choices": ticked,
            "paragraph": GAP.sub("as we found it to be", field.initial),
        }
        found[field.name] = words.get(field.type, field.initial or ADDITIONAL.get(field.name, "x"))
    return found


@asynccontextmanager
async def a_bench(folder: Path, **said: Any) -> AsyncIterator[Bench]:
    store = await open_store(folder / "data", MASTER)
    words: dict[str, Any] = {"addresses": ("compliance@example.com",)}
    desk = Desk(store, REGISTRY, Policy(**(words | said)))
    try:
        yield Bench(store, desk)
    finally:
        await store.close()


def _proof(kind: str) -> str:
    """The least that staff can record for it."""
    return (REGISTRY[kind].proofs or ("signed_in",))[0]


DAY = timedelta(days=1)
