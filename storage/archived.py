"""What memory keeps of what is archived: some 100 bytes a case, and where the rest of it lies.

Plain numbers in tables (storage/columns.py): references, ids and 64-bit fingerprints to find it
by, the figures that reports need, the slots of its keys, the heads of its chains. A record is in
the view or here, never in both; what is put anew leaves here.
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain as chained
from typing import Any, NamedTuple

from storage.chain import NO_HEAD, Head
from storage.columns import Table
from storage.records import Case, InboundMail, MailStatus, Mark, OutboxMessage, OutboxStatus, Shred
from storage.sealing import Keys
from storage.sheets import Owner

_REFERENCE = re.compile(r"PR-(\d{4})-(\d{1,12})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{20}")
_DIGITS = 12
_BASE = 11  #: ten digits and "no digit here"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAIL_STATUSES = tuple(MailStatus)
OUTBOX_STATUSES = tuple(OutboxStatus)


class CaseEntry(NamedTuple):
    """An archived case. A slot of 0: its key is destroyed. Times in microseconds, 0 = never."""

    ref: int
    requester: int
    place: int
    skeleton: int
    content: int
    received: int
    closed: int
    rev: int


class MailEntry(NamedTuple):
    """An archived mail; `log` is its place in the mail log, `low` the end of its id."""

    id: int
    like: int
    place: int
    log: int
    slot: int
    received: int
    rev: int
    low: int
    status: int


class PartEntry(NamedTuple):
    """An outbox message or a mark, which lies with its case."""

    name: int
    case: int
    place: int
    position: int
    rev: int
    status: int  #: of a message; a mark has none


class PrintEntry(NamedTuple):
    """The fingerprint of a Message-ID in the conversation of a case."""

    print: int
    case: int


class HeadEntry(NamedTuple):
    """The end of the chain of a case that is not worked on."""

    case: int
    at: int
    lines: int
    hash: bytes


NO_STATUS = 255
NO_ID = (0, 0)
PLACE_BITS = 40  #: of a place, the last ones are the byte in its file


class Archived:
    """The tables, and what is asked of them."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.cases = Table("QQQQQqqI", CaseEntry, 2)
        self.mails = Table("QQQQQqIHB", MailEntry, 2)
        self.parts = Table("QQQQIB", PartEntry, 2)
        self.prints = Table("QQ", PrintEntry, 2)
        self.heads = Table("QQI32s", HeadEntry, 1)

    def tables(self) -> dict[str, Table[Any]]:
        """By the name that a snapshot has for each."""
        return {name: table for name, table in vars(self).items() if isinstance(table, Table)}

    def held(self) -> "Archived":
        """As it is now, and stays, for a snapshot."""
        one = Archived(self._keys)
        for name, table in self.tables().items():
            setattr(one, name, table.held())
        return one

    # --- looking up -------------------------------------------------------------------------

    def case(self, ref: str) -> CaseEntry | None:
        return self.cases.first(0, packed(ref))

    def mail(self, mail_id: str) -> MailEntry | None:
        found = self._mail(mail_id)
        return None if found is None else self.mails.row(found)

    def _mail(self, mail_id: str) -> int | None:
        high, low = id_of(mail_id)
        return next((n for n in self.mails.find(0, high) if self.mails.row(n).low == low), None)

    def part(self, table: str, key: str) -> PartEntry | None:
        return self.parts.first(0, self.name(table, key))

    def rev(self, table: str, key: str) -> int:
        """The revision of an archived record; 0 = none."""
        found = self._entry(table, key)
        return found.rev if found else 0

    def place(self, table: str, key: str) -> tuple[int, bool] | None:
        """Where a record lies, and whether its content is not shredded; None = not archived."""
        match self._entry(table, key):
            case CaseEntry() as case:
                return case.place, bool(case.content)
            case MailEntry() as mail:
                return mail.place, bool(mail.slot)
            case PartEntry() as part:
                return part.place, True
            case None:
                return None

    def _entry(self, table: str, key: str) -> CaseEntry | MailEntry | PartEntry | None:
        match table:
            case Case.table:
                return self.case(key)
            case InboundMail.table:
                return self.mail(key)
            case OutboxMessage.table | Mark.table:
                return self.part(table, key)
            case _:
                return None

    def slot(self, owner: Owner) -> int | None:
        """Where the key of an archived life is; None = not archived, or destroyed."""
        slot = 0
        match owner.life:
            case "raw":
                mail = self.mail(owner.key)
                slot = mail.slot if mail else 0
            case "skeleton" | "content":
                case = self.case(owner.key)
                slot = getattr(case, owner.life, 0)
        return slot or None

    def head(self, chain: str) -> Head:
        found = self.heads.first(0, packed(chain))
        return Head(found.hash.hex(), found.at, found.lines) if found else NO_HEAD

    def all_heads(self) -> dict[str, Head]:
        """Of the chains that are not worked on."""
        return {
            unpacked(each.case): Head(each.hash.hex(), each.at, each.lines) for each in self.heads
        }

    def months(self) -> set[int]:
        """Those in which something lies."""
        places = (self.cases.fields("16xQ"), self.mails.fields("16xQ"), self.parts.fields("16xQ"))
        return {place >> PLACE_BITS for (place,) in chained(*places) if place}

    def segments(self) -> set[int]:
        """Those of the mail log that hold a mail which is not shredded."""
        found = self.mails.fields("24xQQ")
        return {log >> PLACE_BITS for log, slot in found if slot}

    def log_place(self, mail_id: str) -> int | None:
        """Where an archived mail's content lies in the mail log."""
        mail = self.mail(mail_id)
        return (mail.log or None) if mail else None

    def of_requester(self, requester_hash: str) -> list[CaseEntry]:
        return self.cases.rows(1, self.requester(requester_hash))

    def with_message(self, message_id: str) -> list[str]:
        """References of candidates: a Message-ID of theirs has the same fingerprint."""
        printed = int(self._keys.fingerprint(message_id), 16)
        return [unpacked(found.case) for found in self.prints.rows(0, printed)]

    def alike(self, like: str, since: datetime, until: datetime) -> list[MailEntry]:
        """Candidates of the same envelope and content, received in that time, earliest first."""
        first, last = micro(since), micro(until)
        found = self.mails.rows(1, int(like, 16)) if like else []
        return sorted(
            (entry for entry in found if first <= entry.received <= last),
            key=lambda entry: (entry.received, entry.id, entry.low),
        )

    def parts_of(self, ref: str) -> list[PartEntry]:
        return self.parts.rows(1, packed(ref))

    def name(self, table: str, key: str) -> int:
        return int(self._keys.fingerprint(table, key), 16)

    def requester(self, requester_hash: str) -> int:
        return int(self._keys.fingerprint("requester", requester_hash), 16) if requester_hash else 0

    # --- changing ---------------------------------------------------------------------------

    def add_head(self, chain: str, head: Head) -> None:
        for number in self.heads.find(0, packed(chain)):
            self.heads.drop(number)
        self.heads.add(HeadEntry(packed(chain), head.at, head.lines, bytes.fromhex(head.hash)))

    def take_case(self, ref: str) -> CaseEntry | None:
        """Let go of a case that is worked on again; its parts stay."""
        found = self.cases.find(0, packed(ref))
        entry = self.cases.row(found[0]) if found else None
        for number in found:
            self.cases.drop(number)
        if entry is not None:
            self._drop_prints(entry.ref)
        return entry

    def take_mail(self, mail_id: str) -> MailEntry | None:
        number = self._mail(mail_id)
        if number is None:
            return None
        entry = self.mails.row(number)
        self.mails.drop(number)
        return entry

    def take_part(self, table: str, key: str) -> PartEntry | None:
        found = self.parts.find(0, self.name(table, key))
        entry = self.parts.row(found[0]) if found else None
        for number in found:
            self.parts.drop(number)
        return entry

    def forget(self, shred: Shred) -> int | None:
        """Let go of what a shred takes; the slot whose key is to be destroyed, if there is one."""
        slot = self.slot(Owner(shred.life, shred.key))
        match shred.life:
            case "raw":
                number = self._mail(shred.key)
                if number is not None:
                    self.mails.put(number, self.mails.row(number)._replace(like=0, slot=0))
            case "content":
                self._forget_content(packed(shred.key))
            case "skeleton":
                self.take_case(shred.key)
        return slot

    def _forget_content(self, ref: int) -> None:
        for number in self.cases.find(0, ref):
            self.cases.put(number, self.cases.row(number)._replace(requester=0, content=0))
        for number in self.parts.find(1, ref):
            self.parts.drop(number)
        self._drop_prints(ref)

    def _drop_prints(self, ref: int) -> None:
        for number in self.prints.find(1, ref):
            self.prints.drop(number)


