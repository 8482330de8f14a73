"""The SMTP conversation over real sockets; what was kept counts as much as what was said."""

import asyncio
import errno
import smtplib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from intake.door import ListenerOptions
from intake.listener import Listener
from storage.errors import StoreFull
from tests.intake.fakes import OWN, Client, MemoryMails, StillClock

MAIL = b"From: ann@example.org\r\nSubject: hello\r\n\r\nBody\r\n"
Open = Callable[..., Awaitable[Listener]]


@pytest.fixture
def mails() -> MemoryMails:
    return MemoryMails()


@pytest.fixture
async def open_door(mails: MemoryMails) -> AsyncIterator[Open]:
    listeners = []

    async def start(**options: object) -> Listener:
        given = {"addresses": OWN, "hostname": "mx.cafex.com", "tarpit": 0.0, "grace": 0.2}
        listener = Listener(mails, StillClock(), ListenerOptions(**(given | options)))
        await listener.start()
        listeners.append(listener)
        return listener

    yield start
    if mails.gate is not None:
        mails.gate.set()
    for listener in listeners:
        await listener.stop()


@pytest.fixture
async def client(open_door: Open) -> AsyncIterator[Client]:
    listener = await open_door(max_size=100_000)
    client = await Client.connect(listener.port)
    yield client
    await client.close()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  the server tells nobody
            await asyncio.sleep(0.005)


# --- what is accepted


async def test_a_mail_is_kept_as_it_came_and_the_reply_names_it(open_door, mails):
    heard = []
    listener = await open_door(received=heard.append)

    def send() -> tuple[int, bytes]:
        with smtplib.SMTP("127.0.0.1", listener.port) as smtp:
            smtp.ehlo("client.example.org")
            smtp.mail("ann@example.org")
            smtp.rcpt("compliance@cafex.com")
            return smtp.data(b"Subject: x\r\n\r\n.dot\r\n..two\r\nbare\nlf\r\n")

    code, text = await asyncio.to_thread(send)
    (mail, arrival) = next(iter(mails.kept.values()))
    assert code == 250
    assert mail.id in text.decode()
    assert heard == [mail]
    assert arrival.mail_from == "ann@example.org"
    assert arrival.rcpt_to == ("compliance@cafex.com",)
    assert arrival.peer == "127.0.0.1"
    assert arrival.content.startswith(b"Subject: x\r\n\r\n.dot\r\n..two\r\nbare")


@pytest.mark.parametrize(
    "to",
    [
        "compliance@cafex.com",
        "COMPLIANCE@Cafex.COM",
        '"compliance"@cafex.com',
        "compliance+c.pr-2026-0001.abcdef@cafex.com",
        "postmaster@cafex.com",
        "Postmaster",
        "@relay.example.net:compliance@cafex.com",
    ],
)
async def test_our_addresses(client, mails, to):
    await client.envelope(to=to)
    assert (await client.data(MAIL + b".\r\n")).startswith("250")
    assert mails.contents == [MAIL]


@pytest.mark.parametrize(
    "to",
    [
        "<ceo@cafex.com>",
        "<compliance@cafex.com.example.net>",
        "<compliance%example.net@cafex.com>",
        "<=?utf-8?q?compliance?=@cafex.com>",
        "<compliance(x)@cafex.com>",
        "<compliance@cafex.com",
        "<compliance @cafex.com>",
        "<>",
        "<",
        "<a@[>",
        "<compliance@cafex.com>, <ann@example.org>",
        "<compliance@cafex.com> NOTIFY=NEVER",
        "compliance@cafex.com",
        "",
    ],
)
async def test_other_addresses_are_refused_for_good(client, mails, to):
    await client.say("MAIL FROM:<ann@example.org>")
    reply = await client.say(f"RCPT TO:{to}")
    assert reply.startswith("5")
    assert "Error" not in reply
    assert (await client.say("DATA")).startswith("503")
    assert not mails.kept


