"""When our confirmation of receipt goes by itself, and each reason why it does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers.confirming import HELD
from handlers.letters.acknowledgement import Pace, withheld
from handlers.opening import Understood, opened
from handlers.policy import Policy
from handlers.requests import replace
from storage.records import (
    InboundMail,
    Letter,
    OutboxStatus,
    ParsedMail,
    Reading,
    Sender,
    ThreadLine,
)
from tests.handlers.desks import DAY, NOW, REGISTRY, ROSA, Bench, a_bench, parsed, reading

POLICY = Policy(addresses=("compliance@example.com",))


def a_mail(**said: Any) -> InboundMail:
    words: dict[str, Any] = {
        "id": "m1",
        "received_at": NOW,
        "mail_from": ROSA,
        "rcpt_to": ("compliance@example.com",),
        "peer": "192.0.2.7",
        "sha256": "",
        "size": 1,
    }
    return InboundMail(**(words | said))


def why(mail: InboundMail, found: ParsedMail, understood: Reading, no_reply: str = "") -> str:
    known = Understood(mail=mail, parsed=found, reading=understood, no_reply=no_reply)
    case = opened("PR-2026-0001", known, "hash", REGISTRY, POLICY)
    return withheld(known, case, POLICY)


def test_a_plain_request_is_acknowledged() -> None:
    assert why(a_mail(), parsed(), reading()) == ""


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"mail_from": ""}, "no envelope sender"),
        ({"mail_from": "mallory@example.net"}, "differ"),
        ({"peer": "import"}, "imported"),
    ],
)
def test_never_to_an_address_the_mail_may_not_come_from(said: Any, wanted: str) -> None:
    assert wanted in why(a_mail(**said), parsed(), reading())


@pytest.mark.parametrize("result", ["pass", "none", "failed", "temperror", None])
def test_what_is_merely_unproven_is_acknowledged(result: Any) -> None:
    sender = Sender(result=result, words="as found") if result else None
    assert why(a_mail(), parsed(sender=sender), reading()) == ""


def test_never_to_a_forgery() -> None:
    sender = Sender(result="refused", words="as found")
    assert "authentication" in why(a_mail(), parsed(sender=sender), reading())


def test_never_against_what_screening_found() -> None:
    assert why(a_mail(), parsed(), reading(), "automatic mail") == "automatic mail"


@pytest.mark.parametrize("kind", ["legal_demand", "child_data"])
def test_not_even_where_a_delicate_kind_is_merely_possible(kind: str) -> None:
    sure = reading()
    chances = {**sure.confidence, kind: 0.05}
    assert "may be about" in why(a_mail(), parsed(), reading(confidence=chances))
    chances[kind] = 0.049
    assert why(a_mail(), parsed(), reading(confidence=chances)) == ""


@pytest.mark.parametrize("flag", ["safety", "staff", "child_at_risk"])
def test_not_where_safety_or_staff_may_be_touched(flag: str) -> None:
    assert "may be about" in why(a_mail(), parsed(), reading(flags=(flag,)))


async def test_it_goes_once_with_reference_and_period_and_nothing_quoted(bench: Bench) -> None:
    case = await bench.case("access")
    (message,) = await bench.outbox(case)
    letter = message.content
    assert isinstance(letter, Letter)
    assert message.status is OutboxStatus.PENDING
    assert letter.automatic
    assert letter.to == ROSA
    assert case.ref in letter.subject
    assert "28 days" in letter.body
    assert "an access request" in letter.body
    assert "My data" not in letter.subject + letter.body
    assert case.acknowledgement == "pending"
    await bench.desk.sent(message, NOW, receipt="250 Ok")
    assert (await bench.fresh(case)).acknowledgement == "sent"


async def test_an_unsorted_case_is_acknowledged_without_a_guess(bench: Bench) -> None:
    case = await bench.case("access", decision="triage")
    (message,) = await bench.outbox(case)
    assert isinstance(message.content, Letter)
    assert "We read it as" not in message.content.body
    assert "28 days" in message.content.body


async def test_the_fourth_of_a_day_is_withheld_and_the_next_day_starts_anew(bench: Bench) -> None:
    cases = [await bench.case("access") for _ in range(4)]
    assert [case.acknowledgement for case in cases[:3]] == ["pending"] * 3
    why = "withheld: this address had 3 automatic letters today"
    told = f"{why}; by hand until 05 Nov 2026 (desk rule)"
    assert cases[3].acknowledgement == told
    assert (await bench.case("access", now=NOW + DAY)).acknowledgement == "pending"


async def said_again(bench: Bench, now: datetime = NOW, **words: Any) -> str:
    """What becomes of the confirmation of a mail with these words."""
    mail = await bench.mail(received_at=now)
    return (await bench.desk.open(mail, parsed(**words), reading(), now)).acknowledgement


async def test_the_same_message_is_confirmed_once_a_week(bench: Bench) -> None:
    first = {"message_id": "<1@example.org>", "subject": "My data", "text": "Send it."}
    assert await said_again(bench, **first) == "pending"
    for same in (
        first | {"text": "Send it now."},
        first | {"message_id": "<2@example.org>"},
        first | {"message_id": "<2@example.org>", "subject": "Re: AW: My data"},
        {"subject": "My data", "text": "Send it.", "message_id": ""},
    ):
        assert "confirmed before" in await said_again(bench, **same)
    other = {"message_id": "<3@example.org>", "text": "And my address."}
    assert await said_again(bench, **other) == "pending"
    assert await said_again(bench, now=NOW + 8 * DAY, **first) == "pending"
    assert await said_again(bench, header_from="nora@example.org", **first) != "pending"


async def test_another_persons_same_words_are_confirmed_too(bench: Bench) -> None:
    words = {"message_id": "<1@example.org>", "text": "Send it."}
    assert await said_again(bench, **words) == "pending"
    mail = await bench.mail(mail_from="nora@example.org")
    found = parsed(header_from="nora@example.org", **words)
    case = await bench.desk.open(mail, found, reading(), NOW)
    assert case.acknowledgement == "pending"


async def test_who_only_claims_an_address_cannot_use_up_its_allowance(bench: Bench) -> None:
    for number in range(3):
        assert await said_again(bench, text=f"{number}") == "pending"
    assert "3 automatic letters" in await said_again(bench, text="3")
    proven = Sender(result="pass", words="as found")
    assert await said_again(bench, text="4", sender=proven) == "pending"


async def test_the_hours_caps_hold_over_a_restart(tmp_path: Any) -> None:
    caps = {"acks_per_hour": 3, "acks_per_domain_hour": 2}

    async def asked(bench: Bench, address: str, now: datetime) -> datetime | None:
        mail = await bench.mail(mail_from=address, received_at=now)
        words = f"{address} {mail.id}"
        case = await bench.desk.open(mail, parsed(header_from=address, text=words), reading(), now)
        (letter,) = await bench.outbox(case)
        return await bench.desk.held_until(replace(letter, attempts=1), now)

    hour = NOW.replace(minute=0) + timedelta(hours=1)
    async with a_bench(tmp_path, **caps) as bench:
        assert await asked(bench, "a@example.org", NOW) is None
        assert await asked(bench, "b@example.org", NOW) is None
        assert await asked(bench, "c@example.org", NOW) == hour
    async with a_bench(tmp_path, **caps) as bench:
        assert await asked(bench, "d@example.org", NOW) == hour
        assert await asked(bench, "e@example.net", NOW) is None
        assert await asked(bench, "f@example.com", NOW) == hour  # three of all domains
        assert await asked(bench, "f@example.com", hour) is None


async def test_a_letter_is_counted_once_however_often_it_is_tried(bench: Bench) -> None:
    case = await bench.case("access")
    (letter,) = await bench.outbox(case)
    for attempts, error in ((1, ""), (1, "DESK_RELAY is not set"), (2, "relay: 450"), (3, "")):
        again = replace(letter, attempts=attempts, error=error)
        assert await bench.desk.held_until(again, NOW) is None
    counted = await bench.store.mark("hour")
    assert counted is not None
    assert counted.count == 1
    assert await bench.desk.held_until(replace(letter, attempts=1, error=HELD), NOW) is None
    counted = await bench.store.mark("hour")
    assert counted is not None
    assert counted.count == 2


def test_caps_delay_and_never_drop() -> None:
    pace = Pace(Policy(acks_per_domain_hour=2, acks_per_hour=3))
    minute = timedelta(minutes=1)
    slots = [pace.slot("example.org", NOW + minute * n) for n in range(3)]
    assert slots == [NOW, NOW + minute, NOW + timedelta(hours=1)]
    assert pace.slot("example.net", NOW + minute * 3) == NOW + timedelta(hours=1)


async def test_a_mail_that_only_unsubscribes_is_confirmed_at_once(bench: Bench) -> None:
    case = await bench.case("unsubscribe")
    (message,) = await bench.outbox(case)
    assert isinstance(message.content, Letter)
    assert message.content.template == "unsubscribed"
    assert message.content.automatic
    suppressed = await bench.store.suppression(case.requester_hash)
    assert suppressed is not None
    assert suppressed.address == ROSA
    assert not case.closed


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("unsubscribe", "access"), {}),
        (("unsubscribe",), {"flags": ("lawyer",)}),
        (("unsubscribe",), {"decision": "triage"}),
    ],
)
async def test_more_than_an_unsubscribe_gets_the_plain_acknowledgement(
    bench: Bench, kinds: tuple[str, ...], said: Any
) -> None:
    case = await bench.case(*kinds, **said)
    (message,) = await bench.outbox(case)
    assert isinstance(message.content, Letter)
    assert message.content.template == "acknowledgement"
    known = await bench.store.suppression(case.requester_hash)
    assert (known is not None) == (not case.triage)


async def test_still_mailed_is_for_a_person(bench: Bench) -> None:
    await bench.case("unsubscribe")
    soon = await bench.case("unsubscribe", now=NOW + DAY)
    assert soon.acknowledgement == "pending"
    case = await bench.case("unsubscribe", now=NOW + 7 * DAY)
    assert await bench.outbox(case) == []
    assert case.acknowledgement.startswith("withheld")
    (line,) = await bench.outbox(case, ThreadLine)
    assert "Still mailed" in repr(line.content)
    assert case.still_mailed == NOW
    assert await bench.desk.fed(frozenset({case.requester_hash}), NOW + 7 * DAY) == 2
    assert "stopped" not in (await bench.fresh(case)).requests[0].done


async def test_in_pilot_mode_letters_stay_drafts(tmp_path: Any) -> None:
    async with a_bench(tmp_path, pilot=True) as bench:
        case = await bench.case("access")
        (message,) = await bench.outbox(case)
        assert message.status is OutboxStatus.DRAFT
        assert case.acknowledgement == "withheld: DESK_PILOT: letters wait"
