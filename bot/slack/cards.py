"""A case as one card: what it is, by when, whose it is, and the buttons for what comes next.

Pure. Nothing a stranger wrote is on a card: no name, subject, text or file name; the address is
masked. Dates come first because they are the law.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from bot.slack import blocks, buttons
from bot.slack.attention import attention, undo, waits
from bot.slack.blocks import Block
from bot.slack.scene import ROWS, WAITING, Kinds, Scene, ended, headline, identity, title, urgent
from bot.slack.spoken import in_words
from bot.slack.words import (
    counted,
    cut_escaped,
    day,
    escape,
    joined,
    masked,
    moment,
    person,
    standing,
)
from handlers import owners
from handlers.by_hand import WAYS
from handlers.deadlines.regimes import law
from handlers.handler import CONFIRM, Offer
from storage.records import (
    Case,
    Due,
    OutboxStatus,
    Request,
    Status,
)

Message = dict[str, Any]

PROBABLE = 0.5  #: below it a guess is not worth more than "may be"
BETWEEN = "  ·  "

#: characters of JSON; Slack names no limit for all blocks of a message, and refuses some of 13,000
LIGHT = 10_000


def card(
    case: Case, offers: Sequence[Offer], registry: Kinds, now: datetime, timezone: str
) -> Message:
    """The Slack message of a case: `text` for screen readers and notifications, and `blocks`."""
    scene = Scene(case=case, offers=tuple(offers), kinds=registry.kinds, now=now, timezone=timezone)
    shown = _closed(scene) if case.closed else _open(scene)
    if len(json.dumps(shown)) > LIGHT:
        shown = _open(msgspec.structs.replace(scene, brief=True))
    return {"text": in_words(scene), "blocks": shown}


def placeholder(case: Case) -> Message:
    """For a closed circle without a channel, or one that somebody of it is shut out of: that
    something waits, and nothing about it."""
    due = day(case.due.due_on)
    why = "is closed to some of us" if case.shut else "is for a closed circle without a channel"
    said = f"{case.ref} {why}. Due {due}."
    shown = f":lock: *{case.ref}* {why}. Due *{due}*."
    key = f"{case.ref}:{case.version}.{case.rev}:closed"
    return {
        "text": said,
        "blocks": [blocks.section(shown, key, buttons.opener(case.ref, case.version))],
    }


def lent(case: Case, offer: Offer) -> list[Block]:
    """For who stands in as the second person: that one thing waits for them, and nothing more."""
    key = f"{case.ref}:{case.version}.{case.rev}:lent"
    said = f":lock: *{case.ref}* is counsel's. One thing of it waits for a manager's look."
    return [blocks.section(said, key), *buttons.every(case, (offer,), f"{key}.do")]


def window(
    case: Case, offers: Sequence[Offer], registry: Kinds, now: datetime, timezone: str
) -> list[Block]:
    """The card's blocks for a window, with every offer as a button."""
    scene = Scene(case=case, offers=(), kinds=registry.kinds, now=now, timezone=timezone)
    shown = _closed(scene) if case.closed else _open(scene)
    return [*shown, *buttons.every(case, offers, scene.id("all"))]


# --- an open case ---------------------------------------------------------------------------


def _open(scene: Scene) -> list[Block]:
    case = scene.case
    return [
        blocks.header(headline(case, scene.kinds), scene.id("head")),
        *_urgency(scene),
        *([_sorting(scene)] if case.triage else []),
        *_rows(scene),
        _facts(scene),
        *attention(scene),
        _origin(scene),
        *_buttons(scene),
    ]


def _buttons(scene: Scene) -> list[Block]:
    shown = buttons.row(scene.case, _main_offers(scene), scene.id("do"))
    if not scene.brief:
        return shown
    first = shown[0]["elements"][: buttons.BUTTONS] if shown else []
    every = buttons.opener(scene.case.ref, scene.case.version)
    return [blocks.actions([*first, every], scene.id("do"))]


