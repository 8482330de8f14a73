"""Red flags: signs that a mail needs a careful person, whatever else it asks, as data.

Where their words are looked for is the classifier's matter (`intake/classify/flags.py`).
"""

from collections.abc import Iterable
from types import MappingProxyType

from handlers.requests import replace
from storage.records import Case, Circle, ParsedMail, Record

#: from the open room to the smallest
CIRCLES = (Circle.STAFF, Circle.RESTRICTED, Circle.MANAGERS, Circle.COUNSEL)


class Flag(Record, frozen=True, kw_only=True):
    """What a flag means for the case that carries it."""

    words: str  #: for staff: completes "Look out: …"
    circle: Circle = Circle.STAFF  #: the closest circle that may see it
    withholds: str = ""  #: completes "it may be about …"; "" = a receipt may go by itself


FLAGS = MappingProxyType(
    {
        # somebody's safety, and what is said of our own people, is read before anything goes out
        "safety": Flag(words="somebody may be in danger", withholds="somebody's safety"),
        "child_at_risk": Flag(
            words="a child may be at risk", circle=Circle.RESTRICTED, withholds="a child's safety"
        ),
        "staff": Flag(
            words="names or describes one of us",
            circle=Circle.MANAGERS,
            withholds="the conduct of staff",
        ),
        # colleagues of theirs sit in the open channel
        "ex_employee": Flag(words="worked for us once", circle=Circle.RESTRICTED),
        "lawyer": Flag(words="a lawyer writes, or is named"),
        "regulator": Flag(words="names a regulator"),
        "court": Flag(words="names a court or the police"),
        "press": Flag(words="the press may be writing"),
        "breach": Flag(words="may tell of a breach"),
        "earlier": Flag(words="asks after an earlier request"),
        "agent": Flag(words="written for somebody else"),
        "bulk_agent": Flag(words="sent by a service that writes for many people"),
    }
)


def circles(flags: Iterable[str]) -> list[Circle]:
    """The circles that the flags ask for."""
    return [FLAGS[name].circle for name in flags if name in FLAGS]


def closest(*wanted: Circle) -> Circle:
    """The smallest of them: what is closed for one is closed for all."""
    return max(wanted, key=CIRCLES.index, default=Circle.STAFF)


def withheld(flags: Iterable[str]) -> str:
    """What keeps an automatic letter back; "" = none of the flags does."""
    kept = (FLAGS[name].withholds for name in flags if name in FLAGS)
    return next((words for words in kept if words), "")


def told(flag: str) -> str:
    """In words; what screening found is a sentence already."""
    return FLAGS[flag].words if flag in FLAGS else flag


#: of a mail whose answers would go elsewhere, as the sender's claims are told on the way in
ELSEWHERE = "replies would go to another address"


def warned(case: Case, parsed: ParsedMail) -> Case:
    """The case with a warning where one more mail of it wants its answers elsewhere."""
    fits = parsed.reply_to in {"", parsed.header_from} or ELSEWHERE in case.flags
    return case if fits else replace(case, flags=(*case.flags, ELSEWHERE))
