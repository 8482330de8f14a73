"""Every card, in every state and of every kind, at its limits: what Slack takes, what it must say,
and what must never stand there."""

import json

import msgspec
import pytest

from bot.sandbox.api_chat import MAX_WORDS
from bot.sandbox.limits import check_blocks, words_in
from bot.slack.cards import LIGHT, card, placeholder
from handlers.deadlines.regimes import law
from storage.records import Status
from tests.slack.states import (
    KINDS,
    NOW,
    OF_A_KIND,
    REGISTRY,
    STRANGE,
    ZONE,
    drawn,
    every,
    others,
    ten,
)

ALL = dict(every())
STATES = [(kind, name) for kind in KINDS for name in OF_A_KIND]


def elements(message) -> list[dict]:
    rows = [b.get("elements", []) if b["type"] == "actions" else [] for b in message["blocks"]]
    beside = [[b["accessory"]] if "accessory" in b else [] for b in message["blocks"]]
    return [one for some in (*rows, *beside) for one in some]


@pytest.mark.parametrize("name", list(ALL))
def test_slack_takes_it(name, message_faults):
    message = ALL[name]
    assert check_blocks(message["blocks"], "message") == []
    assert message_faults(message) == []
    assert words_in(message["blocks"]) < MAX_WORDS / 2
    assert len(json.dumps(message["blocks"])) <= LIGHT
    assert len(message["text"]) <= 3000


@pytest.mark.parametrize("name", list(ALL))
def test_every_button_says_to_a_screen_reader_what_it_does_to_which_case(name):
    for element in elements(ALL[name]):
        if element["type"] == "button":
            label = element["accessibility_label"]
            assert len(label) > len(element["text"]["text"]) or "list" in label
        else:
            assert element["type"] == "overflow"
            assert all(option["text"]["text"] for option in element["options"])


@pytest.mark.parametrize("name", list(ALL))
def test_the_words_alone_are_enough(name):
    """A screen reader and a notification have nothing else: no sign, no mention, no live date."""
    text = ALL[name]["text"]
    assert "<" not in text
    assert "_circle:" not in text
    assert "*" not in text


@pytest.mark.parametrize(("kind", "name"), STATES)
def test_each_request_has_its_date_with_whose_rule_it_is_and_what_comes_next(kind, name):
    case = OF_A_KIND[name](kind)
    message = drawn(case)
    (request,) = case.requests
    shown = json.dumps(message["blocks"], ensure_ascii=False)
    if request.status is Status.CLOSED:
        assert "fulfilled" in message["text"]
        return
    on = f"{request.due.due_on.day} {request.due.due_on:%b %Y}"
    for told in (shown, message["text"]):
        assert on in told
        assert f"({law(request.due)})" in told
    offered = [e for e in elements(message) if e.get("style") == "primary"]
    step = next((o["text"]["text"] for o in offered), "")
    assert step == "" or f"Next: {step}." in message["text"]


STRANGERS_WORDS = (
    "!channel", "!here", "evil", "_Example_", "🚨", "😀", "ماذا", "שרה", "Tomas", "odd header",
)  # fmt: skip
WAITS = {
    "waits for the requester": "waits for the requester",
    "waits for owners": "waits for the system owners",
    "waits for approval": "waits for a second person",
    "paused": "paused since 20 Nov 2026",
    "due soon": "3 days left",
    "overdue": "overdue by 2 days",
    "answered": "The requester answered",
    "letter going out": "A letter waits to go out",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "told"), WAITS.items())
def test_a_state_is_told_in_words_too(kind, name, told):
    assert told.lower() in drawn(OF_A_KIND[name](kind))["text"].lower()


@pytest.mark.parametrize(("kind", "name"), STATES)
def test_nothing_a_stranger_wrote_is_on_it(*, kind, name, message_faults):
    case = msgspec.structs.replace(OF_A_KIND[name](kind), **STRANGE)
    for message in (drawn(case), placeholder(case)):
        whole = json.dumps(message, ensure_ascii=False)
        assert message_faults(message) == []
        for strange in STRANGERS_WORDS:
            assert strange not in whole, strange
        assert "\u202e" not in whole


def test_of_many_requests_each_has_its_row_and_one_button_opens_all(message_faults):
    message = ALL["ten requests"]
    assert sum(":row" in block["block_id"] for block in message["blocks"]) == 10
    labels = [e["text"]["text"] for e in elements(message) if e["type"] == "button"]
    assert "Open" in labels
    menus = [e for e in elements(ALL["several requests"]) if e["type"] == "overflow"]
    assert len(menus) == 3  # of few requests each has its own menu, and the case has one


def test_the_heaviest_card_that_offers_nothing_can_be_opened(message_faults, monkeypatch):
    monkeypatch.setattr("bot.slack.cards.LIGHT", 100)
    message = card(ten(), (), REGISTRY, NOW, ZONE)
    assert message_faults(message) == []
    assert [e["text"]["text"] for e in elements(message)] == ["Open"]


@pytest.mark.parametrize("name", list(others()))
def test_a_message_that_is_no_kinds_has_its_own_words(name):
    assert len(ALL[name]["text"]) > 20


def test_dates_are_those_of_the_desks_zone_at_midnight():
    """At 23:30 in London it is tomorrow in Helsinki: the days left are London's."""
    late = NOW.replace(hour=23, minute=30)
    assert "3 days left" in drawn(OF_A_KIND["due soon"]("access"), late)["text"]
