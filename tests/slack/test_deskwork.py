"""A request by hand, a message made one, the search and the figures: to the asker alone."""

import json
from datetime import timedelta

import msgspec
import pytest

from bot.slack.deskwork import plain_words
from handlers.bursts import QUIET
from handlers.deadlines.working_days import local_day
from storage.records import Circle
from tests.slack.office import MAIL, reading

SECRET = "Otto Muster rang: he wants his file. otto@example.org"


async def command(page, user: str, words: str) -> dict:
    return await page.do(
        "command", **{"as": user}, channel="C01STAFF", text=f"/privacy {words}".strip()
    )


async def window(page, user: str, words: str) -> str:
    await page.until(lambda: words in page.top(user))
    return page.top(user)


async def test_a_request_by_phone_is_written_down(office, page):
    await command(page, "U01ANA", "new")
    await window(page, "U01ANA", "How did it come?")
    day = (local_day(office.clock.now(), "Europe/London") - timedelta(days=3)).isoformat()
    answer = await page.submit("U01ANA", way="phone", came_on=day, kinds="access", words="")
    assert answer["errors"], "Slack's own client asks for the words"
    typed = {"way": "phone", "kinds": "access", "name": "Otto Muster", "words": SECRET}
    answer = await page.submit("U01ANA", **typed, came_on="2031-01-01")
    assert "It came today or before." in json.dumps(answer["errors"])
    await page.submit("U01ANA", **typed, came_on=day)
    await window(page, "U01ANA", "came by phone")
    (case,) = await office.store.cases()
    assert (case.came_by, case.received_at.date().isoformat()) == ("phone", day)
    assert case.confirmed


async def test_sending_the_form_twice_keeps_it_once(office, page):
    day = (local_day(office.clock.now(), "Europe/London") - timedelta(days=3)).isoformat()
    for _ in range(2):
        await command(page, "U01ANA", "new")
        await window(page, "U01ANA", "How did it come?")
        await page.submit("U01ANA", way="post", came_on=day, kinds="access", words=SECRET)
        await window(page, "U01ANA", "came by post")
    assert len(await office.store.cases()) == 1


async def test_a_message_becomes_a_request_and_its_words_stand_in_windows_alone(
    office, page, caplog
):
    await page.do("say", **{"as": "U02BEN"}, channel="C01STAFF", text=SECRET)
    (said,) = page.messages("C01STAFF")
    act = {"channel": "C01STAFF", "ts": said["ts"], "callback_id": "make_request"}
    await page.do("shortcut", **{"as": "U01ANA"}, **act)
    assert SECRET in await window(page, "U01ANA", "How did it come?")
    assert SECRET not in page.stack("U01ANA")[-1]["private_metadata"]
    await page.submit("U01ANA", kinds="access")
    await window(page, "U01ANA", "came in Slack")
    (case,) = await office.store.cases()
    assert case.came_by == "slack"
    assert "otto" not in page.top("U01ANA").lower()
    raw = (await office.store.mails.raw(case.mails[0])).decode()
    assert "Otto Muster rang" in raw
    await page.until(lambda: len(page.messages("C01STAFF")) == 2)
    _, card = page.messages("C01STAFF")
    assert "otto" not in json.dumps(card).lower()
    assert "otto" not in " ".join(page.whispers("U01ANA")).lower()
    assert "otto" not in caplog.text.lower()


async def test_outsiders_make_no_request_of_a_message(office, page):
    await page.do("say", **{"as": "U02BEN"}, channel="C01STAFF", text=SECRET)
    (said,) = page.messages("C01STAFF")
    members = ["U01ANA", "U02BEN", "U03MARA", "U05GUS", "U00DESK"]
    gus = {"id": "U05GUS", "name": "gus", "real_name": "Gus", "title": "", "role": "staff"}
    await page.do("person", person={**gus, "is_guest": True})
    await page.do("channel", channel="C01STAFF", members=members)
    act = {"channel": "C01STAFF", "ts": said["ts"], "callback_id": "make_request"}
    await page.do("shortcut", **{"as": "U05GUS"}, **act)
    top = await window(page, "U05GUS", "Only members of the privacy team")
    assert SECRET not in top


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("see <https://example.org/a|here>", "see here (https://example.org/a)"),
        ("<https://example.org>", "https://example.org"),
        ("<mailto:o@example.org|o@example.org>", "o@example.org"),
        ("<@U01ANA> in <#C01|general> <!here>", "@U01ANA in #general @here"),
    ],
)
def test_a_message_is_read_as_people_see_it(typed, words):
    assert plain_words(typed) == words


async def test_a_case_is_found_by_what_one_knows_in_a_window(office, page):
    ref = await office.receive(MAIL, reading())
    child = await office.receive(
        msgspec.structs.replace(MAIL, text="Another.", message_id="<2@example.org>"),
        reading("child_data"),
    )
    assert (await office.store.case(child)).circle is Circle.RESTRICTED
    for words in (ref.lower(), "nora@example.org", "NORA Example", "secret"):
        await command(page, "U02BEN", "find")
        await window(page, "U02BEN", "What do you know?")
        await page.submit("U02BEN", words=words)
        top = await window(page, "U02BEN", ref)
        assert child not in top, "of a closed circle"
        assert "nora@" not in top.lower()
    await page.press_in_window("U02BEN", "Open")
    await window(page, "U02BEN", "Claim")
    await command(page, "U02BEN", "find")
    await window(page, "U02BEN", "What do you know?")
    await page.submit("U02BEN", words="nora unheard")
    await window(page, "U02BEN", "Nothing that you may see")
    assert page.whispers("U02BEN") == []


async def test_figures_and_the_digest_are_for_those_who_may(office, page):
    await office.receive(MAIL, reading())
    await command(page, "U01ANA", "stats")
    await page.until(lambda: page.whispers("U01ANA"))
    assert "received: access: 1" in page.whispers("U01ANA")[-1]
    await command(page, "U02BEN", "digest")
    await page.until(lambda: page.whispers("U02BEN"))
    assert "for the managers" in page.whispers("U02BEN")[-1]
    await command(page, "U03MARA", "digest")
    await page.until(lambda: page.whispers("U03MARA"))
    assert "1 not taken" in page.whispers("U03MARA")[-1]
    assert all("1 not taken" not in m["text"] for m in page.messages("C02MANAGERS"))
    for wish in ("stats", "digest", "mine"):
        await page.do("command", **{"as": "U04OLE"}, text=f"/privacy {wish}")
    await page.until(lambda: len(page.whispers("U04OLE")) == 3)
    assert {said.partition(".")[0] for said in page.whispers("U04OLE")} == {
        "Only members of the privacy team can do this"
    }


async def test_a_busy_hour_has_one_summary_beside_its_cards(office, page):
    for n in range(QUIET + 3):
        each = {"message_id": f"<{n}@example.org>", "header_from": f"p{n}@example.org"}
        await office.receive(msgspec.structs.replace(MAIL, **each), reading())

    def posted() -> list[str]:
        return [m["text"] for m in page.messages("C01STAFF")]

    await page.until(lambda: any("came within an hour" in text for text in posted()), 40)
    await page.until(lambda: len(posted()) == QUIET + 4, 40)
    assert sum("came within an hour" in text for text in posted()) == 1
    await page.press("U01ANA", "Work through")
    await window(page, "U01ANA", "13 cases to go")
