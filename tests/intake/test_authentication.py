"""What a relay of ours wrote about the sender: who is believed, and what it means."""

import pytest

from intake.authentication import Origin, Trust, claimed
from intake.mime import parse
from intake.results import author_domain, domain_of, read
from storage.records import Sender

TRUST = Trust(ids=("mx.example.com",), relays=("192.0.2.0/24", "2001:db8::/64"))
RECEIVED = "Received: from a.example.org by mx.example.com with ESMTPS; Tue, 24 Nov 2026"
PERSON = "From: Ann <ann@example.org>\r\nTo: compliance@cafex.com"
PASS = "Authentication-Results: mx.example.com; dmarc=pass (p=reject) header.from=example.org"


def found(
    *lines: str, peer: str = "192.0.2.1", trust: Trust = TRUST, person: str = PERSON
) -> Sender | None:
    content = "\r\n".join([*lines, person, "", "Please delete my data.", ""]).encode()
    origin = Origin(peer=peer, mail_from="ann@example.org", trust=trust)
    return claimed(content, parse(content), origin)


def result(*lines: str, **said: object) -> str | None:
    sender = found(*lines, **said)  # type: ignore[arg-type]
    return sender.result if sender else None


def test_the_word_of_our_own_relay_is_believed():
    sender = found(PASS, RECEIVED)
    assert sender is not None
    assert sender.result == "pass"
    assert sender.words == "it comes from the domain in From (SPF none, DKIM none, DMARC pass)"


@pytest.mark.parametrize("peer", ["192.0.2.200", "::ffff:192.0.2.7", "2001:db8::25"])
def test_a_relay_is_known_by_its_network(peer: str):
    assert result(PASS, RECEIVED, peer=peer) == "pass"


@pytest.mark.parametrize("peer", ["198.51.100.1", "", "import", "2001:db8:1::25"])
def test_nobody_elses_connection_is_believed(peer: str):
    assert result(PASS, RECEIVED, peer=peer) == "none"


@pytest.mark.parametrize(
    "lines",
    [
        (RECEIVED, PASS),  # whoever wrote the mail wrote it
        (PASS.replace("mx.example.com", "mx.example.com.evil.example"), RECEIVED),
        (PASS.replace("mx.example.com", "evil.example"), RECEIVED),
        (PASS.replace("mx.example.com; ", ""), RECEIVED),
        (PASS.replace("mx.example.com;", "(mx.example.com) evil.example;"), RECEIVED),
        (PASS.replace("mx.example.com;", '"evil;mx.example.com";'), RECEIVED),
        (PASS.replace("Authentication-Results", "ARC-Authentication-Results"), RECEIVED),
        (PASS + " " + "x" * 5000, RECEIVED),
        (RECEIVED,),
        (),
    ],
)
def test_other_fields_are_ignored(lines: tuple[str, ...]):
    assert result(*lines) == "none"


def test_of_several_the_topmost_counts():
    fail = PASS.replace("dmarc=pass", "dmarc=fail")
    assert result(PASS, fail, RECEIVED) == "pass"
    assert result(fail, PASS, RECEIVED) == "refused"
    other = "Authentication-Results: other.example.com; dmarc=fail"
    assert result(other, PASS, RECEIVED) == "pass"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("MX.Example.COM 1; dmarc=pass header.from=example.org", "pass"),
        ("mx.example.com; spf=pass; dkim=fail; dkim=pass; dmarc=pass", "pass"),
        ("mx.example.com; dmarc=pass header.from=example.net", "none"),
        ("mx.example.com; dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=example.org", "failed"),
        ("mx.example.com; dmarc=fail (p=quarantine dis=none)", "refused"),
        ("mx.example.com; dmarc=fail (p=REJECT sp=NONE) header.from=example.org", "refused"),
        ("mx.example.com; dmarc=fail policy.dmarc=none", "failed"),
        ("mx.example.com; dmarc=fail policy.dmarc=reject", "refused"),
        ("mx.example.com; dmarc=fail", "refused"),  # nobody says what it wants
        ("mx.example.com; dmarc=temperror", "temperror"),
        ("mx.example.com; dmarc=none; spf=pass smtp.mailfrom=example.org", "none"),
        ("mx.example.com; spf=fail smtp.mailfrom=example.org", "refused"),
        ("mx.example.com; spf=softfail", "failed"),
        ('mx.example.com; dmarc=none; dkim=fail reason="dmarc=pass"', "none"),
        ("mx.example.com; spf=none (dmarc=pass; dmarc=pass)", "none"),
        ("mx.example.com; none", "none"),
        ("mx.example.com", "none"),
        ("mx.example.com; dmarc=passport", "none"),
    ],
)
def test_what_the_results_mean(said: str, wanted: str):
    assert result(f"Authentication-Results: {said}", RECEIVED) == wanted


