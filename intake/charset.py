"""From bytes to text: what a mail declares, what it means by it, and what we do when it lies."""

import codecs
import re

#: what is declared, and the larger set that programs which declare it really use (WHATWG encoding)
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
#: codecs that turn text into text; Python's others (punycode, idna, rot13, zlib …) are a trap
_TEXT = re.compile(
    r"ascii|utf-?(7|8|16|32)([-_](le|be|sig))?|iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|"
    r"gb2312|gbk|gb18030|hz|big5(hkscs)?|euc_(jp|jis_2004|jisx0213|kr)|shift_jis\w*|"
    r"iso2022_\w+|johab|ptcp154|kz1048|tis-620|viscii"
)
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff"
    r"\u20d0-\u20ff\ufe20-\ufe2f]{30})[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
#: C0 and C1 controls but tab and line feed, and halves of surrogate pairs: no text has them
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def to_text(raw: bytes, declared: str | None) -> tuple[str, str]:
    """The text, and what was wrong with it in words ("" = nothing)."""
    if declared is None:
        return _undeclared(raw), ""
    name = _known(declared)
    if name is None:
        return _undeclared(raw), "an unknown character set is declared"
    if name in {"ascii", "utf-8"}:  # by far the most; UTF-8 never fits by chance
        text = _exactly(raw, "utf-8")
        if text is not None:
            return text, ""
    text = _exactly(raw, _MEANT.get(name, name))
    if text is not None:
        return text, ""
    fallback = raw.decode(_MEANT.get(name, name), "replace")
    return fallback, "some characters could not be decoded"


def _undeclared(raw: bytes) -> str:
    text = _exactly(raw, "utf-8")
    return raw.decode("cp1252", "replace") if text is None else text


def _known(declared: str) -> str | None:
    try:
        name = codecs.lookup(declared.strip()[:40]).name
    except (LookupError, ValueError):
        return None
    return name if _TEXT.fullmatch(name) else None


def _exactly(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except (UnicodeError, LookupError):
        return None


def clean(text: str) -> str:
    """Line ends as LF, no controls, and no endless runs of combining marks (UAX #15 D3).

    Such runs make normalisation quadratic, in C, with everything else standing still.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    text = _CONTROLS.sub("", text)
    return text if text.isascii() else _MARKS.sub(r"\1", text)
