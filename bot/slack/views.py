"""Windows that ask nothing: one moment, a message, what was done."""

from collections.abc import Sequence
from typing import Any

import msgspec

from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.buttons import PREFIX
from bot.slack.pointers import Pointer, encoded
from bot.slack.words import moment
from handlers.handler import Done

View = dict[str, Any]

REVIEW, FORM, ASK = "review", "form", "ask"  #: callback ids of windows that are submitted


def modal(title: str, shown: Sequence[Block], **more: Any) -> View:
    """A window; at most 100 blocks. Closing it closes what lies under it too."""
    return {
        "type": "modal",
        "title": blocks.plain(title, 24),
        "close": blocks.plain("Close", 24),
        "clear_on_close": True,
        "blocks": list(shown)[:100],
        **more,
    }


def waiting() -> View:
    """Opened at once, because a trigger lives three seconds; filled when the answer is there."""
    return modal("One moment", [blocks.section("This window fills by itself.", "wait")])


def message(title: str, said: str) -> View:
    """Our words to the clicker, where the window was."""
    return modal(title, [blocks.section(said, "said")])


def final(done: Done, pointer: Pointer, timezone: str) -> View:
    """What happened, and the way back while there is one."""
    shown = [blocks.section(done.said, "said")]
    if done.back:
        until = f" Undo works until {moment(done.until, timezone, '{time}')}." if done.until else ""
        letter = "Nothing has gone out yet." if done.back == "undo" else ""
        shown.append(blocks.context([f"{letter}{until}".strip() or "Undo:"], "until"))
        back = msgspec.structs.replace(
            pointer, version=done.case.version, action=done.back, value=done.undo, way=""
        )
        shown.append(blocks.actions([_undo(back)], "undo"))
    return modal(pointer.ref, shown)


def _undo(pointer: Pointer) -> Block:
    return {
        "type": "button",
        "action_id": f"{PREFIX}undo",
        "text": blocks.plain("Undo", 75),
        "value": encoded(pointer),
        "style": "danger",
        "accessibility_label": f"Undo it: {pointer.ref}",
    }


def asked(title: str, text: str, pointer: Pointer) -> View:
    """A question that a menu entry could not ask by itself."""
    return modal(
        pointer.ref,
        [blocks.literal(text, "question")],
        callback_id=ASK,
        private_metadata=encoded(pointer),
        submit=blocks.plain(title, 24),
    )


def literals(text: str, block_id: str, most: int) -> list[Block]:
    """A long text in sections of at most 3,000 characters, cut at a line where there is one."""
    parts = pieces(text, 3000)
    return [blocks.literal(part, f"{block_id}.{n}") for n, part in enumerate(parts[:most])]


def pieces(text: str, length: int) -> list[str]:
    """The text in pieces; no character is lost but the line breaks at the cuts."""
    parts = []
    rest = text.strip("\n")
    while len(rest) > length:
        at = rest.rfind("\n", length // 2, length)
        at = at if at > 0 else length
        parts.append(rest[:at])
        rest = rest[at:].removeprefix("\n")
    return [*parts, rest] if rest.strip() else parts
