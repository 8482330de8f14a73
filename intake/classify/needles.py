"""Letters a text must hold before a clue's regular expression is worth trying.

Hundreds of clues are looked for in every mail and few can be there: finding plain substrings
first makes a reading some ten times faster. What cannot be told of an expression is left out,
so a clue is at worst tried for nothing and never missed.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from itertools import chain
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Held = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint32]
Needles = tuple[frozenset[str], ...]

_HASHES = 1 << 16
_PIECES = 4  # of a needle that are looked up before the needle itself


def needles(pattern: str) -> Needles:
    """Sets of substrings: of each set one must be in the (lower-case) text."""
    return studied(pattern)[0]


def reach(pattern: str) -> int | None:
    """How many characters a match can be long, with what it looks ahead for; None = any number."""
    return studied(pattern)[1]


def studied(pattern: str) -> tuple[Needles, int | None]:
    """Needles and reach of an expression, which is parsed once for both."""
    parsed = parser.parse(pattern, re.IGNORECASE)
    wanted = tuple(found for found in _of(parsed) if _useful(found))
    if "$" in pattern or "\\Z" in pattern:
        return wanted, None
    longest = int(parsed.getwidth()[1])
    ahead = 80 if "(?!" in pattern or "(?=" in pattern else 1  # getwidth() knows no look-ahead
    return wanted, None if longest > 400 else longest + ahead


def _useful(found: frozenset[str]) -> bool:
    return min(map(len, found)) >= 2


def _of(sequence: Any) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []
    run = ""
    for what, detail in sequence:
        if what is op.LITERAL:
            run += chr(detail).lower()
            continue
        if run:
            found.append(frozenset((run,)))
            run = ""
        found += _inside(what, detail)
    return [*found, frozenset((run,))] if run else found


def _inside(what: Any, detail: Any) -> list[frozenset[str]]:
    if what is op.SUBPATTERN:
        return _of(detail[3])
    if what in {op.MAX_REPEAT, op.MIN_REPEAT} and detail[0] >= 1:
        return _of(detail[2])
    if what is op.BRANCH:
        return _either(detail[1])
    return []


def _either(branches: Any) -> list[frozenset[str]]:
    """One needle set for an alternation: the best of each branch, together."""
    together: set[str] = set()
    for branch in branches:
        sets = _of(branch)
        if not sets:
            return []
        together |= max(sets, key=lambda found: (min(map(len, found)), -len(found)))
    return [frozenset(together)]


class Words:
    """A text in lower case, ready for many look-ups."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.present: dict[Index, frozenset[str]] = {}
        self._places: dict[str, list[int]] = {}

    @cached_property
    def trios(self) -> Held:
        """Which hashes its runs of three characters have."""
        held = np.zeros(_HASHES, np.bool_)
        held[_trios(self.text)] = True
        return held

    def places(self, needle: str) -> list[int]:
        """Where a substring stands, first to last."""
        found = self._places.get(needle)
        if found is None:
            found = self._places[needle] = []
            place = self.text.find(needle)
            while place >= 0:
                found.append(place)
                place = self.text.find(needle, place + 1)
        return found


