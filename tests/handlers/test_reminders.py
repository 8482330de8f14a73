"""The ladder: each rung, short clocks, free days, downtime, the wish to be left alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.deadlines import Asked, earliest
from handlers.deadlines.reminders import next_remind_at, next_rung, snoozed_until
from handlers.policy import Policy
from handlers.requests import close_request, replace
from storage.records import Case, Outcome, Request
from tests.handlers.test_registry import a_moment

POLICY = Policy()
TUESDAY = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)


def a_case(kind: str = "access", received: datetime = TUESDAY) -> Case:
    case = Case(
        ref="PR-2026-0001",
        received_at=received,
        requester="rosa@example.org",
        requester_hash="hash",
        requests=(Request(id=1, kind=kind, due=earliest(Asked(kind=kind, received_at=received))),),
    )
    return replace(case, remind_at=next_remind_at(case, POLICY, received))


def climb(case: Case, until: datetime) -> list[tuple[datetime, int]]:
    """As the desk does it: at each remind_at, one rung."""
    reached = []
    while case.remind_at is not None and case.remind_at <= until:
        now = case.remind_at
        rung = next_rung(case, POLICY, now)
        assert rung is not None
        reached.append((now, rung.days_left))
        case = replace(case, reminded=(*case.reminded, *rung.climbed))
        case = replace(case, remind_at=next_remind_at(case, POLICY, now))
    return reached


def test_the_rungs_of_a_long_clock() -> None:
    # due and aim 1 December 2026, a Tuesday; 2 days before is a Sunday: the Friday before
    assert climb(a_case(), datetime(2026, 12, 3, 12, tzinfo=UTC)) == [
        (datetime(2026, 11, 20, 9, tzinfo=UTC), 11),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), 5),
        (datetime(2026, 11, 27, 9, tzinfo=UTC), 4),
        (datetime(2026, 11, 30, 9, tzinfo=UTC), 1),
        (datetime(2026, 12, 2, 9, tzinfo=UTC), -1),
        (datetime(2026, 12, 3, 9, tzinfo=UTC), -2),
    ]


def test_overdue_keeps_working_days() -> None:
    case = a_case()
    reached = climb(case, datetime(2026, 12, 8, 12, tzinfo=UTC))
    days = [at.date() for at, left in reached if left < 0]
    assert days == [
        date(2026, 12, 2),
        date(2026, 12, 3),
        date(2026, 12, 4),
        date(2026, 12, 7),
        date(2026, 12, 8),
    ]


@pytest.mark.parametrize(
    ("kind", "before"), [("child_data", 4), ("unsubscribe", 1), ("legal_demand", 1)]
)
def test_a_short_clock_has_a_short_ladder(kind: str, before: int) -> None:
    case = a_case(kind)
    aim = case.due.aim_on
    reached = climb(case, datetime(aim.year, aim.month, aim.day, 23, tzinfo=UTC))
    assert len(reached) == before
    assert all(at > case.received_at for at, _ in reached)
    assert all(at.date() <= case.due.due_on for at, _ in reached)


def test_what_was_missed_collapses_into_one() -> None:
    case = a_case()
    now = datetime(2026, 11, 30, 15, tzinfo=UTC)
    rung = next_rung(case, POLICY, now)
    assert rung is not None
    assert len(rung.climbed) == 4
    assert rung.days_left == 1
    case = replace(case, reminded=rung.climbed)
    assert next_remind_at(case, POLICY, now) == datetime(2026, 12, 2, 9, tzinfo=UTC)


def test_nothing_comes_early_and_nothing_twice() -> None:
    case = a_case()
    assert next_rung(case, POLICY, TUESDAY + timedelta(days=1)) is None
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    rung = next_rung(case, POLICY, now)
    assert rung is not None
    case = replace(case, reminded=rung.climbed)
    case = replace(case, remind_at=next_remind_at(case, POLICY, now))
    assert next_rung(case, POLICY, now) is None


def test_nine_is_nine_on_the_wall_after_the_clocks_change() -> None:
    case = a_case(received=datetime(2026, 10, 5, 10, tzinfo=UTC))  # aim 2 November
    reached = climb(case, datetime(2026, 11, 1, tzinfo=UTC))
    hours = [at.astimezone(UTC).hour for at, _ in reached]
    assert hours == [8, 9, 9]  # 23 October in summer time; 28 and 30 October in winter time


def test_a_snooze_moves_the_reminder_and_never_past_the_date() -> None:
    case = a_case()
    now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    until = snoozed_until(case, POLICY, now)
    assert until == datetime(2026, 11, 23, 9, tzinfo=UTC)  # Monday
    snoozed = replace(case, reminded=(f"10@{case.due.aim_on}",), remind_at=until)
    rung = next_rung(snoozed, POLICY, until)
    assert rung is not None
    assert rung.name == "snoozed"
    assert snoozed_until(case, POLICY, datetime(2026, 11, 30, 10, tzinfo=UTC)) is None


def test_a_closed_case_is_left_alone() -> None:
    case = a_case()
    ended = close_request(case, 1, Outcome.FULFILLED, a_moment(case))
    assert next_remind_at(ended, POLICY, TUESDAY) is None
    assert next_rung(ended, POLICY, TUESDAY + timedelta(days=60)) is None
