"""Writing messages into the workspace, and how they look to the app and to the page."""

import secrets
from typing import Any

from bot.sandbox.blocks import with_ids
from bot.sandbox.errors import SlackError
from bot.sandbox.parts import Parts
from bot.sandbox.seed import APP, BOT, BOT_USER, TEAM, Channel
from bot.sandbox.workspace import Json

# nobody clicks in an ephemeral message older than so many others
MOST_WHISPERS = 1000
BOT_PROFILE = {
    "id": BOT,
    "app_id": APP,
    "name": "Privacy desk",
    "icons": {},
    "deleted": False,
    "updated": 0,
    "team_id": TEAM,
}


def bot_message(parts: Parts, content: Json) -> Json:
    """A new message of the app; `content` has text, blocks, attachments, metadata, thread_ts."""
    message: Json = {
        "user": BOT_USER,
        "type": "message",
        "ts": parts.ts(),
        "bot_id": BOT,
        "app_id": APP,
        "text": content.get("text") or "",
        "team": TEAM,
        "bot_profile": BOT_PROFILE,
    }
    if content.get("blocks"):
        message["blocks"] = with_ids(content["blocks"])
    for name in ("attachments", "metadata", "thread_ts"):
        if content.get(name):
            message[name] = content[name]
    return message


def person_message(parts: Parts, user: str, text: str, thread_ts: str | None) -> Json:
    """A new message a person typed."""
    message: Json = {
        "client_msg_id": secrets.token_hex(16),
        "type": "message",
        "user": user,
        "text": text,
        "ts": parts.ts(),
        "team": TEAM,
    }
    if thread_ts:
        message["thread_ts"] = thread_ts
    return message


def put(parts: Parts, channel: str, message: Json) -> None:
    """Keep a new message, and count it on its thread's parent."""
    thread = message.get("thread_ts")
    if thread and thread != message["ts"]:
        parent = parts.workspace.message(channel, thread)
        if parent is None:
            raise SlackError("thread_not_found")
        message["parent_user_id"] = parent["user"]
        _record(parts, channel, message)
        recount(parts, channel, thread)
    else:
        _record(parts, channel, message)


def change(parts: Parts, channel: str, message: Json) -> None:
    """Keep a changed message under its ts."""
    _record(parts, channel, message)


def remove(parts: Parts, channel: str, message: Json) -> None:
    """Delete a message; one with replies leaves a placeholder."""
    if parts.workspace.replies(channel, message["ts"]):
        kept = {k: v for k, v in message.items() if k.startswith(("reply", "latest", "thread"))}
        grave = {
            "type": "message",
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "This message was deleted.",
            "hidden": True,
            "ts": message["ts"],
        }
        _record(parts, channel, grave | kept)
        return
    parts.state.record({"kind": "deleted", "channel": channel, "ts": message["ts"]})
    thread = message.get("thread_ts")
    if thread and thread != message["ts"]:
        recount(parts, channel, thread)


def recount(parts: Parts, channel: str, thread: str) -> None:
    """Bring a parent's reply fields up to date."""
    parent = parts.workspace.message(channel, thread)
    if parent is None:
        return
    replies = parts.workspace.replies(channel, thread)
    names = ("thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply")
    fresh = {name: value for name, value in parent.items() if name not in names}
    if replies:
        writers = list(dict.fromkeys(reply["user"] for reply in replies))
        fresh |= {
            "thread_ts": thread,
            "reply_count": len(replies),
            "reply_users": writers[:5],
            "reply_users_count": len(writers),
            "latest_reply": replies[-1]["ts"],
        }
    _record(parts, channel, fresh)


def _record(parts: Parts, channel: str, message: Json) -> None:
    parts.state.record({"kind": "message", "channel": channel, "message": message})


def whisper(parts: Parts, channel: str, user: str, message: Json) -> None:
    """Show a message to one person; it is gone after a restart."""
    parts.ephemerals[message["ts"]] = (user, channel, message)
    while len(parts.ephemerals) > MOST_WHISPERS:
        del parts.ephemerals[next(iter(parts.ephemerals))]
    event = {"type": "message", "channel": channel, "message": shown(message) | {"ephemeral": True}}
    parts.hub.send(event, {user})


def unwhisper(parts: Parts, ts: str) -> None:
    """Take such a message away again."""
    user, channel, _ = parts.ephemerals.pop(ts)
    parts.hub.send({"type": "deleted", "channel": channel, "ts": ts}, {user})


def without_metadata(message: Json) -> Json:
    """A message without its metadata."""
    return {name: value for name, value in message.items() if name != "metadata"}


def shown(message: Json) -> Json:
    """A message as the page gets it."""
    return {k: v for k, v in message.items() if k not in {"metadata", "bot_profile"}}


def conversation(channel: Channel) -> Json:
    """Slack's conversation object."""
    base: Json = {
        "id": channel.id,
        "created": 0,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": TEAM,
        "updated": 0,
    }
    if channel.is_im:
        return base | {"user": channel.user, "is_user_deleted": False, "priority": 0}
    rest: dict[str, Any] = {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": False,
        "unlinked": 0,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": channel.is_pending_ext_shared,
        "pending_shared": ["T09ELSEWHERE"] if channel.is_pending_ext_shared else [],
        "pending_connected_team_ids": [],
        "parent_conversation": None,
        "creator": channel.members[0] if channel.members else "",
        "shared_team_ids": [TEAM],
        "is_member": BOT_USER in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }
    return base | rest
