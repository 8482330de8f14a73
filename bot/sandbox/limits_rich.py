"""Slack's limits on the blocks with an inside of their own: rich_text and data_visualization."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.limits import Faults

Json = dict[str, Any]

SECTIONS = frozenset({"rich_text_section", "rich_text_preformatted", "rich_text_quote"})
#: what each piece must have
PIECES = {
    "text": "text",
    "link": "url",
    "user": "user_id",
    "channel": "channel_id",
    "usergroup": "usergroup_id",
    "team": "team_id",
    "broadcast": "range",
    "emoji": "name",
    "date": "timestamp",
    "color": "value",
}
RANGES = frozenset({"here", "channel", "everyone"})
STYLES = frozenset({"bold", "italic", "strike", "code", "underline", "highlight", "unlink"})
MOST_TITLE, MOST_LABEL = 50, 20
SERIES = frozenset({"bar", "line", "area"})
MOST_SERIES, MOST_POINTS, MOST_SEGMENTS = 6, 20, 6


def rich_text(faults: "Faults", at: str, block: Json) -> None:
    """Sections, quotes, code and lists of sections; every piece of a known type."""
    for index, part in enumerate(faults.items(f"{at}/elements", block.get("elements"), 100)):
        _part(faults, f"{at}/elements/{index}", part)


def _part(faults: "Faults", at: str, part: Json) -> None:
    kind = part.get("type")
    pieces = faults.items(f"{at}/elements", part.get("elements"), 1000, 0)
    if kind == "rich_text_list":
        if part.get("style") not in {"bullet", "ordered"}:
            faults.add(f"{at}/style", "must be bullet or ordered")
        for index, row in enumerate(pieces):
            here = f"{at}/elements/{index}"
            if row.get("type") != "rich_text_section":
                faults.add(f"{here}/type", "a list holds sections only")
            _pieces(faults, here, row.get("elements") or [])
    elif kind in SECTIONS:
        _pieces(faults, at, pieces)
    else:
        faults.add(f"{at}/type", f"unsupported rich text element {kind!r}")


def _pieces(faults: "Faults", at: str, pieces: list[Json]) -> None:
    for index, piece in enumerate(pieces):
        here = f"{at}/elements/{index}"
        wanted = PIECES.get(str(piece.get("type")))
        if wanted is None:
            faults.add(f"{here}/type", f"unsupported rich text element {piece.get('type')!r}")
        elif piece.get(wanted) in {None, ""}:
            faults.add(f"{here}/{wanted}", "missing required field")
        elif piece["type"] == "broadcast" and piece["range"] not in RANGES:
            faults.add(f"{here}/range", "must be here, channel or everyone")
        if not set(piece.get("style") or {}) <= STYLES:
            faults.add(f"{here}/style", "unknown style")


def data_visualization(faults: "Faults", at: str, block: Json) -> None:
    """A chart: a pie of segments, or series over the same categories."""
    faults.length(f"{at}/title", block.get("title"), MOST_TITLE)
    chart = block.get("chart")
    if not isinstance(chart, dict):
        faults.add(f"{at}/chart", "missing required field")
    elif chart.get("type") == "pie":
        segments = faults.items(f"{at}/chart/segments", chart.get("segments"), MOST_SEGMENTS)
        _points(faults, f"{at}/chart/segments", segments)
    elif chart.get("type") in SERIES:
        _series(faults, f"{at}/chart", chart)
    else:
        faults.add(f"{at}/chart/type", "must be pie, bar, line or area")


def _series(faults: "Faults", at: str, chart: Json) -> None:
    axes = chart.get("axis_config") or {}
    named = axes.get("categories")
    for index, series in enumerate(faults.items(f"{at}/series", chart.get("series"), MOST_SERIES)):
        here = f"{at}/series/{index}"
        faults.length(f"{here}/name", series.get("name"), MOST_LABEL)
        points = faults.items(f"{here}/data", series.get("data"), MOST_POINTS)
        _points(faults, f"{here}/data", points)
        if [point.get("label") for point in points] != named:
            faults.add(f"{here}/data", "labels must be those of axis_config.categories")


def _points(faults: "Faults", at: str, points: list[Json]) -> None:
    for index, point in enumerate(points):
        faults.length(f"{at}/{index}/label", point.get("label"), MOST_LABEL)
        value = point.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            faults.add(f"{at}/{index}/value", "must be a number")
