"""What goes from the view into the archive, and when: what nobody has worked on for eight days.

A case whose requests are all closed, with its outbox messages and marks; a mail that was worked
on. Never what waits for the clock or for a person, and nothing that could still be a repeat's
first (intake looks back seven days). Times are those of commits, so a moved clock moves all.
"""

import asyncio
from collections import defaultdict
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from storage.archive import Archive, Bundle
from storage.archived import (
    MAIL_STATUSES,
    NO_ID,
    NO_STATUS,
    OUTBOX_STATUSES,
    Archived,
    CaseEntry,
    MailEntry,
    PartEntry,
    PrintEntry,
    id_of,
    micro,
    packed,
)
from storage.columns import Table
from storage.disk import Disk
from storage.journal import Journal
from storage.keyring import Keyring
from storage.records import Case, MailStatus, OutboxStatus
from storage.rows import AnyRow, CaseRow, MailRow, MarkRow, OutboxRow, opened
from storage.sealing import DataKey
from storage.sheets import Owner
from storage.view import View

AFTER = timedelta(days=8)
_WRITTEN = 500  #: bundles that share a sync
_MOVED = 20  #: bundles moved before the event loop gets its turn
_RESTING = (MailStatus.PROCESSED, MailStatus.IGNORED)


class Due(NamedTuple):
    """A mail, or a case with its parts; without a row, parts of a case that is archived."""

    key: str
    row: CaseRow | MailRow | None
    parts: tuple[OutboxRow | MarkRow, ...] = ()


class Move(NamedTuple):
    """What takes the rows' place in memory."""

    due: Due
    entry: CaseEntry | MailEntry | None
    parts: list[PartEntry]
    prints: list[PrintEntry]


# --- pure: what is due, and what stays in memory of it ----------------------------------------


def due(rows: list[AnyRow], before: int, archived: Table[CaseEntry]) -> list[Due]:
    """What of the view may go: last put before that second; which cases have gone before."""
    cases: dict[str, CaseRow] = {}
    parts: dict[str, list[OutboxRow | MarkRow]] = defaultdict(list)
    for row in rows:
        if isinstance(row, CaseRow):
            cases[row.key] = row
        elif isinstance(row, OutboxRow | MarkRow) and row.case is not None:
            parts[row.case].append(row)
    lying = {ref for ref, those in parts.items() if all(_lies(part, before) for part in those)}
    found = [Due(row.key, row) for row in rows if isinstance(row, MailRow) and _done(row, before)]
    for ref, case in cases.items():
        if _rests(case, before) and (ref in lying or not parts[ref]):
            found.append(Due(ref, case, tuple(parts[ref])))
    left = (ref for ref in sorted(lying - cases.keys()) if archived.find(0, packed(ref)))
    return [*found, *(Due(ref, None, tuple(parts[ref])) for ref in left)]


def _done(row: MailRow, before: int) -> bool:
    return row.at < before and row.status in _RESTING and id_of(row.key) != NO_ID


def _rests(row: CaseRow, before: int) -> bool:
    if not row.closed or row.at >= before or row.remind_at is not None or not packed(row.key):
        return False
    case = opened(row.record)
    return isinstance(case, Case) and not case.answered and not case.held


def _lies(row: OutboxRow | MarkRow, before: int) -> bool:
    pending = isinstance(row, OutboxRow) and row.status is OutboxStatus.PENDING
    return row.at < before and not pending


def moved(found: Due, archived: Archived) -> Move:
    """The entries; places and slots come when they are put in."""
    entry: CaseEntry | MailEntry | None = None
    prints: list[PrintEntry] = []
    match found.row:
        case CaseRow() as row:
            entry = _case_entry(row, archived)
            prints = [PrintEntry(int(each, 16), entry.ref) for each in row.messages]
        case MailRow() as row:
            entry = _mail_entry(row)
        case None:
            pass
    parts = [_part_entry(part, found.key, archived) for part in found.parts]
    return Move(found, entry, parts, prints)


def _case_entry(row: CaseRow, archived: Archived) -> CaseEntry:
    case = opened(row.record)
    assert isinstance(case, Case)  # noqa: S101  a case's row
    ended = max((each.closed_at for each in case.requests if each.closed_at), default=None)
    return CaseEntry(
        ref=packed(row.key),
        requester=archived.requester(row.requester),
        place=0,
        skeleton=0,
        content=0,
        received=micro(case.received_at),
        closed=micro(ended),
        rev=row.rev,
    )


