"""Cases, kinds and a strict checker of what Slack takes, for the tests of every surface."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View as SdkView

from bot.sandbox import Sandbox, SandboxOptions
from bot.slack.options import Gap, SlackOptions
from handlers import registry as kinds
from handlers.clock import RealClock
from handlers.desk import Desk
from handlers.handler import Depth, Kind, Offer, Step
from handlers.policy import Policy
from storage.embedded import open_store
from storage.records import Case, Due, Reading, Request
from tests.slack.office import Office
from tests.storage.making import MASTER

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


class Access(Kind):
    name = "access"
    title = "Access request"
    asks = "to see their data"
    depth = Depth.ACCOUNT
    steps = (Step(name="verify", label="check identity", action="verify"),)


class Deletion(Kind):
    name = "deletion"
    title = "Deletion request"
    asks = "to have their data deleted"
    depth = Depth.ACCOUNT


class Child(Kind):
    name = "child_data"
    title = "Request about a child's data"
    asks = "something about a child's data"
    depth = Depth.AUTHORITY
    acknowledged = False


class Question(Kind):
    name = "question"
    title = "Question"
    asks = "to know something"


@dataclass
class Registry:
    kinds: dict[str, Kind] = field(
        default_factory=lambda: {k.name: k for k in (Access(), Deletion(), Child(), Question())}
    )


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def now() -> datetime:
    return NOW


def _due(days: int = 31, regime: str = "eu_gdpr") -> Due:
    on = date(2026, 12, 1) + timedelta(days=days)
    why = "One month from receipt on 1 December 2026 (GDPR Art. 12(3))."
    return Due(due_on=on, aim_on=on - timedelta(days=10), regime=regime, rule="r1", why=why)


@pytest.fixture
def make_due():
    return _due


@pytest.fixture
def make_case():
    """A case with one request per kind given, and anything else by name."""

    def made(*kinds: str | None, **more: Any) -> Case:
        asked = kinds or ("access",)
        requests = tuple(
            Request(id=n, kind=kind, due=_due(30 + n)) for n, kind in enumerate(asked, 1)
        )
        reading = Reading(
            kinds=tuple(k for k in asked if k) or ("not_a_request",),
            decision="auto",
            confidence={"access": 0.97, "deletion": 0.31},
            language="de",
        )
        base = Case(
            ref="PR-2026-0042",
            received_at=NOW - timedelta(hours=1),
            requester="nora.example@example.org",
            requester_name="Nora Example",
            requester_hash="h" * 32,
            subject="My data",
            language="de",
            requests=requests,
            reading=reading,
        )
        return msgspec.structs.replace(base, **more)

    return made


@pytest.fixture
def make_offers():
    """Offers by action name; the first is primary."""

    def made(*actions: str, request: int | None = None, **more: Any) -> tuple[Offer, ...]:
        return tuple(
            Offer(
                action=name,
                label=name.replace("_", " ").capitalize(),
                request=request,
                style="primary" if n == 0 else "",
                reads=name in {"show_message", "history"},
                form=name in {"reply", "confirm", "verify", "close"},
                says=f"{name.replace('_', ' ').capitalize()} PR-2026-0042",
                **more,
            )
            for n, name in enumerate(actions)
        )

    return made


# --- what Slack takes -----------------------------------------------------------------------

TEXTS = {"plain_text", "mrkdwn"}


def _nodes(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from _nodes(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _nodes(inner, f"{path}/{n}")


def _element_faults(path: str, node: dict[str, Any]) -> list[str]:
    """What Slack refuses in one object, by the rules its type has."""
    kind = node.get("type")
    longest = 2000 if "/fields/" in path else 3000
    rules = {
        "text": (kind in TEXTS, lambda: 1 <= len(node["text"]) <= longest),
        "button text": (kind == "button", lambda: len(node["text"]["text"]) <= 75),
        "button value": (kind == "button", lambda: len(node["value"]) <= 2000),
        "label": (kind == "button", lambda: 1 <= len(node["accessibility_label"]) <= 75),
        "style": (kind == "button", lambda: node.get("style", "danger") in {"danger", "primary"}),
        "overflow": (kind == "overflow", lambda: 1 <= len(node["options"]) <= 5),
        "boxes": (
            kind in {"radio_buttons", "checkboxes"},
            lambda: 1 <= len(node["options"]) <= 10,
        ),
        "max_length": (kind == "plain_text_input", lambda: 1 <= node["max_length"] <= 3000),
        "initial": (
            kind == "plain_text_input",
            lambda: len(node.get("initial_value", "")) <= node["max_length"],
        ),
        "option value": (
            "/options/" in path and "value" in node,
            lambda: 1 <= len(node["value"]) <= 150,
        ),
        "option text": (
            "/options/" in path and "value" in node,
            lambda: len(node["text"]["text"]) <= 75,
        ),
        "description": (
            "/options/" in path and "description" in node,
            lambda: len(node["description"]["text"]) <= 75,
        ),
        "action_id": ("action_id" in node, lambda: 1 <= len(node["action_id"]) <= 255),
    }
    return [
        f"{path}: {name}" for name, (applies, holds) in rules.items() if applies and not holds()
    ]


def _block_faults(blocks: list[dict[str, Any]], most: int) -> list[str]:
    found = [] if 1 <= len(blocks) <= most else [f"{len(blocks)} blocks"]
    ids = [block["block_id"] for block in blocks]
    found += [] if len(ids) == len(set(ids)) else ["block_id twice"]
    for block in blocks:
        where = block["block_id"]
        found += [] if len(where) <= 255 else [f"{where}: too long"]
        if block["type"] == "header":
            found += [] if block["text"]["type"] == "plain_text" else [f"{where}: header"]
            found += [] if len(block["text"]["text"]) <= 150 else [f"{where}: header text"]
        if block["type"] == "section":
            found += [] if len(block.get("fields", ["x"])) <= 10 else [f"{where}: fields"]
        if block["type"] in {"actions", "context"}:
            most_inside = 25 if block["type"] == "actions" else 10
            found += [] if 1 <= len(block["elements"]) <= most_inside else [f"{where}: elements"]
            actions = [e["action_id"] for e in block["elements"] if "action_id" in e]
            found += [] if len(actions) == len(set(actions)) else [f"{where}: action_id twice"]
        SdkBlock.parse(block).validate_json()
    for path, node in _nodes(blocks):
        found += _element_faults(path, node)
    return found


@pytest.fixture
def message_faults():
    """Everything Slack would refuse in a message."""

    def faults(message: dict[str, Any]) -> list[str]:
        found = _block_faults(message["blocks"], 50)
        found += [] if 1 <= len(message["text"]) <= 4000 else ["text"]
        found += [] if len(json.dumps(message["blocks"])) < 13_000 else ["blocks too long"]
        primary = [n for _, n in _nodes(message["blocks"]) if n.get("style") == "primary"]
        return found + ([] if len(primary) <= 1 else ["several primary buttons"])

    return faults


@pytest.fixture
def view_faults():
    """Everything Slack would refuse in a window."""

    def faults(view: dict[str, Any]) -> list[str]:
        found = _block_faults(view["blocks"], 100)
        for part in ("title", "submit", "close"):
            if part in view and not 1 <= len(view[part]["text"]) <= 24:
                found.append(part)
        found += [] if len(view.get("private_metadata", "")) <= 3000 else ["private_metadata"]
        found += [] if len(json.dumps(view)) < 250_000 else ["view too large"]
        if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
            found.append("no submit")
        SdkView(**view).validate_json()
        return found

    return faults


@pytest.fixture
def texts():
    """Every text of a message or window, by type, with what Slack would make live."""

    def collected(whole: Any) -> list[tuple[str, str]]:
        return [(n["type"], n["text"]) for _, n in _nodes(whole) if n.get("type") in TEXTS]

    return collected


# --- a workspace on real sockets ------------------------------------------------------------


class Page:
    """What people do in the workspace, and what they see of it."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._session = session

    async def do(self, act: str, **body: Any) -> dict[str, Any]:
        async with self._session.post(f"{self._sandbox.web_url}do/{act}", json=body) as answer:
            return await answer.json()

    async def state(self, user: str) -> dict[str, Any]:
        url = self._sandbox.web_url.replace("http", "ws", 1) + f"live?as={user}"
        async with self._session.ws_connect(url) as socket:
            return await socket.receive_json()

    def messages(self, channel: str) -> list[dict[str, Any]]:
        kept = self._sandbox.parts.workspace.messages.get(channel, {})
        return [m for m in kept.values() if m.get("subtype") != "tombstone"]

    def whispers(self, user: str) -> list[str]:
        """Ephemeral texts to one person, oldest first."""
        kept = self._sandbox.parts.ephemerals.values()
        return [message["text"] for to, _, message in kept if to == user]

    def stack(self, user: str) -> list[dict[str, Any]]:
        return self._sandbox.parts.modals.stack(user)

    def top(self, user: str) -> str:
        """The words of the window somebody looks at."""
        return json.dumps(self.stack(user)[-1], ensure_ascii=False) if self.stack(user) else ""

    async def until(self, happened, seconds: float = 20.0) -> Any:
        """The first true answer of `happened`, looked at after each turn of the loop."""
        async with asyncio.timeout(seconds):
            while not (answer := happened()):  # noqa: ASYNC110  the workspace has no event for it
                await asyncio.sleep(0.01)
        return answer

    async def press(self, user: str, label: str, channel: str = "C01STAFF") -> dict[str, Any]:
        """A button or menu entry of the newest message that has one of that label."""
        for message in reversed(self.messages(channel)):
            if action := find_action(message.get("blocks", []), label):
                return await self.do(
                    "click", **{"as": user}, channel=channel, ts=message["ts"], action=action
                )
        raise AssertionError(f"no {label} in {channel}")

    async def home(self, user: str) -> dict[str, Any]:
        """Somebody's Home, opened and drawn."""
        before = (self._sandbox.parts.modals.home(user) or {}).get("hash")
        await self.do("home", **{"as": user})
        return await self.until(
            lambda: (h := self._sandbox.parts.modals.home(user)) and h["hash"] != before and h
        )

    def at_home(self, user: str) -> str:
        """The words of somebody's Home as it stands."""
        return json.dumps(self._sandbox.parts.modals.home(user), ensure_ascii=False)

    async def press_at_home(self, user: str, label: str) -> dict[str, Any]:
        view = self._sandbox.parts.modals.home(user)
        action = find_action(view["blocks"], label)
        assert action, f"no {label} in {self.at_home(user)}"
        return await self.do("click", **{"as": user}, view_id=view["id"], action=action)

    async def press_in_window(self, user: str, label: str, **more: Any) -> dict[str, Any]:
        view = self.stack(user)[-1]
        action = find_action(view["blocks"], label)
        assert action, f"no {label} in {json.dumps(view)}"
        values = view["state"]["values"]
        return await self.do(
            "click", **{"as": user}, view_id=view["id"], action=action, values=values, **more
        )

    async def submit(self, user: str, **typed: str) -> dict[str, Any]:
        """Send the top window, with texts by field name."""
        view = self.stack(user)[-1]
        values = json.loads(json.dumps(view["state"]["values"]))
        for block in view["blocks"]:
            name = block.get("element", {}).get("action_id")
            if name in typed:
                kind = block["element"]["type"]
                values[block["block_id"]] = {name: answer_of(kind, typed[name], block["element"])}
        return await self.do("submit", **{"as": user}, view_id=view["id"], values=values)


