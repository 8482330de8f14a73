"""What must hold for every clock, whatever comes: found by trying, not by example.

Each is tried for each of the twenty regimes: a fault of one law alone would drown among the others.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from handlers.deadlines import Asked, due, earliest
from handlers.deadlines.places import place_of
from handlers.deadlines.regimes import REGIMES, rule_of
from handlers.deadlines.working_days import is_working_day, local_day
from storage.records import Candidate, ClockEvent

START = datetime(2026, 2, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
moments = some.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: START + timedelta(minutes=minutes)
)
EVERY = [*(Candidate(regime=name) for name in REGIMES), Candidate(regime="eu_gdpr", place="DE")]
each_regime = pytest.mark.parametrize("law", EVERY, ids=lambda law: law.regime + law.place)
#: with a pause, in any of its forms
PAUSING = ("eu_gdpr", "uk_gdpr")


def tried(examples: int) -> settings:
    return settings(deadline=None, max_examples=examples)


@some.composite
def asked(draw: some.DrawFn, law: Candidate) -> Asked:
    """A request, and what may have happened to its clock: few moments, so that many are the same.

    A question and its answer as often as one without the other.
    """
    received = draw(moments)
    later = some.one_of(
        some.integers(-2, 12).map(lambda weeks: received + timedelta(weeks=weeks)),
        some.integers(-5 * 24, 150 * 24).map(lambda hours: received + hours * HOUR),
    )
    event = some.builds(
        ClockEvent,
        type=some.sampled_from(["pause", "resume", "restart", "extend"]),
        at=later,
        reason=some.sampled_from(["identity", "authority", "fee", "clarification"]),
        until=some.none() | later.map(lambda moment: moment.date()),
    )
    events = draw(some.lists(event, max_size=8))
    for question in [each for each in events if each.type == "pause"][:2]:
        events.append(replace(question, type="resume", at=draw(later)))
    return Asked(
        kind=draw(some.sampled_from(sorted(REGIMES[law.regime].rules))),
        received_at=received,
        events=tuple(events),
    )


@each_regime
@tried(30)
@given(data=some.data())
def test_no_due_date_precedes_the_receipt(law: Candidate, data: some.DataObject) -> None:
    clock = data.draw(asked(law))
    received = local_day(clock.received_at, place_of(law).timezone)
    found = due(clock, law)
    assert found.due_on > received
    assert received <= found.aim_on <= found.due_on


@each_regime
@tried(30)
@given(data=some.data())
def test_no_due_date_is_a_free_day_where_the_law_rolls_it(
    law: Candidate, data: some.DataObject
) -> None:
    clock = data.draw(asked(law))
    found = due(clock, law)
    if rule_of(law.regime, clock.kind).rolls:
        assert is_working_day(found.due_on, place_of(law).calendar)
    assert is_working_day(found.aim_on, place_of(law).calendar)


@each_regime
@tried(40)
@given(data=some.data())
def test_an_extension_never_shortens(law: Candidate, data: some.DataObject) -> None:
    clock = data.draw(asked(law))
    at = clock.received_at + data.draw(some.integers(0, 60 * 24)) * HOUR
    until = data.draw(some.dates(date(2026, 1, 1), date(2029, 1, 1)))
    notice = ClockEvent(type="extend", at=at, reason="number", until=until)
    before = due(clock, law)
    after = due(replace(clock, events=(*clock.events, notice)), law)
    if before.stopped is None and after.stopped is None:
        assert after.due_on >= before.due_on


@each_regime
@tried(30)
@given(data=some.data())
def test_a_notice_after_the_date_moves_nothing(law: Candidate, data: some.DataObject) -> None:
    clock = data.draw(asked(law))
    clock = replace(clock, events=tuple(e for e in clock.events if e.type == "extend"))
    last = due(clock, law).due_on
    at = datetime.combine(last, datetime.min.time(), tzinfo=UTC) + timedelta(days=2)
    notice = ClockEvent(type="extend", at=at, reason="number", until=last + timedelta(days=30))
    assert due(replace(clock, events=(*clock.events, notice)), law).due_on == last


@each_regime
@tried(40)
@given(data=some.data())
def test_no_event_shortens_what_would_hold_without_any(
    law: Candidate, data: some.DataObject
) -> None:
    clock = data.draw(asked(law))
    assert due(clock, law).due_on >= due(replace(clock, events=()), law).due_on


@pytest.mark.parametrize("regime", PAUSING)
@tried(100)
@given(
    received=moments,
    offsets=some.lists(some.integers(0, 25 * 24), min_size=4, max_size=4),
    reasons=some.permutations(["identity", "clarification", "authority"]),
)
def test_pausing_twice_is_a_union(
    regime: str, received: datetime, offsets: list[int], reasons: list[str]
) -> None:
    """Two that overlap, or touch, are the one from the first day to the last."""
    start, middle, again, end = (received + offset * HOUR for offset in sorted(offsets))
    first, second = ("clarification",) * 2 if regime == "uk_gdpr" else reasons[:2]

    def due_on(*spans: tuple[str, datetime, datetime]) -> date:
        asks = [ClockEvent(type="pause", at=since, reason=reason) for reason, since, _ in spans]
        came = [ClockEvent(type="resume", at=until, reason=reason) for reason, _, until in spans]
        clock = Asked(kind="access", received_at=received, events=(*asks, *came))
        return due(clock, Candidate(regime=regime)).due_on

    soon, end = middle + timedelta(minutes=1), end + HOUR  # asked again as soon as it was answered
    whole = due_on((first, start, end))
    assert due_on((first, start, middle), (first, soon, end)) == whole
    if first != second:  # asked twice for the same, the first answer ends both
        assert due_on((first, start, again), (second, middle, end)) == whole
        assert due_on((first, start, end), (second, middle, again)) == whole


@each_regime
@tried(40)
@given(data=some.data())
def test_events_count_the_same_in_any_order(law: Candidate, data: some.DataObject) -> None:
    clock = data.draw(asked(law))
    shuffled = tuple(data.draw(some.permutations(clock.events)))
    assert due(replace(clock, events=shuffled), law) == due(clock, law)


@each_regime
@tried(20)
@given(data=some.data())
def test_the_same_event_told_twice_counts_once(law: Candidate, data: some.DataObject) -> None:
    clock = data.draw(asked(law))
    assert due(replace(clock, events=clock.events * 2), law) == due(clock, law)


@each_regime
@tried(30)
@given(data=some.data(), others=some.lists(some.sampled_from(EVERY), max_size=4))
def test_a_further_law_never_moves_a_date_later(
    law: Candidate, data: some.DataObject, others: list[Candidate]
) -> None:
    clock = replace(data.draw(asked(law)), events=())
    alone, several = earliest(clock, [law]), earliest(clock, [law, *others])
    assert several.due_on <= alone.due_on
    assert several.aim_on <= alone.aim_on
