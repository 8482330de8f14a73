"""The model: weights for hashed features, calibrated, in a file that is only numbers.

A file is a JSON head (what it is, how it was trained, the thresholds) and raw little-endian
arrays behind it; nothing in it can be run. Every score is a sum, so every answer can be traced
to the words it came from.
"""

import hashlib
import math
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from intake.classify.features import EACH, FAMILIES, Sheet
from storage.records import Record

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]

FORMAT = 1
_MAGIC = b"privacy-desk model\n"


class Calibration(Record, frozen=True, kw_only=True):
    """From a score to a probability (Platt): 1 / (1 + exp(-(slope * score + offset)))."""

    slope: float
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
    calibration: dict[str, Calibration]
    exact: Calibration  #: from the product of the probabilities to that of the whole answer
    thresholds: Thresholds = Thresholds()
    rows: int
    digest: str = ""  #: SHA-256 of the arrays


class Vocabulary:
    """The buckets that have a row, and what a sheet amounts to in them."""

    def __init__(self, buckets: npt.NDArray[np.uint32], scales: dict[str, float]) -> None:
        self.buckets = buckets
        self._row = np.full(EACH * len(FAMILIES), -1, np.int32)
        self._row[buckets] = np.arange(len(buckets), dtype=np.int32)
        self._family = (buckets // EACH).astype(np.intp)
        self._scales = np.array([scales[family] for family in FAMILIES])

    def rows(self, sheet: Sheet) -> Rows:
        """The row of each occurrence, -1 for what was never trained on."""
        return self._row[sheet.buckets]

    def vector(self, rows: Rows) -> tuple[Rows, npt.NDArray[np.float64]]:
        """Distinct rows and their values: each family as long as its scale, however long the
        text."""
        counts = np.bincount(rows[rows >= 0], minlength=len(self.buckets))
        distinct = np.flatnonzero(counts).astype(np.int32)
        family = self._family[distinct]
        lengths = np.sqrt(np.maximum(np.bincount(family, minlength=len(FAMILIES)), 1))
        return distinct, (self._scales / lengths)[family]


def squeezed(score: float, by: Calibration) -> float:
    """The probability of a score."""
    inner = max(min(by.slope * score + by.offset, 30.0), -30.0)
    return 1.0 / (1.0 + math.exp(-inner))


class Judged(Record, frozen=True, kw_only=True):
    """What the model makes of one sheet."""

    likely: dict[str, float]  #: by label
    exact: float  #: that the likeliest set of labels is the right one


class Model:
    """Weights: one row per feature and one column per label."""

    def __init__(self, head: Head, buckets: npt.NDArray[np.uint32], weights: Floats) -> None:
        self.head = head
        self.weights = weights  # rows, then amounts, then the intercept
        self.vocabulary = Vocabulary(buckets, head.scales)

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can tell apart."""
        return self.head.labels

    def scores(self, sheet: Sheet) -> npt.NDArray[np.float64]:
        """One number per label, not yet a probability."""
        return self._scored(self.vocabulary.rows(sheet), sheet)

    def _scored(self, rows: Rows, sheet: Sheet) -> npt.NDArray[np.float64]:
        distinct, values = self.vocabulary.vector(rows)
        count = self.head.rows
        amounts = np.array([sheet.amounts.get(name, 0.0) for name in self.head.amounts] + [1.0])
        total: npt.NDArray[np.float64] = values @ self.weights[distinct]
        return total + amounts @ self.weights[count:]

    def judge(self, sheet: Sheet) -> Judged:
        """The probability of each label."""
        scores = self.scores(sheet)
        likely = {
            label: squeezed(float(score), self.head.calibration[label])
            for label, score in zip(self.head.labels, scores, strict=True)
        }
        return Judged(likely=likely, exact=squeezed(doubted(likely), self.head.exact))

    def spoken(self, sheet: Sheet, label: str) -> npt.NDArray[np.float64]:
        """What each word of the text adds to the score of a label."""
        rows = self.vocabulary.rows(sheet)
        distinct, values = self.vocabulary.vector(rows)
        worth = np.zeros(len(self.vocabulary.buckets))
        counts = np.bincount(rows[rows >= 0], minlength=len(worth))[distinct]
        column = self.weights[distinct, self.head.labels.index(label)]
        worth[distinct] = values / counts * column
        placed = rows >= 0
        half = worth[rows[placed]] / 2.0
        total = np.zeros(len(sheet.starts))
        for words in (sheet.first, sheet.last):
            total += np.bincount(words[placed], half, len(total))
        return total


def doubted(likely: dict[str, float]) -> float:
    """The log of the chance that every label is on its likelier side."""
    return sum(math.log(max(p, 1.0 - p)) for p in likely.values())


def save(model: Model, path: Path) -> None:
    """Write the file; the same model gives the same bytes."""
    body = model.vocabulary.buckets.astype("<u4").tobytes()
    body += model.weights.astype("<f4").tobytes()
    head = msgspec.structs.replace(model.head, digest=hashlib.sha256(body).hexdigest())
    raw = msgspec.json.format(msgspec.json.encode(head), indent=1)
    path.write_bytes(_MAGIC + len(raw).to_bytes(4, "little") + raw + body)


def load(path: Path) -> Model:
    """Raises ValueError for a file that is damaged, of another format, or no model."""
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        raise ValueError(f"{path.name} is no model of this desk")
    start = len(_MAGIC) + 4
    size = int.from_bytes(content[start - 4 : start], "little")
    try:
        head = msgspec.json.decode(content[start : start + size], type=Head)
    except msgspec.MsgspecError as fault:
        raise ValueError(f"{path.name} is damaged") from fault
    body = memoryview(content)[start + size :]
    if head.format != FORMAT:
        raise ValueError(f"{path.name} has format {head.format}, this desk reads {FORMAT}")
    if hashlib.sha256(body).hexdigest() != head.digest:
        raise ValueError(f"{path.name} is damaged")
    buckets = np.frombuffer(body[: 4 * head.rows], "<u4")
    weights = np.frombuffer(body[4 * head.rows :], "<f4")
    return Model(head, buckets, weights.reshape(-1, len(head.labels)))
