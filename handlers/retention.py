"""How long what is kept: pure. GDPR Art. 5(1)(e): no longer than the purpose needs.

Counted from the end of a case: raw mail 30 days; content (who it was, what they wrote, our
letters) 90 days, or 12 months where it may be disputed; the skeleton 36 months, longer than the
24 the CCPA's regulations ask for (11 CCR 7101(a)). A mail that needed nobody: 90 days from its
receipt. A mail that is held or has failed waits for a person and never goes by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.parts import blank
from storage.records import Case, InboundMail, MailStatus, Outcome, Shred, made_at

RAW = timedelta(days=30)
CONTENT = timedelta(days=90)
CONTENT_DISPUTED = 1  #: years
SKELETON = 3  #: years
IGNORED = timedelta(days=90)

_WAITING = frozenset({MailStatus.RECEIVED, MailStatus.HELD, MailStatus.FAILED})
_DISPUTED = frozenset(
    {
        Outcome.REFUSED,
        Outcome.PARTLY_FULFILLED,
        Outcome.UPHELD,
        Outcome.PARTLY_UPHELD,
        Outcome.NOT_UPHELD,
    }
)


def due(case: Case, mails: Sequence[InboundMail], now: datetime) -> tuple[Shred, ...]:
    """What of a case and its `mails` has outlived its time. What is shredded already is blank."""
    if not _over(case):
        return ()
    mails = [mail for mail in mails if mail.case == case.ref]  # one may have joined another case
    ended = max((r.closed_at for r in case.requests if r.closed_at), default=now)
    last = max((ended, *(m.received_at for m in mails), *(x.at for x in case.letters)))
    content_until = _years_after(last, CONTENT_DISPUTED) if _disputed(case) else last + CONTENT
    found = [
        Shred(life="raw", key=mail.id)
        for mail in mails
        if mail.sha256
        and mail.status not in _WAITING
        and _raw_until(case, mail, ended, content_until) <= now
    ]
    all_of_it = _years_after(last, SKELETON) <= now
    if all_of_it or (content_until <= now and blank(case) != case):
        found.append(Shred(life="content", key=case.ref))
    if all_of_it:
        found.append(Shred(life="skeleton", key=case.ref))
    return tuple(found)


def leaves_slack(case: Case, days: int, now: datetime) -> bool:
    """Has a case ended so long ago that its messages in Slack are to be wiped?"""
    if case.card is None or not _over(case):
        return False
    ended = max((r.closed_at for r in case.requests if r.closed_at), default=now)
    return ended + timedelta(days=days) <= now


def ignored_due(mail: InboundMail, now: datetime) -> bool:
    """Has a mail that needed nobody outlived its time?"""
    ignored = mail.status is MailStatus.IGNORED and bool(mail.sha256)
    # out of an archive it has been here only since its import
    since = max(mail.received_at, made_at(mail.batch)) if mail.batch else mail.received_at
    return ignored and since + IGNORED <= now


def _over(case: Case) -> bool:
    """Has it ended, with nobody to hear in it? The one place that says what keeps a case whole.

    A legal hold does, for as long as it is on; a restriction does not (GDPR Art. 18(2)).
    """
    return not case.legal_hold and case.closed and not case.answered and not case.held


def _disputed(case: Case) -> bool:
    """May somebody still come back on it: to us, to an authority, to a court?"""
    return any(r.outcome in _DISPUTED or r.kind == "complaint" for r in case.requests)


def _raw_until(case: Case, mail: InboundMail, ended: datetime, content_until: datetime) -> datetime:
    """In a dispute the mail itself is what is disputed, and this is its only copy."""
    return content_until if _disputed(case) else max(ended, mail.received_at) + RAW


def _years_after(at: datetime, years: int) -> datetime:
    """The same day so many years later; the day after a 29 February that is not there."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)
