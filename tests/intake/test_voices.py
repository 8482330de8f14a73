"""How many machines are known, and how many people taken for one: the floors the docs promise."""

import pytest

from bench.screening import at_most, figures, mails_of
from intake.envelope import Addresses
from intake.screen import failed, screen
from tests.intake.fakes import OWN
from tests.intake.voices import CORPUS, LETTER, Voice, corpus, voices

OURS = Addresses(OWN)
BOUNCES = tuple(voices("bounces.txt"))
OTHERS = tuple(voices("others.txt"))
ORDINARY = tuple(v for v in (*OTHERS, *corpus()) if v.kind == "person")


def kind_of(voice: Voice) -> str:
    return screen(*voice.read(), OURS).kind


def test_97_of_100_bounces_are_known_and_at_most_15_of_10000_ordinary_mails_taken_for_one():
    missed = [voice.name for voice in BOUNCES if kind_of(voice) != "bounce"]
    taken = [voice.name for voice in ORDINARY if kind_of(voice) in {"bounce", "report"}]
    assert len(BOUNCES) >= 45
    assert len(missed) <= 0.03 * len(BOUNCES), missed
    assert len(ORDINARY) >= 275
    assert len(taken) <= 0.0015 * len(ORDINARY), taken


def test_no_ordinary_mail_is_taken_for_a_machine_at_all():
    assert [voice.name for voice in ORDINARY if kind_of(voice) != "person"] == []


def test_what_asks_something_is_never_taken_for_a_machine(tmp_path):
    """The measurement of the docs, over the corpus of the first days and over raw mails."""
    found = [mail for file in sorted(CORPUS.glob("first*.jsonl")) for mail in mails_of(file)]
    told = figures(mail for mail in found if mail.asks)
    assert told.mails >= 190
    assert (told.reports, told.machines) == ([], [])
    raw = b"From a@example.org Mon\nReturn-Path: <>\nFrom: mailer-daemon@example.org\n\nx\n"
    (tmp_path / "1.txt").write_bytes(raw)
    (tmp_path / "2.eml").write_bytes(b"Return-Path: <a@example.org>\nFrom: a@example.org\n\nHi\n")
    told = figures(mails_of(tmp_path))
    assert (told.mails, told.reports) == (2, ["1.txt"])


def test_how_many_none_of_so_many_can_prove():
    assert at_most(0, 278) == pytest.approx(0.0107, abs=1e-4)
    assert at_most(0, 4145) == pytest.approx(0.00072, abs=1e-5)
    assert at_most(5, 4150) == pytest.approx(0.00253, abs=1e-5)
    assert at_most(3, 3) == pytest.approx(1)


@pytest.mark.parametrize("voice", OTHERS, ids=lambda voice: voice.name)
def test_each_other_voice_is_known(voice: Voice):
    assert kind_of(voice) == voice.kind


@pytest.mark.parametrize("voice", BOUNCES, ids=lambda voice: voice.name)
def test_a_bounce_says_whether_it_gave_up(voice: Voice):
    _, parsed = voice.read()
    assert failed(parsed) is voice.gave_up


def test_without_the_null_sender_nearly_as_many_are_known():
    """Some servers write one; the marks in the mail have to do then."""
    named = [voice._replace(sender="somebody@example.org") for voice in BOUNCES]
    missed = [voice.name for voice in named if kind_of(voice) != "bounce"]
    assert len(missed) <= 0.05 * len(BOUNCES), missed


def test_where_the_letter_stands_in_the_report():
    """The Message-ID is found wherever the report has it; without it only the tag is left."""
    lost = [
        voice.name
        for voice in BOUNCES
        if b"{id}" in voice.content
        and LETTER
        not in {
            OURS.letter_of(place)
            for _, parsed in [voice.read()]
            for place in (*parsed.returned_ids, parsed.in_reply_to, parsed.text)
        }
    ]
    assert lost == []
