"""Envelope addresses: RFC 5321 and nothing else."""

import pytest

from intake.envelope import Addresses, fold, read_path, weigh


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("<ann@example.org>", "ann@example.org"),
        (" <ann@example.org>", "ann@example.org"),
        ("<>", ""),
        ('<"ann doe"@example.org>', '"ann doe"@example.org'),
        ("<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
        ("<jörg@bücher.example>", "jörg@bücher.example"),
        ("<@a.example,@b.example:ann@example.org>", "ann@example.org"),
        ("<a+b=c@example.org> SIZE=10 BODY=8BITMIME", "a+b=c@example.org"),
    ],
)
def test_addresses(argument, address):
    path = read_path(argument)
    assert path is not None
    assert path.address == address


NOT_ADDRESSES = (
    "",
    "<",
    "ann@example.org",
    "<ann>",
    "<ann@>",
    "<@example.org>",
    "<a..b@example.org>",
    "<ann@example..org>",
    "<ann@-x.example>",
    "<a b@example.org>",
    "<ann@example.org>x",
    "<ann@exa\x00mple.org>",
    "<ann\r@example.org>",
    "<a@b@example.org>",
    "<" + "a" * 300 + "@example.org>",
)


@pytest.mark.parametrize("argument", NOT_ADDRESSES)
def test_no_addresses(argument):
    assert read_path(argument) is None


def test_ours_with_and_without_tag():
    ours = Addresses(("Compliance@Cafex.com", "privacy+x@cafex.com"))
    assert ours.tag("compliance+c.pr-2026-0001.abc@CAFEX.com") == "c.pr-2026-0001.abc"
    assert ours.tag("compliance@cafex.com") == ""
    assert ours.tag("other+c.x@cafex.com") == ""
    assert ours.is_own("compliance+anything@cafex.com")
    assert ours.is_own("privacy+x@cafex.com")
    assert not ours.is_own("privacy@cafex.com")
    assert not ours.accepts("postmaster@example.org")


def test_needless_quotes_fold_away_and_needed_ones_stay():
    assert fold('"Ann"@Example.org') == "ann@example.org"
    assert fold('"a b"@example.org') == '"a b"@example.org'


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"SIZE": "100"}, ""),
        ({"SIZE": "101"}, "552"),
        ({"SIZE": "9" * 30}, "501"),
        ({"SIZE": "\u00b2"}, "501"),
        ({"BODY": "BINARYMIME"}, "501"),
        ({"SMTPUTF8": ""}, ""),
        ({"SMTPUTF8": "1"}, "501"),
        ({"RET": "HDRS"}, "555"),
    ],
)
def test_parameters(params, code):
    assert weigh(params, 100)[:3] == code
