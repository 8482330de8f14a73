"""What is known of a model, for people and beside its file: tables, JSON, a page."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from intake.classify import model as models
from intake.classify.evaluating import Figures, Share
from intake.classify.model import Model, Thresholds
from storage.records import Record

Row = tuple[str, ...]
CHIEF_COLUMNS = ("what", "rate", "mails", "at most (95 %)")
KIND_COLUMNS = ("kind", "mails", "precision", "recall", "F1")
LANGUAGE_COLUMNS = ("language", "mails", "macro-F1", "exact")


class Point(Record, frozen=True, kw_only=True):
    """One possible threshold: what would be decided without a person, and how often rightly."""

    auto: float
    plain_alone: float  #: of the plain mails that ask something
    plain_right: float  #: of all plain mails that are opened without a person
    alone: float  #: the same of all mails, with those that were written to be hard
    right: float
    noise_opened: float  #: of the mails that ask nothing


class Band(Record, frozen=True, kw_only=True):
    """Probabilities of one tenth: what was said on average, and how often it was so."""

    said: float
    was: float
    count: int


class Report(Record, frozen=True, kw_only=True):
    """What is known of a model, from mails it was not trained on."""

    corpus: str  #: SHA-256
    mails: int
    voices: int
    thresholds: Thresholds
    rule: str
    figures: Figures
    curve: tuple[Point, ...]
    reliability: tuple[Band, ...]


def save(model: Model, report: Report, path: Path) -> None:
    """The model, its report as JSON, and as a page, side by side. Raises OSError."""
    models.save(model, path)
    raw = msgspec.json.format(msgspec.json.encode(report), indent=1)
    path.with_suffix(".json").write_bytes(raw + b"\n")
    path.with_suffix(".md").write_text("\n".join(page(report)) + "\n", encoding="utf-8")


def chief_rows(found: Figures) -> list[Row]:
    """The worst error first."""
    return [
        _share("real requests ignored", found.ignored, bounded=True),
        _share("noise opened as requests without a person", found.noise_opened, bounded=True),
        _share("asking mails decided without a person", found.alone),
        _share("… of those with exactly the right kinds", found.alone_right),
        ("macro-F1 over the kinds", f"{found.macro_f1:.3f}", str(found.mails), ""),
        ("exactly the right kinds", f"{found.exact:.2%}", str(found.mails), ""),
    ]


def _share(what: str, found: Share, *, bounded: bool = False) -> Row:
    at_most = f"{found.upper:.2%}" if bounded else ""
    return (what, f"{found.rate:.2%}", f"{found.count} of {found.of}", at_most)


def kind_rows(found: Figures) -> list[Row]:
    return [
        (k.kind, str(k.mails), f"{k.precision:.3f}", f"{k.recall:.3f}", f"{k.f1:.3f}")
        for k in found.kinds
    ]


def language_rows(found: Figures) -> list[Row]:
    return [
        (one.language, str(one.mails), f"{one.macro_f1:.3f}", f"{one.exact:.2%}")
        for one in found.languages
    ]


def page(report: Report) -> Iterator[str]:
    """The report in Markdown."""
    yield "# The classifier, measured"
    yield ""
    yield (
        f"Made by `desk train` from {report.mails} mails of {report.voices} voices (corpus "
        f"`{report.corpus[:16]}`). Every figure is of mails the weights were not trained on: "
        f"voices are held back together, in turns."
    )
    yield from _table("What matters", CHIEF_COLUMNS, chief_rows(report.figures))
    yield from _table("Kinds", KIND_COLUMNS, kind_rows(report.figures))
    yield from _table("Languages", LANGUAGE_COLUMNS, language_rows(report.figures))
    yield ""
    yield (
        "Plain mails say what they ask; the others, two thirds of the corpus, were written to be "
        "hard, so that little is gained by heart. A mail is opened without a person from "
        f"{report.thresholds.auto:g} on: {report.rule}. "
        "The whole curve:"
    )
    yield from _table(
        "Thresholds",
        ("from", "plain: alone", "plain: right", "all: alone", "all: right", "noise opened"),
        [
            (
                f"{p.auto:g}",
                *(f"{p.plain_alone:.2%}", f"{p.plain_right:.2%}"),
                *(f"{p.alone:.2%}", f"{p.right:.2%}", f"{p.noise_opened:.2%}"),
            )
            for p in report.curve
        ],
    )
    yield from _table(
        "Is a probability one?",
        ("said", "was so", "of"),
        [(f"{b.said:.3f}", f"{b.was:.3f}", str(b.count)) for b in report.reliability],
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield from ("", f"## {title}", "", f"| {' | '.join(columns)} |")
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
