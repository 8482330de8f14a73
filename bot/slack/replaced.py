"""A card that another has taken the place of: Slack would not let us edit it, so it still stands
there with its old buttons. They do nothing any more and say where to go.
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.slack.parts import Parts
from storage.records import Posted


async def instead(parts: Parts, body: Mapping[str, Any]) -> str:
    """What to tell who pressed a button of such a card; "" = it was no such card."""
    container = body.get("container") or {}
    if container.get("type") != "message" or container.get("is_ephemeral"):
        return ""
    pressed = Posted(channel=str(container.get("channel_id")), ts=str(container.get("message_ts")))
    case, what = await parts.desk.case_at(pressed)
    card = case.card if case is not None and what == "card" else None
    if case is None or card is None or card == pressed:
        return ""
    said = f"This card of {case.ref} is out of date, and nothing was changed."
    link = await _link(parts, card)
    return f"{said} <{link}|The one in force>." if link else f"{said} Use the newer one."


async def _link(parts: Parts, card: Posted) -> str:
    try:
        answer = await parts.client.chat_getPermalink(channel=card.channel, message_ts=card.ts)
    except SlackApiError:
        return ""
    return str(answer["permalink"])
