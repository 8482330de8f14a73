"""What a card says and shows, and that nothing a stranger wrote is on it."""

import json
from datetime import date, timedelta

import msgspec
import pytest

from bot.slack.cards import card, placeholder, window
from handlers.handler import Offer
from storage.records import (
    Approval,
    Circle,
    Earlier,
    LetterState,
    OutboxStatus,
    Outcome,
    Posted,
    Request,
    Status,
    Stopped,
    Taken,
    Verification,
)

TZ = "Europe/London"
HOSTILE = [
    "<!channel>@example.org",
    "*bold*@<https://example.com|x>.com",
    "\u202enora@example.org",
    "nora@" + "a" * 300 + ".org",
    "",
    "no-at-sign",
    "@",
    "a@b@c.example",
]


def words(message) -> str:
    return json.dumps(message, ensure_ascii=False)


def buttons_of(message) -> list[dict]:
    rows = [b for b in message["blocks"] if b["type"] == "actions"]
    return [e for row in rows for e in row["elements"]]


def stopped(request: Request, left: int | None) -> Request:
    standing = Stopped(since=date(2026, 11, 4), reason="identity", left=left)
    due = msgspec.structs.replace(request.due, stopped=standing)
    return msgspec.structs.replace(request, due=due)


@pytest.mark.parametrize(
    ("left", "told"), [(29, "29 days left"), (None, "the period begins when the answer comes")]
)
def test_a_paused_request_says_since_when_what_is_left_and_the_day_without_it(
    make_case, registry, message_faults, left, told
):
    case = make_case("access", "deletion")
    first, second = case.requests
    alone = make_case(requests=(stopped(first, left),))
    several = make_case(requests=(stopped(first, left), second))
    for shown in (alone, several):
        made = card(shown, (), registry, shown.received_at, TZ)
        assert message_faults(made) == []
        row = made["blocks"][1]["text"]["text"]
        assert "aused since 4 Nov 2026" in row
        assert told in row
        assert "s if nothing had been asked: 1 Jan 2027" in row
        assert "(EU GDPR)" in row
        assert "paused since 4 Nov 2026" in made["text"]


def test_a_paused_request_is_late_for_nobody(make_case, registry, now):
    case = make_case()
    over = msgspec.structs.replace(case.requests[0].due, due_on=date(2026, 11, 1))
    late = msgspec.structs.replace(case.requests[0], due=over)
    assert ":red_circle:" in words(card(make_case(requests=(late,)), (), registry, now, TZ))
    paused = make_case(requests=(stopped(late, 3),))
    assert ":red_circle:" not in words(card(paused, (), registry, now, TZ))


def test_the_day_we_aim_for_is_called_a_desk_rule(make_case, registry, now):
    """Every date says whose rule it is."""
    assert "we aim for 22 Dec 2026 (desk rule)" in words(card(make_case(), (), registry, now, TZ))


def test_a_later_date_that_waits_for_a_second_person_is_seen(make_case, registry, now):
    asked = Approval(about="place/1", request=1, asked_by="U01ANA", asked_at=now)
    filled = Taken(request=1, step="place", by="U01ANA", at=now, answers={"why": "they say so"})
    case = make_case(approvals=(asked,), prepared=(filled,))
    made = card(case, (), registry, now, TZ)
    assert "waits for a second person" in words(made["blocks"])
    assert "waits for a second person" in made["text"]
    assert "they say so" not in words(made)


def test_a_complaint_says_which_case_it_may_be_about_and_names_none_of_a_closed_circle(
    make_case, registry, now
):
    found = tuple(
        Earlier(ref=f"PR-2026-000{number}", circle=circle, closed_by=("U01ANA",))
        for number, circle in ((1, Circle.STAFF), (2, Circle.MANAGERS))
    )
    request = msgspec.structs.replace(make_case().requests[0], kind="complaint")
    made = card(make_case(requests=(request,), earlier=found), (), registry, now, TZ)
    assert "May be about *PR-2026-0001*" in words(made["blocks"])
    assert "May be about an earlier case" in made["text"]
    assert "PR-2026-0002" not in words(made)
    assert "May be about" not in words(card(make_case(earlier=found), (), registry, now, TZ))


