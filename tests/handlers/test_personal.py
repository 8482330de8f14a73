"""What a note in Slack must not hold is seen, and an honest word is not taken for it."""

import pytest

from handlers import personal
from storage.records import Fact, Reading
from tests.handlers.desks import NOW, REGISTRY
from tests.storage.making import a_case, changed

READ = Reading(
    kinds=("access",),
    decision="auto",
    confidence=dict.fromkeys((*REGISTRY, "not_a_request"), 0.1),
    facts=(
        Fact(what="number", text="KD-778812", start=0, end=1),
        Fact(what="address", text="7 Elm Row, Bath", start=0, end=1),
        Fact(what="subject", text="Tomas Example", start=0, end=1),
    ),
)
CASE = changed(
    a_case(received_at=NOW),
    requester="rosa.lind@example.org",
    requester_name="Rosa Lind",
    data_subject="",
    subject="Everything about my account",
    reading=READ,
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("write to rosa@example.org please", "an address"),
        ("<mailto:someone.else@example.net|someone.else@example.net>", "an address"),
        ("call +44 20 7946 0018 today", "a phone number"),
        ("rosa lind rang", "a name from the case"),
        ("Rosa rang", "a name from the case"),
        ("LIND is the account", "a name from the case"),
        ("the account is rosa.lind", "a name from the case"),
        ("it is about Tomas", "a name from the case"),
        ("customer kd-778812", "something the mail says of a person"),
        ("lives at 7 Elm Row,  Bath", "something the mail says of a person"),
        ("they ask “everything about my account”", "the subject of the mail"),
    ],
)
def test_what_it_holds_is_named(text, holds):
    assert personal.found(text, CASE) == holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PR-2026-0042 is due on 2026-12-01 at 09:00, 31 days left",
        "<@U01ANA> please ask billing, invoice 2026-11-27 14:00",
        "the rosary and the blind one",
        "rosa-coloured logs were searched",
        "ask @ben, room 4.2",
    ],
)
def test_an_honest_word_is_left_alone(text):
    assert personal.found(text, CASE) == ""


def test_a_name_that_is_a_word_counts_with_a_capital_letter_only():
    will = changed(CASE, requester_name="Will May", requester="w@example.org", reading=None)
    assert personal.found("we will ask, it may take long", will) == ""
    assert personal.found("ask Will", will) == "a name from the case"


def test_a_name_in_another_script_is_found():
    case = changed(CASE, requester_name="王小明", requester="w@example.org", reading=None)
    assert personal.found("已回复王小明。", case) == "a name from the case"


def test_a_purged_case_has_no_name_to_find():
    gone = changed(CASE, requester="", requester_name="", subject="", reading=None)
    assert personal.found("Rosa Lind", gone) == ""
