"""Home and what begins there, with the real Bolt app over real sockets."""

import json

import msgspec

from storage.records import Commit
from tests.slack.office import MAIL, offered, reading


def mail(number: int):
    return msgspec.structs.replace(
        MAIL,
        message_id=f"<{number}@example.org>",
        header_from=f"person{number}@example.org",
        text=f"Please send me my data, {number}.",
    )


async def three(office) -> list[str]:
    return [await office.receive(mail(n), reading()) for n in range(3)]


async def test_home_shows_the_queue_and_opens_a_case(office, page):
    refs = await three(office)
    await page.home("U01ANA")
    assert all(ref in page.at_home("U01ANA") for ref in refs)
    assert "person0@" not in page.at_home("U01ANA")
    await page.press_at_home("U01ANA", "Open")
    await page.until(lambda: refs[0] in page.top("U01ANA") and "Claim" in page.top("U01ANA"))
    await page.press_in_window("U01ANA", "Claim")
    await page.until(lambda: "is yours" in page.top("U01ANA"))
    await page.until(lambda: "Mine (1)" in page.at_home("U01ANA"))


async def test_a_filter_stays_when_the_page_is_drawn_anew(office, page):
    refs = await three(office)
    await page.home("U01ANA")
    await page.press_at_home("U01ANA", "Mine (0)")
    await page.until(lambda: "Mine: nothing" in page.at_home("U01ANA"))
    await office.receive(mail(9), reading())
    await page.until(lambda: "Not taken (4)" in page.at_home("U01ANA"))
    assert refs[0] not in page.at_home("U01ANA")


async def test_outsiders_see_nothing_and_guests_neither(office, page):
    await three(office)
    for user in ("U04OLE", "U05GUS"):
        if user == "U05GUS":
            gus = {"id": user, "name": "gus", "real_name": "Gus", "title": "", "role": "staff"}
            await page.do("person", person={**gus, "is_guest": True})
            members = ["U01ANA", "U02BEN", "U03MARA", "U05GUS", "U00DESK"]
            await page.do("channel", channel="C01STAFF", members=members)
        await page.home(user)
        assert "Only members of the privacy team" in page.at_home(user)
        assert "PR-" not in page.at_home(user)


async def test_who_loses_the_role_loses_the_page(office, page, monkeypatch):
    monkeypatch.setattr("bot.slack.roles.KEPT", 0.0)
    monkeypatch.setattr("bot.slack.roles.MISSED", 0.0)
    (ref, *_) = await three(office)
    await page.home("U02BEN")
    view = page._sandbox.parts.modals.home("U02BEN")
    await page.do("channel", channel="C01STAFF", members=["U01ANA", "U03MARA", "U00DESK"])
    assert ref in page.at_home("U02BEN")
    action = {"type": "button", "action_id": "home.look.all", "block_id": "home:filters"}
    await page.do("click", **{"as": "U02BEN"}, view_id=view["id"], action=action)
    await page.until(lambda: "Only members of the privacy team" in page.top("U02BEN"))


async def test_work_through_goes_from_one_message_to_the_next(office, page):
    refs = await three(office)
    await page.home("U01ANA")
    await page.press_at_home("U01ANA", "Work through (3)")
    await page.until(lambda: f"*{refs[0]}*" in page.top("U01ANA"))
    assert "3 cases to go" in page.top("U01ANA")
    assert "Please send me my data" in page.top("U01ANA"), "the message itself"
    history = [entry.act async for entry in office.store.history(refs[0])]
    assert "show_message" in history, "the reading is on record"
    await page.press_in_window("U01ANA", "Confirm")
    await page.until(lambda: f"*{refs[1]}*" in page.top("U01ANA"))
    assert (await office.store.case(refs[0])).confirmed
    await page.press_in_window("U01ANA", "Skip")
    await page.until(lambda: f"*{refs[2]}*" in page.top("U01ANA"))
    await page.press_in_window("U01ANA", "Not a request")
    await page.until(lambda: "1 case skipped" in page.top("U01ANA"))
    assert (await office.store.case(refs[2])).closed
    assert not (await office.store.case(refs[1])).confirmed
    await page.press_in_window("U01ANA", "Undo")
    await page.until(lambda: f"*{refs[2]}*" in page.top("U01ANA"))
    assert not (await office.store.case(refs[2])).closed


