"""The text of one attachment, for a person who asks for it. Runs in the parse worker only.

Everything is bounded here, and the worker's memory and time bound the rest. Nothing is ever
unpacked to disk, and only types known by their content are opened.
"""

import codecs
import io
import logging
import zipfile
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from intake import charset, markup
from intake.attachments import DOCX
from storage.records import Attachment, AttachmentText

_LETTERS = 200_000  # of text that comes out
_TEXT = 2 * 2**20  # bytes of a text that are read
_PAGES = 50  # of a PDF
_UNPACKED = 20 * 2**20  # bytes of all that is read from a ZIP
_RATIO = 200  # unpacked to packed; honest documents stay under 50
#: the parts of a Word document that hold words (ECMA-376)
_WORDS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main "
CUT = "it is long; the end was left out"
NOT_OPENED = "files of this type are not opened here"
NOT_READ = "it could not be read safely"
LOCKED = "it is locked with a password"
EMPTY = "it has no text"
SCANNED = "it has no text; it may be a scan or a picture"
PACKED = "it is packed so tightly that it is not opened"


logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote what it reads


class _Refused(Exception):
    """Not opened; the argument says why."""


def text_of(attachment: Attachment, content: bytes) -> AttachmentText:
    """Its words as far as they can be read. Never raises for what it holds."""
    read = _reader(attachment.media_type)
    try:
        text, note = read(content)
    except _Refused as refusal:
        return AttachmentText(name=attachment.name, note=str(refusal))
    except Exception:  # noqa: BLE001  a broken file breaks its reader in every way there is
        return AttachmentText(name=attachment.name, note=NOT_READ)
    text = charset.clean(text).strip()
    if len(text) > _LETTERS:
        text, note = text[:_LETTERS], note or CUT
    return AttachmentText(name=attachment.name, text=text, note=note or ("" if text else EMPTY))


def _reader(media_type: str) -> Callable[[bytes], tuple[str, str]]:
    if media_type == "text/html":
        return _html
    if media_type.startswith("text/") or media_type in {"application/json", "application/xml"}:
        return _plain
    return {"application/pdf": _pdf, DOCX: _docx}.get(media_type, _unopened)


def _unopened(_: bytes) -> tuple[str, str]:
    raise _Refused(NOT_OPENED)


def _plain(content: bytes) -> tuple[str, str]:
    """Plain text and CSV; spreadsheets on Windows write UTF-16 with its mark."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text, faults = charset.to_text(content[:_TEXT], "utf-16" if marked else None)
    return text, CUT if len(content) > _TEXT else "; ".join(faults)


def _html(content: bytes) -> tuple[str, str]:
    text, note = _plain(content)
    text, hidden = markup.to_text(text)
    return text, note or ("words hidden in the HTML were left out" if hidden else "")


def _pdf(content: bytes) -> tuple[str, str]:
    import pypdf  # noqa: PLC0415  rarely needed, and slow to load

    reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):  # many are locked with an empty password
        raise _Refused(LOCKED)
    pages: list[str] = []
    size = 0
    for number, page in enumerate(reader.pages):
        if number >= _PAGES or size > _LETTERS:
            return "\n\n".join(pages), CUT
        pages.append(page.extract_text())
        size += len(pages[-1])
    text = "\n\n".join(pages)
    return text, "" if text.strip() else SCANNED


def _docx(content: bytes) -> tuple[str, str]:
    words = _Words()
    left = _UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = set(packed.namelist())
        for name in _WORDS:
            if name in members:
                xml = _member(packed, name, left)
                left -= len(xml)
                words.read(xml)
    return "".join(words.pieces), CUT if words.full else ""


def _member(packed: zipfile.ZipFile, name: str, left: int) -> bytes:
    """One member's bytes; neither its claimed size nor its real one may be absurd."""
    claimed = packed.getinfo(name)
    allowed = min(left, _RATIO * max(claimed.compress_size, 1000))
    if claimed.file_size > allowed:
        raise _Refused(PACKED)
    with packed.open(claimed) as member:
        xml = member.read(allowed + 1)
    if len(xml) > allowed:
        raise _Refused(PACKED)
    return xml


class _Words:
    """Collects the words of a Word document: paragraphs, tabs, breaks; deleted text is none."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.full = False
        self._size = 0
        self._inside = False

    def read(self, xml: bytes) -> None:
        parser: Any = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype
        parser.Parse(xml, True)

    def _doctype(self, *_: object) -> None:
        # A document type can define entities that grow without end; Word writes none.
        raise _Refused(NOT_READ)

    def _start(self, name: str, _: object) -> None:
        self._inside = name == f"{_W}t"
        if name in {f"{_W}tab", f"{_W}br", f"{_W}cr"}:
            self._add("\t" if name.endswith("tab") else "\n")

    def _end(self, name: str) -> None:
        self._inside = False
        if name == f"{_W}p":
            self._add("\n")

    def _data(self, text: str) -> None:
        if self._inside:
            self._add(text)

    def _add(self, text: str) -> None:
        self.full = self._size > _LETTERS
        if not self.full:
            self.pieces.append(text)
            self._size += len(text)
