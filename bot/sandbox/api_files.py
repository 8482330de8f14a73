"""The files.* methods: a place to put the bytes, and the file shown once it is complete."""

from bot.sandbox import messages
from bot.sandbox.api_chat import checked_content, reachable
from bot.sandbox.errors import SlackError
from bot.sandbox.parts import Parts
from bot.sandbox.workspace import Json

MOST_BYTES = 1 << 20  #: Slack takes 1 GB; a stand-in need not


def upload_url(parts: Parts, args: Json) -> Json:
    """files.getUploadURLExternal."""
    name, length = str(args.get("filename") or ""), str(args.get("length") or "")
    if not name:
        raise SlackError("invalid_arguments")
    if not length.isdecimal() or not 0 < int(length) <= MOST_BYTES:
        wrong = "file_upload_size_restricted" if length.isdecimal() else "missing_argument"
        raise SlackError(wrong)
    made = parts.files.new(name, int(length), str(args.get("alt_txt") or ""))
    return {"upload_url": f"{parts.web_url}upload/{made.ticket}", "file_id": made.id}


def complete(parts: Parts, args: Json) -> Json:
    """files.completeUploadExternal: once for each file; shared where channels are named."""
    wanted = args.get("files")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    found = [parts.files.find(each.get("id")) for each in wanted]
    if any(each.content is None or each.complete for each in found):
        raise SlackError("invalid_arguments")
    named = str(args.get("channels") or args.get("channel_id") or "").split(",")
    channels = [reachable(parts, name) for name in named if name]
    for each in found:
        each.complete = True
        each.channels += [channel.id for channel in channels]
    for channel in channels:
        text = str(args.get("initial_comment") or "")
        content = checked_content({"text": text or " ", "blocks": args.get("blocks")})
        message = messages.bot_message(parts, content | {"thread_ts": args.get("thread_ts")})
        message |= {"text": text, "files": [each.shown() for each in found]}
        messages.put(parts, channel.id, message)
    return {"files": [{"id": each.id, "title": each.name} for each in found]}


def info(parts: Parts, args: Json) -> Json:
    """files.info."""
    return {"file": parts.files.find(args.get("file")).shown()}


def delete(parts: Parts, args: Json) -> Json:
    """files.delete: the file is taken out of every message that showed it."""
    gone = parts.files.find(args.get("file"))
    parts.files.remove(gone.id)
    for channel in gone.channels:
        for message in list(parts.workspace.messages.get(channel, {}).values()):
            if any(file["id"] == gone.id for file in message.get("files", [])):
                left = [file for file in message["files"] if file["id"] != gone.id]
                messages.change(parts, channel, message | {"files": left})
    return {}
