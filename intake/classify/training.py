"""From the corpus to a model: `desk train`. The only file that needs scikit-learn.

Everything is decided by one rule each and nothing by chance, so the same corpus gives the same
model: mails of one voice are held back together, in turns; what the model says of mails it was
not trained on calibrates it and sets its thresholds; then it is trained on all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from intake.classify.deciding import WORDS, decided, named, signs
from intake.classify.evaluating import Answer, figures
from intake.classify.examples import Corpus, Example
from intake.classify.features import Sheet
from intake.classify.model import (
    Calibration,
    Head,
    Judged,
    Model,
    Thresholds,
    Vocabulary,
    doubted,
    squeezed,
)
from intake.classify.reader import see
from intake.classify.reporting import Band, Point, Report

Truths = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Step = Callable[[int, int], None]  #: how much is done, of how much

FOLDS = 10
EXACT = 0.985  #: of what is decided without a person so much shall be right
_SCALES = {"pieces": 1.0, "words": 1.0, "ideas": 2.0}
_STRENGTH = 30.0  # of the fit against that of the penalty (scikit-learn's C)
_VOICES = 2  # that must use a feature before it counts: one person's habit is nobody's rule
_PLAIN = Calibration(slope=1.0, offset=0.0)


class Trained(NamedTuple):
    """A model and what is known of it."""

    model: Model
    report: Report


class _Lesson(NamedTuple):
    """Examples, ready to be learned from."""

    sheets: list[Sheet]
    asked: Truths  #: a row per mail, a column per word
    voices: npt.NDArray[np.int64]

    def some(self, rows: npt.NDArray[np.intp]) -> "_Lesson":
        return _Lesson([self.sheets[row] for row in rows], self.asked[rows], self.voices[rows])


def train(corpus: Corpus, step: Step = lambda *_: None) -> Trained:
    """Train, calibrate, set the thresholds. The same corpus gives the same weights."""
    lesson = _lesson(corpus.examples, step)
    scores = _held_back(lesson, step)
    calibration = {
        word: _fitted(scores[:, at], lesson.asked[:, at]) for at, word in enumerate(WORDS)
    }
    likely = _likely(scores, calibration)
    exact = _exactness(corpus.examples, likely)
    judged = [Judged(likely=one, exact=squeezed(doubted(one), exact)) for one in likely]
    report = _report(corpus, judged, _curve(corpus.examples, judged))
    plain = _fit(lesson)
    head = msgspec.structs.replace(
        plain.head,
        corpus=corpus.digest,
        calibration=calibration,
        exact=exact,
        thresholds=report.thresholds,
    )
    step(1, 1)
    return Trained(Model(head, plain.vocabulary.buckets, plain.weights), report)


def weigh(corpus: Corpus) -> Model:
    """The weights alone, neither calibrated nor measured."""
    return _fit(_lesson(corpus.examples, lambda *_: None))


def _lesson(examples: Sequence[Example], step: Step) -> _Lesson:
    names = {voice: number for number, voice in enumerate(sorted({e.voice for e in examples}))}
    sheets = []
    for number, example in enumerate(examples, 1):
        sheets.append(see(example.parsed).sheet)
        step(number, len(examples) * 2)  # about as long as training
    return _Lesson(
        sheets,
        np.array([[word in example.kinds for word in WORDS] for example in examples]),
        np.array([names[example.voice] for example in examples], np.int64),
    )


def _held_back(lesson: _Lesson, step: Step) -> Scores:
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


def _fit(lesson: _Lesson) -> Model:
    """One logistic regression per word of the glossary."""
    vocabulary = Vocabulary(_used(lesson), _SCALES)
    names = tuple(sorted({name for sheet in lesson.sheets for name in sheet.amounts}))
    table = _table(lesson.sheets, vocabulary, names)
    columns = [_column(table, lesson.asked[:, at]) for at in range(len(WORDS))]
    head = Head(
        corpus="",
        labels=WORDS,
        amounts=names,
        scales=_SCALES,
        calibration=dict.fromkeys(WORDS, _PLAIN),
        exact=_PLAIN,
        rows=len(vocabulary.buckets),
    )
    return Model(head, vocabulary.buckets, np.stack(columns, axis=1).astype(np.float32))


def _column(table: sparse.csr_matrix, asked: Truths) -> Scores:
    """The weights of one word and its intercept. Raises ValueError where all or no mail asks it."""
    fitted = LogisticRegression(
        C=_STRENGTH, solver="liblinear", dual=True, random_state=0, tol=1e-5, max_iter=5000
    ).fit(table, asked)
    weights: Scores = np.append(fitted.coef_[0], fitted.intercept_)
    return weights


def _used(lesson: _Lesson) -> npt.NDArray[np.uint32]:
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


# --- how sure it is


def _fitted(scores: Scores, truths: Truths) -> Calibration:
    """Platt's sigmoid over scores of mails that were held back."""
    if truths.all() or not truths.any():  # nothing to tell apart: Laplace's rule of succession
        chance = (truths.sum() + 1.0) / (len(truths) + 2.0)
        return Calibration(slope=0.0, offset=round(float(np.log(chance / (1.0 - chance))), 4))
    line = LogisticRegression(C=1.0).fit(scores.reshape(-1, 1), truths)
    return Calibration(
        slope=round(float(line.coef_[0, 0]), 4), offset=round(float(line.intercept_[0]), 4)
    )


