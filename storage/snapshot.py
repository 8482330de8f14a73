"""The snapshot: the view as of one position of the journal, so that a start need not replay all.

JSON lines: the header, every row, the heads of the chains, the places of the mails, and a last
line with a check over all before it. It is only ever a shortcut: without it, or with a broken
one, the start replays the whole journal and arrives at the same state.
"""

import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from storage.disk import Disk, Tail
from storage.journal import Head, Position
from storage.mails import Mark
from storage.rows import AnyRow, CaseRow, MailRow, MarkRow, OutboxRow, SuppressionRow

VERSION = 1
FILE = "view.snapshot"
_GROUP = 200  #: rows encoded at a time before other threads get their turn


class Picture(NamedTuple):
    """The state at one position of the journal."""

    position: Position
    rows: list[AnyRow]
    heads: dict[str, Head]
    places: dict[str, int]
    mark: Mark  #: the mail log's low-water mark


class _Header(msgspec.Struct, frozen=True, tag="snapshot", tag_field="table"):
    v: int
    seq: int
    size: int
    segment: int
    offset: int


class _Heads(msgspec.Struct, frozen=True, tag="heads", tag_field="table"):
    heads: dict[str, tuple[str, int, int]]


class _Places(msgspec.Struct, frozen=True, tag="places", tag_field="table"):
    places: dict[str, int]


class _End(msgspec.Struct, frozen=True, tag="end", tag_field="table"):
    check: int


_AnyLine = (
    _Header | _Heads | _Places | _End | CaseRow | MailRow | OutboxRow | SuppressionRow | MarkRow
)

_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(_AnyLine)


def write(disk: Disk, folder: Path, picture: Picture) -> None:
    """Aside, synced and renamed: there is always one whole snapshot. Runs in a thread."""
    aside = folder / f"{FILE}.new"
    aside.unlink(missing_ok=True)
    tail = Tail(disk, aside)
    try:
        check = 0
        for part in _parts(picture):
            check = zlib.crc32(part, check)
            tail.write(part)
            time.sleep(0)  # hands the interpreter to the event loop
        tail.write(_encode(_End(check)) + b"\n")
        tail.sync()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    finally:
        tail.close()
    aside.rename(folder / FILE)
    disk.sync_folder(folder)


def _parts(picture: Picture) -> Iterator[bytes]:
    (seq, size), mark = picture.position, picture.mark
    yield _encode(_Header(VERSION, seq, size, mark.segment, mark.offset)) + b"\n"
    rows = iter(picture.rows)
    while group := list(islice(rows, _GROUP)):
        yield b"".join(_encode(row) + b"\n" for row in group)
    heads = iter(picture.heads.items())
    while part := dict(islice(heads, _GROUP)):
        yield _encode(_Heads(part)) + b"\n"  # type: ignore[arg-type]  # a Head is such a tuple
    places = iter(picture.places.items())
    while some := dict(islice(places, _GROUP)):
        yield _encode(_Places(some)) + b"\n"


def load(folder: Path) -> Picture | None:
    """The last snapshot; None when there is none that can be used."""
    unusable = suppress(FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError, _Unusable)
    with unusable, (folder / FILE).open("rb") as file:
        return _read(file)
    return None


class _Unusable(Exception):
    """Not a whole snapshot of this version."""


def _read(lines: Iterator[bytes]) -> Picture:
    header = _line.decode(first := next(lines, b""))
    if not isinstance(header, _Header) or header.v != VERSION:
        raise _Unusable
    mark = Mark(header.segment, header.offset)
    picture = Picture(Position(header.seq, header.size), [], {}, {}, mark)
    check = zlib.crc32(first)
    for data in lines:
        match _line.decode(data):
            case _Heads(heads):
                picture.heads.update({chain: Head(*head) for chain, head in heads.items()})
            case _Places(places):
                picture.places.update(places)
            case _End(value) if value == check:
                return picture
            case _Header() | _End():
                raise _Unusable
            case row:
                picture.rows.append(row)
        check = zlib.crc32(data, check)
    raise _Unusable
