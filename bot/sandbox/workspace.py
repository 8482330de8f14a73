"""Everything that survives a restart, as a pure function of the changes recorded so far."""

from typing import Any

import msgspec

from bot.sandbox.seed import CHANNELS, PEOPLE, REQUESTERS, WRITERS, Channel, User

Json = dict[str, Any]


class Workspace:
    """People, channels, messages and mailboxes. Only `apply` changes anything."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {user.id: user for user in PEOPLE}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in CHANNELS}
        self.messages: dict[str, dict[str, Json]] = {}
        self.mails: dict[str, list[Json]] = {address: [] for address, _ in REQUESTERS}
        self.names: dict[str, str] = dict((*WRITERS, *REQUESTERS))
        self.groups: dict[str, list[str]] = {}  #: user groups: id to members
        self.secrets: dict[str, str] = {}
        self.offset = 0.0
        self.last_ts = 0
        self.mail_count = 0
        self.mail_port = 0  #: where the mailbox was last

    def apply(self, change: Json) -> None:
        """Carry out one recorded change; its `kind` says which."""
        kind = change["kind"]
        if kind == "message":
            message = change["message"]
            self.messages.setdefault(change["channel"], {})[message["ts"]] = message
            self.last_ts = max(self.last_ts, micros(message["ts"]))
        elif kind == "deleted":
            self.messages.get(change["channel"], {}).pop(change["ts"], None)
        elif kind == "channel":
            channel = msgspec.convert(change["channel"], Channel)
            self.channels[channel.id] = channel
        else:
            self._apply_rest(kind, change)

    def _apply_rest(self, kind: str, change: Json) -> None:
        if kind == "mail":
            self.mails.setdefault(change["address"], []).append(change["mail"])
            self.mail_count += 1
        elif kind == "name":
            self.names[change["address"]] = change["name"]
        elif kind == "person":
            person = msgspec.convert(change["person"], User)
            self.users[person.id] = person
        elif kind == "group":
            self.groups[change["group"]] = change["members"]
        elif kind == "clock":
            self.offset = change["offset"]
        elif kind == "mail_port":
            self.mail_port = change["port"]
        elif kind == "secrets":
            self.secrets = change["secrets"]

    def message(self, channel: str, ts: str) -> Json | None:
        """One message, or None."""
        return self.messages.get(channel, {}).get(ts)

    def replies(self, channel: str, ts: str) -> list[Json]:
        """The replies in one thread, oldest first, without the parent."""
        return [
            message
            for message in self.messages.get(channel, {}).values()
            if message.get("thread_ts") == ts and message["ts"] != ts
        ]

    def direct(self, user: str) -> Channel | None:
        """The bot's direct messages with one person."""
        return next((c for c in self.channels.values() if c.is_im and c.user == user), None)


def micros(ts: str) -> int:
    """A Slack ts in microseconds since 1970. Raises ValueError."""
    seconds, _, rest = ts.partition(".")
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0")[:6])
