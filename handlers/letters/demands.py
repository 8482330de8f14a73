"""What the law wants to find in each letter, as data, and the test that a letter has it.

What is looked for does not depend on the language: values that were put in, articles, sections
and addresses of authorities, and gaps that staff have to fill. The operator's own wording is
tried at the start, ours in every language by the tests.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from jinja2 import TemplateError

from handlers import deadlines
from handlers.handler import Kind
from handlers.letters import templates
from handlers.letters.catalogue import Catalogue
from handlers.letters.templates import ENGLISH, LANGUAGES
from handlers.letters.wording import Matter, values_of
from handlers.policy import Policy
from storage.records import Candidate, Case, Record, Request


class Demand(Record, frozen=True, kw_only=True):
    """Something a letter must hold, and where it is demanded."""

    what: str  #: for people: "the way to the regulator"
    text: str  #: a regular expression over the letter
    source: str
    unless: str = ""  #: not in letters to requests of this kind


def demand(what: str, text: str, source: str, unless: str = "") -> Demand:
    """One line of the tables below."""
    return Demand(what=what, text=text, source=source, unless=unless)


def gaps(count: int, source: str) -> Demand:
    """So many [[ … ]] at least: what only staff can say."""
    return Demand(what="gaps for staff", text=rf"(\[\[.*?\]\].*?){{{count}}}", source=source)


class Specimen(Record, frozen=True, kw_only=True):
    """A made-up case under one law, to try letters on."""

    regime: str
    kind: str = "access"


#: who to turn to, by law: in every letter whose rules say `rights`
RIGHTS: Mapping[str, tuple[Demand, ...]] = MappingProxyType(
    {
        "eu_gdpr": (
            demand("supervisory authorities", r"edpb\.europa\.eu", "GDPR Art. 12(4)"),
            demand("the right to complain", r"\b77\b", "GDPR Art. 12(4), 77"),
            demand("judicial remedy", r"\b79\b", "GDPR Art. 12(4), 79"),
        ),
        "uk_gdpr": (
            demand("complaint to us", r"\b164A\b", "DPA 2018 s.164A", unless="complaint"),
            demand("the Commissioner", r"ico\.org\.uk.*\b165\b", "DPA 2018 s.165"),
            demand("judicial remedy", r"\b167\b", "UK GDPR Art. 12(4)"),
        ),
        "ccpa": (demand("no retaliation", r"1798\.125", "Cal. Civ. Code 1798.125"),),
        "us_va": (demand("the appeal", r"\b45\b", "Va. Code 59.1-577"),),
        "ca_pipeda": (demand("the Commissioner", r"priv\.gc\.ca", "PIPEDA s.8(4), 8(7)"),),
        "ca_quebec": (demand("remedy and its limit", r"cai\.gouv\.qc\.ca.*\b30\b", "P-39.1 s.34"),),
        "br_lgpd": (demand("the authority", r"gov\.br/anpd", "LGPD Art. 18 §1"),),
        "ch_fadp": (demand("the Commissioner", r"edoeb\.admin\.ch", "FADP Art. 49"),),
        "policy": (demand("authorities of both", r"edpb\.europa\.eu.*ico\.org\.uk", "desk rule"),),
    }
)
#: what each letter holds besides
DEMANDS: Mapping[str, tuple[Demand, ...]] = MappingProxyType(
    {
        # GDPR Art. 15(1)(a)-(h), (2), (3): copy, purposes, categories, recipients, period, source,
        # automated decisions, safeguards, and what is withheld (15(4))
        "answer_access": (gaps(9, "GDPR Art. 15"),),
        "answer_categories": (gaps(4, "11 CCR 7024(a)"),),
        "answer_portability": (gaps(3, "GDPR Art. 20"),),
        "answer_deletion": (gaps(3, "GDPR Art. 17, 19"),),
        "answer_correction": (gaps(3, "GDPR Art. 16, 19"),),
        "answer_child": (gaps(3, "16 CFR 312.6"),),
        "answer_complaint": (
            demand("who settles disputes", r"jamsadr\.com", "privacy policy"),
            demand("the FTC", r"ftc\.gov", "privacy policy"),
            gaps(3, "DPA 2018 s.164A"),
        ),
        "partial": (demand("the reason", r"\[\[|REASON", "GDPR Art. 12(4)"),),
        "refusal": (demand("the reason", "REASON", "GDPR Art. 12(4)"),),
        "refusal_neutral": (demand("the reason", "REASON", "GDPR Art. 12(4)"),),
        "extension": (
            demand("the reason", "REASON", "GDPR Art. 12(3)"),
            demand("the new date", "EXTENDED", "PIPEDA s.8(4)"),
        ),
        "correcting": (demand("which letter it replaces", "REPLACED", "desk rule"),),
        "code": (demand("the code", "CODE", "desk rule"),),
        "duplicate": (demand("the first reference", "FIRST", "desk rule"),),
        "acknowledgement": (demand("the period", r"\d", "11 CCR 7021(a)"),),
    }
)
#: letters to an address that may not be the requester's name no case
_NO_REFERENCE = frozenset({"code"})
#: answers, endings and notices of more time: both dates are told
_DUE = re.compile(r"answer_(?!legal)|refusal|partial|unverified|no_data|referred|extension|late")
_GIVEN = {
    "reason": "REASON",
    "extended": "EXTENDED",
    "replaced": "REPLACED",
    "code": "CODE",
    "first": "FIRST",
}
RECEIVED = datetime(2031, 7, 19, 12, tzinfo=UTC)


def matter(specimen: Specimen, kinds: Mapping[str, Kind], policy: Policy) -> Matter:
    """A made-up case under this law."""
    candidate = Candidate(regime=specimen.regime)
    asked = deadlines.Asked(kind=specimen.kind, received_at=RECEIVED)
    request = Request(
        id=1,
        kind=specimen.kind,
        due=deadlines.due(asked, candidate),
        regimes=(candidate,),
    )
    case = Case(
        ref="PR-2031-0042",
        received_at=RECEIVED,
        requester="",
        requester_hash="",
        requests=(request,),
    )
    return Matter(case=case, kinds=kinds, policy=policy, now=RECEIVED)


def lacking(name: str, language: str, about: Matter) -> Iterator[Demand]:
    """What the letter in this language does not hold. Raises ValueError, TemplateError."""
    regime = about.case.requests[0].due.regime
    values = {**values_of(about, language), **_GIVEN}
    found = about.policy.letters.render(name, language, values)
    # on one line: a demand's parts may stand in several
    told = " ".join(f"{found.subject} {found.body}".split())
    rights = RIGHTS.get(regime, RIGHTS["policy"]) if templates.template(name).rights else ()
    kind = about.case.requests[0].kind
    for each in (*_always(name, values), *rights, *DEMANDS.get(name, ())):
        if each.unless != kind and not re.search(each.text, told):
            yield each


def _always(name: str, values: Mapping[str, object]) -> Iterator[Demand]:
    """Number, dates, and who writes (checklists for every closing mail)."""
    wanted = [("who writes", "company"), ("the postal address", "postal")]
    wanted += [] if name in _NO_REFERENCE else [("the reference", "ref")]
    wanted += (
        [("the date due", "due"), ("the date received", "received")] if _DUE.match(name) else []
    )
    for what, value in wanted:
        yield demand(what, re.escape(str(values[value])), "desk rule")


def faults(letters: Catalogue, kinds: Mapping[str, Kind], policy: Policy) -> Iterator[str]:
    """What is wrong with the operator's own files, a sentence each."""
    for language, files in letters.own.items():
        if language not in LANGUAGES:
            yield f"letters/{language}: the desk writes {', '.join(LANGUAGES)}."
            continue
        for name in files:
            place = f"letters/{language}/{name}.txt"
            if name not in templates.built_in(ENGLISH):
                yield f"{place}: there is no letter of that name."
                continue
            # a block or the skeleton stands in many letters: a refusal has all of them
            tried = name if name in templates.names() else "refusal"
            yield from _trial(tried, language, place, kinds, policy)


def _trial(
    name: str, language: str, place: str, kinds: Mapping[str, Kind], policy: Policy
) -> Iterator[str]:
    for regime in RIGHTS:
        about = matter(Specimen(regime=regime), kinds, policy)
        try:
            for each in lacking(name, language, about):
                yield f"{place} lacks {each.what} ({each.source}; law: {regime})."
        except (TemplateError, ValueError) as fault:
            yield f"{place} cannot be used: {fault}."
            return
