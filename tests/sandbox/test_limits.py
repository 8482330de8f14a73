"""Slack's limits: each at its edge, and one beyond."""

import pytest

from bot.sandbox.limits import check_blocks, check_view, view_too_large


def plain(text="x", **more):
    return {"type": "plain_text", "text": text, **more}


def section(text="x", **more):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**more):
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def actions(*elements, **more):
    return {"type": "actions", "elements": list(elements), **more}


def select(count, **more):
    options = [{"text": plain(), "value": str(n)} for n in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options, **more}


def field(**more):
    element = {"type": "plain_text_input", "action_id": "v", **more}
    return {"type": "input", "label": plain(), "element": element}


def many(count, **more):
    return actions(*(button(action_id=str(n), **more) for n in range(count)))


def overflow(count):
    return actions(select(count) | {"type": "overflow"})


def confirm(**more):
    words = {name: plain() for name in ("title", "text", "confirm", "deny")}
    return actions(button(confirm=words | more))


AT_THE_EDGE = [
    [section("x" * 3000)],
    [{"type": "section", "fields": [plain("x" * 2000)] * 10}],
    [{"type": "header", "text": plain("x" * 150)}],
    [many(25)],
    [actions(button(text=plain("x" * 75), value="x" * 2000, url="x" * 3000))],
    [actions(select(100))],
    [overflow(5)],
    [confirm(title=plain("x" * 100), text=plain("x" * 300), deny=plain("x" * 30))],
    [{"type": "context", "elements": [plain()] * 10}],
    [section(block_id="x" * 255)],
    [field(min_length=0, max_length=3000, initial_value="x" * 3000)],
    [{"type": "image", "image_url": "https://example.org/x.png", "alt_text": "x"}],
    [{"type": "divider"}] * 50,
]
BEYOND = [
    ([section("x" * 3001)], "/blocks/0/text/text"),
    ([section("")], "/blocks/0/text/text"),
    ([{"type": "section"}], "/blocks/0"),
    ([{"type": "section", "fields": [plain()] * 11}], "/blocks/0/fields"),
    ([{"type": "section", "fields": [plain("x" * 2001)]}], "/blocks/0/fields/0/text"),
    ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text/type"),
    ([many(26)], "/blocks/0/elements"),
    ([actions()], "/blocks/0/elements"),
    ([actions(button(), button())], "/blocks/0/elements/1/action_id"),
    ([actions(button(text=plain("x" * 76)))], "/blocks/0/elements/0/text/text"),
    ([actions(button(value="x" * 2001))], "/blocks/0/elements/0/value"),
    ([actions(button(style="green"))], "/blocks/0/elements/0/style"),
    ([actions(button(action_id="x" * 256))], "/blocks/0/elements/0/action_id"),
    ([actions(button(accessibility_label="x" * 76))], "/blocks/0/elements/0/accessibility_label"),
    ([actions(select(101))], "/blocks/0/elements/0/options"),
    ([actions(select(1, placeholder=plain("x" * 151)))], "/blocks/0/elements/0/placeholder/text"),
    ([actions(select(1, initial_option={"text": plain(), "value": "9"}))], "initial_option"),
    ([overflow(6)], "/blocks/0/elements/0/options"),
    ([actions(select(11) | {"type": "checkboxes"})], "/blocks/0/elements/0/options"),
    ([confirm(text=plain("x" * 301))], "/blocks/0/elements/0/confirm/text/text"),
    ([confirm(deny=plain("x" * 31))], "/blocks/0/elements/0/confirm/deny/text"),
    ([{"type": "context", "elements": [plain()] * 11}], "/blocks/0/elements"),
    ([section(block_id="x" * 256)], "/blocks/0/block_id"),
    ([section(block_id="b"), section(block_id="b")], "/blocks/1/block_id"),
    ([field(max_length=3001)], "/blocks/0/element/max_length"),
    ([field(max_length=2, initial_value="xxx")], "/blocks/0/element/initial_value"),
    ([{"type": "image", "image_url": "https://example.org/x.png"}], "/blocks/0/alt_text"),
    ([{"type": "input", "label": plain(), "element": button()}], "/blocks/0/element/type"),
    ([{"type": "alert", "text": plain()}], "/blocks/0/type"),
    ([{"type": "unheard_of"}], "/blocks/0/type"),
    (["text"], "/blocks/0"),
    ("text", "/blocks"),
    ([], "/blocks"),
    ([{"type": "divider"}] * 51, "/blocks"),
]


@pytest.mark.parametrize("blocks", AT_THE_EDGE)
def test_what_is_within_the_limits_passes(blocks):
    assert check_blocks(blocks, "message") == []


@pytest.mark.parametrize(("blocks", "pointer"), BEYOND)
def test_what_is_beyond_is_named_by_its_place(blocks, pointer):
    faults = check_blocks(blocks, "message")
    assert faults
    assert any(pointer in fault for fault in faults)


def modal(**more):
    return {"type": "modal", "title": plain("x" * 24), "blocks": [section()], **more}


def test_a_view_within_the_limits_passes():
    view = modal(
        blocks=[field(), *([{"type": "divider"}] * 99)],
        submit=plain("x" * 24),
        close=plain("x" * 24),
        private_metadata="x" * 3000,
        callback_id="x" * 255,
    )
    assert check_view(view) == []


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        (modal(title=plain("x" * 25)), "/view/title/text"),
        (modal(title=None), "/view/title"),
        (modal(submit=plain("x" * 25)), "/view/submit/text"),
        (modal(blocks=[field()]), "/view/submit"),
        (modal(blocks=[]), "/view/blocks"),
        (modal(blocks=[{"type": "divider"}] * 101), "/view/blocks"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(type="home"), "/view/type"),
        (modal(blocks=[{"type": "table", "rows": [[]]}]), "/view/blocks/0/type"),
        (
            modal(blocks=[field(focus_on_load=True)] * 2, submit=plain()),
            "/view/blocks",
        ),
        (None, "/view"),
    ],
)
def test_a_view_beyond_the_limits_is_named_by_its_place(view, pointer):
    assert any(pointer in fault for fault in check_view(view))


def test_a_view_has_250_kilobytes():
    assert not view_too_large({"blocks": "x" * 250_000})
    assert view_too_large({"blocks": "x" * 257_000})
