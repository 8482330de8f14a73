"""Our own mail that shows whether mail still comes through: `bot/canary.py` sends it.

It is known by a tag that nobody without the desk's secret can make. One that somebody has seen
on its way is of no use to them a day later.
"""

from datetime import UTC, datetime, timedelta

from storage.records import InboundMail, ParsedMail
from storage.sealing import Keys

HEADER = "X-Desk-Canary"
_FRESH = timedelta(days=1)  #: mail servers on its way may hold it for a while
_TIME_DIGITS = 12  #: of an id (storage.records.new_id): milliseconds in hex


def came(mail: InboundMail, parsed: ParsedMail, keys: Keys) -> bool:
    """Is this one of ours, and of today?"""
    canary = keys.canary_of_tag(parsed.header(HEADER))
    if canary is None:
        return False
    sent_at = datetime.fromtimestamp(int(canary[:_TIME_DIGITS], 16) / 1000, UTC)
    return abs(mail.received_at - sent_at) <= _FRESH
