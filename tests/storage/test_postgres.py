"""What PostgreSQL alone must prove: its tables, its keys, its errors, and that nothing is in clear.

What both stores promise is in test_store_contract.py, several processes in test_postgres_nodes.py.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator

import psycopg
import pytest

from storage.errors import KeyFileError, StoreAway, StoreDamaged, StoreError, StoreFull
from storage.postgres import database, journal, schema
from storage.postgres.database import Connection, Database, meaning_of
from storage.postgres.schema import Migration
from storage.postgres.store import PostgresStore, open_postgres
from storage.records import (
    Commit,
    Evidence,
    Letter,
    MailStatus,
    Mark,
    Reading,
    Shred,
    Suppression,
)
from storage.sealing import MasterKey
from tests.storage.making import (
    HOUR,
    MASTER,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    putting,
    stored,
)

SECRET = "sesame-37"


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    opened = await open_postgres(postgres_url, MASTER)
    yield opened
    await opened.close()


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    """What a database administrator sees."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def tables(url: str) -> list[str]:
    query = "select table_name::text from information_schema.tables where table_schema = 'desk'"
    return sorted(str(name) for (name,) in asked(url, query))


def dumped(url: str) -> bytes:
    """Every byte of every table."""
    out = bytearray()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name in tables(url):
            with cursor.copy(f"copy desk.{name} to stdout (format binary)".encode()) as copy:
                out += b"".join(bytes(part) for part in copy)
    return bytes(out)


# --- the tables -----------------------------------------------------------------------------


async def test_a_fresh_database_is_set_up_and_a_second_start_finds_it(postgres_url: str) -> None:
    for _ in range(2):
        store = await open_postgres(postgres_url, MASTER)
        await store.next_reference(2026)
        await store.close()
    applied = asked(postgres_url, "select number, name from desk.migrations")
    assert applied == [(m.number, m.name) for m in schema.migrations()]
    assert asked(postgres_url, "select last from desk.case_numbers") == [(2,)]


async def test_two_that_start_at_once_set_it_up_once(postgres_url: str) -> None:
    stores = await asyncio.gather(*(open_postgres(postgres_url, MASTER) for _ in range(4)))
    assert len({store.keys.address_hash("rosa@example.org") for store in stores}) == 1
    for store in stores:
        await store.close()


async def test_a_newer_database_is_left_as_it_is(postgres_url: str) -> None:
    await (await open_postgres(postgres_url, MASTER)).close()
    asked(postgres_url, "insert into desk.migrations values (99, 'later', 'shape')")
    before = dumped(postgres_url)
    with pytest.raises(StoreError, match="version 99, this desk knows 2; start the newer desk"):
        await open_postgres(postgres_url, MASTER)
    assert dumped(postgres_url) == before


async def test_tables_that_are_not_ours_are_left_alone(postgres_url: str) -> None:
    asked(postgres_url, "create schema desk; create table desk.cases (drawer int, beer text)")
    with pytest.raises(StoreError, match="not this desk's; give the desk a database of its own"):
        await open_postgres(postgres_url, MASTER)
    assert tables(postgres_url) == ["cases"]


@pytest.mark.parametrize(
    "change",
    [
        "drop table desk.marks",
        "alter table desk.cases drop column remind_at",
        "alter table desk.outbox alter column attempts type bigint",
        "create table desk.more (id int)",
    ],
)
async def test_tables_that_were_altered_are_refused(postgres_url: str, change: str) -> None:
    await (await open_postgres(postgres_url, MASTER)).close()
    asked(postgres_url, change)
    before = dumped(postgres_url)
    with pytest.raises(StoreError, match="not as the desk made them"):
        await open_postgres(postgres_url, MASTER)
    assert dumped(postgres_url) == before


async def test_a_migration_builds_on_the_one_before_and_keeps_what_is_there(
    postgres_url: str,
) -> None:
    store = await open_postgres(postgres_url, MASTER)
    await store.commit(putting(a_case()))
    known = [*schema.migrations()]
    more = Migration(len(known) + 1, "more", "alter table marks add column extra int")
    database = Database(postgres_url)
    await database.open()
    await schema.prepare(database, [*known, more])
    assert asked(postgres_url, "select name from desk.migrations")[-1] == ("more",)
    assert await store.case("PR-2026-0001") is not None

    broken = Migration(more.number + 1, "broken", "create table half (id int); nonsense")
    with pytest.raises(StoreError):
        await schema.prepare(database, [*known, more, broken])
    assert "half" not in tables(postgres_url)
    assert asked(postgres_url, "select name from desk.migrations")[-1] == ("more",)
    await database.close()
    await store.close()


