"""A mail server that fails in every way: what the outbox and the case say, and what went twice."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import relay as wire
from bot.mailer import Mailer
from bot.outbox import INTERRUPTED, LETTER_ATTEMPTS, Outbox, Receipt
from bot.relay import DOUBT, Connections, Login, dotted, loopback, read_login, tls_context
from bot.settings import Relay
from handlers.letters import message_id
from handlers.receipts import DOUBT as SAID
from storage.errors import SettingsError, StoreFull
from storage.records import Case, OutboxMessage, OutboxStatus, Posted, ThreadLine
from tests.bot.relays import DROP, HANG, RESET, FaultyRelay, certificate, faulty
from tests.conftest import HandClock
from tests.handlers.desks import NOW, Bench, a_bench
from tests.waiting import until


async def slack(message: OutboxMessage) -> Receipt:
    return Receipt(posted=Posted(channel="C1", ts=message.id))


class Post:
    """One acknowledgement on its way through a real outbox to a faulty relay."""

    def __init__(self, bench: Bench, relay: FaultyRelay, case: Case, letter: str) -> None:
        self.bench, self.relay, self.case, self.letter = bench, relay, case, letter
        self.clock = HandClock(NOW)
        self.connections = Connections(Relay(host="127.0.0.1", port=relay.port), self.clock)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        mailer = Mailer(self.connections, self.bench.desk.policy, self.bench.store.keys, self.clock)
        outbox = Outbox(
            self.bench.store, self.bench.desk, self.clock, slack=slack, mail=mailer.send
        )
        self._task = asyncio.create_task(outbox.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.connections.close()

    async def outcome(self, attempts: int = 1) -> OutboxMessage:
        """What the outbox says once that attempt has its outcome."""

        async def settled() -> OutboxMessage | None:
            message = await self.bench.store.message(self.letter)
            assert message is not None
            over = message.status is not OutboxStatus.PENDING or message.error
            known = over and message.claimed_until is None and message.attempts == attempts
            return message if known else None

        return await until(self.bench.store, settled)

    async def again(self, attempts: int) -> OutboxMessage:
        """A rung of the ladder later."""
        self.clock.move(timedelta(hours=5))
        return await self.outcome(attempts)

    async def lines(self) -> list[str]:
        found = await self.bench.outbox(self.case, ThreadLine)
        return [m.content.text for m in found if isinstance(m.content, ThreadLine)]

    async def state(self) -> OutboxStatus:
        (letter,) = (await self.bench.fresh(self.case)).letters
        return letter.status

    def ids(self) -> list[bytes]:
        """The Message-IDs of what the relay got whole."""
        found = [line for mail in self.relay.taken for line in mail.split(b"\r\n")]
        return [line[12:] for line in found if line.lower().startswith(b"message-id: ")]


@asynccontextmanager
async def posting(
    folder: Path, relay: FaultyRelay, connections: Connections | None = None
) -> AsyncIterator[Post]:
    async with a_bench(folder) as bench:
        case = await bench.case("access")
        (letter,) = await bench.outbox(case)
        post = Post(bench, relay, case, letter.id)
        post.connections = connections or post.connections
        post.start()
        try:
            yield post
        finally:
            await post.stop()


async def goes_on_its_second_attempt(post: Post) -> None:
    sent = await post.again(2)
    assert sent.status is OutboxStatus.SENT
    assert "taken as 77" in sent.receipt
    assert await post.state() is OutboxStatus.SENT
    assert (await post.bench.fresh(post.case)).acknowledgement == "sent"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Where the relay hangs we wait for a moment only; elsewhere a busy machine has its time."""
    seconds = {"content": "CONTENT_SECONDS", "banner": "CONNECT_SECONDS", "EHLO": "CONNECT_SECONDS"}

    def shorten(stage: str, fault: str) -> None:
        if fault == HANG:
            monkeypatch.setattr(wire, seconds.get(stage, "COMMANDS_SECONDS"), 1.5)

    return shorten


