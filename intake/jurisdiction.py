"""Which laws' clocks might run: candidates for a person, from words and addresses.

Neither proves where somebody lives. Without a sign the company's own policy stands alone.
"""
# ruff: noqa: E501  a regular expression is not wrapped

from intake.classify.needles import Signs, Words
from storage.records import ParsedMail

_WORDS = {
    "uk_gdpr": r"uk.?gdpr|data protection act (1998|2018)|\bdpa 2018|information commissioner|\bico\b|united kingdom|\bengland\b|\bscotland\b|\bwales\b|northern ireland",
    "eu_gdpr": r"(?<!uk )(?<!uk-)gdpr|rgpd|ds-?gvo|\bavg\b|\brodo\b|general data protection regulation|datenschutz-?grundverordnung|regulation \(eu\) 2016/679|european union|\bcnil\b|\baepd\b|autoriteit persoonsgegevens|garante (per la|privacy)|\buodo\b",
    "ccpa": r"ccpa|cpra|california( resident| consumer| privacy|\b)|1798\.\d{3}|do not sell",
    "us_va": r"\bvcdpa\b|virginia (consumer|resident|law)",
    "us_co": r"colorado (privacy|resident|law)",
    "us_ct": r"\bctdpa\b|connecticut (data|resident|law)",
    "us_tx": r"\btdpsa\b|texas (data|resident|law)",
    "ca_quebec": r"qu[eé]bec|\bloi 25\b|\blaw 25\b",
    "ca_pipeda": r"pipeda|lprpde|\bcanad(a|ian)\b",
    "br_lgpd": r"\blgpd\b|lei geral de prote[cç][aã]o de dados|\banpd\b|\bbrasil\b",
    "ch_fadp": r"\bfadp\b|\bn?dsg\b|\bnlpd\b|switzerland|schweiz\w*|\bsuisse\b",
    "coppa": r"\bcoppa\b",
    "can_spam": r"can-?spam",
    "casl": r"\bcasl\b",
}
_SIGNS = Signs(_WORDS)
_EUROPEAN = (
    "at be bg hr cy cz dk ee fi fr de gr hu ie it lv lt lu mt nl pl pt ro sk si es se eu no is li"
)
_EU = frozenset(_EUROPEAN.split())
_LANDS = {
    "uk": "uk_gdpr",
    "br": "br_lgpd",
    "ch": "ch_fadp",
    "ca": "ca_pipeda",
    "quebec": "ca_quebec",
}


def regimes(parsed: ParsedMail) -> tuple[str, ...]:
    """Candidates, those named in words first; never empty."""
    named = _SIGNS.of(Words(f"{parsed.subject}\n{parsed.shown[:20_000]}".lower()))
    land = parsed.header_from.rpartition(".")[2]
    by_land = "eu_gdpr" if land in _EU else _LANDS.get(land, "")
    found = dict.fromkeys((*named, by_land))
    found.pop("", None)
    return tuple(found) or ("policy",)
