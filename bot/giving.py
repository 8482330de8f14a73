"""Gives an order: to the desk that runs on this data, or carries it out here when none does."""

import asyncio
from pathlib import Path

from bot.app import policy_of
from bot.control import Said, ask
from bot.orders import Office, Order, carry_out
from bot.settings import Settings
from bot.stores import must_exist, open_for_writing
from handlers.clock import Clock
from handlers.desk import Desk
from handlers.registry import load
from storage.errors import StoreBusy

#: A starting desk has its lock before its socket, an ending one its socket no more and its lock
#: still: for so long the command waits for one or the other.
BETWEEN_SECONDS = 10.0
_LOOK_SECONDS = 0.2


async def give(order: Order, settings: Settings, clock: Clock) -> Said:
    """What was done, a sentence each. Raises DeskError."""
    if settings.database_url:
        return await _here(order, settings, clock)
    must_exist(settings)
    loop = asyncio.get_running_loop()
    until = loop.time() + BETWEEN_SECONDS
    while True:
        said = await ask(settings.data, order, order.patience)
        if said is not None:
            return said
        try:
            return await _here(order, settings, clock)
        except StoreBusy:
            if loop.time() > until:
                raise _neither(settings.data) from None
        await asyncio.sleep(_LOOK_SECONDS)


async def _here(order: Order, settings: Settings, clock: Clock) -> Said:
    """On a Desk that sends nothing: what it leaves is done by the next that runs."""
    store = await open_for_writing(settings)
    try:
        desk = Desk(store, load(), policy_of(settings))
        return await carry_out(order, Office(desk, clock.now(), None))
    finally:
        await store.close()


def _neither(folder: Path) -> StoreBusy:
    return StoreBusy(
        f"The data in {folder} is in use, and no running desk answers there: one is just starting "
        "or ending, or a command has it; try again in a moment."
    )
