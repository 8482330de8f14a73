"""A sender who cannot be checked for now: the case is there at once, its confirmation waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.outbox import Outbox, Receipt
from handlers.confirming import LOOKS, UNCHECKED, next_look
from intake.authentication import Trust
from intake.second_look import SecondLook
from intake.sender import Senders
from storage.errors import StoreDamaged, UnknownReference
from storage.records import (
    Case,
    InboundMail,
    OutboxMessage,
    OutboxStatus,
    Posted,
    Sender,
    ThreadLine,
)
from tests.conftest import HandClock
from tests.handlers.desks import NOW, ROSA, Bench, a_bench, parsed, reading
from tests.intake.nameserver import SERVFAIL, nameserver
from tests.intake.test_dmarc import ELSEWHERE, REJECT, SPF
from tests.waiting import until

BROKEN = Sender(result="temperror", words="it could not be checked for now")
MINUTE = timedelta(minutes=1)


class Scripted:
    """Senders whose DNS answers as told; the last answer repeats."""

    def __init__(self, *answers: Sender | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def again(self, mail: InboundMail, content: bytes) -> Sender | None:
        self.asked.append(mail.id)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Desk:
    """A case whose sender could not be checked, and the outbox that has its confirmation."""

    def __init__(self, bench: Bench, case: Case, clock: HandClock) -> None:
        self.bench, self.case, self.clock = bench, case, clock
        self.sent: list[datetime] = []

    @asynccontextmanager
    async def running(self, senders: Scripted | Senders) -> AsyncIterator[None]:
        async def slack(message: OutboxMessage) -> Receipt:
            return Receipt(posted=Posted(channel="C1", ts=message.id))

        async def mail(message: OutboxMessage) -> Receipt:
            self.sent.append(self.clock.now())
            return Receipt(reply="250 2.0.0 Ok")

        store, desk = self.bench.store, self.bench.desk
        look = SecondLook(store, desk, senders, self.clock).before
        outbox = Outbox(store, desk, self.clock, slack=slack, mail=mail, look=look)
        task = asyncio.create_task(outbox.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def letter(self) -> OutboxMessage:
        (letter,) = await self.bench.outbox(self.case)
        return letter

    async def at(self, minutes: float) -> OutboxMessage:
        """The letter once all has been done that is due so many minutes after receipt."""
        self.clock.move(NOW + minutes * MINUTE - self.clock.now())

        async def settled() -> OutboxMessage | None:
            letter = await self.letter()
            waits = letter.status is OutboxStatus.PENDING
            due = waits and letter.send_after <= NOW + minutes * MINUTE
            return None if letter.claimed_until or due else letter

        return await until(self.bench.store, settled)

    async def said(self) -> list[str]:
        lines = await self.bench.outbox(self.case, ThreadLine)
        return [line.content.text for line in lines if isinstance(line.content, ThreadLine)]

    async def acknowledgement(self) -> str:
        return (await self.bench.fresh(self.case)).acknowledgement


async def opened(bench: Bench, *kinds: str) -> Desk:
    mail = await bench.mail(b"From: rosa@example.org\r\n\r\nPlease.\r\n")
    case = await bench.desk.open(mail, parsed(sender=BROKEN), reading(*kinds), NOW)
    return Desk(bench, case, HandClock(NOW))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_bench(tmp_path) as bench:
        yield await opened(bench)


async def test_the_case_is_there_at_once_and_says_what_it_waits_for(desk: Desk):
    said = await desk.acknowledgement()
    assert said.startswith("pending: the sender cannot be checked for now; tried again until")
    assert said.endswith("03 Nov 2026 11:00")
    letter = await desk.letter()
    assert (letter.status, letter.error) == (OutboxStatus.PENDING, UNCHECKED)
    assert letter.send_after == NOW + MINUTE


async def test_it_goes_when_the_sender_is_known(desk: Desk):
    senders = Scripted(BROKEN, BROKEN, Sender(result="pass", words="it comes from there"))
    async with desk.running(senders):
        for minutes, next_at in ((1, 5), (5, 15)):
            waits = await desk.at(minutes)
            assert (waits.error, waits.send_after) == (UNCHECKED, NOW + next_at * MINUTE)
            assert waits.attempts == 0
        assert (await desk.at(15)).status is OutboxStatus.SENT
    assert desk.sent == [NOW + 15 * MINUTE]
    assert await desk.acknowledgement() == "sent"
    assert "The sender could be checked: it comes from there." in await desk.said()
    mail = await desk.bench.store.mail(desk.case.mails[0])
    assert mail is not None
    assert mail.sender == "it comes from there"
    acts = [entry.act async for entry in desk.bench.store.history(desk.case.ref)]
    assert acts.count("delay") == 2  # each look has its line and its time
    assert "look_again" in acts


async def test_after_an_hour_it_goes_as_to_anybody_unproven(desk: Desk):
    senders = Scripted(BROKEN)
    async with desk.running(senders):
        for minutes in LOOKS[:-1]:
            assert (await desk.at(minutes)).status is OutboxStatus.PENDING
        assert (await desk.at(60)).status is OutboxStatus.SENT
    assert len(senders.asked) == len(LOOKS)
    assert any("within an hour" in line for line in await desk.said())


async def test_a_forgery_gets_none_and_the_case_says_so(desk: Desk):
    refused = Sender(result="refused", words="it does not come from there")
    async with desk.running(Scripted(refused)):
        kept = await desk.at(1)
    assert desk.sent == []
    assert kept.status is OutboxStatus.DRAFT
    case = await desk.bench.fresh(desk.case)
    assert case.acknowledgement.startswith("withheld: the sender failed authentication; by hand")
    assert case.letters == ()
    assert any("does not come from there" in flag for flag in case.flags)


async def test_an_unsubscribe_that_was_forged_has_its_answer_open_again(tmp_path: Path):
    async with a_bench(tmp_path) as bench:
        desk = await opened(bench, "unsubscribe")
        assert "answer" in desk.case.requests[0].done
        async with desk.running(Scripted(Sender(result="refused", words="no"))):
            await desk.at(1)
        assert "answer" not in (await bench.fresh(desk.case)).requests[0].done


async def test_where_nobody_can_be_asked_it_goes_after_a_minute(desk: Desk):
    """A relay has judged, and its word does not change."""
    async with desk.running(Scripted(None)):
        assert (await desk.at(1)).status is OutboxStatus.SENT


@pytest.mark.parametrize("fault", [StoreDamaged("m1"), UnknownReference("m1")])
async def test_a_mail_that_cannot_be_read_again_holds_nothing_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: Exception
):
    async def raw(mail_id: str) -> bytes:
        raise fault

    monkeypatch.setattr(desk.bench.store.mails, "raw", raw)
    senders = Scripted(BROKEN)
    async with desk.running(senders):
        assert (await desk.at(1)).status is OutboxStatus.SENT
    assert senders.asked == []


async def test_a_letter_of_staff_is_not_held_back_by_it(desk: Desk):
    async with desk.running(Scripted(BROKEN)):
        await desk.at(1)
        letter = await desk.letter()
        message = desk.bench.desk.message(letter.lane, letter.content, desk.clock.now(), "U01ANA")
        await desk.bench.desk.commit("send", "U01ANA", desk.case, desk.clock.now(), message)
        async with asyncio.timeout(10):
            while not desk.sent:
                await desk.bench.store.changed()
    assert desk.sent == [NOW + MINUTE]


async def test_a_restart_forgets_nothing(tmp_path: Path):
    async with a_bench(tmp_path) as bench:
        first = await opened(bench)
        async with first.running(Scripted(BROKEN)):
            await first.at(5)
    async with a_bench(tmp_path) as bench:
        desk = Desk(bench, first.case, first.clock)
        senders = Scripted(Sender(result="none", words="nothing proves it"))
        async with desk.running(senders):
            assert (await desk.letter()).send_after == NOW + 15 * MINUTE
            assert (await desk.at(15)).status is OutboxStatus.SENT
        assert len(senders.asked) == 1


@pytest.mark.parametrize(("spf", "goes"), [(SPF, True), (ELSEWHERE, False)])
async def test_with_a_name_server_that_comes_back(tmp_path: Path, spf: list[str], goes: bool):
    with nameserver() as (zone, place):
        zone.names |= {"_dmarc.example.org": REJECT, "example.org": SERVFAIL}
        senders = Senders(Trust(looks=True, nameserver=place))
        async with a_bench(tmp_path) as bench:
            mail = await bench.mail(f"From: {ROSA}\r\n\r\nPlease.\r\n".encode(), peer="192.0.2.9")
            content = await bench.store.mails.raw(mail.id)
            known = await senders.known(mail, content, parsed())
            assert known.sender is not None
            assert known.sender.result == "temperror"
            case = await bench.desk.open(mail, known, reading(), NOW)
            desk = Desk(bench, case, HandClock(NOW))
            async with desk.running(senders):
                assert (await desk.at(1)).error == UNCHECKED
                zone.names["example.org"] = spf
                await desk.at(5)
        await senders.stop()
    assert bool(desk.sent) is goes


def test_the_looks_end_within_the_hour():
    assert next_look(NOW, NOW + 61 * MINUTE) is None
    assert next_look(NOW, NOW + 59.9 * MINUTE) == NOW + 60 * MINUTE
