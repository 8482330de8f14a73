"""Cases, mails and messages as rows and JSON for the command line. Pure; addresses masked."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.slack.words import masked
from handlers.approvals import place_waits
from handlers.deadlines.regimes import law
from handlers.wiping import standing
from storage.records import Case, ClockEvent, InboundMail, OutboxMessage, Request, Suppression

if TYPE_CHECKING:
    from handlers.handler import Kind

Row = tuple[str, ...]


def plain(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """A table as lines of text: columns as wide as their widest value, two spaces between."""
    lines = [tuple(columns), *rows]
    widths = [max(map(len, values)) for values in zip(*lines, strict=True)]
    return [
        "  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def request_json(request: Request) -> dict[str, Any]:
    """One request as `desk list --json` has it."""
    return {
        "kind": request.kind,
        "right": request.right,
        "regime": request.due.regime,
        "status": request.status.value,
        "outcome": request.outcome.value if request.outcome else None,
        "due_on": request.due.due_on.isoformat(),
    }


def case_json(case: Case, *, full: bool = False) -> dict[str, Any]:
    """One case as `desk list --json` has it; the requester masked unless `full`."""
    return {
        "ref": case.ref,
        "status": status_of(case),
        "triage": case.triage,
        "received_at": case.received_at.isoformat(),
        "assignee": case.assignee,
        "requester": case.requester if full else masked(case.requester),
        "requests": [request_json(request) for request in case.requests],
        "mails": list(case.mails),
    }


def suppression_json(each: Suppression, *, full: bool = False) -> dict[str, str]:
    """One address of the do-not-mail list; masked unless `full`."""
    return {
        "address": each.address if full else masked(each.address),
        "hash": each.hash,
        "since": each.since.isoformat(timespec="seconds"),
        "case": each.case,
    }


def suppression_csv(found: Sequence[Suppression]) -> str:
    """The whole list with its addresses, for tools (RFC 4180)."""
    text = io.StringIO()
    table = csv.DictWriter(text, ("address", "hash", "since", "case"), quoting=csv.QUOTE_ALL)
    table.writeheader()
    table.writerows(suppression_json(each, full=True) for each in found)
    return text.getvalue()


def status_of(case: Case) -> str:
    """The case's status: closed when all is closed, else that of its most urgent request."""
    if case.closed:
        return "closed"
    return min(case.open_requests, key=lambda r: r.due.due_on).status.value


def mail_json(mail: InboundMail) -> dict[str, Any]:
    """One inbound mail as `desk mails --json` has it."""
    return {
        "id": mail.id,
        "message_id": mail.message_id,
        "sha256": mail.sha256,
        "size": mail.size,
        "received_at": mail.received_at.isoformat(),
        "status": mail.status.value,
        "reason": mail.reason,
        "case": mail.case,
    }


def message_json(message: OutboxMessage) -> dict[str, Any]:
    """One dead outbox message as `desk failed --json` has it."""
    return {
        "id": message.id,
        "what": type(message.content).__name__.lower(),
        "case": message.case,
        "attempts": message.attempts,
        "error": message.error,
        "since": message.created_at.isoformat(),
    }


def failed_json(mail: InboundMail) -> dict[str, Any]:
    """One mail that could not be worked on, beside those messages."""
    return {
        "id": mail.id,
        "what": "mail",
        "case": mail.case,
        "attempts": 1,
        "error": mail.reason,
        "since": mail.received_at.isoformat(),
    }


def case_rows(cases: Sequence[Case], now: datetime, *, full: bool = False) -> list[Row]:
    """Reference, kinds, due date with days left, status, assignee, requester."""
    return [
        (
            case.ref,
            kinds_of(case),
            "" if case.closed else due_text(case, now),
            status_of(case),
            case.assignee or "",
            case.requester if full else masked(case.requester),
        )
        for case in cases
    ]


def _clock_lines(request: Request) -> list[str]:
    """The date and whose rule it is, where its clock stands, why, and what it was counted from."""
    due = request.due
    lines = [f"due {due.due_on} ({law(due)}), aim for {due.aim_on}"]
    if due.stopped is not None:
        left = "begins anew" if due.stopped.left is None else f"{due.stopped.left} days left"
        lines.append(f"paused since {due.stopped.since} ({due.stopped.reason}), {left}")
    lines.append(f"{due.why} (rule {due.rule})")
    if request.regimes:
        told = (f"{law.regime} ({law.sign})" if law.sign else law.regime for law in request.regimes)
        lines.append(f"laws that may apply: {', '.join(told)}")
    lines += [_event_line(event) for event in request.events]
    return lines


def _event_line(event: ClockEvent) -> str:
    until = f" until {event.until}" if event.until else ""
    return f"{event.at.isoformat(timespec='minutes')} {event.type}: {event.reason}{until}"


def kinds_of(case: Case) -> str:
    """The kinds of a case in words."""
    return ", ".join(request.kind or "to sort" for request in case.requests)


def due_text(case: Case, now: datetime) -> str:
    """`2026-12-23 (UK GDPR, 28 days)`; of a clock that stands, since when."""
    if (stopped := case.due.stopped) is not None:
        return f"{case.due.due_on} ({law(case.due)}, paused since {stopped.since})"
    left = (case.due.due_on - now.date()).days
    told = f"{left} days" if left >= 0 else "overdue"
    return f"{case.due.due_on} ({law(case.due)}, {told})"


def mail_rows(mails: Sequence[InboundMail]) -> list[Row]:
    """Id, time of receipt, size, status, reason, case."""
    return [
        (
            mail.id,
            mail.received_at.isoformat(timespec="seconds"),
            str(mail.size),
            mail.status.value,
            mail.reason,
            mail.case or "",
        )
        for mail in mails
    ]


def kind_rows(kinds: "Sequence[Kind]") -> list[Row]:
    """Name, title, who sees it, what verification it takes, its steps."""
    return [
        (
            kind.name,
            kind.title,
            kind.circle.value,
            kind.depth.value,
            " → ".join(step.label for step in kind.steps),
        )
        for kind in kinds
    ]


def slack_lines(messages: Sequence[OutboxMessage]) -> list[str]:
    """What stands in Slack about a case: each message of ours, and where."""
    return [f"in Slack: {s.what} {s.at.channel} {s.at.ts}" for s in standing(messages)]


def case_lines(case: Case, *, full: bool = False) -> list[str]:
    """One case in words, line by line."""
    lines = [
        f"{case.ref}  {status_of(case)}  received {case.received_at.isoformat(timespec='minutes')}",
        f"requester: {case.requester if full else masked(case.requester)}",
        f"with: {case.assignee or 'nobody yet'}",
        f"acknowledgement: {case.acknowledgement or 'not sent'}",
    ]
    if case.data_subject:
        lines.insert(2, f"about: {case.data_subject if full else '…'}")
    if place_waits(case):
        lines.append("a later date waits for a second person")
    for request in case.requests:
        ended = f", {request.outcome.value}" if request.outcome else ""
        lines.append(f"{request.id}. {request.kind or 'to sort'}: {request.status.value}{ended}")
        lines += [f"   {line}" for line in _clock_lines(request)]
    lines += [f"{n.at.isoformat(timespec='minutes')} {n.by}: {n.text}" for n in case.notes]
    lines += [
        f"letter {letter.template}: {letter.status.value}{', bounced' if letter.bounced else ''}"
        for letter in case.letters
    ]
    lines += [f"mail {mail}" for mail in case.mails]
    return lines
