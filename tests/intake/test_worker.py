"""From a kept mail to a case: the real store and desk, with the worker's steps between them."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from handlers import ignoring, letters, registry
from handlers.desk import Desk
from handlers.policy import Policy
from intake import worker
from intake.authentication import Origin
from intake.classify import Classifier
from intake.envelope import Addresses
from intake.match import Matcher
from intake.mime import parse
from intake.parse import Answer, Job, NoWorker, Parser, answer
from intake.worker import Worker
from storage.embedded import EmbeddedStore, open_store
from storage.errors import Conflict, StoreAway, StoreDamaged, StoreFailed
from storage.records import (
    Arrival,
    Case,
    Commit,
    InboundMail,
    MailStatus,
    Mark,
    OutboxStatus,
    Outcome,
    ParsedMail,
    Reading,
    Sender,
    Status,
    ThreadLine,
)
from tests.intake.fakes import NOW, OWN, StillClock
from tests.intake.voices import Voice, voices
from tests.storage.making import MASTER
from tests.waiting import until

REGISTRY = registry.load()
POLICY = Policy(addresses=OWN)
CLASSIFIER = Classifier(REGISTRY)
BOUNCES = tuple(voices("bounces.txt"))


class ParserHere:
    """The parser without its process; `fault` is raised."""

    fault: Exception | None = None
    sender: Sender | None = None  #: what authentication would say

    async def read(
        self, content: bytes, origin: Origin | None = None, mail_id: str = ""
    ) -> tuple[ParsedMail, Reading | None]:
        if self.fault is not None and b"poison" in content:
            raise self.fault
        found: Answer = answer(Job(content=content, origin=origin), CLASSIFIER)
        if self.sender is None:
            return found.parsed, found.reading
        return msgspec.structs.replace(found.parsed, sender=self.sender), found.reading


class Bench:
    """A worker between a real store and a real desk."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.desk = Desk(store, REGISTRY, POLICY)
        self.parser = ParserHere()
        self.worker = Worker(store, self.desk, self.parser, POLICY, StillClock())
        self._seconds = itertools.count()
        self.later = timedelta(0)
        self._running = asyncio.create_task(self.worker.run())

    async def mail(
        self, *head: str, body: str = "Please delete my account.", to: str = OWN[0], **said: str
    ) -> InboundMail:
        """Keep a mail, work on it, and say what became of it."""
        mail = await self.keep(*head, body=body, to=to, **said)
        self.worker.wake(mail)
        return await self.settled(mail)

    async def keep(
        self,
        *head: str,
        body: str = "Please delete my account.",
        to: str = OWN[0],
        mail_from: str = "ann@example.org",
        author: str = "Ann <ann@example.org>",
    ) -> InboundMail:
        lines = [f"From: {author}", "To: compliance@cafex.com", *head, "", body, ""]
        return await self.store.mails.append(
            Arrival(
                received_at=NOW + self.later + timedelta(seconds=next(self._seconds)),
                mail_from=mail_from,
                rcpt_to=(to,),
                peer="192.0.2.1",
                content="\r\n".join(lines).encode(),
            )
        )

    async def settled(self, mail: InboundMail) -> InboundMail:
        async def worked_on() -> InboundMail | None:
            stored = await self.store.mail(mail.id)
            assert stored is not None
            if stored.status is not MailStatus.RECEIVED:
                return stored
            if self._running.done():
                self._running.result()
            return None

        return await until(self.store, worked_on)

    async def refs(self) -> list[str]:
        return [case.ref async for case in self.store.all_cases()]

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.store.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(await open_store(tmp_path, MASTER))
    yield bench
    await bench.close()


async def test_a_request_becomes_a_case(bench):
    mail = await bench.mail("Subject: My account", "Message-ID: <one@example.org>")
    assert mail.status is MailStatus.PROCESSED
    assert mail.message_id == "<one@example.org>"
    case = await bench.store.case(mail.case)
    assert [request.kind for request in case.requests] == ["deletion"]
    assert case.requester == "ann@example.org"
    assert case.received_at == NOW
    assert not case.triage


async def test_the_real_parser_does_the_same(bench):
    parser = Parser()
    await parser.start()
    bench.worker._parser = parser
    mail = await bench.mail("Subject: My account")
    assert (await bench.store.case(mail.case)).requests[0].kind == "deletion"
    await parser.stop()


