"""What may be told of a mail on a card: words of ours, and nothing that could be a person's."""

import pytest

from intake.classify.because import because
from storage.records import Evidence


def told(text: str) -> tuple[str, ...]:
    return because([Evidence(kind="deletion", text=text, start=0, end=len(text))])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("delete my account", ("delete", "account")),
        ("die löschung aller gespeicherten daten", ("löschung", "daten")),
        ("supprimer toutes mes données", ("supprimer", "données")),
        ("deletion, deleting, deleted", ("deletion", "deleting", "deleted")),
    ],
)
def test_words_of_our_table_are_told(text, words):
    assert told(text) == words


@pytest.mark.parametrize(
    "text",
    ["Nina Holt", "nina holt", "nina.holt@example.org", "ACCOUNT", "48812", "Accounts Holt", "x"],
)
def test_nothing_that_may_be_a_persons_is_told(text):
    assert not set(told(text)) & {"nina", "holt", "example", "Holt", "ACCOUNT"}


def test_few_words_each_once():
    assert told("delete data account consent delete copy policy") == (
        "delete", "data", "account", "consent",
    )  # fmt: skip