# --- URL and keys ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"postgresql://desk:{SECRET}@127.0.0.1:1/desk", "does not answer"),
        (f"postgresql://desk:{SECRET}@no-such-host.invalid/desk", "does not answer"),
        (f"postgresql://desk:{SECRET}@[::1/desk", "cannot be read"),
        (f"postgres:{SECRET}", "cannot be read"),
        (f"postgresql://desk:a@{SECRET}@127.0.0.1:1/desk", "does not answer"),
        (f"postgresql://desk:{SECRET}@127.0.0.1/desk?nonsense={SECRET}", "cannot be read"),
    ],
)
async def test_a_url_that_leads_nowhere_is_one_sentence_without_its_password(
    url: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreError, match=says) as fault:
        await open_postgres(url, MASTER)
    assert SECRET not in str(fault.value) + repr(fault.value) + caplog.text
    assert "DESK_DATABASE_URL" in str(fault.value)
    assert fault.value.__cause__ is None


async def test_an_unknown_user_or_database_says_so(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="refuses the user or the password"):
        await open_postgres(postgres_url.replace("postgres:@", f"nobody:{SECRET}@"), MASTER)
    with pytest.raises(StoreError, match="no database of the name"):
        await open_postgres(postgres_url.replace("@/postgres", "@/nowhere"), MASTER)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.DiskFull, StoreFull),
        (psycopg.errors.AdminShutdown, StoreAway),
        (psycopg.errors.CannotConnectNow, StoreAway),
        (psycopg.errors.TooManyConnections, StoreAway),
        (psycopg.errors.QueryCanceled, StoreAway),
        (psycopg.errors.ReadOnlySqlTransaction, StoreAway),
        (psycopg.errors.UndefinedTable, StoreDamaged),
        (psycopg.errors.DataCorrupted, StoreDamaged),
        (psycopg.OperationalError, StoreAway),
        (psycopg.InterfaceError, StoreAway),
    ],
)
def test_an_error_of_the_database_becomes_ours(
    error: type[psycopg.Error], kind: type[StoreError]
) -> None:
    found = meaning_of(error(f"words of the server: {SECRET}"))
    assert type(found) is kind
    assert SECRET not in str(found)


async def test_another_master_key_is_refused_and_changes_nothing(postgres_url: str) -> None:
    store = await open_postgres(postgres_url, MASTER)
    await store.commit(putting(a_case()))
    await store.close()
    before = dumped(postgres_url)
    for read_only in (False, True):
        with pytest.raises(KeyFileError, match="does not open this desk's keyring"):
            await open_postgres(postgres_url, MasterKey(bytes(32)), read_only=read_only)
    assert dumped(postgres_url) == before
    store = await open_postgres(postgres_url, MASTER)
    assert await store.case("PR-2026-0001") == stored(a_case())
    await store.close()


async def test_a_reader_sees_one_state_and_writes_nothing(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="`desk run` does that when it starts"):
        await open_postgres(postgres_url, MASTER, read_only=True)
    assert tables(postgres_url) == []
    store = await open_postgres(postgres_url, MASTER)
    await store.commit(putting(a_case()))
    reader = await open_postgres(postgres_url, MASTER, read_only=True)
    await store.commit(putting(a_case("PR-2026-0002")))
    assert [case.ref for case in await reader.cases()] == ["PR-2026-0001"]
    for write in (
        reader.commit(putting(a_case("PR-2026-0003"))),
        reader.mails.append(an_arrival()),
        reader.claim(NOW, HOUR),
        reader.seal(NOW),
    ):
        with pytest.raises(StoreError, match="open for reading only"):
            await write
    await reader.close()
    assert len(await store.cases()) == 2
    await store.close()


# --- sealed ---------------------------------------------------------------------------------

PERSON = ("rosa", "Ximenes", "example.org", "192.0.2.77", "whistle", "umbrella")


