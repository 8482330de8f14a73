"""Mails made to hurt a parser: small or large, all lawful to send, none of them stored here.

Each is made when it is asked for. HTML stands apart, so that it can be tried alone too.
"""

import base64
import binascii
import io
import quopri
import zipfile
from collections.abc import Callable

SENDER = b"From: Ann Example <ann@example.org>\r\nTo: compliance@cafex.com\r\n"
MB = 2**20


def of(head: bytes = b"Subject: x\r\n", body: bytes = b"please delete my account\r\n") -> bytes:
    return SENDER + head + b"\r\n" + body


def mixed(*parts: bytes, boundary: bytes = b"cut") -> bytes:
    inner = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    head = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=" + boundary + b"\r\n"
    return of(head, inner + b"--" + boundary + b"--\r\n")


def typed(kind: bytes, body: bytes, encoding: bytes = b"") -> bytes:
    head = b"Subject: x\r\nContent-Type: " + kind + b"\r\n"
    head += b"Content-Transfer-Encoding: " + encoding + b"\r\n" if encoding else b""
    return of(head, body)


def nested(levels: int, kind: str = "multipart/mixed", *, same: bool = False) -> bytes:
    parts = []
    for level in range(levels):
        name = "b" if same else f"b{level}"
        parts.append(f"Content-Type: {kind}; boundary={name}\r\n\r\n--{name}\r\n")
    return SENDER + b"Subject: x\r\n" + "".join(parts).encode()


def chains(number: int, levels: int) -> bytes:
    parts = []
    for chain in range(number):
        names = [f"c{chain}x{level}" for level in range(levels)]
        inner = "".join(
            f"Content-Type: multipart/mixed; boundary={n}\r\n\r\n--{n}\r\n" for n in names
        )
        parts.append(inner.encode() + b"Content-Type: text/plain\r\n\r\nx")
    return mixed(*parts)


def packed_zeros() -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("z", "w") as member,
    ):
        for _ in range(256):
            member.write(b"\0" * MB)
    encoded = base64.encodebytes(file.getvalue())
    return typed(b"application/zip; name=z.zip", encoded, b"base64")


MARKS = "a" + "\u0315\u0300" * 100_000  # normalising them takes the square of their number
RUN = ("\u0315\u0300" * 200_000).encode()

