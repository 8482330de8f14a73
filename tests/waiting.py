"""Waiting for what a store will say: woken by its commits, never by a nap."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.records import Case
from storage.store import Store

SECONDS = 20
Found = TypeVar("Found")


async def until(
    store: Store, look: Callable[[], Awaitable[Found | None]], seconds: float = SECONDS
) -> Found:
    """What `look` finds, asked anew after each commit until it is something.

    The wake-up is asked for before the look: a commit made meanwhile is not missed.
    """
    async with asyncio.timeout(seconds):
        while True:
            change = store.changed()
            if found := await look():
                change.close()
                return found
            await change


async def case_when(
    store: Store, ref: str, so: Callable[[Case], object], seconds: float = SECONDS
) -> Case:
    """The case, once it is so."""

    async def look() -> Case | None:
        case = await store.case(ref)
        return case if case is not None and so(case) else None

    return await until(store, look, seconds)
