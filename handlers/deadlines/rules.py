"""What a rule of a law is, as data: how long, counted in what, and what may move its end."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from storage.records import Record

#: the desk's own place where no law names another: the policy's company sits in New York
TIMEZONE = "America/New_York"
CALENDAR = "US"

#: what a question to the requester does to the clock, by the reason it was asked for
Stop = Literal["pause", "restart"]

_NUMBERS = {1: "one", 2: "two", 3: "three"}


class Rule(Record, frozen=True, kw_only=True):
    """How long, counted from the day after receipt, and what moves the end."""

    id: str
    version: int = 1
    length: int
    unit: Literal["month", "day", "working day"] = "day"
    extended: int = 0  #: the whole period once extended, in the same unit; 0 = it cannot be
    stated: bool = False  #: an extension ends on the date that its notice states
    rolls: bool = False  #: a last day that is free moves to the next working day
    stops: Mapping[str, Stop] = msgspec.field(default_factory=dict)
    asking_day: bool = False  #: a pause leaves out the asking day too
    from_sending: bool = False  #: counted from the day it was sent, where that is earlier
    target: int | None = None  #: working days the desk gives itself, when fewer
    sooner: int = 0  #: days the desk aims ahead of the end
    first: str = ""  #: what staff have to do with the date before anything else
    then: "Rule | None" = None  #: what runs once the receipt is confirmed, where this is for that
    law: bool = True  #: False: a choice of the desk, never called the law

    @property
    def period(self) -> str:
        """As it stands in a letter."""
        return counted(self.length, self.unit)


class Regime(Record, frozen=True, kw_only=True):
    """One law: whose local date counts, which holidays, and a rule for each kind it speaks of."""

    title: str
    rules: Mapping[str, Rule]
    confirm: Mapping[str, Rule] = msgspec.field(default_factory=dict)  #: to confirm the receipt
    timezone: str = TIMEZONE
    calendar: str = CALENDAR


def counted(number: int, unit: str) -> str:
    """`one month`, `45 days`, `1 working day`."""
    word = _NUMBERS.get(number, str(number)) if unit == "month" else str(number)
    return f"{word} {unit}{'s' * (number != 1)}"
