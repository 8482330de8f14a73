"""Blocks as they are kept: with every id filled in, as Slack does on receipt."""

import copy
import secrets
from typing import Any

from bot.sandbox.inputs import elements_of

Json = dict[str, Any]


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy in which each block and each interactive element has an id."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block["block_id"] = block.get("block_id") or secrets.token_urlsafe(4)
    for _, element in elements_of(filled):
        if element.get("type") != "image":
            element["action_id"] = element.get("action_id") or secrets.token_urlsafe(4)
    return filled
