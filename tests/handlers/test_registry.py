"""Every kind found keeps the promises a kind makes; and a faulty one is named at the start."""

import re
import time
from typing import ClassVar

import pytest

from handlers import registry
from handlers.closing import outcomes
from handlers.deadlines import Asked, earliest
from handlers.handler import Clue, Depth, Kind, Moment, Step
from handlers.letter_actions import choices
from handlers.letters import templates
from handlers.letters.wording import Matter, write
from handlers.offers import offers
from handlers.policy import Policy
from handlers.recording import Recording
from handlers.requests import close_request, replace, settle, with_step
from handlers.steps import NOTE
from storage.records import Case, Circle, Outcome, Request, Status, Verification
from tests.handlers.desks import ANA, NOW, REGISTRY, reading

KINDS = tuple(REGISTRY.kinds.values())
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def a_case(kind: Kind, **said: object) -> Case:
    case = Case(
        ref="PR-2026-0001",
        received_at=NOW,
        requester="rosa@example.org",
        requester_hash="hash",
        requests=(
            Request(id=1, kind=kind.name, due=earliest(Asked(kind=kind.name, received_at=NOW))),
        ),
        reading=reading(kind.name),
        mails=("m1",),
    )
    return replace(case, **said)


def a_moment(case: Case, **form: str) -> Moment:
    return Moment(
        case=case, by=ANA, now=NOW, request=case.requests[0], form=form, kinds=REGISTRY.kinds
    )


def test_the_eight_kinds_are_found() -> None:
    assert set(REGISTRY) == {
        "access",
        "child_data",
        "complaint",
        "correction",
        "deletion",
        "legal_demand",
        "question",
        "unsubscribe",
    }


@EACH
def test_a_kind_is_described(kind: Kind) -> None:
    assert kind.title
    assert kind.asks
    assert kind.steps[0].name == "confirm"
    assert kind.steps[-1].name == "close"
    assert ("verify" in {step.name for step in kind.steps}) == (kind.depth is not Depth.NONE)
    assert list(registry.check(kind, REGISTRY.actions)) == []
    assert {clue.language for clue in kind.clues} == {
        "en", "de", "fr", "es", "it", "nl", "pt", "pl",
    }  # fmt: skip


@EACH
def test_its_letters_render_and_say_truthfully_whether_they_are_neutral(kind: Kind) -> None:
    case = a_case(kind)
    for name in (*kind.letters, "acknowledgement", "identity", "clarification"):
        text = write(name, Matter(case=case, kinds=REGISTRY.kinds, policy=Policy(), now=NOW))
        assert case.ref in text.subject + text.body
        if templates.template(name).neutral:
            told = re.sub(r"\[\[.*?\]\]", "", text.body, flags=re.DOTALL).lower()
            assert not re.search(
                r"\b(found none|deleted|attached|you asked us to|about you)\b", told
            )


@EACH
def test_before_identity_is_settled_only_neutral_letters_are_offered(kind: Kind) -> None:
    names = choices(a_moment(a_case(kind)))
    assert names
    if kind.depth is not Depth.NONE:
        assert all(templates.template(name).neutral for name in names)
    settled = a_case(kind, verification=Verification(how="reply", by="U01ANA", at=NOW))
    for step in kind.steps:
        settled = with_step(settled, 1, step.name)
    # where the categories alone may be told, the copy may not: see 11 CCR 7024(a)
    assert set(kind.letters) - {"answer_categories"} <= set(choices(a_moment(settled)))


@EACH
def test_in_each_state_the_next_step_is_the_one_coloured_button(kind: Kind) -> None:
    case = a_case(kind)
    assert offers(case, REGISTRY)[0].action == "claim"
    case = replace(case, assignee="U01ANA")
    while step := kind.next_step(case, case.requests[0]):
        if step.of and not step.button:  # the owners take it, by answering
            case = with_step(case, 1, step.name)
            continue
        found = offers(case, REGISTRY)
        assert found[0].action == step.action
        assert [offer.style for offer in found].count("primary") == 1
        if step.name == "verify":
            case = replace(case, verification=Verification(how="reply", by="U01ANA", at=NOW))
        case = with_step(settle(case, step.name), 1, step.name)
    ended = close_request(case, 1, Outcome.FULFILLED, a_moment(case))
    assert [offer.action for offer in offers(ended, REGISTRY)] == [
        "show_message", "reopen", "history", "hold", "about_us", "breach",
    ]  # fmt: skip


