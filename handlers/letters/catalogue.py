"""The letters of all languages, with the operator's own wording in place of ours.

An operator's file `DESK_DATA/letters/LANGUAGE/NAME.txt` replaces the words of a letter or of a
block, never its rules. It is tried out at the start, so that no letter fails when it is needed.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
from babel import Locale
from babel.dates import format_date
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from handlers.letters import templates
from handlers.letters.templates import ENGLISH, LANGUAGES, SKELETON, Text
from storage.records import Record

#: English dates are written as in Cardiff
_LOCALES = {"en": "en_GB", "pt": "pt_PT"}
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_STATE = re.compile(r"us_\w+")
#: where staff's words go, while a letter is put together
_SEAM = "\x00"


class Rendered(Record, frozen=True, kw_only=True):
    """A letter with its values filled in.

    What stands around staff's own words is the desk's, and nobody takes it out.
    """

    subject: str  #: one line, whatever the values hold
    before: str
    words: str  #: what staff may change: from the first [[ gap ]] to the last; "" = there is none
    after: str
    language: str
    version: str  #: of the words it was made from

    @property
    def body(self) -> str:
        """The letter as the template has it."""
        return self.saying(self.words)

    def saying(self, words: str) -> str:
        """The letter with these words of staff in it."""
        parts = (self.before, words.strip(), self.after)
        return "\n\n".join(part for part in parts if part) + "\n"


class Catalogue(Record, frozen=True, kw_only=True):
    """What letters say. `own` are the operator's files by language and name."""

    own: Mapping[str, Mapping[str, str]] = msgspec.field(default_factory=dict)
    reviewers: Mapping[str, str] = msgspec.field(default_factory=dict)  #: language: who read it

    def reviewed(self, language: str) -> bool:
        """English is ours; another language may go by itself once somebody answers for it."""
        return language == ENGLISH or language in self.reviewers

    def language_for(self, spoken: str, *, automatic: bool = False) -> str:
        """The requester's own language where there are letters in it (and, for one that goes by
        itself, somebody has reviewed them), else English."""
        known = spoken in LANGUAGES and (self.reviewed(spoken) or not automatic)
        return spoken if known else ENGLISH

    def text(self, name: str, language: str) -> Text:
        """The words in force. Raises ValueError for a language without this letter."""
        source = self._source(name, language)
        if source is None:
            raise ValueError(f"there is no letter {name} in the language {language}")
        return templates.parsed(name, source)

    def outdated(self, name: str, language: str) -> bool:
        """Was it translated from an English text that reads otherwise now?"""
        if language == ENGLISH:
            return False
        return self.text(name, language).of != self.text(name, ENGLISH).version

    def warning(self, name: str, language: str) -> str:
        """What a person should know before a letter in this language goes; "" = nothing."""
        told = []
        if not self.reviewed(language):
            told.append(f"{language_name(language)}: not reviewed.")
        if self.outdated(name, language):
            told.append("The translation is older than its English.")
        return " ".join(told)

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """The letter. Raises ValueError for an unknown one, TemplateError for want of a value."""
        text = self.text(name, language)
        first, words, last = _parted(filled(text.body, values))
        said = {
            "body": f"{first}\n\n{_SEAM}\n\n{last}",
            "rights": self._rights(language, values) if values.get("owed") else "",
        }
        whole = filled(self._source(SKELETON, language) or "", {**values, **said})
        before, seam, after = whole.partition(_SEAM)
        if not seam:
            raise ValueError(f"{SKELETON} has no {{{{ body }}}}")
        return Rendered(
            subject=one_line(filled(text.subject, values)),
            before=_spaced(before),
            words=words,
            after=_spaced(after),
            language=language,
            version=text.version,
        )

    def _source(self, name: str, language: str) -> str | None:
        own = self.own.get(language, {}).get(name)
        return own if own is not None else templates.built_in(language).get(name)

    def _rights(self, language: str, values: Mapping[str, object]) -> str:
        """Where to complain, under each law that may bind; without one, the general words."""
        regimes = values.get("regimes")
        wanted = regimes if isinstance(regimes, tuple) else ()
        found = dict.fromkeys(filter(None, (self._block(regime, language) for regime in wanted)))
        sources = list(found) or [self._source("blocks/policy", language) or ""]
        return "\n\n".join(filled(source, values).strip() for source in sources)

    def _block(self, regime: str, language: str) -> str | None:
        return self._source(f"blocks/{block(regime)}", language)


def block(regime: str) -> str:
    """The name of the block that says where to complain; the states of the US share one."""
    return "us" if _STATE.fullmatch(regime) else regime


def read(folder: Path) -> dict[str, dict[str, str]]:
    """The operator's files by language and name; none when there is no such folder.

    Raises ValueError for one that is no UTF-8, OSError for one that cannot be read.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*/**/*.txt")):
        language, *name = path.relative_to(folder).with_suffix("").parts
        found.setdefault(language, {})["/".join(name)] = path.read_text(encoding="utf-8")
    return found


def long_date(day: date, language: str) -> str:
    """As people of that language write it: 5 November 2026, 5. November 2026."""
    written = format_date(day, "long", locale=_LOCALES.get(language, language))
    # the first of a month is an ordinal in French; the CLDR has none
    return re.sub(r"^1 ", "1er ", written) if language == "fr" else written


def language_name(language: str) -> str:
    """In English: "German"."""
    return Locale.parse(language).get_display_name("en") or language


def one_line(text: str) -> str:
    """Nothing in it can begin another header field (RFC 5322 2.2)."""
    return " ".join(_BREAKS.sub(" ", text).split())


@cache
def _environment() -> SandboxedEnvironment:
    # plain text goes out: HTML escaping would spoil it
    return SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _compiled(source: str) -> Template:
    return _environment().from_string(source)


def filled(source: str, values: Mapping[str, object]) -> str:
    """A text with its values. Raises TemplateError."""
    return _compiled(source).render(values)


def _parted(text: str) -> tuple[str, str, str]:
    """What comes before the paragraphs with a gap, these with all between them, and the rest."""
    paragraphs = _spaced(text).split("\n\n")
    gaps = [place for place, each in enumerate(paragraphs) if "[[" in each]
    start, end = (gaps[0], gaps[-1] + 1) if gaps else (len(paragraphs), len(paragraphs))
    first, words, last = paragraphs[:start], paragraphs[start:end], paragraphs[end:]
    return "\n\n".join(first), "\n\n".join(words), "\n\n".join(last)


def _spaced(text: str) -> str:
    """No more than one empty line between two paragraphs."""
    return re.sub(r"\n{3,}", "\n\n", text).strip()
