"""How fast mail is accepted, durable, with the whole policy: `python -m bench.accept`.

Beside Postfix's hold queue and stock aiosmtpd that keeps nothing, with Postfix's smtp-source as
the generator (each mail has a Message-ID of its own). The candidates take turns in every round;
only the ratios count, and only within one run. H1: 2 KB, H2: 100 KB, H3: the price of the sync,
H7: while mails of yesterday are worked on, and what kill -9 leaves.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.doors import ADDRESS, MASTER, Door, Postfix, Python, missing
from storage.embedded import open_store
from storage.records import Arrival

_ENOUGH = 500
Figures = dict[str, list[float]]
CONTENT = b"Subject: x\r\n\r\n" + b"word " * 400 + b"\r\n.\r\n"


class Load(NamedTuple):
    """What smtp-source is asked to send."""

    what: str
    mails: int
    size: int
    sessions: int
    reused: bool = True  #: one connection for many mails


def sent(load: Load, port: int) -> float:
    """Mails a second."""
    words = ["smtp-source", *(["-d"] if load.reused else []), "-s", str(load.sessions)]
    words += ["-m", str(load.mails), "-l", str(load.size), "-f", "ann@example.org"]
    words += ["-t", ADDRESS, f"127.0.0.1:{port}"]
    started = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    return load.mails / (time.perf_counter() - started)


def rounds(load: Load, doors: Mapping[str, Door], count: int) -> Figures:
    """Interleaved: each round asks every door once, and begins with another."""
    found: Figures = {name: [] for name in doors}
    names = list(doors)
    for number in range(count):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            found[name].append(sent(load, doors[name].port))
    return found


def show(title: str, found: Figures, targets: Mapping[str, float]) -> None:
    """Mails a second of each, and ours against the others: medians of the rounds."""
    print(title)
    for name, rates in found.items():
        print(f"  {name:14} {_figure(rates, 0)} mails/s")
    mine = found["ours"]
    for name, target in targets.items():
        if name in found:
            ratios = [ours / theirs for ours, theirs in zip(mine, found[name], strict=True)]
            wanted = f"   target {target}" if target else ""
            print(f"  ours / {name:12} {_figure(ratios, 2)}{wanted}")


def _figure(values: list[float], digits: int) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}, {high:,.{digits}f})"


# --- H1, H2, H3


def accepting(folder: Path, count: int, scale: float) -> None:
    """All candidates in one run."""
    opens: dict[str, Callable[[], Door]] = {
        name: partial(Python, name, folder / name)
        for name in ("ours", "stock", "stock-uvloop", "unsynced")
    }
    if why := missing():
        print(f"Without Postfix and its smtp-source nothing can be measured: {why}.")
        return
    opens["postfix"] = lambda: Postfix(folder / "postfix")
    doors: dict[str, Door] = {}
    try:
        for name, start in opens.items():
            doors[name] = start()
        _compare(doors, count, scale)
        postfix = doors["postfix"]
        if isinstance(postfix, Postfix) and not postfix.held():
            print("Postfix held nothing: its figures mean nothing.")
    finally:
        for door in doors.values():
            door.stop()


def _compare(doors: dict[str, Door], count: int, scale: float) -> None:
    peers = {name: door for name, door in doors.items() if name != "unsynced"}
    own = {name: doors[name] for name in ("ours", "unsynced")}
    for whole, targets in (
        (Load("H1 2 KB, 50 sessions, reused", 2_000, 2_048, 50), (1.0, 1.5)),
        (Load("H1 2 KB, one mail a connection", 600, 2_048, 10, reused=False), (0.8, 0.8)),
        (Load("H2 100 KB, 10 sessions, reused", 300, 102_400, 10), (2.0, 0.9)),
    ):
        load = whole._replace(mails=int(whole.mails * scale))
        found = rounds(load, peers, count)
        show(load.what, found, {"stock": targets[0], "postfix": targets[1], "stock-uvloop": 0.0})
    for sessions, target in ((50, 0.8), (10, 0.6)):
        load = Load(f"H3 synced, {sessions} sessions", int(2_000 * scale), 2_048, sessions)
        show(load.what, rounds(load, own, count), {"unsynced": target})


# --- H7


def backlog(folder: Path, mails: int) -> None:
    """Mails of yesterday that nobody has worked on; one in a hundred has 5 MB."""

    async def fill() -> None:
        store = await open_store(folder, MASTER)
        for start in range(0, mails, 200):
            numbers = range(start, min(start + 200, mails))
            await asyncio.gather(*(store.mails.append(_yesterdays(number)) for number in numbers))
        await store.close()

    asyncio.run(fill())


def _yesterdays(number: int) -> Arrival:
    words = f"Please send me a copy of my personal data. {number}\r\n"
    body = words * (100_000 if number % 100 == 99 else 30)
    head = f"From: person{number}@example.org\r\nTo: {ADDRESS}\r\nSubject: My data\r\n"
    return Arrival(
        received_at=datetime.now(UTC),
        mail_from=f"person{number}@example.org",
        rcpt_to=(ADDRESS,),
        peer="127.0.0.1",
        content=f"{head}Message-ID: <{number}@example.org>\r\n\r\n{body}".encode(),
    )


class Answers:
    """What clients heard: ids of mails kept, and how long each 250 took, in seconds."""

    def __init__(self, mails: int) -> None:
        self.ids: list[str] = []
        self.waits: list[float] = []
        self.rate = 0.0
        self.enough = (
            asyncio.Event()
        )  #: so many mails are kept that killing the door tells something
        self._left = iter(range(mails))

    async def session(self, port: int) -> None:
        """One connection for as many mails as are left. Raises ConnectionError when it dies."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def say(line: bytes) -> str:
            writer.write(line)
            reply = await reader.readline()
            while reply[3:4] == b"-":
                reply = await reader.readline()
            if not reply:
                raise ConnectionError
            return reply.decode()

        await reader.readline()
        await say(b"EHLO bench.example.org\r\n")
        for number in self._left:
            await say(b"MAIL FROM:<ann@example.org>\r\n")
            await say(b"RCPT TO:<%b>\r\n" % ADDRESS.encode())
            await say(b"DATA\r\n")
            started = time.perf_counter()
            reply = await say(b"X: %d\r\n%b" % (number, CONTENT))
            self.waits.append(time.perf_counter() - started)
            if reply.startswith("250"):
                self.ids.append(reply.split()[-1])
                if len(self.ids) >= _ENOUGH:
                    self.enough.set()
        writer.close()