def answer_of(kind: str, text: str, element: dict[str, Any]) -> dict[str, Any]:
    if kind == "plain_text_input":
        return {"type": kind, "value": text}
    if kind == "datepicker":
        return {"type": kind, "selected_date": text}
    if kind == "users_select":
        return {"type": kind, "selected_user": text}
    options = [o for o in element["options"] if o["value"] in text.split()]
    if kind in {"checkboxes", "multi_static_select"}:
        return {"type": kind, "selected_options": options}
    return {"type": kind, "selected_option": options[0]}


def find_action(blocks: list[dict[str, Any]], label: str) -> dict[str, Any] | None:
    """The action object of a button or menu entry, as Slack's client sends it."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            base = {"block_id": block.get("block_id"), "action_id": element.get("action_id")}
            if element.get("type") == "button" and element["text"]["text"] == label:
                return {**base, "type": "button", "value": element["value"]}
            for option in element.get("options", []):
                if option["text"]["text"] == label:
                    return {**base, "type": element["type"], "selected_option": option}
    return None


@pytest.fixture
async def sandbox(tmp_path):
    made = Sandbox(SandboxOptions(data=tmp_path / "sandbox"))
    made.desk_port = None
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def page(sandbox):
    async with aiohttp.ClientSession() as session:
        yield Page(sandbox, session)


@pytest.fixture
def counsel(sandbox):
    return tuple(sandbox.settings()["DESK_COUNSEL"].split(","))


@pytest.fixture
async def office(tmp_path, sandbox, counsel):
    settings = sandbox.settings()
    options = SlackOptions(
        bot_token=settings["SLACK_BOT_TOKEN"],
        app_token=settings.get("SLACK_APP_TOKEN", ""),
        signing_secret=settings["SLACK_SIGNING_SECRET"] if sandbox.desk_port else "",
        api_url=settings["SLACK_API_URL"],
        staff=settings["DESK_SLACK_CHANNEL"],
        managers=settings["DESK_SLACK_MANAGERS"],
        restricted=settings["DESK_SLACK_RESTRICTED"],
        counsel=counsel,
        gaps=(Gap(name="DESK_RELAY", means="No mail server takes letters."),),
    )
    store = await open_store(tmp_path / "data", MASTER)
    registry = kinds.load()
    desk = Desk(store, registry, Policy())
    made = Office(store, desk, registry, options, RealClock())
    made.port = sandbox.desk_port
    await made.open()
    yield made
    await made.close()
    await store.close()
