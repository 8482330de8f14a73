"""Who asks: what settles it for which kind and law, and what a code sent by mail proves. Pure.

Nobody is asked for more than the least that settles it (GDPR Art. 12(6), EDPB 01/2022 65, 70): what
a law lets us demand for one kind is no reason to demand it for another.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from handlers.askers import asker, proof_of
from handlers.deadlines.working_days import local_day
from handlers.handler import Depth, Kind
from handlers.policy import Policy
from handlers.requests import letter_of, replace, with_step
from storage.records import Case, Challenge, OutboxMessage, OutboxStatus, Record, Request
from storage.sealing import Keys

#: stands in the letter where the code will be; the code itself is made when the mail is
SLOT = "····-····"
#: no vowels, so that no word is taken for one, and nothing that looks like something else
_CODE = re.compile(r"\b[2-9B-DF-HJ-NP-TV-XZ]{4}-[2-9B-DF-HJ-NP-TV-XZ]{4}\b", re.IGNORECASE)
_LOOKED_AT = 200_000  #: characters of a mail in which a code is looked for
CODE, PAPERS = "code", "papers"


class Way(Record, frozen=True, kw_only=True):
    """One way to settle who asks."""

    label: str
    by_hand: bool = True  #: may staff record it?
    explained: bool = False  #: is it worth anything only with what it rests on, in words?


#: a From is a claim, whatever authentication says of it: that somebody wrote from an address proves
#: it only where they give back what went to that address and nowhere else
WAYS: Mapping[str, Way] = MappingProxyType(
    {
        # control of the address on the account: EDPB 01/2022 72-75
        CODE: Way(label="They gave back the code sent to the address on file", by_hand=False),
        "signed_in": Way(label="They signed in"),
        # GDPR Art. 11(2), 12(2): who has no account is found by what links them to the data
        "guest": Way(label="A guest: what they told us fits the session", explained=True),
        # 11 CCR 7062(b), (c): a reasonable, and a reasonably high degree of certainty
        "two_points": Way(label="Two facts they gave match our records"),
        "three_points": Way(label="Three facts match, and a signed declaration came"),
        "authority": Way(label="Their written authority was shown"),
        "parent": Way(label="They may act for the child: parent or guardian, shown"),
        # a child who understands acts alone; presumed at 12 in Scotland
        "child": Way(label="The child acts alone: it understands what it asks", explained=True),
        "call_back": Way(label="Called back on a number found independently"),
        # EDPB 01/2022 76-79: where nothing else will do, and no copy is kept
        PAPERS: Way(label="Identity papers were seen, and nothing of them is kept", explained=True),
    }
)
#: what settles it, the least first
_BY_DEPTH: Mapping[Depth, tuple[str, ...]] = MappingProxyType(
    {
        Depth.NONE: (),
        Depth.ADDRESS: (CODE, "signed_in", "guest", "call_back", PAPERS),
        Depth.ACCOUNT: (CODE, "signed_in", "guest", "call_back", PAPERS),
        Depth.AUTHORITY: ("authority", "parent", "call_back", PAPERS),
    }
)
#: 11 CCR 7063: the agent's signed permission, or the person confirms it directly
_AGENT = ("authority", CODE, PAPERS)
#: 11 CCR 7061, 7062: a copy of the data themselves wants more than their deletion or categories
_CALIFORNIA = {
    Depth.ADDRESS: ("two_points", "three_points"),
    Depth.ACCOUNT: ("three_points",),
}
#: the right that is left where identity fails for the data themselves (11 CCR 7024(a))
CATEGORIES = "CCPA categories"
_AGENTS = frozenset({"agent", "bulk_agent"})


def ways(case: Case, request: Request, kind: Kind | None) -> tuple[str, ...]:
    """What settles identity for this request, the least first; none = nothing is to be settled."""
    if kind is None or kind.depth is Depth.NONE:
        return ()
    if kind.proofs:
        return kind.proofs
    if _AGENTS & set(case.flags):
        return _AGENT
    depth = Depth.ADDRESS if request.right == CATEGORIES else kind.depth
    found = _BY_DEPTH[depth]
    if "ccpa" in request.laws:
        return (*found[:-1], *_CALIFORNIA.get(depth, ()), found[-1])
    return found


def settled(case: Case, request: Request, kind: Kind | None) -> bool:
    """Is it settled of who asked for this, or is there nothing to settle? A proof of long ago names
    no way."""
    if kind is not None and kind.depth is Depth.NONE:
        return True
    proof = proof_of(case, request)
    return proof is not None and (not proof.way or proof.way in ways(case, request, kind))


def unsettled(case: Case, kinds: Mapping[str, Kind], who: str | None = None) -> tuple[Request, ...]:
    """The open requests whose asker is still to be proven: what was merged in is, whatever was
    proven of the case it came to. `who` = of that address alone."""
    found = (r for r in case.open_requests if not _proven(case, r, kinds.get(r.kind or "")))
    return tuple(r for r in found if who is None or asker(case, r) == who)


def _proven(case: Case, request: Request, kind: Kind | None) -> bool:
    if kind is not None and kind.depth is Depth.NONE:
        return True
    return settled(case, request, kind) and "verify" in request.done


def enough(case: Case, kinds: Mapping[str, Kind], who: str | None = None) -> tuple[str, ...]:
    """What settles all that is open (of that address), the least first; () = nothing may be
    asked."""
    each = [ways(case, r, kinds.get(r.kind or "")) for r in unsettled(case, kinds, who)]
    wanted = [found for found in each if found]
    if not wanted:
        return ()
    strictest = min(wanted, key=len)
    return tuple(way for way in strictest if all(way in found for found in wanted)) or strictest


def stepped(case: Case, kinds: Mapping[str, Kind]) -> Case:
    """The step is taken for every request that the proof is enough for."""
    for request in case.open_requests:
        if settled(case, request, kinds.get(request.kind or "")):
            case = with_step(case, request.id, "verify")
    return case


def asked_at(case: Case) -> datetime | None:
    """When proof was last asked for, by a letter that went out."""
    names = {"identity", "code_sent", CODE}
    sent = [
        letter.at
        for letter in case.letters
        if letter.template in names and letter.status is OutboxStatus.SENT and not letter.bounced
    ]
    return max(sent, default=None)


class Nudge(Record, frozen=True, kw_only=True):
    """No proof came for so long: what the desk proposes, once for each time it was asked for."""

    name: str
    at: datetime
    words: str


AGAIN = "No proof came yet: remind the requester once more with Verify or Reply."
ENDS = "No proof came: Close can end it, as never settled."


def nudges(case: Case, policy: Policy) -> tuple[Nudge, ...]:
    """Those not made yet, the next first."""
    asked = asked_at(case)
    if asked is None or all("verify" in request.done for request in case.open_requests):
        return ()
    day = local_day(asked, policy.timezone)
    both = (
        Nudge(name=f"proof_again@{day}", at=asked + policy.proof_again, words=AGAIN),
        Nudge(name=f"proof_ends@{day}", at=asked + policy.proof_ends, words=ENDS),
    )
    return tuple(nudge for nudge in both if nudge.name not in case.reminded)


def may_end(case: Case) -> bool:
    """Has the desk proposed to end it without proof?"""
    return any(name.startswith("proof_ends@") for name in case.reminded) and not case.verification


# --- the code -------------------------------------------------------------------------------


def challenged(case: Case, message: OutboxMessage, to: str, keys: Keys, policy: Policy) -> Case:
    """A code goes to that address; the one before is worth nothing any more."""
    until = local_day(message.created_at + policy.code_life, policy.timezone)
    hashed = keys.address_hash(to)
    return replace(
        case,
        challenge=Challenge(letter=message.id, address=to, address_hash=hashed, until=until),
    )


def codes_in(text: str) -> tuple[str, ...]:
    """What looks like a code of ours."""
    return tuple(dict.fromkeys(found.upper() for found in _CODE.findall(text[:_LOOKED_AT])))


def alive(case: Case, received_at: datetime, policy: Policy) -> Challenge | None:
    """The code that can still be answered: it went out, in time, and not tried too often."""
    code = case.challenge
    letter = letter_of(case, code.letter) if code else None
    if code is None or letter is None or case.closed:
        return None
    gone = letter.status is OutboxStatus.SENT and not letter.bounced
    in_time = local_day(received_at, policy.timezone) <= code.until
    return code if gone and in_time and code.tries < policy.code_tries else None


def right(code: Challenge, given: Iterable[str], keys: Keys) -> bool:
    """Is one of them the code? Each is compared in constant time."""
    return any(keys.is_code(code.letter, each) for each in given)


def tried(case: Case) -> Case:
    """One try less."""
    code = case.challenge
    return replace(case, challenge=replace(code, tries=code.tries + 1)) if code else case
