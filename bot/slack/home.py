"""The Home tab: what one person has to do, by due date, and the ways into it. Pure.

Only that person sees it, and still it says no more than a card: reference, kind, date, masked
address. At most 100 blocks: two for each of forty cases.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.buttons import opener
from bot.slack.options import Gap
from bot.slack.pointers import Pointer, encoded
from bot.slack.queue import FILTERS, Look, Work
from bot.slack.scene import Kinds, headline
from bot.slack.views import View
from bot.slack.words import counted, due, escape, joined, masked, moment, person
from handlers.handler import Kind
from storage.records import Case, Record, Status

PREFIX = "home."  #: action ids of its buttons
FOOT = "home:foot"
BETWEEN = "  ·  "
_WAITING: Mapping[Status, str] = MappingProxyType(
    {
        Status.AWAITING_REQUESTER: "waits for the requester",
        Status.AWAITING_OWNERS: "waits for the system owners",
        Status.AWAITING_APPROVAL: "waits for a second person",
    }
)


class Desk(Record, frozen=True, kw_only=True):
    """What Home is drawn from beside the work itself."""

    kinds: Kinds
    now: datetime
    timezone: str = "Europe/London"
    gaps: tuple[Gap, ...] = ()  #: shown to those who may set things up

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.timezone)).date()


def home(work: Work, look: Look, desk: Desk) -> View:
    """A page of it."""
    cases, number, last = work.page(look)
    shown: list[Block] = [
        blocks.header("Your privacy requests", "home:head"),
        blocks.section(f"*{summary(work)}*", "home:summary"),
        blocks.actions(_filters(work, look), "home:filters"),
        blocks.actions(_ways(work, desk), "home:ways"),
        blocks.divider("home:line"),
    ]
    if not cases:
        shown.append(blocks.section(f"{FILTERS[work.chosen(look)]}: nothing.", "home:none"))
    for case in cases:
        shown += _line(case, work, desk)
    shown.append(blocks.context([_foot(number, last, desk)], FOOT))
    if last:
        shown.append(blocks.actions(_steps(work.chosen(look), number, last), "home:steps"))
    where = encoded(Pointer(action=work.chosen(look), request=number))
    return {"type": "home", "callback_id": "home", "private_metadata": where, "blocks": shown}


def closed(said: str) -> View:
    """For those who have no role here."""
    return {"type": "home", "callback_id": "home", "blocks": [blocks.section(said, "home:closed")]}


def summary(work: Work) -> str:
    """One line that says all."""
    told = [
        f"{work.overdue} overdue" if work.overdue else "",
        f"{len(work.lists['soon'])} due within 7 days" if work.lists["soon"] else "",
        f"{len(work.lists['free'])} not taken" if work.lists["free"] else "",
        f"{work.asked} {'waits' if work.asked == 1 else 'wait'} for your yes" if work.asked else "",
    ]
    urgent = [text for text in told if text]
    return f"{joined(urgent)}." if urgent else "Nothing is urgent."


def button(action: str, label: str, pointer: Pointer, style: str = "") -> Block:
    made: Block = {
        "type": "button",
        "action_id": f"{PREFIX}{action}",
        "text": blocks.plain(label, 75),
        "value": encoded(pointer),
        "accessibility_label": label[:75],
    }
    return {**made, "style": style} if style else made


def _filters(work: Work, look: Look) -> list[Block]:
    here = work.chosen(look)
    return [
        button(
            f"look.{name}",
            f"{title} ({len(work.lists[name])})",
            Pointer(action=name),
            "primary" if name == here else "",
        )
        for name, title in FILTERS.items()
    ]


def _ways(work: Work, desk: Desk) -> list[Block]:
    ways = [
        button("walk", f"Work through ({len(work.unsorted)})", Pointer(action="walk"))
        if work.unsorted
        else None,
        button("stop", f"Unsubscribes ({len(work.unsubscribes)})", Pointer(action="stop"))
        if work.unsubscribes
        else None,
        button("find", "Find", Pointer(action="find")),
        button("new", "New request", Pointer(action="new")),
        button("hours", "My hours", Pointer(action="hours")),
        button("setup", f"Set up ({len(desk.gaps)})", Pointer(action="setup"))
        if desk.gaps
        else None,
    ]
    return [way for way in ways if way is not None]


def _line(case: Case, work: Work, desk: Desk) -> list[Block]:
    sign = ":red_circle: Overdue: " if case.overdue(desk.today) else ""
    said = f"{sign}*{escape(headline(case, desk.kinds.kinds))}*"
    key = f"home:{case.ref}:{case.rev}"
    below = BETWEEN.join(_told(case, work, desk))
    return [
        blocks.section(said, key, opener(case.ref, case.version)),
        blocks.context([below], f"{key}:below"),
    ]


def _told(case: Case, work: Work, desk: Desk) -> list[str]:
    step = next_step(case, desk.kinds.kinds)
    waits = next((_WAITING[r.status] for r in case.open_requests if r.status in _WAITING), "")
    mine = case.assignee == work.by
    parts = [
        due(case.due, (case.due.due_on - desk.today).days),
        masked(case.requester),
        "not taken" if case.assignee is None else "" if mine else f"with {person(case.assignee)}",
        waits,
        "the requester wrote again" if case.answered else "",
        f"next: {escape(step[:1].lower() + step[1:])}" if step else "",
        f"reminder {moment(case.remind_at, desk.timezone)}" if mine and case.remind_at else "",
    ]
    return [part for part in parts if part]


def next_step(case: Case, kinds: Mapping[str, Kind]) -> str:
    """What comes next for its most urgent request."""
    if case.triage:
        return "Sort it"
    for request in sorted(case.open_requests, key=lambda r: (r.due.due_on, r.id)):
        kind = kinds.get(request.kind or "")
        step = kind.next_step(case, request) if kind else None
        if step:
            return step.label
    return ""


def _foot(number: int, last: int, desk: Desk) -> str:
    page = f"Page {number + 1} of {last + 1}. " if last else ""
    return f"{page}Updated {moment(desk.now, desk.timezone, '{time}')}. Only you see this page."


def _steps(name: str, number: int, last: int) -> list[Block]:
    steps = []
    if number:
        steps.append(button("page.before", "Previous", Pointer(action=name, request=number - 1)))
    if number < last:
        steps.append(button("page.next", "Next", Pointer(action=name, request=number + 1)))
    return steps


def setup(gaps: Sequence[Gap]) -> list[Block]:
    """Each missing setting and what it means."""
    shown = [blocks.section(f"*{counted(len(gaps), 'setting')} to think about.*", "gaps:head")]
    for number, gap in enumerate(gaps[:48]):
        shown.append(blocks.section(f"*{escape(gap.name)}*\n{escape(gap.means)}", f"gaps:{number}"))
    return shown
