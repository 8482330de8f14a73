"""How a process of ours ends: on SIGTERM and Ctrl-C, once, and cleanly."""

import asyncio
import signal
from collections.abc import Coroutine


async def until_signalled(work: Coroutine[object, object, None]) -> None:
    """Run `work` to its end. SIGINT and SIGTERM cancel it, which is a clean end.

    The handlers stand before `work` begins, so that no signal falls between two of its steps;
    a second signal changes nothing, because what it must wait for has an end of its own.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    signalled = False

    def end() -> None:
        nonlocal signalled
        if not signalled:
            signalled = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not signalled:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
