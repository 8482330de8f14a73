"""One thing at a time for a case, and once only for a double click."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

TWICE = 1.0  #: seconds within which the same press by the same person is a double click
KEPT = 2000


class Locks:
    """A lock per case: Bolt runs listeners side by side, and they may end in any order."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, ref: str) -> asyncio.Lock:
        lock = self._locks.get(ref)
        if lock is None:
            lock = self._locks[ref] = asyncio.Lock()
        return lock


class Presses:
    """Tells a double click, and a delivery that came twice, from a click."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def again(self, body: Mapping[str, Any]) -> bool:
        """Protocol time: a moved calendar changes nothing here."""
        user = str((body.get("user") or {}).get("id") or "")
        action = (body.get("actions") or [{}])[0]
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        container = body.get("container") or {}
        place = str(container.get("view_id") or container.get("message_ts") or "")
        delivered = ("delivery", user, str(action.get("action_ts") or ""), str(value))
        pressed = ("press", user, place, f"{action.get('action_id')} {value}")
        now = time.monotonic()
        button = action.get("type", "button") in {"button", "overflow"}  # choices may go to and fro
        twice = button and now - self._seen.get(pressed, float("-inf")) < TWICE
        repeated = bool(delivered[2]) and delivered in self._seen
        for key in (delivered, pressed):
            self._seen[key] = now
            self._seen.move_to_end(key)
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return twice or repeated
