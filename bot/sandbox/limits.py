"""Slack's limits on blocks and views, as pure checkers. They return texts; none means fine.

Each text ends with a JSON pointer, as Slack's `response_metadata.messages` do.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from bot.sandbox.limits_rich import data_visualization, rich_text

Json = dict[str, Any]

MAX_VIEW_BYTES = 250 * 1024
SELECTS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons"})
TEXT_INPUTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
BUTTONS = frozenset({"button", "overflow", "workflow_button"})
IN_ACTIONS = SELECTS | PICKERS | CHOICES | BUTTONS
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = SELECTS | PICKERS | CHOICES | TEXT_INPUTS | {"file_input", "rich_text_input"}
OPTIONS_MOST = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
NOT_IN_MESSAGES = frozenset({"alert", "file"})
NOT_IN_MODALS = frozenset(
    {
        *("markdown", "table", "data_table", "data_visualization", "container", "carousel"),
        *("card", "context_actions", "plan", "task_card"),
    }
)

BANNED = {
    "message": NOT_IN_MESSAGES,
    "modal": NOT_IN_MODALS,
    "home": NOT_IN_MODALS | {"alert"},
}


class Faults:
    """Collects what is wrong, with the place it is wrong in."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, at: str, text: str) -> None:
        """One fault at a JSON pointer."""
        self.texts.append(f"[ERROR] {text} [json-pointer:{at}]")

    def length(self, at: str, value: Any, most: int, least: int = 1) -> None:
        """A required string of `least` to `most` characters."""
        if not isinstance(value, str):
            self.add(at, "missing required field" if value is None else "must be a string")
        elif len(value) > most:
            self.add(at, f"must be less than {most + 1} characters")
        elif len(value) < least:
            self.add(at, f"must be more than {least - 1} characters")

    def optional(self, at: str, value: Any, most: int) -> None:
        """A string that may be missing."""
        if value is not None:
            self.length(at, value, most)

    def items(self, at: str, value: Any, most: int, least: int = 1) -> list[Json]:
        """A list of `least` to `most` objects; what is no object is a fault."""
        if not isinstance(value, list):
            self.add(at, "missing required field" if value is None else "must be an array")
            return []
        if len(value) > most:
            self.add(at, f"no more than {most} items allowed")
        if len(value) < least:
            self.add(at, f"must provide at least {least} items")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self.add(f"{at}/{index}", "must be an object")
        return [item for item in value if isinstance(item, dict)]

    def text(self, at: str, value: Any, most: int = 3000, *, plain: bool = False) -> None:
        """A required text object."""
        if not isinstance(value, dict):
            self.add(at, "missing required field" if value is None else "must be an object")
            return
        kind = value.get("type")
        if kind not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
            self.add(f"{at}/type", "must be plain_text" if plain else "unsupported text type")
        self.length(f"{at}/text", value.get("text"), most)
        if kind == "mrkdwn" and "emoji" in value:
            self.add(f"{at}/emoji", "only allowed with plain_text")
        if kind == "plain_text" and "verbatim" in value:
            self.add(f"{at}/verbatim", "only allowed with mrkdwn")


def check_blocks(blocks: Any, surface: str) -> list[str]:
    """What Slack would refuse in `blocks` on a surface, "message", "modal" or "home"."""
    faults = Faults()
    _blocks(faults, blocks, surface)
    return faults.texts


def check_view(view: Any, kind: str = "modal") -> list[str]:
    """What Slack would refuse in a view of that kind, "modal" or "home"."""
    faults = Faults()
    if not isinstance(view, dict):
        faults.add("/view", "must be an object")
        return faults.texts
    if view.get("type") != kind:
        faults.add("/view/type", f"must be {kind}")
    _ids(faults, view)
    found = _blocks(faults, view.get("blocks"), kind, "/view/blocks")
    (_home if kind == "home" else _modal)(faults, view, found)
    return faults.texts


def _home(faults: Faults, view: Json, _found: list[Json]) -> None:
    for name in ("title", "submit", "close"):
        if view.get(name) is not None:
            faults.add(f"/view/{name}", "only allowed in a modal")


def _modal(faults: Faults, view: Json, found: list[Json]) -> None:
    faults.text("/view/title", view.get("title"), 24, plain=True)
    for name in ("submit", "close"):
        if view.get(name) is not None:
            faults.text(f"/view/{name}", view[name], 24, plain=True)
    if any(block.get("type") == "input" for block in found) and not view.get("submit"):
        faults.add("/view/submit", "a submit is required when blocks contain an input")
    focused = [b for b in found if (b.get("element") or {}).get("focus_on_load")]
    if len(focused) > 1:
        faults.add("/view/blocks", "only one element may set focus_on_load")


