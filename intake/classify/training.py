"""From the corpus to a model: `desk train`. It and `calibrating.py` alone need scikit-learn.

Everything is decided by one rule each and nothing by chance, so the same corpus gives the same
model: mails of one voice are held back together, in turns; what the model says of mails it was
not trained on calibrates it and sets its thresholds; then it is trained on all of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from intake.classify.calibrating import PLAIN, Scores, calibrated
from intake.classify.deciding import WORDS
from intake.classify.examples import Corpus
from intake.classify.features import Sheet
from intake.classify.lesson import Lesson, Step, Truths, lesson_of
from intake.classify.model import Head, Model, Vocabulary
from intake.classify.reporting import Report

FOLDS = 5
_SCALES = {"pieces": 1.0, "words": 1.0, "ideas": 0.5}
_STRENGTH = 0.5  # of the fit against that of the penalty (scikit-learn's C)
_PLAIN = 3.0  # times as much counts a mail that says what it asks: most of a desk's mail does
_VOICES = 2  # that must use a feature before it counts: one person's habit is nobody's rule


class Trained(NamedTuple):
    """A model and what is known of it."""

    model: Model
    report: Report


def train(corpus: Corpus, step: Step = lambda *_: None) -> Trained:
    """Train, calibrate, set the thresholds. The same corpus gives the same weights."""
    lesson = lesson_of(corpus.examples, step)
    sure = calibrated(corpus, lesson.asked, _held_back(lesson, step))
    plain = _fit(lesson)
    head = msgspec.structs.replace(
        plain.head,
        corpus=corpus.digest,
        calibration=sure.calibration,
        exact=sure.exact,
        thresholds=sure.report.thresholds,
    )
    step(1, 1)
    return Trained(Model(head, plain.vocabulary.buckets, plain.weights), sure.report)


def weigh(corpus: Corpus) -> Model:
    """The weights alone, neither calibrated nor measured."""
    return _fit(lesson_of(corpus.examples, lambda *_: None))


def _held_back(lesson: Lesson, step: Step) -> Scores:
    """The score of every mail by a model that has seen none of its voice's."""
    scores = np.zeros(lesson.asked.shape)
    parts = GroupKFold(min(FOLDS, len(set(lesson.voices)))).split(
        lesson.asked, groups=lesson.voices
    )
    for number, (known, held) in enumerate(parts):
        step(FOLDS + 1 + number, FOLDS * 2 + 2)
        model = _fit(lesson.some(known))
        for row in held:
            scores[row] = model.scores(lesson.sheets[row])
    return scores


def _fit(lesson: Lesson) -> Model:
    """One linear support vector machine per word of the glossary."""
    vocabulary = Vocabulary(_used(lesson), _SCALES)
    names = tuple(sorted({name for sheet in lesson.sheets for name in sheet.amounts}))
    table = _table(lesson.sheets, vocabulary, names)
    worth = np.where(lesson.plain, _PLAIN, 1.0)
    columns = [_column(table, lesson.asked[:, at], worth) for at in range(len(WORDS))]
    head = Head(
        corpus="",
        labels=WORDS,
        amounts=names,
        scales=_SCALES,
        calibration=dict.fromkeys(WORDS, PLAIN),
        exact=PLAIN,
        rows=len(vocabulary.buckets),
    )
    return Model(head, vocabulary.buckets, np.stack(columns, axis=1).astype(np.float32))


def _column(table: sparse.csr_matrix, asked: Truths, worth: Scores) -> Scores:
    """The weights of one word and its intercept. Raises ValueError where all or no mail asks it."""
    fitted = LinearSVC(C=_STRENGTH, random_state=0, tol=1e-4, max_iter=5000)
    fitted.fit(table, asked, sample_weight=worth)
    weights: Scores = np.append(fitted.coef_[0], fitted.intercept_)
    return weights


def _used(lesson: Lesson) -> npt.NDArray[np.uint32]:
    """Buckets that enough voices use."""
    each = [np.unique(sheet.buckets).astype(np.int64) for sheet in lesson.sheets]
    voices = np.repeat(lesson.voices, [len(buckets) for buckets in each])
    pairs = np.unique(np.concatenate(each) * (1 + lesson.voices.max()) + voices)
    buckets, count = np.unique(pairs // (1 + lesson.voices.max()), return_counts=True)
    return buckets[count >= _VOICES].astype(np.uint32)


def _table(
    sheets: Sequence[Sheet], vocabulary: Vocabulary, names: Sequence[str]
) -> sparse.csr_matrix:
    rows = [vocabulary.vector(vocabulary.rows(sheet)) for sheet in sheets]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    hashed = sparse.csr_matrix(
        (np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows]), ends),
        shape=(len(sheets), len(vocabulary.buckets)),
    )
    counted = [[sheet.amounts.get(name, 0.0) for name in names] for sheet in sheets]
    return sparse.hstack([hashed, sparse.csr_matrix(counted)]).tocsr()
