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
Values = npt.NDArray[np.float32]


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
    pairs: npt.NDArray[np.int64]  #: clause and feature in one number, in order
    times: Places  #: how often each of them occurs
    occurring: npt.NDArray[np.int64]  #: the pair of each occurrence
    first: Rows  #: and the words it stands on
    last: Rows

    def spoken(self, whole: Values, clauses: Values, count: int) -> npt.NDArray[np.float64]:
        """What each of so many words says, if each feature says so much; both halves of a pair
        say half of it."""
        often = np.bincount(self.within, self.times, len(whole))
        each = (whole / often)[self.within] + clauses / self.times
        half = each[np.searchsorted(self.pairs, self.occurring)] / 2.0
        said = np.bincount(self.first, half, count) + np.bincount(self.last, half, count)
        return np.asarray(said, np.float64)


class Vocabulary:
    """The features that have a row, and how telling each is (the rarer, the more)."""

    def __init__(
        self, buckets: npt.NDArray[np.uint32], rarity: Values, scales: dict[str, float]
    ) -> None:
        self.buckets = buckets
        self.rarity = rarity
        self._row = np.full(EACH * len(FAMILIES), -1, np.int32)
        self._row[buckets] = np.arange(len(buckets), dtype=np.int32)
        self._family = (buckets // EACH).astype(np.intp)
        self._scales = np.array([scales[family] for family in FAMILIES], np.float32)

    def bag(self, sheet: Sheet) -> Bag:
        """What the sheet has of them."""
        rows = self._row[sheet.buckets]
        known = np.flatnonzero(rows >= 0)
        first = sheet.first[known]
        clause = np.cumsum(np.diff(sheet.clauses, prepend=sheet.clauses[:1]) > 0)[first]
        count = max(len(self.buckets), 1)
        occurring = clause.astype(np.int64) * count + rows[known]
        pairs, times = np.unique(occurring, return_counts=True)
        clauses, mine = np.divmod(pairs, count)
        mine = mine.astype(np.int32)
        distinct, within = _distinct(mine, count)
        starts = np.flatnonzero(np.diff(clauses, prepend=-1))
        numbers = np.cumsum(np.diff(clauses, prepend=clauses[:1]) > 0)
        return Bag(
            whole=Part(distinct, self._values(distinct), starts[:1]),
            clauses=Part(mine, self._values(mine, numbers), starts),
            within=within,
            pairs=pairs,
            times=times,
            occurring=occurring,
            first=first,
            last=sheet.last[known],
        )

    def _values(self, rows: Rows, clauses: Places | None = None) -> Values:
        """Each family of each clause as long as its scale."""
        family, worth = self._family[rows], self.rarity[rows]
        group = family if clauses is None else clauses * len(FAMILIES) + family
        lengths = np.sqrt(np.bincount(group, worth * worth))
        values: Values = (self._scales[family] * worth / lengths[group]).astype(np.float32)
        return values


def _distinct(rows: Rows, count: int) -> tuple[Rows, Rows]:
    """Each of them once, and for each which of those it is; quicker than sorting."""
    held = np.zeros(count, np.bool_)
    held[rows] = True
    distinct = np.flatnonzero(held).astype(np.int32)
    place = np.empty(count, np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[rows]
