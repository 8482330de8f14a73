"""Reopen: an unfinished request goes on with its old date; a new ask gets a case of its own."""

from handlers import timing
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.requests import opened_again, replace, with_request
from handlers.sorting import NOTHING
from storage.records import Case, Request, Status

UNFINISHED, NEW = "unfinished", "new"
WAYS = (
    (UNFINISHED, "Unfinished: it goes on, with its old date"),
    (NEW, "A new ask: a case of its own, linked, from the day of its mail"),
)


class Reopen(Action):
    """Which of the two it is decides from when the clock runs."""

    name = "reopen"
    label = "Reopen"
    about = "request"
    asks = True
    answers = "how"

    def offered(self, case: Case, request: Request | None) -> bool:
        return request is not None and request.status is Status.CLOSED

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Reopen",
            submit="Reopen",
            intro="What they wrote last decides: read it first.",
            fields=(Field(name="how", label="What is it?", type="choice", options=WAYS),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if moment.form.get("how") not in dict(WAYS):
            return {"how": "Choose one."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, by = moment.case, moment.by.id
        if moment.form["how"] == NEW:
            return Effect(
                case=case,
                said="It has a case of its own now, to be sorted.",
                line=f"<@{by}>: the requester asks something new. It has a case of its own.",
                fork=True,
            )
        number = moment.request.id if moment.request else 1
        case = with_request(case, opened_again(case.request(number)))
        case = replace(case, triage=any(r.kind is None for r in case.requests))
        if case.labels == (NOTHING,):  # it asked something after all
            case = replace(case, labels=())
        return Effect(
            case=case,
            said=f"{case.ref} is open again, due {timing.named(case.due)}.",
            line=f"<@{by}> opened it again; the date stays.",
        )