async def asked(port: int, mails: int, sessions: int, answers: Answers | None = None) -> Answers:
    """Send so many mails of 2 KB; ends early, and quietly, when the server dies."""
    answers = answers or Answers(mails)
    started = time.perf_counter()
    asking = (answers.session(port) for _ in range(sessions))
    await asyncio.gather(*asking, return_exceptions=True)
    answers.rate = len(answers.ids) / (time.perf_counter() - started)
    return answers


async def present(folder: Path) -> set[str]:
    store = await open_store(folder, MASTER)
    found = {mail.id async for mail in store.all_mails()}
    await store.close()
    return found


def busy(folder: Path, count: int, scale: float) -> None:
    """Accepting beside a worker with work, against the same without a worker; then kill -9."""
    waiting = int(5_000 * scale)
    backlog(folder / "busy", waiting)
    idle, working = Python("ours", folder / "idle"), Python("working", folder / "busy")
    rates: Figures = {"ours": [], "idle": []}
    waits: list[list[float]] = []
    ids: list[str] = []
    for _ in range(count):
        for name, door in (("idle", idle), ("ours", working)):
            answers = asyncio.run(asked(door.port, int(1_000 * scale), 20))
            rates[name].append(answers.rate)
            if name == "ours":
                waits.append(answers.waits)
                ids += answers.ids
    show(f"H7 beside {waiting:,} mails of yesterday, 20 sessions", rates, {"idle": 0.5})
    tails = [statistics.quantiles(each, n=100)[98] / statistics.median(each) for each in waits]
    print(f"  p99 / median of the 250: {_figure(tails, 1)}   target at most 10")
    ids += _killed(working)
    idle.stop()
    lost = set(ids) - asyncio.run(present(folder / "busy"))
    print(f"  kill -9: {len(lost)} of {len(ids):,} accepted mails lost   target 0")


def _killed(door: Python) -> list[str]:
    async def cut_short() -> Answers:
        answers = Answers(100_000)
        asking = asyncio.create_task(asked(door.port, 100_000, 20, answers))
        await answers.enough.wait()
        door.process.kill()
        return await asking

    found = asyncio.run(cut_short()).ids
    door.process.wait()
    return found


def main(words: list[str] | None = None) -> None:
    """Side by side, interleaved, as many rounds as asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--scale", type=float, default=1.0, help="of the number of mails")
    asked_for = arguments.parse_args(words)
    print(f"Python {sys.version.split()[0]}; median (min, max) of {asked_for.rounds} rounds")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # Postfix's own user walks through it
        accepting(Path(name), asked_for.rounds, asked_for.scale)
        busy(Path(name), asked_for.rounds, asked_for.scale)


if __name__ == "__main__":
    main()
