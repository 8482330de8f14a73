"""What the command line may change: each order is a record, with one function over the Desk.

A running desk carries an order out itself; with none running the command does so, on a Desk
without transports (`bot/giving.py`). It is the same function either way.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from bot.control import Said
from bot.imports import Import, Imports
from handlers.desk import Desk
from handlers.purging import Purged
from storage.errors import UnknownReference
from storage.records import InboundMail, OutboxMessage, Record

OPERATOR = "operator"  #: who acts, in the journal, when it is done from the command line


class Retry(Record, frozen=True, kw_only=True, tag="retry"):
    """Try a failed mail or a dead outbox message once more."""

    patience: ClassVar[float] = 30.0  #: seconds the running desk has for its answer

    id: str


class Purge(Record, frozen=True, kw_only=True, tag="purge"):
    """Shred what has outlived its time."""

    patience: ClassVar[float] = 600.0

    look: bool = False  #: only say what is due


class Ping(Record, frozen=True, kw_only=True, tag="ping"):
    """Say that you are there."""

    patience: ClassVar[float] = 5.0


Order = Retry | Purge | Ping | Import


class Office(NamedTuple):
    """Where an order is carried out."""

    desk: Desk
    now: datetime
    woken: Callable[[InboundMail], None] | None  #: the running desk's worker; None = none runs
    imports: Imports


async def carry_out(order: Order, office: Office) -> Said:
    """What was done, a sentence each. Raises DeskError."""
    return await ORDERS[type(order)](order, office)


async def _retry(order: Retry, office: Office) -> Said:
    when = "now" if office.woken else "as soon as a desk runs"
    store = office.desk.store
    if await store.mail(order.id) is not None:
        mail = await office.desk.rework(order.id, OPERATOR, office.now)
        if office.woken:
            office.woken(mail)
        return (f"Mail {mail.id} is worked on again {when}.",)
    if (message := await store.message(order.id)) is None:
        raise UnknownReference(
            f"There is no mail or message {order.id}; `desk failed` lists what can be tried again."
        )
    await office.desk.retry(message.id, OPERATOR, office.now)
    return (f"{_name(message)} goes out again {when}.",)


def _name(message: OutboxMessage) -> str:
    what = type(message.content).__name__.lower()
    of = f" of {message.case}" if message.case else ""
    return f"Message {message.id} ({what}{of})"


async def _purge(order: Purge, office: Office) -> Said:
    purged = await office.desk.purge(office.now, OPERATOR, look=order.look)
    return said_of(purged, "Due" if order.look else "Shredded")


async def _ping(_: Ping, office: Office) -> Said:
    return ("a desk runs here and answers" if office.woken else "no desk runs here",)


async def _import(order: Import, office: Office) -> Said:
    return await office.imports.take(order, office.now, office.woken)


def said_of(purged: Purged, done: str) -> Said:
    """Counts and references: nothing personal."""
    said = []
    if purged.raw:
        said.append(f"{done}: {_counted(purged.raw, 'raw mail')}.")
    for refs, what in (
        (purged.content, "texts, letters and addresses"),
        (purged.skeleton, "all that was left"),
    ):
        if refs:
            said.append(f"{done}: {what} of {_counted(refs, 'case')}: {', '.join(refs)}.")
    return tuple(said) or (f"{done}: nothing has outlived its time.",)


def _counted(names: tuple[str, ...], word: str) -> str:
    return f"{len(names)} {word}{'s' * (len(names) != 1)}"


#: The one table of what may be changed from the command line.
ORDERS: Mapping[type, Callable[[Any, Office], Awaitable[Said]]] = {
    Retry: _retry,
    Purge: _purge,
    Ping: _ping,
    Import: _import,
}
