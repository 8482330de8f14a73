"""The one error of the Web API: what Slack answers with `ok: false`."""

from typing import Any


class SlackError(Exception):
    """`code` is Slack's word; `more` are further fields of the answer."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"ok": False, "error": self.code, **self.more}


class RateLimitedError(SlackError):
    """Answered with HTTP 429 and Retry-After in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


def invalid_blocks(messages: list[str], code: str = "invalid_blocks") -> SlackError:
    """The error that lists what is wrong with blocks or a view."""
    return SlackError(code, response_metadata={"messages": messages})
