"""Slack: cards out, clicks in. One file per surface."""

from bot.slack.app import Slack, web_client
from bot.slack.check import check as check_slack
from bot.slack.manifest import manifest as slack_manifest
from bot.slack.options import SlackOptions

__all__ = ["Slack", "SlackOptions", "check_slack", "slack_manifest", "web_client"]