async def test_what_waits_at_the_start_is_worked_on(tmp_path):
    store = await open_store(tmp_path, MASTER)
    first = Bench(store)
    first._running.cancel()
    mail = await first.keep("Subject: x")
    second = Bench(store)
    assert (await second.settled(mail)).status is MailStatus.PROCESSED
    await second.close()


async def test_the_same_mail_again_is_a_repeat(bench):
    first = await bench.mail("Subject: x")
    again = await bench.mail("Subject: x")
    assert again.status is MailStatus.IGNORED
    assert again.reason == f"repeat of {first.id}"
    assert await bench.refs() == [first.case]


async def test_a_repeat_that_comes_at_once_knows_the_case_of_the_first(bench):
    first, again = await bench.keep("Subject: x"), await bench.keep("Subject: x")
    bench.worker.wake(first)
    bench.worker.wake(again)
    first, again = await bench.settled(first), await bench.settled(again)
    assert (again.reason, again.case) == (f"repeat of {first.id}", first.case)
    assert first.case is not None
    assert again.message_id == first.message_id


async def test_the_same_message_id_with_other_bytes_is_no_repeat(bench):
    first = await bench.mail("Message-ID: <a@example.org>")
    other = await bench.mail("Message-ID: <a@example.org>", body="Send me a copy of my data.")
    assert other.status is MailStatus.PROCESSED
    assert other.id != first.id


async def test_mails_of_one_requester_at_once_are_taken_in_order(bench, monkeypatch):
    read = bench.store.mails.raw

    async def slow_for_the_first(mail_id: str) -> bytes:
        for _ in range(100 if mail_id == mails[0].id else 0):
            await asyncio.sleep(0)
        return await read(mail_id)

    monkeypatch.setattr(bench.store.mails, "raw", slow_for_the_first)
    mails = [
        await bench.keep("Message-ID: <1@example.org>"),
        await bench.keep(
            "Message-ID: <2@example.org>", "In-Reply-To: <1@example.org>", body="And?"
        ),
        await bench.keep("Message-ID: <3@example.org>", "References: <2@example.org>", body="So?"),
    ]
    for mail in mails:
        bench.worker.wake(mail)
    cases = {(await bench.settled(mail)).case for mail in mails}
    assert len(cases) == 1
    assert (await bench.store.case(cases.pop())).mails == tuple(mail.id for mail in mails)


# --- which case it belongs to


async def test_by_tag_of_our_address(bench):
    first = await bench.mail("Subject: x")
    to = f"compliance+{bench.store.keys.reply_tag(first.case)}@cafex.com"
    second = await bench.mail("Subject: y", body="Here is what you asked for.", to=to)
    assert (second.status, second.case) == (MailStatus.PROCESSED, first.case)
    assert (await bench.store.case(first.case)).answered


async def test_a_forged_tag_is_no_tag(bench):
    first = await bench.mail("Subject: x")
    forged = f"compliance+c.{first.case.lower()}.aaaaaaaaaaaaaaaa@cafex.com"
    second = await bench.mail("Subject: y", body="Send me a copy of my data.", to=forged)
    assert second.status is MailStatus.PROCESSED
    assert second.case != first.case


async def test_a_right_reference_from_a_wrong_sender_is_held(bench):
    first = await bench.mail("Subject: x", "Message-ID: <one@example.org>")
    other = {"mail_from": "eve@example.net", "author": "eve@example.net"}
    for number, (head, to) in enumerate(
        [
            ("References: <one@example.org>", OWN[0]),
            (f"Subject: Re: {first.case}", OWN[0]),
            ("Subject: hi", f"compliance+{bench.store.keys.reply_tag(first.case)}@cafex.com"),
        ]
    ):
        held = await bench.mail(head, body=f"Send it to me, {number}.", to=to, **other)
        assert held.status is MailStatus.HELD
        assert held.case != first.case
        assert (await bench.store.case(held.case)).held_for == first.case
        assert held.id in (await bench.store.case(first.case)).held


async def test_by_the_reference_named_in_the_subject(bench):
    first = await bench.mail("Subject: x")
    second = await bench.mail(f"Subject: about {first.case.lower()}", body="Any news?")
    assert second.case == first.case


