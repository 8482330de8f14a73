"""Everything that is seen in a mail before anything is weighed: words, language, features.

The one way from a mail to features, in training and at run time.
"""

import math
import re

from intake.classify.features import Page, Sheet, extract
from intake.classify.furniture import without_furniture
from intake.classify.language import language
from intake.classify.needles import Words
from intake.classify.scoring import straightened
from storage.records import ParsedMail, Record

#: the subject of a reply is somebody's older words
_REPLY = re.compile(r"\s*(re|aw|antw|sv|rif|r|odp|res)\s*(\[\d+\])?:", re.IGNORECASE)
_LINK = re.compile(r"https?:|www\.")


class Seen(Record, frozen=True, kw_only=True):
    """What stands in a mail."""

    whole: str  #: what evidence points into
    words: Words  #: the same, straightened
    new_at: int  #: where its new words begin: behind the subject of a reply
    language: str
    sheet: Sheet


def read_text(parsed: ParsedMail) -> str:
    """The text that is classified and that evidence points into."""
    return f"{parsed.subject}\n\n{parsed.shown}"


def see(parsed: ParsedMail) -> Seen:
    """Pure; a text of any length is read up to a bound (`scoring.straightened`)."""
    whole = read_text(parsed)
    words = Words(without_furniture(straightened(whole)))
    body_at = len(parsed.subject) + 2
    reply = bool(parsed.shown.strip()) and _REPLY.match(parsed.subject) is not None
    new_at = body_at if reply else 0
    new = " " * new_at + words.text[new_at:]
    amounts = {
        "length": math.log1p(len(parsed.shown)) / 8.0,  # each about as large as 1
        "links": math.log1p(sum(1 for _ in _LINK.finditer(new))) / 2.0,
        "reply": float(reply),
    }
    return Seen(
        whole=whole,
        words=words,
        new_at=new_at,
        language=language(words.text),
        sheet=extract(Page(new, body_at, amounts)),
    )
