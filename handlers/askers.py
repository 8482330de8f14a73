"""Who asked for what in a case, and whose proof counts for it. Pure.

A case that was merged into another may be of another address. Merging proves none of them, and what
one has proven says nothing of the other (GDPR Art. 12(6)).
"""

from handlers.requests import replace
from storage.records import Case, OtherProof, Request, Verification


def asker(case: Case, request: Request) -> str:
    """The address that asked; "" = not known."""
    if not request.mail:
        return case.requester
    return next((each.address for each in case.joined if each.mail == request.mail), "")


def proof_of(case: Case, request: Request) -> Verification | None:
    """What was proven of who asked for this."""
    if (who := asker(case, request)) == case.requester:
        return case.verification
    return next((each.proof for each in case.proofs if each.address == who), None)


def with_proof(case: Case, proof: Verification, who: str) -> Case:
    """Proven is who wrote from that address, and nobody else."""
    if who == case.requester:
        return replace(case, verification=proof)
    others = tuple(each for each in case.proofs if each.address != who)
    return replace(case, proofs=(*others, OtherProof(address=who, proof=proof)))


def merged(case: Case, request: Request, into: Case) -> str:
    """The mail that asked, once the request goes on in that case; "" = its requester's own."""
    if asker(case, request) == into.requester:
        return ""
    return request.mail or next(iter(case.mails), case.ref)
