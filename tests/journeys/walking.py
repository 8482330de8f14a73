"""Takes a case through its kind's steps as people do: the coloured button, again and again."""

from datetime import timedelta
from typing import Any

from handlers import approvals, registry
from handlers.handler import Form, Step
from storage.records import Case
from tests.handlers.desks import GAP, filled
from tests.journeys.world import ANA, BEN, MARA, OLE, STAFF, Acting, World, buttons

REGISTRY = registry.load()
ANSWER = "We have looked into it, and this is our answer."
MINUTES = timedelta(minutes=11)
DAYS = timedelta(days=7)  #: until somebody looks whether an unsubscribe held
ROOM = {ANA: "D01ANA", BEN: "D02BEN", MARA: "D03MARA", OLE: "D04OLE"}


def written(view: dict[str, Any]) -> dict[str, str]:
    """The words of a letter with what staff have to write in the gaps."""
    texts = [b for b in view["blocks"] if b.get("block_id", "").startswith("f:body")]
    return {
        block["block_id"].split(":")[1]: GAP.sub(ANSWER, block["element"].get("initial_value", ""))
        for block in texts
    }


class Walk:
    """One person at work on one request of a case, and a second who approves."""

    def __init__(self, world: World, case: Case, channel: str = STAFF, request: int = 1) -> None:
        self.world, self.ref, self.channel, self.request = world, case.ref, channel, request
        self.owner: Acting | None = None  # who answers for the systems, where it is another

    async def case(self) -> Case:
        found = await self.world.app.store.case(self.ref)
        assert found is not None
        return found

    async def to(self, who: Acting, second: Acting, until: str = "answer") -> None:
        """Every step before that one."""
        while True:
            case = await self.case()
            request = case.request(self.request)
            step = REGISTRY[request.kind or ""].next_step(case, request)
            if step is None or step.name == until:
                return
            await self._take(who, second, step)
            await self.world.case_when(
                self.ref, lambda c, name=step.name: name in c.request(self.request).done
            )

    async def _take(self, who: Acting, second: Acting, step: Step) -> None:
        if step.of and not step.button:
            await self.owners_answer(self.owner or who)
            return
        await self._press(who, step)
        if approvals.pending(await self.case()):
            await who.close()
            await self.approve(second)
            await self._press(who, step)

    async def _press(self, who: Acting, step: Step) -> None:
        if step.rests:
            await self.world.move(DAYS)
        case = await self.case()
        several = len(case.requests) > 1
        label = REGISTRY.actions[step.action].label
        await self.seen(who, case.version)  # on an older card it may be another kind of button
        request = self.request if several and step.name not in {"confirm", "verify"} else None
        pressed = await who.click(self.ref, label, self.channel, request)
        if REGISTRY.actions[step.action].writes:
            await who.window("Preview")
            answer = await who.submit()
            assert answer["ok"], answer
            await who.close()
        if not REGISTRY.actions[step.action].asks:
            if pressed["type"] == "overflow" and step.intro:  # a menu puts no question itself
                await who.window(step.intro)
                assert (await who.submit())["ok"]
            return
        await who.window("input")
        typed = await self._typed(who, step)
        answer = await who.submit(**typed)
        assert answer["ok"], (step.name, answer)

    async def seen(self, who: Acting, version: int) -> None:
        """The card as the case now is: Slack takes one change a second."""

        def look() -> bool:
            shown = who.cards(self.ref, self.channel)
            return any(f'"v":{version}' in str(b) for m in shown for b in buttons(m["blocks"]))

        await who.until(look, f"the card of version {version}")

    async def _typed(self, who: Acting, step: Step) -> dict[str, str | list[str]]:
        """What the form of a step is filled in with."""
        typed: dict[str, str | list[str]] = dict(
            filled(Form(title="", submit="", fields=step.asks))
        )
        for field in step.asks:
            if field.type == "choices":
                typed[field.name] = str(typed[field.name]).split()
        if step.name == "verify":
            typed = {"how": await self._settled(who)}
        if any(field.offers == "systems" for field in step.asks):
            typed["systems"] = ["accounts", "billing"]
        if step.round:
            typed = {"systems": ["accounts", "billing"]}
        return typed

    async def _settled(self, who: Acting) -> str:
        """The first way that settles identity by hand, chosen."""
        blocks = who.stack[-1]["blocks"]
        choice = next(b for b in blocks if b.get("block_id", "").startswith("f:how:"))
        ways = [option["value"] for option in choice["element"]["options"]]
        way = next(way for way in ways if not way.startswith("ask_"))
        await who.choose("how", way)
        await who.window("Note")
        return str(way)

    async def owners_answer(self, owner: Acting, label: str = "Done") -> None:
        """An owner answers for each of their systems, in their direct messages."""
        room = ROOM[owner.who]
        asking = (await self.case()).rounds[-1]
        for query in asking.waiting:
            wanted = f'"x":"{query.system}"'

            def look(wanted: str = wanted) -> tuple[dict, dict] | None:
                for message in owner.messages.get(room, {}).values():
                    for each in buttons(message.get("blocks", [])):
                        here = f'"q":{asking.id}' in each.get("value", "")
                        if each["label"] == label and wanted in each["value"] and here:
                            return message, each
                return None

            message, action = await owner.until(look, f"{label} for {query.system}")
            answer = await owner._do("click", channel=room, ts=message["ts"], action=action)
            assert answer["ok"], answer
            await self.world.case_when(
                self.ref,
                lambda c, name=query.system: name not in {q.system for q in c.rounds[-1].waiting},
            )

    async def approve(self, second: Acting) -> None:
        await second.click(self.ref, "Second person", self.channel)
        await second.window("What now?")
        answer = await second.submit(answer="yes")
        assert answer["ok"], answer
        await self.world.case_when(self.ref, lambda c: not approvals.pending(c))
        await second.close()

    async def answer(self, who: Acting, second: Acting, label: str = "Reply") -> None:
        """Reply: form, preview, send; approved where that is needed."""
        await self.write(who, label)
        if approvals.pending(await self.case()):
            await self.approve(second)
        await self.world.case_when(self.ref, lambda c: "answer" in c.request(self.request).done)

    async def write(self, who: Acting, label: str = "Reply", template: str = "") -> None:
        """A letter as the desk proposes it, its gaps filled: form, preview, and off it goes."""
        several = len((await self.case()).requests) > 1
        await who.click(self.ref, label, self.channel, self.request if several else None)
        window = await who.window("Start from")
        if template:
            assert (await who.choose("template", template))["ok"]
            await who.until(lambda: who.stack[-1]["blocks"] != window["blocks"], "that letter")
        await self.submit(who)

    async def submit(self, who: Acting) -> None:
        """What the form proposes, its gaps filled; then the preview."""
        answer = await who.submit(**written(who.stack[-1]))
        assert answer["ok"], answer
        await who.window("Preview")
        answer = await who.send()
        assert answer["ok"], answer
        await who.window("Close")
        await who.close()


async def close(
    who: Acting, ref: str, channel: str, request: int | None = None, **answers: Any
) -> None:
    await who.click(ref, "Close", channel, request)
    await who.window("How it ends")
    if "outcome" in answers:
        await who.choose("outcome", answers["outcome"])
    answer = await who.submit(**answers)
    assert answer["ok"], answer
