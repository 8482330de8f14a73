"""What all SMTP sessions share: whom the door is for, how much it takes, and keeping a mail."""

import asyncio
import errno
import logging
import ssl
from collections import Counter
from collections.abc import Callable

from handlers.clock import Clock
from intake.envelope import Addresses
from storage.errors import StoreFull
from storage.records import Arrival, InboundMail, Record
from storage.store import Mails

log = logging.getLogger(__name__)

_NO_ROOM = "452 4.3.1 No room at the moment, try again later"
_FAULT = "451 4.3.0 Local error, try again later"


def _nobody(_: InboundMail) -> None:
    """Nobody waits for mails."""


class ListenerOptions(Record, frozen=True, kw_only=True):
    """Where the door is, whom it is for, how much it takes. Seconds and bytes."""

    addresses: tuple[str, ...]
    hostname: str = "localhost"
    host: str = "127.0.0.1"
    port: int = 0
    max_size: int = 32 * 2**20
    tls: ssl.SSLContext | None = None
    received: Callable[[InboundMail], None] = _nobody

    connections: int = 400
    connections_per_peer: int = 100
    in_flight: int = 256 * 2**20
    recipients: int = 100
    errors: int = 12  #: 5xx replies since the last accepted mail
    commands: int = 400  #: since the last accepted mail
    patience: int = 3  #: errors answered at once
    tarpit: float = 1.0  #: what each further error waits
    idle: float = 300.0
    session: float = 3600.0
    grace: float = 10.0  #: what a mail in hand has to finish when we stop


class Door:
    """Counts sessions and bytes in; keeps what comes."""

    def __init__(self, mails: Mails, clock: Clock, options: ListenerOptions) -> None:
        self.mails = mails
        self.clock = clock
        self.options = options
        self.addresses = Addresses(options.addresses)
        self.closing = False
        self.in_flight = 0  #: bytes of mails in memory, over all sessions
        self.accepted = 0
        self.sessions = 0
        self._peers: Counter[str] = Counter()
        self._keeping: set[asyncio.Task[InboundMail]] = set()

    def closes(self) -> bool:
        """Are we on our way out?"""
        return self.closing

    def welcome(self, peer: str) -> bool:
        """Count a new session in, or say that there are too many."""
        if self.closing or self.sessions >= self.options.connections:
            return False
        if self._peers[peer] >= self.options.connections_per_peer:
            return False
        self._peers[peer] += 1
        self.sessions += 1
        return True

    def farewell(self, peer: str) -> None:
        """Count a session out."""
        self.sessions -= 1
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]

    def hold(self, before: int, after: int) -> bool:
        """A session holds `after` bytes where it held `before`; False when all hold too much."""
        self.in_flight += after - before
        return self.in_flight <= self.options.in_flight

    async def keep(self, arrival: Arrival) -> InboundMail | str:
        """The mail, durable; or the reply that says why not.

        A client that vanishes cancels its session, never the store: what is being written is
        written, and the worker hears of it.
        """
        task = asyncio.create_task(self.mails.append(arrival))
        self._keeping.add(task)
        task.add_done_callback(self._kept)
        try:
            return await asyncio.shield(task)
        except StoreFull:
            return _NO_ROOM
        except OSError as error:
            return _NO_ROOM if error.errno in {errno.ENOSPC, errno.EDQUOT} else _FAULT
        except Exception:  # noqa: BLE001  whatever it is, it is ours: the sender must try again
            return _FAULT

    async def settled(self) -> None:
        """Wait for what is being written."""
        if self._keeping:
            await asyncio.wait(self._keeping)

    def _kept(self, task: asyncio.Task[InboundMail]) -> None:
        self._keeping.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.accepted += 1
            self.options.received(task.result())
        else:
            log.error("smtp: a mail was not kept: %s", type(error).__name__)
