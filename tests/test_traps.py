"""What other desks got wrong, and this one must not: one test for each trap."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers import digest, letters, recipients
from handlers.handler import Faults, Review, Stale
from handlers.letters import templates
from storage.errors import Refused
from storage.records import (
    Alarm,
    Candidate,
    DirectMessage,
    Letter,
    MailStatus,
    OutboxStatus,
    Status,
)
from tests.handlers.desks import ANA, BEN, MAY, NOW, REGISTRY, a_bench, parsed
from tests.handlers.desks import Bench as DeskBench
from tests.intake.fakes import OWN
from tests.intake.test_worker import POLICY, Bench, open_store
from tests.journeys.world import ANA as ANA_ID
from tests.journeys.world import OLE, STAFF, World, mail
from tests.storage.making import MASTER

UK = Candidate(regime="uk_gdpr")
ASK = "Please send me a copy of all personal data you hold about me."


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(await open_store(tmp_path / "intake", MASTER))
    yield bench
    await bench.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskBench]:
    async with a_bench(tmp_path) as bench:
        yield bench


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path / "world").running() as running:
        yield running


async def letters_of(intake: Bench, ref: str) -> list[OutboxStatus]:
    found = await intake.store.messages_of(ref)
    return [message.status for message in found if isinstance(message.content, Letter)]


# --- mails ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["subject", "references", "tag"])
async def test_a_right_reference_from_a_stranger_is_held_and_nothing_is_sent(intake, how):
    first = await intake.mail("Message-ID: <one@example.org>")
    heads = {"subject": f"Subject: {first.case}", "references": "References: <one@example.org>"}
    tagged = f"compliance+{intake.store.keys.reply_tag(first.case)}@cafex.com"
    held = await intake.mail(
        heads.get(how, "Subject: x"),
        body="Please delete it.",
        to=tagged if how == "tag" else OWN[0],
        mail_from="eve@example.net",
        author="eve@example.net",
    )
    suspected = await intake.store.case(first.case)
    assert held.status is MailStatus.HELD
    assert (suspected.mails, suspected.held) == ((first.id,), (held.id,))
    assert await letters_of(intake, held.case) == []
    assert held.case != first.case


async def test_a_bounce_of_our_acknowledgement_opens_no_case_and_is_not_answered(intake):
    asked = await intake.mail("Subject: x")
    (ours,) = (await intake.store.case(asked.case)).letters
    bounce = await intake.mail(
        "Subject: Undelivered Mail Returned to Sender",
        f"References: {letters.message_id(ours.id, POLICY)}",
        body="Your message could not be delivered.",
        to=f"compliance+{intake.store.keys.bounce_tag(ours.id)}@cafex.com",
        mail_from="",
        author="mailer-daemon@example.org",
    )
    case = await intake.store.case(asked.case)
    assert bounce.status is MailStatus.IGNORED
    assert case.letters[0].bounced
    assert len(await letters_of(intake, case.ref)) == 1
    assert await intake.refs() == [case.ref]


async def test_a_desk_that_answers_our_answers_under_new_subjects_stops_at_the_cap(intake):
    answered = 0
    for number in range(8):
        answer = await intake.mail(f"Subject: Ticket {number} was opened", body=f"{ASK} {number}")
        answered += len(await letters_of(intake, answer.case))
    assert answered == POLICY.acks_per_address_day
    assert len(await intake.refs()) == 8, "each stays a case for a person"


async def test_one_bad_mail_among_ten_costs_none_of_them(intake):
    intake.parser.fault = RuntimeError("boom")
    kept = [
        await intake.keep(f"Subject: {n}", body="poison" if n == 4 else f"Please delete it, {n}.")
        for n in range(10)
    ]
    for each in kept:
        intake.worker.wake(each)
    done = [await intake.settled(each) for each in kept]
    assert {each.status for each in done} == {MailStatus.PROCESSED}
    assert len({each.case for each in done}) == 10
    assert (await intake.store.case(done[4].case)).triage


async def test_reply_to_is_flagged_and_no_letter_ever_goes_there(intake):
    asked = await intake.mail("Subject: x", "Reply-To: mallory@example.net", body=ASK)
    case = await intake.store.case(asked.case)
    assert "replies would go to another address" in case.flags
    assert "Reply-To names another address" in case.defects
    assert case.requester == "ann@example.org"
    to = {m.content.to for m in await intake.store.messages_of(case.ref) if m.lane[:5] == "mail:"}
    assert to <= {"ann@example.org"}


async def test_a_stranger_who_asks_first_in_her_name_does_not_make_hers_a_duplicate(desk):
    async def asked(prove: bool):
        case = await desk.case("access")
        await desk.click(case, "claim", ANA)
        await desk.click(await desk.fresh(case), "confirm", ANA, value="access")
        if prove:
            await desk.click(await desk.fresh(case), "verify", ANA, form={"how": "signed_in"})
        return await desk.fresh(case)

    strangers, hers = await asked(prove=False), await asked(prove=True)
    form = {"outcome": "duplicate", "first": strangers.ref}
    answer = await desk.click(hers, "close", ANA, request=1, form=form)
    assert isinstance(answer, Faults)
    form["first"] = hers.ref
    answer = await desk.click(strangers, "close", ANA, request=1, form=form)
    assert isinstance(answer, Review), "the other way round it is one"


async def test_an_answer_never_goes_to_a_reply_to_whatever_a_person_chooses(intake):
    asked = await intake.mail("Subject: x", "Reply-To: mallory@example.net", body=ASK)
    case = await intake.store.case(asked.case)
    assert list(recipients.known(case)) == ["ann@example.org"]
    for name in templates.names():
        assert recipients.usual(case, templates.template(name)) == "ann@example.org"
        told = templates.template(name)
        assert recipients.drifted(case, told, "mallory@example.net") == (
            told.answers or not told.neutral
        )


async def test_a_later_mail_that_wants_its_answers_elsewhere_is_flagged_too(intake):
    asked = await intake.mail("Subject: My data", "Message-ID: <a@example.org>", body=ASK)
    assert "replies would go to another address" not in (await intake.store.case(asked.case)).flags
    heads = ("Subject: Re: My data", "References: <a@example.org>")
    await intake.mail(*heads, "Reply-To: mallory@example.net", body="Please hurry.")
    case = await intake.store.case(asked.case)
    assert len(case.mails) == 2
    assert "replies would go to another address" in case.flags
    assert "mallory@example.net" not in recipients.known(case)


# --- people ---------------------------------------------------------------------------------


async def test_of_two_who_claim_in_the_same_moment_one_has_it_and_the_other_is_told(desk):
    case = await desk.case("access")
    answers = await asyncio.gather(desk.click(case, "claim", ANA), desk.click(case, "claim", BEN))
    owner = (await desk.fresh(case)).assignee
    (told,) = [answer for answer in answers if isinstance(answer, Stale)]
    assert owner in {ANA.id, BEN.id}
    assert f"<@{owner}>" in told.said


async def test_a_refusal_without_a_reason_or_a_letter_cannot_be_made(desk):
    case = await desk.ready("access")
    for form in ({"outcome": "refused"}, {"outcome": "refused", "reason": "because"}):
        answer = await desk.click(case, "close", MAY, request=1, form=form)
        assert isinstance(answer, Faults)
    assert not (await desk.fresh(case)).closed
    form = {"outcome": "refused", "reason": "excessive", "body": "We do not act on it."}
    await desk.click(case, "close", MAY, request=1, form=form)
    assert not (await desk.fresh(case)).closed, "it ends when its letter has gone"
    draft = (await desk.outbox(case))[-1]
    await desk.click(await desk.fresh(case), "send", MAY, value=draft.id)
    await desk.deliver(case, NOW + timedelta(minutes=11))
    assert (await desk.fresh(case)).closed


async def asked_for_more_time(desk, case, at):
    """The answer to Extend, and the letter if there is one."""
    form = {"reason": "complexity", "body": "Five systems hold data; by the date above."}
    answer = await desk.click(case, "extend", now=at, request=1, form=form)
    await desk.click(await desk.fresh(case), "send", now=at, value=answer.letter)
    await desk.deliver(case, at + timedelta(minutes=2))
    return answer.letter


async def test_an_extension_on_the_day_after_the_due_date_is_refused(desk):
    case = await desk.case("access", laws=(UK,))
    await desk.click(case, "claim")
    await desk.click(await desk.fresh(case), "confirm", value="access")
    case = await desk.fresh(case)
    after = NOW + timedelta(days=(case.due.due_on - NOW.date()).days + 1)
    with pytest.raises(Refused, match="only Send late answer"):
        await asked_for_more_time(desk, case, after)
    assert (await desk.fresh(case)).due == case.due
    await asked_for_more_time(desk, case, after - timedelta(days=1))
    assert (await desk.fresh(case)).due.extended


async def test_an_extension_whose_notice_bounces_gives_the_date_back_and_rings(desk):
    case = await desk.case("access", laws=(UK,))
    await desk.click(case, "claim")
    await desk.click(await desk.fresh(case), "confirm", value="access")
    letter = await asked_for_more_time(desk, await desk.fresh(case), NOW)
    assert (await desk.fresh(case)).due.due_on > case.due.due_on
    report = await desk.mail(mail_from="")
    told = parsed(message_id="<bounce@example.org>")
    await desk.desk.ignore(report, told, "a report about our letter", NOW, bounced=letter)
    assert (await desk.fresh(case)).due == case.due
    assert await desk.outbox(case, Alarm)


async def test_a_request_of_31_january_is_due_at_the_end_of_february_on_a_working_day(desk):
    """In 2026 the 28th is a Saturday; in 2027 a Sunday. In 2024 it was a Thursday, the 29th."""
    for year, due_on in (
        (2026, date(2026, 3, 2)),
        (2027, date(2027, 3, 1)),
        (2024, date(2024, 2, 29)),
    ):
        received = datetime(year, 1, 31, 12, tzinfo=UTC)
        case = await desk.case("access", now=received, laws=(UK,))
        assert case.due.due_on == due_on
        assert case.due.why.startswith("received 31 Jan; one month is ")


async def test_a_case_that_waits_for_its_requester_stays_in_the_digest(desk):
    case = await desk.ready("access")
    form = {"template": "clarification", "body": "Which of your data?"}
    await desk.click(case, "reply", request=1, form=form)
    draft = (await desk.outbox(case))[-1]
    await desk.click(await desk.fresh(case), "send", value=draft.id)
    waiting = await desk.fresh(case)
    assert waiting.requests[0].status is Status.AWAITING_REQUESTER
    due = waiting.due.due_on - timedelta(days=2)
    found = digest.figures(await desk.store.cases(), digest.Counts(), due, REGISTRY)
    assert (found.open, found.waiting) == (1, 1)
    assert [line.ref for line in found.urgent] == [case.ref]


async def test_a_paused_case_stays_in_the_digest_with_its_age(desk):
    case = await desk.case("access", laws=(UK,))
    await desk.click(case, "claim")
    await desk.click(await desk.fresh(case), "confirm", value="access")
    form = {"template": "clarification", "body": "Which of your data?"}
    answer = await desk.click(await desk.fresh(case), "reply", request=1, form=form)
    await desk.click(await desk.fresh(case), "send", value=answer.letter)
    await desk.deliver(case, NOW + timedelta(minutes=2))
    for days in (1, 12, 60):
        today = NOW.date() + timedelta(days=days)
        found = digest.figures(await desk.store.cases(), digest.Counts(), today, REGISTRY)
        assert [(line.ref, line.standing) for line in found.urgent] == [(case.ref, days)]
        assert found.overdue == 0


async def test_a_reminder_of_saturday_night_waits_for_monday_unless_the_date_falls_before(desk):
    """Away over Friday's rung, the desk comes back on Saturday at three."""
    saturday = datetime(2026, 11, 28, 3, tzinfo=UTC)
    waits = await desk.case("access")  # due Tuesday 1 December
    ends = await desk.case("access", now=datetime(2026, 10, 31, 12, tzinfo=UTC))  # that Saturday
    for case in (waits, ends):
        await desk.click(case, "claim")
    await desk.desk.remind(saturday)
    assert await desk.outbox(waits, DirectMessage) == []
    assert (await desk.fresh(waits)).remind_at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert len(await desk.outbox(ends, DirectMessage)) == 1
    (alarm,) = await desk.outbox(ends, Alarm)
    assert "Due today" in alarm.content.text
    await desk.desk.remind(datetime(2026, 11, 30, 9, tzinfo=UTC))
    assert len(await desk.outbox(waits, DirectMessage)) == 1


