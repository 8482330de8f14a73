"""The Web API's door: tokens, scopes, rate limits, and the table of methods."""

import secrets
from collections.abc import Callable

import msgspec
from aiohttp import web

from bot.sandbox import api_chat, api_conversations, api_files, api_views, messages
from bot.sandbox.errors import RateLimitedError, SlackError
from bot.sandbox.pacing import SPECIAL, TIER_1, TIER_2, TIER_3, TIER_4, Rate
from bot.sandbox.parts import Parts
from bot.sandbox.tickets import ResponseUrl
from bot.sandbox.workspace import Json

Run = Callable[[Parts, Json], Json]


class Method(msgspec.Struct, frozen=True):
    """How one method is run, limited and guarded. `scope` None = any bot token."""

    run: Run
    rate: Rate
    scope: str | None = None


def _open_connection(parts: Parts, _args: Json) -> Json:
    """apps.connections.open; the socket side fills in the ticket."""
    ticket = getattr(parts.delivery, "ticket", None)
    if ticket is None:
        raise SlackError("socket_mode_not_enabled")
    return {"url": f"{parts.web_url.replace('http', 'ws', 1)}link/?ticket={ticket()}"}


def _needs(scope: str) -> Run:
    def run(_parts: Parts, _args: Json) -> Json:
        raise api_conversations.missing(scope)

    return run


CONNECT = "apps.connections.open"
METHODS: dict[str, Method] = {
    CONNECT: Method(_open_connection, TIER_1),
    "auth.test": Method(api_conversations.auth_test, SPECIAL),
    "blocks.validate": Method(api_views.validate, SPECIAL),
    "chat.postMessage": Method(api_chat.post_message, SPECIAL, "chat:write"),
    "chat.postEphemeral": Method(api_chat.post_ephemeral, TIER_4, "chat:write"),
    "chat.update": Method(api_chat.update, TIER_3, "chat:write"),
    "chat.delete": Method(api_chat.delete, TIER_3, "chat:write"),
    "chat.getPermalink": Method(api_chat.permalink, SPECIAL),
    "conversations.info": Method(api_conversations.info, TIER_3, "groups:read"),
    "conversations.members": Method(api_conversations.members, TIER_4, "groups:read"),
    "conversations.list": Method(api_conversations.list_all, TIER_2, "groups:read"),
    "conversations.open": Method(api_conversations.open_direct, TIER_3, "im:write"),
    "conversations.join": Method(_needs("channels:join"), TIER_3, "channels:join"),
    "conversations.history": Method(api_conversations.history, TIER_3, "groups:history"),
    "conversations.replies": Method(api_conversations.replies, TIER_3, "groups:history"),
    "files.getUploadURLExternal": Method(api_files.upload_url, TIER_4, "files:write"),
    "files.completeUploadExternal": Method(api_files.complete, TIER_4, "files:write"),
    "files.info": Method(api_files.info, TIER_4, "files:read"),
    "files.delete": Method(api_files.delete, TIER_3, "files:write"),
    "users.info": Method(api_conversations.user_info, TIER_4, "users:read"),
    "users.getPresence": Method(api_conversations.user_presence, TIER_3, "users:read"),
    "usergroups.users.list": Method(api_conversations.group_members, TIER_2, "usergroups:read"),
    "views.open": Method(api_views.open_view, TIER_4),
    "views.publish": Method(api_views.publish, TIER_4),
    "views.push": Method(api_views.push, TIER_4),
    "views.update": Method(api_views.update, TIER_4),
}


async def handle(parts: Parts, request: web.Request) -> web.Response:
    """POST or GET /api/<method>."""
    name = request.match_info["method"]
    if parts.trouble.away:
        return web.Response(status=503, text="service unavailable")
    headers = {
        "x-oauth-scopes": ",".join(parts.scopes),
        "x-slack-req-id": secrets.token_hex(16),
    }
    status = 200
    try:
        body = {"ok": True, **_call(parts, name, request, await _arguments(request))}
    except RateLimitedError as error:
        status, body = 429, error.body()
        headers["Retry-After"] = str(error.retry_after)
    except SlackError as error:
        body = error.body()
    return web.json_response(
        body, status=status, headers=headers, dumps=lambda it: msgspec.json.encode(it).decode()
    )


