"""Cases as rows and lines: what a clock was counted from, and where it stands."""

from datetime import UTC, date, datetime

from bot.reports import case_lines, case_rows, request_json, slack_lines
from handlers import timing
from handlers.deadlines import Asked, earliest
from handlers.requests import replace
from storage.records import (
    Approval,
    Candidate,
    Card,
    Case,
    ClockEvent,
    Note,
    Posted,
    Request,
    ThreadLine,
)
from tests.storage.making import a_message

RECEIVED = datetime(2026, 11, 3, 10, tzinfo=UTC)
UK = Candidate(regime="uk_gdpr", sign="stated residence", rank=2, place="GB")


def a_case() -> Case:
    due = earliest(Asked(kind="access", received_at=RECEIVED), (UK,))
    return Case(
        ref="PR-2026-0001",
        received_at=RECEIVED,
        requester="rosa@example.org",
        requester_hash="hash",
        requests=(Request(id=1, kind="access", due=due, regimes=(UK,)),),
    )


def paused() -> Case:
    at = datetime(2026, 11, 6, 10, tzinfo=UTC)
    return timing.asked(a_case(), (1,), ClockEvent(type="pause", at=at, reason="identity"))


def test_a_case_says_the_law_the_sign_and_the_rule_of_its_date():
    told = "\n".join(case_lines(a_case()))
    assert "due 2026-12-03 (UK GDPR), aim for 2026-12-03" in told
    assert "received 3 Nov; one month is Thu 3 Dec; rule UK-12A (UK GDPR)" in told
    assert "(rule UK-12A/1 holidays/" in told
    assert "laws that may apply: uk_gdpr (stated residence)" in told


def test_a_paused_case_says_since_when_and_stays_in_the_list():
    told = "\n".join(case_lines(paused()))
    assert "paused since 2026-11-06 (identity), begins anew" in told
    assert "2026-11-06T10:00+00:00 pause: identity" in told
    (row,) = case_rows([paused()], RECEIVED)
    assert row[2] == "2026-12-03 (UK GDPR, paused since 2026-11-06)"
    assert request_json(paused().requests[0])["due_on"] == "2026-12-03"


def test_the_list_says_whose_rule_a_date_is():
    (row,) = case_rows([a_case()], RECEIVED)
    assert row[2] == "2026-12-03 (UK GDPR, 30 days)"
    (row,) = case_rows([a_case()], datetime(2026, 12, 4, tzinfo=UTC))
    assert row[2] == "2026-12-03 (UK GDPR, overdue)"


def test_what_moved_the_dates_and_what_would_is_told():
    note = Note(at=RECEIVED, by="U01ANA", about="received_earlier", text="the support box")
    asked = Approval(about="place/1", request=1, asked_by="U01ANA", asked_at=RECEIVED)
    case = replace(a_case(), notes=(note,), approvals=(asked,))
    told = "\n".join(case_lines(case))
    assert "U01ANA: the support box" in told
    assert "a later date waits for a second person" in told


def test_a_date_that_stands_on_no_law_says_so():
    due = earliest(Asked(kind="question", received_at=RECEIVED), (UK,))
    case = replace(a_case(), requests=(Request(id=1, kind="question", due=due),))
    told = "\n".join(case_lines(case))
    assert f"due {date(2026, 12, 18)} (desk rule)" in told


def test_whom_a_split_case_is_about_is_told_in_full_alone():
    case = replace(a_case(), data_subject="Karl Example")
    assert "about: Karl Example" in case_lines(case, full=True)
    assert "Karl" not in "\n".join(case_lines(case))


def test_what_stands_in_slack_is_listed_with_its_place():
    ref = "PR-2026-0001"
    card = a_message(case=ref, content=Card(case=ref), posted=Posted(channel="C1", ts="1.1"))
    line = ThreadLine(case=ref, text="x")
    said = a_message(case=ref, content=line, posted=Posted(channel="C1", ts="1.2"))
    lost = a_message(case=ref, content=line)
    assert slack_lines([card, card, said, lost]) == [
        "in Slack: card C1 1.1",
        "in Slack: line C1 1.2",
    ]
