"""May our confirmation of receipt go by itself? Pure rules, and a pace that spreads bursts.

RFC 3834: answer people, never robots, and never an address the mail may not have come from.
"""

from collections import deque
from datetime import datetime, timedelta

from handlers.policy import Policy
from storage.records import Case, InboundMail, ParsedMail, Reading

#: even a small chance of one of these, and a person writes first
DELICATE = {"legal_demand": "a legal demand", "child_data": "a child's data"}
POSSIBLE = 0.05
FLAGS = {"safety": "somebody's safety", "staff": "the conduct of staff"}
ROBOTS = ("mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply", "do-not-reply")
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
LIST_FIELDS = ("list-id", "list-unsubscribe", "feedback-id", "x-autoreply", "x-autorespond")
SILENCED = ("all", "oof", "autoreply")
#: peer of a mail that came from an archive, not over the wire
IMPORTED = "import"


def withheld(
    mail: InboundMail, parsed: ParsedMail, reading: Reading, case: Case, policy: Policy
) -> str:
    """Why it may not go; "" = it may."""
    return (
        _sender(mail, parsed, policy)
        or _robot(parsed)
        or _content(reading)
        or (f"its mail may belong to {case.held_for}" if case.held_for else "")
        or ("it has gone before" if len(case.letters) >= policy.acks_per_case else "")
    )


def _sender(mail: InboundMail, parsed: ParsedMail, policy: Policy) -> str:
    sender, header = mail.mail_from.lower(), parsed.header_from.lower()
    if mail.peer == IMPORTED:
        return "the mail was imported"
    if not sender:
        return "the mail has no envelope sender"
    if sender != header:
        return "envelope sender and From differ"
    if sender in {address.lower() for address in policy.addresses}:
        return "it is our own address"
    if sender.partition("@")[0].partition("+")[0] in ROBOTS:
        return "the address takes no mail"
    if _unauthenticated(parsed):
        return "the sender failed authentication"
    return ""


def _unauthenticated(parsed: ParsedMail) -> bool:
    """RFC 8601. The field may be forged; to claim a failure gains nobody anything."""
    verdicts = " ".join(
        value.lower() for name, value in parsed.headers if name == "authentication-results"
    )
    if "dmarc=" in verdicts:
        return "dmarc=fail" in verdicts
    return "spf=fail" in verdicts or "dkim=fail" in verdicts


def _robot(parsed: ParsedMail) -> str:
    if not parsed.readable:
        return "the mail could not be read"
    if parsed.header("auto-submitted").partition(";")[0].strip().lower() not in {"", "no"}:
        return "a machine wrote it"
    if parsed.header("precedence").strip().lower() in BULK:
        return "it is bulk mail"
    if any(parsed.header(name) for name in LIST_FIELDS):
        return "it came through a list"
    suppressed = parsed.header("x-auto-response-suppress").lower()
    if any(word in suppressed for word in SILENCED):
        return "the sender wants no automatic answer"
    return ""


def _content(reading: Reading) -> str:
    for kind, words in DELICATE.items():
        if kind in reading.kinds or reading.confidence.get(kind, 0.0) >= POSSIBLE:
            return f"it may be about {words}"
    for flag, words in FLAGS.items():
        if flag in reading.flags:
            return f"it may be about {words}"
    return ""


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
