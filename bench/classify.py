"""What reading a mail costs: `python -m bench.classify`.

The desk's classifier with everything it does (language, clues, model, evidence, flags, regimes)
beside a plain scikit-learn pipeline (word 1-2 and character 2-5 grams, logistic regression), which
gives probabilities alone and has learned from a part of the same corpus; they take turns in every
round. Then what
loading costs in a process of its own, and texts made to be slow, against the budgets.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer

from handlers.registry import load
from intake import jurisdiction
from intake.classify import MODEL, Classifier
from intake.classify.examples import CORPUS, Example, read
from storage.records import ParsedMail

SIZES = (300, 2_000, 8_000, 100_000)
BUDGET = {2_000: 3.0, 100_000: 20.0}  #: ms
SLOW = {
    "1 MB of one word": "a" * 1_000_000,
    "100,000 times delete": "delete " * 100_000,
    "50,000 nested quotes": "> " * 50_000 + "delete my account",
    "100,000 empty lines": "\n" * 100_000,
    "confidential lines": "confidential\n \n" * 30_000,
}
_LOADING = """
import os, time
rss = lambda: int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
from handlers.registry import load
registry, before, start = load(), rss(), time.perf_counter()
from intake.classify import Classifier
from storage.records import ParsedMail
Classifier(registry).read(ParsedMail(subject="a", text="b", shown="b"))
print((time.perf_counter() - start) * 1000, rss() - before)
"""

Read = Callable[[ParsedMail], object]


def plain(examples: Sequence[Example]) -> Read:
    """The pipeline everybody would write first."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    weigh = OneVsRestClassifier(LogisticRegression(C=10.0, solver="liblinear", dual=True))
    pipeline = make_pipeline(make_union(words, letters), weigh)
    asked = MultiLabelBinarizer().fit_transform([example.kinds for example in examples])
    pipeline.fit([text_of(example.parsed) for example in examples], asked)
    return lambda mail: pipeline.predict_proba([text_of(mail)])


def desk() -> Read:
    classifier = Classifier(load())
    return lambda mail: jurisdiction.placed(classifier.read(mail), mail)


def text_of(mail: ParsedMail) -> str:
    return f"{mail.subject}\n\n{mail.shown}"


def of_size(examples: Sequence[Example], size: int, number: int) -> ParsedMail:
    """One voice after the other of one language, until it is long enough."""
    mine = [e for e in examples if e.language == ("en", "de", "fr", "pl")[number % 4]]
    turned = mine[number % len(mine) :] + mine[: number % len(mine)]
    text = "\n".join(example.parsed.shown for example in turned)
    text = (text * (size // max(len(text), 1) + 1))[:size]
    return ParsedMail(subject=mine[0].parsed.subject, text=text, shown=text)


def timed(read: Read, mails: Sequence[ParsedMail]) -> float:
    """ms a mail."""
    start = time.perf_counter()
    for mail in mails:
        read(mail)
    return (time.perf_counter() - start) * 1000 / len(mails)


def shown(values: Sequence[float]) -> str:
    return f"{statistics.median(values):8.2f} ({min(values):.2f}, {max(values):.2f})"


def sizes(examples: Sequence[Example], rounds: int) -> None:
    ways = {"the desk": desk(), "plain scikit-learn": plain(examples[::4])}
    print("ms a mail, and the desk in parts of the plain pipeline")
    for size in SIZES:
        count = 40 if size < 10_000 else 4
        found: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds):
            mails = [of_size(examples, size, turn * count + n) for n in range(count)]
            for name, read_one in ways.items():
                found[name].append(timed(read_one, mails))
        ours, theirs = found.values()
        ratio = [one / other for one, other in zip(ours, theirs, strict=True)]
        budget = f"budget {BUDGET[size]:g} ms" if size in BUDGET else ""
        print(f"  {size:7} characters: {shown(ours)} | {shown(theirs)} | {shown(ratio)}  {budget}")


def batch(examples: Sequence[Example], rounds: int) -> None:
    read_one, mails = desk(), [example.parsed for example in examples][:500]
    rates = [1000 / timed(read_one, mails) for _ in range(rounds)]
    print(f"the corpus's own mails, a second: {shown(rates)}  budget 500")


def pathological() -> None:
    read_one = desk()
    for name, text in SLOW.items():
        mail = ParsedMail(subject="a", text=text, shown=text)
        print(f"  {name:24} {timed(read_one, [mail] * 3):8.2f} ms  budget 100 ms")


def loading(rounds: int) -> None:
    pairs = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", _LOADING], check=True, capture_output=True, text=True
        )
        pairs.append([float(figure) for figure in done.stdout.split()])
    took, memory = zip(*pairs, strict=True)
    print(f"loading, ms:  {shown(took)}  budget 400")
    print(f"memory, MB:   {shown(memory)}  budget 80")
    print(f"on disk, MB:  {MODEL.stat().st_size / 1e6:8.2f}  budget 8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    examples = read(CORPUS).examples
    sizes(examples, options.rounds)
    batch(examples, options.rounds)
    pathological()
    loading(options.rounds)


if __name__ == "__main__":
    main()
