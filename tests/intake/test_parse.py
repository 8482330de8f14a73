"""What is read of mails, good, odd and hostile; and that hostile ones cost the parser, not us."""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from handlers import registry
from intake.classify import Classifier
from intake.parse import NoWorker, Parser, parse
from intake.quoted import FORWARDED
from storage.records import ParsedMail


def mail(*lines: str, body: str = "Hello") -> bytes:
    return "\r\n".join([*lines, "", body, ""]).encode()


def mixed(*parts: str, kind: str = "mixed", head: str = "From: ann@example.org") -> bytes:
    inner = "".join(f"--cut\r\n{part}\r\n" for part in parts)
    return (
        f"{head}\r\nContent-Type: multipart/{kind}; boundary=cut\r\n\r\n{inner}--cut--\r\n".encode()
    )


def defects(parsed: ParsedMail) -> str:
    return "; ".join(parsed.defects)


# --- headers


def test_headers_addresses_and_date():
    parsed = parse(
        mail(
            'From: "M=?utf-8?q?=C3=BC?=ller" <Ann@Example.org>',
            "To: compliance@cafex.com, b@example.net",
            "Cc: c@example.com",
            "Reply-To: other@example.com",
            "Subject: =?utf-8?q?L=C3=B6schung?= of",
            " my data",
            "Date: Tue, 24 Nov 2026 10:00:00 +0100",
            "Message-ID: <one@example.org>",
            "In-Reply-To: <zero@cafex.com>",
            "References: <a@cafex.com>",
            "\t<zero@cafex.com>",
        )
    )
    assert parsed.header_from == "ann@example.org"
    assert parsed.to == ("compliance@cafex.com", "b@example.net", "c@example.com")
    assert parsed.reply_to == "other@example.com"
    assert parsed.subject == "Löschung of my data"
    assert parsed.sent_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert parsed.message_id == "<one@example.org>"
    assert parsed.in_reply_to == "<zero@cafex.com>"
    assert parsed.references == ("<a@cafex.com>", "<zero@cafex.com>")
    assert parsed.defects == ()


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_raw_eight_bit_headers(charset):
    parsed = parse("From: Jörg <j@example.org>\r\nSubject: Löschung\r\n\r\nx".encode(charset))
    assert (parsed.from_name, parsed.subject) == ("Jörg", "Löschung")


def test_no_from_no_date_no_text_are_named():
    parsed = parse(b"Subject: hello\r\n\r\n")
    assert parsed.readable
    assert parsed.header_from == ""
    for defect in ("no From", "no usable date", "no text"):
        assert defect in defects(parsed)


def test_an_empty_mail_and_one_without_a_header():
    assert parse(b"").readable
    assert parse(b"\r\n\r\njust words\r\n").text.endswith("just words")


def test_two_from_fields_are_named():
    parsed = parse(mail("From: ann@example.org", "From: bob@example.net"))
    assert parsed.header_from == "ann@example.org"
    assert "more than one From" in defects(parsed)


def test_what_screening_needs_is_kept_and_no_more():
    parsed = parse(
        mail("From: a@example.org", "Auto-Submitted: auto-replied", "List-Id: x", "X-Secret: y")
    )
    assert parsed.header("auto-submitted") == "auto-replied"
    assert parsed.header("List-ID") == "x"
    assert parsed.header("x-secret") == ""


def test_an_overlong_header_is_cut_and_named():
    parsed = parse(mail("From: ann@example.org", "Subject: " + "word " * 100_000))
    assert parsed.header_from == "ann@example.org"
    assert len(parsed.subject) <= 1000
    assert "header is too long" in defects(parsed)


# --- bodies


def test_plain_text_stands_as_written():
    parsed = parse(mail("From: a@example.org", body="Dear all,\r\n\r\n  two  blanks\r\nbye"))
    assert parsed.text == "Dear all,\n\n  two  blanks\nbye"
    assert parsed.shown == parsed.text


