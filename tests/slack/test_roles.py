"""Who somebody is: membership, and who is shut out whatever they are a member of."""

import pytest
from slack_sdk.errors import SlackApiError

from bot.slack.options import SlackOptions
from bot.slack.roles import MOST, Roles
from handlers.handler import Role
from storage.errors import Refused
from storage.records import Circle

OPTIONS = SlackOptions(bot_token="x", staff="C1", managers="C2", restricted="C3", counsel=("U9",))


class Workspace:
    """Slack's answers, counted."""

    def __init__(self) -> None:
        self.members = {"C1": ["U1", "U2", "U9"], "C2": ["U2"], "C3": ["U2"]}
        self.profiles = {}
        self.groups = {}
        self.asked = 0
        self.users_getPresence = self.presence

    async def auth_test(self):
        return {"team_id": "T1"}

    async def users_info(self, *, user):
        return {"user": {"id": user, "team_id": "T1", **self.profiles.get(user, {})}}

    async def presence(self, *, user):
        return {"presence": "away" if user == "U2" else "active"}

    async def usergroups_users_list(self, *, usergroup):
        found = self.groups[usergroup]
        if isinstance(found, str):
            raise SlackApiError(found, {"ok": False, "error": found})
        return {"users": found}

    async def conversations_members(self, *, channel, limit, cursor):
        self.asked += 1
        everyone = self.members[channel]
        if cursor:
            return {"members": everyone[1:], "response_metadata": {"next_cursor": ""}}
        return {"members": everyone[:1], "response_metadata": {"next_cursor": "more"}}


@pytest.fixture
def workspace():
    return Workspace()


async def roles_of(workspace, user, options=OPTIONS, team="T1"):
    return (await Roles(workspace, options).person(user, team)).roles


async def test_channels_make_roles_over_all_pages(workspace):
    assert await roles_of(workspace, "U1") == {Role.STAFF}
    assert await roles_of(workspace, "U2") == {Role.STAFF, Role.MANAGER, Role.RESTRICTED}
    assert await roles_of(workspace, "U9") == {Role.STAFF, Role.COUNSEL}


async def test_the_clock_on_their_wall_is_known_where_it_is_one(workspace):
    workspace.profiles = {"U1": {"tz": "America/New_York"}, "U2": {"tz": "Mars/Olympus"}}
    roles = Roles(workspace, OPTIONS)
    assert (await roles.person("U1", "T1")).timezone == "America/New_York"
    assert (await roles.person("U2", "T1")).timezone == ""
    assert (await roles.person("U9", "T1")).timezone == ""


async def test_without_a_closed_channel_the_managers_have_its_key(workspace):
    options = SlackOptions(bot_token="x", staff="C1", managers="C2")
    assert Role.RESTRICTED in await roles_of(workspace, "U2", options)
    alone = SlackOptions(bot_token="x", staff="C1")
    assert await roles_of(workspace, "U2", alone) == {Role.STAFF}


@pytest.mark.parametrize(
    "flag", ["is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "deleted"]
)
async def test_guests_bots_and_strangers_are_refused(workspace, flag):
    workspace.profiles["U1"] = {flag: True}
    with pytest.raises(Refused):
        await roles_of(workspace, "U1")


async def test_other_teams_and_people_without_a_role_are_refused(workspace):
    for user, team in (("U1", "T2"), ("U7", "T1"), ("", "T1")):
        with pytest.raises(Refused, match="Nothing was changed"):
            await roles_of(workspace, user, team=team)
    workspace.profiles["U1"] = {"team_id": "T2"}
    with pytest.raises(Refused):
        await roles_of(workspace, "U1")


async def test_members_are_believed_for_a_minute_and_looked_up_again_on_a_miss(
    workspace, monkeypatch
):
    now = [0.0]
    monkeypatch.setattr("bot.slack.roles.time.monotonic", lambda: now[0])
    roles = Roles(workspace, OPTIONS)
    await roles.person("U1")
    asked = workspace.asked
    now[0] = 30.0
    await roles.person("U1")
    assert workspace.asked == asked
    workspace.members["C1"] += ["U5"]
    assert (await roles.person("U5")).roles == {Role.STAFF}
    now[0] = 95.0
    workspace.members["C1"] = ["U5"]
    with pytest.raises(Refused):
        await roles.person("U1")


def test_cards_go_to_their_circle_s_channel():
    assert OPTIONS.channel(Circle.STAFF) == ("C1", False)
    assert OPTIONS.channel(Circle.MANAGERS) == ("C2", False)
    assert OPTIONS.channel(Circle.COUNSEL) == ("C3", False)
    alone = SlackOptions(bot_token="x", staff="C1")
    assert alone.channel(Circle.RESTRICTED) == ("C1", True)
    assert alone.digest_channel() == "C1"


async def test_colleagues_are_all_of_us_and_who_is_there(workspace):
    workspace.members["C1"].append("U7")
    workspace.profiles["U7"] = {"is_bot": True}
    found = await Roles(workspace, OPTIONS).colleagues()
    assert {each.person.id: each.present for each in found} == {"U1": True, "U2": False, "U9": True}


async def test_when_slack_does_not_say_nobody_is_taken_to_be_away(workspace):
    async def broken(*, user):
        raise OSError("no route")

    workspace.users_getPresence = broken
    assert await Roles(workspace, OPTIONS).colleagues() is None


async def test_counsel_are_known_in_a_team_of_more_than_are_asked_about(workspace):
    """Or a manager would stand in although there is another counsel."""
    workspace.members["C1"] = [f"U1{number:03}" for number in range(MOST + 5)]
    found = await Roles(workspace, OPTIONS).colleagues()
    assert len(found) == MOST
    assert "U9" in {each.person.id for each in found}


GROUPED = SlackOptions(
    bot_token="x", staff="C1", groups={Role.STAFF: "S1", Role.MANAGER: "S2", Role.COUNSEL: "S3"}
)


async def test_user_groups_give_roles_beside_the_channels(workspace):
    workspace.groups = {"S1": ["U7"], "S2": ["U7", "U1"], "S3": []}
    assert await roles_of(workspace, "U7", GROUPED) == {Role.STAFF, Role.MANAGER}
    assert await roles_of(workspace, "U1", GROUPED) == {Role.STAFF, Role.MANAGER}
    assert await roles_of(workspace, "U2", GROUPED) == {Role.STAFF}
    workspace.profiles["U7"] = {"is_restricted": True}
    with pytest.raises(Refused):
        await roles_of(workspace, "U7", GROUPED)


@pytest.mark.parametrize("word", ["missing_scope", "plan_upgrade_required", "unknown_method"])
async def test_groups_that_say_nothing_give_nobody_a_role_and_take_none_away(workspace, word):
    workspace.groups = dict.fromkeys(("S1", "S2", "S3"), word)
    assert await roles_of(workspace, "U1", GROUPED) == {Role.STAFF}
    with pytest.raises(Refused):
        await roles_of(workspace, "U7", GROUPED)


async def test_who_does_not_say_where_they_belong_is_refused(workspace):
    for profile in ({"team_id": None}, {"team_id": ""}, {"id": "USLACKBOT"}):
        workspace.profiles["U1"] = profile
        with pytest.raises(Refused):
            await roles_of(workspace, "U1")
