"""The desk's own rule: days, working days, holidays, and the day to aim for."""

from datetime import UTC, date, datetime

import pytest

from handlers.deadlines import due, earliest, longest


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("kind", "received", "due_on", "aim_on"),
    [
        ("deletion", "2026-07-15T10:00:00-04:00", date(2026, 8, 12), date(2026, 8, 12)),
        # 26 December 2026 is a Saturday and the 25th a holiday: aim for Thursday
        ("access", "2026-11-28T10:00:00-05:00", date(2026, 12, 26), date(2026, 12, 24)),
        ("correction", "2026-11-03T10:00:00-05:00", date(2026, 12, 1), date(2026, 12, 1)),
        ("complaint", "2026-03-10T10:00:00-04:00", date(2026, 4, 24), date(2026, 4, 24)),
        ("question", "2026-03-10T10:00:00-04:00", date(2026, 4, 24), date(2026, 4, 24)),
        # Thanksgiving (26 November) does not count
        ("unsubscribe", "2026-11-24T10:00:00-05:00", date(2026, 12, 9), date(2026, 11, 27)),
        ("child_data", "2026-11-24T10:00:00-05:00", date(2026, 12, 9), date(2026, 12, 9)),
        ("legal_demand", "2026-11-06T10:00:00-05:00", date(2026, 11, 9), date(2026, 11, 9)),
    ],
)
def test_due_and_aim(kind: str, received: str, due_on: date, aim_on: date) -> None:
    found = due(kind, at(received))
    assert (found.due_on, found.aim_on) == (due_on, aim_on)
    assert found.regime == "policy"
    assert found.rule.startswith(f"policy/{kind}/")
    assert "desk rule" in found.why


def test_the_day_of_receipt_is_the_local_one_in_new_york() -> None:
    late = datetime(2026, 11, 4, 3, 0, tzinfo=UTC)  # still the 3rd over there
    assert due("access", late).due_on == date(2026, 12, 1)


def test_the_earliest_clock_wins() -> None:
    received = at("2026-11-03T10:00:00-05:00")
    assert earliest(("access", "unsubscribe"), received) == due("unsubscribe", received)
    assert earliest(("complaint", "access"), received) == due("access", received)


def test_a_period_is_the_longest_of_the_kinds_in_words() -> None:
    assert longest(("access",)).period == "28 days"
    assert longest(("unsubscribe",)).period == "10 working days"
    assert longest(("unsubscribe", "access")).period == "28 days"
    assert longest(()).period == "45 days"


def test_no_rule_no_date() -> None:
    with pytest.raises(KeyError, match="regime"):
        due("access", at("2026-11-03T10:00:00-05:00"), regime="martian")
    with pytest.raises(KeyError):
        due("not_a_request", at("2026-11-03T10:00:00-05:00"))
