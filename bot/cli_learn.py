"""The commands about the classifier itself: train it anew, and measure it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.printing import bar, print_json, print_table
from storage.errors import DeskError

if TYPE_CHECKING:
    from intake.classify.evaluating import Answer, Figures
    from intake.classify.training import Trained


@click.command()
@click.option(
    "--corpus",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Mails with their answers, as .jsonl; without it the desk's own corpus.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the model goes, its report beside it; without it the one the desk uses.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as one object.")
def train(folder: Path | None, out: Path | None, *, as_json: bool) -> None:
    """Train the classifier anew from its corpus; the same corpus gives the same model.

    Files that end in .held.jsonl are never read. Needs the extra `train` (scikit-learn); a desk
    that runs takes the new model at its next start.
    """
    from intake.classify import MODEL
    from intake.classify.reporting import save

    trained = _trained(folder)
    path = out or MODEL
    save(trained.model, trained.report, path)
    if as_json:
        print_json(trained.report)
        return
    _print_figures(trained.report.figures)
    click.echo(
        f"{path} made from {trained.report.mails} mails; decided without a person from "
        f"{trained.report.thresholds.auto:g} on."
    )


def _trained(folder: Path | None) -> "Trained":
    """Raises DeskError for a corpus that cannot be learned from, or without scikit-learn."""
    from intake.classify import examples

    try:
        from intake.classify import training
    except ImportError as fault:
        raise DeskError(
            "Training needs scikit-learn; install it with `pip install 'privacy-desk[train]'`."
        ) from fault
    try:
        corpus = examples.read(folder or examples.CORPUS)
        with bar("Training") as step:
            return training.train(corpus, step)
    except ValueError as fault:
        raise DeskError(f"The corpus cannot be learned from: {fault}.") from fault


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="All figures as one object.")
def evaluate(file: Path, *, as_json: bool) -> None:
    """How well does the desk read the mails of FILE? JSON lines, each with its `kinds`.

    Real requests that were ignored come first: the worst error. Then what is decided without a
    person, each kind, each language, and the worst misses with the words that misled.
    """
    from handlers.registry import load as load_kinds
    from intake.classify.evaluating import answers, figures

    try:
        with bar("Reading") as step:
            found = figures(list(answers(file, load_kinds(), step)))
    except ValueError as fault:
        raise DeskError(f"{file} cannot be measured by: {fault}.") from fault
    if as_json:
        print_json(found)
    else:
        _print_figures(found)


def _print_figures(found: "Figures") -> None:
    from intake.classify import reporting

    print_table("What matters", reporting.CHIEF_COLUMNS, reporting.chief_rows(found))
    print_table("Kinds", reporting.KIND_COLUMNS, reporting.kind_rows(found))
    print_table("Languages", reporting.LANGUAGE_COLUMNS, reporting.language_rows(found))
    print_table("Worst misses", ("mail", "asked", "read as", "words"), _misses(found.misses))


def _misses(misses: "tuple[Answer, ...]") -> list[tuple[str, ...]]:
    return [
        (
            miss.id,
            ", ".join(sorted(miss.asked)),
            f"{', '.join(sorted(miss.kinds))} ({miss.decision})",
            " … ".join(" ".join(evidence.text.split()) for evidence in miss.evidence)[:100],
        )
        for miss in misses
    ]


COMMANDS = (train, evaluate)
