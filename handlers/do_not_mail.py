"""The do-not-mail list of a case: staff choose the addresses, and confirm by hand what stopped."""

from collections.abc import Mapping

from handlers.composing import language_of
from handlers.handler import Action, Draft, Effect, Field, Form, Kind, Moment
from handlers.requests import noted, with_step
from handlers.suppressing import ADDRESS, how_known, known
from storage.records import Case, Request, Status

#: the action, and of a kind the step that it takes
LIST = "do_not_mail"
CONFIRMS = "unsubscribed"  #: the letter
LINE = 48  #: characters of an address in a line of the form


class DoNotMail(Action):
    """Choose whose addresses get no marketing: what is ticked is on the list, the rest is not."""

    name = LIST
    label = "Do-not-mail list"
    asks = True

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """`kinds`: those that stop marketing, by name."""
        self._kinds = kinds

    def offered(self, case: Case, request: Request | None) -> bool:
        if case.closed or case.assignee is None or case.triage:
            return case.closed and bool(case.suppressed)
        asked = any(request.kind in self._kinds for request in case.open_requests)
        return asked or bool(case.suppressed)

    def disputed(self, case: Case, request: Request | None) -> str:
        return "has changed since: open the list again"  # its lines stand in another order

    def form(self, moment: Moment) -> Form:
        case = moment.case
        listed = {each.address for each in case.suppressed}
        addresses = known(case)
        ticked = (str(n) for n, address in enumerate(addresses) if address in listed)
        options = tuple((str(n), _told(case, address)) for n, address in enumerate(addresses))
        return Form(
            title="Do-not-mail list",
            submit="Save",
            intro="Ticked addresses get no marketing, the others may. Nobody has to prove anything "
            "for that. A child's account, and whom an agent writes for, belong here too.",
            fields=(
                Field(
                    name="listed",
                    label="Addresses",
                    type="choices",
                    options=options,
                    initial=" ".join(ticked),
                    optional=True,
                ),
                Field(
                    name="more",
                    label="More, one a line",
                    type="paragraph",
                    optional=True,
                    max_length=2000,
                ),
                Field(name="why", label="Note", optional=True, max_length=300),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if odd := [line for line in _more(moment) if not ADDRESS.fullmatch(line)]:
            return {"more": f"Write one address a line, such as name@example.org: line {odd[0]!r}."}
        if set(_more(moment)) & set(moment.policy.addresses):
            return {"more": "That is the desk's own address."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, wanted = moment.case, _wanted(moment)
        off = tuple(each.hash for each in case.suppressed if each.address not in wanted)
        case = noted(case, moment, self.name, moment.form.get("why", ""))
        for request in case.open_requests:
            kind = self._kinds.get(request.kind or "")
            for step in kind.steps if kind else ():
                if step.action == LIST:
                    case = with_step(case, request.id, step.name)
        told = f"{len(wanted)} on the do-not-mail list for this case, {len(off)} taken off"
        return Effect(
            case=case,
            said=f"{case.ref}: {told}.",
            line=f"<@{moment.by.id}>: {told}.",
            suppress=tuple(wanted),
            lift=off,
        )


class ConfirmStop(Action):
    """The confirmation of an unsubscribe that did not go by itself: written, and shown first."""

    name = "confirm_stop"
    label = "Confirm it to them"
    about = "request"
    rises = False
    writes = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return (
            case.assignee is not None
            and bool(case.requester)
            and request is not None
            and request.kind == "unsubscribe"
            and request.status is not Status.CLOSED
            and "answer" not in request.done
        )

    def do(self, moment: Moment) -> Effect:
        number = moment.request.id if moment.request else 1
        draft = Draft(template=CONFIRMS, request=number, language=language_of(moment))
        return Effect(case=moment.case, said="Please read it once more.", draft=draft)


def actions_of(kinds: Mapping[str, Kind]) -> dict[str, Action]:
    """For the kinds that put an address on the list."""
    stops = {
        name: kind
        for name, kind in kinds.items()
        if any(step.suppress or step.action == LIST for step in kind.steps)
    }
    found: tuple[Action, ...] = (DoNotMail(stops), ConfirmStop())
    return {action.name: action for action in found}


def _told(case: Case, address: str) -> str:
    """An address as it is offered."""
    short = address if len(address) <= LINE else f"{address[:LINE]}…"
    return f"{short} ({how_known(case, address)})"


def _more(moment: Moment) -> list[str]:
    lines = (line.strip().lower() for line in moment.form.get("more", "").splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def _wanted(moment: Moment) -> list[str]:
    """The addresses chosen by their place, and those written."""
    there = dict(enumerate(known(moment.case)))
    ticked = (there.get(int(n), "") for n in moment.form.get("listed", "").split() if n.isdecimal())
    return list(dict.fromkeys(address for address in (*ticked, *_more(moment)) if address))
