"""What the desk is told about its workspace."""

from collections.abc import Mapping

import msgspec

from handlers.handler import Role
from storage.records import Circle, Record


class Gap(Record, frozen=True, kw_only=True):
    """A setting that is missing, and what that means for the people here."""

    name: str
    means: str


class SlackOptions(Record, frozen=True, kw_only=True):
    """Channel and user ids; "" = not set. One token and the staff channel are enough."""

    bot_token: str
    app_token: str = ""  #: set: Socket Mode
    signing_secret: str = ""  #: set: signed HTTP
    api_url: str = ""  #: "" = Slack's own
    staff: str
    managers: str = ""
    restricted: str = ""
    counsel: tuple[str, ...] = ()
    groups: Mapping[Role, str] = msgspec.field(default_factory=dict)  #: user groups, by role
    timezone: str = "Europe/London"
    gaps: tuple[Gap, ...] = ()

    def __repr__(self) -> str:
        """Tokens never reach a log by accident."""
        return f"SlackOptions(staff={self.staff!r})"

    def channel(self, circle: Circle) -> tuple[str, bool]:
        """Where cards of a circle go, and whether only a placeholder may stand there.

        A closed circle without a channel of its own meets in the managers' one; without that,
        the staff channel learns that something waits and nothing about it.
        """
        if circle is Circle.STAFF:
            return self.staff, False
        closed = self.managers if circle is Circle.MANAGERS else self.restricted or self.managers
        return (closed, False) if closed else (self.staff, True)

    def digest_channel(self) -> str:
        return self.managers or self.staff

    def channels_of(self, role: Role) -> str:
        """The channel whose members have a role; "" = nobody has it by membership."""
        return {
            Role.STAFF: self.staff,
            Role.MANAGER: self.managers,
            Role.RESTRICTED: self.restricted or self.managers,
            Role.COUNSEL: "",
        }[role]
