"""How Slack's errors are read: try later, never, or do it another way."""

import asyncio

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.outbox import SendFailed, SendLater

#: the message cannot be edited any more: a fresh one takes its place
GONE = frozenset({"message_not_found", "edit_window_closed", "cant_update_message", "is_inactive"})
#: Slack did not like how a message looks
MISSHAPEN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
#: what somebody has to put right in the workspace or the settings; nothing is lost meanwhile
TO_BE_MENDED = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "is_inactive",
        "missing_scope",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
_AWAY = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
NETWORK = (aiohttp.ClientError, asyncio.TimeoutError, OSError, SlackClientError)


def code(error: Exception) -> str:
    """Slack's own word for what is wrong, or ""."""
    if not isinstance(error, SlackApiError) or isinstance(error.response, str):
        return ""
    # what stands in front of Slack answers with a page of its own
    said = getattr(error.response, "data", error.response)
    return str(said.get("error") or "") if isinstance(said, dict) else ""


def explained(error: Exception, attempts: int) -> SendLater | SendFailed:
    """What the outbox does next. No error text of ours quotes what was to be sent."""
    word = code(error)
    if isinstance(error, SlackApiError) and (wait := asked_to_wait(error)):
        return SendLater(f"Slack asks to wait {wait:.0f} seconds", wait)
    backoff = float(min(60, 2 ** min(attempts, 6)))
    if word in TO_BE_MENDED:
        return SendLater(f"Slack says {word}: run `desk check`", max(backoff, 30.0))
    if not word or word in _AWAY:
        return SendLater("Slack cannot be reached", backoff)
    return SendFailed(f"Slack says {word}")


def asked_to_wait(error: SlackApiError) -> float:
    """Seconds that Slack names with a 429; 0 = it names none."""
    headers = {} if isinstance(error.response, str) else error.response.headers or {}
    lower = {str(name).lower(): value for name, value in headers.items()}
    wait = str(lower.get("retry-after", "")).strip()
    return float(wait) + 0.5 if wait.isdigit() else 0.0
