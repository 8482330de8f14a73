"""How a desk with many stored cases starts, and what it holds: `python -m bench.start`.

A data folder of closed cases over three years and some open ones, each with its mail and five
outbox messages, is made through the store itself; closed cases go to the archive as they would.
Then, in turns: `desk run` against a `desk sandbox` until the SMTP banner and until `ready`, with
its memory; `desk list` until it has printed; and, in a process of its own, what TinyDB as it
comes needs to open one JSON file of the same cases.
"""

import argparse
import asyncio
import itertools
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from storage.embedded import EmbeddedStore, open_store
from storage.records import (
    Arrival,
    Case,
    Commit,
    Due,
    InboundMail,
    MailStatus,
    OutboxMessage,
    OutboxStatus,
    Outcome,
    Request,
    Status,
    ThreadLine,
    new_id,
)
from storage.sealing import MasterKey, new_key_file

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
DUE = Due(
    due_on=date(2026, 12, 2),
    aim_on=date(2026, 11, 20),
    regime="policy",
    rule="policy-30",
    why="Thirty days from the day the request came in, as the privacy policy says.",
)
MESSAGES = 5
AT_ONCE = 200
PORT = 18925
TINYDB = """
import sys, time
begun = time.perf_counter()
from tinydb import TinyDB
count = len(TinyDB(sys.argv[1]).table("cases"))
took, worked = time.perf_counter() - begun, time.process_time()
status = open("/proc/self/status").read()
print(took, worked, int(status.split("VmHWM:")[1].split()[0]) / 1024, count)
"""


# --- a folder full of cases -------------------------------------------------------------------


def a_case(number: int, at: datetime, mail: InboundMail, *, closed: bool) -> Case:
    status = Status.CLOSED if closed else Status.OPEN
    outcome = Outcome.FULFILLED if closed else None
    ended = at if closed else None
    return Case(
        ref=f"PR-{at.year}-{number:04d}",
        received_at=at,
        requester=f"person{number}@example.org",
        requester_name=f"Person {number}",
        requester_hash=f"{number:032x}",
        subject="Please send me all the data you hold about me",
        language="en",
        message_ids=(f"<{number}@example.org>", f"<{number}.answer@example.com>"),
        requests=(
            Request(
                id=1,
                kind="access",
                right="GDPR 15",
                due=DUE,
                status=status,
                outcome=outcome,
                closed_at=ended,
            ),
        ),
        mails=(mail.id,),
        acknowledgement="sent",
        confirmed=True,
    )


def a_message(case: Case, at: datetime) -> OutboxMessage:
    return OutboxMessage(
        id=new_id(at),
        lane="slack:staff",
        case=case.ref,
        content=ThreadLine(case=case.ref, text="The letter went out and was accepted."),
        created_at=at,
        created_by="desk",
        send_after=at,
        status=OutboxStatus.SENT,
        attempts=1,
        sent_at=at,
    )


async def one(store: EmbeddedStore, number: int, at: datetime, *, closed: bool) -> Case:
    content = b"From: person%d@example.org\r\n\r\nPlease send me all my data.\r\n" % number
    sender = f"person{number}@example.org"
    arrival = Arrival(
        received_at=at,
        mail_from=sender,
        rcpt_to=("privacy@example.com",),
        peer="192.0.2.7",
        content=content,
    )
    mail = await store.mails.append(arrival)
    case = a_case(number, at, mail, closed=closed)
    worked = msgspec.structs.replace(mail, status=MailStatus.PROCESSED, case=case.ref)
    messages = (a_message(case, at) for _ in range(MESSAGES))
    puts = (case, worked, *messages)
    await store.commit(Commit(at=at, actor="desk", act="open", case=case.ref, puts=puts))
    return case


async def fill(folder: Path, master: MasterKey, cases: int, still_open: int) -> None:
    """Closed ones first, then the open ones; and a TinyDB file of them all."""
    store = await open_store(folder / "data", master)
    step = YEARS / cases
    numbers = iter(range(cases))
    with (folder / "tinydb.json").open("wb") as file:
        file.write(b'{"cases": {')
        while page := list(itertools.islice(numbers, AT_ONCE)):
            made = await asyncio.gather(
                *(
                    one(store, n, NOW - step * (cases - n), closed=n < cases - still_open)
                    for n in page
                )
            )
            for number, case in zip(page, made, strict=True):
                comma = b"" if number == 0 else b", "
                file.write(comma + b'"%d": %b' % (number + 1, msgspec.json.encode(case)))
        file.write(b"}}")
    await store.close()


