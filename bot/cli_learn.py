"""The commands about the classifier itself: train it anew, and measure it."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from bot.printing import bar, print_json, print_table
from bot.settings import load
from bot.stores import open_for_reading
from storage.errors import DeskError, UnknownReference

if TYPE_CHECKING:
    from intake.classify.evaluating import Answer, Figures
    from intake.classify.examples import Example
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
@click.option(
    "--with-cases",
    is_flag=True,
    help="Learn from what staff have confirmed or corrected here too; for this desk alone.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as one object.")
def train(folder: Path | None, out: Path | None, *, with_cases: bool, as_json: bool) -> None:
    """Train the classifier anew from its corpus; the same corpus gives the same model.

    Files that end in .held.jsonl are never learned from. With --with-cases the model goes into
    DESK_DATA, and only where it reads those files no worse than the one it replaces. Needs the
    extra `train` (scikit-learn); a desk that runs takes the new model at its next start.
    """
    from intake.classify import MODEL
    from intake.classify.reporting import save

    learned = asyncio.run(_labelled()) if with_cases else []
    trained = _trained(folder, learned)
    path = out or (load().model if with_cases else MODEL)
    if with_cases:
        _must_read_as_well(trained, path)
    save(trained.model, trained.report, path)
    if as_json:
        print_json(trained.report)
        return
    _print_figures(trained.report.figures)
    click.echo(
        f"{path} made from {trained.report.mails} mails; decided without a person from "
        f"{trained.report.thresholds.auto:g} on."
    )


async def _labelled() -> "list[Example]":
    """The mails of this desk that staff have labelled, while their words are still there."""
    from intake.classify.examples import of_case

    store = await open_for_reading(load())
    found = []
    try:
        async for case in store.all_cases():
            if case.labels and case.mails:
                with suppress(UnknownReference):  # its content was destroyed in time
                    content = await store.mails.raw(case.mails[0])
                    found.append(of_case(case.ref, case.labels, case.language, content))
    finally:
        await store.close()
    return found


def _must_read_as_well(trained: "Trained", path: Path) -> None:
    """Raises DeskError where the held-back mails are read worse than by the model in use."""
    from handlers.registry import load as load_kinds
    from intake.classify import Classifier, examples, own
    from intake.classify.evaluating import figures, judged

    held, kinds = list(examples.held_back(examples.CORPUS)), load_kinds()
    with bar("Comparing") as step:
        before = figures(list(judged(held, Classifier(kinds, own(str(path))), step)))
        after = figures(list(judged(held, Classifier(kinds, trained.model), step)))
    if after.macro_f1 < before.macro_f1 or after.ignored.count > before.ignored.count:
        raise DeskError(
            f"The new model reads the held-back mails worse ({after.macro_f1:.3f} against "
            f"{before.macro_f1:.3f}): nothing was changed. More labelled mails may help."
        )


def _trained(folder: Path | None, learned: "list[Example]") -> "Trained":
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
        corpus = replace(corpus, examples=(*corpus.examples, *learned))
        with bar("Training") as step:
            return training.train(corpus, step)
    except ValueError as fault:
        raise DeskError(f"The corpus cannot be learned from: {fault}.") from fault


@click.command()
@click.argument("file", metavar="FILE", required=False, type=click.Path(path_type=Path))
@click.option("--from-cases", is_flag=True, help="The mails here that staff have labelled.")
@click.option("--json", "as_json", is_flag=True, help="All figures as one object.")
def evaluate(file: Path | None, *, from_cases: bool, as_json: bool) -> None:
    """How well does the desk read the mails of FILE? JSON lines, each with its `kinds`.

    Real requests that were ignored come first: the worst error. Then what is decided without a
    person, each kind, each language, and the worst misses with the words that misled; of cases
    the words are not shown.
    """
    if (file is None) != from_cases:
        raise click.UsageError("Name a file, or say --from-cases.")
    found = _from_cases() if file is None else _from_file(file)
    if as_json:
        print_json(found)
    else:
        _print_figures(found)


def _from_file(file: Path) -> "Figures":
    from handlers.registry import load as load_kinds
    from intake.classify.evaluating import answers, figures
    from intake.classify.meaning import offered

    try:
        with bar("Reading") as step:
            meaning = offered(wanted=load().semantic)
            return figures(list(answers(file, load_kinds(), step, meaning)))
    except ValueError as fault:
        raise DeskError(f"{file} cannot be measured by: {fault}.") from fault


def _from_cases() -> "Figures":
    """How the model in use would read them now; no word of a mail leaves the store."""
    from handlers.registry import load as load_kinds
    from intake.classify import Classifier, own
    from intake.classify.evaluating import figures, judged
    from intake.classify.meaning import offered

    settings = load()
    meaning = offered(wanted=settings.semantic)
    reader = Classifier(load_kinds(), own(str(settings.model)), meaning)
    with bar("Reading") as step:
        found = list(judged(asyncio.run(_labelled()), reader, step))
    return figures([replace(answer, evidence=()) for answer in found])


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
