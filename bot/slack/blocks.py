"""Slack's blocks as plain dicts, cut to Slack's limits where a text could be longer.

Limits: section text 3,000, field 2,000, header 150, button text 75 and value 2,000, option
text 75 and value 150, confirm text 300, context elements 10.
"""

from typing import Any

from bot.slack.words import cut

Block = dict[str, Any]


def plain(text: str, limit: int = 3000, *, emoji: bool = False) -> Block:
    """Literal text: nothing in it is live. Never empty, because Slack refuses that."""
    return {"type": "plain_text", "text": cut(text, limit) or "-", "emoji": emoji}


def mrkdwn(text: str, limit: int = 3000) -> Block:
    """Our own words with mentions and dates in them; values in it are escaped by the caller."""
    return {"type": "mrkdwn", "text": text[:limit] or "-", "verbatim": True}


def header(text: str, block_id: str) -> Block:
    return {"type": "header", "block_id": block_id, "text": plain(text, 150)}


def section(text: str, block_id: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "block_id": block_id, "text": mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def literal(text: str, block_id: str, accessory: Block | None = None) -> Block:
    """A section for a stranger's words: at most 3,000 characters of them."""
    block: Block = {"type": "section", "block_id": block_id, "text": plain(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(pairs: list[tuple[str, str]], block_id: str) -> Block:
    """Up to ten titled values, two a line; values are mrkdwn."""
    texts = [mrkdwn(f"*{title}*  {value}", 2000) for title, value in pairs[:10]]
    return {"type": "section", "block_id": block_id, "fields": texts}


def context(texts: list[str], block_id: str) -> Block:
    return {"type": "context", "block_id": block_id, "elements": [mrkdwn(t) for t in texts[:10]]}


def actions(elements: list[Block], block_id: str) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": elements[:25]}


def divider(block_id: str) -> Block:
    return {"type": "divider", "block_id": block_id}


def question(title: str, text: str, yes: str, *, danger: bool = False) -> Block:
    """The "are you sure" in front of a button."""
    asked = {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain("Not now", 30),
    }
    return {**asked, "style": "danger"} if danger else asked


def option(text: str, value: str, description: str = "") -> Block:
    made: Block = {"text": plain(text, 75), "value": value}
    return {**made, "description": plain(description, 75)} if description else made