@pytest.mark.parametrize(
    ("stage", "fault", "error"),
    [
        ("banner", HANG, "relay not reached (TimeoutError)"),
        ("banner", DROP, "relay not reached (SMTPConnectError)"),
        ("banner", "421 4.3.2 closing", "relay: 421 4.3.2 before the letter"),
        ("banner", "554 5.7.1 not you", "relay: 554 5.7.1 before the letter"),
        ("banner", "what?", "relay: -1 before the letter"),
        ("EHLO", HANG, "relay not reached (TimeoutError)"),
        ("MAIL", "451 4.3.0 busy", "relay: 451 4.3.0 to our address"),
        ("MAIL", "530 5.7.0 nora@example.org must log in", "relay: 530 5.7.0 to our address: see"),
        ("MAIL", "421 4.7.0 too many", "relay: 421 at MAIL"),
        ("MAIL", HANG, "relay: no answer to MAIL in time"),
        ("MAIL", RESET, "relay: closed at MAIL"),
        ("RCPT", "450 4.2.0 later", "relay: 450 4.2.0 to the recipient"),
        ("RCPT", "452 full", "relay: 452 to the recipient"),
        ("RCPT", HANG, "relay: no answer to RCPT in time"),
        ("RCPT", DROP, "relay: closed at RCPT"),
        ("DATA", "451 4.3.0 busy", "relay: 451 4.3.0 to DATA"),
        ("DATA", DROP, "relay: closed at DATA"),
        ("DATA", HANG, "relay: no answer to DATA in time"),
        ("content", "452 4.3.1 full", "relay: 452 4.3.1 to the letter"),
        ("content", "421 4.3.2 closing", "relay: 421 4.3.2 to the letter"),
    ],
)
async def test_what_may_pass_with_time_goes_later_and_once(
    tmp_path: Path, patience: Callable[[str, str], None], stage: str, fault: str, error: str
):
    patience(stage, fault)
    async with faulty() as relay:
        relay.will(stage, fault)
        async with posting(tmp_path, relay) as post:
            waits = await post.outcome()
            assert waits.status is OutboxStatus.PENDING
            assert waits.error.startswith(error)
            assert "nora" not in waits.error
            assert waits.send_after >= NOW + timedelta(minutes=1)
            assert await post.state() is OutboxStatus.PENDING
            assert relay.acknowledged == 0
            await goes_on_its_second_attempt(post)
            assert SAID not in await post.lines()
        assert relay.acknowledged == 1


@pytest.mark.parametrize(
    ("stage", "fault", "error"),
    [
        ("MAIL", "550 5.7.1 sender not wanted", "relay: 550 5.7.1 to our address"),
        ("RCPT", "550 5.1.1 nora@example.org unknown", "relay: 550 5.1.1 to the recipient"),
        ("DATA", "554 5.5.1 no", "relay: 554 5.5.1 to DATA"),
        ("content", "554 5.6.0 spam from nora@example.org", "relay: 554 5.6.0 to the letter"),
    ],
)
async def test_what_never_passes_is_dead_and_the_case_says_so(
    tmp_path: Path, stage: str, fault: str, error: str
):
    async with faulty() as relay:
        relay.will(stage, fault)
        async with posting(tmp_path, relay) as post:
            dead = await post.outcome()
            assert (dead.status, dead.error) == (OutboxStatus.DEAD, error)
            assert await post.state() is OutboxStatus.DEAD
            assert "A letter could not be delivered." in await post.lines()
            assert (await post.bench.fresh(post.case)).acknowledgement.startswith("withheld")
            assert await post.bench.store.messages_with(OutboxStatus.DEAD) == (dead,)
            history = [entry async for entry in post.bench.store.history(post.case.ref)]
            assert [e.note for e in history if e.act == "give_up"] == [error]
            # the connection is as good as new
            await post.bench.desk.retry(dead.id, "U01ANA", post.clock.now())
            assert (await post.outcome()).status is OutboxStatus.SENT
        assert relay.connections == 1
        assert relay.acknowledged == 1