async def told_everything(store: PostgresStore) -> str:
    """A person's words in every field that takes them; the raw mail's SHA-256."""
    content = b"From: rosa@example.org\r\nSubject: umbrella\r\n\r\nXimenes: whistle\r\n"
    mail = await store.mails.append(an_arrival(content, peer="192.0.2.77"))
    reading = Reading(
        kinds=("access",),
        decision="auto",
        confidence={"access": 1.0},
        evidence=(Evidence(kind="access", text="whistle", start=0, end=7),),
    )
    case = a_case(
        requester_hash=store.keys.address_hash("rosa@example.org"),
        requester_name="Rosa Ximenes",
        subject="umbrella",
        reading=reading,
        mails=(mail.id,),
        message_ids=("<whistle@example.org>",),
        defects=("umbrella",),
    )
    letter = Letter(
        case=case.ref, to="rosa@example.org", subject="Re: umbrella", body="Ximenes", template="x"
    )
    read = changed(
        mail, status=MailStatus.PROCESSED, case=case.ref, message_id="<whistle@example.org>"
    )
    gone = Suppression(hash="h", address="rosa@example.org", since=NOW, case=case.ref)
    message = a_message("mail:PR-2026-0001", case=case.ref, content=letter, receipt="250 umbrella")
    await store.commit(putting(case, read, message, gone, note="rosa and her umbrella"))
    await store.commit(putting(Mark(id="m", at=NOW, note="umbrella"), act="digest", note="whistle"))
    await store.claim(NOW, HOUR)
    await store.seal(NOW)
    return mail.sha256


async def test_nothing_of_a_person_is_in_clear(postgres_url: str, store: PostgresStore) -> None:
    sha256 = await told_everything(store)
    message_id = "<whistle@example.org>"
    words = [word.encode() for word in PERSON]
    words += [word.lower() for word in words]
    words += [sha256.encode(), bytes.fromhex(sha256)]  # an unkeyed hash can be guessed at
    for digest in (hashlib.sha256, hashlib.blake2b, hashlib.md5):
        for plain in (message_id, "rosa@example.org"):
            words += [
                digest(plain.encode()).digest()[:8],
                digest(plain.encode()).hexdigest()[:16].encode(),
            ]
    found = dumped(postgres_url)
    assert b"PR-2026-0001" in found  # the dump is one
    assert [word for word in words if word in found] == []
    case = await store.case_with_message(message_id)
    assert case is not None
    assert case.requester == "rosa@example.org"


async def test_what_is_shredded_has_no_key_and_no_hash_left(
    postgres_url: str, store: PostgresStore
) -> None:
    await told_everything(store)
    address, fingerprint = (
        store.keys.address_hash("rosa@example.org"),
        store.keys.fingerprint("<whistle@example.org>"),
    )
    assert address.encode() in dumped(postgres_url)
    assert fingerprint.encode() in dumped(postgres_url)
    ((mail_id,),) = asked(postgres_url, "select key from desk.mails")
    shreds = tuple(
        Shred(life=life, key=key)
        for life, key in (("raw", str(mail_id)), ("content", "PR-2026-0001"))
    )
    await store.commit(changed(putting(act="purge", case="PR-2026-0001"), shreds=shreds))
    left = asked(postgres_url, "select life from desk.keyring where wrapped is not null")
    assert sorted(left) == [("own",), ("own",), ("skeleton",), ("suppression",)]
    assert address.encode() not in dumped(postgres_url)
    assert fingerprint.encode() not in dumped(postgres_url)
    assert asked(postgres_url, "select count(*) from desk.outbox") == [(0,)]
    assert asked(postgres_url, "select content, print from desk.mails") == [(None, None)]
    assert asked(postgres_url, "select count(*) from desk.raws") == [(0,)]
    assert await store.verify(lambda *_: None) == ()


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ("update desk.journal set note = 'x'", ""),
        ("update desk.journal set act = 'praise' where act = 'open'", "hash is wrong"),
        ("delete from desk.journal where act = 'note'", "does not follow"),
        ("update desk.cases set skeleton = content", "not what was written"),
        (
            "update desk.cases a set content = b.content from desk.cases b where a.key < b.key",
            "not what",
        ),
        ("update desk.keyring set wrapped = wrapped || 'x' where life = 'raw'", "keyring"),
        ("delete from desk.keyring where life = 'content'", "keyring"),
        ("delete from desk.cases where key = 'PR-2026-0002'", "The store shows 1 cases"),
        ("delete from desk.raws", "missing"),
        ("update desk.cases set requester = 'another'", "not found under its requester"),
        ("update desk.cases set messages = '{}'", "not found under a message"),
    ],
)
async def test_verify_finds_what_was_changed(
    postgres_url: str, store: PostgresStore, tamper: str, says: str
) -> None:
    if not says:
        with pytest.raises(psycopg.errors.UndefinedColumn):  # a note is sealed, never a column
            asked(postgres_url, tamper)
        return
    mail = await store.mails.append(an_arrival())
    await store.commit(putting(a_case(message_ids=("<1@example.org>",)), note="n"))
    await store.commit(putting(a_case("PR-2026-0002"), changed(mail, status=MailStatus.PROCESSED)))
    for act in ("note", "last"):
        await store.commit(putting(act=act, case="PR-2026-0001"))
    assert await store.verify(lambda *_: None) == ()
    asked(postgres_url, tamper)
    faults = await store.verify(lambda *_: None)
    assert any(says in fault for fault in faults), faults


