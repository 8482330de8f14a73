"""The composition root: `build` wires the desk from settings, `run` keeps it going.

Read `App.__init__` to see what the process is made of; nothing else wires.
"""

import asyncio
import signal
import ssl
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from ipaddress import ip_network

from bot.http import HttpServer, routes
from bot.mailer import Mailer, Relay
from bot.outbox import Outbox, Receipt
from bot.settings import Settings
from bot.slack import Slack, SlackOptions
from bot.supervisor import Supervisor
from handlers.clock import Clock
from handlers.desk import Desk
from handlers.policy import Policy
from handlers.registry import load
from intake.door import ListenerOptions
from intake.listener import Listener
from intake.parse import Parser
from intake.room import spare
from intake.worker import Worker
from storage.embedded import EmbeddedStore, open_store
from storage.errors import SettingsError, StoreError
from storage.opening import is_new
from storage.records import InboundMail, OutboxMessage, ParsedMail
from storage.sealing import MasterKey
from storage.store import Store

#: Where relays are listed, this machine may deliver too: what checks the door comes from here.
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def policy_of(settings: Settings) -> Policy:
    """The values the desk works by, from the operator's settings."""
    return Policy(
        addresses=settings.address,
        timezone=settings.timezone,
        digest_at=settings.digest_at,
        pilot=settings.pilot,
    )


def slack_options_of(settings: Settings) -> SlackOptions:
    """What the Slack side needs to know."""
    return SlackOptions(
        bot_token=settings.slack_bot_token,
        app_token=settings.slack_app_token,
        signing_secret=settings.slack_signing_secret,
        api_url=settings.slack_api_url,
        staff=settings.slack_channel,
        managers=settings.slack_managers,
        restricted=settings.slack_restricted,
        counsel=settings.counsel,
        timezone=settings.timezone,
    )


def tls_context(settings: Settings) -> ssl.SSLContext | None:
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


#: bytes the disk has beyond the reserve, for `desk check`
room_left = spare


class App:
    """The running desk. `start` opens the door last; `stop` closes it first."""

    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        policy = policy_of(settings)
        registry = load()
        self.desk = Desk(store, registry, policy)
        self.parser = Parser()
        self.slack = Slack(
            slack_options_of(settings), self.desk, store, registry, policy, clock, self.read_mail
        )
        self.mailer = Mailer(_relay(settings), policy, store.keys, clock)
        self.outbox = Outbox(store, self.desk, clock, slack=self._post, mail=self.mailer.send)
        self.worker = Worker(store, self.desk, self.parser, policy, clock)
        self.listener = Listener(store.mails, clock, _listener_options(settings, self.worker.wake))
        self.supervisor = Supervisor()
        self.http = self._http()

    async def start(self) -> None:
        """Raises OSError when a port is taken."""
        await self.parser.start()
        if self.http is not None:
            await self.http.start()
        await self.slack.start()
        self.supervisor.start("outbox", self.outbox.run)
        self.supervisor.start("worker", self.worker.run)
        self.supervisor.start("reminders", self._reminders)
        self.supervisor.start("digest", self._digests)
        await self.listener.start()

    async def stop(self) -> None:
        """Door first, then the mails and messages in hand, then what they need."""
        await self.listener.stop()
        await self.supervisor.stop()
        await self.slack.stop()
        if self.http is not None:
            await self.http.stop()
        await self.parser.stop()
        await self.store.close()

    async def wait(self) -> None:
        """Until cancelled, or until the store fails."""
        await self.supervisor.wait()

    async def read_mail(self, mail_id: str) -> ParsedMail:
        """One stored mail as it can be shown. Raises UnknownReference."""
        return await self.parser.parse(await self.store.mails.raw(mail_id))

    async def _post(self, message: OutboxMessage) -> Receipt:
        return Receipt(posted=await self.slack.send(message))

    async def _reminders(self) -> None:
        while True:
            changed = asyncio.ensure_future(self.store.changed())
            try:
                await self.desk.remind(self.clock.now())
                await self._until(await self.store.next_remind_at(), changed)
            finally:
                changed.cancel()

    async def _digests(self) -> None:
        while True:
            now = self.clock.now()  # once: what comes while the digest is made is not passed over
            await self.desk.digest(now)
            await self.clock.wait_until(self.desk.next_digest_at(now))

    async def _until(self, when: datetime | None, changed: "asyncio.Future[None]") -> None:
        """The time, or the next commit; at the latest a day from now."""
        latest = self.clock.now() + timedelta(days=1)
        timer = asyncio.ensure_future(self.clock.wait_until(min(when or latest, latest)))
        try:
            await asyncio.wait({timer, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()

    def _http(self) -> HttpServer | None:
        if self.settings.http_port is None:
            return None
        table = routes(lambda: sorted(self.supervisor.down), self._figures)
        return HttpServer(
            self.settings.smtp_host, self.settings.http_port, [*table, *self.slack.web_routes()]
        )

    def _figures(self) -> dict[str, float]:
        return {f"faults_{name}_total": n for name, n in self.supervisor.faults.items()}


def _relay(settings: Settings) -> Relay | None:
    return Relay(host=settings.relay[0], port=settings.relay[1]) if settings.relay else None


def _listener_options(
    settings: Settings, received: Callable[[InboundMail], None]
) -> ListenerOptions:
    return ListenerOptions(
        addresses=settings.address,
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=tls_context(settings),
        tls_required=settings.tls_required,
        relays=(*settings.smtp_relays, *LOOPBACK) if settings.smtp_relays else (),
        data=None if settings.database_url else settings.data,
        reserve=settings.disk_reserve,
        received=received,
    )


async def open_for_reading(settings: Settings) -> EmbeddedStore:
    """The store as it is now, beside a running desk. Raises KeyFileError, StoreError."""
    if is_new(settings.data):
        raise StoreError(
            f"There is no desk's data in {settings.data}; set DESK_DATA to where it is."
        )
    return await open_store(settings.data, _master(settings), read_only=True)


def _master(settings: Settings) -> MasterKey:
    if settings.key_file is None:
        raise SettingsError(
            ("DESK_MASTER_KEY_FILE is not set: without the key nothing can be read.",)
        )
    return MasterKey.load(settings.key_file)


async def build(settings: Settings, clock: Clock) -> App:
    """Everything opened, nothing started. Raises SettingsError, KeyFileError, StoreError."""
    if faults := settings.missing():
        raise SettingsError(faults)
    store = await open_store(settings.data, _master(settings))
    try:
        return App(settings, clock, store)
    except BaseException:
        await store.close()
        raise


async def run(settings: Settings, clock: Clock, ready: Callable[[], None]) -> None:
    """The desk until cancelled. Raises what `build` raises, and OSError for a busy port."""
    app = await build(settings, clock)
    try:
        await app.start()
        ready()
        await app.wait()
    finally:
        await app.stop()


async def until_signalled(work: Coroutine[object, object, None]) -> None:
    """Run `work` to its end. SIGINT and SIGTERM cancel it, which is a clean end.

    The handlers stand before `work` begins, so that no signal falls between two of its steps;
    a second signal changes nothing, because what it must wait for has an end of its own.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    signalled = False

    def end() -> None:
        nonlocal signalled
        if not signalled:
            signalled = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not signalled:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
