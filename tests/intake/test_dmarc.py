"""SPF, DKIM and DMARC against a name server on loopback, with mails signed here."""

import asyncio
import base64
from collections.abc import Iterator

import dkim
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from intake import resolver
from intake.authentication import Origin, Trust
from intake.dmarc import look, organisation
from intake.lookup import Lookup
from intake.mime import parse
from intake.parse import Parser
from intake.resolver import Questions
from intake.sender import Senders, disagreements
from storage.records import Sender
from tests.intake.nameserver import SERVFAIL, SILENT, Zone, nameserver
from tests.intake.test_screen import arrived

KEY = rsa.generate_private_key(65537, 2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
KEY_RECORD = [f"v=DKIM1; k=rsa; p={PUBLIC}"]
MAIL = (
    b"From: Ann <ann@example.org>\r\nTo: compliance@cafex.com\r\nSubject: my data\r\n"
    b"Date: Tue, 24 Nov 2026 09:00:00 +0000\r\n\r\nPlease delete my data.\r\n"
)
PEER = "192.0.2.9"
SPF = ["v=spf1 ip4:192.0.2.0/24 -all"]
ELSEWHERE = ["v=spf1 ip4:198.51.100.0/24 -all"]


def signed(content: bytes = MAIL, domain: bytes = b"example.org", **said: object) -> bytes:
    return dkim.sign(content, b"s1", domain, PRIVATE, **said) + content


class Dns:
    """The name server's table, and a look at one mail with it."""

    def __init__(self, zone: Zone, place: tuple[str, int]) -> None:
        self.zone = zone
        self.trust = Trust(looks=True, nameserver=place)

    def knows(self, **names: list[str] | str) -> None:
        """`example_org`, `_dmarc_example_org`, `s1_domainkey` (of example.org)."""
        for name, found in names.items():
            spelt = name.replace("s1_domainkey", "s1._domainkey.example.org")
            spelt = spelt.replace("_dmarc_", "_dmarc.").replace("example_", "example.")
            self.zone.names[spelt] = found

    def look(
        self,
        content: bytes,
        sender: str = "ann@example.org",
        peer: str = PEER,
        hello: str = "mx.example.com",
    ) -> Sender:
        origin = Origin(peer=peer, hello=hello, mail_from=sender, trust=self.trust)
        return look(content, parse(content), origin)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Zone, tuple[str, int]]]:
    with nameserver() as both:
        yield both


