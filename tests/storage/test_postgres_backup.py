"""A backup from PostgreSQL is like any other: put back, it is an embedded desk that verifies."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import mails
from storage.backup import Made
from storage.embedded import open_store
from storage.errors import StoreDamaged, UnknownReference
from storage.journal import Position, Reader
from storage.opening import JOURNAL
from storage.postgres.store import PostgresStore, backup_postgres, open_postgres
from storage.records import MailStatus, Mark, Shred, Suppression
from storage.restore import restore
from storage.store import Store
from tests.storage.making import (
    MASTER,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
    stored,
)
from tests.storage.test_postgres import asked

DAY = timedelta(days=1)


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


async def backed_up(url: str, folder: Path, days: int = 0) -> Made:
    """In a thread, as it runs an event loop of its own."""
    return await asyncio.to_thread(backup_postgres, url, MASTER, folder, NOW + days * DAY, quiet)


async def filled(store: Store) -> None:
    """A bit of everything, some of it shredded."""
    mail = await store.mails.append(an_arrival(b"Subject: first\r\n\r\nPlease.\r\n"))
    case = a_case(mails=(mail.id,), message_ids=("<1@example.org>",))
    done = changed(mail, status=MailStatus.PROCESSED, case=case.ref)
    day = Mark(id="digest 2026-11-02", at=NOW)
    await store.commit(putting(case, done, a_message(case=case.ref), day, note="access"))
    address = Suppression(hash="h", address="rosa@example.org", since=NOW, case=case.ref)
    await store.commit(putting(address, a_message(), act="suppress"))
    await store.seal(NOW)
    second = await store.mails.append(an_arrival(b"second"))
    gone = closed(a_case("PR-2025-0007", mails=(second.id,)))
    done = changed(second, status=MailStatus.PROCESSED, case=gone.ref)
    await store.commit(putting(gone, a_message(case=gone.ref), done))
    shreds = (Shred(life="content", key=gone.ref), Shred(life="raw", key=second.id))
    await store.commit(putting(stored(gone), act="purge", shreds=shreds))
    old = closed(a_case("PR-2020-0001"))
    await store.commit(putting(old))
    await store.commit(putting(act="purge", shreds=(Shred(life="skeleton", key=old.ref),)))
    await store.mails.append(an_arrival(b"third, that nobody has worked on"))
    await store.seal(NOW + DAY)


async def state(store: Store) -> dict[str, Any]:
    """All that a desk remembers."""
    cases = [case async for case in store.all_cases()]
    messages = {case.ref: await store.messages_of(case.ref) for case in cases}
    known = [mail async for mail in store.all_mails()]
    return {
        "cases": cases,
        "messages": messages,
        "mails": known,
        "raw": {mail.id: await raw(store, mail.id) for mail in known},
        "history": [entry async for entry in store.history()],
        "mark": await store.mark("digest 2026-11-02"),
        "seal": await store.mark("seal"),
        "suppression": await store.suppression("h"),
    }


async def raw(store: Store, mail_id: str) -> bytes | None:
    try:
        return await store.mails.raw(mail_id)
    except UnknownReference:
        return None


async def state_of_files(data: Path) -> dict[str, Any]:
    store = await open_store(data, MASTER)
    try:
        assert await store.verify(lambda *_: None) == ()
        return await state(store)
    finally:
        await store.close()


@pytest.fixture
async def store(postgres_url: str) -> Any:
    opened = await open_postgres(postgres_url, MASTER)
    yield opened
    await opened.close()


async def test_what_is_put_back_is_what_was_there(
    store: PostgresStore, postgres_url: str, tmp_path: Path
) -> None:
    await filled(store)
    made = await backed_up(postgres_url, tmp_path / "backups")
    assert (made.commits, made.mails, made.segments) == (8, 2, 1)
    files = [path for path in made.path.rglob("*") if path.is_file()]
    assert made.size == sum(path.stat().st_size for path in files)
    restore(tmp_path / "backups", tmp_path / "data", MASTER, quiet)
    expected = await state(store)
    assert None in expected["raw"].values()
    assert await state_of_files(tmp_path / "data") == expected


async def test_numbers_left_out_are_written_down_and_no_others_may_be(
    store: PostgresStore, postgres_url: str, tmp_path: Path
) -> None:
    await store.commit(putting(a_case()))
    asked(postgres_url, "select nextval('desk.sequence_numbers') from generate_series(1, 5)")
    await store.commit(putting(a_case("PR-2026-0002")))
    await store.commit(putting(a_case("PR-2026-0003")))
    made = await backed_up(postgres_url, tmp_path / "backups")
    lines = (made.path / JOURNAL).read_bytes().splitlines(keepends=True)
    assert [b'"after":1,' in line for line in lines] == [False, True, False]
    reader = Reader(made.path / JOURNAL, Position(), {})
    assert [read.line.seq for read in reader] == [1, 7, 8]
    assert made.commits == reader.lines == 3

    restore(tmp_path / "backups", tmp_path / "data", MASTER, quiet)
    again = await open_store(tmp_path / "data", MASTER)
    assert await again.commit(putting(a_case("PR-2026-0004"))) == 9
    assert await again.verify(lambda *_: None) == ()
    await again.close()

    for left_out in range(2):
        harmed = tmp_path / f"harmed{left_out}"
        harmed.write_bytes(b"".join(line for n, line in enumerate(lines) if n != left_out))
        with pytest.raises(StoreDamaged, match="missing or doubled"):
            list(Reader(harmed, Position(), {}))


async def test_mail_that_an_earlier_backup_has_is_shared(
    store: PostgresStore, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "SEGMENT_BYTES", 1500)
    for number in range(4):
        at = NOW + number * MINUTE
        mail = await store.mails.append(an_arrival(b"%d" % number * 1000, received_at=at))
        await store.commit(putting(changed(mail, status=MailStatus.IGNORED), act="ignore"))
    first = await backed_up(postgres_url, tmp_path / "backups")
    await store.mails.append(an_arrival(b"one more", received_at=NOW + DAY))
    second = await backed_up(postgres_url, tmp_path / "backups", 1)
    assert (first.segments, first.linked) == (2, 0)
    assert (second.segments, second.linked) == (3, 2)


# --- while desks run ------------------------------------------------------------------------


class Busy:
    """A process that commits and takes mail as fast as it can."""

    def __init__(self, url: str, seed: int) -> None:
        command = [sys.executable, "-m", "tests.storage.busy_commits", url, str(seed)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._lines = self._process.stdout
        self.said: list[list[str]] = []

    def read(self, acknowledged: int) -> None:
        """Until it has acknowledged so many things more."""
        self.said += [next(self._lines).decode().split() for _ in range(acknowledged)]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._lines.close()


@contextmanager
def busy(url: str) -> Iterator[list[Busy]]:
    processes = [Busy(url, seed) for seed in (7, 70)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()


async def test_a_backup_under_load_holds_all_that_was_acknowledged_before(
    postgres_url: str, tmp_path: Path
) -> None:
    await (await open_postgres(postgres_url, MASTER)).close()
    with busy(postgres_url) as processes:
        for number in range(2):
            for process in processes:
                process.read(120)
            said = [words for process in processes for words in process.said]
            backup = asyncio.create_task(backed_up(postgres_url, tmp_path / "backups", number))
            made = await backup
            for process in processes:
                await asyncio.to_thread(process.read, 20)  # it went on meanwhile
            data = tmp_path / f"data{number}"
            restore(made.path, data, MASTER, quiet)
            await holds(data, said)


async def holds(data: Path, said: list[list[str]]) -> None:
    store = await open_store(data, MASTER)
    commits = {entry.seq async for entry in store.history()}
    assert any(words[0] == "commit" for words in said)
    for words in said:
        match words:
            case ["commit", seq, ref, rev]:
                case = await store.case(ref)
                assert case is not None
                assert case.rev >= int(rev)
                assert int(seq) in commits
            case ["mail", mail_id, sha256]:
                mail = await store.mail(mail_id)
                assert mail is not None
                assert mail.sha256 == sha256
                assert await store.mails.raw(mail_id) is not None
    assert await store.verify(lambda *_: None) == ()
    await store.close()
