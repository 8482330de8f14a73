"""The commands that keep a desk in order. What changes its data goes to the running desk."""

import asyncio
from pathlib import Path

import click

from bot.giving import give
from bot.orders import Order, Purge, Retry
from bot.settings import load
from handlers.clock import RealClock
from storage.sealing import new_key_file


def _give(order: Order) -> None:
    """Have it carried out, and say what was done."""
    for sentence in asyncio.run(give(order, load(), RealClock())):
        click.echo(sentence)


@click.command()
@click.argument("id")
def retry(id: str) -> None:  # noqa: A002  the name in the usage line
    """Try a failed mail, or a letter or Slack message that could not be sent, once more.

    `desk failed` lists them with their IDs. With no desk running it is tried at the next start.
    """
    _give(Retry(id=id))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what is due.")
def purge(*, dry_run: bool) -> None:
    """Shred what has outlived its time; the running desk does so once a day by itself.

    Raw mails go 30 days after their case was closed; texts, letters and addresses after 90 days,
    or after 12 months together with the mails where it may be disputed; the case's skeleton after
    36 months; mails that needed nobody 90 days after they came.
    """
    _give(Purge(look=dry_run))


@click.group()
def key() -> None:
    """The master key: 32 random bytes that every other secret of the desk comes from."""


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path), default=Path("master.key"))
def key_new(file: Path) -> None:
    """Make a key file, readable by you alone; never overwrites one."""
    new_key_file(file)
    click.echo(f"{file} made. Keep a copy in a safe place: without it nothing can be read.")


COMMANDS = (retry, purge, key)