async def test_a_from_that_failed_authentication_is_somebody_elses(bench):
    first = await bench.mail("Subject: x", "Message-ID: <one@example.org>")
    for number, (verdict, status) in enumerate(
        [("refused", MailStatus.HELD), ("failed", MailStatus.PROCESSED)]
    ):
        bench.parser.sender = Sender(result=verdict, words="as found")
        mail = await bench.mail("References: <one@example.org>", body=f"Send it, {number}.")
        assert (mail.status, mail.sender) == (status, "as found")
        assert (mail.case == first.case) is (verdict == "failed")


async def closed(bench: Bench, ref: str) -> Case:
    """The case with its requests ended now."""
    case = await bench.store.case(ref)
    ended = {"status": Status.CLOSED, "outcome": Outcome.FULFILLED, "closed_at": NOW}
    requests = tuple(msgspec.structs.replace(request, **ended) for request in case.requests)
    case = msgspec.structs.replace(case, requests=requests, remind_at=None)
    await bench.store.commit(Commit(at=NOW, actor="U01ANA", act="close", case=ref, puts=(case,)))
    return await bench.store.case(ref)


@pytest.mark.parametrize(("days", "joins"), [(29, True), (31, False)])
async def test_after_closing_a_mail_joins_for_a_while_and_then_goes_on_in_another_case(
    bench, days, joins
):
    first = await bench.mail("Subject: x", "Message-ID: <one@example.org>")
    await closed(bench, first.case)
    bench.later = timedelta(days=days)
    again = await bench.mail("References: <one@example.org>", body="Delete my other account.")
    assert again.status is MailStatus.PROCESSED
    assert (again.case == first.case) is joins
    case = await bench.store.case(again.case)
    assert case.follows == ("" if joins else first.case)
    assert case.closed is joins
    if not joins:
        assert f"The requester wrote again: {case.ref}." in await lines(bench, first.case)
        stranger = {"mail_from": "eve@example.net", "author": "eve@example.net"}
        held = await bench.mail("References: <one@example.org>", body="And I?", **stranger)
        assert held.status is MailStatus.HELD


async def test_when_no_process_can_read_it_the_mail_waits_and_is_no_unreadable_one(tmp_path: Path):
    bench = Bench(await open_store(tmp_path, MASTER))
    bench.parser.fault = NoWorker("no memory")
    mail = await bench.keep(body="poison, but for a moment. Please delete my account.")
    bench.worker.wake(mail)
    with pytest.raises(NoWorker):
        await bench._running
    assert (await bench.store.mail(mail.id)).status is MailStatus.RECEIVED
    bench.parser.fault = None
    bench._running = asyncio.create_task(bench.worker.run())  # as its supervisor does
    assert (await bench.settled(mail)).status is MailStatus.PROCESSED
    assert bench.worker.failures == 0
    await bench.close()


# --- machines


NEWS = ("List-Id: <news.example.org>",)


async def staff_confirmed(bench: Bench, count: int) -> None:
    mark = Mark(id=ignoring.RIGHT, at=NOW, count=count)
    await bench.store.commit(Commit(at=NOW, actor="U01ANA", act="test", puts=(mark,)))


async def test_a_newsletter_is_ignored_with_its_reason_once_staff_have_confirmed_200(bench):
    await staff_confirmed(bench, 200)
    mail = await bench.mail(*NEWS, body="Our product news of the month.")
    assert (mail.status, mail.reason) == (MailStatus.IGNORED, "list or bulk mail")
    assert not await bench.refs()


@pytest.mark.parametrize(
    "head",
    [
        NEWS,
        ("Auto-Submitted: auto-replied",),  # to nothing of ours
        ("Subject: Automatic reply: x", "In-Reply-To: <unknown@example.org>"),
    ],
)
async def test_before_that_a_person_sorts_it_and_nothing_goes_out(bench, head):
    await staff_confirmed(bench, 199)
    mail = await bench.mail(*head, body="Our product news of the month.")
    assert mail.status is MailStatus.PROCESSED
    case = await bench.store.case(mail.case)
    assert (case.triage, case.reading.decision) == (True, "ignore")
    assert case.acknowledgement.startswith("withheld: ")


