"""The only reader of the environment and of desk.toml; reports all faults at once."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from bot import tables
from bot.tables import Company
from handlers.company import Promise, System
from storage.errors import SettingsError
from storage.records import Record

FILE = Path("desk.toml")


class Relay(Record, frozen=True, kw_only=True):
    """The outgoing mail server, and whether the way there is encrypted (RFC 3207, RFC 8314)."""

    host: str
    port: int
    tls: Literal["offered", "required", "implicit"] = "offered"


class Settings(Record, frozen=True, kw_only=True):
    """What the operator decided; everything has a safe default."""

    data: Path = Path("data")
    address: tuple[str, ...] = ("compliance@cafex.com",)
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    smtp_name: str = "localhost"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_required: bool = False
    disk_reserve: int | None = None  #: bytes
    relay: Relay | None = None
    relay_login: Path | None = None
    authserv_ids: tuple[str, ...] = ()
    inbound_relays: tuple[str, ...] = ()
    is_mx: bool = False
    arc_sealers: tuple[str, ...] = ()
    nameserver: tuple[str, int] | None = None
    master_key_file: Path | None = None
    database_url: str = ""
    slack_bot_token: str = ""
    slack_app_token: str = ""
    slack_signing_secret: str = ""
    slack_api_url: str = ""
    slack_channel: str = ""
    slack_managers: str = ""
    slack_restricted: str = ""
    counsel: tuple[str, ...] = ()
    slack_days: int = 30
    timezone: str = "Europe/London"
    digest_at: time = time(9, 0)
    reminders: tuple[int, ...] = (10, 5, 2, 1)  #: days
    http_port: int | None = None
    alarm_mail: str = ""
    confirmed_ignores: int = 200
    pilot: bool = False
    auto: float | None = None  #: as the classifier was trained
    semantic: bool = False  #: the classifier reads meaning too, where words leave doubt

    code_tries: int = 3
    code_days: int = 7
    look_days: int = 7
    second_person: Literal["always", "small_team"] = "always"
    people: Mapping[str, Any] = msgspec.field(default_factory=dict)
    company: Company = msgspec.field(default_factory=Company)
    reviewers: Mapping[str, str] = msgspec.field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    register: tuple[System, ...] = ()
    customers: Mapping[str, str] = msgspec.field(default_factory=dict)
    suppression_feed: Path | None = None

    @property
    def owners(self) -> Mapping[str, str]:
        """Who answers for which system, by Slack id: the table `owners` of [people]."""
        return dict(self.people.get("owners", {}))

    @property
    def backups(self) -> Mapping[str, str]:
        """Who stands in for whom, by Slack id: the table `backups` of [people]."""
        return dict(self.people.get("backups", {}))

    @property
    def duty(self) -> tuple[str, ...]:
        """Who hears of what nobody takes: the list `duty` of [people]."""
        named = self.people.get("duty", ())
        return (named,) if isinstance(named, str) else tuple(named)

    @property
    def groups(self) -> Mapping[str, str]:
        """User groups of Slack whose members have a role too: the table `groups` of [people]."""
        return dict(self.people.get("groups", {}))

    @property
    def model(self) -> Path:
        """What `desk train --with-cases` learned here, where it was asked to."""
        return self.data / "desk.model"

    @property
    def key_file(self) -> Path | None:
        """The master key file; for data that a demo has made, the demo's own."""
        demo = self.data / "sandbox" / "master.key"
        return self.master_key_file or (demo if demo.exists() else None)

    def missing(self) -> tuple[str, ...]:
        """What `desk run` cannot start without, a sentence each."""
        faults = [
            f"{name} is not set: {hint}."
            for name, value, hint in (
                ("SLACK_BOT_TOKEN", self.slack_bot_token, "install the app in Slack, copy xoxb-…"),
                ("DESK_SLACK_CHANNEL", self.slack_channel, "the id of the staff channel, C…"),
                ("DESK_MASTER_KEY_FILE", self.master_key_file, "make one with `desk key new FILE`"),
            )
            if not value
        ]
        if not self.slack_app_token and not (self.slack_signing_secret and self.http_port):
            faults.append(
                "Slack cannot reach the desk: set SLACK_APP_TOKEN (Socket Mode), "
                "or SLACK_SIGNING_SECRET and DESK_HTTP_PORT (signed HTTP)."
            )
        return tuple(faults)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise ValueError("it must be a number from 0 to 65535")
    return int(text)


def _host_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError("it must look like mail.example.org:25")
    return host.strip("[]"), _port(port)


#: scheme of DESK_RELAY: how it is encrypted, and the port when none is named
SCHEMES: Mapping[str, tuple[Literal["offered", "required", "implicit"], str]] = {
    "": ("offered", ""),
    "smtp": ("offered", "25"),
    "starttls": ("required", "587"),
    "smtps": ("implicit", "465"),
}


