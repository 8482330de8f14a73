"""The model: weights for hashed features, calibrated, in a file that is only numbers.

A file is a JSON head (what it is, how it was trained, the thresholds) and raw little-endian
arrays behind it; nothing in it can be run. Every score is a sum, so every answer can be traced
to the words it came from.
"""

import hashlib
import math
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from intake.classify.bag import Bag, Vocabulary
from intake.classify.features import Sheet
from storage.records import Record

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

FORMAT = 2
_MAGIC = b"privacy-desk model\n"


class Calibration(Record, frozen=True, kw_only=True):
    """From numbers to a probability: 1 / (1 + exp(-(each by its slope, + offset)))."""

    slopes: tuple[float, ...]
    offset: float


class Thresholds(Record, frozen=True, kw_only=True):
    """From where on the desk acts, in probability. The training's report has their curve."""

    named: float = 0.5  #: a kind is named
    auto: float = 0.9  #: all named kinds are right, and no other: nobody has to sort the mail


class Head(Record, frozen=True, kw_only=True):
    """What the model is."""

    format: int = FORMAT
    corpus: str  #: SHA-256 of what it was trained on
    labels: tuple[str, ...]
    amounts: tuple[str, ...]
    scales: dict[str, float]  #: how much each family of features counts
    calibration: dict[str, Calibration]  #: from a label's scores: of the mail, best clause, mean
    exact: Calibration  #: from the product of the probabilities to that of the whole answer
    thresholds: Thresholds = Thresholds()
    rows: int
    digest: str = ""  #: SHA-256 of the arrays


class Scores(NamedTuple):
    """One number per label, not yet a probability."""

    whole: Numbers  #: of the mail
    best: Numbers  #: of the clause that says most, for each label
    mean: Numbers  #: of all clauses
    at: npt.NDArray[np.intp]  #: which clause says most


class Judged(Record, frozen=True, kw_only=True):
    """What the model makes of one sheet."""

    likely: dict[str, float]  #: by label
    exact: float  #: that the likeliest set of labels is the right one


class Weighed(NamedTuple):
    """A sheet, weighed: every question about it is answered from here."""

    bag: Bag
    scores: Scores
    judged: Judged


class Model:
    """Weights: one row per feature; one column per label for the mail, and one for a clause."""

    def __init__(self, head: Head, vocabulary: Vocabulary, weights: Floats) -> None:
        self.head = head
        self.vocabulary = vocabulary
        self.weights = weights  # rows, then amounts, then the intercept

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can tell apart."""
        return self.head.labels

    def weigh(self, sheet: Sheet) -> Weighed:
        """The probability of each label, and where it comes from."""
        bag = self.vocabulary.bag(sheet)
        scores = self.scores(bag, sheet)
        likely = likelihoods(scores, self.head.calibration)
        by = self.head.exact
        exact = squeezed(by.slopes[0] * doubted(likely) + by.offset)
        return Weighed(bag, scores, Judged(likely=likely, exact=exact))

    def scores(self, bag: Bag, sheet: Sheet) -> Scores:
        """What the words amount to."""
        count, labels = self.head.rows, len(self.labels)
        amounts = np.array([sheet.amounts.get(name, 0.0) for name in self.head.amounts] + [1.0])
        rows = self.weights.take(bag.clauses.rows, axis=0)  # a feature's two sets are neighbours
        shared = bag.whole.values / np.bincount(bag.within, minlength=len(bag.whole.values))
        whole = shared[bag.within] @ rows[:, :labels]
        base = self.weights[-1, labels:].astype(np.float64)
        best, mean, at = base, base, np.zeros(labels, np.intp)
        if len(bag.clauses.starts):
            said = rows[:, labels:] * bag.clauses.values[:, None]
            each = np.add.reduceat(said, bag.clauses.starts, axis=0)
            at = each.argmax(axis=0)
            best, mean = base + each.max(axis=0), base + each.mean(axis=0)
        return Scores(
            whole=whole.astype(np.float64) + amounts @ self.weights[count:, :labels],
            best=best,
            mean=mean,
            at=at,
        )

    def spoken(self, sheet: Sheet, weighed: Weighed, label: str) -> Numbers:
        """What each word of the text adds to the log-odds of a label."""
        bag, column = weighed.bag, self.labels.index(label)
        by = self.head.calibration[label].slopes
        of_clause = np.full(len(bag.clauses.starts), by[2] / max(len(bag.clauses.starts), 1))
        if len(of_clause):
            of_clause[weighed.scores.at[column]] += by[1]
        sizes = np.diff(bag.clauses.starts, append=len(bag.clauses.rows))
        whole = by[0] * bag.whole.values * self.weights[bag.whole.rows, column]
        clauses = bag.clauses.values * self.weights[bag.clauses.rows, len(self.labels) + column]
        return bag.spoken(whole, clauses * np.repeat(of_clause, sizes), len(sheet.starts))


def likelihoods(scores: Scores, by: dict[str, Calibration]) -> dict[str, float]:
    """The probability of each label."""
    each = np.stack([scores.whole, scores.best, scores.mean], axis=1)
    return {
        label: squeezed(float(row @ one.slopes) + one.offset)
        for row, (label, one) in zip(each, by.items(), strict=True)
    }


def doubted(likely: dict[str, float]) -> float:
    """The log of the chance that every label is on its likelier side."""
    return sum(math.log(max(p, 1.0 - p)) for p in likely.values())


def squeezed(odds: float) -> float:
    """The probability of log-odds."""
    return 1.0 / (1.0 + math.exp(-max(min(odds, 30.0), -30.0)))


def save(model: Model, path: Path) -> None:
    """Write the file; the same model gives the same bytes."""
    body = model.vocabulary.buckets.astype("<u4").tobytes()
    body += model.vocabulary.rarity.astype("<f4").tobytes()
    body += model.weights.astype("<f4").tobytes()
    head = msgspec.structs.replace(model.head, digest=hashlib.sha256(body).hexdigest())
    raw = msgspec.json.format(msgspec.json.encode(head), indent=1)
    path.write_bytes(_MAGIC + len(raw).to_bytes(4, "little") + raw + body)


class _Format(msgspec.Struct):
    """What every file's head begins with; the rest may have changed."""

    format: int


def load(path: Path) -> Model:
    """Raises ValueError for a file that is damaged, of another format, or no model."""
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        raise ValueError(f"{path.name} is no model of this desk")
    start = len(_MAGIC) + 4
    size = int.from_bytes(content[start - 4 : start], "little")
    raw = content[start : start + size]
    try:
        if (found := msgspec.json.decode(raw, type=_Format).format) != FORMAT:
            raise ValueError(f"{path.name} has format {found}, this desk reads {FORMAT}")
        head = msgspec.json.decode(raw, type=Head)
    except msgspec.MsgspecError as fault:
        raise ValueError(f"{path.name} is damaged") from fault
    body = memoryview(content)[start + size :]
    if hashlib.sha256(body).hexdigest() != head.digest:
        raise ValueError(f"{path.name} is damaged")
    # Copied: what lies askew in memory, numpy copies whole each time it is looked into.
    buckets = np.frombuffer(body[: 4 * head.rows], "<u4").copy()
    numbers = np.frombuffer(body[4 * head.rows :], "<f4")
    rarity, weights = (part.copy() for part in np.split(numbers, [head.rows]))
    vocabulary = Vocabulary(buckets, rarity, head.scales)
    return Model(head, vocabulary, weights.reshape(-1, 2 * len(head.labels)))
