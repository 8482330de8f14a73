"""`desk train` and `desk evaluate`, as a person or a script meets them."""

import asyncio
import json
import sys

import pytest
from click.testing import CliRunner

from bot.cli import desk
from intake.classify import own
from storage.embedded import open_store
from storage.errors import DeskError
from storage.records import Commit, MailStatus, Shred
from storage.sealing import MasterKey, new_key_file
from tests.intake.lessons import write_corpus
from tests.storage.making import NOW, a_case, an_arrival, changed, putting


@pytest.fixture
def folder(tmp_path):
    return write_corpus(tmp_path / "corpus")


def run(*arguments):
    return CliRunner().invoke(desk, [str(argument) for argument in arguments])


def test_a_model_with_its_report_beside_it(folder, tmp_path):
    out = tmp_path / "my.model"
    done = run("train", "--corpus", folder, "--out", out)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[1].startswith("real requests ignored")
    assert "72 mails" in lines[-1]
    report = json.loads((tmp_path / "my.json").read_text())
    assert report["figures"]["ignored"]["of"] == 64
    assert [point["auto"] for point in report["curve"]] == sorted(
        {p["auto"] for p in report["curve"]}
    )
    assert "## What matters" in (tmp_path / "my.md").read_text()
    assert out.read_bytes()


def test_the_report_as_json(folder, tmp_path):
    done = run("train", "--corpus", folder, "--out", tmp_path / "x.model", "--json")
    assert json.loads(done.output)["mails"] == 72


def test_no_corpus_is_one_sentence(tmp_path):
    done = run("train", "--corpus", tmp_path, "--out", tmp_path / "x.model")
    assert isinstance(done.exception, DeskError)
    assert "holds no mail" in str(done.exception)


def test_without_scikit_learn_it_says_what_to_install(folder, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "intake.classify.training", raising=False)
    monkeypatch.delattr("intake.classify.training", raising=False)
    for module in ("sklearn.linear_model", "sklearn.svm"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "intake.classify.calibrating", raising=False)
    done = run("train", "--corpus", folder, "--out", tmp_path / "x.model")
    assert isinstance(done.exception, DeskError)
    assert "privacy-desk[train]" in str(done.exception)


@pytest.fixture
def mails(tmp_path):
    path = tmp_path / "mails.jsonl"
    lines = [
        {"id": "a", "body": "Please delete my account", "kinds": ["deletion"], "language": "en"},
        {"id": "b", "body": "Shall we have lunch on Friday?", "kinds": ["access"]},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_figures_with_the_worst_first(mails):
    done = run("evaluate", mails)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[1].startswith("real requests ignored")
    assert "Worst misses" not in done.output  # a pipe gets plain lines
    (miss,) = (line for line in done.output.splitlines() if line.startswith("b "))
    assert "access" in miss


def test_figures_as_json(mails):
    found = json.loads(run("evaluate", mails, "--json").output)
    assert next(iter(found)) == "ignored"
    assert found["ignored"] == {
        "count": 0,
        "of": 2,
        "rate": 0.0,
        "upper": pytest.approx(0.7764, abs=1e-3),
    }
    assert found["kinds"][0]["kind"] == "access"
    assert found["misses"][0]["id"] == "b"


def test_a_line_without_kinds_is_one_sentence(mails):
    mails.write_text('{"id": "a", "body": "x"}')
    done = run("evaluate", mails)
    assert isinstance(done.exception, DeskError)
    assert "mails.jsonl:1" in str(done.exception)


# --- what staff said of this desk's own mail ---------------------------------------------------


async def fill(data, key):
    """One mail that staff have labelled, one that nobody has, and one whose words are gone."""
    store = await open_store(data, MasterKey.load(key))
    for number, labels in enumerate((("deletion",), (), ("access",)), 1):
        said = f"Subject: x\r\n\r\nPlease delete my account, number {number}.\r\n"
        mail = await store.mails.append(an_arrival(said.encode()))
        case = a_case(f"PR-2026-000{number}", mails=(mail.id,), labels=labels, language="en")
        kept = changed(mail, status=MailStatus.PROCESSED, case=case.ref)
        await store.commit(putting(case, kept))
    gone = Shred(life="raw", key=mail.id)
    await store.commit(Commit(at=NOW, actor="desk", act="purge", shreds=(gone,)))
    await store.close()


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    key = tmp_path / "master.key"
    new_key_file(key)
    monkeypatch.setenv("DESK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DESK_MASTER_KEY_FILE", str(key))
    asyncio.run(fill(tmp_path / "data", key))
    return tmp_path / "data"


def test_what_staff_labelled_measures_the_model_and_no_word_of_it_is_shown(labelled):
    done = run("evaluate", "--from-cases", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["mails"] == 1
    assert found["exact"] == 1.0
    assert "account" not in done.output


def test_a_file_or_the_cases_and_not_both(mails, labelled):
    assert run("evaluate").exit_code == 2
    assert run("evaluate", mails, "--from-cases").exit_code == 2


def test_a_model_that_reads_the_held_back_mails_worse_is_refused(folder, labelled):
    done = run("train", "--corpus", folder, "--with-cases")
    assert isinstance(done.exception, DeskError)
    assert "reads the held-back mails worse" in str(done.exception)
    assert not (labelled / "desk.model").exists()


def test_a_model_that_reads_them_as_well_is_the_desks_own(folder, labelled, monkeypatch):
    (folder / "some.held.jsonl").write_text("")
    monkeypatch.setattr("intake.classify.examples.CORPUS", folder)
    done = run("train", "--with-cases", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["mails"] == 73
    assert own(str(labelled / "desk.model")) is not None


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_a_model_that_cannot_be_used_is_none(tmp_path, content):
    (tmp_path / "desk.model").write_bytes(content)
    assert own(str(tmp_path / "desk.model")) is None
    assert own(str(tmp_path / "none")) is None
