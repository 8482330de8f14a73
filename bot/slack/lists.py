"""A list to sort: one message that counts, and windows that page through it. Pure.

Nothing personal is in the message; in a window reference, dates, what the desk takes it for and
the masked address. What somebody wrote is there on a click only.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from bot.slack import blocks, home
from bot.slack.blocks import Block
from bot.slack.buttons import PREFIX
from bot.slack.cards import Message
from bot.slack.forms import field_blocks
from bot.slack.pointers import Pointer, encoded
from bot.slack.scene import Kinds
from bot.slack.views import View, modal
from bot.slack.words import counted, day, escape, joined, masked
from handlers.bursts import BURST
from handlers.handler import Field
from handlers.lists import ENDINGS, IGNORED, Choice
from handlers.opening import IMPORTED
from storage.records import Case, InboundMail, Record

PAGE = 10  #: lines of one window; two blocks each
LIST = "list"  #: callback id of these windows, and the action of the buttons that open them
SHOW = "show_one"  #: the action that opens one line's mail on top
ALL, ENDING, NOTE = "all", "ending", "note"  #: fields of a page beside its lines
_REST = frozenset({ALL, ENDING, NOTE})
OF_IMPORT = (
    (Choice.OPEN, "Open"),
    (Choice.ANSWERED, "Already answered"),
    (Choice.IGNORE, "Ignore"),
)
OF_IGNORED = ((Choice.RIGHT, "Rightly ignored"), (Choice.REQUEST, "This is a request"))


class Line(Record, frozen=True, kw_only=True):
    """One mail of a list; `key` is its case's reference, or its own id."""

    key: str
    text: str  #: mrkdwn


