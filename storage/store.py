"""The Store protocol: one transaction per happening, reads as frozen records, two backends.

Written against PostgreSQL's rules: everything may block, so everything is awaited; a commit
is all or nothing; two writers of one record are told apart by `rev`.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from storage.records import (
    Arrival,
    Case,
    Commit,
    Entry,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Suppression,
    Tally,
)
from storage.sealing import Keys


class Mails(Protocol):
    """The one way in for raw mail."""

    again: float | None  #: seconds until `waiting` may have what another process left; None = never

    async def append(self, arrival: Arrival) -> InboundMail:
        """Keep a mail; durable when this returns. Raises StoreFull, StoreFailed, StoreAway."""

    async def raw(self, mail_id: str) -> bytes:
        """The content as received. Raises UnknownReference."""

    def waiting(self) -> AsyncIterator[InboundMail]:
        """Mails that are kept and not yet worked on (status received), oldest first.

        Where several processes share the store, those that no other live process has in hand.
        """


class Store(Protocol):
    """What the desk remembers."""

    mails: Mails
    keys: Keys  #: hashes for lookups, and tags

    async def commit(self, commit: Commit) -> int:
        """Write one happening; returns its sequence number when it is durable.

        Each record in `puts` replaces the stored one whole, if that one's `rev` is still the
        put's; it is then stored with `rev + 1`. Raises Conflict (nothing written), StoreFull,
        StoreFailed, StoreAway (perhaps written all the same: read again and decide anew).
        """

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        """While in it, no other process that shares the store is in the turn of that name."""

    async def next_reference(self, year: int) -> str:
        """A case reference not given out before, such as PR-2026-0042."""

    async def case(self, ref: str) -> Case | None: ...

    async def cases(self, refs: Iterable[str] | None = None) -> tuple[Case, ...]:
        """The named cases, or every open one, by due date."""

    def all_cases(self) -> AsyncIterator[Case]:
        """Every case, closed ones too, by reference."""

    async def tally(self, since: datetime) -> Tally:
        """Figures for the digest; what was received at that very moment is not counted."""

    async def cases_of(self, requester_hash: str) -> tuple[Case, ...]:
        """The cases of one requester, newest first."""

    async def case_with_message(self, message_id: str) -> Case | None:
        """The case whose conversation holds this Message-ID."""

    async def cases_to_remind(self, now: datetime, limit: int = 100) -> tuple[Case, ...]:
        """Cases whose `remind_at` has come, earliest first."""

    async def next_remind_at(self) -> datetime | None: ...

    async def mail(self, mail_id: str) -> InboundMail | None: ...

    def all_mails(self) -> AsyncIterator[InboundMail]:
        """Every inbound mail, worked on or not, oldest first."""

    async def mails_with(self, status: MailStatus) -> tuple[InboundMail, ...]: ...

    async def earlier_mail(self, mail: InboundMail, within: timedelta) -> InboundMail | None:
        """The first other mail of the same envelope and sha256 received in that time before it, or
        near it and a case's already."""

    async def message(self, message_id: str) -> OutboxMessage | None: ...

    async def messages_of(self, ref: str) -> tuple[OutboxMessage, ...]:
        """Outbox messages of one case, oldest first."""

    async def messages_with(self, status: OutboxStatus) -> tuple[OutboxMessage, ...]: ...

    async def claim(self, now: datetime, lease: timedelta) -> OutboxMessage | None:
        """Take the next message that is due, with its attempt already counted and durable.

        In one lane the oldest goes first; a message waiting for its retry holds back its lane,
        one with a first `send_after` in the future does not; a lane with a live claim waits.
        A claim lives until its outcome is committed, until its process is gone, or, where several
        processes share the store, for `lease` by the database's clock, never by the calendar.
        """

    async def next_send_at(self) -> datetime | None:
        """When `claim` can next find something, at the latest; None = nothing pending, or all
        of it waits for a claim's outcome."""

    async def mark(self, mark_id: str) -> Mark | None: ...

    async def suppression(self, address_hash: str) -> Suppression | None: ...

    def all_suppressions(self) -> AsyncIterator[Suppression]:
        """The whole suppression list, by hash."""

    def history(self, ref: str | None = None) -> AsyncIterator[Entry]:
        """The journal, of one case or whole, oldest first."""

    async def seal(self, now: datetime) -> Mark:
        """Seal all chains as they stand: the hash is in `note`, of the lines up to `count`."""

    async def verify(self, step: Callable[[int, int], None]) -> tuple[str, ...]:
        """One sentence for each fault found; `step` hears how much is done, of how much."""

    async def changed(self) -> None:
        """Return at the next commit made after this call began (a wake-up, never a promise)."""

    async def close(self) -> None: ...
