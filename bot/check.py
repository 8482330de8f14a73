"""`desk check`: what is wrong or missing, and the fix for each fault."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Literal

from bot.app import room_left, slack_options_of
from bot.settings import Settings
from bot.slack import check as check_slack
from storage.embedded import open_store
from storage.errors import DeskError, StoreBusy
from storage.opening import is_new
from storage.records import Record
from storage.sealing import MasterKey

State = Literal["ok", "warning", "fault"]


class Finding(Record, frozen=True, kw_only=True):
    """One thing looked at. Only a fault makes the check fail."""

    what: str
    state: State
    says: str
    fix: str = ""


def _settings(settings: Settings) -> list[Finding]:
    faults = settings.missing()
    if not faults:
        return [Finding(what="settings", state="ok", says="complete")]
    return [Finding(what="settings", state="fault", says=fault) for fault in faults]


def _key(settings: Settings) -> list[Finding]:
    path = settings.master_key_file
    if path is None:
        return []
    try:
        MasterKey.load(path)
    except DeskError as fault:
        return [Finding(what="master key", state="fault", says=str(fault))]
    if path.resolve().is_relative_to(settings.data.resolve()):
        return [
            Finding(
                what="master key",
                state="warning",
                says="it lies inside DESK_DATA, so a stolen copy of the data holds its own key",
                fix="move the file elsewhere and set DESK_MASTER_KEY_FILE to the new place",
            )
        ]
    return [Finding(what="master key", state="ok", says="readable by this user alone")]


async def _store(settings: Settings) -> list[Finding]:
    if is_new(settings.data) or settings.key_file is None:
        return [Finding(what="store", state="ok", says=f"{settings.data} is made at first start")]
    try:
        store = await open_store(settings.data, MasterKey.load(settings.key_file), read_only=True)
    except StoreBusy:
        return [Finding(what="store", state="ok", says="in use by a running desk")]
    except DeskError as fault:
        return [Finding(what="store", state="fault", says=str(fault))]
    count = len(await store.cases())
    await store.close()
    return [Finding(what="store", state="ok", says=f"opens; {count} open cases")]


def _disk(settings: Settings) -> list[Finding]:
    folder = settings.data
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    left = room_left(folder, settings.disk_reserve)
    if settings.database_url or left is None:
        return []
    if left > 0:
        says = f"{left // 2**20} MB left before mail is put off"
        return [Finding(what="disk", state="ok", says=says)]
    return [
        Finding(
            what="disk",
            state="fault",
            says=f"{settings.data} is nearly full: mail is put off",
            fix="free some space, or lower DESK_DISK_RESERVE",
        )
    ]


async def _relay(settings: Settings) -> list[Finding]:
    if settings.relay is None:
        return [
            Finding(
                what="mail relay",
                state="fault",
                says="DESK_RELAY is not set: letters wait",
                fix="set it to host:port of the outgoing mail server",
            )
        ]
    host, port = settings.relay
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(host, port)
            banner = await reader.readline()
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return [
            Finding(
                what="mail relay",
                state="fault",
                says=f"{host}:{port} does not answer",
                fix="check DESK_RELAY, and that the relay lets this machine in",
            )
        ]
    if not banner.startswith(b"220"):
        return [
            Finding(
                what="mail relay",
                state="fault",
                says=f"{host}:{port} is no mail server",
                fix="check DESK_RELAY",
            )
        ]
    return [Finding(what="mail relay", state="ok", says=f"{host}:{port} answers")]


async def _domains(settings: Settings) -> list[Finding]:
    loop = asyncio.get_running_loop()
    found = []
    for domain in sorted({address.rpartition("@")[2] for address in settings.address}):
        try:
            async with asyncio.timeout(5):
                await loop.getaddrinfo(domain, 25, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError):
            found.append(
                Finding(
                    what="DNS",
                    state="warning",
                    says=f"{domain} cannot be resolved from here",
                    fix="fine behind a relay; otherwise check this machine's name server",
                )
            )
        else:
            found.append(Finding(what="DNS", state="ok", says=f"{domain} resolves"))
    return found


async def _slack(settings: Settings) -> list[Finding]:
    if not settings.slack_bot_token:
        return []
    options = slack_options_of(settings)
    return [
        Finding(
            what=found.name,
            state="ok" if found.ok else "fault",
            says=found.said,
            fix=found.fix,
        )
        for found in await check_slack(options)
    ]


def _circles(settings: Settings) -> list[Finding]:
    closed = settings.slack_restricted or settings.slack_managers
    wanted: Sequence[tuple[str, object, State, str]] = (
        ("DESK_SLACK_MANAGERS", settings.slack_managers, "warning", "the digest goes to staff"),
        (
            "DESK_SLACK_RESTRICTED",
            settings.slack_restricted,
            "warning" if closed else "fault",
            "closed cases go to the managers" if closed else "closed cases are only placeholders",
        ),
        ("DESK_COUNSEL", settings.counsel, "warning", "nobody may act on legal demands"),
    )
    return [
        Finding(what="circles", state=state, says=f"{name} is not set: {effect}", fix="set it")
        for name, value, state, effect in wanted
        if not value
    ]


async def check(settings: Settings, step: Callable[[str], None]) -> list[Finding]:
    """Everything that can be looked at from here; `step` is told what is looked at now."""
    findings = [*_settings(settings), *_key(settings), *_disk(settings), *_circles(settings)]
    for name, look in (
        ("store", _store),
        ("mail relay", _relay),
        ("DNS", _domains),
        ("Slack", _slack),
    ):
        step(name)
        findings += await look(settings)
    return findings
