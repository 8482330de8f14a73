"""Which case a mail belongs to: our tag first, then the thread, then the reference named.

A reference proves nothing about who writes. A mail from another address than the requester's
is held for a person, whatever it refers to.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from handlers.verification import codes_in
from intake.envelope import Addresses
from storage.records import Case, InboundMail, Letter, ParsedMail, Record
from storage.store import Store

_REFERENCE = re.compile(r"\bPR-\d{4}-\d{4,7}\b", re.IGNORECASE)


_LOOKED_AT = 200_000  #: characters of a report in which a Message-ID is looked for

How = Literal["", "tag", "references", "subject"]


class Match(Record, frozen=True, kw_only=True):
    """Where a mail belongs. `bounced_letter` = it reports about that letter of ours."""

    case: str | None = None
    how: How = ""
    belongs: bool = False  #: written by the requester, as far as From says
    ended: datetime | None = None  #: when the case was closed
    bounced_letter: str | None = None


class Matcher:
    """Looks in the store; changes nothing."""

    def __init__(self, store: Store, addresses: Addresses) -> None:
        self._store = store
        self._keys = store.keys
        self._addresses = addresses

    async def match(self, mail: InboundMail, parsed: ParsedMail) -> Match:
        """The case a mail belongs to, if any."""
        found: tuple[tuple[How, Case | None], ...] = (
            ("tag", await self._by_tag(mail)),
            ("references", await self._by_messages(_answered(parsed))),
            ("subject", await self._by_subject(parsed)),
        )
        for how, case in found:
            if case is not None:
                return Match(
                    case=case.ref,
                    how=how,
                    belongs=self._wrote(case, mail, parsed),
                    ended=_ended(case),
                )
        return Match()

    async def bounced(self, mail: InboundMail, parsed: ParsedMail) -> Match:
        """The letter a report is about: by the tag of its own return path, else by its Message-ID
        in the returned mail, in the fields of the report, and last in its text."""
        for tag in self._tags(mail):
            letter = self._keys.letter_of_tag(tag)  # None when forged
            if letter is not None and (found := await self._letter(letter, "tag")) is not None:
                return found
        places = (*parsed.returned_ids, *_answered(parsed), parsed.text[:_LOOKED_AT])
        for place in places:
            letter = self._addresses.letter_of(place)
            if letter and (found := await self._letter(letter, "references")) is not None:
                return found
        return Match()

    async def challenged(self, parsed: ParsedMail, match: Match) -> str | None:
        """The open case whose code this mail may give back: it comes from where the code went."""
        if not codes_in(parsed.text):
            return None
        author = self._keys.address_hash(parsed.header_from)
        meant = await self._store.case(match.case) if match.case else None
        cases = [meant] if meant else await self._store.cases()
        fits = (c for c in cases if c.challenge and c.challenge.address_hash == author)
        return next((case.ref for case in fits), None)

    async def _letter(self, letter: str, how: How) -> Match | None:
        message = await self._store.message(letter)
        if message is None or not isinstance(message.content, Letter) or message.case is None:
            return None
        return Match(case=message.case, how=how, bounced_letter=letter)

    async def _by_tag(self, mail: InboundMail) -> Case | None:
        for tag in self._tags(mail):
            ref = self._keys.case_of_tag(tag)  # None when forged
            if ref is not None and (case := await self._store.case(ref)) is not None:
                return case
        return None

    async def _by_messages(self, message_ids: Iterable[str]) -> Case | None:
        for message_id in message_ids:
            if (case := await self._store.case_with_message(message_id)) is not None:
                return case
        return None

    async def _by_subject(self, parsed: ParsedMail) -> Case | None:
        found = _REFERENCE.search(parsed.subject)
        return await self._store.case(found.group().upper()) if found else None

    def _tags(self, mail: InboundMail) -> list[str]:
        return [tag for address in mail.rcpt_to if (tag := self._addresses.tag(address))]

    def _wrote(self, case: Case, mail: InboundMail, parsed: ParsedMail) -> bool:
        """A From that failed authentication is somebody else's: a person looks first."""
        if parsed.sender is not None and parsed.sender.result == "refused":
            return False
        author = parsed.header_from or mail.mail_from.lower()
        return bool(author) and self._keys.address_hash(author) == case.requester_hash


def _ended(case: Case) -> datetime | None:
    if not case.closed:
        return None
    return max((r.closed_at for r in case.requests if r.closed_at), default=case.received_at)


def _answered(parsed: ParsedMail) -> list[str]:
    """What it answers, newest first, each once."""
    ids = [parsed.in_reply_to, *reversed(parsed.references)]
    return list(dict.fromkeys(message_id for message_id in ids if message_id))