def test_a_new_case_says_what_by_when_for_whom(
    make_case, make_offers, registry, now, message_faults
):
    offers = make_offers("claim", "show_message", "confirm", "close")
    made = card(make_case(), offers, registry, now, TZ)
    assert message_faults(made) == []
    assert made["blocks"][0]["text"]["text"] == "Access request PR-2026-0042"
    row = made["blocks"][1]["text"]["text"]
    assert "*Due 1 Jan 2027* (EU GDPR), 31 days left" in row
    assert "Next: check identity" in row
    whole = words(made)
    assert "n•••@e•••.org" in whole
    assert "nobody yet" in whole
    assert "Not checked" in whole
    assert "97% sure" in whole
    assert [b["text"]["text"] for b in buttons_of(made)] == [
        "Claim", "Show message", "Confirm", "Close",
    ]  # fmt: skip
    assert [b.get("style") for b in buttons_of(made)] == ["primary", None, None, None]
    for told in ("Access request", "1 Jan 2027 (EU GDPR)", "Not taken yet", "Next: Claim"):
        assert told in made["text"]


def test_a_policy_clock_is_called_a_desk_rule(make_case, make_due, registry, now):
    case = make_case()
    request = msgspec.structs.replace(case.requests[0], due=make_due(3, "policy"))
    made = card(msgspec.structs.replace(case, requests=(request,)), (), registry, now, TZ)
    assert "(desk rule), 3 days left" in words(made)
    assert "(desk rule)" in made["text"]


def test_more_than_four_offers_are_folded_and_more_than_nine_open_a_window(
    make_case, make_offers, registry, now, message_faults
):
    names = [f"step{n}" for n in range(8)]
    made = card(make_case(), make_offers(*names), registry, now, TZ)
    assert message_faults(made) == []
    assert [b["type"] for b in buttons_of(made)] == ["button"] * 4 + ["overflow"]
    assert len(buttons_of(made)[-1]["options"]) == 4
    many = card(make_case(), make_offers(*(f"step{n}" for n in range(14))), registry, now, TZ)
    assert message_faults(many) == []
    menu = buttons_of(many)[-1]["options"]
    assert [o["text"]["text"] for o in menu][-1] == "All actions"


def test_show_message_is_always_a_button(make_case, make_offers, registry, now):
    offers = make_offers("a", "b", "c", "d", "e", "show_message")
    made = card(make_case(), offers, registry, now, TZ)
    assert "Show message" in [b.get("text", {}).get("text") for b in buttons_of(made)]


def test_only_one_button_is_primary(make_case, registry, now, message_faults):
    offers = [Offer(action=a, label=a, style="primary") for a in ("one", "two", "three")]
    assert message_faults(card(make_case(), offers, registry, now, TZ)) == []


def test_every_offer_can_be_reached_in_the_window(
    make_case, make_offers, registry, now, view_faults
):
    offers = (*make_offers(*(f"step{n}" for n in range(14))), *make_offers("close", request=2))
    blocks = window(make_case("access", "deletion"), offers, registry, now, TZ)
    labels = [e["text"]["text"] for b in blocks if b["type"] == "actions" for e in b["elements"]]
    assert sorted(labels) == sorted(o.label for o in offers)
    title = {"type": "plain_text", "text": "x"}
    assert view_faults({"type": "modal", "title": title, "blocks": blocks}) == []


def test_ten_requests_each_have_a_row_with_an_own_date(
    make_case, make_offers, registry, now, message_faults
):
    kinds = ["access", "deletion"] * 5
    offers = [o for n in range(1, 11) for o in make_offers("verify", "close", request=n)]
    made = card(make_case(*kinds), offers[2:], registry, now, TZ)
    assert message_faults(made) == []
    rows = [b for b in made["blocks"] if ":row" in b["block_id"]]
    assert len(rows) == 10
    assert len({r["text"]["text"].split("*")[3] for r in rows}) == 10
    assert made["blocks"][0]["text"]["text"] == "10 requests PR-2026-0042"
    thirty = card(make_case(*kinds, *kinds, *kinds), (), registry, now, TZ)
    assert message_faults(thirty) == []
    assert "and 18 more requests" in words(thirty)


