"""Drives desk and sandbox as people would: mail over SMTP, clicks over the page's sockets."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import aiohttp

from bot.app import App, build
from bot.demo import DemoOptions, SandboxClock, desk_environment, free_port
from bot.sandbox import Sandbox, SandboxOptions
from bot.settings import load
from storage.records import Case
from tests.waiting import SECONDS, case_when, until

ANA, BEN, MARA, OLE = "U01ANA", "U02BEN", "U03MARA", "U04OLE"
STAFF, MANAGERS, RESTRICTED = "C01STAFF", "C02MANAGERS", "C03RESTRICTED"


def buttons(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every action a person could take in these blocks; overflow entries one by one."""
    found = []
    for block in blocks:
        parts = block.get("elements", []) if block["type"] == "actions" else []
        for part in [*parts, *([block["accessory"]] if "accessory" in block else [])]:
            base = {
                "type": part["type"],
                "action_id": part.get("action_id"),
                "block_id": block.get("block_id"),
            }
            if part["type"] == "button":
                found.append(
                    {
                        **base,
                        "label": part["text"]["text"],
                        "text": part["text"],
                        "value": part.get("value", ""),
                        "style": part.get("style"),
                    }
                )
            found += [
                {**base, "label": option["text"]["text"], "selected_option": option}
                for option in part.get("options", [])
            ]
    return found


def _value_of(button: dict[str, Any]) -> str:
    return str(button.get("value") or button.get("selected_option", {}).get("value", ""))


