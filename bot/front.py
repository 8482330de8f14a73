"""The store and the door: all it takes to accept mail, and the first that runs.

Mail is safe once it is in the mail log, so `run` opens the door before it loads what works on
mail. That takes longer than everything here, and goes on in a thread meanwhile.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from typing import TYPE_CHECKING

from bot.settings import Settings
from bot.stores import open_for_writing
from handlers.clock import Clock
from intake.door import ListenerOptions, Network
from intake.listener import Listener
from storage.errors import SettingsError
from storage.records import InboundMail
from storage.store import Store

if TYPE_CHECKING:
    from bot.app import App

Wake = Callable[[InboundMail], None]


class Front:
    """What comes in is kept; `wake` hears of it once somebody is there to work on it."""

    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        """Raises SettingsError."""
        self.store = store
        self.wake: Wake | None = None
        self.listener = Listener(store.mails, clock, self._options(settings))
        self._open = False

    async def open(self) -> None:
        """Raises OSError when the port is taken; also repeatable."""
        if not self._open:
            await self.listener.start()
            self._open = True

    def _options(self, settings: Settings) -> ListenerOptions:
        return ListenerOptions(
            addresses=settings.address,
            hostname=settings.smtp_name,
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=_tls_context(settings),
            tls_required=settings.tls_required,
            relays=_relays(settings),
            data=None if settings.database_url else settings.data,
            reserve=settings.disk_reserve,
            received=self._received,
        )

    def _received(self, mail: InboundMail) -> None:
        if self.wake is not None:
            self.wake(mail)


def _relays(settings: Settings) -> tuple[Network, ...]:
    """Who alone may deliver; with them this machine, where what checks the door comes from."""
    if not settings.inbound_relays or settings.is_mx:
        return ()
    return (*map(ip_network, (*settings.inbound_relays, "127.0.0.0/8", "::1/128")),)


def _tls_context(settings: Settings) -> ssl.SSLContext | None:
    """STARTTLS when a certificate is set (TLS 1.2 or newer). Raises SettingsError."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as fault:
        raise SettingsError(
            (f"DESK_TLS_CERT and DESK_TLS_KEY cannot be used ({fault}): check both files.",)
        ) from fault
    return context


async def open_front(settings: Settings, clock: Clock) -> Front:
    """The store opened, the door still closed. Raises SettingsError, KeyFileError, StoreError."""
    if faults := settings.missing():
        raise SettingsError(faults)
    store = await open_for_writing(settings)
    try:
        return Front(settings, clock, store)
    except BaseException:
        await store.close()
        raise


async def run(settings: Settings, clock: Clock, ready: Callable[[], None]) -> None:
    """The desk until cancelled. Raises what `open_front` raises, and OSError for a busy port."""
    front = await open_front(settings, clock)
    stop: tuple[Callable[[], Awaitable[None]], ...] = (front.listener.stop, front.store.close)
    try:
        await front.open()
        make = await asyncio.to_thread(_load)
        app = make(settings, clock, front)
        stop = (app.stop,)
        await app.start()
        ready()
        await app.wait()
    finally:
        for each in stop:
            await each()


def _load() -> "type[App]":
    from bot.app import App

    return App
