"""The mail log: raw mails in append-only segments under `mails/`, no file per mail.

A record is a header line in clear, `mail 1 <id> <bytes> <crc of the body> <crc of this line>`,
then the body: the envelope as one line of JSON, then the content as received in DATA, and a
newline. The checks tell a torn end from damage; the content itself is held by its SHA-256.
A segment ends at 64 MB. Where each mail lies is kept in memory (some 150 bytes a mail) and in
the snapshot; what came after the snapshot's low-water mark is found by reading header lines.
"""

import asyncio
import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from storage.appender import Appender
from storage.disk import Disk
from storage.errors import StoreDamaged, StoreError, UnknownReference
from storage.records import Arrival, InboundMail, new_id

VERSION = 1
SEGMENT_BYTES = 64 * 1024 * 1024
_HEADER_BYTES = 128  #: more than any header line has
_ENVELOPE_BYTES = 16 * 1024
_QUICK_BYTES = 512 * 1024  #: hashed within a few milliseconds
_HEADER = re.compile(rb"mail (\d+) ([0-9a-f]{20}) (\d+) ([0-9a-f]{8})")
_OFFSET_BITS = 40

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


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.log"


def _kept(mail_id: str, arrival: Arrival) -> tuple[InboundMail, bytes]:
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
    return mail, record_of(mail, arrival.content)


def record_of(mail: InboundMail, content: bytes) -> bytes:
    """A mail as it is written."""
    body = _encode(mail) + b"\n" + content
    line = b"mail %d %b %d %08x" % (VERSION, mail.id.encode(), len(body), zlib.crc32(body))
    return b"%b %08x\n%b\n" % (line, zlib.crc32(line), body)


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
        found = _HEADER.fullmatch(line[:-9])
        if found is None or line[-9:] != b" %08x" % zlib.crc32(line[:-9]):
            raise self._damaged(offset)
        if int(found[1]) != VERSION:
            raise StoreDamaged(
                f"mails/{self.path.name} holds a mail of format {int(found[1])}, this desk reads "
                f"format {VERSION}; start the version of the desk that wrote it."
            )
        return Header(found[2].decode(), int(found[3]), int(found[4], 16), offset + len(line) + 1)

    def _unwritten(self, offset: int) -> bool:
        """Nothing, or zeros, up to the end: what a power cut may leave of a growing file."""
        while data := os.pread(self._fd, _ENVELOPE_BYTES, offset):
            if data.strip(b"\0"):
                return False
            offset += len(data)
        return True

    def envelope(self, offset: int) -> InboundMail:
        """The mail as it was when it came in, without its content."""
        header = self.header(offset)
        if header is None:
            raise self._damaged(offset)
        size = min(header.size, _ENVELOPE_BYTES)
        line, newline, _ = os.pread(self._fd, size, header.body).partition(b"\n")
        if not newline:  # hundreds of recipients
            line = os.pread(self._fd, header.size, header.body).partition(b"\n")[0]
        try:
            return _envelope.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._damaged(offset) from None

    def content(self, mail_id: str, offset: int) -> bytes:
        """The content, whole and as received, or StoreDamaged."""
        header = self.header(offset)
        if header is None or header.id != mail_id:
            raise self._damaged(offset)
        body = os.pread(self._fd, header.size, header.body)
        if len(body) != header.size or zlib.crc32(body) != header.check:
            raise self._damaged(offset)
        envelope, _, content = body.partition(b"\n")
        if hashlib.sha256(content).hexdigest() != _envelope.decode(envelope).sha256:
            raise self._damaged(offset)
        return content

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
    end, torn = mark, 0
    numbers = [number for number in segments(folder) if number >= mark.segment]
    for number in numbers:
        with Segment(segment_path(folder, number)) as segment:
            start = mark.offset if number == mark.segment else 0
            end = Mark(number, start)
            for offset, header in segment.headers(start):
                places[header.id] = Mark(number, offset).packed()
                end = Mark(number, header.end)
            torn = segment.size - end.offset
        if torn < 0 or (torn and number != numbers[-1]):
            raise StoreDamaged(
                f"mails/{number:08d}.log ends in the middle of a mail; put the newest backup in "
                "its place (`desk restore DIR`)."
            )
    return Scan(places, end, torn)


