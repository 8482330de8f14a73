"""Examples, ready to be learned from."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intake.classify.deciding import WORDS
from intake.classify.examples import Example
from intake.classify.features import Sheet
from intake.classify.reader import see

Truths = npt.NDArray[np.bool_]
Step = Callable[[int, int], None]  #: how much is done, of how much


class Lesson(NamedTuple):
    """Examples, ready to be learned from."""

    sheets: list[Sheet]
    asked: Truths  #: a row per mail, a column per word
    voices: npt.NDArray[np.int64]
    plain: Truths  #: those that say what they ask

    def some(self, rows: npt.NDArray[np.intp]) -> "Lesson":
        sheets = [self.sheets[row] for row in rows]
        return Lesson(sheets, self.asked[rows], self.voices[rows], self.plain[rows])


def lesson_of(examples: Sequence[Example], step: Step) -> Lesson:
    names = {voice: number for number, voice in enumerate(sorted({e.voice for e in examples}))}
    sheets = []
    for number, example in enumerate(examples, 1):
        sheets.append(see(example.parsed).sheet)
        step(number, len(examples) * 2)  # about as long as training
    return Lesson(
        sheets,
        np.array([[word in example.kinds for word in WORDS] for example in examples]),
        np.array([names[example.voice] for example in examples], np.int64),
        np.array([example.obvious for example in examples]),
    )