# --- names and times as numbers -------------------------------------------------------------


def packed(ref: str) -> int:
    """A reference as a number; numbers sort as the references do. 0 = it is none of ours."""
    found = _REFERENCE.fullmatch(ref)
    if found is None:
        return 0
    number = int(found[1]) + 1  # of the year 0000, too, more than nothing
    for digit in found[2].ljust(_DIGITS):
        number = number * _BASE + (0 if digit == " " else int(digit) + 1)
    return number


def unpacked(number: int) -> str:
    """The reference of a number."""
    digits = ""
    for _ in range(_DIGITS):
        number, digit = divmod(number, _BASE)
        digits = (str(digit - 1) if digit else "") + digits
    return f"PR-{number - 1:04d}-{digits}"


def id_of(mail_id: str) -> tuple[int, int]:
    """A mail's id as two numbers, which sort as the ids do. 0, 0 = it is none of ours."""
    if not _ID.fullmatch(mail_id):
        return NO_ID
    return int(mail_id[:16], 16), int(mail_id[16:], 16)


def mail_id_of(high: int, low: int) -> str:
    return f"{high:016x}{low:04x}"


def micro(at: datetime | None) -> int:
    """Microseconds since 1970; 0 = never."""
    return 0 if at is None else (at - _EPOCH) // timedelta(microseconds=1)
