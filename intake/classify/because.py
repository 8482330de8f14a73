"""Why a mail was read as it was, in words that may stand on a card: only words of ours.

Evidence is the requester's own text and stays in the window that a person opens. Of it, a word is
told that the desk's letters use too, in any of its languages: nobody's name, number or address
is among them.
"""

import re
from collections.abc import Iterable
from functools import cache

from handlers.letters import templates
from storage.records import Evidence

#: no part of an address, a link or a number
_WORD = re.compile(r"(?<![\w@./-])[^\W\d_]+(?![\w@/-]|\.\w)")
_STEM = 5  # letters: "deletion" is told where the letters say "deleted"
_FEW = 4
#: small words that say nothing by themselves
_SHORT = 4


def because(found: Iterable[Evidence]) -> tuple[str, ...]:
    """At most four words, in the order of the text. What has a capital may be a name."""
    told = dict.fromkeys(
        word
        for evidence in found
        for word in _WORD.findall(evidence.text)
        if len(word) >= _SHORT and word.islower() and _stem(word) in _ours()
    )
    return tuple(told)[:_FEW]


@cache
def _ours() -> frozenset[str]:
    """The stems of every word of the letters."""
    texts = (text for language in templates.LANGUAGES for text in _letters(language))
    return frozenset(_stem(word) for text in texts for word in _WORD.findall(text.lower()))


def _letters(language: str) -> Iterable[str]:
    files = templates.built_in(language)
    return (files[name] for name in templates.names() if name in files)


def _stem(word: str) -> str:
    """Its first letters; a word that is as short is its own stem, and no other word's."""
    return word[:_STEM] if len(word) > _STEM else f"{word}."
