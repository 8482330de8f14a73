"""Letters that go by themselves: which one, whether it may, and how many may go in an hour.

Counted in the store, so that a restart forgets nothing and several processes share the caps.
"""

import hashlib
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.commits import Commits
from handlers.deadlines.reminders import by_hand
from handlers.handler import Draft
from handlers.letter_actions import failed
from handlers.letters.acknowledgement import FORGED, WAS_IMPORTED, withheld
from handlers.opening import Understood
from handlers.requests import (
    letter_of,
    letter_state,
    replace,
    with_letter,
    with_step,
    without_letter,
)
from storage.records import (
    Case,
    Commit,
    Letter,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Sender,
    Stored,
)

PILOT = "DESK_PILOT: letters wait"
HELD = "held: many automatic letters this hour"
UNCHECKED = "waits: the sender could not be checked for now"
#: minutes after which the sender is looked at again; then it is decided with what is known
LOOKS = (1, 5, 15, 30, 60)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
UNPROVEN = "The sender could not be checked within an hour, and is unproven"
_PREFIXES = re.compile(r"^(\s*(re|aw|fwd?|wg|sv|tr)\s*:)*\s*", re.IGNORECASE)


def next_look(first: datetime, now: datetime) -> datetime | None:
    """When a sender that could not be checked is looked at again; None = that is over."""
    return next((at for m in LOOKS if (at := first + timedelta(minutes=m)) > now), None)


def _unchecked(found: Understood) -> bool:
    return found.parsed.sender is not None and found.parsed.sender.result == "temperror"


