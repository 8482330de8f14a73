"""The figures: what is counted as what."""

import json

import pytest

from handlers.registry import load
from intake.classify.evaluating import Answer, answers, figures, share


def answer(asked: str, read: str, decision: str = "triage", language: str = "en") -> Answer:
    return Answer(
        id=f"{asked} as {read}",
        asked=frozenset(asked.split()),
        kinds=frozenset(read.split()),
        decision=decision,
        confidence=dict.fromkeys(read.split(), 0.9),
        language=language,
    )


ANSWERS = [
    answer("access", "access", "auto"),
    answer("access deletion", "access", "auto"),
    answer("deletion", "deletion"),
    answer("deletion", "not_a_request", "ignore", "pl"),
    answer("not_a_request", "not_a_request", "ignore"),
    answer("not_a_request", "question", "auto"),
]


def test_the_shares():
    found = figures(ANSWERS)
    assert (found.ignored.count, found.ignored.of) == (1, 4)
    assert (found.noise_opened.count, found.noise_opened.of) == (1, 2)
    assert (found.alone.count, found.alone.of) == (2, 4)
    assert (found.alone_right.count, found.alone_right.of) == (1, 2)
    assert (found.opened_right.count, found.opened_right.of) == (1, 3)
    assert found.exact == pytest.approx(3 / 6)


def test_each_kind():
    kinds = {kind.kind: kind for kind in figures(ANSWERS).kinds}
    assert (kinds["access"].precision, kinds["access"].recall) == (1.0, 1.0)
    assert (kinds["deletion"].mails, kinds["deletion"].recall) == (3, pytest.approx(1 / 3))
    assert kinds["deletion"].f1 == pytest.approx(0.5)
    assert kinds["correction"].f1 == 0.0


def test_each_language():
    languages = {one.language: one for one in figures(ANSWERS).languages}
    assert languages["pl"].exact == 0.0
    assert languages["en"].mails == 5


def test_an_ignored_request_is_the_worst_miss():
    misses = figures(ANSWERS).misses
    assert [miss.decision for miss in misses] == ["ignore", "auto", "auto"]


def test_none_seen_does_not_mean_none():
    assert share(0, 100).upper == pytest.approx(0.0295, abs=1e-4)  # 1 - 0.05 ** (1 / 100)
    assert share(5, 50).upper == pytest.approx(0.1995, abs=1e-3)
    assert share(7, 7).upper == 1.0
    assert share(0, 0) == share(0, 0)
    assert figures([]).ignored.upper == 1.0


def test_a_file_is_read_as_the_desk_reads(tmp_path):
    lines = [
        {"id": "a", "body": "Please delete my account", "kinds": ["deletion"], "language": "en"},
        {"id": "b", "body": "Are you free for lunch?", "kinds": ["not_a_request"]},
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    steps = []
    found = list(answers(path, load(), lambda *step: steps.append(step)))
    assert [one.right for one in found] == [True, True]
    assert steps == [(1, 2), (2, 2)]
    path.write_text('{"id": "a", "body": "x"}')
    with pytest.raises(ValueError, match=r"x\.jsonl:1"):
        list(answers(path, load(), lambda *_: None))
