"""Slack: cards out, clicks in. One file per surface."""

from bot.slack.app import Slack
from bot.slack.check import Finding, check
from bot.slack.manifest import manifest
from bot.slack.options import SlackOptions

__all__ = ["Finding", "Slack", "SlackOptions", "check", "manifest"]
