"""What is in whose queue, and how Home shows it within Slack's limits."""

import json
from datetime import date, timedelta

import msgspec
import pytest

from bot.sandbox.limits import check_view
from bot.slack import stopping, walking
from bot.slack.home import Desk, home, summary
from bot.slack.options import Gap
from bot.slack.queue import FILTERS, PAGE, Look, work
from bot.slack.walking import Said, Step, over
from handlers.handler import Person, Role
from storage.records import Approval, Circle, Reading, Status

TODAY = date(2026, 12, 1)
ANA = Person(id="U01ANA", roles=frozenset({Role.STAFF}))


@pytest.fixture
def make(make_case):
    """A case due in some days."""

    def made(number: int, days: int = 30, *kinds: str, **more):
        case = make_case(*kinds, ref=f"PR-2026-{number:04}", **more)
        requests = tuple(
            msgspec.structs.replace(
                r, due=msgspec.structs.replace(r.due, due_on=TODAY + timedelta(days=days))
            )
            for r in case.requests
        )
        return msgspec.structs.replace(case, requests=requests)

    return made


def refs(cases) -> list[int]:
    return [int(case.ref[-4:]) for case in cases]


def waiting(case):
    request = msgspec.structs.replace(case.requests[0], status=Status.AWAITING_OWNERS)
    return msgspec.structs.replace(case, requests=(request,))


@pytest.fixture
def cases(make, now):
    approval = Approval(about="x", request=1, asked_by="U02BEN", asked_at=now)
    later = now + timedelta(days=3)
    found = [
        make(1, assignee="U01ANA", remind_at=later),
        make(2, 5),
        make(3, -1, assignee="U02BEN"),
        make(4, 2, circle=Circle.RESTRICTED),
        waiting(make(5, 9, assignee="U01ANA", remind_at=now)),
        make(6, 20, assignee="U02BEN", approvals=(approval,)),
        make(7, 3, imported=True),
        make(8, 3, shut=("U01ANA",)),
        make(9, 4, "unsubscribe", confirmed=True),
        make(10, 6, barred=("U01ANA",)),
        make(11, 7, held_for="PR-2026-0001"),
    ]
    return sorted(found, key=lambda case: (case.due.due_on, case.ref))


def test_each_list_holds_what_it_says_by_date(cases):
    found = work(cases, ANA, TODAY)
    assert {name: refs(found.lists[name]) for name in FILTERS} == {
        "mine": [5, 1],
        "free": [9, 2, 10, 11],
        "soon": [3, 9, 2, 10, 11],
        "waiting": [5, 6],
        "reminders": [5, 1],
        "all": [3, 9, 2, 10, 11, 5, 6, 1],
    }
    assert refs(found.unsorted) == [2, 5, 1], "not what is sorted, held, or not theirs to work on"
    assert [(case.ref[-1], request.id) for case, request in found.unsubscribes] == [("9", 1)]
    assert summary(found) == "1 overdue, 5 due within 7 days, 4 not taken and 1 waits for your yes."


def test_the_cases_of_who_is_away_are_in_the_queue_of_who_stands_in(cases):
    found = work(cases, ANA, TODAY, frozenset({"U02BEN"}))
    assert refs(found.lists["mine"]) == [3, 5, 6, 1]
    assert refs(found.lists["reminders"]) == [5, 1], "reminders are one's own"


def test_what_is_looked_at_first_has_something_to_do(make):
    assert work([make(1)], ANA, TODAY).chosen(Look()) == "free"
    assert work([make(1, assignee="U01ANA")], ANA, TODAY).chosen(Look()) == "mine"
    assert work([], ANA, TODAY).chosen(Look()) == "all"
    assert work([], ANA, TODAY).chosen(Look(filter="soon")) == "soon"
    assert work([], ANA, TODAY).chosen(Look(filter="other")) == "all"


def the_desk(registry, now, **more) -> Desk:
    return Desk(kinds=registry, now=now, timezone="UTC", **more)