def _call(parts: Parts, name: str, request: web.Request, args: Json) -> Json:
    method = METHODS.get(name)
    if method is None or name in parts.gone:
        raise SlackError("unknown_method")
    _check_token(parts, name, request.headers.get("Authorization"), args)
    parts.trouble.meet(name)
    parts.pacing.take(name, method.rate)
    if method.scope is not None and method.scope not in parts.scopes:
        raise api_conversations.missing(method.scope, ",".join(parts.scopes))
    try:
        return method.run(parts, args)
    except SlackError as error:
        if error.code == "missing_scope":
            error.more["provided"] = ",".join(parts.scopes)
        raise


def _check_token(parts: Parts, name: str, header: str | None, args: Json) -> None:
    token = args.pop("token", None) or (header or "").removeprefix("Bearer ").strip()
    known = parts.workspace.secrets
    if not token:
        raise SlackError("not_authed")
    if token not in {known["bot_token"], known["app_token"]}:
        raise SlackError("invalid_auth")
    if (name == CONNECT) != (token == known["app_token"]):
        raise SlackError("not_allowed_token_type")


async def _arguments(request: web.Request) -> Json:
    """Query, form and JSON alike; structures may come as JSON text in each of them."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        args |= _json_body(await request.read())
    elif request.method == "POST":
        args |= {key: str(value) for key, value in (await request.post()).items()}
    for key in ("blocks", "attachments", "metadata", "view", "message", "files"):
        if isinstance(args.get(key), str):
            try:
                args[key] = msgspec.json.decode(args[key])
            except msgspec.DecodeError as error:
                raise SlackError(f"invalid_{key}_format") from error
    return args


def _json_body(content: bytes) -> Json:
    try:
        body = msgspec.json.decode(content or b"{}")
    except msgspec.DecodeError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    # a JSON null is a field that is not there
    return {key: value for key, value in body.items() if value is not None}


async def uploaded(parts: Parts, request: web.Request) -> web.Response:
    """POST of a file's bytes to its upload_url, raw or as a form."""
    if request.content_type == "multipart/form-data":
        fields = (await request.post()).values()
        held = next((each for each in fields if isinstance(each, web.FileField)), None)
        content = held.file.read() if held else b""
    else:
        content = await request.read()
    try:
        parts.files.take(request.match_info["ticket"], content)
    except SlackError as error:
        return web.Response(status=400, text=error.code)
    return web.Response(text=f"OK - {len(content)}")


async def respond(parts: Parts, request: web.Request) -> web.Response:
    """POST to a response_url."""
    if parts.trouble.away:
        return web.Response(status=503, text="service unavailable")
    try:
        url = parts.tickets.spend(request.match_info["key"])
        _respond(parts, url, await _arguments(request))
    except SlackError as error:
        return web.json_response(error.body(), status=404 if "url" in error.code else 400)
    return web.Response(text="ok")


def _respond(parts: Parts, url: ResponseUrl, args: Json) -> None:
    """Replace or delete the source, or answer: to the clicker alone unless in_channel."""
    if (args.get("replace_original") or args.get("delete_original")) and url.message_ts:
        _touch_source(parts, url, args)
        return
    content = api_chat.checked_content(args)
    message = messages.bot_message(parts, content)
    if args.get("thread_ts") or url.thread_ts:
        message["thread_ts"] = args.get("thread_ts") or url.thread_ts
    if args.get("response_type") == "in_channel":
        messages.put(parts, url.channel, message)
    else:
        messages.whisper(parts, url.channel, url.user, message)


def _touch_source(parts: Parts, url: ResponseUrl, args: Json) -> None:
    ts = url.message_ts or ""
    if ts in parts.ephemerals:
        user, channel, old = parts.ephemerals[ts]
        if args.get("delete_original"):
            messages.unwhisper(parts, ts)
        else:
            messages.whisper(parts, channel, user, api_chat.edited(parts, old, _only(args)))
        return
    old_message = parts.workspace.message(url.channel, ts)
    if old_message is None:
        raise SlackError("message_not_found")
    if args.get("delete_original"):
        messages.remove(parts, url.channel, old_message)
    else:
        messages.change(parts, url.channel, api_chat.edited(parts, old_message, _only(args)))


def _only(args: Json) -> Json:
    return {k: v for k, v in args.items() if k in {"text", "blocks", "attachments", "metadata"}}
