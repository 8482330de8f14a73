"""A sender the DNS could not speak for is looked at again before the confirmation goes to them."""

from datetime import datetime

from handlers.clock import Clock
from handlers.desk import Desk
from intake.sender import Senders
from storage.errors import StoreDamaged, UnknownReference
from storage.records import OutboxMessage, Sender
from storage.store import Store


class SecondLook:
    """Asked by the outbox; when, the letter itself remembers, so a restart forgets nothing."""

    def __init__(self, store: Store, desk: Desk, senders: Senders, clock: Clock) -> None:
        self._store = store
        self._desk = desk
        self._senders = senders
        self._clock = clock

    async def before(self, letter: OutboxMessage) -> datetime | None:
        """None = it may go; else when it is asked again."""
        sender = await self._sender(letter)
        return await self._desk.looked_again(letter, sender, self._clock.now())

    async def _sender(self, letter: OutboxMessage) -> Sender | None:
        case = await self._store.case(letter.case) if letter.case else None
        mail = await self._store.mail(case.mails[0]) if case and case.mails else None
        if mail is None:
            return None
        try:
            content = await self._store.mails.raw(mail.id)
        except (UnknownReference, StoreDamaged):
            return None  # shredded meanwhile, or not to be read: there is nothing to look at
        return await self._senders.again(mail, content)
