"""What the templates may say about a case: our own words and dates, nothing of the requester's."""

from collections.abc import Mapping
from datetime import datetime

from babel import Locale

from handlers import deadlines
from handlers.deadlines.rules import CALENDAR, Rule
from handlers.deadlines.working_days import add_working_days, local_day
from handlers.handler import Kind
from handlers.letters.catalogue import Rendered, long_date
from handlers.letters.templates import words
from handlers.policy import Policy
from handlers.suppressing import since
from storage.records import Case, Record, Request


class Matter(Record, frozen=True, kw_only=True):
    """What a letter is about: one request of a case, or the most urgent one (None)."""

    case: Case
    kinds: Mapping[str, Kind]
    policy: Policy
    now: datetime
    request: int | None = None


def write(name: str, matter: Matter, language: str = "", **values: str) -> Rendered:
    """A letter, filled in.

    `language` "" = the requester's own, where there are letters in it; `reason` is a name of the
    closed list, or words of staff. Raises ValueError for an unknown letter or language.
    """
    letters = matter.policy.letters
    language = language or letters.language_for(matter.case.language)
    found = values_of(matter, language)
    if reason := values.pop("reason", ""):
        found["reason"] = words(language)["reasons"].get(reason, reason)
    return letters.render(name, language, {**found, **values})


def values_of(matter: Matter, language: str) -> dict[str, object]:
    """Every value a template may use; what only some letters have is "" here."""
    case, policy = matter.case, matter.policy
    about = _about(case, matter.request)
    asked = tuple(r.kind for r in case.requests if r.kind is not None)
    phrases = [_phrase(matter.kinds[kind], language) for kind in asked]
    promise = policy.promised(local_day(case.received_at, policy.timezone))
    return {
        **_dates(matter, about, language),
        "ref": case.ref,
        "asked": asked,
        "kinds": [] if case.triage else phrases,
        "within": _within(matter, about, language),
        "regime": about.due.regime,
        "regimes": tuple(law.regime for law in about.regimes) or (about.due.regime,),
        "complained": about.kind == "complaint",
        "policy_version": promise.version,
        "dispute_body": promise.dispute_body,
        "company": policy.company,
        "postal": policy.postal,
        "officer": policy.officer,
        "address": policy.address,
        **dict.fromkeys(("reason", "first", "code", "extended", "replaced"), ""),
    }


def _dates(matter: Matter, about: Request, language: str) -> dict[str, str]:
    zone = matter.policy.timezone
    today = local_day(matter.now, zone)
    stopped = local_day(since(matter.case) or matter.now, zone)
    days = {
        "received": local_day(matter.case.received_at, zone),
        "today": today,
        "due": about.due.due_on,
        "suppressed": stopped,
        "until": max(today, add_working_days(stopped, 2, CALENDAR)),
    }
    return {name: long_date(day, language) for name, day in days.items()}


def _about(case: Case, number: int | None) -> Request:
    known = {request.id: request for request in case.requests}
    if number in known:
        return known[number]
    return min(case.open_requests or case.requests, key=lambda request: request.due.due_on)


def _phrase(kind: Kind, language: str) -> str:
    """A kind that is new has no words in other languages yet: its title stands in."""
    return str(words(language)["kinds"].get(kind.name, kind.title))


def _within(matter: Matter, about: Request, language: str) -> str:
    """By when an answer comes: one period, or each with what it is for where they differ."""
    case = matter.case
    told: dict[str, list[str]] = {}
    for request in case.requests:
        if request.kind is not None and not case.triage:
            period = _period(deadlines.promised(request.kind, request.due.regime), language)
            told.setdefault(period, []).append(_phrase(matter.kinds[request.kind], language))
    if not told:
        return _period(deadlines.promised(None, about.due.regime), language)
    if len(told) == 1:
        return next(iter(told))
    return ", ".join(f"{period} ({', '.join(phrases)})" for period, phrases in told.items())


def _period(rule: Rule, language: str) -> str:
    """In the plural form the number takes (CLDR)."""
    forms = words(language)["within"][rule.unit.replace(" ", "_")]
    form = Locale.parse(language).plural_form(rule.length)
    return str(forms.get(form, forms["other"])).format(n=rule.length)
