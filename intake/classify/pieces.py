"""A text cut into the pieces of words that the encoder knows: SentencePiece's unigram model.

Of all ways to cut it the likeliest is taken (Kudo, arXiv 1804.10959; Viterbi's way to find it).
"""

import struct
import unicodedata
from typing import NamedTuple

_SPACE = "\u2581"  # stands for a blank
_UNKNOWN = 10.0  # by how much a letter that is in no piece is less likely than any piece


class Special(NamedTuple):
    """Numbers with a meaning of their own."""

    begin: int
    end: int
    padding: int
    unknown: int


class Pieces:
    """The pieces, each with its number and the log of its likelihood."""

    def __init__(self, special: Special, scores: dict[str, tuple[int, float]]) -> None:
        self.special = special
        self._scores = scores
        self._longest = max(map(len, scores))
        self._unlikely = min(score for _, score in scores.values()) - _UNKNOWN

    def numbers(self, text: str) -> list[int]:
        """The numbers of its pieces, without beginning and end."""
        found: list[int] = []
        # A word begins with the blank before it, and no piece goes beyond one.
        for word in unicodedata.normalize("NFKC", text).split():
            found += self._cut(_SPACE + word)
        return found

    def _cut(self, word: str) -> list[int]:
        best = [0.0] + [float("-inf")] * len(word)
        last = [(0, self.special.unknown)] * (len(word) + 1)
        for start in range(len(word)):
            for end in range(start + 1, min(start + self._longest, len(word)) + 1):
                number, score = self._scores.get(word[start:end], (self.special.unknown, None))
                if score is None:
                    if end > start + 1:
                        continue
                    score = self._unlikely
                if best[start] + score > best[end]:
                    best[end], last[end] = best[start] + score, (start, number)
        found = []
        end = len(word)
        while end:
            end, number = last[end]
            found.append(number)
        return found[::-1]


def read(content: memoryview, at: int) -> tuple[Pieces, int]:
    """The pieces in a file of the encoder's, and where they end in it."""
    count, *special = struct.unpack_from("<5i", content, at)
    (size,) = struct.unpack_from("<Q", content, at + 20)
    at += 28
    places = struct.unpack_from(f"<{count + 1}I", content, at)
    scores = struct.unpack_from(f"<{count}f", content, at + 4 * (count + 1))
    at += 4 * (2 * count + 1)
    blob = bytes(content[at : at + size])
    # An ordinary text never holds the special ones; as pieces they would be the likeliest of all.
    known = {
        blob[places[n] : places[n + 1]].decode(): (n, scores[n])
        for n in range(count)
        if n not in special
    }
    at += size
    _, changes = struct.unpack_from("<iI", content, at)  # Unicode's own rule (NFKC) does for them
    return Pieces(Special(*special), known), at + 8 + changes
