"""What a mail carries beside its text: safe names, types by content, sizes and hashes.

Nothing is opened here: see `intake.extraction`. What an attachment claims to be is kept only
where its content says otherwise.
"""

import hashlib
import re
import unicodedata

import puremagic

from intake import charset
from storage.records import Attachment

PROGRAM = "an attachment is a program"
OTHER_TYPE = "an attachment is not of the type it claims"
UNKNOWN = "application/octet-stream"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_OPEN_XML = (
    (b"word/document.xml", DOCX),
    (b"xl/workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (
        b"ppt/presentation",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
)
_ODF = re.compile(rb"mimetype(application/vnd\.oasis\.opendocument\.[a-z.-]{1,40}?)PK")
#: what is text to the eye and yet has a type of its own
_MARKUP = frozenset(
    ("text/html", "image/svg+xml", "text/xml", "application/xml", "application/pdf", "text/rtf")
)
_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
)
#: their members are known by their content; any other type may hold any content
_SURE = re.compile(r"(image|audio|video)/|application/pdf$|text/(plain|html|csv)$")
_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
#: controls, characters that reorder or hide others, what no font knows
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_LONGEST = 120  # characters of a name, its extension included


def safe_name(claimed: str) -> str:
    """A file name that means nothing to any system; "" when none is claimed.

    Without folders, characters that reorder or hide others, and names of devices.
    """
    if not claimed:
        return ""
    name = re.split(r"[/\\]", charset.clean(claimed).replace("\n", " "))[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in _INVISIBLE)
    name = _UNSAFE.sub("_", " ".join(name.split())).strip(". ")
    if _DEVICES.match(name):
        name = f"_{name}"
    if len(name) > _LONGEST:
        stem, dot, extension = name.rpartition(".")
        keeps = dot and len(extension) <= 10
        name = f"{stem[: _LONGEST - 11]}.{extension}" if keeps else name[:_LONGEST]
    return name or "unnamed"


def type_of(content: bytes) -> str:
    """The media type by content alone; "" when it is none we know."""
    found = _magic(content)
    if content.startswith(b"PK\x03\x04"):
        return _zipped(content)
    if _is_text(content):
        return found if found in _MARKUP else "text/plain"
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "application/x-ole-storage"  # Word, Excel, Outlook of old: one container
    return found


def _magic(content: bytes) -> str:
    try:
        found = puremagic.magic_string(content)
    except Exception:  # noqa: BLE001  PureError, ValueError for nothing, and what hostile bytes do
        return ""
    sure = [match for match in found if match.mime_type and match.confidence >= 0.3]
    return str(sure[0].mime_type) if sure else ""


def _zipped(content: bytes) -> str:
    for name, media_type in _OPEN_XML:
        if name in content:
            return media_type
    odf = _ODF.search(content[:200])
    return odf.group(1).decode("ascii") if odf else "application/zip"


def _is_text(content: bytes) -> bool:
    head = content[: 2**16]
    if not head or re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as fault:  # the last character may be torn by our own cut
        return len(head) < len(content) and fault.start > len(head) - 4
    return True


def listed(name: str, claimed: str, content: bytes) -> tuple[Attachment, str]:
    """The attachment as it is listed, and what is wrong with it in words ("" = nothing)."""
    found = type_of(content)
    fault = ""
    if content.startswith(_PROGRAMS):
        fault = PROGRAM
    elif found and _SURE.match(claimed) and not _agree(found, claimed):
        fault = OTHER_TYPE
    media_type = claimed if not found or _agree(found, claimed) else found
    return Attachment(
        name=name,
        media_type=media_type,
        claimed="" if media_type == claimed else claimed,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    ), fault


def _agree(found: str, claimed: str) -> bool:
    """The content fits the claim, or cannot tell it from its like."""
    if found == claimed:
        return True
    if claimed == UNKNOWN:
        return False
    if found == "text/plain":
        return not re.match(r"(image|audio|video)/|application/pdf$", claimed)
    if found in {"application/x-ole-storage", "application/zip"}:
        return claimed.startswith("application/") and claimed != "application/pdf"
    return found.partition("/")[0] == claimed.partition("/")[0] != "application"
