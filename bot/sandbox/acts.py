"""What a person does on the page: it becomes a payload, and the desk's ack is carried out."""

import asyncio
import contextlib
import secrets

from bot.sandbox import messages, payloads
from bot.sandbox.api_chat import checked_content
from bot.sandbox.api_views import checked_view
from bot.sandbox.errors import SlackError
from bot.sandbox.inputs import check_inputs, find_element
from bot.sandbox.parts import NotDeliveredError, Parts
from bot.sandbox.payloads import Sender
from bot.sandbox.seed import BOT_USER, COMMAND, SHORTCUTS, Channel, User
from bot.sandbox.workspace import Json

_RETRY_REASONS = {
    "operation_timeout": "http_timeout",
    "app_not_responding": "connection_failed",
}


def _sender(parts: Parts, user: User, *, view_id: str | None = None, url: str = "") -> Sender:
    return Sender(
        user=user,
        token=parts.workspace.secrets["verification"],
        trigger_id=parts.tickets.trigger(user.id, view_id),
        response_url=url,
    )


async def click_message(parts: Parts, user: User, channel: Channel, body: Json) -> None:
    """A button or menu in a message."""
    ts, given = str(body.get("ts")), body["action"]
    ephemeral = ts in parts.ephemerals and parts.ephemerals[ts][:2] == (user.id, channel.id)
    message = parts.ephemerals[ts][2] if ephemeral else parts.workspace.message(channel.id, ts)
    if message is None:
        raise SlackError("message_not_found")
    drawn = [*message.get("blocks", []), *parts.drawn.get((channel.id, ts), [])]
    done = _done(parts, drawn, given)
    # an answer goes where the click was: beside a thread's first message, not inside the thread
    thread = message.get("thread_ts")
    key = parts.tickets.url(user.id, channel.id, ts, thread if thread != ts else None)
    sender = _sender(parts, user, url=parts.response_url("actions", key))
    payload = payloads.message_click(sender, channel, message, done, ephemeral=ephemeral)
    await parts.desk.send("interactive", payload)


async def click_view(parts: Parts, user: User, body: Json) -> None:
    """A button, menu or dispatching input in a modal."""
    view = _own_view(parts, user, body)
    parts.modals.type_into(view, body.get("values") or {})
    done = _done(parts, view["blocks"], body["action"])
    sender = _sender(parts, user, view_id=view["id"])
    await parts.desk.send("interactive", payloads.view_click(sender, view, done))


async def shortcut(parts: Parts, user: User, channel: Channel, body: Json) -> None:
    """An entry of a message's menu."""
    ts, callback_id = str(body.get("ts")), str(body.get("callback_id"))
    message = parts.workspace.message(channel.id, ts)
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    if callback_id not in dict(SHORTCUTS):
        raise SlackError("shortcut_not_found")
    key = parts.tickets.url(user.id, channel.id, ts, message.get("thread_ts"))
    sender = _sender(parts, user, url=parts.response_url("actions", key))
    payload = payloads.message_shortcut(sender, channel, message, callback_id)
    await parts.desk.send("interactive", payload)


def home_opened(parts: Parts, user: User) -> Json:
    """The event of somebody who opens the app's Home tab."""
    direct = parts.workspace.direct(user.id)
    inner: Json = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": direct.id if direct else "",
        "tab": "home",
        "event_ts": f"{parts.calendar.now().timestamp():.6f}",
    }
    view = parts.modals.home(user.id)
    return new_event(parts, inner | {"view": view} if view else inner)


async def submit(parts: Parts, user: User, body: Json) -> Json:
    """Send a form: the client's own checks first, then the desk's answer."""
    view = _own_view(parts, user, body)
    state = parts.modals.type_into(view, body.get("values") or {})
    errors = check_inputs(view["blocks"], state["values"])
    if errors:
        return {"ok": False, "errors": errors}
    sender = _sender(parts, user, view_id=view["id"])
    answer = await parts.desk.send("interactive", payloads.view_submission(sender, view))
    return _carry_out(parts, user, view["id"], answer or {})


