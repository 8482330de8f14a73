"""`desk check`: what is wrong or missing, and the fix for each fault."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Literal

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer

from bot.app import policy_of, room_left, slack_options_of
from bot.control import ask
from bot.orders import Ping
from bot.outbox import SendLater
from bot.relay import Connections, read_login
from bot.settings import Settings
from bot.slack.check import check as check_slack
from bot.stores import open_for_reading
from handlers.clock import RealClock
from handlers.letters import demands
from handlers.letters.templates import LANGUAGES
from handlers.registry import load
from intake.classify.meaning import load as load_meaning
from intake.classify.model import load as load_model
from storage.errors import DeskError, SettingsError, StoreMissing
from storage.opening import RESTORING, is_new
from storage.records import Record
from storage.rotation import new_file_of
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
    if new_file_of(path).exists():
        return [
            Finding(
                what="master key",
                state="fault",
                says="putting a new one in its place was interrupted",
                fix="stop the desk and run `desk key rotate` again",
            )
        ]
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
    if (settings.data / RESTORING).exists():
        return [
            Finding(
                what="store",
                state="fault",
                says=f"a restore into {settings.data} was not finished",
                fix="empty the folder and run `desk restore DIR` again",
            )
        ]
    if settings.key_file is None:
        return []
    try:
        store = await open_for_reading(settings)
    except StoreMissing:
        return [Finding(what="store", state="ok", says="it is made at the first start")]
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
    says = f"{settings.data} is nearly full: mail is put off"
    fix = "free some space, or lower DESK_DISK_RESERVE"
    return [Finding(what="disk", state="fault", says=says, fix=fix)]


async def _running(settings: Settings) -> list[Finding]:
    """Can a command ask the running desk? None running is fine too."""
    if settings.database_url or is_new(settings.data):
        return []
    try:
        said = await ask(settings.data, Ping(), Ping.patience)
    except DeskError as fault:
        fix = "look at its log; if it hangs, start it anew"
        return [Finding(what="running desk", state="fault", says=str(fault), fix=fix)]
    says = said[0] if said else "none at the moment: commands work on the data themselves"
    return [Finding(what="running desk", state="ok", says=says)]


def _backup(settings: Settings) -> list[Finding]:
    """A backup is made beside the desk, which keeps no note of it."""
    if settings.database_url or is_new(settings.data):
        return []
    says = "the desk cannot know; `desk backup DIR` every day keeps one"
    return [Finding(what="backup", state="ok", says=says)]


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
    name = f"{settings.relay.host}:{settings.relay.port}"
    try:
        login = read_login(settings.relay_login) if settings.relay_login else None
        way = await Connections(settings.relay, RealClock(), login, name=settings.smtp_name).look()
    except (SendLater, SettingsError) as fault:
        return [
            Finding(
                what="mail relay",
                state="fault",
                says=f"{name}: {fault}",
                fix="check DESK_RELAY and DESK_RELAY_LOGIN, and that it lets this machine in",
            )
        ]
    return [Finding(what="mail relay", state="ok", says=f"{name} answers, {way}")]


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


async def _nameserver(settings: Settings) -> list[Finding]:
    """A desk that looks up senders needs a name server that answers."""
    if not settings.is_mx:
        return []
    resolver = Resolver(configure=settings.nameserver is None)
    if settings.nameserver is not None:
        resolver.nameservers, resolver.port = [settings.nameserver[0]], settings.nameserver[1]
    domain = settings.address[0].rpartition("@")[2]
    try:
        await resolver.resolve(f"_dmarc.{domain}", "TXT", search=False, lifetime=5)
    except (NoAnswer, NXDOMAIN):
        says = f"answers; {domain} has no DMARC record, so anybody may write in its name"
        return [Finding(what="name server", state="ok", says=says)]
    except (DNSException, OSError):
        return [
            Finding(
                what="name server",
                state="fault",
                says="it gives no answer: no sender can be checked",
                fix="check DESK_NAMESERVER, or this machine's name server",
            )
        ]
    return [Finding(what="name server", state="ok", says="answers")]


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


def _classifier(settings: Settings) -> list[Finding]:
    """What the operator asked for and cannot be used is passed over, and that should be known."""
    return [*_model(settings), *_meaning(settings)]


def _meaning(settings: Settings) -> list[Finding]:
    if not settings.semantic:
        return []
    try:
        load_meaning()
    except (OSError, ValueError) as fault:
        fix = "run `pip install 'privacy-desk[semantic]'`, or take DESK_SEMANTIC away"
        return [Finding(what="meaning", state="fault", says=f"{fault}; not used", fix=fix)]
    return [Finding(what="meaning", state="ok", says="read where the words leave doubt")]


def _model(settings: Settings) -> list[Finding]:
    if not settings.model.exists():
        return [Finding(what="classifier", state="ok", says="the model the desk came with")]
    try:
        load_model(settings.model)
    except (OSError, ValueError) as fault:
        fix = f"run `desk train --with-cases`, or delete {settings.model}"
        return [Finding(what="classifier", state="fault", says=f"{fault}; not used", fix=fix)]
    return [Finding(what="classifier", state="ok", says=f"its own model, {settings.model}")]


def _letters(settings: Settings) -> list[Finding]:
    """The operator's own wording holds what the law demands; who answers for each language."""
    try:
        policy = policy_of(settings)
        faults = tuple(demands.faults(policy.letters, load().kinds, policy))
    except SettingsError as unread:
        faults = unread.faults
    if faults:
        fix = "mend the file, or take it away: the desk's own wording is used then"
        return [Finding(what="letters", state="fault", says=said, fix=fix) for said in faults]
    own = sum(map(len, policy.letters.own.values()))
    read = [language for language in LANGUAGES if policy.letters.reviewed(language)]
    says = f"{len(LANGUAGES)} languages, reviewed: {', '.join(read)}; {own} files of your own"
    return [Finding(what="letters", state="ok", says=says)]


