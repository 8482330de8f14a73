"""What is new in a mail and what it quotes. No word is ever lost: `text` keeps everything.

Our own letters carry a marker line, the only sure cut. Quotation marks come next, then the
headings mail programs put above what they quote. Where nothing new is left, or a mail was
passed on, everything counts as new.
"""

import re

from mailparser_reply import EmailReplyParser

from handlers.letters import MARKER
from intake.protected import without_armour

FORWARDED = "----- Forwarded message -----"  #: our own line above a mail that was attached
_LIMIT = 200_000  # characters, and
_LITTLE = 20  # characters
_SLOW = 50_000  # characters of which the library is asked
_LINES = 5_000  # lines that are looked at; what lies beyond is kept as it is
_QUOTE = re.compile(r"[ \t]*[>|\u203a]")
#: words above a mail that is passed on, in a line of their own
_FORWARD = re.compile(
    r"^[ \t>]*(-{2,} ?(forwarded message|weitergeleitete nachricht|message transf[eé]r[eé]|"
    r"mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem (encaminhada|"
    r"reencaminhada)|przekazana wiadomość|wiadomość przekazana)|begin forwarded message|"
    r"anfang der weitergeleiteten|d[eé]but du message (r[eé]exp[eé]di[eé]|transf[eé]r[eé])|"
    r"inicio del mensaje reenviado|inizio messaggio inoltrato|begin doorgestuurd bericht|"
    r"in[ií]cio da mensagem (reencaminhada|encaminhada)|początek przekazywanej wiadomości)",
    re.IGNORECASE | re.MULTILINE,
)
_PASSED_ON = re.compile(r"\s*(fwd?|wg|tr|rv|enc|i|doorst|pd)\s*:", re.IGNORECASE)
_WROTE = (
    r"wrote|writes|schrieb|[eé]crit|escribi[oó]|scritto|scrisse|schreef|geschreven|escreveu|"
    r"napisał\(?a?\)?|pisze|napisana"
)
#: a line that may head a quotation: who wrote when, a rule, the first field of a header
_HEADING = re.compile(
    rf"^[ \t>]*(\S.{{0,300}}\b({_WROTE})(?!\w)[^\n]{{0,80}}:|-{{3,}}[^\n]{{3,60}}-{{3,}}|_{{10,}}|"
    r"\*?(from|von|de|da|van|od)\*?[ \t\u00a0]?:[^\n]*)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
#: how "On Tuesday X wrote:" begins, where it is folded over lines
_OPENING = re.compile(
    r"(on|am|le|el|il|op|em|no dia|a|às|w dnia|dnia|den|wiadomość|\w{2,4}\.,)(?!\w)", re.IGNORECASE
)
#: a heading in any language: an address, a colon at its end, and a time of day
_ADDRESSED = re.compile(r"^[^\n@]{0,300}@[^\n]{0,200}[:\uff1a][ \t]*$", re.MULTILINE)
_TIMED = re.compile(r"\d[:.h]\d\d")
_FROM = re.compile(r"\*?(from|von|de|da|van|od)\*?[ \t\u00a0]?:", re.IGNORECASE)
#: the other fields that Outlook writes below it; two of them make a header
_FIELD = re.compile(
    r"\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|enviada em|"
    r"fecha|para|asunto|inviato|data|a|oggetto|verzonden|aan|onderwerp|assunto|wysłane|wysłano|do|"
    r"dw|temat)\*?[ \t\u00a0]?:",
    re.IGNORECASE,
)
_RULE = re.compile(r"[ \t]*(_{10,}|-{3,}[^\n-][^\n]{1,60}-{3,})[ \t]*$")
_PHONE = re.compile(
    r"(sent from my|von meinem .{2,30} gesendet|gesendet von|envoyé de mon|enviado desde mi|"
    r"inviato da|verstuurd vanaf mijn|enviado do meu|wysłane z|get outlook for) ?.{0,40}$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
#: of which the library knows headings that we do not
_OTHER_LANGUAGES = ("cs", "da", "ja", "ko", "sv", "zh")


def passed_on(text: str, subject: str = "") -> int:
    """Where somebody else's words begin, in a mail that was passed on; -1 = it was not."""
    found = [match.start() for match in (_FORWARD.search(text),) if match]
    found += [at] if (at := text.find(FORWARDED)) >= 0 else []
    if not found and _PASSED_ON.match(subject) and (heading := _HEADING.search(text)):
        found.append(heading.start())
    return min(found, default=-1)


def newest(text: str, subject: str = "") -> str:
    """The words written for this mail; the whole text when there are none or it was passed on."""
    if len(text) > _LIMIT or text.count("\n") > _LINES or passed_on(text, subject) >= 0:
        return text
    top = without_armour(text)
    if (marked := top.find(MARKER)) >= 0:
        top = top[: top.rfind("\n", 0, marked) + 1]
    top = _without_header(_without_quotes(top))
    top = _without_signature(_without_heading(top))
    return top.strip("\n").rstrip() if re.search(r"\w", top) else text


def says_little(text: str) -> bool:
    """Nothing but a word or two and a signature: what was passed on below it is the mail."""
    return len(_without_signature(text).strip()) < _LITTLE


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
        opens = _OPENING.match(heading) and _HEADING.fullmatch(heading)
        if len(kept) >= lines and (opens or _is_sure(heading, lines)):
            del kept[-lines:]
            return
    if kept and (_HEADING.fullmatch(kept[-1]) or _ADDRESSED.fullmatch(kept[-1])):
        del kept[-1]


def _without_header(text: str) -> str:
    """Cut at the header that Outlook puts above what it quotes, and at the rule before it."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not _FROM.match(line.lstrip("> \t")):
            continue
        fields = [other for other in lines[number + 1 : number + 6] if _FIELD.match(other.strip())]
        if len(fields) < 2:
            continue
        above = number
        while above and not lines[above - 1].strip():
            above -= 1
        ruled = above and (_RULE.match(lines[above - 1]) or _FIELD.match(lines[above - 1]))
        return "\n".join(lines[: above - 1 if ruled else number])
    return text


def _without_heading(text: str) -> str:
    """Cut at a heading with everything below it: phones mark no quoted line."""
    lines = text.split("\n")
    for number in range(len(lines)):
        for folded in (1, 2, 3):
            heading = " ".join(line.strip() for line in lines[number : number + folded])
            if len(heading) < 500 and _is_sure(heading, folded):
                return "\n".join(lines[:number])
    return _by_library(text, lines)


def _by_library(text: str, lines: list[str]) -> str:
    """Headings of other languages, believed only where what they head begins with an address."""
    if len(text) > _SLOW or not _ADDRESSED.search(text):
        return text
    replies = EmailReplyParser(languages=list(_OTHER_LANGUAGES)).read(text).replies
    blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
    cut = blank + replies[0].content.count("\n") + 1 if replies[0].content else 0
    below = " ".join(lines[cut:]).strip()[:300]
    return "\n".join(lines[:cut]) if "@" in below else text


def _is_sure(heading: str, folded: int) -> bool:
    """Of one line, or of more when they begin as a folded heading does."""
    begins = heading[:1] != "<" if folded == 1 else _OPENING.match(heading)
    return bool(begins and _TIMED.search(heading) and _ADDRESSED.fullmatch(heading))


def _without_signature(text: str) -> str:
    """RFC 3676 4.3: what follows "-- " is no part of what is asked, unless it is long."""
    lines = text.rstrip().split("\n")
    if _PHONE.match(lines[-1].strip()):
        text = "\n".join(lines[:-1])
    found = _SIGNATURE.search(text)
    if found is None or text.count("\n", found.end()) > 12:
        return text
    return text[: found.start()]
