"""What the law wants to find in each letter, as data, and the test that a letter has it.

What is looked for does not depend on the language: values that were put in, articles, sections
and addresses of authorities, and gaps that staff have to fill. Every letter is tried before it
goes (`handlers/lawful.py`), the operator's own wording at the start, ours in every language by the
tests.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from jinja2 import TemplateError

from handlers import deadlines
from handlers.handler import Kind
from handlers.letters import templates
from handlers.letters.catalogue import Catalogue, block
from handlers.letters.templates import ENGLISH, LANGUAGES
from handlers.letters.wording import Matter, values_of
from handlers.policy import Policy
from storage.records import Candidate, Case, Record, Request


class Demand(Record, frozen=True, kw_only=True):
    """Something a letter must hold, and where it is demanded."""

    what: str  #: for people: "the way to the regulator"
    source: str
    text: str = ""  #: a regular expression over the letter
    value: str = ""  #: or the name of the value that stands in it
    laws: tuple[str, ...] = ()  #: the only laws that ask for it; empty = all
    kinds: tuple[str, ...] = ()  #: the only kinds it is asked for; empty = all
    unless: str = ""  #: not in letters to requests of this kind

    def binds(self, laws: tuple[str, ...], kind: str) -> bool:
        """Does it hold for a request of this kind, under these laws?"""
        fits = not self.kinds or kind in self.kinds
        return fits and kind != self.unless and (not self.laws or bool({*laws} & {*self.laws}))

    def met(self, told: str, values: Mapping[str, object]) -> bool:
        """Is it in the letter, given on one line?"""
        sought = re.escape(" ".join(str(values[self.value]).split())) if self.value else self.text
        return re.search(sought, told) is not None


def demand(
    what: str, text: str, source: str, unless: str = "", kinds: tuple[str, ...] = ()
) -> Demand:
    """One line of the tables below."""
    return Demand(what=what, text=text, source=source, unless=unless, kinds=kinds)


def put_in(what: str, value: str, source: str) -> Demand:
    """A value that has to stand in the letter."""
    return Demand(what=what, value=value, source=source)


def under(law: str, what: str, text: str, source: str, *kinds: str) -> Demand:
    """What one law alone asks for, of some kinds or of all."""
    return Demand(what=what, text=text, source=source, laws=(law,), kinds=kinds)


class Specimen(Record, frozen=True, kw_only=True):
    """A made-up case under one law, to try letters on."""

    regime: str
    kind: str = "access"
    place: str = "IE"  #: where it matters: to name an authority


#: who to turn to, by the block that says it: in every letter whose rules say `rights`
RIGHTS: Mapping[str, tuple[Demand, ...]] = MappingProxyType(
    {
        "eu_gdpr": (
            demand("supervisory authorities", r"edpb\.europa\.eu", "GDPR Art. 12(4)"),
            demand("the right to complain", r"\b77\b", "GDPR Art. 12(4), 77"),
            put_in("the requester's own authority", "authority", "GDPR Art. 77"),
            demand("judicial remedy", r"\b79\b", "GDPR Art. 12(4), 79"),
        ),
        "uk_gdpr": (
            demand("complaint to us", r"\b164A\b", "DPA 2018 s.164A", unless="complaint"),
            demand("the Commissioner", r"ico\.org\.uk.*\b165\b", "DPA 2018 s.165"),
            demand("judicial remedy", r"\b167\b", "UK GDPR Art. 12(4)"),
        ),
        "ccpa": (demand("no retaliation", r"1798\.125", "Cal. Civ. Code 1798.125"),),
        "us": (
            demand("the appeal", r"\b45\b", "Va. Code 59.1-577", unless="complaint"),
            demand("the attorney general", r"naag\.org", "Va. Code 59.1-577"),
        ),
        "ca_pipeda": (demand("the Commissioner", r"priv\.gc\.ca", "PIPEDA s.8(4), 8(7)"),),
        "ca_quebec": (demand("remedy and its limit", r"cai\.gouv\.qc\.ca.*\b30\b", "P-39.1 s.34"),),
        "br_lgpd": (demand("the authority", r"gov\.br/anpd", "LGPD Art. 18 §1"),),
        "ch_fadp": (demand("the Commissioner", r"edoeb\.admin\.ch", "FADP Art. 49"),),
        "policy": (demand("authorities of both", r"edpb\.europa\.eu.*ico\.org\.uk", "desk rule"),),
    }
)
_REASON = put_in("the reason", "reason", "GDPR Art. 12(4)")
_CLOCK = put_in("what becomes of the time we have", "clock", "UK GDPR Art. 12A; EDPB 01/2022 159")
#: 11 CCR 7024(a), (b): who cannot be verified is pointed to the kinds of data we collect
_CATEGORIES = under("ccpa", "what is said of categories", "7024", "11 CCR 7024(b)", "access")
#: 11 CCR 7022(f), (g): what is kept serves that reason alone; the way to opt out
_KEPT = under("ccpa", "the use of what is kept, and the opt-out", "7022", "11 CCR 7022", "deletion")
#: 11 CCR 7023(b), (f): the totality of the circumstances, and a statement
_WEIGHED = under("ccpa", "how it was weighed", "7023", "11 CCR 7023", "correction")
#: what each letter holds besides
DEMANDS: Mapping[str, tuple[Demand, ...]] = MappingProxyType(
    {
        "answer_access": (under("ccpa", "what is never sent", r"7024\(d\)", "11 CCR 7024(d)"),),
        "answer_categories": (
            under("ccpa", "why no more is sent", r"7024\(a\)", "11 CCR 7024(a)"),
        ),
        "answer_deletion": (_KEPT,),
        "answer_correction": (_WEIGHED,),
        "answer_child": (under("coppa", "the parent's rights", r"312\.6", "16 CFR 312.6"),),
        "answer_complaint": (
            demand("who settles disputes", r"jamsadr\.com", "privacy policy"),
            demand("the FTC", r"ftc\.gov", "privacy policy"),
        ),
        "partial": (_KEPT, _WEIGHED),
        "refusal": (_REASON, _KEPT, _WEIGHED),
        "refusal_neutral": (_REASON, _CATEGORIES),
        "unverified": (_CATEGORIES,),
        "extension": (
            put_in("the reason", "reason", "GDPR Art. 12(3)"),
            put_in("the new date", "extended", "PIPEDA s.8(4)"),
        ),
        "fee": (_CLOCK,),
        "identity": (_CLOCK,),
        "clarification": (_CLOCK,),
        "code_sent": (_CLOCK,),
        "correcting": (put_in("which letter it replaces", "replaced", "desk rule"),),
        "code": (put_in("the code", "code", "desk rule"),),
        "duplicate": (put_in("the first reference", "first", "desk rule"),),
        "unsubscribed": (under("ccpa", "that it was processed", "7026", "11 CCR 7026(f)"),),
        "acknowledgement": (
            demand("the period", r"\d", "11 CCR 7021(a)"),
            under("ccpa", "how we verify", "7021", "11 CCR 7021(a)"),
        ),
    }
)
#: how many [[ … ]] there are at least: what only staff can say
GAPS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        # GDPR Art. 15(1)(a)-(h), (2), (3): copy, purposes, categories, recipients, period, source,
        # automated decisions, safeguards, and what is withheld (15(4))
        "answer_access": (9, "GDPR Art. 15"),
        "answer_categories": (4, "11 CCR 7024(a)"),
        "answer_portability": (3, "GDPR Art. 20"),
        "answer_deletion": (3, "GDPR Art. 17, 19"),
        "answer_correction": (3, "GDPR Art. 16, 19"),
        "answer_child": (3, "16 CFR 312.6"),
        "answer_complaint": (3, "DPA 2018 s.164A"),
        "partial": (3, "GDPR Art. 12(4)"),
        "refusal": (1, "GDPR Art. 12(4)"),
        "refusal_neutral": (1, "GDPR Art. 12(4)"),
        "extension": (1, "GDPR Art. 12(3)"),
        "no_data": (1, "GDPR Art. 15(1)"),
        "referred": (1, "LGPD Art. 18 §4"),
        "identity": (2, "GDPR Art. 12(6)"),
        "clarification": (1, "UK GDPR Art. 12A(6)"),
    }
)
#: gaps that a kind adds to an answer in part: what the whole answer would have to say too
KIND_GAPS: Mapping[tuple[str, str], tuple[int, str]] = MappingProxyType(
    {
        ("partial", "access"): (8, "GDPR Art. 15"),
        ("partial", "deletion"): (1, "GDPR Art. 19"),
        ("partial", "correction"): (1, "GDPR Art. 19"),
    }
)
#: gaps that one law adds
MORE_GAPS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("answer_access", "br_lgpd"): "LGPD Art. 19 II",
        ("refusal", "ca_quebec"): "P-39.1 s.34",
        ("refusal_neutral", "ca_quebec"): "P-39.1 s.34",
        ("partial", "ca_quebec"): "P-39.1 s.34",
    }
)
#: letters that give reasons, or may: staff's own words are a sentence, "No." is none
REASONED = frozenset(
    {
        "answer_complaint",
        "closing",
        "correcting",
        "extension",
        "late",
        "partial",
        "plain",
        "refusal",
        "refusal_neutral",
    }
)
_A_SENTENCE = re.compile(r"(?:\w+\W+){3}\w")
#: letters to an address that may not be the requester's name no case
_NO_REFERENCE = frozenset({"code"})
#: answers, endings and notices of more time: both dates are told
_DUE = re.compile(r"answer_(?!legal)|refusal|partial|unverified|no_data|referred|extension|late")
GIVEN = {
    "reason": "REASON",
    "extended": "EXTENDED",
    "replaced": "REPLACED",
    "code": "CODE",
    "first": "FIRST",
}
RECEIVED = datetime(2031, 7, 19, 12, tzinfo=UTC)
#: one of each block, and the kinds of which some law asks for more than of others
LAWS = tuple("us_va" if name == "us" else name for name in RIGHTS)
KINDS = ("access", "deletion", "correction", "child_data", "complaint")


def unmet(name: str, told: str, values: Mapping[str, object]) -> Iterator[Demand]:
    """What a letter does not hold, by its subject and text; `values` are its request's."""
    flat, kind, laws = " ".join(told.split()), str(values["kind"]), _laws(values)
    for each in (*_always(name), *_rights(values, laws), *DEMANDS.get(name, ())):
        if each.binds(laws, kind) and not each.met(flat, values):
            yield each


