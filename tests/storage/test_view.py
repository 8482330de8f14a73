"""The TinyDB table behind the view: stock queries, whole documents, nothing rebuilt."""

from datetime import timedelta

import pytest
from tinydb import where
from tinydb.storages import MemoryStorage

from storage.records import Case, InboundMail, OutboxMessage
from storage.rows import (
    CaseRow,
    Put,
    mail_fingerprint,
    opened,
    row_of,
)
from storage.sealing import Keys
from storage.view import RecordTable, View
from tests.storage.making import HOUR, NOW, a_case, a_message, changed, closed

KEYS = Keys(bytes(range(32)))


def a_row(ref: str, **said: object) -> CaseRow:
    case = a_case(ref, **said)
    row = row_of(case, Put(case.ref, 0), 1, KEYS)
    assert isinstance(row, CaseRow)
    return row


@pytest.fixture
def table() -> RecordTable:
    return RecordTable(MemoryStorage(), "cases", cache_size=0, persist_empty=True)


def test_a_table_is_a_tinydb_table_whose_queries_read_the_facts(table: RecordTable) -> None:
    for number in range(3):
        table.put(a_row(f"PR-2026-000{number}", requester_hash=f"hash {number % 2}"))
    found = table.search(where("requester") == "hash 0")
    assert [document.doc_id for document in found] == ["PR-2026-0000", "PR-2026-0002"]
    assert table.count(where("closed") == True) == 0  # noqa: E712  a TinyDB query, not a test
    assert len(table) == 3
    assert table.contains(doc_id="PR-2026-0001")  # type: ignore[arg-type]
    assert table.get(doc_id="PR-2026-0404") is None  # type: ignore[arg-type]


def test_a_query_never_answers_with_what_was_before(table: RecordTable) -> None:
    query = where("requester") == "old"
    table.put(a_row("PR-2026-0001", requester_hash="old"))
    assert len(table.search(query)) == 1
    table.put(a_row("PR-2026-0001", requester_hash="new"))
    assert table.search(query) == []


def test_a_put_replaces_a_document_whole_and_changes_none(table: RecordTable) -> None:
    first, second = a_row("PR-2026-0001"), a_row("PR-2026-0001", subject="new")
    table.put(first)
    held = table.rows()
    table.put(second)
    assert held == [first]
    assert table.row("PR-2026-0001") is second
    table.remove(doc_ids=["PR-2026-0001"])  # type: ignore[list-item]
    assert table.row("PR-2026-0001") is None


def test_a_put_keeps_the_other_documents_where_they_are(table: RecordTable) -> None:
    table.put(a_row("PR-2026-0001"))
    documents = table.storage.read()["cases"]  # type: ignore[index]
    table.put(a_row("PR-2026-0002"))
    assert table.storage.read()["cases"] is documents  # type: ignore[index]


def test_a_row_is_a_mapping_of_its_fields() -> None:
    row = a_row("PR-2026-0001")
    assert dict(row)["key"] == row["key"] == "PR-2026-0001"  # type: ignore[call-overload]
    assert len(row) == len(list(row)) == len(row.keys())
    with pytest.raises(KeyError):
        row["keys"]


def test_only_the_record_of_a_row_is_personal() -> None:
    case = a_case(subject="secret", message_ids=("<secret@example.org>",), requester="secret@x")
    row = row_of(case, Put(case.ref, 0), 1, KEYS)
    facts = {name: row[name] for name in row if name != "record"}
    assert "secret" not in repr(facts)
    assert opened(row.record) == case


def test_positions_follow_the_order_of_the_first_put() -> None:
    view = View(KEYS)
    for record in (a_message(id="b" * 20), a_message(id="a" * 20), a_message(id="b" * 20, rev=1)):
        view.put(record, None, 0)
    assert view.keys(OutboxMessage) == ["b" * 20, "a" * 20]
    assert [row.position for row in view.rows()] == [1, 2]


def test_rows_put_back_make_the_same_view() -> None:
    view, again = View(KEYS), View(KEYS)
    records = [
        a_case(message_ids=("<1@example.org>",), remind_at=NOW),
        closed(a_case("PR-2026-0002")),
        a_message(case="PR-2026-0001"),
    ]
    for record in records:
        view.put(record, None, 0)
    for row in view.rows():
        again.put_row(row)
    assert again.rows() == view.rows()
    assert again.cases.with_message("<1@example.org>") == ("PR-2026-0001",)
    assert again.cases.next_reference(2026) == "PR-2026-0003"
    assert again.size() == 3


def test_loading_frees_claims_and_working_keeps_them() -> None:
    message = a_message(claimed_until=NOW + HOUR, attempts=1)
    view = View(KEYS)
    view.put(message, None, 0)
    assert view.outbox.lanes.first(NOW, lambda _: False) == message.id
    view.ready()
    claimed = changed(message, rev=1)
    view.put(claimed, None, 0)
    assert view.outbox.lanes.first(NOW, lambda _: False) is None


def test_a_fingerprint_separates_its_parts() -> None:
    assert KEYS.fingerprint("ab", "c") != KEYS.fingerprint("a", "bc")
    assert KEYS.fingerprint("\udcff")
    assert KEYS.fingerprint("ab") != Keys(bytes(32)).fingerprint("ab")
    mail = InboundMail(
        id="0" * 20, received_at=NOW, mail_from="a", rcpt_to=("b",), peer="", sha256="c", size=1
    )
    later = changed(mail, id="1" * 20, received_at=NOW + timedelta(days=1), peer="192.0.2.9")
    assert mail_fingerprint(mail, KEYS) == mail_fingerprint(later, KEYS)
    assert mail_fingerprint(mail, KEYS) != mail_fingerprint(changed(mail, rcpt_to=("b", "b")), KEYS)


def test_a_view_knows_what_it_lacks() -> None:
    view = View(KEYS)
    assert view.get(Case, "PR-2026-0001") is None
    assert view.rev("cases", "PR-2026-0001") == 0
    view.again(a_message())
