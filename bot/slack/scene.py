"""All a card is drawn from, and the questions every surface asks of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.slack.words import counted, day, joined, left, person
from handlers.askers import asker, proof_of
from handlers.digest import SOON
from handlers.handler import Depth, Kind, Offer
from storage.records import Case, Outcome, Record, Request, Status

ROWS = 12  #: requests told one by one; more are counted


WAITING = {
    Status.OPEN: "",
    Status.AWAITING_REQUESTER: "waits for the requester",
    Status.AWAITING_OWNERS: "waits for the system owners",
    Status.AWAITING_APPROVAL: "waits for a second person",
    Status.CLOSED: "closed",
}


class Kinds(Protocol):
    """What cards need of the registry."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...


class Scene(Record, frozen=True, kw_only=True):
    """All a card is drawn from."""

    case: Case
    offers: tuple[Offer, ...]
    kinds: Mapping[str, Kind]
    now: datetime
    timezone: str
    brief: bool = False  #: no menu beside each request: the card would be too heavy for Slack

    def id(self, part: str) -> str:
        """New at each state: Slack may keep the old content of a block with the same id."""
        return f"{self.case.ref}:{self.case.version}.{self.case.rev}:{part}"

    def days(self, request: Request) -> int:
        return (request.due.due_on - self.now.astimezone(ZoneInfo(self.timezone)).date()).days

    def late(self, request: Request) -> bool:
        """An imported case is late for nobody until a person has sorted it."""
        stands = request.due.stopped is not None
        return self.days(request) < 0 and not stands and not self.case.at_rest

    def soon(self, request: Request) -> bool:
        """Within the days the digest calls soon."""
        stands = request.due.stopped is not None
        return 0 <= self.days(request) <= SOON and not stands and not self.case.at_rest

    def left(self, request: Request) -> str:
        """How long there is, in words."""
        return "to be sorted first" if self.case.at_rest else left(self.days(request))


def title(request: Request, kinds: Mapping[str, Kind]) -> str:
    """A kind's own title; a kind that is gone from the registry shows as its word."""
    if request.kind is None:
        return "Not sorted yet"
    kind = kinds.get(request.kind)
    return kind.title if kind else request.kind.replace("_", " ")


def headline(case: Case, kinds: Mapping[str, Kind]) -> str:
    """What it is and its number, at most 150 characters."""
    if case.triage:
        return f"Please sort {case.ref}"
    told = [title(request, kinds) for request in case.requests]
    whole = joined([told[0], *(t[:1].lower() + t[1:] for t in told[1:])])
    if len(told) > 3 or len(whole) > 100:
        whole = counted(len(told), "request")
    if urgent(case, kinds):
        whole = f"Urgent: {whole[:1].lower()}{whole[1:]}"
    return f"{whole} {case.ref}"


def urgent(case: Case, kinds: Mapping[str, Kind]) -> bool:
    """A kind so delicate that no letter may go before a person has read the mail."""
    found = (kinds.get(r.kind or "") for r in case.open_requests)
    return any(kind is not None and not kind.acknowledged for kind in found)


def identity(scene: Scene, *, mention: bool) -> str:
    """Whether it is settled, never how: the how may name papers or accounts."""
    case = scene.case
    if any(_strange(scene, request) for request in case.open_requests):
        return "Not checked for what was merged in"
    if settled := case.verification:
        return (
            f"Settled by {person(settled.by)}" if mention else f"Settled {day(settled.at.date())}"
        )
    depths = {k.depth for r in scene.case.requests if (k := scene.kinds.get(r.kind or ""))}
    return "Not needed" if depths == {Depth.NONE} else "Not checked"


def _strange(scene: Scene, request: Request) -> bool:
    """Did another address ask for it, since cases were merged, and is not proven?"""
    kind, case = scene.kinds.get(request.kind or ""), scene.case
    wanted = kind is not None and kind.depth is not Depth.NONE
    return wanted and asker(case, request) != case.requester and not proof_of(case, request)


def ended(requests: Sequence[Request]) -> str:
    """`fulfilled 4 Dec 2026`; the different outcomes once each."""
    told: dict[str, None] = {}
    for request in requests:
        outcome = request.outcome or Outcome.FULFILLED
        when = f" {day(request.closed_at.date())}" if request.closed_at else ""
        told[f"{outcome.value.replace('_', ' ')}{when}"] = None
    return joined(told)
