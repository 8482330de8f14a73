"""A world of its own for each journey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.world import World
from tests.sandbox.browser import browser, tab  # noqa: F401 - fixtures


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where pictures go; None = none are wanted."""
    folder: Path | None = request.config.getoption("--pictures")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path / "data").running() as running:
        yield running
