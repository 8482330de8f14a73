"""An owner's clicks: they hold no role here, and may answer what was asked of them alone."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from bot.slack import asking, forms, views
from bot.slack.asking import Asked
from bot.slack.parts import Parts
from bot.slack.pointers import Pointer
from bot.slack.views import View
from bot.slack.windows import Window
from handlers.owner_answers import Given, OwnerAnswer
from storage.errors import Refused
from storage.records import Case, Round

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
KEPT = "You can change it until the privacy team releases what rests on it."


class Owners:
    """Show who, and the four answers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def clicked(self, window: Window, body: Body, pointer: Pointer) -> None:
        """Raises Refused for everybody but the owner who was asked."""
        ways = {"exception": asking.reason, "not_mine": asking.whose}
        if pointer.action == "who" or pointer.action in ways:
            await window.open()
        by = await self._person(body)
        if pointer.action == "who":
            await window.show(await self._who(pointer, by))
            return
        await self._parts.desk.asked_of(pointer.ref, pointer.request or 0, by)
        if pointer.action in ways:
            await window.show(ways[pointer.action](pointer))
            return
        await window.tell(await self._answered(pointer, by))

    async def submitted(self, body: Body, pointer: Pointer) -> View:
        """What was asked for an exception, or for a system that is somebody else's."""
        by, form = await self._person(body), forms.values(body["view"])
        person = form.get("person", "")
        if person:
            await self._parts.roles.colleague(person)
        said = await self._answered(pointer, by, form.get("reason", ""), person)
        return views.message(pointer.ref, said)

    async def _who(self, pointer: Pointer, by: str) -> View:
        """On the record before it is on the screen."""
        now = self._parts.clock.now()
        case, this = await self._parts.desk.show_who(pointer.ref, pointer.request or 0, by, now)
        return asking.who(self._seen(case, this, by))

    async def _answered(self, pointer: Pointer, by: str, reason: str = "", person: str = "") -> str:
        try:
            answer = msgspec.convert(pointer.action, Given)
        except msgspec.ValidationError as unknown:
            raise Refused("That is no longer offered here. Nothing was changed.") from unknown
        said = OwnerAnswer(
            ref=pointer.ref,
            round=pointer.request or 0,
            system=pointer.value,
            by=by,
            answer=answer,
            reason=reason,
            person=person,
        )
        async with self._parts.locks.of(pointer.ref):
            await self._parts.desk.owner_answers(said, self._parts.clock.now())
        told = pointer.action.replace("_", " ")
        return f"{pointer.ref}, {pointer.value}: {told}. {KEPT}"

    async def _person(self, body: Body) -> str:
        user = body.get("user") or {}
        team = user.get("team_id") or (body.get("team") or {}).get("id") or ""
        who = str(user.get("id") or "")
        try:
            await self._parts.roles.colleague(who, str(team))
        except Refused:
            log.warning("refused: %s of %s owns nothing here", who, team or "no workspace")
            raise
        return who

    def _seen(self, case: Case, this: Round, by: str) -> Asked:
        return asking.asked_of(case, this, by, self._parts.desk.policy.register)
