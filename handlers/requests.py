"""Small changes to frozen records: one request ended, one step taken, one letter moved."""

from typing import TypeVar

import msgspec

from handlers.handler import Moment
from storage.records import (
    Case,
    Letter,
    LetterState,
    Note,
    OutboxMessage,
    Outcome,
    Record,
    Request,
    Status,
)

Kept = TypeVar("Kept", bound=Record)


def replace(record: Kept, **changes: object) -> Kept:
    """The same record with other values."""
    return msgspec.structs.replace(record, **changes)


def with_request(case: Case, request: Request) -> Case:
    """The case with that request in place of the one of its number."""
    return replace(
        case, requests=tuple(request if r.id == request.id else r for r in case.requests)
    )


def with_step(case: Case, number: int, step: str) -> Case:
    """One request has taken a step."""
    request = case.request(number)
    if step in request.done:
        return case
    return with_request(case, replace(request, done=(*request.done, step)))


def without_step(case: Case, number: int, step: str) -> Case:
    """A step is to be taken again."""
    request = case.request(number)
    return with_request(
        case, replace(request, done=tuple(name for name in request.done if name != step))
    )


def settle(case: Case, step: str) -> Case:
    """Every open request has taken a step of the whole case (confirm, verify)."""
    for request in case.open_requests:
        case = with_step(case, request.id, step)
    return case


def close_request(
    case: Case, number: int, outcome: Outcome, moment: Moment, reason: str = ""
) -> Case:
    """One request has ended."""
    return with_request(
        case,
        replace(
            case.request(number),
            status=Status.CLOSED,
            outcome=outcome,
            reason=reason,
            closed_at=moment.now,
            closed_by=moment.by.id,
        ),
    )


def opened_again(request: Request) -> Request:
    """Ended, and to be gone on with; its date stays."""
    return replace(
        request, status=Status.OPEN, outcome=None, reason="", closed_at=None, closed_by=""
    )


def noted(case: Case, moment: Moment, about: str, text: str) -> Case:
    """The case with what staff wrote about an act of theirs; sealed like the mail itself."""
    if not text.strip():
        return case
    note = Note(about=about, by=moment.by.id, at=moment.now, text=text.strip())
    return replace(case, notes=(*case.notes, note))


def with_letter(case: Case, letter: LetterState) -> Case:
    """The case with that letter added, or as it stands now."""
    others = without_letter(case, letter.id).letters
    return replace(case, letters=(*others, letter))


def letter_state(message: OutboxMessage, request: int | None) -> LetterState:
    """What the case is to know of a letter that was just written. Raises TypeError for another
    kind of message."""
    if not isinstance(message.content, Letter):
        raise TypeError(f"outbox {message.id} is no letter")
    return LetterState(
        id=message.id,
        template=message.content.template,
        status=message.status,
        by=message.created_by,
        at=message.send_after,
        request=request,
        language=message.content.language,
        version=message.content.version,
    )


def without_letter(case: Case, letter: str) -> Case:
    """The case without that letter: another took its place."""
    return replace(case, letters=tuple(known for known in case.letters if known.id != letter))


def letter_of(case: Case, letter: str) -> LetterState | None:
    """What the case knows of one of its letters."""
    return next((known for known in case.letters if known.id == letter), None)
