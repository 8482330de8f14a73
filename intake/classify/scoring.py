"""How much a text speaks for one kind: clues found, what denies them, what they are worth."""

import math
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from handlers.handler import Clue
from intake.classify.needles import Needles, Words, stretches, studied
from storage.records import Record

#: what takes the force from the words after it: "I do not want you to …", "ohne …"
_DENIED = re.compile(
    r"(?:(?<!\byou )\b(?:do not|don.?t)|\b(?:(?:am|are|is)(?: not|n.?t)|not asking|nor|"
    r"rather than|instead of|no need to|never asked (?:you )?to|"
    r"(?:m[oö]chte|will|sollen?|bitte|wollen) nicht|"
    r"ne (?:veux|souhaite|demande|voulons)|no (?:quiero|deseo|solicito|pido)|"
    r"non (?:voglio|desidero|chiedo)|(?:wil|wens|vraag) niet|n[aã]o (?:quero|desejo|pe[cç]o)|"
    r"nie (?:chc[eę]|prosz[eę])))(?: (?!only\b|just\b)\w+){0,4} *\Z",
    re.IGNORECASE,
)
#: and after them: "löschen Sie mein Konto nicht"
_DENIED_AFTER = re.compile(
    r"[ ,]{1,2}(?:(?:noch|bitte|vorerst|yet|noch gar) )?nicht\b(?! (?:nur|mehr))"
)
#: "if you do not delete …" asks for it all the more
_CONDITION = re.compile(
    r"\b(?:if (?:you|i)|why|unless|should you|wenn|falls|warum)\b", re.IGNORECASE
)
_SENTENCE = re.compile(
    r"[.!?;:,\n]|\bbut\b|\baber\b|\bmais\b|\bpero\b|\bma\b|\bmaar\b|\bmas\b|\bale\b"
)
#: one character for one: the clues know straight quotes and blanks, and places must not move
_STRAIGHT = (
    ("'", "`\u2019\u2018\u02bc\u00b4"),
    ('"', "\u201c\u201d\u201e"),
    (" ", "\t\u00a0\u202f\u2009"),
    ("-", "\u2010\u2011\u2013"),
)
WEIGHED = 20_000  #: characters of a text that are read; the rest of a longer one is not


class Found(Record, frozen=True, kw_only=True):
    """One clue in a text: what it is worth here, and where it stands."""

    weight: float
    start: int
    end: int


class Text(Record, frozen=True, kw_only=True):
    """What clues are looked for in. `languages` None = all of them."""

    words: Words
    present: frozenset[str]  #: the needles it holds
    languages: frozenset[str] | None

    def speaks(self, clue: Clue) -> bool:
        """Is the clue's language one of the text's?"""
        return self.languages is None or clue.language in self.languages


class _Sought:
    """A clue, ready to be looked for."""

    def __init__(self, clue: Clue) -> None:
        # The text is in lower case already; ignoring case takes twice as long.
        self._lowered = _lowered(clue.pattern)
        self.clue = clue

    # Studied and compiled when it is first needed: clues of other languages never are.

    @cached_property
    def _studied(self) -> tuple[Needles, int | None]:
        return studied(self._lowered)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._lowered)

    @property
    def wanted(self) -> Needles:
        return self._studied[0]

    @property
    def reach(self) -> int | None:
        """How far apart its needles may stand; None = any distance."""
        return self._studied[1] if self.wanted else None


