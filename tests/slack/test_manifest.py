"""The manifest asks for no more than the desk uses, within Slack's limits."""

from bot.slack.manifest import manifest


def test_scopes_are_the_least():
    assert manifest("socket")["oauth_config"]["scopes"]["bot"] == [
        "chat:write", "commands", "groups:read", "groups:history", "users:read", "im:write",
    ]  # fmt: skip


def test_socket_mode_needs_no_address_and_http_names_one():
    socket, http = manifest("socket"), manifest("http", "https://desk.example.org/")
    assert socket["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in str(socket)
    assert http["settings"]["socket_mode_enabled"] is False
    url = "https://desk.example.org/slack/events"
    assert http["settings"]["interactivity"]["request_url"] == url
    assert http["settings"]["event_subscriptions"]["request_url"] == url
    assert http["features"]["slash_commands"][0]["url"] == url


def test_home_and_the_shortcut_are_on_and_user_groups_only_where_they_are_used():
    made = manifest("socket")
    assert made["features"]["app_home"]["home_tab_enabled"]
    (shortcut,) = made["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", "make_request")
    assert "app_home_opened" in made["settings"]["event_subscriptions"]["bot_events"]
    assert "bot_optional" not in made["oauth_config"]["scopes"]
    scopes = manifest("socket", optional=("usergroups:read",))["oauth_config"]["scopes"]
    assert scopes["bot"][-1:] == scopes["bot_optional"] == ["usergroups:read"]


def test_names_keep_the_limits():
    made = manifest("socket")
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    (command,) = made["features"]["slash_commands"]
    assert command["command"] == "/privacy"
    assert command["should_escape"] is True
