"""The door opens before the rest of the desk is there, and closes whatever becomes of that."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from bot import front as module
from bot.demo import free_port
from bot.front import Front, open_front, run
from bot.settings import Settings, load
from handlers.clock import RealClock
from handlers.requests import replace
from storage.errors import SettingsError, StoreBusy
from storage.records import InboundMail
from storage.sealing import new_key_file

CONTENT = b"From: rosa@example.org\r\n\r\nPlease.\r\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    new_key_file(tmp_path / "master.key")
    environment = {
        "DESK_DATA": str(tmp_path / "data"),
        "DESK_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "DESK_SMTP_PORT": str(free_port()),
        "DESK_ADDRESS": "privacy@example.com",
        "DESK_SLACK_CHANNEL": "C01",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
    }
    return load(environment, file=None)


class Rest:
    """In place of the rest of the desk: hears of mail, and ends when it is told to."""

    heard: list[InboundMail]
    found: list[InboundMail]

    def __init__(self, settings: Settings, clock: object, front: Front) -> None:
        self.front = front
        self.heard = []
        front.wake = self.heard.append

    async def start(self) -> None:
        await self.front.open()
        self.found = [mail async for mail in self.front.store.mails.waiting()]

    async def wait(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        await self.front.listener.stop()
        await self.front.store.close()


async def send(port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        await client.sendmail("rosa@example.org", ["privacy@example.com"], CONTENT)


async def opened(port: int) -> None:
    """Until somebody listens there."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
        else:
            writer.close()
            return


async def test_mail_is_taken_while_the_rest_is_loaded_and_none_is_forgotten(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, made = threading.Event(), []

    def loading() -> Any:
        gate.wait()
        return lambda *said: made.append(Rest(*said)) or made[0]

    monkeypatch.setattr(module, "_load", loading)
    ready = asyncio.Event()
    running = asyncio.create_task(run(settings, RealClock(), ready.set))
    await opened(settings.smtp_port)
    await send(settings.smtp_port)
    assert not made
    gate.set()
    await ready.wait()
    await send(settings.smtp_port)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(made[0].found) == len(made[0].heard) == 1
    assert made[0].found != made[0].heard


@pytest.mark.parametrize("where", ["loading", "making"])
async def test_what_cannot_be_loaded_closes_the_door_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*said: object) -> Any:
        raise SettingsError(("no",))

    monkeypatch.setattr(module, "_load", broken if where == "loading" else lambda: broken)
    with pytest.raises(SettingsError):
        await run(settings, RealClock(), lambda: None)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", settings.smtp_port)
    again = await open_front(settings, RealClock())
    with pytest.raises(StoreBusy):
        await open_front(settings, RealClock())
    await again.store.close()


async def test_the_door_has_the_name_it_is_given(settings: Settings) -> None:
    front = await open_front(replace(settings, smtp_name="mx.example.com"), RealClock())
    await front.open()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=front.listener.port) as client:
        greeting = await client.ehlo()
    assert greeting.message.startswith("mx.example.com\n")
    await front.listener.stop()
    await front.store.close()


async def test_a_port_that_is_taken_leaves_the_store_closed(settings: Settings) -> None:
    other = await asyncio.start_server(lambda *_: None, "127.0.0.1", settings.smtp_port)
    with pytest.raises(OSError, match="choose another SMTP port"):
        await run(settings, RealClock(), lambda: None)
    other.close()
    again = await open_front(settings, RealClock())
    await again.store.close()
