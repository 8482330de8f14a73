"""From a kept mail to a case. Read `Worker._steps` top to bottom to know the system.

    repeat? - parse - screen - sender - match - classify - jurisdiction - Desk

Each mail ends in exactly one commit of the Desk. Nothing here rejects a mail: what cannot be
read or understood becomes a case for a person.
"""

import asyncio
import logging
from collections import deque
from datetime import timedelta

import msgspec

from handlers.clock import Clock
from handlers.desk import Desk
from handlers.ignoring import REQUESTED
from handlers.incoming import Noted
from handlers.opening import IMPORTED
from handlers.policy import Policy
from intake import canary, classify, jurisdiction, mime, screen, sender
from intake.envelope import Addresses
from intake.match import Match, Matcher
from intake.parse import NoWorker, Parser
from intake.turns import Place, Turns
from storage.errors import Conflict, StoreAway, StoreFailed, StoreFull
from storage.records import Fact, InboundMail, MailStatus, ParsedMail, Reading
from storage.store import Store

log = logging.getLogger(__name__)

_REPEAT = timedelta(days=7)
_AT_ONCE = 16  # mails in hand; one requester's are worked on one after the other
_AHEAD = 16  # mails queued of those that another process could work on as well
#: why a mail is ignored, and the line in its case's thread
DELAYED = Noted(
    reason="a report that our letter is delayed",
    line="A letter of ours is delayed: the mail servers still try.",
)
REPORTED = Noted(
    reason="a machine's report about our letter",
    line="A machine's report about a letter of ours came (read, or marked as spam).",
)
AWAY = Noted(
    reason="an automatic reply",
    line="An automatic reply came: the requester may be away.",
)
_TRIES = 5  # against somebody who clicks at the same moment
#: nothing can be kept, or nothing read: no fault of the mail
_NOT_NOW = (StoreFull, StoreFailed, StoreAway, NoWorker)


