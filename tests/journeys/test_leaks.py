"""One whole journey, and nothing of the person in any Slack message, log or metric: no address, no
name, no subject, no file name, no word of theirs."""

import json
import logging
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo import free_port
from tests.journeys.walking import MINUTES, Walk
from tests.journeys.world import ANA, BEN, MANAGERS, STAFF, Acting, World, mail

PERSON, NAME = "quillon.farthing@example.org", "Quillon Farthing"
SUBJECT, FILE = "Everything about zebrafinch", "passport-of-quillon.txt"
BODY = "Please send me a copy of all personal data you hold about me. My cat is called Wobblekin."
#: any of them would be enough to know who it was
SECRETS = (
    "quillon", "farthing", "zebrafinch", "wobblekin", "passport-of", "%71uillon", "51e1",
    b"quillon.farthing@example.org".hex(),
)  # fmt: skip
WINDOWS = frozenset({"views.open", "views.update", "views.push"})


def asking() -> EmailMessage:
    message = mail(f"{NAME} <{PERSON}>", SUBJECT, BODY)
    message.add_attachment("proof of wobblekin", filename=FILE)
    return message


def found(text: str) -> list[str]:
    """Which of the secrets stand there, escaped or not."""
    lower = text.lower()
    return [secret for secret in SECRETS if secret in lower]


class Measured(World):
    """With a port for the metrics, and clicks by Socket Mode."""

    async def start_desk(self) -> None:
        self.metrics_port = free_port()
        self.http_port = self.metrics_port
        await super().start_desk()


async def whole_journey(world: World, ana: Acting, ben: Acting) -> str:
    """In, claimed, read, worked through, answered, written again, closed; days pass."""
    await world.send(asking())
    case = await world.case_from(PERSON)
    walk = Walk(world, case)
    await ana.click(case.ref, "Claim")
    await world.case_when(case.ref, lambda c: c.assignee == ANA)
    await ana.click(case.ref, "Show message")
    seen = await ana.window("Wobblekin")
    assert FILE in str(seen)  # so that a leak could be seen at all
    await ana.close()
    await walk.to(ana, ben)
    again = mail(f"{NAME} <{PERSON}>", f"Re: {SUBJECT} {case.ref}", "And Wobblekin's too, please.")
    await world.send(again)
    await world.case_when(case.ref, lambda c: len(c.mails) == 2)
    await world.send(mail("other@example.net", f"Re: {SUBJECT} {case.ref}", "I am Quillon."))
    await world.case_when(case.ref, lambda c: bool(c.held))
    await walk.answer(ana, ben)
    await world.move(MINUTES)
    await ana.mail(PERSON, "this is our answer")
    card = next(each for each in ana.cards(case.ref) if case.ref in each["text"].split(".")[0])
    await ana.say("the ledger is in the cellar", STAFF, card["ts"])
    await world.move(timedelta(days=40))  # reminders, digests, alarms
    await ana.line("Overdue by", STAFF)
    return case.ref


def of_the_desk(change: dict[str, Any]) -> bool:
    return change["kind"] == "message" and change["message"].get("bot_id") is not None


@pytest.mark.parametrize("secret", [PERSON, SUBJECT, FILE, NAME, "Wobblekin's"])
def test_the_search_finds_what_it_looks_for(secret):
    assert found(json.dumps({"text": f"x {secret} y"}))


async def test_nothing_of_the_person_is_in_slack_in_logs_or_in_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Measured(tmp_path).running() as world:
        async with world.acting(ANA) as ana, world.acting(BEN) as ben:
            ref = await whole_journey(world, ana, ben)
        async with aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{world.metrics_port}/metrics"
            async with http.get(url) as answer:
                metrics = await answer.text()
        whispers = [message for _, _, message in world.sandbox.parts.ephemerals.values()]
        case = await world.app.store.case(ref)
        journal = [f"{e.actor} {e.act}" async for e in world.app.store.history(ref)]
    kept = (tmp_path / "sandbox" / "sandbox.jsonl").read_text().splitlines()
    posted = [change for line in kept if of_the_desk(change := json.loads(line))]
    assert len(posted) > 20  # every state of every message, edits too
    assert {change["channel"] for change in posted} >= {STAFF, MANAGERS, "D01ANA"}
    for change in posted:
        assert found(json.dumps(change, ensure_ascii=False)) == [], change["message"]["text"]
    assert whispers
    assert found(json.dumps(whispers, ensure_ascii=False)) == []
    assert found(metrics) == []
    assert found(caplog.text) == []  # at every level, the libraries' too
    assert found("\n".join(journal)) == []
    assert case is not None
    assert found(case.requester)  # the desk itself knows, of course
    assert found((tmp_path / "journal.jsonl").read_text(errors="replace")) == []