async def test_a_relay_that_is_not_there(tmp_path: Path):
    async with faulty() as gone:
        pass
    async with posting(tmp_path, gone) as post:
        assert (await post.outcome()).error == "relay not reached (SMTPConnectError)"
        assert (await post.again(2)).status is OutboxStatus.PENDING


@pytest.mark.parametrize("fault", [DROP, RESET, HANG])
async def test_when_its_answer_is_lost_it_goes_again_under_the_same_id_and_the_case_says_so(
    tmp_path: Path, patience: Callable[[str, str], None], fault: str
):
    """RFC 1047."""
    patience("content", fault)
    async with faulty() as relay:
        relay.will("content", fault)
        async with posting(tmp_path, relay) as post:
            waits = await post.outcome()
            assert (waits.status, waits.error) == (OutboxStatus.PENDING, DOUBT)
            assert await post.lines() == [SAID]
            await goes_on_its_second_attempt(post)
            assert await post.lines() == [SAID]
            ours = message_id(post.letter, post.bench.desk.policy).encode()
            assert post.ids() == [ours, ours]
            acts = [entry.act async for entry in post.bench.store.history(post.case.ref)]
            assert "doubt" in acts
        assert (len(relay.taken), relay.acknowledged) == (2, 1)


async def test_a_doubt_that_cannot_be_written_down_yet_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with faulty() as relay:
        relay.will("content", DROP)
        async with posting(tmp_path, relay) as post:
            real, faults = post.bench.desk.doubted, [StoreFull("no room")]

            async def full(message: OutboxMessage, error: str, now: datetime) -> None:
                if faults:
                    raise faults.pop()
                await real(message, error, now)

            monkeypatch.setattr(post.bench.desk, "doubted", full)
            assert (await post.outcome()).error == DOUBT
            assert await post.lines() == [SAID]
            await goes_on_its_second_attempt(post)


async def test_a_desk_that_ended_over_a_letter_says_so_and_sends_it_under_the_same_id(
    tmp_path: Path,
):
    async with faulty() as relay, a_bench(tmp_path) as bench:
        case = await bench.case("access")
        (letter,) = await bench.outbox(case)
        while (claimed := await bench.store.claim(NOW, timedelta(minutes=6))) is not None:
            if claimed.id != letter.id:
                await bench.desk.sent(claimed, NOW)
        await bench.store.close()
        async with a_bench(tmp_path) as anew:
            post = Post(anew, relay, case, letter.id)
            post.start()
            assert (await post.outcome(2)).status is OutboxStatus.SENT
            assert await post.lines() == [SAID]
            history = [entry async for entry in anew.store.history(case.ref)]
            assert [e.note for e in history if e.act == "doubt"] == [INTERRUPTED]
            await post.stop()
    assert len(relay.taken) == 1


async def test_a_slow_relay_is_waited_for(tmp_path: Path):
    async with faulty() as relay:
        serve, entered, go = relay._answer, asyncio.Event(), asyncio.Event()

        async def slowly(writer: asyncio.StreamWriter, stage: str) -> bool:
            if stage == "content":
                entered.set()
                await go.wait()
            return await serve(writer, stage)

        relay._answer = slowly
        async with posting(tmp_path, relay) as post:
            await entered.wait()
            post.clock.move(timedelta(hours=1))  # calendar time is none of its business
            go.set()
            assert (await post.outcome()).status is OutboxStatus.SENT
    assert len(relay.taken) == 1


async def test_letters_share_a_connection_and_it_is_closed_when_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wire, "IDLE_SECONDS", 0.05)
    async with faulty() as relay:
        connections = Connections(Relay(host="127.0.0.1", port=relay.port), HandClock(NOW))
        for _ in range(3):
            await connections.deliver(ENVELOPE)
        assert relay.connections == 1
        async with asyncio.timeout(5):
            await relay.left.wait()
        assert connections._idle == []


