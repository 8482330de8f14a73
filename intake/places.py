"""Names of places as people write them where they say where they live, and the law of each.

By name in lower case: the regime, and the ISO 3166 country. Cities stand here where many people
live; a city that is also a plain word, or as well known elsewhere, does not.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from handlers.deadlines.places import MEMBERS

Home = tuple[str, str]  #: regime, country

_COUNTRIES = {
    "AT": "austria, österreich, oesterreich, autriche, vienna, wien, graz, salzburg, innsbruck",
    "BE": "belgium, belgique, belgië, belgie, belgien, brussels, bruxelles, brussel, antwerp",
    "BG": "bulgaria, sofia, plovdiv",
    "HR": "croatia, hrvatska, zagreb",
    "CY": "cyprus, nicosia, limassol",
    "CZ": "czechia, czech republic, česko, prague, praha, brno",
    "DK": "denmark, danmark, copenhagen, københavn, aarhus",
    "EE": "estonia, eesti, tallinn",
    "FI": "finland, suomi, helsinki, tampere",
    "FR": "france, frankreich, francia, paris, lyon, marseille, toulouse, bordeaux, nantes, lille",
    "DE": "germany, deutschland, allemagne, alemania, germania, berlin, hamburg, munich, münchen,"
    " cologne, köln, frankfurt, stuttgart, düsseldorf, leipzig, dresden, hannover, nürnberg",
    "GR": "greece, athens, thessaloniki",
    "HU": "hungary, budapest",
    "IE": "ireland, dublin, galway, limerick",
    "IT": "italy, italia, italien, italie, rome, roma, milan, milano, turin, torino, naples,"
    " napoli, bologna, firenze, florence",
    "LV": "latvia, riga",
    "LT": "lithuania, vilnius, kaunas",
    "LU": "luxembourg, luxemburg",
    "MT": "malta, valletta",
    "NL": "netherlands, nederland, niederlande, holland, amsterdam, rotterdam, utrecht, eindhoven,"
    " den haag, the hague",
    "PL": "poland, polska, polsce, warsaw, warszawa, warszawie, kraków, krakowie, krakow, wrocław",
    "PT": "portugal, lisbon, lisboa",
    "RO": "romania, bucharest, bucurești, cluj",
    "SK": "slovakia, bratislava",
    "SI": "slovenia, ljubljana",
    "ES": "spain, españa, spanien, espagne, madrid, barcelona, valencia, sevilla, málaga, bilbao",
    "SE": "sweden, sverige, stockholm, gothenburg, göteborg, malmö",
    "IS": "iceland, reykjavik",
    "LI": "liechtenstein, vaduz",
    "NO": "norway, norge, oslo, bergen",
    "GB": "united kingdom, uk, great britain, england, scotland, wales, northern ireland, london,"
    " manchester, birmingham, leeds, glasgow, edinburgh, bristol, liverpool, sheffield, cardiff,"
    " swansea, belfast, newcastle, nottingham, großbritannien, royaume-uni, reino unido",
    "CH": "switzerland, schweiz, suisse, svizzera, zurich, zürich, geneva, genève, basel, bern,"
    " lausanne, lugano",
    "BR": "brazil, brasil, brasilien, brésil, são paulo, sao paulo, rio de janeiro, brasília,"
    " curitiba, belo horizonte, porto alegre",
    "CA": "canada, ontario, british columbia, alberta, manitoba, saskatchewan, nova scotia,"
    " new brunswick, toronto, vancouver, ottawa, calgary, edmonton, winnipeg",
}
#: what people call themselves: "an Irish resident"
_PEOPLE = {
    "AT": "austrian",
    "BE": "belgian",
    "BR": "brazilian",
    "CA": "canadian",
    "CH": "swiss",
    "DE": "german",
    "DK": "danish",
    "ES": "spanish",
    "FI": "finnish",
    "FR": "french",
    "GB": "british, scottish, welsh",
    "GR": "greek",
    "IE": "irish",
    "IT": "italian",
    "NL": "dutch",
    "NO": "norwegian",
    "PL": "polish",
    "PT": "portuguese",
    "SE": "swedish",
}
_UNION = "eu, european union, eea"
_QUEBEC = "quebec, québec, montreal, montréal, laval, gatineau"
_STATES = {
    "ccpa": "california, los angeles, san francisco, san diego, sacramento, oakland, fresno",
    "us_va": "virginia, virginia beach",
    "us_co": "colorado, denver, colorado springs",
    "us_ct": "connecticut, hartford",
    "us_tx": "texas, houston, dallas, austin, san antonio",
    "us_ut": "utah, salt lake city",
    "us_fl": "florida, miami, orlando, tampa, jacksonville",
    "us_ia": "iowa, des moines",
}
#: how an address writes a state before its postcode
STATES: Mapping[str, str] = {
    "ca": "ccpa",
    "va": "us_va",
    "co": "us_co",
    "ct": "us_ct",
    "tx": "us_tx",
    "ut": "us_ut",
    "fl": "us_fl",
    "ia": "us_ia",
}
OTHER_LAWS: Mapping[str, str] = {
    "GB": "uk_gdpr",
    "CH": "ch_fadp",
    "BR": "br_lgpd",
    "CA": "ca_pipeda",
}
#: telephone prefixes, longest first where one begins another
PREFIXES: Mapping[str, str] = {
    "30": "GR", "31": "NL", "32": "BE", "33": "FR", "34": "ES", "351": "PT", "352": "LU",
    "353": "IE", "354": "IS", "356": "MT", "357": "CY", "358": "FI", "359": "BG", "36": "HU",
    "370": "LT", "371": "LV", "372": "EE", "385": "HR", "386": "SI", "39": "IT", "40": "RO",
    "41": "CH", "420": "CZ", "421": "SK", "423": "LI", "43": "AT", "44": "GB", "45": "DK",
    "46": "SE", "47": "NO", "48": "PL", "49": "DE", "55": "BR",
}  # fmt: skip
#: the North American plan: the area codes of Canada, and of the states with a law of their own
_AREAS = {
    "ca_pipeda": "204 226 236 249 250 289 306 343 365 403 416 431 437 506 519 548 587 604 613 639 "
    "647 672 705 709 742 778 780 782 807 825 867 902 905",
    "ca_quebec": "263 354 367 418 438 450 468 514 579 581 819 873",
    "ccpa": "209 213 279 310 323 341 350 408 415 424 442 510 530 559 562 619 626 628 650 657 "
    "661 669 707 714 747 760 805 818 820 831 840 858 909 916 925 949 951",
    "us_va": "276 434 540 571 703 757 804 826 948",
    "us_co": "303 719 720 970 983",
    "us_ct": "203 475 860 959",
    "us_tx": "210 214 254 281 325 346 361 409 430 432 469 512 682 713 726 737 806 817 830 832 "
    "903 915 936 940 945 956 972 979",
    "us_ut": "385 435 801",
    "us_fl": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 "
    "904 941 954",
    "us_ia": "319 515 563 641 712",
}
AREAS: Mapping[str, str] = {
    code: regime for regime, codes in _AREAS.items() for code in codes.split()
}


def home_of(country: str) -> Home | None:
    """The law of a country that has one here."""
    if country in MEMBERS:
        return "eu_gdpr", country
    return (OTHER_LAWS[country], country) if country in OTHER_LAWS else None


def _named() -> Iterator[tuple[str, Home]]:
    for country, names in (*_COUNTRIES.items(), *_PEOPLE.items()):
        if (home := home_of(country)) is not None:
            yield from ((name, home) for name in names.split(", "))
    yield from ((name, ("eu_gdpr", "")) for name in _UNION.split(", "))
    yield from ((name, ("ca_quebec", "CA")) for name in _QUEBEC.split(", "))
    for regime, names in _STATES.items():
        yield from ((name, (regime, "US")) for name in names.split(", "))


HOMES: Mapping[str, Home] = MappingProxyType(dict(_named()))
