"""Offers as buttons: the likeliest step first, at most four, the rest folded."""

from collections.abc import Sequence

import msgspec

from bot.slack.blocks import Block, actions, option, plain, question
from bot.slack.pointers import Pointer, encoded, to_offer
from handlers.handler import Offer
from storage.records import Case

PREFIX = "do."  #: action ids of offers
MORE = "more"  #: the overflow's action id
ATTACHMENT = "attachment"  #: the action of ours that reads one
ALL = "open"  #: the action of ours that opens a case with all its buttons
BUTTONS, FOLDED = 4, 5


def button(case: Case, offer: Offer, *, value: str = "") -> Block:
    """One offer as a button, with its question in front when it has one."""
    made: Block = {
        "type": "button",
        "action_id": action_id(offer),
        "text": plain(offer.label, 75, emoji=True),
        "value": encoded(to_offer(case, offer, value=value)),
        "accessibility_label": (offer.says or f"{offer.label} {case.ref}")[:75],
    }
    if offer.style:
        made["style"] = offer.style
    if offer.confirm and not offer.form:
        danger = offer.style == "danger"
        made["confirm"] = question(offer.label, offer.confirm, offer.label, danger=danger)
    return made


def action_id(offer: Offer) -> str:
    """Unique in its row: the same action may be offered for several requests or answers."""
    number = "" if offer.request is None else f".{offer.request}"
    value = f"={offer.value}" if offer.value else ""
    return f"{PREFIX}{offer.action}{number}{value}"[:255]


def opener(ref: str, version: int) -> Block:
    """The button that opens a case in a window."""
    return {
        "type": "button",
        "action_id": f"{PREFIX}{ALL}",
        "text": plain("Open", 75),
        "value": encoded(Pointer(ref=ref, version=version, action=ALL, way="r")),
        "accessibility_label": f"Open {ref}",
    }


def reader(ref: str, mail: str, place: int) -> Block:
    """The button that reads one attachment of a mail, on top of the window it stands in."""
    pointer = Pointer(ref=ref, action=ATTACHMENT, value=f"{mail}:{place}", way="t")
    return {
        "type": "button",
        "action_id": f"{PREFIX}{ATTACHMENT}={place}",
        "text": plain("Read", 75),
        "value": encoded(pointer),
        "accessibility_label": f"Read attachment {place + 1}",
    }


def folded(case: Case, offers: Sequence[Offer]) -> Block:
    """Up to five offers in a menu; when there are more, the last place opens all of them."""
    fits = offers if len(offers) <= FOLDED else offers[: FOLDED - 1]
    options = [option(o.label, encoded(to_offer(case, o, asks=True)), o.says[:75]) for o in fits]
    if len(fits) < len(offers):
        every = Pointer(ref=case.ref, version=case.version, action=ALL, way="r")
        options.append(option("All actions", encoded(every)))
    return {"type": "overflow", "action_id": MORE, "options": options}


def beside(case: Case, offers: Sequence[Offer]) -> Block | None:
    """What stands at the end of a line: a button for one offer, a menu for several."""
    if not offers:
        return None
    return button(case, offers[0]) if len(offers) == 1 else folded(case, offers)


def ordered(offers: Sequence[Offer]) -> list[Offer]:
    """The likeliest step first; something to read is always among the buttons."""
    one = next((o for o in offers if o.style == "primary"), None)
    first = [o for o in offers if o is one] + [o for o in offers if o is not one]
    reading = next((o for o in first if o.reads), None)
    if reading is not None and first.index(reading) >= BUTTONS:
        first.remove(reading)
        first.insert(BUTTONS - 1, reading)
    return [first[0], *(_calm(o) for o in first[1:])] if first else []


def _calm(offer: Offer) -> Offer:
    """One primary button a card, never two."""
    if offer.style != "primary":
        return offer
    return msgspec.structs.replace(offer, style="")


def row(case: Case, offers: Sequence[Offer], block_id: str) -> list[Block]:
    """The card's one row of buttons; no block at all when nothing is offered."""
    first = ordered(offers)
    shown: list[Block] = [button(case, offer) for offer in first[:BUTTONS]]
    if rest := first[BUTTONS:]:
        shown.append(button(case, rest[0]) if len(rest) == 1 else folded(case, rest))
    return [actions(shown, block_id)] if shown else []


def every(case: Case, offers: Sequence[Offer], block_id: str) -> list[Block]:
    """All offers as buttons, for a window: case first, then request by request."""
    groups: dict[int, list[Block]] = {}
    for offer in ordered(offers):
        groups.setdefault(offer.request or 0, []).append(button(case, offer))
    return [actions(groups[number], f"{block_id}.{number}") for number in sorted(groups)]
