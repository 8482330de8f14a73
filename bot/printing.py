"""How the command line says things: tables for people, plain lines for a pipe, JSON for scripts."""

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
import msgspec

from bot.reports import Row, plain
from storage.verify import Step

AS_JSON = "One array instead of a table."
LONG = 100  #: rows; to draw a thousand takes a second, and who reads them has a pager


def print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        click.echo(f"{title}: none.")
    elif sys.stdout.isatty() and len(rows) <= LONG:
        _draw(title, columns, rows)
    else:
        click.echo("\n".join(plain(columns, rows)))


def _draw(title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    # the first names the thing, to be copied into another command: never shortened
    named = Column(columns[0], no_wrap=True)
    table = Table(named, *columns[1:], title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console().print(table, markup=False)


@contextmanager
def bar(label: str) -> Iterator[Step]:
    """A progress bar for whoever watches; a script's stderr has errors alone."""
    shown = sys.stderr if sys.stderr.isatty() else io.StringIO()
    with click.progressbar(length=1, label=label, file=shown) as drawn:

        def step(done: int, total: int) -> None:
            drawn.length = max(total, 1)
            drawn.update(done - drawn.pos)

        yield step
