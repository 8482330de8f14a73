"""Two persons: what may not go by one alone, who is asked, and when one alone will do after all.

Pure. A letter that needs it waits as a draft; a step is refused until somebody else has approved
it, and so is a later date. Who looks stands in `reviewers.py`; they decide in `second_person.py`.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers import owners, reviewers
from handlers.deadlines.working_days import (
    at_local,
    calendar_of,
    local_day,
    next_working_day,
)
from handlers.handler import Effect, Moment
from handlers.requests import letter_of, replace, with_request
from storage.errors import Refused
from storage.records import Approval, Case, LetterState, OutboxStatus, Request, Status, Taken

#: the step by which staff settle where they live
PLACE = "place"
#: actions that need to know who is there
CALLS = frozenset(
    {"send", "second_person", "delivered", "delete_now", "go_on", "routed", "their_date", PLACE}
)
#: letters of free words: they may carry any answer of the case
FREE = frozenset({"plain", "correcting"})
NEVER_ALONE = "This never goes by one person alone."
#: the mark that counts what was released without a second person
RELEASED_ALONE = "released alone"
#: working hours until the managers are asked, and the desk's hours of a working day
PATIENCE = timedelta(hours=4)
OPENS, SHUTS = time(9), time(17)
#: between one's own preview and a release alone
SECOND_THOUGHTS = timedelta(hours=1)


def step(name: str, request: int) -> str:
    """What an approval of a step is about."""
    return f"{name}/{request}"


def about_place(about: str) -> bool:
    """Is it a place of residence that moves a date later? That is nobody's alone to decide."""
    return about.partition("/")[0] == PLACE


def place_waits(case: Case) -> Approval | None:
    """The place that waits for a second person, as a date would move later."""
    return next((each for each in pending(case) if about_place(each.about)), None)


def letter_needs(moment: Moment, letter: LetterState, request: Request | None) -> bool:
    """Does this letter want a second person: by its kind, or by where it goes?"""
    return letter.drifted or needed(moment, letter.template, request)


def needed(moment: Moment, what: str, request: Request | None) -> bool:
    """Does this kind of request want a second person for that letter or step? Free words do
    wherever anything of the case does: they are no way around it."""
    if what in FREE:
        return any(_by_two(moment, each) for each in moment.case.requests)
    kind = moment.kinds.get(request.kind or "") if request else None
    return kind is not None and what in kind.two_persons


def _by_two(moment: Moment, request: Request) -> bool:
    """Does any letter of this request want a second person, or a step that is to be taken?"""
    kind = moment.kinds.get(request.kind or "")
    if kind is None:
        return False
    left = {step.name for step in kind.steps if not step.applies(moment.case, request)}
    return bool(set(kind.two_persons) - left)


def given(case: Case, about: str) -> bool:
    """Has a second person approved it?"""
    return any(each.about == about and each.given_by for each in case.approvals)


def step_waits(
    moment: Moment,
    name: str,
    request: Request,
    answers: Mapping[str, str],
    *,
    always: bool = False,
) -> Effect | None:
    """The second person is asked whom this step still wants, by its kind or `always`; None = it may
    be taken.

    A yes counts for what was filled in and shown, and for nothing else.
    """
    about = step(name, request.id)
    approved = prepared(moment.case, about) == answers and given(moment.case, about)
    if approved or not (always or needed(moment, name, request)):
        return None
    return asked_for_step(moment, name, request, answers)


def asked_for_step(
    moment: Moment, name: str, request: Request, answers: Mapping[str, str]
) -> Effect:
    """A second person is asked for a step, and is shown what was filled in for it."""
    about, case = step(name, request.id), moment.case
    filled = Taken(
        request=request.id, step=name, by=moment.by.id, at=moment.now, answers=dict(answers)
    )
    case = case if about in {each.about for each in pending(case)} else taken_back(case, about)
    case = replace(case, prepared=(*case.prepared, filled))
    return asked(replace(moment, case=case), about, request)


def prepared(case: Case, about: str) -> Mapping[str, str]:
    """What was filled in for a step that wants a second person; empty = nothing."""
    found = (each for each in case.prepared if step(each.step, each.request) == about)
    return next((each.answers for each in found), {})


def giver(case: Case, about: str) -> str:
    """Who approved it; "" = nobody."""
    return next((each.given_by for each in case.approvals if each.about == about), "")


def pending(case: Case) -> tuple[Approval, ...]:
    """What waits for a second person, oldest first."""
    return tuple(each for each in case.approvals if not each.given_by)


