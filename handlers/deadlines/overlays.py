"""Which of the laws that may apply has a clock for a kind, and which always run beside it."""

from collections.abc import Iterable

from handlers.deadlines.regimes import has_rule
from storage.records import Candidate

DESK = Candidate(regime="policy", sign="no sign of another law")
#: the sender is a US company: its marketing stops by this law wherever one objects
CAN_SPAM = Candidate(regime="can_spam", sign="marketing from a US company")
CASL = Candidate(regime="casl", sign="marketing to Canada")
COPPA = Candidate(regime="coppa", sign="a child, and no place outside the US")

#: laws of one matter: wherever somebody lives, what they say of it holds
ONE_MATTER = frozenset({"can_spam", "casl", "coppa", "dpf", "privacy_shield"})


def applying(kind: str, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Never empty: where no law names the kind the desk's own rule does."""
    known = tuple(candidates)
    regimes = {each.regime for each in known}
    beside = (each for each in _beside(kind, regimes) if each.regime not in regimes)
    found = (each for each in (*known, *beside) if has_rule(each.regime, kind))
    return tuple(dict.fromkeys(found)) or (DESK,)


def _beside(kind: str, regimes: set[str]) -> tuple[Candidate, ...]:
    us_or_nowhere = any(_in_us(each) for each in regimes) or regimes - ONE_MATTER <= {"policy"}
    in_canada = bool(regimes & {"ca_pipeda", "ca_quebec"})
    marketing = (CAN_SPAM, *((CASL,) if in_canada else ()))
    return {"unsubscribe": marketing, "child_data": (COPPA,) if us_or_nowhere else ()}.get(kind, ())


def _in_us(regime: str) -> bool:
    return regime == "ccpa" or regime.startswith("us_")
