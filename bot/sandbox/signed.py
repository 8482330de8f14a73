"""Signed HTTP: each payload as one POST to the desk, with Slack's v0 signature."""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp
import msgspec

from bot.sandbox.options import Timing
from bot.sandbox.parts import NotDeliveredError
from bot.sandbox.workspace import Json

FORM = "application/x-www-form-urlencoded"


class SignedHttp:
    """Posts to `http://127.0.0.1:PORT/slack/events`."""

    name = "http"

    def __init__(self, port: int, secret: str, timing: Timing, changed: Callable[[], None]) -> None:
        self._url = f"http://127.0.0.1:{port}/slack/events"
        self._port = port
        self._secret = secret
        self._timing = timing
        self._changed = changed
        self._session = aiohttp.ClientSession()
        self.connected = False

    async def send(self, kind: str, payload: Json, retry: Json | None = None) -> Json | None:
        """One POST; the body of a 200 is what the ack carries."""
        if kind == "events_api":
            body, content_type = msgspec.json.encode(payload), "application/json"
        elif kind == "interactive":
            text = msgspec.json.encode(payload).decode()
            body, content_type = urlencode({"payload": text}).encode(), FORM
        else:
            body, content_type = urlencode(payload).encode(), FORM
        headers = {"Content-Type": content_type, **signature(self._secret, body)}
        if retry:
            headers["x-slack-retry-num"] = str(retry["retry_attempt"])
            headers["x-slack-retry-reason"] = str(retry["retry_reason"])
        timeout = aiohttp.ClientTimeout(total=self._timing.ack)
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=timeout
            ) as response:
                self._saw(connected=True)
                if response.status != 200 and response.headers.get("x-slack-no-retry") == "1":
                    raise NotDeliveredError("no_retry")
                return _answer(response.status, await response.text())
        except TimeoutError as error:
            raise NotDeliveredError("operation_timeout") from error
        except aiohttp.ClientError as error:
            self._saw(connected=False)
            raise NotDeliveredError("app_not_responding") from error

    async def probe(self) -> None:
        """Whether anything listens on the desk's port."""
        try:
            async with asyncio.timeout(0.5):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except (OSError, TimeoutError):
            self._saw(connected=False)
            return
        self._saw(connected=True)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def leave(self, reason: str) -> None:
        """There is no connection to leave."""

    def _saw(self, *, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            self._changed()

    async def close(self) -> None:
        """Close the client."""
        await self._session.close()


def signature(secret: str, body: bytes) -> dict[str, str]:
    """The two headers that prove a body came from us now (protocol time)."""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), b"v0:%s:%s" % (stamp.encode(), body), hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
    }


def _answer(status: int, text: str) -> Json | None:
    if not 200 <= status < 300:
        raise NotDeliveredError("http_error")
    if not text:
        return None
    try:
        answer = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"text": text}
    return answer if isinstance(answer, dict) else None
