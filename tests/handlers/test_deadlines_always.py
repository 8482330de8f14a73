"""What must hold for every clock, whatever comes: found by trying, not by example."""

from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from handlers.deadlines import Asked, due, earliest
from handlers.deadlines.places import place_of
from handlers.deadlines.regimes import REGIMES, rule_of
from handlers.deadlines.working_days import is_working_day, local_day
from storage.records import Candidate, ClockEvent

START = datetime(2026, 2, 5, tzinfo=UTC)
moments = some.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: START + timedelta(minutes=minutes)
)
reasons = some.sampled_from(["identity", "authority", "fee", "clarification", "complexity"])
candidates = some.sampled_from(
    [Candidate(regime=regime) for regime in REGIMES] + [Candidate(regime="eu_gdpr", place="DE")]
)


@some.composite
def asked(draw: some.DrawFn, candidate: Candidate) -> Asked:
    received = draw(moments)
    kinds = sorted(REGIMES[candidate.regime].rules)
    later = some.integers(-5 * 24, 150 * 24).map(lambda hours: received + timedelta(hours=hours))
    event = some.builds(
        ClockEvent,
        type=some.sampled_from(["pause", "resume", "restart", "extend"]),
        at=later,
        reason=reasons,
        until=some.none() | later.map(lambda moment: moment.date()),
    )
    return Asked(
        kind=draw(some.sampled_from(kinds)),
        received_at=received,
        events=tuple(draw(some.lists(event, max_size=8))),
    )


hours = some.integers(0, 25 * 24)
clocks = candidates.flatmap(lambda each: some.tuples(some.just(each), asked(each)))


@settings(deadline=None)
@given(clocks)
def test_no_due_date_precedes_the_receipt(clock: tuple[Candidate, Asked]) -> None:
    candidate, given_ = clock
    received = local_day(given_.received_at, place_of(candidate).timezone)
    found = due(given_, candidate)
    assert found.due_on > received
    assert received <= found.aim_on <= found.due_on


@settings(deadline=None)
@given(clocks)
def test_no_due_date_is_a_free_day_where_the_law_rolls_it(clock: tuple[Candidate, Asked]) -> None:
    candidate, given_ = clock
    found = due(given_, candidate)
    if rule_of(candidate.regime, given_.kind).rolls:
        assert is_working_day(found.due_on, place_of(candidate).calendar)
    assert is_working_day(found.aim_on, place_of(candidate).calendar)


@settings(deadline=None)
@given(clocks, some.integers(0, 100 * 24), some.dates())
def test_an_extension_never_shortens(
    clock: tuple[Candidate, Asked], hours: int, until: date
) -> None:
    candidate, given_ = clock
    before = due(given_, candidate)
    at = given_.received_at + timedelta(hours=hours)
    notice = ClockEvent(type="extend", at=at, reason="number", until=until)
    after = due(replace(given_, events=(*given_.events, notice)), candidate)
    if before.stopped is None and after.stopped is None:
        assert after.due_on >= before.due_on


@settings(deadline=None)
@given(clocks)
def test_no_event_shortens_what_would_hold_without_any(clock: tuple[Candidate, Asked]) -> None:
    candidate, given_ = clock
    assert due(given_, candidate).due_on >= due(replace(given_, events=()), candidate).due_on


@settings(deadline=None)
@given(moments, some.lists(hours, min_size=4, max_size=4))
def test_pausing_twice_is_a_union(received: datetime, offsets: list[int]) -> None:
    """Two that overlap, or touch, are the one from the first day to the last."""
    start, middle, again, end = (received + timedelta(hours=each) for each in sorted(offsets))

    def due_on(*spans: tuple[str, datetime, datetime]) -> date:
        asked = [ClockEvent(type="pause", at=since, reason=reason) for reason, since, _ in spans]
        came = [ClockEvent(type="resume", at=until, reason=reason) for reason, _, until in spans]
        given_ = Asked(kind="access", received_at=received, events=(*asked, *came))
        return due(given_, Candidate(regime="eu_gdpr")).due_on

    whole = due_on(("identity", start, end))
    assert due_on(("identity", start, again), ("clarification", middle, end)) == whole
    assert due_on(("identity", start, end), ("clarification", middle, again)) == whole


@settings(deadline=None)
@given(clocks, some.randoms())
def test_events_count_the_same_in_any_order(clock: tuple[Candidate, Asked], dice: Random) -> None:
    candidate, given_ = clock
    events = list(given_.events)
    dice.shuffle(events)
    assert due(replace(given_, events=tuple(events)), candidate) == due(given_, candidate)


@settings(deadline=None)
@given(clocks, some.lists(candidates, max_size=4))
def test_a_further_law_never_moves_a_date_later(
    clock: tuple[Candidate, Asked], others: list[Candidate]
) -> None:
    candidate, given_ = clock
    given_ = replace(given_, events=())
    alone, several = earliest(given_, [candidate]), earliest(given_, [candidate, *others])
    assert several.due_on <= alone.due_on
    assert several.aim_on <= alone.aim_on
