"""What talks SMTP is tested on both event loops the desk runs on."""

import asyncio
import sys
from collections.abc import Callable, Mapping

import pytest

BOTH = ("test_listener", "test_hostile", "test_conversation")
Factories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Factories:
    """asyncio's own loop, and on Linux uvloop, which `desk run` takes there."""
    if item.path.stem in BOTH and sys.platform == "linux":
        import uvloop

        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}
