"""`Store.verify`: silent when all is well, one sentence for each thing that is not."""

import base64
import json
from pathlib import Path

import pytest

from storage.chain import hash_of
from storage.embedded import open_store
from storage.errors import StoreDamaged
from storage.mails import segment_path
from storage.opening import JOURNAL, MAILS
from storage.records import MailStatus, OutboxStatus
from storage.sealing import DESK_SLOT, DataKey, seal
from storage.snapshot import FILE
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
async def data(tmp_path: Path) -> Path:
    """A closed desk: cases, letters, mails, two seals."""
    store = await open_store(tmp_path / "data", MASTER)
    mail = await store.mails.append(an_arrival(b"first"))
    await store.mails.append(an_arrival(b"second"))
    case = a_case(message_ids=("<1@example.org>",), mails=(mail.id,))
    done = changed(mail, status=MailStatus.PROCESSED, case=case.ref)
    await store.commit(putting(case, done, a_message(case=case.ref), note="access"))
    await store.seal(NOW)
    await store.commit(putting(closed(a_case("PR-2026-0002"))))
    await store.commit(putting(changed(stored(case), subject="new"), act="claim"))
    await store.seal(NOW + 24 * HOUR)
    await store.close()
    return tmp_path / "data"


async def faults(data: Path) -> tuple[str, ...]:
    store = await open_store(data, MASTER, read_only=True)
    steps: list[tuple[int, int]] = []
    found = await store.verify(lambda *step: steps.append(step))
    await store.close()
    if not found:
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]
    return found


async def test_a_sound_store_has_no_faults(data: Path):
    assert await faults(data) == ()
    (data / FILE).unlink()
    assert await faults(data) == ()


async def test_a_desk_at_work_can_be_verified(data: Path):
    store = await open_store(data, MASTER)
    for number in range(20):
        await store.mails.append(an_arrival(b"%d" % number))
        await store.commit(putting(a_case(f"PR-2026-1{number:03d}")))
    assert await faults(data) == ()
    assert await store.verify(lambda *_: None) == ()
    await store.close()


NOT_HASHED = {"back", "synced", "hash"}


def rewritten(data: Path, change: dict[str, object], act: str = "claim") -> None:
    """The journal with a line changed and every hash after it made right again."""
    heads: dict[str, tuple[str, int]] = {}
    lines, at = [], 0
    for raw in (data / JOURNAL).read_bytes().splitlines():
        line = json.loads(raw)
        if line["act"] == act:
            line |= change
        chain = line["case"] or "desk"
        line["prev"], line["back"] = heads.get(chain, ("", -1))
        body = {name: value for name, value in line.items() if name not in NOT_HASHED}
        line["hash"] = hash_of(json.dumps(body, separators=(",", ":")).encode())
        lines.append(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        heads[chain] = (line["hash"], at)
        at += len(lines[-1])
    (data / JOURNAL).write_bytes(b"".join(lines))
    (data / FILE).unlink()


async def test_a_rewrite_that_mends_every_hash_is_shown_by_the_seal(data: Path):
    rewritten(data, {})
    assert await faults(data) == ()
    rewritten_by = {"actor": "U09SOMEBODY"}
    (data / FILE).touch()
    rewritten(data, rewritten_by)
    (fault,) = await faults(data)
    assert "The seal of 03 Nov 2026" in fault


async def test_a_seal_cannot_be_made_without_the_keys(data: Path):
    forged = seal(DataKey(DESK_SLOT, bytes(32)), b'{"life":"desk","note":"1 00"}')
    rewritten(data, {"changes": [base64.b64encode(forged).decode()]}, "seal")
    with pytest.raises(StoreDamaged, match="not what was written"):
        await faults(data)


async def test_a_record_that_is_not_as_written_is_named(data: Path):
    store = await open_store(data, MASTER)
    case = await store.case("PR-2026-0001")
    assert case is not None
    store._view.put(changed(case, subject="other"), case.ref, 0)
    await store.close()
    assert await faults(data) == ("PR-2026-0001 in cases is not as the journal has it.",)


async def test_a_record_that_is_missing_or_made_up_is_counted(data: Path):
    store = await open_store(data, MASTER)
    store._view._drop("cases", "PR-2026-0002")
    message = next(iter(await store.messages_with(OutboxStatus.PENDING)))
    store._view.put(changed(message, id="f" * 20), message.case, 0)
    await store.close()
    assert set(await faults(data)) == {
        "The store shows 1 cases, the journal 2.",
        f"{'f' * 20} in outbox is not as the journal has it.",
        "The store shows 2 outbox, the journal 1.",
    }


async def test_an_index_that_lost_a_case_is_named(data: Path):
    store = await open_store(data, MASTER, read_only=True)
    store._view.cases._of_requester.clear()
    store._view.cases._of_message.clear()
    assert set(await store.verify(lambda *_: None)) == {
        "PR-2026-0001 is not found under its requester.",
        "PR-2026-0002 is not found under its requester.",
        "PR-2026-0001 is not found under a message of its conversation.",
    }


async def test_a_raw_mail_that_is_damaged_or_gone_is_named(data: Path):
    path = segment_path(data / MAILS, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    (fault,) = await faults(data)
    assert "mails/00000001.log" in fault


async def test_a_damaged_line_is_one_sentence(data: Path):
    whole = (data / JOURNAL).read_bytes()
    store = await open_store(data, MASTER, read_only=True)
    (data / JOURNAL).write_bytes(whole.replace(b'"actor":"desk"', b'"actor":"task"', 1))
    (fault,) = await store.verify(lambda *_: None)
    assert fault.startswith("Line 1 of journal.jsonl")
    await store.close()
