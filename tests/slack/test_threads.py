"""What is written under a card is in the journal before Slack hears so; too much of it is told."""

import json

import pytest

from bot.sandbox import acts
from bot.slack.threads import A_FILE, as_written, remark_of
from storage.errors import StoreAway
from tests.slack.office import MAIL, card_of, reading

ANA, BEN = "U01ANA", "U02BEN"


async def notes(office, ref: str) -> list[tuple[str, str]]:
    return [(e.actor, e.note) async for e in office.store.history(ref) if e.act == "note"]


async def noted(office, ref: str, number: int = 1) -> list[tuple[str, str]]:
    async def look():
        found = await notes(office, ref)
        return found if len(found) >= number else None

    return await office.when(look)


@pytest.fixture
async def ref(office, page):
    ref = await office.receive(MAIL, reading())
    await office.card_stands(ref)
    return ref


async def say(page, text: str, who: str = ANA, **more) -> None:
    under = more.pop("under", card_of(page)["ts"])
    answer = await page.do("say", **{"as": who}, channel="C01STAFF", text=text, thread_ts=under)
    assert answer["ok"], answer


def replies(page) -> list[dict]:
    return [m for m in page.messages("C01STAFF") if m.get("thread_ts") not in {None, m["ts"]}]


async def test_words_in_the_thread_are_a_note_and_nothing_is_said_of_it(office, page, ref):
    await say(page, "the ledger is &lt;in&gt; the cellar, quokka")
    assert await noted(office, ref) == [(ANA, "the ledger is <in> the cellar, quokka")]
    assert page.whispers(ANA) == []
    await page.do("command", **{"as": ANA}, channel="C01STAFF", text=f"/privacy show {ref}")
    await page.until(lambda: "History" in page.top(ANA))
    await page.press_in_window(ANA, "History")
    await page.until(lambda: "quokka" in page.top(ANA))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mail <mailto:nora@example.org|nora@example.org>", "an address"),
        ("Nora rang again", "a name from the case"),
        ("they wrote “My secret subject”", "the subject of the mail"),
    ],
)
async def test_who_writes_too_much_is_warned_alone(*, office, page, ref, text, told):
    await say(page, text)
    said = (await page.until(lambda: page.whispers(ANA)))[0]
    assert f"looks like {told}" in said
    assert "delete your message" in said
    for strange in ("nora@", "Nora rang", "secret subject"):
        assert strange not in said
    assert page.whispers(BEN) == []
    assert len(await noted(office, ref)) == 1


async def test_a_delivery_that_comes_again_is_kept_and_warned_of_once(office, page, sandbox, ref):
    inner = {
        "type": "message", "user": ANA, "text": "ask nora@example.org", "channel": "C01STAFF",
        "ts": "5.000001", "thread_ts": card_of(page)["ts"], "event_ts": "5.000001",
    }  # fmt: skip
    event = acts.new_event(sandbox.parts, inner)
    for number in range(4):
        retry = {"retry_attempt": number, "retry_reason": "http_timeout"} if number else None
        await sandbox.parts.desk.send("events_api", event, retry)
    assert len(await notes(office, ref)) == 1
    await page.until(lambda: page.whispers(ANA))
    assert len(page.whispers(ANA)) == 1


async def test_what_the_store_could_not_keep_is_delivered_again(office, page, ref, monkeypatch):
    """The acknowledgement follows the commit: Slack's first retry comes at once."""
    keep, tried = office.desk.remark, []

    async def away_once(said, now):
        tried.append(said)
        if len(tried) == 1:
            raise StoreAway("nobody there")
        return await keep(said, now)

    monkeypatch.setattr(office.desk, "remark", away_once)
    await say(page, "quokka")
    assert await noted(office, ref) == [(ANA, "quokka")]
    assert len(tried) == 2


