"""What a mail says of accounts, ages, numbers and people, with where it stands: hints for staff.

Nothing here is proven, and nothing acts on it by itself. Pure, and bounded: every expression is
tried on the first `_FIRST` characters and none can take more than linear time.
"""
# ruff: noqa: E501  a regular expression is not wrapped, and speaks eight languages

import re
from collections.abc import Iterable, Iterator

from intake.classify.needles import Index, Words
from storage.records import Fact, FactName

Span = tuple[int, int]

_FIRST = 20_000  # characters that are looked at
_MOST = 12  # facts that are kept
_FEW = 4  # of one sort
_NEAR = 60  # characters between what a figure is and the figure

_FIGURE = re.compile(r"\d[\d./-]*")
_AT = re.compile("@")
_ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}(?![\w-])", re.IGNORECASE
)
_MONTHS = r"(?:jan\w*|feb\w*|f[eé]v\w*|mar\w*|m[aä]r\w*|apr\w*|avr\w*|abr\w*|ma[iyj]\w*|jun\w*|juin|jul\w*|juil\w*|aug\w*|ao[uû]t|ago\w*|sep\w*|set\w*|oct\w*|okt\w*|ott\w*|out\w*|nov\w*|dec\w*|dez\w*|d[eé]c\w*|dic\w*|stycz\w*|lut\w*|kwie\w*|czerw\w*|lip\w*|sierp\w*|wrze\w*|pa[zź]dz\w*|list\w*|grud\w*)"
_DATE = rf"(?:\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th|\.)?(?: de| of)? {_MONTHS}\.?,?(?: de)? \d{{4}}|{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
_BORN = re.compile(
    rf"\b(?:d\.?o\.?b\.?|date of birth|born(?: on)?|birth ?day|geboren(?: am| op)?|geburtsdatum|geboortedatum|n[eé]e? le|date de naissance|nacid[oa] el|fecha de nacimiento|nat[oa] il|data di nascita|nascid[oa] (?:em|a)|data de nascimento|urodzon[ay]|data urodzenia)\b[ \t]{{0,3}}(?:is|ist|est|es|[eè]|jest|was)?[ \t:]{{0,3}}(?P<fact>{_DATE})",
    re.IGNORECASE,
)
_YEARS = r"(?:years?(?: |-)olds?|y/?o\b|yrs? old|jahre(?: alt)?|-?j[aä]hrige[rnms]?|ans\b|a[nñ]os\b|anni\b|jaar(?: oud)?|anos\b|lat\b|lata\b)"
_AGE = re.compile(
    rf"(?<![\w,.])(?P<fact>\d{{1,2}}[ -]?{_YEARS})|\b(?:aged?|alter:?|im alter von|[aâ]g[eé]e? de|edad:?|et[aà]:?|leeftijd:?|idade:?|wiek:?|turn(?:ed|s)|is only|is just) (?P<aged>\d{{1,2}})(?!\d|[./:]\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:(?:account|customer|client|member(?:ship)?|order|invoice|contract|ticket|booking|user|reference|ref|case|kunden|auftrags|bestell|rechnungs|vertrags|klant|bestel|order|factuur)[ -]?(?:number|nummer|num|no|nr|id|ref)?|num[eé]ro (?:de )?(?:client|compte|commande|dossier)|n[uú]mero de (?:cliente|cuenta|pedido|conta)|numero (?:cliente|ordine|pratica)|numer (?:klienta|konta|zam[oó]wienia|sprawy))\b[ \t]{0,2}(?:is|ist|est|es|=|:|#|no\.?|nr\.?|n[°º]\.?)?[ \t]{0,2}#?(?P<fact>(?=[\w/-]{0,24}\d)[A-Z0-9][\w/-]{2,24})",
    re.IGNORECASE,
)
_RELATIONS = (
    "son daughter child kid mother mum mom father dad husband wife partner brother sister grandson "
    "granddaughter client nephew niece ward patient pupil student sohn tochter kind mutter vater "
    "mann frau enkel mandant mandantin fils fille mère mere père pere mari épouse epouse cliente "
    "hijo hija madre padre marido esposa figlio figlia marito moglie zoon dochter moeder vader "
    "filho filha mãe mae pai syn córka corka córki matka ojciec mąż maz żona zona"
)
_RELATION = rf"(?:{'|'.join(_RELATIONS.split())})"
_FORMULAS = (
    "on behalf of", "acting for", "we act for", "we represent", "i represent", "im namen von",
    "im auftrag von", "au nom de", "en nombre de", "per conto di", "namens", "em nome de", "w imieniu",
)  # fmt: skip
_FORMULA = "|".join(_FORMULAS)
#: without one of these there is nobody else to look for
_PEOPLE = Index([(frozenset((*_RELATIONS.split(), *_FORMULAS)),)])
_BEFORE, _AFTER = 40, 300  # characters of an expression around such a word
_MY = r"(?:my|our|meine?[nrs]?|unsere?[nrs]?|mon|ma|notre|mi|nuestr[oa]|mio|mia|mijn|onze|o meu|a minha|meu|minha|m[oó]j|moja|mojego|mojej)"
_NAME = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Herrn?|Frau|M\.|Mme|Sr\.?|Sra\.?|Sig\.?|Pan[ai]?)\.? )?[^\W\d_a-z][^\W\d_]{1,30}(?:[ '-][^\W\d_a-z][^\W\d_]{1,30}){0,3}"
#: a name only in the case it is written in: what is in small letters is no name
_FOR = re.compile(
    rf"(?:(?i:\b{_MY}(?: (?:late|elderly|disabled|\d{{1,2}}[ -]year[ -]old|youngest|eldest|little|verstorbene[nrs]?))? {_RELATION})|(?i:\b(?:{_FORMULA}))(?: (?i:{_MY}) (?i:{_RELATION}))?),? (?:(?i:called|named|namens|appel[eé]e?|llamad[oa]|chiamat[oa]|genaamd|chamad[oa]) )?(?P<fact>{_NAME})"
)


def facts(text: str, own: frozenset[str] = frozenset()) -> tuple[Fact, ...]:
    """Facts of a text in the order it names them. `own`: addresses that say nothing, in lower
    case (the desk's, and the one the mail came from)."""
    head = text[:_FIRST]
    figures = _around_figures(head)
    places: dict[FactName, Iterator[Span]] = {
        "address": _addresses(head, own),
        "born": _counted(_BORN, head, figures),
        "age": _counted(_AGE, head, figures),
        "number": _counted(_NUMBER, head, figures),
        "subject": _named(head),
    }
    told = [
        Fact(what=what, text=head[start:end], start=start, end=end)
        for what, spans in places.items()
        for start, end in _few(head, spans)
    ]
    return tuple(sorted(told, key=lambda fact: fact.start)[:_MOST])


def _few(text: str, spans: Iterator[Span]) -> Iterable[Span]:
    """The first of them, each text once."""
    once: dict[str, Span] = {}
    for start, end in spans:
        once.setdefault(text[start:end].lower(), (start, end))
        if len(once) == _FEW:
            break
    return once.values()


def _found(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Span]:
    for match in pattern.finditer(text, start, end):
        yield match.span(match.lastgroup or 0)


def _counted(pattern: re.Pattern[str], text: str, stretches: Iterable[Span]) -> Iterator[Span]:
    for start, end in stretches:
        yield from _found(pattern, text, start, end)


def _around_figures(text: str) -> list[Span]:
    """Where ages, dates and numbers can stand: most mails have few figures, or none."""
    figures = (figure.span() for figure in _FIGURE.finditer(text))
    return _merged((max(start - _NEAR, 0), end + _NEAR) for start, end in figures)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in their order, those that touch made one."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _addresses(text: str, own: frozenset[str]) -> Iterator[Span]:
    signs = (sign.start() for sign in _AT.finditer(text))
    for start, end in _merged((max(at - 65, 0), at + 450) for at in signs):
        for found in _ADDRESS.finditer(text, start, end):
            if found.group().lower() not in own:
                yield found.span()


def _named(text: str) -> Iterator[Span]:
    """Only what is written like a name: it begins with a capital, in any alphabet."""
    for start, end in _around_people(text):
        for span in _found(_FOR, text, start, end):
            if text[span[0]].isupper():
                yield span


def _around_people(text: str) -> list[Span]:
    """Where somebody's name can stand: beside a word of the family, or of an errand."""
    words = Words(text.lower())
    if len(words.text) != len(text):  # a capital that is two small letters: places have moved
        return [(0, len(text))]
    places = sorted(
        at
        for word in _PEOPLE.present(words)
        for at in words.places(word)
        if not text[at - 1 : at].isalnum()
        and text[at + len(word) : at + len(word) + 1] in {" ", ","}
    )
    return _merged((max(at - _BEFORE, 0), at + _AFTER) for at in places)
