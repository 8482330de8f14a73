"""Which laws' clocks might run: candidates for a person, from what the new text says.

Signs are ranked. One strong sign (a law or an authority named, a stated residence, an address)
makes a candidate; of the weak ones (telephone, country of the mail address, language, offset of
the clock) it takes two that are independent. Without any the company's own policy stands, with a
single weak hint beside it: a hint may bring a date forward and never move it back.
"""
# ruff: noqa: E501  a regular expression is not wrapped

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from handlers.company import OFFICES
from intake.classify.needles import Index, Signs, Words
from intake.offices import without
from intake.places import AREAS, HOMES, PREFIXES, STATES, home_of
from storage.records import Candidate, ParsedMail, Reading

READ = 20_000  #: characters of the new text
STRONG = 3  #: signs of this rank and above need no second one
LAW, RESIDENCE, ADDRESS, PHONE, DOMAIN, LANGUAGE, OFFSET = 1, 2, 3, 4, 5, 6, 7
_SAYS = {
    LAW: "the law is named",
    RESIDENCE: "stated residence",
    ADDRESS: "postal address",
    PHONE: "telephone number",
    DOMAIN: "country of the mail address",
    LANGUAGE: "language",
    OFFSET: "offset of the clock",
}

#: the GDPR alone may be that of the Union or that of the UK
_GDPR = "gdpr"
_LAWS = Signs(
    {
        "uk_gdpr": r"\buk.?gdpr|\bdata protection act (1998|2018)|\bdpa 2018|information commissioner|\bico\b|\bpecr\b",
        "eu_gdpr": r"\beu.?gdpr|\brgpd\b|ds-?gvo|\bavg\b|\brodo\b|datenschutz-?grundverordnung|regulation \(eu\) 2016/679|\bcnil\b|\baepd\b|\bbfdi\b|autoriteit persoonsgegevens|garante (per la|privacy)|\buodo\b|irish (data protection commission|dpc)",
        _GDPR: r"(?<!uk )(?<!uk-)(?<!eu )(?<!eu-)\bgdpr\b|general data protection regulation",
        "ccpa": r"\bccpa\b|\bcpra\b|\bcppa\b|california (consumer )?privacy|1798\.\d{3}|do not sell",
        "us_va": r"\bvcdpa\b|virginia consumer data",
        "us_co": r"colorado privacy act",
        "us_ct": r"\bctdpa\b|connecticut data privacy",
        "us_tx": r"\btdpsa\b|texas data privacy",
        "us_ut": r"\bucpa\b|utah consumer privacy",
        "us_fl": r"florida digital bill of rights",
        "us_ia": r"\bicdpa\b|iowa consumer data",
        "ca_quebec": r"\bloi 25\b|\blaw 25\b|\bp-39\.1\b|commission d'acc[eè]s",
        "ca_pipeda": r"pipeda|lprpde|privacy commissioner of canada",
        "br_lgpd": r"\blgpd\b|lei geral de prote[cç][aã]o de dados|\banpd\b",
        "ch_fadp": r"\bfadp\b|\bn?rev?dsg\b|\bndsg\b|\bnlpd\b|\bed[oö]b\b|\bpfpdt\b",
        "coppa": r"\bcoppa\b",
        "can_spam": r"can-?spam",
        "casl": r"\bcasl\b",
        "dpf": r"data privacy framework|\bdpf\b",
        "privacy_shield": r"privacy.shield|\b(to|with|through|via|before|by|contact) jams\b|\bjams (arbitrat|mediat|dispute|privacy)",
    }
)
_NAMED = Index((frozenset((name,)),) for name in HOMES)
#: what stands before a place where somebody says that they live there
_LIVES = re.compile(
    r"\b((live|living|lives|reside|residing|resident|residents|based|located|am|are|domiciled|citizen|citizens|here|home is|writing( to you)?|customer|user)"
    r" (now |currently )?(in|of|from)|(am|are|i'm|we're|come) from|(wohne|lebe|wohnhaft|ans[aä]ssig|wohnen) (derzeit )?in|(habite|vis|r[eé]side|domicili[eé]e?|r[eé]sident\w*) (actuellement )?([aà]|en|au|aux)"
    r"|(vivo|resido|residente|domiciliad[oa]|moro) (en|em|in|no|na)|abito (a|in)|woon(achtig)? in|mieszkam w[e]?)( the| der| die| los| la)? $"
)
_IS_ONE = re.compile(
    r"[ -](based |state )?(resident|consumer|citizen|residency)|[ ](wohnhaft|ans[aä]ssig)"
)
#: in capitals, as they are written: "2231 is wrong" is no place in the Netherlands
_POSTCODES = (
    (re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b"), ("uk_gdpr", "GB")),
    (re.compile(r"\b[GHJ]\d[A-Z] ?\d[A-Z]\d\b"), ("ca_quebec", "CA")),
    (re.compile(r"\b[ABCEKLMNPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b"), ("ca_pipeda", "CA")),
    (re.compile(r"\b\d{5}-\d{3}\b"), ("br_lgpd", "BR")),
    (re.compile(r"\b[1-9]\d{3} [A-Z]{2},? +[A-Z][a-z]+"), ("eu_gdpr", "NL")),
)
_STATE = re.compile(rf"\b({'|'.join(STATES).upper()}),? \d{{5}}(-\d{{4}})?\b")
#: the last part of an address line, without its postcode
_PART = re.compile(r"^[\W\d]*(?:[a-z]{1,2}-)?[\W\d]*(.{2,30}?)[\W\d]*$")
_FIGURE = re.compile(r"\d")  #: no postcode and no telephone stands on a line without one
_LINE = 80  #: characters of a line that may be an address
_NUMBER = re.compile(r"(?<![\w+])(?:\+|00)([1-9]\d{0,2})[ ./()-]{0,3}\d[\d ./()-]{5,16}\d")
_AMERICAN = re.compile(r"(?:\+1[ .-]?)?\(?([2-9]\d{2})\)?[ .-]\d{3}[ .-]\d{4}\b")
_SPOKEN = {
    "de": ("eu_gdpr", "ch_fadp"),
    "fr": ("eu_gdpr", "ch_fadp", "ca_quebec"),
    "pt": ("br_lgpd", "eu_gdpr"),
    "it": ("eu_gdpr", "ch_fadp"),
    "es": ("eu_gdpr",),
    "nl": ("eu_gdpr",),
    "pl": ("eu_gdpr",),
}
#: minutes east of Greenwich; the American ones are shared by too many
_OFFSETS = {-180: ("br_lgpd",), 60: ("eu_gdpr", "ch_fadp", "uk_gdpr"), 120: ("eu_gdpr", "ch_fadp")}


def candidates(
    parsed: ParsedMail, language: str = "und", offices: tuple[str, ...] = OFFICES
) -> tuple[Candidate, ...]:
    """The laws that may apply, strongest sign first; never empty. `offices` are our own addresses."""
    return _weighed(_signs(parsed, language, offices))


def placed(reading: Reading, parsed: ParsedMail, offices: tuple[str, ...] = OFFICES) -> Reading:
    """The reading with the laws that may apply, and their names."""
    laws = candidates(parsed, reading.language, offices)
    return replace(reading, laws=laws, regimes=tuple(law.regime for law in laws))


def _weighed(signs: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Strong signs, then weak ones that agree, then a hint that stands alone."""
    found = sorted(signs, key=lambda sign: sign.rank)
    ranks: dict[str, set[int]] = {}
    for sign in found:
        ranks.setdefault(sign.regime, set()).add(sign.rank)
    sure = [s for s in found if min(ranks[s.regime]) <= STRONG or len(ranks[s.regime]) > 1]
    hints = [s for s in found if ranks[s.regime] in ({PHONE}, {DOMAIN})]
    desk = () if sure else (Candidate(regime="policy", sign="no sign of a law"),)
    return (*_one_each(sure), *desk, *_one_each(hints))


def _one_each(signs: Iterable[Candidate]) -> Iterator[Candidate]:
    """The best sign of each regime; its country from whichever sign knows it."""
    best: dict[str, Candidate] = {}
    for sign in signs:
        known = best.setdefault(sign.regime, sign)
        if not known.place and sign.place:
            best[sign.regime] = replace(known, place=sign.place)
    yield from best.values()


def _signs(parsed: ParsedMail, language: str, offices: tuple[str, ...]) -> Iterator[Candidate]:
    written = without(f"{parsed.subject}\n{parsed.shown[:READ]}", offices)
    text = written.lower()
    words = Words(text)
    for law in _LAWS.of(words):
        for regime in ("eu_gdpr", "uk_gdpr") if law == _GDPR else (law,):
            yield _sign(LAW, regime)
    yield from _residences(words)
    figured = "\n".join(filter(_FIGURE.search, written.splitlines()))
    yield from _postcodes(figured)
    yield from _addresses(text)
    yield from _telephones(figured)
    yield from _domain(parsed.header_from)
    for regime in _SPOKEN.get(language, ()):
        yield _sign(LANGUAGE, regime)
    offset = parsed.sent_at.utcoffset() if parsed.sent_at else None
    for regime in _OFFSETS.get(int(offset.total_seconds() // 60), ()) if offset else ():
        yield _sign(OFFSET, regime)


def _sign(rank: int, regime: str, place: str = "") -> Candidate:
    return Candidate(regime=regime, rank=rank, sign=_SAYS[rank], place=place)


def _residences(words: Words) -> Iterator[Candidate]:
    """Where they say that they live, or what they say they are a resident of."""
    text = words.text
    for name in _NAMED.present(words):
        for start in words.places(name):
            end = start + len(name)
            if text[start - 1 : start].isalpha() or text[end : end + 1].isalpha():
                continue  # a part of another word
            before = f"{text[max(0, start - 60) : start].rstrip()} "
            if _LIVES.search(before) or _IS_ONE.match(text, end):
                yield _sign(RESIDENCE, *HOMES[name])


def _postcodes(figured: str) -> Iterator[Candidate]:
    for pattern, home in _POSTCODES:
        if pattern.search(figured):
            yield _sign(ADDRESS, *home)
    for found in _STATE.finditer(figured):
        yield _sign(ADDRESS, STATES[found.group(1).lower()], "US")


def _addresses(text: str) -> Iterator[Candidate]:
    """A place at the end of a line that looks like a part of an address."""
    numbered = False
    for line in text.splitlines():
        above, numbered = numbered, _FIGURE.search(line) is not None
        # a place alone on its line may be somebody's name, but not below a street's number
        if len(line) > _LINE or not (above or numbered or "," in line):
            continue
        last = _PART.match(line.rpartition(",")[2])
        if last and last.group(1) in HOMES:
            yield _sign(ADDRESS, *HOMES[last.group(1)])


def _telephones(figured: str) -> Iterator[Candidate]:
    for found in _NUMBER.finditer(figured):
        digits = found.group(1)
        country = next((PREFIXES[digits[:n]] for n in (3, 2) if digits[:n] in PREFIXES), "")
        if (home := home_of(country)) is not None:
            yield _sign(PHONE, *home)
    for found in _AMERICAN.finditer(figured):
        if regime := AREAS.get(found.group(1)):
            yield _sign(PHONE, regime, "CA" if regime.startswith("ca_") else "US")


def _domain(address: str) -> Iterator[Candidate]:
    ending = address.rpartition(".")[2].upper()
    if ending == "EU":
        yield _sign(DOMAIN, "eu_gdpr")
    elif ending == "QUEBEC":
        yield _sign(DOMAIN, "ca_quebec", "CA")
    elif (
        home := home_of({"UK": "GB", "SCOT": "GB", "WALES": "GB"}.get(ending, ending))
    ) is not None:
        yield _sign(DOMAIN, *home)
