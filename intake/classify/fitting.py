"""Weights for features: two linear support vector machines for each word of the glossary.

One learns from whole mails. The other learns from clauses, of which nobody has said what they ask:
of a mail that asks for a kind the clause counts that the first machine finds likeliest; of a mail
that does not, every clause counts against it (multiple-instance learning, Andrews et al. 2002).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.svm import LinearSVC

from intake.classify.bag import Bag, Part, Vocabulary
from intake.classify.deciding import NOT_A_REQUEST, WORDS
from intake.classify.lesson import Lesson, Truths
from intake.classify.model import Calibration, Head, Model

Floats = npt.NDArray[np.float64]

_SCALES = {"pieces": 1.0, "words": 1.0, "ideas": 0.8, "phrases": 0.6}
_STRENGTH = 1.0  # of the fit against that of the penalty (scikit-learn's C), for mails
_STRENGTH_OF_CLAUSES = 0.5
_PLAIN = 3.0  # times as much counts a mail that says what it asks: most of a desk's mail does
_VOICES = 5  # that must use a feature before it counts: one person's habit is nobody's rule


class _Table(NamedTuple):
    """Vectors as rows, and the mail that each is of."""

    vectors: sparse.csr_matrix
    mail: npt.NDArray[np.intp]


def fitted(lesson: Lesson) -> Model:
    """A model that is not calibrated yet. Raises ValueError where all or no mail asks a word."""
    vocabulary = _vocabulary(lesson)
    bags = [vocabulary.bag(sheet) for sheet in lesson.sheets]
    names = tuple(sorted({name for sheet in lesson.sheets for name in sheet.amounts}))
    worth = np.where(lesson.plain, _PLAIN, 1.0)
    mails = _mails(lesson, bags, names, len(vocabulary.buckets))
    whole = np.stack([_fit(mails, lesson.asked[:, at], worth, _STRENGTH) for at in _PLACES], axis=1)
    clauses = _clauses(lesson, bags, whole, worth, len(vocabulary.buckets))
    head = Head(
        corpus="",
        labels=WORDS,
        amounts=names,
        scales=_SCALES,
        calibration=dict.fromkeys(WORDS, Calibration(slopes=(1.0, 0.0, 0.0), offset=0.0)),
        exact=Calibration(slopes=(1.0,), offset=0.0),
        rows=len(vocabulary.buckets),
    )
    return Model(head, vocabulary, np.hstack([whole, clauses]).astype(np.float32))


_PLACES = range(len(WORDS))


def _fit(table: sparse.csr_matrix, asked: Truths, worth: Floats, strength: float) -> Floats:
    """The weights of one word and its intercept."""
    machine = LinearSVC(C=strength, random_state=0, tol=1e-3, max_iter=5000)
    machine.fit(table, asked, sample_weight=worth)
    weights: Floats = np.append(machine.coef_[0], machine.intercept_)
    return weights


def _vocabulary(lesson: Lesson) -> Vocabulary:
    """Features that enough voices use, and how rare they are."""
    each = [np.unique(sheet.buckets).astype(np.int64) for sheet in lesson.sheets]
    every = np.concatenate(each)
    voices = np.repeat(lesson.voices, [len(buckets) for buckets in each])
    pairs = np.unique(every * (1 + lesson.voices.max()) + voices)
    buckets, count = np.unique(pairs // (1 + lesson.voices.max()), return_counts=True)
    kept = buckets[count >= _VOICES]
    found, counts = np.unique(every, return_counts=True)
    mails = counts[np.searchsorted(found, kept)]
    order = np.argsort(-mails, kind="stable")  # what is needed together lies together
    kept, mails = kept[order], mails[order]
    rarity = np.sqrt(np.log((1 + len(each)) / mails))
    return Vocabulary(kept.astype(np.uint32), rarity.astype(np.float32), _SCALES)


def _mails(
    lesson: Lesson, bags: Sequence[Bag], names: Sequence[str], features: int
) -> sparse.csr_matrix:
    """Whole mails: their features, and what is counted in them."""
    counted = [[sheet.amounts.get(name, 0.0) for name in names] for sheet in lesson.sheets]
    vectors = _stacked([bag.whole for bag in bags], features).vectors
    return sparse.hstack([vectors, sparse.csr_matrix(counted)]).tocsr()


def _stacked(parts: Sequence[Part], features: int) -> _Table:
    """A row for each start."""
    sizes = [np.diff(part.starts, append=len(part.rows)) for part in parts]
    sizes = [size if len(size) else np.zeros(1, np.intp) for size in sizes]
    ends = np.concatenate(([0], np.cumsum(np.concatenate(sizes))))
    values = np.concatenate([part.values for part in parts]).astype(np.float64)
    rows = np.concatenate([part.rows for part in parts])
    vectors = sparse.csr_matrix((values, rows, ends), shape=(len(ends) - 1, features))
    return _Table(vectors, np.repeat(np.arange(len(parts)), [len(size) for size in sizes]))


def _clauses(
    lesson: Lesson, bags: Sequence[Bag], whole: Floats, worth: Floats, features: int
) -> Floats:
    """The weights that tell what a clause asks; what is counted in a mail says nothing of one."""
    table = _stacked([bag.clauses for bag in bags], features)
    likely = table.vectors @ whole[:features]
    starts = np.flatnonzero(np.diff(table.mail, prepend=-1))
    sizes = np.diff(starts, append=len(table.mail))
    columns = []
    for at, word in enumerate(WORDS):
        asked = lesson.asked[table.mail, at]
        most = np.repeat(np.maximum.reduceat(likely[:, at], starts), sizes)
        chosen = ~asked | (likely[:, at] >= most) | (word == NOT_A_REQUEST)
        of = table.mail[chosen]
        weights = worth[of] / np.sqrt(np.bincount(of)[of])  # a long mail is still one mail
        columns.append(_fit(table.vectors[chosen], asked[chosen], weights, _STRENGTH_OF_CLAUSES))
    weights = np.zeros_like(whole)
    weights[:features] = np.stack(columns, axis=1)[:-1]
    weights[-1] = [column[-1] for column in columns]
    return weights
