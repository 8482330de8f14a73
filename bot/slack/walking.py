"""*Work through*: one new case after another in one window, the likeliest answer one click away."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from bot.slack import blocks, forms, reading
from bot.slack.blocks import Block
from bot.slack.home import button
from bot.slack.parts import Parts
from bot.slack.pointers import Pointer
from bot.slack.queue import place, work
from bot.slack.scene import Kinds
from bot.slack.views import View, modal
from bot.slack.windows import Window, salt
from bot.slack.words import counted, cut_escaped, due, escape, joined
from handlers.handler import Click, Done, Faults, Person, Stale
from storage.errors import Conflict, Refused, UnknownReference
from storage.records import Case, Record

WALK = "walk"  #: callback id of the form that changes the kind
TITLE = "Work through"
ROOM = 88  #: blocks left for the message


class Said(Record, frozen=True, kw_only=True):
    """What became of the case before, and the way back while there is one."""

    text: str = ""
    back: Pointer | None = None


class Stood(NamedTuple):
    """Where one stood in the queue; `again`: that case comes once more."""

    case: Case
    again: bool = False

    def before(self, case: Case) -> bool:
        """Does that one come next, or later?"""
        here = place(self.case)
        return place(case) > here or (self.again and case.ref == self.case.ref)


class Walking:
    """The windows and their clicks. Where one stands is where the last case stood: nothing is
    remembered here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def clicked(self, window: Window, by: Person, pointer: Pointer) -> None:
        """Begin, skip, confirm, change, close or undo."""
        if pointer.action == "walk":
            await self._show_next(window, by, None, Said())
            return
        case = await self._case(pointer.ref, by)
        if pointer.way == "f":
            await window.show(await self._change(case, by, pointer))
            return
        if pointer.way == "skip":
            await self._show_next(window, by, Stood(case), Said())
            return
        said = await self._done(case, by, pointer)
        await self._show_next(window, by, Stood(case, again=pointer.action == "reopen"), said)

    async def submitted(self, body: Mapping[str, Any], pointer: Pointer) -> View | Faults:
        """Another kind was chosen."""
        by = await self._parts.person(body)
        case = await self._case(pointer.ref, by)
        values = forms.values(body["view"])
        if not values.get("kinds"):
            return Faults(fields={"kinds": "Choose at least one kind."})
        said = await self._done(case, by, pointer, values)
        return await self._next(by, Stood(case), said)

    async def changing(self, by: Person, pointer: Pointer, typed: Mapping[str, str]) -> View:
        """The form anew, with the dates of what is chosen."""
        return await self._change(await self._case(pointer.ref, by), by, pointer, typed)

    async def _case(self, ref: str, by: Person) -> Case:
        case, _ = await self._parts.visible(ref, by)
        return case

    async def _done(
        self, case: Case, by: Person, pointer: Pointer, form: Mapping[str, str] | None = None
    ) -> Said:
        """Whatever stands in the way is said, and one goes on."""
        click = Click(
            ref=case.ref,
            action=pointer.action,
            by=by,
            version=pointer.version,
            form=form or {"kinds": pointer.value},
            value="" if form else pointer.value,
        )
        try:
            answer = await self._parts.act(click)
        except (Refused, Conflict) as error:
            return Said(text=f"{case.ref}: {error}")
        match answer:
            case Done(back=back, undo=value) if back and pointer.action != back:
                again = Pointer(ref=case.ref, version=answer.case.version, action=back, value=value)
                return Said(text=answer.said, back=again)
            case Done() | Stale():
                return Said(text=answer.said)
            case Faults(fields=fields):
                return Said(text=f"{case.ref}: {' '.join(fields.values())}")
        return Said(text=f"{case.ref} needs its own window: `/privacy show {case.ref}`.")

    async def _change(
        self,
        case: Case,
        by: Person,
        pointer: Pointer,
        typed: Mapping[str, str] | None = None,
    ) -> View:
        click = Click(
            ref=case.ref, action="confirm", by=by, version=pointer.version, form=typed or {}
        )
        form = await self._parts.form(click)
        here = Pointer(ref=case.ref, version=pointer.version, action="confirm")
        return {**forms.view(form, here, salt()), "callback_id": WALK}

    async def _show_next(self, window: Window, by: Person, stood: Stood | None, said: Said) -> None:
        await window.open()
        await window.show(await self._next(by, stood, said))

    async def _next(self, by: Person, stood: Stood | None, said: Said) -> View:
        """The first case behind the last one that can still be read."""
        parts = self._parts
        found = work(await parts.store.cases(), by, parts.today()).unsorted
        left = [case for case in found if stood is None or stood.before(case)]
        for number, case in enumerate(left):
            try:
                async with parts.locks.of(case.ref):
                    read = await parts.desk.saw_message(case.ref, by, parts.clock.now())
            except (Refused, UnknownReference):
                continue
            mails = [await parts.mail(mail_id) for mail_id in read.mails[-5:]]
            shown = reading.mails(read, mails, parts.timezone)["blocks"]
            told = Step(case=read, left=len(left) - number, said=said)
            return window(told, shown, parts.registry, parts.today())
        return over(said, len(found))


