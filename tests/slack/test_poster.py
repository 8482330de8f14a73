"""A method that Slack limits rests, and that one alone."""

from datetime import timedelta

import pytest

from bot.outbox import SendLater
from bot.slack import blocks
from bot.slack.app import web_client
from bot.slack.options import SlackOptions
from bot.slack.poster import Poster
from bot.slack.roles import Roles

SAID = {"text": "x", "blocks": [blocks.section("x", "b")]}


@pytest.fixture
def poster(sandbox, clock):
    settings = sandbox.settings()
    options = SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"], api_url=settings["SLACK_API_URL"], staff="C01STAFF"
    )
    client = web_client(options)
    return Poster(client, clock, Roles(client, options))


async def test_only_the_method_that_slack_limits_rests(poster, page, clock):
    first = await poster.post("C01STAFF", SAID, {})
    await page.do("answer", method="chat.update", retry_after=30)
    with pytest.raises(Exception, match="ratelimited"):
        await poster.edit(first, SAID, {})
    with pytest.raises(SendLater) as rests:  # nobody asks Slack meanwhile
        await poster.edit(first, SAID, {})
    assert rests.value.ours
    assert 30 <= rests.value.after <= 31
    second = await poster.post("C01STAFF", SAID, {})
    await poster.delete(second)
    clock.move(timedelta(seconds=31))
    assert await poster.edit(first, SAID, {})


async def test_a_channel_that_slack_limits_holds_up_no_other(poster, page, clock):
    await page.do("answer", method="chat.postMessage", retry_after=40)
    with pytest.raises(Exception, match="ratelimited"):
        await poster.post("C01STAFF", SAID, {})
    with pytest.raises(SendLater):
        await poster.post("C01STAFF", SAID, {})
    await poster.post("C02MANAGERS", SAID, {})
    clock.move(timedelta(seconds=41))
    await poster.post("C01STAFF", SAID, {})
