"""What every test may use: a clock that is set by hand, and a place of its own for data."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="write a picture of each step of the browser journey there",
    )


class HandClock:
    """Calendar time that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait_until(self, when: datetime) -> None:
        while self._now < when:
            await self._moved.wait()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 25, 10, 0, tzinfo=UTC))
