"""From a mail to what is weighed: the same way in training and at run time, and bounded."""

import numpy as np
import pytest

from intake.classify.reader import see
from intake.classify.scoring import WEIGHED
from storage.records import ParsedMail


def seen(body: str, subject: str = "Hello"):
    return see(ParsedMail(subject=subject, text=body, shown=body))


@pytest.mark.parametrize(
    "body",
    [
        "a" * 1_000_000,
        "delete " * 100_000,
        "> " * 100_000 + "delete my account",
        "\n" * 200_000,
        "a\n \n" * 50_000,
        "confidential\n \n" * 50_000,
        "delete. " * 100_000,
    ],
    ids=["one word", "delete", "quotes", "empty lines", "paragraphs", "footers", "sentences"],
)
def test_no_text_makes_more_work_than_the_bound_allows(body):
    found = seen(body)
    assert len(found.words.text) == WEIGHED
    assert len(found.sheet.buckets) <= 12 * WEIGHED


def test_words_behind_the_bound_are_not_read():
    start = "x" * (WEIGHED - len("Hello\n\n"))
    assert "delete" in seen(start[:-10] + " delete my").words.text
    assert "delete" not in seen(start + " delete my").words.text


def test_the_subject_of_a_reply_is_left_out_unless_it_is_all_there_is():
    body = "Thanks, the 28th is fine."
    plain = seen(body, "x")
    assert seen(body, "Re: delete my account").sheet.amounts["reply"] == 1.0
    assert set(seen(body, "Re: delete my account").sheet.buckets) <= set(plain.sheet.buckets)
    assert set(seen("", "Re: delete my account").sheet.buckets) > set(seen("", "").sheet.buckets)


def test_a_legal_footer_adds_nothing():
    footer = (
        "\n\nThis e-mail is confidential and intended solely for the addressee. If you have "
        "received it in error, delete it and notify the sender."
    )
    with_it, without = seen("Please correct my name." + footer), seen("Please correct my name.")
    assert np.array_equal(with_it.sheet.buckets, without.sheet.buckets)
