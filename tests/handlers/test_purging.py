"""A purge through the real store: what is due is gone for good, and nothing else is."""

import asyncio
from datetime import timedelta

import pytest

from handlers.purging import Purged
from storage.errors import UnknownReference
from storage.records import Case, Letter, MailStatus, OutboxStatus, Outcome, Status
from tests.handlers.desks import NOW, ROSA, Bench, a_bench, parsed
from tests.storage.making import changed, putting

DAY = timedelta(days=1)


async def ended(bench: Bench, outcome: Outcome = Outcome.FULFILLED) -> Case:
    """A case with a mail and letters that was closed at NOW."""
    case = await bench.case("access")
    (request,) = case.requests
    over = changed(request, status=Status.CLOSED, outcome=outcome, closed_at=NOW)
    await bench.store.commit(putting(changed(case, requests=(over,)), act="close"))
    return await bench.fresh(case)


async def acts(bench: Bench) -> list[str]:
    return [entry.act async for entry in bench.store.history()]


async def test_a_case_goes_step_by_step(bench):
    case = await ended(bench)
    (mail,) = case.mails
    assert await bench.desk.purge(NOW + 29 * DAY) == Purged()
    assert await bench.store.mails.raw(mail)

    assert await bench.desk.purge(NOW + 30 * DAY) == Purged(raw=(mail,))
    with pytest.raises(UnknownReference):
        await bench.store.mails.raw(mail)
    assert (await bench.fresh(case)).requester == ROSA

    assert await bench.desk.purge(NOW + 91 * DAY) == Purged(content=(case.ref,))
    left = await bench.fresh(case)
    assert (left.requester, left.subject, left.requests) == ("", "", case.requests)
    assert await bench.store.messages_of(case.ref) == ()
    assert await bench.store.cases_of(case.requester_hash) == ()
    assert await bench.desk.purge(NOW + 92 * DAY) == Purged()

    assert await bench.desk.purge(NOW + 1200 * DAY) == Purged(skeleton=(case.ref,))
    assert await bench.store.case(case.ref) is None
    assert await bench.desk.purge(NOW + 1201 * DAY) == Purged()
    assert (await bench.store.mail(mail)).status is MailStatus.PROCESSED  # that there was one


async def test_the_store_is_whole_after_each_step_and_after_a_restart(tmp_path):
    async with a_bench(tmp_path) as bench:
        case = await ended(bench)
        ignored = await bench.mail()
        await bench.desk.ignore(ignored, None, "bulk mail", NOW)
        for days in (30, 91, 1200):
            await bench.desk.purge(NOW + days * DAY)
            assert await bench.store.verify(lambda *_: None) == ()
    async with a_bench(tmp_path) as bench:
        assert await bench.store.verify(lambda *_: None) == ()
        assert await bench.desk.purge(NOW + 1201 * DAY) == Purged()
        assert await bench.store.case(case.ref) is None


async def test_the_days_allowance_of_an_address_goes_with_its_case(bench):
    case = await ended(bench)
    name = f"letters:{case.requester_hash}:{NOW:%Y-%m-%d}"
    assert await bench.store.mark(name) is not None
    await bench.desk.purge(NOW + 91 * DAY)
    assert await bench.store.mark(name) is None


async def test_what_is_open_disputed_or_unread_stays(bench):
    opened = await bench.case("access")
    refused = await ended(bench, Outcome.REFUSED)
    unread = await ended(bench)
    again = await bench.mail(received_at=NOW + DAY)
    await bench.desk.follow_up(unread.ref, again, parsed(), NOW + DAY)
    before = {case.ref: await bench.fresh(case) for case in (opened, refused, unread)}
    assert await bench.desk.purge(NOW + 300 * DAY) == Purged()
    assert {case.ref: await bench.fresh(case) for case in before.values()} == before
    assert await bench.outbox(refused, Letter)


async def test_ignored_mails_go_and_failed_ones_stay(bench):
    ignored = [await bench.mail() for _ in range(205)]
    for mail in ignored:
        await bench.desk.ignore(mail, None, "bulk mail", NOW)
    failed, waiting = await bench.mail(), await bench.mail()
    await bench.desk.fail(failed, "ValueError", NOW)
    assert await bench.desk.purge(NOW + 89 * DAY) == Purged()
    found = await bench.desk.purge(NOW + 90 * DAY)
    assert sorted(found.raw) == sorted(mail.id for mail in ignored)
    assert await bench.store.mails.raw(failed.id)
    assert await bench.store.mails.raw(waiting.id)
    for mail in ignored:
        left = await bench.store.mail(mail.id)
        assert left is not None
        assert (left.mail_from, left.status, left.reason) == ("", MailStatus.IGNORED, "bulk mail")
    assert (await acts(bench)).count("purge") == 5  # a day's mark twice, a hundred mails each


async def test_to_look_changes_nothing(bench):
    case = await ended(bench)
    before = await acts(bench)
    found = await bench.desk.purge(NOW + 100 * DAY, look=True)
    assert found == Purged(raw=case.mails, content=(case.ref,))
    assert await acts(bench) == before
    assert await bench.fresh(case) == case
    assert await bench.desk.purge(NOW + 100 * DAY) == found


async def test_who_writes_at_that_moment_keeps_the_case(bench):
    case = await ended(bench)
    commit = putting(changed(case, answered=True), act="follow_up")
    writing = asyncio.create_task(bench.store.commit(commit))
    await asyncio.sleep(0)
    assert await bench.desk.purge(NOW + 100 * DAY) == Purged()
    await writing
    assert (await bench.fresh(case)).requester == ROSA


async def test_once_a_day_and_not_again_after_a_restart(bench):
    assert await bench.desk.purge_daily(NOW) == NOW + DAY
    before = await acts(bench)
    assert await bench.desk.purge_daily(NOW + DAY / 2) == NOW + DAY
    assert await acts(bench) == before
    assert await bench.desk.purge_daily(NOW + 5 * DAY) == NOW + 6 * DAY
    mark = await bench.store.mark("purge")
    assert mark is not None
    assert (mark.at, mark.count) == (NOW + 5 * DAY, 2)


async def test_what_became_of_a_message_that_was_purged_meanwhile_is_nobodys_business(bench):
    case = await ended(bench)
    (letter,) = [m for m in await bench.outbox(case) if m.status is OutboxStatus.PENDING]
    assert (await bench.store.claim(NOW + DAY, DAY)) is not None
    await bench.desk.purge(NOW + 100 * DAY)
    assert await bench.store.message(letter.id) is None
    before = await acts(bench)
    await bench.desk.sent(letter, NOW + 101 * DAY, receipt="250 2.0.0 Ok")
    await bench.desk.delay(letter, "away", DAY, NOW + 101 * DAY)
    await bench.desk.give_up(letter, "away", NOW + 101 * DAY)
    assert await acts(bench) == before
