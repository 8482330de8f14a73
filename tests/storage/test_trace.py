"""What the kernel was asked, in which order: nothing is promised before the disk has said yes."""

import re
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.intake.fakes import OWN

CLIENTS, MAILS = 6, 10
_STRACE = ("strace", "-f", "-y", "-s", "1000000", "-e")
_TRACED = "trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,openat"
_CALL = re.compile(r"(\d+) +(\w+)\((.*)")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
_RESULT = re.compile(r"= (-?\d+)")
_FILE = re.compile(r'\d+<([^>]*)>|AT_FDCWD[^"]*"([^"]*)"')


class Call(NamedTuple):
    """One call of the kernel: the lines of the trace where it began and ended."""

    name: str
    file: str
    text: str
    began: int
    ended: int


def calls(trace: Path) -> Iterator[Call]:
    """Those that succeeded, in the order they ended."""
    begun: dict[str, tuple[int, str, str]] = {}
    for number, line in enumerate(trace.read_text(errors="replace").splitlines()):
        if called := _CALL.match(line):
            thread, name, text = called.groups()
            begun[thread] = (number, name, text)
            if text.endswith("<unfinished ...>"):
                continue
        elif resumed := _RESUMED.match(line):
            thread, text = resumed[1], resumed[3]
        else:
            continue
        began, name, said = begun.pop(thread)
        result = _RESULT.findall(text)
        file = _FILE.match(said)
        if file and result and int(result[-1]) >= 0:
            yield Call(name, file[1] or file[2], said, began, number)


def traced() -> None:
    """Skips the test, with the reason, where no process can be watched."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (Debian: apt install strace)")
    tried = subprocess.run([*_STRACE, "trace=write", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"strace may not watch processes here: {tried.stderr.decode().strip()}")


def visit(port: int, number: int) -> list[str]:
    """Send some mails over one connection; the replies that accepted them."""
    replies = []
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for each in range(MAILS):
            smtp.ehlo_or_helo_if_needed()
            smtp.mail("ann@example.org")
            smtp.rcpt(OWN[0])
            code, reply = smtp.data(b"Subject: %d %d\r\n\r\nPlease.\r\n" % (number, each))
            assert code == 250
            replies.append(reply.decode())
    return replies


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Call], list[str], list[str]]:
    """The calls of a desk under strace, the replies it gave, and what it said it committed."""
    traced()
    folder = tmp_path_factory.mktemp("watched")
    desk = (sys.executable, "-m", "tests.storage.open_door", str(folder / "data"))
    command = [*_STRACE, _TRACED, "-o", str(folder / "trace"), *desk]
    root, pipe = Path(__file__).parents[2], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=root) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[1])
        with ThreadPoolExecutor(CLIENTS) as clients:
            visits = clients.map(visit, [port] * CLIENTS, range(CLIENTS))
            replies = [reply for visit in visits for reply in visit]
        process.stdin.close()
        said = process.stdout.read().decode().split()
    assert process.returncode == 0
    return list(calls(folder / "trace")), replies, said[1::2]


def synced_between(done: list[Call], written: Call, told: Call) -> bool:
    return any(
        call.name == "fdatasync"
        and call.file == written.file
        and written.ended < call.began
        and call.ended < told.began
        for call in done
    )


def test_each_250_follows_a_sync_of_the_mail_it_accepts(
    watched: tuple[list[Call], list[str], list[str]],
) -> None:
    done, replies, _ = watched
    assert len(replies) == CLIENTS * MAILS
    for reply in replies:
        mail_id = reply.split()[-1]
        (told,) = [c for c in done if c.name == "sendto" and f"Kept as {mail_id}" in c.text]
        written = next(c for c in done if ".log" in c.file and mail_id in c.text)
        assert synced_between(done, written, told)


def test_a_commit_is_seen_after_its_line_is_synced(
    watched: tuple[list[Call], list[str], list[str]],
) -> None:
    done, _, committed = watched
    assert len(committed) == CLIENTS * MAILS
    for seq in committed:
        (told,) = [c for c in done if f'"committed {seq}\\n"' in c.text]
        written = next(c for c in done if "journal" in c.file and f'\\"seq\\":{seq},' in c.text)
        assert synced_between(done, written, told)


def test_a_new_file_is_in_its_folder_before_anything_in_it_is_promised(
    watched: tuple[list[Call], list[str], list[str]],
) -> None:
    done, replies, _ = watched
    assert replies
    first = min(c.began for c in done if c.name == "sendto" and "Kept as" in c.text)
    made = next(c for c in done if c.name == "openat" and c.file.endswith("/mails/00000001.log"))
    assert "O_CREAT" in made.text
    assert any(
        c.name == "fsync" and c.file.endswith("/mails") and made.ended < c.began and c.ended < first
        for c in done
    )
