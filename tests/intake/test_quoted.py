"""New words and old ones; no word is lost when in doubt."""

import pytest

from bench.quoting import WAYS, figures
from intake.quoted import MARKER, newest, passed_on
from tests.intake.replies import FORWARDS, OWN_WORDS, REPLIES, UNSEEN

OWN = "Please delete my account."


@pytest.mark.parametrize(
    "quotation",
    [
        "On Tue, 3 Nov 2026 at 10:00, Desk <compliance@cafex.com> wrote:\n> old\n> words",
        "On Tue, 3 Nov 2026 at 10:00, Desk\n<compliance@cafex.com> wrote:\n\n> old words",
        "Am 03.11.2026 um 10:00 schrieb Desk:\n> old words",
        "Le mar. 3 nov. 2026 à 10:00, Desk a écrit :\n> old words",
        "El mar, 3 nov 2026, Desk escribió:\n> old words",
        "Op di 3 nov. 2026 schreef Desk:\n> old words",
        "> old words",
        "-----Original Message-----\nFrom: Desk\nSent: Tuesday\nSubject: x\n\nold words",
        "________________________________\nFrom: Desk\nSent: Tuesday\nSubject: x\n\nold",
        f"> {MARKER}\n\nold words",
        f"{MARKER}\nold words",
        "-- \nAnn\nOld words Ltd",
    ],
)
def test_only_the_new_words_are_shown(quotation):
    assert newest(f"{OWN}\n\n{quotation}") == OWN


def test_answers_between_quoted_lines_stay():
    text = "On Tuesday Desk wrote:\n> Who are you?\nAnn.\n> What shall we do?\nDelete my data.\n"
    assert newest(text) == "Ann.\nDelete my data."


@pytest.mark.parametrize("text", ["> all of it\n> is quoted", f"{MARKER}\nall below", "-- \nAnn"])
def test_everything_is_shown_where_nothing_new_is_left(text):
    assert newest(text) == text


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "x",
            "See below.\n\n---------- Forwarded message ---------\nFrom: Ann\n\nplease delete me",
        ),
        ("x", "FYI\n\nBegin forwarded message:\n\n> please delete me"),
        ("Fwd: x", "What now?\n\nFrom: Ann <ann@example.org>\nSent: Monday\n\nplease delete me"),
        ("WG: x", "Was nun?\n\nVon: Ann\nGesendet: Montag\n\nbitte löschen"),
    ],
)
def test_what_was_passed_on_is_read_whole(subject, text):
    assert newest(text, subject) == text


def test_a_short_answer_is_not_drowned_by_what_it_answers():
    assert newest("Thanks!\n\n> Shall we delete your account?") == "Thanks!"


@pytest.mark.parametrize(
    "text",
    [
        "I wrote:\nplease delete my data.",
        "From: now on, stop.",
        "One\n\nTwo\n   Three",
        "a - list\n- of\n- things",
    ],
)
def test_text_without_quotations_is_untouched(text):
    assert newest(text) == text


def test_spaces_and_lines_stand_as_they_were():
    text = "  Dear all,\n\n\n   I want   this.\n\nBye"
    assert newest(text) == text


# --- four mail programs in eight languages (docs/reading.md has the figures)


@pytest.mark.parametrize("reply", [*REPLIES, *UNSEEN], ids=lambda reply: reply.name)
def test_of_a_reply_only_the_new_words_are_shown(reply):
    shown = newest(reply.text, reply.subject)
    assert "\n".join(filter(None, shown.split("\n"))) == reply.new.replace("\n\n", "\n")


@pytest.mark.parametrize("reply", FORWARDS, ids=lambda reply: reply.name)
def test_a_mail_passed_on_with_an_empty_top_is_read(reply):
    assert newest(reply.text, reply.subject) == reply.text
    assert 0 <= passed_on(reply.text, reply.subject) <= reply.text.index(reply.new)


@pytest.mark.parametrize("text", OWN_WORDS)
def test_new_words_that_look_like_a_heading_are_kept(text):
    assert newest(text) == text
    assert passed_on(text, "Re: x") == -1


def test_the_figures_of_the_docs_hold():
    assert figures(WAYS["the desk"]) == {"exact": 88}
    assert figures(WAYS["the desk"], UNSEEN) == {"exact": 16}
    assert figures(WAYS["mail-parser-reply"])["exact"] == 31
