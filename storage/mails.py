"""The mail log: raw mails in append-only segments under `mails/`, no file per mail.

A record is a header line in clear, `mail 2 <id> <slot> <bytes> <crc of the body> <crc of this
line>`, then the body and a newline. The body is the length of the sealed envelope (4 bytes), the
envelope as JSON and the content as received in DATA, both sealed under the mail's own key (its
slot is in the header) for this mail alone. The checks tell a torn end from damage without a key;
that the content is what came is held by its seal. The envelope is needed until the journal knows
the mail: a backup made from PostgreSQL leaves that of any other empty. A segment ends at 64 MB.
When all its mails are shredded it is cut to nothing: an empty segment was emptied by us, a missing
one is lost. Where each mail lies is kept in memory and in the snapshot; what came after the
snapshot's low-water mark is found by reading header lines.
"""

import asyncio
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from storage.appender import Appender
from storage.disk import Disk
from storage.errors import StoreDamaged, StoreError, UnknownReference
from storage.keyring import Keyring
from storage.records import Arrival, InboundMail, new_id
from storage.sealing import DataKey, KeyOf, seal, unseal
from storage.view import View

FOLDER = "mails"
VERSION = 2
SEGMENT_BYTES = 64 * 1024 * 1024
_HEADER_BYTES = 128  #: more than any header line has
_BLOCK_BYTES = 16 * 1024
_QUICK_BYTES = 512 * 1024  #: hashed within a few milliseconds
_HEADER = re.compile(rb"mail (\d+) ([0-9a-f]{20}) (\d+) (\d+) ([0-9a-f]{8})")
_FORMAT = re.compile(rb"mail (\d+) ")
_OFFSET_BITS = 40
_LENGTH_BYTES = 4

_encode = msgspec.json.Encoder().encode
_envelope = msgspec.json.Decoder(InboundMail)


class Mark(NamedTuple):
    """A place in the log: before it, everything is known."""

    segment: int = 1
    offset: int = 0

    def packed(self) -> int:
        """As one number: half the memory of a pair."""
        return self.segment << _OFFSET_BITS | self.offset

    @classmethod
    def unpacked(cls, place: int) -> "Mark":
        return cls(place >> _OFFSET_BITS, place & (1 << _OFFSET_BITS) - 1)


class Header(NamedTuple):
    """What a header line says, and where its body starts."""

    id: str
    slot: int
    size: int
    check: int
    body: int

    @property
    def end(self) -> int:
        return self.body + self.size + 1


class Scan(NamedTuple):
    """What was found in the log from a mark on."""

    places: dict[str, int]
    end: Mark
    torn: int  #: bytes of an unfinished last record
    used: int = 0  #: every slot that a mail names is below this one


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.log"


def _kept(mail_id: str, arrival: Arrival, key: DataKey) -> tuple[InboundMail, bytes]:
    """The mail of an arrival, and its record."""
    mail = InboundMail(
        id=mail_id,
        received_at=arrival.received_at,
        mail_from=arrival.mail_from,
        rcpt_to=arrival.rcpt_to,
        peer=arrival.peer,
        sha256=hashlib.sha256(arrival.content).hexdigest(),
        size=len(arrival.content),
    )
    return mail, record_of(mail, arrival.content, key)


def sealed_mail(mail: InboundMail, content: bytes, key: DataKey) -> tuple[bytes, bytes]:
    """Envelope and content, sealed for this mail."""
    about = mail.id.encode()
    return seal(key, _encode(mail), about), seal(key, content, about)


def record_of(mail: InboundMail, content: bytes, key: DataKey) -> bytes:
    """A mail as it is written."""
    return written(mail.id, key.slot, *sealed_mail(mail, content, key))


