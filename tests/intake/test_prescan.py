"""The scan before parsing: it marks, it cuts, it never rejects; honest mails pass as they are."""

import email
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.parse import parse
from intake.prescan import DEEP, HEADER, MANY, prescan
from tests.intake.bombs import MB, SENDER, mixed, nested, of, typed


def many(number: int) -> bytes:
    return mixed(*[b"Content-Type: text/plain\r\n\r\npart %d" % n for n in range(number)])


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        (of(b"X-Long: " + b"x" * 300 * 1024 + b"\r\n"), HEADER),
        (of(b"X-A: b\r\n" * 2001), HEADER),
        (of(b"X-Folded: a\r\n" + b" b\r\n" * 2001), HEADER),
        (typed(b"text/plain" + b";" * 9000, b"x"), HEADER),
        (mixed(b"Content-Disposition: x" + b";" * 9000 + b"\r\n\r\nx"), HEADER),
        (many(1001), MANY),
        (nested(102), DEEP),
        (SENDER + b"Content-Type: message/rfc822\r\n\r\n" * 102, DEEP),
    ],
)
def test_what_is_too_much_is_marked_and_the_mail_is_read(content, mark):
    assert prescan(content)[1] == (mark,)
    parsed = parse(content)
    assert mark in parsed.defects
    assert parsed.readable
    assert parsed.header_from == "ann@example.org"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"no header at all",
        of(),
        of(b"X-Long: " + b"x" * 30_000 + b"\r\n"),
        of(b"X-A: b\r\n" * 1900),
        many(990),
        nested(98),
        typed(b"multipart/mixed", b"--x\r\n\r\nwithout a boundary"),
        of(body=b"--cut\r\n" * 2000),
    ],
)
def test_what_is_not_too_much_passes_as_it_is(content):
    assert prescan(content) == (content, ())


def test_of_too_many_parts_the_first_are_read():
    text = parse(many(1500)).text
    assert text.startswith("part 0\n\npart 1\n\n")
    assert "part 990" in text


def test_what_stands_beside_a_part_that_is_too_deep_is_read():
    deep = nested(150).partition(b"\r\nSubject: x\r\n")[2]
    parsed = parse(mixed(b"\r\nbefore", deep, b"\r\nand after"))
    assert DEEP in parsed.defects
    assert parsed.text == "before\n\nand after"


def test_a_field_that_is_too_long_costs_no_other_field():
    content = b"X-Long: " + b"x" * 10 * MB + b"\r\n" + of()
    assert parse(content).header_from == "ann@example.org"


@st.composite
def honest(draw: st.DrawFn) -> bytes:
    """A well-formed mail with parts, attachments and a mail inside."""
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message["Subject"] = draw(st.text("abc ", max_size=50))
    message.set_content(draw(st.text(st.characters(codec="utf-8", exclude_categories=("C",)))))
    if draw(st.booleans()):
        message.add_alternative("<p>hello</p>", subtype="html")
    for content in draw(st.lists(st.binary(max_size=300), max_size=4)):
        message.add_attachment(content, maintype="image", subtype="png", filename="a.png")
    if draw(st.booleans()):
        inner = EmailMessage()
        inner.set_content("--\nplease delete me")
        message.add_attachment(inner)
    for number, part in enumerate(message.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"honest.{number}")
    return message.as_bytes()


def shape(content: bytes) -> list[tuple[str, int]]:
    parts = email.message_from_bytes(content).walk()
    return [(part.get_content_type(), len(part.get_payload())) for part in parts]


@settings(max_examples=30, deadline=None)
@given(honest(), st.integers(min_value=1, max_value=6))
def test_the_scan_changes_nothing_of_an_honest_mail(content, copies):
    assert prescan(content) == (content, ())
    parts = [b"Content-Type: message/rfc822\r\n\r\n" + content] * copies
    several = mixed(*parts, boundary=b"around")
    assert prescan(several) == (several, ())


@settings(max_examples=15, deadline=None)
@given(st.lists(honest(), min_size=1, max_size=3))
def test_what_the_scan_leaves_out_is_all_it_leaves_out(mails):
    """Parts before one that is too deep, and those after it, stay as they were."""
    parts = [b"Content-Type: message/rfc822\r\n\r\n" + mail for mail in mails]
    deep = nested(150).partition(b"\r\nSubject: x\r\n")[2]
    left, marks = prescan(mixed(*parts, deep, *parts, boundary=b"around"))
    assert marks == (DEEP,)
    whole = shape(mixed(*parts, *parts, boundary=b"around"))[1:]
    half = len(whole) // 2
    found = shape(left)[1:]
    assert found[:half] == whole[:half]
    assert found[-half:] == whole[half:]


def test_the_scan_is_linear():
    """Twenty times the mail may take at most sixty times our own computing."""

    def seconds(content: bytes) -> float:
        started = time.process_time()
        prescan(content)
        return time.process_time() - started

    def made(times: int) -> bytes:
        return mixed(*[b"--x\r\nA: b\r\n\r\n--y\r\n"] * 400, b"\r\n" + b"--z\r\n" * 20_000 * times)

    assert seconds(made(20)) < 60 * max(seconds(made(1)), 0.005)
