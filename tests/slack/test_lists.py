"""One message for an import, and windows that page through it: over the real Bolt and workspace."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.slack import lists
from bot.slack.lists import Line, Page, chosen
from bot.slack.options import SlackOptions
from handlers import ignoring
from handlers import registry as kinds
from handlers.clock import RealClock
from handlers.commits import import_list
from handlers.desk import Desk
from handlers.lists import Choice
from handlers.opening import IMPORTED
from handlers.policy import Policy
from storage.embedded import open_store
from storage.records import Arrival, Case, Commit, Mark, Outcome, ParsedMail
from tests.slack.office import MAIL, WORDS, Office, reading
from tests.storage.making import MASTER

LONG_AGO = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)
IMPORT = import_list("b1")
STAFF = "C01STAFF"
ANA, BEN, MARA, OUTSIDER = "U01ANA", "U02BEN", "U03MARA", "U04OLE"


@pytest.fixture
async def office(tmp_path, sandbox):
    settings = sandbox.settings()
    options = SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"],
        app_token=settings["SLACK_APP_TOKEN"],
        api_url=settings["SLACK_API_URL"],
        staff=settings["DESK_SLACK_CHANNEL"],
        managers=settings["DESK_SLACK_MANAGERS"],
        restricted=settings["DESK_SLACK_RESTRICTED"],
    )
    store = await open_store(tmp_path / "data", MASTER)
    registry = kinds.load()
    made = Office(store, Desk(store, registry, Policy()), registry, options, RealClock())
    await made.open()
    yield made
    await made.close()
    await store.close()


def asks(number: int) -> ParsedMail:
    return ParsedMail(
        header_from=f"nora{number}@example.org",
        from_name="Nora Secretname",
        subject="My secret subject",
        text=f"Please {number}",
    )


async def kept(office: Office, number: int, **said: object):
    words = {
        "received_at": LONG_AGO + timedelta(days=number),
        "mail_from": f"nora{number}@example.org",
        "rcpt_to": ("compliance@example.com",),
        "peer": "192.0.2.1",
        "content": b"raw %d" % number,
    }
    return await office.store.mails.append(Arrival(**(words | said)))


async def imported(office: Office, number: int, kind: str = "deletion") -> Case:
    mail = await kept(office, number, peer=IMPORTED, batch="b1")
    return await office.desk.open(mail, asks(number), reading(kind), office.clock.now())


def the_list(page) -> str:
    (message,) = page.messages(STAFF)
    return message["text"]


async def window(page, who: str, words: str) -> dict:
    try:
        await page.until(lambda: words in page.top(who), 5)
    except TimeoutError:
        raise AssertionError(f"no {words} in {page.top(who)}; {page.whispers(who)}") from None
    return page.stack(who)[-1]


async def save(page, who: str, **chosen_by: str) -> None:
    """Choices by reference or field."""
    view = page.stack(who)[-1]
    values = json.loads(json.dumps(view["state"]["values"]))
    for block in view["blocks"]:
        name = block.get("element", {}).get("action_id")
        if name in chosen_by:
            element = block["element"]
            value = chosen_by[name]
            options = [o for o in element.get("options", []) if o["value"] == value]
            values[block["block_id"]] = {
                name: {"type": element["type"], "selected_option": options[0]}
                if options
                else {"type": element["type"], "value": value}
            }
    answer = await page.do("submit", **{"as": who}, view_id=view["id"], values=values)
    assert answer["ok"], answer


# --- over the wire


async def test_an_import_is_one_message_that_says_nothing_personal_and_counts_down(office, page):
    cases = [await imported(office, n) for n in range(12)]
    await page.until(lambda: page.messages(STAFF) and the_list(page) == "12 imported mails to sort")
    (message,) = page.messages(STAFF)
    told = json.dumps(message)
    for word in ("nora", "Nora", "secret", "example.org", cases[0].ref):
        assert word not in told
    assert (await page.press(ANA, "Sort them"))["ok"]
    first = await window(page, ANA, "12 mails to sort, page 1 of 2")
    told = json.dumps(first, ensure_ascii=False)
    assert f"*{cases[0].ref}*, received 4 Mar 2024: probably deletion" in told
    assert "n•••@e•••.org" in told
    for word in ("nora0", "Secretname", "secret subject"):
        assert word not in told

    one, two, three = (case.ref for case in cases[:3])
    note = "by post in April"
    ending = {"ending": "partly_fulfilled", "note": note}
    await save(page, ANA, **{one: "open", two: "answered", three: "ignore"}, **ending)
    await window(page, ANA, "3 mails sorted.")
    assert "9 mails to sort, page 1 of 1" in page.top(ANA)
    await page.until(lambda: "9 imported mails to sort" in json.dumps(page.messages(STAFF)))
    opened, answered, ignored = [await office.store.case(ref) for ref in (one, two, three)]
    assert (opened.closed, opened.received_at, opened.triage) == (False, LONG_AGO, True)
    assert [r.outcome for r in answered.requests] == [Outcome.PARTLY_FULFILLED]
    assert [r.outcome for r in ignored.requests] == [Outcome.NOT_A_REQUEST]
    notes = [entry.note async for entry in office.store.history(two)]
    assert notes[-1].endswith(note)
    await page.until(lambda: any(one in m["text"] for m in page.messages(STAFF)))  # its card
    assert not any(two in m["text"] or three in m["text"] for m in page.messages(STAFF))

    await save(page, ANA, all="ignore")
    await window(page, ANA, "Nothing is left.")
    done = "All mails of this import are sorted"
    await page.until(lambda: any(m["text"] == done for m in page.messages(STAFF)))
    assert office.letters == []


async def test_what_was_chosen_stays_while_a_message_is_read_on_top(office, page):
    case = await imported(office, 1)
    await page.until(lambda: page.messages(STAFF))
    await page.press(ANA, "Sort them")
    view = await window(page, ANA, "1 mail to sort")
    assert (await page.press_in_window(ANA, "Show message"))["ok"]
    await window(page, ANA, MAIL.shown[:20])
    under, top = page.stack(ANA)
    assert under["id"] == view["id"]
    assert (top["close"]["text"], top["clear_on_close"]) == ("Back", False)
    acts = [entry.act async for entry in office.store.history(case.ref)]
    assert acts[-1] == "show_message"


async def test_pages_are_turned_in_the_window(office, page):
    cases = [await imported(office, n) for n in range(23)]
    await page.until(lambda: page.messages(STAFF))
    await page.press(ANA, "Sort them")
    await window(page, ANA, "page 1 of 3")
    await page.press_in_window(ANA, "Next page")
    await window(page, ANA, "page 2 of 3")
    assert cases[10].ref in page.top(ANA)
    await page.press_in_window(ANA, "Next page")
    await window(page, ANA, "page 3 of 3")
    await save(page, ANA, all="ignore")
    await window(page, ANA, "page 2 of 2")
    await page.press_in_window(ANA, "Page before")
    await window(page, ANA, "page 1 of 2")


async def test_what_a_colleague_sorted_meanwhile_is_told(office, page):
    case = await imported(office, 1)
    other = await imported(office, 2)
    await page.until(lambda: page.messages(STAFF))
    for who in (ANA, MARA):
        await page.press(who, "Sort them")
        await window(page, who, "2 mails to sort")
    await save(page, ANA, **{case.ref: "ignore"})
    await window(page, ANA, "1 mail sorted.")
    await save(page, MARA, all="open")
    await window(page, MARA, "1 mail sorted. 1 had been sorted by others before.")
    assert (await office.store.case(case.ref)).closed
    assert not (await office.store.case(other.ref)).closed


async def test_what_is_closed_to_them_is_only_counted(office, page):
    hidden = await imported(office, 1, "child_data")
    await imported(office, 2)
    await page.until(lambda: page.messages(STAFF))
    await page.press(BEN, "Sort them")
    await window(page, BEN, "1 more mail can be sorted by a closed circle alone")
    assert hidden.ref not in page.top(BEN)


async def test_who_is_not_of_the_team_sees_nothing(office, page):
    await imported(office, 1)
    await page.until(lambda: page.messages(STAFF))
    answer = await page.do("command", **{"as": OUTSIDER}, channel=STAFF, text="/privacy imports")
    assert "to sort" not in page.top(OUTSIDER), answer


async def test_the_command_opens_all_imports_and_what_was_ignored(office, page):
    await imported(office, 1)
    mark = Mark(id=ignoring.RIGHT, at=LONG_AGO, count=200)
    await office.store.commit(Commit(at=LONG_AGO, actor=ANA, act="test", puts=(mark,)))
    right, wrong = await kept(office, 2), await kept(office, 3)
    for mail in (right, wrong):
        await office.desk.ignore(mail, asks(2), "list or bulk mail", office.clock.now())
    await page.do("command", **{"as": ANA}, channel=STAFF, text="/privacy imports")
    await window(page, ANA, "1 mail to sort")
    await page.do("command", **{"as": ANA}, channel=STAFF, text="/privacy ignored")
    view = await window(page, ANA, "2 mails to sort")
    assert "list or bulk mail" in json.dumps(view)
    await page.press_in_window(ANA, "Show message")
    await window(page, ANA, "Arrived")
    page._sandbox.parts.modals.remove(ANA, page.stack(ANA)[-1]["id"])
    await save(page, ANA, **{right.id: "right", wrong.id: "request"})
    await window(page, ANA, "2 mails sorted.")
    assert (await office.store.mail(right.id)).reason == "confirmed: list or bulk mail"
    assert (await office.store.mail(wrong.id)).reason == ignoring.REQUESTED


# --- pure


def lines(count: int) -> tuple[Line, ...]:
    return tuple(Line(key=f"PR-2026-{n:04}", text=f"line {n}") for n in range(count))


@pytest.mark.parametrize("count", [0, 1, 10, 11, 400])
@pytest.mark.parametrize("name", [IMPORT, "ignored:2026-W48"])
def test_every_page_is_one_slack_takes(view_faults, count: int, name: str):
    for number in range(count // lists.PAGE + 2):
        page = Page(name=name, lines=lines(count), number=number, said="Done.", shut=2)
        assert view_faults(lists.window(page, "ab")) == []


@pytest.mark.parametrize("left", [0, 1, 5000])
@pytest.mark.parametrize("name", [IMPORT, "ignored:2026-W48"])
def test_the_message_is_one_slack_takes(message_faults, left: int, name: str):
    made = lists.message(name, left, LONG_AGO.date())
    assert message_faults(made) == []
    assert (str(left) in made["text"]) is bool(left)


def test_the_choice_for_all_goes_before_each_and_nothing_else_is_taken():
    values = {"PR-1": "open", "PR-2": "", "all": "", "ending": "fulfilled", "note": "ignore"}
    assert chosen(IMPORT, values) == {"PR-1": Choice.OPEN}
    assert chosen(IMPORT, {**values, "all": "ignore"}) == {
        "PR-1": Choice.IGNORE,
        "PR-2": Choice.IGNORE,
    }
    assert chosen(IMPORT, {"PR-1": "right", "PR-2": "drop"}) == {}
    assert chosen("ignored:", {"m1": "right"}) == {"m1": Choice.RIGHT}
    assert len(WORDS) == 9
