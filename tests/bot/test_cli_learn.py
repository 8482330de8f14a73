"""`desk train` and `desk evaluate`, as a person or a script meets them."""

import json
import sys

import pytest
from click.testing import CliRunner

from bot.cli import desk
from storage.errors import DeskError
from tests.intake.lessons import write_corpus


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
    assert "27 mails" in lines[-1]
    report = json.loads((tmp_path / "my.json").read_text())
    assert report["figures"]["ignored"]["of"] == 24
    assert [point["auto"] for point in report["curve"]] == sorted(
        {p["auto"] for p in report["curve"]}
    )
    assert "## What matters" in (tmp_path / "my.md").read_text()
    assert out.read_bytes()


def test_the_report_as_json(folder, tmp_path):
    done = run("train", "--corpus", folder, "--out", tmp_path / "x.model", "--json")
    assert json.loads(done.output)["mails"] == 27


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
