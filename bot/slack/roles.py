"""Who may click: membership of the private channels, or of user groups, checked on the server at
each click.

People from outside can press buttons in a shared channel, and guests sit in private ones: both
are told apart by users.info, and refused.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.once import Locks
from bot.slack.options import SlackOptions
from bot.slack.replies import NETWORK, code
from handlers.handler import Colleague, Person, Role
from storage.errors import Refused

log = logging.getLogger(__name__)

KEPT = 60.0  #: seconds a list of members or a profile is believed
GROUPS = 30.0  #: seconds a user group is believed, at least: Slack answers twenty times a minute
SLACKBOT = "USLACKBOT"  #: no bot, as users.info has it
MOST = 40  #: of us are asked about at once
MISSED = 3.0  #: seconds after which somebody not found is looked for again
NOT_YOURS = "Only members of the privacy team can do this. Nothing was changed."


class Roles:
    """Asks Slack who somebody is; remembers the answer for a minute of protocol time."""

    def __init__(self, client: AsyncWebClient, options: SlackOptions) -> None:
        self._client = client
        self._options = options
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}
        self._profiles: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._asking = Locks()  #: a crowd that clicks at once asks Slack once
        self.team = ""  #: our workspace; asked for when first needed

    async def person(self, user: str, team: str = "") -> Person:
        """Raises Refused for everyone without a role; SlackClientError when Slack is away."""
        profile = await self.colleague(user, team)
        roles = await self._roles(user, KEPT) or await self._roles(user, MISSED)
        if not roles:
            raise Refused(NOT_YOURS)
        return Person(id=user, roles=roles, timezone=_zone(profile))

    async def colleague(self, user: str, team: str = "") -> Mapping[str, Any]:
        """Their profile; anybody of this workspace may own a system. Raises Refused for others."""
        async with self._asking.of("team"):
            if not self.team:
                self.team = str((await self._client.auth_test())["team_id"])
        if not user or (team and team != self.team):
            raise Refused(NOT_YOURS)
        profile = await self._profile(user)
        if not _one_of_us(profile, self.team):
            raise Refused(NOT_YOURS)
        return profile

    async def people(self) -> tuple[Person, ...]:
        """All of us who have a role. Raises SlackClientError when Slack is away."""
        channels = {self._options.channels_of(role) for role in Role} - {""}
        counsel = set(self._options.counsel)
        found = set(counsel)
        for channel in channels:
            found |= await self._of(channel, KEPT)
        for role, group in self._options.groups.items():
            members = await self._group(group, KEPT)
            found |= members
            counsel |= members if role is Role.COUNSEL else set()
        # a manager stands in where there is no other counsel: none of them is left out
        first = sorted(found, key=lambda who: (who not in counsel, who))
        each = await asyncio.gather(*map(self._one_of, first[:MOST]))
        return tuple(one for one in each if one is not None)

    async def colleagues(self) -> tuple[Colleague, ...] | None:
        """All of us, and who is there now; None when Slack does not say."""
        try:
            people = await self.people()
            return tuple(await asyncio.gather(*map(self._colleague, people)))
        except NETWORK:
            return None

    async def _one_of(self, user: str) -> Person | None:
        try:
            return await self.person(user)
        except Refused:
            return None

    async def _colleague(self, person: Person) -> Colleague:
        answer = await self._client.users_getPresence(user=person.id)
        return Colleague(person=person, present=answer["presence"] == "active")

    async def _roles(self, user: str, believed: float) -> frozenset[Role]:
        found = {Role.COUNSEL} if user in self._options.counsel else set()
        for role in (Role.STAFF, Role.MANAGER, Role.RESTRICTED):
            channel = self._options.channels_of(role)
            if channel and user in await self._of(channel, believed):
                found.add(role)
        for role, group in self._options.groups.items():
            if user in await self._group(group, believed):
                found.add(role)
        return frozenset(found)

    async def _group(self, group: str, believed: float) -> frozenset[str]:
        """The members of a user group. Where Slack does not say, it gives nobody a role: the
        channels do."""
        asked, members = self._groups.get(group, (float("-inf"), frozenset()))
        if time.monotonic() - asked < max(believed, GROUPS):
            return members
        try:
            answer = await self._client.usergroups_users_list(usergroup=group)
        except SlackApiError as error:
            log.warning("the user group %s says nothing: %s", group, code(error))
            members = frozenset()
        else:
            members = frozenset(answer["users"])
        self._groups[group] = time.monotonic(), members
        return members

    async def _of(self, channel: str, believed: float) -> frozenset[str]:
        async with self._asking.of(channel):
            return await self._members_of(channel, believed)

    async def _members_of(self, channel: str, believed: float) -> frozenset[str]:
        asked, members = self._members.get(channel, (float("-inf"), frozenset()))
        if time.monotonic() - asked < believed:
            return members
        found: set[str] = set()
        cursor = ""
        while True:
            page = await self._client.conversations_members(
                channel=channel, limit=1000, cursor=cursor
            )
            found |= set(page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        self._members[channel] = time.monotonic(), frozenset(found)
        return frozenset(found)

    async def _profile(self, user: str) -> Mapping[str, Any]:
        async with self._asking.of(user):
            asked, profile = self._profiles.get(user, (float("-inf"), {}))
            if time.monotonic() - asked >= KEPT:
                profile = (await self._client.users_info(user=user))["user"]
                self._profiles[user] = time.monotonic(), profile
        return profile


def _one_of_us(profile: Mapping[str, Any], team: str) -> bool:
    """A person of this workspace: no guest, no bot, no stranger, nobody who left. Who does not
    say where they belong belongs elsewhere."""
    shut = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    if any(profile.get(flag) for flag in shut):
        return False
    return profile.get("id") != SLACKBOT and bool(team) and profile.get("team_id") == team


def _zone(profile: Mapping[str, Any]) -> str:
    """An IANA name; "" for none, or one we do not know."""
    name = str(profile.get("tz") or "")
    return name if name in _zones() else ""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
