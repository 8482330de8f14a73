"""The model's file, its arithmetic, and what it refuses to load."""

import pickle

import msgspec
import numpy as np
import pytest

from intake.classify import MODEL
from intake.classify.bag import Vocabulary
from intake.classify.features import EACH, FAMILIES, Page, extract
from intake.classify.model import (
    Calibration,
    Head,
    Model,
    Thresholds,
    doubted,
    likelihoods,
    load,
    save,
    squeezed,
)

TEXT = "delete my account, please delete it. and send me a copy"
SCALES = dict.fromkeys(FAMILIES, 1.0)


def sheet(text: str = TEXT):
    return extract(Page(text, 0, {"length": 0.5}))


def vocabulary(text: str = TEXT, scales: dict[str, float] = SCALES) -> Vocabulary:
    buckets = np.unique(sheet(text).buckets)
    rarity = np.random.default_rng(5).uniform(0.5, 3.0, len(buckets)).astype(np.float32)
    return Vocabulary(buckets, rarity, scales)


def a_model() -> Model:
    known = vocabulary()
    one = Calibration(slopes=(0.5, 0.3, 0.2), offset=0.1)
    head = Head(
        corpus="c",
        labels=("access", "deletion"),
        amounts=("length",),
        scales=SCALES,
        calibration={"access": one, "deletion": one},
        exact=Calibration(slopes=(1.0,), offset=4.0),
        thresholds=Thresholds(auto=0.97),
        rows=len(known.buckets),
    )
    weights = np.random.default_rng(7).normal(size=(len(known.buckets) + 2, 4))
    weights[-2, 2:] = 0.0  # what is counted in a mail says nothing of a clause
    return Model(head, known, weights.astype(np.float32))


def test_what_was_saved_comes_back(tmp_path):
    model = a_model()
    save(model, tmp_path / "x.model")
    again = load(tmp_path / "x.model")
    assert again.head.thresholds == model.head.thresholds
    assert again.weigh(sheet()).judged == model.weigh(sheet()).judged
    assert again.weights.flags.aligned  # else every look into it copies it whole
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
    head = msgspec.structs.replace(model.head, format=1)
    save(Model(head, model.vocabulary, model.weights), tmp_path / "x.model")
    with pytest.raises(ValueError, match="format 1"):
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
    scales = {"pieces": 1.0, "words": 2.0, "ideas": 0.5, "phrases": 0.3}
    known = vocabulary(scales=scales)
    for text in (TEXT, TEXT * 9):
        bag = known.bag(sheet(text))
        ends = [*bag.clauses.starts[1:], len(bag.clauses.rows)]
        parts = [bag.clauses.values[a:b] for a, b in zip(bag.clauses.starts, ends, strict=True)]
        rows = [bag.clauses.rows[a:b] for a, b in zip(bag.clauses.starts, ends, strict=True)]
        for of, values in ((bag.whole.rows, bag.whole.values), *zip(rows, parts, strict=True)):
            for number, family in enumerate(FAMILIES):
                mine = values[known.buckets[of] // EACH == number]
                assert np.sqrt((mine**2).sum()) == pytest.approx(scales[family], rel=1e-5)


def test_rare_words_count_more():
    known = vocabulary()
    whole = known.bag(sheet()).whole
    words = known.buckets[whole.rows] // EACH == FAMILIES.index("words")
    assert np.array_equal(
        np.argsort(whole.values[words]), np.argsort(known.rarity[whole.rows][words])
    )


def test_a_clause_has_its_own_words_and_the_mail_all():
    known = vocabulary()
    bag = known.bag(sheet())
    assert len(bag.clauses.starts) == 2
    first, second = np.split(bag.clauses.rows, bag.clauses.starts[1:])
    alone = known.bag(sheet(TEXT.partition(".")[0])).whole.rows
    assert set(first) >= set(alone)
    assert set(second) - set(alone)
    assert set(bag.whole.rows) == set(first) | set(second)


def test_words_that_were_never_learned_count_for_nothing():
    model = a_model()
    one, other = (model.weigh(sheet(text)) for text in ("zzz", "qqq"))
    assert one.judged == other.judged


def test_what_the_words_say_is_the_log_odds():
    model = a_model()

    def odds(text: str) -> float:
        chance = model.weigh(sheet(text)).judged.likely["deletion"]
        return float(np.log(chance / (1 - chance)))

    spoken = model.spoken(sheet(), model.weigh(sheet()), "deletion")
    assert spoken.sum() == pytest.approx(odds(TEXT) - odds(""), abs=1e-4)


def test_the_clause_that_says_most_is_taken():
    model = a_model()
    one = model.weigh(sheet("delete my account. and send me a copy")).scores
    alone = model.weigh(sheet("delete my account.")).scores.best
    other = model.weigh(sheet(" and send me a copy")).scores.best
    assert one.best == pytest.approx(np.maximum(alone, other), abs=1e-5)
    assert one.at.tolist() == np.argmax([alone, other], axis=0).tolist()


def test_probabilities():
    model = a_model()
    scores = model.weigh(sheet()).scores
    by = {
        "x": Calibration(slopes=(1.0, 0.0, 0.0), offset=0.0),
        "y": model.head.calibration["access"],
    }
    likely = likelihoods(scores, by)
    assert likely["x"] == pytest.approx(squeezed(scores.whole[0]))
    assert likely["y"] == pytest.approx(
        squeezed(0.5 * scores.whole[1] + 0.3 * scores.best[1] + 0.2 * scores.mean[1] + 0.1)
    )
    assert squeezed(0.0) == 0.5
    assert squeezed(1e9) < 1.0
    assert doubted({"a": 0.5, "b": 1.0}) == pytest.approx(doubted({"a": 0.5, "b": 0.0}))
    assert doubted({"a": 0.9}) > doubted({"a": 0.2}) > doubted({"a": 0.6})


def test_the_shipped_model_is_small():
    assert MODEL.stat().st_size < 8_000_000
