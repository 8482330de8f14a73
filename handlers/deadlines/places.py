"""Where a requester lives, as the clock needs it: whose date it is there, and which holidays.

Regulation 1182/71 art 2 looks to the state where one acts. The company acts in Cardiff for the
UK; for another requester of the EU it has no seat, so the member state's calendar is used where
that state is known, and none where it is not: the earlier date.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from handlers.deadlines.counting import Place
from handlers.deadlines.regimes import REGIMES
from storage.records import Candidate


class Member(NamedTuple):
    """A state where the GDPR holds."""

    name: str
    timezone: str


#: the European Economic Area: the GDPR holds there
MEMBERS: Mapping[str, Member] = MappingProxyType(
    {
        "AT": Member("Austria", "Europe/Vienna"),
        "BE": Member("Belgium", "Europe/Brussels"),
        "BG": Member("Bulgaria", "Europe/Sofia"),
        "HR": Member("Croatia", "Europe/Zagreb"),
        "CY": Member("Cyprus", "Asia/Nicosia"),
        "CZ": Member("Czechia", "Europe/Prague"),
        "DK": Member("Denmark", "Europe/Copenhagen"),
        "EE": Member("Estonia", "Europe/Tallinn"),
        "FI": Member("Finland", "Europe/Helsinki"),
        "FR": Member("France", "Europe/Paris"),
        "DE": Member("Germany", "Europe/Berlin"),
        "GR": Member("Greece", "Europe/Athens"),
        "HU": Member("Hungary", "Europe/Budapest"),
        "IE": Member("Ireland", "Europe/Dublin"),
        "IT": Member("Italy", "Europe/Rome"),
        "LV": Member("Latvia", "Europe/Riga"),
        "LT": Member("Lithuania", "Europe/Vilnius"),
        "LU": Member("Luxembourg", "Europe/Luxembourg"),
        "MT": Member("Malta", "Europe/Malta"),
        "NL": Member("Netherlands", "Europe/Amsterdam"),
        "PL": Member("Poland", "Europe/Warsaw"),
        "PT": Member("Portugal", "Europe/Lisbon"),
        "RO": Member("Romania", "Europe/Bucharest"),
        "SK": Member("Slovakia", "Europe/Bratislava"),
        "SI": Member("Slovenia", "Europe/Ljubljana"),
        "ES": Member("Spain", "Europe/Madrid"),
        "SE": Member("Sweden", "Europe/Stockholm"),
        "IS": Member("Iceland", "Atlantic/Reykjavik"),
        "LI": Member("Liechtenstein", "Europe/Vaduz"),
        "NO": Member("Norway", "Europe/Oslo"),
    }
)
#: beside the member states: what staff choose as a residence, its regime and its country
OTHERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "United Kingdom": ("uk_gdpr", "GB"),
        "Switzerland": ("ch_fadp", "CH"),
        "Brazil": ("br_lgpd", "BR"),
        "Canada": ("ca_pipeda", "CA"),
        "Canada, Quebec": ("ca_quebec", "CA"),
        "USA, California": ("ccpa", "US"),
        "USA, Colorado": ("us_co", "US"),
        "USA, Connecticut": ("us_ct", "US"),
        "USA, Florida": ("us_fl", "US"),
        "USA, Iowa": ("us_ia", "US"),
        "USA, Texas": ("us_tx", "US"),
        "USA, Utah": ("us_ut", "US"),
        "USA, Virginia": ("us_va", "US"),
        "USA, elsewhere": ("policy", "US"),
        "Elsewhere": ("policy", ""),
    }
)


def homes() -> Mapping[str, Candidate]:
    """Every residence that staff can choose, by its name."""
    members = {each.name: ("eu_gdpr", code) for code, each in MEMBERS.items()}
    return {
        name: Candidate(regime=regime, place=place, rank=2, sign="residence confirmed")
        for name, (regime, place) in sorted({**members, **OTHERS}.items())
    }


def place_of(candidate: Candidate) -> Place:
    """The member state where it is known, else the regime's own place. Raises KeyError."""
    if candidate.regime not in REGIMES:
        raise KeyError(f"there is no regime {candidate.regime}")
    if candidate.regime == "eu_gdpr" and candidate.place in MEMBERS:
        return Place(timezone=MEMBERS[candidate.place].timezone, calendar=candidate.place)
    regime = REGIMES[candidate.regime]
    return Place(timezone=regime.timezone, calendar=regime.calendar)
