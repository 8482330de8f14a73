"""Is the workspace fit for the desk? Each finding names the thing and the way out."""

from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.app import web_client
from bot.slack.manifest import SCOPES
from bot.slack.options import SlackOptions
from bot.slack.replies import NETWORK, code
from storage.records import Record


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
    return tuple(found)


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
            about.get("is_ext_shared") or about.get("is_pending_ext_shared"),
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