# --- processes --------------------------------------------------------------------------------


class Desk:
    """Real processes on the folder, with settings as an operator gives them."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._settings = settings

    def _started(self, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "bot", *words]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=self._settings, stdout=subprocess.PIPE, stderr=log)

    def run(self) -> tuple[float, float, float, float]:
        """Seconds until the banner, of which it worked, until `ready`; and MB."""
        begun = time.perf_counter()
        process = self._started("run")
        assert process.stdout is not None
        try:
            banner(int(self._settings["DESK_SMTP_PORT"]))
            greeted, worked = time.perf_counter() - begun, processor(process.pid)
            assert process.stdout.readline() == b"ready\n"
            ready = time.perf_counter() - begun
            return greeted, worked, ready, memory(process.pid)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()

    def list(self) -> tuple[float, int]:
        """Seconds until `desk list` has printed, and how many lines."""
        begun = time.perf_counter()
        with self._started("list") as process:
            assert process.stdout is not None
            lines = len(process.stdout.readlines())
        return time.perf_counter() - begun, lines

    @contextmanager
    def sandbox(self) -> Iterator[dict[str, str]]:
        """The settings that point a desk at it."""
        words = ("sandbox", "--data", str(self._folder / "sandbox"), "--web-port", "0")
        process = self._started(*words)
        assert process.stdout is not None
        try:
            said = itertools.takewhile(lambda line: line != b"ready\n", process.stdout)
            yield dict(line.decode().strip().split("=", 1) for line in said)  # type: ignore[misc]
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


def banner(port: int) -> None:
    """Until an SMTP server greets."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                assert line.recv(4) == b"220 "
                return
        except ConnectionRefusedError:
            time.sleep(0.002)  # the port is not there yet


def processor(pid: int) -> float:
    """Seconds that a process has worked: what does not depend on who else does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """MB in memory now, of a process and those it has started; what they share counts once."""
    found = re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())
    assert found is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[1]) / 1024 + sum(memory(int(child)) for child in children)


def tinydb(folder: Path) -> tuple[float, float, float]:
    """Seconds until TinyDB has opened the file, seconds of work in all, and MB."""
    command = [sys.executable, "-c", TINYDB, str(folder / "tinydb.json")]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.split()
    return float(said[0]), float(said[1]), float(said[2])


# --- rounds -----------------------------------------------------------------------------------


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    key = folder / "master.key"
    settings = {
        "DESK_DATA": str(folder / "data"),
        "DESK_MASTER_KEY_FILE": str(key),
        "DESK_SMTP_PORT": str(PORT),
    }
    found: dict[str, list[float]] = {}
    with Desk(folder, settings).sandbox() as slack:
        desk = Desk(folder, settings | slack | {"DESK_SMTP_PORT": str(PORT)})
        for _ in range(rounds):
            greeted, worked, ready, held = desk.run()
            listed, _ = desk.list()
            opened, opening, peak = tinydb(folder)
            for name, value in {
                "desk run: SMTP banner, s": greeted,
                "desk run: work till then, s": worked,
                "desk run: ready, s": ready,
                "desk run: memory of all, MB": held,
                "desk list: printed, s": listed,
                "TinyDB: opened, s": opened,
                "TinyDB: work till then, s": opening,
                "TinyDB: peak memory, MB": peak,
            }.items():
                found.setdefault(name, []).append(value)
    return found


def show(found: dict[str, list[float]]) -> None:
    for name, values in found.items():
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"  {name:28} {middle:8.2f} ({low:.2f}, {high:.2f})")


def main(words: list[str] | None = None) -> None:
    """Fill, then measure in turns."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=100_000)
    arguments.add_argument("--open", type=int, default=2_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--folder", type=Path, help="made when it is not there, and kept")
    said: Any = arguments.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = said.folder or Path(name)
        folder.mkdir(exist_ok=True)
        if not (folder / "tinydb.json").exists():
            new_key_file(folder / "master.key")
            master = MasterKey.load(folder / "master.key")
            asyncio.run(fill(folder, master, said.cases, said.open))
        print(f"{said.cases:,} cases, {said.open:,} open; median (min, max) of {said.rounds}")
        show(measure(folder, said.rounds))


if __name__ == "__main__":
    main()
