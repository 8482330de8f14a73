"""The few things that can happen to a case. Nothing else in the product commits.

From the mail: open, follow_up, hold, ignore, repeat, fail, rework (`incoming.py`).
From people: offers, form, act, saw_message (`acting.py`); sort_imported, judge (`lists.py`).
From the clock: remind, digest (`clockwork.py`), purge (`purging.py`).
From the outbox: sent, delay, give_up, retry (`receipts.py`).
"""

from handlers.acting import FromPeople
from handlers.clockwork import FromClock
from handlers.purging import FromAge
from handlers.receipts import FromOutbox


class Desk(FromPeople, FromClock, FromAge, FromOutbox):  # the clock's are lists, and those mail
    """Loads, asks the pure rules, commits once; decides anew when somebody else was faster."""