async def test_an_automatic_reply_of_somebody_else_to_our_thread_waits_beside_it(bench):
    await bench.mail("Message-ID: <one@example.org>")
    stranger = {"mail_from": "eve@example.net", "author": "eve@example.net"}
    mail = await bench.mail(
        "Auto-Submitted: auto-replied", "In-Reply-To: <one@example.org>", body="Away.", **stranger
    )
    assert mail.status is MailStatus.HELD


async def test_what_a_person_calls_a_request_is_one_from_its_true_receipt(bench):
    await staff_confirmed(bench, 200)
    mail = await bench.mail(*NEWS, body="Our product news of the month.")
    again = await bench.desk.rework(mail.id, "U01ANA", NOW + timedelta(days=9))
    assert again.reason == ignoring.REQUESTED
    bench.worker.wake(again)
    mail = await bench.settled(mail)
    assert (mail.status, mail.reason) == (MailStatus.PROCESSED, "")
    case = await bench.store.case(mail.case)
    assert (case.received_at, case.triage) == (mail.received_at, True)
    assert case.acknowledgement.startswith("withheld: ")
    assert (await bench.store.mark(ignoring.WRONG)).count == 1


async def test_even_a_bounce_or_a_repeat_may_be_a_request(bench):
    first = await bench.mail(DSN, body=report("failed", "5.1.1", "<x@example.net>"), **DAEMON)
    assert first.status is MailStatus.IGNORED
    bench.worker.wake(await bench.desk.rework(first.id, "U01ANA", NOW))
    assert (await bench.settled(first)).status is MailStatus.PROCESSED
    one = await bench.mail("Message-ID: <one@example.org>")
    two = await bench.store.mails.append(
        Arrival(
            received_at=one.received_at + timedelta(hours=1),
            mail_from=one.mail_from,
            rcpt_to=one.rcpt_to,
            peer=one.peer,
            content=await bench.store.mails.raw(one.id),
        )
    )
    bench.worker.wake(two)
    assert (await bench.settled(two)).reason.startswith("repeat of")
    bench.worker.wake(await bench.desk.rework(two.id, "U01ANA", NOW))
    assert (await bench.settled(two)).status is MailStatus.PROCESSED


async def test_a_request_through_a_list_is_a_case(bench):
    mail = await bench.mail("List-Id: <compliance.cafex.com>")
    assert mail.status is MailStatus.PROCESSED


async def test_an_automatic_reply_joins_no_case_and_opens_none(bench):
    first = await bench.mail("Message-ID: <one@example.org>")
    away = await bench.mail(
        "Subject: Automatic reply: x",
        "Auto-Submitted: auto-replied",
        "In-Reply-To: <one@example.org>",
        body="I am away until Monday.",
    )
    assert (away.status, away.reason) == (MailStatus.IGNORED, "an automatic reply")
    assert away.case == first.case
    assert worker.AWAY.line in await lines(bench, first.case)
    assert not (await bench.store.case(first.case)).answered


async def sent_letter(bench: Bench) -> tuple[str, str]:
    """The acknowledgement of a first mail, as if it had gone out: case and letter."""
    first = await bench.mail("Subject: x")
    (letter,) = [
        message
        for message in await bench.store.messages_of(first.case)
        if message.lane.startswith("mail:")
    ]
    await bench.desk.sent(letter, NOW, receipt="250 OK")
    return first.case, letter.id


def report(action: str, status: str, message_id: str = "") -> str:
    returned = (
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\n\r\nours\r\n"
    )
    return (
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.example.org\r\n"
        f"\r\nAction: {action}\r\nStatus: {status}\r\n{returned}--b--"
    )


DSN = "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
DAEMON = {"mail_from": "", "author": "mailer-daemon@mx.example.org"}


@pytest.mark.parametrize("tied", ["tag", "message id"])
async def test_a_bounce_of_our_letter_is_noted_there(bench, tied):
    ref, letter = await sent_letter(bench)
    to = f"compliance+{bench.store.keys.bounce_tag(letter)}@cafex.com" if tied == "tag" else OWN[0]
    message_id = "" if tied == "tag" else letters.message_id(letter, POLICY)
    mail = await bench.mail(DSN, body=report("failed", "5.1.1", message_id), to=to, **DAEMON)
    assert (mail.status, mail.case) == (MailStatus.IGNORED, ref)
    (state,) = (await bench.store.case(ref)).letters
    assert state.bounced


