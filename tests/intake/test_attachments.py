"""What mails carry: names that mean nothing to a system, types by content."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.attachments import DOCX, OTHER_TYPE, PROGRAM, listed, safe_name, type_of

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600


def packed(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("claimed", "name"),
    [
        ("", ""),
        ("passport.pdf", "passport.pdf"),
        ("Löschantrag 1.pdf", "Löschantrag 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\a.exe", "a.exe"),
        ("a/../..", "unnamed"),
        (".htaccess", "htaccess"),
        ("NUL.txt", "_NUL.txt"),
        ("com1", "_com1"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\x00b\nc.txt", "ab c.txt"),
        ('a"b<c>|d?.txt', "a_b_c__d_.txt"),
        ("x" * 500 + ".pdf", "x" * 109 + ".pdf"),
        ("\u200b\u200b", "unnamed"),
    ],
)
def test_names_are_made_safe(claimed, name):
    assert safe_name(claimed) == name


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_name_is_dangerous(claimed):
    name = safe_name(claimed)
    assert bool(name) is bool(claimed)
    assert len(name) <= 120
    assert not set(name) & set('/\\<>:"|?*\0\n\r\u202e')
    assert not name.startswith((".", " "))
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 40, "image/jpeg"),
        (b"name,kind\nann,deletion\n", "text/plain"),
        ("Grüße".encode(), "text/plain"),
        (b"BMW is a make of cars", "text/plain"),
        (b"<html><body>hello</body></html>", "text/html"),
        (packed(word__document_xml="x").replace(b"document_xml", b"document.xml"), DOCX),
        (packed(other="x"), "application/zip"),
        (OLE, "application/x-ole-storage"),
        (b"", ""),
        (b"\x01\x02\x03\xff", ""),
    ],
)
def test_types_are_known_by_content(content, found):
    assert type_of(content) == found


@pytest.mark.parametrize(
    ("claimed", "content", "shown", "fault"),
    [
        ("application/pdf", b"%PDF-1.7\n%\xe2\xe3", "application/pdf", ""),
        ("application/octet-stream", b"%PDF-1.7\n%\xe2\xe3", "application/pdf", ""),
        ("application/msword", OLE, "application/msword", ""),
        ("text/csv", b"a,b\n1,2\n", "text/csv", ""),
        ("application/pgp-signature", b"-----BEGIN PGP", "application/pgp-signature", ""),
        ("image/png", b"<html><body>x</body></html>", "text/html", OTHER_TYPE),
        ("application/pdf", packed(other="x"), "application/zip", OTHER_TYPE),
        ("application/pdf", b"MZ" + b"\x90" * 60, "application/pdf", PROGRAM),
        ("image/png", b"#!/bin/sh\necho\n", "text/plain", PROGRAM),
    ],
)
def test_what_an_attachment_claims_is_kept_where_its_content_says_otherwise(
    claimed, content, shown, fault
):
    attachment, said = listed("x", claimed, content)
    assert (attachment.media_type, said) == (shown, fault)
    assert attachment.claimed == ("" if shown == claimed else claimed)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["image/png", "text/plain", "x/y", ""]))
def test_any_bytes_have_a_type(content, claimed):
    attachment, _ = listed("x", claimed, content)
    assert attachment.size == len(content)