class Clues:
    """The clues of one kind."""

    def __init__(self, clues: Iterable[Clue]) -> None:
        self._clues = tuple(_Sought(clue) for clue in clues)

    def needles(self, languages: frozenset[str] | None) -> Iterable[Needles]:
        """What to look for first, in a text of these languages."""
        return (
            sought.wanted
            for sought in self._clues
            if languages is None or sought.clue.language in languages
        )

    def find(self, text: Text, body_at: int) -> list[Found]:
        """What speaks for and against the kind. A clue counts once, in the body if it can.

        Before `body_at` words are old and count for a third.
        """
        found = []
        for sought in self._clues:
            clue = sought.clue
            if not text.speaks(clue) or any(map(text.present.isdisjoint, sought.wanted)):
                continue
            if (place := _place(sought, text, body_at)) is not None:
                old = clue.weight > 0 and place[0] < body_at
                worth = clue.weight / 3 if old else clue.weight
                found.append(Found(weight=worth, start=place[0], end=place[1]))
        return found


def _lowered(pattern: str) -> str:
    """The pattern for a text in lower case; its classes (\\W, \\B, \\S, \\D) stay as they are."""
    return re.sub(r"(?<!\\)[A-Z]", lambda found: found.group().lower(), pattern)


def straightened(text: str) -> str:
    """The text for clues: lower case, plain quotes and blanks, bounded, every place as it was."""
    text = text[:WEIGHED]
    for plain, others in _STRAIGHT:
        for other in others:  # many times as fast as str.translate()
            text = text.replace(other, plain)
    lower = text.lower().replace("caféx", "cafex")
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := one.lower()) == 1 else one for one in text)


def _place(sought: _Sought, text: Text, body_at: int) -> tuple[int, int] | None:
    """Where the clue stands undenied, in the body rather than in an old subject."""
    old: tuple[int, int] | None = None
    for match in _matches(sought, text):
        if sought.clue.weight >= 0 and _denied(text.words.text, match):
            continue
        if match.start() >= body_at:
            return match.span()
        old = old or match.span()
    return old


def _matches(sought: _Sought, text: Text) -> Iterator[re.Match[str]]:
    """Every match, looked for only where one can be."""
    words = text.words
    if sought.reach is None:
        yield from sought.pattern.finditer(words.text)
        return
    for start, end in stretches(sought.wanted, text.present, words, sought.reach):
        yield from sought.pattern.finditer(words.text, start, end)


def _denied(text: str, match: re.Match[str]) -> bool:
    before = text[max(match.start() - 60, 0) : match.start()]
    sentence = before[max((m.end() for m in _SENTENCE.finditer(before)), default=0) :]
    if _DENIED.search(sentence) and not _CONDITION.search(sentence):
        return True
    return _DENIED_AFTER.match(text, match.end()) is not None


def score(found: Iterable[Found]) -> float:
    """The sum of what was found; words that already counted add little a second time."""
    total = 0.0
    covered: list[tuple[int, int]] = []
    for clue in sorted(found, key=lambda clue: -clue.weight):
        again = clue.weight > 0 and any(
            clue.start < end and start < clue.end for start, end in covered
        )
        total += clue.weight * (0.3 if again else 1.0)
        covered.append((clue.start, clue.end))
    return total


def likelihood(total: float, noise: float) -> float:
    """0..1: one strong clue (4) is nearly sure, half of one (2) is an open question.

    Without a clue there is nothing to doubt: letters may go by themselves below 0.05.
    """
    if total <= 0:
        return 0.01
    doubt = 0.3 * max(noise, 0.0) + 0.5 * max(noise - 4.0, 0.0)
    return 1 / (1 + math.exp(-1.2 * (total - 2.2 - doubt)))


def nothing(best: float, noise: float) -> float:
    """0..1: that nothing is asked. Without clue and noise nobody can tell: one half."""
    return (1 - best) * (1 - 0.5 * math.exp(-max(noise, 0.0) / 3))


def apart(found: Iterable[Found]) -> list[Found]:
    """The strongest clues, none on top of another, in the order of the text."""
    kept: list[Found] = []
    for clue in sorted(found, key=lambda clue: -clue.weight):
        if clue.weight > 0 and all(clue.end <= k.start or clue.start >= k.end for k in kept):
            kept.append(clue)
    return sorted(kept[:4], key=lambda clue: clue.start)
