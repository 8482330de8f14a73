"""What a mail does to the desk: opens a case, joins one, waits beside one, or is let pass."""

from datetime import datetime

from handlers import earlier, opening, timing
from handlers.bursts import Bursts
from handlers.commits import import_list, later_lane
from handlers.confirming import AutomaticLetters
from handlers.deadlines import reminders
from handlers.flags import warned
from handlers.ignoring import REQUESTED, WRONG, Ignoring
from handlers.letter_actions import failed
from handlers.opening import Understood
from handlers.requests import letter_of, replace, with_letter
from handlers.stopping import Stopping
from storage.errors import Refused, UnknownReference
from storage.records import (
    Card,
    Case,
    Commit,
    InboundMail,
    MailStatus,
    Mark,
    ParsedMail,
    Reading,
    Record,
    Stored,
)

#: why a mail is ignored that we sent ourselves to see that mail comes through, and the mark of it
CANARY = "canary"


class Noted(Record, frozen=True, kw_only=True):
    """A mail that needs nobody but belongs to a case: why, and what the case's thread says."""

    reason: str
    line: str


class FromMail(AutomaticLetters, Ignoring, Bursts, Stopping):
    """Each is one commit: case, outbox and the mail's status together."""

    async def open(  # noqa: PLR0913  what a case is made of
        self,
        mail: InboundMail,
        parsed: ParsedMail,
        reading: Reading,
        now: datetime,
        *,
        no_reply: str = "",
        follows: str = "",
    ) -> Case:
        """A new case, with its card and, where the rules allow, its acknowledgement.

        `follows` = the case that was closed too long ago to go on.
        """
        found = Understood(
            mail=mail, parsed=parsed, reading=reading, no_reply=no_reply, follows=follows
        )
        return await self.decided(lambda: self._open(found, now))

    async def _open(self, found: Understood, now: datetime) -> Case:
        stored = await self._stored(found.mail)
        if stored.case is not None:
            return await self.case(stored.case)
        puts: list[Stored] = []
        case = await self._after(await self._new_case(found), found, now, puts)
        case = await self._stopped(case, found, now, puts)
        letter, case = await self._automatic(case, found, now, puts)
        if reminders.unconfirmed(case):
            case = self._reminded(case, case.received_at)
        puts += [case, worked_on(stored, found.parsed, MailStatus.PROCESSED, case.ref)]
        if case.imported:  # no card: its place is in the list of its import
            puts += await self.listed(import_list(case.batch), now)
        else:
            puts.append(self.message(later_lane(case), Card(case=case.ref), now))
            puts += await self._busy(case, now)
        puts += [letter] if letter else []
        puts += self._unheeded_line(case, now)
        why = f"written down, {found.came_by}" if found.came_by else ""
        await self.commit("open", found.by, case, now, *puts, why=why)
        return await self.case(case.ref)

    async def _new_case(self, found: Understood) -> Case:
        ref = await self.store.next_reference(opening.year_of(found.mail.received_at, self.policy))
        hashed = self.keys.address_hash(found.requester)
        case = opening.opened(ref, found, hashed, self.registry, self.policy)
        return await earlier.of_mail(self.store, case, found.parsed)

    async def _after(
        self, case: Case, found: Understood, now: datetime, puts: list[Stored]
    ) -> Case:
        """With what came before it: the closed case it goes on from, those a complaint is about."""
        if (before := await self.store.case(found.follows) if found.follows else None) is not None:
            case = opening.going_on(case, before)
            puts.append(self.line(before, f"The requester wrote again: {case.ref}.", now))
        same = await earlier.same_address(self.store, case)
        return await earlier.of_requester(self.store, opening.back_again(case, same), same)

    async def follow_up(
        self,
        ref: str,
        mail: InboundMail,
        parsed: ParsedMail,
        now: datetime,
        *,
        reading: Reading | None = None,
    ) -> Case:
        """The requester wrote again: the mail joins its case."""
        return await self.decided(lambda: self._follow_up(ref, mail, parsed, reading, now))

    async def _follow_up(
        self,
        ref: str,
        mail: InboundMail,
        parsed: ParsedMail,
        reading: Reading | None,
        now: datetime,
    ) -> Case:
        case, stored = await self.case(ref), await self._stored(mail)
        if stored.id in case.mails:
            return case
        after = warned(timing.joined(case, stored, parsed.message_id), parsed)
        after = self._timed(case, after, now)
        after, still = self._again(after, reading, now)
        await self.commit(
            "follow_up",
            "requester",
            after,
            now,
            after,
            worked_on(stored, parsed, MailStatus.PROCESSED, ref),
            await self.refreshed(after, now),
            self.line(after, "The requester answered: open it.", now, call=True),
            *still,
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
        case = await earlier.of_requester(self.store, case)
        beside = replace(suspected, held=(*suspected.held, stored.id))
        mail = replace(
            worked_on(stored, found.parsed, MailStatus.HELD, case.ref),
            reason=f"may belong to {ref}",
        )
        await self.commit(
            "hold",
            "desk",
            case,
            now,
            *(case, beside, mail),
            self.message(later_lane(case), Card(case=case.ref), now),
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
                worked_on(stored, parsed, MailStatus.IGNORED, case.ref if case else None),
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

    async def canary(self, mail: InboundMail, parsed: ParsedMail, now: datetime) -> None:
        """Our own mail has come all the way: that it has, and when, is remembered."""
        await self.decided(lambda: self._canary(mail, parsed, now))

    async def _canary(self, mail: InboundMail, parsed: ParsedMail, now: datetime) -> None:
        stored = await self._stored(mail)
        if stored.status is not MailStatus.RECEIVED:
            return
        last = await self.store.mark(CANARY) or Mark(id=CANARY, at=now, count=0)
        through = replace(last, at=now, count=last.count + 1)
        ignored = replace(worked_on(stored, parsed, MailStatus.IGNORED, None), reason=CANARY)
        await self.store.commit(
            Commit(at=now, actor="desk", act="ignore", note=CANARY, puts=(ignored, through))
        )

    async def file(
        self, mail: InboundMail, parsed: ParsedMail, ref: str, noted: Noted, now: datetime
    ) -> None:
        """A machine's mail that belongs to a case and changes nothing there."""

        async def decide() -> None:
            stored, case = await self._stored(mail), await self.case(ref)
            if stored.status is not MailStatus.RECEIVED:
                return
            filed = worked_on(stored, parsed, MailStatus.IGNORED, ref)
            filed = replace(filed, reason=noted.reason)
            line = self.line(case, noted.line, now)
            await self.commit("file", "desk", case, now, filed, line)

        await self.decided(decide)

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
        """A failed mail is to be worked on again; an ignored one is a request after all, received
        when it was. Raises UnknownReference, Refused."""
        return await self.decided(lambda: self._rework(mail_id, by, now))

    async def _rework(self, mail_id: str, by: str, now: datetime) -> InboundMail:
        mail = await self.store.mail(mail_id)
        if mail is None:
            raise UnknownReference(f"There is no mail {mail_id}: `desk mails` lists them all.")
        puts: list[Stored] = []
        match mail.status:
            case MailStatus.FAILED:
                again = replace(mail, status=MailStatus.RECEIVED, reason="")
            case MailStatus.IGNORED if mail.sha256:
                again = replace(mail, status=MailStatus.RECEIVED, reason=REQUESTED, case=None)
                puts.append(await self._tallied(WRONG, now))
            case _:
                raise Refused(f"Mail {mail_id} is {mail.status}: nothing to retry.")
        note = again.reason
        await self.store.commit(
            Commit(at=now, actor=by, act="retry", note=note, puts=(again, *puts))
        )
        return await self._stored(again)

    async def _returned(self, case: Case, bounced: str, now: datetime) -> list[Stored]:
        """Our letter came back: what it settled is open again, and the card says so."""
        letter = letter_of(case, bounced)
        if letter is None or letter.bounced:
            return []
        back = replace(letter, bounced=True)
        after = self._reminded(failed(with_letter(case, back), back), now)
        if back.template == "acknowledgement":
            after = timing.acknowledged(after, "withheld: it came back undelivered")
        after = replace(after, version=case.version + 1)
        said = "A letter of ours came back undelivered."
        told: list[Stored] = [self.line(after, said, now, call=True)]
        if timing.sooner(case, after):
            told = [
                *self.alarm(after, f"{said} The old date holds: {timing.moves(case, after)}", now)
            ]
        return [after, await self.refreshed(after, now), *told]

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


def worked_on(
    mail: InboundMail, parsed: ParsedMail | None, status: MailStatus, ref: str | None
) -> InboundMail:
    found = {"message_id": parsed.message_id} if parsed else {"message_id": ""}
    if parsed is not None and parsed.sender is not None:
        found["sender"] = parsed.sender.words
    return replace(mail, status=status, case=ref, reason="", **found)