def test_a_request_s_own_offers_stand_beside_its_row(make_case, make_offers, registry, now):
    offers = (*make_offers("claim"), *make_offers("x", "verify", "close", request=2)[1:])
    made = card(make_case("access", "deletion"), offers, registry, now, TZ)
    assert [b["text"]["text"] for b in buttons_of(made)] == ["Claim"]
    row = next(b for b in made["blocks"] if b["block_id"].endswith("row2"))
    assert [o["text"]["text"] for o in row["accessory"]["options"]] == ["Verify", "Close"]


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_requester_leaves_no_trace(
    *, address, make_case, make_offers, registry, now, message_faults, texts
):
    case = make_case(
        requester=address,
        requester_name="<@U01ANA> *Nora*",
        subject="<!channel> secret subject",
        defects=("odd header <!here>",),
        held_for="",
    )
    made = card(case, make_offers("claim"), registry, now, TZ)
    assert message_faults(made) == []
    whole = words(made)
    for part in ("<!channel>", "<!here>", "U01ANA", "Nora", "secret", "https:", "\u202e", "*bold*"):
        assert part not in whole
    for kind, text in texts(made):
        if kind == "mrkdwn":
            live = [piece.split(">")[0] for piece in text.split("<")[1:]]
            assert all(piece.startswith(("!date^", "@U")) for piece in live)


def test_a_question_is_asked_before_a_danger(make_case, registry, now, message_faults):
    offer = Offer(action="stop", label="Stop", style="danger", confirm="Stop this? " * 40)
    made = card(make_case(), [offer], registry, now, TZ)
    assert message_faults(made) == []
    asked = buttons_of(made)[0]["confirm"]
    assert asked["style"] == "danger"
    assert len(asked["text"]["text"]) <= 300


def test_triage_tells_the_guesses_in_per_cent(
    make_case, make_offers, registry, now, message_faults
):
    case = make_case(None, triage=True)
    made = card(case, make_offers("confirm", "show_message"), registry, now, TZ)
    assert message_faults(made) == []
    assert made["blocks"][0]["text"]["text"] == "Please sort PR-2026-0042"
    assert "Probably *access request* (97% sure). Could also be *deletion request* (31%" in words(
        made
    )
    assert "1 Jan 2027" in words(made)


def test_a_guess_below_one_half_is_no_guess(make_case, make_offers, registry, now, message_faults):
    case = make_case(None, triage=True)
    chances = {"not_a_request": 0.9, "access": 0.3, "deletion": 0.02}
    reading = msgspec.structs.replace(case.reading, confidence=chances)
    case = msgspec.structs.replace(case, reading=reading)
    made = card(case, make_offers("confirm", "show_message"), registry, now, TZ)
    assert message_faults(made) == []
    assert "cannot tell what is asked. Please read it. It may be *access request* (30%" in words(
        made
    )
    assert "Probably" not in words(made)
    assert "not a request" not in words(made)


def test_what_the_machine_would_have_ignored_says_so(make_case, make_offers, registry, now):
    case = make_case(None, triage=True)
    reading = msgspec.structs.replace(case.reading, decision="ignore")
    case = msgspec.structs.replace(case, reading=reading)
    made = card(case, make_offers("not_a_request", "show_message"), registry, now, TZ)
    assert "asks nothing. If so: *Not a request*" in words(made)
    assert "Probably" not in words(made)


def test_the_small_print_is_two_calm_lines(make_case, registry, now):
    letter = LetterState(
        id="a1", template="acknowledgement", status=OutboxStatus.SENT, by="desk", at=now
    )
    case = make_case(acknowledgement="sent", letters=(letter,), language="en")
    made = card(case, (), registry, now, TZ)
    small = next(b for b in made["blocks"] if b["type"] == "context")["elements"][0]["text"]
    assert small == (
        "One month from receipt on 1 December 2026 (GDPR Art. 12(3)).\n"
        "Sorted by machine, 97% sure  ·  receipt confirmed"
    )


def test_a_child_s_case_is_urgent(make_case, make_offers, registry, now, message_faults):
    made = card(make_case("child_data"), make_offers("claim"), registry, now, TZ)
    assert message_faults(made) == []
    assert made["blocks"][0]["text"]["text"].startswith("Urgent: ")
    assert "No letter goes out before somebody has read it" in words(made)
    assert made["text"].startswith("Urgent: ")


def test_a_letter_that_waits_has_undo_beside_it(
    make_case, make_offers, registry, now, message_faults
):
    at = now + timedelta(minutes=1)
    letter = LetterState(id="L1", template="t", status=OutboxStatus.PENDING, by="U01ANA", at=at)
    offers = (*make_offers("claim", "show_message"), Offer(action="undo", label="Undo"))
    made = card(make_case(letters=(letter,)), offers, registry, now, TZ)
    assert message_faults(made) == []
    line = next(b for b in made["blocks"] if "letter0" in b["block_id"])
    assert "Letter goes out at" in line["text"]["text"]
    assert line["accessory"]["text"]["text"] == "Undo"
    assert '"x":"L1"' in line["accessory"]["value"]
    assert "Undo" not in [b["text"]["text"] for b in buttons_of(made)]
    assert "A letter waits to go out" in made["text"]


