"""Which case a mail belongs to: our tag first, then the thread, then the reference named.

A reference proves nothing about who writes. A mail from another address than the requester's
is held for a person, whatever it refers to.
"""

import re
from collections.abc import Iterable
from typing import Literal

from intake.envelope import Addresses
from storage.records import Case, InboundMail, ParsedMail, Record
from storage.store import Store

_REFERENCE = re.compile(r"\bPR-\d{4}-\d{4,7}\b", re.IGNORECASE)


How = Literal["", "tag", "references", "subject"]


class Match(Record, frozen=True, kw_only=True):
    """Where a mail belongs. `bounced_letter` = it reports about that letter of ours."""

    case: str | None = None
    how: How = ""
    belongs: bool = False  #: written by the requester, as far as From says
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
                return Match(case=case.ref, how=how, belongs=self._wrote(case, mail, parsed))
        return Match()

    async def bounced(self, mail: InboundMail, parsed: ParsedMail) -> Match:
        """The letter a delivery report is about: by its own tag, else by its Message-ID."""
        for tag in self._tags(mail):
            letter = self._keys.letter_of_tag(tag)
            message = await self._store.message(letter) if letter else None
            if message is not None:
                return Match(case=message.case, how="tag", bounced_letter=message.id)
        returned = (*parsed.returned_ids, *_answered(parsed))
        case = await self._by_messages(returned)
        if case is None:
            return Match()
        letter = next(
            (state.id for state in case.letters if any(state.id in known for known in returned)),
            None,
        )
        return Match(case=case.ref, how="references", bounced_letter=letter)

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
        author = parsed.header_from or mail.mail_from.lower()
        return bool(author) and self._keys.address_hash(author) == case.requester_hash


def _answered(parsed: ParsedMail) -> list[str]:
    """What it answers, newest first, each once."""
    ids = [parsed.in_reply_to, *reversed(parsed.references)]
    return list(dict.fromkeys(message_id for message_id in ids if message_id))
