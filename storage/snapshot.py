"""The snapshot: the view as of one position of the journal, so that a start need not replay all.

A first line in clear, then frames (length, 4 bytes; sealed JSON lines): a header, every row, the
heads of the chains, the slots of the keys, the places of the mails, the shelves of what is
archived (a line, then the shelf as it is in memory), and an end. All frames are sealed under one
key of their own, each for its number, and the key goes when the next snapshot is in place. It is
only ever a shortcut: without it, or with a broken one, the start replays the whole journal and
arrives at the same state.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from storage.archive import Archive
from storage.archived import PLACE_BITS, Archived
from storage.chain import Head
from storage.disk import Disk, Tail
from storage.errors import DeskError
from storage.journal import Position
from storage.keyring import Keyring
from storage.mails import FOLDER as MAILS
from storage.mails import Known, Mark, clear
from storage.rows import AnyRow, CaseRow, MailRow, MarkRow, OutboxRow, SuppressionRow
from storage.sealing import DataKey, KeyOf, seal, slot_of, unseal
from storage.sheets import Owner

VERSION = 3
FILE = "view.snapshot"
_MAGIC = b"desk snapshot %d\n" % VERSION
_LENGTH_BYTES = 4
_GROUP = 200  #: rows encoded at a time before other threads get their turn


class Picture(NamedTuple):
    """The state at one position of the journal."""

    position: Position
    rows: list[AnyRow]
    heads: dict[str, Head]
    slots: dict[Owner, int]
    log: Known  #: the mail log: places, low-water mark, segments that are needed
    archived: Archived
    months: dict[int, int]  #: bytes of each file of the archive
    numbers: dict[int, int]  #: the highest reference given out in each year
    positions: int = 0  #: how many records there were, ever
    used: int = 0  #: every slot that a record may name is below this one
    slot: int | None = None  #: of the key it is sealed under
    before: int | None = None  #: of the key of the snapshot before, to be destroyed


class _Header(msgspec.Struct, frozen=True, tag="snapshot", tag_field="table"):
    v: int
    seq: int
    size: int
    segment: int
    offset: int
    used: int
    before: int | None
    alive: frozenset[int]
    months: dict[int, int]
    numbers: dict[int, int]
    positions: int


class _Heads(msgspec.Struct, frozen=True, tag="heads", tag_field="table"):
    heads: dict[str, tuple[str, int, int]]


class _Places(msgspec.Struct, frozen=True, tag="places", tag_field="table"):
    places: dict[str, int]


class _Slots(msgspec.Struct, frozen=True, tag="slots", tag_field="table"):
    slots: tuple[tuple[str, str, int], ...]


class _Shelf(msgspec.Struct, frozen=True, tag="shelf", tag_field="table"):
    """The rest of its frame is the shelf."""

    name: str
    rows: int
    alive: int


class _End(msgspec.Struct, frozen=True, tag="end", tag_field="table"):
    pass


_AnyLine = (
    _Header
    | _Heads
    | _Slots
    | _Places
    | _End
    | CaseRow
    | MailRow
    | OutboxRow
    | SuppressionRow
    | MarkRow
)

_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(_AnyLine)
_shelf = msgspec.json.Decoder(_Shelf)
_SHELF = b'{"table":"shelf"'


def write(disk: Disk, folder: Path, picture: Picture, key: DataKey) -> None:
    """Aside, synced and renamed: there is always one whole snapshot. Runs in a thread."""
    aside = folder / f"{FILE}.new"
    aside.unlink(missing_ok=True)
    tail = Tail(disk, aside)
    try:
        tail.write(_MAGIC)
        for number, part in enumerate(_parts(picture)):
            frame = seal(key, part, _about(number))
            tail.write(len(frame).to_bytes(_LENGTH_BYTES) + frame)
            time.sleep(0)  # hands the interpreter to the event loop
        tail.sync()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    finally:
        tail.close()
    disk.rename(aside, folder / FILE)


def renew(folder: Path, picture: Picture, key: DataKey, archive: Archive, disk: Disk) -> None:
    """Write a snapshot, then delete what it has no use for. Runs in a thread. Raises OSError,
    StoreError."""
    owned = (each for each in picture.log.places if Owner("raw", each) in picture.slots)
    alive = {picture.log.places[mail_id] >> PLACE_BITS for mail_id in owned}
    log = picture.log._replace(alive=frozenset(alive | picture.archived.segments()))
    months = picture.archived.months()
    sizes = {month: size for month, size in archive.sizes().items() if month in months}
    write(disk, folder, picture._replace(log=log, months=sizes), key)
    archive.keep(months)
    clear(folder / MAILS, log, disk)


def _about(number: int) -> bytes:
    return b"snapshot %d" % number


def _parts(picture: Picture) -> Iterator[bytes]:
    yield _encode(_header(picture)) + b"\n"
    rows = iter(picture.rows)
    while group := list(islice(rows, _GROUP)):
        yield b"".join(_encode(row) + b"\n" for row in group)
    heads = iter(picture.heads.items())
    while part := dict(islice(heads, _GROUP)):
        yield _encode(_Heads(part)) + b"\n"  # type: ignore[arg-type]  # a Head is such a tuple
    slots = iter(picture.slots.items())
    while few := tuple((*owner, slot) for owner, slot in islice(slots, _GROUP)):
        yield _encode(_Slots(few)) + b"\n"
    places = iter(picture.log.places.items())
    while some := dict(islice(places, _GROUP)):
        yield _encode(_Places(some)) + b"\n"
    for name, table in picture.archived.tables().items():
        for count, alive, shelf in table.written():
            yield _encode(_Shelf(name, count, alive)) + b"\n" + shelf
    yield _encode(_End()) + b"\n"


def _header(picture: Picture) -> _Header:
    (seq, size), mark = picture.position, picture.log.mark
    return _Header(
        v=VERSION,
        seq=seq,
        size=size,
        segment=mark.segment,
        offset=mark.offset,
        used=picture.used,
        before=picture.before,
        alive=picture.log.alive,
        months=picture.months,
        numbers=picture.numbers,
        positions=picture.positions,
    )


def load(folder: Path, keyring: Keyring) -> Picture | None:
    """The last snapshot; None when there is none that can be used."""
    unusable = suppress(
        FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError, ValueError, DeskError
    )
    with unusable, (folder / FILE).open("rb") as file:
        return _read(file, keyring)
    return None


class _Unusable(DeskError):
    """Not a whole snapshot of this version."""


def _read(file: BinaryIO, keyring: Keyring) -> Picture:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _Unusable
    frames = _frames(file, keyring.key)
    slot, first = next(frames, (0, b""))
    header = _line.decode(first)
    if not isinstance(header, _Header):
        raise _Unusable
    picture = Picture(
        position=Position(header.seq, header.size),
        rows=[],
        heads={},
        slots={},
        log=Known(Mark(header.segment, header.offset), {}, header.alive),
        archived=Archived(keyring.keys),
        months=header.months,
        numbers=header.numbers,
        positions=header.positions,
        used=header.used,
        slot=slot,
        before=header.before,
    )
    tables = picture.archived.tables()
    for _, part in frames:
        if part.startswith(_SHELF):
            line, _, shelf = part.partition(b"\n")
            found = _shelf.decode(line)
            tables[found.name].take(found.rows, found.alive, shelf)
        elif any(_take(picture, _line.decode(data)) for data in part.splitlines()):
            return picture
    raise _Unusable


def _frames(file: BinaryIO, key_of: KeyOf) -> Iterator[tuple[int, bytes]]:
    number = 0
    while length := int.from_bytes(file.read(_LENGTH_BYTES)):
        frame = file.read(length)
        slot = slot_of(frame)
        key = key_of(slot)
        if key is None:
            raise _Unusable
        yield slot, unseal(key, frame, _about(number))
        number += 1


def _take(picture: Picture, line: _AnyLine) -> bool:
    """Add one line to the picture; True = it was the last."""
    match line:
        case _Heads(heads):
            picture.heads.update({chain: Head(*head) for chain, head in heads.items()})
        case _Slots(slots):
            picture.slots.update({Owner(life, key): slot for life, key, slot in slots})  # type: ignore[arg-type]  # a life
        case _Places(places):
            picture.log.places.update(places)
        case _End():
            return True
        case _Header():
            raise _Unusable
        case row:
            picture.rows.append(row)
    return False
