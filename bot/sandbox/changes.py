"""What tests and demonstrations change in the workspace, so that the desk has to notice it."""

from typing import Any

import msgspec

from bot.sandbox import acts
from bot.sandbox.errors import SlackError
from bot.sandbox.parts import Parts
from bot.sandbox.seed import BOT_USER, Channel, User
from bot.sandbox.workspace import Json

_SETTINGS = (
    *("members", "is_ext_shared", "is_pending_ext_shared"),
    *("is_archived", "is_private"),
)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Who came into a channel or left it, and the event the app hears."""

    moved: tuple[str, ...] = ()
    event: Json | None = None


def channel(parts: Parts, body: Json) -> Changed:
    """Members and flags of a channel."""
    old = parts.workspace.channels.get(str(body.get("channel")))
    if old is None:
        raise SlackError("channel_not_found")
    changes: dict[str, Any] = {name: body[name] for name in _SETTINGS if name in body}
    new = msgspec.structs.replace(old, **changes)
    parts.state.record({"kind": "channel", "channel": msgspec.to_builtins(new)})
    moved = tuple(
        user for user in set(old.members) ^ set(new.members) if user in parts.workspace.users
    )
    if new.is_ext_shared == old.is_ext_shared:
        return Changed(moved=moved)
    inner = {
        "type": "channel_shared" if new.is_ext_shared else "channel_unshared",
        "channel": new.id,
        "event_ts": parts.ts(),
    }
    return Changed(moved=moved, event=acts.new_event(parts, inner, shared=new.is_ext_shared))


def person(parts: Parts, body: Json) -> None:
    """Somebody new, or somebody changed: a guest, a leaver, a person of another workspace."""
    made = msgspec.convert(body["person"], User)
    parts.state.record({"kind": "person", "person": msgspec.to_builtins(made)})
    if parts.workspace.direct(made.id) is None:
        direct = Channel(
            id=f"D{made.id[1:]}", name="", members=(made.id, BOT_USER), is_im=True, user=made.id
        )
        parts.state.record({"kind": "channel", "channel": msgspec.to_builtins(direct)})


def group(parts: Parts, body: Json) -> None:
    """The members of a user group."""
    members = [str(member) for member in body.get("members") or []]
    parts.state.record({"kind": "group", "group": str(body["group"]), "members": members})


def app(parts: Parts, body: Json) -> None:
    """What the app was given: scopes, methods the workspace does not know, its plan."""
    parts.scopes = tuple(body.get("scopes", parts.scopes))
    parts.gone = frozenset(body.get("gone", parts.gone))
    parts.paid = bool(body.get("paid", parts.paid))


def refuse(parts: Parts, body: Json) -> None:
    """Let a mailbox answer RCPT with `reply` (an SMTP reply line), or take mail again."""
    address, reply = str(body.get("address")).lower(), body.get("reply")
    parts.refusals.pop(address, None)
    if reply:
        parts.refusals[address] = str(reply)
