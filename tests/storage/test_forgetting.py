"""What a purge has destroyed cannot be read by anybody, whatever they hold."""

import asyncio
import errno
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from storage.backup import Folder, make
from storage.disk import Disk
from storage.embedded import open_store
from storage.keyring import file_of
from storage.postgres.store import backup_postgres, open_postgres
from storage.records import (
    Evidence,
    InboundMail,
    Letter,
    MailStatus,
    Mark,
    OutboxStatus,
    Reading,
    Shred,
)
from storage.sealing import Keys
from storage.snapshot import FILE
from storage.store import Store
from tests.storage.burglar import found
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
)
from tests.storage.test_postgres import asked, dumped

REF = "PR-2026-0007"
ADDRESS, NAME, SUBJECT = "philippa@quux.example", "Philippa Quux", "my zyzzyva"
BODY, LETTER, NOTE = "the wombat of 1999", "Dear Philippa, your quagga", "called about a pangolin"
MESSAGE_ID = "<numbat@quux.example>"
CONTENT = Shred(life="content", key=REF)
DAYS = timedelta(days=20)


def words(keys: Keys) -> dict[str, bytes]:
    """All by which a person could be recognised, as it may stand in a file."""
    hashed = keys.address_hash(ADDRESS)
    said = {
        "address": ADDRESS,
        "name": NAME,
        "subject": SUBJECT,
        "body": BODY,
        "letter": LETTER,
        "note": NOTE,
        "message id": MESSAGE_ID,
        "hash": hashed,
        "print": keys.fingerprint("requester", hashed),
        "print of message id": keys.fingerprint(MESSAGE_ID),
    }
    plain = {name: word.encode() for name, word in said.items()}
    for name in ("hash", "print", "print of message id"):
        plain[f"{name} in bytes"] = bytes.fromhex(said[name])
        plain[f"{name} turned round"] = bytes.fromhex(said[name])[::-1]
    return plain


async def a_life(store: Store, at: datetime = NOW) -> InboundMail:
    """All that the desk keeps of one person, who was answered and is done with."""
    content = f"From: {NAME} <{ADDRESS}>\r\nSubject: {SUBJECT}\r\n\r\n{BODY}\r\n".encode()
    mail = await store.mails.append(an_arrival(content, mail_from=ADDRESS, received_at=at))
    evidence = (Evidence(kind="access", text=SUBJECT, start=0, end=10),)
    case = a_case(
        REF,
        requester=ADDRESS,
        requester_name=NAME,
        requester_hash=store.keys.address_hash(ADDRESS),
        subject=SUBJECT,
        message_ids=(MESSAGE_ID,),
        mails=(mail.id,),
        reading=Reading(kinds=("access",), decision="auto", confidence={}, evidence=evidence),
    )
    worked = changed(mail, status=MailStatus.PROCESSED, case=REF, message_id=MESSAGE_ID)
    await store.commit(putting(case, worked, note=NOTE, at=at))
    letter = Letter(case=REF, to=ADDRESS, subject=SUBJECT, body=LETTER, template="answer")
    allowance = Mark(id=f"letters:{case.requester_hash}", at=at)
    out = a_message(f"mail:{REF}", case=REF, content=letter)
    await store.commit(putting(out, allowance, act="answer", case=REF, at=at))
    claimed = await store.claim(at, HOUR)
    assert claimed is not None
    await store.commit(
        putting(changed(claimed, status=OutboxStatus.SENT), act="sent", case=REF, at=at)
    )
    await store.commit(putting(closed(changed(case, rev=1)), act="close", at=at))
    return mail


async def purge(store: Store, mail: InboundMail) -> None:
    shreds = (CONTENT, Shred(life="raw", key=mail.id))
    await store.commit(putting(act="purge", case=REF, shreds=shreds, at=NOW + 3 * DAYS))


def backed_up(home: Path, day: int) -> None:
    at = NOW + timedelta(days=day)
    make(Folder(home / "data"), home / "backup", at, lambda *_: None)


@pytest.mark.parametrize("archived", [False, True])
async def test_before_the_purge_all_is_found_and_after_it_nothing(
    tmp_path: Path, archived: bool
) -> None:
    """With the master key, the data folder, and backups old and new."""
    data = tmp_path / "data"
    store = await open_store(data, MASTER)
    mail = await a_life(store)
    if archived:  # the clock is that of the commits
        await store.commit(putting(a_case("PR-2026-0008"), at=NOW + 2 * DAYS))
    await store.close()
    assert (data / "archive").exists() == archived
    backed_up(tmp_path, 1)
    who = words(store.keys)
    everywhere = {"address", "name", "subject", "body", "letter", "note", "message id", "hash"}
    tables = {"print turned round", "print of message id turned round"}  # numbers in the snapshot
    before = found(tmp_path, MASTER, who)
    assert before >= everywhere | (tables if archived else {"print of message id"})

    store = await open_store(data, MASTER)
    await store.commit(putting(a_case("PR-2026-0009", subject="a platypus")))
    await purge(store, mail)
    await store.close()
    backed_up(tmp_path, 2)
    assert found(tmp_path, MASTER, who | {"another": b"a platypus"}) == {"another"}


