"""Gives an order: to the desk that runs on this data, or carries it out here when none does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import lacks_room, policy_of
from bot.control import Said, ask
from bot.imports import Imports
from bot.orders import Office, Order, Ping, carry_out
from bot.settings import Settings
from bot.stores import must_exist, open_for_writing
from handlers.clock import Clock
from handlers.desk import Desk
from handlers.registry import load
from storage.errors import StoreBusy
from storage.store import Store

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


Give = Callable[[Order], Awaitable[Said]]


@asynccontextmanager
async def giver(settings: Settings, clock: Clock) -> AsyncIterator[Give]:
    """For many orders, one after the other: all go to one desk, or all are carried out here.

    With none running, none can start meanwhile. Raises DeskError.
    """
    store = await _store_of_nobody(settings)
    if store is not None:
        try:
            office = _office(store, settings, clock)
            yield lambda order: carry_out(order, office._replace(now=clock.now()))
        finally:
            await store.close()
        return

    async def asked(order: Order) -> Said:
        said = await ask(settings.data, order, order.patience)
        if said is None:
            raise StoreBusy(
                f"The desk on {settings.data} has ended meanwhile; run the command again, it goes "
                "on where it was."
            )
        return said

    yield asked


async def _store_of_nobody(settings: Settings) -> Store | None:
    """The store, open for us; None = a desk runs on it, and answers."""
    if settings.database_url:
        return await open_for_writing(settings)
    must_exist(settings)
    loop = asyncio.get_running_loop()
    until = loop.time() + BETWEEN_SECONDS
    while await ask(settings.data, Ping(), Ping.patience) is None:
        try:
            return await open_for_writing(settings)
        except StoreBusy:
            if loop.time() > until:
                raise _neither(settings.data) from None
        await asyncio.sleep(_LOOK_SECONDS)
    return None


async def _here(order: Order, settings: Settings, clock: Clock) -> Said:
    """On a Desk that sends nothing: what it leaves is done by the next that runs."""
    store = await open_for_writing(settings)
    try:
        return await carry_out(order, _office(store, settings, clock))
    finally:
        await store.close()


def _office(store: Store, settings: Settings, clock: Clock) -> Office:
    desk = Desk(store, load(), policy_of(settings))
    return Office(desk, clock.now(), None, Imports(store, lacks_room=lacks_room(settings)))


def _neither(folder: Path) -> StoreBusy:
    return StoreBusy(
        f"The data in {folder} is in use, and no running desk answers there: one is just starting "
        "or ending, or a command has it; try again in a moment."
    )
