"""A local stand-in for a Slack workspace and the requesters' mailboxes, with a web page."""

from bot.sandbox.options import SandboxOptions
from bot.sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxOptions"]
