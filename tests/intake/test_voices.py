"""How many machines are known, and how many people taken for one: the floors the docs promise."""

import pytest

from intake.envelope import Addresses
from intake.screen import failed, screen
from tests.intake.fakes import OWN
from tests.intake.voices import LETTER, Voice, corpus, voices

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
