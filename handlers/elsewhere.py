"""What an act changes beside its case: lists, counts, and the cases that its mails belong to."""

from datetime import datetime

from handlers import linking, opening, timing
from handlers.approvals import RELEASED_ALONE
from handlers.commits import later_lane
from handlers.handler import Effect, Moment
from handlers.ignoring import Ignoring
from handlers.requests import replace
from handlers.stopping import Stopping
from storage.errors import Refused
from storage.records import Card, Case, Joined, MailStatus, Stored


class Elsewhere(Ignoring, Stopping):
    """All of it goes into the commit of the act."""

    async def _elsewhere(self, effect: Effect, case: Case, now: datetime, by: str) -> list[Stored]:
        """What changes beside the case: what is counted, and the case a mail was held for."""
        puts: list[Stored] = []
        if effect.alone:
            puts.append(await self._tallied(RELEASED_ALONE, now))
        if (effect.release or effect.join) and case.held_for:
            puts += await self._given_back(case, now, by, joins=effect.join)
        return puts

    async def _apart(self, effect: Effect, moment: Moment, case: Case) -> tuple[Case, list[Stored]]:
        """The other cases that change with this one, and those that are split off it."""
        before, by, now = moment.case, moment.by.id, moment.now
        case, others = await self._both_ways(effect, before, case)
        if case.legal_hold != before.legal_hold:
            for ref in case.linked:
                other = others.get(ref) or await self.store.case(ref)
                if other is not None:
                    others[ref] = replace(other, legal_hold=case.legal_hold)
        puts: list[Stored] = []
        for other in (self._reminded(each, now) for each in others.values()):
            said = f"<@{by}>: this belongs with {case.ref}."
            puts += [other, await self.refreshed(other, now, by), self.line(other, said, now, by)]
        for mail_id in effect.moved:
            mail = await self.store.mail(mail_id)
            if mail is not None:
                puts.append(replace(mail, case=effect.others[0].ref))
        for person in effect.split:
            ref = await self.store.next_reference(opening.year_of(now, self.policy))
            case = replace(case, linked=(*case.linked, ref))
            new = self._reminded(linking.split_off(before, ref, person), now)
            puts += [new, self.message(later_lane(new), Card(case=ref), now, by)]
        return case, puts

    async def _both_ways(
        self, effect: Effect, before: Case, case: Case
    ) -> tuple[Case, dict[str, Case]]:
        """The other cases by reference; what was linked by its reference alone knows it too."""
        others = {other.ref: other for other in effect.others}
        for ref in set(case.linked) - set(before.linked) - set(others):
            if (other := await self.store.case(ref)) is not None:
                case, others[ref] = linking.linked(case, other)
        return case, others

    async def _forked(self, case: Case, now: datetime) -> tuple[Case, list[Stored]]:
        """The last mail asks something new: it gets a case of its own. Raises Refused where no
        mail came since the case ended."""
        mail = await self.store.mail(case.mails[-1]) if case.mails else None
        ended = max((r.closed_at for r in case.requests if r.closed_at), default=now)
        if mail is None or mail.received_at <= ended or not case.closed:
            raise Refused(f"No mail came since {case.ref} was closed: it is unfinished.")
        ref = await self.store.next_reference(opening.year_of(mail.received_at, self.policy))
        new = opening.forked(ref, mail, case, self.registry)
        new = self._reminded(new, now)
        case = replace(case, mails=case.mails[:-1], linked=(*case.linked, new.ref), answered=False)
        card = self.message(later_lane(new), Card(case=new.ref), now)
        return case, [new, replace(mail, case=new.ref), card]

    async def _given_back(self, case: Case, now: datetime, by: str, *, joins: bool) -> list[Stored]:
        suspected = await self.case(case.held_for)
        rest = tuple(mail for mail in suspected.held if mail not in case.mails)
        after = replace(suspected, held=rest)
        puts: list[Stored] = []
        for mail_id in case.mails:
            mail = await self.store.mail(mail_id)
            if mail is None or mail.status is not MailStatus.HELD:
                continue
            if joins:
                after = timing.joined(after, mail, mail.message_id)
                other = Joined(mail=mail.id, address=case.requester)
                after = replace(after, joined=(*after.joined, other))
            ref = after.ref if joins else case.ref
            puts.append(replace(mail, status=MailStatus.PROCESSED, case=ref, reason=""))
        after = self._timed(suspected, after, now)
        said = f"The mail of {case.ref} {'belongs here' if joins else 'does not belong here'}."
        return [
            *puts,
            after,
            await self.refreshed(after, now, by),
            self.line(after, said, now, by, call=joins),
        ]
