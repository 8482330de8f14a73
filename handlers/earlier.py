"""The closed cases that a complaint may be about, found without anybody naming them.

Whoever closed one of them does not work on the complaint, until somebody else says that it is not
about that case: who answered before is no judge of it.
"""

import re
from collections.abc import Iterable

from handlers.flags import CIRCLES
from handlers.handler import Person
from handlers.requests import replace
from storage.records import Case, Earlier, ParsedMail, Status
from storage.store import Store

COMPLAINT = "complaint"
_SERVICE = "bulk_agent"
_REFERENCE = re.compile(r"\bPR-\d{4}-\d{4,7}\b", re.IGNORECASE)
_LOOKED_AT = 200_000  #: characters of a mail in which references are looked for
_MOST = 20  #: references of one mail that are looked up


def complains(case: Case) -> bool:
    """Is there a complaint in it?"""
    return any(request.kind == COMPLAINT for request in case.open_requests)


def kept_out(case: Case) -> tuple[str, ...]:
    """Who sees the case and does not work on it: whom it is about, and who closed one that it may
    be about."""
    suspected = case.earlier if complains(case) else ()
    closers = (person for each in suspected for person in each.closed_by)
    return tuple(dict.fromkeys((*case.barred, *closers)))


def shown(case: Case) -> tuple[Earlier, ...]:
    """Those that everybody of the case's circle may hear of."""
    within = CIRCLES.index(case.circle)
    return tuple(each for each in case.earlier if CIRCLES.index(each.circle) <= within)


def seen_by(case: Case, person: Person) -> tuple[Earlier, ...]:
    """Those that this person may hear of, and so decide on."""
    return tuple(each for each in case.earlier if person.may_act_in(each.circle))


def closers(other: Case) -> tuple[str, ...]:
    """Who closed its requests: a complaint about it is not theirs to decide."""
    people = (request.closed_by for request in other.requests)
    return tuple(dict.fromkeys(person for person in people if person not in {"", "desk"}))


def given_back(case: Case) -> Case:
    """Without an assignee who does not work on it any more."""
    return replace(case, assignee=None) if case.assignee in kept_out(case) else case


async def of_mail(store: Store, case: Case, parsed: ParsedMail) -> Case:
    """A new case, with those that its mail names or answers, whatever it turns out to ask."""
    text = f"{parsed.subject}\n{parsed.text[:_LOOKED_AT]}"
    names = dict.fromkeys(name.upper() for name in _REFERENCE.findall(text))
    found = [await store.case(ref) for ref in list(names)[:_MOST]]
    answers = dict.fromkeys((parsed.in_reply_to, *parsed.references[-_MOST:]))
    found += [await store.case_with_message(name) for name in answers if name]
    return _with(case, *(other for other in found if other is not None))


async def same_address(store: Store, case: Case) -> tuple[Case, ...]:
    """Those of the same address; none where it writes for many people, which tells nothing of who
    is behind it."""
    if not case.requester or _SERVICE in case.flags:
        return ()
    return await store.cases_of(case.requester_hash)


async def of_requester(store: Store, case: Case, same: Iterable[Case] | None = None) -> Case:
    """A complaint, with the closed cases of the same address (`same`, where they are known), and
    those it goes on from or was held for; another case as it is."""
    if not complains(case):
        return case
    found = [await store.case(ref) for ref in (case.follows, case.held_for) if ref]
    found += await same_address(store, case) if same is None else same
    return given_back(_with(case, *(other for other in found if other is not None)))


def _with(case: Case, *others: Case) -> Case:
    """Nobody is kept out for what is linked already: that was decided."""
    known = {each.ref: each for each in case.earlier}
    for other in others:
        ended = any(request.status is Status.CLOSED for request in other.requests)
        if ended and closers(other) and other.ref not in {case.ref, *case.linked}:
            known[other.ref] = Earlier(ref=other.ref, circle=other.circle, closed_by=closers(other))
    return replace(case, earlier=tuple(known[ref] for ref in sorted(known)))
