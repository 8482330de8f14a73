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
        ("die Löschung aller gespeicherten daten", ("daten",)),
        ("supprimer toutes mes données", ("supprimer", "toutes", "données")),
        ("deletion, deleting, deleted", ("deletion", "deleting", "deleted")),
    ],
)
def test_words_of_our_letters_are_told(text, words):
    assert set(told(text)) <= set(words)
    assert told(text)


@pytest.mark.parametrize(
    "text",
    ["Nina Holt", "nina holt", "nina.holt@example.org", "ACCOUNT", "48812", "Accounts Holt", "x"],
)
def test_nothing_that_may_be_a_persons_is_told(text):
    assert not set(told(text)) & {"nina", "holt", "example", "Holt", "ACCOUNT"}


def test_few_words_each_once():
    assert told("delete data account request delete answer reply") == (
        "delete", "data", "account", "request",
    )  # fmt: skip
