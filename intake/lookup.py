"""Asking the DNS about senders, in processes of their own: blocking, and driven by strangers.

They run `python -m intake.dmarc`. Those that parse never wait for a name server, and know
nothing of the network.
"""

from intake.authentication import Origin
from intake.parse import Job, NoWorker, Parser
from storage.records import Sender

#: longer than all questions about one mail may take, and the hashing of a large one
WALL_SECONDS = 9.0


class Lookup:
    """What SPF, DKIM and DMARC say of a mail; in doubt a temporary error, never a pass."""

    def __init__(self, workers: int = 2) -> None:
        self._workers = Parser("intake.dmarc", wall=WALL_SECONDS, attempts=1, workers=workers)

    async def look(self, content: bytes, origin: Origin) -> Sender:
        """Never raises for what a mail holds or a name server answers."""
        late = Sender(result="temperror", words="it could not be checked in time")
        try:
            answer = await self._workers.work(Job(content=content, origin=origin))
        except NoWorker:
            return late
        return answer.parsed.sender or late

    async def stop(self) -> None:
        """End the processes."""
        await self._workers.stop()
