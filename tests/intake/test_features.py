"""What is taken from a text, and what two texts have in common for the model."""

import pytest

from intake.classify.concepts import CONDITIONS, NEGATIONS, STEMS
from intake.classify.everyday import EVERYDAY
from intake.classify.features import EACH, FAMILIES, Page, Sheet, extract


def sheet(text: str, body_at: int = 0) -> Sheet:
    return extract(Page(text, body_at, {"length": 1.0}))


def buckets(text: str, family: str, body_at: int = 0) -> set[int]:
    first = FAMILIES.index(family) * EACH
    return {int(b) for b in sheet(text, body_at).buckets if first <= b < first + EACH}


def test_letters_without_their_marks_are_the_same_words():
    assert buckets("proszę o usunięcie", "words") == buckets("prosze o usuniecie", "words")
    assert buckets("löschung", "pieces") == buckets("loschung", "pieces")
    assert buckets("löschung", "pieces") != buckets("loeschung", "pieces")


@pytest.mark.parametrize(
    "text", ["bitte löschen sie mein konto", "proszę usunąć moje konto", "borren mi cuenta"]
)
def test_an_idea_is_the_same_in_every_language(text):
    assert buckets("delete my account", "ideas") & buckets(text, "ideas")
    assert not buckets("delete my account", "words") & buckets(text, "words")


@pytest.mark.parametrize("table", [STEMS, EVERYDAY, NEGATIONS, CONDITIONS])
def test_stems_are_written_as_words_are_read(table):
    stems = " ".join(stem.rstrip("*") for stems in table.values() for stem in stems.split())
    assert len(sheet(stems).starts) == len(stems.split())  # each is one word
    assert stems == stems.lower()
    assert stems.isascii()


def test_no_stem_is_two_ideas():
    own = {stem for stems in STEMS.values() for stem in stems.split()}
    everyday = [stem for stems in EVERYDAY.values() for stem in stems.split()]
    assert len(everyday) == len(set(everyday))
    assert own.isdisjoint(everyday)
    assert not STEMS.keys() & EVERYDAY.keys()


def test_what_is_denied_is_another_feature():
    plain, denied = buckets("please delete it", "words"), buckets("do not delete it", "words")
    assert plain & buckets("now delete it", "words")
    assert not plain & denied - buckets("it", "words")
    assert buckets("do not. delete it", "words") & plain


def test_the_subject_is_marked():
    text = "unsubscribe\n\nhello"
    assert buckets(text, "words", body_at=13) > buckets(text, "words", body_at=0)


def test_pairs_do_not_cross_a_sentence():
    assert len(buckets("delete account", "words")) > len(buckets("delete. account", "words"))


def test_a_question_is_marked():
    assert buckets("who are you?", "words") > buckets("who are you.", "words")


def test_every_piece_knows_its_word():
    found = sheet("delete my account")
    assert [found.starts.tolist(), found.ends.tolist()] == [[0, 7, 10], [6, 9, 17]]
    assert set(found.first.tolist()) == {0, 1, 2}
    assert len(found.first) == len(found.buckets)


def test_the_same_in_every_process():
    """Weights of a file fit only what was counted when they were learned."""
    assert sorted(buckets("my", "words")) == [MY]


MY = 882547


@pytest.mark.parametrize("text", ["", " ", "...", "\ud800", "😀", "a", "?", "\n\n"])
def test_nothing_to_read_is_no_fault(text):
    assert len(sheet(text).last) == len(sheet(text).buckets)


def test_other_scripts_have_words():
    assert buckets("удалите аккаунт", "words")
    assert buckets("请删除我的账户", "pieces")
