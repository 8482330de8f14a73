"""By when the law, or the desk's own rule, wants an answer: regimes as data, pure calculators."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from importlib.metadata import version

from handlers.deadlines.rules import CALENDAR, POLICY, TIMEZONE, Rule
from handlers.deadlines.working_days import add_working_days, last_working_day, local_day
from storage.records import Due

REGIMES = ("policy",)
#: holidays are proclaimed late: the rule that counted them says by which tables
TABLES = version("holidays")


def due(kind: str, received_at: datetime, *, regime: str = "policy") -> Due:
    """Raises KeyError for a kind or a regime without a rule."""
    if regime not in REGIMES:
        raise KeyError(f"there is no rule for the regime {regime}")
    rule = POLICY[kind]
    received = local_day(received_at, TIMEZONE)
    due_on = _end(received, rule)
    aim_on = last_working_day(due_on, CALENDAR)
    if rule.aim is not None:
        aim_on = min(aim_on, add_working_days(received, rule.aim, CALENDAR))
    return Due(
        due_on=due_on,
        aim_on=aim_on,
        regime=regime,
        rule=f"{regime}/{kind}/1 holidays/{TABLES}",
        why=_why(kind, rule, received, due_on),
    )


def earliest(kinds: Iterable[str], received_at: datetime) -> Due:
    """The clock that ends first among the kinds a mail may be. Raises ValueError for none."""
    return min(
        (due(kind, received_at) for kind in kinds), key=lambda found: (found.due_on, found.aim_on)
    )


def longest(kinds: Iterable[str]) -> Rule:
    """The rule that gives most time among the kinds; letters name it, never a computed date."""
    rules = [POLICY[kind] for kind in kinds] or list(POLICY.values())
    # a working day is worth 7/5 of a day: 10 of them are 14 days
    return max(rules, key=lambda rule: rule.days * 7 / 5 if rule.working else rule.days)


def _end(received: date, rule: Rule) -> date:
    if rule.working:
        return add_working_days(received, rule.days, CALENDAR)
    return received + timedelta(days=rule.days)


def _why(kind: str, rule: Rule, received: date, due_on: date) -> str:
    place = TIMEZONE.rpartition("/")[2].replace("_", " ")
    start = f"receipt on {_words(received)} ({place} time)"
    if kind == "legal_demand":
        return f"Enter their date: until then 1 working day from {start} (desk rule)."
    if rule.aim is not None:
        return (
            f"Stop now, desk rule {rule.aim} working days; {rule.period} from {start} "
            f"end on {_words(due_on)} (CAN-SPAM; desk rule elsewhere)."
        )
    return f"{rule.period} from {start} (desk rule)."


def _words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
