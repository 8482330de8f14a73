"""`desk due`: the dates of requests written down in a file, one regime each."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from handlers.deadlines import Asked, due, overlays
from handlers.deadlines.counting import Place
from handlers.deadlines.places import place_of
from handlers.deadlines.regimes import has_rule
from storage.errors import SettingsError
from storage.records import Candidate, ClockEvent, Record


class Event(Record, frozen=True, kw_only=True):
    """What moved the clock."""

    type: Literal["pause", "resume", "restart", "extend"]
    at: datetime
    reason: str | None = None
    until: date | None = None


class Given(Record, frozen=True, kw_only=True):
    """One request; other fields are ignored."""

    id: str | int
    kind: str
    received_at: datetime
    regime: str = "policy"
    events: tuple[Event, ...] | None = None
    timezone: str | None = None  #: None = the regime's own
    holiday_calendar: str | None = None
    sent_at: datetime | None = None


def answers(file: Path) -> Iterator[dict[str, Any]]:
    """A row for each request, in order; {"id", "error"} for one that cannot be computed.

    Raises SettingsError for a file that is no array, OSError for one that cannot be read.
    """
    try:
        rows = msgspec.json.decode(file.read_bytes(), type=list[dict[str, Any]])
    except msgspec.MsgspecError as fault:
        raise SettingsError((f"{file} is no JSON array of requests: {fault}.",)) from fault
    for number, row in enumerate(rows, 1):
        name = row.get("id", number)
        try:
            yield _answer(msgspec.convert(row, Given))
        # NotImplementedError: what the holidays package says of a place it does not know
        except (msgspec.MsgspecError, KeyError, ValueError, NotImplementedError) as fault:
            yield {"id": name, "error": str(fault).strip("'\"")}


def _answer(given: Given) -> dict[str, Any]:
    kind = given.kind.strip().lower().replace("-", "_").replace(" ", "_")
    named = Candidate(regime=given.regime)
    own = place_of(named)
    speaks = has_rule(given.regime, kind)
    candidate = named if speaks else overlays.DESK
    place = Place(
        timezone=given.timezone or own.timezone, calendar=given.holiday_calendar or own.calendar
    )
    asked = Asked(
        kind=kind,
        received_at=_local(given.received_at, place.timezone),
        events=tuple(_event(event, place.timezone) for event in given.events or ()),
        sent_at=_local(given.sent_at, place.timezone) if given.sent_at else None,
    )
    found = due(asked, candidate, place)
    return {
        "id": given.id,
        "due_on": None if found.stopped else found.due_on.isoformat(),
        "aim_on": found.aim_on.isoformat(),
        "why": found.why if speaks else f"{given.regime} has no clock for it; {found.why}",
        "rule": found.rule,
    }


def _event(event: Event, timezone: str) -> ClockEvent:
    return ClockEvent(
        type=event.type,
        at=_local(event.at, timezone),
        reason=event.reason or "",
        until=event.until,
    )


def _local(moment: datetime, timezone: str) -> datetime:
    """A time without an offset is meant in the place's own zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