def written(mail_id: str, slot: int, envelope: bytes, content: bytes) -> bytes:
    """The record of a mail that is sealed already."""
    body = b"".join((len(envelope).to_bytes(_LENGTH_BYTES), envelope, content))
    said = (VERSION, mail_id.encode(), slot, len(body), zlib.crc32(body))
    line = b"mail %d %b %d %d %08x" % said
    return b"%b %08x\n%b\n" % (line, zlib.crc32(line), body)


def size_of(mail_id: str, slot: int, envelope: int, content: int) -> int:
    """Bytes of the record that `written` makes of an envelope and a content of so many."""
    body = _LENGTH_BYTES + envelope + content
    line = b"mail %d %b %d %d %08x %08x\n" % (VERSION, mail_id.encode(), slot, body, 0, 0)
    return len(line) + body + 1


# --- reading --------------------------------------------------------------------------------


class Segment:
    """One segment, open for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._fd).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def headers(self, offset: int) -> Iterator[tuple[int, Header]]:
        """Place and header of each whole record; stops at an unfinished one."""
        while offset < self.size:
            header = self.header(offset)
            if header is None or header.end > self.size:
                return
            if os.pread(self._fd, 1, header.end - 1) != b"\n":
                if self._unwritten(header.end - 1):
                    return
                raise self._damaged(offset)
            yield offset, header
            offset = header.end

    def header(self, offset: int) -> Header | None:
        """The header line at a place; None = the file ends within it. Raises StoreDamaged."""
        data = os.pread(self._fd, _HEADER_BYTES, offset)
        line, newline, _ = data.partition(b"\n")
        if not newline and self._unwritten(offset + len(data.rstrip(b"\0"))):
            return None
        if line[-9:] != b" %08x" % zlib.crc32(line[:-9]):
            raise self._damaged(offset)
        if (told := _FORMAT.match(line)) is not None and int(told[1]) != VERSION:
            raise StoreDamaged(
                f"mails/{self.path.name} holds a mail of format {int(told[1])}, this desk reads "
                f"format {VERSION}; start the version of the desk that wrote it."
            )
        found = _HEADER.fullmatch(line[:-9])
        if found is None:
            raise self._damaged(offset)
        slot, size, check = int(found[3]), int(found[4]), int(found[5], 16)
        return Header(found[2].decode(), slot, size, check, offset + len(line) + 1)

    def _unwritten(self, offset: int) -> bool:
        """Nothing, or zeros, up to the end: what a power cut may leave of a growing file."""
        while data := os.pread(self._fd, _BLOCK_BYTES, offset):
            if data.strip(b"\0"):
                return False
            offset += len(data)
        return True

    def envelope(self, offset: int, key_of: KeyOf) -> tuple[InboundMail, int] | None:
        """The mail as it came in, without its content, and its slot; None = shredded."""
        header = self._whole(offset)
        key = key_of(header.slot)
        if key is None:
            return None
        length = int.from_bytes(os.pread(self._fd, _LENGTH_BYTES, header.body))
        blob = os.pread(self._fd, length, header.body + _LENGTH_BYTES)
        try:
            return _envelope.decode(unseal(key, blob, header.id.encode())), header.slot
        except (StoreDamaged, msgspec.MsgspecError):
            raise self._damaged(offset) from None

    def content(self, mail_id: str, offset: int, key_of: KeyOf) -> bytes | None:
        """The content, whole and as received, or StoreDamaged; None = shredded."""
        header = self._whole(offset)
        if header.id != mail_id:
            raise self._damaged(offset)
        body = self.body(offset, header)
        key = key_of(header.slot)
        if key is None:
            return None
        content = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES])
        try:
            return unseal(key, body[content:], mail_id.encode())
        except StoreDamaged:
            raise self._damaged(offset) from None

    def sealed(self, offset: int) -> bytes:
        """The content as it is kept. Raises StoreDamaged."""
        body = self.body(offset, self._whole(offset))
        return body[_LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES]) :]

    def body(self, offset: int, header: Header) -> bytes:
        """The sealed body, checked. Raises StoreDamaged."""
        body = os.pread(self._fd, header.size, header.body)
        if len(body) != header.size or zlib.crc32(body) != header.check:
            raise self._damaged(offset)
        return body

    def _whole(self, offset: int) -> Header:
        header = self.header(offset)
        if header is None:
            raise self._damaged(offset)
        return header

    def _damaged(self, offset: int) -> StoreDamaged:
        return StoreDamaged(
            f"The mail at byte {offset} of mails/{self.path.name} is not what was written there; "
            "keep the file for evidence and put the newest backup in its place "
            "(`desk restore DIR`)."
        )


def segments(folder: Path) -> list[int]:
    """Numbers of the segments there are, oldest first."""
    return sorted(int(path.stem) for path in folder.glob("[0-9]*.log"))


def scan(folder: Path, mark: Mark) -> Scan:
    """Read the header lines from a mark on. Raises StoreDamaged."""
    places: dict[str, int] = {}
    end, torn, used = mark, 0, 0
    numbers = [number for number in segments(folder) if number >= mark.segment]
    for number in numbers:
        with Segment(segment_path(folder, number)) as segment:
            start = mark.offset if number == mark.segment else 0
            end = Mark(number, start)
            for offset, header in segment.headers(start):
                places[header.id] = Mark(number, offset).packed()
                end, used = Mark(number, header.end), max(used, header.slot + 1)
            torn = segment.size - end.offset
        if torn < 0 or (torn and number != numbers[-1]):
            raise StoreDamaged(
                f"mails/{number:08d}.log ends in the middle of a mail; put the newest backup in "
                "its place (`desk restore DIR`)."
            )
    return Scan(places, end, torn, used)


class Known(NamedTuple):
    """What was known of the log when the snapshot was taken."""

    mark: Mark
    places: dict[str, int]
    alive: frozenset[int]  #: segments that hold a mail which was not shredded


def check_complete(folder: Path, known: Known, found: dict[str, int]) -> None:
    """Is every mail that was known still there, as far as can be told without reading all of it?

    Raises StoreDamaged.
    """
    numbers = segments(folder)
    expected = set(range(min(numbers, default=1), max(numbers, default=0) + 1))
    missing = expected - set(numbers)
    missing |= {
        Mark.unpacked(place).segment
        for mail_id, place in known.places.items()
        if place >= known.mark.packed() and mail_id not in found
    }
    if known.mark != Mark() and known.mark.segment not in numbers:
        missing.add(known.mark.segment)
    kept = {n for n in numbers if n in known.alive and segment_path(folder, n).stat().st_size}
    missing |= known.alive - kept
    if missing:
        raise lost(min(missing))


def lost(segment: int) -> StoreDamaged:
    return StoreDamaged(
        f"mails/{segment:08d}.log is missing or has lost mails; put the newest backup in its place "
        "(`desk restore DIR`)."
    )


def clear(folder: Path, known: Known, disk: Disk) -> None:
    """Empty the segments whose every mail is shredded. Blocks. Raises OSError.

    `known` is what the snapshot on disk says: a start from it knows that they hold nothing.
    """
    for number in segments(folder):
        path = segment_path(folder, number)
        if number < known.mark.segment and number not in known.alive and path.stat().st_size:
            fd = disk.open(path)
            try:
                disk.cut(fd, 0)
                disk.sync(fd)
            finally:
                os.close(fd)


def fresh_mails(
    folder: Path, places: list[int], key_of: KeyOf
) -> Iterator[tuple[InboundMail, int, int]]:
    """The mails at some places, as they came in, with slot and place; without shredded ones."""
    for place in places:
        at = Mark.unpacked(place)
        with Segment(segment_path(folder, at.segment)) as segment:
            found = segment.envelope(at.offset, key_of)
        if found is not None:
            yield *found, place


# --- the open log ---------------------------------------------------------------------------


class _Coming(NamedTuple):
    mail: InboundMail
    slot: int
    place: int
    end: Mark
    done: asyncio.Future[None]


class MailLog:
    """The open mail log: where each mail lies, and those that the journal does not know yet."""

    def __init__(
        self,
        folder: Path,
        keyring: Keyring,
        end: Mark,
        view: View,
        disk: Disk | None,
    ) -> None:
        """`disk` None = for reading only. The view hears of each mail, and has their places."""
        self.fresh: dict[str, InboundMail] = {}
        self._folder = folder
        self._keyring = keyring
        self._view = view
        self._next = self._landed_at = end
        self._coming: set[str] = set()
        self._appender: Appender[_Coming] | None = None
        if disk is not None:
            self._appender = Appender(disk, "mails", self._on_landed, self._on_refused)

    async def append(self, arrival: Arrival) -> InboundMail:
        """Durable when this returns. Raises StoreFull, StoreFailed."""
        mail_id = self._new_id(arrival)
        self._coming.add(mail_id)
        try:
            await self._keyring.room(1)
            key = self._keyring.take()
            if len(arrival.content) < _QUICK_BYTES:
                mail, data = _kept(mail_id, arrival, key)
            else:  # hashing 32 MB takes a tenth of a second, which the event loop has not
                mail, data = await asyncio.to_thread(_kept, mail_id, arrival, key)
            await self._written(mail, key.slot, data)
        finally:
            self._coming.discard(mail_id)
        return mail

    async def _written(self, mail: InboundMail, slot: int, data: bytes) -> None:
        if self._appender is None:
            raise StoreError("The mail log is open for reading only; start `desk run`.")
        start = self._next if self._next.offset < SEGMENT_BYTES else Mark(self._next.segment + 1)
        done = asyncio.get_running_loop().create_future()
        end = Mark(start.segment, start.offset + len(data))
        path = segment_path(self._folder, start.segment)
        self._appender.append(path, data, _Coming(mail, slot, start.packed(), end, done))
        self._next = end
        await done

    def _new_id(self, arrival: Arrival) -> str:
        while True:
            mail_id = new_id(arrival.received_at)
            if self._view.places[mail_id] is None and mail_id not in self._coming:
                return mail_id

    async def raw(self, mail_id: str) -> bytes:
        """The content as received. Raises UnknownReference, StoreDamaged."""
        place = self._view.places[mail_id]
        if place is None:
            raise UnknownReference(f"There is no mail {mail_id}; `desk mails` lists them all.")
        content = await asyncio.to_thread(self._content, mail_id, Mark.unpacked(place))
        if content is None:
            raise UnknownReference(
                f"The content of mail {mail_id} was destroyed at the end of its time; "
                "`desk mails` shows what is left of it."
            )
        return content

    def _content(self, mail_id: str, at: Mark) -> bytes | None:
        with Segment(segment_path(self._folder, at.segment)) as segment:
            return segment.content(mail_id, at.offset, self._keyring.key)

    @property
    def end(self) -> Mark:
        """Up to where the log is durable."""
        return self._landed_at

    def known(self, mail_id: str) -> None:
        """The journal knows this mail now."""
        self.fresh.pop(mail_id, None)

    def mark(self) -> Mark:
        """Before the first mail that the journal does not know."""
        places = (self._view.places[mail_id] or 0 for mail_id in self.fresh)
        return Mark.unpacked(min(places, default=self._landed_at.packed()))

    async def close(self) -> None:
        if self._appender is not None:
            await self._appender.close()

    def _on_landed(self, items: list[_Coming]) -> None:
        self._landed_at = items[-1].end
        for item in items:
            self.fresh[item.mail.id] = item.mail
            self._view.arrived(item.mail, item.slot, item.place)
            if not item.done.done():
                item.done.set_result(None)

    def _on_refused(self, items: list[_Coming], error: StoreError) -> None:
        self._next = self._landed_at
        for item in items:
            if not item.done.done():
                item.done.set_exception(error)
