"""What the templates may say about a case: our own words and dates, nothing of the requester's."""

from collections.abc import Mapping
from datetime import datetime

from babel import Locale

from handlers import deadlines
from handlers.deadlines.rules import CALENDAR, Rule
from handlers.deadlines.working_days import add_working_days, local_day
from handlers.handler import Depth, Kind
from handlers.letters import authorities, clocks, templates
from handlers.letters.catalogue import Rendered, long_date
from handlers.letters.templates import words
from handlers.policy import Policy
from handlers.suppressing import since
from storage.records import Case, Record, Request

#: the kind whose requester is an authority
AUTHORITY = "legal_demand"


class Matter(Record, frozen=True, kw_only=True):
    """What a letter is about: one request of a case, or the most urgent one (None)."""

    case: Case
    kinds: Mapping[str, Kind]
    policy: Policy
    now: datetime
    request: int | None = None

    @property
    def about(self) -> Request:
        """That request."""
        known = {request.id: request for request in self.case.requests}
        if self.request in known:
            return known[self.request]
        left = self.case.open_requests or self.case.requests
        return min(left, key=lambda request: request.due.due_on)


def write(name: str, matter: Matter, language: str = "", **given: str) -> Rendered:
    """A letter, filled in.

    `language` "" = the requester's own, where there are letters in it. Raises ValueError for an
    unknown letter or language.
    """
    letters = matter.policy.letters
    language = language or letters.language_for(matter.case.language)
    return letters.render(name, language, values_of(name, matter, language, **given))


def values_of(name: str, matter: Matter, language: str, **given: str) -> dict[str, object]:
    """Every value a letter may use; what only some letters have is "" unless it is given.

    `reason` is a name of the closed lists, or words of staff.
    """
    case, policy = matter.case, matter.policy
    about = matter.about
    asked = tuple(r.kind for r in case.requests if r.kind is not None)
    phrases = [_phrase(matter.kinds[kind], language) for kind in asked]
    promise = policy.promised(local_day(case.received_at, policy.timezone))
    rules = templates.template(name)
    reason = given.pop("reason", "")
    return {
        **_dates(matter, about, language),
        "ref": case.ref,
        "asked": asked,
        "kinds": [] if case.triage else phrases,
        "kind": about.kind or "",
        "right": about.right,
        "this": _this(matter, rules, language),
        "owed": _owed(rules, about),
        "within": _within(matter, about, language),
        "clock": clocks.told(rules.stops, _concerned(matter, rules.stops), language),
        "regime": about.due.regime,
        "regimes": clocks.laws(about),
        "authority": authorities.own(about.regimes, language),
        "complained": about.kind == "complaint",
        "policy_version": promise.version,
        "dispute_body": promise.dispute_body,
        "company": policy.company,
        "postal": policy.postal,
        "officer": policy.officer,
        "address": policy.address,
        **dict.fromkeys(("first", "code", "extended", "replaced"), ""),
        "reason": _reason(reason, language),
        **given,
    }


def _owed(rules: templates.Template, about: Request) -> bool:
    """Does the letter say where to complain? An authority that demands something is not told."""
    return rules.rights and about.kind != AUTHORITY


def _this(matter: Matter, rules: templates.Template, language: str) -> str:
    """Which request a letter is about, where it answers one or says where to complain."""
    kind = matter.about.kind
    if kind is None or not (rules.answers or _owed(rules, matter.about)):
        return ""
    return _phrase(matter.kinds[kind], language)


def _reason(name: str, language: str) -> str:
    """A reason of the closed lists in the words of the language."""
    told = words(language)
    return str({**told["reasons"], **told["delays"]}.get(name, name))


def _concerned(matter: Matter, stops: str) -> tuple[Request, ...]:
    """Whose clock a question is about: who somebody is, all that need proof of it."""
    if stops != "identity":
        return (matter.about,)
    open_ = matter.case.open_requests
    proof = tuple(r for r in open_ if r.kind and matter.kinds[r.kind].depth is not Depth.NONE)
    return proof or (matter.about,)


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
