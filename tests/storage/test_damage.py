"""One bit turned anywhere: a sentence with the way out, or no harm at all; never a wrong answer."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage import keyring
from storage.embedded import EmbeddedStore, open_store
from storage.errors import KeyFileError, StoreDamaged
from storage.opening import JOURNAL, LOCK
from storage.records import MailStatus
from storage.snapshot import FILE
from tests.storage.faults import everything, files
from tests.storage.making import (
    MASTER,
    a_case,
    an_arrival,
    changed,
    putting,
)

LOG = "mails/00000001.log"
WAY_OUT = re.compile(r"`desk (restore DIR|key new)|DESK_MASTER_KEY_FILE|start the version")


@pytest.fixture(autouse=True)
def _few_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "BATCH", 16)
    monkeypatch.setattr(keyring, "LOW", 4)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A closed desk without a snapshot: a case, a mail worked on and one that waits."""
    data = tmp_path / "data"
    store = await open_store(data, MASTER)
    mail = await store.mails.append(an_arrival(b"first"))
    await store.mails.append(an_arrival(b"second"))
    worked = changed(mail, status=MailStatus.IGNORED)
    await store.commit(putting(a_case(message_ids=("<1@example.org>",)), worked, note="opened"))
    await store.commit(putting(act="claim", case="PR-2026-0001", note="taken"))
    await store.close()
    (data / FILE).unlink()
    shutil.rmtree(data / "archive", ignore_errors=True)
    return data


async def answers(store: EmbeddedStore) -> dict[str, Any]:
    """All a store says, and the mails' contents."""
    said = await everything(store)
    said["raw"] = {mail.id: await store.mails.raw(mail.id) for mail in said["mails"]}
    return said


async def read(data: Path, *, read_only: bool) -> dict[str, Any] | str:
    """The answers, or the sentence."""
    try:
        store = await open_store(data, MASTER, read_only=read_only)
    except (StoreDamaged, KeyFileError) as fault:
        return str(fault)
    try:
        return await answers(store)
    except (StoreDamaged, KeyFileError) as fault:
        return str(fault)
    finally:
        await store.close()


def unlocked(data: Path) -> dict[str, bytes]:
    return {name: held for name, held in files(data).items() if name != LOCK}


async def turned(data: Path, name: str, places: range) -> AsyncIterator[tuple[int, Any]]:
    """Turn a bit of each byte in turn; where, and what a reader then says."""
    whole = (data / name).read_bytes()
    for at in places:
        broken = bytearray(whole)
        broken[at] ^= 1 << at % 8
        (data / name).write_bytes(broken)
        held = files(data)
        said = await read(data, read_only=True)
        assert files(data) == held
        if isinstance(said, str):
            assert WAY_OUT.search(said), said
            assert "\n" not in said
        yield at, said
        (data / name).write_bytes(whole)


async def test_each_byte_of_the_journal(data: Path) -> None:
    before = await read(data, read_only=True)
    whole = (data / JOURNAL).read_bytes()
    harmless = set()
    async for at, said in turned(data, JOURNAL, range(len(whole))):
        if not isinstance(said, str):
            assert said == before, at
            harmless.add(at)
    # how much was on disk then: it is only asked for when something else is broken, too
    free = {at for found in re.finditer(rb'"synced":(\d+)', whole) for at in range(*found.span(1))}
    assert harmless <= free


async def test_each_byte_of_the_mail_log(data: Path) -> None:
    size = (data / LOG).stat().st_size
    async for at, said in turned(data, LOG, range(size)):
        assert isinstance(said, str), at


