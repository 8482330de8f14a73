"""The present state in memory: a TinyDB database, and the indexes beside it.

Stock TinyDB rebuilds a dict of all documents at each update, and its storage writes all of
them. Here the journal makes things durable, so the storage is memory, and the table changes
the one document it is about: a put and a get cost the same at 100 and at 100,000 cases.
A record costs its JSON and some 300 bytes of memory, with its index entries some 600.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tinydb import TinyDB
from tinydb.storages import MemoryStorage
from tinydb.table import Table

from storage.indexes import CaseIndex, MailIndex, MarkIndex, OutboxIndex
from storage.parts import blank
from storage.records import Case, InboundMail, Mark, OutboxMessage, Shred, Stored, Suppression
from storage.rows import AnyRow, CaseRow, MailRow, MarkRow, OutboxRow, kept, opened, row_of
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
    """The records as they are now, where to find them, and in which slots their keys are."""

    def __init__(self, keys: Keys) -> None:
        database = _Database(storage=MemoryStorage)
        self._tables: dict[str, RecordTable] = {}
        for kind in (Case, InboundMail, OutboxMessage, Suppression, Mark):
            # cache_size=0: a cached query would answer with what was true before
            self._tables[kind.table] = database.table(kind.table, cache_size=0, persist_empty=True)  # type: ignore[assignment]
        self.cases = CaseIndex(keys)
        self.mails = MailIndex(keys)
        self.outbox = OutboxIndex()
        self.slots: dict[Owner, int] = {}
        self._marks = MarkIndex()
        self._keys = keys
        self._positions = 0
        self._loading = True

    def ready(self) -> None:
        """What comes now is done by this process: its claims count."""
        self._loading = False

    def rev(self, table: str, key: str) -> int:
        """The revision of the stored record; 0 = none."""
        row = self._tables[table].row(key)
        return row.rev if row else 0

    def get(self, kind: type[Kept], key: str) -> Kept | None:
        row = self._tables[kind.table].row(key)
        return opened(row.record) if row else None  # type: ignore[return-value]

    def keys(self, kind: type[Kept]) -> list[str]:
        """Keys of all records of a kind, in the order they were first written."""
        return [row.key for row in self._tables[kind.table].rows()]

    def put(self, record: Stored, commit_case: str | None) -> None:
        """Replace a record whole, as a commit of this case (or of none) has it."""
        table = self._tables[record.table]
        old = table.row(record.key)
        position = old.position if old else self._positions + 1
        case = case_of(commit_case, record)
        self._replace(table, old, row_of(record, kept(record), position, case, self._keys))

    def arrived(self, mail: InboundMail, slot: int) -> None:
        """A mail is kept that the journal does not know yet."""
        self.mails.arrived(mail)
        self.slots[Owner("raw", mail.id)] = slot

    def forget(self, shred: Shred) -> int | None:
        """Let go of what a shred takes; the slot whose key is to be destroyed, if there is one."""
        match shred.life:
            case "raw":
                self._blank(InboundMail, shred.key)
            case "content":
                self._blank(Case, shred.key)
                for message_id in self.outbox.of_case(shred.key):
                    self._drop(OutboxMessage, message_id)
                for mark_id in self._marks.of_case(shred.key):
                    self._drop(Mark, mark_id)
            case "skeleton":
                self._drop(Case, shred.key)
        return self.slots.pop(Owner(shred.life, shred.key), None)

    def _blank(self, kind: type[Kept], key: str) -> None:
        record = self.get(kind, key)
        left = blank(record) if record is not None else None
        if left is not None:
            self.put(left, None)

    def _drop(self, kind: type[Kept], key: str) -> None:
        table = self._tables[kind.table]
        row = table.row(key)
        table.drop(key)
        match row:
            case CaseRow():
                self.cases.remove(row)
            case OutboxRow():
                self.outbox.remove(row)
            case MarkRow():
                self._marks.remove(row)
            case _:
                pass

    def put_row(self, row: AnyRow) -> None:
        """Replace a row and what the indexes know of it."""
        table = self._tables[type(row).__struct_config__.tag]  # type: ignore[index]
        self._replace(table, table.row(row.key), row)

    def _replace(self, table: RecordTable, old: Any, row: AnyRow) -> None:
        self._positions = max(self._positions, row.position)
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
        """How many records there are."""
        return sum(len(table) for table in self._tables.values())

    def each(self, kind: type[Kept], keys: Iterable[str]) -> Iterator[Kept]:
        for key in keys:
            record = self.get(kind, key)
            if record is not None:
                yield record
