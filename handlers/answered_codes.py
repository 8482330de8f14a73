"""A code comes back by mail: from the address it went to, in time, it settles who asks."""

from datetime import datetime

from handlers.askers import asker, with_proof
from handlers.flags import warned
from handlers.incoming import FromMail, worked_on
from handlers.requests import letter_of, replace
from handlers.timing import joined
from handlers.verification import CODE, WAYS, alive, codes_in, right, stepped, tried
from storage.records import (
    NOT_AUTHENTIC,
    Case,
    Challenge,
    InboundMail,
    MailStatus,
    ParsedMail,
    Verification,
)


class FromCodes(FromMail):
    """The mail is one sign, the code the other: neither is enough alone."""

    async def code_came(
        self, ref: str, mail: InboundMail, parsed: ParsedMail, now: datetime
    ) -> bool:
        """True = the mail proved who asks and joined its case; else it goes the way of any mail.

        A wrong code costs a try; one from a forged sender does not, or a stranger could use them
        up.
        """
        return await self.decided(lambda: self._code_came(ref, mail, parsed, now))

    async def _code_came(
        self, ref: str, mail: InboundMail, parsed: ParsedMail, now: datetime
    ) -> bool:
        case, stored = await self.case(ref), await self._stored(mail)
        code = alive(case, mail.received_at, self.policy)
        author = self.keys.address_hash(parsed.header_from)
        forged = parsed.sender is not None and parsed.sender.result in NOT_AUTHENTIC
        if code is None or author != code.address_hash or forged or stored.id in case.mails:
            return False
        if not right(code, codes_in(parsed.text), self.keys):
            after = tried(case)
            left = self.policy.code_tries - code.tries - 1
            line = self.line(after, f"A wrong code came; tries left: {left}.", now, call=True)
            await self.commit("wrong_code", "requester", after, now, after, line)
            return False
        proof = Verification(how=WAYS[CODE].label, by="requester", at=now, way=CODE)
        after = joined(case, stored, parsed.message_id)
        who = _asked_of(case, code)
        proven = code.address if who == case.requester else case.proven
        after = replace(after, proven=proven, challenge=None, version=case.version + 1)
        after = with_proof(after, proof, who)
        after = warned(after, parsed)
        after = self._timed(case, stepped(after, self.registry.kinds), now)
        await self.commit(
            "prove",
            "requester",
            after,
            now,
            after,
            worked_on(stored, parsed, MailStatus.PROCESSED, ref),
            await self.refreshed(after, now),
            self.line(after, "The code came back: identity is settled.", now, call=True),
        )
        return True


def _asked_of(case: Case, code: Challenge) -> str:
    """Whose proof the code was asked for: the address that made the request of its letter."""
    letter = letter_of(case, code.letter)
    numbers = {request.id: request for request in case.requests}
    request = numbers.get(letter.request or 0) if letter else None
    return asker(case, request) if request else case.requester
