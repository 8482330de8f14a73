"""What was typed into a form."""

from bot.sandbox.inputs import check_inputs, state_values

OPTIONS = [
    {"text": {"type": "plain_text", "text": "One"}, "value": "1"},
    {"text": {"type": "plain_text", "text": "Two"}, "value": "2"},
]


def block(block_id, element, **more):
    return {"type": "input", "block_id": block_id, "element": element | {"action_id": "v"}, **more}


TEXT = block("text", {"type": "plain_text_input", "min_length": 3, "max_length": 5})
MENU = block("menu", {"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[0]})
BOXES = block("boxes", {"type": "checkboxes", "options": OPTIONS}, optional=True)
DAY = block("day", {"type": "datepicker"})
BLOCKS = [TEXT, MENU, BOXES, DAY, {"type": "divider", "block_id": "line"}]


def test_an_untouched_form_has_its_initial_values():
    assert state_values(BLOCKS, {}) == {
        "text": {"v": {"type": "plain_text_input", "value": None}},
        "menu": {"v": {"type": "static_select", "selected_option": OPTIONS[0]}},
        "boxes": {"v": {"type": "checkboxes", "selected_options": []}},
        "day": {"v": {"type": "datepicker", "selected_date": None}},
    }


def test_options_come_back_as_offered_and_unknown_ones_do_not():
    given = {
        "menu": {"v": {"selected_option": {"value": "2"}}},
        "boxes": {"v": {"selected_options": [{"value": "9"}]}},
        "elsewhere": {"v": {"value": "x"}},
    }
    values = state_values(BLOCKS, given)
    assert values["menu"]["v"]["selected_option"] == OPTIONS[1]
    assert values["boxes"]["v"]["selected_options"] == []
    assert "elsewhere" not in values


def test_what_is_required_or_too_short_or_too_long_is_said_before_sending():
    def errors(text):
        return check_inputs(BLOCKS, state_values(BLOCKS, {"text": {"v": {"value": text}}}))

    assert set(errors("")) == {"text", "day"}
    assert "at least 3" in errors("ab")["text"]
    assert "no more than 5" in errors("abcdef")["text"]
    assert set(errors("abc")) == {"day"}
