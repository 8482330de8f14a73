"""Which laws may apply: strong signs alone, weak ones in pairs, ours and quoted ones never."""

from datetime import datetime

import pytest

from handlers.company import OFFICES
from handlers.policy import Policy
from intake.jurisdiction import candidates, placed
from intake.offices import without
from storage.records import ParsedMail, Reading


def regimes(body: str, author: str = "ann@example.org", language: str = "und", **said) -> list[str]:
    parsed = ParsedMail(subject="x", shown=body, header_from=author, **said)
    return [each.regime for each in candidates(parsed, language)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # the law or its authority is named
        ("Under the UK GDPR", ["uk_gdpr"]),
        ("I shall complain to the ICO", ["uk_gdpr"]),
        ("nach Art. 15 DSGVO", ["eu_gdpr"]),
        ("au titre du RGPD, sinon la CNIL", ["eu_gdpr"]),
        ("Under the GDPR", ["eu_gdpr", "uk_gdpr"]),
        ("Under the EU GDPR", ["eu_gdpr"]),
        ("under the CCPA", ["ccpa"]),
        ("under the VCDPA", ["us_va"]),
        ("under PIPEDA", ["ca_pipeda"]),
        ("conformément à la Loi 25", ["ca_quebec"]),
        ("com base na LGPD", ["br_lgpd"]),
        ("nach dem revDSG", ["ch_fadp"]),
        ("under COPPA", ["coppa"]),
        ("your Privacy Shield certification", ["privacy_shield"]),
        ("I shall go to JAMS", ["privacy_shield"]),
        ("the Data Privacy Framework", ["dpf"]),
        # a stated residence
        ("As a California resident I ask", ["ccpa"]),
        ("I live in Lyon.", ["eu_gdpr"]),
        ("We are based in the UK", ["uk_gdpr"]),
        ("Ich wohne in Zürich", ["ch_fadp"]),
        ("J'habite à Montréal", ["ca_quebec"]),
        ("Moro em São Paulo", ["br_lgpd"]),
        ("as a Dutch citizen", ["eu_gdpr"]),
        ("I am a resident of the EU", ["eu_gdpr"]),
        ("Ich bin in Deutschland wohnhaft", ["eu_gdpr"]),
        # a postal address
        ("Jo Example\n12 Example Street\nLondon\nSW1A 1AA", ["uk_gdpr"]),
        ("Jo Exemple\n12 rue Exemple\n75001 Paris\nFrance", ["eu_gdpr"]),
        ("1 Example Road, San Jose, CA 94107", ["ccpa"]),
        ("12 Example St, Toronto, ON M5V 2T6", ["ca_pipeda"]),
        ("12 rue Exemple, H2X 1Y4", ["ca_quebec"]),
        ("Rua Exemplo 1, 01310-100", ["br_lgpd"]),
        ("Voorbeeldstraat 1\n1011 AB Amsterdam", ["eu_gdpr"]),
        # what says nothing of where somebody lives
        ("hello", ["policy"]),
        ("your Canadian office was closed", ["policy"]),
        ("we met in Berlin", ["policy"]),
        ("we have customers in Texas", ["policy"]),
        ("late because of traffic jams", ["policy"]),
        ("The number on invoice 2231 is wrong", ["policy"]),
        ("Kind regards,\nVirginia", ["policy"]),
        ("the average, avgs and bistros", ["policy"]),
    ],
)
def test_a_strong_sign_is_enough(body: str, expected: list[str]) -> None:
    assert regimes(body) == expected


def test_a_weak_sign_alone_stands_beside_the_desk_s_rule() -> None:
    assert regimes("hello", "ann@example.de") == ["policy", "eu_gdpr"]
    assert regimes("hello", "ann@example.co.uk") == ["policy", "uk_gdpr"]
    assert regimes("Tel. +44 20 7946 0018") == ["policy", "uk_gdpr"]
    assert regimes("call 415-555-0100") == ["policy", "ccpa"]
    assert regimes("call (514) 555-0100") == ["policy", "ca_quebec"]


def test_a_hint_is_added_to_a_strong_sign_and_takes_none_away() -> None:
    assert regimes("my CCPA rights", "ann@example.fr") == ["ccpa", "eu_gdpr"]


def test_two_weak_signs_that_agree_are_as_good_as_a_strong_one() -> None:
    assert regimes("hallo", "ann@example.ch", "de") == ["ch_fadp"]
    assert regimes("hallo, 0049 30 901820", "ann@example.de") == ["eu_gdpr"]


def test_a_language_alone_is_no_sign_nor_is_the_offset_of_a_clock() -> None:
    assert regimes("hallo", language="de") == ["policy"]
    brazil = datetime.fromisoformat("2026-06-01T10:00:00-03:00")
    assert regimes("hello", sent_at=brazil) == ["policy"]
    assert regimes("olá", language="pt", sent_at=brazil) == ["br_lgpd"]


@pytest.mark.parametrize("ending", ["io", "ai", "co", "me", "tv", "com"])
def test_an_ending_that_anybody_may_have_says_nothing(ending: str) -> None:
    assert regimes("hello", f"ann@example.{ending}") == ["policy"]


def test_the_country_is_known_where_a_sign_names_it() -> None:
    parsed = ParsedMail(shown="Nach Art. 15 DSGVO. Ich wohne in Berlin.")
    (law,) = candidates(parsed)
    assert (law.regime, law.place, law.rank, law.sign) == ("eu_gdpr", "DE", 1, "the law is named")


@pytest.mark.parametrize("office", OFFICES)
def test_our_own_address_says_nothing_of_who_wrote(office: str) -> None:
    assert regimes(f"You sit at {office}, I read.") == ["policy"]
    assert regimes(office.replace(", ", "\n")) == ["policy"]


def test_the_operators_own_address_says_nothing_either() -> None:
    policy = Policy(postal="1 Example Street, Paris")
    wrote = ParsedMail(shown="You sit at\n1 Example Street, Paris")
    assert [each.regime for each in candidates(wrote)] == ["eu_gdpr"]
    assert [each.regime for each in candidates(wrote, offices=policy.offices)] == ["policy"]


def test_where_we_sit_others_may_live() -> None:
    assert regimes("I live in Cardiff, UK") == ["uk_gdpr"]
    assert without("I live in Cardiff, UK", OFFICES) == "I live in Cardiff, UK"


def test_quoted_text_is_not_the_requester_s() -> None:
    parsed = ParsedMail(shown="Thanks", text="Thanks\n> I live in Lyon, under the GDPR")
    assert [each.regime for each in candidates(parsed)] == ["policy"]


def test_a_reading_carries_the_laws_and_their_names() -> None:
    reading = Reading(kinds=("access",), decision="auto", confidence={}, language="de")
    found = placed(reading, ParsedMail(shown="hallo", header_from="ann@example.at"))
    assert found.regimes == ("eu_gdpr",)
    assert [law.place for law in found.laws] == ["AT"]
