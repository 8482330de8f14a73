"""May our confirmation of receipt go by itself? Pure rules, and a pace that spreads bursts.

RFC 3834: answer people, never robots, and never an address the mail may not have come from.
"""

from collections import deque
from datetime import datetime, timedelta

from handlers import flags
from handlers.opening import IMPORTED, Understood
from handlers.policy import Policy
from storage.records import Case, Reading

#: even a small chance of one of these, and a person writes first
DELICATE = {"legal_demand": "a legal demand", "child_data": "a child's data"}
POSSIBLE = 0.05
FORGED = "the sender failed authentication"
WAS_IMPORTED = "the mail was imported"


def withheld(found: Understood, case: Case, policy: Policy) -> str:
    """Why it may not go; "" = it may. What screening said of robots and loops comes first."""
    return (
        found.no_reply
        or _sender(found)
        or _content(found.reading)
        or (f"its mail may belong to {case.held_for}" if case.held_for else "")
        or ("it has gone before" if len(case.letters) >= policy.acks_per_case else "")
    )


def _sender(found: Understood) -> str:
    if found.mail.peer == IMPORTED:
        return WAS_IMPORTED
    if not found.mail.mail_from:
        return "the mail has no envelope sender"
    if found.mail.mail_from.lower() != found.parsed.header_from.lower():
        return "envelope sender and From differ"
    if found.parsed.sender is not None and found.parsed.sender.result == "refused":
        return FORGED
    return ""


def _content(reading: Reading) -> str:
    for kind, words in DELICATE.items():
        if kind in reading.kinds or reading.confidence.get(kind, 0.0) >= POSSIBLE:
            return f"it may be about {words}"
    if flagged := flags.withheld(reading.flags):
        return f"it may be about {flagged}"
    return "it looks like mail that asks nothing" if reading.decision == "ignore" else ""


class Pace:
    """Caps on automatic letters: they delay, never drop. A restart forgets them, harmlessly."""

    def __init__(self, policy: Policy) -> None:
        self._caps = {"": policy.acks_per_hour}
        self._per_domain = policy.acks_per_domain_hour
        self._gone: dict[str, deque[datetime]] = {}

    def slot(self, domain: str, now: datetime) -> datetime:
        """The first moment a letter to this domain may go; it counts from then on."""
        hour = timedelta(hours=1)
        at = now
        for name in ("", domain):
            gone = self._gone.setdefault(name, deque())
            while gone and gone[0] <= now - hour:
                gone.popleft()
            cap = self._caps.get(name, self._per_domain)
            if len(gone) >= cap:
                at = max(at, gone[-cap] + hour)
        for name in ("", domain):
            self._gone[name].append(at)
        return at
