"""The `desk` command: parse arguments, call, print.

Exit 0 = fine, 1 = the thing asked about is not fine, 2 = wrong arguments. An error is one
sentence on stderr that names the thing and the way out.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
import msgspec
from rich.console import Console
from rich.table import Table

from bot import reports
from bot.app import open_for_reading, until_signalled
from bot.app import run as run_desk
from bot.check import check as check_everything
from bot.demo import DemoOptions
from bot.demo import demo as run_demo
from bot.sandbox import Sandbox, SandboxOptions
from bot.settings import Settings, load
from bot.slack import manifest
from handlers.clock import RealClock
from handlers.registry import load as load_kinds
from intake.classify.batch import classify_file
from storage.embedded import EmbeddedStore
from storage.errors import DeskError, SettingsError, UnknownReference
from storage.records import MailStatus, OutboxStatus
from storage.sealing import new_key_file

if sys.platform == "linux":
    from uvloop import new_event_loop
else:
    from asyncio import new_event_loop

Reader = Callable[[EmbeddedStore], Awaitable[None]]
PORT = click.IntRange(0, 65535)


def main() -> None:
    """The entry point: every error of ours becomes one sentence and exit 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aiosmtpd").setLevel(logging.CRITICAL)  # its lines carry addresses
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    for library in ("slack_bolt", "slack_sdk", "aiohttp"):
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        desk(prog_name="desk")
    except SettingsError as fault:
        _fail(*fault.faults)
    except DeskError as fault:
        _fail(str(fault))
    except OSError as fault:
        _fail(_os_fault(fault))


def _fail(*sentences: str) -> NoReturn:
    for sentence in sentences:
        click.echo(f"desk: {sentence}", err=True)
    sys.exit(1)


def _os_fault(fault: OSError) -> str:
    """What takes a port or a folder says so in a sentence of its own."""
    if fault.filename:
        return f"{fault.filename}: {fault.strerror}; check the path and its permissions."
    return fault.strerror or str(fault)


def _print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _print_table(title: str, columns: Sequence[str], rows: Sequence[reports.Row]) -> None:
    if not rows:
        click.echo(f"{title}: none.")
        return
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table, markup=False)


def _read(reader: Reader) -> None:
    """Open the store beside a running desk, and close it again."""

    async def reading() -> None:
        store = await open_for_reading(load())
        try:
            await reader(store)
        finally:
            await store.close()

    asyncio.run(reading())


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96})
@click.version_option(package_name="privacy-desk")
def desk() -> None:
    """Privacy requests: mail in, one card in Slack, letters out, nothing lost.

    New here? `desk demo` shows everything on this machine alone. For real work set the
    settings (`desk check` says which are missing) and start `desk run`.
    """


@desk.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data/demo"),
    show_default=True,
    help="Where everything is kept.",
)
@click.option(
    "--smtp-port", type=PORT, default=8025, show_default=True, help="Where mail is taken."
)
@click.option("--web-port", type=PORT, default=8026, show_default=True, help="Where the page is.")
@click.option("--no-samples", is_flag=True, help="Start with an empty desk.")
def demo(data: Path, smtp_port: int, web_port: int, *, no_samples: bool) -> None:
    """Sandbox and desk on loopback, with a dozen sample mails; runs until Ctrl-C.

    Prints its settings as KEY=value lines, then `ready`. Open SANDBOX_URL in a browser. A port
    of 0 takes any free one. Everything is kept in --data: a killed demo comes back whole.
    """
    options = DemoOptions(data=data, smtp_port=smtp_port, web_port=web_port, samples=not no_samples)
    _run(until_signalled(run_demo(options, _say)))


