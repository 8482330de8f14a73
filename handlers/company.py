"""What is known of the company: its offices, its promises, its systems and who answers for them.

Light to import: the settings are read by every command.
"""

import re
from datetime import date

from storage.records import Record

#: ids of people in Slack
PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
#: where the company itself sits: an address that says nothing of who wrote
OFFICES = (
    "135 West 41st Street, Suite 05-108, New York, NY 10036, USA",
    "Building 3, The Eastern Business Park, Wern Fawr Lane, St Mellons, Cardiff, CF3 5EA, UK",
)


class Promise(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[promises]]: what the privacy policy said from a day on. A case goes by what it met."""

    since: date
    version: str  #: as letters name it: "November 2018"
    dispute_body: str = ""  #: who settles disputes apart from us, with a link; "" = nobody is named
    schemes: tuple[str, ...] = ()  #: transfer frameworks the company is certified under, by name


#: the policy promises JAMS and arbitration; a certification counts once the operator confirms it
PROMISES = (
    Promise(
        since=date(2018, 11, 1),
        version="November 2018",
        dispute_body="JAMS (https://www.jamsadr.com)",
    ),
)


class System(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[register]]: where personal data may lie, and who answers for it."""

    name: str
    title: str = ""  #: "" = its name will do
    owner: str = ""  #: Slack id; "" = it falls to whoever has the case
    marketing: bool = False  #: sends marketing: hears of every unsubscribe
    employer: bool = False  #: of those who work here: HR and counsel answer for a former colleague


#: what a meeting service holds, and what every employer does
REGISTER = tuple(
    System(
        name=name,
        title=title,
        marketing=name == "marketing",
        employer=name in {"personnel", "mailboxes"},
    )
    for name, title in (
        ("accounts", "Accounts"),
        ("tickets", "Support tickets"),
        ("boards", "Community boards"),
        ("logs", "Connection logs and diagnostics"),
        ("cookies", "Cookies and guest tokens"),
        ("billing", "Billing and tax records"),
        ("marketing", "Marketing lists"),
        ("vendors", "Cloud vendors"),
        ("backups", "Backups"),
        ("personnel", "Personnel and payroll"),
        ("mailboxes", "Company mailboxes"),
        ("slack", "Slack"),
        ("desk", "This desk"),
    )
)
