"""The commands that keep a desk in order. What changes its data goes to the running desk."""

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from bot.printing import bar, print_json
from bot.settings import Settings, load
from bot.stores import master_of, must_be_files, must_exist, open_for_reading
from handlers.clock import RealClock
from storage.backup import Folder, Made
from storage.backup import make as make_backup
from storage.errors import SettingsError, StoreError
from storage.restore import restore as put_back
from storage.rotation import rotate, rotate_ring
from storage.sealing import new_key_file
from storage.verify import Step

if TYPE_CHECKING:
    from bot.orders import Order
    from storage.moving import Done


def _give(order: "Order") -> None:
    """Have it carried out, and say what was done."""
    from bot.giving import give

    for sentence in asyncio.run(give(order, load(), RealClock())):
        click.echo(sentence)


@click.command()
@click.argument("name", metavar="ID")
def retry(name: str) -> None:
    """Try a failed mail, or a letter or Slack message that could not be sent, once more.

    `desk failed` lists them with their IDs. An ignored mail (`desk mails`) is a request after all
    then, received when it was. With no desk running it is tried as soon as one does.
    """
    from bot.orders import Retry

    _give(Retry(id=name))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what is due.")
def purge(*, dry_run: bool) -> None:
    """Shred what has outlived its time; the running desk does so once a day by itself.

    Raw mails go 30 days after their case was closed; texts, letters and addresses after 90 days,
    or after 12 months together with the mails where it may be disputed; the case's skeleton after
    36 months; mails that needed nobody 90 days after they came.
    """
    from bot.orders import Purge

    _give(Purge(look=dry_run))


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@click.option(
    "--received-at",
    metavar="WHEN",
    help="When all of them were received: 2026-03-01, or with a time. In DESK_TIMEZONE, unless it "
    "names a zone.",
)
@click.option("--json", "as_json", is_flag=True, help="What became of each, as one array.")
def import_command(paths: tuple[Path, ...], received_at: str | None, *, as_json: bool) -> None:
    """Take in old mail: .eml files, mbox files, Maildirs, or folders of the first two.

    They arrive as one list to sort in Slack: nothing is sent, nobody gets onto the do-not-mail list
    and nobody is reminded before a person has said what becomes of each. Received is when the
    topmost Received header says so, else the file's date. Safe beside a running desk.
    Interrupted? Run it again: no mail is imported twice.
    """
    from bot.importing import import_mails

    settings, clock = load(), RealClock()
    at = _moment(received_at, settings, clock.now()) if received_at is not None else None
    with bar("Importing") as step:
        became = asyncio.run(import_mails(paths, settings, clock, at, step))
    for each in became:
        if each.why:
            click.echo(f"desk: {each.file} {each.why}; it was not imported.", err=True)
    counts = Counter(each.result for each in became)
    if as_json:
        print_json(became)
    else:
        click.echo(
            f"Imported: {counts['imported']}, here already: {counts['known']}, not readable: "
            f"{counts['unreadable']}. What was imported waits on a list: `/privacy imports`."
        )
    if counts["unreadable"]:
        sys.exit(1)


