"""Training: the same corpus gives the same model, and the shipped one is the corpus's."""

import json

import numpy as np
import pytest

from intake.classify import MODEL, WORDS
from intake.classify.examples import CORPUS, digest, files, read
from intake.classify.model import load, save
from intake.classify.training import train, weigh
from tests.intake.lessons import write_corpus


@pytest.fixture
def folder(tmp_path):
    return write_corpus(tmp_path / "corpus")


def test_the_same_corpus_gives_the_same_model(folder, tmp_path):
    for name in ("one", "two"):
        save(train(read(folder)).model, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_model_says_what_it_was_trained_on(folder):
    trained = train(read(folder))
    assert trained.model.head.corpus == digest(files(folder)) == trained.report.corpus
    assert (trained.report.mails, trained.report.voices) == (72, 8)
    assert trained.report.figures.macro_f1 > 0.9


def test_what_few_voices_say_is_not_learned(folder):
    def learned(*voices: str) -> int:
        mails = [
            {"id": f"x{voice}", "voice": voice, "kinds": ["access"], "body": "zyzzyva"}
            for voice in voices
        ]
        (folder / "more.jsonl").write_text("\n".join(map(json.dumps, mails)))
        return len(weigh(read(folder)).vocabulary.buckets)

    few = learned("ann", "ben", "cem", "dan")
    assert learned("ann") == few
    assert learned("ann", "ben", "cem", "dan", "eve") > few


def test_another_corpus_has_another_digest(folder):
    before = digest(files(folder))
    (folder / "some.held.jsonl").write_text("still never read")
    assert digest(files(folder)) == before
    (folder / "some.jsonl").rename(folder / "other.jsonl")
    assert digest(files(folder)) != before


def test_a_line_that_is_no_example_is_named(folder):
    (folder / "bad.jsonl").write_text('\n{"id": "x"}')
    with pytest.raises(ValueError, match=r"bad\.jsonl:2"):
        read(folder)


def test_an_empty_corpus_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no mail"):
        read(tmp_path)


def test_the_shipped_model_is_the_corpus_s():
    shipped = load(MODEL)
    assert shipped.head.corpus == digest(files(CORPUS)), "run `desk train`"
    again = weigh(read(CORPUS))
    assert shipped.head.labels == WORDS
    assert np.array_equal(shipped.vocabulary.buckets, again.vocabulary.buckets)
    assert np.abs(shipped.weights - again.weights).max() <= 1e-6
