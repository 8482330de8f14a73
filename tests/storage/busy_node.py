"""One of several processes on a database: takes what there is to do, and never does it.

Run as `python -m tests.storage.busy_node URL LIFE LEASE`; says what it has taken.
"""

import asyncio
import os
import sys
from datetime import timedelta

from storage.postgres.store import open_postgres
from tests.storage.making import MASTER, NOW, an_arrival


async def main(url: str, life: float, lease: float) -> None:
    store = await open_postgres(url, MASTER, life=life)
    await store.mails.append(an_arrival(b"taken by who died"))
    mails = [mail.id async for mail in store.mails.waiting()]
    claimed = await store.claim(NOW, timedelta(seconds=lease))
    async with store.turn("a requester"):
        os.write(1, " ".join([*mails, claimed.id if claimed else "nothing"]).encode() + b"\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
