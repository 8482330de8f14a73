"""The figures of a period: how many came, how they ended, how long it took. Nothing personal."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from statistics import median

from handlers.deadlines.working_days import local_day
from storage.records import Case, Record, Request

DAYS = 365


class Stats(Record, frozen=True, kw_only=True):
    """Requests are counted, not cases: one may ask several things."""

    first: date
    last: date
    received: tuple[tuple[str, int], ...]  #: by kind
    ended: tuple[tuple[str, int], ...]  #: by outcome, and reason where one is given
    late: int  #: of those that ended, after their date
    extended: int
    open: int
    days: float | None  #: median from receipt to the end; None = nothing ended


async def stats(cases: AsyncIterator[Case], first: date, last: date, timezone: str) -> Stats:
    """Of what was received from the first to the last day. One pass; cases are let go."""
    received: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    took: list[int] = []
    late = extended = standing = 0
    async for case in cases:
        came = local_day(case.received_at, timezone)
        if not first <= came <= last:
            continue
        for request in case.requests:
            received[request.kind or "to sort"] += 1
            extended += request.due.extended
            if request.closed_at is None or request.outcome is None:
                standing += 1
                continue
            done = local_day(request.closed_at, timezone)
            ended[_ending(request)] += 1
            late += done > request.due.due_on
            took.append((done - came).days)
    return Stats(
        first=first,
        last=last,
        received=tuple(received.most_common()),
        ended=tuple(ended.most_common()),
        late=late,
        extended=extended,
        open=standing,
        days=median(took) if took else None,
    )


def _ending(request: Request) -> str:
    outcome = request.outcome.value.replace("_", " ") if request.outcome else ""
    return f"{outcome}: {request.reason.replace('_', ' ')}" if request.reason else outcome


def rows(found: Stats) -> list[tuple[str, str]]:
    """The same, line by line, for a table or a file."""
    return [
        ("from", found.first.isoformat()),
        ("to", found.last.isoformat()),
        *((f"received: {kind.replace('_', ' ')}", str(n)) for kind, n in found.received),
        *((f"ended: {how}", str(n)) for how, n in found.ended),
        ("open still", str(found.open)),
        ("ended after the date", str(found.late)),
        ("extended", str(found.extended)),
        ("median days to the end", "" if found.days is None else f"{found.days:g}"),
    ]
