"""How the command line says things: tables for people, JSON for scripts."""

import sys
from collections.abc import Sequence

import click
import msgspec
from rich.console import Console
from rich.table import Column, Table

from bot.reports import Row

AS_JSON = "One array instead of a table."


def print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        click.echo(f"{title}: none.")
        return
    # the first names the thing, to be copied into another command: never shortened
    named = Column(columns[0], no_wrap=True)
    table = Table(named, *columns[1:], title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table, markup=False)
