"""Mails in files: .eml, mbox (RFC 4155) and Maildir, one after the other, as they came.

A file that cannot be read is told of in one sentence, and the others go on.
"""

import hashlib
import mailbox
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from functools import cached_property
from pathlib import Path

from bot.imports import MAX_BYTES
from storage.records import Record

_HEAD_BYTES = 256 * 1024
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_BREAK = re.compile(rb"\r?\n")
_MBOX = b"From "
_FIRST_YEAR = 1982  #: of RFC 822


class Filed:
    """A mail in a file. `content` with the line ends mail has on its way (RFC 5321 2.3.8)."""

    def __init__(self, name: str, content: bytes, dated: datetime) -> None:
        """`dated`: the file's own date. Raises ValueError, a clause, when it is no mail."""
        if not content.strip():
            raise ValueError("is empty")
        if len(content) > MAX_BYTES:
            raise ValueError(f"is larger than {MAX_BYTES // 2**20} MB")
        if not _FIELD.match(content):
            raise ValueError("does not begin like a mail")
        self.name = name
        self.content = _BREAK.sub(b"\r\n", content)
        self._dated = dated
        if len(self.content) > MAX_BYTES:
            raise ValueError(f"is larger than {MAX_BYTES // 2**20} MB")

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def _head(self) -> Message:
        head, _, _ = self.content[:_HEAD_BYTES].partition(b"\r\n\r\n")
        return BytesHeaderParser().parsebytes(head)

    def received_at(self, now: datetime) -> datetime:
        """When our own server took it, by its topmost Received; else the file's date. Not later
        than now."""
        _, _, date = str(self._head.get("Received", "")).rpartition(";")
        told = _moment(date)
        return told if told is not None and told <= now else min(self._dated, now)

    @property
    def mail_from(self) -> str:
        """Return-Path, where the last server kept the envelope sender; else From."""
        path = self._head.get("Return-Path")
        field = path if path is not None else self._head.get("From", "")
        return parseaddr(str(field)[:1000])[1]


class Unread(Record, frozen=True, kw_only=True):
    """What holds no mail that could be read, and why: a clause."""

    name: str
    why: str


Found = Filed | Unread


def size_of(paths: Iterable[Path]) -> int:
    """Bytes of all their files, as far as they can be looked at."""
    return sum(_size(file) for path in paths for file in _files(path))


def mails_in(paths: Iterable[Path]) -> Iterator[Found]:
    """Each mail, or what cannot be read."""
    for path in paths:
        files = _files(path)
        if not files:
            yield Unread(name=str(path), why="is a folder without a mail (.eml, mbox, Maildir)")
        for file in files:
            yield from _in_file(file)


def _files(path: Path) -> list[Path]:
    """The path itself; of a Maildir its mails, also those of its folders (Maildir++); of any other
    folder the files named as mails are."""
    if not path.is_dir():
        return [path]
    boxes = [path, *sorted(path.glob(".*"))] if (path / "cur").is_dir() else []
    if boxes:
        found = [file for box in boxes for sub in ("cur", "new") for file in (box / sub).glob("*")]
    else:
        found = [file for kind in ("*.eml", "*.mbox") for file in path.glob(kind)]
    return sorted(file for file in found if not file.name.startswith("."))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _in_file(file: Path) -> Iterator[Found]:
    try:
        with file.open("rb") as opened:
            start = opened.read(len(_MBOX))
            dated = datetime.fromtimestamp(os.fstat(opened.fileno()).st_mtime, UTC)
            one = b"" if start == _MBOX else start + opened.read(MAX_BYTES + 1)
        if start == _MBOX:
            yield from _in_mbox(file, dated)
        else:
            yield _filed(str(file), one, dated)
    except OSError as fault:
        why = f"cannot be read ({fault.strerror or 'damaged'})"
        yield Unread(name=str(file), why=why)


def _in_mbox(file: Path, dated: datetime) -> Iterator[Found]:
    box = mailbox.mbox(file, create=False)
    try:
        for number, key in enumerate(box.keys(), start=1):
            yield _filed(f"{file}#{number}", box.get_bytes(key), dated)
    finally:
        box.close()


def _filed(name: str, content: bytes, dated: datetime) -> Found:
    try:
        return Filed(name, content, dated)
    except ValueError as fault:
        return Unread(name=name, why=str(fault))


def _moment(date: str) -> datetime | None:
    """A date of RFC 5322 that a program may reckon with; without a zone it is UTC."""
    try:
        told = parsedate_to_datetime(date.strip()[:200])
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        return told.astimezone(UTC) if told.year >= _FIRST_YEAR else None
    except (ValueError, TypeError, OverflowError):
        return None
