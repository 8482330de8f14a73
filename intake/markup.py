"""HTML to plain text in one pass: no tree, no depth, flat memory; hidden words are left out.

The tags are found by our own few lines: html.parser takes time in the square of the length for
what is never closed ("<!--", "</", "<?" …) in releases of Python that are in use, and this comes
from strangers. Here a search that failed is not made again.
"""

import html
import re

LIMIT = 2 * 2**20  # characters of HTML that are read of a mail
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
#: ended by the next of their kind
_UNENDED = frozenset(("p", "li", "td", "th", "tr", "dt", "dd"))
#: no markup inside: only their own end tag ends them
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea")
}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d])|"
    r"font-size\s*:\s*0(?![.\d])|max-height\s*:\s*0(?![.\d])|text-indent\s*:\s*-\d{3}|"
    r"(?<![a-z-])left\s*:\s*-\d{3}|(?<![a-z-])color\s*:\s*transparent",
    re.IGNORECASE,
)
_SPACE = re.compile(r"[ \t\r\n\f\u200b\ufeff\u00ad]+")
_LONE = re.compile(r"<(?![A-Za-z/!?])")
#: atomic, so that a tag that never ends is known after one look at the rest
_TAG = re.compile(
    r"""<([A-Za-z][^\s/>]*)"""
    r"""((?>[\s/]+|[^\s/>=]+(?:\s*=\s*(?>"[^"]*"|'[^']*'|[^\s>]*))?|=)*+)>"""
)
_BARE_TAG = re.compile(r"<([A-Za-z][^\s/<>]{0,30})")
_END_TAG = re.compile(r"</([A-Za-z][^\s/<>]{0,30})")
_STYLED = re.compile(r"hidden|style", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s/>=]+)(?:\s*=\s*(?>"([^"]*)"|'([^']*)'|([^\s>]*)))?""")
#: int() refuses thousands of digits, and no character has so many
_NO_CHARACTER = re.compile(r"&#(?:[xX][0-9a-fA-F]{7,}|[0-9]{8,});?")


class _Extractor:
    """Collects lines; quoted blocks get "> " before each line, as mail has always done."""

    def __init__(self, source: str) -> None:
        self.lines: list[str] = []
        self.hidden = False
        self._source = _LONE.sub("&lt;", source)
        self._never: set[str] = set()  # what ends a tag and comes no more
        self._line: list[str] = []
        self._skipping = ""  # the tag we wait to see the end of
        self._nested = 0
        self._quotes = 0
        self._verbatim = 0

    def run(self) -> None:
        at = 0
        while (start := self._source.find("<", at)) >= 0:
            self._words(self._source[at:start])
            at = self._tag(start)
        self._words(self._source[at:])
        self._end_line()

    # --- finding the tags

    def _tag(self, start: int) -> int:
        """What begins with "<" there; where reading goes on."""
        source = self._source
        if source.startswith("<!--", start):
            return self._past("-->", start)
        if (end := _END_TAG.match(source, start)) is not None:
            after = self._past(">", start)
            if after > start + 1:
                self._ended(end.group(1).lower())
            return after
        if source[start + 1] in "/!?":
            return self._past(">", start)
        return self._start_tag(start)

    def _start_tag(self, start: int) -> int:
        found = None if "tag" in self._never else _TAG.match(self._source, start)
        if found is not None:
            self._started(found.group(1).lower(), found.group(2))
            return self._after_raw(found.group(1).lower(), found.end())
        self._never.add("tag")  # from here on quotes are not to be trusted
        after = self._past(">", start)
        bare = _BARE_TAG.match(self._source, start)
        if after > start + 1 and bare is not None:
            self._started(bare.group(1).lower(), "")
        return after

    def _after_raw(self, name: str, at: int) -> int:
        if name not in _RAW:
            return at
        found = _RAW[name].search(self._source, at)
        if found is not None:
            return found.start()
        self.hidden = True  # as a reader's program does, all the rest is taken for it
        return len(self._source)

    def _past(self, end: str, start: int) -> int:
        """After the next `end`; where there is none, a "<" is a word like any other."""
        found = -1 if end in self._never else self._source.find(end, start + 2)
        if found >= 0:
            return found + len(end)
        self._never.add(end)
        self._words("<")
        return start + 1

    # --- what they mean

    def _started(self, tag: str, attributes: str) -> None:
        if self._skipping and not self._ends_hiding(tag):
            self._nested += tag == self._skipping
            return
        if tag not in _VOID and self._hides(tag, attributes):
            self._skipping, self._nested = tag, 1
            return
        if tag == "br":
            self._end_line()
        elif tag in _BLOCKS:
            self._block(tag)
            self._quotes += tag == "blockquote"
            self._verbatim += tag == "pre"
            if tag == "li":
                self._line.append("- ")
        elif tag in {"td", "th"}:
            self._line.append(" ")

    def _ends_hiding(self, tag: str) -> bool:
        if tag != self._skipping or tag not in _UNENDED:
            return False
        self._skipping = ""
        return True

    def _hides(self, tag: str, attributes: str) -> bool:
        if tag in _SILENT:
            return not (tag in {"svg", "math"} and attributes.endswith("/"))
        hides = bool(_STYLED.search(attributes)) and _is_hidden(attributes)
        self.hidden = self.hidden or hides
        return hides

    def _ended(self, tag: str) -> None:
        if self._skipping:
            self._nested -= tag == self._skipping
            if not self._nested or tag == "body":  # an unclosed hidden element hides no more
                self._skipping = ""
            return
        if tag in _BLOCKS:
            self._block(tag)
            self._quotes = max(self._quotes - (tag == "blockquote"), 0)
            self._verbatim = max(self._verbatim - (tag == "pre"), 0)

    def _words(self, written: str) -> None:
        if self._skipping or not written:
            return
        text = html.unescape(_NO_CHARACTER.sub("\ufffd", written))
        if not self._verbatim:
            self._line.append(_SPACE.sub(" ", text))
            return
        first, *others = text.split("\n")
        self._line.append(first)
        for line in others:
            self._end_line()
            self._line.append(line)

    def _block(self, tag: str) -> None:
        if self._line:
            self._end_line()
        if tag in _PARAGRAPHS and self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self._quotes, 3))

    def _end_line(self) -> None:
        line = _SPACE.sub(" ", "".join(self._line)).strip(" ")
        self._line = []
        if line or (self.lines and self.lines[-1].strip("> ")):
            self.lines.append("> " * min(self._quotes, 3) + line)


def _is_hidden(attributes: str) -> bool:
    for name, *values in _ATTRIBUTE.findall(attributes):
        if name.lower() == "hidden":
            return True
        if name.lower() == "style" and _HIDDEN.search(html.unescape("".join(values)[:20_000])):
            return True
    return False


def to_text(source: str) -> tuple[str, bool]:
    """The words a reader sees, and whether some were hidden from him. Takes linear time."""
    extractor = _Extractor(source)
    extractor.run()
    return "\n".join(line.rstrip() for line in extractor.lines).strip("\n"), extractor.hidden
