"""What the desk proposes once its time has come, beside the ladder of reminders. Pure."""

from collections.abc import Mapping
from datetime import datetime

from handlers import verification
from handlers.deadlines.working_days import local_day
from handlers.handler import Kind
from handlers.policy import Policy
from handlers.suppressing import look_from
from handlers.verification import Nudge
from storage.records import Case

LOOK = "Look now whether any marketing was sent since: record it on the card."


def nudges(case: Case, kinds: Mapping[str, Kind], policy: Policy) -> tuple[Nudge, ...]:
    """Those not made yet, the next first."""
    found = (*verification.nudges(case, policy), *_looks(case, kinds, policy))
    return tuple(sorted(found, key=lambda nudge: nudge.at))


def quiet_until(case: Case, kinds: Mapping[str, Kind], policy: Policy) -> datetime | None:
    """Where nothing is left but to wait and look: until then nobody is reminded."""
    open_kinds = ((kinds.get(r.kind or ""), r) for r in case.open_requests)
    steps = [kind.next_step(case, r) if kind else None for kind, r in open_kinds]
    rest = bool(steps) and all(step is not None and step.rests for step in steps)
    return look_from(case, policy) if rest else None


def _looks(case: Case, kinds: Mapping[str, Kind], policy: Policy) -> tuple[Nudge, ...]:
    """Whether an unsubscribe held can be seen only after some days."""
    at = look_from(case, policy)
    name = f"look@{local_day(at, policy.timezone)}"
    if name in case.reminded or not any(_to_look(case, kinds)):
        return ()
    return (Nudge(name=name, at=at, words=LOOK),)


def _to_look(case: Case, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """The steps of open requests that wait for those days."""
    return tuple(
        step.name
        for request in case.open_requests
        if (kind := kinds.get(request.kind or "")) is not None
        for step in kind.applying(case, request)
        if step.rests and step.name not in request.done
    )
