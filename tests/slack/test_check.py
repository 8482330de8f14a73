"""What `desk check` finds in a workspace."""

import msgspec
import pytest

from bot.slack.check import check
from bot.slack.options import SlackOptions
from handlers.handler import Role


@pytest.fixture
def options(sandbox):
    settings = sandbox.settings()
    return SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"],
        app_token=settings["SLACK_APP_TOKEN"],
        api_url=settings["SLACK_API_URL"],
        staff="C01STAFF",
        managers="C02MANAGERS",
        restricted="C03RESTRICTED",
    )


async def found(options, **changes):
    changed = msgspec.structs.replace(options, **changes)
    return {f.name: f for f in await check(changed)}


async def test_a_fit_workspace_has_no_fault(options):
    assert [f for f in (await found(options)).values() if not f.ok] == []


async def test_each_fault_names_its_way_out(options, page):
    await page.do("channel", channel="C01STAFF", is_ext_shared=True)
    await page.do("channel", channel="C02MANAGERS", is_private=False)
    faults = await found(options, app_token="", restricted="")
    for name, said in (
        ("DESK_SLACK_CHANNEL", "shared with outsiders"),
        ("DESK_SLACK_MANAGERS", "is public"),
        ("Slack clicks", "no way in"),
    ):
        assert said in faults[name].said
        assert faults[name].fix
    assert "DESK_SLACK_RESTRICTED" not in faults  # not set: `desk check` says what that means


async def test_a_wrong_token_or_channel_is_told(options):
    assert (await found(options, bot_token="xoxb-wrong"))["Slack token"].said == "invalid_auth"
    assert not (await found(options, staff="C0NONE"))["DESK_SLACK_CHANNEL"].ok
    away = await found(options, api_url="http://127.0.0.1:9/api/")
    assert away["Slack token"].said == "no answer"


async def test_guests_in_a_channel_are_counted(options, page):
    gus = {"id": "U05GUS", "name": "gus", "real_name": "Gus", "title": "", "role": "staff"}
    await page.do("person", person={**gus, "is_guest": True})
    members = ["U01ANA", "U05GUS", "U00DESK"]
    await page.do("channel", channel="C01STAFF", members=members)
    fault = (await found(options))["DESK_SLACK_CHANNEL, members"]
    assert fault.said.startswith("1 guest")
    assert fault.fix


async def test_user_groups_are_looked_at_where_they_are_set(options, page):
    await page.do("group", group="S01STAFF", members=["U04OLE"])
    groups = {Role.STAFF: "S01STAFF"}
    assert (await found(options, groups=groups))["[people] groups staff"].said == "1 members"
    await page.do("app", paid=False)
    fault = (await found(options, groups=groups))["[people] groups staff"]
    assert fault.said.startswith("plan_upgrade_required")


async def test_a_share_that_is_only_asked_for_is_a_fault(options, page):
    await page.do("channel", channel="C01STAFF", is_pending_ext_shared=True)
    assert "shared" in (await found(options))["DESK_SLACK_CHANNEL"].said


async def test_a_workspace_without_a_method_is_fit_all_the_same(options, page):
    assert (await found(options))["Slack layout"].said == "as Slack wants it"
    await page.do("app", gone=["blocks.validate"])
    layout = (await found(options))["Slack layout"]
    assert layout.ok
    assert "unknown_method" in layout.said