async def test_a_delay_of_our_letter_is_no_bounce(bench):
    ref, letter = await sent_letter(bench)
    to = f"compliance+{bench.store.keys.bounce_tag(letter)}@cafex.com"
    await bench.mail(DSN, body=report("delayed", "4.4.1"), to=to, **DAEMON)
    (state,) = (await bench.store.case(ref)).letters
    assert not state.bounced


async def lines(bench: Bench, ref: str) -> list[str]:
    found = await bench.store.messages_of(ref)
    return [m.content.text for m in found if isinstance(m.content, ThreadLine)]


async def arrived(bench: Bench, voice: Voice, to: str, message_id: str) -> InboundMail:
    """A mail of the test files, as an answer to a letter of ours."""
    mail = await bench.store.mails.append(voice.arrived(to, message_id))
    bench.worker.wake(mail)
    return await bench.settled(mail)


@pytest.mark.parametrize("voice", BOUNCES, ids=lambda voice: voice.name)
async def test_each_report_is_tied_to_the_exact_letter(bench, voice):
    """By its tag always; without one by the Message-ID, wherever that stands; else filed away."""
    ref, letter = await sent_letter(bench)
    own = letters.message_id(letter, POLICY)
    if b"{id}" not in voice.content:
        alone = await arrived(bench, voice, OWN[0], own)
        assert (alone.status, alone.case) == (MailStatus.IGNORED, None)
        tag = bench.store.keys.bounce_tag(letter)
        tied = await arrived(bench, voice, f"compliance+{tag}@cafex.com", own)
    else:
        tied = await arrived(bench, voice, OWN[0], own)
    assert (tied.status, tied.case) == (MailStatus.IGNORED, ref)
    (state,) = (await bench.store.case(ref)).letters
    assert state.bounced is voice.gave_up
    told = await lines(bench, ref)
    assert ("A letter of ours came back undelivered." in told) is voice.gave_up
    assert (worker.DELAYED.line in told) is not voice.gave_up
    assert await bench.refs() == [ref]


async def test_a_bounce_that_is_faster_than_our_receipt_is_tied_all_the_same(bench):
    first = await bench.mail("Subject: x")
    (letter,) = [m for m in await bench.store.messages_of(first.case) if m.lane[:5] == "mail:"]
    own = letters.message_id(letter.id, POLICY)
    voice = next(voice for voice in BOUNCES if voice.name == "qmail")
    assert (await arrived(bench, voice, OWN[0], own)).case == first.case
    (state,) = (await bench.store.case(first.case)).letters
    assert state.bounced


async def test_a_forged_bounce_tag_ties_nothing(bench):
    ref, letter = await sent_letter(bench)
    tag = bench.store.keys.bounce_tag(letter)
    forged = tag[:-1] + ("a" if tag[-1] != "a" else "b")
    voice = next(voice for voice in BOUNCES if voice.name == "groupwise")
    mail = await arrived(bench, voice, f"compliance+{forged}@cafex.com", "<x@example.net>")
    assert (mail.status, mail.case) == (MailStatus.IGNORED, None)
    assert not (await bench.store.case(ref)).letters[0].bounced


async def test_a_report_that_a_letter_was_read_changes_nothing(bench):
    ref, letter = await sent_letter(bench)
    voice = next(voice for voice in voices("others.txt") if voice.name == "mdn-outlook")
    tag = bench.store.keys.bounce_tag(letter)
    mail = await arrived(bench, voice, f"compliance+{tag}@cafex.com", "<x@example.net>")
    assert (mail.status, mail.case) == (MailStatus.IGNORED, ref)
    assert worker.REPORTED.line in await lines(bench, ref)
    assert not (await bench.store.case(ref)).letters[0].bounced


async def test_a_report_with_a_request_in_it_about_nothing_of_ours_is_filed_away(bench):
    """Backscatter: somebody wrote in our name, and the report quotes it."""
    voice = next(voice for voice in BOUNCES if voice.name == "qmail")
    content = voice.content.replace(b"We received your message.", b"Please delete my account.")
    mail = await arrived(bench, voice._replace(content=content), OWN[0], "<x@example.net>")
    assert mail.reason == "a report about no letter of ours"
    assert not await bench.refs()