class Acting:
    """One person at the sandbox's page."""

    def __init__(self, http: aiohttp.ClientSession, who: str) -> None:
        self.http = http
        self.who = who
        self.messages: dict[str, dict[str, dict[str, Any]]] = {}
        self.mails: dict[str, list[dict[str, Any]]] = {}
        self.stack: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._socket = await self.http.ws_connect(f"/live?as={self.who}")
        self._take(await self._socket.receive_json())
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    async def _read(self) -> None:
        async for frame in self._socket:
            async with self._changed:
                self._take(frame.json())
                self._changed.notify_all()

    def _take(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "state":
                self.messages = {c: {m["ts"]: m for m in ms} for c, ms in event["messages"].items()}
                self.mails = {a: list(ms) for a, ms in event["mails"].items()}
                self.stack = event["stack"]
            case "message":
                channel = self.messages.setdefault(event["channel"], {})
                channel[event["message"]["ts"]] = event["message"]
            case "deleted":
                self.messages.get(event["channel"], {}).pop(event["ts"], None)
            case "views":
                self.stack = event["stack"]
            case "mail":
                self.mails.setdefault(event["address"], []).append(event["mail"])

    async def until(self, look: Callable[[], Any], what: str = "", seconds: float = SECONDS) -> Any:
        """What `look` finds, as soon as it finds something."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                while not (found := look()):
                    await self._changed.wait()
                return found
        except TimeoutError:
            texts = {c: [m["text"] for m in ms.values()] for c, ms in self.messages.items()}
            labels = [
                [b["label"] for b in buttons(m.get("blocks", []))]
                for ms in self.messages.values()
                for m in ms.values()
            ]
            top = self.stack[-1:]
            raise AssertionError(f"{self.who} never saw {what}; {texts}; {labels}; {top}") from None

    async def _do(self, what: str, **body: Any) -> dict[str, Any]:
        async with self.http.post(f"/do/{what}", json={"as": self.who, **body}) as answer:
            return await answer.json()

    # --- reading ---------------------------------------------------------------------------

    def cards(self, ref: str, channel: str = STAFF) -> list[dict[str, Any]]:
        """Every message that is a card of this case: there should be one."""
        return [
            message
            for message in self.messages.get(channel, {}).values()
            if ref in message["text"]
            and message.get("blocks")
            and not message.get("ephemeral")  # what is said to a clicker may have blocks too
            and message.get("thread_ts") in (None, message["ts"])
        ]

    async def card(self, ref: str, having: str = "", channel: str = STAFF) -> dict[str, Any]:
        """The case's card, once a button of that label is on it."""

        def look() -> dict[str, Any] | None:
            for message in self.cards(ref, channel):
                labels = [b["label"] for b in buttons(message["blocks"])]
                if not having or having in labels:
                    return message
            return None

        return await self.until(look, f"card {ref} with {having!r}")

    async def line(self, text: str, channel: str | None = None) -> dict[str, Any]:
        """A message that holds this text, in one channel or in any."""

        def look() -> dict[str, Any] | None:
            for name, messages in self.messages.items():
                for message in messages.values():
                    if channel in (None, name) and text in message["text"]:
                        return message
            return None

        return await self.until(look, f"line {text!r}")

    async def window(self, text: str) -> dict[str, Any]:
        """The window on top, once it holds this text somewhere."""
        return await self.until(
            lambda: self.stack[-1] if self.stack and text in str(self.stack[-1]) else None,
            f"window with {text!r}",
        )

    async def mail(self, address: str, text: str, seconds: float = SECONDS) -> dict[str, Any]:
        """A mail that arrived in this mailbox and holds this text."""

        def look() -> dict[str, Any] | None:
            for mail in self.mails.get(address, []):
                if mail["direction"] == "in" and text in mail["subject"] + mail["text"]:
                    return mail
            return None

        return await self.until(
            look, f"mail with {text!r} for {address}: {self.mails.get(address)}", seconds
        )

    # --- doing -----------------------------------------------------------------------------

    async def click(
        self, ref: str, label: str, channel: str = STAFF, request: int | None = None
    ) -> dict[str, Any]:
        """Press a button of the card, once it is there; of one request's row, when named."""
        card = await self.card(ref, label, channel)
        return await self.press(card, label, channel, request)

    async def press(
        self, message: dict[str, Any], label: str, channel: str, request: int | None = None
    ) -> dict[str, Any]:
        """Press a button of this very message, however old it is."""
        named = [b for b in buttons(message["blocks"]) if b["label"] == label]
        of_row = [b for b in named if f'"q":{request}' in _value_of(b)]
        assert of_row or request is None, (label, request, [_value_of(b) for b in named])
        action = (of_row or named)[0]
        answer = await self._do("click", channel=channel, ts=message["ts"], action=action)
        assert answer["ok"], answer
        return action

    async def press_in_window(self, label: str) -> dict[str, Any]:
        view = self.stack[-1]
        action = next(b for b in buttons(view["blocks"]) if b["label"] == label)
        return await self._do("click", view_id=view["id"], action=action, values={})

    async def submit(self, **answers: str | list[str]) -> dict[str, Any]:
        """Send the window on top; answers by field name (text, or the value of an option)."""
        view = self.stack[-1]
        return await self._do("submit", view_id=view["id"], values=filled(view, answers))

    async def send(self) -> dict[str, Any]:
        """Send the letter in the preview on top, with what it asks to look at ticked."""
        boxes = [b for b in self.stack[-1]["blocks"] if b["type"] == "input"]
        return await self.submit(**{box["block_id"].split(":")[1]: "yes" for box in boxes})

    async def choose(self, name: str, value: str) -> dict[str, Any]:
        """Choose in a list that draws the window anew."""
        view = self.stack[-1]
        block = next(b for b in view["blocks"] if b.get("block_id", "").split(":")[1:2] == [name])
        element = block["element"]
        option = next(o for o in element["options"] if o["value"] == value)
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "selected_option": option,
        }
        values = filled(view, {name: value})
        return await self._do("click", view_id=view["id"], action=action, values=values)

    async def close(self) -> None:
        await self._do("close", view_id=self.stack[-1]["id"], clear=True)

    async def command(self, text: str, channel: str = STAFF) -> dict[str, Any]:
        return await self._do("command", channel=channel, text=text)

    async def say(self, text: str, channel: str = STAFF, thread_ts: str = "") -> dict[str, Any]:
        return await self._do("say", channel=channel, text=text, thread_ts=thread_ts)


