"""What a mail does to the desk: opens a case, joins one, waits beside one, or is let pass."""

from datetime import datetime

from handlers import opening
from handlers.commits import Commits, lane_of
from handlers.deadlines.rules import CALENDAR
from handlers.deadlines.working_days import add_working_days, local_day
from handlers.handler import Draft
from handlers.letter_actions import failed
from handlers.letters.acknowledgement import withheld
from handlers.opening import Understood
from handlers.requests import letter_of, replace, with_letter, with_request, with_step
from storage.errors import Refused, UnknownReference
from storage.records import (
    Card,
    Case,
    Commit,
    InboundMail,
    LetterState,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    ParsedMail,
    Reading,
    Status,
    Stored,
    Suppression,
)

PILOT = "DESK_PILOT: letters wait"


class FromMail(Commits):
    """Each is one commit: case, outbox and the mail's status together."""

    async def open(
        self,
        mail: InboundMail,
        parsed: ParsedMail,
        reading: Reading,
        now: datetime,
        *,
        no_reply: str = "",
    ) -> Case:
        """A new case, with its card and, where the rules allow, its acknowledgement."""
        found = Understood(mail=mail, parsed=parsed, reading=reading, no_reply=no_reply)
        return await self.decided(lambda: self._open(found, now))

    async def _open(self, found: Understood, now: datetime) -> Case:
        stored = await self._stored(found.mail)
        if stored.case is not None:
            return await self.case(stored.case)
        case = await self._new_case(found)
        puts: list[Stored] = []
        unwanted = await self._suppressed(case, found, now, puts)
        letter, case = await self._automatic(case, found, unwanted, now, puts)
        card = self.message(lane_of(case), Card(case=case.ref), now)
        puts += [case, _worked_on(stored, found.parsed, MailStatus.PROCESSED, case.ref), card]
        puts += [letter] if letter else []
        if unwanted:
            text = f"Still mailed: this address has been on the do-not-mail list since {unwanted}."
            puts.append(self.line(case, text, now))
        await self.commit("open", "desk", case, now, *puts)
        return await self.case(case.ref)

    async def _new_case(self, found: Understood) -> Case:
        ref = await self.store.next_reference(opening.year_of(found.mail.received_at, self.policy))
        hashed = self.keys.address_hash(found.requester)
        return opening.opened(ref, found, hashed, self.registry, self.policy)

    async def _suppressed(
        self, case: Case, found: Understood, now: datetime, puts: list[Stored]
    ) -> str:
        """Put the address on the list at once; since when it has been there, if it has."""
        asked = any(request.kind == "unsubscribe" for request in case.requests)
        if not asked or not case.requester or found.imported:
            return ""
        known = await self.store.suppression(case.requester_hash)
        if known is None:
            puts.append(suppression(case, now))
            return ""
        # what was on its way then has arrived by now: somebody did not use the list
        first = add_working_days(local_day(known.since, self.policy.timezone), 2, CALENDAR)
        late = local_day(now, self.policy.timezone) > first
        return f"{known.since:%d %b %Y}" if late else ""

    async def _automatic(
        self, case: Case, found: Understood, unwanted: str, now: datetime, puts: list[Stored]
    ) -> tuple[OutboxMessage | None, Case]:
        """The letter that goes by itself, or the reason why none does."""
        why = withheld(found, case, self.policy)
        why = why or ("the address was on the do-not-mail list already" if unwanted else "")
        why = why or (PILOT if self.policy.pilot else "") or await self._cap(case, now, puts)
        alone = [request.kind for request in case.requests] == ["unsubscribe"]
        sole = alone and not case.triage and not case.flags
        draft = Draft(template="unsubscribed" if sole else "acknowledgement", automatic=True)
        if why and why != PILOT:
            return None, replace(case, acknowledgement=f"withheld: {why}")
        letter = self.letter(case, draft, now, "desk")
        if not why:
            at = self.pace.slot(case.requester.rpartition("@")[2], now)
            letter = replace(letter, status=OutboxStatus.PENDING, send_after=at)
        state = LetterState(
            id=letter.id,
            template=draft.template,
            status=letter.status,
            by="desk",
            at=letter.send_after,
            request=1 if sole else None,
        )
        said = f"withheld: {why}" if why else "pending"
        case = replace(with_letter(case, state), acknowledgement=said)
        return letter, with_step(case, 1, "answer") if sole and not why else case

    async def _cap(self, case: Case, now: datetime, puts: list[Stored]) -> str:
        """A day's allowance of one address: two robots must not write to each other for ever."""
        name = f"letters:{case.requester_hash}:{now:%Y-%m-%d}"
        mark = await self.store.mark(name) or Mark(id=name, at=now, count=0)
        if mark.count >= self.policy.acks_per_address_day:
            return f"this address had {mark.count} automatic letters today"
        puts.append(replace(mark, count=mark.count + 1))
        return ""

    async def follow_up(
        self, ref: str, mail: InboundMail, parsed: ParsedMail, now: datetime
    ) -> Case:
        """The requester wrote again: the mail joins its case."""
        return await self.decided(lambda: self._follow_up(ref, mail, parsed, now))

    async def _follow_up(
        self, ref: str, mail: InboundMail, parsed: ParsedMail, now: datetime
    ) -> Case:
        case, stored = await self.case(ref), await self._stored(mail)
        if stored.id in case.mails:
            return case
        after = joined(case, stored.id, parsed.message_id)
        await self.commit(
            "follow_up",
            "requester",
            after,
            now,
            after,
            _worked_on(stored, parsed, MailStatus.PROCESSED, ref),
            await self.refreshed(after, now),
            self.line(after, "The requester wrote again: open it.", now, call=True),
        )
        return await self.case(ref)

    async def hold(
        self, ref: str, mail: InboundMail, parsed: ParsedMail, reading: Reading, now: datetime
    ) -> Case:
        """A right reference from a wrong sender: a case of its own, and nothing goes out."""
        found = Understood(mail=mail, parsed=parsed, reading=reading)
        return await self.decided(lambda: self._hold(ref, found, now))

    async def _hold(self, ref: str, found: Understood, now: datetime) -> Case:
        suspected, stored = await self.case(ref), await self._stored(found.mail)
        if stored.case is not None:
            return await self.case(stored.case)
        case = opening.held(await self._new_case(found), suspected)
        beside = replace(suspected, held=(*suspected.held, stored.id))
        mail = replace(
            _worked_on(stored, found.parsed, MailStatus.HELD, case.ref),
            reason=f"may belong to {ref}",
        )
        await self.commit(
            "hold",
            "desk",
            case,
            now,
            *(case, beside, mail),
            self.message(lane_of(case), Card(case=case.ref), now),
            await self.refreshed(beside, now),
            self.line(beside, f"A mail that may belong here waits: {case.ref}.", now, call=True),
        )
        return await self.case(case.ref)

    async def ignore(
        self,
        mail: InboundMail,
        parsed: ParsedMail | None,
        reason: str,
        now: datetime,
        *,
        bounced: str | None = None,
    ) -> None:
        """A mail that needs nobody; `bounced` is the id of the letter of ours it returns."""
        await self.decided(lambda: self._ignore(mail, parsed, reason, now, bounced))

    async def _ignore(
        self,
        mail: InboundMail,
        parsed: ParsedMail | None,
        reason: str,
        now: datetime,
        bounced: str | None,
    ) -> None:
        stored = await self._stored(mail)
        if stored.status not in {MailStatus.RECEIVED, MailStatus.FAILED}:
            return
        message = await self.store.message(bounced) if bounced else None
        case = await self.store.case(message.case) if message and message.case else None
        puts: list[Stored] = [
            replace(
                _worked_on(stored, parsed, MailStatus.IGNORED, case.ref if case else None),
                reason=reason,
            )
        ]
        if case and bounced:
            puts += await self._returned(case, bounced, now)
        await self.store.commit(
            Commit(
                at=now,
                actor="desk",
                act="ignore",
                case=case.ref if case else None,
                note=reason,
                puts=tuple(puts),
            )
        )

    async def fail(self, mail: InboundMail, fault: str, now: datetime) -> None:
        """Nobody could work on it: it waits for a person. `fault` names the kind of fault alone."""
        await self.decided(lambda: self._fail(mail, fault, now))

    async def _fail(self, mail: InboundMail, fault: str, now: datetime) -> None:
        stored = await self._stored(mail)
        if stored.status is not MailStatus.RECEIVED:
            return
        failed_mail = replace(stored, status=MailStatus.FAILED, reason=fault)
        await self.store.commit(Commit(at=now, actor="desk", act="fail", puts=(failed_mail,)))

    async def rework(self, mail_id: str, by: str, now: datetime) -> InboundMail:
        """A failed mail is to be worked on again. Raises UnknownReference, Refused."""
        return await self.decided(lambda: self._rework(mail_id, by, now))

    async def _rework(self, mail_id: str, by: str, now: datetime) -> InboundMail:
        mail = await self.store.mail(mail_id)
        if mail is None:
            raise UnknownReference(f"There is no mail {mail_id}: `desk mails` lists them all.")
        if mail.status is not MailStatus.FAILED:
            raise Refused(f"Mail {mail_id} is {mail.status}: nothing to retry.")
        again = replace(mail, status=MailStatus.RECEIVED, reason="")
        await self.store.commit(Commit(at=now, actor=by, act="retry", puts=(again,)))
        return await self._stored(again)

    async def _returned(self, case: Case, bounced: str, now: datetime) -> list[Stored]:
        """Our letter came back: what it settled is open again, and the card says so."""
        letter = letter_of(case, bounced)
        if letter is None or letter.bounced:
            return []
        back = replace(letter, bounced=True)
        after = self._reminded(failed(with_letter(case, back), back), now)
        if back.template == "acknowledgement":
            after = replace(after, acknowledgement="withheld: it came back undelivered")
        after = replace(after, version=case.version + 1)
        return [
            after,
            await self.refreshed(after, now),
            self.line(after, "A letter of ours came back undelivered.", now, call=True),
        ]

    async def repeat(self, mail: InboundMail, earlier: InboundMail, now: datetime) -> None:
        """The same envelope and content again: nothing new, but somebody is waiting."""
        await self.decided(lambda: self._repeat(mail, earlier, now))

    async def _repeat(self, mail: InboundMail, earlier: InboundMail, now: datetime) -> None:
        stored = await self._stored(mail)
        if stored.status is not MailStatus.RECEIVED:
            return
        first = await self._stored(earlier)
        case = await self.store.case(first.case) if first.case else None
        reason = f"repeat of {earlier.id}"
        ignored = replace(
            stored,
            status=MailStatus.IGNORED,
            reason=reason,
            case=first.case,
            message_id=first.message_id,
        )
        puts: list[Stored] = [ignored]
        if case:
            puts.append(self.line(case, "The same mail came again.", now))
        await self.store.commit(
            Commit(
                at=now, actor="desk", act="repeat", case=first.case, note=reason, puts=tuple(puts)
            )
        )

    async def _stored(self, mail: InboundMail) -> InboundMail:
        return await self.store.mail(mail.id) or mail


def joined(case: Case, mail: str, message_id: str) -> Case:
    """The case with one more mail of its requester: it goes on, and waits to be read."""
    for request in case.open_requests:
        if request.status is Status.AWAITING_REQUESTER:
            case = with_request(case, replace(request, status=Status.OPEN))
    ids = case.message_ids
    if message_id and message_id not in ids:
        ids = (*ids, message_id)
    return replace(case, mails=(*case.mails, mail), message_ids=ids, answered=True)


def suppression(case: Case, now: datetime) -> Suppression:
    """The requester's address, under its keyed hash."""
    return Suppression(hash=case.requester_hash, address=case.requester, since=now, case=case.ref)


def _worked_on(
    mail: InboundMail, parsed: ParsedMail | None, status: MailStatus, ref: str | None
) -> InboundMail:
    message_id = parsed.message_id if parsed else ""
    return replace(mail, status=status, case=ref, message_id=message_id, reason="")
