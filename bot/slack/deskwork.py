"""Forms that are no case's yet: a request by hand, a search, one's own hours.

Nobody types a name in a channel: what is looked for and what was written down goes into a window.
"""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.slack import blocks, forms
from bot.slack.buttons import opener
from bot.slack.parts import Parts
from bot.slack.pointers import Pointer
from bot.slack.scene import headline
from bot.slack.views import View, message, modal
from bot.slack.windows import salt
from bot.slack.words import counted, due, escape, masked
from handlers import by_hand, habits
from handlers.by_hand import Told
from handlers.deadlines.working_days import local_day
from handlers.finding import Wanted, matches
from handlers.handler import Faults, Field, Form, Person
from storage.errors import StoreAway, StoreFull
from storage.records import Case

NEW, FIND, HOURS = "new", "find", "hours"  #: callback ids
_LIVE = re.compile(r"<(?P<target>[^<>|]+)(\|(?P<label>[^<>]*))?>")
MOST = 40  #: cases found that are shown
Body = Mapping[str, Any]


class Deskwork:
    """Each form, and what becomes of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # --- a request by hand

    def new(self, told: Told | None = None) -> View:
        """The form; `told` is what a message in Slack said already."""
        form = by_hand.form(self._titles(), self._parts.today(), told)
        return _window(form, NEW)

    def of_message(self, body: Body) -> View:
        """The same, with the words of a message and the day it was written."""
        said = body.get("message") or {}
        at = datetime.fromtimestamp(float(said.get("ts") or 0), UTC)
        day = local_day(at, self._parts.timezone)
        words = plain_words(str(said.get("text") or ""))
        return self.new(Told(way="slack", came_on=day, kinds=(), words=words))

    async def made(self, body: Body, _: Pointer) -> View | Faults:
        """Kept before it is confirmed; what is wrong is said at once, so that no word is lost."""
        told = by_hand.filled(forms.values(body["view"]), self._titles(), self._parts.today())
        if not isinstance(told, Told):
            return Faults(fields=told)
        by = await self._parts.person(body)
        try:
            case = await self._parts.desk.take_down(told, by, self._parts.clock.now())
        except (StoreAway, StoreFull):
            return Faults(fields={"words": "It could not be kept just now. Please try again."})
        if not by.may_see(case):
            return message(case.ref, f"{case.ref} is kept, for a closed circle.")
        return await self._parts.opened(case.ref, by)

    def _titles(self) -> dict[str, str]:
        return {name: kind.title for name, kind in self._parts.registry.kinds.items()}

    # --- looking for a case

    def find(self) -> View:
        words = Field(
            name="words",
            label="What do you know?",
            hint="A reference, an address, a name, words of the subject. All of them must fit.",
            max_length=300,
        )
        return _window(Form(title="Find a case", submit="Find", fields=(words,)), FIND)

    async def found(self, body: Body, _: Pointer) -> View | Faults:
        """Only what they may see, closed cases too."""
        words = forms.values(body["view"]).get("words", "").split()
        if not words:
            return Faults(fields={"words": "This is needed."})
        by = await self._parts.person(body)
        return self._results(await self._search(words, by))

    async def _search(self, words: Sequence[str], by: Person) -> list[Case]:
        store = self._parts.store
        wanted = [Wanted(word.casefold(), store.keys.address_hash(word.lower())) for word in words]
        if len(words) == 1 and (quick := await self._named(words[0])):
            return [case for case in quick if by.may_see(case)]
        found = [
            case async for case in store.all_cases() if by.may_see(case) and matches(case, wanted)
        ]
        return sorted(found, key=lambda case: (case.closed, case.due.due_on, case.ref))

    async def _named(self, word: str) -> tuple[Case, ...]:
        """A reference or a whole address is looked up; the rest is a walk."""
        store = self._parts.store
        if (case := await store.case(word.upper())) is not None:
            return (case,)
        return await store.cases_of(store.keys.address_hash(word.lower())) if "@" in word else ()

    def _results(self, cases: Sequence[Case]) -> View:
        if not cases:
            return message("Find a case", "Nothing that you may see fits all of these words.")
        shown = [blocks.section(f"*{counted(len(cases), 'case')}*", "found")]
        for case in cases[:MOST]:
            said = f"*{escape(headline(case, self._parts.registry.kinds))}*\n{self._when(case)}"
            shown.append(blocks.section(said, f"found:{case.ref}", opener(case.ref, case.version)))
        if len(cases) > MOST:
            shown.append(blocks.context(["Say more to see fewer."], "found:more"))
        return modal("Find a case", shown)

    def _when(self, case: Case) -> str:
        when = "closed"
        if not case.closed:
            when = due(case.due, (case.due.due_on - self._parts.today()).days)
        return f"{when}, from {masked(case.requester)}"

    # --- one's own hours

    async def hours(self, by: Person) -> View:
        return _window(habits.form(await self._parts.desk.habits(by.id)), HOURS)

    async def kept(self, body: Body, _: Pointer) -> View | Faults:
        by = await self._parts.person(body)
        made, faults = habits.filled(forms.values(body["view"]), by.id)
        if not faults and made.backup:
            faults = await self._no_colleague(made.backup)
        if faults:
            return Faults(fields=faults)
        await self._parts.desk.keep(by, made, self._parts.clock.now())
        return message("My hours", "Kept. Reminders follow it from now on.")

    async def _no_colleague(self, person: str) -> dict[str, str]:
        known = await self._parts.colleague(person)
        return {} if known else {"backup": "They are not in the privacy team."}


def plain_words(text: str) -> str:
    """A message as people see it: Slack writes links and mentions as `<target|label>`."""
    return html.unescape(_LIVE.sub(_seen, text))


def _seen(found: re.Match[str]) -> str:
    target, label = found["target"], found["label"] or ""
    if target[:1] in {"@", "#", "!"}:
        mark = target[0].replace("!", "@")
        return f"{mark}{label or target[1:]}"
    plain = target.removeprefix("mailto:")
    return f"{label} ({plain})" if label and label != plain else plain


def _window(form: Form, callback_id: str) -> View:
    view = forms.view(form, Pointer(action=callback_id), salt())
    return {**view, "callback_id": callback_id}