class Step(Record, frozen=True, kw_only=True):
    """One window of the walk."""

    case: Case
    left: int
    said: Said = Said()


def window(step: Step, message: Sequence[Block], kinds: Kinds, today: date) -> View:
    """What happened before, what this one seems to be, the four answers, and the message."""
    case = step.case
    when = due(case.due, (case.due.due_on - today).days)
    proposal = f"*{escape(case.ref)}*, {when}\n{_proposal(case, kinds)}"
    shown = [
        *_before(step.said),
        blocks.context([f"{counted(step.left, 'case')} to go."], "walk:left"),
        blocks.section(proposal, f"walk:{case.ref}"),
        blocks.actions(_answers(case, kinds), f"walk:{case.ref}:{case.version}"),
        blocks.divider("walk:line"),
        *message[:ROOM],
    ]
    return modal(TITLE, shown)


def over(said: Said, skipped: int) -> View:
    """Nothing is left, or only what was skipped."""
    shown = _before(said)
    if not skipped:
        return modal(TITLE, [*shown, blocks.section("Nothing is left to work through.", "none")])
    text = f"That was the last. {counted(skipped, 'case')} skipped."
    again = button("walk", "From the top", Pointer(action="walk"))
    return modal(
        TITLE, [*shown, blocks.section(text, "over"), blocks.actions([again], "walk:again")]
    )


def _before(said: Said) -> list[Block]:
    if not said.text:
        return []
    shown = [blocks.section(cut_escaped(said.text, 2900), "walk:said")]
    if said.back is not None:
        shown.append(blocks.actions([button("walk.undo", "Undo", said.back)], "walk:undo"))
    return shown


def guessed(case: Case, kinds: Kinds) -> tuple[str, ...]:
    """What the desk takes it for, as far as it dares to say."""
    if not case.triage:
        return tuple(r.kind for r in case.open_requests if r.kind and r.kind in kinds.kinds)
    if case.reading is None or case.reading.decision == "ignore":
        return ()
    return tuple(name for name in case.reading.kinds if name in kinds.kinds)


def _proposal(case: Case, kinds: Kinds) -> str:
    names = guessed(case, kinds)
    if not names:
        return "The desk cannot tell what is asked."
    told = joined(f"*{escape(kinds.kinds[name].title).lower()}*" for name in names)
    sure = case.reading.confidence.get(names[0], 0.0) if case.reading else 0.0
    word = "Probably" if case.triage else "Sorted as"
    flags = " Something in it needs care: read it whole." if case.flags else ""
    return f"{word} {told}, {round(sure * 100)}% sure.{flags}"


def _answers(case: Case, kinds: Kinds) -> list[Block]:
    names = guessed(case, kinds)
    here = Pointer(ref=case.ref, version=case.version)

    def to(action: str, value: str = "", way: str = "") -> Pointer:
        return Pointer(ref=here.ref, version=here.version, action=action, value=value, way=way)

    confirm = to("confirm", " ".join(names))
    found = [
        button("walk.confirm", "Confirm", confirm, "primary") if names else None,
        button("walk.change", "Change" if names else "Choose", to("confirm", way="f")),
        button("walk.nothing", "Not a request", to("not_a_request")),
        button("walk.skip", "Skip", to("skip", way="skip")),
    ]
    return [one for one in found if one is not None]
