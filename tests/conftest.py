"""What every test may use: a clock that is set by hand, and a place of its own for data."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.postgres import SETTING, Server, emptied


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A server of our own, even when the tests' database is elsewhere: it may be killed.

    Not under pytest's folder, which is for root alone when root runs the tests: a server never is.
    """
    with TemporaryDirectory(prefix="desk-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A database with nothing of ours in it."""
    url = os.environ.get(SETTING)
    if not url:
        server: Server = request.getfixturevalue("postgres_server")
        server.start()
        url = server.url
    return emptied(url)