async def test_it_calls_itself_by_the_name_it_is_given():
    async with faulty() as relay:
        where = Relay(host="127.0.0.1", port=relay.port)
        for name in ("mx.example.com", "localhost"):
            connections = Connections(where, HandClock(NOW), name=name)
            await connections.deliver(ENVELOPE)
            await connections.close()
        greetings = [line for line in relay.said if line.startswith("EHLO")]
    assert greetings == ["EHLO mx.example.com", "EHLO localhost"]


ENVELOPE = wire.Envelope(
    sender="desk@example.com", recipient="nora@example.org", content=b"Subject: x\r\n\r\n.dot\r\n"
)


@pytest.mark.parametrize("fault", [RESET, DROP, "421 4.4.2 idle too long"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
async def test_a_reused_connection_that_dies_costs_no_attempt(stage: str, fault: str):
    async with faulty() as relay:
        connections = Connections(Relay(host="127.0.0.1", port=relay.port), HandClock(NOW))
        await connections.deliver(ENVELOPE)
        relay.will(stage, fault)
        assert "taken as 77" in await connections.deliver(ENVELOPE)
        await connections.close()
    assert (relay.connections, len(relay.taken)) == (2, 2)


async def test_after_the_content_a_reused_connection_is_as_doubtful_as_any():
    async with faulty() as relay:
        connections = Connections(Relay(host="127.0.0.1", port=relay.port), HandClock(NOW))
        await connections.deliver(ENVELOPE)
        relay.will("content", RESET)
        with pytest.raises(wire.SendLater) as later:
            await connections.deliver(ENVELOPE)
        assert later.value.doubt
    assert (relay.connections, len(relay.taken)) == (1, 2)


async def test_while_the_relay_is_away_others_do_not_wait_for_it():
    async with faulty() as relay:
        clock = HandClock(NOW)
        relay.will("banner", "421 4.3.2 closing")
        connections = Connections(Relay(host="127.0.0.1", port=relay.port), clock)
        both = await asyncio.gather(
            *(connections.deliver(ENVELOPE) for _ in range(2)), return_exceptions=True
        )
        assert [str(fault) for fault in both] == ["relay: 421 4.3.2 before the letter"] * 2
        assert relay.connections == 1
        clock.move(timedelta(seconds=21))
        await connections.deliver(ENVELOPE)
        await connections.close()


async def test_after_days_a_person_has_to_look(tmp_path: Path):
    async with faulty() as relay:
        relay.will("RCPT", *["450 4.2.0 later"] * LETTER_ATTEMPTS)
        async with posting(tmp_path, relay) as post:
            message = await post.outcome()
            for attempt in range(2, LETTER_ATTEMPTS + 1):
                assert message.status is OutboxStatus.PENDING
                message = await post.again(attempt)
            assert message.status is OutboxStatus.DEAD
            assert await post.state() is OutboxStatus.DEAD
            assert "A letter could not be delivered." in await post.lines()
    assert relay.taken == []


async def test_an_hour_that_is_used_up_is_waited_for_and_costs_no_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free = NOW + timedelta(minutes=50)

    async def held(self: object, message: OutboxMessage, now: datetime) -> datetime | None:
        return free if now < free else None

    monkeypatch.setattr("handlers.desk.Desk.held_until", held)
    async with faulty() as relay, posting(tmp_path, relay) as post:
        waits = await post.outcome(0)
        assert waits.error == "held: many automatic letters this hour"
        assert waits.send_after == free
        assert relay.connections == 0
        post.clock.move(timedelta(minutes=51))
        assert (await post.outcome(1)).status is OutboxStatus.SENT


# --- TLS and login


async def test_starttls_is_used_when_it_is_offered(tmp_path: Path):
    server, client = certificate(tmp_path / "tls")
    async with faulty() as relay:
        relay.tls = server
        relay.replies["EHLO"] = "250-relay.example.org\r\n250 STARTTLS"
        where = Relay(host="127.0.0.1", port=relay.port)
        connections = Connections(where, HandClock(NOW), context=client)
        await connections.deliver(ENVELOPE)
        assert await connections.look() == "over TLS"
        await connections.close()
    assert relay.said[:3][1] == "STARTTLS"


async def test_without_starttls_nothing_goes_where_it_is_required():
    async with faulty() as relay:
        where = Relay(host="127.0.0.1", port=relay.port, tls="required")
        connections = Connections(where, HandClock(NOW))
        with pytest.raises(wire.SendLater, match="no STARTTLS"):
            await connections.deliver(ENVELOPE)
    assert not any(line.startswith("MAIL") for line in relay.said)


@pytest.mark.parametrize("tls", ["offered", "required", "implicit"])
@pytest.mark.parametrize("fault", ["another authority", "another name"])
async def test_a_bad_certificate_gets_no_letter(tmp_path: Path, tls: str, fault: str):
    server, client = certificate(tmp_path / "tls", "relay.example.net")
    if fault == "another authority":
        _, client = certificate(tmp_path / "other")
    async with faulty(server if tls == "implicit" else None) as relay:
        relay.tls = server
        relay.replies["EHLO"] = "250-relay.example.org\r\n250 STARTTLS"
        where = Relay(host="127.0.0.1", port=relay.port, tls=tls)  # type: ignore[arg-type]
        connections = Connections(where, HandClock(NOW), context=client)
        with pytest.raises(wire.SendLater, match="certificate cannot be trusted"):
            await connections.deliver(ENVELOPE)
    assert not any(line.startswith("MAIL") for line in relay.said)


async def test_tls_from_the_first_byte(tmp_path: Path):
    server, client = certificate(tmp_path / "tls")
    async with faulty(server) as relay:
        where = Relay(host="127.0.0.1", port=relay.port, tls="implicit")
        connections = Connections(where, HandClock(NOW), context=client)
        assert "taken as 77" in await connections.deliver(ENVELOPE)
        await connections.close()


def test_only_on_loopback_a_certificate_is_not_checked():
    for host, here in (
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
    ):
        assert loopback(host) is here
        context = tls_context(Relay(host=host, port=25))
        assert context.check_hostname is not here
        assert (context.verify_mode is ssl.CERT_REQUIRED) is not here


async def test_a_login_goes_over_tls_or_not_at_all(monkeypatch: pytest.MonkeyPatch):
    login = Login(user="desk", password="hidden")
    async with faulty() as relay:
        relay.replies["EHLO"] = "250-relay.example.org\r\n250 AUTH PLAIN"
        where = Relay(host="127.0.0.1", port=relay.port)
        await Connections(where, HandClock(NOW), login).look()
        assert any(line.startswith("AUTH PLAIN") for line in relay.said)
        relay.said.clear()
        monkeypatch.setattr(wire, "loopback", lambda _: False)
        with pytest.raises(wire.SendLater, match="never sent without"):
            await Connections(where, HandClock(NOW), login).look()
        assert not any(line.startswith("AUTH") for line in relay.said)


async def test_a_login_that_is_not_taken_waits_for_the_operator():
    async with faulty() as relay:
        relay.replies["EHLO"] = "250-relay.example.org\r\n250 AUTH PLAIN"
        relay.replies["AUTH"] = "535 5.7.8 no, desk"
        where = Relay(host="127.0.0.1", port=relay.port)
        with pytest.raises(wire.SendLater, match=r"535 5\.7\.8: it does not take the login"):
            await Connections(where, HandClock(NOW), Login(user="desk", password="x")).look()


def test_the_login_file(tmp_path: Path):
    file = tmp_path / "login"
    with pytest.raises(SettingsError, match="cannot be read"):
        read_login(file)
    file.write_text("desk@example.com\nsecret words\n")
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_login(file)
    file.chmod(0o600)
    assert read_login(file) == Login(user="desk@example.com", password="secret words")
    file.write_text("desk@example.com\n")
    with pytest.raises(SettingsError, match="below it the password"):
        read_login(file)


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\n.a\r\n..\rb\r\n", b"..\r\n..a\r\n...\r\nb\r\n.\r\n"),
    ],
)
def test_no_line_of_a_letter_ends_it(content: bytes, sent: bytes):
    assert dotted(content) == sent
