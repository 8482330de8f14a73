"""The desk's own rule (regime `policy`), as data: what binds where no law is known to bind more.

28 days are the ICO's suggestion for one constant number never later than a month; they lie inside
the 30-day and 45-day laws too. 45 days are what the privacy policy itself promises.
"""

from types import MappingProxyType

from storage.records import Record

#: the regime's place: every date is the local date there, holidays are those of the federation
TIMEZONE = "America/New_York"
CALENDAR = "US"


class Rule(Record, frozen=True, kw_only=True):
    """How long, counted from the day after receipt; in days, or in working days."""

    days: int
    working: bool = False
    aim: int | None = None  #: working days the desk gives itself, when fewer

    @property
    def period(self) -> str:
        """As it stands in a letter."""
        return f"{self.days} {'working ' if self.working else ''}day{'s' * (self.days != 1)}"


POLICY = MappingProxyType(
    {
        "access": Rule(days=28),
        "deletion": Rule(days=28),
        "correction": Rule(days=28),
        # CAN-SPAM, 15 U.S.C. 7704(a)(4): 10 business days; the desk stops it in 2
        "unsubscribe": Rule(days=10, working=True, aim=2),
        # COPPA, 16 CFR 312.6 names no number; the policy says "promptly"
        "child_data": Rule(days=10, working=True),
        "complaint": Rule(days=45),
        "question": Rule(days=45),
        # their date is typed by hand; until then the next working day
        "legal_demand": Rule(days=1, working=True),
    }
)
