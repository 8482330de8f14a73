"""How our texts are put: escaped, masked, dated. Nothing a stranger wrote passes unmasked.

Slack reads `<…>` in mrkdwn as something live (a mention, a link), so every value that is not a
constant of ours is escaped; what strangers wrote goes into plain_text objects only.
"""

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers.deadlines.regimes import law
from storage.records import Due, Stopped

_DOTS = "•••"  # an asterisk would turn bold in mrkdwn
_KEPT_CONTROLS = "\n\t"
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, bidi and zero-width, unassigned


def escape(text: str) -> str:
    """Exactly the three characters Slack names, for mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clean(text: str) -> str:
    """A stranger's text without characters that hide or reorder others."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return "".join(
        c for c in whole if c in _KEPT_CONTROLS or unicodedata.category(c) not in _HIDDEN
    )


def cut(text: str, length: int) -> str:
    """At most `length` characters, the last one an ellipsis when something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def cut_escaped(text: str, length: int) -> str:
    """`text` escaped, and no entity torn in two by the limit (`&` counts as five)."""
    kept = text
    while len(escape(kept)) > length:
        kept = cut(kept, len(kept) - max(1, (len(escape(kept)) - length) // 5))
    return escape(kept)


def masked(address: str) -> str:
    """`n•••@e•••.org`; only letters and digits of the address are ever shown."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "no address" if not address.strip() else _DOTS
    name, _, tld = domain.rpartition(".")
    ending = f".{tld.lower()}" if name and tld.isascii() and tld.isalpha() and len(tld) < 12 else ""
    return f"{_first(local)}{_DOTS}@{_first(name)}{_DOTS}{ending}"


def _first(text: str) -> str:
    return text[0].lower() if text[:1].isascii() and text[:1].isalnum() else ""


def day(value: date) -> str:
    """A due date is a local day, the same for every reader: never Slack's moving <!date>."""
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime, timezone: str, form: str = "{date_short_pretty} {time}") -> str:
    """An instant in each reader's own zone, with ours as the fallback."""
    return f"<!date^{int(value.timestamp())}^{form}|{clock_time(value, timezone)}>"


def clock_time(value: datetime, timezone: str) -> str:
    """The same instant in plain words, in the desk's zone."""
    local = value.astimezone(ZoneInfo(timezone))
    return f"{local.day} {local:%b %Y %H:%M} ({local.tzname()})"


def left(days: int) -> str:
    """Days to a date, in words."""
    if days < 0:
        return f"overdue by {counted(-days, 'day')}"
    return {0: "due today", 1: "1 day left"}.get(days, f"{days} days left")


def due(clock: Due, days: int) -> str:
    """`due 3 Dec 2026 (UK GDPR), 5 days left`; while it stands, since when and what is left."""
    if clock.stopped is None:
        return f"due {day(clock.due_on)} ({law(clock)}), {left(days)}"
    return f"{standing(clock.stopped)} ({law(clock)}); without the pause {day(clock.due_on)}"


def standing(stopped: Stopped) -> str:
    """Since when a clock stands, and how many days it will have."""
    left_over = "the period begins when the answer comes"
    if stopped.left is not None:
        left_over = f"{counted(stopped.left, 'day')} left"
    return f"paused since {day(stopped.since)}, {left_over}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def joined(words: Iterable[str]) -> str:
    """`a, b and c`."""
    several = list(words)
    return several[0] if len(several) == 1 else f"{', '.join(several[:-1])} and {several[-1]}"


def person(slack_id: str) -> str:
    """A mention of somebody of ours; anything that is not a Slack id is words."""
    if slack_id[:1] in {"U", "W"} and slack_id.isalnum() and slack_id.isascii():
        return f"<@{slack_id}>"
    ours = {"desk": "the desk", "requester": "the requester", "operator": "the operator"}
    return ours.get(slack_id, escape(slack_id))
