"""What an owner sees: a reference, a date, and whom it is about behind a button. Pure.

The message stays in Slack, so it holds nothing personal; the window closes with the request.
"""

from collections.abc import Iterable, Mapping

from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.cards import Message
from bot.slack.pointers import Pointer, encoded
from bot.slack.views import View, literals, modal
from bot.slack.words import clean, day, escape
from handlers.company import System
from handlers.owner_answers import WORDS
from handlers.owners import ROUNDS, Wording
from storage.records import Case, Query, Record, Round

PREFIX = "own."  #: action ids of an owner's buttons
WHO, MENU = f"{PREFIX}who", f"{PREFIX}menu"
BUTTONS_FOR = 6  #: systems; more buttons than theirs are too long for one message
REASON, WHOSE = "owner_reason", "owner_whose"  #: callback ids of the windows that ask
_ANSWERS = (
    ("done", "Done"),
    ("nothing", "Nothing found"),
    ("exception", "Exception"),
    ("not_mine", "Not mine"),
)
_SIGNS = {
    "": ":white_circle: no answer yet",
    "done": f":white_check_mark: {WORDS['done']}",
    "nothing": f":white_check_mark: {WORDS['nothing']}",
    "exception": f":warning: {WORDS['exception']}",
}


class Asked(Record, frozen=True, kw_only=True):
    """A round as one owner sees it."""

    case: Case
    asking: Round
    person: str
    words: Wording
    titles: Mapping[str, str]  #: of the systems, by name

    @property
    def mine(self) -> tuple[Query, ...]:
        return tuple(query for query in self.asking.queries if query.owner == self.person)

    @property
    def open(self) -> bool:
        request = next((r for r in self.case.requests if r.id == self.asking.request), None)
        return request is not None and request.outcome is None


def message(asked: Asked) -> Message:
    """The direct message: what is asked, by when, and a row of answers for each system."""
    case, asking = asked.case, asked.asking
    key = f"{case.ref}:{asking.id}:{case.rev}"
    due = day(asking.due_on)
    if not asked.open or not asked.mine:
        said = f"*{escape(case.ref)}* is closed, or asks nothing of you any more."
        return {"text": f"{case.ref} is closed.", "blocks": [blocks.section(said, f"{key}:over")]}
    head = f"*{escape(case.ref)}*: please answer by *{due}*.\n{asked.words.asks}"
    shown = [blocks.section(head, f"{key}:head", _who(case.ref, asking.id))]
    for query in asked.mine:
        shown += _row(asked, query, f"{key}:{query.system}")
    return {"text": f"{case.ref}: please answer by {due}.", "blocks": shown[:50]}


def _row(asked: Asked, query: Query, key: str) -> list[Block]:
    """A system and its four answers: as buttons, or in a menu where there are many systems."""
    title = escape(asked.titles.get(query.system, query.system))
    line = f"*{title}*: {_SIGNS[query.answer]}"
    ref, number = asked.case.ref, asked.asking.id
    if len(asked.mine) > BUTTONS_FOR:
        options = [
            blocks.option(label, _value(ref, number, query, answer)) for answer, label in _ANSWERS
        ]
        menu: Block = {"type": "overflow", "action_id": MENU, "options": options}
        return [blocks.section(line, key, menu)]
    buttons = [_button(ref, number, query, *each) for each in _ANSWERS]
    return [blocks.section(line, key), blocks.actions(buttons, f"{key}:do")]


def who(asked: Asked) -> View:
    """Whom it is about, for that owner alone; that they looked is on the record."""
    shown = [
        blocks.context(["You opened this; the history says so. Copy nothing into Slack."], "seen"),
        *literals(f"Look for:\n{clean(asked.asking.search)}", "search", 10),
        *literals("\n".join(_titles(asked)), "systems", 5),
    ]
    return modal(asked.case.ref, shown)


def reason(pointer: Pointer) -> View:
    """What the exception is."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": "reason",
        "multiline": True,
        "max_length": 500,
    }
    return _question("Exception", "What cannot be done, and why", element, pointer, REASON)


def whose(pointer: Pointer) -> View:
    """Whose system it is."""
    element: Block = {"type": "users_select", "action_id": "person"}
    return _question("Not mine", "Whose is it? Leave it empty if unknown.", element, pointer, WHOSE)


def _question(title: str, label: str, element: Block, pointer: Pointer, callback: str) -> View:
    asks: Block = {
        "type": "input",
        "block_id": f"f:{element['action_id']}:0:own",
        "label": blocks.plain(label, 2000),
        "element": element,
        "optional": callback == WHOSE,
    }
    return modal(
        title,
        [asks],
        callback_id=callback,
        private_metadata=encoded(pointer),
        submit=blocks.plain("Answer", 24),
        close=blocks.plain("Cancel", 24),
    )


def _titles(asked: Asked) -> list[str]:
    return [f"• {asked.titles.get(q.system, q.system)}" for q in asked.mine]


def _who(ref: str, number: int) -> Block:
    return {
        "type": "button",
        "action_id": WHO,
        "text": blocks.plain("Show who", 75),
        "value": encoded(Pointer(ref=ref, action="who", request=number)),
        "accessibility_label": f"Show who {ref} is about",
    }


def _value(ref: str, number: int, query: Query, answer: str) -> str:
    return encoded(Pointer(ref=ref, action=answer, request=number, value=query.system))


def _button(ref: str, number: int, query: Query, answer: str, label: str) -> Block:
    made: Block = {
        "type": "button",
        "action_id": f"{PREFIX}{answer}",
        "text": blocks.plain(label, 75),
        "value": _value(ref, number, query, answer),
        "accessibility_label": f"{label}: {query.system}, {ref}"[:75],
    }
    return made if query.answer != answer else {**made, "style": "primary"}


def asked_of(case: Case, asking: Round, person: str, systems: Iterable[System]) -> Asked:
    """A round as this person sees it."""
    return Asked(
        case=case,
        asking=asking,
        person=person,
        words=ROUNDS[asking.purpose],
        titles={system.name: system.title for system in systems},
    )