@pytest.mark.parametrize(
    ("declared", "raw", "text"),
    [
        ("utf-8", "Grüße €".encode(), "Grüße €"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", "Grüße €".encode("cp1252"), "Grüße €"),
        ("gb2312", "删除数据".encode("gb18030"), "删除数据"),
        ("shift_jis", "データ①".encode("cp932"), "データ①"),
        ("iso-2022-jp", "データ".encode("iso2022_jp"), "データ"),
    ],
)
def test_character_sets(declared, raw, text):
    head = f"From: a@example.org\r\nContent-Type: text/plain; charset={declared}\r\n\r\n"
    assert parse(head.encode() + raw).text == text


@pytest.mark.parametrize("declared", ["martian-7", "punycode", "zlib", "rot13", "x" * 500])
def test_unknown_character_sets_are_named_and_guessed(declared):
    head = f"From: a@example.org\r\nContent-Type: text/plain; charset={declared}\r\n\r\n"
    parsed = parse(head.encode() + "Grüße".encode())
    assert parsed.text == "Grüße"
    assert "unknown character set" in defects(parsed)


def test_undecodable_bytes_are_named():
    head = b"From: a@example.org\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n"
    assert "could not be decoded" in defects(parse(head + b"\x00\xd8abc"))


def test_of_two_forms_the_plain_one_unless_it_says_nothing():
    plain, html = "Content-Type: text/plain\r\n\r\nplain", "Content-Type: text/html\r\n\r\n<p>rich"
    assert parse(mixed(plain, html, kind="alternative")).text == "plain"
    blank = "Content-Type: text/plain\r\n\r\n \r\n"
    assert parse(mixed(blank, html, kind="alternative")).text == "rich"


def test_hidden_words_are_left_out_and_named():
    html = "Content-Type: text/html\r\n\r\n<p>seen</p><p style='DISPLAY: none'>not seen</p>after"
    parsed = parse(mixed(html))
    assert parsed.text == "seen\n\nafter"
    assert "hidden" in defects(parsed)


def test_attachments_are_listed_with_the_hash_of_their_bytes():
    payload = b"%PDF-1.7 invented"
    encoded = base64.encodebytes(payload).decode()
    parsed = parse(
        mixed(
            "Content-Type: text/plain\r\n\r\nsee attached",
            "Content-Type: application/pdf; name=id.pdf\r\nContent-Transfer-Encoding: base64\r\n"
            f"\r\n{encoded}",
            "Content-Type: application/octet-stream\r\n\r\nnameless",
            "Content-Type: text/plain\r\nContent-Disposition: attachment;\r\n"
            " filename*=utf-8''n%C3%B6.txt\r\n\r\nnot for reading",
        )
    )
    first, second, third = parsed.attachments
    assert (first.name, first.media_type, first.size) == ("id.pdf", "application/pdf", len(payload))
    assert first.sha256 == hashlib.sha256(payload).hexdigest()
    assert second.name == ""
    assert third.name == "nö.txt"
    assert parsed.text == "see attached"


def test_a_forwarded_mail_is_marked_and_not_the_senders_own_word():
    inner = "Content-Type: message/rfc822\r\n\r\nSubject: old\r\n\r\nplease delete my account"
    parsed = parse(mixed("Content-Type: text/plain\r\n\r\nWhat shall we do with this one?", inner))
    passed_on = parsed.text.partition(FORWARDED)[2].strip()
    assert passed_on == "Subject: old\n\nplease delete my account"
    assert parsed.shown == "What shall we do with this one?"


def test_a_forwarded_mail_alone_is_read():
    inner = "Content-Type: message/rfc822\r\n\r\nSubject: old\r\n\r\nplease delete my account"
    assert parse(mixed(inner)).shown.endswith("please delete my account")


@pytest.mark.parametrize(
    "top", ["FYI", "see attached", "Von meinem iPhone gesendet", "-- \r\nBob Example, Sales, Ltd"]
)
def test_with_next_to_nothing_above_a_forwarded_mail_is_read_and_left_to_a_person(top):
    inner = (
        "Content-Type: message/rfc822\r\n\r\nFrom: bob@example.org\r\n\r\nplease delete my account"
    )
    parsed = parse(mixed(f"Content-Type: text/plain\r\n\r\n{top}", inner))
    assert "please delete my account" in parsed.shown
    assert "passes on another mail" in defects(parsed)
    reading = CLASSIFIER.read(parsed)
    assert (reading.kinds, reading.decision) == (("deletion",), "triage")


def test_a_returned_mail_gives_its_id_and_no_words():
    parsed = parse(
        mixed(
            "Content-Type: text/plain\r\n\r\nYour letter could not be delivered.",
            "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example.org\r\n\r\n"
            "Final-Recipient: rfc822; ann@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
            "Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@cafex.com>\r\n\r\nour words",
            kind="report; report-type=delivery-status",
        )
    )
    assert parsed.returned_ids == ("<ours@cafex.com>",)
    assert parsed.text == "Your letter could not be delivered."
    assert parsed.header("report-action") == "failed"
    assert parsed.header("report-status") == "5.1.1"


def test_broken_mime_is_named_and_its_words_kept():
    parsed = parse(
        b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=none\r\n\r\nplease delete"
    )
    assert "MIME structure is broken" in defects(parsed)
    assert "please delete" in parsed.text


def test_controls_and_halves_of_pairs_are_not_text():
    parsed = parse(b"From: a@example.org\r\nSubject: a\x00b\r\n\r\none\x00two\x1b[31m\r\nthree")
    assert parsed.text == "onetwo[31m\nthree"
    assert "\x00" not in parsed.subject


def test_text_is_capped_and_it_is_said():
    parsed = parse(mail("From: a@example.org", body="x" * 2_000_000))
    assert len(parsed.text) == 2**20
    assert "very long" in defects(parsed)


def test_attachments_are_capped_and_it_is_said():
    parsed = parse(mixed(*["Content-Type: image/png\r\n\r\nx"] * 250))
    assert len(parsed.attachments) == 200
    assert "more than 200 attachments" in defects(parsed)


# --- what no parser survives, survived


def nested(levels: int) -> bytes:
    parts = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(levels)
    )
    return ("From: ann@example.org\r\nSubject: deep\r\n" + parts).encode()


