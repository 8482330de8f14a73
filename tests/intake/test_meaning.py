"""The reader of meaning: its files, what it reads, and when it is asked."""

import hashlib
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from handlers import registry
from intake.classify import MODEL, Classifier, encoder, meaning, settled
from intake.classify.deciding import SIGN, WORDS
from intake.classify.encoder import Encoder, installed
from intake.classify.meaning import MEANING, Head, Line, Meaning, Sum, odds, text_of, together
from intake.classify.model import Judged, Thresholds, load
from intake.classify.reader import see
from intake.parse import Parser
from storage.records import ParsedMail
from tests.intake import encoders

DOUBTFUL = "The goats must not find me, whatever they eat."


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    path = tmp_path / "small.bin"
    encoders.write(path)
    monkeypatch.setattr(encoder, "DIGEST", hashlib.sha256(path.read_bytes()).hexdigest())
    return Encoder(path, encoders.LAYERS)


def arrays() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(3)
    width, inner, labels = encoders.WIDTH, encoders.INNER, len(WORDS)
    sizes = {
        "sought": (width, 3 * width),
        "heard": (width, width),
        "widened": (width, inner),
        "narrowed": (inner, width),
        "looks": (width, labels),
        "finds": (width, labels),
        "mean": (width, labels),
    }
    found = {}
    for name, size in sizes.items():
        found[name] = chance.normal(size=size).astype(np.float32)
        found[name + "+"] = np.zeros(size[1], np.float32)
    for name in ("heard_norm", "narrowed_norm"):
        found[name], found[name + "+"] = np.ones(width, np.float32), np.zeros(width, np.float32)
    return found


def a_head(**changes: object) -> Head:
    same = Sum(words=0.0, meaning=1.0, offset=0.0)
    head = Head(
        corpus="c",
        encoder="e",
        layers=encoders.LAYERS,
        labels=WORDS,
        sums=dict.fromkeys(WORDS, same),
        exact=Line(slope=1.0, offset=0.0),
        shapes={},
    )
    return msgspec.structs.replace(head, **changes)


def mail(body: str, subject: str = "Hello") -> ParsedMail:
    return ParsedMail(subject=subject, text=body, shown=body)


def test_a_text_is_cut_into_the_likeliest_pieces(small):
    named = [encoders.PIECES[number] for number in small.pieces.numbers("my cats")]
    assert named == ["\u2581my", "\u2581cat", "s"]


def test_a_letter_that_nobody_knows_is_one_piece(small):
    named = [encoders.PIECES[number] for number in small.pieces.numbers("xs <s>")]
    assert named == ["\u2581", "<unk>", "s", "\u2581", "<unk>", "s", "<unk>"]


def test_a_piece_means_another_thing_beside_another(small):
    cat, my = 6, 5
    alone, beside, again = small.read([cat]), small.read([cat, my]), small.read([cat, my])
    assert not np.allclose(alone[0], beside[0], atol=0.01)
    assert np.array_equal(beside, again)


def test_weights_are_two_to_a_byte_sixteen_apart():
    block = np.zeros((1, 18), np.uint8)
    block[0, :2] = np.array([0.5], "<f2").view(np.uint8)
    block[0, 2] = 0x1F  # fifteen is the first, one the seventeenth
    found = encoder._unpacked(block)[0]
    assert (found[0], found[16], found[1]) == (3.5, -3.5, -4.0)


def test_the_bend_is_the_normal_distribution_s():
    given = np.linspace(-6, 6, 121, dtype=np.float32)
    exact = [x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in given.tolist()]
    assert np.abs(encoder._gelu(given) - exact).max() < 2e-6


def test_another_file_is_refused(tmp_path):
    encoders.write(tmp_path / "other.bin")
    with pytest.raises(ValueError, match="not the file"):
        Encoder(tmp_path / "other.bin", 1)


