"""The open mail log: group commit for all that come, and those that the journal does not know yet.

How mails lie on disk is in storage/mails.py; where each lies, the view knows.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from storage import mails
from storage.appender import Appender
from storage.disk import Disk
from storage.errors import StoreError, StoreFailed, UnknownReference
from storage.keyring import Keyring
from storage.mails import Mark, Segment, segment_path
from storage.records import Arrival, InboundMail, new_id
from storage.sealing import DataKey
from storage.view import View

_QUICK_BYTES = 512 * 1024  #: hashed within a few milliseconds


def _kept(mail_id: str, arrival: Arrival, key: DataKey, synced: Mark) -> tuple[InboundMail, bytes]:
    """The mail of an arrival, and its record."""
    mail = mails.mail_of(mail_id, arrival)
    return mail, mails.record_of(mail, arrival.content, key, synced)


class _Coming(NamedTuple):
    mail: InboundMail
    slot: int
    place: int
    end: Mark
    done: asyncio.Future[None]


class MailLog:
    """The open mail log: where each mail lies, and those that the journal does not know yet."""

    def __init__(
        self,
        folder: Path,
        keyring: Keyring,
        end: Mark,
        view: View,
        disk: Disk | None,
    ) -> None:
        """`disk` None = for reading only. The view hears of each mail, and has their places."""
        self.fresh: dict[str, InboundMail] = {}
        self.failed: Callable[[StoreError], None] = lambda _: None  #: hears when the disk has
        self._folder = folder
        self._keyring = keyring
        self._view = view
        self._next = self._landed_at = end
        self._coming: set[str] = set()
        self._appender: Appender[_Coming] | None = None
        if disk is not None:
            self._appender = Appender(disk, "mails", self._on_landed, self._on_refused)

    async def append(self, arrival: Arrival) -> InboundMail:
        """Durable when this returns. Raises StoreFull, StoreFailed."""
        mail_id = self._new_id(arrival)
        self._coming.add(mail_id)
        try:
            await self._keyring.room(1)
            key = self._keyring.take()
            if len(arrival.content) < _QUICK_BYTES:
                mail, data = _kept(mail_id, arrival, key, self._landed_at)
            else:  # hashing 32 MB takes a tenth of a second, which the event loop has not
                synced = self._landed_at
                mail, data = await asyncio.to_thread(_kept, mail_id, arrival, key, synced)
            await self._written(mail, key.slot, data)
        finally:
            self._coming.discard(mail_id)
        return mail

    async def _written(self, mail: InboundMail, slot: int, data: bytes) -> None:
        if self._appender is None:
            raise StoreError("The mail log is open for reading only; start `desk run`.")
        full = self._next.offset >= mails.SEGMENT_BYTES
        start = Mark(self._next.segment + 1) if full else self._next
        done = asyncio.get_running_loop().create_future()
        end = Mark(start.segment, start.offset + len(data))
        path = segment_path(self._folder, start.segment)
        self._appender.append(path, data, _Coming(mail, slot, start.packed(), end, done))
        self._next = end
        await done

    def _new_id(self, arrival: Arrival) -> str:
        while True:
            mail_id = new_id(arrival.received_at)
            if self._view.places[mail_id] is None and mail_id not in self._coming:
                return mail_id

    async def raw(self, mail_id: str) -> bytes:
        """The content as received. Raises UnknownReference, StoreDamaged."""
        place, content = self._view.places[mail_id], None
        if place is None and not self._view.rev(InboundMail.table, mail_id):
            raise UnknownReference(f"There is no mail {mail_id}; `desk mails` lists them all.")
        if place is not None and not self._view.shredded(mail_id):
            content = await asyncio.to_thread(self._content, mail_id, Mark.unpacked(place))
        if content is None:
            raise UnknownReference(
                f"The content of mail {mail_id} was destroyed at the end of its time; "
                "`desk mails` shows what is left of it."
            )
        return content

    def _content(self, mail_id: str, at: Mark) -> bytes | None:
        with Segment(segment_path(self._folder, at.segment)) as segment:
            return segment.content(mail_id, at.offset, self._keyring.key)

    @property
    def end(self) -> Mark:
        """Up to where the log is durable."""
        return self._landed_at

    def known(self, mail_id: str) -> None:
        """The journal knows this mail now."""
        self.fresh.pop(mail_id, None)

    def mark(self) -> Mark:
        """Before the first mail that the journal does not know."""
        places = (self._view.places[mail_id] or 0 for mail_id in self.fresh)
        return Mark.unpacked(min(places, default=self._landed_at.packed()))

    async def close(self) -> None:
        if self._appender is not None:
            await self._appender.close()

    def _on_landed(self, items: list[_Coming]) -> None:
        self._landed_at = items[-1].end
        for item in items:
            self.fresh[item.mail.id] = item.mail
            self._view.arrived(item.mail, item.slot, item.place)
            if not item.done.done():
                item.done.set_result(None)

    def _on_refused(self, items: list[_Coming], error: StoreError) -> None:
        self._next = self._landed_at
        for item in items:
            if not item.done.done():
                item.done.set_exception(error)
        if isinstance(error, StoreFailed):
            self.failed(error)
