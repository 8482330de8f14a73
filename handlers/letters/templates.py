"""The letters as they lie in their files: a folder for each language, English first.

A letter begins with its front matter: `subject`, and in English `title` (as staff choose it) and
its rules: `neutral` (says nothing on whether we hold data on anybody), `automatic` (may go without
a person), `answers` (it is the answer to a request), `asks` (the next word is the requester's),
`stops` (what it asks for, where that may stop a clock), `extends` (tells that it takes longer),
`slow` (a longer time to undo) and `rights` (ends with where to complain). A translation has `of`
instead: the version of the English text it was made from. `[[ … ]]` marks what staff still have
to write: the words from the paragraph of the first to that of the last are theirs, the rest ours.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from storage.records import Record

BUILT_IN = Path(__file__).parent
ENGLISH = "en"
#: the desk's languages, ISO 639-1
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl")
SKELETON = "skeleton"  #: what stands around every letter
WORDS = "words.toml"  #: what is put into letters: kinds, periods, reasons
_RULES = ("neutral", "automatic", "answers", "asks", "extends", "slow", "rights")


class Template(Record, frozen=True, kw_only=True):
    """A letter's rules, from its English file: no translation and no override changes them."""

    name: str
    title: str
    neutral: bool
    automatic: bool = False
    answers: bool = False
    asks: bool = False  #: the next word is the requester's
    extends: bool = False  #: tells that it takes longer, which is possible inside the period alone
    stops: str = ""  #: the reason of the clock event when it has gone out
    slow: bool = False  #: gets the long undo window
    rights: bool = False  #: says where to complain


class Text(Record, frozen=True, kw_only=True):
    """A letter's words in one language, unrendered."""

    subject: str
    body: str
    of: str = ""  #: version of the English text it was made from
    version: str  #: 12 hex digits over subject and body


@cache
def names() -> tuple[str, ...]:
    """Every letter there is, by name."""
    files = (path.stem for path in (BUILT_IN / ENGLISH).glob("*.txt"))
    return tuple(sorted(name for name in files if name != SKELETON))


@cache
def template(name: str) -> Template:
    """Raises KeyError for a name that is none, ValueError for a file without front matter."""
    if name not in names():
        raise KeyError(f"there is no letter {name}")
    head, _ = _parted(name, (BUILT_IN / ENGLISH / f"{name}.txt").read_text(encoding="utf-8"))
    rules = {rule: head.get(rule) == "yes" for rule in _RULES}
    return Template(name=name, title=head["title"], stops=head.get("stops", ""), **rules)


def parsed(name: str, source: str) -> Text:
    """A letter's file. Raises ValueError, which names the letter and what is missing."""
    head, body = _parted(name, source)
    return Text(
        subject=head["subject"],
        body=body,
        of=head.get("of", ""),
        version=hashlib.sha256(f"{head['subject']}\n{body}".encode()).hexdigest()[:12],
    )


def _parted(name: str, source: str) -> tuple[dict[str, str], str]:
    head, found, body = source.replace("\r\n", "\n").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if not found or "subject" not in fields:
        raise ValueError(f"letter {name} needs a subject, then an empty line")
    return fields, body


@cache
def built_in(language: str) -> Mapping[str, str]:
    """The files of a language as they are, by name without ending; blocks as `blocks/NAME`."""
    folder = BUILT_IN / language
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.txt"))
    }


@cache
def words(language: str) -> Mapping[str, Any]:
    """What a language puts into its letters (`words.toml`)."""
    return tomllib.loads((BUILT_IN / language / WORDS).read_text(encoding="utf-8"))