def _moment(said: str, settings: Settings, now: datetime) -> datetime:
    """Raises BadParameter. A date is the start of that day: no clock may start too late."""
    try:
        told = datetime.fromisoformat(said)
    except ValueError:
        raise click.BadParameter(
            f"{said!r} is no date such as 2026-03-01 or 2026-03-01T14:30.",
            param_hint="--received-at",
        ) from None
    if told.tzinfo is None:
        told = told.replace(tzinfo=ZoneInfo(settings.timezone))
    if told > now:
        raise click.BadParameter(f"{said} lies in the future.", param_hint="--received-at")
    return told.astimezone(UTC)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Copy everything into a folder of its own in DIR, also beside a running desk.

    Mail that an earlier backup in DIR has is shared with it, not copied. DIR has one keyring, that
    of the newest backup: what was shredded is gone from all. The master key is never in it, so
    keep that elsewhere. Use one DIR per desk.
    """
    from rich.filesize import decimal as size

    settings = load()
    with bar("Backing up") as step:
        made = _backed_up(settings, folder, step)
    click.echo(
        f"{made.path} made: {made.commits} commits, {made.mails} mails, {size(made.size)}; "
        f"mail segments: {made.segments}, of which an earlier backup had {made.linked}; "
        f"keyring: {size(made.keys)}."
    )


def _backed_up(settings: Settings, folder: Path, step: Step) -> Made:
    now = datetime.now(UTC)
    if settings.database_url:
        from storage.postgres.store import backup_postgres

        return backup_postgres(settings.database_url, master_of(settings), folder, now, step)
    must_exist(settings)
    if folder.resolve().is_relative_to(settings.data.resolve()):
        raise StoreError(
            f"{folder} lies within DESK_DATA, and would be lost with it; choose another folder."
        )
    return make_backup(Folder(settings.data), folder, now, step)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def restore(folder: Path) -> None:
    """Put a backup into an empty DESK_DATA, and shred what has outlived its time since.

    DIR is what was given to `desk backup`, for its newest backup, or one of the backups in it.
    Needs the master key; changes nothing in DIR. What was on its way when the backup was made goes
    out again when a desk runs on it.
    """
    from rich.filesize import decimal as size

    from bot.orders import Purge

    settings = load()
    must_be_files(settings)
    master = master_of(settings)
    with bar("Restoring") as step:
        restored = put_back(folder, settings.data, master, step)
    click.echo(
        f"{restored.path} is back in {settings.data}: {restored.commits} commits, "
        f"{restored.mails} mails, {size(restored.size)}."
    )
    _give(Purge())


@click.command()
@click.option(
    "--to", "url", metavar="URL", required=True, help="postgresql://USER:PASSWORD@HOST/NAME"
)
def migrate(url: str) -> None:
    """Move the desk in DESK_DATA into PostgreSQL; it must not run meanwhile.

    Journal, keys and mails go over as they are, and all of it is compared on both sides before it
    counts. Interrupted? Run it again, it goes on where it was. DESK_DATA is read and never changed.
    """
    from rich.filesize import decimal as size

    settings = load()
    must_exist(settings)
    with bar("Moving") as step:
        done = _moved(settings, url, step)
    click.echo(
        f"The desk in {settings.data} is in the database, all compared and found the same: "
        f"{done.commits} commits in {done.chains} chains, {sum(done.records.values())} records, "
        f"{done.mails} raw mails, {size(done.size)}.\n"
        "Set DESK_DATABASE_URL to that URL and start `desk run`: from then on the files in "
        f"{settings.data} are out of date; delete them, as they keep what the desk will shred."
    )


def _moved(settings: Settings, url: str, step: Step) -> "Done":
    from storage.moving import move

    try:
        return move(settings.data, url, master_of(settings), step)
    except StoreError as error:
        # the store's sentences name the setting; here the URL has come another way
        raise type(error)(str(error).replace("DESK_DATABASE_URL", "--to")) from error


@click.command()
def verify() -> None:
    """Is everything that was kept still there, unchanged, and found again? Changes nothing.

    Looks at every line of the journal, its chains and seals, at what the desk makes of them, and
    at every raw mail. One sentence for each fault.
    """

    async def verifying() -> tuple[str, ...]:
        store = await open_for_reading(load())
        try:
            with bar("Verifying") as step:
                return await store.verify(step)
        finally:
            await store.close()

    if faults := asyncio.run(verifying()):
        for fault in faults:
            click.echo(f"desk: {fault}", err=True)
        sys.exit(1)
    click.echo("All that was kept is there, unchanged.")


@click.group()
def key() -> None:
    """The master key: 32 random bytes that every other secret of the desk comes from."""


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path), default=Path("master.key"))
def key_new(file: Path) -> None:
    """Make a key file, readable by you alone; never overwrites one."""
    new_key_file(file)
    click.echo(f"{file} made. Keep a copy in a safe place: without it nothing can be read.")


@key.command("rotate")
def key_rotate() -> None:
    """Put a new master key in the place of the old one; no desk may run meanwhile.

    Nothing is sealed anew: the data keys are wrapped under the new master key. The old one is kept
    beside it as FILE.old, as backups made before need it. Interrupted? Run it again.
    """
    settings = load()
    if not settings.database_url:
        must_exist(settings)
    if settings.key_file is None:
        raise SettingsError(("DESK_MASTER_KEY_FILE is not set: there is no key to rotate.",))
    with bar("Wrapping keys") as step:
        if settings.database_url:
            from storage.postgres.rotation import TableRing

            done = rotate_ring(TableRing(settings.database_url), settings.key_file, step)
        else:
            done = rotate(settings.data, settings.key_file, step)
    click.echo(
        f"{settings.key_file} is a new master key{' (begun earlier)' * done.resumed}. Keep a copy "
        f"in a safe place; {done.old} opens backups made before and may go after the next one."
    )


COMMANDS = (import_command, retry, purge, verify, backup, restore, migrate, key)