class AutomaticLetters(Commits):
    """The rules of RFC 3834 and the caps; the pure ones are in `letters.acknowledgement`."""

    async def _automatic(
        self, case: Case, found: Understood, now: datetime, puts: list[Stored]
    ) -> tuple[OutboxMessage | None, Case]:
        """The letter that goes by itself, or the reason why none does."""
        if found.imported:  # nobody waits for a confirmation, so none is left to do by hand either
            return None, replace(case, acknowledgement=f"withheld: {WAS_IMPORTED}")
        why = withheld(found, case, self.policy)
        why = why or (
            "the address was on the do-not-mail list already" if case.still_mailed else ""
        )
        why = why or (PILOT if self.policy.pilot else "")
        why = why or await self._known(case, found, now, puts)
        why = why or await self._cap(case, found, now, puts)
        alone = [request.kind for request in case.requests] == ["unsubscribe"]
        sole = alone and not case.triage and not case.flags
        draft = Draft(
            template="unsubscribed" if sole else "acknowledgement",
            request=1 if sole else None,
            language=self.policy.letters.language_for(case.language, automatic=True),
            automatic=True,
        )
        if why and why != PILOT:
            return None, replace(case, acknowledgement=by_hand(case, self.policy, why))
        letter = self.letter(case, draft, now, "desk")
        if not why:
            at = self.pace.slot(case.requester.rpartition("@")[2], now)
            letter = replace(letter, status=OutboxStatus.PENDING, send_after=at)
            if _unchecked(found):
                first = max(at, next_look(now, now) or now)
                letter = replace(letter, send_after=first, error=UNCHECKED)
        state = letter_state(letter, draft.request)
        waits = self._until(now) if letter.error == UNCHECKED else ""
        said = f"withheld: {why}" if why else f"pending{waits}"
        case = replace(with_letter(case, state), acknowledgement=said)
        return letter, with_step(case, 1, "answer") if sole and not why else case

    def _until(self, now: datetime) -> str:
        last = (now + timedelta(minutes=LOOKS[-1])).astimezone(ZoneInfo(self.policy.timezone))
        return f": the sender cannot be checked for now; tried again until {last:%d %b %Y %H:%M}"

    async def _known(self, case: Case, found: Understood, now: datetime, puts: list[Stored]) -> str:
        """The same Message-ID or the same words of one address are confirmed once a week."""
        subject = _PREFIXES.sub("", found.parsed.subject)
        words = hashlib.sha256(f"{subject}\n{found.parsed.text}".encode()).hexdigest()
        names = [f"confirmed:{self.keys.address_hash(f'{case.requester} {words}')}"]
        if found.parsed.message_id:
            key = f"{case.requester} {found.parsed.message_id}"
            names.append(f"confirmed:{self.keys.address_hash(key)}")
        for name in names:
            mark = await self.store.mark(name)
            if mark is not None and now - mark.at < WEEK:
                return "the same message was confirmed before"
            puts.append(replace(mark, at=now) if mark else Mark(id=name, at=now))
        return ""

    async def _cap(self, case: Case, found: Understood, now: datetime, puts: list[Stored]) -> str:
        """A day's allowance of one address: two robots must not write to each other for ever.

        Who proved the address has one apart: nobody who only claims it can use that up.
        """
        proven = found.parsed.sender is not None and found.parsed.sender.result == "pass"
        name = f"letters:{case.requester_hash}:{now:%Y-%m-%d}{':proven' * proven}"
        mark = await self.store.mark(name) or Mark(id=name, at=now, count=0)
        if mark.count >= self.policy.acks_per_address_day:
            return f"this address had {mark.count} automatic letters today"
        puts.append(replace(mark, count=mark.count + 1))
        return ""

    async def looked_again(
        self, message: OutboxMessage, sender: Sender | None, now: datetime
    ) -> datetime | None:
        """Who wrote was looked at anew: None = the letter may go; else when it is asked again.

        A sender that cannot be checked within the hour is unproven like any other. None of a
        `sender`: there is nobody to ask.
        """
        later = next_look(message.created_at, now)
        if later is not None and sender is not None and sender.result == "temperror":
            return later
        return await self.decided(lambda: self._looked(message, sender, now))

    async def _looked(
        self, message: OutboxMessage, sender: Sender | None, now: datetime
    ) -> datetime | None:
        current = await self.store.message(message.id)
        case = await self.store.case(current.case) if current and current.case else None
        if current is None or case is None or current.status is not OutboxStatus.PENDING:
            return now
        puts: list[Stored] = []
        if sender is not None and (mail := await self.store.mail(case.mails[0])) is not None:
            puts.append(replace(mail, sender=sender.words))
        if sender is not None and sender.result == "refused":
            case, current, said = self._withdrawn(case, current, sender)
        else:
            known = sender is not None and sender.result != "temperror"
            said = f"The sender could be checked: {sender.words}" if known and sender else UNPROVEN
            case = replace(case, acknowledgement="pending")
            current = replace(current, error="")
        line = self.line(case, f"{said}.", now)
        card = await self.refreshed(case, now)
        await self.commit("look_again", "desk", case, now, case, current, card, line, *puts)
        return None if current.status is OutboxStatus.PENDING else now

    def _withdrawn(
        self, case: Case, message: OutboxMessage, sender: Sender
    ) -> tuple[Case, OutboxMessage, str]:
        """The letter stays, and what it would have settled is open."""
        warning = f"the sender failed authentication: {sender.words}"
        if (letter := letter_of(case, message.id)) is not None:
            case = without_letter(failed(case, letter), letter.id)
        why = by_hand(case, self.policy, FORGED)
        case = replace(case, acknowledgement=why, flags=(*case.flags, warning))
        content = message.content
        if isinstance(content, Letter):
            content = replace(content, body="", words="")
        message = replace(
            message, status=OutboxStatus.DRAFT, claimed_until=None, error="", content=content
        )
        return case, message, "The sender failed authentication: no confirmation goes by itself"

    async def held_until(self, message: OutboxMessage, now: datetime) -> datetime | None:
        """May this automatic letter go now? It is counted; else when it may be asked again.

        The caps of `Pace` spread what comes; these hold whatever was forgotten or came elsewhere.
        """
        letter = message.content
        # and was counted then
        tried = message.attempts > 1 or message.error not in {"", HELD, UNCHECKED}
        if not isinstance(letter, Letter) or not letter.automatic or tried:
            return None
        domain = self.keys.address_hash(f"@{letter.to.rpartition('@')[2]}")
        caps = (
            ("hour", self.policy.acks_per_hour),
            (f"hour:{domain}", self.policy.acks_per_domain_hour),
        )
        return await self.decided(lambda: self._counted(message, caps, now))

    async def _counted(
        self, message: OutboxMessage, caps: tuple[tuple[str, int], ...], now: datetime
    ) -> datetime | None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        puts: list[Stored] = []
        for name, cap in caps:
            mark = await self.store.mark(name) or Mark(id=name, at=hour, count=0)
            count = mark.count if mark.at == hour else 0
            if count >= cap:
                return hour + HOUR
            puts.append(replace(mark, at=hour, count=count + 1))
        await self.store.commit(
            Commit(at=now, actor="desk", act="count", case=message.case, puts=tuple(puts))
        )
        return None
