"""The outbox worker: claim a due message, hand it to its transport, mark it sent, late or dead.

A transport answers with a receipt, `SendLater` or `SendFailed`. Anything else it raises is a fault
of ours: the message is kept and tried again, because what is lost here is lost for good.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from handlers.clock import Clock
from handlers.confirming import HELD, UNCHECKED
from handlers.desk import Desk
from storage.errors import Conflict, StoreAway, StoreError, StoreFull
from storage.records import Letter, OutboxMessage, Posted, Record
from storage.store import Store

log = logging.getLogger("desk.outbox")

#: how long an attempt may take before another worker may claim the message
LEASE = timedelta(minutes=6)
#: an attempt is cut off well before its lease ends; a mail server may take minutes over a letter
ATTEMPT_SECONDS = 45.0
LETTER_SECONDS = 300.0
#: what deliveries in hand have to finish when the desk stops
GRACE_SECONDS = 5.0
IN_FLIGHT = 16
#: waits between attempts; the last one repeats (RFC 5321 4.5.4.1 asks for four to five days)
LADDER = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60, 120, 240))
SLACK_LADDER = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 30, 60))
LETTER_ATTEMPTS = 33  #: four and a third days of the ladder
INTERRUPTED = "it may have arrived: the desk ended while it was on its way"


class SendLater(Exception):
    """Not now; `after` is the least number of seconds to wait, `error` says why.

    `ours`: we did not even try (a setting says wait), so it is never given up for it.
    `doubt`: it may have arrived, nobody knows (RFC 1047).
    """

    def __init__(
        self, error: str, after: float = 0, *, ours: bool = False, doubt: bool = False
    ) -> None:
        super().__init__(error)
        self.error = error
        self.after = after
        self.ours = ours
        self.doubt = doubt


class SendFailed(Exception):
    """Never: trying again cannot help. A person has to look."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Receipt(Record, frozen=True, kw_only=True):
    """What the other side said when it took the message."""

    posted: Posted | None = None  #: Slack
    reply: str = ""  #: the next mail server


Transport = Callable[[OutboxMessage], Awaitable[Receipt]]
Looking = Callable[[OutboxMessage], Awaitable[datetime | None]]
Outcome = Callable[..., Awaitable[None]]  #: takes `now`, the moment it is written down


async def _nobody(_: OutboxMessage) -> datetime | None:
    """Nobody has to be looked at."""


def wait_before_retry(message: OutboxMessage, after: float) -> timedelta:
    """How long to wait after this attempt: the ladder, or longer when the other side says so."""
    ladder = LADDER if isinstance(message.content, Letter) else SLACK_LADDER
    rung = ladder[min(message.attempts, len(ladder)) - 1]
    return max(rung, timedelta(seconds=after))


def outlived(message: OutboxMessage) -> bool:
    """Has a letter been refused for so long that a person must look? Slack is never given up."""
    return isinstance(message.content, Letter) and message.attempts >= LETTER_ATTEMPTS


def interrupted(message: OutboxMessage) -> bool:
    """A letter whose last attempt has no outcome: our process ended while it was on its way."""
    return isinstance(message.content, Letter) and message.attempts > 1 and not message.error