BOMBS = {
    "nested 10,000": nested(10_000),
    "nested messages": b"From: ann@example.org\r\n"
    + b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
    "many parts": mixed(*["Content-Type: text/plain\r\n\r\nx"] * 5000),
    "combining marks": b"From: ann@example.org\r\nSubject: x\r\n\r\n"
    + ("a" + "\u0315\u0300" * 100_000).encode(),
    "combining marks in the subject": b"From: ann@example.org\r\nSubject: "
    + ("a" + "\u0315\u0300" * 100_000).encode()
    + b"\r\n\r\nx",
    "encoded words": b"From: ann@example.org\r\nSubject: "
    + b"=?utf-8?q?x?= " * 100_000
    + b"\r\n\r\n",
    "quotes in From": b"From: " + b'"' * 100_000 + b"\r\nSubject: x\r\n\r\n",
    "semicolons": b"From: ann@example.org\r\nContent-Type: text/plain"
    + b";" * 1_000_000
    + b"\r\n\r\nx",
    "headings": b"From: ann@example.org\r\n\r\n" + b"On " * 60_000 + b"wrote:\r\n> x",
    "blanks": b"From: ann@example.org\r\n\r\n" + b" " * 190_000 + b"\r\n> x",
    "angles": b"From: ann@example.org\r\nContent-Type: text/html\r\n\r\n" + b"<" * 200_000,
}


#: nothing that a scan could cut, and minutes of work: the worker has to be killed
ENDLESS = b"From: ann@example.org\r\n\r\n" + b"\n" * 31_000_000
CLASSIFIER = Classifier(registry.load())


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    parser = Parser(wall=4.0, attempts=1, workers=1)
    await parser.start()
    yield parser
    await parser.stop()


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_costs_the_worker_and_not_us(parser, bomb):
    longest = 0.0

    async def heartbeat() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    beating = asyncio.create_task(heartbeat())
    parsed, _ = await parser.read(BOMBS[bomb])
    beating.cancel()
    assert parsed.defects
    assert longest < 1.0
    if bomb != "quotes in From":
        assert parsed.header_from == "ann@example.org"


async def test_a_mail_that_takes_too_long_is_given_up_and_the_next_one_read(parser):
    parser.wall = 0.5
    parsed, reading = await parser.read(ENDLESS)
    assert (parsed.readable, reading, parser.killed) == (False, None, 1)
    assert parsed.header_from == "ann@example.org"
    parser.wall = 10.0
    parsed, reading = await parser.read(mail("From: a@example.org", body="delete my account"))
    assert parsed.readable
    assert reading is not None
    assert reading.kinds == ("deletion",)


async def test_memory_is_bounded():
    parser = Parser(memory=200 * 2**20, attempts=1)
    parsed = await parser.parse(mail("From: ann@example.org", body="x" * 30_000_000))
    await parser.stop()
    assert not parsed.readable
    assert parsed.header_from == "ann@example.org"


async def test_a_cancelled_reading_gives_its_answer_to_nobody_else(parser):
    first = asyncio.create_task(parser.parse(mail("From: a@example.org", body="one" * 300_000)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (await parser.parse(mail("From: a@example.org", body="two"))).text == "two"


async def test_a_bomb_holds_up_no_other_mail():
    parser = Parser(wall=1.0, attempts=1)
    await parser.parse(mail("From: a@example.org"))
    slow = asyncio.create_task(parser.parse(ENDLESS))
    quick = await parser.parse(mail("From: a@example.org", body="quick"))
    assert (quick.text, slow.done()) == ("quick", False)
    assert not (await slow).readable
    await parser.stop()


async def test_a_worker_that_died_is_replaced(parser):
    for worker in parser._all:
        process = await worker.running()
        process.kill()
        await process.wait()
    assert (await parser.parse(mail("From: a@example.org", body="still here"))).text == "still here"


async def test_what_the_operator_says_of_their_address_reaches_the_worker():
    wrote = mail("From: a@example.org", body="You sit at\n1 Example Street, Paris")
    found = []
    for offices in ((), ("1 Example Street, Paris",)):
        parser = Parser(workers=1, offices=offices)
        _, reading = await parser.read(wrote)
        await parser.stop()
        assert reading is not None
        found.append(reading.regimes)
    assert found == [("eu_gdpr",), ("policy",)]


async def test_a_file_where_we_were_started_stands_in_for_no_module(tmp_path, monkeypatch):
    (tmp_path / "msgspec.py").write_text("raise SystemExit('not yours')")
    monkeypatch.chdir(tmp_path)
    parser = Parser(workers=1)
    await parser.start()
    assert (await parser.parse(mail("Subject: x"))).subject == "x"
    await parser.stop()


async def test_a_worker_that_does_not_start_is_said():
    parser = Parser("intake.there_is_none", workers=1)
    with pytest.raises(NoWorker):
        await parser.start()
    await parser.stop()
