"""`desk retry`: what failed is tried again, by the running desk at once or at the next start."""

import asyncio
from pathlib import Path

import pytest

from bot import check, giving
from bot.control import FILE
from bot.giving import give
from bot.orders import Retry
from bot.settings import Settings, load
from bot.stores import master_of
from handlers.clock import RealClock
from storage.embedded import open_store
from storage.errors import DeskError, Refused, StoreBusy, StoreError, UnknownReference
from storage.opening import Lock
from storage.records import Commit, InboundMail, MailStatus, OutboxStatus
from storage.sealing import new_key_file
from tests.journeys.world import World, mail
from tests.storage.making import NOW, a_message, an_arrival, changed, putting

ASK = "Please send me a copy of all personal data you hold about me."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    new_key_file(tmp_path / "key")
    return load(
        {"DESK_DATA": str(tmp_path / "data"), "DESK_MASTER_KEY_FILE": str(tmp_path / "key")}, None
    )


async def a_failed_mail(settings: Settings, content: bytes = b"Subject: x") -> InboundMail:
    store = await open_store(settings.data, master_of(settings))
    kept = await store.mails.append(an_arrival(content))
    failed = changed(kept, status=MailStatus.FAILED, reason="ValueError")
    await store.commit(Commit(at=NOW, actor="desk", act="fail", puts=(failed,)))
    await store.close()
    return kept


async def test_a_failed_mail_waits_for_the_next_start(settings):
    failed = await a_failed_mail(settings)
    (said,) = await give(Retry(id=failed.id), settings, RealClock())
    assert said == f"Mail {failed.id} is worked on again as soon as a desk runs."
    store = await open_store(settings.data, master_of(settings), read_only=True)
    (waiting,) = [mail async for mail in store.mails.waiting()]
    assert (waiting.id, waiting.status, waiting.reason) == (failed.id, MailStatus.RECEIVED, "")
    assert [(e.actor, e.act) async for e in store.history()][-1] == ("operator", "retry")
    with pytest.raises(Refused, match=f"{failed.id} is received: nothing to retry"):
        await give(Retry(id=failed.id), settings, RealClock())


async def test_a_dead_message_is_pending_again(settings):
    store = await open_store(settings.data, master_of(settings))
    dead = a_message(status=OutboxStatus.DEAD, attempts=5, error="channel_not_found")
    await store.commit(putting(dead))
    await store.close()
    (said,) = await give(Retry(id=dead.id), settings, RealClock())
    assert said == f"Message {dead.id} (card) goes out again as soon as a desk runs."
    store = await open_store(settings.data, master_of(settings), read_only=True)
    again = await store.message(dead.id)
    assert again is not None
    assert (again.status, again.attempts, again.error) == (OutboxStatus.PENDING, 0, "")


async def test_an_unknown_id_is_told_so(settings):
    await a_failed_mail(settings)
    with pytest.raises(UnknownReference, match="no mail or message 0123; `desk failed`"):
        await give(Retry(id="0123"), settings, RealClock())


async def test_no_desk_there_makes_none(settings):
    with pytest.raises(StoreError, match="DESK_DATA"):
        await give(Retry(id="0123"), settings, RealClock())
    assert not settings.data.exists()


async def test_a_killed_desks_socket_confuses_nobody(settings):
    failed = await a_failed_mail(settings)
    server = await asyncio.start_unix_server(lambda *_: None, settings.data / "other")
    (settings.data / "other").rename(settings.data / FILE)
    server.close()
    (said,) = await give(Retry(id=failed.id), settings, RealClock())
    assert "as soon as a desk runs" in said


async def test_data_in_use_by_something_that_does_not_answer(settings, monkeypatch):
    monkeypatch.setattr(giving, "BETWEEN_SECONDS", 0.0)
    await a_failed_mail(settings)
    lock = Lock(settings.data / "lock")
    with pytest.raises(StoreBusy, match="starting or ending"):
        await give(Retry(id="0123"), settings, RealClock())
    lock.release()


async def test_a_desk_that_is_just_starting_is_waited_for(settings, monkeypatch):
    """It has its lock and no socket yet; then it ends, and the command does it itself."""
    failed = await a_failed_mail(settings)
    lock = Lock(settings.data / "lock")
    looked: list[object] = []
    really = giving.ask

    async def ask(*words: object) -> object:
        looked.append(words)
        if len(looked) == 2:
            lock.release()
        return await really(*words)

    monkeypatch.setattr(giving, "ask", ask)
    (said,) = await give(Retry(id=failed.id), settings, RealClock())
    assert len(looked) == 2
    assert failed.id in said


async def test_the_running_desk_works_on_it_at_once(tmp_path):
    own = Settings(data=tmp_path / "data")
    (own.data / "sandbox").mkdir(parents=True)
    new_key_file(own.data / "sandbox" / "master.key")
    content = mail("rosa@example.org", "My data", ASK).as_bytes()
    failed = await a_failed_mail(own, content)
    async with World(own.data).running() as world:
        assert await world.app.store.mail(failed.id) == changed(
            failed, rev=1, status=MailStatus.FAILED, reason="ValueError"
        )
        (said,) = await give(Retry(id=failed.id), own, world.clock)
        assert said == f"Mail {failed.id} is worked on again now."
        case = await world.case_from("rosa@example.org")
        assert case.mails == (failed.id,)
        (found,) = await check._running(own)
        assert (found.state, found.says) == ("ok", "a desk runs here and answers")
        with pytest.raises(DeskError, match="processed: nothing to retry"):
            await give(Retry(id=failed.id), own, world.clock)
        with pytest.raises(DeskError, match="no mail or message 0123"):
            await give(Retry(id="0123"), own, world.clock)


async def test_the_running_desk_sends_a_dead_letter_again_at_once(tmp_path):
    own = Settings(data=tmp_path / "data")
    async with World(own.data).running() as world:
        refusal = {"address": "rosa@example.org", "reply": "550 5.1.1 Nobody here"}
        async with world.http.post("/do/refuse", json=refusal) as answer:
            assert answer.status == 200
        await world.send(mail("rosa@example.org", "My data", ASK))
        case = await world.case_from("rosa@example.org")
        case = await world.case_when(case.ref, lambda c: any(x.status == "dead" for x in c.letters))
        refusal["reply"] = ""
        async with world.http.post("/do/refuse", json=refusal) as answer:
            assert answer.status == 200
        (said,) = await give(Retry(id=case.letters[0].id), own, world.clock)
        assert said == f"Message {case.letters[0].id} (letter of {case.ref}) goes out again now."
        await world.case_when(case.ref, lambda c: c.letters[0].status == "sent")
