"""The values the desk works by: who it is, when it speaks, how long one may think again."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Literal

import msgspec

from handlers.company import OFFICES, PROMISES, REGISTER, Promise, System
from handlers.letters.catalogue import Catalogue
from storage.records import Record


class Policy(Record, frozen=True, kw_only=True):
    """Made from the settings once, at the start; the defaults are those of CaféX Spaces."""

    addresses: tuple[str, ...] = ("compliance@cafex.com",)
    company: str = "CaféX Communications"
    postal: str = "135 West 41st Street, Suite 05-108, New York, NY 10036"
    officer: str = "Information Security and Compliance Officer"
    promises: tuple[Promise, ...] = PROMISES  #: oldest first
    letters: Catalogue = msgspec.field(default_factory=Catalogue)
    register: tuple[System, ...] = REGISTER
    customers: Mapping[str, str] = msgspec.field(default_factory=dict)  #: name to contact
    safeguarding: str = ""  #: Slack id of who is told when a child may be in danger
    timezone: str = "Europe/London"  #: IANA name: the desk's own hours
    digest_at: time = time(9)
    pilot: bool = False  #: everything works and letters wait
    undo: timedelta = timedelta(minutes=1)
    undo_long: timedelta = timedelta(minutes=10)  #: refusals
    second_person: Literal["always", "small_team"] = "always"  #: small_team: one may release alone
    proof_again: timedelta = timedelta(days=14)  #: without proof: the requester is reminded
    proof_ends: timedelta = timedelta(days=30)  #: without proof: the desk proposes to end it
    look_after: timedelta = timedelta(days=7)  #: then staff see whether marketing still went out
    code_tries: int = 3
    code_life: timedelta = timedelta(days=7)
    reopen: timedelta = timedelta(days=30)  #: later a mail to a closed case opens another
    reminders: tuple[int, ...] = (10, 5, 2, 1)  #: days before the day we aim for, on a long clock
    duty: tuple[str, ...] = ()  #: who is on duty, by Slack id; () = who has the fewest open cases
    backups: Mapping[str, str] = msgspec.field(default_factory=dict)  #: who stands in for whom
    confirm_days: int = 2  #: working days to confirm by hand what was withheld
    confirmed_ignores: int = 200  #: until staff have, nothing is ignored but what concerns our mail
    slack_days: int = 30  #: after its end, until what we posted about a case is wiped
    acks_per_case: int = 1
    acks_per_address_day: int = 3
    acks_per_domain_hour: int = 20
    acks_per_hour: int = 60

    @property
    def offices(self) -> tuple[str, ...]:
        """Our own addresses: in somebody else's mail they say nothing of who wrote."""
        return (*OFFICES, self.postal)

    @property
    def address(self) -> str:
        """The address letters come from."""
        return self.addresses[0]

    def promised(self, received: date) -> Promise:
        """The version of the privacy policy in force on that day; the oldest before all."""
        known = [promise for promise in self.promises if promise.since <= received]
        return known[-1] if known else self.promises[0]
