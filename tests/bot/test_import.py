"""`desk import`: real files, beside a running desk and without; nothing follows by itself."""

import asyncio
import hashlib
import json
import mailbox
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from bot import canary
from bot.archives import Filed, Unread, mails_in
from bot.imports import KEPT, KNOWN, MORE, PIECE_BYTES, Import, Imports
from handlers.incoming import CANARY
from storage.embedded import EmbeddedStore, open_store
from storage.errors import Refused, StoreFull
from storage.postgres.store import open_postgres
from storage.records import (
    Commit,
    Digest,
    InboundMail,
    MailStatus,
    Mark,
    OutboxStatus,
)
from tests.journeys.processes import Running, desk, environment
from tests.journeys.world import ANA, STAFF, World
from tests.storage.making import MASTER, NOW
from tests.waiting import until

LONG_AGO = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)


def old_mail(
    name: str, asks: str = "Please delete all data you hold about me.", **more: str
) -> bytes:
    """As an archive has it: line ends of the machine, and what the last server wrote on top."""
    fields = {
        "Return-Path": f"<{name}@example.org>",
        "Received": "from mx.example.org by mail.cafex.com; Mon, 4 Mar 2024 11:00:00 +0100",
        "From": f"{name.title()} <{name}@example.org>",
        "To": "compliance@cafex.com",
        "Subject": "My data",
        "Message-ID": f"<{name}@example.org>",
        **more,
    }
    head = "\n".join(f"{field}: {value}" for field, value in fields.items())
    return f"{head}\n\n{asks}\n".encode()


STOP = "Unsubscribe me from your newsletter and marketing mail at once."


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An .eml, an mbox with two mails, a Maildir with a folder, a picture named as a mail."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "nora.eml").write_bytes(old_mail("nora"))
    (folder / "picture.eml").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    box = mailbox.mbox(folder / "old.mbox")
    box.add(old_mail("luc", STOP))
    box.add(old_mail("away", "I am out of the office.", **{"Auto-Submitted": "auto-replied"}))
    box.close()
    maildir = mailbox.Maildir(folder / "dir")
    maildir.add(old_mail("mia", "x" * (3 * PIECE_BYTES)))
    maildir.add_folder("Sent").add(old_mail("nora"))
    maildir.close()
    return folder


def paths(archive: Path) -> list[str]:
    return [str(archive), str(archive / "dir")]


async def told(folder: Path, settings: dict[str, str], *arguments: str) -> tuple[int, Any, str]:
    code, out, err = await desk(folder, "import", "--json", *arguments, **settings)
    return code, json.loads(out), err


async def mails_of(store: EmbeddedStore) -> list[InboundMail]:
    return [mail async for mail in store.all_mails()]


# --- beside a running desk --------------------------------------------------------------------


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Running]:
    options = ("--data", "data", "--smtp-port", "0", "--web-port", "0", "--no-samples")
    running = await Running.start(tmp_path, "demo", *options)
    try:
        yield running
    finally:
        await running.kill()


async def sorted_out(folder: Path, settings: dict[str, str], count: int) -> list[dict[str, Any]]:
    """The mails, once the desk has worked on all of them."""
    async with asyncio.timeout(60):
        while True:
            _, out, _ = await desk(folder, "mails", "--json", **settings)
            mails: list[dict[str, Any]] = json.loads(out)
            if len(mails) == count and all(m["status"] != "received" for m in mails):
                return mails


async def test_beside_a_running_desk_each_mail_becomes_a_case_to_sort_once(
    demo: Running, archive: Path, tmp_path: Path
):
    settings = {k: v for k, v in demo.settings.items() if k.startswith(("DESK_", "SLACK_"))}
    code, became, err = await told(tmp_path, settings, *paths(archive))
    assert code == 1
    assert "picture.eml does not begin like a mail" in err
    assert len(err.splitlines()) == 1
    results = {Path(each["file"]).name: each["result"] for each in became}
    assert results["nora.eml"] == results["old.mbox#1"] == results["old.mbox#2"] == "imported"
    assert results["picture.eml"] == "unreadable"
    assert sorted(each["result"] for each in became).count("imported") == 4
    assert [each["result"] for each in became].count("known") == 1  # Sent has the .eml's mail

    mails = await sorted_out(tmp_path, settings, 4)
    assert {mail["id"] for mail in mails} == {each["mail"] for each in became if each["mail"]}
    assert {mail["received_at"][:16] for mail in mails} == {"2024-03-04T10:00"}
    assert {mail["status"] for mail in mails} == {"processed"}  # nobody has confirmed 200 yet
    _, out, _ = await desk(tmp_path, "list", "--all", "--json", **settings)
    cases = json.loads(out)
    assert len(cases) == 4
    assert all(case["triage"] and case["requests"][0]["kind"] is None for case in cases)

    code, again, _ = await told(tmp_path, settings, *paths(archive))
    assert code == 1
    assert {each["result"] for each in again} == {"known", "unreadable"}
    assert len(await sorted_out(tmp_path, settings, 4)) == 4