class Page(Record, frozen=True, kw_only=True):
    """What one window shows. Pages are counted from 0."""

    name: str  #: of the list
    lines: tuple[Line, ...]  #: all of them
    number: int = 0
    said: str = ""  #: what became of the page before
    shut: int = 0  #: lines that are for a closed circle

    @property
    def last(self) -> int:
        return max(0, (len(self.lines) - 1) // PAGE)

    @property
    def here(self) -> tuple[Line, ...]:
        number = min(self.number, self.last)
        return self.lines[number * PAGE : (number + 1) * PAGE]


def imports(cases: Sequence[Case], kinds: Kinds, timezone: str) -> tuple[Line, ...]:
    """Of imported cases."""
    return tuple(
        Line(
            key=case.ref,
            text=f"*{escape(case.ref)}*, received {_day(case, timezone)}: {_guess(case, kinds)}\n"
            f"From {masked(case.requester)}",
        )
        for case in cases
    )


def ignored(mails: Sequence[InboundMail], timezone: str) -> tuple[Line, ...]:
    """Of mails that were ignored by machine."""
    return tuple(
        Line(
            key=mail.id,
            text=f"*{day(mail.received_at.astimezone(ZoneInfo(timezone)).date())}*: "
            f"{escape(mail.reason)}\nFrom {masked(mail.mail_from)}",
        )
        for mail in mails
    )


def message(name: str, left: int, today: date) -> Message:
    """How many wait, with the button that opens the list; when none does, that."""
    key = f"list:{name}:{left}:{today}"
    said = _told(name, left)
    if name.startswith(BURST):
        walk = home.button("walk", "Work through", Pointer(action="walk"))
        return {"text": said, "blocks": [blocks.section(f":inbox_tray: *{said}*", key, walk)]}
    if not left:
        return {"text": said, "blocks": [blocks.section(f":white_check_mark: {said}", key)]}
    button = opener(name, "Sort them" if name.startswith(IMPORTED) else "Look through them")
    return {"text": said, "blocks": [blocks.section(f":inbox_tray: *{said}*", key, button)]}


def _told(name: str, left: int) -> str:
    if name.startswith(BURST):
        came = f"{counted(left, 'request')} came within an hour and"
        return f"{came} {'is' if left == 1 else 'are'} open. Nobody is called for each."
    if name.startswith(IGNORED):
        if not left:
            return "The week's ignored mails have been looked through"
        return f"{counted(left, 'mail')} the desk ignored by itself: was that right?"
    if not left:
        return "All mails of this import are sorted"
    return f"{counted(left, 'imported mail')} to sort"


def opener(name: str, label: str, number: int = 0) -> Block:
    """Opens a page of a list, in the window where it is pressed."""
    pointer = Pointer(action=LIST, value=name, request=number, way="l")
    return {
        "type": "button",
        "action_id": f"{PREFIX}{LIST}.{label.partition(' ')[0].lower()}",
        "text": blocks.plain(label, 75),
        "value": encoded(pointer),
        "accessibility_label": f"{label}: list to sort",
    }


def window(page: Page, salt: str) -> View:
    """A page of choices; what is left undecided stays on the list."""
    known = [blocks.section(page.said, f"said:{salt}")] if page.said else []
    shut = _shut(page, salt)
    if not page.lines:
        return modal(_title(page), [*known, blocks.section("Nothing is left.", "none"), *shut])
    shown: list[Block] = [*known, blocks.context([_where(page)], f"where:{salt}")]
    for line in page.here:
        shown.append(blocks.section(line.text, f"line:{line.key}:{salt}", _show(line.key)))
        shown += field_blocks(_choice(line.key, "Which is it?", page.name), salt)
    shown += [blocks.divider(f"end:{salt}")]
    shown += [block for field in _rest(page.name) for block in field_blocks(field, salt)]
    shown += [*_pages(page, salt), *shut]
    number = min(page.number, page.last)
    return modal(
        _title(page),
        shown,
        callback_id=LIST,
        private_metadata=encoded(Pointer(action=LIST, value=page.name, request=number)),
        submit=blocks.plain("Save this page", 24),
    )


def chosen(name: str, values: Mapping[str, str]) -> dict[str, Choice]:
    """What was chosen for the lines of a page; the choice for all goes before each."""
    allowed = {choice.value for choice, _ in _choices(name)}
    told = {key: values.get(ALL) or value for key, value in values.items() if key not in _REST}
    return {key: Choice(value) for key, value in told.items() if value in allowed}


def _title(page: Page) -> str:
    return "Imported mail" if page.name.startswith(IMPORTED) else "Ignored mail"


def _where(page: Page) -> str:
    number = min(page.number, page.last)
    return (
        f"{counted(len(page.lines), 'mail')} to sort, page {number + 1} of {page.last + 1}. "
        "What you leave open stays here."
    )


def _choices(name: str) -> tuple[tuple[Choice, str], ...]:
    return OF_IMPORT if name.startswith(IMPORTED) else OF_IGNORED


def _choice(name: str, label: str, of: str) -> Field:
    options = tuple((choice.value, text) for choice, text in _choices(of))
    return Field(name=name, label=label, type="choice", options=options, optional=True)


def _rest(name: str) -> list[Field]:
    """The same for all on this page, and how those ended that were answered before."""
    same = _choice(ALL, "The same for all on this page", name)
    if not name.startswith(IMPORTED):
        return [same]
    endings = tuple((end.value, end.value.replace("_", " ").capitalize()) for end in ENDINGS)
    ending = Field(
        name=ENDING,
        label="Those already answered were",
        type="choice",
        options=endings,
        initial=ENDINGS[0].value,
    )
    note = Field(
        name=NOTE,
        label="Note on those",
        hint="When and how, if you know. No letter goes out. It is kept in their history.",
        optional=True,
        max_length=300,
    )
    return [same, ending, note]


def _show(key: str) -> Block:
    """Opens the mail on top of the list, so that what was chosen stays."""
    return {
        "type": "button",
        "action_id": f"{PREFIX}{SHOW}",
        "text": blocks.plain("Show message", 75),
        "value": encoded(Pointer(ref=key, action=SHOW, way="p")),
        "accessibility_label": f"Show message {key}",
    }


def _pages(page: Page, salt: str) -> list[Block]:
    number = min(page.number, page.last)
    steps = []
    if number:
        steps.append(opener(page.name, "Page before", number - 1))
    if number < page.last:
        steps.append({**opener(page.name, "Next page", number + 1), "style": "primary"})
    return [blocks.actions(steps, f"pages:{salt}")] if steps else []


def _shut(page: Page, salt: str) -> list[Block]:
    if not page.shut:
        return []
    said = f"{counted(page.shut, 'more mail')} can be sorted by a closed circle alone."
    return [blocks.context([said], f"shut:{salt}")]


def _day(case: Case, timezone: str) -> str:
    return day(case.received_at.astimezone(ZoneInfo(timezone)).date())


def _guess(case: Case, kinds: Kinds) -> str:
    """What the desk takes it for."""
    guessed = case.reading.kinds if case.reading else ()
    named = [kinds.kinds[name].title for name in guessed if name in kinds.kinds]
    if not named:
        return "the desk cannot tell what is asked"
    return f"probably {escape(joined([n[:1].lower() + n[1:] for n in named]))}"
