"""What a sheet amounts to in the features a model knows: the whole mail, and clause by clause.

One request of several stands in one clause and is lost in the whole; what is said of it in another
clause is lost in that one. So both are weighed, each as a vector whose families have fixed lengths,
however long the text.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intake.classify.features import EACH, FAMILIES, Sheet

Rows = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]
Keys = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]


_SHIFT = 21  # bits of a feature's row below those of its clause
_ROW = (1 << _SHIFT) - 1
_LOUD = 8  # clauses that are looked into for words that say most


class Part(NamedTuple):
    """Distinct features of the mail, or of each of its clauses, and their values."""

    rows: Rows
    values: Values
    starts: Places  #: where each clause begins in `rows`


class Bag(NamedTuple):
    """The features that the model knows."""

    whole: Part
    clauses: Part
    within: Rows  #: for each feature of a clause the same of the mail
    times: Places  #: how often it occurs in the clause
    pairs: Keys  #: clause and row of each in one number, in order
    occurring: Keys  #: and of each occurrence
    first: Rows  #: the words it stands on
    last: Rows

    def spoken(self, whole: Values, clauses: Values, count: int) -> npt.NDArray[np.float64]:
        """What each of so many words says, if each feature says so much: of the clauses that say
        most. Both halves of a pair say half of it."""
        if not len(self.pairs):
            return np.zeros(count)
        often = np.bincount(self.within, self.times, len(whole))
        each = (whole / often)[self.within] + clauses / self.times
        loud = np.add.reduceat(np.maximum(each * self.times, 0.0), self.clauses.starts)
        numbers = self.pairs[self.clauses.starts] >> _SHIFT
        looked = np.zeros(int(numbers[-1]) + 1, np.bool_)
        looked[numbers[np.argsort(-loud, kind="stable")[:_LOUD]]] = True
        here = np.flatnonzero(looked[self.occurring >> _SHIFT])
        half = each[np.searchsorted(self.pairs, self.occurring[here])] / 2.0
        said = np.bincount(self.first[here], half, count) + np.bincount(
            self.last[here], half, count
        )
        return np.asarray(said, np.float64)


class Vocabulary:
    """The features that have a row, and how telling each is (the rarer, the more)."""

    def __init__(
        self, buckets: npt.NDArray[np.uint32], rarity: Values, scales: dict[str, float]
    ) -> None:
        self.buckets = buckets
        self.rarity = rarity
        # Most of what a text holds is unknown: a small table of bits says so before a large one.
        self._known = np.zeros(EACH * len(FAMILIES) // 8, np.uint8)
        np.bitwise_or.at(self._known, buckets >> 3, _bits(buckets))
        self._row = np.zeros(EACH * len(FAMILIES), np.int32)
        self._row[buckets] = np.arange(len(buckets), dtype=np.int32)
        self._family = (buckets // EACH).astype(np.int8)
        self._scales = np.array([scales[family] for family in FAMILIES], np.float32)

    def bag(self, sheet: Sheet) -> Bag:
        """What the sheet has of them."""
        buckets = sheet.buckets
        known = np.flatnonzero(self._known[buckets >> 3] & _bits(buckets))
        first = sheet.first[known]
        clause = np.cumsum(np.diff(sheet.clauses, prepend=sheet.clauses[:1]) > 0)[first]
        occurring = (clause.astype(np.int64) << _SHIFT) | self._row[buckets[known]]
        pairs, times = np.unique(occurring, return_counts=True)
        rows, clauses = (pairs & _ROW).astype(np.int32), pairs >> _SHIFT
        distinct, within = _distinct(rows, len(self.buckets))
        starts = np.flatnonzero(np.diff(clauses, prepend=-1))
        return Bag(
            whole=Part(distinct, self._values(distinct), starts[:1]),
            clauses=Part(rows, self._values(rows, clauses), starts),
            within=within,
            times=times,
            pairs=pairs,
            occurring=occurring,
            first=first,
            last=sheet.last[known],
        )

    def _values(self, rows: Rows, clauses: Keys | None = None) -> Values:
        """Each family of each clause as long as its scale."""
        family, worth = self._family[rows].astype(np.intp), self.rarity[rows]
        group = family if clauses is None else clauses * len(FAMILIES) + family
        lengths = np.sqrt(np.bincount(group, worth * worth))
        values: Values = (self._scales[family] * worth / lengths[group]).astype(np.float32)
        return values


def _bits(buckets: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """The bit of each bucket in its byte."""
    return np.left_shift(np.uint8(1), (buckets & np.uint32(7)).astype(np.uint8))


def _distinct(rows: Rows, count: int) -> tuple[Rows, Rows]:
    """Each of them once, and for each which of those it is; quicker than sorting."""
    held = np.zeros(count, np.bool_)
    held[rows] = True
    distinct = np.flatnonzero(held).astype(np.int32)
    place = np.empty(count, np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[rows]
