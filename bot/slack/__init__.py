"""Slack: cards out, clicks in. One file per surface."""

from bot.slack.app import Slack
from bot.slack.options import SlackOptions

__all__ = ["Slack", "SlackOptions"]