def _relay(text: str) -> Relay:
    scheme, _, place = text.rpartition("://")
    if scheme.lower() not in SCHEMES:
        raise ValueError("it must be host:port, smtps://host or starttls://host")
    tls, port = SCHEMES[scheme.lower()]
    if port and not re.search(r":\d+$", place):
        place = f"{place}:{port}"
    host, number = _host_port(place)
    return Relay(host=host, port=number, tls=tls)


def _addresses(text: str) -> tuple[str, ...]:
    found = tuple(part.lower() for part in re.split(r"[,;\s]+", text) if part)
    if not found or not all(re.fullmatch(r"[^@\s+]+@[^@\s]+\.[^@\s.]+", part) for part in found):
        raise ValueError("it must be one or more addresses such as privacy@example.org")
    return found


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in re.split(r"[,;\s]+", text) if part)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?", text):
        raise ValueError("it must be a name such as mx.example.org")
    return text.lower()


def _megabytes(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("it must be a number of megabytes")
    return int(text) * 2**20


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("it must be a whole number")
    return int(text)


def _count_from_one(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ValueError("it must be a whole number above 0")
    return int(text)


def _slack_days(text: str) -> int:
    """What is listed to be wiped is itself destroyed 90 days after a case's end."""
    if not text.isdecimal() or int(text) > 80:
        raise ValueError("it must be a number of days from 0 to 80")
    return int(text)


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(part, strict=False)) for part in _names(text))
    except ValueError as fault:
        raise ValueError("it must be addresses or networks such as 192.0.2.0/24") from fault


def _nameserver(text: str) -> tuple[str, int]:
    host, port = _host_port(text if re.search(r"[^:]:\d+$", text) else f"{text}:53")
    try:
        return str(ip_address(host)), port
    except ValueError as fault:
        raise ValueError("it must be an address such as 127.0.0.1 or 127.0.0.1:53") from fault


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError("it must be the name of a time zone, such as Europe/London") from fault
    return text


def _time(text: str) -> time:
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        raise ValueError("it must be a time such as 09:00")
    hour, minute = text.split(":")
    return time(int(hour), int(minute))


def _days(text: str) -> tuple[int, ...]:
    """Days before a date, the furthest first."""
    parts = re.split(r"[,;\s]+", text)
    if not all(part.isdecimal() and 0 < int(part) <= 90 for part in parts):
        raise ValueError("it must be days before the day we aim for, such as 10 5 2 1")
    return tuple(sorted(set(map(int, parts)), reverse=True))


def _switch(text: str) -> bool:
    if text.lower() in {"1", "on", "yes", "true"}:
        return True
    if text.lower() in {"0", "off", "no", "false", ""}:
        return False
    raise ValueError("it must be 1 or 0")


def _chance(text: str) -> float:
    chance = float(text) if re.fullmatch(r"[01]?\.?\d{1,4}", text) else -1.0
    if not 0.5 <= chance <= 1.0:
        raise ValueError("it must be a probability from 0.5 to 1, such as 0.95")
    return chance


def _second_person(text: str) -> str:
    if text not in {"always", "small_team"}:
        raise ValueError("it must be always or small_team")
    return text


