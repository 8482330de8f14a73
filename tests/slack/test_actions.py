"""Clicks and submissions through the real Bolt app, Socket Mode and the local workspace.

The desk behind it is a small one of the test's own: what is proved here is that each click is
acknowledged, checked, passed on once, and answered.
"""

import asyncio
import json
import logging

import msgspec
import pytest

from bot.slack.app import Slack
from bot.slack.options import SlackOptions
from handlers.clock import RealClock
from handlers.handler import (
    Done,
    Faults,
    Field,
    Form,
    Offer,
    Review,
    Stale,
)
from handlers.policy import Policy
from storage.errors import Refused, UnknownReference
from storage.records import Card, Circle, Entry, OutboxMessage, ParsedMail

REF = "PR-2026-0042"
OFFERS = (
    Offer(action="claim", label="Claim", style="primary"),
    Offer(action="show_message", label="Show message", reads=True),
    Offer(action="reply", label="Reply", request=1, form=True),
    Offer(action="slow", label="Slow", form=True),
    Offer(action="break", label="Break"),
    Offer(action="drop", label="Drop", confirm="Really drop it?"),
    Offer(action="history", label="History", reads=True),
)


class SmallDesk:
    """Knows one case, and records every click it is given."""

    def __init__(self, case) -> None:
        self.case = case
        self.clicks = []
        self.read_by = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def offers(self, ref):
        if ref != self.case.ref:
            raise UnknownReference(f"There is no case {ref}.")
        return self.case, OFFERS

    async def case_at(self, posted):
        return None, ""

    async def form(self, click, now):
        letter = click.form.get("template", "t1")
        return Form(
            title="Reply",
            submit="Review",
            fields=(
                Field(name="template", label="Start from", type="choice", refreshes=True,
                      options=(("t1", "First"), ("t2", "Second")), initial=letter),
                Field(name="body", label="Message", type="paragraph", initial=f"Text of {letter}"),
            ),
        )  # fmt: skip

    async def act(self, click, now):
        await self.hold.wait()
        self.clicks.append(click)
        if not click.by.may_act_in(self.case.circle):
            raise Refused("This case is in a closed circle.")
        if click.action == "break":
            raise RuntimeError("nora@example.org broke it")
        if click.action == "claim" and self.case.assignee:
            return Stale(said=f"{REF} was taken by <@{self.case.assignee}>.", case=self.case)
        if click.action == "claim":
            self.case = msgspec.structs.replace(self.case, assignee=click.by.id, version=2)
        if click.action in {"reply", "slow"} and not click.form["body"].strip(" x"):
            return Faults(fields={"body": "Please write something."})
        if click.action in {"reply", "slow"}:
            return Review(case=self.case, letter="L1", to=self.case.requester, subject="Your data",
                          body=click.form["body"], window=60)  # fmt: skip
        if click.action == "send":
            return Done(
                said="It goes out in a minute.", case=self.case, back="undo", undo=click.value
            )
        return Done(said=f"{click.action} is done.", case=self.case)

    async def saw_message(self, ref, by, now):
        if not by.may_act_in(self.case.circle):
            raise Refused("This case is in a closed circle.")
        self.read_by.append(by.id)
        return self.case


class SmallStore:
    def __init__(self, desk, now) -> None:
        self._desk = desk
        self._now = now

    async def mail(self, mail_id):
        return None

    async def cases(self, refs=None):
        return (self._desk.case,)

    async def history(self, ref=None):
        yield Entry(seq=1, at=self._now, actor="U01ANA", act="claim", case=ref, note="")


async def no_attachment(mail_id, place):
    raise AssertionError("no attachment is read here")


async def read_mail(mail_id):
    return ParsedMail(
        header_from="nora@example.org", subject="<!channel>", shown="Delete <@U01ANA>"
    )


@pytest.fixture
def desk(make_case):
    return SmallDesk(make_case(mails=("m1",)))


@pytest.fixture
async def slack(sandbox, desk, registry, now):
    settings = sandbox.settings()
    options = SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"],
        app_token=settings["SLACK_APP_TOKEN"],
        api_url=settings["SLACK_API_URL"],
        staff=settings["DESK_SLACK_CHANNEL"],
        managers=settings["DESK_SLACK_MANAGERS"],
        restricted=settings["DESK_SLACK_RESTRICTED"],
        counsel=tuple(settings["DESK_COUNSEL"].split(",")),
    )
    made = Slack(
        options,
        desk,
        SmallStore(desk, now),
        registry,
        Policy(),
        RealClock(),
        read_mail,
        read_attachment=no_attachment,
    )
    await made.start()
    async with asyncio.timeout(10):
        await made.wait_connected()
    yield made
    await made.stop()


def about_card(outbox_id: str, now) -> OutboxMessage:
    return OutboxMessage(
        id=outbox_id,
        lane="slack:staff",
        case=REF,
        content=Card(case=REF),
        created_at=now,
        created_by="desk",
        send_after=now,
        attempts=1,
    )