class Worker:
    """Works on what was kept and not yet worked on, then on what comes."""

    def __init__(  # noqa: PLR0913  what the way of a mail is made of
        self,
        store: Store,
        desk: Desk,
        parser: Parser,
        policy: Policy,
        clock: Clock,
        *,
        senders: sender.Senders | None = None,
    ) -> None:
        self._store = store
        self._desk = desk
        self._parser = parser
        self._senders = senders or sender.Senders()
        self._keys = store.keys
        self._clock = clock
        self._addresses = Addresses(policy.addresses)
        self._matcher = Matcher(store, self._addresses)
        self._reopen = policy.reopen
        self._offices = policy.offices
        self._turns = Turns()
        self._queue: deque[InboundMail] = deque()
        self._known: set[str] = set()  # queued or in hand
        self._scan = True
        self._awake = asyncio.Event()
        self.worked = 0
        self.failures = 0

    @property
    def waiting(self) -> int:
        """Mails queued or in hand."""
        return len(self._known)

    def wake(self, mail: InboundMail | None = None) -> None:
        """A mail has come; None = look for yourself."""
        if mail is None:
            self._scan = True
        else:
            self._enqueue(mail)
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled. Raises StoreFull, StoreFailed, StoreAway and NoWorker: nothing
        more can be kept, or read, now."""
        self._queue.clear()
        self._known.clear()
        self._scan = True
        room = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    await room.acquire()
                    mail = await self._next()
                    task = tasks.create_task(self._work(mail))
                    task.add_done_callback(lambda _: room.release())
        except ExceptionGroup as group:  # the mails in hand are let go; the first fault counts
            raise group.exceptions[0] from None

    async def _next(self) -> InboundMail:
        while True:
            self._awake.clear()
            if self._scan and not self._queue:
                self._scan = False
                self._scan = await self._look() or self._scan
            if self._queue:
                return self._queue.popleft()
            try:
                async with asyncio.timeout(self._store.mails.again):
                    await self._awake.wait()
            except TimeoutError:
                self._scan = True

    async def _look(self) -> bool:
        """Queue what waits; True = there may be more, left to other processes for now."""
        shared = self._store.mails.again is not None
        async for mail in self._store.mails.waiting():
            self._enqueue(mail)
            if shared and len(self._queue) >= _AHEAD:
                return True
        return False

    def _enqueue(self, mail: InboundMail) -> None:
        if mail.id not in self._known:
            self._known.add(mail.id)
            self._queue.append(mail)

    # --- one mail

    async def _work(self, mail: InboundMail) -> None:
        """One mail's fault stops no other."""
        try:
            await self._try(mail)
        except _NOT_NOW:
            raise
        except Exception as error:  # noqa: BLE001  the mail must not be lost with its worker
            self.failures += 1
            # Without the traceback: it could quote the mail.
            log.error("mail %s could not be worked on: %s", mail.id, type(error).__name__)
            await self._park(mail, type(error).__name__)
        finally:
            self._known.discard(mail.id)

    async def _try(self, mail: InboundMail) -> None:
        for left in reversed(range(_TRIES)):
            stored = await self._store.mail(mail.id)
            if stored is not None and stored.status is not MailStatus.RECEIVED:
                return  # done before, or by another process
            try:
                await self._steps(stored or mail)
            except Conflict:
                if not left:
                    raise
            else:
                self.worked += 1
                return

    async def _steps(self, mail: InboundMail) -> None:
        """The way of a mail."""
        # a repeat waits for what it repeats: only then is it known which case that is
        content = self._turns.place(f"content {mail.sha256}")
        async with content, self._store.turn(content.key):
            earlier = await self._store.earlier_mail(mail, _REPEAT)
            if mail.reason == REQUESTED or earlier is None or IMPORTED in {mail.peer, earlier.peer}:
                await self._new(mail)
            else:
                await self._desk.repeat(mail, earlier, self._clock.now())

    async def _new(self, mail: InboundMail) -> None:
        async with self._turns.place(f"envelope {mail.mail_from or mail.id}"):
            content = await self._store.mails.raw(mail.id)
            parsed, reading = await self._parser.read(content, self._senders.origin(mail), mail.id)
            parsed = await self._senders.known(mail, content, parsed)
            author = parsed.header_from or mail.mail_from.lower()
            # the place is taken before the next mail of this envelope is parsed: order holds
            turn = self._turns.place(self._keys.address_hash(author))
        await self._in_turn(turn, mail, parsed, reading)

    async def _in_turn(
        self, turn: Place, mail: InboundMail, parsed: ParsedMail, reading: Reading | None
    ) -> None:
        """The mails of one requester one after the other, so that two do not open two cases."""
        async with turn, self._store.turn(turn.key):
            if canary.came(mail, parsed, self._keys):
                await self._desk.canary(mail, parsed, self._clock.now())
                return
            verdict = screen.screen(mail, parsed, self._addresses)
            if mail.reason == REQUESTED:
                verdict = screen.Verdict(no_reply=verdict.no_reply or verdict.reason)
            if mail.peer == IMPORTED:
                await self._imported(mail, parsed, reading, verdict)
                return
            if mail.reason != REQUESTED and await self._bounced(mail, parsed, verdict):
                return
            reading = self._completed(reading, mail, parsed, verdict)
            await self._hand_over(mail, parsed, reading, verdict)

    async def _imported(
        self,
        mail: InboundMail,
        parsed: ParsedMail,
        reading: Reading | None,
        verdict: screen.Verdict,
    ) -> None:
        """Out of an archive: it joins nothing and moves no letter; a person sorts it."""
        now = self._clock.now()
        if verdict.robot and await self._may_ignore(mail, verdict, Match()):
            await self._desk.ignore(mail, parsed, verdict.reason, now)
        else:
            reading = self._completed(reading, mail, parsed, verdict)
            async with self._turns.place(f"import {mail.batch}"):  # they share their list's message
                await self._desk.open(mail, parsed, reading, now)

    async def _bounced(
        self, mail: InboundMail, parsed: ParsedMail, verdict: screen.Verdict
    ) -> bool:
        """Is it a report about a letter of ours? Then it is noted there, and no case of its own.

        A report in plain words is known by the null sender and the letter's own return path. One
        about nothing of ours came to us by a forged sender: it is filed away.
        """
        plain = verdict.kind == "person" and not mail.mail_from
        if not plain and not verdict.reports:
            return False
        now = self._clock.now()
        found = await self._matcher.bounced(mail, parsed)
        if found.case is None or (plain and found.how != "tag"):
            backscatter = verdict.kind == "bounce" and not mail.mail_from
            if backscatter:
                await self._desk.ignore(mail, parsed, "a report about no letter of ours", now)
            return backscatter
        reason = "a report about our letter"
        if verdict.kind == "report":
            await self._desk.file(mail, parsed, found.case, REPORTED, now)
        elif screen.failed(parsed):
            letter = found.bounced_letter
            await self._desk.ignore(mail, parsed, reason, now, bounced=letter)
        else:
            await self._desk.file(mail, parsed, found.case, DELAYED, now)
        return True

    def _completed(
        self,
        reading: Reading | None,
        mail: InboundMail,
        parsed: ParsedMail,
        verdict: screen.Verdict,
    ) -> Reading:
        """The reading with what the envelope, the sender's claims and the place add to it.

        The parser's process has classified and looked for places already: both take long.
        """
        reading = classify.settled(reading or classify.unread(), robot=verdict.robot)
        reading = reading if reading.laws else jurisdiction.placed(reading, parsed, self._offices)
        return msgspec.structs.replace(
            reading,
            flags=(*reading.flags, *sender.disagreements(mail, parsed)),
            facts=tuple(fact for fact in reading.facts if not self._ours(fact)),
        )

    def _ours(self, fact: Fact) -> bool:
        """The desk's own address, named in the mail, tells nobody anything."""
        return fact.what == "address" and self._addresses.is_own(fact.text)

    async def _hand_over(
        self, mail: InboundMail, parsed: ParsedMail, reading: Reading, verdict: screen.Verdict
    ) -> None:
        """To its case, to a person who tells whether it is its case, aside, or to a new one."""
        match = await self._matcher.match(mail, parsed)
        now = self._clock.now()
        if not verdict.robot and await self._proves(mail, parsed, match):
            return
        if reading.decision == "ignore" and await self._may_ignore(mail, verdict, match):
            await self._ignore(mail, parsed, verdict, match)
        elif match.case is None:
            await self._desk.open(mail, parsed, reading, now, no_reply=verdict.no_reply)
        elif not match.belongs:
            await self._desk.hold(match.case, mail, parsed, reading, now)
        elif match.ended and match.ended + self._reopen < mail.received_at:
            refused = verdict.no_reply
            await self._desk.open(mail, parsed, reading, now, no_reply=refused, follows=match.case)
        else:
            await self._desk.follow_up(match.case, mail, parsed, now, reading=reading)

    async def _proves(self, mail: InboundMail, parsed: ParsedMail, match: Match) -> bool:
        """Does it give back a code of ours? A machine's answer that quotes one does not."""
        ref = await self._matcher.challenged(parsed, match)
        return ref is not None and await self._desk.code_came(ref, mail, parsed, self._clock.now())

    async def _may_ignore(self, mail: InboundMail, verdict: screen.Verdict, match: Match) -> bool:
        """What concerns our own mail always; else once staff have confirmed enough of them.

        What a person calls a request is none.
        """
        tied = verdict.kind == "auto_reply" and match.case is not None and match.belongs
        ours = tied or verdict.reports or verdict.kind == "own"
        if mail.reason == REQUESTED:
            return False
        return ours or await self._desk.ignores_alone()

    async def _ignore(
        self, mail: InboundMail, parsed: ParsedMail, verdict: screen.Verdict, match: Match
    ) -> None:
        """An automatic answer to a letter of ours is noted on its case; nothing more."""
        now = self._clock.now()
        if verdict.kind == "auto_reply" and match.case is not None and match.belongs:
            await self._desk.file(mail, parsed, match.case, AWAY, now)
        else:
            await self._desk.ignore(mail, parsed, verdict.reason or "bulk mail", now)

    async def _park(self, mail: InboundMail, fault: str) -> None:
        """A mail the steps cannot handle goes to a person; if even that fails it stays in sight."""
        now = self._clock.now()
        try:
            parsed = mime.unreadable(await self._store.mails.raw(mail.id))
            unread = "it could not be read"
            await self._desk.open(mail, parsed, classify.unread(), now, no_reply=unread)
        except _NOT_NOW:
            raise
        except Exception:  # noqa: BLE001  the last net: the mail is listed as failed
            await self._desk.fail(mail, fault, now)
