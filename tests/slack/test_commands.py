"""What the lists hold and show."""

import json
from datetime import date, timedelta

import msgspec
import pytest

from bot.slack.commands import LINES, chosen, listed
from handlers.handler import Person, Role
from storage.records import Circle

TODAY = date(2026, 12, 1)
ANA = Person(id="U01ANA", roles=frozenset({Role.STAFF}))


@pytest.fixture
def cases(make_case):
    def due_in(days: int, ref: str, **more):
        case = make_case(ref=ref, **more)
        request = case.requests[0]
        due = msgspec.structs.replace(request.due, due_on=TODAY + timedelta(days=days))
        return msgspec.structs.replace(case, requests=(msgspec.structs.replace(request, due=due),))

    return [
        due_in(30, "PR-2026-0001", assignee="U01ANA"),
        due_in(5, "PR-2026-0002"),
        due_in(-1, "PR-2026-0003", assignee="U02BEN"),
        due_in(2, "PR-2026-0004", circle=Circle.RESTRICTED),
    ]


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [("mine", [1]), ("open", [3, 2, 1]), ("due", [3, 2]), ("overdue", [3])],
)
def test_lists_are_by_date_and_only_of_open_circles(wish, numbers, cases):
    found = [case.ref for case in chosen(wish, cases, ANA, TODAY)]
    assert found == [f"PR-2026-000{n}" for n in numbers]


def test_a_long_list_stops_at_twenty_and_says_so(make_case, registry, message_faults):
    many = [make_case(ref=f"PR-2026-{n:04}", requester="<!here>@x.org") for n in range(50)]
    made = listed("open", many, registry, TODAY)
    assert message_faults(made) == []
    opens = [b for b in made["blocks"] if "accessory" in b]
    assert len(opens) == LINES
    assert "30 more cases" in json.dumps(made["blocks"])
    assert "<!here>" not in json.dumps(made)
    assert made["text"].startswith("Open: 50.")
    assert message_faults(listed("mine", [], registry, TODAY)) == []