def _trios(text: str) -> Hashes:
    """A small hash of each three characters in a row."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")
    first, second, third = codes[:-2], codes[1:-1], codes[2:]
    mixed: Hashes = (first * np.uint32(961) + second * np.uint32(31) + third) * np.uint32(
        0x9E3779B1
    )
    mixed >>= np.uint32(16)
    return mixed


class Index:
    """Many needles, found in a text at once by the three-letter pieces they consist of."""

    def __init__(self, all_needles: Iterable[Needles]) -> None:
        distinct = {needle for sets in all_needles for found in sets for needle in found}
        self._short = [needle for needle in distinct if len(needle) < 3]
        self._long = [needle for needle in distinct if len(needle) >= 3]
        #: a needle to a row; a short one's row is filled up with its own first piece
        rows = [np.resize(_trios(needle), _PIECES) for needle in self._long]
        self._pieces = np.array(rows, np.uint32).reshape(-1, _PIECES)

    def present(self, words: Words) -> frozenset[str]:
        """Those of the needles that the text holds."""
        if self not in words.present:
            words.present[self] = frozenset(self._present(words))
        return words.present[self]

    def _present(self, words: Words) -> Iterator[str]:
        text = words.text
        likely = np.flatnonzero(words.trios[self._pieces].all(axis=1)).tolist()
        yield from (needle for at in likely if (needle := self._long[at]) in text)
        yield from (needle for needle in self._short if needle in text)


def stretches(
    wanted: Needles, present: frozenset[str], words: Words, distance: int
) -> list[tuple[int, int]]:
    """Where one of each set stands within `distance` of one of the rarest set; [] = nowhere."""
    held = [[words.places(needle) for needle in found & present] for found in wanted]
    held.sort(key=lambda places: sum(map(len, places)))
    rarest, *others = held
    merged: list[tuple[int, int]] = []
    for place in sorted(chain.from_iterable(rarest)):
        start, end = max(place - distance, 0), place + distance
        if all(any(_within(places, start, end) for places in other) for other in others):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
    return merged


def _within(places: list[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at < len(places) and places[at] <= end


#: a word's ending, as long as it likes
_ENDLESS = re.compile(r"(\\w)[*+]")
_SLACK = 60  # characters for such an ending, and what is looked for behind it


class _Sign(NamedTuple):
    """One expression; `reach` is how far apart its needles may stand, None = any distance."""

    wanted: Needles
    reach: int | None
    pattern: str

    def stands_in(self, words: Words, present: frozenset[str]) -> bool:
        if any(map(present.isdisjoint, self.wanted)):
            return False
        expression = _compiled(self.pattern)
        if not self.wanted or self.reach is None:
            return expression.search(words.text) is not None
        return any(
            expression.search(words.text, start, end + _SLACK)
            for start, end in stretches(self.wanted, present, words, self.reach)
        )


class Signs:
    """Named expressions, for texts in lower case; an answer is the names of those that occur.

    Each is taken as its alternatives, looked for one by one: few of them can be there.
    """

    def __init__(self, expressions: Mapping[str, str], around: str = "{}") -> None:
        self._names = tuple(expressions)
        signs = [
            (name, _sign(one, around))
            for name, words in expressions.items()
            for one in alternatives(words)
        ]
        self._index = Index(sign.wanted for _, sign in signs)
        self._always = [(name, sign) for name, sign in signs if not sign.wanted]
        self._by_needle: dict[str, list[tuple[str, _Sign]]] = {}
        for name, sign in signs:
            for needle in sign.wanted[0] if sign.wanted else ():
                self._by_needle.setdefault(needle, []).append((name, sign))

    def of(self, words: Words) -> tuple[str, ...]:
        """The names whose expression the text holds."""
        present = self._index.present(words)
        likely = [self._always, *(self._by_needle.get(needle, ()) for needle in present)]
        found: set[str] = set()
        for name, sign in chain.from_iterable(likely):
            if name not in found and sign.stands_in(words, present):
                found.add(name)
        return tuple(name for name in self._names if name in found)


def _sign(expression: str, around: str) -> _Sign:
    wanted, distance = studied(_ENDLESS.sub(r"\1{0,30}", expression))
    return _Sign(wanted, distance, around.replace("{}", f"(?:{expression})"))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """When it is first needed: most never are."""
    return re.compile(pattern)


def alternatives(pattern: str) -> list[str]:
    """What an expression offers to choose from, outermost: "a|(b|c)" are "a" and "(b|c)"."""
    depth, found, start = 0, [], 0
    for mark in re.finditer(r"\\.|\[[^]]*\]|[()|]", pattern):
        depth += {"(": 1, ")": -1}.get(mark.group(), 0)
        if mark.group() == "|" and not depth:
            found.append(pattern[start : mark.start()])
            start = mark.end()
    return [*found, pattern[start:]]
