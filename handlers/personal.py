"""Does a text of ours hold what belongs into the case alone: an address, a number, a name? Pure.

What people write in Slack stays there beyond our reach, so whoever writes is told at once. Better
once too often than not at all, but never for a word that anybody might use: a name that is a word
too ("Will", "May") counts where it stands with a capital letter.
"""

import re
from collections.abc import Iterator

from storage.records import Case, Fact

#: RFC 5322 in practice; Slack's own `<@U…>` has no local part
_ADDRESS = re.compile(r"[^\s<>|@,;:()\[\]]+@[^\s<>|@]+\.[^\W\d_]{2,}")
_PHONE = re.compile(r"(?<!\w)(?:\+|00)\d(?:[ ()/.-]?\d){7,}")
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 3  #: letters of a name that is looked for by itself
_SUBJECT = 8  #: letters of a subject that is more than "My data"


def found(text: str, case: Case) -> str:
    """What it holds, completing "that looks like …"; "" = nothing we can see."""
    if _ADDRESS.search(text):
        return "an address"
    if _PHONE.search(text):
        return "a phone number"
    if any(_named(text, name) for name in _names(case)):
        return "a name from the case"
    folded = _folded(text)
    if any(_folded(fact) in folded for fact in _facts(case)):
        return "something the mail says of a person"
    subject = _folded(case.subject)
    return "the subject of the mail" if len(subject) >= _SUBJECT and subject in folded else ""


def _names(case: Case) -> Iterator[str]:
    yield case.requester_name
    yield case.data_subject
    yield from (fact.text for fact in _all_facts(case, {"subject"}))
    local = case.requester.partition("@")[0]
    if len(local) > 4 and not local.isdecimal():
        yield local


def _facts(case: Case) -> Iterator[str]:
    told = (fact.text for fact in _all_facts(case, {"address", "born", "number"}))
    return (text for text in told if len(text) > 4)


def _all_facts(case: Case, wanted: set[str]) -> Iterator[Fact]:
    return (fact for fact in (case.reading.facts if case.reading else ()) if fact.what in wanted)


def _named(text: str, name: str) -> bool:
    """The whole name, however it is written; or one word of it, as a name is written."""
    words = _WORD.findall(name)
    if name.lower() == name.upper():  # a script without capitals, perhaps without spaces
        return any(len(word) > 1 and word in text for word in words)
    whole = rf"(?<!\w){re.escape(_folded(name))}(?!\w)"
    if len(words) > 1 and re.search(whole, _folded(text)):
        return True
    return any(_capital(text, word) for word in words if len(word) >= _SHORTEST)


def _capital(text: str, word: str) -> bool:
    same = (each for each in _WORD.findall(text) if each.casefold() == word.casefold())
    return any(each[0].isupper() for each in same)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
