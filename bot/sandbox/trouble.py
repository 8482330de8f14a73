"""What can go wrong with Slack, switched on from the page or by a test.

Away: nobody reaches it, neither the desk nor the people. An answer: the next calls of one method
are refused with a word of Slack's, or asked to wait.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from bot.sandbox.errors import RateLimitedError, SlackError
from bot.sandbox.workspace import Json

#: what Slack says before it closes a socket (Socket Mode, "disconnect")
FRAMES = frozenset({"warning", "refresh_requested", "link_disabled"})


@dataclass(slots=True)
class Trouble:
    """Gone after a restart."""

    away: bool = False
    _answers: defaultdict[str, deque[SlackError]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def arrange(self, body: Json) -> None:
        """Let the next calls of `method`, one or `times`, answer `error`, or 429."""
        wait = int(body.get("retry_after") or 0)
        error = RateLimitedError(wait) if wait else SlackError(str(body.get("error")))
        coming = self._answers[str(body.get("method"))]
        coming.clear()
        coming.extend([error] * int(body.get("times", 1)))

    def meet(self, method: str) -> None:
        """Raises what was arranged for the next call of this method."""
        if self._answers.get(method):
            raise self._answers[method].popleft()
