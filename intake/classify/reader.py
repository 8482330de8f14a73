"""Everything that is seen in a mail before anything is weighed: words, clues, features.

The one way from a mail to features, in training and at run time.
"""

import math
import re
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from handlers.handler import Kind
from handlers.noise import NOISE
from intake.classify.features import Page, Sheet, extract
from intake.classify.furniture import without_furniture
from intake.classify.language import LANGUAGES, language
from intake.classify.needles import Index, Words
from intake.classify.scoring import Clues, Found, Text, score, straightened
from storage.records import ParsedMail, Record

#: the subject of a reply is somebody's older words
_REPLY = re.compile(r"\s*(re|aw|antw|sv|rif|r|odp|res)\s*(\[\d+\])?:", re.IGNORECASE)
_LINK = re.compile(r"https?:|www\.")


class Kinds(Protocol):
    """What the classifier needs of the registry."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...


class Seen(Record, frozen=True, kw_only=True):
    """What stands in a mail."""

    whole: str  #: what evidence points into
    words: Words  #: the same, straightened
    language: str
    found: dict[str, list[Found]]  #: clues, by kind
    noise: float
    sheet: Sheet


def read_text(parsed: ParsedMail) -> str:
    """The text that is classified and that evidence points into."""
    return f"{parsed.subject}\n\n{parsed.shown}"


class Reader:
    """Looks for the clues of every kind and extracts the features."""

    def __init__(self, registry: Kinds) -> None:
        self._kinds = {name: Clues(kind.clues) for name, kind in registry.kinds.items()}
        self._noise = Clues(NOISE)
        every = (*self._kinds.values(), self._noise)
        self._index = {
            spoken: Index(needles for clues in every for needles in clues.needles(_known(spoken)))
            for spoken in (*LANGUAGES, "und")
        }

    def see(self, parsed: ParsedMail) -> Seen:
        """Pure; a text of any length is read up to a bound (`scoring.straightened`)."""
        whole = read_text(parsed)
        words = Words(without_furniture(straightened(whole)))
        spoken = language(words.text)
        old = bool(parsed.shown.strip()) and _REPLY.match(parsed.subject) is not None
        held = Text(
            words=words,
            present=self._index[spoken if spoken in LANGUAGES else "und"].present(words),
            languages=_known(spoken),
        )
        start = len(parsed.subject) + 2
        found = {name: clues.find(held, start if old else 0) for name, clues in self._kinds.items()}
        noise = self._noise.find(held, start if old else 0)
        amounts = _amounts(parsed, words.text, found | {"noise": noise})
        amounts |= {f"language {spoken}": 1.0, "reply": float(old)}
        numbers = [clue.number for clues in (*found.values(), noise) for clue in clues]
        text = " " * start + words.text[start:] if old else words.text
        page = Page(text, start, np.array(numbers, np.uint32), amounts)
        return Seen(
            whole=whole,
            words=words,
            language=spoken,
            found=found,
            noise=score(noise),
            sheet=extract(page),
        )


def _amounts(parsed: ParsedMail, text: str, found: Mapping[str, list[Found]]) -> dict[str, float]:
    """What is counted, each about as large as 1: a strong clue weighs 4."""
    amounts = {
        f"clues {name}": max(min(score(clues) / 4.0, 1.5), -1.5) for name, clues in found.items()
    }
    amounts["length"] = math.log1p(len(parsed.shown)) / 8.0
    amounts["links"] = math.log1p(sum(1 for _ in _LINK.finditer(text))) / 2.0
    return amounts


def _known(spoken: str) -> frozenset[str] | None:
    """Languages whose clues count: English stands in mails of every language. None = all."""
    return frozenset(("", "en", spoken)) if spoken in LANGUAGES else None
