"""Two desks on one PostgreSQL against one, from mail to case: `python -m bench.postgres`.

The mails are stored beforehand. A node is a process with its own store, worker and parsers, no
Slack; on a machine with several cores each is kept on one of its own, and the server is wherever
there is room. The clock runs from the word `go` until each mail is a case with its card in the
outbox. One node and two take turns in every round, each on an empty database. Then the nodes
remind and make the digest at the same time, and nothing may be there twice: no mail's case, no
card, no acknowledgement, no reminder, no digest.

The server is that of DESK_TEST_DATABASE_URL, or one from a wheel, with fsync on.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from bench.start import processor
from handlers.clock import RealClock
from handlers.desk import Desk
from handlers.policy import Policy
from handlers.registry import load
from intake.parse import Parser
from intake.worker import Worker
from storage.postgres.store import PostgresStore, open_postgres
from storage.records import Arrival, Card, Digest, MailStatus, OutboxStatus
from storage.sealing import MasterKey
from tests.postgres import SETTING, Server, emptied

MASTER = MasterKey(bytes(32))
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 300.0
#: when the nodes remind and report, counted in days from the mails
STOPS = (3, 15, 29, 40)
MAIL = """From: Person {number} <person{number}@example.org>
To: {to}
Subject: My data
Message-ID: <{number}@example.org>

Please send me a copy of all the personal data that you hold about me.
I have an account under this address, and I wrote to your support last month.
"""
_LEFT = """
    select (select count(*) from desk.mails where status = 'received'),
        (select count(*) from desk.outbox where status = 'pending' and lane like 'slack:%'),
        (select count(*) from desk.cases)
