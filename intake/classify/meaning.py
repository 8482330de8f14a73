"""What a mail means, where its words alone leave doubt: an option, off by default.

Above the encoder's layers stands one more, tuned on the corpus, and for each word of the glossary
an eye of its own on the pieces (Mullenbach et al., arXiv 1802.05695): a second ask in half a
sentence is seen beside the first. What comes out is weighed together with what the linear model
says; a sign of a request that the linear model saw is never taken away.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from intake.classify.deciding import NOT_A_REQUEST, SIGN
from intake.classify.encoder import Encoder, Floats, Layer, Linear, Norm, installed
from intake.classify.model import Judged, Thresholds
from intake.classify.reader import Seen
from storage.records import ParsedMail, Record

#: made by `python -m bench.meaning` from `corpus/`
MEANING = Path(__file__).parent / "desk.meaning"
FORMAT = 1
_MAGIC = b"privacy-desk meaning\n"
_AT_ONCE = 158  # pieces; with beginning and end as many as it was tuned on
_WINDOWS = 4  # of so many pieces are read; a longer mail is weighed by its words as well


class Sum(Record, frozen=True, kw_only=True):
    """Log-odds of a word of the glossary, from those of both readers."""

    words: float  #: how much the linear model counts
    meaning: float
    offset: float


class Line(Record, frozen=True, kw_only=True):
    """Log-odds from one number."""

    slope: float
    offset: float


class Head(Record, frozen=True, kw_only=True):
    """What the file is."""

    format: int = FORMAT
    corpus: str  #: SHA-256 of what it was tuned on
    encoder: str  #: SHA-256 of the weights below it
    layers: int  #: of them that are used
    labels: tuple[str, ...]
    sums: dict[str, Sum]
    exact: Line  #: from the doubt in the parts to the chance that the whole answer is right
    thresholds: Thresholds = Thresholds()
    shapes: dict[str, tuple[int, ...]]  #: of the arrays behind it, in their order
    digest: str = ""  #: SHA-256 of the arrays


class Eyes(NamedTuple):
    """For each word of the glossary: where it looks, what it finds there, and the mail's mean."""

    looks: Linear
    finds: Linear
    mean: Linear

    def __call__(self, rows: Floats) -> Floats:
        near = self.looks(rows)
        near = np.exp(near - near.max(axis=0))
        near /= near.sum(axis=0)
        result: Floats = (near * self.finds(rows)).sum(axis=0) + self.mean(rows.mean(axis=0))
        return result


class Meaning:
    """Reads the mails that the linear model is not sure of."""

    def __init__(self, head: Head, encoder: Encoder, arrays: Mapping[str, Floats]) -> None:
        self.head = head
        self._encoder = encoder
        self._layer = Layer(
            sought=Linear(arrays["sought"], arrays["sought+"]),
            heard=Linear(arrays["heard"], arrays["heard+"]),
            heard_norm=Norm(arrays["heard_norm"], arrays["heard_norm+"]),
            widened=Linear(arrays["widened"], arrays["widened+"]),
            narrowed=Linear(arrays["narrowed"], arrays["narrowed+"]),
            narrowed_norm=Norm(arrays["narrowed_norm"], arrays["narrowed_norm+"]),
        )
        self._eyes = Eyes(
            looks=Linear(arrays["looks"], arrays["looks+"]),
            finds=Linear(arrays["finds"], arrays["finds+"]),
            mean=Linear(arrays["mean"], arrays["mean+"]),
        )

    def scores(self, text: str) -> dict[str, float]:
        """One number per word of the glossary, not yet a probability."""
        special = self._encoder.pieces.special
        found = [
            self._eyes(self._layer(self._encoder.read(part), self._encoder.shape))
            for part in _windows(self._encoder.pieces.numbers(text), special.begin, special.end)
        ]
        best, least = np.max(found, axis=0), np.min(found, axis=0)
        return {
            label: float(least[at] if label == NOT_A_REQUEST else best[at])
            for at, label in enumerate(self.head.labels)
        }

    def judge(self, text: str, judged: Judged) -> Judged:
        """Both readers together; a kind that was never tuned is left as it was judged."""
        scores = self.scores(text)
        likely = judged.likely | {
            label: together(judged.likely[label], score, self.head.sums[label], label)
            for label, score in scores.items()
        }
        return Judged(likely=likely, exact=_chance(_straight(doubt(likely), self.head.exact)))


