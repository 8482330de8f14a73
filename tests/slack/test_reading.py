"""The window of a message: what a person is told beside the words themselves."""

import json

import msgspec

from bot.slack import reading
from bot.slack.cards import card
from storage.records import Fact

TZ = "Europe/London"


def test_flags_are_told_in_words_and_facts_as_they_stand(make_case):
    case = make_case()
    named = Fact(what="number", text="48812-A", start=10, end=17)
    case = msgspec.structs.replace(
        case,
        flags=("safety", "Reply-To names another address"),
        reading=msgspec.structs.replace(case.reading, facts=(named,)),
    )
    shown = json.dumps(reading.mails(case, [], TZ))
    assert "Look out: somebody may be in danger; Reply-To names another address." in shown
    assert "Named in it: number 48812-A." in shown


def test_whom_a_split_case_is_about_stands_in_its_window_and_is_never_live(make_case):
    case = msgspec.structs.replace(make_case(), data_subject="Karl <!channel>")
    block = next(b for b in reading.mails(case, [], TZ)["blocks"] if "Karl" in str(b))
    assert block["text"]["type"] == "plain_text"
    assert block["text"]["text"] == "About: Karl <!channel>."


def test_what_a_stranger_named_is_never_live(make_case):
    case = make_case()
    named = Fact(what="subject", text="<!channel> *X*", start=0, end=14)
    case = msgspec.structs.replace(
        case, reading=msgspec.structs.replace(case.reading, facts=(named,))
    )
    block = next(b for b in reading.mails(case, [], TZ)["blocks"] if "<!channel>" in str(b))
    assert block["text"]["type"] == "plain_text"


def test_the_card_names_the_service_and_no_fact(make_case, registry, now):
    case = make_case()
    named = Fact(what="address", text="old.name@example.org", start=0, end=20)
    found = msgspec.structs.replace(case.reading, facts=(named,), service="Incogni")
    said = json.dumps(card(msgspec.structs.replace(case, reading=found), (), registry, now, TZ))
    assert "sent by Incogni" in said
    assert "old.name" not in said


def test_the_card_says_in_words_of_ours_why_it_was_read_so(make_case, registry, now):
    case = make_case()
    found = msgspec.structs.replace(case.reading, because=("delete", "account"))
    said = json.dumps(
        card(msgspec.structs.replace(case, reading=found), (), registry, now, TZ),
        ensure_ascii=False,
    )
    assert "97% sure (it says “delete” and “account”)" in said
