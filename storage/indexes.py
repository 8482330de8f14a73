"""Indexes beside the view's tables: what is asked often is found without walking a table.

Each hears of every row put, with the row it replaces, and remembers keys only.
"""

import re
from bisect import bisect_left, insort
from datetime import datetime

from storage.lanes import HELD, Lanes, Waiting
from storage.records import InboundMail, MailStatus, OutboxStatus
from storage.rows import CaseRow, MailRow, MarkRow, OutboxRow, mail_fingerprint
from storage.sealing import Keys

_REFERENCE = re.compile(r"PR-(\d{4})-(\d+)")


class CaseIndex:
    """Cases by openness, requester, Message-ID and reminder time."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.open: dict[str, None] = {}
        self._of_requester: dict[str, tuple[str, ...]] = {}
        self._of_message: dict[str, tuple[str, ...]] = {}
        self._reminders: list[tuple[datetime, str]] = []
        self._highest: dict[int, int] = {}

    def replace(self, old: CaseRow | None, new: CaseRow) -> None:
        if old is None:
            self.number(new.key)
        elif _facts(old) == _facts(new):
            return
        if new.closed:
            self.open.pop(new.key, None)
        else:
            self.open[new.key] = None
        _move(
            self._of_requester,
            _words(old.requester if old else None),
            _words(new.requester),
            new.key,
        )
        _move(self._of_message, old.messages if old else (), new.messages, new.key)
        self._remind(old.remind_at if old else None, new.remind_at, new.key)

    def remove(self, old: CaseRow) -> None:
        """Its number stays given out."""
        self.open.pop(old.key, None)
        _move(self._of_requester, _words(old.requester), (), old.key)
        _move(self._of_message, old.messages, (), old.key)
        self._remind(old.remind_at, None, old.key)

    def _remind(self, old: datetime | None, new: datetime | None, ref: str) -> None:
        if old == new:
            return
        if old is not None:
            del self._reminders[bisect_left(self._reminders, (old, ref))]
        if new is not None:
            insort(self._reminders, (new, ref))

    def number(self, ref: str) -> None:
        """Remember a reference as given out."""
        if found := _REFERENCE.fullmatch(ref):
            year, number = int(found[1]), int(found[2])
            self._highest[year] = max(number, self._highest.get(year, 0))

    def numbers(self) -> dict[int, int]:
        """The highest number given out in each year."""
        return dict(self._highest)

    def gave(self, numbers: dict[int, int]) -> None:
        """Numbers that were given out before."""
        for year, number in numbers.items():
            self._highest[year] = max(number, self._highest.get(year, 0))

    def next_reference(self, year: int) -> str:
        ref = f"PR-{year:04d}-{self._highest.get(year, 0) + 1:04d}"
        self.number(ref)
        return ref

    def of_requester(self, requester_hash: str) -> tuple[str, ...]:
        return self._of_requester.get(requester_hash, ())

    def with_message(self, message_id: str) -> tuple[str, ...]:
        """Candidates: their Message-IDs have the same fingerprint."""
        return self._of_message.get(self._keys.fingerprint(message_id), ())

    def to_remind(self, now: datetime, limit: int) -> tuple[str, ...]:
        due = self._reminders[:limit]
        return tuple(ref for at, ref in due if at <= now)

    def next_remind_at(self) -> datetime | None:
        return self._reminders[0][0] if self._reminders else None


class MailIndex:
    """Mails by status and by envelope and content. Mails not in the journal yet count too."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._with: dict[MailStatus, dict[str, None]] = {status: {} for status in MailStatus}
        self._like: dict[str, tuple[tuple[datetime, str], ...]] = {}

    def replace(self, old: MailRow | None, new: MailRow) -> None:
        if old is not None:
            self._with[old.status].pop(new.key, None)
        if old is not None and old.fingerprint and not new.fingerprint:
            self._forget(old.fingerprint, new.key)
        elif old is None and new.fingerprint:
            self._alike(new.fingerprint, new.received_at, new.key)
        self._with[new.status][new.key] = None

    def remove(self, old: MailRow) -> None:
        self._with[old.status].pop(old.key, None)
        if old.fingerprint:
            self._forget(old.fingerprint, old.key)

    def arrived(self, mail: InboundMail) -> None:
        self._alike(mail_fingerprint(mail, self._keys), mail.received_at, mail.id)

    def _alike(self, like: str, at: datetime, mail_id: str) -> None:
        known = self._like.get(like, ())
        if (at, mail_id) not in known:
            self._like[like] = tuple(sorted((*known, (at, mail_id))))

    def _forget(self, like: str, mail_id: str) -> None:
        left = tuple(each for each in self._like.get(like, ()) if each[1] != mail_id)
        if left:
            self._like[like] = left
        else:
            self._like.pop(like, None)

    def having(self, status: MailStatus) -> list[str]:
        """Ids of journalled mails of one status, oldest first."""
        return sorted(self._with[status])

    def alike(self, mail: InboundMail) -> list[str]:
        """Candidates, earliest first."""
        return [mail_id for _, mail_id in self._like.get(mail_fingerprint(mail, self._keys), ())]


