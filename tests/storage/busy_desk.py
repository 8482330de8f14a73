"""A desk that commits and takes mail until it is killed, and says what it has acknowledged.

Run as `python -m tests.storage.busy_desk FOLDER SEED`.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from storage import embedded
from storage.embedded import EmbeddedStore, open_store
from storage.records import MailStatus
from tests.storage.making import MASTER, NOW, a_case, a_message, an_arrival, changed, putting

ROUNDS = 10_000


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def commits(store: EmbeddedStore, chance: random.Random) -> None:
    for number in range(ROUNDS):
        ref = f"PR-2026-{chance.randrange(40):04d}"
        case = await store.case(ref) or a_case(ref)
        try:
            seq = await store.commit(
                putting(changed(case, subject="s" * chance.randrange(3000)), a_message(case=ref))
            )
        except embedded.Conflict:
            continue
        say("commit", seq, ref, case.rev + 1)
        if number % 7 == 0 and (claimed := await store.claim(NOW, NOW - NOW)) is not None:
            say("claim", claimed.id, claimed.attempts)


async def mail(store: EmbeddedStore, chance: random.Random) -> None:
    for _ in range(ROUNDS):
        content = chance.randbytes(chance.randrange(5000))
        kept = await store.mails.append(an_arrival(content))
        say("mail", kept.id, kept.sha256)
        if chance.random() < 0.5:
            await store.commit(putting(changed(kept, status=MailStatus.IGNORED), act="ignore"))
            say("ignored", kept.id)


async def main(folder: Path, seed: int) -> None:
    embedded.SNAPSHOT_COMMITS = 60
    store = await open_store(folder, MASTER)
    say("open")
    workers = [work(store, random.Random(seed + n)) for n in range(4) for work in (commits, mail)]
    await asyncio.gather(*workers)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
