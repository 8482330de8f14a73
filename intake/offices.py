"""Our own addresses in somebody else's mail: they come from the policy, not from the requester."""

import re
from collections.abc import Iterator
from functools import cache

#: between two parts of one address there is no more than this
GAP = 12
#: a shorter part, such as the city, is an address only beside a longer one
TELLING = 7


@cache
def _parts(office: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """Each part of it, longest first; those that a stranger's address would not have."""
    parts = sorted((part.strip() for part in office.split(",")), key=len, reverse=True)
    spaced = (r"\s+".join(map(re.escape, part.split())) for part in parts)
    telling = (part for part in parts if any(map(str.isdigit, part)) or len(part) > TELLING)
    own = frozenset(" ".join(part.lower().split()) for part in telling)
    return re.compile(rf"\b({'|'.join(spaced)})\b", re.IGNORECASE), own


def without(text: str, offices: tuple[str, ...]) -> str:
    """The text without these addresses; a city or a country that stands apart is kept."""
    low = text.lower()
    for office in offices:
        parts, own = _parts(office)
        if any(all(word in low for word in part.split()) for part in own):
            for start, end in reversed(list(_stretches(text, parts, own))):
                text = f"{text[:start]} {text[end:]}"
    return text


def _stretches(text: str, parts: re.Pattern[str], own: frozenset[str]) -> Iterator[tuple[int, int]]:
    """From the first to the last of parts that stand together, where one of them is telling."""
    start = end = -1
    ours = False
    for found in parts.finditer(text):
        if start >= 0 and found.start() - end > GAP:
            if ours:
                yield start, end
            start, ours = -1, False
        start = found.start() if start < 0 else start
        end = found.end()
        ours = ours or " ".join(found.group().lower().split()) in own
    if ours:
        yield start, end
