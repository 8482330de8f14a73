"""One case from its card to the letter, through the real desk, store, Bolt app and workspace."""

import asyncio
import json
import socket
from datetime import UTC, datetime

import pytest

from bot.sandbox import Sandbox, SandboxOptions
from tests.slack.office import LEASE, MAIL, card_of, labels, offered, reading
from tests.waiting import case_when


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(params=["socket", "http"])
async def sandbox(request, tmp_path):
    """The workspace delivers clicks by Socket Mode, or by signed HTTP."""
    port = None if request.param == "socket" else free_port()
    made = Sandbox(SandboxOptions(data=tmp_path / "sandbox", desk_http_port=port))
    made.desk_port = port
    await made.start()
    yield made
    await made.stop()


async def test_from_the_card_to_the_letter(office, page, message_faults):
    ref = await office.receive(MAIL, reading())
    await offered(page, "Claim")
    assert message_faults(card_of(page)) == []

    # two people at once: one has it, the other learns who
    await asyncio.gather(page.press("U01ANA", "Claim"), page.press("U02BEN", "Claim"))
    await page.until(lambda: page.whispers("U01ANA") and page.whispers("U02BEN"))
    case = await office.store.case(ref)
    mine, other = ("U01ANA", "U02BEN")[:: 1 if case.assignee == "U01ANA" else -1]
    assert case.assignee == mine
    assert f"<@{mine}>" in page.whispers(other)[-1]
    await page.until(lambda: f"<@{mine}>" in json.dumps(card_of(page)["blocks"]))

    # the message: in a window, on record, nowhere else
    await page.press(mine, "Show message")
    await page.until(lambda: "Please send me my data." in page.top(mine))
    await page.do("close", **{"as": mine}, view_id=page.stack(mine)[-1]["id"])

    # confirm, in a form
    await page.press(mine, "Confirm")
    await page.until(lambda: "kinds" in page.top(mine))
    answer = await page.submit(mine, kinds="access")
    assert answer["ok"], answer
    await offered(page, "Verify")

    # nobody outside the team can be given a case
    await page.press(mine, "Hand over")
    await page.until(lambda: "To whom" in page.top(mine))
    answer = await page.submit(mine, person="U04OLE")
    assert list(answer["errors"].values()) == ["They are not in the privacy team."]
    await page.do("close", **{"as": mine}, view_id=page.stack(mine)[-1]["id"])

    # reply, preview, send, undo
    await page.press(mine, "Reply")
    await page.until(lambda: "body" in page.top(mine))
    answer = await page.submit(mine, body="Dear Nora, we are on it.")
    assert answer["ok"], answer
    assert "Dear Nora, we are on it." in page.top(mine)
    assert "nora@example.org" in page.top(mine)
    answer = await page.submit(mine)
    assert answer["errors"], "what nobody has looked at does not go"
    answer = await page.submit(mine, fits="yes", says="yes")
    assert answer["ok"], answer
    await offered(page, "Undo")
    await page.press_in_window(mine, "Undo")
    await page.until(lambda: "called back" in page.top(mine))
    await page.until(lambda: "Undo" not in labels(card_of(page)))
    assert not [letter for letter in office.letters if "we are on it" in letter.body]

    whole = json.dumps([page.messages(c) for c in ("C01STAFF", "C02MANAGERS", "C03RESTRICTED")])
    for secret in ("nora@", "Nora", "secret subject", "my data", "Dear"):
        assert secret not in whole
    assert (
        len([m for m in page.messages("C01STAFF") if m.get("thread_ts", m["ts"]) == m["ts"]]) == 1
    )


async def test_a_card_outlives_a_restart(office, page):
    ref = await office.receive(MAIL, reading())
    await offered(page, "Claim")
    # the receipt too: a claim lives until its outcome, and this store is not opened anew
    await case_when(office.store, ref, lambda case: case.card)
    await office.close()
    await office.open()
    await page.press("U02BEN", "Claim")
    await page.until(lambda: page.whispers("U02BEN"))
    assert (await office.store.case(ref)).assignee == "U02BEN"
    await page.until(lambda: "<@U02BEN>" in json.dumps(card_of(page)["blocks"]))


async def test_a_stale_click_tells_who_was_first(office, page):
    await office.receive(MAIL, reading())
    await offered(page, "Claim")
    old = json.loads(json.dumps(card_of(page)))
    await page.press("U01ANA", "Claim")
    await page.until(lambda: "<@U01ANA>" in json.dumps(card_of(page)["blocks"]))
    # Ben's client still shows the old card
    await office.slack.client.chat_update(
        channel="C01STAFF", ts=old["ts"], text=old["text"], blocks=old["blocks"]
    )
    await page.press("U02BEN", "Claim")
    said = await page.until(lambda: page.whispers("U02BEN"))
    assert "<@U01ANA>" in said[-1]
    assert "othing was changed" in said[-1]


async def test_an_unsorted_case_is_sorted_by_one_click(office, page):
    ref = await office.receive(MAIL, reading("access", "triage"))
    await offered(page, "Not a request")
    assert "Please sort" in card_of(page)["text"]
    await page.press("U01ANA", "Confirm access")
    await page.until(lambda: page.whispers("U01ANA"))
    case = await office.store.case(ref)
    assert [r.kind for r in case.requests] == ["access"]
    await page.until(lambda: "Please sort" not in card_of(page)["text"])


async def test_a_case_can_be_handed_over(office, page):
    ref = await office.receive(MAIL, reading())
    await offered(page, "Hand over")
    await page.press("U01ANA", "Hand over")
    await page.until(lambda: "To whom" in page.top("U01ANA"))
    answer = await page.submit("U01ANA", person="U02BEN")
    assert answer["ok"], answer
    assert (await office.store.case(ref)).assignee == "U02BEN"
    await page.until(lambda: page.messages("D02BEN"))
    assert ref in page.messages("D02BEN")[0]["text"]


async def test_a_child_s_case_stays_in_the_closed_channel(office, page):
    ref = await office.receive(MAIL, reading("child_data"))
    await offered(page, "Claim", "C03RESTRICTED")
    assert page.messages("C01STAFF") == []
    await page.do("command", **{"as": "U02BEN"}, channel="C01STAFF", text=f"/privacy show {ref}")
    await page.until(lambda: "closed circle" in page.top("U02BEN"))
    await page.do("command", **{"as": "U01ANA"}, channel="C01STAFF", text=f"/privacy show {ref}")
    await page.until(lambda: "Show message" in page.top("U01ANA"))


async def test_the_clock_the_digest_and_history(office, page):
    ref = await office.receive(MAIL, reading())
    await offered(page, "Claim")
    await page.press("U01ANA", "History")
    await page.until(lambda: "*open*" in page.top("U01ANA"))
    morning = datetime(2030, 1, 8, 12, tzinfo=UTC)
    assert await office.desk.digest(morning)
    message = await office.store.claim(morning, LEASE)
    await office.slack.send(message)
    (digest,) = page.messages("C02MANAGERS")
    assert ref in json.dumps(digest["blocks"])
    await page.press("U03MARA", "Open", "C02MANAGERS")
    await page.until(lambda: "Show message" in page.top("U03MARA"))
