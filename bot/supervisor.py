"""Keeps the desk's tasks running: a failure is logged, counted, shown and restarted with backoff.

Only a store that fails ends the process: what is on disk is unknown then, and the next start
reads it anew. A full disk, a database that is away, or somebody who was always faster, passes with
time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from storage.errors import Conflict, StoreAway, StoreError, StoreFull

log = logging.getLogger("desk.supervisor")

FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
#: a task that ran this long before failing starts its backoff anew
STEADY_SECONDS = 300.0


class Supervisor:
    """Runs named tasks until stopped; `faults` counts what failed, by name."""

    def __init__(self) -> None:
        self.faults: dict[str, int] = {}
        self.down: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._broken = asyncio.Event()
        self._fault: StoreError | None = None

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Keep `run` running under this name."""
        self.faults[name] = 0
        self._tasks.append(asyncio.create_task(self._keep(name, run), name=name))

    async def wait(self) -> None:
        """Until the store fails (raises StoreError) or the caller is cancelled."""
        await self._broken.wait()
        if self._fault is not None:
            raise self._fault

    async def stop(self, name: str | None = None) -> None:
        """End one task, or all, and wait for the end."""
        ending = [task for task in self._tasks if name in (None, task.get_name())]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._tasks = [task for task in self._tasks if task not in ending]

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        wait = FIRST_WAIT
        while True:
            began = loop.time()
            try:
                await run()
            except (StoreFull, StoreAway, Conflict) as fault:
                log.error("%s has to wait: %s", name, type(fault).__name__)
            except StoreError as fault:
                log.critical("%s: the store failed (%s)", name, type(fault).__name__)
                self._fault = self._fault or fault
                self._broken.set()
                return
            except Exception as fault:  # noqa: BLE001  supervised: logged, counted, restarted
                log.error("%s failed: %s", name, type(fault).__name__)
            if loop.time() - began > STEADY_SECONDS:
                wait = FIRST_WAIT
            self.faults[name] += 1
            self.down.add(name)
            await asyncio.sleep(wait)
            self.down.discard(name)
            wait = min(wait * 2, LONGEST_WAIT)
