"""Which words spoke for a kind: clues that hit, else the stretch the model's weights stand on."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from intake.classify.features import Sheet
from intake.classify.model import Model
from intake.classify.reader import Seen
from intake.classify.scoring import apart
from storage.records import Evidence

_LONGEST = 10  # words of a stretch


def evidence(seen: Seen, kinds: Iterable[str], model: Model) -> Iterator[Evidence]:
    """For each kind, in the order of the text."""
    for kind in kinds:
        spans = [(clue.start, clue.end) for clue in apart(seen.found.get(kind, ()))]
        if not spans and kind in model.head.labels:
            spans = _strongest(seen.sheet, model.spoken(seen.sheet, kind))
        for start, end in spans:
            yield Evidence(kind=kind, text=seen.whole[start:end], start=start, end=end)


def _strongest(sheet: Sheet, worth: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """The run of words in one clause that says most; none where no word speaks for the kind."""
    best, span = 0.0, None
    for first in range(len(worth)):
        if worth[first] <= 0:
            continue
        total = 0.0
        for last in range(first, min(first + _LONGEST, len(worth))):
            if sheet.clauses[last] != sheet.clauses[first]:
                break
            total += worth[last]
            if total > best:
                best, span = total, (int(sheet.starts[first]), int(sheet.ends[last]))
    return [span] if span else []
