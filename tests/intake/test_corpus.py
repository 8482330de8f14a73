"""The clues on the mails they were written for: floors, so that a change that drops people shows.

The held-back third is for measuring, never for tuning: no test looks at it.
"""

from pathlib import Path

import msgspec
import pytest

from handlers.registry import load
from intake.classify import WORDS
from intake.classify.batch import classify_file

CORPUS = Path(__file__).parents[2] / "intake" / "classify" / "corpus" / "first.jsonl"
NOTHING = {"not_a_request"}


@pytest.fixture(scope="module")
def pairs():
    """What each mail asks, and how it is read."""
    lines = [msgspec.json.decode(line) for line in CORPUS.read_text().splitlines()]
    wanted = {line["id"]: set(line["kinds"]) for line in lines}
    return [(wanted[row["id"]], row) for row in classify_file(CORPUS, load())]


def test_no_real_request_is_ignored(pairs):
    assert [
        row["id"] for asked, row in pairs if asked != NOTHING and row["decision"] == "ignore"
    ] == []


def test_noise_is_seldom_opened_without_a_person(pairs):
    noise = [row for asked, row in pairs if asked == NOTHING]
    opened = [row for row in noise if row["decision"] == "auto" and set(row["kinds"]) != NOTHING]
    assert len(opened) <= 0.02 * len(noise)


@pytest.mark.parametrize("kind", WORDS)
def test_each_kind_is_found_and_seldom_seen_where_it_is_not(pairs, kind):
    asked = [row for wanted, row in pairs if kind in wanted]
    found = [row for _, row in pairs if kind in row["kinds"]]
    right = [row for row in asked if kind in row["kinds"]]
    assert len(asked) >= 10
    assert len(right) >= 0.85 * len(asked)
    assert len(right) >= 0.85 * len(found)


def test_what_is_decided_without_a_person_is_mostly_right(pairs):
    alone = [(wanted, row) for wanted, row in pairs if row["decision"] == "auto"]
    right = [row for wanted, row in alone if set(row["kinds"]) == wanted]
    assert len(right) >= 0.95 * len(alone)
