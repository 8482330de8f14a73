"""What one sets when starting a sandbox, and the times its protocols keep."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec


class SandboxOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Ports of 0 mean any free one, for mail the last one if it is free. All are on loopback."""

    data: Path
    web_port: int = 0
    mail_port: int = 0
    desk_smtp: tuple[str, int] = ("127.0.0.1", 8025)
    desk_http_port: int | None = None
    desk_address: str = "compliance@cafex.com"
    clock_moves: bool = False


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Protocol time, which no moved calendar clock touches. Everything in seconds."""

    monotonic: Callable[[], float] = time.monotonic
    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 1800.0
    # an event goes out again at once, after one minute and after five (Slack, Events API)
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)


class Calendar:
    """The sandbox's calendar clock: real time plus an offset that only grows."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)
