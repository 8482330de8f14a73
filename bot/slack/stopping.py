"""*Unsubscribes*: all that wait in one list, the exceptions unticked, the rest done at once."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.slack import blocks, forms
from bot.slack.blocks import Block
from bot.slack.parts import Parts
from bot.slack.pointers import Pointer, encoded
from bot.slack.queue import work
from bot.slack.views import View, message, modal
from bot.slack.windows import Window, salt
from bot.slack.words import counted, day, masked
from handlers.handler import Click, Done, Person
from storage.errors import Conflict, Refused, UnknownReference
from storage.records import Case, Request

STOP = "stop"  #: callback id
BOXES, ROWS = 10, 10  #: in one block, and blocks: a hundred lines in one window
TITLE = "Unsubscribes"


class Stopping:
    """Opened from Home."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def opened(self, shown: Window, by: Person) -> None:
        cases = await self._parts.store.cases()
        found = work(cases, by, self._parts.today()).unsubscribes
        await shown.show(window(found, self._parts.today(), salt()))

    async def submitted(self, body: Mapping[str, Any], _: Pointer) -> View:
        """One act for each line that was left ticked: each is a case's."""
        by = await self._parts.person(body)
        values = forms.values(body["view"])
        ticked = [
            line for name, text in values.items() if name.startswith("row") for line in text.split()
        ]
        done, left = 0, []
        for line in ticked:
            ref, number, version = line.split("/")
            click = Click(
                ref=ref, action="unsubscribe", by=by, version=int(version), request=int(number)
            )
            try:
                answer = await self._parts.act(click)
            except (Refused, Conflict, UnknownReference) as error:
                left.append(f"{ref}: {error}")
                continue
            if isinstance(answer, Done):
                done += 1
            else:
                left.append(f"{ref} was changed meanwhile.")
        return message(TITLE, _told(done, left))


def _told(done: int, left: Sequence[str]) -> str:
    addresses = f"{done} {'address is' if done == 1 else 'addresses are'}"
    said = f"{addresses} on the do-not-mail list. The marketing owner is asked to confirm."
    if not done:
        said = "Nothing was changed."
    return "\n".join([said, *left[:20]])


def window(found: Sequence[tuple[Case, Request]], today: date, salted: str) -> View:
    """Every line ticked; who unticks one leaves it as it is."""
    if not found:
        return message(TITLE, "Nobody waits to be unsubscribed.")
    here = found[: BOXES * ROWS]
    shown: list[Block] = [
        blocks.section(f"*{counted(len(found), 'request')}.* Untick what is not so simple.", "head")
    ]
    for row in range(0, len(here), BOXES):
        options = [_option(case, request, today) for case, request in here[row : row + BOXES]]
        boxes = {"type": "checkboxes", "action_id": f"row{row}", "options": options}
        shown.append(
            {
                "type": "input",
                "block_id": f"f:row{row}:0:{salted}",
                "label": blocks.plain(f"{row + 1} to {row + len(options)}", 2000),
                "element": {**boxes, "initial_options": options},
                "optional": True,
            }
        )
    if len(found) > len(here):
        shown.append(blocks.context([f"{len(found) - len(here)} more after these."], "more"))
    return modal(
        TITLE,
        shown,
        callback_id=STOP,
        private_metadata=encoded(Pointer(action=STOP)),
        submit=blocks.plain("Do all", 24),
        close=blocks.plain("Cancel", 24),
    )


def _option(case: Case, request: Request, today: date) -> Block:
    left = (request.due.due_on - today).days
    late = "overdue" if left < 0 else f"{left} days left"
    return blocks.option(
        f"{case.ref}  {masked(case.requester)}",
        f"{case.ref}/{request.id}/{case.version}",
        f"due {day(request.due.due_on)}, {late}",
    )