async def test_another_kind_is_chosen_on_the_way(office, page):
    refs = await three(office)
    await page.home("U01ANA")
    await page.press_at_home("U01ANA", "Work through (3)")
    await page.until(lambda: f"*{refs[0]}*" in page.top("U01ANA"))
    await page.press_in_window("U01ANA", "Change")
    await page.until(lambda: "What do they want?" in page.top("U01ANA"))
    await page.submit("U01ANA", kinds="correction")
    await page.until(lambda: f"*{refs[1]}*" in page.top("U01ANA"))
    assert [r.kind for r in (await office.store.case(refs[0])).requests] == ["correction"]


async def test_what_somebody_else_has_done_meanwhile_is_said_and_one_goes_on(office, page):
    refs = await three(office)
    await page.home("U01ANA")
    await page.press_at_home("U01ANA", "Work through (3)")
    await page.until(lambda: f"*{refs[0]}*" in page.top("U01ANA"))
    await offered(page, "Claim")
    case = await office.store.case(refs[0])
    assert case.assignee is None
    after = msgspec.structs.replace(case, assignee="U02BEN", version=case.version + 1)
    await put(office, after)
    await page.press_in_window("U01ANA", "Confirm")
    await page.until(lambda: f"*{refs[1]}*" in page.top("U01ANA"))
    assert "is with" in page.top("U01ANA")
    assert not (await office.store.case(refs[0])).confirmed


async def put(office, case) -> None:
    commit = Commit(at=office.clock.now(), actor="U02BEN", act="claim", case=case.ref, puts=(case,))
    await office.store.commit(commit)


async def test_unsubscribes_are_done_at_once_but_for_the_unticked(office, page):
    refs = [await office.receive(mail(n), reading("unsubscribe")) for n in range(3)]
    await page.home("U01ANA")
    await page.press_at_home("U01ANA", "Unsubscribes (3)")
    await page.until(lambda: "Do all" in page.top("U01ANA"))
    view = page.stack("U01ANA")[-1]
    (box,) = [b["element"] for b in view["blocks"] if b["type"] == "input"]
    kept = " ".join(o["value"] for o in box["options"] if not o["value"].startswith(refs[1]))
    await page.submit("U01ANA", row0=kept)
    await page.until(lambda: "2 addresses are on the do-not-mail list" in page.top("U01ANA"))
    steps = [(await office.store.case(ref)).requests[0].done for ref in refs]
    assert ["marketing" in done for done in steps] == [True, False, True]


async def test_own_hours_are_filled_in_and_kept(office, page):
    await page.home("U01ANA")
    await page.press_at_home("U01ANA", "My hours")
    await page.until(lambda: "I begin at" in page.top("U01ANA"))
    answer = await page.submit("U01ANA", ends="06:00")
    assert "ends before it begins" in json.dumps(answer["errors"])
    typed = {"ends": "17:00", "away_from": "2026-12-24", "away_until": "2027-01-03"}
    answer = await page.submit("U01ANA", **typed, backup="U04OLE")
    assert "not in the privacy team" in json.dumps(answer["errors"])
    assert (await page.submit("U01ANA", **typed, backup="U02BEN"))["ok"]
    kept = await office.desk.habits("U01ANA")
    assert (kept.ends.hour, kept.backup) == (17, "U02BEN")
    assert "Kept." in page.top("U01ANA")


async def test_only_managers_see_what_is_not_set_up(office, page):
    await page.home("U01ANA")
    assert "Set up" not in page.at_home("U01ANA")
    await page.home("U03MARA")
    await page.press_at_home("U03MARA", "Set up (1)")
    await page.until(lambda: "No mail server takes letters" in page.top("U03MARA"))


async def test_an_older_drawing_never_covers_a_newer_one(office, page, sandbox):
    await three(office)
    await page.home("U01ANA")
    sandbox.parts.modals.publish("U01ANA", {"type": "home", "blocks": []})
    await page.home("U01ANA")
    assert "Not taken (3)" in page.at_home("U01ANA"), "a conflict is drawn over, not given up"
