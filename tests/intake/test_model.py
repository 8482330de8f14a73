"""The model's file, its arithmetic, and what it refuses to load."""

import pickle

import msgspec
import numpy as np
import pytest

from intake.classify import MODEL
from intake.classify.features import EACH, FAMILIES, Page, extract
from intake.classify.model import (
    Calibration,
    Head,
    Model,
    Thresholds,
    Vocabulary,
    doubted,
    load,
    save,
    squeezed,
)

TEXT = "delete my account, please delete it"


def sheet(text: str = TEXT):
    return extract(Page(text, 0, {"length": 0.5}))


def a_model() -> Model:
    buckets = np.unique(sheet().buckets)
    half = Calibration(slope=0.5, offset=0.0)
    head = Head(
        corpus="c",
        labels=("access", "deletion"),
        amounts=("length",),
        scales=dict.fromkeys(FAMILIES, 1.0),
        calibration={"access": half, "deletion": half},
        exact=Calibration(slope=1.0, offset=4.0),
        thresholds=Thresholds(auto=0.97),
        rows=len(buckets),
    )
    weights = np.random.default_rng(7).normal(size=(len(buckets) + 2, 2)).astype(np.float32)
    return Model(head, buckets, weights)


def test_what_was_saved_comes_back(tmp_path):
    model = a_model()
    save(model, tmp_path / "x.model")
    again = load(tmp_path / "x.model")
    assert again.head.thresholds == model.head.thresholds
    assert again.judge(sheet()) == model.judge(sheet())
    save(again, tmp_path / "y.model")
    assert (tmp_path / "x.model").read_bytes() == (tmp_path / "y.model").read_bytes()


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "x.model"
    save(a_model(), path)
    whole = path.read_bytes()
    for content in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-4], whole[:40], b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.model"):
            load(path)


def test_a_file_of_another_format_is_refused(tmp_path):
    model = a_model()
    newer = Model(
        msgspec.structs.replace(model.head, format=2), model.vocabulary.buckets, model.weights
    )
    save(newer, tmp_path / "x.model")
    with pytest.raises(ValueError, match="format 2"):
        load(tmp_path / "x.model")


def test_nothing_is_ever_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    path = tmp_path / "x.model"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="no model"):
        load(path)


def test_each_family_is_as_long_as_its_scale():
    buckets = np.unique(sheet().buckets)
    scales = {"pieces": 1.0, "words": 2.0, "ideas": 0.5}
    vocabulary = Vocabulary(buckets, scales)
    for text in (TEXT, TEXT * 9):
        rows, values = vocabulary.vector(vocabulary.rows(sheet(text)))
        for number, family in enumerate(FAMILIES):
            mine = values[buckets[rows] // EACH == number]
            assert np.sqrt((mine**2).sum()) == pytest.approx(scales[family])


def test_words_that_were_never_learned_count_for_nothing():
    model = a_model()
    assert model.scores(sheet("zzz"))[0] == pytest.approx(model.scores(sheet("qqq"))[0])


def test_what_the_words_say_is_the_score():
    model = a_model()
    without_words = sheet("")
    spoken = model.spoken(sheet(), "deletion").sum()
    whole = model.scores(sheet())[1] - model.scores(without_words)[1]
    assert spoken == pytest.approx(whole, abs=1e-5)


def test_probabilities():
    assert squeezed(0.0, Calibration(slope=1.0, offset=0.0)) == 0.5
    assert squeezed(1e9, Calibration(slope=1.0, offset=0.0)) < 1.0
    assert doubted({"a": 0.5, "b": 1.0}) == pytest.approx(doubted({"a": 0.5, "b": 0.0}))
    assert doubted({"a": 0.9}) > doubted({"a": 0.2}) > doubted({"a": 0.6})


def test_the_shipped_model_is_small():
    assert MODEL.stat().st_size < 8_000_000
