"""What a commit of one case change of 1.5 KB costs, awaited: `python -m bench.store`.

Beside a raw append + fdatasync, SQLite (WAL, synchronous FULL) and TinyDB as it comes (neither
sealed nor hash-chained, and TinyDB not even durable), each awaited through one thread as the store
is; 1 and 16 at once, beside 100, 10,000 and 100,000 stored cases. The candidates take turns in
every round; only the ratios count, and only within one run.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import msgspec
from tinydb import TinyDB

from storage.embedded import EmbeddedStore, open_store
from storage.records import Case, Commit, Due, Request
from storage.sealing import MasterKey

MASTER = MasterKey(bytes(32))
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DUE = Due(due_on=date(2026, 12, 2), aim_on=date(2026, 11, 20), regime="policy", rule="r", why="w")
TINYDB = "TinyDB as it comes"
TINYDB_CASES = 10_000  #: beyond, one update takes seconds
Turn = Callable[[int], Awaitable[None]]


def a_case(number: int) -> Case:
    """Of about 1.5 KB as JSON."""
    return Case(
        ref=f"PR-2026-{number:06d}",
        received_at=NOW,
        requester=f"person{number}@example.org",
        requester_hash=f"{number:032x}",
        subject="s" * 600,
        message_ids=(f"<{number}@example.org>",),
        requests=(Request(id=1, kind="access", due=DUE),),
    )


async def filled(folder: Path, cases: int) -> EmbeddedStore:
    store = await open_store(folder, MASTER)
    for start in range(0, cases, 500):
        puts = tuple(a_case(number) for number in range(start, min(start + 500, cases)))
        await store.commit(Commit(at=NOW, actor="desk", act="fill", puts=puts))
    return store


def of_store(store: EmbeddedStore) -> Turn:
    cases: dict[int, Case] = {}

    async def turn(number: int) -> None:
        case = cases.get(number) or await store.case(f"PR-2026-{number:06d}")
        assert case is not None
        await store.commit(Commit(at=NOW, actor="desk", act="note", case=case.ref, puts=(case,)))
        cases[number] = msgspec.structs.replace(case, rev=case.rev + 1)

    return turn


def of_raw(path: Path, thread: ThreadPoolExecutor, at_once: int) -> Turn:
    """One append and one fdatasync for all that are asked at once: the best a log can do."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    line = msgspec.json.encode(a_case(1)) + b"\n"

    def write() -> None:
        os.write(fd, line * at_once)
        os.fdatasync(fd)

    async def turn(number: int) -> None:
        if number == 0:
            await asyncio.get_running_loop().run_in_executor(thread, write)

    return turn


def of_sqlite(path: Path, thread: ThreadPoolExecutor) -> Turn:
    base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    base.execute("pragma journal_mode=wal")
    base.execute("pragma synchronous=full")
    base.execute("create table cases (ref text primary key, record blob)")
    record = msgspec.json.encode(a_case(1))

    def write(number: int) -> None:
        base.execute("insert or replace into cases values (?, ?)", (f"{number}", record))

    async def turn(number: int) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, write, number)

    return turn


def of_tinydb(path: Path, thread: ThreadPoolExecutor, cases: int) -> Turn:
    """One update of a TinyDB that holds so many cases in its JSON file."""
    documents = {f"{n}": msgspec.to_builtins(a_case(n)) for n in range(1, cases + 1)}
    path.write_bytes(msgspec.json.encode({"_default": documents}))
    base = TinyDB(path)
    record = msgspec.to_builtins(a_case(1))

    async def turn(number: int) -> None:
        write = partial(base.update, record, doc_ids=[number + 1])
        await asyncio.get_running_loop().run_in_executor(thread, write)

    return turn


async def measured(turn: Turn, at_once: int, commits: int) -> float:
    """Milliseconds a commit."""
    started = time.perf_counter()
    for _ in range(commits // at_once):
        await asyncio.gather(*(turn(number) for number in range(at_once)))
    return (time.perf_counter() - started) * 1000 / commits


async def compare(sizes: list[int], rounds: int, commits: int) -> None:
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(1) as thread:
        folder = Path(name)
        stores = {size: await filled(folder / f"{size}", size) for size in sizes}
        for at_once in (1, 16):
            turns = {f"store, {size:,} cases": of_store(store) for size, store in stores.items()}
            turns["append + fdatasync"] = of_raw(folder / f"raw-{at_once}", thread, at_once)
            turns["SQLite WAL FULL"] = of_sqlite(folder / f"sqlite-{at_once}", thread)
            for size in (size for size in sizes if size <= TINYDB_CASES):
                path = folder / f"tinydb-{at_once}-{size}"
                turns[f"{TINYDB}, {size:,} cases"] = of_tinydb(path, thread, size)
            found: dict[str, list[float]] = {label: [] for label in turns}
            for _ in range(rounds):
                for label, turn in turns.items():
                    few = at_once if label.startswith(TINYDB) else commits
                    found[label].append(await measured(turn, at_once, few))
            show(at_once, found)
        for store in stores.values():
            await store.close()


def show(at_once: int, found: dict[str, list[float]]) -> None:
    print(f"{at_once} at once: ms a commit, median (min, max); times raw, median of the rounds")
    raw = found["append + fdatasync"]
    for label, times in found.items():
        ratio = statistics.median(mine / base for mine, base in zip(times, raw, strict=True))
        middle = statistics.median(times)
        print(f"  {label:24} {middle:7.3f} ({min(times):.3f}, {max(times):.3f})  {ratio:5.2f}")


def main(words: list[str] | None = None) -> None:
    """Side by side, interleaved, as many rounds as asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 100_000])
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--commits", type=int, default=320)
    asyncio.run(compare(**vars(arguments.parse_args(words))))


if __name__ == "__main__":
    main()
