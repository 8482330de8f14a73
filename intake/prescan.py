"""A linear look over the raw bytes before any parser sees them. It marks and never rejects.

What the parsers need time or memory in the square of is left out of the copy they get: fields
that are too long, parts beyond a number, levels beyond a depth. The raw mail keeps all of it,
and what was left out is said in words.
"""

import re

FIELD_LIMIT = 8 * 2**10  # one MIME field
PARTS = 1000
DEPTH = 100
_LONG_LIMIT = 32 * 2**10  # any other field
_SUBJECT_LIMIT = 2 * 2**10  # encoded words (RFC 2047) take the longest of all
_BLOCK_LIMIT = 256 * 2**10
_LINES = 2000
HEADER = "its header is too long; parts were left out"
MANY = "it has too many parts; some were left out"
DEEP = "its parts are nested too deeply; some were left out"

_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_FOLD = re.compile(rb"\r?\n(?![ \t])|\Z")
_DASHED = re.compile(rb"[\r\n]--([^\r\n]+)")
_LINE_END = re.compile(rb"\r\n|\r|\n|")
_TYPE = re.compile(
    rb"^content-type[ \t]*:\s*([^\r\n;]*)((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE
)
_BOUNDARY = re.compile(
    rb"[;\s]boundary\s*=\s*(?:\"([^\"\r\n]{1,500})\"|([^\s;\"]{1,500}))", re.IGNORECASE
)


def block_end(content: bytes) -> int:
    """Where the header block ends, the empty line left out."""
    if content[:1] in {b"\r", b"\n"}:
        return 0
    found = _BLANK.search(content)
    return len(content) if found is None else found.start()


def prescan(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The mail as far as it is safe to parse, and what was wrong with it in words."""
    scan = _Scan(content)
    scan.run()
    return (b"".join(scan.pieces) if scan.marks else content), tuple(scan.marks)


class _Scan:
    """Walks from header block to header block, as a parser would, without looking at bodies."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.pieces: list[bytes] = []
        self.marks: dict[str, None] = {}
        self._open: list[tuple[bytes, int]] = []  # boundaries that may come, and their depth
        self._names: frozenset[bytes] = frozenset()
        self._blank = -1
        self._depth = 0

    def run(self) -> None:
        """One pass: no step looks at bytes that an earlier one has looked at."""
        at = 0
        for _ in range(PARTS):
            at = self._part(at)
            if at >= len(self.content):
                return
        self.marks[MANY] = None

    def _part(self, at: int) -> int:
        """One header block and what follows it; where the next one begins."""
        end, has_body = self._block(at)
        safe = self._depth <= DEPTH
        if safe:
            block = self._trimmed(self.content[at:end])
            self.pieces.append(block)
            if has_body and self._opens(block):
                after = self._past(_BLANK, end)
                self.pieces.append(self.content[end:after])
                return after
        else:
            self.marks[DEEP] = None
        body_end, following = self._next(end)
        self.pieces.append(self.content[end if safe else body_end : following])
        return following

    def _block(self, at: int) -> tuple[int, bool]:
        """Where the header block ends; False = a boundary ends the whole part there."""
        if self.content[at : at + 1] in {b"\r", b"\n"}:
            return at, True
        if self._blank < at:
            found = _BLANK.search(self.content, at)
            self._blank = len(self.content) if found is None else found.start()
        for line in _DASHED.finditer(self.content, max(at - 1, 0), self._blank):
            if self._level(line.group(1)) is not None:
                return max(line.start(), at), False
        return self._blank, True

    def _opens(self, block: bytes) -> bool:
        """Note a multipart's boundary; True when a whole message follows (RFC 2046 5.2)."""
        found = _TYPE.search(block)
        if found is None:
            return False
        media_type = found.group(1).strip().lower()
        if media_type.startswith(b"message/"):
            self._depth += 1
            return True
        boundary = _BOUNDARY.search(found.group(2))
        if media_type.startswith(b"multipart/") and boundary is not None:
            name: bytes = (boundary.group(1) or boundary.group(2)).rstrip()
            self._keep_open([*self._open, (name, self._depth)])
        return False

    def _next(self, at: int) -> tuple[int, int]:
        """Where the body that begins at `at` ends, and where the next header block begins."""
        for line in _DASHED.finditer(self.content, at):
            level = self._level(line.group(1))
            if level is None:
                continue
            number, closes = level
            if closes:
                self._keep_open(self._open[:number])
                continue
            self._keep_open(self._open[: number + 1])
            self._depth = self._open[number][1] + 1
            return line.start(), self._past(_LINE_END, line.end())
        return len(self.content), len(self.content)

    def _keep_open(self, boundaries: list[tuple[bytes, int]]) -> None:
        self._open = boundaries
        self._names = frozenset(name for name, _ in boundaries)

    def _level(self, dashed: bytes) -> tuple[int, bool] | None:
        """Which open boundary a line is, the innermost first, and whether it closes it."""
        name = dashed.rstrip(b" \t")
        closes = name not in self._names
        name = name.removesuffix(b"--") if closes else name
        if name not in self._names:
            return None
        return max(n for n, (boundary, _) in enumerate(self._open) if boundary == name), closes

    def _past(self, pattern: re.Pattern[bytes], at: int) -> int:
        """The end of the line end, or of the two, that begin at `at`."""
        found = pattern.match(self.content, at) or _LINE_END.match(self.content, at)
        return at if found is None else found.end()

    def _trimmed(self, block: bytes) -> bytes:
        """The block with over-long fields cut: their parsers take the square of the length."""
        if len(block) <= _SUBJECT_LIMIT and block.count(b"\n") <= _LINES:
            return block
        kept: list[bytes] = []
        start = size = lines = 0
        cut = False
        for fold in _FOLD.finditer(block):
            limit = _limit(block[start : start + 8])
            field = block[start : min(fold.start(), start + limit)]
            kept.append(field)
            cut = cut or len(field) < fold.start() - start
            start = fold.end()
            size += len(field)
            lines += 1 + field.count(b"\n")
            if lines > _LINES or size > _BLOCK_LIMIT:
                cut = True
                break
        if not cut:
            return block
        self.marks[HEADER] = None
        return b"\r\n".join(kept)


def _limit(name: bytes) -> int:
    name = name.lower()
    if name == b"subject:":
        return _SUBJECT_LIMIT
    return FIELD_LIMIT if name == b"content-" else _LONG_LIMIT
