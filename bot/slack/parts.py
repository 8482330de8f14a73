"""What the listeners work with, and the edge where their failures become sentences."""

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import cards, reading
from bot.slack.blocks import Block
from bot.slack.once import Locks
from bot.slack.options import Gap
from bot.slack.replies import asked_to_wait, code
from bot.slack.roles import Roles
from bot.slack.scene import Kinds
from bot.slack.views import View
from bot.slack.windows import Window
from handlers import reviewers
from handlers.approvals import CALLS
from handlers.clock import Clock
from handlers.deadlines.working_days import local_day
from handlers.desk import Desk
from handlers.handler import Answer, Click, Faults, Form, Offer, Person
from storage.errors import Conflict, Refused, StoreAway, UnknownReference
from storage.records import AttachmentText, Case, InboundMail, ParsedMail
from storage.store import Store

log = logging.getLogger(__name__)

#: a trigger lives three seconds and opens one window
LATE = frozenset(
    {
        "expired_trigger_id",
        "exchanged_trigger_id",
        "trigger_expired",
        "trigger_exchanged",
        "invalid_trigger_id",
    }
)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One of each, shared by all listeners."""

    client: AsyncWebClient
    desk: Desk
    store: Store
    registry: Kinds
    roles: Roles
    clock: Clock
    read_mail: Callable[[str], Awaitable[ParsedMail]]
    read_attachment: Callable[[str, int], Awaitable[AttachmentText]]
    timezone: str
    wake: Callable[[InboundMail], None]  #: a mail is to be worked on
    gaps: tuple[Gap, ...] = ()  #: settings that are missing
    managed: bool = False  #: have the managers a channel of their own?
    locks: Locks = field(default_factory=Locks)

    async def person(self, body: Mapping[str, Any]) -> Person:
        """Who sent this payload. Raises Refused, and says so in the log, without a role."""
        user = body.get("user") or {}
        team = user.get("team_id") or (body.get("team") or {}).get("id") or body.get("team_id")
        who = str(user.get("id") or body.get("user_id") or "")
        try:
            return await self.roles.person(who, team or "")
        except Refused:
            log.warning("refused: %s of %s has no role here", who, team or "no workspace")
            raise

    def today(self) -> date:
        """The date on the desk's wall."""
        return local_day(self.clock.now(), self.timezone)

    async def colleague(self, person: str) -> Person | None:
        """One of us by their id, or None."""
        try:
            return await self.roles.person(person)
        except Refused:
            return None

    async def act(self, click: Click) -> Answer:
        """A colleague named in a form must have the key to the case too."""
        if fault := await self._shut_out(click.form.get("person", ""), click.ref):
            return Faults(fields={"person": fault})
        click = await self._informed(click)
        async with self.locks.of(click.ref):
            return await self.desk.act(click, self.clock.now())

    async def form(self, click: Click) -> Form:
        click = await self._informed(click)
        async with self.locks.of(click.ref):
            return await self.desk.form(click, self.clock.now())

    async def _informed(self, click: Click) -> Click:
        """With who is there, where a second person may be needed."""
        if click.action not in CALLS:
            return click
        return msgspec.structs.replace(click, team=await self.roles.colleagues())

    async def _shut_out(self, colleague: str, ref: str) -> str:
        if not colleague:
            return ""
        case, _ = await self.desk.offers(ref)
        known = await self.colleague(colleague)
        if known is None:
            return "They are not in the privacy team."
        return "" if known.may_see(case) else "This case is closed to them."

    async def visible(self, ref: str, by: Person) -> tuple[Case, tuple[Offer, ...]]:
        """A case, if its circle is open to them. Raises UnknownReference, Refused."""
        case, offers = await self.desk.offers(ref)
        if not by.may_see(case):
            raise Refused(f"{ref} is in a closed circle. Nothing was changed.")
        return case, offers

    async def mail(self, mail_id: str) -> reading.Mail:
        """A mail, and its words while they are there."""
        mail = await self.store.mail(mail_id)
        purged = mail is not None and not mail.sha256
        return mail, None if purged else await self.read_mail(mail_id)

    async def opened(self, ref: str, by: Person) -> View:
        """A case in a window, with all its buttons; for who stands in, that button alone."""
        if (lent := await self._lent(ref, by)) is not None:
            return reading.opened(*lent)
        case, offers = await self.visible(ref, by)
        now = self.clock.now()
        return reading.opened(case, cards.window(case, offers, self.registry, now, self.timezone))

    async def _lent(self, ref: str, by: Person) -> tuple[Case, list[Block]] | None:
        """What a manager sees who has no key to the case and looks at one letter of it."""
        case, offers = await self.desk.offers(ref)
        approval = None if by.may_see(case) else reviewers.lent(case, by)
        offer = next((o for o in offers if o.action == "second_person"), None)
        if approval is None or offer is None:
            return None
        return case, cards.lent(case, msgspec.structs.replace(offer, value=approval.about))


async def guarded(place: Window | Callable[[str], object], work: Awaitable[None]) -> None:
    """Run it; whatever goes wrong becomes a sentence to the clicker, so no click stays silent."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  a click must be answered, whatever broke
        said = _sentence(error)
    else:
        return
    if not isinstance(place, Window):
        place(said)
        return
    try:
        await place.tell(said)
    except Exception as error:  # noqa: BLE001  Slack itself is away: nobody can be told
        log.error("a clicker could not be told: %s", trail(error))


def _sentence(error: Exception) -> str:
    """What the clicker reads: our own words for what we know, a number for what we do not."""
    match error:
        case Refused() | UnknownReference():
            return str(error)
        case Conflict():
            return "Somebody changed this at the same moment. Nothing was changed; look again."
        case StoreAway():
            return "The desk's database does not answer. Look at the card before you try again."
        case SlackApiError() if code(error) in LATE:
            return "Slack's time for that click ran out. Nothing was changed; please click again."
        case SlackApiError() if wait := asked_to_wait(error):
            return f"Slack asks for {wait:.0f} seconds. Look at the card before you try again."
    return _logged(error)


def _logged(error: Exception) -> str:
    number = secrets.token_hex(3)
    log.error("click failed, number %s: %s", number, trail(error))
    return f"That did not work (number {number}). Look at the card before you try again."


def trail(error: BaseException) -> str:
    """Where it broke, without the words of the error: those may quote a person."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}" for frame in frames]
    return f"{type(error).__name__} at {' < '.join(reversed(places))}"