def _ids(faults: Faults, view: Json) -> None:
    faults.optional("/view/callback_id", view.get("callback_id") or None, 255)
    faults.optional("/view/external_id", view.get("external_id") or None, 255)
    faults.optional("/view/private_metadata", view.get("private_metadata") or None, 3000)


def view_too_large(view: Json) -> bool:
    """Whether the whole view is over 250 KB."""
    return len(msgspec.json.encode(view)) > MAX_VIEW_BYTES


def words_in(blocks: list[Json]) -> int:
    """How many characters people would read in these blocks."""
    total = 0
    rest: list[Any] = list(blocks)
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            total += len(one["text"]) if isinstance(one.get("text"), str) else 0
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
    return total


def _blocks(faults: Faults, blocks: Any, surface: str, at: str = "/blocks") -> list[Json]:
    found = faults.items(at, blocks, 50 if surface == "message" else 100)
    seen: set[str] = set()
    for index, block in enumerate(found):
        here = f"{at}/{index}"
        block_id = block.get("block_id") or None
        faults.optional(f"{here}/block_id", block_id, 255)
        if block_id in seen:
            faults.add(f"{here}/block_id", "`block_id` is not unique")
        seen.update({block_id} if isinstance(block_id, str) else set())
        _block(faults, here, block, surface)
    if sum(b.get("type") == "data_visualization" for b in found) > 2:
        faults.add(at, "no more than 2 data_visualization blocks allowed")
    if sum(len(str(b.get("text"))) for b in found if b.get("type") == "markdown") > 12000:
        faults.add(at, "all markdown blocks together must be less than 12001 characters")
    return found


def _block(faults: Faults, at: str, block: Json, surface: str) -> None:
    kind = block.get("type")
    if kind in BANNED[surface]:
        faults.add(f"{at}/type", f"block type {kind} is not allowed on this surface")
    elif isinstance(kind, str) and kind in _CHECKS:
        _CHECKS[kind](faults, at, block)
    else:
        faults.add(f"{at}/type", f"unsupported block type {kind!r}")


def _section(faults: Faults, at: str, block: Json) -> None:
    if block.get("text") is None and block.get("fields") is None:
        faults.add(at, "a section needs text or fields")
    if block.get("text") is not None:
        faults.text(f"{at}/text", block["text"])
    if block.get("fields") is not None:
        for index, field in enumerate(faults.items(f"{at}/fields", block["fields"], 10)):
            faults.text(f"{at}/fields/{index}", field, 2000)
    if block.get("accessory") is not None:
        _elements(faults, f"{at}/accessory", [block["accessory"]], IN_SECTION)


def _header(faults: Faults, at: str, block: Json) -> None:
    faults.text(f"{at}/text", block.get("text"), 150, plain=True)


def _actions(faults: Faults, at: str, block: Json) -> None:
    elements = faults.items(f"{at}/elements", block.get("elements"), 25)
    _elements(faults, f"{at}/elements", elements, IN_ACTIONS)


def _context(faults: Faults, at: str, block: Json) -> None:
    for index, item in enumerate(faults.items(f"{at}/elements", block.get("elements"), 10)):
        here = f"{at}/elements/{index}"
        if item.get("type") == "image":
            _image(faults, here, item)
        else:
            faults.text(here, item)


def _input(faults: Faults, at: str, block: Json) -> None:
    faults.text(f"{at}/label", block.get("label"), 2000, plain=True)
    if block.get("hint") is not None:
        faults.text(f"{at}/hint", block["hint"], 2000, plain=True)
    if not isinstance(block.get("element"), dict):
        faults.add(f"{at}/element", "missing required field")
    else:
        _elements(faults, f"{at}/element", [block["element"]], IN_INPUT)


def _image(faults: Faults, at: str, block: Json) -> None:
    faults.length(f"{at}/alt_text", block.get("alt_text"), 2000)
    if ("image_url" in block) == ("slack_file" in block):
        faults.add(at, "give image_url or slack_file, and not both")
    faults.optional(f"{at}/image_url", block.get("image_url"), 3000)
    if block.get("title") is not None:
        faults.text(f"{at}/title", block["title"], 2000, plain=True)


def _table(faults: Faults, at: str, block: Json) -> None:
    rows = block.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        faults.add(f"{at}/rows", "must have 1 to 100 rows")
    elif any(not isinstance(row, list) or len(row) > 20 for row in rows):
        faults.add(f"{at}/rows", "no more than 20 columns allowed")


def _markdown(faults: Faults, at: str, block: Json) -> None:
    faults.length(f"{at}/text", block.get("text"), 12000)


def _alert(faults: Faults, at: str, block: Json) -> None:
    faults.text(f"{at}/text", block.get("text"))


def _anything(_faults: Faults, _at: str, _block: Json) -> None:
    """Blocks whose insides are not checked here."""