async def test_a_wrong_recipient_is_550_5_1_1(client):
    await client.say("MAIL FROM:<ann@example.org>")
    assert (await client.say("RCPT TO:<bob@example.org>")).startswith("550 5.1.1")


async def test_the_null_sender_is_always_accepted(client, mails):
    await client.envelope(sender="")
    assert (await client.data(MAIL + b".\r\n")).startswith("250")
    assert next(iter(mails.kept.values()))[1].mail_from == ""


async def test_addresses_that_are_not_utf8_are_refused(client):
    await client.send(b"MAIL FROM:<\xff@example.org>\r\n")
    assert (await client.reply()).startswith("501")


async def test_an_empty_mail_is_a_mail(client, mails):
    await client.envelope()
    assert (await client.data(b".\r\n")).startswith("250")
    assert mails.contents == [b""]


async def test_dots_at_every_place_survive(client, mails):
    await client.envelope()
    await client.data(b"..\r\n\r\n..a\r\n.b\r\n...\r\n.\r\n")
    assert mails.contents == [b".\r\n\r\n.a\r\nb\r\n..\r\n"]


async def test_lines_of_any_length_are_accepted(client, mails):
    body = b"x" * 90_000 + b"\r\n"
    await client.envelope()
    assert (await client.data(body + b".\r\n")).startswith("250")
    assert mails.contents == [body]


@pytest.mark.parametrize("size", [1, 7, 65_529, 65_536, 131_072, 131_077])
async def test_content_in_pieces_of_any_size_is_whole(open_door, mails, size):
    listener = await open_door()
    client = await Client.connect(listener.port)
    content = (b"line with .\r\n.." + b"y" * size + b"\r\n") * 3
    await client.envelope()
    assert (await client.data(content + b".\r\n")).startswith("250")
    assert mails.contents == [content.replace(b"\r\n..", b"\r\n.")]
    await client.close()


async def test_a_terminator_in_single_bytes_ends_the_mail(client, mails):
    await client.envelope()
    await client.say("DATA")
    for byte in b"a\r\n\r\n\r\n.\r\n":
        await client.send(bytes([byte]))
    assert (await client.reply()).startswith("250")
    assert mails.contents == [b"a\r\n\r\n\r\n"]


async def test_pipelined_commands_and_the_next_mail_behind_the_dot(client, mails):
    both = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\n"
    await client.send(both + b"one\r\n.\r\n" + both + b"two\r\n.\r\nQUIT\r\n")
    replies = [(await client.reply())[:3] for _ in range(9)]
    assert replies == ["250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert mails.contents == [b"one\r\n", b"two\r\n"]


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n\n.\r\r\n"],
)
async def test_a_smuggled_mail_stays_content(client, mails, end):
    smuggled = b"MAIL FROM:<x@example.net>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\nevil\r\n"
    await client.envelope()
    assert (await client.data(b"a" + end + smuggled + b".\r\n")).startswith("250")
    assert (await client.say("NOOP")).startswith("250")
    assert len(mails.kept) == 1
    assert mails.contents[0].endswith(b"evil\r\n")


# --- sizes


async def test_too_large_announced(client):
    assert "SIZE 100000" in await client.say("EHLO client.example.org")
    assert (await client.say("MAIL FROM:<a@example.org> SIZE=100001")).startswith("552 5.3.4")
    assert (await client.say("MAIL FROM:<a@example.org> SIZE=100000 BODY=8BITMIME SMTPUTF8"))[
        :3
    ] == "250"


async def test_too_large_unannounced_and_the_session_goes_on(client, mails):
    await client.envelope()
    assert (await client.data(b"x" * 100_001 + b"\r\n.\r\n")).startswith("552 5.3.4")
    await client.envelope()
    assert (await client.data(MAIL + b".\r\n")).startswith("250")
    assert mails.contents == [MAIL]


async def test_exactly_the_limit_is_accepted(client, mails):
    await client.envelope()
    assert (await client.data(b"x" * 99_998 + b"\r\n.\r\n")).startswith("250")
    assert len(mails.contents[0]) == 100_000


