"""HTML to plain text in one pass: no tree, no depth, flat memory; hidden words are left out."""

import re
from html.parser import HTMLParser

_LIMIT = 2 * 2**20  # characters of HTML that are read
#: names of elements: those that start a line, that want a blank one before, that show no text
_BLOCKS_ARE = (
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr "
    "ul"
)
_PARAGRAPHS_ARE = "p h1 h2 h3 h4 h5 h6 ul ol table pre"
_SILENT_ARE = (
    "script style head title template noscript object applet svg math audio video canvas "
    "textarea select"
)
_VOID_ARE = "area base br col embed hr img input link meta source track wbr"
_BLOCKS = frozenset(_BLOCKS_ARE.split())
_PARAGRAPHS = frozenset(_PARAGRAPHS_ARE.split())
_SILENT = frozenset(_SILENT_ARE.split())
_VOID = frozenset(_VOID_ARE.split())
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d])|"
    r"font-size\s*:\s*0(?![.\d])|max-height\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_SPACE = re.compile(r"[ \t\r\n\f\u200b\ufeff\u00ad]+")


class _Extractor(HTMLParser):
    """Collects lines; quoted blocks get "> " before each line, as mail has always done."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.hidden = False
        self._line: list[str] = []
        self._skipping = ""  # the tag we wait to see the end of
        self._nested = 0
        self._quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping:
            self._nested += tag == self._skipping
            return
        if tag not in _VOID and (tag in _SILENT or _is_hidden(attrs)):
            self.hidden = self.hidden or tag not in _SILENT
            self._skipping, self._nested = tag, 1
            return
        if tag == "br":
            self.end_line()
        elif tag in _BLOCKS:
            self._block(tag)
            self._quotes += tag == "blockquote"
            if tag == "li":
                self._line.append("- ")
        elif tag in {"td", "th"}:
            self._line.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._nested -= tag == self._skipping
            if not self._nested or tag == "body":  # an unclosed hidden element hides no more
                self._skipping = ""
            return
        if tag in _BLOCKS:
            self._block(tag)
            self._quotes = max(self._quotes - (tag == "blockquote"), 0)

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._line.append(_SPACE.sub(" ", data))

    def _block(self, tag: str) -> None:
        if self._line:
            self.end_line()
        if tag in _PARAGRAPHS and self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self._quotes, 3))

    def end_line(self) -> None:
        line = _SPACE.sub(" ", "".join(self._line)).strip(" ")
        self._line = []
        if line or (self.lines and self.lines[-1].strip("> ")):
            self.lines.append("> " * min(self._quotes, 3) + line)


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    return any(
        name == "hidden" or (name == "style" and value is not None and _HIDDEN.search(value))
        for name, value in attrs
    )


def to_text(html: str) -> tuple[str, bool]:
    """The words a reader sees, and whether some were hidden from him."""
    extractor = _Extractor()
    extractor.feed(html[:_LIMIT])
    extractor.close()
    extractor.end_line()
    return "\n".join(line.rstrip() for line in extractor.lines).strip("\n"), extractor.hidden
