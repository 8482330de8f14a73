"""The listeners of lists to sort: a page opened, turned, saved; one mail of it read."""

from collections.abc import Mapping
from typing import Any

from bot.slack import blocks, forms, lists, reading
from bot.slack.lists import ENDING, NOTE, Page
from bot.slack.parts import Parts
from bot.slack.pointers import Pointer
from bot.slack.views import View
from bot.slack.windows import Window, salt
from bot.slack.words import counted
from handlers.handler import Person
from handlers.lists import ENDINGS, Sorted, Sorting
from handlers.opening import IMPORTED
from storage.errors import Refused
from storage.records import Circle


class Lists:
    """What may be seen and sorted is asked anew at each click."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def opened(self, window: Window, by: Person, pointer: Pointer) -> None:
        """A page of a list."""
        page = await self._page(pointer.value, by, pointer.request or 0)
        await window.show(lists.window(page, salt()))

    async def saved(self, by: Person, pointer: Pointer, view: Mapping[str, Any]) -> View:
        """What was chosen on a page is done; what is to be seen next."""
        values = forms.values(view)
        sorting = Sorting(
            choices=lists.chosen(pointer.value, values),
            by=by,
            name=pointer.value,
            ending=next((e for e in ENDINGS if e.value == values.get(ENDING)), ENDINGS[0]),
            note=values.get(NOTE, ""),
        )
        said = _said(await self._sorted(pointer.value, sorting))
        page = await self._page(pointer.value, by, pointer.request or 0, said)
        return lists.window(page, salt())

    async def _sorted(self, name: str, sorting: Sorting) -> Sorted:
        desk, now = self._parts.desk, self._parts.clock.now()
        if name.startswith(IMPORTED):
            return await desk.sort_imported(sorting, now)
        done = await desk.judge(sorting, now)
        for mail in done.again:
            self._parts.wake(mail)
        return done

    async def _page(self, name: str, by: Person, number: int, said: str = "") -> Page:
        """Raises Refused."""
        if name.startswith(IMPORTED):
            found = await self._parts.desk.imported(name.partition(":")[2])
            seen = [case for case in found if by.may_see(case)]
            lines = lists.imports(seen, self._parts.registry, self._parts.timezone)
            return Page(
                name=name, lines=lines, number=number, said=said, shut=len(found) - len(seen)
            )
        mails = await self._parts.desk.ignored(await self._drawn(name, by))
        lines = lists.ignored(mails, self._parts.timezone)
        return Page(name=name, lines=lines, number=number, said=said)

    async def _drawn(self, name: str, by: Person) -> tuple[str, ...]:
        """The mails of a week's list; none = all there are. Raises Refused."""
        if not by.may_act_in(Circle.STAFF):
            raise Refused("Only the privacy team can do that. Nothing was changed.")
        return await self._parts.desk.drawn(name)

    async def shown(self, window: Window, by: Person, pointer: Pointer) -> None:
        """One mail, on top of the list. The reading is on the record before it is on the screen."""
        view = await self._mail_of(pointer.ref, by)
        back = {"close": blocks.plain("Back", 24), "clear_on_close": False}
        await window.show({**view, **back})

    async def _mail_of(self, key: str, by: Person) -> View:
        parts = self._parts
        mail = await parts.store.mail(key)
        if mail is None:
            async with parts.locks.of(key):
                case = await parts.desk.saw_message(key, by, parts.clock.now())
            return reading.mails(case, [await parts.mail(i) for i in case.mails], parts.timezone)
        await parts.desk.saw_ignored(key, by, parts.clock.now())
        return reading.ignored(await parts.mail(key), parts.timezone)


def _said(done: Sorted) -> str:
    told = f"{counted(done.done, 'mail')} sorted." if done.done else "Nothing was changed."
    return f"{told} {done.late} had been sorted by others before." if done.late else told
