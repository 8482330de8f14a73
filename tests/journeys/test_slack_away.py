"""Slack away for a day: mail is taken, clocks run, and once it is back all stands there once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from storage.records import OutboxStatus
from tests.journeys.world import ANA, MANAGERS, STAFF, World, mail

ASKS = "Please send me a copy of all personal data you hold about me."


async def switch(world: World, *, away: bool) -> None:
    async with world.http.post("/do/away", json={"away": away}) as answer:
        assert (await answer.json())["ok"]


def posted(world: World) -> list[dict[str, Any]]:
    kept = world.sandbox.parts.workspace.messages
    return [message for channel in kept.values() for message in channel.values()]


async def settled(world: World) -> None:
    """Nothing waits for Slack any more."""
    store = world.app.store

    async def waits() -> list[str]:
        found = await store.messages_with(OutboxStatus.PENDING)
        return [message.id for message in found if message.lane.startswith("slack")]

    while await waits():
        await store.changed()


async def test_a_day_without_slack_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with World(tmp_path).running() as world, world.acting(ANA) as ana:
        await world.send(mail("nora@example.org", "Before", ASKS))
        before = (await world.case_from("nora@example.org")).ref
        await ana.click(before, "Claim")
        await ana.card(before, "Confirm")
        await settled(world)
        stood = len(posted(world))

        await switch(world, away=True)
        refs = [before]
        for number in range(4):
            who = f"p{number}@example.org"
            await world.send(mail(who, f"While away {number}", ASKS))
            refs.append((await world.case_from(who)).ref)
        for hours in range(24):
            await world.move(timedelta(hours=1))
            if hours == 12:  # the desk itself ends and starts in the middle of it
                await world.stop_desk()
                await world.start_desk()
        assert len(posted(world)) == stood
        dead = await world.app.store.messages_with(OutboxStatus.DEAD)
        assert [message.lane for message in dead] == []

        await switch(world, away=False)
        await world.move(timedelta(minutes=2))
        for ref in refs:
            await ana.card(ref)
        await settled(world)
        for ref in refs:
            assert len(ana.cards(ref)) == 1, ref
        kept = world.sandbox.parts.workspace.messages
        digests = [m for m in kept[MANAGERS].values() if "Privacy requests today" in m["text"]]
        assert len(digests) <= 2  # one for each day it came on
        ids = [m["metadata"]["event_payload"]["id"] for m in posted(world) if "metadata" in m]
        assert len(ids) == len(set(ids))
        assert ana.messages[STAFF]
        await world.app.slack.wait_connected()
        await ana.click(refs[-1], "Claim")
        await ana.card(refs[-1], "Confirm")