def spelt_out(name: str, words: str) -> bool:
    """Are staff's words a sentence, where the law wants the reasons?"""
    return name not in REASONED or _A_SENTENCE.search(words) is not None


def _always(name: str) -> Iterator[Demand]:
    """Number, dates, and who writes (checklists for every closing mail)."""
    yield put_in("who writes", "company", "desk rule")
    yield put_in("the postal address", "postal", "desk rule")
    yield put_in("what it is about", "this", "desk rule")
    if name not in _NO_REFERENCE:
        yield put_in("the reference", "ref", "desk rule")
    if _DUE.match(name):
        yield put_in("the date due", "due", "desk rule")
        yield put_in("the date received", "received", "desk rule")


def _laws(values: Mapping[str, object]) -> tuple[str, ...]:
    """Those that may apply."""
    found = values["regimes"]
    return found if isinstance(found, tuple) else ()


def _rights(values: Mapping[str, object], laws: tuple[str, ...]) -> tuple[Demand, ...]:
    """Of every law that may apply and has a block; else of the general one."""
    if not values["owed"]:
        return ()
    found = dict.fromkeys(block(law) for law in laws if block(law) in RIGHTS)
    return tuple(each for name in found or ("policy",) for each in RIGHTS[name])


# --- trying templates -----------------------------------------------------------------------


