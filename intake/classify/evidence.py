"""Which words spoke for a kind: the stretches of text that the model's weights stand on."""

import numpy as np
import numpy.typing as npt

from intake.classify.features import Sheet

Span = tuple[int, int]

_LONGEST = 10  # words of a stretch
_MOST = 3  # stretches of a kind
_ENOUGH = 0.4  # of what the best one says; a weaker one is left out


def strongest(sheet: Sheet, worth: npt.NDArray[np.float64]) -> list[Span]:
    """The runs of words that say most, one of each clause, in the order of the text.

    None where no word speaks for the kind. Places are code points.
    """
    if not len(worth):
        return []
    edges = np.concatenate(([0], np.flatnonzero(np.diff(sheet.clauses)) + 1))
    most = np.add.reduceat(np.maximum(worth, 0.0), edges)  # no run of a clause says more
    bounds = [*edges.tolist(), len(worth)]
    runs: list[tuple[float, int, int]] = []
    for at in np.argsort(-most, kind="stable").tolist():
        if len(runs) >= _MOST and most[at] < runs[_MOST - 1][0]:
            break
        runs.append(_best(worth[bounds[at] : bounds[at + 1]].tolist(), bounds[at]))
        runs.sort(reverse=True)
    kept = [run for run in runs[:_MOST] if run[0] > 0 and run[0] >= _ENOUGH * runs[0][0]]
    return sorted((int(sheet.starts[first]), int(sheet.ends[last])) for _, first, last in kept)


def _best(worth: list[float], start: int) -> tuple[float, int, int]:
    """What the best run of a clause says, its first and its last word (Kadane's, bounded)."""
    best = (0.0, start, start)
    total, first = 0.0, start
    for last, said in enumerate(worth, start):
        if total <= 0.0 or last - first >= _LONGEST:
            total, first = 0.0, last
        total += said
        if total > best[0] or (total == best[0] and (first, last) > best[1:]):
            best = (total, first, last)
    return best
