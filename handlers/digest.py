"""The day's figures for managers, from the cases as they stand. Nothing personal."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from handlers.deadlines.regimes import law
from handlers.deadlines.working_days import at_local, calendar_of, is_working_day, local_day
from handlers.do_not_mail import CONFIRMS
from handlers.policy import Policy
from handlers.registry import Registry
from storage.records import Case, Circle, Digest, DigestLine, OutboxStatus, Record, Status

SOON = 7  #: days
URGENT = 10  #: lines
WAITING = {Status.AWAITING_REQUESTER, Status.AWAITING_OWNERS, Status.AWAITING_APPROVAL}


class Counts(Record, frozen=True, kw_only=True):
    """What happened since the digest before."""

    opened: int = 0
    closed: int = 0
    ignored: int = 0
    dead: int = 0
    failed: int = 0  #: mails that wait for a person because the desk could not
    alone: int = 0  #: released without a second person
    seal: str = ""
    unread: int = 0  #: closed cases whose requester wrote again
    since: datetime | None = None  #: the digest before; None = there was none


def figures(cases: Iterable[Case], counts: Counts, day: date, registry: Registry) -> Digest:
    """Of every open case; what was imported and not sorted is in no hurry, and counted apart."""
    found = tuple(cases)
    running = tuple(case for case in found if not case.at_rest)
    left = {case.ref: (case.due.due_on - day).days for case in running}
    urgent = sorted(
        (case for case in running if left[case.ref] <= SOON or case.due.stopped),
        key=lambda c: (left[c.ref], c.ref),
    )
    return Digest(
        day=day,
        overdue=sum(case.overdue(day) for case in running),
        due_soon=sum(0 <= days <= SOON for days in left.values()),
        not_taken=sum(case.assignee is None for case in running),
        waiting=sum(_waits(case) for case in found) + counts.unread,
        triage=sum(case.triage for case in running),
        open=len(running),
        imported=len(found) - len(running),
        held=sum(len(case.held) for case in found),
        alone=counts.alone,
        opened=counts.opened,
        closed=counts.closed,
        ignored=counts.ignored,
        dead=counts.dead,
        failed=counts.failed,
        seal=counts.seal,
        urgent=tuple(_line(case, left[case.ref], day, registry) for case in urgent[:URGENT]),
        stopped=tuple(
            _line(case, left[case.ref], day, registry)
            for case in running
            if _by_itself(case, counts.since)
        )[:URGENT],
    )


def _by_itself(case: Case, since: datetime | None) -> bool:
    """Has the desk told somebody since then, without a person, that their marketing stopped?"""
    return any(
        letter.template == CONFIRMS
        and letter.by == "desk"
        and letter.status is OutboxStatus.SENT
        and (since is None or letter.at > since)
        for letter in case.letters
    )


def _waits(case: Case) -> bool:
    """Somebody else's move, or a mail nobody has opened."""
    return case.answered or bool(case.held) or any(r.status in WAITING for r in case.requests)


def _line(case: Case, left: int, day: date, registry: Registry) -> DigestLine:
    # that a closed case is due, not what it is about: without managers all staff read it
    closed = case.circle is not Circle.STAFF
    kinds = ", ".join(registry.title(request.kind) for request in case.open_requests)
    return DigestLine(
        ref=case.ref,
        title="Restricted case" if closed else kinds,
        due_on=case.due.due_on,
        days_left=left,
        assignee=case.assignee,
        version=case.version,
        law=law(case.due),
        standing=(day - case.due.stopped.since).days if case.due.stopped else None,
    )


def last_time(policy: Policy, now: datetime) -> datetime:
    """The latest hour of a digest, now or before: of a working day, in the desk's own zone."""
    day = local_day(now, policy.timezone)
    while True:
        at = at_local(day, policy.digest_at, policy.timezone)
        if at <= now and is_working_day(day, calendar_of(policy.timezone)):
            return at
        day -= timedelta(days=1)


def next_time(policy: Policy, now: datetime) -> datetime:
    """The next hour of a digest after now."""
    day = local_day(now, policy.timezone)
    while True:
        at = at_local(day, policy.digest_at, policy.timezone)
        if at > now and is_working_day(day, calendar_of(policy.timezone)):
            return at
        day += timedelta(days=1)