@EACH
def test_an_unsorted_case_offers_guesses_first_and_a_way_out(kind: Kind) -> None:
    case = a_case(
        kind,
        triage=True,
        requests=(Request(id=1, kind=None, due=earliest(Asked(kind="access", received_at=NOW))),),
    )
    found = offers(case, REGISTRY)
    assert (found[0].action, found[0].value) == ("confirm", kind.name)
    assert found[0].label == f"Confirm {kind.name.replace('_', ' ')}"
    assert [offer.action for offer in found[:4]] == [
        "confirm", "confirm", "show_message", "not_a_request",
    ]  # fmt: skip


@EACH
def test_it_may_end_as_described_and_never_as_refused_without_a_reason(kind: Kind) -> None:
    case = a_case(kind)
    ways = outcomes(kind, case, case.requests[0])
    assert set(kind.outcomes) <= set(ways)
    close = REGISTRY.actions["close"]
    moment = a_moment(a_case(kind, assignee="U01ANA"), outcome="refused")
    if kind.refusals:
        assert "reason" in close.faults(moment)
    else:
        assert "outcome" in close.faults(moment)


@EACH
def test_it_does_not_end_well_before_its_answer(kind: Kind) -> None:
    moment = a_moment(a_case(kind, assignee="U01ANA"), outcome=kind.outcomes[0].value)
    assert "outcome" in REGISTRY.actions["close"].faults(moment)


def test_a_faulty_kind_is_told_with_every_fault() -> None:
    class Odd(Kind):
        name = "odd"
        title = ""
        clues: ClassVar = (Clue(pattern="(", weight=1.0),)
        steps: ClassVar = (Step(name="fly", label="Fly", action="fly"),)
        letters: ClassVar = ("no_such",)

    faults = list(registry.check(Odd(), REGISTRY.actions))
    words = " ".join(faults)
    assert len(faults) == 5
    for wanted in ("title", "action fly", "letter no_such", "deadline odd", "regular expression"):
        assert wanted in words


def test_a_step_that_waits_for_nothing_known_or_asks_nothing_known_is_told() -> None:
    class Odd(Kind):
        name = "question"
        title = "Odd"
        clues: ClassVar = (Clue(pattern="odd", weight=1.0),)
        steps: ClassVar = (
            Step(name="one", label="One", action="reply", after=("none",)),
            Step(name="two", label="Two", action="reply", of="nobody"),
            Step(name="three", label="Three", action="reply", button="Three", round="dance"),
        )

    faults = list(registry.check(Odd(), REGISTRY.actions))
    assert faults == [
        "Kind question names the unknown step none.",
        "Kind question names the unknown step nobody.",
        "Kind question names the unknown round dance.",
    ]


def test_one_button_has_one_face_in_every_kind() -> None:
    one = Step(name="one", label="One", action="one", button="Record")
    with pytest.raises(ValueError, match="two buttons"):
        Recording({"access": one, "deletion": replace(one, button="Write down")})


def test_a_kinds_own_step_needs_nothing_but_its_description() -> None:
    dance = Step(name="dance", label="Dance", action="dance", button="Dance", asks=(NOTE,))
    action = Recording({"access": dance})
    case = a_case(REGISTRY["access"], assignee="U01ANA")
    assert action.offered(case, case.requests[0])
    assert action.form(a_moment(case)).fields == (NOTE,)
    done = with_step(case, 1, "dance")
    assert not action.offered(done, done.requests[0])


def test_one_closed_request_closes_the_whole_case() -> None:
    assert REGISTRY.circle(["access", "child_data"]) is Circle.RESTRICTED
    assert REGISTRY.circle(["access", "legal_demand", "child_data"]) is Circle.COUNSEL
    assert REGISTRY.circle(["complaint"], flags=("staff",)) is Circle.MANAGERS
    assert REGISTRY.circle(["access"], flags=("ex_employee", "press")) is Circle.RESTRICTED
    assert REGISTRY.circle(["access", None]) is Circle.STAFF


def test_no_clue_takes_long_over_hostile_text() -> None:
    hostile = "my the all your of data account please send " * 60 + "a" * 3000
    patterns = [re.compile(clue.pattern, re.IGNORECASE) for kind in KINDS for clue in kind.clues]
    began = time.process_time()
    for pattern in patterns:
        pattern.search(hostile)
    assert time.process_time() - began < 5


def test_a_closed_request_offers_no_reply() -> None:
    kind = REGISTRY["access"]
    case = a_case(kind, assignee="U01ANA")
    case = replace(case, requests=(replace(case.requests[0], status=Status.CLOSED),))
    assert not REGISTRY.actions["reply"].offered(case, case.requests[0])
