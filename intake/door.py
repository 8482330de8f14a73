"""What all SMTP sessions share: whom the door is for, how much it takes, and keeping a mail."""

import asyncio
import errno
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from pathlib import Path

from handlers.clock import Clock
from intake.envelope import Addresses
from intake.room import Room
from storage.errors import StoreFull
from storage.records import Arrival, InboundMail, Record
from storage.store import Mails

log = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network

NO_ROOM = "452 4.3.1 No room at the moment, try again later"
FAULT = "451 4.3.0 Local error, try again later"
CLOSING = "421 4.3.2 Closing, try again later"
TOO_MANY = "421 4.7.0 Too many connections, try again later"
STRANGER = "554 5.7.1 Mail comes in through our relay only"

_LARGE = 2**20  # hashing, sealing and writing hold several copies of a mail
_LARGE_AT_ONCE = 2


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
    tls_required: bool = False
    relays: tuple[Network, ...] = ()  #: who may deliver; none = anybody, within the limits
    data: Path | None = None  #: whose file system must not fill up
    reserve: int | None = None  #: bytes of it that stay free; None = see `Room`
    received: Callable[[InboundMail], None] = _nobody

    connections: int = 400
    connections_per_peer: int = 100
    in_flight: int = 256 * 2**20  #: of mails in memory; one peer may hold half of it
    recipients: int = 100
    errors: int = 12  #: 5xx replies since the last accepted mail
    commands: int = 400  #: since the last accepted mail
    patience: int = 3  #: errors answered at once
    tarpit: float = 1.0  #: what each further error waits
    idle: float = 300.0  #: for the next whole command (RFC 5321 4.5.3.2.7)
    crowded: float = 10.0  #: the same, for who is idle longest while there is no place left
    content: float = 1800.0  #: for one mail's content
    window: float = 60.0  #: in each of these the content must come at `rate`
    rate: int = 500  #: bytes a second
    session: float = 3600.0
    grace: float = 10.0  #: what a mail in hand has to finish when we stop


def household(peer: str) -> str:
    """Whom to count a peer with: an IPv6 customer has a whole /64 to call from."""
    if ":" not in peer:
        return peer
    address = _address(peer)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _address(peer: str) -> IPv4Address | IPv6Address:
    """Raises ValueError. IPv4 that comes in through an IPv6 socket is IPv4."""
    address = ip_address(peer.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class Door:
    """Counts sessions and bytes in; keeps what comes."""

    def __init__(self, mails: Mails, clock: Clock, options: ListenerOptions) -> None:
        self.mails = mails
        self.clock = clock
        self.options = options
        self.addresses = Addresses(options.addresses)
        self.room = Room(options.data, options.reserve)
        self.places = options.connections
        self.closing = False
        # Where relays are named, it is they who bring everything.
        half = max(options.in_flight // 2, options.max_size)
        self._share = options.in_flight if options.relays else half
        self.in_flight = 0  #: bytes of mails in memory, over all sessions
        self.accepted = 0
        self.sessions = 0
        self._peers: Counter[str] = Counter()
        self._held: Counter[str] = Counter()  # bytes in flight, by household
        self._keeping: set[asyncio.Task[InboundMail]] = set()
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    def welcome(self, peer: str, home: str) -> str:
        """Count a new session in: "", or the reply it is sent away with."""
        if self.closing:
            return CLOSING
        if not self._invited(peer):
            return STRANGER
        if self._peers[home] >= self.options.connections_per_peer:
            return TOO_MANY
        if self.sessions >= self.places and not self.make_place():
            return TOO_MANY
        self._peers[home] += 1
        self.sessions += 1
        return ""

    def make_place(self) -> bool:
        """Send somebody home who only stands about, if there is one."""
        return False

    def farewell(self, home: str) -> None:
        """Count a session out."""
        self.sessions -= 1
        self._peers[home] -= 1
        if not self._peers[home]:
            del self._peers[home]

    def _invited(self, peer: str) -> bool:
        if not self.options.relays:
            return True
        try:
            address = _address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.options.relays)

    def hold(self, home: str, change: int) -> bool:
        """Bytes in memory grow by so many; False when too many are held, by all or by this one."""
        self.in_flight += change
        self._held[home] += change
        if not self._held[home]:
            del self._held[home]
        return self.in_flight <= self.options.in_flight and self._held[home] <= self._share

    def lacks_room(self, size: int) -> bool:
        """Is there no room on the disk for a mail of this size, beside those on their way in?"""
        return self.room.lacks(size + self.in_flight, asyncio.get_running_loop().time())

    async def keep(self, arrival: Arrival) -> InboundMail | str:
        """The mail, durable; or the reply that says why not.

        A client that vanishes cancels its session, never the store: what is being written is
        written, and the worker hears of it.
        """
        task = asyncio.create_task(self._append(arrival))
        self._keeping.add(task)
        task.add_done_callback(self._kept)
        try:
            return await asyncio.shield(task)
        except StoreFull:
            return NO_ROOM
        except OSError as error:
            return NO_ROOM if error.errno in {errno.ENOSPC, errno.EDQUOT} else FAULT
        except Exception:  # noqa: BLE001  whatever it is, it is ours: the sender must try again
            return FAULT

    async def _append(self, arrival: Arrival) -> InboundMail:
        if len(arrival.content) < _LARGE:
            return await self.mails.append(arrival)
        async with self._large:
            return await self.mails.append(arrival)

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
