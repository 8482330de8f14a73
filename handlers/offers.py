"""What can be done with a case now, as buttons: the likeliest next step first."""

from collections.abc import Iterator

from handlers import approvals
from handlers.handler import Action, Offer
from handlers.registry import Registry
from handlers.requests import replace
from storage.records import Case, Request

#: from this lead on, the best guess is the coloured button
CLEAR_LEAD = 0.15


def offers(case: Case, registry: Registry) -> tuple[Offer, ...]:
    """At most one is primary, and it stands first."""
    found = [offer for action in registry.actions.values() for offer in _of(action, case, registry)]
    if case.triage and not case.closed:
        first = {"show_message": 0, "join": 1, "not_a_request": 2}
        found.sort(key=lambda offer: first.get(offer.action, 3))
        return (*_guesses(case, registry), *found)
    wanted = _likeliest(case, registry)
    found.sort(key=lambda offer: wanted.index(offer.action) if _is(offer, wanted, case) else 9)
    if not found or not _is(found[0], wanted[:1], case):
        return tuple(found)
    return (replace(found[0], style="primary"), *found[1:])


def guesses(case: Case, registry: Registry) -> tuple[tuple[str, float], ...]:
    """The two likeliest kinds of an unsorted case, with their probability."""
    confidence = case.reading.confidence if case.reading else {}
    known = [(name, p) for name, p in confidence.items() if name in registry]
    return tuple(sorted(known, key=lambda guess: -guess[1])[:2])


def _guesses(case: Case, registry: Registry) -> Iterator[Offer]:
    confirm = registry.actions["confirm"]
    likely = guesses(case, registry)
    lead = likely[0][1] - likely[1][1] if len(likely) == 2 else 0.0
    for place, (name, _) in enumerate(likely):
        word = name.replace("_", " ")
        yield Offer(
            action=confirm.name,
            label=f"Confirm {word}",
            style="primary" if place == 0 and lead >= CLEAR_LEAD else "",
            value=name,
            says=f"{case.ref}: {registry.title(name)}",
        )


def offered(action: Action, case: Case, request: Request | None, registry: Registry) -> bool:
    """May it be done now, whoever does it?"""
    return action.offered(case, request) and action.fits(registry.request_kinds(case))


def _of(action: Action, case: Case, registry: Registry) -> Iterator[Offer]:
    if not action.listed:
        return
    if action.about == "case":
        if offered(action, case, None, registry):
            yield _offer(action, case, None, registry)
        return
    for request in case.requests:
        if offered(action, case, request, registry):
            yield _offer(action, case, request, registry)


def _offer(action: Action, case: Case, request: Request | None, registry: Registry) -> Offer:
    label = action.named(case)
    about = registry.title(request.kind).lower() if request else "case"
    return Offer(
        action=action.name,
        label=label,
        request=request.id if request else None,
        style=action.style,
        confirm=action.confirm,
        form=action.asks,
        writes=action.writes,
        reads=action.reads,
        value=action.value(case),
        says=f"{label}: {about} {case.ref}",
    )


def _likeliest(case: Case, registry: Registry) -> tuple[str, ...]:
    """Claim while it is free, then who is waited for, then the step of what is due first."""
    if case.closed:
        return ()
    if approvals.pending(case):
        return ("second_person",)
    request = _most_urgent(case)
    kind = registry[request.kind] if request.kind is not None else None
    step = kind.next_step(case, request) if kind else None
    free = ("claim",) if case.assignee is None else ()
    return (*free, step.action) if step else free


def _most_urgent(case: Case) -> Request:
    return min(case.open_requests, key=lambda r: (r.due.aim_on, r.id))


def _is(offer: Offer, actions: tuple[str, ...], case: Case) -> bool:
    """Is it one of these actions, of the case or of its most urgent request?"""
    meant = offer.request is None or case.closed or offer.request == _most_urgent(case).id
    return offer.action in actions and meant
