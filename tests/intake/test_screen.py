"""Who writes: people, machines, lists, ourselves."""

import pytest

from intake.envelope import Addresses
from intake.mime import parse
from intake.screen import Verdict, failed, screen
from intake.sender import agrees, disagreements
from storage.records import Arrival, InboundMail
from tests.intake.fakes import NOW, OWN, inbound

OURS = Addresses(OWN)
PERSON = "From: ann@example.org\r\nTo: compliance@cafex.com\r\nSubject: hello\r\n"


def arrived(head: str, sender: str) -> tuple[InboundMail, bytes]:
    content = f"{head}\r\nPlease delete my data.\r\n".encode()
    arrival = Arrival(
        received_at=NOW, mail_from=sender, rcpt_to=OWN, peer="192.0.2.1", content=content
    )
    return inbound(arrival, "0" * 20), content


def judged(head: str, sender: str = "ann@example.org") -> Verdict:
    mail, content = arrived(head, sender)
    return screen(mail, parse(content), OURS)


def test_a_person_may_be_answered():
    assert judged(PERSON) == Verdict()


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"),
        ("X-Autoreply: yes", "auto_reply"),
        ("List-Unsubscribe: <mailto:x@example.org>", "list"),
        ("Precedence: bulk", "list"),
        ("X-Spam-Flag: YES", "list"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", "bounce"),
        ("Content-Type: multipart/report; report-type=disposition-notification", "report"),
        ("Content-Type: multipart/report; report-type=feedback-report", "report"),
        ("Auto-Submitted: no", "person"),
    ],
)
def test_machines_by_their_header(extra, kind):
    verdict = judged(f"{PERSON}{extra}\r\n")
    assert verdict.kind == kind
    assert verdict.robot == (kind != "person")
    assert bool(verdict.no_reply) == verdict.robot


@pytest.mark.parametrize(
    "head",
    [
        "From: MAILER-DAEMON@mx.example.org\r\nSubject: x\r\n",
        "From: mail@example.org\r\nSubject: Undeliverable: your letter\r\n",
        "From: mail@example.org\r\nX-Failed-Recipients: ann@example.org\r\n",
    ],
)
def test_plain_bounces_have_a_null_sender(head):
    assert judged(head, sender="").kind == "bounce"
    assert judged(head, sender="x@example.org").kind == "person"


def test_a_letter_of_ours_that_comes_back_is_known_by_its_message_id():
    own = f"{PERSON}Message-ID: <0193f0aa00bb11223344@cafex.com>\r\n"
    assert judged(own).kind == "own"
    assert judged(own.replace("cafex.com", "example.net")).kind == "person"
    assert judged(own.replace("0193f", "x193f")).kind == "person"


def test_our_own_mail_coming_back_is_known_and_a_colleague_is_not_it():
    head = "From: compliance@cafex.com\r\nTo: compliance@cafex.com\r\n"
    assert judged(head + "Auto-Submitted: auto-replied\r\n", "compliance@cafex.com").kind == "own"
    colleague = judged(head, "compliance@cafex.com")
    assert colleague.kind == "person"
    assert "our own" in colleague.no_reply


@pytest.mark.parametrize(
    ("head", "sender"),
    [
        (PERSON, ""),
        (PERSON, "no-reply@example.org"),
        (PERSON.replace("ann@", "noreply-7@"), "ann@example.org"),
        (PERSON, "owner-list@example.org"),
        (PERSON + "X-Auto-Response-Suppress: OOF, AutoReply\r\n", "ann@example.org"),
        (PERSON + "Received: by a\r\n" * 26, "ann@example.org"),
        (PERSON.replace("To: compliance@cafex.com", "To: all@example.org"), "ann@example.org"),
    ],
)
def test_people_a_machine_should_not_answer(head, sender):
    verdict = judged(head, sender)
    assert verdict.kind == "person"
    assert verdict.no_reply


@pytest.mark.parametrize(
    ("report", "gone"),
    [
        ("Action: failed\r\nStatus: 5.1.1", True),
        ("Action: delayed\r\nStatus: 4.4.1", False),
        ("Status: 4.2.2", False),
        ("Action: relayed\r\nStatus: 2.0.0", False),
        ("", True),
    ],
)
def test_a_delay_is_no_failure(report, gone):
    content = (
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n{report}"
        "\r\n--b--\r\n"
    )
    assert failed(parse(content.encode())) is gone


# --- what the sender claims


@pytest.mark.parametrize(
    ("head", "sender", "words"),
    [
        (PERSON, "ann@example.org", ()),
        (PERSON, "ANN@Example.org", ()),
        (PERSON, "", ()),
        (PERSON, "bounce@example.net", ("From differs from the envelope sender",)),
        (
            PERSON + "Reply-To: mallory@example.net\r\n",
            "ann@example.org",
            ("replies would go to another address",),
        ),
        (
            'From: "ceo@bank.example" <ann@example.org>\r\n',
            "ann@example.org",
            ("the name in From shows another address",),
        ),
        ("Subject: x\r\n", "ann@example.org", ("no address in From",)),
        (PERSON + "From: b@example.net\r\n", "ann@example.org", ("more than one From",)),
    ],
)
def test_claims_that_do_not_fit_are_said_without_an_address(head, sender, words):
    mail, content = arrived(head, sender)
    parsed = parse(content)
    assert disagreements(mail, parsed) == words
    assert agrees(mail, parsed) == (sender.lower() == parsed.header_from)
