"""The chat.* methods."""

from bot.sandbox import messages
from bot.sandbox.blocks import with_ids
from bot.sandbox.errors import SlackError, invalid_blocks
from bot.sandbox.limits import check_blocks, words_in
from bot.sandbox.pacing import POSTING
from bot.sandbox.parts import Parts
from bot.sandbox.seed import BOT, BOT_USER, Channel
from bot.sandbox.workspace import Json

# not published by Slack; failures are reported near this many characters
MAX_WORDS = 13_200
MAX_TEXT = 40_000
MAX_EDIT_TEXT = 4_000
MAX_METADATA = 8_000


def post_message(parts: Parts, args: Json) -> Json:
    """chat.postMessage."""
    channel = reachable(parts, args.get("channel"), by_user=True)
    parts.pacing.take(f"chat.postMessage {channel.id}", POSTING)
    content = checked_content(args)
    # over the limit Slack cuts a new message's text instead of refusing it
    content["text"] = content["text"][:MAX_TEXT]
    message = messages.bot_message(parts, content | {"thread_ts": args.get("thread_ts")})
    messages.put(parts, channel.id, message)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def post_ephemeral(parts: Parts, args: Json) -> Json:
    """chat.postEphemeral."""
    channel = reachable(parts, args.get("channel"))
    user = args.get("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = checked_content(args)
    message = messages.bot_message(parts, content | {"thread_ts": args.get("thread_ts")})
    messages.whisper(parts, channel.id, user, message)
    return {"message_ts": message["ts"]}


def update(parts: Parts, args: Json) -> Json:
    """chat.update: text alone removes the blocks, neither keeps both (Slack, chat.update)."""
    channel = reachable(parts, args.get("channel"))
    old = own_message(parts, channel, args.get("ts"), "cant_update_message")
    new = edited(parts, old, args)
    parts.drawn[channel.id, old["ts"]] = old.get("blocks", [])
    messages.change(parts, channel.id, new)
    return {"channel": channel.id, "ts": new["ts"], "text": new["text"], "message": new}


def delete(parts: Parts, args: Json) -> Json:
    """chat.delete."""
    channel = reachable(parts, args.get("channel"))
    old = own_message(parts, channel, args.get("ts"), "cant_delete_message")
    messages.remove(parts, channel.id, old)
    return {"channel": channel.id, "ts": old["ts"]}


def permalink(parts: Parts, args: Json) -> Json:
    """chat.getPermalink; of a message in a thread the thread is named too."""
    channel = parts.workspace.channels.get(str(args.get("channel")))
    if channel is None or BOT_USER not in channel.members:
        raise SlackError("channel_not_found")
    message = parts.workspace.message(channel.id, str(args.get("message_ts")))
    if message is None:
        raise SlackError("message_not_found")
    link = f"{parts.web_url}archives/{channel.id}/p{message['ts'].replace('.', '')}"
    thread = message.get("thread_ts")
    if thread and thread != message["ts"]:
        link += f"?thread_ts={thread}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def edited(parts: Parts, old: Json, args: Json) -> Json:
    """The message after an edit."""
    given = [name for name in ("text", "blocks", "attachments", "metadata") if name in args]
    if not given:
        raise SlackError("no_text")
    content = checked_content({"text": old["text"]} | args)
    if "text" in args and len(content["text"]) > MAX_EDIT_TEXT:
        raise SlackError("msg_too_long")
    gone = {"attachments", "metadata"} & set(given)
    if "text" in args or "blocks" in args:
        gone.add("blocks")
    new = {name: value for name, value in old.items() if name not in gone}
    new["text"] = content["text"]
    new |= {name: content[name] for name in gone if content[name]}
    if new.get("blocks"):
        new["blocks"] = with_ids(new["blocks"])
    elif "text" in args:
        # only a message without blocks gets the "(edited)" mark
        new["edited"] = {"user": BOT, "ts": parts.ts()}
    return new


def own_message(parts: Parts, channel: Channel, ts: object, refusal: str) -> Json:
    """A message of the app itself, or the error that fits."""
    message = parts.workspace.message(channel.id, str(ts))
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    if message["user"] != BOT_USER:
        raise SlackError(refusal)
    return message


def reachable(parts: Parts, wanted: object, *, by_user: bool = False) -> Channel:
    """A channel the bot may write to. A private one it is not in does not exist for it."""
    channel = parts.workspace.channels.get(str(wanted))
    if channel is None and by_user and wanted in parts.workspace.users:
        channel = parts.workspace.direct(str(wanted))
    if channel is None:
        raise SlackError("channel_not_found")
    if BOT_USER not in channel.members:
        raise SlackError("channel_not_found" if channel.is_private else "not_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def checked_content(args: Json) -> Json:
    """Checked text, blocks, attachments and metadata of a message."""
    text, blocks, attachments = (args.get(k) for k in ("text", "blocks", "attachments"))
    if not isinstance(text or "", str) or not isinstance(attachments or [], list):
        raise SlackError("invalid_arguments")
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if blocks:
        faults = check_blocks(blocks, "message")
        if faults:
            raise invalid_blocks(faults)
        if words_in(blocks) > MAX_WORDS:
            raise SlackError("msg_blocks_too_long")
    if attachments and len(attachments) > 100:
        raise SlackError("too_many_attachments")
    return {
        "text": str(text or ""),
        "blocks": blocks,
        "attachments": attachments or [],
        "metadata": _metadata(args.get("metadata")),
    }


def _metadata(metadata: object) -> Json | None:
    if not metadata:
        return None
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_format")
    if len(str(metadata)) > MAX_METADATA:
        raise SlackError("metadata_too_large")
    return metadata
