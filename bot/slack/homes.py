"""The Home tab as it is opened, clicked and kept fresh for those who looked at it lately."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.slack import home
from bot.slack.blocks import Block
from bot.slack.deskwork import Deskwork
from bot.slack.home import Desk
from bot.slack.once import Locks
from bot.slack.parts import Parts
from bot.slack.pointers import Pointer
from bot.slack.queue import Look, work
from bot.slack.replies import NETWORK, code
from bot.slack.stopping import Stopping
from bot.slack.views import View, message, modal
from bot.slack.walking import Walking
from bot.slack.windows import Window
from handlers.handler import Person, Role
from storage.errors import Refused, StoreAway
from storage.records import Record

log = logging.getLogger(__name__)

LATELY = 600.0  #: seconds for which a Home that was looked at is kept fresh
GATHERED = timedelta(seconds=3)  #: what changes in that time is drawn once
MOST = 30  #: people; views.publish allows some hundred a minute


class Shown(Record, frozen=True, kw_only=True):
    """What somebody's Home shows, since when they looked, and its hash."""

    look: Look
    at: float
    view: View
    hash: str = ""


class Homes:
    """One instance; what is remembered is lost at a restart, and comes back when Home is opened."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._shown: dict[str, Shown] = {}
        self._turns = Locks()
        self._deskwork = Deskwork(parts)
        self._walking = Walking(parts)
        self._stopping = Stopping(parts)

    async def opened(self, event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Somebody opened the app; the messages tab is none of ours."""
        if event.get("tab") != "home":
            return
        user = str(event.get("user") or "")
        known = self._shown.get(user)
        look = known.look if known else Look()
        try:
            by = await self._parts.roles.person(user, str(body.get("team_id") or ""))
        except Refused as refused:
            self._shown.pop(user, None)
            await self._parts.client.views_publish(user_id=user, view=home.closed(str(refused)))
            return
        await self._publish(by, look, time.monotonic())

    async def clicked(self, window: Window, body: Mapping[str, Any], pointer: Pointer) -> None:
        """A button of Home, or of a window that began there."""
        name = str(body["actions"][0]["action_id"]).removeprefix(home.PREFIX).partition(".")[0]
        ways: dict[str, Callable[[Window, Person, Pointer], Awaitable[None]]] = {
            "look": self._look,
            "page": self._look,
            "walk": self._walking.clicked,
            "stop": self._stop,
            "find": self._find,
            "new": self._new,
            "hours": self._hours,
            "setup": self._setup,
        }
        if name not in {"look", "page"}:
            await window.open()
        by = await self._parts.person(body)
        await ways[name](window, by, pointer)

    async def _look(self, _: Window, by: Person, pointer: Pointer) -> None:
        look = Look(filter=pointer.action, page=pointer.request or 0)
        await self._publish(by, look, time.monotonic())

    async def _stop(self, window: Window, by: Person, _: Pointer) -> None:
        await self._stopping.opened(window, by)

    async def _find(self, window: Window, _by: Person, _: Pointer) -> None:
        await window.show(self._deskwork.find())

    async def _new(self, window: Window, _by: Person, _: Pointer) -> None:
        await window.show(self._deskwork.new())

    async def _hours(self, window: Window, by: Person, _: Pointer) -> None:
        await window.show(await self._deskwork.hours(by))

    async def _setup(self, window: Window, by: Person, _: Pointer) -> None:
        if not self._may_set_up(by):
            raise Refused("Only managers set things up. Nothing was changed.")
        gaps = self._parts.gaps
        if not gaps:
            await window.show(message("Set up", "Everything is set."))
            return
        await window.show(modal("Set up", home.setup(gaps)))

    def _may_set_up(self, by: Person) -> bool:
        return Role.MANAGER in by.roles or not self._parts.managed

    # --- drawing

    async def drawn(self, by: Person, look: Look) -> View:
        """Their Home, from the cases as they stand."""
        parts = self._parts
        cases, now = await parts.store.cases(), parts.clock.now()
        people = {case.assignee for case in cases if case.assignee} - {by.id}
        covers = await parts.desk.stands_in(by.id, people, now)
        gaps = parts.gaps if self._may_set_up(by) else ()
        desk = Desk(kinds=parts.registry, now=now, timezone=parts.timezone, gaps=gaps)
        # a pass over all that is open: beside the event loop, not on it
        return await asyncio.to_thread(
            lambda: home.home(work(cases, by, desk.today, covers), look, desk)
        )

    async def _publish(self, by: Person, look: Look, at: float) -> None:
        """Drawn and published in turn: an older drawing never covers a newer one."""
        async with self._turns.of(by.id):
            known = self._shown.get(by.id)
            view = await self.drawn(by, look)
            if known is not None and known.at == at and _same(known.view, view):
                return
            published = await self._published(by, view, known.hash if known else "")
            self._shown[by.id] = Shown(look=look, at=at, view=view, hash=published)

    async def _published(self, by: Person, view: View, known: str) -> str:
        """The hash it has now. Another process may have published meanwhile: ours is as new."""
        publish = self._parts.client.views_publish
        try:
            answer = await publish(user_id=by.id, view=view, hash=known or None)
        except SlackApiError as error:
            if code(error) != "hash_conflict":
                raise
            answer = await publish(user_id=by.id, view=view)
        return str(answer["view"]["hash"])

    async def follow(self) -> None:
        """Until cancelled: whoever looked lately sees what has changed."""
        clock = self._parts.clock
        while True:
            changed = asyncio.ensure_future(self._parts.store.changed())
            try:
                for user, shown in self._lately():
                    await self._refresh(user, shown)
                await changed
            finally:
                changed.cancel()
            await clock.wait_until(clock.now() + GATHERED)

    def _lately(self) -> list[tuple[str, Shown]]:
        since = time.monotonic() - LATELY
        self._shown = {user: one for user, one in self._shown.items() if one.at > since}
        return sorted(self._shown.items(), key=lambda item: -item[1].at)[:MOST]

    async def _refresh(self, user: str, shown: Shown) -> None:
        """Whatever goes wrong, the others' Homes go on."""
        try:
            by = await self._parts.roles.person(user)
            await self._publish(by, shown.look, shown.at)
        except Refused:
            self._shown.pop(user, None)
        except (StoreAway, *NETWORK) as error:
            log.warning("a Home stays as it was: %s", code(error) or type(error).__name__)


def _same(one: View, other: View) -> bool:
    """But for the time in its foot."""
    return _told(one) == _told(other)


def _told(view: View) -> list[Block]:
    return [block for block in view["blocks"] if block.get("block_id") != home.FOOT]
