"""The mail log: raw mails in append-only segments under `mails/`, no file per mail.

A record is a header line in clear, `mail 2 <id> <slot> <bytes> <crc of the body> <synced> <crc of
this line>`, then the body and a newline. The body is the length of the sealed envelope (4 bytes),
the envelope as JSON and the content as received in DATA, both sealed under the mail's own key (its
slot is in the header) for this mail alone. The checks tell a torn end from damage without a key;
that the content is what came is held by its seal. `synced` is the place up to which the log was
on disk for certain when the mail was written: mails written together reach the disk in any
order, and what a power cut left of those that no later mail vouches for is a torn end. The envelope
is needed until the journal knows the mail: a backup made from PostgreSQL leaves any other empty.

A segment ends at 64 MB. When all its mails are shredded it is cut to nothing: an empty segment
was emptied by us, a missing one is lost. Where each mail lies is kept in memory and in the
snapshot; what came after the snapshot's low-water mark is found by reading header lines.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from storage.disk import Disk
from storage.errors import StoreDamaged
from storage.records import Arrival, InboundMail
from storage.sealing import DataKey, KeyOf, seal, unseal

FOLDER = "mails"
VERSION = 2
SEGMENT_BYTES = 64 * 1024 * 1024
_HEADER_BYTES = 128  #: more than any header line has
_BLOCK_BYTES = 16 * 1024
_HEADER = re.compile(rb"mail (\d+) ([0-9a-f]{20}) (\d+) (\d+) ([0-9a-f]{8}) (\d+)")
_START = re.compile(rb"mail \d+ [0-9a-f]{20} ")
_SECTOR = 512  #: a disk writes it whole or not at all
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
    synced: int
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


def mail_of(mail_id: str, arrival: Arrival) -> InboundMail:
    """What is known of a mail when it comes in."""
    return InboundMail(
        id=mail_id,
        received_at=arrival.received_at,
        mail_from=arrival.mail_from,
        rcpt_to=arrival.rcpt_to,
        peer=arrival.peer,
        hello=arrival.hello,
        batch=arrival.batch,
        sha256=hashlib.sha256(arrival.content).hexdigest(),
        size=len(arrival.content),
    )


def sealed_mail(mail: InboundMail, content: bytes, key: DataKey) -> tuple[bytes, bytes]:
    """Envelope and content, sealed for this mail."""
    about = mail.id.encode()
    return seal(key, _encode(mail), about), seal(key, content, about)


def record_of(mail: InboundMail, content: bytes, key: DataKey, synced: Mark) -> bytes:
    """A mail as it is written."""
    return written(mail.id, key.slot, *sealed_mail(mail, content, key), synced)


def written(mail_id: str, slot: int, envelope: bytes, content: bytes, synced: Mark) -> bytes:
    """The record of a mail that is sealed already."""
    body = b"".join((len(envelope).to_bytes(_LENGTH_BYTES), envelope, content))
    said = (VERSION, mail_id.encode(), slot, len(body), zlib.crc32(body), synced.packed())
    line = b"mail %d %b %d %d %08x %d" % said
    return b"%b %08x\n%b\n" % (line, zlib.crc32(line), body)


def size_of(mail_id: str, slot: int, envelope: int, content: int, synced: Mark) -> int:
    """Bytes of the record that `written` makes of an envelope and a content of so many."""
    body = _LENGTH_BYTES + envelope + content
    said = (VERSION, mail_id.encode(), slot, body, 0, synced.packed(), 0)
    return len(b"mail %d %b %d %d %08x %d %08x\n" % said) + body + 1


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
        """Place and header of each whole record; stops at one that is not."""
        while offset < self.size:
            header = self._header(offset)
            if header is None or os.pread(self._fd, 1, header.end - 1) != b"\n":
                return
            yield offset, header
            offset = header.end

    def _header(self, offset: int) -> Header | None:
        """The header line at a place; None = there is none. Raises StoreDamaged (the format)."""
        line, newline, _ = os.pread(self._fd, _HEADER_BYTES, offset).partition(b"\n")
        if not newline or line[-9:] != b" %08x" % zlib.crc32(line[:-9]):
            return None
        if (told := _FORMAT.match(line)) is not None and int(told[1]) != VERSION:
            raise StoreDamaged(
                f"mails/{self.path.name} holds a mail of format {int(told[1])}, this desk reads "
                f"format {VERSION}; start the version of the desk that wrote it."
            )
        found = _HEADER.fullmatch(line[:-9])
        if found is None:
            return None
        slot, size, check, synced = int(found[3]), int(found[4]), int(found[5], 16), int(found[6])
        return Header(found[2].decode(), slot, size, check, synced, offset + len(line) + 1)

    def later(self, offset: int) -> Iterator[Header]:
        """Whole headers anywhere behind a place where the records cannot be followed."""
        rest = os.pread(self._fd, self.size - offset, offset)
        for found in _START.finditer(rest):
            header = self._header(offset + found.start())
            if header is not None:
                yield header

    def unwritten(self, offset: int) -> bool:
        """Is the record at a place what a power cut may leave of one that was not synced?

        Cut off, zeros up to the end, or a sector that was never written.
        """
        header = self._header(offset)
        data = os.pread(self._fd, self.size - offset, offset)
        written = data.rstrip(b"\0")
        size = header.end - offset if header else _HEADER_BYTES
        if len(written) < size and (header or b"\n" not in written):
            return True
        starts = range(-(offset % _SECTOR), min(size, len(data)), _SECTOR)
        return any(not data[max(at, 0) : min(at + _SECTOR, size)].strip(b"\0") for at in starts)

    def header(self, offset: int) -> Header:
        """The header of a record that must be there. Raises StoreDamaged."""
        header = self._header(offset)
        if header is None:
            raise self.damaged(offset)
        return header

    def envelope(self, offset: int, key_of: KeyOf) -> tuple[InboundMail, int] | None:
        """The mail as it came in, without its content, and its slot; None = shredded."""
        header = self.header(offset)
        key = key_of(header.slot)
        if key is None:
            return None
        length = int.from_bytes(os.pread(self._fd, _LENGTH_BYTES, header.body))
        blob = os.pread(self._fd, length, header.body + _LENGTH_BYTES)
        try:
            return _envelope.decode(unseal(key, blob, header.id.encode())), header.slot
        except (StoreDamaged, msgspec.MsgspecError):
            raise self.damaged(offset) from None

    def content(self, mail_id: str, offset: int, key_of: KeyOf) -> bytes | None:
        """The content, whole and as received, or StoreDamaged; None = shredded."""
        header = self.header(offset)
        if header.id != mail_id:
            raise self.damaged(offset)
        body = self.body(offset, header)
        key = key_of(header.slot)
        if key is None:
            return None
        content = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES])
        try:
            return unseal(key, body[content:], mail_id.encode())
        except StoreDamaged:
            raise self.damaged(offset) from None

    def sealed(self, offset: int) -> bytes:
        """The content as it is kept. Raises StoreDamaged."""
        body = self.body(offset, self.header(offset))
        return body[_LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES]) :]

    def body(self, offset: int, header: Header) -> bytes:
        """The sealed body, checked. Raises StoreDamaged."""
        if not self.sound(header):
            raise self.damaged(offset)
        return os.pread(self._fd, header.size, header.body)

    def sound(self, header: Header) -> bool:
        """Is the body what its header says?"""
        body = os.pread(self._fd, header.size, header.body)
        return len(body) == header.size and zlib.crc32(body) == header.check

    def damaged(self, offset: int) -> StoreDamaged:
        return StoreDamaged(
            f"The mail at byte {offset} of mails/{self.path.name} is not what was written there; "
            "keep the file for evidence and put the newest backup in its place "
            "(`desk restore DIR`)."
        )


def segments(folder: Path) -> list[int]:
    """Numbers of the segments there are, oldest first."""
    return sorted(int(path.stem) for path in folder.glob("[0-9]" * 8 + ".log"))


def scan(folder: Path, mark: Mark) -> Scan:
    """Read the header lines from a mark on. Raises StoreDamaged."""
    found: dict[int, Header] = {}
    end, torn = mark, 0
    numbers = [number for number in segments(folder) if number >= mark.segment]
    for number in numbers:
        with Segment(segment_path(folder, number)) as segment:
            end = Mark(number, mark.offset if number == mark.segment else 0)
            for offset, header in segment.headers(end.offset):
                found[Mark(number, offset).packed()] = header
                end = Mark(number, header.end)
            if end.offset > segment.size:
                raise StoreDamaged(
                    f"mails/{number:08d}.log ends in the middle of a mail; put the newest backup "
                    "in its place (`desk restore DIR`)."
                )
            if number == numbers[-1]:
                end = _whole(segment, found, end)
            elif end.offset < segment.size:
                raise segment.damaged(end.offset)
            torn = segment.size - end.offset
    whole = {place: header for place, header in found.items() if place < end.packed()}
    places = {header.id: place for place, header in whole.items()}
    return Scan(places, end, torn, max((each.slot + 1 for each in whole.values()), default=0))


def _whole(segment: Segment, found: dict[int, Header], end: Mark) -> Mark:
    """Where the last segment ends, when what no later mail vouches for is looked into."""
    later = segment.later(end.offset) if end.offset < segment.size else ()
    synced = max([each.synced for each in (*found.values(), *later)], default=0)
    for place, header in found.items():
        at = Mark.unpacked(place)
        vouched = place < synced or at.segment != end.segment
        if not vouched and not segment.sound(header) and segment.unwritten(at.offset):
            return at
    if end.offset < segment.size and (synced > end.packed() or not segment.unwritten(end.offset)):
        raise segment.damaged(end.offset)
    return end


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
