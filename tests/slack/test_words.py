"""Escaping, masking and dating, whatever the words."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack import words
from bot.slack.views import pieces


@settings(deadline=None)  # other work on the machine is no fault of the words
@given(st.text(max_size=80))
def test_a_masked_address_shows_at_most_two_letters_and_the_ending(address):
    shown = words.masked(address)
    assert not set(shown) & set("<>&*_~`!|")
    _, at, _ = address.rpartition("@")
    if at:
        left, _, right = shown.partition("@")
        assert len(left) <= 4
        assert len(right) <= 4 + 12
    assert shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("nora@example.org", "n•••@e•••.org"),
        ("Nora@Mail.Example.co.uk", "n•••@m•••.uk"),
        ("", "no address"),
        ("nonsense", "•••"),
        ("<!channel>@x.org", "•••@x•••.org"),
        ("a@localhost", "a•••@•••"),
    ],
)
def test_masks(address, shown):
    assert words.masked(address) == shown


@settings(deadline=None)  # other work on the machine is no fault of the words
@given(st.text(max_size=300), st.integers(min_value=1, max_value=120))
def test_escaped_text_keeps_the_limit_and_tears_no_entity(text, limit):
    shown = words.cut_escaped(text, limit)
    assert len(shown) <= limit
    bare = shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(bare) & set("<>&")


@settings(deadline=None)  # other work on the machine is no fault of the words
@given(st.text(max_size=300))
def test_clean_text_hides_nothing(text):
    for character in words.clean(text):
        assert character in "\n\t" or unicodedata.category(character)[0] != "C"


@settings(deadline=None)  # other work on the machine is no fault of the words
@given(st.text(max_size=2000), st.integers(min_value=10, max_value=300))
def test_pieces_lose_nothing_but_line_breaks(text, length):
    parts = pieces(text, length)
    assert all(0 < len(part) <= length for part in parts)
    assert "".join(parts).replace("\n", "").strip() == text.replace("\n", "").strip()


def test_dates_are_the_same_for_every_reader_and_moments_are_not():
    assert words.day(date(2027, 1, 1)) == "1 Jan 2027"
    at = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    assert words.moment(at, "Europe/London", "{time}") == (
        f"<!date^{int(at.timestamp())}^{{time}}|1 Jul 2026 10:30 (BST)>"
    )


def test_left_in_words():
    told = [words.left(n) for n in (-2, -1, 0, 1, 2)]
    assert told == [
        "overdue by 2 days", "overdue by 1 day", "due today", "1 day left", "2 days left",
    ]  # fmt: skip


def test_only_slack_ids_become_mentions():
    assert words.person("U01ANA") == "<@U01ANA>"
    assert words.person("desk") == "the desk"
    assert words.person("U<!channel>") == "U&lt;!channel&gt;"
