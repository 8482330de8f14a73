"""`/privacy`: lists for the asker alone, one case in a window, help. Nobody types a name here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.slack import blocks, digest
from bot.slack.blocks import Block
from bot.slack.buttons import opener
from bot.slack.cards import Message
from bot.slack.deskwork import Deskwork
from bot.slack.lists import LIST
from bot.slack.parts import Parts, guarded
from bot.slack.pointers import Pointer
from bot.slack.scene import Kinds, headline
from bot.slack.sorting import Lists
from bot.slack.windows import Window
from bot.slack.words import counted, due, escape, person
from handlers.handler import Person, Role
from handlers.lists import IGNORED
from handlers.opening import IMPORTED
from handlers.stats import DAYS, Stats, rows, stats
from storage.errors import Refused
from storage.records import Case

COMMAND = "/privacy"
SHORTCUT = "make_request"  #: callback id of "Make this a privacy request"
LINES = 20
SOON = 7  #: days

HELP = (
    f"`{COMMAND} mine` what you have taken\n"
    f"`{COMMAND} open` everything open, by due date\n"
    f"`{COMMAND} due` due within {SOON} days\n"
    f"`{COMMAND} overdue` past its date\n"
    f"`{COMMAND} show PR-2026-0001` one case with its buttons\n"
    f"`{COMMAND} find` looks for a case, in a form\n"
    f"`{COMMAND} new` a request that came by post, by phone or at the desk\n"
    f"`{COMMAND} digest` where things stand now\n"
    f"`{COMMAND} stats` the figures of the last twelve months\n"
    f"`{COMMAND} imports` imported mail to sort\n"
    f"`{COMMAND} ignored` mails the desk ignored by itself\n"
    f"`{COMMAND} help` this list\n"
    "Only you see the answers. Please type no names or addresses here."
)
_NAMES = {
    "mine": "Yours",
    "open": "Open",
    "due": f"Due within {SOON} days",
    "overdue": "Overdue",
}


class Commands:
    """The listener for the command."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lists = Lists(parts)
        self._deskwork = Deskwork(parts)

    async def asked(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        window = Window(self._parts.client, body)
        await guarded(window, self._answer(window, body))

    async def _answer(self, window: Window, body: Mapping[str, Any]) -> None:
        words = str(body.get("text") or "").split()
        wish = words[0].lower() if words else "help"
        in_window: dict[str, Callable[[Window, Person], Awaitable[None]]] = {
            "imports": self._imports,
            "ignored": self._ignored,
            "find": self._find,
            "new": self._new,
        }
        if wish == "show" and len(words) == 2:
            await window.open()
            by = await self._parts.person(body)
            await window.show(await self._parts.opened(words[1].upper(), by))
            return
        if wish in in_window:
            await window.open()
            await in_window[wish](window, await self._parts.person(body))
            return
        made = await self._told(wish, await self._parts.person(body))
        await window.tell(made["text"], made.get("blocks"))

    async def _told(self, wish: str, by: Person) -> Message:
        """What the asker alone reads in the channel."""
        parts = self._parts
        if wish == "digest":
            return await self._digest(by)
        if wish == "stats":
            last = parts.today()
            period = (last - timedelta(days=DAYS - 1), last)
            return figures(await stats(parts.store.all_cases(), *period, parts.timezone))
        if wish not in _NAMES:
            return {"text": HELP}
        today = parts.today()
        found = chosen(wish, await parts.store.cases(), by, today)
        return listed(wish, found, parts.registry, today)

    async def _digest(self, by: Person) -> Message:
        """As the managers read it; where they have no channel, the staff do. Raises Refused."""
        if self._parts.managed and Role.MANAGER not in by.roles:
            raise Refused("The digest is for the managers. `/privacy due` shows what is due.")
        return digest.message(await self._parts.desk.standing(self._parts.clock.now()))

    async def _imports(self, window: Window, by: Person) -> None:
        await self._lists.opened(window, by, Pointer(action=LIST, value=f"{IMPORTED}:"))

    async def _ignored(self, window: Window, by: Person) -> None:
        await self._lists.opened(window, by, Pointer(action=LIST, value=f"{IGNORED}:"))

    async def _find(self, window: Window, _: Person) -> None:
        await window.show(self._deskwork.find())

    async def _new(self, window: Window, _: Person) -> None:
        await window.show(self._deskwork.new())


def figures(found: Stats) -> Message:
    """Last year's, a line each."""
    told = rows(found)
    said = "\n".join(f"{escape(name)}: *{escape(value)}*" for name, value in told)
    plain = "; ".join(f"{name}: {value}" for name, value in told)
    return {"text": escape(plain)[:3900], "blocks": [blocks.section(said[:2900], "stats")]}


def chosen(wish: str, cases: Sequence[Case], by: Person, today: date) -> list[Case]:
    """The open cases a person may see and asked for, the most urgent first."""
    open_to_them = [c for c in cases if not c.closed and by.may_see(c)]
    fits = {
        "mine": lambda case: case.assignee == by.id,
        "open": lambda case: not case.at_rest,
        "due": lambda case: not case.at_rest and (case.due.due_on - today).days <= SOON,
        "overdue": lambda case: not case.at_rest and case.overdue(today),
    }[wish]
    return sorted(filter(fits, open_to_them), key=lambda c: (c.due.due_on, c.ref))


def listed(wish: str, cases: Sequence[Case], registry: Kinds, today: date) -> Message:
    """At most twenty lines, each with a button that opens its case."""
    name = _NAMES[wish]
    if not cases:
        said = f"{name}: nothing."
        return {"text": said, "blocks": [blocks.section(said, "list:none")]}
    shown: list[Block] = [blocks.section(f"*{name}: {len(cases)}*", "list:head")]
    shown += [_line(case, registry, today) for case in cases[:LINES]]
    if len(cases) > LINES:
        more = counted(len(cases) - LINES, "more case")
        shown.append(blocks.context([f"{more}: `desk list` shows all."], "list:more"))
    told = "; ".join(_words(case, registry, today) for case in cases[:LINES])
    return {"text": escape(f"{name}: {len(cases)}. {told}")[:3900], "blocks": shown}


def _line(case: Case, registry: Kinds, today: date) -> Block:
    sign = ":red_circle: " if case.overdue(today) else ""
    who = person(case.assignee) if case.assignee else "not taken"
    said = f"{sign}*{escape(headline(case, registry.kinds))}*\n{_when(case, today)}, {who}"
    return blocks.section(said, f"list:{case.ref}", opener(case.ref, case.version))


def _when(case: Case, today: date) -> str:
    return due(case.due, (case.due.due_on - today).days)


def _words(case: Case, registry: Kinds, today: date) -> str:
    return f"{headline(case, registry.kinds)}, {_when(case, today)}"
