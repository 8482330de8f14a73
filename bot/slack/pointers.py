"""What a button carries: where it points, never what is there.

Button values and private_metadata can be read by anybody's client and stay in Slack's exports:
ids and small words only. Limits: option value 150 characters, private_metadata 3,000.
"""

import json

import msgspec

from handlers.handler import Offer
from storage.records import Case, OutboxStatus, Record


class Pointer(Record, frozen=True, kw_only=True):
    """One thing to do with one case, as the case was when the button was drawn."""

    ref: str = msgspec.field(default="", name="r")
    version: int = msgspec.field(default=0, name="v")
    action: str = msgspec.field(default="", name="a")
    request: int | None = msgspec.field(default=None, name="q")
    value: str = msgspec.field(default="", name="x")  #: what the click already answers
    way: str = msgspec.field(
        default="", name="k"
    )  #: f form, r reads, p and t read on top, c asks first, l list, w shows a letter


def encoded(pointer: Pointer) -> str:
    """As short as it goes: fields at their defaults are left out."""
    whole = msgspec.to_builtins(pointer)
    return json.dumps(
        {k: v for k, v in whole.items() if v not in ("", None)}, separators=(",", ":")
    )


def decoded(text: str | None) -> Pointer | None:
    """None for anything we did not write."""
    try:
        return msgspec.json.decode(text or "", type=Pointer)
    except msgspec.DecodeError:
        return None


def to_offer(case: Case, offer: Offer, *, value: str = "", asks: bool = False) -> Pointer:
    """Where an offer's button points. `asks`: its question must still be put, in a window."""
    ways = {"r": offer.reads, "f": offer.form, "w": offer.writes, "c": asks and offer.confirm}
    way = next((way for way, wanted in ways.items() if wanted), "")
    return Pointer(
        ref=case.ref,
        version=case.version,
        action=offer.action,
        request=offer.request,
        value=value or offer.value or (_waiting(case) if offer.action == "undo" else ""),
        way=way,
    )


def _waiting(case: Case) -> str:
    """The letter that can still be called back: the last that waits."""
    pending = [s.id for s in case.letters if s.status is OutboxStatus.PENDING]
    return pending[-1] if pending else ""
