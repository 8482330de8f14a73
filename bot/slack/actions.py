"""Clicks and submissions: acknowledged first, then checked, then done, always answered.

A trigger lives three seconds, so a window is opened at once and filled when the answer is there.
The clicker's roles are checked at each click; what a button carries is only where it points.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.slack import (
    asking,
    deskwork,
    forms,
    home,
    preview,
    reading,
    stopping,
    views,
    walking,
)
from bot.slack.buttons import ALL, MORE, PREFIX
from bot.slack.deskwork import Deskwork
from bot.slack.homes import Homes
from bot.slack.lists import LIST
from bot.slack.once import Presses
from bot.slack.owners import Owners
from bot.slack.parts import Parts, guarded
from bot.slack.pointers import Pointer, decoded
from bot.slack.replaced import instead
from bot.slack.sorting import Lists
from bot.slack.stopping import Stopping
from bot.slack.views import View
from bot.slack.walking import Walking
from bot.slack.windows import Window, salt
from handlers.handler import Answer, Click, Done, Faults, Form, Person, Review, Stale
from storage.errors import Refused

Body = Mapping[str, Any]
IN_TIME = 2.0  #: seconds until a submission is acknowledged with a waiting view instead
OUTDATED = "That is no longer offered here. Nothing was changed."


class Clicks:
    """The listeners. One instance serves the whole workspace."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lists = Lists(parts)
        self._presses = Presses()
        self._owners = Owners(parts)
        self.homes = Homes(parts)
        self._deskwork = Deskwork(parts)
        self._walking = Walking(parts)
        #: windows that are no case's form: what becomes of each when it is sent
        self._sent: dict[str, Callable[[Body, Pointer], Awaitable[View | Faults]]] = {
            LIST: self._page_saved,
            asking.REASON: self._owners.submitted,
            asking.WHOSE: self._owners.submitted,
            deskwork.NEW: self._deskwork.made,
            deskwork.FIND: self._deskwork.found,
            deskwork.HOURS: self._deskwork.kept,
            walking.WALK: self._walking.submitted,
            stopping.STOP: Stopping(parts).submitted,
        }

    # --- buttons and menus ------------------------------------------------------------------

    async def clicked(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        action = body["actions"][0]
        if self._presses.again(body):
            return
        window = Window(self._parts.client, body)
        view = body.get("view") or {}
        value = action.get("value") or (action.get("selected_option") or {}).get("value")
        pointer = decoded(value)
        if str(action["action_id"]).startswith(asking.PREFIX) and pointer is not None:
            await guarded(window, self._owners.clicked(window, body, pointer))
        elif str(action["action_id"]).startswith(home.PREFIX) and pointer is not None:
            await guarded(window, self.homes.clicked(window, body, pointer))
        elif str(action["action_id"]).startswith(PREFIX) or action["action_id"] == MORE:
            if pointer is None:
                await window.tell(OUTDATED)
                return
            await guarded(window, self._pressed(window, body, pointer))
        elif view.get("callback_id") in {views.FORM, walking.WALK}:
            await guarded(window, self._chosen(window, body))

    async def shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Of a message: its words, in a form."""
        await ack()
        window = Window(self._parts.client, body)
        await guarded(window, self._of_message(window, body))

    async def _of_message(self, window: Window, body: Body) -> None:
        await window.open()
        await self._parts.person(body)
        await window.show(self._deskwork.of_message(body))

    async def _pressed(self, window: Window, body: Body, pointer: Pointer) -> None:
        ways: dict[str, Callable[[Window, Person, Pointer], Awaitable[None]]] = {
            "r": self._read,
            "f": self._ask_form,
            "c": self._ask,
            "l": self._lists.opened,
            "p": self._lists.shown,
            "t": self._attachment,
        }
        if said := await instead(self._parts, body):
            await window.tell(said)
            return
        if pointer.way in {"p", "t"}:
            await window.push()
        elif pointer.way:
            await window.open()
        by = await self._parts.person(body)
        await ways.get(pointer.way, self._act)(window, by, pointer)

    async def _act(self, window: Window, by: Person, pointer: Pointer) -> None:
        """What needs no form: done at once, answered to the clicker; the card follows."""
        answer = await self._parts.act(click_of(pointer, by))
        if isinstance(answer, Review):
            await window.show(preview.review(answer, pointer))
            return
        if isinstance(answer, Faults):
            await window.tell(" ".join(answer.fields.values()))
            return
        if isinstance(answer, Done) and answer.back:
            view = views.final(answer, pointer, self._parts.timezone)
            await window.tell(answer.said, view["blocks"], pointer.ref)
            return
        await window.tell(answer.said, title=pointer.ref)

    async def _ask_form(self, window: Window, by: Person, pointer: Pointer) -> None:
        form = await self._parts.form(click_of(pointer, by))
        await window.show(forms.view(form, pointer, salt()))

    async def _ask(self, window: Window, by: Person, pointer: Pointer) -> None:
        """The question of an offer that stood in a menu, where Slack asks none."""
        case, offers = await self._parts.visible(pointer.ref, by)
        wanted = (pointer.action, pointer.request)
        fitting = [
            o for o in offers if (o.action, o.request) == wanted and o.value in {"", pointer.value}
        ]
        offer = next(iter(fitting), None)
        if offer is None:
            await window.tell(OUTDATED, title=case.ref)
            return
        await window.show(views.asked(offer.label, offer.confirm or offer.label, pointer))

    async def _chosen(self, window: Window, body: Body) -> None:
        """A choice that changes the rest of the form: the form anew, under new ids."""
        view = body["view"]
        pointer = decoded(view.get("private_metadata"))
        if pointer is None:
            raise Refused(OUTDATED)
        by = await self._parts.person(body)
        if view.get("callback_id") == walking.WALK:
            await window.show(await self._walking.changing(by, pointer, forms.kept(view)))
            return
        form = await self._parts.form(click_of(pointer, by, forms.kept(view)))
        await window.show(forms.view(form, pointer, salt()))

    # --- windows to read in -----------------------------------------------------------------

    async def _read(self, window: Window, by: Person, pointer: Pointer) -> None:
        readers: dict[str, Callable[[str, Person], Awaitable[View]]] = {
            ALL: self._whole,
            "show_message": self._mails,
            "history": self._history,
        }
        await window.show(await readers.get(pointer.action, self._whole)(pointer.ref, by))

    async def _whole(self, ref: str, by: Person) -> View:
        return await self._parts.opened(ref, by)

    async def _mails(self, ref: str, by: Person) -> View:
        """The reading is on the record before the words are on the screen."""
        async with self._parts.locks.of(ref):
            case = await self._parts.desk.saw_message(ref, by, self._parts.clock.now())
        mails = [await self._parts.mail(mail_id) for mail_id in case.mails[-10:]]
        return reading.mails(case, mails, self._parts.timezone)

    async def _attachment(self, window: Window, by: Person, pointer: Pointer) -> None:
        """As with a mail: on the record first. Its words are read in the parse worker."""
        mail, _, place = pointer.value.partition(":")
        now = self._parts.clock.now()
        async with self._parts.locks.of(pointer.ref):
            await self._parts.desk.saw_attachment(pointer.ref, mail, int(place), by, now)
        found = await self._parts.read_attachment(mail, int(place))
        await window.show(reading.attachment(found))

    async def _history(self, ref: str, by: Person) -> View:
        case, _ = await self._parts.visible(ref, by)
        entries = [entry async for entry in self._parts.store.history(ref)]
        return reading.history(case, entries, self._parts.timezone)

    # --- submissions ------------------------------------------------------------------------

    async def submitted(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Acknowledged with the result when it is there in time, else with a waiting view."""
        view = body["view"]
        pointer = decoded(view.get("private_metadata"))
        window = Window(self._parts.client, body)
        if pointer is None:
            await ack(response_action="update", view=views.message("Privacy requests", OUTDATED))
            return
        if (sent := self._sent.get(str(view.get("callback_id")))) is not None:
            title = pointer.ref or "Privacy requests"
            await self._in_time(ack, window, view, _made(sent(body, pointer), title))
            return
        work = asyncio.create_task(self._result(body, pointer))
        finished, _ = await asyncio.wait({work}, timeout=IN_TIME)
        if finished:
            await ack(**_acknowledged(view, pointer, work.result(), self._parts.timezone))
            return
        await ack(response_action="update", view=views.waiting())
        result = await work
        await guarded(window, self._late(window, body, pointer, result))

    async def _in_time(
        self, ack: AsyncAck, window: Window, view: Body, work: Awaitable[View | Faults]
    ) -> None:
        """Acknowledged with the next view when it is there in time; an update of our own would
        race with the acknowledgement."""
        made = asyncio.ensure_future(work)
        if (await asyncio.wait({made}, timeout=IN_TIME))[0]:
            result = made.result()
            if isinstance(result, Faults):
                await ack(response_action="errors", errors=forms.errors(view, result.fields))
                return
            await ack(response_action="update", view=result)
            return
        await ack(response_action="update", view=views.waiting())
        result = await made
        if isinstance(result, Faults):
            result = views.message("Privacy requests", " ".join(result.fields.values()))
        await guarded(window, window.show(result))

    async def _page_saved(self, body: Body, pointer: Pointer) -> View:
        by = await self._parts.person(body)
        return await self._lists.saved(by, pointer, body["view"])

    async def _result(self, body: Body, pointer: Pointer) -> Answer | str:
        """The answer, or a sentence to the clicker; never an exception."""
        said: list[str] = []
        answers: list[Answer] = []

        async def work() -> None:
            by = await self._parts.person(body)
            answers.append(await self._parts.act(click_of(pointer, by, forms.values(body["view"]))))

        await guarded(said.append, work())
        return answers[0] if answers else said[0]

    async def _late(
        self, window: Window, body: Body, pointer: Pointer, result: Answer | str
    ) -> None:
        previewed = body["view"].get("callback_id") == views.REVIEW  # that has no form to draw anew
        if previewed or not isinstance(result, Faults):
            await window.show(_view_of(result, pointer, self._parts.timezone))
            return
        by = await self._parts.person(body)
        form: Form = await self._parts.form(click_of(pointer, by, forms.values(body["view"])))
        await window.show(forms.view(form, pointer, salt(), result.fields))


async def _made(work: Awaitable[View | Faults], title: str) -> View | Faults:
    """The next view, or a sentence to the clicker; never an exception."""
    said: list[str] = []
    made: list[View | Faults] = []

    async def making() -> None:
        made.append(await work)

    await guarded(said.append, making())
    return made[0] if made else views.message(title, said[0])


def click_of(pointer: Pointer, by: Person, form: Mapping[str, str] | None = None) -> Click:
    return Click(
        ref=pointer.ref,
        action=pointer.action,
        by=by,
        version=pointer.version,
        request=pointer.request,
        form=form or {},
        value=pointer.value,
    )


def _acknowledged(
    view: Body, pointer: Pointer, result: Answer | str, timezone: str
) -> dict[str, Any]:
    """What Slack does with the window: mark fields, lay a preview on it, or turn it."""
    if isinstance(result, Faults) and (marked := forms.errors(view, result.fields)):
        return {"response_action": "errors", "errors": marked}
    way = "push" if isinstance(result, Review) else "update"  # "Back" leads to what was typed
    return {"response_action": way, "view": _view_of(result, pointer, timezone)}


def _view_of(result: Answer | str, pointer: Pointer, timezone: str) -> View:
    match result:
        case Review():
            return preview.review(result, pointer)
        case Done():
            return views.final(result, pointer, timezone)
        case Stale():
            return views.message(pointer.ref, result.said)
        case Faults():
            return views.message(pointer.ref, " ".join(result.fields.values()))
    return views.message(pointer.ref, result)