def _circles(settings: Settings) -> list[Finding]:
    closed = settings.slack_restricted or settings.slack_managers
    group = settings.groups.get("counsel", "")
    wanted: Sequence[tuple[str, object, State, str]] = (
        ("DESK_SLACK_MANAGERS", settings.slack_managers, "warning", "the digest goes to staff"),
        (
            "DESK_SLACK_RESTRICTED",
            settings.slack_restricted,
            "warning" if closed else "fault",
            "closed cases go to the managers" if closed else "closed cases are only placeholders",
        ),
        ("DESK_COUNSEL", settings.counsel or group, "warning", "nobody may act on legal demands"),
    )
    found = [
        Finding(what="circles", state=state, says=f"{name} is not set: {effect}", fix="set it")
        for name, value, state, effect in wanted
        if not value
    ]
    if len(settings.counsel) == 1 and not group:  # how many a group has, only Slack knows
        # an answer to an authority never goes by one person; where no other counsel is, a manager
        # stands in
        helped = "a manager has to approve every answer to a legal demand"
        says = helped if settings.slack_managers else "no answer to a legal demand can be approved"
        says = f"DESK_COUNSEL names one person: {says}"
        fix = (
            "name a second one"
            if settings.slack_managers
            else "name one more, or set DESK_SLACK_MANAGERS"
        )
        found.append(Finding(what="circles", state="warning", says=says, fix=fix))
    return found


async def check(settings: Settings, step: Callable[[str], None]) -> list[Finding]:
    """Everything that can be looked at from here; `step` is told what is looked at now."""
    findings = [*_settings(settings), *_key(settings), *_circles(settings), *_backup(settings)]
    findings += [*_disk(settings), *_letters(settings), *_classifier(settings)]
    for name, look in (
        ("store", _store),
        ("running desk", _running),
        ("mail relay", _relay),
        ("DNS", _domains),
        ("name server", _nameserver),
        ("Slack", _slack),
    ):
        step(name)
        findings += await look(settings)
    return findings