@pytest.fixture
async def card(slack, desk, now):
    """The case's card, posted."""
    message = about_card("o1", now)
    posted = await slack.send(message)
    desk.case = msgspec.structs.replace(desk.case, card=posted)
    return posted


async def test_a_click_acts_at_once_and_is_answered_to_the_clicker(card, desk, page):
    assert (await page.press("U01ANA", "Claim"))["ok"]
    said = await page.until(lambda: page.whispers("U01ANA"))
    assert said == ["claim is done."]
    (click,) = desk.clicks
    assert (click.ref, click.action, click.by.id, click.version) == (REF, "claim", "U01ANA", 1)


async def test_two_people_at_once_one_is_told_who_was_first(card, desk, page):
    await asyncio.gather(page.press("U01ANA", "Claim"), page.press("U02BEN", "Claim"))
    said = await page.until(
        lambda: (w := page.whispers("U01ANA") + page.whispers("U02BEN")) and len(w) == 2 and w
    )
    refused, done = sorted(said)
    assert done == "claim is done."
    assert refused.startswith(f"{REF} was taken by <@U0")


async def test_a_double_click_counts_once(card, desk, page):
    await asyncio.gather(page.press("U01ANA", "Claim"), page.press("U01ANA", "Claim"))
    await page.until(lambda: page.whispers("U01ANA"))
    assert len(desk.clicks) == 1


async def test_an_outsider_is_refused_and_nothing_is_done(card, slack, desk, page):
    (message,) = page.messages("C01STAFF")
    await slack.client.chat_postMessage(
        channel="D04OLE", text=message["text"], blocks=message["blocks"]
    )
    await page.press("U04OLE", "Claim", "D04OLE")
    said = await page.until(lambda: page.whispers("U04OLE"))
    assert "Only members of the privacy team" in said[0]
    await page.press("U04OLE", "Show message", "D04OLE")
    await page.until(lambda: "Only members of the privacy team" in page.top("U04OLE"))
    assert desk.clicks == desk.read_by == []


async def test_a_closed_circle_is_closed_to_staff(card, desk, page):
    desk.case = msgspec.structs.replace(desk.case, circle=Circle.RESTRICTED)
    await page.press("U02BEN", "Claim")
    await page.until(lambda: page.whispers("U02BEN"))
    assert "closed circle" in page.whispers("U02BEN")[0]
    await page.press("U02BEN", "Show message")
    await page.until(lambda: "closed circle" in page.top("U02BEN"))
    assert desk.read_by == []


async def test_reply_preview_send_undo(card, desk, page):
    await page.press("U01ANA", "Reply")
    await page.until(lambda: "Text of t1" in page.top("U01ANA"))
    view = page.stack("U01ANA")[-1]
    assert "nora" not in view["private_metadata"]
    assert (await page.submit("U01ANA", body="Dear Nora"))["ok"]
    preview = page.top("U01ANA")
    for told in ("Dear Nora", "nora.example@example.org", "Send", "1 minute"):
        assert told in preview
    assert len(page.stack("U01ANA")) == 2
    assert [c.action for c in desk.clicks] == ["reply"]
    assert (await page.submit("U01ANA"))["ok"]
    assert "It goes out in a minute." in page.top("U01ANA")
    assert (desk.clicks[-1].action, desk.clicks[-1].value) == ("send", "L1")
    await page.press_in_window("U01ANA", "Undo")
    await page.until(lambda: "undo is done." in page.top("U01ANA"))
    assert (desk.clicks[-1].action, desk.clicks[-1].value) == ("undo", "L1")
    assert "nora" not in json.dumps(page.messages("C01STAFF")).lower()


async def test_faults_mark_their_field(card, page):
    await page.press("U01ANA", "Reply")
    await page.until(lambda: "Text of t1" in page.top("U01ANA"))
    answer = await page.submit("U01ANA", body="xxx")
    assert list(answer["errors"].values()) == ["Please write something."]


async def test_choosing_a_template_brings_its_words(card, page):
    await page.press("U01ANA", "Reply")
    await page.until(lambda: "Text of t1" in page.top("U01ANA"))
    view = page.stack("U01ANA")[-1]
    block = next(b for b in view["blocks"] if b.get("dispatch_action"))
    option = block["element"]["options"][1]
    action = {"type": block["element"]["type"], "action_id": "template",
              "block_id": block["block_id"], "selected_option": option}  # fmt: skip
    values = {**view["state"]["values"]}
    values[block["block_id"]] = {
        "template": {"type": block["element"]["type"], "selected_option": option}
    }
    await page.do("click", **{"as": "U01ANA"}, view_id=view["id"], action=action, values=values)
    await page.until(lambda: "Text of t2" in page.top("U01ANA"))
    state = page.stack("U01ANA")[-1]["state"]["values"]
    assert "Text of t2" in json.dumps(state)


