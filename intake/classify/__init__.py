"""What a mail asks for, with the words that say so. Pure; it can never reject a mail.

The clues come with the kinds (`handlers/kinds/`) and from `handlers/noise.py`. "Cannot tell"
is an answer, and means that a person sorts the mail.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import msgspec

from handlers.handler import Kind
from handlers.noise import NOISE
from intake import quoted
from intake.classify.facts import facts
from intake.classify.flags import flags
from intake.classify.language import LANGUAGES, language
from intake.classify.needles import Index, Words
from intake.classify.scoring import (
    Clues,
    Found,
    Text,
    apart,
    likelihood,
    nothing,
    score,
    straightened,
)
from intake.classify.services import service
from storage.records import Evidence, ParsedMail, Reading, Record

NOT_A_REQUEST = "not_a_request"
#: the words of the glossary; a reading names a confidence for each
WORDS = (
    "access",
    "deletion",
    "correction",
    "unsubscribe",
    "child_data",
    "complaint",
    "legal_demand",
    "question",
    NOT_A_REQUEST,
)
_LIKELY = 0.5  # from here on a kind is named
_SURE = 0.8  # from here on nobody has to sort it first
_SIGN = 0.15  # from here on no machine may ignore it
_BULK = 6.0  # so much noise is a sign of bulk mail by itself
#: the subject of a reply is somebody's older words
_REPLY = re.compile(r"\s*(re|aw|antw|sv|rif|r|odp|res)\s*(\[\d+\])?:", re.IGNORECASE)


class Kinds(Protocol):
    """What the classifier needs of the registry."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...


class Scores(Record, frozen=True, kw_only=True):
    """What was found for each kind."""

    confidence: dict[str, float]
    found: dict[str, list[Found]]
    noise: float


def read_text(parsed: ParsedMail) -> str:
    """The text that is classified and that evidence points into."""
    return f"{parsed.subject}\n\n{parsed.shown}"


class Classifier:
    """Weighs the clues of every kind."""

    def __init__(self, registry: Kinds) -> None:
        self._kinds = {name: Clues(kind.clues) for name, kind in registry.kinds.items()}
        self._noise = Clues(NOISE)
        every = (*self._kinds.values(), self._noise)
        self._index = {
            spoken: Index(needles for clues in every for needles in clues.needles(_known(spoken)))
            for spoken in (*LANGUAGES, "und")
        }

    def read(self, parsed: ParsedMail, *, robot: bool = False) -> Reading:
        """What the mail asks; `robot` says that a machine or a list sent it."""
        whole = read_text(parsed)
        words = Words(straightened(whole))
        spoken = language(words.text)
        scores = self._weigh(parsed, words, spoken)
        kinds = _named(scores.confidence)
        reading = Reading(
            kinds=kinds or (NOT_A_REQUEST,),
            decision=_decision(scores, kinds, readable=parsed.readable),
            confidence=scores.confidence,
            evidence=tuple(_evidence(whole, kinds, scores.found)),
            language=spoken,
            flags=flags(words, parsed.header_from),
            facts=facts(whole, frozenset((parsed.header_from.lower(),))),
            service=service(words.text, parsed.header_from),
        )
        reading = _careful(reading, whole, parsed)
        return settled(reading, robot=robot or scores.noise >= _BULK)

    def _weigh(self, parsed: ParsedMail, words: Words, spoken: str) -> Scores:
        languages = _known(spoken)
        old = bool(parsed.shown.strip()) and _REPLY.match(parsed.subject) is not None
        body_at = len(parsed.subject) + 2 if old else 0
        present = self._index[spoken].present(words)
        held = Text(words=words, present=present, languages=languages)
        found = {name: clues.find(held, body_at) for name, clues in self._kinds.items()}
        noise = score(self._noise.find(held, body_at))
        confidence = {n: round(likelihood(score(f), noise), 4) for n, f in found.items()}
        confidence[NOT_A_REQUEST] = round(nothing(max(confidence.values(), default=0.0), noise), 4)
        confidence = dict.fromkeys(WORDS, 0.0) | confidence
        return Scores(confidence=confidence, found=found, noise=noise)


def unread() -> Reading:
    """For a mail that could not be read: nobody knows, a person looks."""
    return Reading(kinds=(NOT_A_REQUEST,), decision="triage", confidence=dict.fromkeys(WORDS, 0.0))


def settled(reading: Reading, *, robot: bool) -> Reading:
    """A machine's mail that shows no sign of any kind may be ignored; nothing else may."""
    signs = any(p >= _SIGN for name, p in reading.confidence.items() if name != NOT_A_REQUEST)
    if not robot or signs or reading.flags or reading.decision == "auto":
        return reading
    return msgspec.structs.replace(reading, decision="ignore")


def _careful(reading: Reading, whole: str, parsed: ParsedMail) -> Reading:
    """What was passed on is read, and is not its sender's own word: then a person looks."""
    theirs = quoted.passed_on(parsed.shown, parsed.subject)
    if theirs < 0 or reading.decision != "auto":
        return reading
    shown_at = len(whole) - len(parsed.shown)
    own = {e.kind for e in reading.evidence if shown_at <= e.start < shown_at + theirs}
    if own.issuperset(reading.kinds):
        return reading
    return msgspec.structs.replace(reading, decision="triage")


def _known(spoken: str) -> frozenset[str] | None:
    """Languages whose clues count: English stands in mails of every language. None = all."""
    return None if spoken == "und" else frozenset(("", "en", spoken))


def _named(confidence: Mapping[str, float]) -> tuple[str, ...]:
    likely = [n for n, p in confidence.items() if p >= _LIKELY and n != NOT_A_REQUEST]
    return tuple(sorted(likely, key=lambda name: -confidence[name]))


def _decision(
    scores: Scores, kinds: tuple[str, ...], *, readable: bool
) -> Literal["auto", "triage"]:
    """Triage when anything is in doubt: a named kind that is not sure, or one half seen."""
    if not kinds or not readable:
        return "triage"
    doubt = any(
        0.35 <= p < _LIKELY for name, p in scores.confidence.items() if name != NOT_A_REQUEST
    )
    sure = all(scores.confidence[name] >= _SURE for name in kinds)
    return "auto" if sure and not doubt else "triage"


def _evidence(
    text: str, kinds: Iterable[str], found: Mapping[str, list[Found]]
) -> Iterable[Evidence]:
    for kind in kinds:
        for clue in apart(found[kind]):
            yield Evidence(
                kind=kind,
                text=text[clue.start : clue.end],
                start=clue.start,
                end=clue.end,
            )
