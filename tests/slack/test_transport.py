"""Posting once, editing ever after, finding again, and never into a shared channel."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.outbox import SendFailed, SendLater
from bot.slack.app import web_client
from bot.slack.options import SlackOptions
from bot.slack.pace import Pace
from bot.slack.replies import explained
from bot.slack.transport import Transport
from handlers.clock import RealClock
from handlers.handler import Offer
from storage.errors import UnknownReference
from storage.records import (
    Alarm,
    Card,
    Circle,
    Digest,
    DirectMessage,
    OutboxMessage,
    Posted,
    ThreadLine,
)

REF = "PR-2026-0042"


class OneCase:
    def __init__(self, case) -> None:
        self.case = case

    async def offers(self, ref):
        if ref != self.case.ref:
            raise UnknownReference(f"There is no case {ref}.")
        return self.case, (Offer(action="claim", label="Claim", style="primary"),)


@pytest.fixture
def desk(make_case):
    return OneCase(make_case(received_at=datetime.now(UTC)))


@pytest.fixture
def options(sandbox):
    settings = sandbox.settings()
    return SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"],
        api_url=settings["SLACK_API_URL"],
        staff="C01STAFF",
        managers="C02MANAGERS",
        restricted="C03RESTRICTED",
        counsel=("U03MARA",),
    )


@pytest.fixture
def transport(options, desk, registry):
    return Transport(web_client(options), options, desk, registry, RealClock())


def message(content, outbox_id="o1", attempts=1) -> OutboxMessage:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return OutboxMessage(
        id=outbox_id,
        lane="slack:staff",
        content=content,
        created_at=at,
        created_by="desk",
        send_after=at,
        attempts=attempts,
    )


async def test_a_post_of_unknown_outcome_is_found_and_its_double_deleted(transport, desk, page):
    first = await transport.send(message(Card(case=REF)))
    await transport.send(message(Card(case=REF)))
    assert len(page.messages("C01STAFF")) == 2
    desk.case = msgspec.structs.replace(desk.case, assignee="U01ANA", version=2)
    found = await transport.send(message(Card(case=REF), "o2", attempts=2))
    assert found == first
    (left,) = page.messages("C01STAFF")
    assert left["ts"] == first.ts
    assert "<@U01ANA>" in json.dumps(left["blocks"])


async def test_a_first_try_with_an_unknown_end_posts_when_nothing_is_there(transport, page):
    posted = await transport.send(message(Card(case=REF), attempts=3))
    assert [m["ts"] for m in page.messages("C01STAFF")] == [posted.ts]


async def test_metadata_holds_ids_only(transport, sandbox, page):
    await transport.send(message(Card(case=REF)))
    history = await transport._client.conversations_history(
        channel="C01STAFF", include_all_metadata=True
    )
    metadata = history["messages"][0]["metadata"]
    assert metadata == {
        "event_type": "desk_message",
        "event_payload": {"id": "o1", "case": REF},
    }


async def test_a_card_that_is_gone_is_posted_afresh(transport, desk, page):
    desk.case = msgspec.structs.replace(desk.case, card=Posted(channel="C01STAFF", ts="1.000001"))
    posted = await transport.send(message(Card(case=REF)))
    assert [m["ts"] for m in page.messages("C01STAFF")] == [posted.ts]


async def test_a_fresh_card_of_unknown_outcome_is_not_posted_twice(transport, desk, page):
    desk.case = msgspec.structs.replace(desk.case, card=Posted(channel="C01STAFF", ts="1.000001"))
    fresh = await transport.send(message(Card(case=REF)))
    assert await transport.send(message(Card(case=REF), attempts=2)) == fresh
    assert len(page.messages("C01STAFF")) == 1


async def test_a_move_of_unknown_outcome_still_wipes_the_old_card(transport, desk, page):
    old = await transport.send(message(Card(case=REF)))
    desk.case = msgspec.structs.replace(desk.case, card=None, circle=Circle.RESTRICTED)
    new = await transport.send(message(Card(case=REF), "o2"))
    desk.case = msgspec.structs.replace(desk.case, card=old)
    assert await transport.send(message(Card(case=REF), "o2", attempts=2)) == new
    assert page.messages("C01STAFF") == []
    assert len(page.messages("C03RESTRICTED")) == 1


async def test_nothing_goes_into_a_shared_channel(transport, page):
    await page.do("channel", channel="C01STAFF", is_ext_shared=True)
    with pytest.raises(SendLater, match="shared with outsiders"):
        await transport.send(message(Card(case=REF)))
    assert page.messages("C01STAFF") == []


async def test_a_channel_is_looked_at_again_when_told(transport, page):
    await transport.send(message(Card(case=REF)))
    await page.do("channel", channel="C01STAFF", is_ext_shared=True)
    transport.forget("C01STAFF")
    with pytest.raises(SendLater):
        await transport.send(message(Card(case=REF)))


async def test_a_line_waits_for_its_card_and_goes_out_once(transport, desk, page):
    line = ThreadLine(case=REF, text="Due in 5 days.", mention=("U01ANA",))
    with pytest.raises(SendLater) as caught:
        await transport.send(message(line, "o2"))
    assert caught.value.after == 1.0
    with pytest.raises(SendFailed):
        await transport.send(message(line, "o2", attempts=31))
    card = await transport.send(message(Card(case=REF)))
    desk.case = msgspec.structs.replace(desk.case, card=card)
    first = await transport.send(message(line, "o2"))
    assert await transport.send(message(line, "o2", attempts=2)) == first
    lines = [m for m in page.messages("C01STAFF") if m["ts"] != card.ts]
    assert [(m["text"], m["thread_ts"]) for m in lines] == [("<@U01ANA> Due in 5 days.", card.ts)]


async def test_a_direct_message_has_the_case_behind_a_button(transport, page):
    sent = message(DirectMessage(person="U02BEN", text="Yours is due.", case=REF))
    posted = await transport.send(sent)
    (shown,) = page.messages(posted.channel)
    assert shown["blocks"][0]["accessory"]["text"]["text"] == "Open"


async def test_the_digest_goes_to_the_managers_once(transport, page):
    figures = Digest(
        day=datetime(2026, 12, 1, tzinfo=UTC).date(), overdue=0, due_soon=0, not_taken=0, waiting=0,
        triage=0, open=0, opened=0, closed=0, ignored=0, dead=0, urgent=(),
    )  # fmt: skip
    first = await transport.send(message(figures))
    assert await transport.send(message(figures, attempts=2)) == first
    assert len(page.messages("C02MANAGERS")) == 1


async def test_an_alarm_goes_to_the_managers_once_with_the_case_behind_a_button(transport, page):
    alarm = Alarm(case=REF, text="The old date holds.")
    first = await transport.send(message(alarm))
    assert await transport.send(message(alarm, attempts=2)) == first
    (shown,) = page.messages("C02MANAGERS")
    assert "The old date holds." in shown["text"]
    assert shown["blocks"][0]["accessory"]["text"]["text"] == "Open"


async def test_a_case_that_moves_to_a_closed_circle_leaves_nothing_behind(transport, desk, page):
    card = await transport.send(message(Card(case=REF)))
    desk.case = msgspec.structs.replace(desk.case, card=card, circle=Circle.RESTRICTED)
    moved = await transport.send(message(Card(case=REF), "o2"))
    assert moved.channel == "C03RESTRICTED"
    assert page.messages("C01STAFF") == []
    assert len(page.messages("C03RESTRICTED")) == 1


async def test_a_case_that_moves_is_gone_from_where_it_was_though_its_new_place_is_shut(
    transport, desk, page
):
    card = await transport.send(message(Card(case=REF)))
    desk.case = msgspec.structs.replace(desk.case, card=card, circle=Circle.RESTRICTED)
    await page.do("channel", channel="C03RESTRICTED", is_ext_shared=True)
    with pytest.raises(SendLater):
        await transport.send(message(Card(case=REF), "o2"))
    assert page.messages("C01STAFF") == []
    assert page.messages("C03RESTRICTED") == []


async def test_counsel_are_named_on_their_card(transport, desk, page, message_faults):
    desk.case = msgspec.structs.replace(desk.case, circle=Circle.COUNSEL)
    await transport.send(message(Card(case=REF)))
    (card,) = page.messages("C03RESTRICTED")
    assert message_faults(card) == []
    assert "<@U03MARA>" in json.dumps(card["blocks"])


async def test_without_closed_channels_only_a_placeholder_is_posted(options, desk, registry, page):
    alone = msgspec.structs.replace(options, managers="", restricted="")
    transport = Transport(web_client(alone), alone, desk, registry, RealClock())
    desk.case = msgspec.structs.replace(desk.case, circle=Circle.RESTRICTED)
    await transport.send(message(Card(case=REF)))
    (card,) = page.messages("C01STAFF")
    assert "closed circle" in card["text"]
    assert "•••" not in json.dumps(card, ensure_ascii=False)


async def test_an_unknown_case_is_never_sent(transport):
    with pytest.raises(SendFailed):
        await transport.send(message(Card(case="PR-1999-0001")))


async def test_slack_away_is_tried_later(options, desk, registry):
    away = msgspec.structs.replace(options, api_url="http://127.0.0.1:9/api/")
    transport = Transport(web_client(away), away, desk, registry, RealClock())
    with pytest.raises(SendLater, match="cannot be reached"):
        await transport.send(message(Card(case=REF)))


def refused(error: str, status: int = 200, headers=None) -> SlackApiError:
    response = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="", req_args={},
        data={"ok": False, "error": error}, headers=headers or {}, status_code=status,
    )  # fmt: skip
    return SlackApiError("no", response)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused("ratelimited", 429, {"Retry-After": "7"}), SendLater),
        (refused("internal_error", 500), SendLater),
        (refused("invalid_auth"), SendLater),
        (refused("channel_not_found"), SendLater),
        (refused("invalid_arguments"), SendFailed),
        (TimeoutError(), SendLater),
        (ConnectionResetError(), SendLater),
    ],
)
def test_errors_are_read(error, kind):
    result = explained(error, 1)
    assert type(result) is kind
    if kind is SendLater:
        assert result.after > 0


def test_retry_after_is_honoured():
    assert explained(refused("ratelimited", 429, {"retry-after": "7"}), 1).after >= 7


async def test_a_layout_slack_refuses_becomes_words_and_a_button(transport, page, monkeypatch):
    post = transport._client.chat_postMessage

    async def picky(**sent):
        if len(sent["blocks"]) > 1:
            raise refused("invalid_blocks")
        return await post(**sent)

    monkeypatch.setattr(transport._client, "chat_postMessage", picky)
    await transport.send(message(Card(case=REF)))
    (card,) = page.messages("C01STAFF")
    assert "Access request" in card["blocks"][0]["text"]["text"]
    assert card["blocks"][0]["accessory"]["text"]["text"] == "Open"


class StepClock:
    """Calendar time that jumps to whatever is waited for."""

    def __init__(self) -> None:
        self.time = datetime(2026, 12, 1, tzinfo=UTC)

    def now(self):
        return self.time

    async def wait_until(self, when):
        self.time = max(self.time, when)


async def test_the_pace_is_one_a_second_after_a_small_burst():
    clock = StepClock()
    start = clock.now()
    pace = Pace(clock, every=timedelta(seconds=1), burst=3)
    for _ in range(3):
        await pace.turn("C1")
    assert clock.now() == start
    for _ in range(5):
        await pace.turn("C1")
    assert clock.now() == start + timedelta(seconds=5)
    await pace.turn("C2")
    assert clock.now() == start + timedelta(seconds=5)


async def test_turns_taken_at_once_queue_up():
    clock = StepClock()
    start = clock.now()
    pace = Pace(clock, every=timedelta(seconds=1), burst=1)
    await asyncio.gather(*(pace.turn("C1") for _ in range(4)))
    assert clock.now() == start + timedelta(seconds=3)


async def test_a_channel_that_is_only_about_to_be_shared_gets_nothing_and_all_of_it_later(
    transport, desk, page
):
    await page.do("channel", channel="C01STAFF", is_pending_ext_shared=True)
    with pytest.raises(SendLater) as shut:
        await transport.send(message(Card(case=REF)))
    assert shut.value.after >= 60, "it is not asked again and again"
    assert page.messages("C01STAFF") == []
    await page.do("channel", channel="C01STAFF", is_pending_ext_shared=False)
    await transport.send(message(Card(case=REF)))
    assert len(page.messages("C01STAFF")) == 1


async def test_where_slack_does_not_say_whose_a_channel_is_nothing_is_posted(transport, page):
    await page.do("app", gone=["conversations.info"])
    with pytest.raises((SendLater, SendFailed)):
        await transport.send(message(Card(case=REF)))
    await page.do("app", gone=[], scopes=["chat:write"])
    with pytest.raises(SendLater, match="missing_scope"):
        await transport.send(message(Card(case=REF)))
    assert page.messages("C01STAFF") == []
