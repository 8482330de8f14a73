"""The command's side of `desk import`: reads archives, and has the desk keep what it lacks."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.archives import Filed, Unread, mails_in, size_of
from bot.control import Said
from bot.giving import Give, giver
from bot.imports import KNOWN, PIECE_BYTES, Import
from bot.settings import Settings
from bot.stores import open_for_reading
from handlers.clock import Clock
from handlers.requests import replace
from storage.records import Record, new_id


class Became(Record, frozen=True, kw_only=True):
    """What became of one mail, or of a file that holds none."""

    file: str  #: in an mbox with the mail's number in it: `old.mbox#3`
    result: Literal["imported", "known", "unreadable"]
    mail: str | None = None  #: its id, once it is imported
    why: str = ""


async def import_mails(
    paths: Iterable[Path],
    settings: Settings,
    clock: Clock,
    received_at: datetime | None,
    step: Callable[[int, int], None],
) -> list[Became]:
    """Of each mail, in the order of the paths. `received_at` holds for all; None = see `Filed`.

    `step` hears how many bytes are done, of how many. Raises DeskError; what was imported until
    then stays, and is not imported twice.
    """
    paths = list(paths)
    total, done = size_of(paths), 0
    batch = new_id(clock.now())
    known = await _known(settings)
    became: list[Became] = []
    async with giver(settings, clock) as give:
        for found in mails_in(paths):
            if isinstance(found, Unread):
                became.append(Became(file=found.name, result="unreadable", why=found.why))
                continue
            order = _order(found, settings, received_at or found.received_at(clock.now()), batch)
            told = (KNOWN,) if order.sha256 in known else await _given(order, give)
            known.add(order.sha256)
            became.append(_told(found, told))
            done += order.size
            step(min(done, total), total)
    step(total, total)
    return became


async def _known(settings: Settings) -> set[str]:
    """The sha256 of every mail there is."""
    store = await open_for_reading(settings)
    try:
        return {mail.sha256 async for mail in store.all_mails()}
    finally:
        await store.close()


def _order(found: Filed, settings: Settings, received_at: datetime, batch: str) -> Import:
    return Import(
        sha256=found.sha256,
        size=len(found.content),
        content=found.content,
        received_at=received_at,
        mail_from=found.mail_from,
        rcpt_to=settings.address[:1],
        batch=batch,
    )


async def _given(whole: Import, give: Give) -> Said:
    """In pieces; the answer to the last."""
    said: Said = ()
    for offset in range(0, whole.size, PIECE_BYTES):
        piece = whole.content[offset : offset + PIECE_BYTES]
        said = await give(replace(whole, offset=offset, content=piece))
    return said


def _told(found: Filed, said: Said) -> Became:
    if said[0] == KNOWN:
        return Became(file=found.name, result="known")
    return Became(file=found.name, result="imported", mail=said[1])