def _slack_id(prefix: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(rf"[{prefix}][A-Z0-9]{{2,}}", text):
            raise ValueError(
                f"it must be a Slack id that starts with {' or '.join(prefix)}, such as C01ABCDEF"
            )
        return text

    return read


def _people_ids(text: str) -> tuple[str, ...]:
    return tuple(_slack_id("UW")(part) for part in re.split(r"[,;\s]+", text) if part)


def _token(prefix: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text.startswith(prefix):
            raise ValueError(f"it must be a token that starts with {prefix}")
        return text

    return read


def _database(text: str) -> str:
    """What it says is never shown: it holds a password."""
    if not re.match(r"postgres(ql)?://\S", text):
        raise ValueError("it must look like postgresql://USER:PASSWORD@HOST/NAME")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://\S+", text):
        raise ValueError("it must be a URL such as https://slack.example.org/api/")
    return text if text.endswith("/") else text + "/"


#: environment name, field, reader
READERS: tuple[tuple[str, str, Callable[[str], Any]], ...] = (
    ("DESK_DATA", "data", Path),
    ("DESK_ADDRESS", "address", _addresses),
    ("DESK_SMTP_HOST", "smtp_host", str),
    ("DESK_SMTP_PORT", "smtp_port", _port),
    ("DESK_SMTP_NAME", "smtp_name", _name),
    ("DESK_TLS_CERT", "tls_cert", Path),
    ("DESK_TLS_KEY", "tls_key", Path),
    ("DESK_TLS_REQUIRED", "tls_required", _switch),
    ("DESK_DISK_RESERVE", "disk_reserve", _megabytes),
    ("DESK_RELAY", "relay", _relay),
    ("DESK_RELAY_LOGIN", "relay_login", Path),
    ("DESK_AUTHSERV_IDS", "authserv_ids", _names),
    ("DESK_INBOUND_RELAYS", "inbound_relays", _networks),
    ("DESK_IS_MX", "is_mx", _switch),
    ("DESK_ARC_SEALERS", "arc_sealers", _names),
    ("DESK_NAMESERVER", "nameserver", _nameserver),
    ("DESK_MASTER_KEY_FILE", "master_key_file", Path),
    ("DESK_DATABASE_URL", "database_url", _database),
    ("SLACK_BOT_TOKEN", "slack_bot_token", _token("xoxb-")),
    ("SLACK_APP_TOKEN", "slack_app_token", _token("xapp-")),
    ("SLACK_SIGNING_SECRET", "slack_signing_secret", str),
    ("SLACK_API_URL", "slack_api_url", _url),
    ("DESK_SLACK_CHANNEL", "slack_channel", _slack_id("CG")),
    ("DESK_SLACK_MANAGERS", "slack_managers", _slack_id("CG")),
    ("DESK_SLACK_RESTRICTED", "slack_restricted", _slack_id("CG")),
    ("DESK_COUNSEL", "counsel", _people_ids),
    ("DESK_SLACK_DAYS", "slack_days", _slack_days),
    ("DESK_TIMEZONE", "timezone", _zone),
    ("DESK_DIGEST_AT", "digest_at", _time),
    ("DESK_REMINDERS", "reminders", _days),
    ("DESK_HTTP_PORT", "http_port", _port),
    ("DESK_ALARM_MAIL", "alarm_mail", lambda text: _addresses(text)[0]),
    ("DESK_CONFIRMED_IGNORES", "confirmed_ignores", _count),
    ("DESK_SECOND_PERSON", "second_person", _second_person),
    ("DESK_CODE_TRIES", "code_tries", _count_from_one),
    ("DESK_CODE_DAYS", "code_days", _count_from_one),
    ("DESK_LOOK_DAYS", "look_days", _count_from_one),
    ("DESK_SUPPRESSION_FEED", "suppression_feed", Path),
    ("DESK_PILOT", "pilot", _switch),
    ("DESK_AUTO", "auto", _chance),
    ("DESK_SEMANTIC", "semantic", _switch),
)


def toml_name(name: str) -> str:
    """How a setting is called in desk.toml: DESK_SMTP_PORT is smtp_port there."""
    return name.removeprefix("DESK_").lower()


def _file_values(path: Path) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Values of desk.toml by environment name, the tables in it, and what is wrong with it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, {}, []
    except (OSError, ValueError) as fault:
        return {}, {}, [f"{path} cannot be read ({fault}): mend it or move it away."]
    found = {name: document.pop(name) for name in tables.TABLES if name in document}
    known = {toml_name(name): name for name, _, _ in READERS}
    faults = [
        f"{path}: there is no setting called {key}; see the table in the README."
        for key in document
        if key not in known
    ]
    values = {
        known[key]: " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in document.items()
        if key in known
    }
    return values, found, faults


def load(environ: Mapping[str, str] | None = None, file: Path | None = FILE) -> Settings:
    """Settings from the environment, then from desk.toml. Raises SettingsError (every fault)."""
    environ = os.environ if environ is None else environ
    values, found, faults = _file_values(file) if file is not None else ({}, {}, [])
    values |= {
        name: environ[name].strip() for name, _, _ in READERS if environ.get(name, "").strip()
    }
    read: dict[str, Any] = tables.read(found, faults)
    for name, field, reader in READERS:
        if name not in values:
            continue
        try:
            read[field] = reader(values[name])
        except ValueError as fault:
            faults.append(f"{name} cannot be used: {fault}.")
    if bool(read.get("tls_cert")) != bool(read.get("tls_key")):
        faults.append("DESK_TLS_CERT and DESK_TLS_KEY belong together: set both or neither.")
    if read.get("tls_required") and not read.get("tls_cert"):
        faults.append("DESK_TLS_REQUIRED is on: set DESK_TLS_CERT and DESK_TLS_KEY too.")
    if read.get("authserv_ids") and not read.get("inbound_relays"):
        faults.append("DESK_AUTHSERV_IDS needs DESK_INBOUND_RELAYS: whose word is believed.")
    if faults:
        raise SettingsError(tuple(faults))
    return Settings(**read)