MICROSOFT = Trust(ids=("microsoft365",), relays=("192.0.2.0/24",))
INSIDE = "Received: from A.eurprd01.prod.outlook.com by B.eurprd02.prod.outlook.com with HTTPS; x"
EDGE = (
    "Received: from mail.example.org (198.51.100.9) by"
    " AM0EUR02FT055.mail.protection.outlook.com (10.13.54.1) with SMTP; x"
)
M365 = (
    "Authentication-Results: spf=pass (sender IP is 198.51.100.9)\r\n"
    " smtp.mailfrom=example.org; dkim=pass (signature was verified)\r\n"
    " header.d=example.org;dmarc=pass action=none header.from=example.org;compauth=pass reason=100"
)


def test_microsoft_365_writes_no_name_and_is_read_all_the_same():
    assert result(INSIDE, M365, EDGE, trust=MICROSOFT) == "pass"
    assert result(INSIDE, EDGE, M365, trust=MICROSOFT) == "none"  # the sender's own
    assert result(INSIDE, M365, EDGE) == "none"  # not trusted here
    assert result(RECEIVED, M365, EDGE, trust=MICROSOFT) == "none"


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        ("dmarc=fail action=oreject", "refused"),
        ("dmarc=fail action=quarantine", "refused"),
        ("dmarc=fail action=pct.quarantine", "refused"),
        ("dmarc=fail action=none", "failed"),
        ("dmarc=bestguesspass action=none", "none"),
    ],
)
def test_what_microsoft_365_did_with_a_failure(action: str, wanted: str):
    line = M365.replace("dmarc=pass action=none", action)
    assert result(line, EDGE, trust=MICROSOFT) == wanted


def test_a_pass_needs_one_clear_from():
    two = f"{PERSON}\r\nFrom: ceo@example.net"
    assert result(PASS, RECEIVED, person=two) == "none"
    both = "From: ann@example.org, ceo@example.net\r\nTo: compliance@cafex.com"
    assert result(PASS, RECEIVED, person=both) == "none"
    assert result(PASS, RECEIVED, person="To: compliance@cafex.com") == "none"


def test_without_trust_only_what_speaks_against_its_own_mail_counts():
    nobody = Trust()
    assert result(PASS, RECEIVED, trust=nobody) is None
    sender = found(PASS.replace("dmarc=pass", "dmarc=fail"), RECEIVED, trust=nobody)
    assert sender is not None
    assert (sender.result, "example" in sender.words) == ("refused", False)
    assert result("Authentication-Results: x; spf=fail; dmarc=pass", trust=nobody) is None
    assert result("Authentication-Results: x; spf=fail", trust=nobody) == "refused"


@pytest.mark.parametrize("hostile", ["(" * 5000, "\\" * 5000, '"' * 5001, ";" * 5000, "a=" * 2500])
def test_no_value_takes_long_or_raises(hostile: str):
    read(hostile)
    assert result(f"Authentication-Results: mx.example.com; {hostile[:4000]}", RECEIVED) == "none"


def test_comments_are_no_results():
    name, (spf,) = read('mx.example.com (a (b;c) "d); spf=pass (dkim=fail (;)) smtp.mailfrom="a;b"')
    assert name == "mx.example.com"
    assert (spf.method, spf.result, spf.value("smtp.mailfrom")) == ("spf", "pass", "a;b")


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("Ann <ann@Example.ORG>", "example.org"),
        ("=?utf-8?q?Ann_=3Cceo=40bank=2Eexample=3E?= <ann@example.org>", ""),
        ("ann@example.org (ceo@bank.example)", "example.org"),
        ("ann", ""),
    ],
)
def test_the_domain_of_the_author(value: str, domain: str):
    content = f"From: {value}\r\n\r\nhello\r\n".encode()
    assert author_domain(content, parse(content)) == domain


def test_a_domain_as_dns_spells_it():
    assert domain_of("x@BÜCHER.example") == "xn--bcher-kva.example"
    assert domain_of("x@example.org.") == "example.org"
    assert domain_of("x@" + "ü" * 300) == ""
    assert domain_of("") == ""
