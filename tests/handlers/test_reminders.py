"""The ladder: each rung, short clocks, free days, downtime, the wish to be left alone."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.deadlines import Asked, clock, confirm_by, earliest
from handlers.deadlines.reminders import (
    ASSIGNEE,
    BACKUP,
    CONFIRM,
    MANAGERS,
    late,
    next_remind_at,
    next_rung,
    put_off,
    snoozed_until,
    urgent,
)
from handlers.deadlines.working_days import Hours
from handlers.policy import Policy
from handlers.requests import close_request, replace
from storage.records import (
    Alarm,
    Candidate,
    Case,
    ClockEvent,
    DirectMessage,
    LetterState,
    OutboxStatus,
    Outcome,
    Request,
    ThreadLine,
)
from tests.handlers.desks import ANA, BEN, GUARD, Bench, a_bench
from tests.handlers.test_registry import a_moment

POLICY = Policy()
LONDON = Hours(timezone="Europe/London")
TUESDAY = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)


def a_case(kind: str = "access", received: datetime = TUESDAY) -> Case:
    case = Case(
        ref="PR-2026-0001",
        received_at=received,
        requester="rosa@example.org",
        requester_hash="hash",
        assignee="U01ANA",
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


# --- whom it calls, and when they are at work -----------------------------------------------


def heights(case: Case, policy: Policy, until: datetime) -> list[int]:
    reached = []
    while case.remind_at is not None and case.remind_at <= until:
        now = case.remind_at
        rung = next_rung(case, policy, now)
        assert rung is not None
        reached.append(rung.height)
        case = replace(case, reminded=(*case.reminded, *rung.climbed))
        case = replace(case, remind_at=next_remind_at(case, policy, now))
    return reached


def test_the_ladder_climbs_from_the_assignee_to_the_managers() -> None:
    found = heights(a_case(), POLICY, datetime(2026, 12, 3, 12, tzinfo=UTC))
    assert found == [ASSIGNEE, ASSIGNEE, BACKUP, MANAGERS, MANAGERS, MANAGERS]


def test_between_our_own_day_and_the_law_s_managers_are_called_on_the_last_day_alone() -> None:
    case = a_case("unsubscribe")  # aim 5 November, due 18 November (Veterans Day is no working day)
    assert MANAGERS not in heights(case, POLICY, datetime(2026, 11, 17, 12, tzinfo=UTC))
    found = heights(case, POLICY, datetime(2026, 11, 19, 12, tzinfo=UTC))
    assert found[-2:] == [MANAGERS, MANAGERS], "before it is broken, and after"
    assert found.count(MANAGERS) == 2


def test_where_the_law_ends_on_a_free_day_the_working_day_before_calls_the_managers() -> None:
    case = a_case("unsubscribe")
    due = replace(case.requests[0].due, due_on=date(2026, 11, 15))  # a Sunday
    case = replace(case, requests=(replace(case.requests[0], due=due),))
    assert MANAGERS not in heights(case, POLICY, datetime(2026, 11, 12, 12, tzinfo=UTC))
    assert heights(case, POLICY, datetime(2026, 11, 13, 12, tzinfo=UTC))[-1] == MANAGERS


def test_the_ladder_is_a_setting() -> None:
    policy = Policy(reminders=(7, 3))
    case = replace(a_case(), remind_at=next_remind_at(a_case(), policy, TUESDAY))
    until = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert heights(case, policy, until) == [BACKUP, MANAGERS]
    assert case.remind_at == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("America/New_York", "2026-11-20T09:00:00+00:00", "2026-11-20T14:00:00+00:00"),
        ("America/New_York", "2026-11-20T15:00:00+00:00", None),
        ("Europe/London", "2026-11-20T18:00:00+00:00", "2026-11-23T09:00:00+00:00"),
        ("Europe/London", "2026-11-21T03:00:00+00:00", "2026-11-23T09:00:00+00:00"),
        # Thanksgiving is no working day there
        ("America/New_York", "2026-11-26T15:00:00+00:00", "2026-11-27T14:00:00+00:00"),
        # the date would pass meanwhile
        ("Europe/London", "2026-12-01T18:30:00+00:00", None),
    ],
)
def test_people_are_spoken_to_in_their_own_hours(zone: str, now: str, expected: str | None) -> None:
    found = put_off(a_case(), POLICY, datetime.fromisoformat(now), Hours(timezone=zone))
    assert found == (datetime.fromisoformat(expected) if expected else None)


def test_out_of_hours_a_last_day_is_urgent() -> None:
    evening = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
    assert urgent(a_case(), POLICY, evening, LONDON)
    assert not urgent(a_case(), POLICY, evening - timedelta(hours=4), LONDON)
    assert not urgent(a_case(), POLICY, evening - timedelta(days=1), LONDON)


# --- the receipt to be confirmed by hand ----------------------------------------------------


def unconfirmed_case(kind: str, *laws: str) -> Case:
    case = a_case(kind)
    regimes = tuple(Candidate(regime=law) for law in laws)
    request = replace(case.requests[0], regimes=regimes)
    return replace(
        case,
        requests=(request,),
        acknowledgement="withheld: it was forged; by hand until 05 Nov 2026 (desk rule)",
    )


def confirmations(case: Case, until: datetime) -> list[datetime]:
    found, now = [], TUESDAY
    while (at := next_remind_at(case, POLICY, now)) is not None and at <= until:
        rung = next_rung(replace(case, remind_at=at), POLICY, at)
        assert rung is not None
        found += [at for name in rung.climbed if name.startswith(CONFIRM)]
        case, now = replace(case, reminded=(*case.reminded, *rung.climbed)), at
    return found


def test_a_receipt_to_be_confirmed_by_hand_has_days_of_its_own() -> None:
    december = datetime(2026, 12, 1, 12, tzinfo=UTC)
    ours = datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert confirmations(unconfirmed_case("access", "uk_gdpr"), december) == [ours]
    # California: 10 business days, Veterans Day is none
    law = datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert confirmations(unconfirmed_case("access", "ccpa"), december) == [ours, law]
    assert confirm_by(unconfirmed_case("access", "ccpa")) == (law.date(), "CCPA")
    assert confirm_by(unconfirmed_case("complaint", "uk_gdpr")) == (date(2026, 12, 3), "UK GDPR")
    assert confirm_by(unconfirmed_case("question", "ccpa", "uk_gdpr")) is None


def test_once_a_letter_went_out_nothing_is_left_to_confirm() -> None:
    case = unconfirmed_case("access", "ccpa")
    sent = LetterState(id="1", template="plain", status=OutboxStatus.SENT, by="U01ANA", at=TUESDAY)
    assert confirmations(replace(case, letters=(sent,)), datetime(2026, 12, 1, tzinfo=UTC)) == []
    back = replace(sent, bounced=True)
    assert confirmations(replace(case, letters=(back,)), datetime(2026, 12, 1, tzinfo=UTC)) != []


async def test_the_hours_of_who_has_the_case_are_known_from_their_clicks(bench: Bench) -> None:
    far = replace(ANA, timezone="America/New_York")
    case = await bench.case("access")
    await bench.click(case, "claim", far)
    assert await bench.desk.remind(datetime(2026, 11, 20, 9, tzinfo=UTC)) == 0
    assert await bench.desk.remind(datetime(2026, 11, 20, 14, tzinfo=UTC)) == 1
    assert len(await bench.outbox(case, DirectMessage)) == 1


# --- what comes in the same hour ------------------------------------------------------------

RUNG = datetime(2026, 11, 20, 9, tzinfo=UTC)  # ten days before the day to aim for, 1 December


async def test_a_proposal_swallows_no_reminder_of_the_same_hour(bench: Bench) -> None:
    """After a downtime both have come."""
    case = await bench.case("access")
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value="access")
    form = {"template": "identity", "body": "Please reply from the address you used."}
    answer = await bench.click(await bench.fresh(case), "reply", request=1, form=form)
    await bench.click(await bench.fresh(case), "send", value=answer.letter)
    await bench.deliver(case, TUESDAY + timedelta(minutes=2))
    await bench.desk.remind(RUNG)
    told = [message.content.text for message in await bench.outbox(case, DirectMessage)]
    assert len([text for text in told if "No proof came yet" in text]) == 1
    assert len([text for text in told if "Due in 11 days" in text]) == 1


async def test_a_step_taken_meanwhile_swallows_no_reminder_that_waits_for_their_hours(
    bench: Bench,
) -> None:
    far = replace(ANA, timezone="America/New_York")
    case = await bench.case("access")
    await bench.click(case, "claim", far)
    assert await bench.desk.remind(RUNG) == 0, "nine there is two in the afternoon here"
    await bench.click(
        await bench.fresh(case), "confirm", far, RUNG + timedelta(hours=1), value="access"
    )
    assert await bench.desk.remind(RUNG + timedelta(hours=5)) == 1


async def test_a_backup_is_called_with_the_last_but_one(tmp_path: Path) -> None:
    async with a_bench(tmp_path, backups={ANA.id: BEN.id}) as bench:
        case = await bench.case("access")
        await bench.click(case, "claim")
        for day, called in ((20, {ANA.id}), (27, {ANA.id, BEN.id})):
            await bench.desk.remind(datetime(2026, 11, day, 9, tzinfo=UTC))
            found = await bench.outbox(case, DirectMessage)
            assert {
                m.content.person for m in found if isinstance(m.content, DirectMessage)
            } == called
        assert await bench.outbox(case, Alarm) == []
        await bench.desk.remind(datetime(2026, 11, 30, 9, tzinfo=UTC))
        assert len(await bench.outbox(case, Alarm)) == 1


async def test_of_a_closed_circle_backup_and_managers_hear_the_date_and_not_what_it_is(
    tmp_path: Path,
) -> None:
    """They may have no key to it; its own thread hears the next step."""
    async with a_bench(tmp_path, backups={GUARD.id: BEN.id}) as bench:
        case = await bench.case("child_data")
        await bench.click(case, "claim", GUARD)
        await bench.desk.remind(datetime(2026, 11, 19, 9, tzinfo=UTC))  # due the day before
        heard = {
            message.content.person: message.content.text
            for message in await bench.outbox(case, DirectMessage)
        }
        (alarm,) = await bench.outbox(case, Alarm)
        (line,) = await bench.outbox(case, ThreadLine)
        assert "Next step" in line.content.text
        assert "Next step" in heard[GUARD.id]
        assert "Overdue by 1 day" in heard[BEN.id]
        assert "Next step" not in heard[BEN.id] + alarm.content.text


async def test_after_the_date_what_is_left_is_a_late_answer(bench: Bench) -> None:
    """No extension after the date, only Send late answer."""
    case = await bench.case("access")
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value="access")
    await bench.desk.remind(datetime(2026, 12, 2, 9, tzinfo=UTC))
    labels = {offer.action: offer.label for offer in (await bench.desk.offers(case.ref))[1]}
    assert labels["reply"] == "Send late answer"
    assert "extend" not in labels


def standing(case: Case) -> Case:
    asked = ClockEvent(type="pause", at=TUESDAY, reason="identity")
    laws = (Candidate(regime="uk_gdpr"),)
    request = replace(case.requests[0], regimes=laws, events=(asked,))
    due = clock(request, case.received_at)
    return replace(case, requests=(replace(request, due=due),))


def test_a_clock_that_stands_calls_no_manager_and_is_never_urgent() -> None:
    case = standing(a_case())
    case = replace(case, remind_at=next_remind_at(case, POLICY, TUESDAY))
    found = heights(case, POLICY, datetime(2026, 12, 12, 12, tzinfo=UTC))
    assert len(found) > 6
    assert MANAGERS not in found[4:], "the date as if nothing had been asked binds nobody"
    evening = datetime(2026, 12, 3, 20, tzinfo=UTC)
    assert not urgent(case, POLICY, evening, LONDON)
    assert put_off(case, POLICY, evening, LONDON) is not None


def test_what_stands_is_not_late_and_what_runs_beside_it_may_be() -> None:
    stands = standing(a_case()).requests[0]
    runs = replace(a_case().requests[0], id=2)
    case = replace(a_case(), requests=(stands, runs), reminded=("late@2026-12-10",))
    assert not late(case, stands)
    assert late(case, runs)
    assert case.overdue(date(2026, 12, 2))
    assert not replace(case, requests=(stands,)).overdue(date(2027, 12, 2))
