"""A possible breach: the managers know at once, and since when we have been aware is kept."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.requests import noted, replace
from storage.records import Breach, Case, Request

#: GDPR Art. 33(1): without undue delay and, where feasible, within 72 hours of becoming aware
WITHIN = timedelta(hours=72)
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")


class PossibleBreach(Action):
    """On every card: the clock of an authority runs from the moment one of us is aware."""

    name = "breach"
    label = "Possible breach"
    asks = True
    anyone = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.breach is None

    def form(self, moment: Moment) -> Form:
        here = moment.now.astimezone(ZoneInfo(moment.policy.timezone))
        return Form(
            title="Possible breach",
            submit="Call the managers",
            intro="What you write stays here, sealed: Slack shows no more than that there is one.",
            fields=(
                Field(
                    name="since",
                    label="Since when are we aware of it?",
                    initial=f"{here:%Y-%m-%d %H:%M}",
                    hint=f"As 2026-11-05 14:30, time of {moment.policy.timezone}.",
                    max_length=16,
                ),
                Field(name="why", label="What may have happened", type="paragraph", optional=True),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        return {"since": fault} if (fault := since_fault(moment)) else {}

    def do(self, moment: Moment) -> Effect:
        case = noted(moment.case, moment, self.name, moment.form.get("why", ""))
        case, said = rung(case, moment)
        return Effect(
            case=case, said=f"The managers know. {said}", alarm=f"Possible breach. {said}"
        )


def since_fault(moment: Moment) -> str:
    """What is wrong with the hour since when we are aware; "" = nothing."""
    since = _since(moment)
    if since is None or since > moment.now:
        return "Write a day and an hour that has passed, such as 2026-11-05 14:30."
    return ""


def rung(case: Case, moment: Moment) -> tuple[Case, str]:
    """The case with its breach, and what the managers are told; one hour counts, the first that
    was kept."""
    breach = case.breach or Breach(
        aware_at=_since(moment) or moment.now, by=moment.by.id, at=moment.now
    )
    return replace(case, breach=breach), told(breach, moment.policy.timezone)


def told(breach: Breach, timezone: str) -> str:
    """The time that an authority counts, marked as to be confirmed by who knows the law."""
    zone = ZoneInfo(timezone)
    since, until = breach.aware_at.astimezone(zone), (breach.aware_at + WITHIN).astimezone(zone)
    return f"Aware since {since:%d %b %H:%M}; 72 hours end {until:%d %b %H:%M}° (GDPR Art. 33)."


def _since(moment: Moment) -> datetime | None:
    written = moment.form.get("since", "").strip()
    if not _WRITTEN.fullmatch(written):
        return None
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        return None
    return local.replace(tzinfo=ZoneInfo(moment.policy.timezone))
