"""A list changes a mail and seals what it had found: believed of those we name, of nobody else."""

from collections.abc import Iterator
from types import SimpleNamespace

import dkim
import pytest

from intake import arc, dmarc, resolver
from intake.authentication import Origin, Trust, claimed
from intake.mime import parse
from storage.records import Sender
from tests.intake.nameserver import SERVFAIL, Zone, nameserver
from tests.intake.test_dmarc import KEY_RECORD, MAIL, PRIVATE, REJECT, signed


class _Result(str):
    """One result of a field, as dkimpy's signer wants it of a library that nothing else needs."""

    __slots__ = ()

    @property
    def method(self) -> str:
        return self.partition("=")[0]

    @property
    def result(self) -> str:
        return self.partition("=")[2].split()[0]


def _written(field: str) -> SimpleNamespace:
    name, *results = field.partition(": ")[2].split("; ")
    return SimpleNamespace(authserv_id=name, results=[_Result(text) for text in results])


AUTHRES = SimpleNamespace(AuthenticationResultsHeader=SimpleNamespace(parse=_written))

LIST, SECOND = "lists.example.net", "forwards.example.com"
SEEN = "dmarc=pass header.from=example.org; dkim=pass header.d=example.org"


def sealed(content: bytes, domain: str = LIST, seen: str = SEEN) -> bytes:
    """As a forwarder seals it, after it has written down what it found."""
    found = f"Authentication-Results: {domain}; {seen}\r\n".encode() + content
    name = domain.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dkim, "authres", AUTHRES, raising=False)
        headers = dkim.arc_sign(found, b"s1", name, PRIVATE, name, include_headers=[b"from"])
    return b"".join(headers) + content


def changed(content: bytes) -> bytes:
    """What a list does: the author's signature no longer holds."""
    return content.replace(b"Subject: my data", b"Subject: [privacy] my data")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Zone, tuple[str, int]]]:
    with nameserver() as both:
        yield both


@pytest.fixture
def zone(server: tuple[Zone, tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> Zone:
    monkeypatch.setattr(resolver, "ONE", 10.0)  # a busy machine has its time
    monkeypatch.setattr(resolver, "ALL", 30.0)
    zone, _ = server
    zone.names.clear()
    zone.names["_dmarc.example.org"] = REJECT
    for domain in ("example.org", LIST, SECOND):
        zone.names[f"s1._domainkey.{domain}"] = KEY_RECORD
    return zone


def looked(
    content: bytes, server: tuple[Zone, tuple[str, int]], sealers: tuple[str, ...] = (LIST,)
) -> Sender:
    trust = Trust(looks=True, nameserver=server[1], sealers=sealers)
    origin = Origin(peer="192.0.2.9", mail_from="", trust=trust)
    return dmarc.look(content, parse(content), origin)


FORWARDED = sealed(changed(signed()))


def test_a_trusted_list_lifts_a_failure_to_unproven(zone: Zone, server):
    found = looked(FORWARDED, server)
    assert found.result == "none"
    assert found.words.startswith("unproven here, for it was changed on its way; lists.example.net")


def test_without_one_we_name_it_stays_a_failure(zone: Zone, server):
    assert looked(FORWARDED, server, ()).result == "refused"
    assert looked(FORWARDED, server, (SECOND, "example.net")).result == "refused"


def test_what_still_holds_needs_no_forwarder(zone: Zone, server):
    assert looked(sealed(signed()), server).result == "pass"


@pytest.mark.parametrize(
    "content",
    [
        FORWARDED.replace(b"Please delete", b"Never delete"),  # changed after the seal
        FORWARDED.replace(b"header.from=example.org", b"header.from=example.com"),
        sealed(changed(signed()), seen="dmarc=fail header.from=example.org"),
        sealed(changed(signed()), seen="dmarc=pass header.from=example.com"),
        sealed(changed(signed()), seen="dkim=pass header.d=example.org"),
        FORWARDED.replace(b"ARC-Seal:", b"X-Seal:"),
        b"From: ceo@example.net\r\n" + FORWARDED,
    ],
    ids=["body", "results", "failed", "another", "no dmarc", "no seal", "two From"],
)
def test_what_lifts_nothing(zone: Zone, server, content: bytes):
    assert "trusted" not in looked(content, server).words


def test_a_chain_is_believed_from_its_end_as_far_as_we_know_who_sealed(zone: Zone, server):
    twice = sealed(FORWARDED, SECOND, f"arc=pass; {SEEN.replace('pass', 'fail')}")
    assert looked(twice, server, (LIST, SECOND)).result == "none"
    assert looked(twice, server, (LIST,)).result == "refused"  # the last hand is a stranger's
    assert looked(twice, server, (SECOND,)).result == "refused"  # and it saw a failure


def test_a_name_server_that_does_not_answer_leaves_it_open(zone: Zone, server):
    zone.names[f"s1._domainkey.{LIST}"] = SERVFAIL
    assert looked(FORWARDED, server).result == "temperror"


def test_a_strangers_name_server_leaves_nothing_open(zone: Zone, server):
    zone.names[f"s1._domainkey.{SECOND}"] = SERVFAIL
    first = sealed(changed(signed()), SECOND)
    forged = sealed(first, LIST, f"arc=pass; {SEEN}").replace(b"Please delete", b"Never delete")
    assert looked(forged, server).result == "refused"


@pytest.mark.parametrize(
    ("said", "result"), [("arc=pass", "none"), ("arc=fail", "refused"), ("spf=pass", "refused")]
)
def test_a_relay_has_verified_the_chain(said: str, result: str):
    field = f"Authentication-Results: mx.example.com; {said}; dmarc=fail (p=reject)\r\n"
    content = field.encode() + FORWARDED
    trust = Trust(ids=("mx.example.com",), relays=("192.0.2.0/24",), sealers=(LIST,))
    found = claimed(content, parse(content), Origin(peer="192.0.2.9", mail_from="", trust=trust))
    assert found is not None
    assert found.result == result


@pytest.mark.parametrize(
    "head",
    [
        b"ARC-Seal: i=1; d=lists.example.net\r\n",
        b"ARC-Seal: i=0; d=x\r\n" * 2,
        b"ARC-Seal: i=99999999999999999999; d=x\r\n",
        b"ARC-Seal:" + b";" * 100_000 + b"\r\n",
        b"ARC-Seal: i=1; d=" + b"a" * 5000 + b"\r\n",
        b"ARC-Message-Signature: i=1; i=2; d=\xff\r\n",
    ],
)
def test_a_chain_that_is_none(head: bytes):
    content = head + MAIL
    assert arc.vouched(content, parse(content), (LIST, "", "x")) is None
    assert arc.vouched(head + FORWARDED, parse(content), (LIST,)) is None
