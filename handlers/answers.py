"""What came is not what was asked for: the clock stands again, from this day on."""

from handlers import timing
from handlers.deadlines.why import ASKED
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.requests import noted, replace, with_request
from storage.errors import Refused
from storage.records import Case, ClockEvent, Request, Status


class NotWhatWeAsked(Action):
    """The answer started the clock again; this stops it from its own day, with a reason."""

    name = "not_what_we_asked"
    label = "Not what we asked for"
    about = "request"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return (
            case.assignee is not None
            and request is not None
            and request.status is not Status.CLOSED
            and (came := timing.last_answer(request)) is not None
            # who they are was settled since: nothing is missing
            and not (came.reason in timing.IDENTITY and "verify" in request.done)
        )

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Not what we asked for",
            submit="Stop the clock",
            intro=f"{_said(moment)} The days since their answer count.",
            fields=(Field(name="why", label="What is missing?", max_length=300),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not moment.form.get("why", "").strip():
            return {"why": "Say what is missing; it is kept with the case."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, request = moment.case, moment.request
        came = timing.last_answer(request) if request else None
        if request is None or came is None:
            raise Refused(f"{case.ref} has no answer that could be the wrong one.")
        again = ClockEvent(type="pause", at=moment.now, reason=came.reason)
        after = timing.happened(case, request, again)
        after = noted(after, moment, self.name, moment.form["why"])
        waits = replace(after.request(request.id), status=Status.AWAITING_REQUESTER)
        after = with_request(after, waits)
        stands = "The clock stands again." if waits.due.stopped else "The date stays."
        return Effect(
            case=after,
            said=f"{case.ref}: {stands} Ask once more with Reply.",
            line=f"<@{moment.by.id}>: the answer was not what we asked for. {stands}",
        )


def _said(moment: Moment) -> str:
    came = timing.last_answer(moment.request) if moment.request else None
    if came is None:
        return ""
    return f"An answer came {came.at:%d %b %Y}; we asked for {ASKED.get(came.reason, came.reason)}."
