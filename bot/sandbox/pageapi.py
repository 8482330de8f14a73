"""What the page asks for and does: /live, /clock, /mailbox and the /do/* acts."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from bot.sandbox import acts, changes, letters, mailbox, messages
from bot.sandbox.errors import SlackError
from bot.sandbox.pagetrouble import PageTrouble, rewrite
from bot.sandbox.parts import NotDeliveredError, Parts
from bot.sandbox.seed import COMMAND, SHORTCUTS, Channel, User
from bot.sandbox.workspace import Json


class PageApi:
    """The handlers, with the tasks they leave running (event deliveries)."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """All routes of the page API."""
        trouble = PageTrouble(self._parts)
        in_slack = {
            "click": self._click,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "shortcut": self._shortcut,
            "command": self._command,
            "say": self._say,
            "rewrite": self._rewrite,
        }
        acted: dict[str, Callable[[Json], Awaitable[Json]]] = {
            **{name: trouble.among_people(act) for name, act in in_slack.items()},
            **trouble.acts(),
            "mail": self._mail,
            "clock": self._clock,
            "channel": self._channel_settings,
            "refuse": self._changed(changes.refuse),
            "person": self._changed(changes.person),
            "group": self._changed(changes.group),
            "app": self._changed(changes.app),
        }
        return [
            web.get("/live", self._live),
            web.get("/clock", self._follow_clock),
            web.get("/mailbox", self._mailbox),
            *(web.post(f"/do/{name}", _act(act)) for name, act in acted.items()),
        ]

    async def stop(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def publish(self, change: Json) -> None:
        """Tell the open pages of one change in the workspace."""
        parts, kind = self._parts, change["kind"]
        if kind in {"message", "deleted"}:
            channel = parts.workspace.channels[change["channel"]]
            event = {"type": kind, "channel": channel.id}
            if kind == "message":
                event["message"] = messages.shown(change["message"])
            else:
                event["ts"] = change["ts"]
            parts.hub.send(event, channel.members)
        elif kind == "mail":
            address = change["address"]
            mail = {"type": "mail", "address": address, "mail": change["mail"]}
            mail["name"] = parts.workspace.names.get(address, "")
            parts.hub.send(mail)
        elif kind == "channel":
            parts.hub.send(
                {"type": "channel", "channel": change["channel"]}, change["channel"]["members"]
            )
        elif kind == "clock":
            parts.calendar.offset = change["offset"]
            parts.hub.send({"type": "clock", "clock": parts.clock()})
            parts.clocks.send(parts.clock())

    def state(self, user: User) -> Json:
        """STATE of the page API, as one person may see it."""
        workspace = self._parts.workspace
        channels = [c for c in workspace.channels.values() if user.id in c.members]
        addresses = list(workspace.mails)
        return {
            "me": user.id,
            "clock": self._parts.clock(),
            "desk": self._parts.desk_state(),
            "users": [
                msgspec.to_builtins(one) | {"is_bot": one.is_bot}
                for one in workspace.users.values()
            ],
            "channels": [msgspec.to_builtins(channel) for channel in channels],
            "messages": {
                channel.id: [
                    messages.shown(one) for one in workspace.messages.get(channel.id, {}).values()
                ]
                for channel in channels
            },
            "mailboxes": [
                {
                    "address": address,
                    "name": workspace.names.get(address, ""),
                    "count": len(workspace.mails[address]),
                }
                for address in addresses
            ],
            "mails": workspace.mails,
            "stack": self._parts.modals.stack(user.id),
            "home": self._parts.modals.home(user.id),
            "shortcuts": [{"callback_id": name, "label": label} for name, label in SHORTCUTS],
            "command": COMMAND,
        }

    async def _live(self, request: web.Request) -> web.StreamResponse:
        user = self._parts.workspace.users.get(request.query.get("as", ""))
        if user is None:
            return web.json_response({"ok": False, "error": "user_not_found"}, status=404)
        await self._parts.desk.probe()
        first = {"type": "state", **self.state(user)}
        return await self._parts.hub.serve(request, user.id, first)

    async def _follow_clock(self, request: web.Request) -> web.StreamResponse:
        return await self._parts.clocks.serve(request, "", self._parts.clock())

    async def _mailbox(self, request: web.Request) -> web.Response:
        address = request.query.get("address", "").lower()
        return web.json_response({"mails": self._parts.workspace.mails.get(address, [])})

    async def _click(self, body: Json) -> Json:
        user = self._user(body)
        if not isinstance(body.get("action"), dict):
            raise SlackError("action_not_found")
        if body.get("view_id"):
            await acts.click_view(self._parts, user, body)
        else:
            await acts.click_message(self._parts, user, self._channel(body, user), body)
        return {"ok": True}

    async def _submit(self, body: Json) -> Json:
        return await acts.submit(self._parts, self._user(body), body)

    async def _close(self, body: Json) -> Json:
        for payload in acts.close(self._parts, self._user(body), body):
            self._spawn(acts.deliver_closed(self._parts, payload))
        return {"ok": True}

    async def _home(self, body: Json) -> Json:
        self._spawn(
            acts.deliver_event(self._parts, acts.home_opened(self._parts, self._user(body)))
        )
        return {"ok": True}

    async def _shortcut(self, body: Json) -> Json:
        user = self._user(body)
        await acts.shortcut(self._parts, user, self._channel(body, user), body)
        return {"ok": True}

    async def _command(self, body: Json) -> Json:
        user = self._user(body)
        text = str(body.get("text") or "")
        await acts.command(self._parts, user, self._channel(body, user), text)
        return {"ok": True}

    async def _say(self, body: Json) -> Json:
        user = self._user(body)
        event = acts.say(self._parts, user, self._channel(body, user), body)
        if event is not None:
            self._spawn(acts.deliver_event(self._parts, event))
        return {"ok": True}

    async def _rewrite(self, body: Json) -> Json:
        user = self._user(body)
        event = rewrite(self._parts, user, self._channel(body, user), body)
        self._spawn(acts.deliver_event(self._parts, event))
        return {"ok": True}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mail(self, body: Json) -> Json:
        try:
            draft = msgspec.convert(
                {name: value for name, value in body.items() if value is not None}, letters.Draft
            )
        except msgspec.ValidationError as error:
            raise SlackError(f"invalid mail: {error}") from error
        return await mailbox.send(self._parts, draft)

    async def _clock(self, body: Json) -> Json:
        parts = self._parts
        if not parts.options.clock_moves:
            raise SlackError("the clock of this sandbox does not move")
        if body.get("to"):
            ahead = _moment(str(body["to"])) - parts.calendar.now()
        else:
            ahead = timedelta(seconds=float(body.get("seconds") or 0))
        if body.get("reset") or ahead < timedelta(0):
            raise SlackError("the clock only moves forward")
        offset = parts.calendar.offset + ahead.total_seconds()
        parts.state.record({"kind": "clock", "offset": offset})
        return parts.clock()

    async def _channel_settings(self, body: Json) -> Json:
        changed = changes.channel(self._parts, body)
        for user in changed.moved:
            state = self.state(self._parts.workspace.users[user])
            self._parts.hub.send({"type": "state", **state}, {user})
        if changed.event is not None:
            self._spawn(acts.deliver_event(self._parts, changed.event))
        return {"ok": True}

    def _changed(self, change: Callable[[Parts, Json], None]) -> Callable[[Json], Awaitable[Json]]:
        async def act(body: Json) -> Json:
            change(self._parts, body)
            return {"ok": True}

        return act

    def _user(self, body: Json) -> User:
        user = self._parts.workspace.users.get(str(body.get("as")))
        if user is None or user.is_bot:
            raise SlackError("user_not_found")
        return user

    def _channel(self, body: Json, user: User) -> Channel:
        """The channel named; none named = the person's direct messages with the app."""
        if not body.get("channel"):
            channel = self._parts.workspace.direct(user.id)
        else:
            channel = self._parts.workspace.channels.get(str(body["channel"]))
        if channel is None:
            raise SlackError("channel_not_found")
        if user.id not in channel.members:
            raise SlackError("not_in_channel")
        return channel


def _act(
    run: Callable[[Json], Awaitable[Json]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            answer = await run(_body(await request.read()))
        except (SlackError, NotDeliveredError) as error:
            answer = {"ok": False, "error": error.code}
            if isinstance(error, SlackError):
                answer |= error.more
        except (msgspec.DecodeError, ValueError) as error:
            answer = {"ok": False, "error": str(error)}
        return web.json_response(answer)

    return handler


def _body(content: bytes) -> Json:
    body = msgspec.json.decode(content or b"{}")
    if not isinstance(body, dict) or not isinstance(body.get("values") or {}, dict):
        raise SlackError("invalid_arguments")
    return body


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise SlackError("a time needs its zone")
    return moment
