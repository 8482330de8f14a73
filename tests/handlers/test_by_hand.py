"""What came by post, by phone or at the desk: kept like a mail, its clock from the true day."""

from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from handlers.by_hand import WAYS, Told, filled, form
from intake.mime import parse
from storage.errors import Refused
from storage.records import Circle, Letter, MailStatus
from tests.handlers.desks import ANA, NOW, REGISTRY, Bench, Person, a_bench

TITLES = {name: kind.title for name, kind in REGISTRY.kinds.items()}
TODAY = NOW.date()
SAID = {
    "way": "post",
    "came_on": "2026-10-26",
    "kinds": "access",
    "name": "Åsa  Exempel",
    "address": "Asa@Example.org",
    "words": "Vad vet ni om mig?\nHälsningar",
}


@pytest.fixture
async def bench(tmp_path: Path):
    async with a_bench(tmp_path) as made:
        yield made


def told(**said: str) -> Told:
    found = filled(SAID | said, TITLES, TODAY)
    assert isinstance(found, Told), found
    return found


def test_the_form_keeps_what_is_known() -> None:
    shown = {field.name: field.initial for field in form(TITLES, TODAY, told()).fields}
    assert shown == SAID | {"name": "Åsa Exempel", "address": "asa@example.org"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"way": "pigeon"}, "way"),
        ({"came_on": "2026-11-04"}, "came_on"),
        ({"came_on": "2006-11-03"}, "came_on"),
        ({"came_on": ""}, "came_on"),
        ({"kinds": "access everything"}, "kinds"),
        ({"words": " "}, "words"),
        ({"address": "a@b@example.org"}, "address"),
        ({"address": "nobody"}, "address"),
        ({"address": "a@example.org\r\nBcc: b@example.org"}, "address"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(said: dict[str, str], field: str) -> None:
    found = filled(SAID | said, TITLES, TODAY)
    assert isinstance(found, dict)
    assert set(found) == {field}


async def test_its_clock_runs_from_the_day_it_came(bench: Bench) -> None:
    case = await bench.desk.take_down(told(), ANA, NOW)
    assert case.received_at.date() == date(2026, 10, 26)
    assert case.due.due_on < (await bench.case("access")).due.due_on
    assert case.came_by == "post"
    assert (case.requester, case.requester_name) == ("asa@example.org", "Åsa Exempel")
    assert [request.kind for request in case.requests] == ["access"]
    assert case.confirmed, "who wrote it down has sorted it"


async def test_what_came_today_came_now(bench: Bench) -> None:
    case = await bench.desk.take_down(told(came_on=TODAY.isoformat()), ANA, NOW)
    assert case.received_at == NOW


async def test_the_words_are_kept_sealed_and_read_like_a_mail(bench: Bench) -> None:
    case = await bench.desk.take_down(told(), ANA, NOW)
    mail = await bench.store.mail(case.mails[0])
    assert mail is not None
    assert mail.status is MailStatus.PROCESSED
    read = parse(await bench.store.mails.raw(mail.id))
    assert (read.header_from, read.from_name) == ("asa@example.org", "Åsa Exempel")
    assert read.text.split() == told().words.split()
    assert read.subject == f"Request {WAYS['post']}"


async def test_a_name_without_an_address_stands_in_the_text_and_breaks_no_header(
    bench: Bench,
) -> None:
    case = await bench.desk.take_down(told(address="", name="Eve\r\nBcc: x"), ANA, NOW)
    raw = await bench.store.mails.raw(case.mails[0])
    assert message_from_bytes(raw)["Bcc"] is None
    assert "From: Eve Bcc: x" in parse(raw).text
    assert case.requester == ""


@pytest.mark.parametrize("kinds", ["access", "unsubscribe", ""])
async def test_no_letter_goes_by_itself(bench: Bench, kinds: str) -> None:
    case = await bench.desk.take_down(told(kinds=kinds), ANA, NOW)
    assert await bench.outbox(case, Letter) == []
    assert case.acknowledgement.startswith("withheld: it came by post")


async def test_without_a_kind_it_is_to_be_sorted(bench: Bench) -> None:
    case = await bench.desk.take_down(told(kinds=""), ANA, NOW)
    assert case.triage
    assert not case.confirmed


async def test_what_belongs_to_a_closed_circle_goes_there(bench: Bench) -> None:
    case = await bench.desk.take_down(told(kinds="child_data"), ANA, NOW)
    assert case.circle is Circle.RESTRICTED
    assert not case.confirmed, "who has no key sorts nothing there"


async def test_who_wrote_it_down_is_on_record(bench: Bench) -> None:
    case = await bench.desk.take_down(told(), ANA, NOW + timedelta(minutes=1))
    entries = [entry async for entry in bench.store.history(case.ref)]
    assert [(e.actor, e.act) for e in entries] == [("U01ANA", "open"), ("U01ANA", "confirm")]
    assert "written down, post" in entries[0].note


async def test_strangers_write_nothing_down(bench: Bench) -> None:
    with pytest.raises(Refused):
        await bench.desk.take_down(told(), Person(id="U04OLE", roles=frozenset()), NOW)
