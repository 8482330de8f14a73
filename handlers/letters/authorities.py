"""Which supervisory authority is a requester's own, where their country is known (GDPR Art. 77)."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache

from babel import Locale

from handlers.letters.templates import BUILT_IN
from storage.records import Candidate

TABLE = BUILT_IN / "authorities.toml"


@cache
def sites() -> Mapping[str, tuple[str, str]]:
    """Name and site by country."""
    found = tomllib.loads(TABLE.read_text(encoding="utf-8"))["sites"]
    return {country: (name, site) for country, (name, site) in found.items()}


def own(laws: Iterable[Candidate], language: str) -> str:
    """Those of the countries that are known: "Ireland: Data Protection Commission, https://…".

    The country stands beside it: a sign may mislead, and nobody is told where they live.
    """
    places = (law.place for law in laws if law.regime == "eu_gdpr" and law.place in sites())
    return "; ".join(_named(place, language) for place in dict.fromkeys(places))


def _named(country: str, language: str) -> str:
    name, site = sites()[country]
    return f"{Locale.parse(language).territories[country]}: {name}, {site}"
