"""How sure a model is: probabilities, and the threshold they are good for, from mails held back."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from intake.classify.deciding import WORDS, decided, named, signs
from intake.classify.evaluating import Answer, figures
from intake.classify.examples import Corpus, Example
from intake.classify.lesson import Lesson, Truths
from intake.classify.model import (
    Calibration,
    Judged,
    Scores,
    Thresholds,
    doubted,
    likelihoods,
    squeezed,
)
from intake.classify.reporting import Band, Point, Report

Floats = npt.NDArray[np.float64]

EXACT = 0.98  #: of what is decided without a person so much shall be right


class Sure(NamedTuple):
    """How scores become probabilities, and what is known of them."""

    calibration: dict[str, Calibration]
    exact: Calibration
    report: Report


def calibrated(corpus: Corpus, lesson: Lesson, scores: Sequence[Scores]) -> Sure:
    """From the scores of every mail by a model that has seen none of its voice's."""
    each = np.stack([np.stack([one.whole, one.best, one.mean], axis=1) for one in scores])
    calibration = {word: _fitted(each[:, at], lesson.asked[:, at]) for at, word in enumerate(WORDS)}
    likely = [likelihoods(one, calibration) for one in scores]
    exact = _exactness(corpus.examples, likely)
    by = exact.slopes[0]
    judged = [
        Judged(likely=one, exact=squeezed(by * doubted(one) + exact.offset)) for one in likely
    ]
    curve = _curve(corpus.examples, judged)
    return Sure(calibration, exact, _report(corpus, judged, curve))


def _fitted(columns: Floats, truths: Truths) -> Calibration:
    """A logistic regression (Platt's, of more scores than one) over mails that were held back."""
    if truths.all() or not truths.any():  # nothing to tell apart: Laplace's rule of succession
        chance = (truths.sum() + 1.0) / (len(truths) + 2.0)
        offset = round(float(np.log(chance / (1.0 - chance))), 4)
        return Calibration(slopes=(0.0,) * columns.shape[1], offset=offset)
    middle, spread = columns.mean(axis=0), columns.std(axis=0) + 1e-9
    fit = LogisticRegression(C=1.0, max_iter=5000, tol=1e-6)
    fit.fit((columns - middle) / spread, truths)
    slopes = fit.coef_[0] / spread
    return Calibration(
        slopes=tuple(round(float(slope), 4) for slope in slopes),
        offset=round(float(fit.intercept_[0] - slopes @ middle), 4),
    )


def _exactness(examples: Sequence[Example], likely: Sequence[dict[str, float]]) -> Calibration:
    """How often the whole answer is right, by the doubt in its parts."""
    doubts = np.array([[doubted(one)] for one in likely])
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
    plain = {example.id for example in examples if example.obvious}
    for hundredth in range(50, 100):
        answers = list(_answers(examples, judged, Thresholds(auto=hundredth / 100)))
        found = figures(answers)
        easy = figures([answer for answer in answers if answer.id in plain])
        points.append(
            Point(
                auto=hundredth / 100,
                plain_alone=easy.alone.rate,
                plain_right=easy.opened_right.rate,
                alone=found.alone.rate,
                right=found.opened_right.rate,
                noise_opened=found.noise_opened.rate,
            )
        )
    return tuple(points)


def _surely(curve: Sequence[Point]) -> float:
    """The lowest threshold from which on enough of the plain mails opened alone is right."""
    enough = 1.0
    for point in reversed(curve):
        if point.plain_alone and point.plain_right < EXACT:
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
        thresholds=at,
        rule=f"the lowest from which on {EXACT:.0%} of the plain mails opened so is right",
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
