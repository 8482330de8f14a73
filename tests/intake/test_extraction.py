"""The text of attachments: what can be read is, and nothing is unpacked without a bound."""

import base64
import io
import zipfile

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.attachments import listed
from intake.extraction import CUT, LOCKED, NOT_OPENED, NOT_READ, PACKED, SCANNED, text_of
from intake.parse import Parser
from tests.intake.bombs import MB, mixed

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def read(content: bytes, claimed: str = "application/octet-stream"):
    return text_of(listed("x", claimed, content)[0], content)


def docx(body: str, *, head: str = "", **others: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        xml = f'<?xml version="1.0"?>{head}<w:document xmlns:w="{_W}">{body}</w:document>'
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", xml)
        for name, text in others.items():
            packed.writestr(f"word/{name}.xml", text)
    return file.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def pdf(*pages: str, password: str = "") -> bytes:
    """A small PDF of our own making, with one line on each page."""
    writer = pypdf.PdfWriter()
    for text in pages:
        page = writer.add_blank_page(200, 200)
        stream = pypdf.generic.DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode())
        font = pypdf.generic.DictionaryObject()
        for key, value in (("/Type", "/Font"), ("/Subtype", "/Type1"), ("/BaseFont", "/Helvetica")):
            font[pypdf.generic.NameObject(key)] = pypdf.generic.NameObject(value)
        fonts = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/F1"): font})
        name = pypdf.generic.NameObject
        page[name("/Resources")] = pypdf.generic.DictionaryObject({name("/Font"): fonts})
        page[name("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "claimed", "text"),
    [
        (b"please delete my data\r\n", "text/plain", "please delete my data"),
        ("Löschen Sie".encode("cp1252"), "text/plain", "Löschen Sie"),
        (b"name,kind\nann,deletion\n", "text/csv", "name,kind\nann,deletion"),
        ("name\tkind".encode("utf-16"), "text/csv", "name\tkind"),
        (b"<html><body><p>one<p>two</body></html>", "text/html", "one\n\ntwo"),
        (pdf("delete my data", "page two"), "application/pdf", "delete my data\n\npage two"),
        (docx(paragraph("delete") + paragraph("my data")), "", "delete\nmy data"),
        (docx("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/></w:r></w:p>"), "", "a\tb"),
        (
            docx("<w:del><w:r><w:delText>old</w:delText></w:r></w:del>" + paragraph("new")),
            "",
            "new",
        ),
    ],
)
def test_words_are_read(content, claimed, text):
    assert read(content, claimed).text == text


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, NOT_OPENED),
        (b"PK\x03\x04" + b"\0" * 40, NOT_OPENED),
        (b"%PDF-1.7\nnothing of a PDF", NOT_READ),
        (pdf("secret", password="x"), LOCKED),
        (pdf(""), SCANNED),
        (docx(paragraph("unfinished"))[:-40], NOT_READ),
        (docx("<w:p>" + "<w:r>" * 3), NOT_READ),
        (docx(paragraph("a" * 2 * MB)), PACKED),
        (docx(" " * 30 * MB), PACKED),
        (
            docx(paragraph("&a;"), head='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">]>'),
            NOT_READ,
        ),
    ],
)
def test_what_is_not_read_says_why(content, note):
    found = read(content)
    assert (found.text, found.note) == ("", note)


def test_what_is_long_is_cut_and_says_so():
    assert read(b"words " * 500_000).note == CUT
    assert len(read(b"words " * 500_000).text) == 200_000
    many = pdf(*(["page"] * 60))
    assert read(many, "application/pdf").note == CUT
    words = "".join(paragraph(f"{number} words") for number in range(30_000))
    assert read(docx(words)).note == CUT


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_says_why(data):
    content = bytearray(data.draw(st.sampled_from([pdf("a", "b"), docx(paragraph("a"))])))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = read(bytes(content))
    assert found.text or found.note


# --- through the worker


def attached(content: bytes, claimed: str, name: str) -> bytes:
    head = f"Content-Type: {claimed}; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(content)


async def test_the_parser_gives_the_text_of_the_attachment_at_that_place():
    content = mixed(
        b"\r\nsee attached",
        attached(b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "image/png", "a.png"),
        attached(pdf("delete my data"), "application/octet-stream", "letter.pdf"),
    )
    parser = Parser(workers=1)
    parsed = await parser.parse(content)
    assert [a.name for a in parsed.attachments] == ["a.png", "letter.pdf"]
    assert (await parser.attachment_text(content, 0)).note == NOT_OPENED
    found = await parser.attachment_text(content, 1)
    assert (found.name, found.text, found.note) == ("letter.pdf", "delete my data", "")
    assert (await parser.attachment_text(content, 2)).note == NOT_READ
    await parser.stop()


async def test_a_reader_that_does_not_come_back_is_killed(monkeypatch):
    parser = Parser(workers=1, wall=0.5, attempts=1)
    await parser.start()
    slow = mixed(attached(pdf(*["x" * 2000] * 50), "application/pdf", "a.pdf"), b"\n" * 20 * MB)
    assert (await parser.attachment_text(slow, 0)).note == NOT_READ
    assert parser.killed == 1
    await parser.stop()
