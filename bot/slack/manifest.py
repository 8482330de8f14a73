"""The app's manifest: least scopes, and no events but those that keep outsiders out and what our
people write under a card in its journal."""

from typing import Any, Literal

from bot.slack.commands import COMMAND

#: each scope and what it is for
SCOPES = {
    "chat:write": "cards, their edits, lines to one person",
    "commands": "the command",
    "groups:read": "who is in the private channels, and whether one is shared with outsiders",
    "groups:history": "finding a card again after an unknown outcome; what is written under it",
    "users:read": "telling guests and strangers from colleagues",
    "im:write": "reminders to one person",
}
EVENTS = ("channel_id_changed", "channel_shared", "channel_unshared", "message.groups")


def manifest(mode: Literal["socket", "http"], url: str = "https://YOUR-HOST") -> dict[str, Any]:
    """For "Create an app from a manifest". `url`: where Slack reaches the desk in HTTP mode."""
    socket = mode == "socket"
    endpoint = {} if socket else {"request_url": f"{url.rstrip('/')}/slack/events"}
    command: dict[str, Any] = {
        "command": COMMAND,
        "description": "Your privacy requests, what is due, and help",
        "usage_hint": "mine | open | due | overdue | show REF | imports | ignored | help",
        "should_escape": True,
    }
    if not socket:
        command["url"] = endpoint["request_url"]
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Privacy desk",
            "description": "Privacy requests as cards with buttons",
        },
        "features": {
            "bot_user": {"display_name": "privacy-desk", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True, **endpoint},
            "event_subscriptions": {"bot_events": list(EVENTS), **endpoint},
            "socket_mode_enabled": socket,
            "org_deploy_enabled": False,
            "token_rotation_enabled": False,
        },
    }
