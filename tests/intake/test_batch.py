"""`desk classify`: the shape of its rows."""

import json
from pathlib import Path

import pytest

from handlers import registry
from intake.classify import WORDS
from intake.classify.batch import classify_file


def rows(path: Path, *lines: object) -> list[dict]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text(text, encoding="utf-8")
    return list(classify_file(path, registry.load()))


def test_rows_of_json_lines(tmp_path):
    found = rows(
        tmp_path / "mails.jsonl",
        {
            "id": "a",
            "from": "ann@example.org",
            "subject": "Hi",
            "body": "Delete my account",
            "x": 1,
        },
        {"id": "b", "from": "ann@example.org", "subject": "unsubscribe", "body": ""},
        "",
        "no json",
        {"from": "nobody"},
        {"id": "c", "subject": 7},
        {"id": 9, "subject": None, "body": None, "headers": None, "parts": None},
    )
    assert [row["id"] for row in found] == ["a", "b", "mails.jsonl:4", "mails.jsonl:5", "c", 9]
    assert ["error" in row for row in found] == [False, False, True, True, True, False]
    assert list(found[0]) == [
        "id",
        "kinds",
        "decision",
        "confidence",
        "evidence",
        "language",
        "regimes",
    ]
    assert found[0]["kinds"] == ["deletion"]
    assert set(found[0]["confidence"]) == set(WORDS)
    (evidence,) = found[0]["evidence"]
    assert "Hi\n\nDelete my account"[evidence["start"] : evidence["end"]] == evidence["text"]
    assert evidence["kind"] == "deletion"
    assert found[1]["kinds"] == ["unsubscribe"]
    assert found[5]["kinds"] == ["not_a_request"]
    assert json.loads(json.dumps(found)) == found


def test_the_subject_is_taken_as_given(tmp_path):
    subject = "  Ö  =?utf-8?q?x?=  delete my account "
    (row,) = rows(tmp_path / "x.jsonl", {"id": "a", "subject": subject, "body": "Thanks"})
    (evidence,) = row["evidence"]
    assert f"{subject}\n\nThanks"[evidence["start"] : evidence["end"]] == evidence["text"]


def test_html_alone_headers_and_parts(tmp_path):
    found = rows(
        tmp_path / "x.jsonl",
        {"id": "html", "body": "", "html": "<p>Please <b>delete</b> my account</p>"},
        {
            "id": "news",
            "subject": "Spring concert",
            "body": "The choir sings on Friday at eight. Doors open at seven, drinks after.",
            "headers": {"List-Unsubscribe": "<mailto:x@example.org>"},
        },
        {
            "id": "part",
            "body": "One more thing:",
            "parts": [{"type": "text/plain", "text": "please delete my account and data"}],
        },
        {
            "id": "forwarded",
            "body": "What shall we do about this?",
            "parts": [{"type": "message/rfc822", "text": "Subject: x\n\nplease delete my account"}],
        },
        {"id": "odd", "body": "hi", "parts": [{"type": "no type\r\nX: y", "text": "x"}]},
    )
    assert [row.get("kinds") for row in found] == [
        ["deletion"],
        ["not_a_request"],
        ["deletion"],
        ["not_a_request"],
        ["not_a_request"],
    ]
    assert [row["decision"] for row in found] == ["auto", "ignore", "auto", "triage", "triage"]


@pytest.mark.parametrize("content", [b"", b"From: ann@example.org\r\n\r\nPlease delete my account"])
def test_an_eml_is_one_row_named_after_its_file(tmp_path, content):
    path = tmp_path / "one.eml"
    path.write_bytes(content)
    (row,) = classify_file(path, registry.load())
    assert row["id"] == "one.eml"
    assert row["kinds"] == (["deletion"] if content else ["not_a_request"])


@pytest.mark.parametrize("name", ["gone.eml", "gone.jsonl"])
def test_a_missing_file_is_an_error_row(tmp_path, name):
    (row,) = classify_file(tmp_path / name, registry.load())
    assert row["id"] == name
    assert "No such file" in row["error"]
