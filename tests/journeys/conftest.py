"""A world of its own for each journey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path / "data").running() as running:
        yield running
