"""The payloads a click, a form, a command or a message becomes. Pure."""

import msgspec

from bot.sandbox.inputs import offered, state_values
from bot.sandbox.seed import APP, BOT_USER, COMMAND, TEAM, TEAM_DOMAIN, Channel, User
from bot.sandbox.workspace import Json


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it, with the rights the app gets from it."""

    user: User
    token: str
    trigger_id: str = ""
    response_url: str = ""


def action(element: Json, block_id: str, given: Json, ts: str) -> Json | None:
    """The entry of `actions` for one element, or None when it cannot have been done."""
    kind = str(element.get("type"))
    done: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ts,
    }
    if kind == "button":
        for name in ("text", "value", "style", "url"):
            if element.get(name) is not None:
                done[name] = element[name]
        return done
    for name, value in given.items():
        if name == "value" or name.startswith("selected_"):
            done[name] = offered(element, value)
            if value is not None and done[name] is None:
                return None
    if element.get("placeholder"):
        done["placeholder"] = element["placeholder"]
    return done


def _base(kind: str, sender: Sender) -> Json:
    user = sender.user
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": APP,
        "token": sender.token,
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_click(
    sender: Sender, channel: Channel, message: Json, done: Json, *, ephemeral: bool
) -> Json:
    """block_actions from a message. An ephemeral message is not sent along."""
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    payload = _base("block_actions", sender) | {
        "container": container,
        "trigger_id": sender.trigger_id,
        "channel": {"id": channel.id, "name": shown_name(channel)},
        "state": {"values": state_values(message.get("blocks", []), {})},
        "response_url": sender.response_url,
        "actions": [done],
    }
    return payload if ephemeral else payload | {"message": message}


def view_click(sender: Sender, view: Json, done: Json) -> Json:
    """block_actions from a modal or from Home."""
    return _base("block_actions", sender) | {
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": sender.trigger_id,
        "view": view,
        "actions": [done],
    }


def message_shortcut(sender: Sender, channel: Channel, message: Json, callback_id: str) -> Json:
    """message_action: an entry of a message's menu. The message is sent along whole."""
    return _base("message_action", sender) | {
        "callback_id": callback_id,
        "trigger_id": sender.trigger_id,
        "response_url": sender.response_url,
        "action_ts": message["ts"],
        "message_ts": message["ts"],
        "channel": {"id": channel.id, "name": shown_name(channel)},
        "message": message,
    }


def view_submission(sender: Sender, view: Json) -> Json:
    """A form that was sent."""
    return _base("view_submission", sender) | {
        "trigger_id": sender.trigger_id,
        "view": view,
        "response_urls": [],
    }


def view_closed(sender: Sender, view: Json, *, cleared: bool) -> Json:
    """A view that was closed; Slack sends it only when notify_on_close was set."""
    return _base("view_closed", sender) | {"view": view, "is_cleared": cleared}


def command(sender: Sender, channel: Channel, text: str) -> dict[str, str]:
    """The form of a slash command."""
    return {
        "token": sender.token,
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": shown_name(channel),
        "user_id": sender.user.id,
        "user_name": sender.user.name,
        "command": COMMAND,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": sender.response_url,
        "trigger_id": sender.trigger_id,
    }


def event(event_id: str, token: str, inner: Json, *, shared: bool = False) -> Json:
    """An event_callback around one event."""
    return {
        "token": token,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(float(inner["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{event_id}",
    }


def shown_name(channel: Channel) -> str:
    """A channel's name as payloads have it."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name
