"""The views each person has open: a stack of up to three windows, and the app's Home tab.

Not kept over a restart, as Slack's client asks for Home anew when it is opened.
"""

import secrets
from collections.abc import Callable

from bot.sandbox.blocks import with_ids
from bot.sandbox.errors import SlackError
from bot.sandbox.inputs import state_values
from bot.sandbox.seed import APP, BOT, TEAM
from bot.sandbox.workspace import Json

MOST = 3


class Modals:
    """Stacks by person, and Home. `changed(user, stack)` is told of every change of a stack,
    `homed(user, view)` of every new Home."""

    def __init__(
        self,
        changed: Callable[[str, list[Json]], None],
        homed: Callable[[str, Json], None] = lambda _user, _view: None,
    ) -> None:
        self._stacks: dict[str, list[Json]] = {}
        self._homes: dict[str, Json] = {}
        self._changed = changed
        self._homed = homed

    def home(self, user: str) -> Json | None:
        """What somebody's Home tab shows; None = nothing was published yet."""
        return self._homes.get(user)

    def publish(self, user: str, definition: Json) -> Json:
        """Replace somebody's Home; its id stays, its hash does not."""
        old = self._homes.get(user)
        view_id = old["id"] if old else f"V{secrets.token_hex(5).upper()}"
        view = _view(definition, view_id, None, old["state"]["values"] if old else None)
        self._homes[user] = view
        self._homed(user, view)
        return view

    def stack(self, user: str) -> list[Json]:
        """The views one person has open, top last."""
        return self._stacks.get(user, [])

    def find(self, view_id: str | None, external_id: str | None = None) -> tuple[str, Json]:
        """Whose view it is, and the view. Raises SlackError not_found."""
        shown = {user: [*stack] for user, stack in self._stacks.items()}
        for user, home in self._homes.items():
            shown.setdefault(user, []).append(home)
        for user, views in shown.items():
            for view in views:
                if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                    return user, view
        raise SlackError("not_found")

    def open(self, user: str, definition: Json) -> Json:
        """Open a first view; whatever was open goes."""
        view = _view(definition, f"V{secrets.token_hex(5).upper()}", None)
        self._set(user, [view])
        return view

    def push(self, user: str, definition: Json) -> Json:
        """Put a view on top of the stack."""
        stack = self.stack(user)
        if len(stack) >= MOST:
            raise SlackError("push_limit_reached")
        view = _view(definition, f"V{secrets.token_hex(5).upper()}", stack[-1] if stack else None)
        self._set(user, [*stack, view])
        return view

    def update(self, user: str, old: Json, definition: Json) -> Json:
        """Replace a view in place. What was typed stays where block_id and action_id stay."""
        if definition["type"] != old["type"]:
            raise SlackError("invalid_arguments")
        if old["type"] == "home":
            return self.publish(user, definition)
        new = _view(definition, old["id"], None, old["state"]["values"])
        new |= {name: old[name] for name in ("root_view_id", "previous_view_id")}
        self._set(user, [new if view is old else view for view in self.stack(user)])
        return new

    def type_into(self, view: Json, values: Json) -> Json:
        """Keep what the person has typed so far, and return the whole state."""
        view["state"] = {"values": state_values(view["blocks"], values)}
        state: Json = view["state"]
        return state

    def remove(self, user: str, view_id: str) -> None:
        """Close one view; those under it come back."""
        self._set(user, [view for view in self.stack(user) if view["id"] != view_id])

    def clear(self, user: str) -> None:
        """Close all views of one person."""
        self._set(user, [])

    def _set(self, user: str, stack: list[Json]) -> None:
        self._stacks[user] = stack
        self._changed(user, stack)


def _view(definition: Json, view_id: str, under: Json | None, values: Json | None = None) -> Json:
    blocks = with_ids(definition["blocks"])
    return {
        "id": view_id,
        "team_id": TEAM,
        "type": definition["type"],
        "blocks": blocks,
        "private_metadata": definition.get("private_metadata") or "",
        "callback_id": definition.get("callback_id") or "",
        "state": {"values": state_values(blocks, values or {})},
        "hash": f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}",
        "title": definition.get("title"),
        "close": definition.get("close"),
        "submit": definition.get("submit"),
        "clear_on_close": bool(definition.get("clear_on_close")),
        "notify_on_close": bool(definition.get("notify_on_close")),
        "submit_disabled": bool(definition.get("submit_disabled")),
        "external_id": definition.get("external_id") or "",
        "previous_view_id": under["id"] if under else None,
        "root_view_id": under["root_view_id"] if under else view_id,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT,
    }
