"""rich_text and charts are looked at inside, as Slack does."""

import pytest

from bot.sandbox.limits import check_blocks

TEXT = {"type": "text", "text": "x", "style": {"bold": True}}
POINTS = [{"label": "0-7", "value": 3}, {"label": "8-14", "value": 5.5}]


def rich(*pieces, kind="rich_text_section", **more):
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(pieces), **more}]}


def bars(*series, title="Open", categories=("0-7", "8-14"), kind="bar"):
    axes = {"categories": list(categories), "x_label": "Days", "y_label": "Requests"}
    chart = {"type": kind, "series": list(series), "axis_config": axes}
    return {"type": "data_visualization", "title": title, "chart": chart}


def pie(count, title="Open"):
    segments = [{"label": f"s{n}", "value": n} for n in range(count)]
    chart = {"type": "pie", "segments": segments}
    return {"type": "data_visualization", "title": title, "chart": chart}


ROW = {"type": "rich_text_section", "elements": [TEXT]}
SERIES = {"name": "Open", "data": POINTS}


@pytest.mark.parametrize(
    "block",
    [
        rich(TEXT, {"type": "user", "user_id": "U1"}, {"type": "link", "url": "https://a.example"}),
        rich({"type": "broadcast", "range": "here"}, kind="rich_text_quote"),
        rich(TEXT, kind="rich_text_preformatted"),
        rich(
            {"type": "rich_text_section", "elements": [TEXT]}, kind="rich_text_list", style="bullet"
        ),
        bars(SERIES),
        bars(SERIES, kind="line"),
        pie(6),
    ],
)
def test_what_slack_takes(block):
    assert check_blocks([block], "message") == []


@pytest.mark.parametrize(
    ("block", "at"),
    [
        (rich({"type": "text", "text": ""}), "/blocks/0/elements/0/elements/0/text"),
        (rich({"type": "mrkdwn", "text": "x"}), "/blocks/0/elements/0/elements/0/type"),
        (rich({"type": "broadcast", "range": "all"}), "/blocks/0/elements/0/elements/0/range"),
        (rich({**TEXT, "style": {"huge": True}}), "/blocks/0/elements/0/elements/0/style"),
        (rich(TEXT, kind="section"), "/blocks/0/elements/0/type"),
        (rich(TEXT, kind="rich_text_list", style="dots"), "/blocks/0/elements/0/style"),
        (rich(TEXT, kind="rich_text_list", style="bullet"), "/blocks/0/elements/0/elements/0/type"),
        ({"type": "rich_text"}, "/blocks/0/elements"),
        (bars(SERIES, title="x" * 51), "/blocks/0/title"),
        (bars(SERIES, kind="donut"), "/blocks/0/chart/type"),
        (bars(*[SERIES] * 7), "/blocks/0/chart/series"),
        (bars(SERIES, categories=("0-7",)), "/blocks/0/chart/series/0/data"),
        (bars({**SERIES, "name": "x" * 21}), "/blocks/0/chart/series/0/name"),
        (pie(7), "/blocks/0/chart/segments"),
        ({"type": "data_visualization", "title": "x"}, "/blocks/0/chart"),
    ],
)
def test_what_slack_refuses(block, at):
    assert any(text.endswith(f"[json-pointer:{at}]") for text in check_blocks([block], "message"))


def test_a_point_is_a_number():
    wrong = {"name": "Open", "data": [{"label": "0-7", "value": True}, POINTS[1]]}
    assert "must be a number" in check_blocks([bars(wrong)], "message")[0]


def test_two_charts_a_message_and_none_in_a_window():
    assert check_blocks([pie(1), pie(2)], "message") == []
    assert "no more than 2 data" in check_blocks([pie(1), pie(2), pie(3)], "message")[0]
    assert "not allowed on this surface" in check_blocks([pie(1)], "modal")[0]