def _likely(scores: Scores, by: dict[str, Calibration]) -> list[dict[str, float]]:
    return [
        {word: squeezed(float(row[at]), by[word]) for at, word in enumerate(WORDS)}
        for row in scores
    ]


def _exactness(examples: Sequence[Example], likely: Sequence[dict[str, float]]) -> Calibration:
    """How often the whole answer is right, by the doubt in its parts."""
    doubts = np.array([doubted(one) for one in likely])
    at = Thresholds()
    right = np.array(
        [e.kinds == set(named(one, at)) for e, one in zip(examples, likely, strict=True)]
    )
    return _fitted(doubts, right)


def _answers(
    examples: Sequence[Example], judged: Sequence[Judged], at: Thresholds
) -> Iterator[Answer]:
    for example, one in zip(examples, judged, strict=True):
        kinds = named(one.likely, at)
        yield Answer(
            id=example.id,
            asked=example.kinds,
            kinds=frozenset(kinds),
            decision=_decision(example, one, kinds, at),
            confidence=one.likely,
            language=example.language,
        )


def _decision(example: Example, one: Judged, kinds: tuple[str, ...], at: Thresholds) -> str:
    ignored = example.robot and not signs(one.likely)
    decision = decided(one, kinds, at)
    return "ignore" if ignored and decision == "triage" else decision


def _curve(examples: Sequence[Example], judged: Sequence[Judged]) -> tuple[Point, ...]:
    """Possible thresholds, in steps that people can read."""
    points = []
    for hundredth in (*range(50, 90, 5), *range(90, 100)):
        found = figures(list(_answers(examples, judged, Thresholds(auto=hundredth / 100))))
        points.append(
            Point(
                auto=hundredth / 100,
                alone=found.alone.rate,
                right=found.opened_right.rate,
                noise_opened=found.noise_opened.rate,
            )
        )
    return tuple(points)


def _surely(curve: Sequence[Point]) -> float:
    """The lowest threshold from which on enough of what is decided alone is right."""
    enough = 1.0
    for point in reversed(curve):
        if point.alone and point.right < EXACT:
            break
        enough = point.auto
    return enough


def _report(corpus: Corpus, judged: Sequence[Judged], curve: tuple[Point, ...]) -> Report:
    examples = corpus.examples
    at = Thresholds(auto=_surely(curve))
    return Report(
        corpus=corpus.digest,
        mails=len(examples),
        voices=len({example.voice for example in examples}),
        folds=FOLDS,
        thresholds=at,
        rule=f"the lowest from which on {EXACT:.1%} of what is opened so is right",
        figures=figures(list(_answers(examples, judged, at))),
        curve=curve,
        reliability=tuple(_reliability(examples, judged)),
    )


def _reliability(examples: Sequence[Example], judged: Sequence[Judged]) -> Iterator[Band]:
    """What the model said of a kind, in tenths, and how often it was so."""
    pairs = [
        (p, word in example.kinds)
        for example, one in zip(examples, judged, strict=True)
        for word, p in one.likely.items()
    ]
    for tenth in range(10):
        inside = [(p, so) for p, so in pairs if tenth <= min(p * 10, 9.999) < tenth + 1]
        if inside:
            said, was = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            yield Band(said=round(said, 4), was=round(was, 4), count=len(inside))