async def test_each_byte_of_the_keyring(data: Path) -> None:
    """A key that nobody uses may be broken: it is made anew."""
    before = await read(data, read_only=True)
    harmed = set()
    size = keyring.SLOT_BYTES
    async for at, said in turned(data, keyring.FILE, range(10 * size)):
        if isinstance(said, str):
            harmed.add(at // size)
        else:
            assert said == before, at
            assert at // size not in harmed
    # the header, the desk's own two, two mails, the case's two
    assert len(harmed) == 7


async def test_a_broken_snapshot_is_passed_over_in_silence(data: Path) -> None:
    before = await read(data, read_only=False)
    whole = (data / FILE).read_bytes()
    assert await read(data, read_only=True) == before
    async for at, said in turned(data, FILE, range(0, len(whole), 11)):
        assert said == before, at


@pytest.mark.parametrize("name", [JOURNAL, LOG, keyring.FILE])
async def test_a_desk_that_does_not_start_has_changed_nothing(data: Path, name: str) -> None:
    whole = (data / name).read_bytes()
    stopped = 0
    for at in range(0, min(len(whole), 6 * keyring.SLOT_BYTES), 23):
        broken = bytearray(whole)
        broken[at] ^= 1 << at % 8
        (data / name).write_bytes(broken)
        held = unlocked(data)
        try:
            store = await open_store(data, MASTER)
        except (StoreDamaged, KeyFileError):
            stopped += 1
            assert unlocked(data) == held
            continue
        await store.close()
        (data / FILE).unlink()
    assert stopped >= 3


async def test_a_line_without_its_end_is_torn_and_one_with_another_end_is_not(data: Path) -> None:
    whole = (data / JOURNAL).read_bytes()
    (data / JOURNAL).write_bytes(whole[:-1] + b"\x0b")
    assert isinstance(await read(data, read_only=False), str)
    for end in (b"", b"\0", bytes(700)):
        (data / JOURNAL).write_bytes(whole[:-1] + end)
        said = await read(data, read_only=True)
        assert not isinstance(said, str)
        assert len(said["history"]) == 1


async def test_a_hole_in_what_a_later_line_vouches_for_is_damage(data: Path) -> None:
    """And one in lines that were written together is what a power cut left of them."""
    store = await open_store(data, MASTER)
    for number in range(3):
        await store.commit(putting(act="note", note=f"{number}" * 900))
    await store.close()
    (data / FILE).unlink()
    whole = (data / JOURNAL).read_bytes()
    starts = [found.start() for found in re.finditer(rb'\{"v"', whole)]
    for line, stops in ((2, True), (4, False)):
        at = starts[line] + 100
        holed = whole[:at] + bytes(512) + whole[at + 512 :]
        (data / JOURNAL).write_bytes(holed)
        said = await read(data, read_only=True)
        assert isinstance(said, str) == stops
        if not isinstance(said, str):
            assert [entry.seq for entry in said["history"]] == [1, 2, 3, 4]


async def test_files_that_are_not_ours_are_left_alone(data: Path) -> None:
    before = await read(data, read_only=True)
    foreign = [
        "notes.txt",
        "journal.jsonl~",
        "mails/00000001 (copy).log",
        "mails/1.log",
        ".DS_Store",
    ]
    for name in foreign:
        (data / name).write_bytes(b"not ours")
    assert await read(data, read_only=False) == before
    assert {(data / name).read_bytes() for name in foreign} == {b"not ours"}


async def test_lines_and_mails_of_another_desk_are_refused(data: Path, tmp_path: Path) -> None:
    store = await open_store(tmp_path / "other", MASTER)
    await store.mails.append(an_arrival(b"of another"))
    await store.commit(putting(a_case("PR-2026-0009"), note="of another"))
    await store.close()
    for name in (JOURNAL, LOG, keyring.FILE):
        whole = (data / name).read_bytes()
        for strange in (whole + (tmp_path / "other" / name).read_bytes(), None):
            (data / name).write_bytes(strange or (tmp_path / "other" / name).read_bytes())
            held = unlocked(data)
            said = await read(data, read_only=False)
            if name == keyring.FILE and strange:
                assert not isinstance(said, str)  # behind the free keys: never looked at
                (data / FILE).unlink()
            else:
                assert isinstance(said, str)
                assert WAY_OUT.search(said)
                after = unlocked(data)
                after.pop(FILE, None)
                assert after == held
            shutil.rmtree(data / "archive", ignore_errors=True)
            (data / FILE).unlink(missing_ok=True)
            (data / name).write_bytes(whole)
