"""What outlives its time, and what never does: the day before nothing, the day itself all of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import retention
from storage.parts import blank
from storage.records import (
    Case,
    InboundMail,
    LetterState,
    MailStatus,
    OutboxStatus,
    Outcome,
    Request,
    Status,
    new_id,
)
from tests.storage.making import a_case, changed

RECEIVED = datetime(2024, 1, 10, 9, 0, tzinfo=UTC)
ENDED = datetime(2024, 2, 29, 15, 0, tzinfo=UTC)  # a leap day
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def a_mail(mail_id: str = "m1", **said: Any) -> InboundMail:
    words: dict[str, Any] = {
        "id": mail_id,
        "received_at": RECEIVED,
        "mail_from": "rosa@example.org",
        "rcpt_to": ("privacy@example.com",),
        "peer": "192.0.2.7",
        "sha256": "00",
        "size": 10,
        "status": MailStatus.PROCESSED,
        "case": "PR-2026-0001",
    }
    return InboundMail(**(words | said))


def ended(*outcomes: Outcome, kind: str = "access", **said: Any) -> Case:
    outcomes = outcomes or (Outcome.FULFILLED,)
    case = a_case(mails=("m1",), received_at=RECEIVED, **said)
    (first,) = case.requests
    return changed(
        case,
        requests=tuple(
            changed(
                first, id=number, kind=kind, status=Status.CLOSED, outcome=outcome,
                closed_at=ENDED - (len(outcomes) - number) * DAY,
            )
            for number, outcome in enumerate(outcomes, start=1)
        ),
    )  # fmt: skip


def lives(case: Case, now: datetime, *mails: InboundMail) -> list[str]:
    return [shred.life for shred in retention.due(case, mails or (a_mail(),), now)]


def test_a_fulfilled_case_goes_in_three_steps():
    case = ended()
    assert lives(case, ENDED) == []
    assert lives(case, ENDED + 30 * DAY - MOMENT) == []
    assert lives(case, ENDED + 30 * DAY) == ["raw"]
    assert lives(case, ENDED + 90 * DAY - MOMENT) == ["raw"]
    assert lives(case, ENDED + 90 * DAY) == ["raw", "content"]
    skeleton = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
    assert lives(case, skeleton - MOMENT) == ["raw", "content"]
    assert lives(case, skeleton) == ["raw", "content", "skeleton"]
    named = retention.due(case, (a_mail(),), skeleton)
    assert [shred.key for shred in named] == ["m1", case.ref, case.ref]


@pytest.mark.parametrize(
    "case",
    [
        ended(Outcome.REFUSED),
        ended(Outcome.PARTLY_FULFILLED),
        ended(Outcome.FULFILLED, Outcome.REFUSED),
        ended(Outcome.FULFILLED, kind="complaint"),
        ended(Outcome.UPHELD),
        ended(Outcome.PARTLY_UPHELD),
        ended(Outcome.NOT_UPHELD),
    ],
    ids=lambda case: "-".join(r.outcome for r in case.requests) + f" {case.requests[0].kind}",
)
def test_what_may_be_disputed_stays_whole_for_twelve_months(case):
    a_year = datetime(2025, 3, 1, 15, 0, tzinfo=UTC)
    assert lives(case, a_year - MOMENT) == []
    assert lives(case, a_year) == ["raw", "content"]


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome.REFERRED,
        Outcome.WITHDRAWN,
        Outcome.EXPIRED_UNVERIFIED,
        Outcome.NOT_A_REQUEST,
        Outcome.DUPLICATE,
    ],
)
def test_every_other_end_is_like_a_fulfilled_one(outcome):
    assert lives(ended(outcome), ENDED + 90 * DAY) == ["raw", "content"]


def test_every_outcome_has_its_time():
    """A new outcome must be put on one side or the other."""
    year_later = ENDED + 364 * DAY
    kept = {o for o in Outcome if lives(ended(o), year_later) == []}
    assert {o.value for o in kept} == {
        "refused", "partly_fulfilled", "upheld", "partly_upheld", "not_upheld",
    }  # fmt: skip


LONG_AFTER = ENDED + 4000 * DAY


def test_an_open_case_never_goes():
    case = ended(Outcome.FULFILLED, Outcome.FULFILLED)
    first, second = case.requests
    reopened: Request = changed(first, status=Status.AWAITING_REQUESTER, closed_at=None)
    assert lives(changed(case, requests=(reopened, second)), LONG_AFTER) == []


def test_a_case_somebody_wrote_to_again_waits_to_be_read():
    assert lives(changed(ended(), answered=True), LONG_AFTER) == []


def test_a_case_beside_which_a_mail_is_held_waits_for_that_decision():
    assert lives(changed(ended(), held=("m2",)), LONG_AFTER) == []


@pytest.mark.parametrize("status", [MailStatus.HELD, MailStatus.FAILED, MailStatus.RECEIVED])
def test_a_mail_that_waits_for_a_person_never_goes_by_itself(status):
    assert "raw" not in lives(ended(), LONG_AFTER, a_mail(status=status))
    assert not retention.ignored_due(a_mail(status=status), LONG_AFTER)


def test_a_mail_that_joined_another_case_is_that_cases():
    assert "raw" not in lives(ended(), LONG_AFTER, a_mail(case="PR-2026-0002"))


def test_what_came_or_went_after_the_end_counts_anew():
    late = a_mail("m2", received_at=ENDED + 20 * DAY)
    both = (a_mail(), late)
    found = retention.due(ended(), both, ENDED + 49 * DAY)
    assert [shred.key for shred in found] == ["m1"]
    assert lives(ended(), ENDED + 50 * DAY, *both) == ["raw", "raw"]
    assert "content" not in lives(ended(), ENDED + 110 * DAY - MOMENT, *both)
    assert "content" in lives(ended(), ENDED + 110 * DAY, *both)
    letter = LetterState(
        id="x", template="plain", status=OutboxStatus.SENT, by="U01ANA", at=ENDED + 20 * DAY
    )
    assert "content" not in lives(changed(ended(), letters=(letter,)), ENDED + 109 * DAY)


def test_what_is_shredded_is_not_due_again():
    left = blank(ended())
    assert isinstance(left, Case)
    assert lives(left, ENDED + 200 * DAY, a_mail(sha256="")) == []
    assert lives(left, LONG_AFTER, a_mail(sha256="")) == ["content", "skeleton"]


def test_what_came_to_a_purged_case_goes_too():
    left = blank(ended())
    again = changed(left, message_ids=("<late@example.org>",))
    assert lives(again, ENDED + 200 * DAY, a_mail(sha256="")) == ["content"]


def test_an_ignored_mail_goes_ninety_days_after_it_came():
    mail = a_mail(status=MailStatus.IGNORED, case=None)
    assert not retention.ignored_due(mail, RECEIVED + 90 * DAY - MOMENT)
    assert retention.ignored_due(mail, RECEIVED + 90 * DAY)
    assert not retention.ignored_due(changed(mail, sha256=""), RECEIVED + 90 * DAY)
    assert not retention.ignored_due(a_mail(), LONG_AFTER)


def test_one_out_of_an_archive_ninety_days_after_its_import():
    begun = RECEIVED + 1000 * DAY
    mail = a_mail(status=MailStatus.IGNORED, case=None, batch=new_id(begun))
    assert not retention.ignored_due(mail, begun + 90 * DAY - MOMENT)
    assert retention.ignored_due(mail, begun + 90 * DAY)