def _carry_out(parts: Parts, user: User, view_id: str, answer: Json) -> Json:
    """What `response_action` asks for; none closes the view."""
    wanted = answer.get("response_action")
    if wanted is None:
        parts.modals.remove(user.id, view_id)
        return {"ok": True}
    # the desk may have changed the view while it worked, so look again
    _, view = parts.modals.find(view_id)
    if wanted == "errors":
        errors = answer.get("errors") or {}
        known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not errors or not set(errors) <= known:
            raise SlackError("invalid_errors")
        return {"ok": False, "errors": errors}
    if wanted == "update":
        parts.modals.update(user.id, view, checked_view(answer.get("view")))
    elif wanted == "push":
        parts.modals.push(user.id, checked_view(answer.get("view")))
    elif wanted == "clear":
        parts.modals.clear(user.id)
    else:
        raise SlackError("invalid_response_action")
    return {"ok": True}


def close(parts: Parts, user: User, body: Json) -> list[Json]:
    """Close a view, or with `clear` all of them. Returns the payloads the desk asked for."""
    view = _own_view(parts, user, body)
    cleared = bool(body.get("clear")) or view["clear_on_close"]
    closed = parts.modals.stack(user.id)[::-1] if cleared else [view]
    if cleared:
        parts.modals.clear(user.id)
    else:
        parts.modals.remove(user.id, view["id"])
    return [
        payloads.view_closed(_sender(parts, user), one, cleared=cleared)
        for one in closed
        if one["notify_on_close"]
    ]


async def deliver_closed(parts: Parts, payload: Json) -> None:
    """Nobody waits for what the desk makes of a closed view, and it is told once."""
    with contextlib.suppress(NotDeliveredError):
        await parts.desk.send("interactive", payload)


async def command(parts: Parts, user: User, channel: Channel, text: str) -> None:
    """A slash command. What the ack says is shown to the person alone, unless in_channel."""
    name, _, rest = text.strip().partition(" ")
    if name != COMMAND:
        raise SlackError(f"{name} is not a valid command")
    key = parts.tickets.url(user.id, channel.id, None, None)
    sender = _sender(parts, user, url=parts.response_url("commands", key))
    payload = payloads.command(sender, channel, rest.strip())
    try:
        answer = await parts.desk.send("slash_commands", dict(payload))
    except NotDeliveredError as error:
        raise NotDeliveredError(f"{COMMAND} failed with the error {error.code}") from error
    if answer and (answer.get("text") or answer.get("blocks")):
        message = messages.bot_message(parts, checked_content(answer))
        if answer.get("response_type") == "in_channel":
            messages.put(parts, channel.id, message)
        else:
            messages.whisper(parts, channel.id, user.id, message)


def say(parts: Parts, user: User, channel: Channel, body: Json) -> Json | None:
    """A person writes. Returns the event for the app, where it may hear it."""
    text = str(body.get("text") or "").strip()
    if not text:
        raise SlackError("no_text")
    message = messages.person_message(parts, user.id, text, body.get("thread_ts"))
    messages.put(parts, channel.id, message)
    if BOT_USER not in channel.members or channel.is_im:
        # without im:history the app does not hear its own direct messages
        return None
    kind = "group" if channel.is_private else "channel"
    inner = message | {"channel": channel.id, "event_ts": message["ts"], "channel_type": kind}
    return new_event(parts, inner, shared=channel.is_ext_shared)


def new_event(parts: Parts, inner: Json, *, shared: bool = False) -> Json:
    """An event payload with an id of its own."""
    event_id = f"Ev{secrets.token_hex(5).upper()}"
    return payloads.event(event_id, parts.workspace.secrets["verification"], inner, shared=shared)


async def deliver_event(parts: Parts, payload: Json) -> None:
    """Best effort, as Slack does it: the first try and three more, then it is dropped."""
    retry: Json | None = None
    for number, pause in enumerate((*parts.timing.event_retries, None), start=1):
        try:
            await parts.desk.send("events_api", payload, retry)
        except NotDeliveredError as error:
            if error.code == "no_retry":
                return
            reason = _RETRY_REASONS.get(error.code, "http_error")
            retry = {"retry_attempt": number, "retry_reason": reason}
        else:
            return
        if pause is not None:
            await asyncio.sleep(pause)


def _own_view(parts: Parts, user: User, body: Json) -> Json:
    owner, view = parts.modals.find(str(body.get("view_id")))
    if owner != user.id:
        raise SlackError("not_found")
    return view


def _done(parts: Parts, blocks: list[Json], given: Json) -> Json:
    block_id, action_id = str(given.get("block_id")), str(given.get("action_id"))
    element = find_element(blocks, block_id, action_id)
    if element is None:
        raise SlackError("action_not_found")
    stamp = f"{parts.calendar.now().timestamp():.6f}"
    done = payloads.action(element, block_id, given, stamp)
    if done is None:
        raise SlackError("invalid_option")
    return done
