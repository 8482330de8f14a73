"""Every command, as a person or a script meets it: exit code, output, and one sentence of error."""

import asyncio
import base64
import hashlib
import json
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiosmtplib
import click
import msgspec
import pytest

from bot import cli
from bot.demo import free_port
from bot.sandbox import Sandbox, SandboxOptions
from storage.embedded import open_store
from storage.opening import Lock
from storage.postgres.store import open_postgres
from storage.records import Arrival, Commit, InboundMail, MailStatus, Shred, Suppression
from storage.sealing import MasterKey, new_key_file
from tests.journeys.processes import Running, desk
from tests.journeys.world import ANA, World
from tests.storage.making import MASTER, a_case, an_arrival, putting

CRLF = b"\r\n"
ACCESS = CRLF.join(
    [
        b"From: Nora <nora@example.org>",
        b"To: compliance@cafex.com",
        b"Subject: My data",
        b"Message-ID: <access@example.org>",
        b"",
        b"I make a subject access request: please send me a copy of all personal data you hold.",
        b".",
        b"..two dots, and one alone above",
        b"",
    ]
)
UNCLEAR = CRLF.join(
    [
        b"From: Luc <luc@example.net>",
        b"To: compliance@cafex.com",
        b"Subject: Hm",
        b"Message-ID: <unclear@example.net>",
        b"",
        b"I am writing about the thing we talked about.",
        b"",
    ]
)


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`desk ARGUMENTS` with these settings alone, in an empty folder."""

    def running(*arguments: str, settings: Mapping[str, str] | None = None) -> Result:
        monkeypatch.setattr(sys, "argv", ["desk", *arguments])
        monkeypatch.setattr("os.environ", {"PATH": "/usr/bin:/bin", **(settings or {})})
        monkeypatch.chdir(tmp_path)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Result(int(ended.value.code or 0), *capfd.readouterr())

    return running


def refused(result: Result, *names: str) -> None:
    """One sentence on stderr that names the thing; nothing else."""
    assert result.code == 1
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("desk: ")
    assert line.endswith(".")
    for name in names:
        assert name in line


# --- a desk with something in it ----------------------------------------------------------------


async def fill(folder: Path) -> None:
    """Two mails and a repeat, one case claimed, one acknowledgement that no relay takes."""
    async with World(folder).running() as world:
        refusal = {"address": "nora@example.org", "reply": "550 5.1.1 Nobody here"}
        async with world.http.post("/do/refuse", json=refusal) as answer:
            assert answer.status == 200
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=world.smtp_port) as client:
            for sender, content in (
                ("nora@example.org", ACCESS),
                ("nora@example.org", ACCESS),
                ("luc@example.net", UNCLEAR),
            ):
                await client.sendmail(sender, ["compliance@cafex.com"], content)
        case = await world.case_from("nora@example.org")
        await world.case_from("luc@example.net")
        async with world.acting(ANA) as ana:
            await ana.click(case.ref, "Claim")
        await world.case_when(case.ref, lambda c: c.assignee == ANA)
        await world.case_when(case.ref, lambda c: any(s.status == "dead" for s in c.letters))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    asyncio.run(fill(folder))
    return {"DESK_DATA": str(folder)}


def test_list_has_the_promised_shape_and_masks_the_requester(run: Run, filled: Mapping[str, str]):
    result = run("list", "--json", settings=filled)
    assert (result.code, result.err) == (0, "")
    cases = {case["requester"]: case for case in result.json}
    assert set(cases) == {"n•••@e•••.org", "l•••@e•••.net"}
    case = cases["n•••@e•••.org"]
    assert set(case) == {
        "ref", "status", "triage", "received_at", "assignee", "requester", "requests", "mails",
    }  # fmt: skip
    assert (case["status"], case["triage"], case["assignee"]) == ("open", False, ANA)
    (request,) = case["requests"]
    assert set(request) == {"kind", "right", "regime", "status", "outcome", "due_on"}
    assert (request["kind"], request["status"], request["outcome"]) == ("access", "open", None)
    assert (
        date.fromisoformat(request["due_on"]) > datetime.fromisoformat(case["received_at"]).date()
    )
    unclear = cases["l•••@e•••.net"]
    assert unclear["triage"] is True
    assert [request["kind"] for request in unclear["requests"]] == [None]


def test_full_shows_the_requester(run: Run, filled: Mapping[str, str]):
    full = run("list", "--all", "--full", "--json", settings=filled).json
    assert {case["requester"] for case in full} == {"nora@example.org", "luc@example.net"}
    ref = next(case["ref"] for case in full if case["requester"] == "nora@example.org")
    assert run("show", ref, "--full", "--json", settings=filled).json in full
    assert "nora@example.org" in run("show", ref, "--full", settings=filled).out


@pytest.mark.parametrize(
    "words",
    ["NORA", "nora@example.org", "Nora@Example.ORG", "my data", "data my", "<access@example.org>"],
)
def test_find_needs_all_its_words_anywhere(run: Run, filled: Mapping[str, str], words: str):
    (found,) = run("find", *words.split(), "--json", settings=filled).json
    cases = run("list", "--json", settings=filled).json
    assert found in cases
    assert found["requester"] == "n•••@e•••.org"
    assert run("find", words, "--json", settings=filled).json == [found]
    assert run("find", found["ref"].lower(), "--full", "--json", settings=filled).json == [
        {**found, "requester": "nora@example.org"}
    ]
    table = run("find", words, settings=filled).out
    assert found["ref"] in table
    assert "example.org" not in table


def test_find_says_when_there_is_none(run: Run, filled: Mapping[str, str]):
    for words in (("nora", "luc"), ("nobody",), ("nora", "xyz")):
        result = run("find", *words, settings=filled)
        assert (result.code, result.out) == (0, "Cases: none.\n")
        assert run("find", *words, "--json", settings=filled).json == []


def test_show_is_the_case_of_the_list_and_explains_its_date(run: Run, filled: Mapping[str, str]):
    for case in run("list", "--json", settings=filled).json:
        assert run("show", case["ref"].lower(), "--json", settings=filled).json == case
        shown = run("show", case["ref"], settings=filled)
        assert shown.code == 0
        assert case["requests"][0]["due_on"] in shown.out
        assert "(rule " in shown.out
        assert "example.org" not in shown.out


def test_mails_are_listed_with_what_became_of_them(run: Run, filled: Mapping[str, str]):
    mails = run("mails", "--json", settings=filled).json
    assert {frozenset(mail) for mail in mails} == {
        frozenset(("id", "message_id", "sha256", "size", "received_at", "status", "reason", "case"))
    }
    first, again, unclear = mails
    assert [mail["status"] for mail in mails] == ["processed", "ignored", "processed"]
    assert again["reason"] == f"repeat of {first['id']}"
    assert again["case"] == first["case"]
    assert first["message_id"] == again["message_id"] == "<access@example.org>"
    assert first["case"] != unclear["case"]
    cases = {c["ref"]: c["mails"] for c in run("list", "--all", "--json", settings=filled).json}
    assert cases == {first["case"]: [first["id"]], unclear["case"]: [unclear["id"]]}


def test_raw_mails_are_the_bytes_of_data_without_dot_stuffing(
    run: Run, filled: Mapping[str, str], tmp_path: Path
):
    mails = run("mails", "--json", "--raw", "out", settings=filled).json
    for mail, sent in zip(mails, (ACCESS, ACCESS, UNCLEAR), strict=True):
        content = (tmp_path / "out" / f"{mail['id']}.eml").read_bytes()
        assert content == sent
        assert hashlib.sha256(content).hexdigest() == mail["sha256"]
        assert mail["size"] == len(sent)
    assert len(list((tmp_path / "out").iterdir())) == len(mails)


def test_failed_names_the_letter_that_was_refused(run: Run, filled: Mapping[str, str]):
    (dead,) = run("failed", "--json", settings=filled).json
    assert set(dead) == {"id", "what", "case", "attempts", "error", "since"}
    assert (dead["what"], dead["attempts"]) == ("letter", 1)
    assert "550" in dead["error"]
    assert "nora" not in str(dead)
    assert dead["case"] in run("failed", settings=filled).out


def test_failed_shows_the_whole_id_on_a_narrow_screen(
    run: Run, filled: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
):
    (dead,) = run("failed", "--json", settings=filled).json
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _: True, raising=False)
    assert dead["id"] in run("failed", settings=filled).out


def test_retry_takes_the_id_that_failed_shows(run: Run, filled: Mapping[str, str], tmp_path: Path):
    data = tmp_path / "copy"
    shutil.copytree(filled["DESK_DATA"], data)
    key = data / "sandbox" / "master.key"
    settings = {"DESK_DATA": str(data), "DESK_MASTER_KEY_FILE": str(key)}
    (dead,) = run("failed", "--json", settings=settings).json
    result = run("retry", dead["id"], settings=settings)
    assert (result.code, result.err) == (0, "")
    assert dead["id"] in result.out
    assert "as soon as a desk runs" in result.out
    assert run("failed", "--json", settings=settings).json == []
    refused(run("retry", dead["id"], settings=settings), dead["id"], "nothing to retry")
    refused(run("retry", "0123", settings=settings), "0123", "desk failed")


def test_purge_says_that_nothing_is_due(run: Run, filled: Mapping[str, str], tmp_path: Path):
    data = tmp_path / "copy"
    shutil.copytree(filled["DESK_DATA"], data)
    settings = {"DESK_DATA": str(data)}
    assert (
        run("purge", "--dry-run", settings=settings).out == "Due: nothing has outlived its time.\n"
    )
    assert run("purge", settings=settings).out == "Shredded: nothing has outlived its time.\n"


def test_a_backup_comes_back_as_it_was(run: Run, filled: Mapping[str, str], tmp_path: Path):
    key = Path(filled["DESK_DATA"]) / "sandbox" / "master.key"
    made = run("backup", "copies", settings=filled)
    assert made.code == 0
    assert re.search(r"copies/\d{8}T\d{6}Z made: \d+ commits, 3 mails, .*segments: 1,", made.out)
    again = {"DESK_DATA": "again", "DESK_MASTER_KEY_FILE": str(key)}
    restored = run("restore", "copies", settings=again)
    assert restored.code == 0
    assert "is back in again" in restored.out
    assert restored.out.endswith("Shredded: nothing has outlived its time.\n")
    for command in (("list", "--all"), ("mails",), ("failed",)):
        old, new = (run(*command, "--json", settings=each) for each in (filled, again))
        assert new.json == old.json
    refused(run("restore", "copies", settings=again), "again", "not empty")
    within = str(Path(filled["DESK_DATA"]) / "copies")
    refused(run("backup", within, settings=filled), within, "DESK_DATA")
    refused(run("restore", "nothing", settings={**again, "DESK_DATA": "x"}), "nothing")
    new_key_file(tmp_path / "other.key")
    other = {"DESK_DATA": "y", "DESK_MASTER_KEY_FILE": str(tmp_path / "other.key")}
    refused(run("restore", "copies", settings=other), "does not open")


def test_a_copy_verifies_until_somebody_changes_it(
    run: Run, filled: Mapping[str, str], tmp_path: Path
):
    data = tmp_path / "copy"
    shutil.copytree(filled["DESK_DATA"], data)
    settings = {"DESK_DATA": str(data)}
    fine = run("verify", settings=settings)
    assert (fine.code, fine.err) == (0, "")
    assert fine.out == "All that was kept is there, unchanged.\n"
    log = data / "mails" / "00000001.log"
    harmed = bytearray(log.read_bytes())
    harmed[-10] ^= 1
    log.write_bytes(harmed)
    refused(run("verify", settings=settings), "mails/00000001.log")


def test_a_new_master_key_takes_the_place_of_the_old(
    run: Run, filled: Mapping[str, str], tmp_path: Path
):
    data = tmp_path / "copy"
    shutil.copytree(filled["DESK_DATA"], data)
    key = tmp_path / "own.key"
    key.touch(mode=0o600)
    key.write_bytes((data / "sandbox" / "master.key").read_bytes())
    settings = {"DESK_DATA": str(data), "DESK_MASTER_KEY_FILE": str(key)}
    before = run("list", "--all", "--full", "--json", settings=settings).json
    lock = Lock(data / "lock")
    refused(run("key", "rotate", settings=settings), "stop it")
    lock.release()
    result = run("key", "rotate", settings=settings)
    assert (result.code, result.err) == (0, "")
    assert f"{key}.old" in result.out
    assert run("list", "--all", "--full", "--json", settings=settings).json == before
    old = {**settings, "DESK_MASTER_KEY_FILE": f"{key}.old"}
    refused(run("list", settings=old), "does not open", "desk key rotate")
    refused(run("key", "rotate", settings={"DESK_DATA": str(tmp_path / "none")}), "none")


def test_check_tells_of_what_was_interrupted(run: Run, filled: Mapping[str, str], tmp_path: Path):
    data = tmp_path / "copy"
    shutil.copytree(filled["DESK_DATA"], data)
    settings = {"DESK_DATA": str(data), "DESK_MASTER_KEY_FILE": str(tmp_path / "own.key")}
    shutil.copy(data / "sandbox" / "master.key", tmp_path / "own.key")

    def found(what: str) -> Mapping[str, str]:
        findings = run("check", "--json", settings=settings).json
        return next(finding for finding in findings if finding["what"] == what)

    assert found("running desk")["state"] == found("backup")["state"] == "ok"
    assert found("master key")["state"] == found("store")["state"] == "ok"
    (tmp_path / "own.key.new").touch()
    assert "interrupted" in found("master key")["says"]
    assert "desk key rotate" in found("master key")["fix"]
    (data / "restore.part").mkdir()
    assert found("store")["state"] == "fault"
    assert "desk restore" in found("store")["fix"]


def test_raw_leaves_out_what_is_purged(run: Run, filled: Mapping[str, str], tmp_path: Path):
    data = tmp_path / "copy"
    shutil.copytree(filled["DESK_DATA"], data)
    first, *others = run("mails", "--json", settings=filled).json

    async def shred() -> None:
        store = await open_store(data, MasterKey.load(data / "sandbox" / "master.key"))
        gone = Shred(life="raw", key=first["id"])
        await store.commit(Commit(at=datetime.now(UTC), actor="desk", act="purge", shreds=(gone,)))
        await store.close()

    asyncio.run(shred())
    result = run("mails", "--json", "--raw", "out", settings={"DESK_DATA": str(data)})
    assert result.code == 0
    assert [mail["sha256"] for mail in result.json] == ["", *(m["sha256"] for m in others)]
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {m["id"] for m in others}


def test_history_is_the_journal_of_the_case(run: Run, filled: Mapping[str, str]):
    case = next(c for c in run("list", "--json", settings=filled).json if not c["triage"])
    entries = run("history", case["ref"], "--json", settings=filled).json
    assert {frozenset(e) for e in entries} == {
        frozenset(("seq", "at", "actor", "act", "case", "note"))
    }
    assert entries[0]["act"] == "open"
    assert [e["actor"] for e in entries if e["act"] == "claim"] == [ANA]
    assert [e["seq"] for e in entries] == sorted({e["seq"] for e in entries})
    assert {e["case"] for e in entries} == {case["ref"]}
    assert "nora" not in str(entries)
    assert "claim" in run("history", case["ref"], settings=filled).out


def test_tables_hold_what_the_json_holds(run: Run, filled: Mapping[str, str]):
    cases = run("list", "--json", settings=filled).json
    mails = run("mails", "--json", settings=filled).json
    assert all(case["ref"] in run("list", settings=filled).out for case in cases)
    assert all(mail["id"] in run("mails", settings=filled).out for mail in mails)


def test_what_could_not_be_worked_on_is_in_failed_too(run: Run, tmp_path: Path):
    mail = asyncio.run(fail_one(tmp_path / "data"))
    key = tmp_path / "a.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(bytes(range(32))))
    settings = {"DESK_DATA": "data", "DESK_MASTER_KEY_FILE": str(key)}
    (row,) = run("failed", "--json", settings=settings).json
    assert (row["id"], row["what"], row["error"]) == (mail.id, "mail", "ValueError")


async def fail_one(folder: Path) -> InboundMail:
    """A mail that not even the last net could make a case of."""
    store = await open_store(folder, MASTER)
    now = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    arrival = Arrival(
        received_at=now,
        mail_from="nora@example.org",
        rcpt_to=("compliance@cafex.com",),
        peer="127.0.0.1",
        content=ACCESS,
    )
    mail = await store.mails.append(arrival)
    failed = msgspec.structs.replace(mail, status=MailStatus.FAILED, reason="ValueError")
    await store.commit(Commit(at=now, actor="desk", act="fail", puts=(failed,)))
    await store.close()
    return mail


# --- a desk in PostgreSQL -----------------------------------------------------------------------


async def one_case_in(url: str) -> None:
    store = await open_postgres(url, MASTER)
    mail = await store.mails.append(an_arrival(ACCESS))
    done = msgspec.structs.replace(mail, status=MailStatus.PROCESSED, case="PR-2026-0001")
    await store.commit(putting(a_case(mails=(mail.id,)), done, note="one case"))
    await store.close()


def test_a_desk_moves_into_postgresql_and_back(
    run: Run, filled: Mapping[str, str], tmp_path: Path, postgres_url: str
):
    key = Path(filled["DESK_DATA"]) / "sandbox" / "master.key"
    files = {**filled, "DESK_MASTER_KEY_FILE": str(key)}
    there = {"DESK_DATABASE_URL": postgres_url, "DESK_MASTER_KEY_FILE": str(key)}
    lock = Lock(Path(filled["DESK_DATA"]) / "lock")
    refused(run("migrate", "--to", postgres_url, settings=files), "stop it")
    lock.release()
    moved = run("migrate", "--to", postgres_url, settings=files)
    assert (moved.code, moved.err) == (0, "")
    assert "found the same" in moved.out
    assert "Set DESK_DATABASE_URL" in moved.out
    assert "sesame" not in moved.out
    assert run("verify", settings=there).code == 0
    for command in ("list", "mails"):
        expected = run(command, "--json", settings=files).json
        assert run(command, "--json", settings=there).json == expected
    assert run("backup", "copies", settings=there).code == 0
    back = {**files, "DESK_DATA": str(tmp_path / "back")}
    assert run("restore", "copies", settings=back).code == 0
    assert run("verify", settings=back).code == 0
    assert run("list", "--json", settings=back).json == run("list", "--json", settings=files).json


def test_a_move_to_nowhere_is_told_so(run: Run, filled: Mapping[str, str]):
    url = f"postgresql://desk:sesame@127.0.0.1:{free_port()}/desk"
    result = run("migrate", "--to", url, settings=filled)
    refused(result, "--to", "does not answer")
    assert "sesame" not in result.err
    refused(run("migrate", "--to", url, settings={"DESK_DATA": "nowhere"}), "nowhere", "DESK_DATA")


def test_the_readers_read_postgresql(run: Run, tmp_path: Path, postgres_url: str):
    settings = {"DESK_DATABASE_URL": postgres_url, "DESK_MASTER_KEY_FILE": str(tmp_path / "a.key")}
    (tmp_path / "a.key").touch(mode=0o600)
    (tmp_path / "a.key").write_bytes(base64.b64encode(bytes(range(32))))
    refused(run("list", settings=settings), "DESK_DATABASE_URL", "desk run")
    fresh = {f["what"]: f for f in run("check", "--json", settings=settings).json}
    assert (fresh["store"]["state"], fresh["store"]["says"]) == (
        "ok",
        "it is made at the first start",
    )
    asyncio.run(one_case_in(postgres_url))
    (case,) = run("list", "--json", settings=settings).json
    (mail,) = run("mails", "--json", "--raw", "out", settings=settings).json
    assert (case["ref"], case["mails"]) == ("PR-2026-0001", [mail["id"]])
    assert (tmp_path / "out" / f"{mail['id']}.eml").read_bytes() == ACCESS
    (entry,) = run("history", case["ref"], "--json", settings=settings).json
    assert (entry["act"], entry["note"]) == ("open", "one case")
    assert run("failed", "--json", settings=settings).json == []
    store = {f["what"]: f for f in run("check", "--json", settings=settings).json}["store"]
    assert (store["state"], store["says"]) == ("ok", "opens; 1 open cases")


@pytest.mark.parametrize("command", ["run", "list", "check"])
def test_a_database_that_is_away_is_a_sentence_without_its_password(
    run: Run, settings: dict[str, str], command: str
):
    url = f"postgresql://desk:sesame@127.0.0.1:{free_port()}/desk"
    result = run(command, settings={**settings, "DESK_DATABASE_URL": url})
    assert result.code == 1
    assert "does not answer" in result.out + result.err
    assert "sesame" not in result.out + result.err
    assert "Traceback" not in result.err


# --- commands without a store -------------------------------------------------------------------


def test_kinds_are_the_eight_of_the_desk(run: Run):
    kinds = run("kinds", "--json").json
    assert {kind["kind"] for kind in kinds} == {
        "access", "deletion", "correction", "unsubscribe", "child_data", "complaint",
        "legal_demand", "question",
    }  # fmt: skip
    assert {frozenset(k) for k in kinds} == {
        frozenset(("kind", "title", "circle", "verification", "steps"))
    }
    assert "legal_demand" in run("kinds").out


def test_the_manifest_is_for_socket_mode_or_for_http(run: Run):
    manifest = run("slack-manifest").json
    assert manifest["settings"]["socket_mode_enabled"] is True
    http = run("slack-manifest", "--http", "https://desk.example.org").json
    assert http["settings"]["socket_mode_enabled"] is False
    assert "https://desk.example.org/slack/events" in json.dumps(http)


def test_classify_answers_in_input_order_and_goes_on_after_a_fault(run: Run, tmp_path: Path):
    (tmp_path / "one.eml").write_bytes(ACCESS)
    lines = [
        {"id": "a", "from": "a@example.org", "subject": "", "body": "Please delete my account."},
        {
            "id": 7,
            "from": "b@example.org",
            "subject": "Hi",
            "body": "",
            "html": "<p>unsubscribe</p>",
        },
    ]
    jsonl = "\n".join([json.dumps(lines[0]), "{not json", json.dumps(lines[1])])
    (tmp_path / "many.jsonl").write_text(jsonl)
    result = run("classify", "one.eml", "many.jsonl", "missing.eml")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["id"] for row in rows] == ["one.eml", "a", "many.jsonl:2", 7, "missing.eml"]
    good, bad = [rows[0], rows[1], rows[3]], [rows[2], rows[4]]
    assert all(set(row) == {"id", "error"} for row in bad)
    for row in good:
        assert set(row) == {
            "id", "kinds", "decision", "confidence", "evidence", "language", "regimes",
        }  # fmt: skip
        assert len(row["confidence"]) == 9
        assert row["decision"] in {"auto", "triage", "ignore"}
    assert [row["kinds"][0] for row in good] == ["access", "deletion", "unsubscribe"]
    assert (result.code, result.err) == (1, "")
    assert run("classify", "one.eml").code == 0


def test_due_answers_each_request_of_a_file_in_order(run: Run, tmp_path: Path):
    asked = {"regime": "uk_gdpr", "received_at": "2026-09-01T10:00:00+01:00", "ignored": 1}
    stopped = [{"type": "pause", "at": "2026-09-03T10:00:00+01:00", "reason": "identity"}]
    rows = [
        {"id": "a", "kind": "Rectification", **asked},
        {"id": 2, "kind": "access", "events": stopped, **asked},
        {"id": "c", "kind": "objection", **asked},
        {
            "id": "e",
            "kind": "access",
            **asked,
            "received_at": "2026-09-01T23:30:00",
            "events": None,
        },
        {"id": "d", "kind": "access", **(asked | {"regime": "can_spam"})},
    ]
    (tmp_path / "asked.json").write_text(json.dumps(rows))
    result = run("due", "asked.json")
    assert [set(row) for row in result.json] == [{"id", "due_on", "aim_on", "why", "rule"}] * 5
    assert [(row["id"], row["due_on"]) for row in result.json] == [
        ("a", "2026-10-01"), (2, None), ("c", "2026-10-01"), ("e", "2026-10-01"),
        ("d", "2026-09-29"),
    ]  # fmt: skip
    assert "can_spam has no clock for it" in result.json[4]["why"]
    assert result.json[4]["rule"].startswith("DESK-28/")
    assert result.code == 0
    assert run("due", "asked.json", "--json").out == result.out


def test_due_names_what_it_cannot_compute_and_goes_on(run: Run, tmp_path: Path):
    fine = {"id": "fine", "kind": "access", "received_at": "2026-09-01T10:00:00Z"}
    rows = [
        fine | {"id": "where", "regime": "martian"},
        fine | {"id": "what", "kind": "dance"},
        fine | {"id": "when", "received_at": "yesterday"},
        fine | {"id": "zone", "timezone": "Mars/Olympus"},
        fine | {"id": "days", "regime": "uk_gdpr", "holiday_calendar": "XX"},
        fine,
    ]
    (tmp_path / "asked.json").write_text(json.dumps(rows))
    result = run("due", "asked.json")
    assert result.code == 1
    assert [set(row) for row in result.json[:-1]] == [{"id", "error"}] * 5
    assert result.json[-1]["due_on"] == "2026-09-29"
    (tmp_path / "asked.json").write_text("{}")
    refused(run("due", "asked.json"), "asked.json")
    refused(run("due", "missing.json"), "missing.json")


def test_a_new_key_is_for_its_owner_alone_and_never_overwritten(run: Run, tmp_path: Path):
    assert run("key", "new", "own.key").code == 0
    assert (tmp_path / "own.key").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "own.key").read_bytes()
    refused(run("key", "new", "own.key"), "own.key", "never overwritten")
    assert (tmp_path / "own.key").read_bytes() == before
    assert run("key", "new").code == 0
    assert (tmp_path / "master.key").exists()
    refused(run("key", "new", "nowhere/own.key"), "nowhere/own.key")


# --- help and wrong arguments -------------------------------------------------------------------


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


COMMANDS = list(commands(cli.desk))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(p) for p, _ in COMMANDS])
def test_each_command_explains_itself_and_every_option(
    run: Run, path: tuple[str, ...], command: click.Command
):
    for flag in ("--help", "-h"):
        result = run(*path, flag)
        assert (result.code, result.err) == (0, "")
        assert result.out.startswith(f"Usage: desk {' '.join(path)}")
    assert command.help
    assert command.help.split()[0] in result.out
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path}: {option.opts}"
            assert max(option.opts, key=len) in result.out


def test_help_names_every_command_and_where_to_begin(run: Run):
    result = run("--help")
    assert result.code == 0
    assert "desk demo" in result.out
    for name in cli.desk.commands:
        assert f"\n  {name} " in result.out


def test_the_readme_lists_every_command():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for path, command in COMMANDS:
        if not isinstance(command, click.Group):
            assert " ".join(path) in readme, path


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("show",),
        ("classify",),
        ("find",),
        ("retry",),
        ("list", "--nonsense"),
        ("demo", "--smtp-port", "99999"),
        ("sandbox", "--web-port", "x"),
        ("key", "nonsense"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_2(run: Run, arguments: tuple[str, ...]):
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "Usage: desk" in result.err
    assert "Traceback" not in result.err


# --- errors: one sentence, the thing and the way out -------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """What `desk run` needs, with a Slack that is away."""
    new_key_file(tmp_path / "good.key")
    return {
        "DESK_DATA": str(tmp_path / "data"),
        "DESK_SMTP_PORT": str(free_port()),
        "DESK_MASTER_KEY_FILE": str(tmp_path / "good.key"),
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/",
        "DESK_SLACK_CHANNEL": "C01STAFF",
    }


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield str(holder.getsockname()[1])


def test_every_wrong_setting_has_its_sentence(run: Run):
    wrong = {"DESK_SMTP_PORT": "x", "SLACK_BOT_TOKEN": "y", "DESK_TIMEZONE": "Mars/Olympus"}
    for command in ("run", "list", "check", "sandbox"):
        result = run(command, settings=wrong)
        assert (result.code, result.out) == (1, "")
        lines = result.err.splitlines()
        assert len(lines) == len(wrong)
        for name in wrong:
            assert any(line.startswith(f"desk: {name} ") and line.endswith(".") for line in lines)


def test_run_names_all_that_is_missing(run: Run):
    result = run("run")
    assert result.code == 1
    lines = result.err.splitlines()
    for name in (
        "SLACK_BOT_TOKEN", "DESK_SLACK_CHANNEL", "DESK_MASTER_KEY_FILE", "SLACK_APP_TOKEN",
    ):  # fmt: skip
        assert any(name in line for line in lines)
    assert len(lines) == 4


def test_a_missing_token_is_one_sentence(run: Run, settings: dict[str, str]):
    del settings["SLACK_BOT_TOKEN"]
    refused(run("run", settings=settings), "SLACK_BOT_TOKEN", "xoxb-")


@pytest.mark.parametrize("name", ["DESK_SMTP_PORT", "DESK_HTTP_PORT"])
def test_a_busy_port_is_named(run: Run, settings: dict[str, str], taken: str, name: str):
    result = run("run", settings={**settings, name: taken})
    refused(result, f"127.0.0.1:{taken}", "in use")


def test_a_busy_page_port_is_named(run: Run, taken: str):
    refused(run("sandbox", "--web-port", taken), taken, "page")
    refused(run("demo", "--web-port", taken, "--smtp-port", "0"), taken, "page")
    refused(run("demo", "--web-port", "0", "--smtp-port", taken), taken)


def test_a_second_desk_on_the_same_data_is_told_so(
    run: Run, settings: dict[str, str], tmp_path: Path
):
    (tmp_path / "data").mkdir()
    lock = Lock(tmp_path / "data" / "lock")
    refused(run("run", settings=settings), str(tmp_path / "data"), "process", "DESK_DATA")
    lock.release()


def test_a_second_sandbox_on_the_same_data_is_told_so(run: Run, tmp_path: Path):
    async def beside() -> None:
        place = Sandbox(SandboxOptions(data=tmp_path / "data" / "sandbox"))
        await place.start()
        try:
            for command in ("sandbox", "demo"):
                arguments = ("--data", str(tmp_path / "data"), "--web-port", "0")
                code, out, err = await desk(tmp_path, command, *arguments)
                refused(Result(code, out.decode(), err), str(tmp_path / "data" / "sandbox"))
        finally:
            await place.stop()

    asyncio.run(beside())


@pytest.mark.parametrize("command", ["show", "history"])
def test_an_unknown_reference_is_told_so(run: Run, filled: Mapping[str, str], command: str):
    refused(run(command, "PR-2026-9999", settings=filled), "PR-2026-9999", "desk list --all")


def test_the_do_not_mail_list_is_masked_and_its_file_is_whole_and_private(run: Run, tmp_path: Path):
    settings = {"DESK_DATA": str(tmp_path / "data")}
    new_key_file(tmp_path / "good.key")
    at = datetime(2026, 11, 3, tzinfo=UTC)
    kept = Suppression(hash="h1", address="nora@example.org", since=at, case="PR-2026-0001")

    async def fill() -> None:
        store = await open_store(tmp_path / "data", MasterKey.load(tmp_path / "good.key"))
        await store.commit(Commit(at=at, actor="desk", act="open", puts=(kept,)))
        await store.close()

    asyncio.run(fill())
    settings["DESK_MASTER_KEY_FILE"] = str(tmp_path / "good.key")
    shown = run("suppressions", "--json", settings=settings)
    assert (shown.code, shown.json[0]["address"]) == (0, "n•••@e•••.org")
    written = run("suppressions", "--csv", "list.csv", settings=settings)
    assert (written.code, written.out) == (0, "1 addresses are in list.csv.\n")
    file = tmp_path / "list.csv"
    assert file.read_text().splitlines()[1].startswith('"nora@example.org","h1","2026-')
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", ["list", "mails", "failed", "purge", "backup x", "verify"])
def test_a_desk_that_is_not_there_is_told_so(run: Run, command: str):
    refused(run(*command.split(), settings={"DESK_DATA": "nowhere"}), "nowhere", "DESK_DATA")


@pytest.mark.parametrize("fault", ["missing", "open to others", "no key", "a folder"])
def test_a_key_file_that_cannot_be_used_is_named(
    run: Run, settings: dict[str, str], tmp_path: Path, fault: str
):
    path = tmp_path / "bad.key"
    if fault == "a folder":
        path.mkdir(mode=0o700)
    elif fault != "missing":
        path.write_bytes((tmp_path / "good.key").read_bytes() if "open" in fault else b"words")
        path.chmod(0o644 if "open" in fault else 0o600)
    refused(run("run", settings={**settings, "DESK_MASTER_KEY_FILE": str(path)}), str(path))


def test_damage_is_a_sentence_too(run: Run, filled: Mapping[str, str], tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "journal.jsonl").write_text("these are no records\n")
    new_key_file(tmp_path / "a.key")
    settings = {"DESK_DATA": str(folder), "DESK_MASTER_KEY_FILE": str(tmp_path / "a.key")}
    refused(run("list", settings=settings), "journal.jsonl")


# --- desk check ---------------------------------------------------------------------------------


def test_check_finds_a_desk_beside_its_sandbox_fine(run: Run, tmp_path: Path):
    async def beside() -> tuple[Result, Result]:
        new_key_file(tmp_path / "own.key")
        sandbox = await Running.start(tmp_path, "sandbox", "--web-port", "0")
        settings = {
            **sandbox.settings,
            "DESK_DATA": str(tmp_path / "data"),
            "DESK_MASTER_KEY_FILE": str(tmp_path / "own.key"),
        }
        try:
            answers = [
                Result(code, out.decode(), err)
                for code, out, err in [
                    await desk(tmp_path, "check", *more, **settings) for more in ((), ("--json",))
                ]
            ]
        finally:
            assert await sandbox.end() == 0
        return answers[0], answers[1]

    table, as_json = asyncio.run(beside())
    assert (table.code, as_json.code) == (0, 0)
    findings = as_json.json
    assert {frozenset(f) for f in findings} == {frozenset(("what", "state", "says", "fix"))}
    states = {f["what"]: f["state"] for f in findings}
    assert {states[what] for what in states if what != "DNS"} == {"ok"}
    assert {"settings", "master key", "store", "mail relay", "DNS", "Slack token"} <= set(states)
    assert all(what in table.out for what in states)


def test_check_names_each_fault_with_its_fix(run: Run, settings: dict[str, str]):
    settings["DESK_RELAY"] = f"127.0.0.1:{free_port()}"
    result = run("check", "--json", settings=settings)
    assert result.code == 1
    faults = {f["what"]: f for f in result.json if f["state"] == "fault"}
    assert {"mail relay", "Slack token"} <= set(faults)
    assert all(fault["fix"] for fault in faults.values())
    table = run("check", settings=settings)
    assert table.code == 1
    assert "DESK_RELAY" in table.out
    assert "Traceback" not in table.err