_CHECKS: dict[str, Callable[[Faults, str, Json], None]] = {
    "section": _section,
    "header": _header,
    "divider": _anything,
    "actions": _actions,
    "context": _context,
    "input": _input,
    "image": _image,
    "table": _table,
    "markdown": _markdown,
    "alert": _alert,
    "rich_text": rich_text,
    "data_visualization": data_visualization,
}


def _elements(faults: Faults, at: str, elements: list[Any], allowed: frozenset[str]) -> None:
    seen: set[str] = set()
    for index, element in enumerate(elements):
        here = f"{at}/{index}" if at.endswith("/elements") else at
        if not isinstance(element, dict) or element.get("type") not in allowed:
            faults.add(f"{here}/type", "unsupported element type here")
            continue
        action_id = element.get("action_id") or None
        faults.optional(f"{here}/action_id", action_id, 255)
        if action_id in seen:
            faults.add(f"{here}/action_id", "`action_id` is not unique in its block")
        seen.update({action_id} if isinstance(action_id, str) else set())
        _element(faults, here, element)


def _element(faults: Faults, at: str, element: Json) -> None:
    kind = element["type"]
    if element.get("placeholder") is not None:
        faults.text(f"{at}/placeholder", element["placeholder"], 150, plain=True)
    if element.get("confirm") is not None:
        _confirm(faults, f"{at}/confirm", element["confirm"])
    if kind == "image":
        _image(faults, at, element)
    elif kind == "button":
        _button(faults, at, element)
    elif kind in TEXT_INPUTS:
        _text_input(faults, at, element)
    elif kind in CHOICES or kind in {"overflow", "static_select", "multi_static_select"}:
        _choice(faults, at, element)


def _button(faults: Faults, at: str, button: Json) -> None:
    faults.text(f"{at}/text", button.get("text"), 75, plain=True)
    faults.optional(f"{at}/value", button.get("value"), 2000)
    faults.optional(f"{at}/url", button.get("url"), 3000)
    faults.optional(f"{at}/accessibility_label", button.get("accessibility_label"), 75)
    if button.get("style") not in {None, "primary", "danger"}:
        faults.add(f"{at}/style", "must be primary or danger")


def _confirm(faults: Faults, at: str, confirm: Any) -> None:
    if not isinstance(confirm, dict):
        faults.add(at, "must be an object")
        return
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        faults.text(f"{at}/{name}", confirm.get(name), most, plain=True)
    if confirm.get("style") not in {None, "primary", "danger"}:
        faults.add(f"{at}/style", "must be primary or danger")


def _text_input(faults: Faults, at: str, element: Json) -> None:
    if element["type"] == "number_input":
        if not isinstance(element.get("is_decimal_allowed"), bool):
            faults.add(f"{at}/is_decimal_allowed", "missing required field")
        return
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not isinstance(least, int) or not 0 <= least <= 3000:
        faults.add(f"{at}/min_length", "must be 0 to 3000")
    elif not isinstance(most, int) or not 1 <= most <= 3000:
        faults.add(f"{at}/max_length", "must be 1 to 3000")
    elif least > most:
        faults.add(f"{at}/max_length", "must be greater than min_length")
    elif element.get("initial_value") is not None:
        faults.length(f"{at}/initial_value", element["initial_value"], most, 0)


def _choice(faults: Faults, at: str, element: Json) -> None:
    kind = element["type"]
    options: list[Json] = []
    if element.get("option_groups") is not None and kind in SELECTS:
        groups = faults.items(f"{at}/option_groups", element["option_groups"], 100)
        for index, group in enumerate(groups):
            here = f"{at}/option_groups/{index}"
            faults.text(f"{here}/label", group.get("label"), 75, plain=True)
            options += _options(faults, f"{here}/options", group.get("options"), kind)
    else:
        options = _options(faults, f"{at}/options", element.get("options"), kind)
    chosen = element.get("initial_options") or []
    if element.get("initial_option") is not None:
        chosen = [element["initial_option"]]
    if any(option not in options for option in chosen):
        faults.add(f"{at}/initial_option", "must exactly match one of the options")


def _options(faults: Faults, at: str, options: Any, kind: str) -> list[Json]:
    found = faults.items(at, options, OPTIONS_MOST.get(kind, 100))
    for index, option in enumerate(found):
        here = f"{at}/{index}"
        faults.text(f"{here}/text", option.get("text"), 75, plain=kind not in CHOICES)
        faults.length(f"{here}/value", option.get("value"), 150)
        if option.get("description") is not None:
            faults.text(f"{here}/description", option["description"], 75, plain=kind not in CHOICES)
        if "url" in option and kind != "overflow":
            faults.add(f"{here}/url", "only allowed in overflow menus")
        faults.optional(f"{here}/url", option.get("url"), 3000)
    values = [str(option.get("value")) for option in found]
    if len(set(values)) < len(values):
        faults.add(at, "option values must be unique")
    return found