@pytest.mark.parametrize(
    ("status", "bounced", "said"),
    [
        (OutboxStatus.DEAD, False, "not delivered"),
        (OutboxStatus.SENT, True, "came back undelivered"),
        (OutboxStatus.PENDING, False, "on its way"),
        (OutboxStatus.SENT, False, "last letter 1 Dec 2026"),
    ],
)
def test_letter_states_are_told(*, status, bounced, said, make_case, registry, now, message_faults):
    letter = LetterState(id="L", template="t", status=status, by="U1", at=now, bounced=bounced)
    made = card(make_case(letters=(letter,)), (), registry, now, TZ)
    assert message_faults(made) == []
    assert said in words(made)


def test_a_case_names_the_one_it_goes_on_from(make_case, registry, now):
    case = make_case(follows="PR-2025-0007")
    assert "Goes on from *PR-2025-0007*" in words(card(case, (), registry, now, TZ))
    assert "Goes on from PR-2025-0007" in card(case, (), registry, now, TZ)["text"]


def test_held_mail_new_mail_and_a_withheld_receipt_are_told(
    make_case, registry, now, message_faults
):
    case = make_case(
        held=("m1", "m2"),
        held_for="PR-2026-0001",
        follows="PR-2025-0007",
        answered=True,
        acknowledgement="withheld: sender not proven",
        assignee="U01ANA",
        verification=Verification(how="passport 123", by="U02BEN", at=now),
    )
    made = card(case, (), registry, now, TZ)
    assert message_faults(made) == []
    whole = words(made)
    for told in ("2 mails", "PR-2026-0001", "requester answered", "sender not proven", "<@U01ANA>"):
        assert told in whole
    assert "passport" not in whole
    assert "<@" not in made["text"]
    assert "The requester answered: open it" in made["text"]


def test_done_is_one_line(make_case, make_offers, registry, now, message_faults):
    case = make_case(assignee="U01ANA")
    request = msgspec.structs.replace(
        case.requests[0],
        status=Status.CLOSED,
        outcome=Outcome.FULFILLED,
        closed_at=now + timedelta(days=3),
        closed_by="U01ANA",
    )
    case = msgspec.structs.replace(case, requests=(request,))
    made = card(case, make_offers("show_message", "history", "reopen"), registry, now, TZ)
    assert message_faults(made) == []
    (line,) = made["blocks"]
    assert "fulfilled 4 Dec 2026 by <@U01ANA>, 28 days early" in line["text"]["text"]
    assert [o["text"]["text"] for o in line["accessory"]["options"]] == [
        "Show message", "History", "Reopen",
    ]  # fmt: skip
    assert "fulfilled" in made["text"]


def test_block_ids_change_with_every_state(make_case, make_offers, registry, now):
    offers = make_offers("claim")
    first = card(make_case(version=1, rev=3), offers, registry, now, TZ)
    second = card(make_case(version=2, rev=4), offers, registry, now, TZ)
    third = card(make_case(version=2, rev=5), offers, registry, now, TZ)
    ids = [{b["block_id"] for b in m["blocks"]} for m in (first, second, third)]
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]


def test_overdue_is_said_in_words(make_case, make_due, registry, now):
    case = make_case()
    request = msgspec.structs.replace(case.requests[0], due=make_due(-2))
    made = card(msgspec.structs.replace(case, requests=(request,)), (), registry, now, TZ)
    assert "overdue by 2 days" in words(made)
    assert "overdue by 2 days" in made["text"]


def test_long_names_stay_within_limits(make_case, registry, now, message_faults):
    for kind in registry.kinds.values():
        kind.title = "A very long title of a kind " * 20
    offers = [
        Offer(action="a" * 40, label="L" * 200, says="s" * 300, request=1, confirm="c" * 500)
        for _ in range(1)
    ]
    case = make_case("access", "deletion", assignee="U01ANA", card=Posted(channel="C", ts="1"))
    assert message_faults(card(case, offers, registry, now, TZ)) == []


def test_a_placeholder_tells_nothing_but_that_and_by_when(make_case, message_faults):
    made = placeholder(make_case("child_data", circle=Circle.RESTRICTED))
    assert message_faults(made) == []
    assert "child" not in words(made).lower()
    assert "•••" not in words(made)
    assert "1 Jan 2027" in made["text"]