def _run(work: Coroutine[object, object, None]) -> None:
    """On uvloop where there is one: more mail a second at the same door."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


def _say(line: str) -> None:
    print(line, flush=True)


@desk.command()
def run() -> None:
    """The desk, from the environment and desk.toml; runs until SIGTERM or Ctrl-C."""
    settings = load()

    async def running() -> None:
        await until_signalled(run_desk(settings, RealClock(), ready=lambda: _say("ready")))

    _run(running())


@desk.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Kept in DIR/sandbox; without it in DESK_DATA/sandbox.",
)
@click.option("--web-port", type=PORT, default=8026, show_default=True, help="Where the page is.")
def sandbox(data: Path | None, web_port: int) -> None:
    """The local Slack stand-in alone, for trying `desk run` without a workspace.

    Prints the settings that point `desk run` at it as KEY=value lines, then `ready`.
    """
    settings = load()
    options = SandboxOptions(
        data=(data or settings.data) / "sandbox",
        web_port=web_port,
        desk_smtp=(settings.smtp_host, settings.smtp_port),
        desk_http_port=settings.http_port,
        desk_address=settings.address[0],
    )
    asyncio.run(until_signalled(_sandbox(options)))


async def _sandbox(options: SandboxOptions) -> None:
    place = Sandbox(options)
    await place.start()
    try:
        for name, value in place.settings().items():
            _say(f"{name}={value}")
        _say(f"SANDBOX_URL={place.web_url}")
        _say("ready")
        await asyncio.Event().wait()
    finally:
        await place.stop()


@desk.command("check")
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def check_command(*, as_json: bool) -> None:
    """Look at settings, key, store, relay, DNS and Slack; name the fix for each fault."""
    settings: Settings = load()
    with Console(stderr=True).status("Looking …") as status:
        findings = asyncio.run(
            check_everything(settings, lambda what: status.update(f"Looking at {what} …"))
        )
    if as_json:
        _print_json(findings)
    else:
        rows = [(f.what, f.state, f.says, f.fix) for f in findings]
        _print_table("desk check", ("what", "state", "says", "fix"), rows)
    if any(finding.state == "fault" for finding in findings):
        sys.exit(1)


@desk.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def classify(files: tuple[Path, ...]) -> None:
    """What do these mails ask for? One JSON line per .eml, or per line of a .jsonl."""
    registry = load_kinds()
    fine = True
    for file in files:
        for line in classify_file(file, registry):
            fine = fine and "error" not in line
            click.echo(msgspec.json.encode(line).decode())
    if not fine:
        sys.exit(1)


@desk.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed cases too.")
@click.option("--full", is_flag=True, help="Requesters' addresses unmasked.")
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def list_command(*, everything: bool, full: bool, as_json: bool) -> None:
    """The queue, by due date."""

    async def listing(store: EmbeddedStore) -> None:
        if everything:
            cases = [case async for case in store.all_cases()]
        else:
            cases = list(await store.cases())
        if as_json:
            _print_json([reports.case_json(case, full=full) for case in cases])
            return
        _print_table(
            "Cases",
            ("case", "kinds", "due", "status", "with", "requester"),
            reports.case_rows(cases, datetime.now(UTC), full=full),
        )

    _read(listing)


@desk.command()
@click.argument("ref")
@click.option("--full", is_flag=True, help="The requester's address unmasked.")
@click.option("--json", "as_json", is_flag=True, help="One object instead of text.")
def show(ref: str, *, full: bool, as_json: bool) -> None:
    """One case: its requests, why each date is what it is, its letters."""

    async def showing(store: EmbeddedStore) -> None:
        case = await store.case(ref.upper())
        if case is None:
            raise UnknownReference(f"There is no case {ref}; `desk list --all` names every one.")
        if as_json:
            _print_json(reports.case_json(case, full=full))
            return
        for line in reports.case_lines(case, full=full):
            click.echo(line)

    _read(showing)


@desk.command()
@click.argument("ref")
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def history(ref: str, *, as_json: bool) -> None:
    """The journal of one case: who did what, and when."""

    async def reading(store: EmbeddedStore) -> None:
        if await store.case(ref.upper()) is None:
            raise UnknownReference(f"There is no case {ref}; `desk list --all` names every one.")
        entries = [entry async for entry in store.history(ref.upper())]
        if as_json:
            _print_json(entries)
            return
        rows = [
            (str(e.seq), e.at.isoformat(timespec="seconds"), e.actor, e.act, e.note)
            for e in entries
        ]
        _print_table(f"History of {ref.upper()}", ("no", "when", "who", "did", "note"), rows)

    _read(reading)


@desk.command()
@click.option("--raw", type=click.Path(path_type=Path), help="Write each mail to DIR/ID.eml.")
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def mails(raw: Path | None, *, as_json: bool) -> None:
    """Every inbound mail and what became of it."""

    async def listing(store: EmbeddedStore) -> None:
        found = [mail async for mail in store.all_mails()]
        if raw is not None:
            with click.progressbar(found, label="Writing mails", file=sys.stderr) as each:
                for mail in each:
                    _write_mail(raw, mail.id, await store.mails.raw(mail.id))
        if as_json:
            _print_json([reports.mail_json(mail) for mail in found])
        elif raw is None:
            columns = ("mail", "received", "bytes", "status", "reason", "case")
            _print_table("Mails", columns, reports.mail_rows(found))

    _read(listing)


def _write_mail(folder: Path, mail_id: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{mail_id}.eml").write_bytes(content)


@desk.command()
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def failed(*, as_json: bool) -> None:
    """Mails that could not be worked on, letters and Slack messages that could not be sent."""

    async def listing(store: EmbeddedStore) -> None:
        dead = [reports.failed_json(m) for m in await store.mails_with(MailStatus.FAILED)]
        dead += [reports.message_json(m) for m in await store.messages_with(OutboxStatus.DEAD)]
        if as_json:
            _print_json(dead)
            return
        rows = [tuple(str(value or "") for value in item.values()) for item in dead]
        columns = ("id", "what", "case", "attempts", "error", "since")
        _print_table("Failed", columns, rows)

    _read(listing)


@desk.command()
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def kinds(*, as_json: bool) -> None:
    """The kinds of request the desk knows."""
    found = list(load_kinds().kinds.values())
    columns = ("kind", "title", "circle", "verification", "steps")
    rows = reports.kind_rows(found)
    if as_json:
        _print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        _print_table("Kinds", columns, rows)


@desk.command("slack-manifest")
@click.option(
    "--http", "url", default="", help="For signed HTTP: the public https://… address of the desk."
)
def manifest_command(url: str) -> None:
    """The app manifest to paste into Slack (Socket Mode unless --http is given)."""
    _print_json(manifest("http", url) if url else manifest("socket"))


@desk.group()
def key() -> None:
    """The master key: 32 random bytes that every other secret of the desk comes from."""


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path), default=Path("master.key"))
def key_new(file: Path) -> None:
    """Make a key file, readable by you alone; never overwrites one."""
    new_key_file(file)
    click.echo(f"{file} made. Keep a copy in a safe place: without it nothing can be read.")


if __name__ == "__main__":
    main()
