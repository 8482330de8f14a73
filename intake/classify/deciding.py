"""From likelihoods to kinds, and to who decides: the desk alone, a person, or nobody."""

from collections.abc import Mapping
from typing import Literal

from intake.classify.model import Judged, Thresholds

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
#: no training moves this one: a real request ignored is the worst error
SIGN = 0.15


def named(likely: Mapping[str, float], at: Thresholds) -> tuple[str, ...]:
    """The kinds asked for, best first, or that nothing is asked. Never empty.

    Where no kind reaches its threshold the likeliest word of all is taken.
    """
    kinds = sorted((name for name in likely if name != NOT_A_REQUEST), key=lambda n: -likely[n])
    found = tuple(name for name in kinds if likely[name] >= at.named)
    nothing = likely.get(NOT_A_REQUEST, 0.0)
    if found and likely[found[0]] >= nothing:
        return found
    if not found and kinds and likely[kinds[0]] > nothing:
        return (kinds[0],)
    return (NOT_A_REQUEST,)


def decided(judged: Judged, kinds: tuple[str, ...], at: Thresholds) -> Literal["auto", "triage"]:
    """Without a person only where the whole answer is all but certain, and something is asked."""
    asked = kinds != (NOT_A_REQUEST,)
    return "auto" if asked and judged.exact >= at.auto else "triage"


def signs(likely: Mapping[str, float]) -> bool:
    """Does anything speak for any kind? Then no machine may ignore the mail."""
    return any(p >= SIGN for name, p in likely.items() if name != NOT_A_REQUEST)
