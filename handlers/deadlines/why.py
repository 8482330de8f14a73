"""Why a date is what it is, in one sentence that a requester or a regulator could read."""

from collections.abc import Iterator
from datetime import date

from handlers.deadlines.counting import Course
from handlers.deadlines.regimes import STOP_MARKETING
from handlers.deadlines.rules import counted

#: what the requester was asked for, by the reason of a clock event
ASKED = {
    "identity": "proof of identity",
    "authority": "proof of authority",
    "clarification": "clarification",
    "fee": "the fee",
}


def sentence(run: Course, title: str, zone: str) -> str:
    """`received 31 Jan; one month is Sat 28 Feb; next working day Mon 2 Mar; rule UK-12A (…)`.

    `zone` is named where the day of receipt is another one elsewhere; "" = nowhere.
    """
    place = f" ({zone.rpartition('/')[2].replace('_', ' ')} time)" if zone else ""
    law = title if run.rule.law else "desk rule"
    told = [
        *_first(run),
        f"received {_day(run.received)}{place}",
        *_events(run),
        f"rule {run.rule.id} ({law})",
    ]
    return "; ".join(told)


def _first(run: Course) -> Iterator[str]:
    """What to do at once, before the law's own date comes."""
    rule = run.rule
    if rule.first:
        yield rule.first
    if rule.target is not None and run.extended is None and run.last is not None:
        by = "law by" if rule.law else "at the latest"
        what = "stop now, desk rule" if rule.target == STOP_MARKETING else "desk rule"
        yield f"{what} {counted(rule.target, 'working day')}; {by} {_day(run.last)}"


def _events(run: Course) -> Iterator[str]:
    if run.begun_by:
        yield f"{ASKED.get(run.begun_by, run.begun_by)} came {_day(run.start)}"
    if run.waiting:
        yield from _standing(run)
        return
    yield f"{_period(run)} is {_weekday(run.nominal)}"
    if run.walked != run.nominal:
        days = counted((run.walked - run.nominal).days, "day")
        yield f"{days} of waiting for the requester left out is {_weekday(run.walked)}"
    last = run.last
    if last is not None and last != run.walked:
        yield f"next working day {_weekday(last)}"
    if run.extended is None and run.too_late is not None:
        yield f"the extension told {_day(run.too_late)} came too late"


def _standing(run: Course) -> Iterator[str]:
    first = min(run.waiting, key=lambda each: each.since)
    asked = ASKED.get(first.reason, first.reason)
    left = "the period begins when it comes"
    if run.left is not None:
        left = f"stands with {counted(run.left, 'day')} left"
    yield f"{asked} asked {_day(first.since)}: {left}"
    yield f"as if nothing had been asked {_weekday(run.as_if)}"


def _period(run: Course) -> str:
    if run.extended is None:
        return run.rule.period
    if run.until is not None:
        return f"extended {_day(run.extended)}, the date told"
    return f"extended {_day(run.extended)}, {counted(run.rule.extended, run.rule.unit)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _weekday(day: date) -> str:
    return f"{day:%a} {_day(day)}"