BOMBS: dict[str, Callable[[], bytes]] = {
    # structure
    "10,000 nested multiparts": lambda: nested(10_000),
    "10,000 nested messages": lambda: SENDER + b"Content-Type: message/rfc822\r\n\r\n" * 10_000,
    "the same boundary nested 10,000": lambda: nested(10_000, same=True),
    "20,000 parts in 400 chains": lambda: chains(400, 50),
    "100,000 parts": lambda: mixed(*[b"Content-Type: text/plain\r\n\r\nx"] * 100_000),
    "1,000,000 parts": lambda: mixed(*[b"\r\nx"] * 1_000_000),
    "100,000 attachments": lambda: mixed(
        *[b"Content-Type: image/png; name=a.png\r\n\r\nx"] * 100_000
    ),
    "a boundary that never comes": lambda: typed(
        b"multipart/mixed; boundary=none", b"--\r\n" * 500_000
    ),
    # header
    "100,000 distinct headers": lambda: of(
        b"".join(b"X-%d: y\r\n" % number for number in range(100_000))
    ),
    "one header line of 10 MB": lambda: of(b"X-Long: " + b"x" * 10 * MB + b"\r\n"),
    "a header folded 1,000,000 times": lambda: of(b"X-Long: y\r\n" + b" y\r\n" * MB),
    "a Subject of 500,000 words": lambda: of(b"Subject: " + b"w " * 500_000 + b"\r\n"),
    "100,000 encoded words": lambda: of(b"Subject: " + b"=?utf-8?q?x?= " * 100_000 + b"\r\n"),
    "100,000 To addresses": lambda: of(b"Cc: " + b"a@example.org, " * 100_000 + b"\r\n"),
    "100,000 quotes": lambda: of(b"Cc: " + b'"' * 100_000 + b"\r\n"),
    "100,000 commas": lambda: of(b"Reply-To: " + b"," * 100_000 + b"\r\n"),
    "100,000 brackets": lambda: of(b"Cc: " + b"(" * 100_000 + b"\r\n"),
    "semicolons, 14 KB": lambda: typed(b"text/plain" + b";" * 14_000, b"x\r\n"),
    "semicolons, 1 MB": lambda: typed(b"text/plain" + b";" * MB, b"x\r\n"),
    "semicolons in a part": lambda: mixed(b"Content-Type: text/plain" + b";" * MB + b"\r\n\r\nx"),
    "100,000 parameters": lambda: typed(b"text/plain" + b"; a=b" * 100_000, b"x\r\n"),
    "10,000 RFC 2231 pieces": lambda: typed(
        b"image/png" + b"".join(b"; name*%d=x" % number for number in range(10_000)), b"x\r\n"
    ),
    # bodies
    "base64, 25 MB": lambda: typed(b"image/png", base64.encodebytes(b"\xff" * 22 * MB), b"base64"),
    "base64 in one line": lambda: typed(
        b"image/png", base64.b64encode(b"\xff" * 9 * MB), b"base64"
    ),
    "base64 junk": lambda: typed(b"text/plain", b"=A=!" * MB, b"base64"),
    "quoted-printable": lambda: typed(
        b"text/plain", quopri.encodestring(b"\xe9" * MB), b"quoted-printable"
    ),
    "soft breaks": lambda: typed(b"text/plain", b"=\r\n" * MB, b"quoted-printable"),
    "uuencode junk": lambda: typed(
        b"text/plain", b"begin 644 x\r\n" + b"M" * 5 * MB, b"x-uuencode"
    ),
    "bare CR": lambda: of(body=b"\r" * 2 * MB + b"x\r\n"),
    "line feeds": lambda: of(body=b"\n" * 2 * MB + b"x\r\n"),
    "spaces": lambda: of(body=b" " * MB + b"\r\n> x\r\n"),
    "On, On, On": lambda: of(body=b"On " * 60_000 + b"wrote:\r\n> x\r\n"),
    "20,000 headings": lambda: of(body=b"On 1 May a@example.org wrote:\r\n" * 20_000 + b"x\r\n"),
    "250,000 quoted lines": lambda: of(body=b"> a\r\n" * 250_000),
    "dashes": lambda: of(body=b"-" * MB + b"\r\n"),
    "PGP, begun 30,000 times": lambda: of(body=b"-----BEGIN PGP SIGNATURE-----\r\n" * 30_000),
    # character sets
    "charset punycode": lambda: typed(b"text/plain; charset=punycode", b"a" * 270_000 + b"-\r\n"),
    "charset zlib": lambda: typed(b"text/plain; charset=zlib", b"x\x9c" * 1000 + b"\r\n"),
    "charset utf-7": lambda: typed(b"text/plain; charset=utf-7", b"+AOk-" * 100_000 + b"\r\n"),
    "charset undefined": lambda: typed(b"text/plain; charset=undefined", b"\xff\xfe x\r\n"),
    "combining marks": lambda: of(body=MARKS.encode() + b"\r\n"),
    "combining marks, 2 MB": lambda: of(body=b"a" + RUN * 3 + b"\r\n"),
    "combining marks in the Subject": lambda: of(b"Subject: " + MARKS.encode() + b"\r\n"),
    "combining marks in From": lambda: (
        b"From: " + MARKS.encode() + b" <a@example.org>\r\n\r\nx\r\n"
    ),
    "combining marks of Thai": lambda: of(body=("ก" + "\u0e38\u0e48" * 100_000).encode() + b"\r\n"),
    "combining marks in encoded words": lambda: of(
        b"Cc: =?utf-8?b?" + base64.b64encode(RUN[:22_000]) + b"?= <a@example.org>\r\n" * 8
    ),
    # packed
    "a ZIP of zeros": packed_zeros,
    "NUL in base64": lambda: typed(b"text/plain", binascii.b2a_base64(b"\0" * MB), b"base64"),
}

_MANY = 2 * MB
HTML: dict[str, Callable[[], str]] = {
    "nested tables": lambda: "<table><tr><td>" * 100_000 + "end",
    "nested div": lambda: "<div>" * 100_000 + "end",
    "nested lists": lambda: "<ul><li>" * 5000 + "end",
    "100,000 attributes": lambda: "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">end",
    "1,000,000 entities": lambda: "&amp;" * 400_000,
    "a number of 1,000,000 digits": lambda: "&#" + "9" * MB + ";end",
    "2,000,000 of <": lambda: "<" * _MANY,
    "flat paragraphs": lambda: "<p>some words</p>" * 120_000,
    "br": lambda: "<br>" * 500_000 + "end",
    "a data: address": lambda: f"<img src='data:image/png;base64,{'A' * MB}'>end",
    "comments never closed": lambda: "<!-- " * 400_000,
    "declarations never closed": lambda: "<!" * MB,
    "instructions never closed": lambda: "<?" * MB,
    "CDATA never closed": lambda: "<![CDATA[" * 220_000,
    "marked sections": lambda: "<![" * 700_000,
    "tags never closed": lambda: "<a " * 700_000,
    "end tags never closed": lambda: "</a " * 500_000,
    "quotes never closed": lambda: "<a b='" * 330_000,
    "titles never closed": lambda: "<title>" + "</titl" * 300_000,
    "scripts": lambda: "<script>" * 250_000,
    "styles": lambda: f"<p style='{'display ' * 250_000}'>end",
    "blockquotes": lambda: "<blockquote>x<br>" * 110_000,
    "ampersands": lambda: "&a" * 900_000,
}


def html_mail(name: str) -> bytes:
    return typed(b"text/html; charset=utf-8", HTML[name]().encode() + b"\r\n")
