"""Working hours, absence and who stands in; and who hears of what nobody has taken."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from handlers.deadlines.working_days import Hours, working_moment
from handlers.habits import Habits, filled, form
from handlers.policy import Policy
from storage.records import (
    Case,
    Circle,
    DirectMessage,
    DutyCall,
    OutboxMessage,
    OutboxStatus,
    ThreadLine,
)
from tests.handlers.desks import ANA, BEN, NOW, Bench, a_bench

SAID = {"begins": "10:00", "ends": "16:00", "days": "0 1 2", "away_from": "", "away_until": ""}


@pytest.fixture
async def bench(tmp_path: Path):
    async with a_bench(tmp_path) as made:
        yield made


def test_what_is_filled_in_comes_back_in_the_form() -> None:
    said = SAID | {"away_from": "2026-12-01", "away_until": "2026-12-14", "backup": "U02BEN"}
    made, faults = filled(said, "U01ANA")
    assert faults == {}
    assert (made.begins, made.ends, made.days) == (time(10), time(16), (0, 1, 2))
    assert {field.name: field.initial for field in form(made).fields} == said
    assert made.away(date(2026, 12, 14))
    assert not made.away(date(2026, 12, 15))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"ends": "09:00"}, "ends"),
        ({"days": ""}, "days"),
        ({"away_from": "2026-12-01", "backup": "U02BEN"}, "away_until"),
        (
            {"away_from": "2026-12-09", "away_until": "2026-12-01", "backup": "U02BEN"},
            "away_until",
        ),
        ({"away_from": "2026-12-01", "away_until": "2026-12-02"}, "backup"),
        ({"backup": "U01ANA"}, "backup"),
        ({"backup": "nobody"}, "backup"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(said: dict[str, str], field: str) -> None:
    assert set(filled(SAID | said, "U01ANA")[1]) == {field}


def test_own_hours_are_kept() -> None:
    hours = Hours(timezone="UTC", begins=time(10), ends=time(16), days=(0, 1, 2))
    wednesday = datetime(2026, 11, 4, 16, 1, tzinfo=UTC)
    assert working_moment(wednesday, hours) == datetime(2026, 11, 9, 10, tzinfo=UTC)
    early = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    assert working_moment(early, hours) == datetime(2026, 11, 3, 10, tzinfo=UTC)
    inside = datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert working_moment(inside, hours) == inside


async def ana_has(bench: Bench) -> Case:
    case = await bench.case("access")
    await bench.click(case, "claim")
    return await bench.fresh(case)


def rung_of(case: Case) -> datetime:
    """The first rung: ten days before the day we aim for, at nine."""
    assert case.remind_at is not None
    return case.remind_at


async def called(bench: Bench, case: Case) -> set[str]:
    return {m.content.person for m in await bench.outbox(case, DirectMessage)}


async def test_while_somebody_is_away_their_reminders_go_to_who_stands_in(bench: Bench) -> None:
    case = await ana_has(bench)
    away = Habits(away_from=NOW.date(), away_until=date(2027, 1, 31), backup="U02BEN")
    await bench.desk.keep(ANA, away, NOW)
    while not await bench.desk.remind(rung_of(await bench.fresh(case))):
        pass
    assert await called(bench, case) == {"U01ANA", "U02BEN"}


async def test_the_first_rung_calls_nobody_else_while_they_are_there(bench: Bench) -> None:
    case = await ana_has(bench)
    await bench.desk.keep(ANA, Habits(backup="U02BEN"), NOW)
    while not await bench.desk.remind(rung_of(await bench.fresh(case))):
        pass
    assert await called(bench, case) == {"U01ANA"}


async def test_a_reminder_waits_for_the_hours_somebody_filled_in(bench: Bench) -> None:
    case = await ana_has(bench)
    await bench.desk.keep(ANA, Habits(begins=time(14)), NOW)
    while (at := rung_of(await bench.fresh(case))).hour != 14:
        assert await bench.desk.remind(at) == 0
    assert await bench.desk.remind(at) == 1


async def test_everybody_keeps_their_own_and_the_settings_stand_in_for_none(bench: Bench) -> None:
    bench.desk.policy = Policy(backups={"U01ANA": "U03MAY", "U02BEN": "U03MAY"})
    await bench.desk.keep(BEN, Habits(backup="U01ANA"), NOW)
    assert (await bench.desk.reachable("U01ANA", NOW)).backup == "U03MAY"
    assert (await bench.desk.reachable("U02BEN", NOW)).backup == "U01ANA"


async def duty(bench: Bench) -> list[OutboxMessage]:
    found = await bench.store.messages_with(OutboxStatus.PENDING)
    return [m for m in found if isinstance(m.content, DutyCall)]


async def test_what_nobody_takes_for_a_working_day_goes_to_the_person_on_duty(
    bench: Bench,
) -> None:
    case = await bench.case("access", now=datetime(2026, 11, 6, 20, tzinfo=UTC))
    at = rung_of(case)
    assert at == datetime(2026, 11, 10, 9, tzinfo=UTC), "from Monday morning, a day"
    assert await bench.desk.remind(at) == 1
    (call,) = await duty(bench)
    assert call.content == DutyCall(circle=Circle.STAFF)
    assert await bench.outbox(case, ThreadLine) == [], "the channel is not called"
    assert await bench.desk.remind(at) == 0


async def test_what_comes_at_once_is_one_call_for_each_circle(bench: Bench) -> None:
    cases = [await bench.case(kind) for kind in ("access", "access", "access", "child_data")]
    assert await bench.desk.remind(max(map(rung_of, cases))) == 4
    assert sorted(m.content.circle for m in await duty(bench)) == [Circle.RESTRICTED, Circle.STAFF]


async def test_what_is_taken_in_time_calls_nobody(bench: Bench) -> None:
    case = await bench.case("access")
    at = rung_of(case)
    await bench.click(case, "claim")
    assert await bench.desk.remind(at) == 0
    assert await duty(bench) == []