class OutboxIndex:
    """Outbox messages by case, by status, and by turn."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self._of_case: dict[str, tuple[str, ...]] = {}
        self._with: dict[OutboxStatus, dict[str, int]] = {status: {} for status in OutboxStatus}

    def replace(self, old: OutboxRow | None, new: OutboxRow, *, voids_claims: bool) -> None:
        """`voids_claims`: who claimed it is gone, so it is free at once."""
        if old is not None:
            self._with[old.status].pop(new.key, None)
            if old.status is OutboxStatus.PENDING and (
                new.status is not OutboxStatus.PENDING or old.lane != new.lane
            ):
                self.lanes.drop(old.lane, new.key)
        self._with[new.status][new.key] = new.position
        _move(self._of_case, _words(old.case if old else None), _words(new.case), new.key)
        if new.status is OutboxStatus.PENDING:
            message = Waiting(new.position, new.key, new.send_after, new.attempts)
            claimed = new.claimed_until is not None and not voids_claims
            self.lanes.put(new.lane, message, HELD if claimed else None)

    def remove(self, old: OutboxRow) -> None:
        self._with[old.status].pop(old.key, None)
        if old.status is OutboxStatus.PENDING:
            self.lanes.drop(old.lane, old.key)
        _move(self._of_case, _words(old.case), (), old.key)

    def of_case(self, ref: str) -> tuple[str, ...]:
        """Oldest first."""
        return self._of_case.get(ref, ())

    def having(self, status: OutboxStatus) -> list[str]:
        """Oldest first."""
        ids = self._with[status]
        return sorted(ids, key=ids.__getitem__)


class MarkIndex:
    """Marks by the case whose content they are: they go with it."""

    def __init__(self) -> None:
        self._of_case: dict[str, tuple[str, ...]] = {}

    def replace(self, old: MarkRow | None, new: MarkRow) -> None:
        _move(self._of_case, _words(old.case if old else None), _words(new.case), new.key)

    def remove(self, old: MarkRow) -> None:
        _move(self._of_case, _words(old.case), (), old.key)

    def of_case(self, ref: str) -> tuple[str, ...]:
        return self._of_case.get(ref, ())


def _facts(row: CaseRow) -> tuple[object, ...]:
    return row.closed, row.requester, row.messages, row.remind_at


def _words(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _move(
    index: dict[str, tuple[str, ...]], old: tuple[str, ...], new: tuple[str, ...], key: str
) -> None:
    """Make `key` stand under its new words, no longer under those it has lost."""
    if old == new:
        return
    for word in set(old) - set(new):
        left = tuple(each for each in index[word] if each != key)
        if left:
            index[word] = left
        else:
            del index[word]
    for word in set(new) - set(old):
        known = index.get(word, ())
        if key not in known:
            index[word] = (*known, key)
