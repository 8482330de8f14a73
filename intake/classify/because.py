"""Why a mail was read as it was, in words that may stand on a card: only words of ours.

Evidence is the requester's own text and stays in the window that a person opens. Of it, a word is
told that the table of ideas has too (`concepts.py`), in any of the desk's languages: nobody's
name, number or address is among them.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from intake.classify.concepts import STEMS
from storage.records import Evidence

#: no part of an address, a link or a number
_WORD = re.compile(r"(?<![\w@./-])[^\W\d_]+(?![\w@/-]|\.\w)")
_FEW = 4
#: ideas that say nothing by themselves
_SMALL = frozenset(
    (
        "mine", "ours", "yours", "name", "all", "how", "soon", "gone", "thanks", "know", "tell",
        "give", "hold", "place", "otherwise", "age", "company", "support", "robot", "sales",
        "money",
    )
)  # fmt: skip


class _Known(NamedTuple):
    """Whole words, and beginnings of words, without their marks."""

    whole: frozenset[str]
    begun: tuple[str, ...]


def because(found: Iterable[Evidence]) -> tuple[str, ...]:
    """At most four words, in the order of the text. What has a capital may be a name."""
    told = dict.fromkeys(
        word
        for evidence in found
        for word in _WORD.findall(evidence.text)
        if word.islower() and _is_ours(word)
    )
    return tuple(told)[:_FEW]


def _is_ours(word: str) -> bool:
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return bare in _known().whole or bare.startswith(_known().begun)


@cache
def _known() -> _Known:
    stems = [stem for idea, all_ in STEMS.items() if idea not in _SMALL for stem in all_.split()]
    return _Known(
        whole=frozenset(stem for stem in stems if not stem.endswith("*")),
        # a short beginning fits too many words, a stranger's name among them
        begun=tuple(stem[:-1] for stem in stems if stem.endswith("*") and len(stem) > 5),
    )
