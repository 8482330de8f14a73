"""Outgoing letters to the requester: templates by language and kind, rendered from values.

A template begins with its front matter: `title` (as staff choose it), `subject`, `neutral`
(says nothing on whether we hold data on anybody), `automatic` (may go without a person) and
`answers` (it is the answer to a request), `asks` (the next word is the requester's), `stops` (what
it asks for, where that may stop a clock) and `slow` (a longer time to undo). `[[ … ]]` marks what
staff still have to write.
"""

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined
from jinja2 import Template as Compiled
from jinja2.sandbox import SandboxedEnvironment

from handlers.policy import Policy
from storage.records import Case, Record

#: stands above each letter: what a reply has below it is ours, in any mail program
MARKER = "-- write above this line --"
FOLDER = Path(__file__).parent / "en"
BLANK = re.compile(r"\[\[.{0,200}?\]\]", re.DOTALL)


class Template(Record, frozen=True, kw_only=True):
    """A letter as it lies in its file."""

    name: str
    title: str
    subject: str
    neutral: bool
    automatic: bool = False
    answers: bool = False
    asks: bool = False  #: the next word is the requester's
    stops: str = ""  #: the reason of the clock event when it goes out
    slow: bool = False  #: gets the long undo window
    body: str


class Rendered(Record, frozen=True, kw_only=True):
    """A letter with its values filled in."""

    subject: str
    body: str
    neutral: bool


@cache
def names() -> tuple[str, ...]:
    """Every template there is, by name."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.txt")))


@cache
def template(name: str) -> Template:
    """Raises KeyError for a name that is none, ValueError for a file without front matter."""
    if name not in names():
        raise KeyError(f"there is no letter {name}")
    head, found, body = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    if not found or not {"title", "subject", "neutral"} <= set(fields):
        raise ValueError(f"letter {name} needs title, subject and neutral, then an empty line")
    return Template(
        name=name,
        title=fields["title"],
        subject=fields["subject"],
        neutral=fields["neutral"] == "yes",
        automatic=fields.get("automatic") == "yes",
        answers=fields.get("answers") == "yes",
        asks=fields.get("asks") == "yes",
        stops=fields.get("stops", ""),
        slow=fields.get("slow") == "yes",
        body=body,
    )


@cache
def _environment() -> SandboxedEnvironment:
    # plain text goes out: HTML escaping would spoil it
    return SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _compiled(text: str) -> Compiled:
    return _environment().from_string(text)


def render(name: str, case: Case, policy: Policy, now: datetime, **values: object) -> Rendered:
    """Fill a template in. Raises KeyError for an unknown name, UndefinedError for want of one."""
    source = template(name)
    context = {
        "ref": case.ref,
        "received": plain_date(case.received_at.astimezone(ZoneInfo(policy.timezone)).date()),
        "today": plain_date(now.astimezone(ZoneInfo(policy.timezone)).date()),
        "company": policy.company,
        "postal": policy.postal,
        "address": policy.address,
        **values,
    }
    body = _compiled(source.body).render(context)
    return Rendered(
        subject=_compiled(source.subject).render(context),
        body=re.sub(r"\n{3,}", "\n\n", body).strip() + "\n",
        neutral=source.neutral,
    )


def plain_date(day: date) -> str:
    """As people write it: 5 November 2026."""
    return f"{day.day} {day:%B %Y}"


def message_id(letter: str, policy: Policy) -> str:
    """The Message-ID of a letter: always the same for one outbox message (RFC 5322 3.6.4)."""
    return f"<{letter}@{policy.address.rpartition('@')[2]}>"


def blanks(body: str) -> bool:
    """Is there a [[ … ]] that staff have not written yet?"""
    return "[[" in body
