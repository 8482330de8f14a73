"""Examples, ready to be learned from."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intake.classify.deciding import NOT_A_REQUEST, WORDS
from intake.classify.examples import Example
from intake.classify.features import Sheet
from intake.classify.reader import see

Truths = npt.NDArray[np.bool_]
Step = Callable[[int, int], None]  #: how much is done, of how much

_STEP = 0.37  # of the mails of a language: how far behind a mail stands the one it is paired with
_NOTHING = WORDS.index(NOT_A_REQUEST)


class Lesson(NamedTuple):
    """Examples, ready to be learned from."""

    sheets: list[Sheet]
    asked: Truths  #: a row per mail, a column per word
    voices: npt.NDArray[np.int64]
    languages: npt.NDArray[np.str_]

    def some(self, rows: npt.NDArray[np.intp]) -> "Lesson":
        sheets = [self.sheets[row] for row in rows]
        return Lesson(sheets, self.asked[rows], self.voices[rows], self.languages[rows])

    def paired(self) -> "Lesson":
        """With each mail once more, behind another of its language: what two mails ask, in one."""
        pairs = [pair for language in np.unique(self.languages) for pair in self._pairs(language)]
        sheets = [_joined(self.sheets[one], self.sheets[other]) for one, other in pairs]
        one, other = np.array(pairs, np.intp).reshape(-1, 2).T
        asked = self.asked[one] | self.asked[other]
        asked[:, _NOTHING] &= ~asked[:, :_NOTHING].any(axis=1)
        return Lesson(
            self.sheets + sheets,
            np.concatenate([self.asked, asked]),
            np.concatenate([self.voices, self.voices[one]]),
            np.concatenate([self.languages, self.languages[one]]),
        )

    def _pairs(self, language: str) -> Iterator[tuple[int, int]]:
        mine = np.flatnonzero(self.languages == language)
        for one, other in zip(mine, np.roll(mine, -round(len(mine) * _STEP)), strict=True):
            if self.voices[one] != self.voices[other]:
                yield int(one), int(other)


def _joined(one: Sheet, other: Sheet) -> Sheet:
    """Of two texts in a row; their places in the text are lost."""
    return one._replace(
        buckets=np.concatenate([one.buckets, other.buckets]),
        amounts={name: max(n, other.amounts[name]) for name, n in one.amounts.items()},
    )


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
        np.array([example.language for example in examples]),
    )
