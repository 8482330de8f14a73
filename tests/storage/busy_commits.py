"""One of several processes on a database that commit and take mail, and say what is acknowledged.

Run as `python -m tests.storage.busy_commits URL SEED`, until killed.
"""

import asyncio
import random
import sys
from contextlib import suppress

from storage.errors import Conflict
from storage.postgres.store import PostgresStore, open_postgres
from storage.records import MailStatus
from tests.storage.busy_desk import say
from tests.storage.making import MASTER, NOW, a_case, a_message, an_arrival, changed, putting


async def commits(store: PostgresStore, chance: random.Random) -> None:
    while True:
        ref = f"PR-2026-{chance.randrange(40):04d}"
        case = await store.case(ref) or a_case(ref)
        put = changed(case, subject="s" * chance.randrange(2000))
        try:
            seq = await store.commit(putting(put, a_message(case=ref)))
        except Conflict:  # a number is left out then
            continue
        say("commit", seq, ref, case.rev + 1)


async def mail(store: PostgresStore, chance: random.Random) -> None:
    while True:
        kept = await store.mails.append(an_arrival(chance.randbytes(chance.randrange(5000))))
        say("mail", kept.id, kept.sha256)
        if chance.random() < 0.5:
            await store.commit(putting(changed(kept, status=MailStatus.IGNORED), act="ignore"))
        if chance.random() < 0.1:
            with suppress(Conflict):  # the other has just done so
                await store.seal(NOW)


async def main(url: str, seed: int) -> None:
    store = await open_postgres(url, MASTER)
    say("open")
    workers = [work(store, random.Random(seed + n)) for n in range(2) for work in (commits, mail)]
    await asyncio.gather(*workers)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
