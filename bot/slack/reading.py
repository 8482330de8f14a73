"""Windows to read in: the mails of a case, its history, a list of cases.

The words of strangers stand here and nowhere else in Slack: in plain_text with emoji off, where
nothing is live, without characters that hide or reorder others, opened by a click and logged.
"""

from collections.abc import Sequence
from itertools import accumulate

from bot.slack import blocks, buttons
from bot.slack.blocks import Block
from bot.slack.views import View, literals, modal
from bot.slack.words import clean, counted, cut, cut_escaped, escape, moment, person
from handlers import flags
from storage.records import AttachmentText, Case, Entry, InboundMail, ParsedMail, Reading

MOST_BLOCKS = 96  #: of the 100 a window may have
MOST_BYTES = 200_000  #: of words, under the 250 KB of a view: a letter may be four bytes
NOTICE = ":lock: Only you see this. Opening it is on the record. Copy nothing into a channel."
QUOTED = 2  #: sections of quoted text shown
FILES = 10  #: attachments of a mail with a button to read them; more are named alone

Mail = tuple[InboundMail | None, ParsedMail | None]  #: no words: they were shredded


def mails(case: Case, opened: Sequence[Mail], timezone: str) -> View:
    """The mails, newest first, each with what its header claims; what does not fit is said."""
    shown: list[Block] = [blocks.context([NOTICE], "notice")]
    if case.data_subject:
        subject = cut(_one_line(case.data_subject), 200)
        shown.append(blocks.literal(f"About: {subject}.", "subject"))
    if warned := (*map(flags.told, case.flags), *case.defects):
        told = "; ".join(cut(_one_line(word), 100) for word in dict.fromkeys(warned))
        shown.append(blocks.literal(f"Look out: {told}.", "warned"))
    if case.reading and case.reading.facts:
        shown.append(blocks.literal(f"Named in it: {_named(case.reading)}.", "named"))
    size = 0
    for number, mail in enumerate(reversed(opened)):
        part = _mail(mail, str(number), timezone, case.ref)
        size += sum(len(block.get("text", {}).get("text", "").encode()) for block in part)
        if number and (len(shown) + len(part) > MOST_BLOCKS or size > MOST_BYTES):
            left = counted(len(opened) - number, "older mail")
            shown.append(
                blocks.context([f"{left} not shown here: `desk show {case.ref}`."], "rest")
            )
            break
        shown += part
    if not opened:
        shown.append(blocks.section("There is no mail to show.", "none"))
    return modal(case.ref, shown)


def ignored(mail: Mail, timezone: str) -> View:
    """A mail that is no case's."""
    return modal("Ignored mail", [blocks.context([NOTICE], "notice"), *_mail(mail, "0", timezone)])


def _named(reading: Reading) -> str:
    """What the first mail names, as it stands there: nobody has checked it."""
    return "; ".join(
        f"{'about' if fact.what == 'subject' else fact.what} {cut(_one_line(fact.text), 80)}"
        for fact in reading.facts
    )


def attachment(found: AttachmentText) -> View:
    """The words of one attachment, on top of its mail: closing it leads back there."""
    shown = [blocks.context([NOTICE], "notice")]
    if name := _one_line(found.name):
        shown.append(blocks.literal(cut(name, 200), "name"))
    if found.note:
        shown.append(blocks.literal(f"Look out: {_one_line(found.note)}.", "note"))
    text = clean(found.text)
    fits = _fits(text)
    shown += literals(fits, "text", 40)
    if len(text) > min(40 * 3000, len(fits)):
        shown.append(blocks.context(["The rest is too long for a window."], "cut"))
    return modal("Attachment", shown, clear_on_close=False)


def _mail(mail: Mail, key: str, timezone: str, ref: str = "") -> list[Block]:
    stored, parsed = mail
    shown = [blocks.divider(f"{key}:line")]
    if parsed is not None:
        shown.append(blocks.literal(_facts(parsed), f"{key}:facts"))
    if stored is not None:
        at = f"Arrived {moment(stored.received_at, timezone)}"
        if stored.sender:
            at += f". Sender: {escape(cut(stored.sender, 200))}"
        shown.append(blocks.context([at], f"{key}:at"))
    if parsed is None:
        gone = "This mail was destroyed when its time was over."
        return [*shown, blocks.section(gone, f"{key}:gone")]
    if not parsed.readable:
        said = "This mail could not be read safely. Only what its header gave is shown."
        shown.append(blocks.section(f":warning: {said}", f"{key}:unread"))
    text = clean(parsed.shown or parsed.text)
    fits = _fits(text)
    shown += literals(fits, f"{key}:text", 20) or [blocks.section("_No text._", f"{key}:text")]
    if len(text) > min(20 * 3000, len(fits)):
        shown.append(blocks.context(["The rest is too long for a window."], f"{key}:cut"))
    shown += _carried(parsed, key, ref, stored.id if stored else "")
    if quoted := _quoted(parsed):
        shown.append(blocks.context(["Quoted in it:"], f"{key}:quotes"))
        shown += literals(quoted, f"{key}:quoted", QUOTED)
    return shown


