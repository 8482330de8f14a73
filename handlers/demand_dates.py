"""An authority's own date: typed by counsel, never computed, and not moved later by one alone.

A day that has passed is taken only as what it is: a demand that was overdue when it came.
"""

from collections.abc import Mapping
from datetime import date

from handlers.deadlines.regimes import TYPED
from handlers.deadlines.rules import CALENDAR
from handlers.deadlines.working_days import last_working_day, local_day
from handlers.handler import Field, Moment
from handlers.requests import replace, with_request
from handlers.steps import text
from storage.records import Case, Due, Request

#: what the step that asks for the date asks
ASKS = (
    text("due_on", "They want it by", "A date such as 2027-01-31"),
    Field(
        name="passed",
        label="Has that day passed?",
        type="choices",
        options=(("yes", "Yes, it is their true date: it is overdue already"),),
        optional=True,
    ),
    text(
        "why",
        "Why it is later than before",
        "Only where their date moves later; a second person has to agree",
        optional=True,
    ),
)


def faults(moment: Moment) -> dict[str, str]:
    """What is wrong with the date that was typed, by field name."""
    form = moment.form
    day = _day(form.get("due_on", ""))
    if day is None:
        return {"due_on": "A date such as 2027-01-31."}
    if day < local_day(moment.now, moment.policy.timezone) and form.get("passed") != "yes":
        said = "That day has passed. Correct it; or, if it is their true date, say so below."
        return {"due_on": said}
    if moves_later(moment, form) and not form.get("why", "").strip():
        return {"why": f"It was {known(moment):%d %b %Y}: say why it is later now."}
    return {}


def moves_later(moment: Moment, answers: Mapping[str, str]) -> bool:
    """Would their date move later than the one typed before?"""
    day, before = _day(answers.get("due_on", "")), known(moment)
    return day is not None and before is not None and day > before


def known(moment: Moment) -> date | None:
    """Their date as it was typed last: it counts on while the step is to be taken again, and after
    the kind was corrected and corrected back."""
    if moment.request is not None and moment.request.due.rule == TYPED:
        return moment.request.due.due_on
    typed = (taken.answers.get("due_on", "") for taken in reversed(moment.case.taken))
    return next((day for said in typed if (day := _day(said)) is not None), None)


def typed(case: Case, request: Request, day: date) -> Case:
    """Their date holds from now on."""
    due = Due(
        due_on=day,
        aim_on=last_working_day(day, CALENDAR),
        regime="policy",
        rule=TYPED,
        why=f"The authority asks for an answer by {day:%d %b %Y}; counsel entered it.",
    )
    return with_request(case, replace(request, due=due))


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        return None
