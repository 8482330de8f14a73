"""Facts pulled out of a text: hints for staff, each with the place it stands at."""

import pytest

from intake.classify.facts import facts


def told(text: str) -> list[tuple[str, str]]:
    return [(fact.what, fact.text) for fact in facts(text)]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("It runs under old.name@example.org, not this one.", ("address", "old.name@example.org")),
        ("Her date of birth is 3 May 2017.", ("born", "3 May 2017")),
        ("DOB: 12/04/1984", ("born", "12/04/1984")),
        ("geboren am 03.05.2014", ("born", "03.05.2014")),
        ("née le 3 mai 2014", ("born", "3 mai 2014")),
        ("My son is 9 years old.", ("age", "9 years old")),
        ("mein 12-jähriger Sohn", ("age", "12-jähriger")),
        ("tiene 8 años", ("age", "8 años")),
        ("a pupil aged 11", ("age", "11")),
        ("My customer number is 48812-A.", ("number", "48812-A")),
        ("Kundennummer: 883121", ("number", "883121")),
        ("numéro de client 55-221", ("number", "55-221")),
        ("I write on behalf of Ruth Okafor, who is ill.", ("subject", "Ruth Okafor")),
        ("My daughter Emma Lind has an account.", ("subject", "Emma Lind")),
        ("mi hijo Álvaro tiene cuenta", ("subject", "Álvaro")),
    ],
)
def test_what_a_text_names(text, fact):
    assert fact in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "I have waited 30 days and 2 months.",
        "my husband and I would like to know",
        "The order, number one of all things, is to hurry.",
        "It costs 12.50, see page 10.",
    ],
)
def test_what_names_nothing(text):
    assert not told(text)


def test_a_place_is_where_the_fact_stands():
    text = "Grüße \U0001f600\n\nMy daughter Zoë, born on 3 May 2017"
    assert {text[fact.start : fact.end] for fact in facts(text)} == {"Zoë", "3 May 2017"}


def test_the_senders_own_address_says_nothing():
    text = "I am Nina@example.org and was nina.holt@example.com before."
    own = frozenset(("nina@example.org",))
    assert [fact.text for fact in facts(text, own)] == ["nina.holt@example.com"]


def test_one_fact_once_and_few_of_a_sort():
    text = " ".join(["me@example.org", *(f"a{n}@example.org" for n in range(20))] * 2)
    assert [fact.text for fact in facts(text)] == [
        "me@example.org",
        "a0@example.org",
        "a1@example.org",
        "a2@example.org",
    ]


def test_what_lies_far_down_is_not_looked_at():
    assert not facts("word " * 4001 + "customer number 48812-A")
