"""Letters a text must hold before a clue's regular expression is worth trying.

Hundreds of clues are looked for in every mail and few can be there: finding plain substrings
first makes a reading some ten times faster. What cannot be told of an expression is left out,
so a clue is at worst tried for nothing and never missed.
"""

import re
from collections.abc import Iterable, Mapping
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Needles = tuple[frozenset[str], ...]


def needles(pattern: str) -> Needles:
    """Sets of substrings: of each set one must be in the (lower-case) text."""
    return tuple(found for found in _of(parser.parse(pattern, re.IGNORECASE)) if _useful(found))


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


class Index:
    """Many needles, found in a text at once by their first three letters."""

    def __init__(self, all_needles: Iterable[Needles]) -> None:
        distinct = {needle for sets in all_needles for found in sets for needle in found}
        self._short = [needle for needle in distinct if len(needle) < 3]
        self._by_start: dict[str, list[str]] = {}
        for needle in distinct:
            if len(needle) >= 3:
                self._by_start.setdefault(needle[:3], []).append(needle)

    def present(self, text: str) -> frozenset[str]:
        """Those of the needles that the text holds."""
        starts = self._by_start.keys() & {text[i : i + 3] for i in range(len(text) - 2)}
        likely = (needle for start in starts for needle in self._by_start[start])
        return frozenset(needle for needle in (*likely, *self._short) if needle in text)


class Signs:
    """Named expressions, for texts in lower case; an answer is the names of those that occur."""

    def __init__(self, expressions: Mapping[str, str]) -> None:
        self._signs = {
            name: (needles(words), re.compile(words)) for name, words in expressions.items()
        }
        self._index = Index(wanted for wanted, _ in self._signs.values())

    def of(self, text: str) -> tuple[str, ...]:
        """The names whose expression the text holds."""
        present = self._index.present(text)
        return tuple(
            name
            for name, (wanted, pattern) in self._signs.items()
            if not any(needed.isdisjoint(present) for needed in wanted) and pattern.search(text)
        )