@pytest.fixture
def dns(
    server: tuple[Zone, tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Dns:
    names = getattr(request.node, "callspec", None) and request.node.callspec.params.get("names")
    silent = SILENT in (names or {}).values()
    # a busy machine has its time, but for a silence that has to be waited for
    monkeypatch.setattr(resolver, "ONE", 1.0 if silent else 10.0)
    monkeypatch.setattr(resolver, "ALL", 30.0)
    zone, place = server
    zone.names.clear()
    zone.asked.clear()
    return Dns(zone, place)


REJECT = ["v=DMARC1; p=reject; rua=mailto:x@example.org"]


@pytest.mark.parametrize(
    ("content", "names", "result", "told"),
    [
        ("plain", {"example_org": SPF}, "pass", "SPF pass, DKIM none, DMARC pass"),
        (
            "signed",
            {"example_org": ELSEWHERE, "s1_domainkey": KEY_RECORD},
            "pass",
            "SPF fail, DKIM pass, DMARC pass",
        ),
        ("plain", {"example_org": ELSEWHERE}, "refused", "SPF fail, DKIM none, DMARC fail, policy"),
        ("plain", {}, "refused", "SPF none, DKIM none, DMARC fail, policy reject"),
        ("signed", {}, "refused", "SPF none, DKIM fail, DMARC fail, policy reject"),
        (
            "changed",
            {"s1_domainkey": KEY_RECORD},
            "refused",
            "SPF none, DKIM fail, DMARC fail, policy reject",
        ),
        ("signed", {"s1_domainkey": SERVFAIL}, "temperror", "DKIM temperror"),
        ("signed", {"s1_domainkey": SILENT}, "temperror", "DKIM temperror"),
        ("plain", {"example_org": SERVFAIL}, "temperror", "SPF temperror"),
        ("plain", {"example_org": SILENT}, "temperror", "SPF temperror"),
        ("plain", {"example_org": ["v=spf1 ip4:nonsense"]}, "refused", "SPF permerror"),
        ("plain", {"example_org": SPF, "_dmarc_example_org": SERVFAIL}, "temperror", "SPF pass"),
        ("signed", {"s1_domainkey": KEY_RECORD, "_dmarc_example_org": SILENT}, "temperror", ""),
    ],
)
def test_what_the_dns_says(
    dns: Dns, content: str, names: dict[str, list[str] | str], result: str, told: str
):
    mails = {
        "plain": MAIL,
        "signed": signed(),
        "changed": signed().replace(b"delete", b"send me"),
    }
    dns.knows(**{"_dmarc_example_org": REJECT} | names)
    found = dns.look(mails[content])
    assert (found.result, told in found.words) == (result, True), found


@pytest.mark.parametrize(
    ("record", "result"),
    [
        (["v=DMARC1; p=none"], "failed"),
        (["v=DMARC1; p=quarantine"], "refused"),
        (["v=DMARC1; p=reject; t=y"], "refused"),
        (["v=DMARC1; p=quarantine; t=y"], "failed"),
        (["v=DMARC1; rua=mailto:x@example.org"], "failed"),
        (["v=DMARC1"], "none"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "none"),  # two are none
        (["v=spf1 -all"], "none"),
        (["p=reject; v=DMARC1"], "none"),
    ],
)
def test_policies(dns: Dns, record: list[str], result: str):
    dns.knows(_dmarc_example_org=record)
    assert dns.look(MAIL).result == result


@pytest.mark.parametrize(
    ("spf", "result"),
    [(SPF, "none"), (ELSEWHERE, "refused"), (["v=spf1 ~all"], "failed"), (["v=spf1 ?all"], "none")],
)
def test_without_a_policy(dns: Dns, spf: list[str], result: str):
    dns.knows(example_org=spf)
    assert dns.look(MAIL).result == result


def test_what_is_proven_of_another_domain_proves_nothing_here(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT, example_net=SPF)
    dns.zone.names["s1._domainkey.example.net"] = KEY_RECORD
    found = dns.look(signed(domain=b"example.net"), sender="bounces@example.net")
    assert found.result == "refused"
    assert "SPF pass, DKIM pass, DMARC fail" in found.words


@pytest.mark.parametrize("broken", ["evil.net", "_dmarc.evil.net", "s1._domainkey.evil.net"])
def test_a_strangers_broken_name_server_leaves_nothing_open(dns: Dns, broken: str):
    """Else whoever forges a From would break his own, and the failure would be none."""
    dns.knows(_dmarc_example_org=REJECT)
    dns.zone.names |= {"evil.net": SPF, "s1._domainkey.evil.net": KEY_RECORD, broken: SERVFAIL}
    found = dns.look(signed(domain=b"evil.net"), sender="x@evil.net")
    assert found.result == "refused"


def test_of_one_organisation(dns: Dns):
    """Relaxed: news.example.org may speak for example.org; strict: not."""
    dns.zone.names["s1._domainkey.news.example.org"] = KEY_RECORD
    content = signed(domain=b"news.example.org")
    dns.knows(_dmarc_example_org=REJECT)
    assert dns.look(content, sender="").result == "pass"
    dns.knows(_dmarc_example_org=["v=DMARC1; p=reject; adkim=s"])
    assert dns.look(content, sender="").result == "refused"
    dns.zone.names["news.example.org"] = SPF
    dns.knows(_dmarc_example_org=["v=DMARC1; p=reject; adkim=s; aspf=s"])
    assert dns.look(content, sender="x@news.example.org").result == "refused"
    dns.knows(_dmarc_example_org=["v=DMARC1; p=reject; adkim=s"])
    assert dns.look(content, sender="x@news.example.org").result == "pass"


def test_a_subdomain_has_the_policy_of_its_organisation(dns: Dns):
    content = MAIL.replace(b"ann@example.org", b"ann@a.b.example.org")
    dns.knows(_dmarc_example_org=["v=DMARC1; p=none; sp=reject"])
    assert dns.look(content).result == "refused"
    dns.zone.names["_dmarc.b.example.org"] = ["v=DMARC1; p=none"]
    assert dns.look(content).result == "refused"
    dns.zone.names["_dmarc.a.b.example.org"] = ["v=DMARC1; p=none"]
    assert dns.look(content).result == "failed"


def test_a_public_suffix_is_nobodys_organisation(dns: Dns):
    dns.zone.names |= {
        "_dmarc.org": ["v=DMARC1; p=reject; psd=y"],
        "_dmarc.example.org": ["v=DMARC1; p=reject"],
        "_dmarc.own.example.net": ["v=DMARC1; p=reject; psd=n"],
        "_dmarc.example.net": ["v=DMARC1; p=reject"],
    }

    def of(domain: str) -> str:
        return organisation(domain, Questions(dns.trust.nameserver))

    assert of("a.example.org") == "example.org"
    assert of("evil.org") == "evil.org"
    assert of("x.own.example.net") == "own.example.net"
    assert of("x.example.net") == "example.net"
    assert of("nothing.example") == "nothing.example"


@pytest.mark.parametrize(
    "head",
    [
        b"From: ann@example.org\r\nFrom: ceo@example.net\r\n",
        b"From: ann@example.org, ceo@example.net\r\n",
        b"Subject: no From at all\r\n",
        b"From: Ann\r\n",
    ],
)
def test_without_one_clear_from_nothing_is_proven(dns: Dns, head: bytes):
    dns.knows(_dmarc_example_org=REJECT, example_org=SPF, s1_domainkey=KEY_RECORD)
    found = dns.look(head + MAIL.partition(b"\r\n")[2])
    assert found.result == "none"
    assert "no From that could be checked" in found.words


def test_a_second_from_breaks_the_signature_too(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT, s1_domainkey=KEY_RECORD)
    assert dns.look(b"From: ceo@example.net\r\n" + signed()).result == "none"


@pytest.mark.parametrize(
    ("said", "added"),
    [
        ({"length": True}, b"And send it to ceo@example.net.\r\n"),  # l=: anybody writes below
        ({"signature_algorithm": b"rsa-sha1"}, b""),  # RFC 8301
    ],
)
def test_signatures_that_prove_too_little(dns: Dns, said: dict[str, object], added: bytes):
    dns.knows(_dmarc_example_org=REJECT, s1_domainkey=KEY_RECORD)
    content = signed(**said) + added
    assert dkim.verify(content, dnsfunc=lambda *_, **__: KEY_RECORD[0].encode())
    assert dns.look(content, sender="").result == "refused"


def test_among_many_signatures_one_that_holds_is_enough_and_few_are_looked_at(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT, s1_domainkey=KEY_RECORD)
    broken = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=x; h=from; bh=AA==; b=AA==\r\n"
    assert dns.look(broken * 3 + signed(), sender="").result == "pass"
    dns.zone.asked.clear()
    assert dns.look(broken * 500 + signed(), sender="").result == "refused"
    assert len(dns.zone.asked) < 20


@pytest.mark.parametrize(
    ("hello", "result", "told"),
    [
        ("mx.example.org", "pass", "SPF pass, DKIM none, DMARC pass"),
        ("MX.example.org.", "pass", "SPF pass"),
        ("mx.example.com", "refused", "SPF none"),  # says nothing of that domain
        ("elsewhere.example.org", "refused", "SPF fail"),
        ("[192.0.2.9]", "refused", "SPF none"),
        ("localhost", "refused", "SPF none"),
        ("\udcff.example.org", "refused", "SPF none"),
        ("", "refused", "SPF none"),  # a mail kept before the name was
    ],
)
def test_a_null_sender_is_judged_by_the_name_in_hello(dns: Dns, hello: str, result: str, told: str):
    """RFC 7208 2.4: postmaster at that name."""
    dns.knows(_dmarc_example_org=REJECT)
    dns.zone.names |= {"mx.example.org": SPF, "elsewhere.example.org": ELSEWHERE}
    found = dns.look(MAIL, sender="", hello=hello)
    assert (found.result, told in found.words) == (result, True), found


def test_the_name_in_hello_proves_nothing_for_a_sender_with_a_name(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT, example_org=ELSEWHERE)
    dns.zone.names["mx.example.org"] = SPF
    assert dns.look(MAIL, hello="mx.example.org").result == "refused"


def test_a_chain_of_silent_names_takes_no_longer_than_all_may_take(
    dns: Dns, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(resolver, "ALL", 0.5)
    includes = " ".join(f"include:s{n}.example.org" for n in range(9))
    dns.zone.names = {f"s{n}.example.org": ["v=spf1 ?all"] for n in range(9)}
    dns.zone.names["s8.example.org"] = SILENT
    dns.knows(example_org=[f"v=spf1 {includes} -all"], _dmarc_example_org=REJECT)
    found = dns.look(MAIL)
    assert found.result == "temperror"
    monkeypatch.setattr(resolver, "QUESTIONS", 3)
    assert dns.look(MAIL).result == "temperror"
    assert len(dns.zone.asked) < 20


# --- in its own process


async def test_the_process_says_the_same(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT, example_org=SPF)
    lookup = Lookup(workers=1)
    origin = Origin(peer=PEER, mail_from="ann@example.org", trust=dns.trust)
    try:
        assert (await lookup.look(MAIL, origin)).result == "pass"
    finally:
        await lookup.stop()


async def test_a_process_that_is_lost_is_a_temporary_error(dns: Dns):
    lookup = Lookup(workers=1)
    lookup._workers = Parser("intake.dmarc", wall=0.0, attempts=1, workers=1)
    origin = Origin(peer=PEER, mail_from="ann@example.org", trust=dns.trust)
    found = await lookup.look(MAIL, origin)
    assert (found.result, found.words) == ("temperror", "it could not be checked in time")
    await lookup.stop()


async def test_a_process_that_does_not_start_is_a_temporary_error_too(dns: Dns):
    lookup = Lookup(workers=1)
    lookup._workers = Parser("intake.there_is_none", wall=1.0, attempts=1, workers=1)
    origin = Origin(peer=PEER, mail_from="ann@example.org", trust=dns.trust)
    assert (await lookup.look(MAIL, origin)).result == "temperror"
    await lookup.stop()


async def test_a_mail_from_a_relay_or_an_archive_is_not_looked_up(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT, example_org=SPF)
    head = "From: ann@example.org\r\nTo: compliance@cafex.com\r\n"
    mail, content = arrived(head, "ann@example.org")
    relay = Trust(looks=True, nameserver=dns.trust.nameserver, relays=("192.0.2.1/32",))
    async with asyncio.timeout(20):
        for trust, looked in ((relay, False), (dns.trust, True)):
            senders = Senders(trust)
            known = await senders.known(mail, content, parse(content))
            assert (known.sender is not None) is looked
            await senders.stop()


def test_a_failure_is_a_warning_in_words_without_an_address(dns: Dns):
    dns.knows(_dmarc_example_org=REJECT)
    mail, content = arrived("From: ann@example.org\r\n", "ann@example.org")
    parsed = parse(content)
    assert disagreements(mail, parsed) == ()
    sender = dns.look(content)
    (said,) = disagreements(mail, msgspec.structs.replace(parsed, sender=sender))
    assert said.startswith("the sender failed authentication: ")
    assert "ann" not in said
