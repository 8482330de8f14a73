"""The `desk` command: parse arguments, call, print.

Exit 0 = fine, 1 = the thing asked about is not fine, 2 = wrong arguments. An error is one
sentence on stderr that names the thing and the way out. A command imports what it alone needs:
`desk list` should not wait for Slack's libraries.
"""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
import msgspec

from bot import cli_keep, cli_learn, cli_read, reports
from bot.printing import print_json, print_table
from bot.settings import Settings, load
from bot.signals import until_signalled
from storage.errors import DeskError, SettingsError

if TYPE_CHECKING:
    from bot.sandbox import SandboxOptions

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
    from bot.demo import DemoOptions
    from bot.demo import demo as run_demo

    options = DemoOptions(data=data, smtp_port=smtp_port, web_port=web_port, samples=not no_samples)
    _run(until_signalled(run_demo(options, _say)))


def _run(work: Coroutine[object, object, None]) -> None:
    """On uvloop where there is one: more mail a second at the same door."""
    if sys.platform == "linux":
        from uvloop import new_event_loop
    else:
        from asyncio import new_event_loop
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


def _say(line: str) -> None:
    print(line, flush=True)


@desk.command()
def run() -> None:
    """The desk, from the environment and desk.toml; runs until SIGTERM or Ctrl-C."""
    from bot.front import run as run_desk
    from handlers.clock import RealClock

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
    from bot.sandbox import SandboxOptions

    settings = load()
    options = SandboxOptions(
        data=(data or settings.data) / "sandbox",
        web_port=web_port,
        desk_smtp=(settings.smtp_host, settings.smtp_port),
        desk_http_port=settings.http_port,
        desk_address=settings.address[0],
    )
    asyncio.run(until_signalled(_sandbox(options)))


async def _sandbox(options: "SandboxOptions") -> None:
    from bot.sandbox import Sandbox

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
    from rich.console import Console

    from bot.check import check as check_everything

    settings: Settings = load()
    with Console(stderr=True).status("Looking …") as status:
        findings = asyncio.run(
            check_everything(settings, lambda what: status.update(f"Looking at {what} …"))
        )
    if as_json:
        print_json(findings)
    else:
        rows = [(f.what, f.state, f.says, f.fix) for f in findings]
        print_table("desk check", ("what", "state", "says", "fix"), rows)
    if any(finding.state == "fault" for finding in findings):
        sys.exit(1)


@desk.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def classify(files: tuple[Path, ...]) -> None:
    """What do these mails ask for? One JSON line per .eml, or per line of a .jsonl."""
    from handlers.registry import load as load_kinds
    from intake.classify.batch import classify_file
    from intake.classify.meaning import offered

    registry, settings = load_kinds(), load()
    meaning = offered(wanted=settings.semantic)
    fine = True
    for file in files:
        for line in classify_file(file, registry, settings.auto, meaning):
            fine = fine and "error" not in line
            click.echo(msgspec.json.encode(line).decode())
    if not fine:
        sys.exit(1)


@desk.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", is_flag=True, expose_value=False, help="The array is printed in any case.")
def due(file: Path) -> None:
    """By when is each request in this file due, and why? One array, in order.

    Each has id, regime, kind (or a word of the law such as portability), received_at and, where
    they differ, events, timezone and holiday_calendar. due_on is null while its clock stands.
    """
    from bot.due import answers

    found = list(answers(file))
    print_json(found)
    if any("error" in row for row in found):
        sys.exit(1)


@desk.command()
@click.option("--json", "as_json", is_flag=True, help="One array instead of a table.")
def kinds(*, as_json: bool) -> None:
    """The kinds of request the desk knows."""
    from handlers.registry import load as load_kinds

    found = list(load_kinds().kinds.values())
    columns = ("kind", "title", "circle", "verification", "steps")
    rows = reports.kind_rows(found)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Kinds", columns, rows)


@desk.command("slack-manifest")
@click.option(
    "--http", "url", default="", help="For signed HTTP: the public https://… address of the desk."
)
def manifest_command(url: str) -> None:
    """The app manifest to paste into Slack (Socket Mode unless --http is given)."""
    from bot.slack.manifest import OPTIONAL, manifest

    optional = tuple(OPTIONAL) if load().groups else ()
    print_json(manifest("http", url, optional) if url else manifest("socket", optional=optional))


for command in (*cli_read.COMMANDS, *cli_keep.COMMANDS, *cli_learn.COMMANDS):
    desk.add_command(command)


if __name__ == "__main__":
    main()
