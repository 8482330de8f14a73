"""The quick half of how `desk.meaning` was made: `python -m bench.meaning FILE`.

FILE is what `bench.tuning` made of three quarters of the corpus, by voice. The last quarter says
how much the linear model and the meaning count beside each other, and from where on nobody has to
sort a mail (needs scikit-learn). Held-back files are not read.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from intake.classify import training
from intake.classify.deciding import WORDS, decided, named
from intake.classify.encoder import DIGEST, Encoder, installed
from intake.classify.evaluating import Answer, Figures, figures
from intake.classify.examples import CORPUS, Corpus, Example, read
from intake.classify.meaning import (
    MEANING,
    Head,
    Line,
    Meaning,
    Sum,
    doubt,
    odds,
    save,
    text_of,
    together,
)
from intake.classify.meaning import read as read_file
from intake.classify.model import Judged, Thresholds
from intake.classify.reader import see

LAYERS = 6  # of the encoder; the seventh is tuned
EXACT = 0.98  # as for the linear model
Likely = list[dict[str, float]]


def quarters(corpus: Corpus) -> tuple[list[Example], list[Example]]:
    """What tunes, and what is kept back to weigh by; no voice is in both."""
    voices = [example.voice for example in corpus.examples]
    known, held = next(GroupKFold(4).split(voices, groups=_numbered(voices)))
    return [corpus.examples[at] for at in known], [corpus.examples[at] for at in held]


def _numbered(voices: Sequence[str]) -> list[int]:
    numbers = {voice: number for number, voice in enumerate(sorted(set(voices)))}
    return [numbers[voice] for voice in voices]


def weigh(tuned: Path) -> None:
    """From tuned arrays to the file that the desk reads."""
    corpus = read(CORPUS)
    known, held = quarters(corpus)
    words = training.train(Corpus(examples=tuple(known), digest="")).model
    head = Head(
        corpus=corpus.digest,
        encoder=DIGEST,
        layers=LAYERS,
        labels=WORDS,
        sums={},
        exact=Line(slope=1.0, offset=0.0),
        shapes={},
    )
    arrays = dict(np.load(tuned))
    save(head, arrays, MEANING)  # in eight bits, as it will be read
    meaning = Meaning(head, Encoder(installed(), LAYERS), read_file(MEANING)[1])
    judged = [words.weigh(see(one.parsed).sheet).judged for one in held]
    scores = [meaning.scores(text_of(one.parsed, see(one.parsed))) for one in held]
    np.savez(tuned.with_suffix(".scores.npz"), likely=[j.likely for j in judged], scores=scores)
    print("linear", _line(figures(list(_answers(held, judged, words.head.thresholds)))))
    crossed: list[Judged] = [judged[0]] * len(held)
    groups = _numbered([one.voice for one in held])
    for half, other in GroupKFold(2).split(held, groups=groups):
        sums, exact = _fitted(held, judged, scores, half)
        for at in other:
            crossed[at] = _both(judged[at], scores[at], sums, exact)
    at = Thresholds(auto=_surely(held, crossed))
    print("both  ", _line(figures(list(_answers(held, crossed, at)))), at)
    sums, exact = _fitted(held, judged, scores, np.arange(len(held)))
    save(msgspec.structs.replace(head, sums=sums, exact=exact, thresholds=at), arrays, MEANING)


def _both(judged: Judged, scores: dict[str, float], sums: dict[str, Sum], exact: Line) -> Judged:
    likely = {word: together(judged.likely[word], scores[word], sums[word], word) for word in WORDS}
    inner = exact.slope * doubt(likely) + exact.offset
    return Judged(likely=likely, exact=1.0 / (1.0 + np.exp(-inner)))


def _fitted(held, judged, scores, rows) -> tuple[dict[str, Sum], Line]:
    sums = {}
    for word in WORDS:
        table = np.array([(odds(judged[at].likely[word]), scores[at][word]) for at in rows])
        fit = LogisticRegression(C=1.0).fit(table, [word in held[at].kinds for at in rows])
        (one, two), (offset,) = fit.coef_[0], fit.intercept_
        sums[word] = Sum(
            words=round(float(one), 4), meaning=round(float(two), 4), offset=round(float(offset), 4)
        )
    nothing = Line(slope=1.0, offset=0.0)
    both = [_both(judged[at], scores[at], sums, nothing) for at in rows]
    right = [
        set(named(one.likely, Thresholds())) == held[at].kinds
        for one, at in zip(both, rows, strict=True)
    ]
    fit = LogisticRegression(C=1.0).fit([[doubt(one.likely)] for one in both], right)
    slope, offset = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return sums, Line(slope=round(slope, 4), offset=round(offset, 4))


def _surely(held: Sequence[Example], judged: Sequence[Judged]) -> float:
    """The lowest threshold from which on enough of the plain mails opened alone is right."""
    enough = 1.0
    plain = [at for at, one in enumerate(held) if one.obvious]
    for thousandth in range(999, 499, -1):
        at = Thresholds(auto=thousandth / 1000)
        found = figures(list(_answers([held[n] for n in plain], [judged[n] for n in plain], at)))
        if found.alone.count and found.opened_right.rate < EXACT:
            break
        enough = at.auto
    return enough


def _answers(held: Sequence[Example], judged: Sequence[Judged], at: Thresholds) -> Iterator[Answer]:
    for example, one in zip(held, judged, strict=True):
        kinds = named(one.likely, at)
        yield Answer(
            id=example.id,
            asked=example.kinds,
            kinds=frozenset(kinds),
            decision=decided(one, kinds, at),
            confidence=one.likely,
            language=example.language,
        )


def _line(found: Figures) -> str:
    return (
        f"macro-F1 {found.macro_f1:.3f}, exact {found.exact:.3f}, alone {found.alone.rate:.3f}, "
        f"right {found.opened_right.rate:.3f}, noise opened {found.noise_opened.rate:.4f}"
    )


if __name__ == "__main__":
    weigh(Path(sys.argv[1]))