async def test_an_endless_line_is_cut(client, mails):
    await client.envelope()
    await client.say("DATA")

    async def pour() -> None:
        while True:
            await client.send(b"x" * 10_000)

    pouring = asyncio.create_task(pour())
    assert (await client.reply()).startswith("552 5.3.4")
    with pytest.raises(ConnectionError):  # the server hangs up on who keeps sending
        await asyncio.wait_for(pouring, 5)
    assert not mails.kept


async def test_bytes_in_flight_are_capped_over_all_sessions(open_door, mails):
    listener = await open_door(in_flight=300_000)
    first, second = await Client.connect(listener.port), await Client.connect(listener.port)
    await first.envelope()
    await first.say("DATA")
    await first.send(b"x" * 290_000)
    await eventually(lambda: listener.in_flight > 150_000)
    await second.envelope()
    assert (await second.data(b"y" * 290_000 + b"\r\n.\r\n")).startswith("452 4.3.1")
    await first.send(b"\r\n.\r\n")
    assert (await first.reply()).startswith("250")
    assert listener.in_flight == 0
    await first.close()
    await second.close()


# --- faults of ours


async def test_a_fault_of_ours_is_451_and_tells_nothing(client, mails):
    mails.fault = ConnectionResetError("secret /var/lib/desk")
    await client.envelope()
    reply = await client.data(MAIL + b".\r\n")
    assert reply.startswith("451 4.3.0")
    assert "secret" not in reply
    mails.fault = None
    await client.envelope()
    assert (await client.data(MAIL + b".\r\n")).startswith("250")


@pytest.mark.parametrize("fault", [StoreFull("full"), OSError(errno.ENOSPC, "full")])
async def test_no_room_is_452(client, mails, fault):
    mails.fault = fault
    await client.envelope()
    assert (await client.data(MAIL + b".\r\n")).startswith("452 4.3.1")


async def test_a_fault_in_a_command_is_451(client, monkeypatch):
    monkeypatch.setattr("intake.conversation.read_path", lambda _: 1 / 0)
    assert (await client.say("MAIL FROM:<a@example.org>")).startswith("451 4.3.0")


async def test_a_busy_port_is_named(open_door):
    first = await open_door()
    with pytest.raises(OSError, match=f"127.0.0.1:{first.port}"):
        await open_door(port=first.port)


# --- clients that misbehave


@pytest.mark.parametrize("verb", ["GET / HTTP/1.1", "POST / HTTP/1.1", "CONNECT a:25 HTTP/1.1"])
async def test_http_is_dropped_with_all_it_carries(open_door, mails, verb):
    listener = await open_door()
    client = await Client.connect(listener.port, hello=False)
    inside = (
        b"EHLO a.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\n"
    )
    await client.send(verb.encode() + b"\r\n" + inside + MAIL + b".\r\nQUIT\r\n")
    await eventually(lambda: listener.sessions == 0)
    assert not mails.kept
    await client.close()


async def test_a_client_gone_in_the_middle_of_data_leaves_nothing(open_door, mails):
    listener = await open_door()
    client = await Client.connect(listener.port)
    await client.envelope()
    await client.say("DATA")
    await client.send(MAIL)
    client.vanish()
    await eventually(lambda: listener.sessions == 0)
    assert not mails.kept
    assert listener.in_flight == 0


async def test_a_client_gone_while_we_store_is_stored_once(open_door, mails):
    mails.gate = asyncio.Event()
    heard = []
    listener = await open_door(received=heard.append)
    client = await Client.connect(listener.port)
    await client.envelope()
    await client.say("DATA")
    await client.send(MAIL + b".\r\n")
    await asyncio.wait_for(mails.entered.wait(), 5)
    client.vanish()
    await eventually(lambda: listener.sessions == 0)
    mails.gate.set()
    await eventually(lambda: len(heard) == 1)
    assert mails.contents == [MAIL]


async def test_half_closed_clients_still_get_their_replies(client, mails):
    await client.send(
        b"MAIL FROM:<a@example.org>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\nx\r\n.\r\n"
    )
    client.writer.write_eof()
    replies = [(await client.reply())[:3] for _ in range(4)]
    assert replies == ["250", "250", "354", "250"]
    assert len(mails.kept) == 1


