"""A form as a window, and what was typed into it as plain values. Pure, and knows no kind."""

from collections.abc import Mapping
from typing import Any

from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.pointers import Pointer, encoded
from bot.slack.views import FORM, View, literals, modal, pieces
from handlers.handler import Field, Form

LONGEST = 3000  #: characters in one text input; a longer text gets several
RADIOS, BOXES, LIST = 6, 10, 100


def view(form: Form, pointer: Pointer, salt: str, faults: Mapping[str, str] | None = None) -> View:
    """`salt` makes the block ids new: Slack keeps old words under ids it has seen.

    `faults` are shown on top, for the case that the submission was answered too late to mark
    the fields themselves.
    """
    shown: list[Block] = []
    if faults:
        told = "\n".join(f"{_label(form, name)}: {text}" for name, text in faults.items())
        shown.append(blocks.literal(f"Please look again.\n{told}", f"faults:{salt}"))
    shown += literals(form.intro, f"intro:{salt}", 10)
    for field in form.fields:
        shown += field_blocks(field, salt)
    return modal(
        form.title,
        shown,
        callback_id=FORM,
        private_metadata=encoded(pointer),
        submit=blocks.plain(form.submit or "Go on", 24),
        close=blocks.plain("Cancel", 24),
    )


def values(submitted: Mapping[str, Any]) -> dict[str, str]:
    """Field name to value, out of a view with its `state`; choices joined by a space.

    A field shown in several inputs comes back as one text.
    """
    state: Mapping[str, Any] = (submitted.get("state") or {}).get("values") or {}
    found: dict[str, list[tuple[int, str]]] = {}
    for block_id, answers in state.items():
        name, part = _name_of(block_id)
        if name:
            for answer in answers.values():
                found.setdefault(name, []).append((part, _value(answer)))
    return {
        name: "\n".join(text for _, text in sorted(parts) if text or len(parts) == 1)
        for name, parts in found.items()
    }


def kept(submitted: Mapping[str, Any]) -> dict[str, str]:
    """What stays when a choice draws the form anew: choices, and lines somebody changed.

    A text of several lines is left out: it belongs to the choice that was just replaced.
    """
    known = {b["block_id"]: b for b in submitted.get("blocks", ()) if b.get("type") == "input"}
    found = values(submitted)
    for block_id, block in known.items():
        element = block["element"]
        text = element["type"] == "plain_text_input" and not block.get("dispatch_action")
        name = _name_of(block_id)[0]
        if text and (element.get("multiline") or found.get(name) == element.get("initial_value")):
            found.pop(name, None)
    return found


def errors(submitted: Mapping[str, Any], faults: Mapping[str, str]) -> dict[str, str]:
    """Faults by block id, as Slack wants them; one without a field goes to the first input."""
    ids: dict[str, str] = {}
    inputs = [b["block_id"] for b in submitted.get("blocks", ()) if b.get("type") == "input"]
    for block_id in inputs:
        ids.setdefault(_name_of(block_id)[0], block_id)
    told: dict[str, str] = {}
    for name, text in faults.items():
        place = ids.get(name) or (inputs[0] if inputs else "")
        if place:
            told[place] = f"{told[place]} {text}" if place in told else text
    return told


# --- one field ------------------------------------------------------------------------------


def field_blocks(field: Field, salt: str) -> list[Block]:
    """One question."""
    if field.type == "note":
        text = "\n".join(part for part in (field.label, field.initial, field.hint) if part)
        return literals(text, f"note:{field.name}:{salt}", 10)
    if field.type in {"choice", "choices"} and not field.options:
        return [blocks.literal(f"{field.label}: nothing to choose.", f"note:{field.name}:{salt}")]
    if field.type == "paragraph":
        return _paragraph(field, salt)
    element = _choice(field) if field.options else _line(field)
    return [_input(field, element, salt)]


def _input(field: Field, element: Block, salt: str, part: int = 0) -> Block:
    block: Block = {
        "type": "input",
        "block_id": f"f:{field.name}:{part}:{salt}",
        "label": blocks.plain(field.label + (" (continued)" if part else ""), 2000),
        "element": {**element, "action_id": field.name},
        "optional": field.optional or part > 0,
        "dispatch_action": field.refreshes,
    }
    if field.hint and not part:
        block["hint"] = blocks.plain(field.hint, 2000)
    return block


def _paragraph(field: Field, salt: str) -> list[Block]:
    """A text may be longer than one input can hold: then it stands in several."""
    parts = pieces(field.initial, LONGEST - 500) if len(field.initial) > LONGEST else []
    if not parts:
        return [_input(field, _text(field, field.initial, multiline=True), salt)]
    return [
        _input(field, _text(field, text, multiline=True), salt, part)
        for part, text in enumerate(parts)
    ]


def _line(field: Field) -> Block:
    if field.type == "date":
        return {"type": "datepicker", **({"initial_date": field.initial} if field.initial else {})}
    if field.type == "person":  # a colleague is chosen, not typed
        chosen = {"initial_user": field.initial} if field.initial else {}
        return {"type": "users_select", **chosen}
    return _text(field, field.initial, multiline=False)


def _text(field: Field, initial: str, *, multiline: bool) -> Block:
    longest = max(1, min(max(field.max_length, len(initial)), LONGEST))
    element: Block = {
        "type": "plain_text_input",
        "multiline": multiline,
        "max_length": longest,
    }
    if field.refreshes:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_enter_pressed"]}
    return {**element, "initial_value": initial[:longest]} if initial else element


def _choice(field: Field) -> Block:
    options = [blocks.option(label, value) for value, label in field.options[:LIST]]
    if field.type == "choices":
        wanted = field.initial.split()
        chosen = [o for o in options if o["value"] in wanted]
        kind = "checkboxes" if len(options) <= BOXES else "multi_static_select"
        made: Block = {"type": kind, "options": options}
        return {**made, "initial_options": chosen} if chosen else made
    kind = "radio_buttons" if len(options) <= RADIOS else "static_select"
    made = {"type": kind, "options": options}
    picked = next((o for o in options if o["value"] == field.initial), None)
    return {**made, "initial_option": picked} if picked else made


def _name_of(block_id: str) -> tuple[str, int]:
    """`f:NAME:PART:SALT` → name and part; ("", 0) for a block of another make."""
    mark, _, rest = block_id.partition(":")
    name, _, tail = rest.partition(":")
    part = tail.partition(":")[0]
    return (name, int(part)) if mark == "f" and part.isdigit() else ("", 0)


def _value(answer: Mapping[str, Any]) -> str:
    if "selected_options" in answer:
        return " ".join(option["value"] for option in answer["selected_options"] or ())
    if option := answer.get("selected_option"):
        return str(option["value"])
    plain = ("value", "selected_user", "selected_date", "selected_time")
    return next((str(answer[key]) for key in plain if answer.get(key)), "")


def _label(form: Form, name: str) -> str:
    return next((field.label for field in form.fields if field.name == name), name)
