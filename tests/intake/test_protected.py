"""Signed and encrypted mails: recognised, said in words, and what is readable of them read."""

import base64

import pytest

from intake import protected
from intake.parse import parse
from storage.records import ParsedMail
from tests.intake.bombs import of, typed

SIGNED_DATA = bytes.fromhex("308006092a864886f70d010702a0803000")
ENVELOPED_DATA = bytes.fromhex("308006092a864886f70d010703a0803000")


def parts(kind: bytes, *inner: bytes) -> ParsedMail:
    head = b"multipart/" + kind + b"; boundary=cut"
    return parse(typed(head, b"".join(b"--cut\r\n" + i + b"\r\n" for i in inner) + b"--cut--\r\n"))


def opaque(content: bytes, kind: bytes = b"application/pkcs7-mime; name=smime.p7m") -> ParsedMail:
    return parse(typed(kind, base64.encodebytes(content), b"base64"))


def test_pgp_mime_signed_is_read_and_said():
    signature = b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nx"
    found = parts(b'signed; protocol="application/pgp-signature"', b"\r\ndelete my data", signature)
    assert found.text == "delete my data"
    assert protected.SIGNED.format("PGP") in found.defects


def test_smime_signed_in_the_clear_is_read_and_said():
    signature = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx"
    declared = b'signed; protocol="application/pkcs7-signature"'
    found = parts(declared, b"\r\ndelete my data", signature)
    assert found.text == "delete my data"
    assert protected.SIGNED.format("S/MIME") in found.defects


def test_pgp_mime_encrypted_is_said():
    found = parts(
        b'encrypted; protocol="application/pgp-encrypted"',
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
        b"Content-Type: application/octet-stream; name=a.asc\r\n\r\n-----BEGIN PGP MESSAGE-----",
    )
    assert protected.ENCRYPTED.format("PGP") in found.defects
    assert found.text == ""
    assert found.readable


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SIGNED_DATA, protected.WRAPPED.format("S/MIME")),
        (ENVELOPED_DATA, protected.ENCRYPTED.format("S/MIME")),
        (b"", protected.ENCRYPTED.format("S/MIME")),
    ],
)
def test_smime_that_wraps_its_words_is_said(content, words):
    assert words in opaque(content).defects
    assert words in opaque(content, b"application/octet-stream; name=SMIME.P7M").defects


def test_pgp_in_the_text_is_said_and_its_armour_not_shown():
    text = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nplease delete my data\r\n"
        b"- -- \r\nAnn\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nx\r\n-----END PGP SIGNATURE-----\r\n"
    )
    found = parse(of(body=text))
    assert found.shown == "please delete my data"
    assert "BEGIN PGP SIGNATURE" in found.text
    assert protected.SIGNED.format("PGP") in found.defects
    encrypted = parse(
        of(body=b"-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n-----END PGP MESSAGE-----\r\n")
    )
    assert protected.ENCRYPTED.format("PGP") in encrypted.defects


def test_winmail_dat_is_said():
    found = opaque(b"\x78\x9f\x3e\x22\x00\x00", b"application/ms-tnef; name=winmail.dat")
    assert protected.TNEF in found.defects


def test_an_ordinary_mail_is_neither():
    assert not any("signed" in d or "encrypted" in d for d in parse(of()).defects)
