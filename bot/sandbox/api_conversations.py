"""The conversations.*, users.* and auth.* methods."""

from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.sandbox import messages
from bot.sandbox.errors import SlackError
from bot.sandbox.parts import Parts
from bot.sandbox.seed import APP, BOT, BOT_USER, TEAM, TEAM_DOMAIN, Channel, User
from bot.sandbox.workspace import Json, micros

Item = TypeVar("Item")


def auth_test(parts: Parts, _args: Json) -> Json:
    """auth.test."""
    return {
        "url": parts.web_url,
        "team": "Sandbox",
        "user": parts.workspace.users[BOT_USER].name,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


def info(parts: Parts, args: Json) -> Json:
    """conversations.info."""
    channel = _visible(parts, args, "im:read")
    return {"channel": messages.conversation(channel)}


def members(parts: Parts, args: Json) -> Json:
    """conversations.members, with cursor pages."""
    channel = _visible(parts, args, "im:read")
    page, cursor = _page(list(channel.members), args, 100)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def list_all(parts: Parts, args: Json) -> Json:
    """conversations.list: what the bot can see."""
    kinds = str(args.get("types") or "public_channel").split(",")
    if "im" in kinds:
        raise missing("im:read")
    if "public_channel" in kinds:
        raise missing("channels:read")
    found = [
        messages.conversation(channel)
        for channel in parts.workspace.channels.values()
        if not channel.is_im and channel.is_private and BOT_USER in channel.members
    ]
    page, cursor = _page(found, args, 100)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def open_direct(parts: Parts, args: Json) -> Json:
    """conversations.open with one person."""
    names = args.get("users") or ""
    users = names if isinstance(names, list) else [name for name in str(names).split(",") if name]
    if args.get("channel"):
        channel = parts.workspace.channels.get(str(args["channel"]))
    elif len(users) == 1:
        if users[0] not in parts.workspace.users or users[0] == BOT_USER:
            raise SlackError("user_not_found" if users[0] != BOT_USER else "cannot_dm_bot")
        channel = parts.workspace.direct(users[0])
    else:
        raise SlackError("too_many_users" if users else "users_list_not_supplied")
    if channel is None or not channel.is_im:
        raise SlackError("channel_not_found")
    answer: Json = {"no_op": True, "already_open": True, "channel": {"id": channel.id}}
    if args.get("return_im") in {True, "true", "1"}:
        answer["channel"] = messages.conversation(channel)
    return answer


def history(parts: Parts, args: Json) -> Json:
    """conversations.history: newest first, without thread replies."""
    channel = _visible(parts, args, "im:history")
    found = [
        message
        for message in parts.workspace.messages.get(channel.id, {}).values()
        if message.get("thread_ts", message["ts"]) == message["ts"]
    ]
    chosen = _between(found, args)
    page, cursor = _page(chosen[::-1], args, 100)
    return _messages(page, cursor, args) | {"pin_count": 0}


def replies(parts: Parts, args: Json) -> Json:
    """conversations.replies: the parent first, then its replies, oldest first."""
    channel = _visible(parts, args, "im:history")
    ts = str(args.get("ts"))
    parent = parts.workspace.message(channel.id, ts)
    if parent is None:
        raise SlackError("thread_not_found")
    root = parent.get("thread_ts", ts)
    top = parts.workspace.message(channel.id, root) or parent
    chosen = _between(parts.workspace.replies(channel.id, root), args)
    page, cursor = _page([top, *chosen], args, 1000)
    return _messages(page, cursor, args)


def user_info(parts: Parts, args: Json) -> Json:
    """users.info."""
    user = parts.workspace.users.get(str(args.get("user")))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": _user(user, parts.calendar.now())}


def user_presence(parts: Parts, args: Json) -> Json:
    """users.getPresence: everybody in the sandbox is at their desk."""
    if str(args.get("user")) not in parts.workspace.users:
        raise SlackError("user_not_found")
    return {"presence": "active", "online": True}


def group_members(parts: Parts, args: Json) -> Json:
    """usergroups.users.list: paid workspaces have user groups."""
    if not parts.paid:
        raise SlackError("plan_upgrade_required")
    members = parts.workspace.groups.get(str(args.get("usergroup")))
    if members is None:
        raise SlackError("no_such_subteam")
    return {"users": members}


def missing(scope: str, provided: str = "") -> SlackError:
    """missing_scope, to be completed with what the token has."""
    return SlackError("missing_scope", needed=scope, provided=provided)


def _visible(parts: Parts, args: Json, direct_scope: str) -> Channel:
    channel = parts.workspace.channels.get(str(args.get("channel")))
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    if channel.is_im:
        raise missing(direct_scope)
    return channel


def _between(found: list[Json], args: Json) -> list[Json]:
    inclusive = str(args.get("inclusive", "")).lower() in {"1", "true"}
    try:
        oldest = micros(str(args.get("oldest") or "0"))
        latest = micros(str(args.get("latest") or "9999999999"))
    except ValueError as error:
        raise SlackError("invalid_arguments") from error
    return [
        message
        for message in found
        if oldest < micros(message["ts"]) < latest
        or (inclusive and micros(message["ts"]) in {oldest, latest})
    ]


def _messages(page: list[Json], cursor: str, args: Json) -> Json:
    whole = str(args.get("include_all_metadata", "")).lower() in {"1", "true"}
    shown = page if whole else [messages.without_metadata(message) for message in page]
    answer: Json = {"messages": shown, "has_more": bool(cursor)}
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _page(found: list[Item], args: Json, default: int) -> tuple[list[Item], str]:
    limit = str(args.get("limit") or default)
    cursor = str(args.get("cursor") or "0")
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise SlackError("invalid_limit")
    if not cursor.isdecimal():
        raise SlackError("invalid_cursor")
    end = int(cursor) + int(limit)
    return found[int(cursor) : end], str(end) if end < len(found) else ""


def _user(user: User, now: datetime) -> Json:
    there = now.astimezone(ZoneInfo(user.tz))
    offset = there.utcoffset()
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "deleted": user.is_deleted,
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": there.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        "profile": {
            "title": user.title,
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": user.name,
            "display_name_normalized": user.name,
            "team": user.team,
            **({"api_app_id": APP, "bot_id": BOT} if user.is_bot else {}),
        },
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": user.team != TEAM,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
        "is_email_confirmed": True,
        "who_can_share_contact_card": "EVERYONE",
        "enterprise_user": {},
        "team_domain": TEAM_DOMAIN,
    }
