"""What the templates may say about a case: our own words and dates, nothing of the requester's."""

from collections.abc import Mapping
from datetime import datetime

from handlers import deadlines, letters
from handlers.deadlines.regimes import law
from handlers.deadlines.rules import CALENDAR
from handlers.deadlines.working_days import add_working_days, local_day
from handlers.handler import Kind
from handlers.policy import Policy
from handlers.reasons import REASONS
from storage.records import Case


def write(
    name: str,
    case: Case,
    kinds: Mapping[str, Kind],
    policy: Policy,
    now: datetime,
    **values: object,
) -> letters.Rendered:
    """A letter about this case; `reason` is a name of the closed list. Raises KeyError."""
    asked = tuple((r.kind, r.due.regime) for r in case.requests if r.kind is not None)
    today = local_day(now, policy.timezone)
    reason = str(values.pop("reason", ""))
    given = {"first": "", "new_date": "", "because": ""} | values
    return letters.render(
        name,
        case,
        policy,
        now,
        kinds=[kinds[kind].title for kind, _ in asked if not case.triage],
        period=deadlines.period(asked),
        california="ccpa" in (case.reading.regimes if case.reading else ()),
        suppressed=letters.plain_date(today),
        until=letters.plain_date(add_working_days(today, 2, CALENDAR)),
        reason=REASONS[reason].words if reason else "",
        laws=[law(request.due) for request in case.requests],
        **given,
    )