async def test_a_bounce_of_nothing_of_ours_is_filed_away(bench):
    mail = await bench.mail(DSN, body=report("failed", "5.1.1", "<x@example.net>"), **DAEMON)
    assert mail.status is MailStatus.IGNORED
    assert not await bench.refs()


async def test_a_machine_gets_no_acknowledgement_and_a_person_does(bench):
    asked = await bench.mail("Subject: x")
    listed = await bench.mail("Subject: y", "Precedence: list")
    lanes = [
        [m.status for m in await bench.store.messages_of(mail.case) if m.lane.startswith("mail:")]
        for mail in (asked, listed)
    ]
    assert lanes == [[OutboxStatus.PENDING], []]


# --- when things go wrong


async def test_an_unreadable_mail_is_a_case_for_a_person(bench, monkeypatch):
    def fails(content: bytes) -> ParsedMail:
        raise RecursionError

    monkeypatch.setattr("intake.mime.parse", fails)
    mail = await bench.mail("Subject: deep")
    case = await bench.store.case(mail.case)
    assert case.triage
    assert case.requester == "ann@example.org"
    assert any("read safely" in defect for defect in case.defects)


async def test_a_mail_the_steps_cannot_handle_stops_no_other(bench):
    bench.parser.fault = ValueError("boom")
    bad = await bench.mail("Subject: x", body="poison")
    good = await bench.mail("Subject: y")
    assert (await bench.store.case(bad.case)).triage
    assert not (await bench.store.case(good.case)).triage
    assert (bench.worker.worked, bench.worker.failures) == (1, 1)


