"""The composition root: `build` wires the desk from settings.

Read `App.__init__` to see what the process is made of; nothing else wires, but for the store and
the door, which are there before (`bot/front.py`).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from bot.control import Control, Said
from bot.feed import Feed
from bot.front import Front, open_front
from bot.gaps import gaps
from bot.http import HttpServer, routes
from bot.imports import Imports
from bot.mailer import Mailer
from bot.orders import Office, Order, carry_out
from bot.outbox import Outbox, Receipt
from bot.relay import Connections, read_login
from bot.settings import Settings
from bot.slack.app import Slack
from bot.slack.options import SlackOptions
from bot.supervisor import Supervisor
from handlers.clock import Clock
from handlers.company import System
from handlers.desk import Desk
from handlers.handler import Role
from handlers.letters import catalogue, demands
from handlers.letters.catalogue import Catalogue
from handlers.policy import Policy
from handlers.registry import load
from intake.authentication import Trust
from intake.parse import Parser
from intake.room import spare
from intake.second_look import SecondLook
from intake.sender import Senders
from intake.worker import Worker
from storage.errors import SettingsError
from storage.records import AttachmentText, InboundMail, OutboxMessage, ParsedMail


def policy_of(settings: Settings) -> Policy:
    """The values the desk works by, from the operator's settings and letters. Raises SettingsError
    for letters that cannot be read."""
    try:
        own = catalogue.read(settings.data / "letters")
    except (OSError, ValueError) as fault:
        raise SettingsError(
            (f"The letters in {settings.data} cannot be read: {fault}.",)
        ) from fault
    usual, company = Policy(), settings.company
    return Policy(
        addresses=settings.address,
        company=company.name or usual.company,
        postal=company.postal or usual.postal,
        officer=company.officer or usual.officer,
        promises=settings.promises or usual.promises,
        letters=Catalogue(own=own, reviewers=settings.reviewers),
        register=register_of(settings),
        customers=settings.customers,
        safeguarding=str(settings.people.get("safeguarding", "")),
        timezone=settings.timezone,
        digest_at=settings.digest_at,
        reminders=settings.reminders,
        backups=settings.backups,
        duty=settings.duty,
        pilot=settings.pilot,
        code_tries=settings.code_tries,
        code_life=timedelta(days=settings.code_days),
        look_after=timedelta(days=settings.look_days),
        second_person=settings.second_person,
        confirmed_ignores=settings.confirmed_ignores,
        slack_days=settings.slack_days,
    )


def register_of(settings: Settings) -> tuple[System, ...]:
    """The register of systems, with the owners named for it."""
    return tuple(
        msgspec.structs.replace(
            system,
            title=system.title or system.name,
            owner=settings.owners.get(system.name, system.owner),
        )
        for system in settings.register or Policy().register
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
        groups={Role(role): group for role, group in settings.groups.items()},
        timezone=settings.timezone,
        gaps=gaps(settings),
    )


#: bytes the disk has beyond the reserve, for `desk check`
room_left = spare


def lacks_room(settings: Settings) -> Callable[[int], bool]:
    """Would so many bytes more touch what stays free on the disk of DESK_DATA?"""

    def lacks(size: int) -> bool:
        left = spare(settings.data, settings.disk_reserve)
        return not settings.database_url and left is not None and left < size

    return lacks


class App:
    """The running desk. After `start` the door is open; `stop` closes it first."""

    def __init__(self, settings: Settings, clock: Clock, front: Front) -> None:
        self.settings = settings
        self.clock = clock
        self.front = front
        self.store = store = front.store
        self.listener = front.listener
        policy, registry = policy_of(settings), load()
        if found := tuple(demands.faults(policy.letters, registry.kinds, policy)):
            raise SettingsError(found)
        self.desk = Desk(store, registry, policy)
        self.parser = Parser(
            in_hand=settings.data / "in-hand",
            auto=settings.auto,
            model=settings.model,
            semantic=settings.semantic,
            offices=policy.offices,
        )
        self.slack = Slack(
            slack_options_of(settings),
            self.desk,
            store,
            registry,
            policy,
            clock,
            self.read_mail,
            self._wake,
            read_attachment=self.read_attachment,
        )
        self.mailer = Mailer(_relay(settings, clock), policy, store.keys, clock)
        self.senders = Senders(_trust(settings))
        self.outbox = Outbox(
            store,
            self.desk,
            clock,
            slack=self._post,
            mail=self.mailer.send,
            look=SecondLook(store, self.desk, self.senders, clock).before,
        )
        self.worker = Worker(store, self.desk, self.parser, policy, clock, senders=self.senders)
        front.wake = self.worker.wake
        self.imports = Imports(
            store, waiting=lambda: self.worker.waiting, lacks_room=lacks_room(settings)
        )
        self.control: Control[Order] | None = None
        if not settings.database_url:  # there, a command works beside us on the database
            self.control = Control(settings.data, Order, self._ordered)
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
        self.supervisor.start("homes", self.slack.follow)
        self.supervisor.start("reminders", self._reminders)
        self.supervisor.start("digest", self._digests)
        self.supervisor.start("retention", self._purges)
        if (path := self.settings.suppression_feed) is not None:
            feed = Feed(path, self.store, self.desk, self.clock)
            self.supervisor.start("feed", feed.run)
        if self.control is not None:
            await self.control.start()
        await self.front.open()

    async def stop(self) -> None:
        """Door first, then the mails and messages in hand, then what they need."""
        await self.listener.stop()
        if self.control is not None:
            await self.control.stop()
        await self.supervisor.stop()
        await self.mailer.close()
        await self.slack.stop()
        if self.http is not None:
            await self.http.stop()
        await self.parser.stop()
        await self.senders.stop()
        await self.store.close()

    async def wait(self) -> None:
        """Until cancelled, or until the store fails."""
        await self.supervisor.wait()

    async def read_mail(self, mail_id: str) -> ParsedMail:
        """One stored mail as it can be shown. Raises UnknownReference."""
        return await self.parser.parse(await self.store.mails.raw(mail_id))

    async def read_attachment(self, mail_id: str, place: int) -> AttachmentText:
        """The words of one attachment of a stored mail. Raises UnknownReference."""
        return await self.parser.attachment_text(await self.store.mails.raw(mail_id), place)

    def _wake(self, mail: InboundMail) -> None:
        self.worker.wake(mail)

    async def _post(self, message: OutboxMessage) -> Receipt:
        return Receipt(posted=await self.slack.send(message))

    async def _ordered(self, order: Order) -> Said:
        office = Office(self.desk, self.clock.now(), self.worker.wake, self.imports)
        return await carry_out(order, office)

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

    async def _purges(self) -> None:
        while True:
            await self.clock.wait_until(await self.desk.purge_daily(self.clock.now()))

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


def _relay(settings: Settings, clock: Clock) -> Connections | None:
    """Raises SettingsError for a login that cannot be read."""
    if settings.relay is None:
        return None
    login = read_login(settings.relay_login) if settings.relay_login else None
    return Connections(settings.relay, clock, login, name=settings.smtp_name)


def _trust(settings: Settings) -> Trust:
    return Trust(
        ids=settings.authserv_ids,
        relays=settings.inbound_relays,
        sealers=settings.arc_sealers,
        looks=settings.is_mx,
        nameserver=settings.nameserver,
    )


async def build(settings: Settings, clock: Clock) -> App:
    """Everything opened, nothing started. Raises SettingsError, KeyFileError, StoreError."""
    front = await open_front(settings, clock)
    try:
        return App(settings, clock, front)
    except BaseException:
        await front.store.close()
        raise