async def test_nothing_goes_out_and_nobody_is_reminded_until_a_person_has_sorted_it(
    tmp_path: Path, archive: Path
):
    async with World(tmp_path / "data").running() as world:
        settings = {"DESK_DATA": str(tmp_path / "data")}
        settings["DESK_MASTER_KEY_FILE"] = str(tmp_path / "data" / "sandbox" / "master.key")
        code, _, _ = await told(tmp_path, settings, str(archive / "old.mbox"))
        assert code == 0
        case = await world.case_from("luc@example.org")
        store = world.app.store
        assert (case.triage, case.imported, case.remind_at) == (True, True, None)
        assert case.acknowledgement == "withheld: the mail was imported"
        assert await store.suppression(case.requester_hash) is None
        async with world.acting(ANA) as ana:
            listed = await ana.line("2 imported mails to sort", STAFF)
            assert "luc" not in str(listed)
            assert not ana.cards(case.ref)
            before = world.app.clock.now().date()
            await world.move(timedelta(days=7))
            said = await digest_after(world, before)  # the hour of reminders has passed
            sent = await store.messages_of(case.ref)
            assert sent == ()
            assert (said.overdue, said.due_soon, said.triage, said.urgent) == (0, 0, 0, ())
            assert said.imported == 2

            await ana.press(listed, "Sort them", STAFF)
            await ana.window("2 mails to sort")
            assert (await ana.submit(**{case.ref: "open"}))["ok"]
            await ana.line("1 imported mail to sort", STAFF)
            assert await store.suppression(case.requester_hash) is None
            await ana.click(case.ref, "Claim")
            await ana.click(case.ref, "Confirm")
            await ana.window("Kinds")
            assert (await ana.submit(kinds=["access"]))["ok"]
            case = await world.case_when(case.ref, lambda c: c.confirmed)
            assert case.remind_at is not None
            await world.move(timedelta(days=4))
            await ana.line("Overdue by", STAFF)


async def digest_after(world: World, day: date) -> Digest:
    async def look() -> Digest | None:
        for status in (OutboxStatus.PENDING, OutboxStatus.SENT):
            for message in await world.app.store.messages_with(status):
                if isinstance(message.content, Digest) and message.content.day > day:
                    return message.content
        return None

    return await until(world.app.store, look)


# --- with none running ------------------------------------------------------------------------


@pytest.fixture
async def quiet(tmp_path: Path) -> dict[str, str]:
    """Settings of a desk that does not run; its key is MASTER."""
    (tmp_path / "a.key").touch(mode=0o600)
    (tmp_path / "a.key").write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    await (await open_store(tmp_path / "data", MASTER)).close()
    return {
        "DESK_DATA": str(tmp_path / "data"),
        "DESK_MASTER_KEY_FILE": str(tmp_path / "a.key"),
    }


async def test_with_no_desk_running_the_mails_wait_for_one(
    quiet: dict[str, str], archive: Path, tmp_path: Path
):
    code, became, _ = await told(tmp_path, quiet, str(archive / "nora.eml"))
    assert (code, [each["result"] for each in became]) == (0, ["imported"])
    store = await open_store(tmp_path / "data", MASTER)
    (mail,) = await mails_of(store)
    content = old_mail("nora").replace(b"\n", b"\r\n")
    assert await store.mails.raw(mail.id) == content
    assert mail.sha256 == hashlib.sha256(content).hexdigest()
    assert (mail.peer, mail.mail_from) == ("import", "nora@example.org")
    assert (mail.status, mail.received_at) == (MailStatus.RECEIVED, LONG_AGO)
    await store.close()
    crlf = archive / "again.eml"
    crlf.write_bytes(content)
    assert [each["result"] for each in (await told(tmp_path, quiet, str(crlf)))[1]] == ["known"]


async def test_an_import_that_was_killed_goes_on_and_doubles_nothing(
    quiet: dict[str, str], tmp_path: Path
):
    box = mailbox.mbox(tmp_path / "many.mbox")
    for number in range(300):
        box.add(old_mail(f"nora{number}", "x" * 20_000))
    box.close()
    command = (sys.executable, "-m", "bot", "import", str(tmp_path / "many.mbox"))
    process = await asyncio.create_subprocess_exec(*command, env=environment(**quiet))
    log = tmp_path / "data" / "mails" / "00000001.log"
    async with asyncio.timeout(60):
        while not log.exists() or log.stat().st_size < 500_000:  # noqa: ASYNC110  another process writes it
            await asyncio.sleep(0.002)
    process.kill()
    await process.wait()
    code, became, _ = await told(tmp_path, quiet, str(tmp_path / "many.mbox"))
    results = [each["result"] for each in became]
    assert (code, set(results)) == (0, {"known", "imported"})
    assert results.count("known") >= 20
    store = await open_store(tmp_path / "data", MASTER)
    found = [mail.sha256 for mail in await mails_of(store)]
    await store.close()
    assert len(found) == len(set(found)) == 300


