"""Where a requester lives, as the clock needs it: whose date it is there, and which holidays.

Regulation 1182/71 art 2 looks to the state where one acts. The company acts in Cardiff for the
UK; for another requester of the EU it has no seat, so the member state's calendar is used where
that state is known, and none where it is not: the earlier date.
"""

from collections.abc import Mapping
from types import MappingProxyType

from handlers.deadlines.counting import Place
from handlers.deadlines.regimes import REGIMES
from storage.records import Candidate

#: the European Economic Area: the GDPR holds there
MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "AT": "Europe/Vienna",
        "BE": "Europe/Brussels",
        "BG": "Europe/Sofia",
        "HR": "Europe/Zagreb",
        "CY": "Asia/Nicosia",
        "CZ": "Europe/Prague",
        "DK": "Europe/Copenhagen",
        "EE": "Europe/Tallinn",
        "FI": "Europe/Helsinki",
        "FR": "Europe/Paris",
        "DE": "Europe/Berlin",
        "GR": "Europe/Athens",
        "HU": "Europe/Budapest",
        "IE": "Europe/Dublin",
        "IT": "Europe/Rome",
        "LV": "Europe/Riga",
        "LT": "Europe/Vilnius",
        "LU": "Europe/Luxembourg",
        "MT": "Europe/Malta",
        "NL": "Europe/Amsterdam",
        "PL": "Europe/Warsaw",
        "PT": "Europe/Lisbon",
        "RO": "Europe/Bucharest",
        "SK": "Europe/Bratislava",
        "SI": "Europe/Ljubljana",
        "ES": "Europe/Madrid",
        "SE": "Europe/Stockholm",
        "IS": "Atlantic/Reykjavik",
        "LI": "Europe/Vaduz",
        "NO": "Europe/Oslo",
    }
)


def place_of(candidate: Candidate) -> Place:
    """The member state where it is known, else the regime's own place. Raises KeyError."""
    if candidate.regime not in REGIMES:
        raise KeyError(f"there is no regime {candidate.regime}")
    if candidate.regime == "eu_gdpr" and candidate.place in MEMBERS:
        return Place(timezone=MEMBERS[candidate.place], calendar=candidate.place)
    regime = REGIMES[candidate.regime]
    return Place(timezone=regime.timezone, calendar=regime.calendar)