def filled(view: dict[str, Any], answers: dict[str, str | list[str]]) -> dict[str, Any]:
    """state.values of a view: what stands in it already, changed by these answers."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        name = block["block_id"].split(":")[1]
        values[block["block_id"]] = {element["action_id"]: _value(element, answers.get(name))}
    return values


def _value(element: dict[str, Any], answer: str | list[str] | None) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value") if answer is None else answer}
    wanted = [answer] if isinstance(answer, str) else answer
    chosen = [o for o in element.get("options", []) if wanted is not None and o["value"] in wanted]
    if kind == "users_select":
        return {"type": kind, "selected_user": wanted[0] if wanted and wanted[0] else None}
    if kind in {"checkboxes", "multi_static_select"}:
        kept = element.get("initial_options", []) if wanted is None else chosen
        return {"type": kind, "selected_options": kept}
    return {"type": kind, "selected_option": chosen[0] if chosen else element.get("initial_option")}


class World:
    """A sandbox and a desk on loopback, joined only by sockets and settings."""

    def __init__(
        self,
        data: Path,
        *,
        http_mode: bool = False,
        start: datetime | None = None,
        people: str = "",
    ) -> None:
        """`start`: what its clock shows at first; `people`: a part of desk.toml."""
        self.data = data
        self.http_mode = http_mode
        self.start = start
        self.people = people
        self.smtp_port = free_port()
        self.http_port = free_port() if http_mode else None
        self.app: App
        self.up = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        self.sandbox = Sandbox(
            SandboxOptions(
                data=self.data / "sandbox",
                desk_smtp=("127.0.0.1", self.smtp_port),
                desk_http_port=self.http_port,
                clock_moves=True,
            )
        )
        await self.sandbox.start()
        if self.start is not None:
            offset = (self.start - datetime.now(UTC)).total_seconds()
            self.sandbox.parts.state.record({"kind": "clock", "offset": offset})
        self.clock = SandboxClock(self.sandbox.web_url.replace("http:", "ws:", 1) + "clock")
        following = asyncio.create_task(self.clock.follow())
        await self.clock.ready()
        self.http = aiohttp.ClientSession(self.sandbox.web_url)
        try:
            await self.start_desk()
            yield self
        finally:
            if self.up:
                await self.stop_desk()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await self.http.close()
            await self.sandbox.stop()

    async def start_desk(self) -> None:
        options = DemoOptions(data=self.data, smtp_port=self.smtp_port, web_port=0)
        environment = desk_environment(options, self.sandbox.settings())
        if self.http_port is not None:
            environment["DESK_HTTP_PORT"] = str(self.http_port)
        file = self.data / "desk.toml" if self.people else None
        if file is not None:
            file.write_text(self.people, encoding="utf-8")
        self.app = await build(load(environment, file=file), self.clock)
        await self.app.start()
        self.up = True

    async def stop_desk(self) -> None:
        self.up = False
        await self.app.stop()

    def acting(self, who: str) -> Acting:
        return Acting(self.http, who)

    async def move(self, by: timedelta) -> None:
        """Move the sandbox's clock, and so the desk's."""
        target = self.clock.now() + by
        async with self.http.post("/do/clock", json={"seconds": by.total_seconds()}) as answer:
            assert answer.status == 200
        async with asyncio.timeout(SECONDS):
            await self.clock.wait_until(target)

    async def move_to(self, when: datetime) -> None:
        """The same, to a moment."""
        await self.move(when - self.clock.now())

    async def send(self, mail: EmailMessage, mail_from: str | None = None) -> str:
        """Any SMTP client: smtplib in a thread. The server's last reply."""

        def sending() -> str:
            with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=SECONDS) as client:
                sender = str(mail["From"]) if mail_from is None else mail_from
                client.ehlo()
                client.mail(sender.rpartition("<")[2].rstrip(">"))
                client.rcpt(str(mail["To"]))
                code, text = client.data(mail.as_bytes())
                return f"{code} {text.decode()}"

        return await asyncio.to_thread(sending)

    async def send_raw(self, mail_from: str, content: bytes) -> str:
        """Bytes as they are, to the desk's address."""

        def sending() -> str:
            with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=SECONDS) as client:
                client.ehlo()
                client.mail(mail_from)
                client.rcpt("compliance@cafex.com")
                code, text = client.data(content)
                return f"{code} {text.decode()}"

        return await asyncio.to_thread(sending)

    async def case_from(self, address: str) -> Case:
        """The newest case of this requester, once there is one."""

        async def newest() -> Case | None:
            found = [c async for c in self.app.store.all_cases() if c.requester == address]
            return found[-1] if found else None

        return await until(self.app.store, newest)

    async def case_when(self, ref: str, so: Callable[[Case], object]) -> Case:
        """The case, once it is so."""
        return await case_when(self.app.store, ref, so)


def mail(sender: str, subject: str, body: str, **headers: str) -> EmailMessage:
    """A plain mail to the desk."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = headers.pop("To", "compliance@cafex.com")
    message["Subject"] = subject
    message["Message-ID"] = headers.pop(
        "Message_ID", f"<{abs(hash((sender, subject)))}@example.org>"
    )
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message
