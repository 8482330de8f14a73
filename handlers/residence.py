"""Where the requester lives, and since when we know: both decide which clock runs, and from when.

An earlier date counts at once. A later one needs a reason and a second person, who is asked and
decides like for a letter (`approvals.py`).
"""

from datetime import date, time, timedelta

from handlers import approvals, timing
from handlers.deadlines.places import homes
from handlers.deadlines.working_days import at_local, local_day
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.requests import noted, replace
from storage.errors import Refused
from storage.records import Approval, Candidate, Case, Request

#: nobody finds a request that lay elsewhere for longer than this
LONG_AGO = timedelta(days=3 * 366)
_NOON = time(12)  #: the same date in every zone whose law the desk knows


class Place(Action):
    """Settle where they live; every date is counted anew, before the eyes of who does it."""

    name = approvals.PLACE
    label = "Where they live"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and not case.triage and case.assignee is not None

    def form(self, moment: Moment) -> Form:
        chosen = moment.form.get("home", "")
        return Form(
            title="Where do they live?",
            submit="Settle",
            intro=_foreseen(moment, homes().get(chosen)),
            fields=(
                Field(
                    name="home",
                    label="Residence",
                    type="choice",
                    options=tuple((name, name) for name in homes()),
                    initial=chosen,
                    refreshes=True,
                ),
                Field(
                    name="why",
                    label="How do you know?",
                    initial=moment.form.get("why", ""),
                    max_length=300,
                ),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if moment.form.get("home") not in homes():
            return {"home": "Choose a place."}
        if not moment.form.get("why", "").strip():
            return {"why": "Say how you know; it is kept with the case."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, home = moment.case, homes()[moment.form["home"]]
        why = moment.form["why"].strip()
        after = timing.living_in(case, home)
        moves = timing.moves(case, after)
        if not timing.later(case, after):
            line = f"<@{moment.by.id}> settled where they live. {moves}"
            if waits := approvals.place_waits(case):
                after = approvals.taken_back(after, waits.about)
            after = noted(after, moment, self.name, why)
            return Effect(case=after, said=f"{case.ref}: {moves}", line=line)
        answers = {"home": moment.form["home"], "why": why}
        asked = approvals.asked_for_step(moment, self.name, case.open_requests[0], answers)
        return replace(
            asked,
            case=noted(asked.case, moment, self.name, why),
            said=f"{asked.said} {moves}",
            line=f"<@{moment.by.id}> asks for a second person: a later date. {moves}",
        )


def _foreseen(moment: Moment, home: Candidate | None) -> str:
    """The dates as they would be, before anything is done."""
    case = moment.case
    if home is None:
        return f"Due {timing.named(case.due)} now. The earliest date of the laws that may apply."
    after = timing.living_in(case, home)
    second = " A second person has to agree." if timing.later(case, after) else ""
    return f"{timing.moves(case, after)}{second}"


def agreed(moment: Moment, approval: Approval) -> Effect:
    """The second person agreed to the later date: it holds from now on, and their yes, which
    releases nothing else, is spent."""
    case, by = moment.case, moment.by.id
    after = timing.living_in(case, proposed(case, approval))
    moves = timing.moves(case, after)
    line = f"<@{by}> agreed with <@{approval.asked_by}>. {moves}"
    after = approvals.taken_back(after, approval.about)
    return Effect(case=after, said=f"{case.ref}: {moves}", line=line)


def proposed(case: Case, approval: Approval) -> Candidate:
    """The law of the place that waits for a second person. Raises Refused where it is gone."""
    home = homes().get(approvals.prepared(case, approval.about).get("home", ""))
    if home is None:
        raise Refused(f"The place is not known any more: settle it anew in {case.ref}.")
    return home


class ReceivedEarlier(Action):
    """It reached another box of ours first: the clock runs from there, never from later."""

    name = "received_earlier"
    label = "Received earlier"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return not case.closed and not case.triage and case.assignee is not None

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Received elsewhere",
            submit="Move it back",
            intro=_from(moment),
            fields=(
                Field(
                    name="day",
                    label="The day it reached us",
                    hint="As 2026-11-05. Only an earlier day counts.",
                    initial=moment.form.get("day", ""),
                    max_length=10,
                    refreshes=True,
                ),
                Field(
                    name="where",
                    label="Where, and how do you know?",
                    initial=moment.form.get("where", ""),
                    max_length=300,
                ),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        case, day = moment.case, _day(moment)
        received = local_day(case.received_at, moment.policy.timezone)
        if day is None or day < received - LONG_AGO:
            return {"day": "Write a day such as 2026-11-05."}
        if day >= received:
            return {"day": f"It is kept as received {received}: only an earlier day counts."}
        if not moment.form.get("where", "").strip():
            return {"where": "Say where; it is kept with the case."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, day = moment.case, _day(moment) or moment.now.date()
        after = _received(moment, case, day)
        after = noted(after, moment, self.name, moment.form["where"])
        moves = timing.moves(case, after)
        line = f"<@{moment.by.id}>: it was received elsewhere on {day:%d %b %Y}. {moves}"
        return Effect(case=after, said=f"{case.ref}: {moves}", line=line)


def _day(moment: Moment) -> date | None:
    try:
        return date.fromisoformat(moment.form.get("day", "").strip())
    except ValueError:
        return None


def _received(moment: Moment, case: Case, day: date) -> Case:
    at = at_local(day, _NOON, moment.policy.timezone)
    return timing.reclocked(replace(case, received_at=at))


def _from(moment: Moment) -> str:
    case, day = moment.case, _day(moment)
    received = local_day(case.received_at, moment.policy.timezone)
    if day is None or not received - LONG_AGO <= day < received:
        return f"Received {received:%d %b %Y}, due {timing.named(case.due)} now."
    return timing.moves(case, _received(moment, case, day))
