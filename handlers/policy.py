"""The values the desk works by: who it is, when it speaks, how long one may think again."""

from datetime import date, time, timedelta

import msgspec

from handlers.letters.catalogue import Catalogue
from storage.records import Record


class Promise(Record, frozen=True, kw_only=True):
    """What the privacy policy said from a day on: a case is answered by the version it met."""

    since: date
    version: str  #: as letters name it: "November 2018"
    dispute_body: str  #: who settles disputes apart from us, with a link; "" = nobody is named
    schemes: tuple[str, ...] = ()  #: transfer frameworks the company is certified under, by name


#: the policy promises JAMS and arbitration; a certification counts once the operator confirms it
PROMISES = (
    Promise(
        since=date(2018, 11, 1),
        version="November 2018",
        dispute_body="JAMS (https://www.jamsadr.com)",
    ),
)


class Policy(Record, frozen=True, kw_only=True):
    """Made from the settings once, at the start; the defaults are those of CaféX Spaces."""

    addresses: tuple[str, ...] = ("compliance@cafex.com",)
    company: str = "CaféX Communications"
    postal: str = "135 West 41st Street, Suite 05-108, New York, NY 10036"
    officer: str = "Information Security and Compliance Officer"
    promises: tuple[Promise, ...] = PROMISES  #: oldest first
    letters: Catalogue = msgspec.field(default_factory=Catalogue)
    timezone: str = "Europe/London"  #: IANA name: the desk's own hours
    digest_at: time = time(9)
    pilot: bool = False  #: everything works and letters wait
    undo: timedelta = timedelta(minutes=1)
    undo_long: timedelta = timedelta(minutes=10)  #: refusals
    reopen: timedelta = timedelta(days=30)  #: later a mail to a closed case opens another
    confirm_days: int = 2  #: working days to confirm by hand what was withheld
    confirmed_ignores: int = 200  #: until staff have, nothing is ignored but what concerns our mail
    acks_per_case: int = 1
    acks_per_address_day: int = 3
    acks_per_domain_hour: int = 20
    acks_per_hour: int = 60

    @property
    def address(self) -> str:
        """The address letters come from."""
        return self.addresses[0]

    def promised(self, received: date) -> Promise:
        """The version of the privacy policy in force on that day; the oldest before all."""
        known = [promise for promise in self.promises if promise.since <= received]
        return known[-1] if known else self.promises[0]
