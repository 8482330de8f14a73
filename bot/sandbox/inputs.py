"""What a person typed into a form: state values as Slack reports them, and the client's checks."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

# element type -> (key of its value in state.values, key of its initial value, value when empty)
_KEYS: dict[str, tuple[str, str, Any]] = {
    "plain_text_input": ("value", "initial_value", None),
    "email_text_input": ("value", "initial_value", None),
    "url_text_input": ("value", "initial_value", None),
    "number_input": ("value", "initial_value", None),
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "static_select": ("selected_option", "initial_option", None),
    "external_select": ("selected_option", "initial_option", None),
    "radio_buttons": ("selected_option", "initial_option", None),
    "checkboxes": ("selected_options", "initial_options", []),
    "multi_static_select": ("selected_options", "initial_options", []),
    "multi_external_select": ("selected_options", "initial_options", []),
    "users_select": ("selected_user", "initial_user", None),
    "multi_users_select": ("selected_users", "initial_users", []),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "channels_select": ("selected_channel", "initial_channel", None),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
}


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each interactive element with the block it stands in."""
    for block in blocks:
        kind = block.get("type")
        if kind == "actions":
            for element in block.get("elements", []):
                yield block, element
        elif kind == "section" and block.get("accessory"):
            yield block, block["accessory"]
        elif kind == "input":
            yield block, block["element"]


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    """The element a click names, or None."""
    for block, element in elements_of(blocks):
        if block.get("block_id") == block_id and element.get("action_id") == action_id:
            return element
    return None


def offered(element: Json, value: Any) -> Any:
    """A chosen value with its options as they were offered; None for one that was not."""
    if isinstance(value, list):
        found = [offered(element, one) for one in value]
        return None if None in found else found
    if not isinstance(value, dict) or "value" not in value or "external" in element["type"]:
        return value
    groups = element.get("option_groups") or [{"options": element.get("options")}]
    options = [option for group in groups for option in group.get("options") or []]
    return next((option for option in options if option["value"] == value["value"]), None)


def state_values(blocks: list[Json], given: Json) -> Json:
    """`state.values` for these blocks: what was given, else the initial value, else empty."""
    values: Json = {}
    for block, element in elements_of(blocks):
        kind = element.get("type", "")
        if kind not in _KEYS:
            continue
        key, initial, empty = _KEYS[kind]
        typed = (given.get(block["block_id"]) or {}).get(element["action_id"])
        value = typed.get(key, empty) if typed else element.get(initial, empty)
        value = offered(element, value) or empty
        values.setdefault(block["block_id"], {})[element["action_id"]] = {"type": kind, key: value}
    return values


def check_inputs(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's own client refuses before it sends a form: texts by block_id."""
    errors: dict[str, str] = {}
    for block, element in elements_of(blocks):
        if block.get("type") != "input" or element.get("type") not in _KEYS:
            continue
        value = values[block["block_id"]][element["action_id"]][_KEYS[element["type"]][0]]
        text = _check_value(element, value, optional=bool(block.get("optional")))
        if text:
            errors[block["block_id"]] = text
    return errors


def _check_value(element: Json, value: Any, *, optional: bool) -> str | None:
    if value in (None, "", []):
        return None if optional else "Please complete this required field."
    if element["type"] == "email_text_input" and "@" not in value:
        return "Please enter a valid email address."
    if element["type"] == "plain_text_input":
        if len(value) < element.get("min_length", 0):
            return f"Please enter at least {element['min_length']} characters."
        if len(value) > element.get("max_length", 3000):
            return f"Please enter no more than {element.get('max_length', 3000)} characters."
    return None
