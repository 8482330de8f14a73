"""What is new in a mail and what it quotes. No word is ever lost: `text` keeps everything.

Our own letters carry a marker line, the only sure cut. Quotation marks come next, then the
headings mail programs put above what they quote. Where nothing new is left, or a mail was
passed on, everything counts as new.
"""

import re

from mailparser_reply import EmailReplyParser

from handlers.letters import MARKER

_LIMIT = 200_000  # characters, and
_LINES = 5_000  # lines that are looked at; what lies beyond is kept as it is
_QUOTE = re.compile(r"[ \t]*[>|\u203a]")
_FORWARD = re.compile(
    r"^[ \t>]*(-{2,} ?(forwarded message|weitergeleitete nachricht|message transf[eé]r[eé]|"
    r"mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|"
    r"przekazana wiadomo\u015b\u0107)|begin forwarded message|anfang der weitergeleiteten|"
    r"d[eé]but du message r[eé]exp[eé]di[eé]|inicio del mensaje reenviado|"
    r"inizio messaggio inoltrato)",
    re.IGNORECASE | re.MULTILINE,
)
_PASSED_ON = re.compile(r"\s*(fwd?|wg|tr|rv|enc|i|doorst|pd)\s*:", re.IGNORECASE)
#: a line that may head a quotation; only with one of these is the slow search worth it
_HEADING = re.compile(
    r"^[ \t>]*(\S.{0,300}(wrote|writes|schrieb|[eé]crit|escribi[oó]|scritto|scrisse|schreef|"
    r"geschreven|escreveu|napisa\u0142\(?a?\)?|pisze)[^\n]{0,80}:|-{3,}[^\n]{3,60}-{3,}|_{10,}|"
    r"\*?(from|von|de|da|van|od)\*?[ \t]?:[^\n]*)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_OPENING = re.compile(r"(on|am|le|el|il|op|em|a|w|dnia|den)\b", re.IGNORECASE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl"]


def newest(text: str, subject: str = "") -> str:
    """The words written for this mail; the whole text when there are none or it was passed on."""
    passed_on = _FORWARD.search(text) or (_PASSED_ON.match(subject) and _HEADING.search(text))
    if passed_on or len(text) > _LIMIT or text.count("\n") > _LINES:
        return text
    marked = text.find(MARKER)
    top = text if marked < 0 else text[: text.rfind("\n", 0, marked) + 1]
    top = _without_signature(_without_heading(_without_quotes(top)))
    return top.strip("\n").rstrip() if re.search(r"\w", top) else text


def _without_quotes(text: str) -> str:
    """Drop lines that are quoted, and the heading before them; answers between them stay."""
    lines = text.split("\n")
    if not any(_QUOTE.match(line) for line in lines):
        return text
    kept: list[str] = []
    quoting = False
    for line in lines:
        quoted = bool(_QUOTE.match(line))
        if quoted and not quoting:
            _drop_heading(kept)
        quoting = quoted
        if not quoted:
            kept.append(line)
    return "\n".join(kept)


def _drop_heading(kept: list[str]) -> None:
    """ "On Tuesday X wrote:" may be folded over up to three lines."""
    while kept and not kept[-1].strip():
        kept.pop()
    for lines in (1, 2, 3):
        heading = " ".join(line.strip() for line in kept[-lines:])
        if len(kept) >= lines and _OPENING.match(heading) and _HEADING.fullmatch(heading):
            del kept[-lines:]
            return
    if kept and _HEADING.fullmatch(kept[-1]):
        del kept[-1]


def _without_heading(text: str) -> str:
    """Cut at a heading with everything below it (Outlook and phones mark no quoted line)."""
    if not _HEADING.search(text):
        return text
    newest_part = EmailReplyParser(languages=list(_LANGUAGES)).read(text).replies[0].content
    lines = text.split("\n")
    blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
    return "\n".join(lines[: blank + newest_part.count("\n") + 1]) if newest_part else ""


def _without_signature(text: str) -> str:
    """RFC 3676 4.3: what follows "-- " is no part of what is asked, unless it is long."""
    found = _SIGNATURE.search(text)
    if found is None or text.count("\n", found.end()) > 12:
        return text
    return text[: found.start()]