def test_what_was_saved_comes_back_and_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "x.meaning"
    meaning.save(a_head(), arrays(), path)
    head, found = meaning.read(path)
    assert head.shapes["widened"] == (encoders.WIDTH, encoders.INNER)
    for name, array in arrays().items():
        assert np.abs(found[name] - array).max() <= np.abs(array).max() / 127
    whole = path.read_bytes()
    for torn in (b"", whole[:-1], whole[:40], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(torn)
        with pytest.raises(ValueError, match=r"reader of meaning|damaged"):
            meaning.read(path)


def test_a_kind_is_seen_anywhere_in_a_long_mail(small):
    reader = Meaning(a_head(), small, arrays())
    short, long = reader.scores("cats"), reader.scores("my " * meaning._AT_ONCE + "cats")
    assert all(long[word] >= short[word] - 1e-3 for word in WORDS if word != "not_a_request")
    assert long["not_a_request"] <= short["not_a_request"] + 1e-3


def test_no_text_takes_for_ever(small):
    reader = Meaning(a_head(), small, arrays())
    most = "my " * meaning._AT_ONCE * meaning._WINDOWS
    assert reader.scores(most + "cats" * 50) == reader.scores(most)


def test_a_sign_that_the_words_gave_is_never_taken_away():
    against = Sum(words=0.0, meaning=1.0, offset=0.0)
    assert together(0.2, -9.0, against, "deletion") == SIGN
    assert together(0.1, -9.0, against, "deletion") < 0.01
    assert together(0.2, -9.0, against, "not_a_request") < 0.01


def test_both_readers_are_weighed_together():
    by = Sum(words=0.5, meaning=2.0, offset=-1.0)
    assert odds(together(0.6, 1.5, by, "access")) == pytest.approx(0.5 * odds(0.6) + 3.0 - 1.0)


def test_the_text_has_the_new_words_alone_and_as_they_were_written():
    parsed = mail("Weg mit\n  ALLEM, bitte.", "Mein Konto")
    assert text_of(parsed, see(parsed)) == "Mein Konto | Weg mit ALLEM, bitte."
    reply = mail("Weg mit ALLEM.", "Re: Your old words")
    assert text_of(reply, see(reply)) == "Weg mit ALLEM."


class Asked(Meaning):
    """Says deletion of everything, and remembers."""

    def __init__(self, *, sure: float = 0.99) -> None:
        self.head = a_head(thresholds=Thresholds(auto=0.9))
        self.texts: list[str] = []
        self._sure = sure

    def judge(self, text: str, judged: Judged) -> Judged:
        self.texts.append(text)
        likely = dict.fromkeys(judged.likely, 0.01) | {"deletion": 0.98}
        return Judged(likely=likely, exact=self._sure)


def test_only_a_mail_that_the_words_leave_in_doubt_is_asked_for_its_meaning():
    asked = Asked()
    reader = Classifier(registry.load(), meaning=asked)
    assert Classifier(registry.load()).read(mail(DOUBTFUL)).decision == "triage"
    found = reader.read(mail(DOUBTFUL))
    assert (found.kinds, found.decision, len(asked.texts)) == (("deletion",), "auto", 1)
    reader.read(mail("x"), auto=0.0)  # any certainty is enough
    assert len(asked.texts) == 1


def test_the_operator_s_threshold_holds_for_both():
    reader = Classifier(registry.load(), meaning=Asked(sure=0.95))
    assert reader.read(mail(DOUBTFUL)).decision == "auto"
    assert reader.read(mail(DOUBTFUL), auto=0.97).decision == "triage"


def test_a_machine_s_mail_with_a_sign_is_still_not_ignored(small):
    sums = dict.fromkeys(WORDS, Sum(words=0.0, meaning=0.0, offset=-9.0))
    deaf = Meaning(a_head(sums=sums), small, arrays())
    parsed = mail("Please think about whether my data could be deleted.")
    likely = dict.fromkeys(WORDS, 0.0) | {"deletion": 0.3, "not_a_request": 0.7}
    judged = deaf.judge(text_of(parsed, see(parsed)), Judged(likely=likely, exact=0.5))
    assert judged.likely["deletion"] == SIGN
    reader = Classifier(registry.load(), meaning=deaf)
    assert settled(reader.read(parsed, robot=True), robot=True).decision == "triage"


def test_the_shipped_file_is_the_corpus_s_and_small():
    head, _ = meaning.read(MEANING)
    assert head.corpus == load(MODEL).head.corpus
    assert (head.encoder, head.labels) == (encoder.DIGEST, WORDS)
    assert MEANING.stat().st_size < 2.5e6


def test_it_is_off_unless_wanted_and_never_in_the_way(monkeypatch):
    monkeypatch.setattr(encoder, "find_spec", lambda _: None)
    assert meaning.offered(wanted=False) is None
    assert meaning.offered(wanted=True) is None


def _here() -> bool:
    try:
        return installed().is_file()
    except OSError:
        return False


with_weights = pytest.mark.skipif(not _here(), reason="the extra `semantic` is not installed")


@with_weights
async def test_the_workers_read_meaning_within_their_bounds_where_it_is_switched_on():
    found = []
    for semantic in (False, True):
        parser = Parser(workers=1, semantic=semantic)
        _, reading = await parser.read(f"From: a@example.org\r\n\r\n{DOUBTFUL}\r\n".encode())
        await parser.stop()
        assert (reading is not None, parser.killed) == (True, 0)
        found.append(reading.confidence)
    assert found[0] != found[1]


@with_weights
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("I would like there to be no trace left of me in your systems.", "deletion"),
        ("Ich möchte, dass von mir bei euch keine Spur mehr bleibt.", "deletion"),
        ("What have you got on file about me? I want to see all of it.", "access"),
        ("Que savez-vous de moi ? Je veux tout voir.", "access"),
        ("Lunch on Tuesday at the usual place?", "not_a_request"),
    ],
)
def test_meaning_is_seen_in_any_of_the_languages(body, kind):
    scores = meaning.load().scores(body)
    assert max(scores, key=scores.__getitem__) == kind
