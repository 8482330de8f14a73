"""The desk's socket: one order, one answer, whatever the folder is called and whoever hangs up."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.control import FILE, Control, Said, ask
from bot.orders import Order, Retry
from storage.errors import DeskError, StoreBusy, StoreError, UnknownReference

ASKED = Retry(id="0123")


@asynccontextmanager
async def answering(
    folder: Path, carry_out: Callable[[Order], Awaitable[Said]]
) -> AsyncIterator[Control[Order]]:
    control = Control(folder, Order, carry_out)
    await control.start()
    try:
        yield control
    finally:
        await control.stop()


async def echo(order: Order) -> Said:
    return ("First.", f"{order.id} done.")


@pytest.fixture(params=["short", "long"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Longer than sun_path, and not."""
    made = tmp_path / "d" if request.param == "short" else tmp_path / ("d" * 90) / ("e" * 90)
    made.mkdir(parents=True)
    return made


async def test_an_order_is_carried_out_and_answered(folder):
    async with answering(folder, echo):
        assert await ask(folder, ASKED, 10) == ("First.", "0123 done.")
        assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert not (folder / FILE).exists()
    assert await ask(folder, ASKED, 10) is None


async def test_a_killed_desks_socket_is_nobodys_and_the_next_desk_replaces_it(tmp_path):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / FILE))
    dead.close()
    assert await ask(tmp_path, ASKED, 10) is None
    async with answering(tmp_path, echo):
        assert await ask(tmp_path, ASKED, 10) == ("First.", "0123 done.")


async def test_many_ask_at_once(tmp_path):
    async with answering(tmp_path, echo):
        said = await asyncio.gather(*(ask(tmp_path, Retry(id=str(n)), 10) for n in range(50)))
    assert [lines[1] for lines in said] == [f"{n} done." for n in range(50)]


async def test_what_the_desk_refuses_is_refused_in_its_own_words(tmp_path):
    async def unknown(order: Order) -> Said:
        raise UnknownReference("There is no such thing.")

    async with answering(tmp_path, unknown):
        with pytest.raises(DeskError, match=r"^There is no such thing\.$"):
            await ask(tmp_path, ASKED, 10)


async def test_a_fault_of_ours_is_told_by_its_kind_alone(tmp_path):
    async def broken(order: Order) -> Said:
        raise ValueError("rosa@example.org")

    async with answering(tmp_path, broken):
        with pytest.raises(DeskError, match=r"ValueError.*log\.$") as told:
            await ask(tmp_path, ASKED, 10)
    assert "rosa" not in str(told.value)


async def test_a_desk_that_does_not_answer_in_time_is_told_so(tmp_path):
    async def never(order: Order) -> Said:
        await asyncio.Event().wait()
        return ()

    async with answering(tmp_path, never) as control:
        with pytest.raises(StoreBusy, match="0 seconds"):
            await ask(tmp_path, ASKED, 0.05)
        for task in tuple(control._in_hand):  # the client is gone, the order is not
            task.cancel()


async def test_a_desk_that_ends_meanwhile_is_told_so(tmp_path):
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / FILE)
    with pytest.raises(StoreBusy, match="ended before it answered"):
        await ask(tmp_path, ASKED, 10)
    server.close()


async def test_an_order_in_hand_is_finished_before_the_desk_ends(tmp_path):
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(order: Order) -> Said:
        begun.set()
        await go.wait()
        return ("Done after all.",)

    async with answering(tmp_path, slow) as control:
        asked = asyncio.create_task(ask(tmp_path, ASKED, 10))
        await begun.wait()
        stopping = asyncio.create_task(control.stop())
        await asyncio.sleep(0)
        go.set()
        await stopping
        assert await asked == ("Done after all.",)


@pytest.mark.parametrize("line", [b"{}\n", b"not json\n", b'{"type":"nonsense"}\n'])
async def test_what_is_no_order_is_answered_and_the_desk_goes_on(tmp_path, line):
    async with answering(tmp_path, echo):
        reader, writer = await asyncio.open_unix_connection(tmp_path / FILE)
        writer.write(line)
        assert b"does not know" in await reader.readline()
        writer.close()
        await writer.wait_closed()
        reader, writer = await asyncio.open_unix_connection(tmp_path / FILE)
        writer.write(b"x" * 200_000)  # no end of the line: let go
        assert await reader.read() == b""
        writer.close()
        assert await ask(tmp_path, ASKED, 10) is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may connect to anything")
async def test_another_users_desk_cannot_be_asked(tmp_path):
    async with answering(tmp_path, echo):
        (tmp_path / FILE).chmod(0)
        with pytest.raises(StoreError, match="as the desk's user"):
            await ask(tmp_path, ASKED, 10)
