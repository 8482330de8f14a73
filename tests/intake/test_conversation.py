"""Any sequence of commands and bytes, against a simple reading of RFC 5321 on the whole text.

No exception escapes, nothing accepted is missing, nothing refused is stored.
"""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake import listener as listening
from intake.door import ListenerOptions
from intake.listener import Listener
from storage.embedded import open_store
from storage.sealing import MasterKey
from tests.intake.fakes import OWN, Client, StillClock

LIMIT = 400
#: every line we may say, and what it is
LINES = {
    b"EHLO client.example.org": "hello",
    b"helo client": "hello",
    b"EHLO": "bad",
    b"MAIL FROM:<ann@example.org>": "mail",
    b"mail from:<> SIZE=400 BODY=8BITMIME": "mail",
    b"MAIL FROM:<ann@example.org> SIZE=401": "mail of a wrong size",
    b"MAIL FROM:<ann>": "bad",
    b"RCPT TO:<compliance@cafex.com>": "rcpt",
    b"rcpt to:<Compliance+tag@CAFEX.com> ": "rcpt",
    b"RCPT TO:<ann@example.net>": "bad",
    b"RCPT TO:<compliance\xff@cafex.com>": "bad",
    b"RCPT TO:<compliance\0@cafex.com>": "bad",
    b"DATA": "data",
    b"DATA x": "bad",
    b"RSET": "reset",
    b"NOOP x": "fine",
    b"HELP": "fine",
    b"VRFY x": "fine",
    b"": "bad",
    b".": "bad",
    b"X": "bad",
    b"X" * 200: "bad",
    b"QUIT": "quit",
    b"GET / HTTP/1.1": "drop",
}


class Reading:
    """What a server must answer to a whole text, and keep of it."""

    def __init__(self, text: bytes) -> None:
        self.codes = ["2"]
        self.kept: list[bytes] = []
        self.ended = False  #: by us; a reset may then swallow what was said last
        self._text = text
        self._hello = self._mail = self._rcpt = False
        while self._one():
            pass

    def _one(self) -> bool:
        line, end, rest = self._text.partition(b"\n")
        if not end:
            return False
        self._text = rest
        kind = LINES.get(line.rstrip(b"\r\n"), "bad")
        self.codes.append(self._code(kind))
        self.ended = kind in {"quit", "drop"}
        return not self.ended and (self.codes[-1] != "3" or self._content())

    def _code(self, kind: str) -> str:
        if kind == "drop":
            return "4"
        allowed = {
            "bad": False,
            "mail": self._hello and not self._mail,
            "mail of a wrong size": False,
            "rcpt": self._mail,
            "data": self._rcpt,
        }.get(kind, True)
        if not allowed:
            return "5"
        if kind in {"hello", "reset"}:
            self._mail = self._rcpt = False
        self._hello = self._hello or kind == "hello"
        self._mail = self._mail or kind == "mail"
        self._rcpt = self._rcpt or kind == "rcpt"
        return "3" if kind == "data" else "2"

    def _content(self) -> bool:
        self._mail = self._rcpt = False
        lines, end, rest = (b"\r\n" + self._text).partition(b"\r\n.\r\n")
        if not end:
            return False
        self._text = rest
        whole = b"".join(line.removeprefix(b".") + b"\r\n" for line in lines.split(b"\r\n"))[2:]
        fine = len(whole) <= LIMIT and b"\0" not in whole
        self.codes.append("2" if fine else "5")
        if fine:
            self.kept.append(whole)
        return True


lines = st.tuples(st.sampled_from(sorted(LINES)), st.sampled_from([b"\r\n", b"\r\n", b"\n"])).map(
    b"".join
)
contents = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"x", b"word " * 12, b"\0", b"\xff"])
    | st.sampled_from([b"\r\n.", b"\n.\n", b"\r.\r\n", b"\r\n.\r", b"RSET\r\n", b"QUIT\r\n"]),
    max_size=20,
).map(b"".join)
mails = contents.map(
    lambda content: (
        b"MAIL FROM:<ann@example.org>\r\nRCPT TO:<compliance@cafex.com>\r\nDATA\r\n"
        + content
        + b"\r\n.\r\n"
    )
)
texts = st.lists(lines | lines | mails | contents, max_size=12).map(
    lambda parts: b"EHLO client.example.org\r\n" + b"".join(parts)
)


async def said(port: int, text: bytes, pieces: list[int]) -> list[str]:
    """All replies to a text sent in such pieces."""
    client = await Client.connect(port, hello=False)
    for size in [*pieces, len(text)]:
        piece, text = text[:size], text[size:]
        if not client.writer.is_closing():
            client.writer.write(piece)
        await asyncio.sleep(0)
    with suppress(OSError, RuntimeError):  # the latter is uvloop's word for a closed socket
        client.writer.write_eof()
    found = []
    while reply := await client.reply():
        assert reply.endswith("\r\n")
        found.append(reply)
    await client.close()
    return found


@pytest.mark.parametrize("bulk", [64, 2**16], ids=["small reads", "bulk reads"])
async def test_any_conversation(tmp_path: Path, bulk, monkeypatch, caplog):
    monkeypatch.setattr(listening.Connection, "line_length_limit", bulk)
    caplog.set_level(logging.WARNING)
    store = await open_store(tmp_path, MasterKey(bytes(32)))
    options = ListenerOptions(
        addresses=OWN, max_size=LIMIT, errors=10**6, commands=10**6, tarpit=0.0
    )
    listener = Listener(store.mails, StillClock(), options)
    await listener.start()
    escaped: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: escaped.append(context))
    seen: set[str] = set()

    async def example(text: bytes, pieces: list[int]) -> None:
        replies = await said(listener.port, text, pieces)
        expected = Reading(text)
        codes = [reply[0] for reply in replies]
        assert codes == expected.codes[: len(codes) if expected.ended else None]
        fresh = [mail.id async for mail in store.mails.waiting() if mail.id not in seen]
        seen.update(fresh)
        assert sorted([await store.mails.raw(mail_id) for mail_id in fresh]) == sorted(
            expected.kept
        )
        assert {reply.split()[-1] for reply in replies if " Kept as " in reply} <= set(fresh)
        assert listener.in_flight == 0
        assert not escaped
        assert not caplog.records

    try:
        await asyncio.to_thread(examples, loop, example)
    finally:
        await listener.stop()
        await store.close()


def examples(loop, example) -> None:
    """hypothesis is not asynchronous: it drives the loop from another thread."""

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts, st.lists(st.integers(1, 80), max_size=8))
    def run(text: bytes, pieces: list[int]) -> None:
        asyncio.run_coroutine_threadsafe(example(text, pieces), loop).result(20)

    run()
