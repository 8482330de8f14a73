"""What a payload hands the app for a short while: trigger ids and response addresses."""

import secrets
from dataclasses import dataclass, field

from bot.sandbox.errors import SlackError
from bot.sandbox.options import Timing


@dataclass(slots=True)
class Trigger:
    """The right to open one view for `user`; `view_id` when it came from a view."""

    user: str
    view_id: str | None
    born: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """The right to answer one click or command, five times in thirty minutes."""

    user: str
    channel: str
    message_ts: str | None
    thread_ts: str | None
    born: float
    uses: int = 0


@dataclass(slots=True)
class Tickets:
    """Both kinds, by protocol time."""

    timing: Timing
    triggers: dict[str, Trigger] = field(default_factory=dict)
    urls: dict[str, ResponseUrl] = field(default_factory=dict)

    def trigger(self, user: str, view_id: str | None = None) -> str:
        """A new trigger id."""
        born = self.timing.monotonic()
        ticket = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self.triggers[ticket] = Trigger(user, view_id, born)
        # spent and old ones stay known for a while, so that a late use gets the right error
        for old in [key for key, one in self.triggers.items() if born - one.born > 600]:
            del self.triggers[old]
        return ticket

    def exchange(self, ticket: str) -> Trigger:
        """Use a trigger id up; each may be used once, within three seconds."""
        trigger = self.triggers.get(ticket)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.timing.monotonic() - trigger.born > self.timing.trigger:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def url(self, user: str, channel: str, message_ts: str | None, thread_ts: str | None) -> str:
        """The path of a new response address."""
        born = self.timing.monotonic()
        key = secrets.token_hex(12)
        self.urls[key] = ResponseUrl(user, channel, message_ts, thread_ts, born)
        for old in [k for k, one in self.urls.items() if born - one.born > 7200]:
            del self.urls[old]
        return key

    def spend(self, key: str) -> ResponseUrl:
        """Count one use of a response address."""
        url = self.urls.get(key)
        if url is None or self.timing.monotonic() - url.born > self.timing.response_url:
            raise SlackError("expired_url")
        if url.uses >= 5:
            raise SlackError("used_url")
        url.uses += 1
        return url