def matter(specimen: Specimen, kinds: Mapping[str, Kind], policy: Policy) -> Matter:
    """A made-up case under this law."""
    candidate = Candidate(regime=specimen.regime, place=specimen.place)
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
    """What the template in this language does not hold. Raises ValueError, TemplateError."""
    values = values_of(name, about, language, **GIVEN)
    found = about.policy.letters.render(name, language, values)
    yield from unmet(name, f"{found.subject}\n{found.body}", values)
    count, source = GAPS.get(name, (0, ""))
    more = [MORE_GAPS[name, law] for law in _laws(values) if (name, law) in MORE_GAPS]
    of_kind, why = KIND_GAPS.get((name, str(values["kind"])), (0, ""))
    if found.words.count("[[") < count + of_kind + len(more):
        yield demand("gaps for staff", "", "; ".join(filter(None, (source, why, *more))))
    if "[[" in f"{found.subject}{found.before}{found.after}":
        yield demand("a gap only where staff can fill it", "", "desk rule")


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
            yield from dict.fromkeys(_trial(tried, language, place, kinds, policy))


def _trial(
    name: str, language: str, place: str, kinds: Mapping[str, Kind], policy: Policy
) -> Iterator[str]:
    for regime, kind in ((regime, kind) for regime in LAWS for kind in KINDS):
        about = matter(Specimen(regime=regime, kind=kind), kinds, policy)
        try:
            for each in lacking(name, language, about):
                yield f"{place} lacks {each.what} ({each.source}; law: {regime})."
        except (TemplateError, ValueError) as fault:
            yield f"{place} cannot be used: {fault}."
            return
