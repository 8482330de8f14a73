"""The smallest desk there is: a door, a store, and a commit for each mail, said aloud when made.

Run as `python -m tests.storage.open_door FOLDER`; prints its port, ends with its standard input.
"""

import asyncio
import os
import sys
from pathlib import Path

from intake.door import ListenerOptions
from intake.listener import Listener
from storage.embedded import EmbeddedStore, open_store
from storage.records import InboundMail, MailStatus
from tests.intake.fakes import OWN, StillClock
from tests.storage.making import MASTER, changed, putting


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def work(store: EmbeddedStore, mail: InboundMail) -> None:
    worked = changed(mail, status=MailStatus.IGNORED)
    say("committed", await store.commit(putting(worked, act="ignore")))


async def main(folder: Path) -> None:
    store = await open_store(folder, MASTER)
    async with asyncio.TaskGroup() as tasks:

        def received(mail: InboundMail) -> None:
            tasks.create_task(work(store, mail))

        door = Listener(
            store.mails, StillClock(), ListenerOptions(addresses=OWN, received=received)
        )
        await door.start()
        say("port", door.port)
        await asyncio.to_thread(sys.stdin.buffer.read)
        await door.stop()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
