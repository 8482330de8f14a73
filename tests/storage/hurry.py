"""An embedded store in a hurry: all that may be archived is, before anything is read."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage import archiving, embedded
from storage.embedded import EmbeddedStore


async def settled(store: EmbeddedStore) -> None:
    """Until no snapshot is being written."""
    while store._snapshot is not None and not store._snapshot.done():
        await asyncio.wait({store._snapshot})


def archive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "AFTER", timedelta(seconds=-1))
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 1)
    monkeypatch.setattr(embedded, "SHRED_SECONDS", 0)
    for name in ("_page", "_messages"):
        monkeypatch.setattr(EmbeddedStore, name, _waiting(getattr(EmbeddedStore, name)))


def _waiting(read: Any) -> Any:
    async def reading(store: EmbeddedStore, *asked: Any) -> Any:
        await settled(store)
        return await read(store, *asked)

    return reading
