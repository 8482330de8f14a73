"""Letters over a real socket to a relay that answers as the test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email import policy as mail_policy
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.mailer import Mailer, Pace, compose
from bot.outbox import SendFailed, SendLater
from bot.relay import Connections
from bot.settings import Relay
from handlers.letters import MARKER
from handlers.policy import Policy
from handlers.verification import SLOT
from storage.records import Letter, OutboxMessage
from storage.sealing import Keys
from tests.conftest import HandClock

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


class RelayHandler:
    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.taken: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.reply.startswith("2"):
            self.taken.append(envelope)
        return self.reply


@asynccontextmanager
async def relay(
    reply: str = "250 2.0.0 taken as 77",
) -> AsyncIterator[tuple[RelayHandler, Connections]]:
    handler = RelayHandler(reply)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    connections = Connections(Relay(host="127.0.0.1", port=port), HandClock(NOW))
    try:
        yield handler, connections
    finally:
        await connections.close()
        server.close()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(bytes(range(32)))


def outbox_message(**changes: object) -> OutboxMessage:
    values: dict[str, object] = {
        "case": "PR-2026-0001",
        "to": "nora@example.org",
        "subject": "Re: my data [PR-2026-0001]",
        "body": "Hello,\n\nhere is the answer.\n",
        "template": "answer",
        "in_reply_to": "<first@example.org>",
        "references": ("<first@example.org>",),
    }
    return OutboxMessage(
        id="0193f0aa00bb11223344",
        lane="mail:PR-2026-0001",
        case="PR-2026-0001",
        content=Letter(**{**values, **changes}),  # type: ignore[arg-type]
        created_at=NOW,
        created_by="U01ANA",
        send_after=NOW,
    )


POLICY = Policy(addresses=("compliance@cafex.com",))


async def test_a_letter_reaches_the_relay_with_its_threading(keys: Keys, clock: HandClock):
    async with relay() as (handler, where):
        receipt = await Mailer(where, POLICY, keys, clock).send(outbox_message())
    assert "taken as 77" in receipt.reply
    (envelope,) = handler.taken
    assert envelope.rcpt_tos == ["nora@example.org"]
    tag = envelope.mail_from.partition("+")[2].partition("@")[0]
    assert keys.letter_of_tag(tag) == "0193f0aa00bb11223344"
    mail = message_from_bytes(envelope.content, policy=mail_policy.default)
    assert mail["In-Reply-To"] == "<first@example.org>"
    assert mail["References"] == "<first@example.org>"
    assert mail["Auto-Submitted"] is None
    plain, rich = mail.iter_parts()
    assert plain.get_content().startswith(f"{MARKER}\r\n\r\nHello,")
    assert "<p>Hello,</p>" in rich.get_content()
    reply_to = mail["Reply-To"].addresses[0].username.partition("+")[2]
    assert keys.case_of_tag(reply_to) == "PR-2026-0001"


async def test_an_automatic_letter_says_so(keys: Keys):
    mail = compose(outbox_message(automatic=True), POLICY, keys, NOW)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert mail["Precedence"] is None


def test_the_same_message_always_has_the_same_message_id(keys: Keys):
    first = compose(outbox_message(), POLICY, keys, NOW)
    again = compose(outbox_message(), POLICY, keys, NOW.replace(hour=12))
    assert first["Message-ID"] == again["Message-ID"]


def test_a_letter_with_a_code_gets_it_on_its_way_always_the_same(keys: Keys):
    letter = outbox_message(body=f"The code: {SLOT}")
    first = compose(letter, POLICY, keys, NOW)
    again = compose(letter, POLICY, keys, NOW.replace(hour=12))
    for mail in (first, again):
        for part in ("plain", "html"):
            said = mail.get_body((part,)).get_content()
            assert keys.code(letter.id) in said
            assert SLOT not in said


@pytest.mark.parametrize("hostile", ["a\r\nBcc: x@example.net", "a\nb", "a\x00b", "a\udcffb"])
def test_no_header_can_be_injected(keys: Keys, hostile: str):
    mail = compose(
        outbox_message(subject=hostile, in_reply_to=hostile, references=(hostile,)),
        POLICY,
        keys,
        NOW,
    )
    text = mail.as_bytes()
    assert mail["Bcc"] is None
    assert b"\nBcc:" not in text


async def test_what_cannot_pass_with_time_is_final(keys: Keys, clock: HandClock):
    async with relay("550 5.1.1 nora@example.org unknown") as (_, where):
        with pytest.raises(SendFailed) as refused:
            await Mailer(where, POLICY, keys, clock).send(outbox_message())
    assert "550" in refused.value.error
    assert "nora" not in refused.value.error


async def test_what_may_pass_with_time_is_later(keys: Keys, clock: HandClock):
    async with relay("451 4.3.0 busy") as (_, where):
        with pytest.raises(SendLater):
            await Mailer(where, POLICY, keys, clock).send(outbox_message())
    with pytest.raises(SendLater):
        await Mailer(where, POLICY, keys, clock).send(outbox_message())  # nobody listens there now


async def test_without_a_relay_letters_wait(keys: Keys, clock: HandClock):
    with pytest.raises(SendLater, match="DESK_RELAY"):
        await Mailer(None, POLICY, keys, clock).send(outbox_message())


@pytest.mark.parametrize(
    "to", ["=?utf-8?q?mallory?=@example.net", "a@b@example.org", "a@.", "\ud800@x.org"]
)
async def test_an_address_that_would_turn_into_another_is_never_written_to(
    keys: Keys, clock: HandClock, to: str
):
    async with relay() as (handler, where):
        with pytest.raises(SendFailed) as refused:
            await Mailer(where, POLICY, keys, clock).send(outbox_message(to=to))
    assert handler.taken == []
    assert to not in refused.value.error


async def test_in_pilot_mode_not_even_a_letter_that_was_on_its_way_goes(
    keys: Keys, clock: HandClock
):
    pilot = Policy(addresses=("compliance@cafex.com",), pilot=True)
    async with relay() as (handler, where):
        with pytest.raises(SendLater, match="DESK_PILOT"):
            await Mailer(where, pilot, keys, clock).send(outbox_message())
    assert handler.taken == []


def test_a_domain_gets_so_many_letters_a_minute_and_others_do_not_wait_for_it():
    pace, minute = Pace(letters=3), timedelta(minutes=1)
    for second in range(3):
        assert not pace.wait("example.org", NOW + timedelta(seconds=second))
    assert pace.wait("Example.ORG", NOW + timedelta(seconds=10)) == timedelta(seconds=50)
    assert not pace.wait("example.net", NOW + timedelta(seconds=10))
    assert not pace.wait("example.org", NOW + minute)
    assert pace.wait("example.org", NOW + minute)


async def test_a_paced_letter_was_never_tried(keys: Keys, clock: HandClock):
    async with relay() as (handler, where):
        mailer = Mailer(where, POLICY, keys, clock)
        for _ in range(20):
            await mailer.send(outbox_message())
        with pytest.raises(SendLater, match="paced") as later:
            await mailer.send(outbox_message())
    assert later.value.ours
    assert later.value.after == 60
    assert len(handler.taken) == 20
    assert where.opened == 1