async def test_a_slow_submission_is_acknowledged_and_answered_later(card, desk, page, monkeypatch):
    monkeypatch.setattr("bot.slack.actions.IN_TIME", 0.05)
    await page.press("U01ANA", "Slow")
    await page.until(lambda: "Text of t1" in page.top("U01ANA"))
    desk.hold.clear()
    assert (await page.submit("U01ANA", body="Dear Nora"))["ok"]
    assert "One moment" in page.top("U01ANA")
    desk.hold.set()
    await page.until(lambda: "Preview" in page.top("U01ANA"))


async def test_late_faults_bring_the_form_back(card, desk, page, monkeypatch):
    monkeypatch.setattr("bot.slack.actions.IN_TIME", 0.05)
    await page.press("U01ANA", "Slow")
    await page.until(lambda: "Text of t1" in page.top("U01ANA"))
    desk.hold.clear()
    await page.submit("U01ANA", body="xxx")
    desk.hold.set()
    await page.until(lambda: "Please write something." in page.top("U01ANA"))


async def test_show_message_is_literal_private_and_on_record(card, desk, page):
    await page.press("U01ANA", "Show message")
    await page.until(lambda: "Delete <@U01ANA>" in page.top("U01ANA"))
    assert desk.read_by == ["U01ANA"]
    assert "Delete" not in json.dumps(page.messages("C01STAFF"))
    assert page.stack("U02BEN") == []


async def test_history_opens_from_the_menu(card, page):
    await page.press("U01ANA", "History")
    await page.until(lambda: "*claim*" in page.top("U01ANA"))


async def test_a_question_in_the_menu_is_asked_before_it_is_done(card, desk, page):
    await page.press("U01ANA", "Drop")
    await page.until(lambda: "Really drop it?" in page.top("U01ANA"))
    assert desk.clicks == []
    assert (await page.submit("U01ANA"))["ok"]
    assert "drop is done." in page.top("U01ANA")


async def test_an_unexpected_fault_shows_a_number_and_logs_nobody(card, page, caplog):
    with caplog.at_level(logging.DEBUG):
        await page.press("U01ANA", "Break")
        said = await page.until(lambda: page.whispers("U01ANA"))
    number = said[0].split("number ")[1][:6]
    assert number in caplog.text
    assert "RuntimeError" in caplog.text
    assert "nora" not in caplog.text
    assert "nora" not in said[0]


async def test_an_edit_keeps_the_one_card(card, slack, desk, page, now):
    desk.case = msgspec.structs.replace(desk.case, assignee="U01ANA", version=2)
    again = about_card("o2", now)
    assert await slack.send(again) == card
    (message,) = page.messages("C01STAFF")
    assert "<@U01ANA>" in json.dumps(message["blocks"])


async def command(page, user: str, text: str, channel: str = "C01STAFF"):
    return await page.do("command", **{"as": user}, channel=channel, text=text)


async def test_the_command_lists_shows_and_helps(card, desk, page):
    for text, told in (
        ("/privacy open", "Open: 1"),
        ("/privacy mine", "Yours: nothing."),
        ("/privacy due", "Due within 7 days"),
        ("/privacy overdue", "Overdue"),
        ("/privacy whatever", "/privacy show"),
        ("/privacy", "/privacy show"),
    ):
        before = len(page.whispers("U01ANA"))
        assert (await command(page, "U01ANA", text))["ok"]
        said = await page.until(lambda b=before: page.whispers("U01ANA")[b:])
        assert told in said[0]
    assert (await command(page, "U01ANA", f"/privacy show {REF.lower()}"))["ok"]
    await page.until(lambda: "Access request" in page.top("U01ANA"))
    await page.press_in_window("U01ANA", "Claim")
    await page.until(lambda: "claim is done." in page.top("U01ANA"))


async def test_the_command_refuses_outsiders_and_unknown_references(card, page):
    await command(page, "U01ANA", "/privacy show PR-1999-0001")
    await page.until(lambda: "There is no case PR-1999-0001." in page.top("U01ANA"))
    await command(page, "U04OLE", "/privacy open", "D04OLE")
    said = await page.until(lambda: page.whispers("U04OLE"))
    assert "Only members of the privacy team" in said[0]


async def test_a_click_on_a_card_from_before_a_restart_still_works(
    *, card, slack, desk, page, registry, now
):
    await slack.stop()
    fresh = Slack(
        slack._options,
        desk,
        SmallStore(desk, now),
        registry,
        Policy(),
        RealClock(),
        read_mail,
        read_attachment=no_attachment,
    )
    await fresh.start()
    async with asyncio.timeout(10):
        await fresh.wait_connected()
    await page.press("U02BEN", "Claim")
    assert await page.until(lambda: page.whispers("U02BEN")) == ["claim is done."]
    await fresh.stop()
