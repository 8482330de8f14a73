"""The few things that can happen to a case. Nothing else in the product commits.

From the mail: open, follow_up, hold, ignore, repeat, fail, rework (`incoming.py`).
From people, what came another way: take_down (`by_hand.py`).
From people: offers, form, act, saw_message (`acting.py`); sort_imported, judge (`lists.py`).
From owners: show_who, owner_answers (`owner_answers.py`).
From threads in Slack: remark, left_behind (`remarks.py`).
From the feed: fed (`feed.py`).
From each of us: keep (`habits.py`).
From the clock: remind, digest (`clockwork.py`), purge (`purging.py`).
From the outbox: sent, delay, give_up, retry (`receipts.py`).
"""

from handlers.answered_codes import FromCodes
from handlers.by_hand import FromHands
from handlers.clockwork import FromClock
from handlers.feed import FromFeed
from handlers.owner_answers import FromOwners
from handlers.purging import FromAge
from handlers.receipts import FromOutbox
from handlers.remarks import FromThreads


# those of the clock are lists, and those mail
class Desk(FromHands, FromOwners, FromThreads, FromFeed, FromClock, FromCodes, FromAge, FromOutbox):
    """Loads, asks the pure rules, commits once; decides anew when somebody else was faster."""