# --- Slack ----------------------------------------------------------------------------------


async def test_a_click_on_a_card_from_before_a_restart_works(world):
    await world.send(mail("Nora <nora@example.org>", "My data", ASK))
    ref = (await world.case_from("nora@example.org")).ref
    async with world.acting(ANA_ID) as ana:
        card = await ana.card(ref, "Claim")
        await world.stop_desk()
        await world.start_desk()
        await world.app.slack.wait_connected()
        await ana.press(card, "Claim", STAFF)
        await world.case_when(ref, lambda case: case.assignee == ANA_ID)


async def test_who_is_not_in_the_channel_is_refused_with_a_reason_and_it_is_logged(world, caplog):
    async with world.acting(OLE) as ole:
        outside = next(iter(ole.messages), STAFF)
        await ole.command("/privacy show PR-2026-0001", outside)
        await ole.window("Only members of the privacy team")
    assert f"refused: {OLE}" in caplog.text


async def test_words_in_a_thread_are_in_no_letter(world):
    await world.send(mail("Nora <nora@example.org>", "My data", ASK))
    ref = (await world.case_from("nora@example.org")).ref
    async with world.acting(ANA_ID) as ana:
        card = await ana.card(ref, "Claim")
        await ana.say("SECRET: she is in our fraud file", STAFF, card["ts"])
        await ana.mail("nora@example.org", ref)
    sent = await world.app.store.messages_of(ref)
    assert sent
    assert "SECRET" not in repr(sent)
