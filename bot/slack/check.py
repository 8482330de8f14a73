"""Is the workspace fit for the desk? Each finding names the thing and the way out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import home, views
from bot.slack.app import web_client
from bot.slack.home import Desk
from bot.slack.manifest import SCOPES
from bot.slack.options import SlackOptions
from bot.slack.queue import Look, work
from bot.slack.replies import NETWORK, code
from bot.slack.shared import shared
from handlers.handler import Kind, Person
from storage.records import Record

MEMBERS = 200  #: of a channel are looked at
OUTSIDE = ("is_restricted", "is_ultra_restricted", "is_stranger")
#: words of a workspace that knows no such method, or does not let the app ask
CANNOT_SAY = frozenset({"unknown_method", "missing_scope", "not_allowed_token_type"})


class Finding(Record, frozen=True, kw_only=True):
    """One thing looked at. `fix` is empty when it is fine."""

    name: str
    ok: bool
    said: str
    fix: str = ""


async def check(options: SlackOptions) -> tuple[Finding, ...]:
    """Token, scopes, channels and ways in. Raises nothing for any state of Slack's."""
    client = web_client(options)
    try:
        who = await client.auth_test()
    except NETWORK as error:
        word = code(error) or "no answer"
        fix = "Set SLACK_BOT_TOKEN to the bot token of the app (xoxb-…)."
        return (Finding(name="Slack token", ok=False, said=word, fix=fix),)
    found = [Finding(name="Slack token", ok=True, said=f"workspace {who.get('team')}")]
    found.append(_scopes({str(k).lower(): str(v) for k, v in who.headers.items()}))
    found.append(_ways_in(options))
    for name, channel in (
        ("DESK_SLACK_CHANNEL", options.staff),
        ("DESK_SLACK_MANAGERS", options.managers),
        ("DESK_SLACK_RESTRICTED", options.restricted),
    ):
        if channel:
            found.append(await _channel(client, name, channel))
            found += await _outsiders(client, name, channel)
    for role, group in options.groups.items():
        found.append(await _group(client, f"[people] groups {role}", group))
    return (*found, await _layout(client))


async def _outsiders(client: AsyncWebClient, name: str, channel: str) -> list[Finding]:
    """Guests and strangers have no role, and still they read the cards."""
    try:
        members = (await client.conversations_members(channel=channel, limit=MEMBERS))["members"]
        profiles = [(await client.users_info(user=member))["user"] for member in members]
    except NETWORK:
        return []  # said of the channel already
    outside = [p for p in profiles if any(p.get(flag) for flag in OUTSIDE)]
    if not outside:
        return []
    said = f"{len(outside)} guests or strangers read there"
    fix = "Take them out of the channel: they have no role, and the cards are before their eyes."
    return [Finding(name=f"{name}, members", ok=False, said=said, fix=fix)]


async def _group(client: AsyncWebClient, name: str, group: str) -> Finding:
    """An optional way to a role; the private channels are the other."""
    try:
        members = (await client.usergroups_users_list(usergroup=group))["users"]
    except NETWORK as error:
        said = f"{code(error) or 'no answer'}: gives nobody a role"
        fix = "Add usergroups:read to the app, or take the group out: the channels give the roles."
        return Finding(name=name, ok=False, said=said, fix=fix)
    return Finding(name=name, ok=True, said=f"{len(members)} members")


async def _layout(client: AsyncWebClient) -> Finding:
    """Would Slack take what we draw? A workspace that cannot say takes it as it comes."""
    nobody = Person(id="U000", roles=frozenset())
    now = datetime.now(UTC)
    drawn = home.home(work((), nobody, now.date()), Look(), Desk(kinds=_None(), now=now))
    for view in (drawn, views.waiting()):
        try:
            await client.blocks_validate(view=view)
        except NETWORK as error:
            if (word := code(error)) in CANNOT_SAY:
                return Finding(name="Slack layout", ok=True, said=f"not looked at ({word})")
            fix = "Tell the makers of the desk: a layout of Slack's has changed."
            return Finding(name="Slack layout", ok=False, said=word or "no answer", fix=fix)
    return Finding(name="Slack layout", ok=True, said="as Slack wants it")


class _None:
    """No kinds are needed to draw an empty page."""

    kinds: Mapping[str, Kind] = MappingProxyType({})


def _scopes(headers: dict[str, str]) -> Finding:
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return Finding(name="Slack scopes", ok=True, said=f"{len(SCOPES)} as needed")
    fix = "Add them to the app (`desk slack-manifest` lists them) and install it again."
    return Finding(name="Slack scopes", ok=False, said=f"missing: {', '.join(missing)}", fix=fix)


def _ways_in(options: SlackOptions) -> Finding:
    ways = {"Socket Mode": options.app_token, "signed HTTP": options.signing_secret}
    said = " and ".join(way for way, setting in ways.items() if setting)
    if said:
        return Finding(name="Slack clicks", ok=True, said=f"by {said}")
    fix = "Set SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET and DESK_HTTP_PORT."
    return Finding(name="Slack clicks", ok=False, said="no way in", fix=fix)


async def _channel(client: AsyncWebClient, name: str, channel: str) -> Finding:
    try:
        about = (await client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        fix = "Invite the app to the channel, and check its id."
        return Finding(name=name, ok=False, said=code(error), fix=fix)
    except NETWORK:
        return Finding(name=name, ok=False, said="no answer", fix="Try again.")
    return _privacy(name, about)


def _privacy(name: str, about: dict[str, Any]) -> Finding:
    faults = (
        (about.get("is_archived"), "is archived", "Name another channel."),
        (
            shared(about),
            "is shared with outsiders",
            "Nothing is posted there: name a channel of your own.",
        ),
        (not about.get("is_private"), "is public", "Make it private: its members have the keys."),
        (about.get("is_member") is False, "the app is not in it", "Invite the app."),
    )
    for wrong, said, fix in faults:
        if wrong:
            return Finding(name=name, ok=False, said=said, fix=fix)
    return Finding(name=name, ok=True, said="private, ours alone")