def dumped_into(folder: Path, url: str) -> None:
    """All that the database holds, and its keys as a keyring."""
    folder.mkdir(exist_ok=True)
    (folder / "tables").write_bytes(dumped(url))
    keys = dict(asked(url, "select slot, wrapped from desk.keyring"))
    slots = (keys.get(slot) for slot in range(max(keys) + 1))
    (folder / "keyring").write_bytes(b"".join(file_of(slots)))


async def test_before_the_purge_all_is_found_in_a_database_and_after_it_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    """With the master key, the database, and backups old and new."""

    async def backed_up(day: int) -> None:
        said = (postgres_url, MASTER, tmp_path / "backup", NOW + timedelta(days=day))
        await asyncio.to_thread(backup_postgres, *said, lambda *_: None)
        dumped_into(tmp_path / "database", postgres_url)

    store = await open_postgres(postgres_url, MASTER)
    mail = await a_life(store)
    who = words(store.keys)
    await backed_up(1)
    everywhere = {"address", "name", "subject", "body", "letter", "note", "message id", "hash"}
    assert found(tmp_path / "backup", MASTER, who) >= everywhere
    assert found(tmp_path / "database", MASTER, who) >= everywhere | {"print of message id"}
    await store.commit(putting(a_case("PR-2026-0009", subject="a platypus")))
    await purge(store, mail)
    await store.close()
    await backed_up(2)
    for place in ("backup", "database"):
        assert found(tmp_path / place, MASTER, who | {"another": b"a platypus"}) == {"another"}


async def test_a_snapshot_from_before_a_purge_opens_no_more(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "data", MASTER)
    mail = await a_life(store)
    await store.close()
    shutil.copy(tmp_path / "data" / FILE, tmp_path / "stolen")
    who = words(store.keys)
    store = await open_store(tmp_path / "data", MASTER)
    await purge(store, mail)
    await store.close()
    assert found(tmp_path, MASTER, who) == set()


class Stubborn(Disk):
    """Renames one more file, and keeps every key from then on."""

    renamed = False

    def rename(self, path: Path, target: Path) -> None:
        super().rename(path, target)
        self.renamed = True

    def put(self, fd: int, data: bytes, offset: int) -> None:
        if self.renamed:
            raise OSError(errno.EIO, "killed")
        super().put(fd, data, offset)


async def test_an_old_snapshot_whose_key_outlived_a_crash_loses_it_at_the_next_start(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    store = await open_store(data, MASTER)
    mail = await a_life(store)
    await store.close()
    shutil.copy(data / FILE, tmp_path / "stolen")
    who = words(store.keys)
    disk = Stubborn()
    store = await open_store(data, MASTER, disk=disk)
    await purge(store, mail)
    await store.close()
    assert disk.renamed
    assert found(tmp_path, MASTER, who)
    await (await open_store(data, MASTER)).close()
    assert found(tmp_path, MASTER, who) == set()


@pytest.mark.parametrize("torn", ["mails/00000001.log", "journal.jsonl"])
async def test_what_was_torn_off_opens_no_more(tmp_path: Path, torn: str) -> None:
    """Nobody was promised it, no purge will ever come by it, and it is kept beside the log."""
    data = tmp_path / "data"
    store = await open_store(data, MASTER)
    content = f"From: {ADDRESS}\r\n\r\n{BODY}".encode() + bytes(2000)
    if torn == "journal.jsonl":
        await store.commit(putting(a_case(REF, requester=ADDRESS, subject=BODY + "." * 2000)))
    else:
        await store.mails.append(an_arrival(content, mail_from=ADDRESS))
    await store.close()
    (data / FILE).unlink()
    with (data / torn).open("r+b") as file:
        file.truncate((data / torn).stat().st_size - 100)
    who = {"address": ADDRESS.encode(), "body": BODY.encode()}
    assert found(tmp_path, MASTER, who) == set(who)
    await (await open_store(data, MASTER)).close()
    assert any("torn" in path.name for path in data.rglob("*"))
    assert found(tmp_path, MASTER, who) == set()
