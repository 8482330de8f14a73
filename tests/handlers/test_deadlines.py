"""The clocks of every law: cases counted by hand, and what must hold for all of them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.due import answers
from handlers.deadlines import Asked, clock, due, earliest, earliest_of, promised
from handlers.deadlines.overlays import applying
from handlers.deadlines.places import MEMBERS
from handlers.deadlines.regimes import REGIMES, TYPED, law
from handlers.deadlines.working_days import is_working_day
from storage.records import Candidate, ClockEvent, Due, Request

CASES = Path(__file__).parent / "deadline_cases.json"
BY_HAND = json.loads(CASES.read_text(encoding="utf-8"))
UK, EU, CALIFORNIA = (Candidate(regime=name) for name in ("uk_gdpr", "eu_gdpr", "ccpa"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def of(kind: str, received: str, *regimes: str, events: tuple[ClockEvent, ...] = ()) -> Due:
    asked = Asked(kind=kind, received_at=at(received), events=events)
    return earliest(asked, [Candidate(regime=regime) for regime in regimes])


def event(kind: str, day: str, reason: str = "identity") -> ClockEvent:
    return ClockEvent(type=kind, at=at(f"{day}T10:00:00+00:00"), reason=reason)


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: case["id"])
def test_a_case_counted_by_hand(case: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps([case]), encoding="utf-8")
    (row,) = answers(file)
    assert row["due_on"] == case["expected_due_date"], f"{case['why']} / {row['why']}"


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
def test_without_a_sign_of_a_law_the_desk_has_its_own_rule(
    kind: str, received: str, due_on: date, aim_on: date
) -> None:
    found = of(kind, received)
    assert (found.due_on, found.aim_on) == (due_on, aim_on)
    assert "desk rule" in found.why


def test_the_sentence_says_each_step_and_the_rule() -> None:
    found = of("access", "2026-01-31T10:00:00+00:00", "uk_gdpr")
    said = "received 31 Jan; one month is Sat 28 Feb; next working day Mon 2 Mar; rule UK-12A"
    assert found.why.startswith(said)
    assert found.why.endswith("(UK GDPR)")
    assert found.rule.startswith("UK-12A/1 holidays/")


def test_the_day_of_receipt_is_the_local_one_and_the_sentence_says_where() -> None:
    late = of("access", "2026-11-04T03:00:00+00:00")  # still the 3rd over there
    assert late.due_on == date(2026, 12, 1)
    assert "received 3 Nov (New York time)" in late.why


def test_a_date_inside_a_regime_that_is_no_law_says_so() -> None:
    """Every date says whose rule it is."""
    asked = of("question", "2026-03-10T10:00:00+00:00", "uk_gdpr")
    assert asked.house
    assert asked.why.endswith("(desk rule)")
    assert not of("access", "2026-03-10T10:00:00+00:00", "uk_gdpr").house


def test_a_date_is_called_after_its_law_or_the_desk() -> None:
    found = of("access", "2026-03-10T10:00:00+00:00", "uk_gdpr")
    assert law(found) == "UK GDPR"
    assert law(replace(found, house=True)) == "desk rule"
    assert law(replace(found, regime="policy")) == "desk rule"
    assert law(replace(found, regime="xx_new")) == "XX NEW"


def test_marketing_says_stop_now_and_by_when_the_law_wants_it() -> None:
    """Stop now, desk rule 2 working days; law by …"""
    found = of("unsubscribe", "2026-11-24T10:00:00-05:00")
    assert found.why.startswith("stop now, desk rule 2 working days; law by 9 Dec;")
    assert found.aim_on == date(2026, 11, 27)


def test_a_demand_asks_for_the_date_that_it_names() -> None:
    assert of("legal_demand", "2026-11-06T10:00:00-05:00").why.startswith("enter their date;")


# --- several laws ---------------------------------------------------------------------------


def test_of_several_laws_the_earliest_date_counts() -> None:
    both = of("access", "2026-06-01T10:00:00+00:00", "ccpa", "uk_gdpr")
    assert (both.regime, both.due_on) == ("uk_gdpr", date(2026, 7, 1))


def test_a_pause_of_one_law_leaves_the_other_running() -> None:
    asked = event("pause", "2026-06-02")
    both = of("access", "2026-06-01T10:00:00+00:00", "ccpa", "uk_gdpr", events=(asked,))
    assert (both.regime, both.due_on) == ("ccpa", date(2026, 7, 16))
    assert both.stopped is None
    assert both.aim_on == date(2026, 7, 1), "the desk counts on as if nothing had been asked"


def test_marketing_anywhere_runs_the_clock_of_a_us_company_too() -> None:
    found = of("unsubscribe", "2026-06-01T10:00:00+00:00", "eu_gdpr")
    assert (found.regime, found.due_on) == ("can_spam", date(2026, 6, 15))


@pytest.mark.parametrize(
    ("kind", "regimes", "found"),
    [
        ("unsubscribe", ["ca_quebec"], {"ca_quebec", "can_spam", "casl"}),
        ("unsubscribe", [], {"can_spam"}),
        ("child_data", [], {"coppa"}),
        ("child_data", ["us_tx"], {"us_tx", "coppa"}),
        ("child_data", ["privacy_shield"], {"coppa"}),
        ("child_data", ["eu_gdpr"], {"eu_gdpr"}),
        ("access", ["privacy_shield"], {"policy"}),
        ("complaint", ["privacy_shield", "uk_gdpr"], {"privacy_shield", "uk_gdpr"}),
        ("legal_demand", ["uk_gdpr"], {"policy"}),
    ],
)
def test_laws_of_one_matter_run_where_they_speak_of_it(
    kind: str, regimes: list[str], found: set[str]
) -> None:
    named = applying(kind, [Candidate(regime=regime) for regime in regimes])
    assert {each.regime for each in named} == found


def test_a_mail_of_several_kinds_is_due_with_the_first() -> None:
    received = at("2026-11-03T10:00:00-05:00")
    asked = [Asked(kind=kind, received_at=received) for kind in ("complaint", "access")]
    assert earliest_of(asked).rule.startswith("DESK-28/")


def test_the_member_state_s_holidays_count_where_it_is_known() -> None:
    asked = Asked(kind="access", received_at=at("2026-03-05T09:00:00+01:00"))
    assert due(asked, Candidate(regime="eu_gdpr", place="DE")).due_on == date(2026, 4, 7)
    assert due(asked, EU).due_on == date(2026, 4, 6), "Easter Monday is no holiday everywhere"


@pytest.mark.parametrize(
    ("kind", "regime", "period"),
    [
        ("access", "policy", "28 days"),
        ("access", "uk_gdpr", "one month"),
        ("unsubscribe", "can_spam", "10 working days"),
        ("question", "eu_gdpr", "45 days"),
        # its receipt is what the 30 days are for: the letter is about the outcome
        ("complaint", "uk_gdpr", "one month"),
        # not sorted yet: it may be a right
        (None, "uk_gdpr", "one month"),
        (None, "can_spam", "28 days"),
    ],
)
def test_the_period_a_letter_may_name(kind: str | None, regime: str, period: str) -> None:
    assert promised(kind, regime).period == period


def test_no_rule_no_date() -> None:
    asked = Asked(kind="access", received_at=at("2026-11-03T10:00:00-05:00"))
    with pytest.raises(KeyError, match="regime"):
        due(asked, Candidate(regime="martian"))
    with pytest.raises(KeyError, match="no rule"):
        due(asked, Candidate(regime="can_spam"))


# --- a clock that stands --------------------------------------------------------------------


def test_a_pause_says_since_when_and_how_many_days_are_left() -> None:
    found = of(
        "access", "2026-06-01T10:00:00+00:00", "eu_gdpr", events=(event("pause", "2026-06-11"),)
    )
    assert found.stopped is not None
    assert (found.stopped.since, found.stopped.left) == (date(2026, 6, 11), 20)
    assert found.due_on == found.aim_on == date(2026, 7, 1)


def test_a_period_that_will_begin_anew_has_no_days_left_to_show() -> None:
    found = of(
        "access", "2026-06-01T10:00:00+00:00", "uk_gdpr", events=(event("pause", "2026-06-11"),)
    )
    assert found.stopped is not None
    assert found.stopped.left is None
    assert "the period begins when it comes" in found.why


def test_proof_that_came_before_the_request_begins_no_period_before_it() -> None:
    came = (event("pause", "2026-05-28"), event("resume", "2026-05-29"))
    found = of("access", "2026-06-01T10:00:00+00:00", "uk_gdpr", events=came)
    assert found.due_on == date(2026, 7, 1)


def test_the_day_to_aim_for_knows_of_no_pause() -> None:
    """UK and EU alike keep counting as if nothing had been asked."""
    asked = (event("pause", "2026-06-03"), event("resume", "2026-06-23"))
    for regime in ("uk_gdpr", "eu_gdpr"):
        found = of("access", "2026-06-01T10:00:00+00:00", regime, events=asked)
        assert found.due_on > date(2026, 7, 1)
        assert found.aim_on == date(2026, 7, 1)


def test_every_member_state_has_a_zone_and_a_calendar() -> None:
    asked = Asked(kind="access", received_at=datetime(2026, 6, 1, tzinfo=UTC))
    for place in MEMBERS:
        assert due(asked, Candidate(regime="eu_gdpr", place=place)).due_on >= date(2026, 7, 1)


def test_every_regime_answers_a_question_in_45_days_and_calls_it_no_law() -> None:
    asked = Asked(kind="question", received_at=at("2026-07-14T12:00:00+00:00"))
    for regime in REGIMES:
        found = due(asked, Candidate(regime=regime))
        assert (found.due_on, found.house) == (date(2026, 8, 28), True)


def test_canada_keeps_the_days_of_its_public_service() -> None:
    assert not is_working_day(date(2026, 9, 30), "CA")
    assert not is_working_day(date(2026, 5, 18), "CA")
    assert is_working_day(date(2026, 9, 29), "CA")


def test_a_date_that_counsel_typed_is_counted_anew_by_nothing() -> None:
    received = at("2026-11-06T10:00:00-05:00")
    counted = earliest(Asked(kind="legal_demand", received_at=received))
    theirs = replace(counted, due_on=date(2027, 1, 29), rule=TYPED)
    request = Request(id=1, kind="legal_demand", due=theirs)
    assert clock(request, received) == theirs
    assert law(theirs) == "their date"
    assert clock(replace(request, due=counted), received) == counted