def _mail_entry(row: MailRow) -> MailEntry:
    high, low = id_of(row.key)
    return MailEntry(
        id=high,
        like=int(row.fingerprint or "0", 16),
        place=0,
        log=0,
        slot=0,
        received=micro(row.received_at),
        rev=row.rev,
        low=low,
        status=MAIL_STATUSES.index(row.status),
    )


def _part_entry(row: OutboxRow | MarkRow, ref: str, archived: Archived) -> PartEntry:
    message = isinstance(row, OutboxRow)
    return PartEntry(
        name=archived.name("outbox" if message else "marks", row.key),
        case=packed(ref),
        place=0,
        position=row.position,
        rev=row.rev,
        status=OUTBOX_STATUSES.index(row.status) if isinstance(row, OutboxRow) else NO_STATUS,
    )


# --- the work ---------------------------------------------------------------------------------


class Archivist:
    """Takes what is due from the view to the archive, while the desk works on."""

    def __init__(
        self, view: View, journal: Journal, keyring: Keyring, archive: Archive, disk: Disk
    ) -> None:
        self._view = view
        self._journal = journal
        self._keyring = keyring
        self._archive = archive
        self._disk = disk

    async def work(self) -> None:
        """All that is due. Raises StoreFull, StoreFailed, OSError; what was moved till then is."""
        rows, newest = self._view.rows(), self._view.newest
        before = newest - int(AFTER.total_seconds())
        cases = self._view.archived.cases.held()
        found = iter(await asyncio.to_thread(due, rows, before, cases))
        while page := list(islice(found, _WRITTEN)):
            moves, places = await asyncio.to_thread(self._written, page, newest)
            for number, (move, place) in enumerate(zip(moves, places, strict=True), start=1):
                self._move(move, place)
                if number % _MOVED == 0:
                    await asyncio.sleep(0)
        await self._heads()

    def _written(self, page: list[Due], seconds: int) -> tuple[list[Move], list[int]]:
        """In a thread: sealed, on disk."""
        bundles = [self._bundle(found) for found in page]
        places = self._archive.append(bundles, seconds, self._disk)
        return [moved(found, self._view.archived) for found in page], places

    def _bundle(self, found: Due) -> Bundle:
        if isinstance(found.row, MailRow):
            content = self._key(Owner("raw", found.key))
            return Bundle(found.key, found.row, (), self._keyring.desk, content)
        skeleton = self._key(Owner("skeleton", found.key)) if found.row else None
        content = self._key(Owner("content", found.key))
        return Bundle(found.key, found.row, found.parts, skeleton, content)

    def _key(self, owner: Owner) -> DataKey | None:
        slot = self._view.slots[owner]
        key = self._keyring.key(slot) if slot is not None else None
        return DataKey(slot, key) if slot is not None and key is not None else None

    def _move(self, move: Move, place: int) -> None:
        """Unless somebody has changed one of the rows meanwhile."""
        found, view = move.due, self._view
        rows: list[AnyRow] = [*([found.row] if found.row else []), *found.parts]
        if any(not view.has(row) for row in rows):
            return
        for row in rows:
            view.drop(row)
        archived = view.archived
        match move.entry:
            case CaseEntry() as case:
                slots = (self._left("skeleton", found.key), self._left("content", found.key))
                skeleton, content = slots
                entry = case._replace(place=place, skeleton=skeleton, content=content)
                archived.cases.add(entry)
            case MailEntry() as mail:
                log = view.places.pop(found.key, None) or 0
                slot = self._left("raw", found.key)
                archived.mails.add(mail._replace(place=place, log=log, slot=slot))
            case None:
                pass
        for part in move.parts:
            archived.parts.add(part._replace(place=place))
        for each in move.prints:
            archived.prints.add(each)

    def _left(self, life: str, key: str) -> int:
        return self._view.slots.pop(Owner(life, key), None) or 0  # type: ignore[arg-type]  # a life

    async def _heads(self) -> None:
        """Of chains whose case is not in the view."""
        chains = iter(self._journal.chains())
        while page := list(islice(chains, 10 * _MOVED)):
            busy = self._journal.busy()
            for chain in page:
                if packed(chain) and chain not in busy and self._view.row(Case, chain) is None:
                    self._view.archived.add_head(chain, self._journal.leave(chain))
            await asyncio.sleep(0)
