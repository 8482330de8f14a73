"""Tables of numbers: found by key, changed behind a snapshot's back, loaded as they were."""

import random
from typing import NamedTuple

import pytest

from storage import columns
from storage.columns import Table


class Pair(NamedTuple):
    key: int
    other: int
    value: int


def a_table() -> Table[Pair]:
    return Table("QQI", Pair, 2)


@pytest.fixture(autouse=True)
def small_shelves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "SHELF", 8)


def test_rows_are_found_by_each_key_newest_first() -> None:
    table = a_table()
    rows = [Pair(number, number % 3 + 1, number * 10) for number in range(1, 41)]
    for row in rows:
        table.add(row)
    assert [table.first(0, row.key) for row in rows] == rows
    assert table.rows(1, 2) == [row for row in reversed(rows) if row.other == 2]
    assert table.first(0, 41) is None
    assert table.rows(1, 0) == []
    assert list(table) == rows
    assert len(table) == 40


def test_what_is_dropped_is_gone_and_the_rest_is_where_it_was() -> None:
    table = a_table()
    for number in range(1, 21):
        table.add(Pair(number, 1, 0))
    for number in range(1, 21, 2):
        for found in table.find(0, number):
            table.drop(found)
    assert [row.key for row in table] == list(range(2, 21, 2))
    assert len(table.find(1, 1)) == len(table) == 10
    assert table.find(0, 3) == []


def test_a_key_that_is_taken_away_finds_nothing_and_the_other_still_does() -> None:
    table = a_table()
    table.add(Pair(5, 6, 7))
    table.put(table.find(0, 5)[0], Pair(5, 0, 7))
    assert table.rows(1, 6) == []
    assert table.first(0, 5) == Pair(5, 0, 7)


def test_a_held_table_stays_as_it_was() -> None:
    table = a_table()
    for number in range(1, 13):
        table.add(Pair(number, 1, 0))
    held, before = table.held(), list(table)
    reading = held.fields("Q")
    next(reading)
    table.add(Pair(13, 1, 0))
    table.drop(table.find(0, 1)[0])
    table.put(table.find(0, 2)[0], Pair(2, 1, 99))
    assert list(held) == before
    assert [row.key for row in table] == list(range(2, 14))
    assert table.first(0, 2) == Pair(2, 1, 99)
    assert [key for (key,) in reading] == list(range(2, 13))


def test_a_shelf_without_rows_is_let_go() -> None:
    table = a_table()
    for number in range(1, 25):
        table.add(Pair(number, 1, 0))
    for number in range(1, 17):
        table.drop(table.find(0, number)[0])
    assert len(list(table.held().written())) == 1
    assert [row.key for row in table] == list(range(17, 25))


def test_a_table_is_loaded_as_it_was_written() -> None:
    chance, table = random.Random(5), a_table()
    for _ in range(100):
        table.add(Pair(chance.randrange(1, 40), chance.randrange(1, 40), chance.randrange(100)))
        if chance.random() < 0.3 and (found := table.find(0, chance.randrange(1, 40))):
            table.drop(found[0])
    again = a_table()
    for shelf in table.held().written():
        again.take(*shelf)
    assert list(again) == list(table)
    assert len(again) == len(table)
    for key in range(1, 40):
        assert again.rows(0, key) == table.rows(0, key)
        assert again.rows(1, key) == table.rows(1, key)
    again.add(Pair(1, 1, 1))
    assert again.first(0, 1) == Pair(1, 1, 1)


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_half_a_shelf_is_none(cut: int) -> None:
    table = a_table()
    table.add(Pair(1, 1, 1))
    rows, alive, data = next(table.held().written())
    with pytest.raises(ValueError, match=r"shelf|bytes length"):
        a_table().take(rows, alive, data[:-cut])
    with pytest.raises(ValueError, match=r"shelf|bytes length"):
        a_table().take(rows, alive, data + b"x" * cut)
