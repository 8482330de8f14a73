"""What has outlived its time goes by itself, in the running desk, as the days go by."""

from datetime import timedelta
from pathlib import Path

from bot.giving import give
from bot.orders import Purge
from storage.records import Case, Commit, InboundMail, Outcome, Status
from tests.journeys.world import World, mail
from tests.storage.making import changed
from tests.waiting import until

DAY = timedelta(days=1)


async def ended(world: World, sender: str) -> Case:
    """A case that was closed just now."""
    await world.send(mail(sender, "My data", "Please send me all personal data you hold about me."))
    case = await world.case_from(sender)
    case = await world.case_when(case.ref, lambda c: c.acknowledgement == "sent" and bool(c.card))
    (request,) = case.requests
    now = world.clock.now()
    over = changed(request, status=Status.CLOSED, outcome=Outcome.FULFILLED, closed_at=now)
    after = changed(case, requests=(over,))
    await world.app.store.commit(
        Commit(at=now, actor="U01ANA", act="close", case=case.ref, puts=(after,))
    )
    return after


async def make_older(world: World, ref: str, by: timedelta) -> None:
    """As if the case had come and ended so long before: between two daily purges."""
    case = await world.app.store.case(ref)
    mails = [await world.app.store.mail(mail_id) for mail_id in case.mails]
    requests = tuple(changed(each, closed_at=each.closed_at - by) for each in case.requests)
    early = tuple(changed(each, received_at=each.received_at - by) for each in mails)
    puts = (changed(case, requests=requests), *early)
    await world.app.store.commit(
        Commit(at=world.clock.now(), actor="desk", act="import", case=ref, puts=puts)
    )


async def gone(world: World, mail_id: str) -> InboundMail:
    """The mail, once its content is shredded."""

    async def shredded() -> InboundMail | None:
        found = await world.app.store.mail(mail_id)
        assert found is not None
        return None if found.sha256 else found

    return await until(world.app.store, shredded)


async def test_the_running_desk_purges_once_a_day_and_when_it_is_told(tmp_path: Path):
    async with World(tmp_path / "data").running() as world:
        case = await ended(world, "rosa@example.org")
        (mail_id,) = case.mails
        await world.move(31 * DAY)
        assert (await gone(world, mail_id)).mail_from == ""
        assert (await world.app.store.case(case.ref)).requester == "rosa@example.org"

        later = await ended(world, "nora@example.org")
        await world.move(DAY / 2)
        assert await give(Purge(look=True), world.app.settings, world.clock) == (
            "Due: nothing has outlived its time.",
        )
        await make_older(world, later.ref, 40 * DAY)
        assert await give(Purge(look=True), world.app.settings, world.clock) == (
            "Due: 1 raw mail.",
        )
        assert await give(Purge(), world.app.settings, world.clock) == ("Shredded: 1 raw mail.",)
        await gone(world, later.mails[0])
        await world.move(100 * DAY)
        await world.case_when(later.ref, lambda c: not c.requester)
