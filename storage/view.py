"""The present state in memory: a TinyDB database, and the indexes beside it.

Stock TinyDB rebuilds a dict of all documents at each update, and its storage writes all of
them. Here the journal makes things durable, so the storage is memory, and the table changes
the one document it is about: a put and a get cost the same at 100 and at 100,000 cases.
A record costs its JSON and some 300 bytes of memory, with its index entries some 600.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from tinydb import TinyDB
from tinydb.storages import MemoryStorage
from tinydb.table import Table

from storage.archived import Archived
from storage.indexes import CaseIndex, MailIndex, MarkIndex, OutboxIndex
from storage.layered import Layered
from storage.parts import blank
from storage.records import (
    Case,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    Shred,
    Stored,
    Suppression,
)
from storage.rows import (
    AnyRow,
    CaseRow,
    MailRow,
    MarkRow,
    OutboxRow,
    Put,
    opened,
    row_of,
    table_of,
)
from storage.sealing import Keys
from storage.sheets import Owner, case_of

Kept = TypeVar("Kept", Case, InboundMail, OutboxMessage, Suppression, Mark)


class RecordTable(Table):
    """A table whose documents are rows under their record's key, replaced whole."""

    document_id_class = str  # type: ignore[assignment]  # TinyDB types its default, int

    def row(self, key: str) -> AnyRow | None:
        """The row itself, where `get` gives a copy."""
        return self._read_table().get(key)  # type: ignore[return-value]

    def put(self, row: AnyRow) -> None:
        """Needs a table that is there from the start (`persist_empty`)."""
        self._read_table()[row.key] = row  # type: ignore[assignment]

    def drop(self, key: str) -> None:
        self._read_table().pop(key, None)

    def rows(self) -> list[AnyRow]:
        """All rows, in the order their records were first written."""
        return list(self._read_table().values())  # type: ignore[arg-type]

    def _update_table(self, updater: Callable[[dict[Any, Any]], None]) -> None:
        """In place: keys are strings already, and the storage is memory."""
        tables = self._storage.read()
        if tables is None:
            tables = {}
            self._storage.write(tables)
        updater(tables.setdefault(self.name, {}))


class _Database(TinyDB):
    table_class = RecordTable


