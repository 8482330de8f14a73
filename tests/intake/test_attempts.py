"""Deaths are counted over restarts, and nothing but ids is written down."""

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from intake.attempts import Attempts
from intake.parse import Parser
from tests.intake.fakes import eventually
from tests.intake.test_parse import ENDLESS, mail

ONE, TWO = "0" * 19 + "1", "0" * 19 + "2"


def died(attempts: Attempts) -> Attempts:
    """Nothing is said any more, and the next one begins: the kernel lets go of the file."""
    attempts.close()
    return Attempts(attempts.path)


def test_a_mail_in_hand_at_two_deaths_of_ours_is_not_tried_again(tmp_path):
    attempts = Attempts(tmp_path / "in-hand")
    for deaths in (0, 1):
        assert not attempts.spent(ONE)
        assert attempts.suspect(ONE) is bool(deaths)
        attempts.begin(ONE)
        attempts = died(attempts)
    assert attempts.spent(ONE)


def test_of_two_desks_in_one_folder_one_counts(tmp_path):
    first = Attempts(tmp_path / "in-hand")
    first.begin(ONE)
    second = Attempts(tmp_path / "in-hand")
    assert not second.suspect(ONE)
    second.begin(TWO)
    assert not died(first).suspect(TWO)


def test_deaths_of_workers_and_of_ours_are_counted_together(tmp_path):
    attempts = Attempts(tmp_path / "in-hand")
    attempts.begin(ONE)
    attempts.lost(ONE)
    assert not attempts.spent(ONE)
    attempts.begin(ONE)
    assert died(attempts).spent(ONE)


def test_what_ended_or_was_let_go_counts_nothing(tmp_path):
    attempts = Attempts(tmp_path / "in-hand")
    attempts.begin(ONE)
    attempts.begin(TWO)
    attempts.end(ONE)
    attempts.leave(TWO)
    after = died(attempts)
    assert not after.suspect(ONE)
    assert not after.suspect(TWO)


def test_a_death_is_remembered_while_other_mails_come_and_go(tmp_path):
    first = Attempts(tmp_path / "in-hand")
    first.begin(ONE)
    second = died(first)
    for number in range(100):
        second.begin(f"{number:020d}x")
        second.end(f"{number:020d}x")
    assert died(second).suspect(ONE)


def test_the_file_holds_ids_and_nothing_else(tmp_path):
    attempts = Attempts(tmp_path / "in-hand")
    attempts.begin(ONE)
    attempts.begin("not an id: ann@example.org")
    assert (tmp_path / "in-hand").read_text() == f"{ONE} 1\n.\n"
    assert (tmp_path / "in-hand").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [b"", b"\x00" * 4096, b"garbage", b"1 99999\n", b"\xff\xfe"])
def test_a_torn_file_counts_nothing(tmp_path, torn):
    (tmp_path / "in-hand").write_bytes(torn)
    assert not Attempts(tmp_path / "in-hand").suspect("1")


def test_a_folder_that_cannot_be_made_costs_the_count_alone(tmp_path):
    (tmp_path / "file").touch()
    attempts = Attempts(tmp_path / "file" / "in-hand")
    attempts.begin(ONE)
    attempts.lost(ONE)
    assert attempts.suspect(ONE)


# --- through the parser


async def test_a_mail_that_was_in_hand_at_two_deaths_gets_no_worker(tmp_path):
    (tmp_path / "in-hand").write_text(f"{ONE} 2\n.\n")
    parser = Parser(in_hand=tmp_path / "in-hand")
    parsed, reading = await parser.read(mail("From: ann@example.org", "Subject: x"), ONE)
    await parser.stop()
    assert (parsed.readable, reading, parser.killed) == (False, None, 0)
    assert (parsed.header_from, parsed.subject) == ("ann@example.org", "x")


async def test_a_suspect_is_in_hand_alone(tmp_path):
    (tmp_path / "in-hand").write_text(f"{ONE} 1\n{TWO} 1\n.\n")
    parser = Parser(in_hand=tmp_path / "in-hand")
    seen: list[set[str]] = []
    begin = parser._attempts.begin

    def watched(mail_id: str) -> None:
        begin(mail_id)
        seen.append(set(parser._attempts._in_hand))

    parser._attempts.begin = watched
    mails = [parser.read(mail("From: ann@example.org"), name) for name in (ONE, "3", TWO, "4", "5")]
    async with asyncio.timeout(60):
        found = await asyncio.gather(*mails)
    await parser.stop()
    assert all(parsed.readable for parsed, _ in found)
    assert {ONE} in seen
    assert {TWO} in seen
    assert (tmp_path / "in-hand").read_text().startswith(".\n")


DESK = """
import asyncio, pathlib, sys
from intake.parse import Parser
async def main():
    parser = Parser(wall=300, in_hand=pathlib.Path(sys.argv[1]))
    await parser.read(b"From: ann@example.org\\r\\n\\r\\n" + b"\\n" * 31_000_000, sys.argv[2])
asyncio.run(main())
"""


def says(path: Path, words: str) -> bool:
    return path.exists() and path.read_text() == words


async def test_our_own_death_is_counted(tmp_path):
    """A process with a mail in hand is killed without a chance to say so, twice."""
    path = tmp_path / "in-hand"
    for deaths in (1, 2):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", DESK, str(path), ONE),
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
        named = f"{ONE} {deaths}\n.\n"
        await eventually(partial(says, path, named), seconds=60)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    parser = Parser(in_hand=path)
    parsed, _ = await parser.read(ENDLESS, ONE)
    await parser.stop()
    assert (parsed.readable, parser.killed) == (False, 0)
