"""The lanes against a model that looks at everything each time."""

import random
from datetime import datetime, timedelta

import pytest

from storage.lanes import Lanes, Waiting
from tests.storage.making import MINUTE, NOW

LANES = ("slack:staff", "slack:managers", "mail:PR-2026-0001")


class Model:
    """The rules, said plainly."""

    def __init__(self) -> None:
        self.messages: dict[str, tuple[str, Waiting, datetime | None]] = {}

    def candidates(self, now: datetime) -> set[str]:
        return {found for lane in LANES if (found := self._of_lane(lane, now))}

    def _of_lane(self, lane: str, now: datetime) -> str | None:
        mine = [(w, claim) for name, w, claim in self.messages.values() if name == lane]
        if any(claim is not None and claim > now for _, claim in mine):
            return None
        if any(claim is None and w.attempts and w.send_after > now for w, claim in mine):
            return None
        due = [w for w, _ in mine if w.send_after <= now]
        return min(due).id if due else None


@pytest.mark.parametrize("seed", range(30))
def test_lanes_follow_the_rules(seed: int) -> None:
    chance = random.Random(seed)
    lanes, model, now = Lanes(), Model(), NOW
    for position in range(150):
        _change(chance, lanes, model, now, position)
        candidates = model.candidates(now)
        found = lanes.first(now, lambda _: False)
        assert (found in candidates) if candidates else (found is None)
        next_at = lanes.next_at()
        assert (next_at is None) == (not model.messages)
        if next_at is not None and not candidates:
            assert now < next_at
            assert model.candidates(next_at)
            assert not model.candidates(next_at - timedelta(microseconds=1))
        now += chance.choice((0, 0, 1, 3)) * MINUTE


def _change(
    chance: random.Random, lanes: Lanes, model: Model, now: datetime, position: int
) -> None:
    known = sorted(model.messages)
    if not known or chance.random() < 0.5:
        lane = chance.choice(LANES)
        waiting = Waiting(position, f"{position:03d}", now + chance.randint(-2, 4) * MINUTE, 0)
        claim = None
    else:
        lane, waiting, _ = model.messages[chance.choice(known)]
        if chance.random() < 0.4:
            del model.messages[waiting.id]
            lanes.drop(lane, waiting.id)
            return
        at = now + chance.randint(-2, 4) * MINUTE
        waiting = waiting._replace(send_after=at, attempts=chance.randint(0, 2))
        claim = chance.choice((None, now + 2 * MINUTE))
    model.messages[waiting.id] = (lane, waiting, claim)
    lanes.put(lane, waiting, claim)


def test_the_lane_whose_time_came_first_goes_first() -> None:
    lanes = Lanes()
    for minutes, lane in enumerate(reversed(LANES)):
        lanes.put(lane, Waiting(minutes, lane, NOW + minutes * MINUTE, 0), None)
    assert lanes.first(NOW + 9 * MINUTE, lambda _: False) == LANES[-1]


def test_a_busy_message_keeps_its_place_and_holds_no_other_lane() -> None:
    lanes = Lanes()
    for position, lane in enumerate(LANES):
        lanes.put(lane, Waiting(position, lane, NOW, 0), None)
    assert lanes.first(NOW, lambda key: key == LANES[0]) in LANES[1:]
    assert lanes.first(NOW, lambda _: True) is None
    assert lanes.first(NOW, lambda key: key != LANES[0]) == LANES[0]


def test_a_long_lane_is_not_walked_at_each_turn() -> None:
    looked_at = 0

    class Counted(datetime):
        def __le__(self, other: datetime) -> bool:
            nonlocal looked_at
            looked_at += 1
            return super().__le__(other)

    when = Counted(2026, 11, 2, 9, 0, tzinfo=NOW.tzinfo)
    lanes = Lanes()
    for position in range(2000):
        lanes.put("slack:staff", Waiting(position, f"{position}", when, 0), None)
    for position in range(2000):
        assert lanes.first(NOW, lambda _: False) == f"{position}"
        lanes.drop("slack:staff", f"{position}")
    assert looked_at < 4 * 2000 + 2000  # each moved once, and one look a turn beside
