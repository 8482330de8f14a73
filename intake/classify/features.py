"""From a text to hashed features: the one extractor, for training and at run time.

Four families. Pieces of words survive spelling and endings; words and pairs of words carry the
phrase; ideas (`concepts.py`, `everyday.py`) carry it over to other languages, and ideas beside
words to words like them. Each occurrence remembers its words,
so that a weight can be shown where it stands in the text.
All of it is arithmetic on whole arrays: a mail of 2 KB takes well under a millisecond.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intake.classify.concepts import CONDITIONS, NEGATIONS, STEMS
from intake.classify.everyday import EVERYDAY

Hashes = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Ideas = npt.NDArray[np.uint16]

FAMILIES = ("pieces", "words", "ideas", "phrases")
EACH = 2**19  #: buckets of a family
_PIECES, _WORDS, _IDEAS, _PHRASES = range(len(FAMILIES))
_PRIME = np.uint32(0x01000193)  # FNV's, RFC 9923
_DENIED = np.uint32(0x5A5A5A5A)
_DENIED_IDEA = 512  # above the number of every idea
_LONGEST = 64  # letters of a word that count
_NEAR = 9  # words between two ideas that belong together
_SCOPE = 6  # words after a negation that it takes the force from
_LAST = 0x530  # behind Latin, Greek and Cyrillic a letter stays as it is


class Page(NamedTuple):
    """What is read. `text` is straightened; before `body_at` stands the subject."""

    text: str
    body_at: int
    amounts: Mapping[str, float]  #: what is counted and not worded, by name


class Sheet(NamedTuple):
    """Occurrences, in no order: `buckets[i]` stands on the words `first[i]` and `last[i]`."""

    buckets: Hashes
    first: Places
    last: Places
    starts: Places  #: where each word begins in the text, and ends
    ends: Places
    clauses: Places  #: the clause each word stands in
    amounts: Mapping[str, float]


class _Found(NamedTuple):
    """Features of one form, and the words they stand on."""

    buckets: Hashes
    first: Places
    last: Places


class _Words(NamedTuple):
    """A text cut into words."""

    codes: npt.NDArray[np.uint32]  #: folded letters, a blank for everything else
    letter: Flags
    word: Places  #: the word of each letter
    starts: Places
    ends: Places
    clauses: Places
    phrases: Places  #: the same, cut at commas too
    asked: Flags  #: the clause of the word ends with a question mark
    prefixes: Hashes  #: of each letter: the word up to it


def _folded() -> npt.NDArray[np.uint32]:
    """Letters without their marks: people on phones write none. 0 = no letter."""
    odd = {"ß": "s", "ł": "l", "ø": "o", "đ": "d", "æ": "a", "œ": "o"}
    table = np.zeros(_LAST, np.uint32)
    for code in range(_LAST):
        letter = odd.get(chr(code), unicodedata.normalize("NFD", chr(code).lower())[:1])
        table[code] = ord(letter) if letter.isalnum() else 0
    return table


_FOLDED = _folded()
_POWERS = np.cumprod(np.full(_LONGEST, _PRIME, np.uint32), dtype=np.uint32)


def _mixed(hashes: Hashes, family: int, form: int) -> Hashes:
    """A bucket of the family, by all bits (Murmur's finaliser); one form apart from another."""
    salted = hashes ^ np.uint32((form * 0x9E3779B1) & 0xFFFFFFFF)
    salted = (salted ^ (salted >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    salted = (salted ^ (salted >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return ((salted ^ (salted >> np.uint32(16))) & np.uint32(EACH - 1)) + np.uint32(family * EACH)


def _plain(word: str) -> int:
    codes = _FOLDED[[ord(letter) for letter in word]]
    return int(np.sum(codes * _POWERS[: len(codes)], dtype=np.uint32))


def _cut(text: str) -> _Words:
    raw = np.frombuffer(text.encode("utf-32-le", "replace"), "<u4")
    codes = _FOLDED[np.minimum(raw, _LAST - 1)]
    codes = np.where((raw >= 0x2E80) & (raw < 0xF000), raw, codes).astype(np.uint32)
    letter = codes > 0
    before = np.concatenate(([False], letter[:-1]))
    after = np.concatenate((letter[1:], [False]))
    starts = np.flatnonzero(letter & ~before).astype(np.int32)
    ends = (np.flatnonzero(letter & ~after) + 1).astype(np.int32)
    word = (np.cumsum(letter & ~before) - 1).astype(np.int32)
    clause_at = np.cumsum(_stops(raw)).astype(np.int32)
    questions = np.zeros(int(clause_at[-1]) + 2 if len(raw) else 1, np.bool_)
    questions[clause_at[raw == ord("?")] - 1] = True
    clauses = clause_at[starts]
    commas = np.cumsum(raw == ord(",")).astype(np.int32)
    return _Words(
        codes=np.where(letter, codes, np.uint32(32)),
        letter=letter,
        word=word,
        starts=starts,
        ends=ends,
        clauses=clauses,
        phrases=clauses + commas[starts],
        asked=questions[clauses],
        prefixes=_prefixes(codes, letter, word, starts),
    )


_STOPS = np.array([ord(stop) for stop in "!?;"], np.uint32)


def _stops(raw: npt.NDArray[np.uint32]) -> Flags:
    """Where a clause ends: not within "Art. 15" or an address, nor where a line was only folded."""
    after = np.concatenate((raw[1:], [10, 10])).astype(np.uint32)
    blank = (after[:-1] == 32) | (after[:-1] == 10)
    digit = (after[1:] >= ord("0")) & (after[1:] <= ord("9"))
    dots: Flags = (raw == ord(".")) & blank & ~digit
    empty_line = (raw == 10) & (after[:-1] == 10)
    stops: Flags = dots | empty_line | np.isin(raw, _STOPS)
    return stops


def _prefixes(codes: npt.NDArray[np.uint32], letter: Flags, word: Places, starts: Places) -> Hashes:
    """Of each letter the hash of its word up to it."""
    if not len(starts):
        return np.zeros(len(codes), np.uint32)
    inside = np.where(letter, np.arange(len(codes)) - starts[word], 0)
    counted = letter & (inside < _LONGEST)
    worth = np.where(counted, codes * _POWERS[np.minimum(inside, _LONGEST - 1)], np.uint32(0))
    total = np.cumsum(worth, dtype=np.uint32)
    return total - np.where(starts > 0, total[starts - 1], np.uint32(0))[word]


def _pieces(cut: _Words) -> Iterator[_Found]:
    """Three and four letters of one word, the blanks around it with them: two and five tell little
    more and cost as much again."""
    codes, letter = cut.codes, cut.letter
    # a piece that begins with a blank belongs to the word after it
    word = np.where(letter, cut.word, cut.word + 1).astype(np.int32)
    rolling = codes[:-1] * _PRIME + codes[1:]
    whole = letter[:-1] | letter[1:]
    for size in range(3, min(4, len(codes)) + 1):
        whole = whole[:-1] & letter[size - 2 : len(letter) - 1]
        rolling = rolling[:-1] * _PRIME + codes[size - 1 :]
        here = word[: len(whole)][whole]
        yield _Found(_mixed(rolling[whole], _PIECES, size), here, here)


def _reach(marked: Flags, clauses: Places, ahead: int) -> Flags:
    """Words at most so far behind a marked one in its clause or phrase."""
    if not len(marked):
        return marked
    here = np.arange(len(marked))
    last = np.maximum.accumulate(np.where(marked, here, -1))
    near = (last >= 0) & (here > last) & (here - last <= ahead)
    same: Flags = clauses[last] == clauses
    return near & same


class _Stems(NamedTuple):
    """Hashes of stems, sorted, with what each means; and the upper halves of all the hashes, which
    tell at once of nearly every word that it is none of them."""

    hashes: Hashes
    ideas: Ideas
    halves: Flags


class _Known(NamedTuple):
    """Beginnings of words, and whole words."""

    begun: _Stems
    whole: _Stems


def _known(ideas: Mapping[str, str]) -> _Known:
    rows: dict[bool, dict[int, int]] = {False: {}, True: {}}
    for at, stems in enumerate(ideas.values(), 1):
        for stem in stems.split():
            bare = stem.rstrip("*")
            rows[bare == stem].setdefault(_plain(bare), at)
    return _Known(_stems(rows[False]), _stems(rows[True]))


def _stems(rows: Mapping[int, int]) -> _Stems:
    hashes = np.array(sorted(rows), np.uint32)
    halves = np.zeros(1 << 16, np.bool_)
    halves[hashes >> 16] = True
    return _Stems(hashes, np.array([rows[h] for h in sorted(rows)], np.uint16), halves)


_NAMED = _known(STEMS | EVERYDAY)
_DENYING = _known(NEGATIONS)
_SUPPOSING = _known(CONDITIONS)


def _meant(cut: _Words, known: _Known) -> Ideas:
    """The idea of each word by its longest stem, 0 = none."""
    found = np.zeros(len(cut.starts), np.uint16)
    for stems, ends in (
        (known.begun, np.flatnonzero(cut.letter)),
        (known.whole, cut.ends - 1),
    ):
        letters = ends[stems.halves[cut.prefixes[ends] >> 16]]
        if not len(letters):
            continue
        wanted = cut.prefixes[letters]
        at = np.minimum(np.searchsorted(stems.hashes, wanted), len(stems.hashes) - 1)
        hit = stems.hashes[at] == wanted
        found[cut.word[letters[hit]]] = stems.ideas[at[hit]]  # the last, longest one stays
    return found


def _denied(cut: _Words) -> Flags:
    """Words that a negation before them takes the force from."""
    supposed = _reach(_meant(cut, _SUPPOSING) > 0, cut.phrases, 4)
    return _reach((_meant(cut, _DENYING) > 0) & ~supposed, cut.phrases, _SCOPE)


def _worded(cut: _Words, denied: Flags, body_at: int) -> Iterator[_Found]:
    """Words and pairs, marked as denied, asked, and of the subject."""
    words = cut.prefixes[cut.ends - 1]
    said = np.where(denied, words ^ _DENIED, words)
    here = np.arange(len(words), dtype=np.int32)
    yield _Found(_mixed(said, _WORDS, 1), here, here)
    for apart in (1, 2):
        near = here[:-apart][cut.clauses[:-apart] == cut.clauses[apart:]]
        pairs = words[near] * np.uint32(31) + said[near + apart]
        yield _Found(_mixed(pairs, _WORDS, 1 + apart), near, near + np.int32(apart))
    for form, marked in ((4, cut.starts < body_at), (5, cut.asked)):
        yield _Found(_mixed(words[marked], _WORDS, form), here[marked], here[marked])


def _phrased(cut: _Words, meant: Ideas) -> Iterator[_Found]:
    """An idea with the word before it or behind it, or the next but one."""
    words, ideas = cut.prefixes[cut.ends - 1], meant.astype(np.uint32)
    here = np.arange(len(words), dtype=np.int32)
    for apart in (1, 2):
        near = here[:-apart][cut.clauses[:-apart] == cut.clauses[apart:]]
        for form, idea, word in ((apart, 0, apart), (2 + apart, apart, 0)):
            first = near[ideas[near + idea] > 0]
            pairs = ideas[first + idea] * np.uint32(77) + words[first + word]
            yield _Found(_mixed(pairs, _PHRASES, form), first, first + np.int32(apart))


def _thought(cut: _Words, meant: Ideas, denied: Flags, body_at: int) -> Iterator[_Found]:
    """Ideas, and two of them close together in one clause, in either order."""
    at = np.flatnonzero(meant).astype(np.int32)
    ideas = meant[at].astype(np.uint32) + np.uint32(_DENIED_IDEA) * denied[at]
    yield _Found(_mixed(ideas, _IDEAS, 1), at, at)
    for form, marked in ((2, cut.starts[at] < body_at), (3, cut.asked[at])):
        yield _Found(_mixed(ideas[marked], _IDEAS, form), at[marked], at[marked])
    for gap in range(1, min(5, len(at))):
        first, last = at[:-gap], at[gap:]
        near = (cut.clauses[first] == cut.clauses[last]) & (last - first <= _NEAR)
        one, other = ideas[:-gap][near], ideas[gap:][near]
        pair = np.minimum(one, other) * np.uint32(2 * _DENIED_IDEA) + np.maximum(one, other)
        yield _Found(_mixed(pair, _IDEAS, 4), first[near], last[near])


def extract(page: Page) -> Sheet:
    """Everything the model may weigh."""
    cut = _cut(page.text)
    none = np.zeros(0, np.int32)
    found = [_Found(none.astype(np.uint32), none, none)]
    if len(cut.starts):
        denied = _denied(cut)
        found += _pieces(cut)
        found += _worded(cut, denied, page.body_at)
        meant = _meant(cut, _NAMED)
        found += _thought(cut, meant, denied, page.body_at)
        found += _phrased(cut, meant)
    return Sheet(
        buckets=np.concatenate([one.buckets for one in found]),
        first=np.concatenate([one.first for one in found]),
        last=np.concatenate([one.last for one in found]),
        starts=cut.starts,
        ends=cut.ends,
        clauses=cut.clauses,
        amounts=page.amounts,
    )
