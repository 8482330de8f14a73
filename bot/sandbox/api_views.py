"""The views.* methods and blocks.validate."""

from bot.sandbox.errors import SlackError, invalid_blocks
from bot.sandbox.limits import check_blocks, check_view, view_too_large
from bot.sandbox.parts import Parts
from bot.sandbox.workspace import Json


def open_view(parts: Parts, args: Json) -> Json:
    """views.open."""
    view = checked_view(args.get("view"))
    trigger = parts.tickets.exchange(str(args.get("trigger_id")))
    return {"view": parts.modals.open(trigger.user, view)}


def push(parts: Parts, args: Json) -> Json:
    """views.push: only from an open modal."""
    view = checked_view(args.get("view"))
    trigger = parts.tickets.exchange(str(args.get("trigger_id")))
    if not parts.modals.stack(trigger.user):
        raise SlackError("not_found")
    return {"view": parts.modals.push(trigger.user, view)}


def update(parts: Parts, args: Json) -> Json:
    """views.update, by id, guarded by the hash when one is given."""
    user, view = parts.modals.find(args.get("view_id"), args.get("external_id"))
    definition = checked_view(args.get("view"), view["type"])
    if args.get("hash") and args["hash"] != view["hash"]:
        raise SlackError("hash_conflict")
    return {"view": parts.modals.update(user, view, definition)}


def publish(parts: Parts, args: Json) -> Json:
    """views.publish: one person's Home, guarded by the hash when one is given."""
    definition = checked_view(args.get("view"), "home")
    user = parts.workspace.users.get(str(args.get("user_id")))
    if user is None or user.is_bot:
        raise SlackError("user_not_found")
    old = parts.modals.home(user.id)
    if args.get("hash") and (old is None or args["hash"] != old["hash"]):
        raise SlackError("hash_conflict")
    return {"view": parts.modals.publish(user.id, definition)}


def validate(_parts: Parts, args: Json) -> Json:
    """blocks.validate: exactly one of blocks, message and view."""
    given = [name for name in ("blocks", "message", "view") if args.get(name)]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    if given == ["view"]:
        view = args["view"]
        home = isinstance(view, dict) and view.get("type") == "home"
        faults = check_view(view, "home" if home else "modal")
    else:
        message = args.get("message")
        blocks = message.get("blocks") if isinstance(message, dict) else args.get("blocks")
        faults = check_blocks(blocks, "message")
    if faults:
        raise invalid_blocks(faults)
    return {}


def checked_view(view: object, kind: str = "modal") -> Json:
    """A view within every limit, or the error Slack would give."""
    faults = check_view(view, kind)
    if faults:
        raise invalid_blocks(faults, "invalid_arguments")
    if not isinstance(view, dict) or view_too_large(view):
        raise SlackError("view_too_large")
    return view
