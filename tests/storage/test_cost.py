"""What a commit costs, whatever is stored beside it; and what a snapshot costs."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import embedded, snapshot
from storage.embedded import EmbeddedStore, open_store
from storage.errors import Conflict
from storage.opening import JOURNAL
from storage.records import MailStatus, Mark, OutboxStatus
from tests.storage.making import (
    HOUR,
    MASTER,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
    stored,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Touched(dict[str, Any]):
    """A table's documents, counting each one that is looked at."""

    count = 0

    def get(self, key: str, default: Any = None) -> Any:
        type(self).count += 1
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        type(self).count += 1
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        type(self).count += 1
        super().__setitem__(key, value)

    def __iter__(self) -> Iterator[str]:
        type(self).count += len(self)
        return super().__iter__()

    def keys(self) -> Any:
        type(self).count += len(self)
        return super().keys()

    def values(self) -> Any:
        type(self).count += len(self)
        return super().values()

    def items(self) -> Any:
        type(self).count += len(self)
        return super().items()


async def touched_at(folder: Path, cases: int) -> int:
    """Documents touched by one mail's whole way, beside so many cases."""
    store = await open_store(folder, MASTER)
    for start in range(0, cases, 100):
        numbers = range(start, min(start + 100, cases))
        await store.commit(
            putting(
                *(a_case(f"PR-2025-{n:04d}", requester_hash=f"hash {n}") for n in numbers),
                *(a_message(f"mail:{n}", send_after=NOW + HOUR) for n in numbers),
                case=None,
            )
        )
    storage = store._view._tables["cases"].storage
    tables = storage.read()
    assert tables is not None
    storage.write({name: Touched(rows) for name, rows in tables.items()})
    Touched.count = 0
    await one_mail(store)
    touched = Touched.count
    await store.close()
    return touched


async def one_mail(store: EmbeddedStore) -> None:
    """In, opened, posted, claimed, answered, looked up, closed."""
    mail = await store.mails.append(an_arrival())
    assert await store.earlier_mail(mail, HOUR) is None
    assert await store.case_with_message("<1@example.org>") is None
    case = a_case(await store.next_reference(2026), message_ids=("<1@example.org>",))
    worked = changed(mail, status=MailStatus.PROCESSED, case=case.ref)
    await store.commit(putting(case, worked, a_message(case=case.ref)))
    assert await store.cases_of("hash of rosa")
    message = await store.claim(NOW, HOUR)
    await store.commit(putting(changed(message, status=OutboxStatus.SENT), act="sent"))
    await store.commit(putting(closed(stored(case)), act="close"))
    assert await store.cases_to_remind(NOW) == ()
    assert [mail async for mail in store.mails.waiting()] == []
    assert len(await store.messages_of(case.ref)) == 1
    assert [entry.act async for entry in store.history(case.ref)] == [
        "open",
        "attempt",
        "close",
    ]


async def test_a_mail_costs_the_same_beside_many_cases(tmp_path: Path) -> None:
    few = await touched_at(tmp_path / "few", 5)
    many = await touched_at(tmp_path / "many", 2000)
    assert few == many < 60


async def test_a_snapshot_does_not_keep_the_event_loop(data: Path) -> None:
    store = await open_store(data, MASTER)
    for start in range(0, 10_000, 500):
        await store.commit(putting(*(Mark(id=f"{n}", at=NOW) for n in range(start, start + 500))))
    started = time.perf_counter()
    picture = store._picture()
    assert time.perf_counter() - started < 0.05  # references alone; the rest is a thread's
    assert len(picture.rows) == 10_000
    await store.close()


async def test_snapshots_are_written_while_the_desk_works_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 10)
    store = await open_store(data, MASTER)
    for number in range(25):
        await store.commit(putting(a_case(f"PR-2026-{number:04d}")))
    if store._snapshot is not None:
        await store._snapshot
    picture = snapshot.load(data, store._keyring)
    assert picture is not None
    assert 10 <= picture.position.seq <= 25
    assert len(picture.rows) == picture.position.seq
    await store.close()
    reader = await open_store(data, MASTER, read_only=True)
    last = snapshot.load(data, reader._keyring)
    await reader.close()
    assert last is not None
    assert last.position.seq == 25


async def test_a_conflict_inside_a_commit_is_found_before_anything_is_written(data: Path) -> None:
    store = await open_store(data, MASTER)
    with pytest.raises(ValueError, match="once"):
        await store.commit(putting(a_case(), a_case()))
    first = asyncio.create_task(store.commit(putting(a_case())))
    await asyncio.sleep(0)
    with pytest.raises(Conflict):
        await store.commit(putting(a_case()))
    await first
    assert (data / JOURNAL).read_bytes().count(b"\n") == 1
    await store.close()
