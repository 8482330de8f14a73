"""What a question does to the time we have for the answer, told for every law that may apply.

The United Kingdom begins anew or stands still, the European Union stands still, everywhere else
the time goes on. Which of them binds may be open: then the letter tells each.
"""

from collections.abc import Iterable
from types import MappingProxyType

from handlers.deadlines.regimes import CLOCK_OF, has_rule, rule_of
from handlers.letters.templates import words
from storage.records import Request

GOES_ON = "goes_on"
PAID = "paid"
#: what binds us more comes first: a letter must not promise us more time than each request gives
_WEAKEST = (GOES_ON, "pause", "restart")
#: UK GDPR 12A(2)(b): the month begins anew; 12A(5): it stands still, for access alone
_CITED = MappingProxyType(
    {
        ("uk_gdpr", "restart"): "UK GDPR Art. 12A(2)",
        ("uk_gdpr", "pause"): "UK GDPR Art. 12A(5)",
    }
)
#: the only laws that stop a clock
_STOPPING = ("uk_gdpr", "eu_gdpr")


def laws(request: Request) -> tuple[str, ...]:
    """Those that may apply to it."""
    return tuple(law.regime for law in request.regimes) or (request.due.regime,)


def told(stops: str, concerned: Iterable[Request], language: str) -> str:
    """What asking for this (`identity`, `clarification`, `fee`) does to these requests; "" =
    nothing is asked."""
    if not stops:
        return ""
    effects = _effects(stops, concerned)
    phrases = {law: _phrase(law, effect, stops, language) for law, effect in effects.items()}
    if len(set(phrases.values())) == 1:
        return _sentence(next(iter(phrases.values())))
    said = words(language)["clock"]
    lines = [f"{said[law]}: {phrases[law]}." for law in _STOPPING if law in phrases]
    if phrases.keys() - set(_STOPPING):
        lines.append(f"{said['elsewhere']}: {said[GOES_ON]}.")
    return "\n".join(lines)


def _effects(stops: str, concerned: Iterable[Request]) -> dict[str, str]:
    found: dict[str, str] = {}
    for request in concerned:
        for law in laws(request):
            effect = _effect(stops, law, request)
            found[law] = min(found.get(law, effect), effect, key=_WEAKEST.index)
    return found


def _effect(stops: str, law: str, request: Request) -> str:
    kind = CLOCK_OF.get(request.right, request.kind or "")
    return rule_of(law, kind).stops.get(stops, GOES_ON) if has_rule(law, kind) else GOES_ON


def _phrase(law: str, effect: str, stops: str, language: str) -> str:
    # UK GDPR 12A(2)(c): of a fee it is the payment that begins the month, not the reply
    name = PAID if (stops, effect) == ("fee", "restart") else effect
    said, cited = str(words(language)["clock"][name]), _CITED.get((law, effect))
    return f"{said} ({cited})" if cited else said


def _sentence(phrase: str) -> str:
    return f"{phrase[:1].upper()}{phrase[1:]}."
