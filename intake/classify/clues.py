"""The clues of every kind, looked for in a mail: signs, where the model sees none.

They guard against the worst error, a real request ignored, and they are all there is for a kind
that no model was trained on.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from handlers.handler import Kind
from handlers.noise import NOISE
from intake.classify.language import LANGUAGES
from intake.classify.needles import Index
from intake.classify.reader import Seen
from intake.classify.scoring import Clues, Found, Text, likelihood, score
from storage.records import Claim

CLAIMED = 3.0  #: so much must speak for a right before it is proposed


class Kinds(Protocol):
    """What the classifier needs of the registry."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...


class Book:
    """The clues of all kinds and of noise."""

    def __init__(self, registry: Kinds) -> None:
        self._kinds = {name: Clues(kind.clues) for name, kind in registry.kinds.items()}
        self._noise = Clues(NOISE)
        self._rights = {
            name: {right: Clues(clues) for right, clues in kind.rights.items()}
            for name, kind in registry.kinds.items()
        }
        self._indexes: dict[str, Index] = {}

    @property
    def kinds(self) -> Iterable[str]:
        """Every kind that has clues."""
        return self._kinds.keys()

    def noise(self, seen: Seen) -> float:
        """How much says that nothing is asked."""
        return score(self._noise.find(self._held(seen), seen.new_at))

    def found(self, seen: Seen, kinds: Iterable[str]) -> dict[str, list[Found]]:
        """What speaks for and against these kinds."""
        held = self._held(seen)
        return {name: self._kinds[name].find(held, seen.new_at) for name in kinds}

    def claims(self, seen: Seen, kinds: Iterable[str]) -> Iterator[Claim]:
        """The rights that are claimed, where a kind holds several together."""
        if any(self._rights.get(kind) for kind in kinds):
            held = self._held(seen)
            for kind in kinds:
                yield from _claimed(kind, self._rights.get(kind, {}), held, seen.new_at)

    def _held(self, seen: Seen) -> Text:
        present = self._index(seen.language).present(seen.words)
        return Text(words=seen.words, present=present, languages=_known(seen.language))

    def _index(self, spoken: str) -> Index:
        """Made when a language is first met."""
        spoken = spoken if spoken in LANGUAGES else "und"
        if spoken not in self._indexes:
            rights = (clues for each in self._rights.values() for clues in each.values())
            every = (*self._kinds.values(), self._noise, *rights)
            self._indexes[spoken] = Index(
                needles for clues in every for needles in clues.needles(_known(spoken))
            )
        return self._indexes[spoken]


def _claimed(kind: str, rights: Mapping[str, Clues], held: Text, new_at: int) -> Iterator[Claim]:
    """The right that more speaks for than for any other; none where too little does."""
    found = {right: clues.find(held, new_at) for right, clues in rights.items()}
    best = max(found, key=lambda right: (score(found[right]), right), default="")
    if best and score(found[best]) >= CLAIMED:
        strongest = max(found[best], key=lambda clue: clue.weight)
        yield Claim(kind=kind, right=best, start=strongest.start, end=strongest.end)


def likelihoods(found: Mapping[str, list[Found]], noise: float) -> dict[str, float]:
    """By clues alone."""
    return {name: likelihood(score(clues), noise) for name, clues in found.items()}


def _known(spoken: str) -> frozenset[str] | None:
    """Languages whose clues count: English stands in mails of every language. None = all."""
    return frozenset(("", "en", spoken)) if spoken in LANGUAGES else None
