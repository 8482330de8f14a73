"""Every state a card can be in, as cases of the real kinds: for contract tests and pictures."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from bot.slack import cards, lists
from bot.slack.cards import Message
from bot.slack.wiper import tombstone
from handlers import offers, registry
from handlers.opening import IMPORTED
from storage.records import (
    Approval,
    Breach,
    Candidate,
    Case,
    Circle,
    Due,
    LetterState,
    OutboxStatus,
    Outcome,
    Query,
    Reading,
    Request,
    Round,
    Status,
    Stopped,
    Verification,
)

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
ZONE = "Europe/London"
REGISTRY = registry.load()
KINDS = tuple(REGISTRY.kinds)
ANA, BEN, MARA = "U01ANA", "U02BEN", "U03MARA"
#: what a stranger may have put into a mail: nothing of it may be on a card
STRANGE = {
    "requester": "<!channel>.\u202eevil*bold*@mail.example.org",
    "requester_name": "שרה 😀 <@U01ANA> _Example_ " + "Long" * 200,
    "subject": "<!channel> *urgent* 🚨 ماذا " + "S" * 3000,
    "data_subject": "<https://evil.example|click> Tomas",
    "defects": ("<!here> odd header",),
    "flags": ("lawyer",),
}


def due(days: int, regime: str = "uk_gdpr", **more: Any) -> Due:
    on = TODAY + timedelta(days=days)
    why = "One month from receipt on 1 December 2026 (UK GDPR Art. 12(3))."
    if regime == "policy":
        why = "The desk's own rule: 30 days, as our privacy policy promises."
    aim = on - timedelta(days=min(10, max(1, days // 3)))
    return Due(due_on=on, aim_on=aim, regime=regime, rule="r1", why=why, **more)


def request(kind: str | None, number: int = 1, days: int = 31, **more: Any) -> Request:
    words: dict[str, Any] = {"due": due(days)} | more
    return Request(id=number, kind=kind, **words)


def reading(*kinds: str, **more: Any) -> Reading:
    sure = dict.fromkeys((*KINDS, "not_a_request"), 0.01)
    words: dict[str, Any] = {
        "kinds": kinds,
        "decision": "auto",
        "confidence": sure | dict.fromkeys(kinds, 0.94),
        "language": "en",
        "because": ("my data",),
    }
    return Reading(**words | more)


def case(*kinds: str, **more: Any) -> Case:
    words: dict[str, Any] = {
        "ref": "PR-2026-0042",
        "received_at": NOW - timedelta(hours=2),
        "requester": "nora.sample@example.org",
        "requester_name": "Nora Sample",
        "requester_hash": "h" * 32,
        "subject": "My account and everything in it",
        "language": "en",
        "requests": tuple(request(kind, n, 30 + n) for n, kind in enumerate(kinds, 1)),
        "reading": reading(*kinds),
        "acknowledgement": "sent",
        "mails": ("m1",),
        "circle": REGISTRY.circle(kinds, ()) if kinds else Circle.STAFF,
    }
    return Case(**words | more)


def with_first(whole: Case, **more: Any) -> Case:
    first = msgspec.structs.replace(whole.requests[0], **more)
    return msgspec.structs.replace(whole, requests=(first, *whole.requests[1:]))


def _taken(kind: str, **more: Any) -> Case:
    whole = case(kind, assignee=ANA, confirmed=True, version=2, **more)
    return with_first(whole, done=("confirm",))


def _new(kind: str) -> Case:
    return case(kind)


def _claimed(kind: str) -> Case:
    return _taken(kind)


def _requester(kind: str) -> Case:
    return with_first(_taken(kind), status=Status.AWAITING_REQUESTER)


def _owners(kind: str) -> Case:
    asked = (("accounts", "done"), ("billing", "exception"), ("marketing", ""), ("logs", ""))
    queries = tuple(Query(system=name, owner=BEN, answer=said) for name, said in asked)
    this = Round(
        id=1, request=1, step="search", by=ANA, at=NOW, due_on=TODAY + timedelta(days=5),
        queries=queries,
    )  # fmt: skip
    return with_first(_taken(kind, rounds=(this,)), status=Status.AWAITING_OWNERS)


def _approval(kind: str) -> Case:
    letter = LetterState(
        id="L1", template="answer", status=OutboxStatus.DRAFT, by=ANA, at=NOW, request=1
    )
    wanted = Approval(about="L1", request=1, asked_by=ANA, asked_at=NOW)
    whole = _taken(kind, letters=(letter,), approvals=(wanted,))
    return with_first(whole, status=Status.AWAITING_APPROVAL)


def _paused(kind: str) -> Case:
    stopped = Stopped(since=date(2026, 11, 20), reason="identity", left=20)
    whole = with_first(_taken(kind), due=due(12, stopped=stopped))
    return with_first(whole, status=Status.AWAITING_REQUESTER)


def _soon(kind: str) -> Case:
    settled = Verification(how="signed in", by=ANA, at=NOW)
    return with_first(_taken(kind, verification=settled), due=due(3))


def _overdue(kind: str) -> Case:
    return with_first(_taken(kind), due=due(-2))


def _done(kind: str) -> Case:
    return with_first(
        _taken(kind),
        status=Status.CLOSED,
        outcome=Outcome.FULFILLED,
        closed_at=NOW - timedelta(hours=1),
        closed_by=ANA,
        due=due(6),
    )


def _answered(kind: str) -> Case:
    return _taken(kind, answered=True)


def _going(kind: str) -> Case:
    letter = LetterState(
        id="L1", template="answer", status=OutboxStatus.PENDING, by=ANA, request=1,
        at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    return _taken(kind, letters=(letter,))


CALIFORNIA = Candidate(regime="ccpa", place="US")
#: the states every kind has
OF_A_KIND: dict[str, Callable[[str], Case]] = {
    "new": _new,
    "claimed": _claimed,
    "answered": _answered,
    "waits for the requester": _requester,
    "waits for owners": _owners,
    "waits for approval": _approval,
    "paused": _paused,
    "due soon": _soon,
    "overdue": _overdue,
    "letter going out": _going,
    "done": _done,
}


def triage() -> Case:
    sure = {"deletion": 0.54, "unsubscribe": 0.31, "access": 0.12, "not_a_request": 0.03}
    read = reading("deletion", decision="triage", confidence=sure, because=())
    return case("access", requests=(request(None),), triage=True, reading=read)


def bulk() -> Case:
    sure = dict.fromkeys(KINDS, 0.01) | {"question": 0.04, "not_a_request": 0.93}
    read = reading("not_a_request", decision="ignore", confidence=sure, because=())
    return msgspec.structs.replace(triage(), reading=read)


def held() -> Case:
    return msgspec.structs.replace(triage(), held_for="PR-2026-0031", acknowledgement="")


def several() -> Case:
    kinds = ("access", "deletion", "unsubscribe")
    whole = case(*kinds, assignee=BEN, confirmed=True, version=3)
    whole = with_first(whole, done=("confirm",))
    first, second, third = whole.requests
    over = {"status": Status.CLOSED, "outcome": Outcome.FULFILLED, "closed_at": NOW}
    second = msgspec.structs.replace(second, due=due(21, "policy"), done=("confirm",))
    third = msgspec.structs.replace(third, **over)
    return msgspec.structs.replace(whole, requests=(first, second, third), held=("m7",))


def ten() -> Case:
    kinds = ("access", "deletion", "correction", "unsubscribe", "question") * 2
    requests = tuple(request(kind, n, 20 + n, done=("confirm",)) for n, kind in enumerate(kinds, 1))
    return case("access", requests=requests, assignee=ANA, confirmed=True)


def everything_at_once() -> Case:
    """Each line a card can have."""
    letters = tuple(
        LetterState(id=f"L{n}", template="answer", status=status, by=ANA, at=NOW, bounced=bounced)
        for n, (status, bounced) in enumerate(
            [(OutboxStatus.PENDING, False), (OutboxStatus.DEAD, False), (OutboxStatus.SENT, True)]
        )
    )
    return msgspec.structs.replace(
        ten(),
        answered=True,
        breach=Breach(aware_at=NOW, by=ANA, at=NOW),
        held=("m1", "m2"),
        held_for="PR-2026-0001",
        approvals=(Approval(about="place/1", request=1, asked_by=ANA, asked_at=NOW),),
        still_mailed=NOW,
        legal_hold=True,
        restricted=True,
        linked=("PR-2026-0002", "PR-2026-0003"),
        follows="PR-2025-0007",
        letters=letters,
        acknowledgement="withheld: the sender could not be checked " + "x" * 400,
    )


def drawn(whole: Case, now: datetime = NOW) -> Message:
    return cards.card(whole, offers.offers(whole, REGISTRY), REGISTRY, now, ZONE)


def others() -> dict[str, Message]:
    """The messages that are no kind's."""
    child = case("child_data")
    return {
        "triage": drawn(triage()),
        "looks like bulk mail": drawn(bulk()),
        "held mail": drawn(held()),
        "several requests": drawn(several()),
        "ten requests": drawn(ten()),
        "everything at once": drawn(everything_at_once()),
        "restricted placeholder": cards.placeholder(child),
        "import to sort": lists.message(f"{IMPORTED}:b1", 140, TODAY),
        "import sorted": lists.message(f"{IMPORTED}:b1", 0, TODAY),
        "wiped": tombstone("PR-2026-0042", "1 Feb 2027", "1.1"),
    }


def every() -> Iterator[tuple[str, Message]]:
    for kind in KINDS:
        for name, made in OF_A_KIND.items():
            yield f"{kind}: {name}", drawn(made(kind))
    yield from others().items()
