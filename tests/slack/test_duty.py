"""Who is on duty, and that outsiders get no direct message either."""

from datetime import date

import msgspec
import pytest

from bot.outbox import SendFailed
from bot.slack.duty import message, on_duty, untaken
from handlers.handler import Person, Role
from storage.records import Case, Circle, Commit, DirectMessage, DutyCall, OutboxMessage
from tests.slack.office import MAIL, card_of, reading

STAFF = frozenset({Role.STAFF})
ANA, BEN = Person(id="U01ANA", roles=STAFF), Person(id="U02BEN", roles=STAFF)
MARA = Person(id="U03MARA", roles=frozenset({Role.STAFF, Role.MANAGER, Role.RESTRICTED}))
ALL = (ANA, BEN, MARA)


@pytest.fixture
def waits(make_case) -> Case:
    return make_case(ref="PR-2026-0007", reminded=("untaken@2026-12-02",))


@pytest.fixture
def busy(make_case) -> list[Case]:
    """Ana has two cases, Ben one, Mara none."""
    who = ("U01ANA", "U01ANA", "U02BEN")
    return [make_case(ref=f"PR-2026-01{n:02}", assignee=each) for n, each in enumerate(who)]


def test_who_has_the_fewest_open_cases_and_managers_last(busy, waits):
    assert on_duty(ALL, busy, [waits], (), ()) == "U02BEN"
    assert on_duty(ALL, busy, [waits], (), {"U02BEN"}) == "U01ANA"
    assert on_duty(ALL, busy, [waits], (), {"U02BEN", "U01ANA"}) == "U03MARA"
    assert on_duty((), busy, [waits], (), ()) == ""


def test_who_is_named_is_called_first_unless_away(busy, waits):
    assert on_duty(ALL, busy, [waits], ("U01ANA", "U02BEN"), ()) == "U01ANA"
    assert on_duty(ALL, busy, [waits], ("U01ANA", "U03MARA"), {"U01ANA"}) == "U03MARA"
    assert on_duty(ALL, busy, [waits], ("U09GONE",), ()) == "U02BEN"


def test_a_closed_case_calls_who_has_its_key_and_is_not_shut_out(busy, waits):
    closed = msgspec.structs.replace(waits, circle=Circle.RESTRICTED)
    assert on_duty(ALL, busy, [closed], ("U01ANA",), ()) == "U03MARA"
    about = msgspec.structs.replace(waits, shut=("U02BEN",))
    assert on_duty(ALL, busy, [about], (), ()) == "U01ANA"


def test_only_what_waited_for_a_day_and_nobody_has(busy, waits, make_case):
    fresh = make_case(ref="PR-2026-0008")
    taken = msgspec.structs.replace(waits, ref="PR-2026-0009", assignee="U01ANA")
    assert untaken([*busy, waits, fresh, taken], Circle.STAFF) == (waits,)
    assert untaken([waits], Circle.RESTRICTED) == ()


def test_the_message_names_references_and_dates_only(waits, make_case, message_faults):
    many = [make_case(ref=f"PR-2026-{n:04}") for n in range(30)]
    told = message(many, "duty:1", date(2026, 12, 3))
    assert message_faults(told) == []
    assert "30 requests" in told["text"]
    assert "nora" not in str(message([waits], "duty:1", date(2026, 12, 3))).lower()


def the_call(now) -> OutboxMessage:
    return OutboxMessage(
        id="o1",
        lane="slack:duty",
        content=DutyCall(circle=Circle.STAFF),
        created_at=now,
        created_by="desk",
        send_after=now,
    )


async def test_the_call_reaches_one_person_and_nobody_once_it_is_taken(office, page):
    ref = await office.receive(MAIL, reading())
    await mark(office, ref)
    posted = await office.slack.send(the_call(office.clock.now()))
    assert posted.channel == "D01ANA"
    (said,) = page.messages("D01ANA")
    assert ref in said["text"]
    await page.until(lambda: card_of(page))
    await page.press("U02BEN", "Claim")
    await page.until(lambda: page.whispers("U02BEN"))
    assert await office.slack.send(the_call(office.clock.now())) is None


async def test_a_direct_message_goes_to_nobody_from_outside(office, page):
    eve = {"id": "U06EVE", "name": "eve", "real_name": "Eve", "title": "", "role": "staff"}
    await page.do("person", person={**eve, "team": "T09ELSEWHERE"})
    ref = await office.receive(MAIL, reading())
    told = DirectMessage(person="U06EVE", text="News.", case=ref)
    message_out = msgspec.structs.replace(the_call(office.clock.now()), content=told)
    with pytest.raises(SendFailed, match="nobody of this workspace"):
        await office.slack.send(message_out)
    assert page.messages("D06EVE") == []


async def mark(office, ref: str) -> None:
    async def decide() -> None:
        case = await office.store.case(ref)
        after = msgspec.structs.replace(case, reminded=("untaken@2026-12-02",))
        now = office.clock.now()
        await office.store.commit(
            Commit(at=now, actor="desk", act="clock", case=ref, puts=(after,))
        )

    await office.desk.decided(decide)
