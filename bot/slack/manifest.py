"""The app's manifest: least scopes, and no events but those that keep outsiders out and what our
people write under a card in its journal."""

from collections.abc import Sequence
from typing import Any, Literal

from bot.slack.commands import COMMAND, SHORTCUT

#: each scope and what it is for
SCOPES = {
    "chat:write": "cards, their edits, lines to one person",
    "commands": "the command",
    "groups:read": "who is in the private channels, and whether one is shared with outsiders",
    "groups:history": "finding a card again after an unknown outcome; what is written under it",
    "users:read": "telling guests and strangers from colleagues",
    "im:write": "reminders to one person",
}
#: what a feature needs that the desk lives without, each and what is lost
OPTIONAL = {"usergroups:read": "roles by user group, beside the private channels"}
EVENTS = (
    "app_home_opened",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "message.groups",
)


def manifest(
    mode: Literal["socket", "http"],
    url: str = "https://YOUR-HOST",
    optional: Sequence[str] = (),
) -> dict[str, Any]:
    """For "Create an app from a manifest". `url`: where Slack reaches the desk in HTTP mode;
    `optional`: scopes of features that are set up."""
    socket = mode == "socket"
    endpoint = {} if socket else {"request_url": f"{url.rstrip('/')}/slack/events"}
    command: dict[str, Any] = {
        "command": COMMAND,
        "description": "Your privacy requests, what is due, and help",
        "usage_hint": "mine | open | due | overdue | find | show REF | new | help",
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
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "privacy-desk", "always_online": True},
            "shortcuts": [
                {
                    "name": "Make this a privacy request",
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": "Its words become a case, in a form",
                }
            ],
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": _scopes(optional)},
        "settings": {
            "interactivity": {"is_enabled": True, **endpoint},
            "event_subscriptions": {"bot_events": list(EVENTS), **endpoint},
            "socket_mode_enabled": socket,
            "org_deploy_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def _scopes(optional: Sequence[str]) -> dict[str, list[str]]:
    """Those the desk needs; what it lives without may be left out when it is installed."""
    needed = {"bot": [*SCOPES, *optional]}
    return {**needed, "bot_optional": list(optional)} if optional else needed