def _urgency(scene: Scene) -> list[Block]:
    if not urgent(scene.case, scene.kinds):
        return []
    said = ":rotating_light: Needs a person now. No letter goes out before somebody has read it."
    return [blocks.section(said, scene.id("urgent"))]


def _sorting(scene: Scene) -> Block:
    """What the machine thinks of a case it would not sort by itself, in words and per cent."""
    reading = scene.case.reading
    if reading is not None and reading.decision == "ignore":
        said = "Looks like bulk or automatic mail that asks nothing. If so: *Not a request*."
        return blocks.section(said, scene.id("sort"))
    guesses = sorted(
        (
            (p, name)
            for name, p in (reading.confidence if reading else {}).items()
            if p >= 0.1 and name != "not_a_request"
        ),
        reverse=True,
    )[:3]
    told = [f"*{_guess(scene, name)}* ({round(p * 100)}% sure)" for p, name in guesses]
    if not guesses or guesses[0][0] < PROBABLE:
        maybe = f" It may be {joined(told)}." if told else ""
        said = f"The desk cannot tell what is asked. Please read it.{maybe}"
        return blocks.section(said, scene.id("sort"))
    also = f" Could also be {' or '.join(told[1:])}." if told[1:] else ""
    return blocks.section(f"Probably {told[0]}.{also}{_because(scene.case)}", scene.id("sort"))


def _because(case: Case) -> str:
    """The words that spoke for it, as far as they are ours."""
    words = case.reading.because if case.reading else ()
    return f" (it says {joined([f'“{escape(word)}”' for word in words])})" if words else ""


def _guess(scene: Scene, name: str) -> str:
    kind = scene.kinds.get(name)
    return escape(kind.title if kind else name.replace("_", " ")).lower()


def _rows(scene: Scene) -> list[Block]:
    """One line per request, each with its own date; its buttons beside it when there are more."""
    shown = [_row(scene, request) for request in scene.case.requests[:ROWS]]
    if (more := len(scene.case.requests) - ROWS) > 0:
        shown.append(blocks.section(f"… and {counted(more, 'more request')}.", scene.id("more")))
    return shown


def _row(scene: Scene, request: Request) -> Block:
    several = len(scene.case.requests) > 1
    name = escape(title(request, scene.kinds))
    key = scene.id(f"row{request.id}")
    if request.status is Status.CLOSED:
        return blocks.section(f":white_check_mark: *{name}*: {ended((request,))}", key)
    said = _when(scene, request)
    if below := _progress(scene, request):
        said += f"\n{below}"
    if not several or scene.brief:
        return blocks.section(said, key)
    own = [o for o in scene.offers if o.request == request.id and o.style != "primary"]
    return blocks.section(said, key, buttons.beside(scene.case, own))


def _when(scene: Scene, request: Request) -> str:
    """The date first, because it is the law; where its clock stands, since when.

    With one request the headline says what it is.
    """
    name = escape(title(request, scene.kinds)) if len(scene.case.requests) > 1 else ""
    rule = escape(law(request.due))
    if (stopped := request.due.stopped) is not None:
        said = standing(stopped)
        told = f"*{name}*, {said}" if name else f"*{said[:1].upper()}{said[1:]}*"
        return f":double_vertical_bar: {told} ({rule})"
    due = day(request.due.due_on)
    told = f"*{name}*, due *{due}*" if name else f"*Due {due}*"
    return f"{_sign(scene, request)}{told} ({rule}), {scene.left(request)}"


def _sign(scene: Scene, request: Request) -> str:
    """For the eye alone: the words say it too."""
    if scene.late(request):
        return ":red_circle: "
    return ":large_yellow_circle: " if scene.soon(request) else ""


def _progress(scene: Scene, request: Request) -> str:
    """What it waits for, the step that comes next, and the day we work towards."""
    kind = scene.kinds.get(request.kind or "")
    step = kind.next_step(scene.case, request) if kind else None
    if step is CONFIRM and request is not scene.case.open_requests[0]:
        step = None  # one click confirms them all: said once
    parts = [
        WAITING[request.status],
        owners.progress(scene.case, request),
        f"next: {escape(step.label[:1].lower() + step.label[1:])}" if step else "",
        *_own_days(request.due),
    ]
    return _listed(parts)


