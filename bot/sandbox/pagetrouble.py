"""The page's switches for what can go wrong, and what people do to messages of their own."""

from collections.abc import Awaitable, Callable

from bot.sandbox import acts, messages
from bot.sandbox.errors import SlackError
from bot.sandbox.parts import Parts
from bot.sandbox.seed import Channel, User
from bot.sandbox.trouble import FRAMES
from bot.sandbox.workspace import Json

Act = Callable[[Json], Awaitable[Json]]


class PageTrouble:
    """Slack away, its notice to a socket, an arranged answer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def acts(self) -> dict[str, Act]:
        """By the name they have under /do/."""
        return {"away": self._away, "disconnect": self._disconnect, "answer": self._answer}

    def among_people(self, run: Act) -> Act:
        """What people do in Slack, which they cannot while it is away."""

        async def there(body: Json) -> Json:
            if self._parts.trouble.away:
                raise SlackError("slack_is_away")
            return await run(body)

        return there

    async def _away(self, body: Json) -> Json:
        self._parts.trouble.away = bool(body.get("away"))
        if self._parts.trouble.away:
            await self._parts.desk.leave("")
        self._parts.hub.send({"type": "desk", "desk": self._parts.desk_state()})
        return {"ok": True}

    async def _disconnect(self, body: Json) -> Json:
        if body.get("reason") not in FRAMES:
            raise SlackError("invalid_reason")
        await self._parts.desk.leave(str(body["reason"]))
        return {"ok": True}

    async def _answer(self, body: Json) -> Json:
        self._parts.trouble.arrange(body)
        return {"ok": True}


def rewrite(parts: Parts, user: User, channel: Channel, body: Json) -> Json:
    """A person changes words of their own, or with none takes the message away; the event of it."""
    old = parts.workspace.message(channel.id, str(body.get("ts")))
    if old is None or old["user"] != user.id:
        raise SlackError("cant_update_message" if old else "message_not_found")
    stamp = parts.ts()
    inner: Json = {"type": "message", "channel": channel.id, "ts": stamp, "event_ts": stamp}
    inner |= {"hidden": True, "channel_type": "group", "previous_message": old}
    if not body.get("text"):
        messages.remove(parts, channel.id, old)
        return acts.new_event(
            parts, inner | {"subtype": "message_deleted", "deleted_ts": old["ts"]}
        )
    new = old | {"text": str(body["text"]), "edited": {"user": user.id, "ts": stamp}}
    messages.change(parts, channel.id, new)
    return acts.new_event(parts, inner | {"subtype": "message_changed", "message": new})