"""


# --- a node -------------------------------------------------------------------------------------


async def node(url: str, core: int) -> None:
    """Says what it has done, a word a line; works on what it is told: `go`, a time, or the end."""
    if core >= 0:
        os.sched_setaffinity(0, {core})
    store = await open_postgres(url, MASTER)
    policy, parser = Policy(), Parser()
    desk = Desk(store, load(), policy)
    await parser.start()
    worker = Worker(store, desk, parser, policy, RealClock())
    print("ready", flush=True)
    working: asyncio.Task[None] | None = None
    while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if word == "go":
            working = asyncio.create_task(worker.run())
            continue
        at = datetime.fromisoformat(word)
        await desk.remind(at)
        await desk.digest(at)
        print("done", flush=True)
    if working is not None:
        working.cancel()
    await parser.stop()
    await store.close()
    print(worker.worked, flush=True)


class Node:
    """A node's process, from the other side."""

    def __init__(self, url: str, core: int) -> None:
        command = [sys.executable, "-m", "bench.postgres", "--node", url, str(core)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.hear("ready")

    def worked(self) -> float:
        """Seconds of processor time, with its parsers'."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return processor(pid) + sum(processor(int(child)) for child in children)

    def hear(self, word: str) -> None:
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        assert said == word, f"a node said {said!r} in place of {word}"

    def tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")

    def end(self) -> int:
        """How many mails it has worked on."""
        said, _ = self._process.communicate("\n", timeout=PATIENCE_SECONDS)
        return int(said)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


# --- a turn -------------------------------------------------------------------------------------


async def filled(url: str, mails: int, at: datetime) -> None:
    store = await open_postgres(emptied(url), MASTER)
    to = Policy().address
    for start in range(0, mails, 50):
        numbers = range(start, min(start + 50, mails))
        await asyncio.gather(*(store.mails.append(arrival(n, to, at)) for n in numbers))
    await store.close()


def arrival(number: int, to: str, at: datetime) -> Arrival:
    return Arrival(
        received_at=at + timedelta(milliseconds=number),
        mail_from=f"person{number}@example.org",
        rcpt_to=(to,),
        peer="192.0.2.7",
        content=MAIL.format(number=number, to=to).replace("\n", "\r\n").encode(),
    )


def turn(url: str, nodes: int, mails: int) -> tuple[float, float, list[int]]:
    """Seconds until all is done, seconds of processor time that the busiest node took for it, and
    how many mails each has worked on."""
    at = datetime.now(UTC) - timedelta(hours=1)
    asyncio.run(filled(url, mails, at))
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack, psycopg.connect(url, autocommit=True) as connection:
        those = []
        for number in range(nodes):
            those.append(Node(url, cores[number] if len(cores) > 1 else -1))
            stack.callback(those[-1].kill)
        before = [each.worked() for each in those]
        begun = time.perf_counter()
        for each in those:
            each.tell("go")
        while connection.execute(_LEFT).fetchone() != (0, mails, mails):
            assert time.perf_counter() < begun + PATIENCE_SECONDS, "the nodes have not finished"
            time.sleep(LOOK_SECONDS)
        took = time.perf_counter() - begun
        busiest = max(each.worked() - was for each, was in zip(those, before, strict=True))
        for days in STOPS:
            for each in those:
                each.tell((at + timedelta(days=days)).isoformat())
            for each in those:
                each.hear("done")
        shares = [each.end() for each in those]
    asyncio.run(checked(url, mails))
    return took, busiest, shares


async def checked(url: str, mails: int) -> None:
    """Is everything there once? Raises AssertionError."""
    store = await open_postgres(url, MASTER, read_only=True)
    cases = [case async for case in store.all_cases()]
    assert sorted(m for case in cases for m in case.mails) == sorted(
        mail.id for mail in await store.mails_with(MailStatus.PROCESSED)
    )
    assert len(cases) == len({case.requester_hash for case in cases}) == mails
    await _once(store, mails, reminded=sum(len(case.reminded) for case in cases))
    assert await store.verify(lambda *_: None) == ()
    await store.close()


async def _once(store: PostgresStore, mails: int, reminded: int) -> None:
    messages = [m for status in OutboxStatus for m in await store.messages_with(status)]
    said = Counter((each.lane, msgspec.json.encode(each.content)) for each in messages)
    cards = [each for each in messages if isinstance(each.content, Card)]
    assert len(cards) == len({card.case for card in cards}) == mails
    again = [what for what, count in said.items() if count > 1]
    assert not again, f"{len(again)} messages are there twice"
    lines = Counter[str]()
    async for entry in store.history():
        lines[entry.act] += 1
    assert lines["open"] == mails
    assert reminded >= lines["remind"] > 0
    days = [m.content.day for m in messages if isinstance(m.content, Digest)]
    assert len(days) == len(set(days)) == lines["digest"] > 0


# --- rounds -------------------------------------------------------------------------------------


@contextmanager
def server() -> Iterator[str]:
    if url := os.environ.get(SETTING):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="desk-", ignore_cleanup_errors=True) as folder:
        own = Server(Path(folder))
        with psycopg.connect(own.url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(f"alter system set {setting} = on".encode())
            connection.execute("select pg_reload_conf()")
        try:
            yield own.url
        finally:
            own.stop()


def compare(mails: int, rounds: int) -> None:
    found: dict[int, list[float]] = {1: [], 2: []}
    worked: dict[int, list[float]] = {1: [], 2: []}
    with server() as url:
        for number in range(rounds):
            for nodes in (1, 2) if number % 2 == 0 else (2, 1):
                took, busiest, shares = turn(url, nodes, mails)
                found[nodes].append(took)
                worked[nodes].append(busiest)
                said = f"{took:.2f} s, of work {busiest:.2f} s, shares {shares}"
                print(f"  round {number + 1}, nodes {nodes}: {said}", flush=True)
    show(mails, found, worked)


def show(mails: int, found: dict[int, list[float]], worked: dict[int, list[float]]) -> None:
    """The clock's ratio says what this machine did; that of the work, what the nodes share, also
    where others keep the cores busy."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(
        f"{mails} mails to cases, {len(found[1])} rounds, {cores} cores, load {load:.1f} at the end"
    )
    print("mails a second, and two against one; median (min, max)")
    for nodes, times in found.items():
        speeds = [mails / took for took in times]
        middle = statistics.median(speeds)
        print(f"  nodes: {nodes}  {middle:8.1f} ({min(speeds):.1f}, {max(speeds):.1f})")
    for what, those in (("by the clock", found), ("by work of the busiest", worked)):
        gains = [one / two for one, two in zip(those[1], those[2], strict=True)]
        middle = statistics.median(gains)
        print(f"  {what:24} {middle:.2f} times ({min(gains):.2f}, {max(gains):.2f})")


def main(words: list[str] | None = None) -> None:
    """One and two, interleaved."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mails", type=int, default=400)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--node", nargs=2, metavar=("URL", "CORE"), help=argparse.SUPPRESS)
    said: Any = arguments.parse_args(words)
    if said.node:
        asyncio.run(node(said.node[0], int(said.node[1])))
    else:
        compare(said.mails, said.rounds)


if __name__ == "__main__":
    main()