class View:
    """The records as they are now, where to find them, and in which slots their keys are.

    Of what is archived only the entries are here (`archived`); to read it, ask the archive.
    """

    def __init__(self, keys: Keys, archived: Archived | None = None) -> None:
        database = _Database(storage=MemoryStorage)
        self._tables: dict[str, RecordTable] = {}
        for kind in (Case, InboundMail, OutboxMessage, Suppression, Mark):
            # cache_size=0: a cached query would answer with what was true before
            self._tables[kind.table] = database.table(kind.table, cache_size=0, persist_empty=True)  # type: ignore[assignment]
        self.cases = CaseIndex(keys)
        self.mails = MailIndex(keys)
        self.outbox = OutboxIndex()
        self.archived = archived or Archived(keys)
        self.slots: Layered[Owner, int | None] = Layered(self.archived.slot)
        self.places: Layered[str, int | None] = Layered(self.archived.log_place)  #: in the mail log
        self.newest = 0  #: the latest commit, in seconds since 1970
        self._marks = MarkIndex()
        self._keys = keys
        self.positions = 0  #: how many records there were, ever
        self._loading = True

    def ready(self) -> None:
        """What comes now is done by this process: its claims count."""
        self._loading = False

    def rev(self, table: str, key: str) -> int:
        """The revision of the stored record; 0 = none."""
        row = self._tables[table].row(key)
        return row.rev if row else self.archived.rev(table, key)

    def get(self, kind: type[Kept], key: str) -> Kept | None:
        row = self._tables[kind.table].row(key)
        return opened(row.record) if row else None  # type: ignore[return-value]

    def keys(self, kind: type[Kept]) -> list[str]:
        """Keys of all records of a kind, in the order they were first written."""
        return [row.key for row in self._tables[kind.table].rows()]

    def row(self, kind: type[Kept], key: str) -> AnyRow | None:
        return self._tables[kind.table].row(key)

    def has(self, row: AnyRow) -> bool:
        """This very row, and none that came after it."""
        return self._tables[table_of(row)].row(row.key) is row

    def put(self, record: Stored, commit_case: str | None, at: int) -> None:
        """Replace a record whole, as a commit of this case (or of none) has it, at this second."""
        table = self._tables[record.table]
        old = table.row(record.key)
        position = old.position if old else self._back(record) or self.positions + 1
        put = Put(case_of(commit_case, record), at)
        self._replace(table, old, row_of(record, put, position, self._keys))

    def _back(self, record: Stored) -> int:
        """What is put anew is archived no more; the position it had, 0 = none that matters."""
        match record:
            case Case():
                case = self.archived.take_case(record.ref)
                self._hold(Owner("skeleton", record.ref), case.skeleton if case else 0)
                self._hold(Owner("content", record.ref), case.content if case else 0)
            case InboundMail():
                mail = self.archived.take_mail(record.id)
                self._hold(Owner("raw", record.id), mail.slot if mail else 0)
                if mail is not None:
                    self.places[record.id] = mail.log
            case OutboxMessage() | Mark():
                part = self.archived.take_part(record.table, record.key)
                return part.position if part else 0
            case _:
                pass
        return 0

    def _hold(self, owner: Owner, slot: int) -> None:
        if slot:
            self.slots[owner] = slot

    def shredded(self, mail_id: str) -> bool:
        """Is the key of a raw mail destroyed, or about to be?"""
        return self.slots[Owner("raw", mail_id)] is None

    def heard(self, at: datetime) -> int:
        """Of a commit, whatever it puts; its time in seconds since 1970."""
        seconds = int(at.timestamp())
        self.newest = max(self.newest, seconds)
        return seconds

    def arrived(self, mail: InboundMail, slot: int, place: int) -> None:
        """A mail is kept that the journal does not know yet."""
        self.mails.arrived(mail)
        self.places[mail.id] = place
        self.slots[Owner("raw", mail.id)] = slot

    def forget(self, shred: Shred) -> int | None:
        """Let go of what a shred takes; the slot whose key is to be destroyed, if there is one."""
        match shred.life:
            case "raw":
                self._blank(InboundMail, shred.key)
            case "content":
                self._blank(Case, shred.key)
                for message_id in self.outbox.of_case(shred.key):
                    self._drop(OutboxMessage.table, message_id)
                for mark_id in self._marks.of_case(shred.key):
                    self._drop(Mark.table, mark_id)
            case "skeleton":
                self._drop(Case.table, shred.key)
            case "suppression":
                self._drop(Suppression.table, shred.key)
        archived = self.archived.forget(shred)
        return self.slots.pop(Owner(shred.life, shred.key), archived)

    def _blank(self, kind: type[Kept], key: str) -> None:
        row = self.row(kind, key)
        left = blank(opened(row.record)) if row is not None else None
        if left is not None and row is not None:
            self.put(left, None, row.at)

    def drop(self, row: AnyRow) -> None:
        """Out of the view: it is archived now."""
        self._drop(table_of(row), row.key)

    def _drop(self, name: str, key: str) -> None:
        table = self._tables[name]
        row = table.row(key)
        table.drop(key)
        match row:
            case CaseRow():
                self.cases.remove(row)
            case MailRow():
                self.mails.remove(row)
            case OutboxRow():
                self.outbox.remove(row)
            case MarkRow():
                self._marks.remove(row)
            case _:
                pass

    def put_row(self, row: AnyRow) -> None:
        """Replace a row and what the indexes know of it."""
        table = self._tables[table_of(row)]
        self._replace(table, table.row(row.key), row)

    def _replace(self, table: RecordTable, old: Any, row: AnyRow) -> None:
        self.positions = max(self.positions, row.position)
        self.newest = max(self.newest, row.at)
        table.put(row)
        match row:
            case CaseRow():
                self.cases.replace(old, row)
            case MailRow():
                self.mails.replace(old, row)
            case OutboxRow():
                self.outbox.replace(old, row, voids_claims=self._loading)
            case MarkRow():
                self._marks.replace(old, row)
            case _:
                pass

    def rows(self) -> list[AnyRow]:
        """References to all rows: a consistent picture, as rows never change."""
        return [row for table in self._tables.values() for row in table.rows()]

    def again(self, message: OutboxMessage) -> None:
        """Tell the lanes anew what is stored of a message: a claim on it came to nothing."""
        row: Any = self._tables[OutboxMessage.table].row(message.key)
        if row is not None:
            self.outbox.replace(row, row, voids_claims=False)

    def size(self) -> int:
        """How many records there are in the view."""
        return sum(len(table) for table in self._tables.values())

    def positions_of(self, message_ids: Iterable[str]) -> dict[str, int]:
        """The place of each among all records that were ever written."""
        rows = (self.row(OutboxMessage, message_id) for message_id in message_ids)
        return {row.key: row.position for row in rows if row is not None}

    def received_since(self, status: MailStatus, since: datetime) -> int:
        """How many mails of a status came in after that."""
        rows = (self.row(InboundMail, mail_id) for mail_id in self.mails.having(status))
        return sum(isinstance(row, MailRow) and row.received_at > since for row in rows)

    def each(self, kind: type[Kept], keys: Iterable[str]) -> Iterator[Kept]:
        for key in keys:
            record = self.get(kind, key)
            if record is not None:
                yield record