def _started(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _own_days(due: Due) -> Iterator[str]:
    """The days the desk works by beside the law's, named as its own."""
    if due.stopped is not None:
        yield f"as if nothing had been asked: {day(due.due_on)} (desk rule)"
    if due.aim_on != due.due_on:
        yield f"we aim for {day(due.aim_on)} (desk rule)"


def _listed(parts: Sequence[str]) -> str:
    """What there is of it on one line."""
    told = BETWEEN.join(part for part in parts if part)
    return _started(told)


def _facts(scene: Scene) -> Block:
    case = scene.case
    pairs = [
        ("From", masked(case.requester)),
        ("With", person(case.assignee) if case.assignee else "nobody yet"),
        ("Identity", identity(scene, mention=True)),
        ("Arrived", moment(case.received_at, scene.timezone)),
    ]
    return blocks.fields(pairs, scene.id("facts"))


def _main_offers(scene: Scene) -> list[Offer]:
    """Those of the case and the likeliest step; a request's own stand beside its line."""
    beside = [undo(scene, letter) for letter in scene.case.letters if waits(letter)]
    several = len(scene.case.requests) > 1
    return [
        o
        for o in scene.offers
        if (o.request is None or not several or o.style == "primary") and o not in beside
    ]


def _origin(scene: Scene) -> Block:
    """In small: why that date; below it how it was sorted and what went out."""
    case = scene.case
    told = [f"came {WAYS[case.came_by]}"] if case.came_by in WAYS else []
    if case.confirmed:
        told.append("sorted by a person")
    elif case.reading and not case.triage:
        best = case.reading.confidence.get(case.reading.kinds[0], 0.0)
        told.append(f"sorted by machine, {round(best * 100)}% sure{_because(case)}")
    if case.reading and case.reading.service:
        told.append(f"sent by {escape(case.reading.service)}")
    if case.language not in {"und", "en"}:
        told.append(f"language: {escape(case.language)}")
    told += _receipt(case)
    sent = [s for s in case.letters if s.status is OutboxStatus.SENT and not s.bounced]
    written = [s for s in sent if s.template != "acknowledgement"]
    if written:
        told.append(f"last letter {day(written[-1].at.date())}")
    lines = [cut_escaped(_started(case.due.why), 300), _listed(told)]
    return blocks.context(["\n".join(line for line in lines if line)], scene.id("origin"))


def _receipt(case: Case) -> list[str]:
    if case.acknowledgement == "sent":
        return ["receipt confirmed"]
    if case.acknowledgement.startswith("withheld"):
        return [f"receipt not confirmed: {cut_escaped(_reason(case.acknowledgement), 150)}"]
    if case.acknowledgement.startswith("pending:"):
        return [f"receipt not confirmed yet: {cut_escaped(_reason(case.acknowledgement), 150)}"]
    return []


def _reason(acknowledgement: str) -> str:
    return acknowledgement.partition(":")[2].strip() or acknowledgement


# --- a closed case --------------------------------------------------------------------------


def _closed(scene: Scene) -> list[Block]:
    """One line, which keeps the case findable and frees the channel."""
    case = scene.case
    last = max(case.requests, key=lambda r: r.closed_at or case.received_at)
    by = f" by {person(last.closed_by)}" if last.closed_by else ""
    said = f":white_check_mark: *{escape(headline(case, scene.kinds))}*: "
    said += f"{ended(case.requests)}{by}{_early(last)}"
    line = blocks.section(said, scene.id("done"), buttons.beside(case, scene.offers))
    return [line, *attention(scene)]


def _early(request: Request) -> str:
    if request.closed_at is None:
        return ""
    days = (request.due.due_on - request.closed_at.date()).days
    if days < 0:
        return f", {counted(-days, 'day')} late"
    return f", {counted(days, 'day')} early" if days else ", on the last day"