async def test_what_was_written_while_nobody_listened_is_kept_at_the_next_start(office, page, ref):
    await office.slack.stop()
    await say(page, "quokka")
    await say(page, "quoll", BEN)
    assert await notes(office, ref) == []
    await office.slack.start()
    assert await noted(office, ref, 2) == [(ANA, "quokka"), (BEN, "quoll")]


async def test_changed_words_are_kept_too_and_deleted_ones_stay_in_the_journal(office, page, ref):
    await say(page, "first")
    await noted(office, ref)
    (mine,) = [m for m in replies(page) if m["user"] == ANA]
    place = {"as": ANA, "channel": "C01STAFF", "ts": mine["ts"]}
    await page.do("rewrite", **place, text="second")
    assert await noted(office, ref, 2) == [(ANA, "first"), (ANA, "second")]
    await page.do("rewrite", **place)
    await page.until(lambda: mine["ts"] not in [m["ts"] for m in page.messages("C01STAFF")])
    assert len(await notes(office, ref)) == 2


async def test_other_threads_and_the_desks_own_lines_are_no_notes(office, page, ref):
    card = card_of(page)["ts"]
    await page.do("say", **{"as": BEN}, channel="C01STAFF", text="lunch?")
    lunch = page.messages("C01STAFF")[-1]["ts"]
    await say(page, "yes", under=lunch)
    await page.press(ANA, "Claim")
    await page.until(lambda: page.whispers(ANA))
    await say(page, "quokka", under=card)
    assert await noted(office, ref) == [(ANA, "quokka")]


async def test_who_has_no_role_writes_nothing_into_a_journal(office, page, sandbox, ref):
    strange = {
        "type": "message", "user": "U04OLE", "text": "hello", "channel": "C01STAFF",
        "ts": "5.000001", "thread_ts": card_of(page)["ts"], "event_ts": "5.000001",
    }  # fmt: skip
    await sandbox.parts.desk.send("events_api", acts.new_event(sandbox.parts, strange))
    await say(page, "quokka")
    assert await noted(office, ref) == [(ANA, "quokka")]


async def test_no_log_and_no_metric_has_the_words(office, page, ref, caplog):
    await say(page, "ask nora@example.org about the quokka")
    await noted(office, ref)
    assert "quokka" not in caplog.text
    assert "nora" not in caplog.text
    assert "quokka" not in json.dumps([m for m in page.messages("C01STAFF") if m.get("bot_id")])


# --- what an event is -----------------------------------------------------------------------

SAID = {"type": "message", "user": ANA, "text": "x", "channel": "C1", "ts": "2.1", "thread_ts": "1"}


@pytest.mark.parametrize(
    "event",
    [
        {**SAID, "thread_ts": ""},
        {**SAID, "thread_ts": "2.1"},
        {**SAID, "bot_id": "B1"},
        {**SAID, "subtype": "channel_join"},
        {**SAID, "user": ""},
        {"subtype": "message_deleted", "channel": "C1", "previous_message": SAID},
        {"subtype": "message_changed", "channel": "C1", "message": SAID, "previous_message": SAID},
    ],
)
def test_what_is_no_persons_message_in_a_thread_is_none(event):
    assert remark_of(event) is None


def test_a_changed_message_is_another_version_of_itself():
    new = {**SAID, "text": "y", "edited": {"user": ANA, "ts": "3.1"}}
    event = {
        "subtype": "message_changed",
        "channel": "C1",
        "message": new,
        "previous_message": SAID,
    }
    first, second = remark_of(SAID), remark_of(event)
    assert (first.at, first.under) == (second.at, second.under)
    assert (first.edited, second.edited, second.text) == ("", "3.1", "y")


def test_words_are_as_their_writer_saw_them():
    told = {"text": "a &lt;b&gt; &amp; <https://example.org|here> <@U01ANA> <mailto:a@b.example>"}
    assert as_written(told) == "a <b> & here <@U01ANA> mailto:a@b.example"
    assert as_written({"text": "", "files": [{"id": "F1", "name": "passport.png"}]}) == A_FILE
