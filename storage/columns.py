"""Tables of plain numbers: what memory keeps of very many things, in bytes instead of objects.

Rows of one fixed shape stand on shelves of 8,192. The first fields of a row are its keys. A shelf
finds the rows of a key through buckets, so that nothing is ever sorted or built anew: a row is
added and found in microseconds, costs its own bytes and two more for each key (with the buckets
four), and a shelf is loaded as it was written.
"""

from array import array
from collections.abc import Callable, Iterator
from itertools import chain
from struct import Struct
from typing import Generic, NamedTuple, TypeVar

SHELF = 8192  #: rows on a shelf, and buckets of each key; a row's number must fit in two bytes
_KEY_BYTES = 8

Row = TypeVar("Row", bound=tuple[int | bytes, ...])


class _Chains(NamedTuple):
    """Of one key: the newest row of each bucket, and for each row the next one; 0 = none."""

    heads: "array[int]"
    nexts: "array[int]"

    def copy(self) -> "_Chains":
        return _Chains(self.heads[:], self.nexts[:])


class Shelf:
    """Some thousand rows. Once it is held for a snapshot it never changes; a copy does."""

    __slots__ = ("alive", "chains", "held", "rows")

    def __init__(self, rows: bytearray, chains: list[_Chains], alive: int) -> None:
        self.rows = rows
        self.chains = chains
        self.alive = alive
        self.held = False

    def copy(self) -> "Shelf":
        return Shelf(self.rows[:], [each.copy() for each in self.chains], self.alive)

    def written(self) -> bytes:
        """As `Table.take` reads it."""
        tables = (part.tobytes() for each in self.chains for part in each)
        return b"".join((bytes(self.rows), *tables))


class Table(Generic[Row]):
    """Rows of one shape. A number names a row until the next await, no longer."""

    def __init__(self, shape: str, make: Callable[..., Row], keys: int) -> None:
        """`shape` as `struct` has it, beginning with `keys` keys (Q); a key of 0 finds nothing."""
        self._of = (shape, make, keys)
        self._shape = Struct(f"<{shape}")
        self._make = make
        self._keys = keys
        self._shelves: list[Shelf] = []

    def __len__(self) -> int:
        return sum(shelf.alive for shelf in self._shelves)

    def __iter__(self) -> Iterator[Row]:
        """Rows that are not dropped. Read them at once, or from a table that is held."""
        for row in self.fields(self._of[0]):
            if row[0]:
                yield self._make(*row)

    def fields(self, shape: str) -> Iterator[tuple[int, ...]]:
        """Some fields of all rows, dropped ones too (as zeros): `x` in the shape skips a byte.

        Read them at once, or from a table that is held: bytes that are read must not move.
        """
        rest = self._shape.size - Struct(f"<{shape}").size
        some = Struct(f"<{shape}{rest}x")
        return chain.from_iterable(some.iter_unpack(shelf.rows) for shelf in self._shelves)

    def shelves(self) -> Iterator["Table[Row]"]:
        """Each shelf as a table of its own, so that a table that is held is read in turns."""
        for shelf in self._shelves:
            one = Table(*self._of)
            one._shelves = [shelf]
            yield one

    # --- one row ----------------------------------------------------------------------------

    def find(self, key: int, value: int) -> list[int]:
        """Numbers of the rows whose key of that place has this value, newest first."""
        found: list[int] = []
        for number in range(len(self._shelves) - 1, -1, -1):
            shelf = self._shelves[number]
            heads, nexts = shelf.chains[key]
            at = heads[value % SHELF]
            while at:
                if self._key(shelf, at - 1, key) == value:
                    found.append(number * SHELF + at - 1)
                at = nexts[at - 1]
        return found if value else []

    def row(self, number: int) -> Row:
        shelf, at = self._shelves[number // SHELF], number % SHELF
        return self._make(*self._shape.unpack_from(shelf.rows, at * self._shape.size))

    def first(self, key: int, value: int) -> Row | None:
        """The newest row under a key."""
        found = self.find(key, value)
        return self.row(found[0]) if found else None

    def rows(self, key: int, value: int) -> list[Row]:
        """All rows under a key, newest first."""
        return [self.row(number) for number in self.find(key, value)]

    def add(self, row: Row) -> None:
        if not self._shelves or len(self._shelves[-1].rows) == SHELF * self._shape.size:
            self._shelves.append(self._empty())
        shelf = self._own(len(self._shelves) - 1)
        shelf.rows += self._shape.pack(*row)
        shelf.alive += 1
        number = len(shelf.rows) // self._shape.size
        for value, (heads, nexts) in zip(row, shelf.chains, strict=False):
            bucket = int(value) % SHELF
            nexts.append(heads[bucket])
            heads[bucket] = number

    def put(self, number: int, row: Row) -> None:
        """Change a row; of its keys, some may become 0."""
        shelf = self._own(number // SHELF)
        self._shape.pack_into(shelf.rows, number % SHELF * self._shape.size, *row)

    def drop(self, number: int) -> None:
        shelf = self._own(number // SHELF)
        start = number % SHELF * self._shape.size
        shelf.rows[start : start + self._shape.size] = bytes(self._shape.size)
        shelf.alive -= 1

    def _key(self, shelf: Shelf, at: int, key: int) -> int:
        start = at * self._shape.size + key * _KEY_BYTES
        return int.from_bytes(shelf.rows[start : start + _KEY_BYTES], "little")

    # --- snapshots --------------------------------------------------------------------------

    def held(self) -> "Table[Row]":
        """As it is now, and stays, whatever becomes of this one; empty shelves are let go."""
        self._shelves = [shelf for shelf in self._shelves if shelf.alive]
        for shelf in self._shelves:
            shelf.held = True
        one = Table(*self._of)
        one._shelves = list(self._shelves)
        return one

    def written(self) -> Iterator[tuple[int, int, bytes]]:
        """How many rows a shelf has, how many count, and the shelf."""
        for shelf in self._shelves:
            yield len(shelf.rows) // self._shape.size, shelf.alive, shelf.written()

    def take(self, rows: int, alive: int, data: bytes) -> None:
        """Add a shelf as it was written. Raises ValueError."""
        view, end = memoryview(data), rows * self._shape.size
        shelf = Shelf(bytearray(view[:end]), [], alive)
        for _ in range(self._keys):
            heads, nexts = array("H"), array("H")
            for part, count in ((heads, SHELF), (nexts, rows)):
                part.frombytes(view[end : end + 2 * count])
                end += 2 * count
            shelf.chains.append(_Chains(heads, nexts))
        if end != len(data) or any(len(each.nexts) != rows for each in shelf.chains):
            raise ValueError("not a shelf of this table")
        self._shelves.append(shelf)

    def _empty(self) -> Shelf:
        empty = [_Chains(array("H", bytes(2 * SHELF)), array("H")) for _ in range(self._keys)]
        return Shelf(bytearray(), empty, 0)

    def _own(self, number: int) -> Shelf:
        """The shelf, to be changed: a copy of it when a snapshot holds it."""
        shelf = self._shelves[number]
        if shelf.held:
            shelf = self._shelves[number] = shelf.copy()
        return shelf
