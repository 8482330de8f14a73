"""More time: only before the end, only with a reason, and only once its notice has gone out."""

from datetime import date

from handlers import composing, timing
from handlers.deadlines.reminders import late
from handlers.handler import Action, Draft, Effect, Field, Form, Moment
from handlers.letters.catalogue import long_date
from storage.errors import Refused
from storage.records import Case, ClockEvent, Due, Extending, Request, Status

TEMPLATE = "extension"
#: GDPR 12(3), UK GDPR 12A(3): complexity or number; PIPEDA s.8(4): consultation, conversion
REASONS = {
    "complexity": "It is complex",
    "number": "There are many requests",
    "consultation": "Others have to be consulted first",
    "conversion": "The data have to be put into another format",
}


class Extend(Action):
    """Tell the requester that it takes longer, and why: the date moves when that was accepted."""

    name = "extend"
    label = "Extend"
    about = "request"
    asks = True
    rises = False

    def offered(self, case: Case, request: Request | None) -> bool:
        return (
            case.assignee is not None
            and bool(case.requester)
            and not case.triage
            and request is not None
            and request.status is not Status.CLOSED
            and timing.extends(request)
            and not late(case, request)
        )

    def form(self, moment: Moment) -> Form:
        request = _request(moment)
        reason = moment.form.get("reason", "")
        fields = [
            Field(
                name="reason",
                label="Why",
                type="choice",
                options=tuple(REASONS.items()),
                initial=reason,
                refreshes=True,
            )
        ]
        if timing.states_date(request):
            until = moment.form.get("until", "")
            hint = "As 2026-11-05; the law takes the date that the letter states."
            fields.append(
                Field(name="until", label="By when", hint=hint, initial=until, refreshes=True)
            )
        intro = "No date moves before the next mail server has taken the letter."
        return Form(
            title="More time",
            submit="Review",
            intro=f"{_foreseen(moment)} {intro}",
            fields=(*fields, *composing.fields(moment, TEMPLATE, **_given(moment))),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if moment.form.get("reason") not in REASONS:
            return {"reason": "Choose the reason; the letter tells it."}
        if timing.states_date(_request(moment)) and _until(moment) is None:
            return {"until": "Write a day such as 2026-11-05."}
        if vain := _vain(moment):
            raise Refused(vain)
        return composing.faults(moment, TEMPLATE, **_given(moment))

    def do(self, moment: Moment) -> Effect:
        request = _request(moment)
        draft = Draft(
            template=TEMPLATE,
            request=request.id,
            words=composing.words_of(moment, TEMPLATE),
            given=_given(moment),
            language=composing.language_of(moment),
            extending=Extending(
                request=request.id, reason=moment.form["reason"], until=_until(moment)
            ),
        )
        return Effect(case=moment.case, said="Please read it once more.", draft=draft)


def _request(moment: Moment) -> Request:
    if moment.request is None:
        raise Refused(f"{moment.case.ref} has no such request any more.")
    return moment.request


def _until(moment: Moment) -> date | None:
    try:
        return date.fromisoformat(moment.form.get("until", "").strip())
    except ValueError:
        return None


def _notice(moment: Moment) -> ClockEvent:
    """The extension as it would be if its notice went out now."""
    reason = moment.form.get("reason", "")
    return ClockEvent(type="extend", at=moment.now, reason=reason, until=_until(moment))


def _extended(moment: Moment) -> Due:
    return timing.extended(_request(moment), moment.case.received_at, _notice(moment))


def _vain(moment: Moment) -> str:
    """Why a notice would change nothing; "" = it would."""
    after = _extended(moment)
    if after.extended:
        return ""
    if timing.over(_request(moment), moment):
        return timing.NO_MORE_TIME
    return f"The date stays, {timing.named(after)}: that law knows no extension, or none any more."


def _foreseen(moment: Moment) -> str:
    before, after = _request(moment).due, _extended(moment)
    return _vain(moment) or f"Due {timing.named(before)} → {timing.named(after)}."


def _given(moment: Moment) -> dict[str, str]:
    """The new date and the reason; what makes it so, concretely, is left for staff to write."""
    day = long_date(_extended(moment).due_on, composing.language_of(moment))
    return {"extended": day, "reason": moment.form.get("reason", "")}
