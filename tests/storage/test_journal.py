import base64
import hashlib
import json
from pathlib import Path

import pytest

from storage.chain import NO_HEAD, Head
from storage.embedded import open_store
from storage.errors import StoreDamaged
from storage.journal import Position, Reader, line_at, written
from storage.opening import JOURNAL
from storage.snapshot import FILE
from tests.storage.faults import files
from tests.storage.making import MASTER, a_case, a_message, putting, stored

CLEAR = ("v", "seq", "at", "actor", "act", "case")


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A closed desk of four lines: two of a case, one of another, one of the desk."""
    store = await open_store(tmp_path / "data", MASTER)
    await store.commit(putting(a_case()))
    await store.commit(putting(a_case("PR-2026-0002")))
    await store.commit(putting(act="digest"))
    await store.commit(putting(stored(a_case()), a_message(), act="claim", note="taken"))
    await store.close()
    (tmp_path / "data" / FILE).unlink()
    return tmp_path / "data"


def lines_of(data: Path) -> list[bytes]:
    return (data / JOURNAL).read_bytes().splitlines(keepends=True)


def test_a_line_is_json_with_who_when_and_what_in_clear(data: Path) -> None:
    line = json.loads(lines_of(data)[3])
    assert [line[name] for name in CLEAR] == [
        2,
        4,
        "2026-11-02T09:00:00Z",
        "desk",
        "claim",
        "PR-2026-0001",
    ]
    assert set(line) - {"prev", "back", "synced", "hash"} == {*CLEAR, "changes"}
    for sheet in map(base64.b64decode, line["changes"]):
        assert b"taken" not in sheet
        assert b"rosa" not in sheet


def test_each_chain_can_be_checked_with_nothing_but_sha256(data: Path) -> None:
    heads = {"desk": ""}
    for raw in lines_of(data):
        line = json.loads(raw)
        body, _, _ = raw.rpartition(b',"back":')
        assert line["hash"] == hashlib.sha256(body + b"}").hexdigest()
        assert line["prev"] == heads.get(line["case"] or "desk", "")
        heads[line["case"] or "desk"] = line["hash"]


def test_back_leads_to_the_line_before_in_the_chain(data: Path) -> None:
    last = json.loads(lines_of(data)[3])
    with (data / JOURNAL).open("rb") as file:
        before = line_at(file, last["back"])
    assert before is not None
    assert (before.seq, before.case, before.back) == (1, "PR-2026-0001", -1)


def test_a_line_in_the_middle_of_another_is_none(data: Path) -> None:
    with (data / JOURNAL).open("rb") as file:
        assert line_at(file, 5) is None
        assert line_at(file, 10**9) is None


def test_words_that_look_like_our_own_marks_do_no_harm() -> None:
    said = putting(actor='","back":7,"hash":"0"}\n{"v":2,', act=',"back":1')
    data, own = written(1, said, (b"sealed",), NO_HEAD, 0)
    assert data.count(b"\n") == 1
    assert hashlib.sha256(data.rpartition(b',"back":')[0] + b"}").hexdigest() == own


def broken(lines: list[bytes]) -> dict[str, bytes]:
    forged, _ = written(2, putting(act="forged"), (), Head("0" * 64, 0, 1), 1)
    return {
        "a changed byte": b"".join(lines).replace(b'"act":"open"', b'"act":"shut"', 1),
        "a missing line": lines[0] + lines[2] + lines[3],
        "a doubled line": lines[0] + lines[0] + lines[1],
        "two lines swapped": lines[1] + lines[0],
        "a foreign line": lines[0] + b"hello\n" + lines[1],
        "an empty line": lines[0] + b"\n" + lines[1],
        "zeros in what was on disk": lines[0] + bytes(512) + b"\n" + lines[3],
        "a line of another chain": lines[0] + forged,
        "bytes that are no UTF-8": lines[0] + b'{"v":2,"seq":2,"actor":"\xff"}\n',
        "a changed last line": b"".join(lines)[:-3] + b"}}\n",
    }


@pytest.mark.parametrize("damage", sorted(broken([b"", b"", b"", b""])))
async def test_damage_stops_the_start_and_changes_nothing(data: Path, damage: str) -> None:
    bad = broken(lines_of(data))[damage]
    (data / JOURNAL).write_bytes(bad)
    with pytest.raises(StoreDamaged, match=r"^Line \d+ of journal\.jsonl .*`desk restore DIR`"):
        await open_store(data, MASTER)
    assert (data / JOURNAL).read_bytes() == bad
    with pytest.raises(StoreDamaged):
        await open_store(data, MASTER, read_only=True)
    (data / JOURNAL).write_bytes(b"")
    await (await open_store(data, MASTER)).close()  # the lock was given back


async def test_a_newer_format_names_its_number(data: Path) -> None:
    with (data / JOURNAL).open("ab") as file:
        file.write(b'{"v":3,"seq":5,"sealed":"x"}\n')
    with pytest.raises(StoreDamaged, match=r"Line 5 .* format 3, .* start the version"):
        await open_store(data, MASTER)


async def test_a_journal_shorter_than_the_snapshot_is_damage(data: Path) -> None:
    await (await open_store(data, MASTER)).close()
    (data / JOURNAL).write_bytes(b"".join(lines_of(data)[:2]))
    with pytest.raises(StoreDamaged, match="shorter"):
        await open_store(data, MASTER)
    (data / JOURNAL).unlink()
    with pytest.raises(StoreDamaged, match="shorter"):
        await open_store(data, MASTER)


@pytest.mark.parametrize("length", [1, 40, -1])
async def test_a_torn_last_line_is_set_aside(data: Path, length: int) -> None:
    whole = lines_of(data)
    torn = whole[3][:length]
    (data / JOURNAL).write_bytes(b"".join(whole[:3]) + torn)
    reader = await open_store(data, MASTER, read_only=True)
    assert [entry.seq async for entry in reader.history()] == [1, 2, 3]
    assert not any("torn" in name for name in files(data))

    store = await open_store(data, MASTER)
    assert (data / "journal.torn-4").read_bytes() == torn
    assert (data / "journal.torn-4").stat().st_mode & 0o777 == 0o600
    assert await store.commit(putting(act="note")) == 4
    assert [entry.act async for entry in store.history()] == ["open", "open", "digest", "note"]
    await store.close()


async def test_a_second_torn_line_does_not_replace_the_first(data: Path) -> None:
    for rest in (b"first", b"second"):
        with (data / JOURNAL).open("ab") as file:
            file.write(rest)
        await (await open_store(data, MASTER)).close()
    found = {name: held for name, held in files(data).items() if "torn" in name}
    assert found == {"journal.torn-5": b"first", "journal.torn-5.2": b"second"}


async def test_a_history_with_a_damaged_line_says_so(data: Path) -> None:
    store = await open_store(data, MASTER)
    whole = (data / JOURNAL).read_bytes()
    (data / JOURNAL).write_bytes(whole.replace(b'"act":"open"', b'"act":"shut"', 1))
    with pytest.raises(StoreDamaged, match="byte 0"):
        [entry async for entry in store.history("PR-2026-0001")]
    with pytest.raises(StoreDamaged, match="Line 1"):
        [entry async for entry in store.history()]
    (data / JOURNAL).write_bytes(whole)
    await store.close()


def test_a_reader_starts_at_a_position(data: Path) -> None:
    first = lines_of(data)[0]
    reader = Reader(data / JOURNAL, Position(), {})
    next(iter(reader))
    assert reader.position == Position(1, len(first))
    rest = Reader(data / JOURNAL, reader.position, reader.heads)
    assert [read.line.seq for read in rest] == [2, 3, 4]
    assert rest.heads["PR-2026-0001"].lines == 2
    assert rest.torn == 0
