"""Whatever the bytes: a ParsedMail within its caps, and no exception."""

import base64
import quopri
from email.message import EmailMessage

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import registry
from intake import mime
from intake.classify import Classifier
from intake.parse import Answer, Job, answer
from tests.intake.bombs import HTML, mixed, typed
from tests.intake.replies import FORWARDS, REPLIES

CLASSIFIER = Classifier(registry.load())


def forwarded(text: str) -> bytes:
    inner, outer = EmailMessage(), EmailMessage()
    inner["From"], outer["From"] = "bob@example.org", "ann@example.org"
    inner.set_content(text)
    outer.set_content("FYI")
    outer.add_attachment(inner)
    outer.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="ä.pdf")
    return outer.as_bytes()


BOUNCE = mixed(
    b"Content-Type: text/plain\r\n\r\nNot delivered.",
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example.org\r\n\r\n"
    b"Final-Recipient: rfc822; ann@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@cafex.com>\r\n\r\nour words",
)
SEEDS = [
    *(
        typed(b"text/plain; charset=utf-8", r.text.encode())
        for r in (*REPLIES[::9], *FORWARDS[::7])
    ),
    typed(b"text/plain", quopri.encodestring(b"Gr\xfc\xdfe " * 9), b"quoted-printable"),
    typed(b"text/html", base64.encodebytes(b"<p>one<br>two <b hidden>x</b>"), b"base64"),
    typed(b"text/html", HTML["nested lists"]()[:2000].encode()),
    forwarded("please delete my account"),
    BOUNCE,
    BOUNCE.replace(b"multipart/mixed", b"multipart/report; report-type=delivery-status"),
    b"From: =?utf-8?b?QW5u?= <ann@example.org>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\nhi",
]
#: what mails are made of, for putting it where it does not belong
PIECES = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"--cut\r\n",
        b"--cut--",
        b"\x00",
        b"\xff\xfe",
        b";" * 50,
    ),
    *(b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: multipart/mixed; boundary=cut\r\n"),
    *(b"Content-Type: multipart/report\r\n", b"Content-Transfer-Encoding: base64\r\n", b"=?x?q?"),
    *(b"charset=punycode", b"From: ", b"Subject: =?utf-8?b?////?=\r\n", b"<!--", b"=\r\n", b"> "),
    *(b"Date: Tue, 99 Foo 9999 99:99:99 +9999\r\n", b"filename*=x'y'%ff", b"boundary=\r\n"),
]


def check(content: bytes) -> None:
    """All that is promised of any mail, also over the pipe and for each attachment."""
    found = answer(Job(content=content), CLASSIFIER)
    parsed = found.parsed
    assert parsed.readable
    assert len(parsed.text) <= 2**20
    assert len(parsed.shown) <= 2**20
    assert len(parsed.attachments) <= 200
    assert len(parsed.subject) <= 1000
    assert all(len(value) <= 500 for _, value in parsed.headers)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Answer) == found
    for index in range(len(parsed.attachments[:3])):
        one = answer(Job(content=content, classify=False, attachment=index), CLASSIFIER).attachment
        assert one is not None
        assert one.text or one.note
    bare = mime.unreadable(content)
    assert not bare.readable
    msgspec.msgpack.encode(bare)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_mails_are_read(data):
    content = data.draw(st.sampled_from(SEEDS))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        until = data.draw(st.integers(at, min(at + 30, len(content))))
        put = data.draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)))
        content = content[:at] + put + content[until:]
    check(content)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=30))
def test_random_bytes_are_read(pieces):
    check(b"".join(pieces))
