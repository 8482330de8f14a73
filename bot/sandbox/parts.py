"""What one running sandbox is made of; handed to every request handler."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.sandbox.live import Hub
from bot.sandbox.modals import Modals
from bot.sandbox.options import Calendar, SandboxOptions, Timing
from bot.sandbox.pacing import Pacing
from bot.sandbox.seed import BOT_SCOPES, TEAM_DOMAIN
from bot.sandbox.state import State
from bot.sandbox.tickets import Tickets
from bot.sandbox.trouble import Trouble
from bot.sandbox.uploads import Files
from bot.sandbox.workspace import Json, Workspace


class NotDeliveredError(Exception):
    """The desk did not take a payload; `code` is the word the page shows."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Delivery(Protocol):
    """How payloads reach the desk: Socket Mode or signed HTTP."""

    @property
    def name(self) -> str:
        """`socket` or `http`."""

    @property
    def connected(self) -> bool:
        """Whether a desk is known to listen."""

    async def probe(self) -> None:
        """Bring `connected` up to date where it can only be known by trying."""

    async def leave(self, reason: str) -> None:
        """Say goodbye to the desk for this reason, where there is a connection; "" = without."""

    async def send(self, kind: str, payload: Json, retry: Json | None = None) -> Json | None:
        """Deliver to one place and return what the ack carried.

        kind is interactive, slash_commands or events_api. Raises NotDeliveredError.
        """


@dataclass(slots=True)
class Parts:
    """`web_url` ends with a slash. `ephemerals`: ts to (person, channel, message).
    `refusals`: address to the SMTP reply its mailbox gives instead of taking a mail.
    `drawn`: the blocks a message had before its last edit: a click may meet the edit on its way.
    `scopes`: what the bot token may do; `gone`: methods this workspace does not know;
    `paid`: has it user groups?
    """

    options: SandboxOptions
    timing: Timing
    state: State
    calendar: Calendar
    tickets: Tickets
    pacing: Pacing
    hub: Hub
    clocks: Hub
    modals: Modals
    ephemerals: dict[str, tuple[str, str, Json]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    drawn: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)
    files: Files = field(default_factory=Files)
    scopes: tuple[str, ...] = BOT_SCOPES
    gone: frozenset[str] = frozenset()
    paid: bool = True
    delivery: Delivery | None = None
    web_url: str = ""
    mail_port: int = 0

    @property
    def workspace(self) -> Workspace:
        """The people, channels, messages and mailboxes."""
        return self.state.workspace

    @property
    def desk(self) -> Delivery:
        """The way to the desk; there is always one once the sandbox has started."""
        if self.delivery is None:
            raise NotDeliveredError("app_not_responding")
        return self.delivery

    def ts(self) -> str:
        """A new message ts."""
        return self.state.next_ts(self.calendar.now())

    def clock(self) -> Json:
        """CLOCK of the page API."""
        now: Any = self.calendar.now()
        return {
            "now": now.isoformat(),
            "offset": self.calendar.offset,
            "moves": self.options.clock_moves,
        }

    def desk_state(self) -> Json:
        """DESK of the page API."""
        host, port = self.options.desk_smtp
        return {
            "address": self.options.desk_address,
            "smtp": f"{host}:{port}",
            "delivery": self.desk.name,
            "connected": self.desk.connected,
            "away": self.trouble.away,
        }

    def response_url(self, kind: str, key: str) -> str:
        """The whole response address; kind is `actions` or `commands`."""
        return f"{self.web_url}{kind}/{TEAM_DOMAIN}/{key}"