async def test_into_postgresql(tmp_path: Path, archive: Path, quiet: dict[str, str], postgres_url):
    settings = {"DESK_DATABASE_URL": postgres_url, **quiet}
    await (await open_postgres(postgres_url, MASTER)).close()
    for expected in ("imported", "known"):
        code, became, _ = await told(tmp_path, settings, str(archive / "old.mbox"))
        assert (code, {each["result"] for each in became}) == (0, {expected})
    _, out, _ = await desk(tmp_path, "mails", "--json", **settings)
    assert len(json.loads(out)) == 2


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-07-01T10:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-07-01T10:00+00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ],
)
async def test_the_true_time_of_receipt_can_be_said(quiet, archive, tmp_path, said, means):
    file = str(archive / "nora.eml")
    code, _, _ = await told(tmp_path, quiet, file, "--received-at", said)
    store = await open_store(tmp_path / "data", MASTER)
    (mail,) = await mails_of(store)
    await store.close()
    assert (code, mail.received_at) == (0, means)


@pytest.mark.parametrize("said", ["yesterday", "2999-01-01"])
async def test_a_time_of_receipt_that_cannot_be_is_refused(quiet, archive, tmp_path, said):
    file = str(archive / "nora.eml")
    code, out, err = await desk(tmp_path, "import", file, "--received-at", said, **quiet)
    assert (code, out) == (2, b"")
    assert said in err


async def test_where_no_desk_has_been_none_is_made(quiet, archive, tmp_path):
    settings = {**quiet, "DESK_DATA": str(tmp_path / "nowhere")}
    code, out, err = await desk(tmp_path, "import", str(archive), **settings)
    assert (code, out) == (1, b"")
    assert "There is no desk's data" in err
    assert not (tmp_path / "nowhere").exists()


# --- files ------------------------------------------------------------------------------------


def dated(name: str, **more: str) -> datetime:
    filed = Filed("a.eml", old_mail(name, **more), datetime(2025, 1, 1, tzinfo=UTC))
    return filed.received_at(NOW)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("by a; Mon, 4 Mar 2024 11:00:00 +0100", LONG_AGO),
        ("by a; Mon, 4 Mar 2024 10:00:00 -0000", LONG_AGO),
        ("by a; Mon, 4 Mar 2999 10:00:00 +0000", datetime(2025, 1, 1, tzinfo=UTC)),
        ("by a; Mon, 4 Mar 1970 10:00:00 +0000", datetime(2025, 1, 1, tzinfo=UTC)),
        ("by a; Mon, 99 Mar 2024 10:00:00 +9999", datetime(2025, 1, 1, tzinfo=UTC)),
        ("by nobody knows when", datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_received_is_what_the_topmost_header_says_or_the_files_date(received, expected):
    assert dated("nora", Received=received) == expected


def test_a_file_of_tomorrow_was_received_now():
    filed = Filed("a.eml", b"Subject: x\n\nx\n", NOW + timedelta(days=1))
    assert filed.received_at(NOW) == NOW


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "is empty"), (b"  \n", "is empty"), (b"hello world\n", "begin like a mail")],
)
def test_what_is_no_mail_is_named(tmp_path, content, why):
    file = tmp_path / "a.eml"
    file.write_bytes(content)
    (found,) = mails_in([file])
    assert isinstance(found, Unread)
    assert why in found.why


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_what_may_not_be_read_is_named(tmp_path):
    (tmp_path / "a.eml").write_bytes(old_mail("nora"))
    (tmp_path / "a.eml").chmod(0)
    (found,) = mails_in([tmp_path / "a.eml"])
    assert isinstance(found, Unread)
    assert "Permission denied" in found.why


def test_what_is_not_there_is_named_and_the_rest_goes_on(tmp_path):
    (tmp_path / "a.eml").write_bytes(old_mail("nora"))
    empty = tmp_path / "empty"
    empty.mkdir()
    missing, none, mail = mails_in([tmp_path / "no.eml", empty, tmp_path / "a.eml"])
    assert isinstance(missing, Unread)
    assert "No such file" in missing.why
    assert isinstance(none, Unread)
    assert isinstance(mail, Filed)


# --- the desk's side --------------------------------------------------------------------------