def _facts(parsed: ParsedMail) -> str:
    """What the header claims, line by line; a stranger's words, so never mrkdwn."""
    address = parsed.header_from
    sender = f"{parsed.from_name} <{address}>" if parsed.from_name else address
    sent = parsed.sent_at.isoformat(sep=" ", timespec="minutes") if parsed.sent_at else ""
    told = [
        ("From", sender),
        ("Reply-To", parsed.reply_to),
        ("To", ", ".join(parsed.to)),
        ("Date", sent),
        ("Subject", parsed.subject),
    ]
    lines = [f"{title}: {cut(_one_line(value), 500)}" for title, value in told if value.strip()]
    return "\n".join(lines) or "No header could be read."


def _carried(parsed: ParsedMail, key: str, ref: str, mail: str) -> list[Block]:
    """Attachments by name, type and size, to be read at a click; what was wrong with the mail."""
    files = [
        f"{cut(_one_line(a.name), 100)} ({_one_line(a.media_type)}, {_size(a.size)})"
        for a in parsed.attachments[:30]
    ]
    shown = []
    if files:
        told = counted(len(parsed.attachments), "attachment")
        shown.append(blocks.context([f"{told}:"], f"{key}:files"))
    read = files[:FILES] if ref and mail else []
    for place, file in enumerate(read):
        button = buttons.reader(ref, mail, place)
        shown.append(blocks.literal(file, f"{key}:file{place}", button))
    if rest := files[len(read) :]:
        shown.append(blocks.literal("\n".join(rest), f"{key}:more"))
    if parsed.defects:
        faults = "\n".join(cut(_one_line(d), 200) for d in parsed.defects[:10])
        shown.append(blocks.literal(f"Faults in this mail:\n{faults}", f"{key}:defects"))
    return shown


def _quoted(parsed: ParsedMail) -> str:
    """What stands in the mail beside its new text."""
    whole, new = clean(parsed.text).strip(), clean(parsed.shown).strip()
    if not new or whole == new:
        return ""
    before, found, after = whole.partition(new)
    return f"{before.strip()}\n{after.strip()}".strip() if found else whole


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _size(size: int) -> str:
    for unit, factor in (("MB", 1_000_000), ("kB", 1000)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return counted(size, "byte")


def history(case: Case, entries: Sequence[Entry], timezone: str) -> View:
    """Who did what and when, newest first."""
    packed = _packed([_line(entry, timezone) for entry in reversed(entries)])
    most = min(MOST_BLOCKS, _within(packed))
    shown = [blocks.section(text, f"lines.{n}") for n, text in enumerate(packed[:most])]
    if len(packed) > most:
        shown.append(blocks.context([f"More with `desk history {case.ref}`."], "rest"))
    return modal(f"History {case.ref}", shown or [blocks.section("Nothing yet.", "none")])


def _fits(text: str) -> str:
    """As much of one text as leaves room for what stands beside it."""
    return text.encode()[: MOST_BYTES - 40_000].decode(errors="ignore")


def _within(texts: Sequence[str]) -> int:
    """How many of them a view has room for."""
    sizes = accumulate(len(text.encode()) for text in texts)
    return sum(size <= MOST_BYTES for size in sizes)


def _packed(lines: Sequence[str]) -> list[str]:
    """Lines put together as far as a section holds them, none torn."""
    packed = [""]
    for line in lines:
        if len(packed[-1]) + len(line) > 2900:
            packed.append("")
        packed[-1] = f"{packed[-1]}\n{line}".lstrip("\n")
    return [text for text in packed if text]


def _line(entry: Entry, timezone: str) -> str:
    note = f": {cut_escaped(entry.note, 300)}" if entry.note else ""
    act = escape(entry.act.replace("_", " "))
    return f"{moment(entry.at, timezone)}  {person(entry.actor)}  *{act}*{note}"


def opened(case: Case, shown: Sequence[Block]) -> View:
    """A case with all its buttons."""
    return modal(case.ref, shown)