async def test_a_seal_holds_whatever_is_committed_meanwhile(store: PostgresStore) -> None:
    async def busy(number: int) -> None:
        case = a_case(f"PR-2026-{number:04d}")
        for _ in range(5):
            await store.commit(putting(case))
            case = stored(case)

    async def seals() -> None:
        for hour in range(5):
            await store.seal(NOW + hour * HOUR)

    await asyncio.gather(seals(), *(busy(number) for number in range(20)))
    assert await store.verify(lambda *_: None) == ()


async def test_a_seal_waits_for_a_line_that_has_its_number_and_is_not_committed(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written, goes_on = journal.append, asyncio.Event(), asyncio.Event()

    async def slow(connection: Connection, commit: Commit, changes: tuple[bytes, ...]) -> int:
        seq = await real(connection, commit, changes)
        if commit.act == "slow":
            written.set()
            await goes_on.wait()
        return seq

    monkeypatch.setattr(journal, "append", slow)
    before = asyncio.create_task(store.commit(putting(act="slow", case="PR-2026-0001")))
    await asyncio.wait_for(written.wait(), 10)
    await store.commit(putting(act="note", case="PR-2026-0002"))
    sealing = asyncio.create_task(store.seal(NOW))
    done, _ = await asyncio.wait({sealing}, timeout=0.3)
    assert not done
    goes_on.set()
    assert (await sealing).count > await before
    assert await store.verify(lambda *_: None) == ()


# --- load -----------------------------------------------------------------------------------


async def test_mails_that_wait_together_are_written_together(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.mails.append(an_arrival())
    writes = 0
    written = Database.written

    async def counted(self: Database, write: object) -> object:
        nonlocal writes
        writes += 1
        return await written(self, write)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "written", counted)
    contents = [b"%d" % number for number in range(200)]
    mails = await asyncio.gather(*(store.mails.append(an_arrival(each)) for each in contents))
    assert writes < 20
    for mail, content in zip(mails, contents, strict=True):
        assert await store.mails.raw(mail.id) == content


async def test_a_large_mail_is_kept_in_pieces_that_hold_nobody_up(
    postgres_url: str, store: PostgresStore
) -> None:
    content = bytes(range(256)) * 4096 * 3 + b"the end"
    mails = await asyncio.gather(
        *(store.mails.append(an_arrival(each)) for each in (b"small", content, b"", content))
    )
    for mail, each in zip(mails, (b"small", content, b"", content), strict=True):
        assert await store.mails.raw(mail.id) == each
    pieces = asked(postgres_url, "select count(*), max(length(piece)) from desk.raws group by key")
    assert sorted(count for count, _ in pieces) == [1, 1, 7, 7]
    assert max(size for _, size in pieces) == 512 * 1024


async def test_commits_of_one_case_at_once_keep_its_chain(
    postgres_url: str, store: PostgresStore
) -> None:
    await asyncio.gather(
        *(store.commit(putting(act="note", case="PR-2026-0001", note=str(n))) for n in range(60))
    )
    numbers = asked(postgres_url, "select number from desk.journal order by seq")
    assert numbers == [(number,) for number in range(1, 61)]
    assert await store.verify(lambda *_: None) == ()


#: time for another to lock its first row before one locks its second
SLOW = """
    create function desk.slow() returns trigger language plpgsql as
    'begin perform pg_sleep(0.1); return new; end';
    create trigger slow before update on desk.cases for each row execute function desk.slow()
"""


async def test_commits_that_change_the_same_two_records_do_not_lock_each_other_up(
    postgres_url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_TRIES", 1)
    asked(postgres_url, SLOW)
    refs = ("PR-2026-0001", "PR-2026-0002")
    await store.commit(putting(*(a_case(ref) for ref in refs)))

    async def write(number: int) -> None:
        order = refs if number % 2 else refs[::-1]
        cases = [await store.case(ref) for ref in order]
        puts = [changed(case, subject=str(number)) for case in cases]
        await store.commit(putting(*puts, case=order[0]))

    done = await asyncio.gather(*(write(n) for n in range(4)), return_exceptions=True)
    assert None in done
    lost = [str(each) for each in done if each is not None]
    assert all("was changed by someone else" in each for each in lost), lost