def asked(moment: Moment, about: str, request: Request) -> Effect:
    """A second person is asked; nothing goes yet. Raises Refused where one has been asked."""
    case, by = moment.case, moment.by.id
    if any(each.about == about for each in pending(case)):
        raise Refused(f"{case.ref} waits for a second person already.")
    stand_in = reviewers.standing_in(moment)
    whom = reviewers.whom_to_ask(moment, stand_in)
    approval = Approval(
        about=about,
        request=request.id,
        asked_by=by,
        asked_at=moment.now,
        calls_at=_working_hours_later(moment.now, PATIENCE, moment.policy.timezone),
        stand_in=stand_in,
    )
    # who waits for the requester still does; what has ended stays so until its correction has gone
    free = request.status is Status.OPEN
    after = replace(request, status=Status.AWAITING_APPROVAL) if free else request
    case = with_request(replace(case, approvals=(*case.approvals, approval)), after)
    told = f"<@{whom}> was asked." if whom else "Nobody is there now: the managers are asked later."
    return Effect(
        case=case,
        said=f"Nothing has gone out: a second person has to approve. {told}",
        line=f"<@{by}> asks for a second person.",
        tell=((whom, f"<@{by}> asks you to look at {case.ref} as the second person."),)
        if whom
        else (),
    )


def shut_alone(moment: Moment, approval: Approval) -> str:
    """Why the person who asked may not release it alone; "" = they may."""
    case, policy = moment.case, moment.policy
    if about_place(approval.about):
        return NEVER_ALONE
    request = case.request(approval.request)
    kind = moment.kinds.get(request.kind or "")
    letter = letter_of(case, approval.about)
    drifted = letter is not None and letter.drifted
    if kind is None or kind.never_alone or drifted:
        return NEVER_ALONE
    late = local_day(moment.now, policy.timezone) >= request.due.aim_on
    nobody = moment.team is not None and not reviewers.whom_to_ask(moment)
    if policy.second_person != "small_team" and not (late and nobody):
        aim = f"{request.due.aim_on:%d %b %Y}"
        return f"Alone only from {aim} on, the day we aim for, and when nobody else is there."
    if moment.now < approval.asked_at + SECOND_THOUGHTS:
        from_then = (approval.asked_at + SECOND_THOUGHTS).astimezone(ZoneInfo(policy.timezone))
        return f"Alone only an hour after your own preview: from {from_then:%H:%M}."
    return ""


def decided(case: Case, about: str, by: str, now: datetime) -> Case:
    """It is approved, and its request goes on."""
    approvals = tuple(
        replace(each, given_by=by, given_at=now, calls_at=None) if each.about == about else each
        for each in case.approvals
    )
    return _going_on(replace(case, approvals=approvals))


def taken_back(case: Case, about: str) -> Case:
    """Nobody is asked any more: it is written anew, or left."""
    kept = tuple(each for each in case.approvals if each.about != about)
    filled = tuple(e for e in case.prepared if step(e.step, e.request) != about)
    return _going_on(replace(case, approvals=kept, prepared=filled))


def tidied(case: Case) -> Case:
    """Without those whose letter or request is gone, and those whose letter was called back: what
    was approved once is not approved for ever."""
    for each in case.approvals:
        if not _stands(case, each):
            case = taken_back(case, each.about)
    return case


def _stands(case: Case, approval: Approval) -> bool:
    request = next((r for r in case.requests if r.id == approval.request), None)
    if about_place(approval.about):
        return not case.closed
    if "/" in approval.about:
        return request is not None and (bool(approval.given_by) or _is_open(request))
    letter = letter_of(case, approval.about)
    if letter is None:
        return False
    draft = letter.status is OutboxStatus.DRAFT
    if approval.given_by:
        return not draft
    return draft and request is not None and (_is_open(request) or letter.template == "correcting")


def _is_open(request: Request) -> bool:
    return request.status is not Status.CLOSED


def _going_on(case: Case) -> Case:
    """A request that waits for nobody's approval any more is open again."""
    waiting = {each.request for each in pending(case)}
    for request in case.requests:
        if request.status is Status.AWAITING_APPROVAL and request.id not in waiting:
            case = with_request(case, replace(request, status=Status.OPEN))
    return case


# --- the managers, after a while ------------------------------------------------------------


def next_business(case: Case, at: datetime | None) -> datetime | None:
    """When the clock next has business with the case: its reminder, managers to be asked, or
    owners to be chased."""
    calls = [each.calls_at for each in pending(case)]
    times = (at, owners.next_chase(case), *calls)
    return min((moment for moment in times if moment is not None), default=None)


def called(case: Case, now: datetime) -> Case:
    """The managers are asked about all that waited long enough."""
    approvals = tuple(
        _for_managers(each) if each.calls_at and each.calls_at <= now else each
        for each in case.approvals
    )
    return replace(case, approvals=approvals)


def _for_managers(approval: Approval) -> Approval:
    """They were asked; where they may stand in, they do from now on."""
    stand_in = reviewers.NOW if approval.stand_in else reviewers.NEVER
    return replace(approval, calls_at=None, stand_in=stand_in)


def _working_hours_later(moment: datetime, length: timedelta, timezone: str) -> datetime:
    """So many of the desk's own hours later."""
    day, left = local_day(moment, timezone), length
    while True:
        day = next_working_day(day, calendar_of(timezone))
        start = max(moment, at_local(day, OPENS, timezone))
        end = at_local(day, SHUTS, timezone)
        if start + left <= end:
            return start + left
        left -= max(timedelta(0), end - start)
        day += timedelta(days=1)