def order(whole: bytes, **said: Any) -> Import:
    words: dict[str, Any] = {
        "sha256": hashlib.sha256(whole).hexdigest(),
        "size": len(whole),
        "content": whole,
        "received_at": NOW,
        "mail_from": "nora@example.org",
        "rcpt_to": ("compliance@cafex.com",),
    }
    return Import(**(words | said))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    store = await open_store(tmp_path / "data", MASTER)
    yield store
    await store.close()


async def test_pieces_become_one_mail_and_a_second_time_none(store):
    imports, woken = Imports(store), []
    content = old_mail("nora").replace(b"\n", b"\r\n")
    first, rest = (
        order(content, content=content[:50]),
        order(content, offset=50, content=content[50:]),
    )
    assert await imports.take(first, NOW, woken.append) == (MORE,)
    said, mail_id = await imports.take(rest, NOW, woken.append)
    assert said == KEPT
    assert await store.mails.raw(mail_id) == content
    assert [mail.id for mail in woken] == [mail_id]
    # by the mark alone, as when the mail itself was shredded since
    assert await Imports(store).take(order(content), NOW, None) == (KNOWN,)


async def test_two_who_import_the_same_at_once_import_it_once(store):
    imports = Imports(store)
    content = old_mail("nora")
    said = await asyncio.gather(*(imports.take(order(content), NOW, None) for _ in range(5)))
    assert sorted(each[0] for each in said) == [KEPT, *[KNOWN] * 4]
    assert len(await mails_of(store)) == 1


async def test_pieces_that_do_not_fit_are_refused_and_nothing_is_kept(store):
    imports = Imports(store)
    content = old_mail("nora")
    with pytest.raises(Refused, match="missing"):
        await imports.take(order(content, offset=50, content=content[50:]), NOW, None)
    with pytest.raises(Refused, match="other than it was sent"):
        await imports.take(order(content, sha256="0" * 64), NOW, None)
    with pytest.raises(Refused, match="at most"):
        await imports.take(order(content, size=2**40), NOW, None)
    assert await mails_of(store) == []


async def test_the_reserve_of_the_disk_is_not_imported_into(store):
    with pytest.raises(StoreFull, match="DESK_DISK_RESERVE"):
        await Imports(store, lacks_room=lambda _: True).take(order(old_mail("nora")), NOW, None)
    assert await mails_of(store) == []


async def test_it_waits_for_the_worker_whose_mails_of_today_go_first(store):
    waiting = 40
    imports = Imports(store, waiting=lambda: waiting)
    taking = asyncio.create_task(imports.take(order(old_mail("nora")), NOW, None))
    await asyncio.sleep(0.05)
    assert await mails_of(store) == []
    waiting = 3
    await store.commit(Commit(at=NOW, actor="desk", act="open"))
    assert (await taking)[0] == KEPT


# --- the canary -------------------------------------------------------------------------------


async def test_a_canary_comes_all_the_way_and_is_no_case(tmp_path):
    async with World(tmp_path / "data").running() as world:
        store, now = world.app.store, world.app.clock.now()
        await canary.send(world.app.settings, store.keys, now, world.smtp_port)
        mark = await marked(world, 1)
        assert now <= mark.at <= world.app.clock.now()
        (mail,) = await mails_of(store)
        assert (mail.status, mail.reason, mail.case) == (MailStatus.IGNORED, "canary", None)
        assert mail.message_id.endswith(".canary@cafex.com>")
        await canary.send(world.app.settings, store.keys, world.app.clock.now(), world.smtp_port)
        await marked(world, 2)
        assert [case async for case in store.all_cases()] == []


async def marked(world: World, count: int) -> Mark:
    async def look() -> Mark | None:
        mark = await world.app.store.mark(CANARY)
        return mark if mark is not None and mark.count >= count else None

    return await until(world.app.store, look)


@pytest.mark.parametrize("kind", ["forged", "stale"])
async def test_no_stranger_can_make_one_nor_use_one_that_was_seen(tmp_path, kind):
    async with World(tmp_path / "data").running() as world:
        store, now = world.app.store, world.app.clock.now()
        made = canary.canary("compliance@cafex.com", store.keys, now - timedelta(days=2))
        tag = made["X-Desk-Canary"]
        if kind == "forged":
            tag = canary.canary("compliance@cafex.com", store.keys, now)["X-Desk-Canary"]
            tag = tag[:-1] + ("a" if tag[-1] != "a" else "b")
        content = old_mail("nora", **{"X-Desk-Canary": tag}).replace(b"\n", b"\r\n")
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=world.smtp_port) as client:
            await client.sendmail("nora@example.org", ["compliance@cafex.com"], content)
        await world.case_from("nora@example.org")
        assert await store.mark(CANARY) is None
