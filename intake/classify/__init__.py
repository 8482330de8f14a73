"""What a mail asks for, with the words that say so. Pure; it can never reject a mail.

A model trained on the corpus weighs the words. Where it sees no request the clues of the kinds
(`handlers/kinds/`) and of noise (`handlers/noise.py`) have the last word. "Cannot tell" is an
answer, and means that a person sorts the mail.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

from intake import quoted
from intake.classify.because import because
from intake.classify.clues import Book, Kinds, likelihoods
from intake.classify.deciding import NOT_A_REQUEST, SIGN, WORDS, decided, named, signs
from intake.classify.evidence import Span, strongest
from intake.classify.facts import facts
from intake.classify.flags import flags
from intake.classify.language import LANGUAGES
from intake.classify.meaning import Meaning, text_of
from intake.classify.model import Model, Thresholds, Weighed, load
from intake.classify.reader import Seen, read_text, see
from intake.classify.scoring import WEIGHED, apart
from intake.classify.services import service
from storage.records import Evidence, ParsedMail, Reading

__all__ = ["NOT_A_REQUEST", "WORDS", "Classifier", "Kinds", "own", "read_text", "settled", "unread"]

#: trained by `desk train` from `corpus/`
MODEL = Path(__file__).parent / "desk.model"
_NONE = dict.fromkeys(WORDS, 0.0)
_FEW = 8  # words whose language nobody need know
_BULK = 6.0  # so much noise is a sign of bulk mail by itself


@cache
def _shipped() -> Model:
    return load(MODEL)


def own(path: str) -> Model | None:
    """The model that an operator trained; None = there is none, or it cannot be used (`desk check`
    says why), and the desk's own reads the mail."""
    try:
        return load(Path(path)) if path else None
    except (OSError, ValueError):
        return None


class Classifier:
    """Reads mails with the desk's own model, or with another.

    Where that is not sure and a `meaning` is there, both are weighed together.
    """

    def __init__(
        self, registry: Kinds, model: Model | None = None, meaning: Meaning | None = None
    ) -> None:
        self._model = model or _shipped()
        self._meaning = meaning
        self._book = Book(registry)
        self._untrained = [kind for kind in self._book.kinds if kind not in self._model.labels]

    def read(
        self, parsed: ParsedMail, *, robot: bool = False, auto: float | None = None
    ) -> Reading:
        """What the mail asks; `robot` says that a machine or a list sent it.

        `auto` is another threshold than the model's, from where on nobody has to sort it.
        """
        at = _at(self._model.head.thresholds, auto)
        seen = see(parsed)
        weighed = self._weighed(seen)
        judged = weighed.judged
        if self._meaning and judged.exact < at.auto:
            judged = self._meaning.judge(text_of(parsed, seen), judged)
            at = _at(self._meaning.head.thresholds, auto)
        kinds = named(judged.likely, at)
        spoken = tuple(self._evidence(seen, weighed, kinds))
        reading = Reading(
            kinds=kinds,
            decision=decided(judged, kinds, at),
            confidence={word: round(p, 4) for word, p in (_NONE | judged.likely).items()},
            evidence=spoken,
            because=because(spoken),
            language=seen.language,
            flags=flags(seen.words, parsed.header_from),
            facts=facts(seen.whole, frozenset((parsed.header_from.lower(),))),
            service=service(seen.words.text, parsed.header_from),
            claims=tuple(self._book.claims(seen, kinds)),
        )
        if kinds == (NOT_A_REQUEST,):
            return self._guarded(reading, seen, robot=robot)
        return _careful(reading, seen, parsed)

    def _weighed(self, seen: Seen) -> Weighed:
        """By the model; a kind that it was not trained on is known by its clues alone."""
        weighed = self._model.weigh(seen.sheet)
        if not self._untrained:
            return weighed
        clues = likelihoods(self._book.found(seen, self._untrained), self._book.noise(seen))
        judged = weighed.judged
        judged = msgspec.structs.replace(judged, likely=judged.likely | clues)
        return weighed._replace(judged=judged)

    def _guarded(self, reading: Reading, seen: Seen, *, robot: bool) -> Reading:
        """What the model takes for no request: a kind whose clues speak is at least a sign."""
        noise = self._book.noise(seen)
        clues = likelihoods(self._book.found(seen, self._book.kinds), noise)
        least = {kind: SIGN for kind, chance in clues.items() if chance >= SIGN}
        confidence = {
            word: max(chance, least.get(word, 0.0)) for word, chance in reading.confidence.items()
        }
        reading = msgspec.structs.replace(reading, confidence=confidence)
        return settled(reading, robot=robot or noise >= _BULK)

    def _evidence(self, seen: Seen, weighed: Weighed, kinds: Iterable[str]) -> Iterator[Evidence]:
        for kind in kinds:
            for start, end in self._spans(seen, weighed, kind):
                text = seen.whole[start:end]
                yield Evidence(kind=kind, text=text, start=start, end=end)

    def _spans(self, seen: Seen, weighed: Weighed, kind: str) -> list[Span]:
        if kind == NOT_A_REQUEST:
            return []
        if kind in self._model.labels:
            return strongest(seen.sheet, self._model.spoken(seen.sheet, weighed, kind))
        found = self._book.found(seen, [kind])[kind]
        return [(clue.start, clue.end) for clue in apart(found)]


def _at(trained: Thresholds, auto: float | None) -> Thresholds:
    return trained if auto is None else msgspec.structs.replace(trained, auto=auto)


def unread() -> Reading:
    """For a mail that could not be read: nobody knows, a person looks."""
    return Reading(kinds=(NOT_A_REQUEST,), decision="triage", confidence=dict.fromkeys(WORDS, 0.0))


def settled(reading: Reading, *, robot: bool) -> Reading:
    """A machine's mail that shows no sign of any kind may be ignored; nothing else may."""
    if not robot or signs(reading.confidence) or reading.flags or reading.decision == "auto":
        return reading
    return msgspec.structs.replace(reading, decision="ignore")


def _careful(reading: Reading, seen: Seen, parsed: ParsedMail) -> Reading:
    """A person looks where the desk did not read everything, or not its sender's own words."""
    if reading.decision != "auto" or (_whole(seen, parsed) and _own(reading, seen, parsed)):
        return reading
    return msgspec.structs.replace(reading, decision="triage")


def _whole(seen: Seen, parsed: ParsedMail) -> bool:
    """Could it be read, in a language the desk has learned, from beginning to end?"""
    few = seen.language == "und" and len(seen.sheet.starts) < _FEW
    known = seen.language in LANGUAGES or few
    return parsed.readable and known and len(seen.whole) <= WEIGHED


def _own(reading: Reading, seen: Seen, parsed: ParsedMail) -> bool:
    """What was passed on is read, and is not its sender's own word."""
    theirs = quoted.passed_on(parsed.shown, parsed.subject)
    if theirs < 0:
        return True
    shown_at = len(seen.whole) - len(parsed.shown)
    own = {e.kind for e in reading.evidence if shown_at <= e.start < shown_at + theirs}
    return own.issuperset(reading.kinds)
