"""From bytes to text: what a mail declares, what it means by it, and what we do when it lies."""

import codecs
import re
import unicodedata

import charset_normalizer

UNKNOWN = "an unknown character set is declared"
GUESSED = "its character set is a guess (charset_guessed)"
BROKEN = "some characters could not be decoded"
_LOOKED_AT = 2**16  # bytes a guess is made from
#: what programs that declare nothing write in; of more the guess would be wilder
_GUESSES = [
    *("cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
]

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
#: codecs that turn text into text; Python's others (punycode, idna, rot13, zlib …) are a trap,
#: and UTF-7 writes one text in many ways, which has hidden words from filters before
_TEXT = re.compile(
    r"ascii|utf-?(8|16|32)([-_](le|be|sig))?|iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|"
    r"gb2312|gbk|gb18030|hz|big5(hkscs)?|euc_(jp|jis_2004|jisx0213|kr)|shift_jis\w*|"
    r"iso2022_\w+|johab|ptcp154|kz1048|tis-620|viscii"
)


def _reordering() -> str:
    """The combining marks that normalisation sorts, as ranges of a character class."""
    # None lies beyond; asking for every code point there is takes ten times as long.
    codes = [code for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code))]
    starts = [code for code in codes if not unicodedata.combining(chr(code - 1))]
    ends = [code for code in codes if not unicodedata.combining(chr(code + 1))]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))


_MARKS = re.compile("([{0}]{{30}})[{0}]+".format(_reordering()))
#: C0 and C1 controls but tab and line feed, and halves of surrogate pairs: no text has them
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def to_text(raw: bytes, declared: str | None) -> tuple[str, tuple[str, ...]]:
    """The text, and what was wrong with it in words."""
    if declared is None:
        return _undeclared(raw)
    name = _known(declared)
    if name is None:
        text, guessed = _undeclared(raw)
        return text, (UNKNOWN, *guessed)
    if name in {"ascii", "utf-8"}:  # by far the most; UTF-8 never fits by chance
        return _undeclared(raw) if name == "ascii" else _utf8(raw)
    meant = _MEANT.get(name, name)
    exact = _exactly(raw, meant)
    return (raw.decode(meant, "replace"), (BROKEN,)) if exact is None else (exact, ())


def _utf8(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """A torn character is no reason to doubt what is declared; none that fits is."""
    text = _exactly(raw, "utf-8")
    if text is not None:
        return text, ()
    text = raw.decode("utf-8", "replace")
    torn = text.count("\ufffd")
    if torn < sum(not letter.isascii() for letter in text) - torn:
        return text, (BROKEN,)
    return _undeclared(raw)


def _undeclared(raw: bytes) -> tuple[str, tuple[str, ...]]:
    text = _exactly(raw, "utf-8")
    if text is None:
        return raw.decode(_guess(raw[:_LOOKED_AT]), "replace"), (GUESSED,)
    return text, ()


def _guess(raw: bytes) -> str:
    """The likeliest set; the West's when nothing speaks against it."""
    found = charset_normalizer.from_bytes(raw, cp_isolation=_GUESSES, enable_fallback=False)
    best = found.best()
    if best is None:
        return "cp1252"
    for match in found:
        fits = match.chaos <= best.chaos and match.coherence >= best.coherence
        if fits and "cp1252" in match.could_be_from_charset:
            return "cp1252"
    return best.encoding


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
    """Line ends as LF, no controls, and nothing that makes normalisation slow."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return calm(_CONTROLS.sub("", text.replace("\f", "\n")))


def calm(text: str) -> str:
    """No endless runs of combining marks (UAX #15 D3).

    Such runs make normalisation quadratic, in C, with everything else standing still.
    """
    return text if text.isascii() else _MARKS.sub(r"\1", text)