async def test_too_many_errors_end_the_session_and_nothing_behind_is_done(open_door, mails):
    listener = await open_door(errors=5)
    client = await Client.connect(listener.port)
    behind = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\nx\r\n.\r\n"
    await client.send(b"BOGUS\r\n" * 5 + behind)
    replies = [(await client.reply())[:3] for _ in range(5)]
    assert replies == ["500"] * 4 + ["421"]
    assert await client.ended()
    assert not mails.kept
    await client.close()


@pytest.mark.parametrize("flood", [b"NOOP\r\n", b"RSET\r\n", b"EHLO a\r\n", b"\r\n"])
async def test_floods_are_cut_off(open_door, flood):
    listener = await open_door(commands=50)
    client = await Client.connect(listener.port)
    await client.send(flood * 200)
    await eventually(lambda: listener.sessions == 0)
    await client.close()


async def test_an_endless_command_is_cut_off(open_door):
    listener = await open_door(commands=5)
    client = await Client.connect(listener.port)
    client.writer.write(b"x" * 3_000_000)
    await eventually(lambda: listener.sessions == 0)
    await client.close()


async def test_a_long_command_is_one_error(client):
    assert (await client.say("NOOP " + "x" * 70_000)).startswith("500")
    assert (await client.say("NOOP")).startswith("250")


async def test_recipients_are_capped_and_the_first_hundred_kept(client, mails):
    await client.say("MAIL FROM:<a@example.org>")
    replies = [(await client.say("RCPT TO:<compliance@cafex.com>"))[:7] for _ in range(120)]
    assert replies == ["250 2.1"] * 100 + ["452 4.5"] * 20
    assert (await client.data(MAIL + b".\r\n")).startswith("250")


async def test_connections_are_capped(open_door):
    listener = await open_door(connections_per_peer=2)
    first, second = await Client.connect(listener.port), await Client.connect(listener.port)
    third = await Client.connect(listener.port, hello=False)
    assert (await third.reply()).startswith("421 4.7.0")
    assert await third.ended()
    await first.close()
    await eventually(lambda: listener.sessions == 1)
    fourth = await Client.connect(listener.port)
    assert (await fourth.say("NOOP")).startswith("250")
    for client in (second, third, fourth):
        await client.close()


async def test_an_idle_client_is_told_and_left(open_door):
    listener = await open_door(idle=0.05)
    client = await Client.connect(listener.port, hello=False)
    await client.reply()
    assert (await client.reply()).startswith("421 4.4.2")
    await client.close()


# --- what we say about ourselves


async def test_the_greeting_says_nothing_of_what_we_run(open_door):
    listener = await open_door()
    client = await Client.connect(listener.port, hello=False)
    assert await client.reply() == "220 mx.cafex.com ESMTP\r\n"
    await client.close()


async def test_no_auth_no_expn_and_vrfy_tells_nothing(client):
    assert "AUTH" not in await client.say("EHLO client.example.org")
    assert (await client.say("AUTH PLAIN AGEAYg==")).startswith("502")
    assert (await client.say("EXPN list")).startswith("502")
    ours, foreign = await client.say("VRFY compliance@cafex.com"), await client.say("VRFY ann")
    assert ours == foreign
    assert ours.startswith("252")


async def test_order_of_commands(open_door):
    listener = await open_door()
    client = await Client.connect(listener.port, hello=False)
    await client.reply()
    assert (await client.say("MAIL FROM:<a@example.org>")).startswith("503")
    assert (await client.say("RCPT TO:<compliance@cafex.com>")).startswith("503")
    assert (await client.say("HELO client.example.org")).startswith("250")
    await client.say("MAIL FROM:<a@example.org>")
    assert (await client.say("MAIL FROM:<b@example.org>")).startswith("503")
    assert (await client.say("RSET")).startswith("250")
    assert (await client.say("RCPT TO:<compliance@cafex.com>")).startswith("503")
    assert (await client.say("QUIT")).startswith("221")
    await client.close()