def labels(view) -> list[str]:
    found = []
    for block in view["blocks"]:
        elements = [*block.get("elements", []), block.get("accessory", {})]
        found += [e["text"]["text"] for e in elements if e.get("type") == "button"]
    return found


def test_forty_a_page_fit_whatever_is_in_them(make, registry, now):
    long = {"requester": f"<!channel>{'a' * 200}@{'b' * 200}.org", "answered": True}
    many = [make(n, n % 60 - 5, "access", "deletion", "question", **long) for n in range(95)]
    found = work(many, ANA, TODAY)
    desk = the_desk(registry, now, gaps=(Gap(name="DESK_RELAY", means="x"),))
    for page, steps in ((0, ["Next"]), (1, ["Previous", "Next"]), (2, ["Previous"])):
        view = home(found, Look(filter="all", page=page), desk)
        assert check_view(view, "home") == []
        assert [label for label in labels(view) if label in {"Next", "Previous"}] == steps
        assert labels(view).count("Open") == (PAGE if page < 2 else 15)
        assert "<!channel>" not in json.dumps(view)
    beyond = home(found, Look(filter="all", page=99), desk)
    assert labels(beyond).count("Open") == 15


def test_home_says_what_comes_next_and_whose_rule_the_date_is(make, registry, now):
    case = make(1, 5, assignee="U01ANA", requester="nora@example.org", subject="SECRET")
    said = json.dumps(home(work([case], ANA, TODAY), Look(), the_desk(registry, now)))
    for word in ("5 days left", "GDPR)", "next: check identity", "n\\u2022\\u2022\\u2022@"):
        assert word in said
    for word in ("nora", "Nora", "SECRET"):
        assert word not in said


def test_an_empty_queue_is_said(registry, now):
    view = home(work([], ANA, TODAY), Look(), the_desk(registry, now))
    assert check_view(view, "home") == []
    assert "Nothing is urgent" in json.dumps(view)
    assert "Set up" not in json.dumps(view)


def test_the_window_of_the_walk_proposes_and_keeps_room_for_the_message(
    make, registry, view_faults
):
    message = [{"type": "section", "block_id": f"m{n}", "text": {"type": "plain_text", "text": "x"}}
               for n in range(120)]  # fmt: skip
    case = make(1, 5, None, triage=True)
    reading = Reading(kinds=("deletion",), decision="triage", confidence={"deletion": 0.71})
    case = msgspec.structs.replace(case, reading=reading)
    view = walking.window(Step(case=case, left=3), message, registry, TODAY)
    assert view_faults(view) == []
    assert labels(view) == ["Confirm", "Change", "Not a request", "Skip"]
    assert "Probably *deletion request*, 71% sure" in json.dumps(view)
    unsure = msgspec.structs.replace(
        case, reading=msgspec.structs.replace(reading, decision="ignore")
    )
    assert labels(walking.window(Step(case=unsure, left=1), [], registry, TODAY))[:1] == ["Choose"]


def test_the_end_of_the_walk_offers_what_was_skipped(view_faults):
    assert labels(over(Said(text="PR-1 & co"), 2)) == ["From the top"]
    assert labels(over(Said(), 0)) == []
    assert view_faults(over(Said(text="<!here>"), 2)) == []
    assert "<!here>" not in json.dumps(over(Said(text="<!here>"), 2))


def test_every_unsubscribe_is_ticked_and_no_window_too_long(make, view_faults):
    many = [make(n, 5, "unsubscribe", confirmed=True) for n in range(130)]
    found = work(many, ANA, TODAY).unsubscribes
    view = stopping.window(found, TODAY, "s")
    assert view_faults(view) == []
    boxes = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    assert sum(len(box["initial_options"]) for box in boxes) == 100
    assert "30 more" in json.dumps(view)
    assert "submit" not in stopping.window([], TODAY, "s")
