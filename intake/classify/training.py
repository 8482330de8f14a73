"""From the corpus to a model: `desk train`. It, `fitting.py` and `calibrating.py` alone need
scikit-learn.

Everything is decided by one rule each and nothing by chance, so the same corpus gives the same
model: mails of one voice are held back together, in turns; what the model says of mails it was
not trained on calibrates it and sets its thresholds; then it is trained on all of them.
"""

from typing import NamedTuple

import msgspec
from sklearn.model_selection import GroupKFold

from intake.classify.calibrating import calibrated
from intake.classify.examples import Corpus
from intake.classify.fitting import fitted
from intake.classify.lesson import Lesson, Step, lesson_of
from intake.classify.model import Model, Scores
from intake.classify.reporting import Report

FOLDS = 5


class Trained(NamedTuple):
    """A model and what is known of it."""

    model: Model
    report: Report


def train(corpus: Corpus, step: Step = lambda *_: None) -> Trained:
    """Train, calibrate, set the thresholds. The same corpus gives the same weights."""
    lesson = lesson_of(corpus.examples, step)
    sure = calibrated(corpus, lesson, _held_back(lesson, step))
    plain = fitted(lesson)
    head = msgspec.structs.replace(
        plain.head,
        corpus=corpus.digest,
        calibration=sure.calibration,
        exact=sure.exact,
        thresholds=sure.report.thresholds,
    )
    step(1, 1)
    return Trained(Model(head, plain.vocabulary, plain.weights), sure.report)


def weigh(corpus: Corpus) -> Model:
    """The weights alone, neither calibrated nor measured."""
    return fitted(lesson_of(corpus.examples, lambda *_: None))


def _held_back(lesson: Lesson, step: Step) -> list[Scores]:
    """The scores of every mail by a model that has seen none of its voice's."""
    scores: dict[int, Scores] = {}
    folds = min(FOLDS, len(set(lesson.voices)))
    parts = GroupKFold(folds).split(lesson.asked, groups=lesson.voices)
    for number, (known, held) in enumerate(parts):
        step(FOLDS + 1 + number, FOLDS * 2 + 2)
        model = fitted(lesson.some(known))
        for row in held.tolist():
            sheet = lesson.sheets[row]
            scores[row] = model.scores(model.vocabulary.bag(sheet), sheet)
    return [scores[row] for row in range(len(lesson.sheets))]