def check_complete(folder: Path, mark: Mark, known: dict[str, int], found: dict[str, int]) -> None:
    """Is every mail that was known to lie after a mark still there? Raises StoreDamaged."""
    numbers = segments(folder)
    expected = set(range(min(numbers, default=1), max(numbers, default=0) + 1))
    missing = expected - set(numbers)
    missing |= {
        Mark.unpacked(place).segment
        for mail_id, place in known.items()
        if place >= mark.packed() and mail_id not in found
    }
    if mark != Mark() and mark.segment not in numbers:
        missing.add(mark.segment)
    if missing:
        raise StoreDamaged(
            f"mails/{min(missing):08d}.log is missing or has lost mails; put the newest backup in "
            "its place (`desk restore DIR`)."
        )


def envelopes(folder: Path, places: list[int]) -> Iterator[InboundMail]:
    """The mails at some places, in that order, as they came in."""
    for place in places:
        at = Mark.unpacked(place)
        with Segment(segment_path(folder, at.segment)) as segment:
            yield segment.envelope(at.offset)


# --- the open log ---------------------------------------------------------------------------


class _Coming(NamedTuple):
    mail: InboundMail
    place: int
    end: Mark
    done: asyncio.Future[None]


class MailLog:
    """The open mail log: where each mail lies, and those that the journal does not know yet."""

    def __init__(
        self,
        folder: Path,
        places: dict[str, int],
        end: Mark,
        arrived: Callable[[InboundMail], None],
        disk: Disk | None,
    ) -> None:
        """`disk` None = for reading only."""
        self.fresh: dict[str, InboundMail] = {}
        self._folder = folder
        self._places = places
        self._next = self._landed_at = end
        self._arrived = arrived
        self._coming: set[str] = set()
        self._appender: Appender[_Coming] | None = None
        if disk is not None:
            self._appender = Appender(disk, "mails", self._on_landed, self._on_refused)

    async def append(self, arrival: Arrival) -> InboundMail:
        """Durable when this returns. Raises StoreFull, StoreFailed."""
        mail_id = self._new_id(arrival)
        self._coming.add(mail_id)
        try:
            if len(arrival.content) < _QUICK_BYTES:
                mail, data = _kept(mail_id, arrival)
            else:  # hashing 32 MB takes a tenth of a second, which the event loop has not
                mail, data = await asyncio.to_thread(_kept, mail_id, arrival)
            await self._written(mail, data)
        finally:
            self._coming.discard(mail_id)
        return mail

    async def _written(self, mail: InboundMail, data: bytes) -> None:
        if self._appender is None:
            raise StoreError("The mail log is open for reading only; start `desk run`.")
        start = self._next if self._next.offset < SEGMENT_BYTES else Mark(self._next.segment + 1)
        done = asyncio.get_running_loop().create_future()
        end = Mark(start.segment, start.offset + len(data))
        path = segment_path(self._folder, start.segment)
        self._appender.append(path, data, _Coming(mail, start.packed(), end, done))
        self._next = end
        await done

    def _new_id(self, arrival: Arrival) -> str:
        while (mail_id := new_id(arrival.received_at)) in self._places or mail_id in self._coming:
            pass
        return mail_id

    async def raw(self, mail_id: str) -> bytes:
        """The content as received. Raises UnknownReference, StoreDamaged."""
        place = self._places.get(mail_id)
        if place is None:
            raise UnknownReference(f"There is no mail {mail_id}; `desk mails` lists them all.")
        return await asyncio.to_thread(self._content, mail_id, Mark.unpacked(place))

    def _content(self, mail_id: str, at: Mark) -> bytes:
        with Segment(segment_path(self._folder, at.segment)) as segment:
            return segment.content(mail_id, at.offset)

    def known(self, mail_id: str) -> None:
        """The journal knows this mail now."""
        self.fresh.pop(mail_id, None)

    def picture(self) -> tuple[dict[str, int], Mark]:
        """For a snapshot: places of all mails, and the mark before the first fresh one."""
        places = (self._places[mail_id] for mail_id in self.fresh)
        first = min(places, default=self._landed_at.packed())
        return dict(self._places), Mark.unpacked(first)

    async def close(self) -> None:
        if self._appender is not None:
            await self._appender.close()

    def _on_landed(self, items: list[_Coming]) -> None:
        self._landed_at = items[-1].end
        for item in items:
            self._places[item.mail.id] = item.place
            self.fresh[item.mail.id] = item.mail
            self._arrived(item.mail)
            if not item.done.done():
                item.done.set_result(None)

    def _on_refused(self, items: list[_Coming], error: StoreError) -> None:
        self._next = self._landed_at
        for item in items:
            if not item.done.done():
                item.done.set_exception(error)
