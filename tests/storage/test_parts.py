"""What was written by an earlier version is read as it was."""

import msgspec
import pytest

from storage.parts import Parts, joined, split
from storage.records import (
    Approval,
    Candidate,
    Case,
    Challenge,
    ClockEvent,
    InboundMail,
    Joined,
    Note,
    OtherProof,
    Query,
    Round,
    Taken,
    Verification,
)
from tests.storage.making import NOW, a_case, an_arrival

FILE = "nora.on.file@example.com"


def mail() -> InboundMail:
    came = an_arrival()
    return InboundMail(
        id="0" * 20,
        received_at=NOW,
        mail_from=came.mail_from,
        rcpt_to=came.rcpt_to,
        peer=came.peer,
        hello="mx.example.org",
        sha256="0" * 64,
        size=1,
    )


def without(text: bytes, field: str) -> bytes:
    known = msgspec.json.decode(text)
    known.pop(field)
    return msgspec.json.encode(known)


def test_what_the_client_called_itself_is_personal():
    parts = split(mail())
    assert b"mx.example.org" not in (parts.skeleton or b"")
    assert joined(*parts) == mail()


def test_why_a_date_was_moved_is_personal_and_what_moved_it_is_not():
    note = Note(at=NOW, by="U01ANA", about="place", text="Nora lives in Lyon")
    home = Candidate(regime="eu_gdpr", place="FR")
    said = {"home": "France", "why": "Nora lives in Lyon"}
    filled = Taken(request=1, step="place", by="U01ANA", at=NOW, answers=said)
    moved = ClockEvent(type="pause", at=NOW, reason="identity")
    base = a_case("PR-2026-0001")
    request = msgspec.structs.replace(base.requests[0], events=(moved,), regimes=(home,))
    case = msgspec.structs.replace(base, requests=(request,), notes=(note,), prepared=(filled,))
    skeleton, content = split(case)
    assert joined(skeleton, content) == case
    assert b"Nora lives" not in (skeleton or b"")
    left = joined(skeleton, None)
    assert isinstance(left, Case)
    assert (left.notes, left.prepared) == ((), ())
    assert left.requests == (request,)


def test_addresses_that_came_to_a_case_are_personal_and_who_is_shut_out_stays():
    code = Challenge(letter="1" * 20, address=FILE, address_hash="h", until=NOW.date())
    other = Joined(mail="2" * 20, address="nora@example.net")
    yes = Approval(about="1" * 20, request=1, asked_by="U01ANA", asked_at=NOW, given_by="U02BEN")
    seen = Verification(how="They signed in", by="U01ANA", at=NOW, way="signed_in")
    proof = OtherProof(address="nora@example.net", proof=seen)
    said = {"challenge": code, "proven": FILE, "joined": (other,), "proofs": (proof,)}
    kept = {"shut": ("U02BEN",), "approvals": (yes,)}
    case = msgspec.structs.replace(a_case("PR-2026-0001"), **said, **kept)
    skeleton, content = split(case)
    assert joined(skeleton, content) == case
    for address in (FILE, "nora@example.net"):
        assert address.encode() not in (skeleton or b"")
    left = joined(skeleton, None)
    assert isinstance(left, Case)
    assert (left.challenge, left.proven, left.joined) == (None, "", ())
    assert (left.shut, left.approvals) == (("U02BEN",), (yes,))


def test_a_case_kept_before_identity_had_ways_and_codes():
    proof = Verification(how="They signed in", by="U01ANA", at=NOW)
    case = msgspec.structs.replace(a_case("PR-2026-0001"), verification=proof)
    skeleton, content = split(case)
    known, said = msgspec.json.decode(skeleton or b""), msgspec.json.decode(content)
    for field in ("approvals", "shut", "breach"):
        known.pop(field)
    known["verification"].pop("way")
    for field in ("challenge", "proven", "joined", "proofs"):
        said.pop(field)
    old = Parts(msgspec.json.encode(known), msgspec.json.encode(said))
    assert joined(*old) == case


def test_a_case_kept_before_its_laws_were():
    case = a_case("PR-2026-0001")
    skeleton, content = split(case)
    known = msgspec.json.decode(skeleton or b"")
    for request in known["requests"]:
        for field in ("regimes", "sent_at", "events"):
            request.pop(field)
        for field in ("house", "stopped", "extended"):
            request["due"].pop(field)
    for field in ("notes", "prepared"):
        known.pop(field)
    half = msgspec.json.decode(content)
    for field in ("notes", "prepared"):
        half.pop(field)
    assert joined(msgspec.json.encode(known), msgspec.json.encode(half)) == case


@pytest.mark.parametrize("field", ["hello", "sender"])
def test_a_mail_kept_before_there_was_such_a_field(field: str):
    whole = split(mail())
    assert whole.skeleton is not None
    old = Parts(without(whole.skeleton, field), without(whole.content, field))
    assert joined(*old) == msgspec.structs.replace(mail(), **{field: ""})


def test_a_case_kept_before_steps_and_owners_were_recorded():
    old = a_case("PR-2026-0001")
    skeleton, content = split(old)
    halves = [msgspec.json.decode(skeleton or b""), msgspec.json.decode(content)]
    for field in (
        "taken", "rounds", "legal_hold", "restricted", "linked", "barred", "still_mailed",
        "data_subject", "prepared",
    ):  # fmt: skip
        for half in halves:
            half.pop(field, None)
    assert joined(*map(msgspec.json.encode, halves)) == old


def test_what_steps_and_owners_recorded_is_personal():
    taken = Taken(request=1, step="field", by="U01ANA", at=NOW, answers={"old": "Nora Exmaple"})
    asked = Round(
        id=1,
        request=1,
        step="owners",
        by="U01ANA",
        at=NOW,
        due_on=NOW.date(),
        search="nora@example.org",
        queries=(Query(system="accounts", owner="U02BEN", answer="exception", reason="A court"),),
    )
    case = msgspec.structs.replace(
        a_case("PR-2026-0001"),
        taken=(taken,),
        prepared=(taken,),
        rounds=(asked,),
        data_subject="Nora Example",
    )
    skeleton, content = split(case)
    for secret in (b"Exmaple", b"nora@example.org", b"A court", b"Nora Example"):
        assert secret not in (skeleton or b"")
        assert secret in content
    assert joined(skeleton, content) == case