async def test_what_nobody_can_handle_is_listed_as_failed(bench, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("secret@example.org")

    monkeypatch.setattr(bench.desk, "open", broken)
    mail = await bench.mail("Subject: x")
    assert (mail.status, mail.reason) == (MailStatus.FAILED, "ValueError")
    assert await bench.store.mails_with(MailStatus.FAILED) == (mail,)


async def test_a_conflict_is_decided_anew(bench, monkeypatch):
    real, calls = bench.desk.open, []

    async def slow(*args: object, **named: object) -> object:
        calls.append(1)
        if len(calls) < 3:
            raise Conflict("somebody was first")
        return await real(*args, **named)

    monkeypatch.setattr(bench.desk, "open", slow)
    assert (await bench.mail("Subject: x")).status is MailStatus.PROCESSED
    assert len(calls) == 3


@pytest.mark.parametrize("fault", [StoreFailed("the disk is gone"), StoreAway("no answer")])
async def test_a_failing_store_ends_the_worker_and_is_no_fault_of_the_mail(
    bench, monkeypatch, fault
):
    async def broken(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(bench.desk, "open", broken)
    mail = await bench.keep("Subject: x")
    bench.worker.wake(mail)
    with pytest.raises(type(fault)):
        await asyncio.wait_for(bench._running, 5)
    assert (await bench.store.mail(mail.id)).status is MailStatus.RECEIVED


async def test_what_another_process_left_is_found_after_a_while(bench, monkeypatch):
    """Nobody wakes the worker: it looks by itself."""
    monkeypatch.setattr(bench.store.mails, "again", 0.01)
    bench.worker.wake()  # so that it waits with the new patience
    mail = await bench.keep("Subject: left")
    assert (await bench.settled(mail)).status is MailStatus.PROCESSED


async def test_what_another_process_has_done_meanwhile_is_let_be(bench, monkeypatch):
    real = bench.desk.open

    async def beaten(mail: InboundMail, *rest: object, **named: object) -> object:
        await real(mail, *rest, **named)
        raise Conflict("another process was faster")

    monkeypatch.setattr(bench.desk, "open", beaten)
    mail = await bench.mail("Subject: x")
    assert mail.status is MailStatus.PROCESSED
    assert len(await bench.refs()) == 1
    assert bench.worker.failures == 0


async def test_a_reference_to_no_case_matches_nothing(bench):
    matcher = Matcher(bench.store, Addresses(OWN))
    mail = await bench.keep("Subject: Re: PR-2026-9999", "References: <x@example.org>")
    found = await matcher.match(mail, parse(await bench.store.mails.raw(mail.id)))
    assert (found.case, found.how) == (None, "")


async def test_a_damaged_mail_among_others_is_listed_as_failed_and_stops_none(bench, monkeypatch):
    bad, good = await bench.keep("Subject: bad"), await bench.keep("Subject: good")
    real = bench.store.mails.raw

    async def raw(mail_id: str) -> bytes:
        if mail_id == bad.id:
            raise StoreDamaged("a mail is not what was written there")
        return await real(mail_id)

    monkeypatch.setattr(bench.store.mails, "raw", raw)
    bench.worker.wake(bad)
    bench.worker.wake(good)
    assert (await bench.settled(good)).status is MailStatus.PROCESSED
    failed = await bench.settled(bad)
    assert (failed.status, failed.reason) == (MailStatus.FAILED, "StoreDamaged")


async def test_somebody_who_is_always_faster_does_not_end_the_worker(bench, monkeypatch):
    async def always_late(*_: object, **__: object) -> None:
        raise Conflict("somebody was first")

    with monkeypatch.context() as racing:
        racing.setattr(bench.desk, "follow_up", always_late)
        first = await bench.mail("Subject: x", "Message-ID: <one@example.org>")
        second = await bench.mail("Subject: y", "References: <one@example.org>", body="And?")
    assert second.status is MailStatus.PROCESSED
    assert (await bench.store.case(second.case)).triage
    assert second.case != first.case


async def test_the_same_mail_twice_at_once_is_one_case_with_a_word_on_its_card(bench):
    first, again = await bench.keep("Subject: x"), await bench.keep("Subject: x")
    bench.worker.wake(first)
    bench.worker.wake(again)
    repeat = await bench.settled(again)
    assert repeat.reason == f"repeat of {first.id}"
    assert repeat.case == (await bench.settled(first)).case is not None


async def test_a_bounce_in_plain_words_is_known_by_the_letter_s_return_path(bench):
    ref, letter = await sent_letter(bench)
    to = f"compliance+{bench.store.keys.bounce_tag(letter)}@cafex.com"
    plain = {"mail_from": "", "author": "Mail system <notices@mx.example.net>"}
    mail = await bench.mail("Subject: Problem", body="Your request could not go.", to=to, **plain)
    assert (mail.status, mail.case) == (MailStatus.IGNORED, ref)
    assert (await bench.store.case(ref)).letters[0].bounced
    assert await bench.refs() == [ref]


async def test_away_notes_to_a_letter_s_return_path_are_no_bounces(bench):
    ref, letter = await sent_letter(bench)
    to = f"compliance+{bench.store.keys.bounce_tag(letter)}@cafex.com"
    heads = ("Subject: Automatic reply: x", "Auto-Submitted: auto-replied")
    await bench.mail(*heads, body="I am away until Monday.", to=to, mail_from="")
    assert not (await bench.store.case(ref)).letters[0].bounced


async def test_what_was_imported_joins_no_case_and_a_mail_of_today_is_no_repeat_of_it(bench):
    first = await bench.mail("Subject: My account", "Message-ID: <one@example.org>")
    content = (
        b"From: ann@example.org\r\nTo: compliance@cafex.com\r\nIn-Reply-To: <one@example.org>\r\n"
    )
    content += (
        b"References: <one@example.org>\r\nSubject: Re: My account\r\n\r\nAs I said: delete it.\r\n"
    )
    kept = {}
    for peer in ("import", "192.0.2.1"):
        arrival = Arrival(
            received_at=NOW + timedelta(minutes=len(kept) + 1),
            mail_from="ann@example.org",
            rcpt_to=OWN,
            peer=peer,
            content=content,
        )
        mail = await bench.store.mails.append(arrival)
        bench.worker.wake(mail)
        kept[peer] = await bench.settled(mail)
    old = await bench.store.case(kept["import"].case)
    assert (old.ref != first.case, old.imported, old.triage) == (True, True, True)
    assert kept["192.0.2.1"].case == first.case
    assert kept["192.0.2.1"].status is MailStatus.PROCESSED