class Outbox:
    """Sends what is due, several lanes at a time, one message of a lane after the other.

    Each claim gets an outcome: deliveries in hand outlive a fault of the loop that started them.
    """

    def __init__(  # noqa: PLR0913  what a message meets on its way
        self,
        store: Store,
        desk: Desk,
        clock: Clock,
        *,
        slack: Transport,
        mail: Transport,
        look: Looking = _nobody,
    ) -> None:
        """`look` has a sender looked at who could not be checked before, and says until when the
        letter waits for that."""
        self._store = store
        self._desk = desk
        self._clock = clock
        self._slack = slack
        self._mail = mail
        self._look = look
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled. A store that fails ends this; nothing else does."""
        try:
            while True:
                await self._step()
        except asyncio.CancelledError:
            if self._in_flight:  # what is on the wire gets its receipt, so that nothing goes twice
                await asyncio.wait(self._in_flight, timeout=GRACE_SECONDS)
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(*self._in_flight, return_exceptions=True)
            self._in_flight.clear()
            raise

    async def _step(self) -> None:
        changed = asyncio.ensure_future(self._store.changed())
        try:
            if len(self._in_flight) < IN_FLIGHT:
                message = await self._store.claim(self._clock.now(), LEASE)
                if message is not None:
                    self._in_flight.add(asyncio.create_task(self._deliver(message)))
                    return
            await self._wait(changed)
        finally:
            changed.cancel()

    async def _wait(self, changed: "asyncio.Future[None]") -> None:
        """Until there is something to do: a commit, a delivery that ended, or the time."""
        waits: set[asyncio.Future[None]] = {changed, *self._in_flight}
        timer = None
        if (when := await self._store.next_send_at()) and when > self._clock.now():
            timer = asyncio.ensure_future(self._clock.wait_until(when))
            waits.add(timer)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if timer is not None:
                timer.cancel()
        for task in [task for task in self._in_flight if task.done()]:
            self._in_flight.discard(task)
            task.result()

    async def _deliver(self, message: OutboxMessage) -> None:
        outcome = await self._attempt(message)
        try:
            await self._settle(message, outcome)
        except StoreError:
            raise
        except Exception as fault:  # noqa: BLE001  without an outcome its lane would wait for ever
            log.error("outbox %s: %s after sending", message.id, type(fault).__name__)
            await self._settle(message, self._unrecorded(message))

    async def _attempt(self, message: OutboxMessage) -> Outcome:
        """Try it; what came of it is still to be written down."""
        letter = isinstance(message.content, Letter)
        transport = self._mail if letter else self._slack
        try:
            await self._hold(message)
            async with asyncio.timeout(LETTER_SECONDS if letter else ATTEMPT_SECONDS):
                receipt = await transport(message)
        except SendFailed as failed:
            return partial(self._desk.give_up, message, failed.error)
        except SendLater as later:
            return self._put_off(message, later)
        except TimeoutError:
            return self._late(message, "no answer in time", 0)
        except (StoreAway, StoreFull, Conflict) as fault:
            return self._late(message, f"the store could not: {type(fault).__name__}", 0)
        except StoreError:
            raise
        except Exception as fault:  # noqa: BLE001  a fault of ours must not lose the message
            log.error("outbox %s: %s while sending", message.id, type(fault).__name__)
            return self._late(message, f"fault: {type(fault).__name__}", 30)
        return partial(self._desk.sent, message, posted=receipt.posted, receipt=receipt.reply)

    async def _hold(self, message: OutboxMessage) -> None:
        """Before a letter: a doubt about it is told, a sender who could not be checked looked at
        again, a cap of the hour heeded. Raises SendLater."""
        now = self._clock.now()
        if interrupted(message):
            await self._desk.doubted(message, INTERRUPTED, now=now)
        if message.error == UNCHECKED and (later := await self._look(message)) is not None:
            raise SendLater(UNCHECKED, (later - now).total_seconds(), ours=True)
        if (free := await self._desk.held_until(message, now)) is not None:
            after = (free - now).total_seconds()
            raise SendLater(HELD, after, ours=True)

    def _put_off(self, message: OutboxMessage, later: SendLater) -> Outcome:
        late = self._late(message, later.error, later.after, ours=later.ours)
        if not later.doubt:
            return late

        async def in_doubt(now: datetime) -> None:
            await self._desk.doubted(message, later.error, now)
            await late(now=now)

        return in_doubt

    def _late(
        self, message: OutboxMessage, error: str, after: float, *, ours: bool = False
    ) -> Outcome:
        if outlived(message) and not ours:
            return partial(self._desk.give_up, message, error)
        wait = wait_before_retry(message, after)
        return partial(self._desk.delay, message, error, wait, tried=not ours)

    def _unrecorded(self, message: OutboxMessage) -> Outcome:
        """Slack can be asked what stands there; a letter would only go out again and again."""
        error = "it may have gone out, and that could not be written down"
        if isinstance(message.content, Letter):
            return partial(self._desk.give_up, message, error)
        return self._late(message, error, 30)

    async def _settle(self, message: OutboxMessage, outcome: Outcome) -> None:
        """Write down what came of it; a full disk, a database that is away, or one who is always
        faster, is waited out."""
        pause = 1.0
        while True:
            try:
                await outcome(now=self._clock.now())
            except (StoreFull, StoreAway, Conflict) as fault:
                log.error(
                    "outbox %s: its outcome has to wait: %s", message.id, type(fault).__name__
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, 60.0)
            else:
                return