# --- TLS


@pytest.fixture(scope="module")
def contexts(tmp_path_factory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        f" -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {key}"
        f" -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))


async def test_starttls(open_door, mails, contexts):
    server, trusting = contexts
    listener = await open_door(tls=server)

    def send() -> tuple[int, int, bool]:
        with smtplib.SMTP("localhost", listener.port) as smtp:
            smtp.starttls(context=trusting)
            early, _ = smtp.mail("a@example.org")
            smtp.ehlo("client.example.org")
            again, _ = smtp.docmd("STARTTLS")
            smtp.sendmail("a@example.org", "compliance@cafex.com", MAIL)
            return early, again, smtp.has_extn("starttls")

    assert await asyncio.to_thread(send) == (503, 503, False)
    assert mails.contents == [MAIL]


async def test_where_tls_is_a_must_nothing_is_taken_without(open_door, mails, contexts):
    server, trusting = contexts
    listener = await open_door(tls=server, tls_required=True)
    client = await Client.connect(listener.port)
    for line in ("MAIL FROM:<a@example.org>", "RCPT TO:<compliance@cafex.com>", "DATA"):
        assert (await client.say(line)).startswith("530 5.7.0")
    assert (await client.say("NOOP")).startswith("250")
    assert (await client.say("STARTTLS")).startswith("220")
    await client.writer.start_tls(trusting, server_hostname="localhost")
    await client.say("EHLO client.example.org")
    await client.envelope()
    assert (await client.data(MAIL + b".\r\n")).startswith("250")
    assert mails.contents == [MAIL]
    await client.close()


async def test_a_client_that_stalls_in_the_handshake_is_let_go(open_door, contexts):
    server, _ = contexts
    listener = await open_door(tls=server, idle=0.1)
    client = await Client.connect(listener.port)
    await client.say("STARTTLS")
    await eventually(lambda: listener.sessions == 0)
    await client.close()


async def test_what_is_said_before_tls_is_forgotten(open_door, mails, contexts):
    server, trusting = contexts
    listener = await open_door(tls=server)
    client = await Client.connect(listener.port)
    inject = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\nx\r\n.\r\n"
    await client.send(b"STARTTLS\r\n" + inject)
    assert (await client.reply()).startswith("220")
    await client.writer.start_tls(trusting, server_hostname="localhost")
    assert (await client.say("NOOP")) == "250 2.0.0 OK\r\n"
    assert (await client.say("DATA")).startswith("503")
    assert not mails.kept
    await client.close()


async def test_a_client_gone_in_the_handshake(open_door, contexts):
    server, _ = contexts
    listener = await open_door(tls=server)
    client = await Client.connect(listener.port)
    await client.say("STARTTLS")
    await client.send(b"this is no TLS\r\n")
    await eventually(lambda: listener.sessions == 0)
    await client.close()


# --- closing the door


async def test_stop_tells_the_idle_and_lets_a_mail_finish(open_door, mails):
    listener = await open_door(grace=5.0)
    idle, writing = await Client.connect(listener.port), await Client.connect(listener.port)
    await writing.envelope()
    await writing.say("DATA")
    stopping = asyncio.create_task(listener.stop())
    assert (await idle.reply()).startswith("421 4.3.2")
    await writing.send(MAIL + b".\r\n")
    assert (await writing.reply()).startswith("250")
    assert (await writing.reply()).startswith("421 4.3.2")
    await asyncio.wait_for(stopping, 5)
    assert mails.contents == [MAIL]
    await idle.close()
    await writing.close()


async def test_stop_waits_no_longer_than_the_grace(open_door, mails):
    listener = await open_door(grace=0.05)
    writing = await Client.connect(listener.port)
    await writing.envelope()
    await writing.say("DATA")
    await asyncio.wait_for(listener.stop(), 5)
    assert (await writing.reply()).startswith("421 4.3.2")
    assert not mails.kept
    await writing.close()
