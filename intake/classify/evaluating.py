"""How well mails were read: figures over answers beside what was really asked.

The worst error is a real request ignored; it comes first everywhere.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec

from intake.classify import Classifier, settled
from intake.classify.batch import classify_file
from intake.classify.clues import Kinds
from intake.classify.deciding import NOT_A_REQUEST, WORDS
from intake.classify.examples import Example, labelled
from intake.classify.meaning import Meaning
from storage.records import Evidence, Record

Step = Callable[[int, int], None]  #: how much is done, of how much

_SHOWN = 10  # of the worst misses
_UNREAD = {"kinds": [NOT_A_REQUEST], "decision": "triage"}  # a person looks


class Answer(Record, frozen=True, kw_only=True):
    """One mail: what it asks, and how it was read."""

    id: str
    asked: frozenset[str]
    kinds: frozenset[str]
    decision: str
    confidence: Mapping[str, float]
    language: str  #: as labelled
    evidence: tuple[Evidence, ...] = ()

    @property
    def asks(self) -> bool:
        """Does it ask anything?"""
        return self.asked != {NOT_A_REQUEST}

    @property
    def right(self) -> bool:
        """Exactly the kinds that are asked."""
        return self.asked == self.kinds

    @property
    def alone(self) -> bool:
        """Opened as a request without a person."""
        return self.decision == "auto" and self.kinds != {NOT_A_REQUEST}


class Share(Record, frozen=True, kw_only=True):
    """So many of so many, and the upper end of the exact 95 % interval (one-sided)."""

    count: int
    of: int
    rate: float
    upper: float


class KindFigures(Record, frozen=True, kw_only=True):
    """How well one kind is found."""

    kind: str
    mails: int
    precision: float
    recall: float
    f1: float


class LanguageFigures(Record, frozen=True, kw_only=True):
    """How well one language is read: macro-F1 over the kinds it has."""

    language: str
    mails: int
    macro_f1: float
    exact: float


class Figures(Record, frozen=True, kw_only=True):
    """All of it, the worst error first."""

    ignored: Share  #: real requests that were ignored
    noise_opened: Share  #: mails that ask nothing, opened as requests without a person
    alone: Share  #: mails that ask something, decided without a person
    alone_right: Share  #: and of those, with exactly the right kinds
    opened_right: Share  #: of all opened without a person, noise too
    macro_f1: float
    exact: float
    mails: int
    kinds: tuple[KindFigures, ...]
    languages: tuple[LanguageFigures, ...]
    misses: tuple[Answer, ...] = ()  #: the worst first


def answers(
    path: Path, registry: Kinds, step: Step, meaning: Meaning | None = None
) -> Iterator[Answer]:
    """The desk's answers to the mails of a file. Raises ValueError for a line without `kinds`."""
    lines = list(labelled(path))
    rows = classify_file(path, registry, meaning=meaning)
    for number, (line, row) in enumerate(zip(lines, rows, strict=True), 1):
        read: dict[str, Any] = row if "error" not in row else _UNREAD
        yield Answer(
            id=str(line.id),
            asked=frozenset(line.kinds),
            kinds=frozenset(read["kinds"]),
            decision=read["decision"],
            confidence=read.get("confidence", {}),
            language=line.language,
            evidence=msgspec.convert(read.get("evidence", ()), tuple[Evidence, ...]),
        )
        step(number, len(lines))


def judged(examples: Sequence[Example], reader: Classifier, step: Step) -> Iterator[Answer]:
    """A classifier's answers to examples that are read already."""
    for number, example in enumerate(examples, 1):
        reading = settled(reader.read(example.parsed), robot=example.robot)
        yield Answer(
            id=example.id,
            asked=example.kinds,
            kinds=frozenset(reading.kinds),
            decision=reading.decision,
            confidence=reading.confidence,
            language=example.language,
            evidence=reading.evidence,
        )
        step(number, len(examples))


def figures(answers: Sequence[Answer]) -> Figures:
    """Of any number of answers; a share of nothing is 0 of 0."""
    asking = [answer for answer in answers if answer.asks]
    noise = [answer for answer in answers if not answer.asks]
    alone = [answer for answer in asking if answer.alone]
    opened = [answer for answer in answers if answer.alone]
    kinds = tuple(_kind(kind, answers) for kind in WORDS)
    languages = sorted({answer.language for answer in answers})
    return Figures(
        ignored=share(sum(a.decision == "ignore" for a in asking), len(asking)),
        noise_opened=share(sum(a.alone for a in noise), len(noise)),
        alone=share(len(alone), len(asking)),
        alone_right=share(sum(a.right for a in alone), len(alone)),
        opened_right=share(sum(a.right for a in opened), len(opened)),
        macro_f1=fmean(kind.f1 for kind in kinds),
        exact=_mean(answer.right for answer in answers),
        mails=len(answers),
        kinds=kinds,
        languages=tuple(_language(code, answers) for code in languages),
        misses=tuple(sorted((a for a in answers if not a.right), key=_badness)[:_SHOWN]),
    )


def _badness(answer: Answer) -> tuple[int, float]:
    """Ignored first, then opened wrongly by the machine, then by how sure it was."""
    worst = 0 if answer.decision == "ignore" and answer.asks else 1 if answer.alone else 2
    return worst, min(answer.confidence.get(kind, 0.0) for kind in answer.asked)


def _kind(kind: str, answers: Sequence[Answer]) -> KindFigures:
    asked = sum(kind in answer.asked for answer in answers)
    found = sum(kind in answer.kinds for answer in answers)
    right = sum(kind in answer.asked and kind in answer.kinds for answer in answers)
    return KindFigures(
        kind=kind,
        mails=asked,
        precision=right / found if found else 0.0,
        recall=right / asked if asked else 0.0,
        f1=2 * right / (asked + found) if asked + found else 0.0,
    )


def _language(code: str, answers: Sequence[Answer]) -> LanguageFigures:
    mine = [answer for answer in answers if answer.language == code]
    kinds = [figure for figure in (_kind(kind, mine) for kind in WORDS) if figure.mails]
    return LanguageFigures(
        language=code,
        mails=len(mine),
        macro_f1=fmean(kind.f1 for kind in kinds),
        exact=_mean(answer.right for answer in mine),
    )


def _mean(truths: Iterable[bool]) -> float:
    counted = [float(truth) for truth in truths]
    return fmean(counted) if counted else 0.0


def share(count: int, of: int) -> Share:
    """The upper end by Clopper and Pearson (Biometrika 26, 1934): 0 of 1000 can still be 0.3 %."""
    low, high = (count / of if of else 0.0), 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(count, of, middle) > 0.05 else (low, middle)
    return Share(count=count, of=of, rate=count / of if of else 0.0, upper=high if of else 1.0)


def _at_most(count: int, of: int, chance: float) -> float:
    """The probability of so many or fewer (binomial)."""
    if chance >= 1.0:
        return float(count >= of)
    if chance <= 0.0:
        return 1.0
    logs = (
        math.lgamma(of + 1)
        - math.lgamma(k + 1)
        - math.lgamma(of - k + 1)
        + k * math.log(chance)
        + (of - k) * math.log1p(-chance)
        for k in range(count + 1)
    )
    return min(sum(map(math.exp, logs)), 1.0)
