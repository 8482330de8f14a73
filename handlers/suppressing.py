"""Whose addresses get no marketing because of a case, and when staff look whether that held. Pure.

An address is no proof of who asks. That mail stops for somebody else's does no harm, so nobody is
asked to prove anything; but staff see it, and can take it back.
"""

import re
from datetime import datetime

from handlers.policy import Policy
from storage.records import Case, Suppressed

ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
MOST = 10  #: addresses offered to tick


def own(case: Case, address: str) -> bool:
    """Is it the asker's, or proven to be theirs?"""
    return address in {case.requester, case.proven}


def strangers(case: Case) -> tuple[Suppressed, ...]:
    """On the list because of this case, and nobody knows whose."""
    return tuple(each for each in case.suppressed if not own(case, each.address))


def since(case: Case) -> datetime | None:
    """When the requester's address came on the list; else the first that did."""
    mine = [each.since for each in case.suppressed if each.address == case.requester]
    return min(mine or [each.since for each in case.suppressed], default=None)


def look_from(case: Case, policy: Policy) -> datetime:
    """From when on it can be seen whether anything was still sent."""
    return (since(case) or case.received_at) + policy.look_after


def known(case: Case) -> tuple[str, ...]:
    """The addresses there are to choose from, those on the list first."""
    facts = case.reading.facts if case.reading else ()
    found = (
        *(each.address for each in case.suppressed),
        case.requester,
        case.proven,
        *(each.address for each in case.joined),
        *(fact.text.strip().lower() for fact in facts if fact.what == "address"),
    )
    told = (address for address in found if ADDRESS.fullmatch(address))
    return tuple(dict.fromkeys(told))[:MOST]


def how_known(case: Case, address: str) -> str:
    """What the case knows of an address."""
    if address == case.requester:
        return "asked us from here"
    if address == case.proven:
        return "proven"
    joined = address in {each.address for each in case.joined}
    return "also wrote, not proven" if joined else "named, not proven"
