"""The commands that only look: each opens the store beside a running desk, or without one."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from bot import reports
from bot.printing import AS_JSON, print_json, print_table
from bot.settings import load
from bot.stores import open_for_reading
from handlers.finding import Wanted, matches
from storage.disk import write_private
from storage.errors import UnknownReference
from storage.records import Case, MailStatus, OutboxStatus
from storage.store import Store

Reader = Callable[[Store], Awaitable[None]]


def _read(reader: Reader) -> None:
    """Open the store beside a running desk, and close it again."""

    async def reading() -> None:
        store = await open_for_reading(load())
        try:
            await reader(store)
        finally:
            await store.close()

    asyncio.run(reading())


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed cases too.")
@click.option("--full", is_flag=True, help="Requesters' addresses unmasked.")
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
def list_command(*, everything: bool, full: bool, as_json: bool) -> None:
    """The queue, by due date."""

    async def listing(store: Store) -> None:
        if everything:
            cases = [case async for case in store.all_cases()]
        else:
            cases = list(await store.cases())
        _print_cases(cases, full=full, as_json=as_json)

    _read(listing)


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--full", is_flag=True, help="Requesters' addresses unmasked.")
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
def find(words: tuple[str, ...], *, full: bool, as_json: bool) -> None:
    """Cases, closed ones too, with all these words.

    Looked for in the reference, the requester's address and name, the subject and the
    Message-IDs; a word may be a part of one, in capitals or not.
    """

    async def finding(store: Store) -> None:
        wanted = [
            Wanted(word.casefold(), store.keys.address_hash(word))
            for word in " ".join(words).split()
        ]
        found = [case async for case in store.all_cases() if matches(case, wanted)]
        found.sort(key=lambda case: (case.closed, case.due.due_on, case.ref))
        _print_cases(found, full=full, as_json=as_json)

    _read(finding)


def _print_cases(cases: Sequence[Case], *, full: bool, as_json: bool) -> None:
    if as_json:
        print_json([reports.case_json(case, full=full) for case in cases])
        return
    columns = ("case", "kinds", "due", "status", "with", "requester")
    print_table("Cases", columns, reports.case_rows(cases, datetime.now(UTC), full=full))


@click.command()
@click.argument("ref")
@click.option("--full", is_flag=True, help="The requester's address unmasked.")
@click.option("--json", "as_json", is_flag=True, help="One object instead of text.")
def show(ref: str, *, full: bool, as_json: bool) -> None:
    """One case: its requests, why each date is what it is, its letters, what stands in Slack."""

    async def showing(store: Store) -> None:
        case = await store.case(ref.upper())
        if case is None:
            raise UnknownReference(f"There is no case {ref}; `desk list --all` names every one.")
        if as_json:
            print_json(reports.case_json(case, full=full))
            return
        posted = reports.slack_lines(await store.messages_of(case.ref))
        for line in (*reports.case_lines(case, full=full), *posted):
            click.echo(line)

    _read(showing)


@click.command()
@click.argument("ref")
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
def history(ref: str, *, as_json: bool) -> None:
    """The journal of one case: who did what, and when."""

    async def reading(store: Store) -> None:
        if await store.case(ref.upper()) is None:
            raise UnknownReference(f"There is no case {ref}; `desk list --all` names every one.")
        entries = [entry async for entry in store.history(ref.upper())]
        if as_json:
            print_json(entries)
            return
        rows = [
            (str(e.seq), e.at.isoformat(timespec="seconds"), e.actor, e.act, e.note)
            for e in entries
        ]
        print_table(f"History of {ref.upper()}", ("no", "when", "who", "did", "note"), rows)

    _read(reading)


@click.command()
@click.option(
    "--raw",
    type=click.Path(path_type=Path),
    help="Write each mail that is not purged to DIR/ID.eml.",
)
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
def mails(raw: Path | None, *, as_json: bool) -> None:
    """Every inbound mail and what became of it."""

    async def listing(store: Store) -> None:
        found = [mail async for mail in store.all_mails()]
        if raw is not None:
            whole = [mail for mail in found if mail.sha256]  # of the others nothing is left
            with click.progressbar(whole, label="Writing mails", file=sys.stderr) as each:
                for mail in each:
                    _write_mail(raw, mail.id, await store.mails.raw(mail.id))
        if as_json:
            print_json([reports.mail_json(mail) for mail in found])
        elif raw is None:
            columns = ("mail", "received", "bytes", "status", "reason", "case")
            print_table("Mails", columns, reports.mail_rows(found))

    _read(listing)


def _write_mail(folder: Path, mail_id: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{mail_id}.eml").write_bytes(content)


@click.command()
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
def failed(*, as_json: bool) -> None:
    """Mails that could not be worked on, letters and Slack messages that could not be sent."""

    async def listing(store: Store) -> None:
        dead = [reports.failed_json(m) for m in await store.mails_with(MailStatus.FAILED)]
        dead += [reports.message_json(m) for m in await store.messages_with(OutboxStatus.DEAD)]
        if as_json:
            print_json(dead)
            return
        rows = [tuple(str(value or "") for value in item.values()) for item in dead]
        columns = ("id", "what", "case", "attempts", "error", "since")
        print_table("Failed", columns, rows)

    _read(listing)


@click.command()
@click.option(
    "--csv",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the list with addresses and keyed hashes here, for the desk's user alone.",
)
@click.option("--full", is_flag=True, help="Addresses unmasked.")
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
def suppressions(file: Path | None, *, full: bool, as_json: bool) -> None:
    """The do-not-mail list: who must get no marketing, since when, from which case.

    Mail tools may read DESK_SUPPRESSION_FEED instead: one address a line, always up to date.
    """

    async def listing(store: Store) -> None:
        found = [each async for each in store.all_suppressions()]
        if file is not None:
            write_private(file, reports.suppression_csv(found).encode())
            click.echo(f"{len(found)} addresses are in {file}.")
        elif as_json:
            print_json([reports.suppression_json(each, full=full) for each in found])
        else:
            rows = [tuple(reports.suppression_json(each, full=full).values()) for each in found]
            print_table("Do not mail", ("address", "hash", "since", "case"), rows)

    _read(listing)


COMMANDS = (list_command, find, show, history, mails, failed, suppressions)
