"""The desk's side of `desk import`: takes a mail in pieces, keeps it once, says what became of it.

What was imported is remembered by a keyed hash of its content: a mail that was purged meanwhile
does not come back when somebody imports its archive again.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from bot.control import Said
from handlers.opening import IMPORTED
from storage.errors import Refused, StoreBusy, StoreFull
from storage.records import Arrival, Commit, InboundMail, Mark, Record
from storage.store import Store

PIECE_BYTES = 32 * 1024  #: in base64 it fits into a line of the desk's socket
MAX_BYTES = 32 * 2**20  #: of one mail, as at the door
MORE, KNOWN, KEPT = "more", "known", "imported"  #: what is answered to a piece
_BEGUN_AT_ONCE = 4  #: mails of which pieces are missing
_AHEAD = 32  #: mails the worker may have waiting: what comes over the wire must get its turn
_CALM_SECONDS = 60.0


class Import(Record, frozen=True, kw_only=True, tag="import"):
    """Keep one mail of an archive; long ones come in pieces, one order after the other."""

    patience: ClassVar[float] = 120.0

    sha256: str  #: of the whole content
    size: int
    offset: int = 0  #: of this piece
    content: bytes
    received_at: datetime
    mail_from: str
    rcpt_to: tuple[str, ...]
    batch: str = ""  #: the same for all of one run of the command


def _roomy(_: int) -> bool:
    return False


class Imports:
    """Keeps what archives hold, one mail at a time."""

    def __init__(
        self,
        store: Store,
        *,
        waiting: Callable[[], int] = lambda: 0,
        lacks_room: Callable[[int], bool] = _roomy,
    ) -> None:
        """`waiting`: how many mails the worker has before it."""
        self._store = store
        self._waiting = waiting
        self._lacks_room = lacks_room
        self._begun: dict[str, bytearray] = {}
        self._one = asyncio.Lock()

    async def take(
        self, order: Import, now: datetime, woken: Callable[[InboundMail], None] | None
    ) -> Said:
        """`more`, `known`, or `imported` and the mail's id. Raises Refused, StoreError."""
        pieces = self._taken(order)
        if len(pieces) < order.size:
            return (MORE,)
        self._begun.pop(order.sha256, None)
        content = bytes(pieces)
        if await asyncio.to_thread(_sha256, content) != order.sha256:
            raise Refused("A mail came other than it was sent; run the command again.")
        name = f"import:{self._store.keys.address_hash(order.sha256)}"
        # one after the other, here and in every process that shares the store
        async with self._one, self._store.turn(name):
            if await self._store.mark(name) is not None:
                return (KNOWN,)
            mail = await self._keep(order, content)
            mark = Mark(id=name, at=now)
            commit = Commit(at=now, actor="operator", act="import", puts=(mark,))
            try:
                await self._store.commit(commit)
            finally:
                if woken is not None:  # it is kept, whatever became of the mark
                    woken(mail)
        return (KEPT, mail.id)

    def _taken(self, order: Import) -> bytes | bytearray:
        """What there is of this mail, with this piece."""
        if order.size > MAX_BYTES or order.offset + len(order.content) > order.size:
            raise Refused(f"A mail to import has at most {MAX_BYTES} bytes.")
        if len(order.content) == order.size:
            return order.content
        if order.offset == 0:
            self._begun.pop(order.sha256, None)
            while len(self._begun) >= _BEGUN_AT_ONCE:
                del self._begun[next(iter(self._begun))]
            self._begun[order.sha256] = bytearray()
        pieces = self._begun.get(order.sha256)
        if pieces is None or len(pieces) != order.offset:
            raise Refused("A piece of a mail is missing; run the command again.")
        pieces += order.content
        return pieces

    async def _keep(self, order: Import, content: bytes) -> InboundMail:
        if self._lacks_room(order.size):
            raise StoreFull(
                "The disk has no room beyond the reserve (DESK_DISK_RESERVE); make room and run "
                "the command again, it goes on where it was."
            )
        await self._calm()
        return await self._store.mails.append(
            Arrival(
                received_at=order.received_at,
                mail_from=order.mail_from,
                rcpt_to=order.rcpt_to,
                peer=IMPORTED,
                batch=order.batch,
                content=content,
            )
        )

    async def _calm(self) -> None:
        """Wait until the worker is nearly through with what it has; each mail ends in a commit."""
        try:
            async with asyncio.timeout(_CALM_SECONDS):
                while self._waiting() >= _AHEAD:
                    await self._next_commit()
        except TimeoutError:
            raise StoreBusy(
                "The desk does not get on with its mails (see its log); run the command again "
                "later, it goes on where it was."
            ) from None

    async def _next_commit(self) -> None:
        """Or a while: the one waited for may have been made already."""
        try:
            async with asyncio.timeout(0.5):
                await self._store.changed()
        except TimeoutError:
            return


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