def together(words: float, meaning: float, by: Sum, label: str) -> float:
    """The probability; what the linear model took for a sign stays one."""
    chance = _chance(by.words * odds(words) + by.meaning * meaning + by.offset)
    return max(chance, SIGN) if words >= SIGN and label != NOT_A_REQUEST else chance


def odds(chance: float) -> float:
    """The log of for against."""
    chance = min(max(chance, 1e-6), 1.0 - 1e-6)
    return math.log(chance / (1.0 - chance))


def doubt(likely: Mapping[str, float]) -> float:
    """The log of the chance that every word is on its likelier side."""
    return sum(math.log(max(p, 1.0 - p)) for p in likely.values())


def _straight(number: float, by: Line) -> float:
    return by.slope * number + by.offset


def _chance(score: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(score, 30.0), -30.0)))


def _windows(numbers: Sequence[int], begin: int, end: int) -> Iterator[list[int]]:
    for start in range(0, max(len(numbers), 1), _AT_ONCE)[:_WINDOWS]:
        yield [begin, *numbers[start : start + _AT_ONCE], end]


def text_of(parsed: ParsedMail, seen: Seen) -> str:
    """The new words as they were written, on one line; furniture is blanked, as for the words."""
    kept = zip(seen.whole, seen.words.text, strict=False)  # what is not read is not meant either
    plain = "".join(letter if read != " " else " " for letter, read in kept)
    body_at = len(parsed.subject) + 2
    subject = " ".join(plain[seen.new_at : body_at].split())
    body = " ".join(plain[body_at:].split())
    return " | ".join(filter(None, (subject, body)))


def save(head: Head, arrays: Mapping[str, Floats], path: Path) -> None:
    """Matrices in eight bits, a scale for each output; the same arrays give the same bytes."""
    body = b"".join(map(_packed, arrays.values()))
    shapes = {name: array.shape for name, array in arrays.items()}
    digest = hashlib.sha256(body).hexdigest()
    raw = msgspec.json.encode(msgspec.structs.replace(head, shapes=shapes, digest=digest))
    raw = msgspec.json.format(raw, indent=1)
    path.write_bytes(_MAGIC + len(raw).to_bytes(4, "little") + raw + body)


def _packed(array: Floats) -> bytes:
    if array.ndim == 1:
        return array.astype("<f4").tobytes()
    scale = np.maximum(np.abs(array).max(axis=0), 1e-12).astype("<f4") / np.float32(127)
    small = np.round(array / scale).astype(np.int8)
    return bytes(scale.tobytes() + small.tobytes())


def read(path: Path) -> tuple[Head, dict[str, Floats]]:
    """Raises OSError, and ValueError for a file that is damaged, or none of ours."""
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        raise ValueError(f"{path.name} is no reader of meaning")
    start = len(_MAGIC) + 4
    size = int.from_bytes(content[start - 4 : start], "little")
    try:
        head = msgspec.json.decode(content[start : start + size], type=Head)
    except msgspec.MsgspecError as fault:
        raise ValueError(f"{path.name} is damaged") from fault
    body = content[start + size :]
    if head.format != FORMAT or hashlib.sha256(body).hexdigest() != head.digest:
        raise ValueError(f"{path.name} is damaged, or of another version")
    return head, dict(_unpacked(head.shapes, body))


def _unpacked(shapes: Mapping[str, tuple[int, ...]], body: bytes) -> Iterator[tuple[str, Floats]]:
    at = 0
    for name, shape in shapes.items():
        scale = np.frombuffer(body, "<f4", shape[-1], at)
        at += 4 * shape[-1]
        if len(shape) == 1:
            yield name, scale
            continue
        small = np.frombuffer(body, np.int8, math.prod(shape), at).reshape(shape)
        at += small.size
        yield name, small.astype(np.float32) * scale


def load(path: Path = MEANING) -> Meaning:
    """With the weights of the installed package. Raises OSError, ValueError."""
    head, arrays = read(path)
    return Meaning(head, Encoder(installed(), head.layers), arrays)


def offered(*, wanted: bool) -> Meaning | None:
    """None = not wanted, or it cannot be used (`desk check` says why): the words decide alone."""
    try:
        return load() if wanted else None
    except (OSError, ValueError):
        return None
